"""Which reporters stand behind which line of a consolidated table, in the tree of one day or of another.

Each reporter counts exactly once. A reporter whose own sub-units report too is not added: its figures hold theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from giaoban.core.succession import Succession
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import UnitCard, branches, cards, unit_links, unit_spans
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.tree import (
    chains_up,
    id_array,
    line_beneath,
    line_of_reporters,
    standing_on,
    with_others_beneath,
)


class ConsolidationRefused(Exception):
    """The figures cannot be read that way; `sentence` says why, in Vietnamese."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Reporter(NamedTuple):
    """A unit that owes the report; `submission_id` None: no accepted report."""

    unit_id: int
    obligation_id: int
    submission_id: int | None
    simulated: bool
    decided_at: datetime | None


@dataclass(slots=True)
class Group:
    """The reporters of one line. `is_own`: the line is the unit's own report, not that of others beneath it."""

    key: str
    label: str
    unit: UnitCard | None
    reporters: list[Reporter] = field(default_factory=list)
    note: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """Lines of a table with their reporters. `period_day`: the last day of the period."""

    unit: UnitCard
    geography: date
    period_day: date
    method: str
    groups: tuple[Group, ...]
    not_summed: tuple[Reporter, ...] = ()
    absent: tuple[str, ...] = ()
    incomplete_reason: str = ""


def group_reporters(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> Grouping:
    """The lines of a table. geography None, or the period's last day: the tree as it was then."""
    on = last_day(period)
    if geography is None or geography == on:
        return _same_tree(form, period, unit_id, on)
    return _other_tree(form, period, unit_id, on, geography)


def _reporters(form: FormVersion, period: Period, unit_ids: Collection[int] | None) -> list[Reporter]:
    """Who owes the report, with the accepted version if there is one; unit_ids None: everybody."""
    query = """
        SELECT owed.unit_id, owed.id, sent.id, owed.simulated OR coalesce(sent.simulated, false), sent.decided_at
        FROM reporting_obligation owed
        LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
          AND (%(everybody)s OR owed.unit_id = ANY(%(units)s::bigint[]))
        ORDER BY owed.unit_id
    """
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {"form": form.pk, "period": period.pk, "everybody": unit_ids is None, "units": id_array(unit_ids or ())},
        )
        return list(map(Reporter._make, cursor.fetchall()))


def _same_tree(form: FormVersion, period: Period, unit_id: int, on: date) -> Grouping:
    line = line_beneath(unit_id, form.pk, period.pk, on)
    child_of = branches(unit_id, line, on) if line else {}
    reporters = _reporters(form, period, [*child_of, unit_id])
    above = with_others_beneath([one.unit_id for one in reporters], line, on) if line else set()
    called = cards({unit_id, *(child_of[one.unit_id] for one in reporters if one.unit_id in child_of)}, on)
    groups: dict[int, Group] = {}
    for one in reporters:
        if one.unit_id in above:
            continue
        unit = called[child_of.get(one.unit_id, unit_id)]
        group = groups.setdefault(unit.id, Group(unit.key, unit.name, unit, is_own=one.unit_id == unit_id))
        group.reporters.append(one)
    unit = called[unit_id]
    exists = _exists(unit, on)
    return Grouping(
        unit=unit,
        geography=on,
        period_day=on,
        method=f"cây đơn vị ngày {day(on)}",
        groups=_in_order(groups.values()),
        not_summed=tuple(one for one in reporters if one.unit_id in above),
        incomplete_reason="" if exists else f"{unit.name} không tồn tại vào ngày {day(on)}, ngày cuối của kỳ.",
    )


def _exists(unit: UnitCard, on: date) -> bool:
    return (unit.started_on is None or unit.started_on <= on) and (unit.ended_on is None or on < unit.ended_on)


def _in_order(groups: Collection[Group]) -> tuple[Group, ...]:
    """Alphabetical; what could not be placed comes last."""
    return tuple(
        sorted(groups, key=lambda group: (group.unit is None, group.unit.sort_key if group.unit else "", group.key))
    )


def _other_tree(form: FormVersion, period: Period, unit_id: int, on: date, geography: date) -> Grouping:
    unit = cards([unit_id], geography)[unit_id]
    if not _exists(unit, geography):
        raise ConsolidationRefused(
            f"{unit.name} không tồn tại vào ngày {day(geography)}. Chọn đơn vị của ngày đó, hoặc chọn địa giới khác."
        )
    everybody = _reporters(form, period, None)
    line = line_of_reporters(form.pk, period.pk, on)
    child_at = branches(unit_id, line, geography) if line else {}
    reporting_ids = [one.unit_id for one in everybody]
    above = with_others_beneath(reporting_ids, line, on) if line else set()
    chains = chains_up(reporting_ids, line, on) if line else {one: [one] for one in reporting_ids}
    succession = Succession(unit_links(), unit_spans())
    other = _OtherTree(succession, standing_on(line, geography) if line else None, on, geography)
    placed = {
        reporter: place
        for reporter, chain in chains.items()
        if (landing := other.landing(chain)) and (place := _place(landing, unit, child_at, other))
    }
    called = cards({unit_id, *(place.target for place in placed.values() if place.target is not None)}, geography)
    called_then = cards({place.through for place in placed.values()}, on)
    groups: dict[str, Group] = {}
    for one in everybody:
        place = placed.get(one.unit_id)
        if place is None or one.unit_id in above:
            continue
        made = _group(place, unit_id, called, called_then, geography)
        groups.setdefault(made.key, made).reporters.append(one)
    absent = _absent(unit_id, placed, chains, succession, on, geography)
    names = tuple(one.name for one in sorted(cards(absent, on).values(), key=lambda one: one.sort_key))
    return Grouping(
        unit=unit,
        geography=geography,
        period_day=on,
        method=f"quy về địa giới ngày {day(geography)} theo liên kết tách, nhập toàn bộ; kỳ báo cáo kết thúc {day(on)}",
        groups=_in_order(groups.values()),
        not_summed=tuple(one for one in everybody if one.unit_id in above and one.unit_id in placed),
        absent=names,
        incomplete_reason=_lacking(names, is_own=all(place.heirs == (unit_id,) for place in placed.values())),
    )


