"""Where units count in the answer to a question, placed once for all periods between which nothing of it changes."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from django.db import connection

from giaoban.core.restating import Divided
from giaoban.orgs.selectors import id_array, unit_history
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.grouping import EXACT, layout_of, own_layout
from giaoban.reporting.selectors.placing import WHOLE, Layout, Slot
from giaoban.reporting.selectors.tree import line_of_reporters

LAYOUTS_KEPT: Final = 64
IN_TOTAL: Final = -1
"""Position of what counts in the total once although it counts in several lines."""


@dataclass(frozen=True)
class Laid:
    """A layout with its spots: line (or IN_TOTAL), the part that counts there, and the unit where each is read apart
    (else 0); and for each unit its spots. is_apart: whether each is."""

    layout: Layout
    spots: tuple[tuple[int, Decimal, int], ...]
    places: Mapping[int, tuple[int, ...]]
    is_apart: bool


_layouts: "OrderedDict[tuple[object, ...], Laid]" = OrderedDict()


def laid_out(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    kind: str,
    geography: date | None,
    divided: Divided,
    *,
    apart: bool,
) -> Iterator[tuple[Period, Laid]]:
    """Each period in which somebody owes the form, with its layout. Kept in the process under all it depends on."""
    history = unit_history()
    signatures = signatures_of(form, periods)
    for period in periods:
        if period.pk not in signatures:
            continue
        on = last_day(period)
        own = geography is None or geography == on
        key = (history.stamp, form.pk, signatures[period.pk], unit_id, kind, geography, divided, apart)
        held = _layouts.get((*key, history.epoch(on), own)) or _layouts.get((*key, on, own))
        if held is None:
            held = _spots(_layout(form, period, unit_id, kind, None if own else geography, divided), apart=apart)
            # The words on what does not simply hold name the period's own day.
            day = history.epoch(on) if held.layout.restatement.outcome == "exact" else on
            _layouts[(*key, day, own)] = held
            if len(_layouts) > LAYOUTS_KEPT:
                _layouts.popitem(last=False)
        yield period, held


def _layout(
    form: FormVersion, period: Period, unit_id: int, kind: str, geography: date | None, divided: Divided
) -> Layout:
    if geography is None:
        return own_layout(form, period, unit_id, kind)
    on = last_day(period)
    reporting = form.obligations.filter(period=period).order_by("unit_id").values_list("unit_id", flat=True)
    line = line_of_reporters(form.pk, period.pk, on)
    return layout_of(list(reporting), line, unit_id, on, geography, divided, form.pk, kind)


def _spots(layout: Layout, *, apart: bool) -> Laid:
    number: dict[tuple[int, Decimal, int], int] = {}
    places: dict[int, tuple[int, ...]] = {}
    for unit_id, held in layout.places.items():
        parts = list(held)
        if any(weight != WHOLE for _, weight in held):
            inside = sum((weight for position, weight in held if layout.slots[position].in_total), Decimal(0))
            parts += [(IN_TOTAL, inside)] if inside else []
        alone = unit_id if apart else 0
        places[unit_id] = tuple(number.setdefault((*part, alone), len(number)) for part in parts)
    return Laid(layout, tuple(number), places, apart)


def alone(laid: Laid, *, apart: bool) -> Laid:
    """Where nobody counts but the unit itself."""
    unit = laid.layout.unit
    slot = Slot(unit.key, unit.name, unit, EXACT, is_own=True)
    layout = replace(laid.layout, slots=(slot,), places={unit.id: ((0, WHOLE),)}, not_summed=frozenset())
    return _spots(layout, apart=apart)


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
