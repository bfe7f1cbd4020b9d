"""The examination of a table before anything is written: every slip with its row, and what the table would do."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from giaoban.core.reorganisation.codes import slips_of_codes
from giaoban.core.reorganisation.facts import Facts
from giaoban.core.reorganisation.news import slips_of_news
from giaoban.core.reorganisation.parents import Parents, by_class, children_left
from giaoban.core.reorganisation.parts import slips_of_parts
from giaoban.core.reorganisation.register import Register
from giaoban.core.reorganisation.slips import SLIP_KINDS, Change, Decision, Slip, decided, proposals
from giaoban.core.reorganisation.table import PART_WORDS, Row
from giaoban.core.vietnamese import day, number

_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """How many old things pass wholly, are divided, or end with nothing after; how many new ones begin; how many live
    on under a code of the table; how many rows."""

    rows: int
    whole: int
    divided: int
    ended: int
    new: int
    kept: int


@dataclass(frozen=True, slots=True)
class Examination:
    """rows: after the decisions. slips: those still open and the notes, by kind in the order of `SLIP_KINDS`, then by
    row. facts: what the rows mean, for building the event."""

    rows: tuple[Row, ...]
    slips: tuple[Slip, ...]
    counts: Counts
    facts: Facts
    parents: Parents

    @property
    def to_decide(self) -> tuple[Slip, ...]:
        return tuple(slip for slip in self.slips if slip.severity == "decide")

    @property
    def notes(self) -> tuple[Slip, ...]:
        return tuple(slip for slip in self.slips if slip.severity == "note")

    def slip(self, key: str) -> Slip | None:
        return next((slip for slip in self.slips if slip.key == key), None)

    def by_kind(self) -> Mapping[str, int]:
        """Kind → how many, in the order of the slips."""
        return Counter(slip.kind for slip in self.slips)


def examine(rows: Sequence[Row], register: Register, decisions: Collection[Decision] = ()) -> Examination:
    """Every slip of the table after the decisions.

    What was left as told by decision is not a slip any more; one that a person's own values did not mend still is.
    """
    current = decided(rows, decisions)
    facts = Facts(current, register)
    parents = Parents(facts)
    answered = {decision.slip for decision in decisions if not decision.changes}
    found = [slip for slip in _slips(facts, parents) if slip.key not in answered]
    order = {kind: at for at, kind in enumerate(SLIP_KINDS)}
    found.sort(key=lambda slip: (slip.severity == "note", order[slip.kind], slip.rows))
    return Examination(tuple(current), tuple(found), _counts(facts), facts, parents)


def _slips(facts: Facts, parents: Parents) -> Iterator[Slip]:
    yield from slips_of_codes(facts)
    yield from slips_of_parts(facts)
    yield from slips_of_news(facts, parents)
    yield from _left_empty(facts, parents)
    yield from _not_mentioned(facts)


def _counts(facts: Facts) -> Counts:
    carried = {old: [one for one in own if one.carries] for old, own in facts.by_old.items()}
    return Counts(
        rows=len(facts.rows),
        whole=sum(len(own) == 1 and own[0].part.kind == "whole" for own in carried.values()),
        divided=sum(any(one.part.kind == "part" for one in own) for own in carried.values()),
        ended=sum(1 for old in facts.ending if not carried[old]),
        new=sum(not target.key for target in facts.targets.values()),
        kept=len(facts.kept),
    )


def _left_empty(facts: Facts, parents: Parents) -> Iterator[Slip]:
    """Things that lose everything beneath them and that the table does not name: a level that is abolished, mostly."""
    register = facts.register
    for keys in by_class(facts, children_left(facts, parents)).values():
        level = register.class_of(keys[0])
        others = [
            key
            for key in register.living
            if register.class_of(key) == level
            and key not in facts.ending
            and key not in keys
            and register.timeline.class_of(facts.kind_after(key)) == level
        ]
        groups: dict[str, list[str]] = {"": keys}
        if others:
            groups = defaultdict(list)
            for key in keys:
                groups[register.parent_of(key)].append(key)
        for above, held in groups.items():
            yield _empty(register, above, held, all_of_level=not others)


def _empty(register: Register, above: str, keys: Sequence[str], *, all_of_level: bool) -> Slip:
    names = _names(register, keys)
    where = f" của {register.living[above].name}" if above in register.living else ""
    kinds = ", ".join(dict.fromkeys(register.kinds.get(register.living[key].kind, "") for key in keys))
    told = "cả cấp" if all_of_level else f"{number(len(keys))} nơi{where}"
    rows = tuple({"old_code": register.code_of(key), "part": PART_WORDS["ends"]} for key in keys)
    return Slip(
        kind="left-empty",
        rows=(),
        told=told,
        known=names,
        sentence=f"Từ ngày {day(register.on)}, {number(len(keys))} nơi{where} ({kinds}) không còn gì trực thuộc "
        f"mà bảng không cho chấm dứt: {names}.",
        proposals=proposals(
            (f"Cho chấm dứt {'cả cấp, ' if all_of_level else ''}{number(len(keys))} nơi", [Change(add=rows)]),
            ("Vẫn tồn tại", ()),
        ),
    )


def _names(register: Register, keys: Iterable[str]) -> str:
    held = [register.living[key].name for key in keys]
    rest = len(held) - _NAMED
    return ", ".join(held[:_NAMED]) + (f" và {number(rest)} nơi khác" if rest > 0 else "")


def _not_mentioned(facts: Facts) -> Iterator[Slip]:
    """What stands beside the things of the table and is not in it: it stays."""
    register = facts.register
    mentioned = set(facts.by_old) | set(facts.kept)
    for above in dict.fromkeys(register.parent_of(old) for old in facts.by_old):
        silent = [key for key in register.children.get(above, ()) if key not in mentioned] if above else []
        if not silent:
            continue
        names = _names(register, silent)
        yield Slip(
            kind="not-mentioned",
            rows=(),
            told="",
            known=names,
            sentence=f"{number(len(silent))} nơi thuộc {register.living[above].name} không có trong bảng, giữ nguyên: "
            f"{names}.",
            proposals=(),
            severity="note",
        )
