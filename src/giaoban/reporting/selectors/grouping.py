"""Which reporters stand behind which line of a consolidated table, in the tree of one day or of another.

Each reporter counts exactly once, or in shares that add to one. A reporter whose own sub-units report too is not added:
its figures hold theirs. How far the sum holds in another tree is said by `core.restating`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection

from giaoban.core.restating import SENTENCES, Divided, Reason, Restatement
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import (
    UnitCard,
    cards,
    having_beneath,
    id_array,
    known_after,
    unit_history,
    unit_view,
)
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.placing import (
    WHOLE,
    Layout,
    Slot,
    concerns,
    lay_out,
    lines_beneath,
    not_there,
    reporting_above,
)
from giaoban.reporting.selectors.tree import line_beneath, line_of_form, line_of_reporters


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
    layout = layout_of([one.unit_id for one in everybody], line, unit_id, on, geography, divided, form.pk)
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
    reporting: Sequence[int],
    line: str | None,
    unit_id: int,
    on: date,
    geography: date,
    divided: Divided,
    form_id: int,
    kind: str = "",
) -> Layout:
    """The lines of a unit's table in the tree of another day, whoever of `reporting` has reported.

    kind: as in `placing.lines_beneath`. Raises ConsolidationRefused when the unit is not there on that day, or when
    `lay_out` is refused.
    """
    unit = cards([unit_id], geography)[unit_id]
    if not _exists(unit, geography):
        raise _not_there(unit, on, geography)
    if line is None and not_there(reporting, on, unit_history().spans):
        line = line_of_form(form_id, reporting, on)
    layout = lay_out(reporting, line, unit, on, geography, divided, form_id, kind)
    if not layout.slots and layout.restatement.reason in (Reason.DIVIDED, Reason.MERGED):
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
    layout = own_layout(form, period, unit_id)
    reporters = _reporters(form, period, [*layout.places, *layout.not_summed])
    return Grouping(
        unit=layout.unit,
        geography=on,
        period_day=on,
        method=layout.restatement.method,
        groups=_fill(layout, reporters),
        restatement=layout.restatement,
        not_summed=tuple(one for one in reporters if one.unit_id in layout.not_summed),
        absent=layout.absent,
        incomplete_reason=layout.incomplete_reason,
    )


def own_layout(form: FormVersion, period: Period, unit_id: int, kind: str = "") -> Layout:
    """The lines of a unit's table in the tree of the period's last day: the unit itself and those right beneath it, or
    those of a kind.

    Who owes the report and is not there on that day, having ended within the period or begun after it, counts with its
    heirs or predecessors, or where it stood. Raises ConsolidationRefused when the unit itself is not there.
    """
    on = last_day(period)
    spans = unit_history().spans
    if not_there([unit_id], on, spans):
        raise _not_there(cards([unit_id], on)[unit_id], on, on)
    owing = list(form.obligations.filter(period=period).order_by("unit_id").values_list("unit_id", flat=True))
    apart = not_there(owing, on, spans)
    line = line_beneath(unit_id, form.pk, period.pk, on) or (line_of_form(form.pk, owing, on) if apart else None)
    child_of = lines_beneath(unit_id, line, on, kind)
    if apart and concerns(apart, line, unit_id, child_of, on):
        layout = lay_out(owing, line, cards([unit_id], on)[unit_id], on, on, "keep", form.pk, kind)
        return replace(layout, restatement=_own_words(layout, on))
    reporting = [one for one in owing if one == unit_id or one in child_of]
    above = having_beneath(reporting, reporting, line, on) if line else set()
    heads = {one: child_of.get(one, unit_id) for one in reporting if one not in above}
    called = cards({unit_id, *heads.values()}, on)
    units = sorted((called[one] for one in set(heads.values())), key=lambda one: (one.sort_key, one.key))
    position = {one.id: index for index, one in enumerate(units)}
    return Layout(
        unit=called[unit_id],
        slots=tuple(Slot(one.key, one.name, one, EXACT, is_own=one.id == unit_id) for one in units),
        places={one: ((position[head], WHOLE),) for one, head in heads.items()},
        restatement=own_tree(on, [*reporting, unit_id]),
        not_summed=frozenset(above),
    )


def layout_of_period(
    form: FormVersion, period: Period, unit_id: int, geography: date | None, divided: Divided, kind: str = ""
) -> Layout:
    """The lines of a unit's table for whoever owes the form in a period. geography: as in `group_reporters`.

    Raises ConsolidationRefused.
    """
    on = last_day(period)
    if geography is None or geography == on:
        return own_layout(form, period, unit_id, kind)
    reporting = form.obligations.filter(period=period).order_by("unit_id").values_list("unit_id", flat=True)
    line = line_of_reporters(form.pk, period.pk, on)
    return layout_of(list(reporting), line, unit_id, on, geography, divided, form.pk, kind)


def signatures_of(form: FormVersion, periods: Sequence[Period]) -> dict[int, tuple[object, ...]]:
    """Period → what tells one set of reporters, with their receivers and the rules of the form, from another; periods
    for which nobody owes the form are absent."""
    query = """
        SELECT owed.period_id, count(*), bit_xor(hashint8extended(owed.unit_id, coalesce(owed.receiver_id, 0))),
               (SELECT string_agg(id || ':' || line_id, ',' ORDER BY id) FROM reporting_owingrule
                WHERE form_id = %(form)s)
        FROM reporting_obligation owed
        WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
        GROUP BY owed.period_id
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"form": form.pk, "periods": id_array(one.pk for one in periods)})
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def not_summed(form: FormVersion, period: Period, among: Collection[int] | None = None) -> frozenset[int]:
    """Units that owe a form and are not added to others: units beneath them owe it too, as in `own_layout`.

    among: only these units, and only those of them count as being beneath. Four queries.
    """
    on = last_day(period)
    owing = list(form.obligations.filter(period=period).order_by("unit_id").values_list("unit_id", flat=True))
    reporting = owing if among is None else [one for one in owing if one in among]
    line = line_of_reporters(form.pk, period.pk, on)
    return frozenset(reporting_above(reporting, line, unit_view(on, on, ())))


def _own_words(layout: Layout, on: date) -> Restatement:
    """Of a table in its own tree that holds figures of units which are not there on its day."""
    said = layout.restatement
    plain = own_tree(on, [*layout.places, layout.unit.id])
    if said.outcome == "refused":
        return said
    method = f"{plain.method}; {said.method}"
    start = "Theo phương pháp" if said.outcome == "by_method" else "Đúng"
    return replace(said, sentence=f"{start}: {method}.", method=method)


EXACT: Final = Restatement(outcome="exact", sentence="")


def own_tree(on: date, reporting: Collection[int]) -> Restatement:
    """Figures read in the tree of their own day; where that is only known as of later, it says so."""
    known = known_after(reporting, on)
    method = f"cây đơn vị ngày {day(on)}{f', như biết ngày {day(known)}' if known else ''}"
    return Restatement(outcome="exact", sentence=f"Đúng như đã báo cáo: {method}.", method=method)


def _exists(unit: UnitCard, on: date) -> bool:
    return (unit.started_on is None or unit.started_on <= on) and (unit.ended_on is None or on < unit.ended_on)
