"""Units by kind: all of one, the nearest above others, those beneath others."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from giaoban.kit.models import valid_on
from giaoban.orgs.models import UnitClosure, UnitKind, UnitVersion


def kind_names() -> dict[str, str]:
    """Key of each kind of units → its name, in the order of the pack."""
    return dict(UnitKind.objects.order_by("pk").values_list("key", "name"))


def units_of_kind(kind_id: int, on: date) -> list[int]:
    """Ids of the units of a kind on a day."""
    return list(UnitVersion.objects.filter(valid_on(on), kind_id=kind_id).values_list("unit_id", flat=True))


def nearest_of_kind(unit_ids: Collection[int], line_id: int, kind_id: int, on: date) -> dict[int, int]:
    """Each unit → its nearest ancestor of a kind on a line on a day; units without one are absent."""
    of_kind = UnitVersion.objects.filter(valid_on(on), kind_id=kind_id).values("unit_id")
    rows = UnitClosure.objects.filter(
        valid_on(on), line_id=line_id, depth__gt=0, ancestor_id__in=of_kind, descendant_id__in=set(unit_ids)
    )
    nearest: dict[int, int] = {}
    for unit_id, ancestor_id in rows.order_by("depth").values_list("descendant_id", "ancestor_id"):
        nearest.setdefault(unit_id, ancestor_id)
    return nearest


@dataclass(frozen=True, slots=True)
class SubUnit:
    """A unit that a dynamic row of a form may name."""

    key: str
    label: str


def subunits_of(unit_ids: Collection[int], kinds: Collection[str], on: date) -> dict[tuple[int, str], list[SubUnit]]:
    """(unit, kind) → the units of that kind beneath it on any line on a day, in alphabetical order."""
    if not kinds:
        return {}
    beneath = UnitClosure.objects.filter(valid_on(on), ancestor_id__in=set(unit_ids), depth__gt=0)
    below = dict.fromkeys(beneath.values_list("ancestor_id", "descendant_id"))
    versions = UnitVersion.objects.filter(
        valid_on(on), unit_id__in={descendant for _, descendant in below}, kind__key__in=set(kinds)
    )
    called = {
        unit_id: (kind, SubUnit(key, name))
        for unit_id, kind, key, name in versions.order_by("sort_key", "unit__key").values_list(
            "unit_id", "kind__key", "unit__key", "name"
        )
    }
    order = {unit_id: position for position, unit_id in enumerate(called)}
    found: defaultdict[tuple[int, str], list[SubUnit]] = defaultdict(list)
    for ancestor, descendant in sorted(below, key=lambda pair: order.get(pair[1], -1)):
        if descendant in called:
            kind, subunit = called[descendant]
            found[ancestor, kind].append(subunit)
    return dict(found)
