"""The text of sections as it reads: marks put into words, paragraphs with whose they were, what looks wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone

from giaoban.briefs.models import BoundFigure, Section, SectionVersion
from giaoban.briefs.rules.marked import Block, Piece, Step, blocks_of, numbers_in
from giaoban.briefs.rules.states import BLOCKING, FigureState
from giaoban.briefs.rules.wording import Hint, change_words, points_hints, unbound_hints
from giaoban.briefs.selectors.figures import Bound, Sources, as_now, as_stored, sources_for
from giaoban.orgs import selectors as orgs


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of a line as it is read. `figures`: the bound figures behind it; said: what is to be known of it."""

    kind: Literal["text", "figure", "change", "broken"]
    text: str
    figures: tuple[Bound, ...] = ()
    state: FigureState | None = None
    said: str = ""

    @property
    def is_trouble(self) -> bool:
        return self.kind == "broken" or self.state in BLOCKING

    @property
    def simulated(self) -> bool:
        return any(one.simulated for one in self.figures)


@dataclass(frozen=True, slots=True)
class OriginCard:
    """Whose paragraph it was first. changed: since it was taken it was changed or went, somewhere on its way."""

    unit_name: str
    author: str
    section_id: int
    report_id: int
    version: int
    via: tuple[str, ...]
    changed: bool

    @property
    def label(self) -> str:
        return f"{self.unit_name}, {self.author}" if self.author else self.unit_name


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """A paragraph as it is read; place: its number in the section, from 1."""

    place: int
    kind: Literal["p", "li", "table"]
    rows: tuple[tuple[tuple[Shown, ...], ...], ...]
    origin: OriginCard | None
    hints: tuple[Hint, ...]

    @property
    def line(self) -> tuple[Shown, ...]:
        return self.rows[0][0]

    @property
    def texts(self) -> list[list[str]]:
        return [["".join(piece.text for piece in cell) for cell in row] for row in self.rows]

    @property
    def pieces(self) -> Iterable[Shown]:
        return (piece for row in self.rows for cell in row for piece in cell)


@dataclass(frozen=True, slots=True)
class ReadSection:
    """A section as it is read, with the figures that its text uses by their numbers."""

    section: Section
    blocks: tuple[ReadBlock, ...]
    figures: Mapping[int, Bound]
    used: frozenset[int]

    @property
    def hints(self) -> list[Hint]:
        return [hint for block in self.blocks for hint in block.hints]

    @property
    def trouble(self) -> list[Shown]:
        return [piece for block in self.blocks for piece in block.pieces if piece.is_trouble]

    @property
    def changed_sources(self) -> list[ReadBlock]:
        return [block for block in self.blocks if block.origin and block.origin.changed]

    @property
    def simulated(self) -> bool:
        return any(piece.simulated for block in self.blocks for piece in block.pieces)


def read_sections(sections: Sequence[Section], *, live: bool) -> list[ReadSection]:
    """Sections as they read, figures as the last look left them or, live, each asked of its source now.

    The number of queries does not grow with sections or figures; live it does with the tables that these come from.
    """
    now = timezone.now()
    rows: dict[int, list[BoundFigure]] = {}
    for row in BoundFigure.objects.filter(section__in=[one.pk for one in sections]).select_related("act"):
        rows.setdefault(row.section_id, []).append(row)
    parsed = {one.pk: blocks_of(one.text) for one in sections}
    origins = _origins({step for blocks in parsed.values() for block in blocks for step in block.origin})
    numbers = {one.pk: frozenset(numbers_in(one.text)) for one in sections}
    asking: dict[int, Sources] = {}
    for one in sections if live else ():
        sources = asking.setdefault(one.report_id, sources_for(one.report))
        sources.expect(row for row in rows.get(one.pk, []) if row.number in numbers[one.pk])
    read = []
    for one in sections:
        used, held = numbers[one.pk], rows.get(one.pk, [])
        if live:
            asked = [row for row in held if row.number in used]
            figures = as_stored(held) | as_now(asked, asking[one.report_id], at=now)
        else:
            figures = as_stored(held)
        read.append(ReadSection(one, _blocks(parsed[one.pk], figures, origins), figures, used))
    return read


def _blocks(
    blocks: Sequence[Block], figures: Mapping[int, Bound], origins: Mapping[Step, OriginCard]
) -> tuple[ReadBlock, ...]:
    return tuple(
        ReadBlock(
            place=place,
            kind=block.kind,
            rows=tuple(tuple(tuple(shown(piece, figures) for piece in cell) for cell in row) for row in block.rows),
            origin=_way(block.origin, origins),
            hints=(*_points(block, figures), *unbound_hints(block)),
        )
        for place, block in enumerate(blocks, start=1)
    )


