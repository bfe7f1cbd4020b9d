"""Which units a watch rule picks, and the sentence that says why. Plain arithmetic over values that are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from giaoban.core.indicators import difference_in_points, n_highest, n_lowest
from giaoban.core.vietnamese import number

Picker = Callable[[Mapping[int, Decimal | None], Mapping[str, object]], list[int]]


@dataclass(frozen=True, slots=True)
class Picked:
    """A unit that a rule picked. `reference`: what its value is compared with; `rank` 1 = best of `out_of`."""

    unit_id: int
    value: Decimal | None
    reference: Decimal | None
    rank: int | None
    out_of: int


def pick(
    kind: str,
    settings: Mapping[str, object],
    values: Mapping[int, Decimal | None],
    *,
    reference: Decimal | None,
    ranks: Mapping[int, int],
    expected: frozenset[int],
) -> list[Picked]:
    """The units that fulfil the condition, the most striking first. Raises KeyError for an unknown kind of rule.

    n_lowest, n_highest: the n lowest or highest values (`settings["n"]`; all that tie with the n-th are in).
    below_reference: at least `settings["points"]` below the reference, which is `settings["reference"]` where the rule
    names one (a target) and the level of all together where it does not. gap: expected units without a value.
    """
    if "reference" in settings:
        reference = Decimal(str(settings["reference"]))
    if kind == "gap":
        chosen = sorted(unit_id for unit_id in expected if values.get(unit_id) is None)
    elif kind == "below_reference":
        points = Decimal(str(settings.get("points", 0)))
        below = {
            unit_id: gap
            for unit_id, value in values.items()
            if (gap := difference_in_points(value, reference)) is not None and gap < 0 and -gap >= points
        }
        chosen = sorted(below, key=lambda unit_id: below[unit_id])
    else:
        pickers = {"n_lowest": n_lowest, "n_highest": n_highest}
        chosen = pickers[kind](values, int(str(settings["n"])))
    return [Picked(unit_id, values.get(unit_id), reference, ranks.get(unit_id), len(ranks)) for unit_id in chosen]


def reason(template: str, picked: Picked, *, unit_name: str, indicator: str, measure: str, scale: int) -> str:
    """The rule's sentence with its numbers: value, level of all together, points between, rank.

    template: names in braces {unit} {indicator} {value} {reference} {points} {direction} {rank} {out_of}; a value that
    does not exist reads "chưa có số".
    """
    points = difference_in_points(picked.value, picked.reference)
    return template.format(
        unit=unit_name,
        indicator=indicator,
        value=_with_measure(picked.value, scale, measure),
        reference=_with_measure(picked.reference, scale, measure),
        points="chưa tính được" if points is None else number(abs(points), scale),
        direction="" if points is None else ("thấp hơn" if points < 0 else "cao hơn"),
        rank="–" if picked.rank is None else picked.rank,
        out_of=picked.out_of,
    )


def _with_measure(value: Decimal | None, scale: int, measure: str) -> str:
    return "chưa có số" if value is None else f"{number(value, scale)} {measure}"


def step(
    value: Decimal | None, reference: Decimal | None, thresholds: tuple[Decimal, Decimal], *, higher: bool | None
) -> int:
    """Where a value stands around a reference: −2, −1, 0, +1, +2 (plus = better); 0 also where one is unknown.

    thresholds: points from which the first and the second step begin, such as (2, 5). higher: whether more is better;
    None: neither is, every value is 0.
    """
    points = difference_in_points(value, reference)
    if points is None or higher is None:
        return 0
    size = sum(abs(points) >= threshold for threshold in thresholds)
    return size if (points > 0) == higher else -size
