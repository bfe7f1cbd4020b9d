"""Write a section, take over paragraphs from below, bind figures, and answer for those whose fact changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from giaoban.briefs.models import BoundFigure, NarrativeReport, Section, SectionVersion
from giaoban.briefs.rules.marked import Piece, Step, blocks_of, cleaned, is_row, numbers_in, refreshed, taken
from giaoban.briefs.rules.states import FigureState, State, Written
from giaoban.briefs.rules.wording import change_words
from giaoban.briefs.selectors.figures import Bound, Found, as_stored, columns_of, sources_for, state_of
from giaoban.briefs.services.refusals import (
    NarrativeRefused,
    SectionConflict,
    locked_report,
    refuse_secret,
    require_lead,
    require_write,
)
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.orgs import selectors as orgs

LONGEST = 200_000
LOOKED = ("found", "found_state", "found_at", "found_words", "found_nil")


def save_section(section: Section, *, text: str, version: int, by: Actor, at: datetime) -> Section:
    """Store the text of a section as its next version; the same text again changes nothing.

    version: the one that the author read. Raises SectionConflict when another was saved since, with another text;
    NarrativeRefused, PermissionDenied.
    """
    require_write(section, by)
    given = cleaned(text)
    if len(given) > LONGEST:
        raise NarrativeRefused("Nội dung một phần dài quá 200.000 ký tự. Chuyển bớt sang tài liệu đính kèm.")
    refuse_secret(given)
    with transaction.atomic():
        row = _locked(section)
        if _same(given, row.text):
            return row
        if version != row.version:
            raise SectionConflict(row)
        with act("briefs.write-section", by=by, at=at, subject=subject_of(row)) as entry:
            _store(row, given, entry)
    return row


def _same(given: str, stored: str) -> bool:
    """What marks showed last is no difference."""
    return refreshed(given, lambda _: None) == refreshed(stored, lambda _: None)


def _locked(section: Section) -> Section:
    locked_report(section.report)
    return (
        Section.objects.select_for_update(of=("self",))
        .select_related("report__outline", "field", "act")
        .get(pk=section.pk)
    )


def _store(row: Section, text: str, entry: Act) -> None:
    """The next version of a locked section, its marks saying what its figures say."""
    row.text = refreshed(text, _speaking(row))
    row.version += 1
    row.act = entry
    row.state = Written.OPEN if row.state == Written.NIL and row.text else row.state
    row.save(update_fields=["text", "version", "act", "state"])
    SectionVersion.objects.create(section=row, version=row.version, text=row.text, act=entry)
    entry.detail = {**entry.detail, "version": row.version}


def _speaking(row: Section) -> "Speaking":
    return Speaking(as_stored(row.figures.select_related("act")))


class Speaking:
    """What a mark is written with: its figure as seen. A mark without its figure keeps its bare number."""

    def __init__(self, figures: Mapping[int, Bound]) -> None:
        self.figures = figures

    def __call__(self, piece: Piece) -> str | None:
        held = [self.figures[number] for number in piece.numbers if number in self.figures]
        if not held or len(held) < len(piece.numbers):
            return None
        if piece.kind == "figure":
            return held[0].words
        try:
            return change_words(held[0].amount, held[1].amount)
        except ValueError:
            return None


# Figures


def bind_figure(
    section: Section,
    *,
    source: str,
    reference: Mapping[str, str],
    label: str,
    scale: int,
    with_unit: bool = False,
    by: Actor,
    at: datetime,
) -> BoundFigure:
    """Bind a number to its fact under the next number of the section. Raises NarrativeRefused when there is none.

    scale: decimals shown.
    """
    require_write(section, by)
    found = sources_for(section.report)(source, reference)
    if found.is_lost:
        raise NarrativeRefused(f"Không gắn được số liệu: {found.reason}")
    if found.value is None:
        why = found.reason or "nguồn chưa có số cho ô này. Chọn ô khác hoặc chờ báo cáo."
        raise NarrativeRefused(f"Không gắn được số liệu: {why}")
    with transaction.atomic():
        row = _locked(section)
        with act("briefs.bind-figure", by=by, at=at, subject=subject_of(row), detail={"label": label}) as entry:
            return _bound(row, source, reference, label, scale, with_unit, found, entry, at)


def place_marks(section: Section, words: str, *, after: int, by: Actor, at: datetime) -> Section:
    """Put marks, with the words between them, at the end of a paragraph (from 1; past the last one: a new one)."""
    require_write(section, by)
    with transaction.atomic():
        row = _locked(section)
        with act("briefs.write-section", by=by, at=at, subject=subject_of(row)) as entry:
            _store(row, _placed(row.text, words, after), entry)
    return row


def _bound(
    row: Section,
    source: str,
    reference: Mapping[str, str],
    label: str,
    scale: int,
    with_unit: bool,
    found: Found,
    entry: Act,
    at: datetime,
) -> BoundFigure:
    form, period, unit_id = columns_of(source, reference)
    return BoundFigure.objects.create(
        section=row,
        number=_next_number(row),
        source=source,
        reference=dict(reference),
        form=form,
        period=period,
        unit_id=unit_id,
        label=label[:500],
        measure=found.measure,
        scale=scale,
        with_unit=with_unit,
        value=found.value,
        origin=found.origin,
        simulated=found.simulated,
        seen_at=at,
        found=found.value,
        found_state=FigureState.SAME,
        found_at=at,
        nil=found.nil,
        found_nil=found.nil,
        act=entry,
    )


def _next_number(row: Section) -> int:
    """After every number ever given, and every one that somebody typed."""
    last = row.figures.order_by("-number").values_list("number", flat=True).first()
    return max({last or 0} | numbers_in(row.text)) + 1


def _placed(text: str, words: str, after: int) -> str:
    """Before the full stop of the paragraph; in a row of a table at the end of its last cell. Every line counts."""
    lines = text.split("\n")
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if after > len(filled):
        return f"{text}\n{words}".strip("\n")
    at = filled[after - 1]
    bare = lines[at].rstrip()
    if is_row(bare):
        lines[at] = f"{bare.removesuffix('|').rstrip()} {words} |"
        return "\n".join(lines)
    stop = bare[-1] if bare[-1:] in (".", ";", ":") else ""
    lines[at] = f"{bare.removesuffix(stop) if stop else bare} {words}{stop}"
    return "\n".join(lines)


def take_new_value(figure: BoundFigure, *, by: Actor, at: datetime) -> None:
    """Let the text say what the fact says now. Raises NarrativeRefused when the fact has no number any more."""
    _answer(figure, "", by=by, at=at)


def keep_value(figure: BoundFigure, *, reason: str, by: Actor, at: datetime) -> None:
    """Keep the number that the text says although its fact changed, with the reason. Raises NarrativeRefused."""
    if not reason.strip():
        raise NarrativeRefused("Giữ số cũ thì phải ghi lý do.")
    _answer(figure, reason.strip(), by=by, at=at)


def _answer(figure: BoundFigure, reason: str, *, by: Actor, at: datetime) -> None:
    section = figure.section
    require_write(section, by)
    with transaction.atomic():
        row = _locked(section)
        held = BoundFigure.objects.select_for_update().get(pk=figure.pk)
        found = sources_for(row.report)(held.source, held.reference)
        if found.is_lost or found.value is None:
            said = found.reason or "Nguồn không còn số cho ô này."
            raise NarrativeRefused(f"{said} Bỏ dấu số liệu {held.number} khỏi câu, hoặc gắn số liệu khác.")
        name = "briefs.keep-figure" if reason else "briefs.take-figure"
        detail = {"number": held.number, "from": _text(held.value), "to": _text(found.value)}
        with act(name, by=by, at=at, subject=subject_of(row), reason=reason, detail=detail) as entry:
            if reason:
                held.kept_value, held.kept_reason = found.value, reason[:500]
            else:
                held.value, held.origin, held.simulated = found.value, found.origin, found.simulated
                held.nil = found.nil
                held.kept_value, held.kept_reason, held.seen_at = None, "", at
            held.act = entry
            _looked(held, found, at)
            held.save()
            _store(row, row.text, entry)


def _looked(row: BoundFigure, found: Found, at: datetime) -> None:
    row.found, row.found_state, row.found_at = found.value, state_of(row, found), at
    row.found_words, row.found_nil = found.reason[:500], found.nil


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def look_again(sections: Iterable[Section], *, at: datetime) -> int:
    """Ask the source of every figure that the texts use and remember what it says; how many stand otherwise now.

    Each table is put together once, each question about figures is asked once.
    """
    by_pk = {one.pk: (one, numbers_in(one.text)) for one in sections}
    asking = {one.report_id: sources_for(one.report) for one, _ in by_pk.values()}
    rows = BoundFigure.objects.filter(section__in=by_pk).order_by("pk")
    used = [(by_pk[row.section_id][0].report_id, row) for row in rows if row.number in by_pk[row.section_id][1]]
    for report_id, sources in asking.items():
        sources.expect(row for of, row in used if of == report_id)
    looked, moved = [], 0
    for report_id, row in used:
        sources = asking[report_id]
        before = row.found_state, row.found, row.found_nil
        _looked(row, sources(row.source, row.reference), at)
        moved += before != (row.found_state, row.found, row.found_nil)
        looked.append(row)
    BoundFigure.objects.bulk_update(looked, LOOKED)
    return moved


def remember(section: Section, figures: Mapping[int, Bound]) -> None:
    """Keep what a live reading of a section found of its figures, where they stand otherwise than at the last look."""
    moved = []
    for row in section.figures.filter(number__in=figures):
        one = figures[row.number]
        found = one.state.value, one.found, one.found_nil, one.found_words[:500]
        if found != (row.found_state, row.found, row.found_nil, row.found_words):
            row.found_state, row.found, row.found_nil, row.found_words = found
            row.found_at = one.found_at
            moved.append(row)
    BoundFigure.objects.bulk_update(moved, LOOKED)


def check_figures(report: NarrativeReport, *, by: Actor, at: datetime) -> int:
    """Look again at every figure of a report; how many stand otherwise than at the last look."""
    require_lead(report, by)
    with act("briefs.check-figures", by=by, at=at, subject=subject_of(report)) as entry:
        moved = look_again(list(report.sections.select_related("report")), at=at)
        entry.detail = {"moved": moved}
    return moved


# From below


def take_paragraphs(section: Section, chosen: Sequence[Step], *, by: Actor, at: datetime) -> Section:
    """Put paragraphs of sections of lower units at the end of this one: each keeps whose it is, its figures come along.

    Raises NarrativeRefused when a paragraph is not there any more, or is not among `paragraphs_offered`.
    """
    require_write(section, by)
    if not chosen:
        raise NarrativeRefused("Chưa chọn đoạn nào để lấy.")
    with transaction.atomic():
        row = _locked(section)
        sources = {one.pk: one for one in paragraphs_offered(row)}
        detail = {"taken": [str(step) for step in chosen]}
        with act("briefs.take-paragraphs", by=by, at=at, subject=subject_of(row), detail=detail) as entry:
            lines = [row.text] if row.text else []
            numbers: dict[tuple[int, int], int] = {}
            for step in chosen:
                source = sources.get(step.section)
                if source is None:
                    raise NarrativeRefused(
                        "Có đoạn không thuộc báo cáo của đơn vị cấp dưới, hoặc đơn vị đó đang viết lại. Tải lại trang "
                        "và chọn lại."
                    )
                lines.append(_taken(row, source, step, numbers, entry))
            _store(row, cleaned("\n".join(lines)), entry)
    return row


def _taken(row: Section, source: Section, step: Step, numbers: dict[tuple[int, int], int], entry: Act) -> str:
    blocks = blocks_of(source.text)
    if step.version != source.version or step.block > len(blocks):
        raise NarrativeRefused("Đoạn vừa chọn đã được sửa ở nguồn. Tải lại trang để xem bản mới rồi chọn lại.")
    block = blocks[step.block - 1]
    for piece in block.pieces:
        for number in piece.numbers:
            held = source.figures.filter(number=number).first()
            if held is not None and (source.pk, number) not in numbers:
                numbers[source.pk, number] = _copied(row, held, entry)
    here = {number: new for (source_id, number), new in numbers.items() if source_id == source.pk}
    return taken(block, step, here)


def _copied(row: Section, held: BoundFigure, entry: Act) -> int:
    """The same figure, seen as its first author saw it, under a number of this section."""
    copy = BoundFigure.objects.get(pk=held.pk)
    copy.pk = None
    copy._state.adding = True
    copy.section, copy.number, copy.act = row, _next_number(row), entry
    copy.save()
    return copy.number


def paragraphs_offered(section: Section) -> list[Section]:
    """Sections of reports of units beneath for the same part, field and window that were presented or are finished.

    Beneath on the last day of the window.
    """
    beneath = orgs.scope_ids([section.report.unit_id], section.report.last_day).exclude(pk=section.report.unit_id)
    rows = Section.objects.filter(
        report__unit_id__in=beneath,
        report__start=section.report.start,
        report__end=section.report.end,
        part=section.part,
        field=section.field,
    ).exclude(text="")
    ready = rows.exclude(report__state=State.DRAFT) | rows.filter(state=Written.DONE)
    return list(ready.select_related("report", "field", "act").order_by("report__unit_id", "position").distinct())


__all__ = [
    "bind_figure",
    "check_figures",
    "keep_value",
    "look_again",
    "paragraphs_offered",
    "place_marks",
    "remember",
    "save_section",
    "take_new_value",
    "take_paragraphs",
]