def _points(block: Block, figures: Mapping[int, Bound]) -> list[Hint]:
    amounts = [figures[number].amount for piece in block.pieces for number in piece.numbers if number in figures]
    return points_hints("".join(piece.text if piece.kind == "text" else "…" for piece in block.pieces), amounts)


def shown(piece: Piece, figures: Mapping[int, Bound]) -> Shown:
    """A mark in words. What is not known is said to be so; no number stands in its place."""
    if piece.kind == "text":
        return Shown("text", piece.text)
    if piece.kind == "broken":
        return Shown("broken", "[dấu số liệu viết sai]", said=f"“{piece.text}” không phải dấu số liệu.")
    held = tuple(figures[number] for number in piece.numbers if number in figures)
    if len(held) < len(piece.numbers):
        missing = ", ".join(str(number) for number in piece.numbers if number not in figures)
        return Shown("broken", f"[không có số liệu {missing}]", said=f"Phần này chưa gắn số liệu số {missing}.")
    worst = max((one.state for one in held), key=_gravity)
    if worst in (FigureState.LOST, FigureState.EMPTY):
        one = next(each for each in held if each.state is worst)
        why = one.found_words or "Nguồn chưa có số cho ô này."
        return Shown(piece.kind, f"[số liệu {one.number}: chưa có]", held, worst, why)
    if piece.kind == "figure":
        return Shown("figure", _marked(held[0].words, held), held, worst, _said(held[0]))
    try:
        words = change_words(held[0].amount, held[1].amount)
    except ValueError as differing:
        return Shown("broken", "[không so sánh được]", held, said=f"Hai số liệu khác đơn vị tính: {differing}.")
    return Shown("change", _marked(words, held), held, worst, "; ".join(filter(None, map(_said, held))))


def _marked(words: str, figures: Iterable[Bound]) -> str:
    return f"{words} (mô phỏng)" if any(one.simulated for one in figures) else words


def _said(one: Bound) -> str:
    if one.state is FigureState.CHANGED:
        return f"Số liệu {one.number} đã đổi: {one.words} → {one.new_words}"
    if one.state is FigureState.KEPT:
        return f"Số liệu {one.number} giữ {one.words} (nguồn: {one.new_words}): {one.reason}"
    return ""


def _gravity(state: FigureState) -> int:
    return [
        FigureState.SAME,
        FigureState.KEPT,
        FigureState.CHANGED,
        FigureState.EMPTY,
        FigureState.LOST,
    ].index(state)


def _way(steps: Sequence[Step], origins: Mapping[Step, OriginCard]) -> OriginCard | None:
    """The card of the first step, marked changed when any step of the way has changed."""
    cards = [origins[step] for step in steps if step in origins]
    if not cards:
        return None
    first = cards[0]
    return OriginCard(
        unit_name=first.unit_name,
        author=first.author,
        section_id=first.section_id,
        report_id=first.report_id,
        version=first.version,
        via=tuple(card.unit_name for card in cards[1:]),
        changed=any(card.changed for card in cards),
    )


def _origins(steps: set[Step]) -> dict[Step, OriginCard]:
    """Each step with whose text it was and whether the paragraph still stands there. Three queries."""
    if not steps:
        return {}
    sections = Section.objects.select_related("report").in_bulk({step.section for step in steps})
    rows = SectionVersion.objects.filter(section__in=sections, version__in={step.version for step in steps})
    saved = {(row.section_id, row.version): row for row in rows.select_related("act")}
    called = orgs.cards({one.unit_id for one in sections.values()}, timezone.localdate())
    current = {pk: {block.raw for block in blocks_of(one.text)} for pk, one in sections.items()}
    cards = {}
    for step in steps:
        section, row = sections.get(step.section), saved.get((step.section, step.version))
        if section is None or row is None:
            continue
        blocks = blocks_of(row.text)
        raw = blocks[step.block - 1].raw if step.block <= len(blocks) else None
        cards[step] = OriginCard(
            unit_name=called[section.unit_id].name,
            author=row.act.actor_name,
            section_id=section.pk,
            report_id=section.report_id,
            version=step.version,
            via=(),
            changed=raw is None or raw not in current[section.pk],
        )
    return cards
