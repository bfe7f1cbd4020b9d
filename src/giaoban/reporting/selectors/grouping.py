"""Which reporters stand behind which line of a consolidated table, in the tree of one day or of another.

Each reporter counts exactly once, or in shares that add to one. A reporter whose own sub-units report too is not added:
its figures hold theirs. How far the sum holds in another tree is said by `core.restating`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection

from giaoban.core.restating import SENTENCES, Divided, Reason, Restatement
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import (
    Called,
    UnitCard,
    branches,
    cards,
    having_beneath,
    id_array,
    known_after,
    unit_history,
)
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.placing import WHOLE, Layout, Slot, lay_out
from giaoban.reporting.selectors.tree import line_beneath, line_of_reporters


class ConsolidationRefused(Exception):
    """The figures cannot be read that way; `sentence` says why, in Vietnamese. others: units of that day instead."""

    def __init__(self, said: Restatement, others: Sequence[UnitCard] = ()) -> None:
        super().__init__(said.sentence)
        self.restatement = said
        self.sentence = said.sentence
        self.others = tuple(others)


class Reporter(NamedTuple):
    """A unit that owes the report; `submission_id` None: no accepted report."""

    unit_id: int
    obligation_id: int
    submission_id: int | None
    simulated: bool
    decided_at: datetime | None


@dataclass(slots=True)
class Group:
    """The reporters of one line. `is_own`: the line is the unit's own report, not that of others beneath it.

    shares: unit → the part of its figures that counts here, where that is not all. in_total False: figures kept beside
    the total because they cannot be divided.
    """

    key: str
    label: str
    unit: UnitCard | None
    restatement: Restatement
    reporters: list[Reporter] = field(default_factory=list)
    note: str = ""
    is_own: bool = False
    in_total: bool = True
    shares: dict[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Lines of a table with their reporters. `period_day`: the last day of the period."""

    unit: UnitCard
    geography: date
    period_day: date
    method: str
    groups: tuple[Group, ...]
    restatement: Restatement
    not_summed: tuple[Reporter, ...] = ()
    absent: tuple[str, ...] = ()
    incomplete_reason: str = ""


def group_reporters(
    form: FormVersion, period: Period, unit_id: int, geography: date | None, divided: Divided = "refuse"
) -> Grouping:
    """The lines of a table. geography None, or the period's last day: the tree as it was then.

    divided: what becomes of figures that would have to be divided without shares. Raises ConsolidationRefused.
    """
    on = last_day(period)
    if geography is None or geography == on:
        return _same_tree(form, period, unit_id, on)
    everybody = _reporters(form, period, None)
    line = line_of_reporters(form.pk, period.pk, on)
    layout = layout_of([one.unit_id for one in everybody], line, unit_id, on, geography, divided)
    return Grouping(
        unit=layout.unit,
        geography=geography,
        period_day=on,
        method=method_of(on, geography),
        groups=_fill(layout, everybody),
        restatement=layout.restatement,
        not_summed=tuple(one for one in everybody if one.unit_id in layout.not_summed),
        absent=layout.absent,
        incomplete_reason=layout.incomplete_reason,
    )


def method_of(on: date, geography: date) -> str:
    return f"quy về địa giới ngày {day(geography)} theo liên kết tách, nhập; kỳ báo cáo kết thúc {day(on)}"


def layout_of(
    reporting: Sequence[int], line: str | None, unit_id: int, on: date, geography: date, divided: Divided
) -> Layout:
    """The lines of a unit's table in the tree of another day, whoever of `reporting` has reported.

    Raises ConsolidationRefused when the unit is not there on that day, or when `lay_out` is refused.
    """
    unit = cards([unit_id], geography)[unit_id]
    if not _exists(unit, geography):
        raise _not_there(unit, on, geography)
    layout = lay_out(reporting, line, unit, on, geography, divided)
    if layout.restatement.outcome == "refused":
        raise ConsolidationRefused(layout.restatement)
    return layout


def _not_there(unit: UnitCard, on: date, geography: date) -> ConsolidationRefused:
    sentence = SENTENCES[Reason.NOT_THERE].format(names=unit.name, to=day(geography))
    said = Restatement(outcome="refused", sentence=sentence, reason=Reason.NOT_THERE)
    return ConsolidationRefused(said, stand_for(unit.id, geography, on))


def stand_for(unit_id: int, on: date, near: date) -> list[UnitCard]:
    """The units of a day that a unit became, or was made of; it is looked for on the day `near`, or in its own time."""
    history = unit_history()
    life = history.spans.get(unit_id)
    if life is not None and not life.contains(near):
        near = life.start if life.start is not None and near < life.start else (life.end or near) - date.resolution
    placement = history.succession.place(unit_id, from_on=near, to_on=on)
    others = cards([target.key for target in placement.targets], on).values()
    return sorted(others, key=lambda one: one.sort_key)


def _fill(layout: Layout, everybody: Sequence[Reporter]) -> tuple[Group, ...]:
    """The lines of a layout that somebody owes figures to."""
    groups: dict[int, Group] = {}
    for one in everybody:
        for position, weight in layout.places.get(one.unit_id, ()):
            group = groups.get(position)
            if group is None:
                group = groups[position] = _group(layout.slots[position])
            group.reporters.append(one)
            if weight != WHOLE:
                group.shares[one.unit_id] = weight
    return tuple(groups[position] for position in sorted(groups))


def _group(slot: Slot) -> Group:
    return Group(
        key=slot.key,
        label=slot.label,
        unit=slot.unit,
        restatement=slot.restatement,
        note=slot.note,
        is_own=slot.is_own,
        in_total=slot.in_total,
    )


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
    child_of: Mapping[int, int] = branches(unit_id, line, on) if line else {}
    reporters = _reporters(form, period, [*child_of, unit_id])
    reporting = [one.unit_id for one in reporters]
    above = having_beneath(reporting, reporting, line, on) if line else set()
    called = Called()
    called.load((pk, on) for pk in {unit_id, *(child_of[one] for one in reporting if one in child_of)})
    said = own_tree(on, reporting)
    groups: dict[int, Group] = {}
    for one in reporters:
        if one.unit_id in above:
            continue
        unit = called.card(child_of.get(one.unit_id, unit_id), on)
        group = groups.setdefault(unit.id, Group(unit.key, unit.name, unit, EXACT, is_own=one.unit_id == unit_id))
        group.reporters.append(one)
    unit = called.card(unit_id, on)
    exists = _exists(unit, on)
    return Grouping(
        unit=unit,
        geography=on,
        period_day=on,
        method=said.method,
        groups=tuple(sorted(groups.values(), key=lambda group: (group.unit.sort_key if group.unit else "", group.key))),
        restatement=said,
        not_summed=tuple(one for one in reporters if one.unit_id in above),
        incomplete_reason="" if exists else f"{unit.name} không tồn tại vào ngày {day(on)}, ngày cuối của kỳ.",
    )


EXACT: Final = Restatement(outcome="exact", sentence="")


def own_tree(on: date, reporting: Collection[int]) -> Restatement:
    """Figures read in the tree of their own day; where that is only known as of later, it says so."""
    known = known_after(reporting, on)
    method = f"cây đơn vị ngày {day(on)}{f', như biết ngày {day(known)}' if known else ''}"
    return Restatement(outcome="exact", sentence=f"Đúng như đã báo cáo: {method}.", method=method)


def _exists(unit: UnitCard, on: date) -> bool:
    return (unit.started_on is None or unit.started_on <= on) and (unit.ended_on is None or on < unit.ended_on)