@dataclass(frozen=True, slots=True)
class _Landing:
    """Where a reporter's figures are in the other tree, whoever asks. exact: wholly in the one heir."""

    through: int
    heirs: tuple[int, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Under which line of the table a reporter counts: `target`, a unit directly beneath or the unit itself; None when
    its heirs stand under several of these. `through` is the unit of the period that leads there."""

    through: int
    heirs: tuple[int, ...]
    target: int | None


@dataclass(frozen=True, slots=True)
class _OtherTree:
    """What is needed to read reporters of the day `on` in the tree of the day `geography`.

    stands: the units of that tree, None when it has no line at all: then every unit stands.
    """

    succession: Succession[int]
    stands: Collection[int] | None
    on: date
    geography: date

    def landing(self, chain: Sequence[int]) -> _Landing | None:
        """Of a reporter and those above it, the first that is anything on the other day.

        Nobody above is asked while the reporter itself lives on or has heirs, wherever these stand: its figures are
        theirs, and would count twice if the unit above took them along.
        """
        for current in chain:
            heirs, how = self.succession.recast(current, from_on=self.on, to_on=self.geography)
            if self.stands is not None and not any(one in self.stands for one in heirs):
                continue
            if heirs:
                return _Landing(current, tuple(heirs), exact=how in ("same", "whole") and len(heirs) == 1)
        return None


def _place(landing: _Landing, unit: UnitCard, child_at: Mapping[int, int], tree: _OtherTree) -> _Place | None:
    """The reporter's line in the table of a unit; None when it is no part of it.

    Raises ConsolidationRefused when it is a part of the unit only in part: its figures cannot be divided.
    """
    inside = [one for one in landing.heirs if one == unit.id or one in child_at]
    if not inside:
        return None
    if not landing.exact and (len(inside) < len(landing.heirs) or landing.heirs == (unit.id,)):
        name = cards([landing.through], tree.on)[landing.through].name
        raise ConsolidationRefused(
            f"Số liệu của {name} không chia được theo địa giới ngày {day(tree.geography)}: nguồn không nêu "
            f"tỷ lệ chia cho {unit.name}. Xem {name} ở địa giới của kỳ báo cáo."
        )
    targets = {child_at.get(one, unit.id) for one in landing.heirs}
    alone = targets.pop() if len(targets) == 1 else None
    is_certain = landing.exact or landing.heirs != (alone,)
    return _Place(landing.through, landing.heirs, alone if is_certain else None)


def _group(
    place: _Place,
    unit_id: int,
    called: Mapping[int, UnitCard],
    called_then: Mapping[int, UnitCard],
    geography: date,
) -> Group:
    if place.target is not None and place.target != unit_id:
        target = called[place.target]
        return Group(target.key, target.name, target)
    through = called_then[place.through]
    if place.target is not None and place.through != unit_id:
        return Group(through.key, f"phần từ {through.name}", through)
    return Group(
        "undivided",
        "phần không chia được theo đơn vị trực thuộc",
        None,
        note=f"Không xác định được thuộc đơn vị nào theo địa giới ngày {day(geography)}.",
    )


def _lacking(names: Sequence[str], *, is_own: bool) -> str:
    """is_own: the figures come from the unit's own predecessors only. Otherwise other units beneath it may lack figures
    too: those from which nothing came are not sought."""
    if not names:
        return ""
    what = f"hông có số liệu của kỳ này từ: {', '.join(names)}."
    return f"K{what}" if is_own else f"Trong các đơn vị đang hiện, k{what}"


def _absent(
    unit_id: int,
    placed: Mapping[int, _Place],
    chains: Mapping[int, Sequence[int]],
    succession: Succession[int],
    on: date,
    geography: date,
) -> set[int]:
    """Predecessors of the unit, and of the units with figures, beneath which nobody owed the period's report.

    Predecessors of other units are not sought: which of them had to report is not known.
    """
    if geography < on:
        return set()
    wanted: set[int] = set()
    for landed in {unit_id, *(heir for place in placed.values() for heir in place.heirs)}:
        wanted.update(succession.recast(landed, from_on=geography, to_on=on)[0])
    return wanted - {unit for reporter in placed for unit in chains[reporter]}
