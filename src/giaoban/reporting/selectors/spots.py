"""Where units count in the answer to a question, placed once for all periods between which nothing of it changes."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from giaoban.core.restating import Divided
from giaoban.orgs.selectors import unit_history
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.grouping import EXACT, layout_of_period, signatures_of
from giaoban.reporting.selectors.placing import WHOLE, Layout, Slot

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
            held = _spots(
                layout_of_period(form, period, unit_id, None if own else geography, divided, kind), apart=apart
            )
            # The words on what does not simply hold name the period's own day.
            day = history.epoch(on) if held.layout.restatement.outcome == "exact" else on
            _layouts[(*key, day, own)] = held
            if len(_layouts) > LAYOUTS_KEPT:
                _layouts.popitem(last=False)
        yield period, held


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
