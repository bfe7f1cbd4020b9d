"""Units and areas as they were called on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import QuerySet

from giaoban.kit.arrays import among
from giaoban.kit.models import valid_on
from giaoban.kit.prepared import Prepared, given_among
from giaoban.orgs.models import AreaVersion, UnitVersion
from giaoban.orgs.rules import bare_name


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit as it was called on a day. `ended_on`: the first day on which it no longer exists, None while it does."""

    id: int
    key: str
    name: str
    short_name: str
    kind: str
    kind_name: str
    area_id: int | None
    sort_key: str
    started_on: date | None
    ended_on: date | None
    source: str = ""
    note: str = ""

    def has_ended(self, on: date) -> bool:
        return self.ended_on is not None and self.ended_on <= on


def card_of(version: UnitVersion) -> UnitCard:
    return UnitCard(
        id=version.unit_id,
        key=version.unit.key,
        name=version.name,
        short_name=version.short_name,
        kind=version.kind.key,
        kind_name=version.kind.name,
        area_id=version.area_id,
        sort_key=version.sort_key,
        started_on=version.valid_from,
        ended_on=version.valid_to,
        source=version.source,
        note=version.note,
    )


V = TypeVar("V", UnitVersion, AreaVersion)


def nearest(versions: Iterable[V], on: date) -> V:
    """The version of a day; else the last one before it, else the first one after it."""
    ordered = sorted(versions, key=lambda one: one.valid_from or date.min)
    return next((one for one in reversed(ordered) if (one.valid_from or date.min) <= on), ordered[0])


def called_on(wanted: Iterable[tuple[int, date]]) -> dict[tuple[int, date], UnitCard]:
    """Units as called on days, each pair by itself; on a day without a version, by the nearest one. One query."""
    pairs = list(dict.fromkeys(wanted))
    versions: dict[int, list[UnitVersion]] = {}
    for row in _versions(units=list({unit_id for unit_id, _ in pairs})):
        versions.setdefault(row.unit_id, []).append(row)
    return {(unit_id, on): card_of(nearest(versions[unit_id], on)) for unit_id, on in pairs if unit_id in versions}


@Prepared
def _versions() -> QuerySet[UnitVersion]:
    return UnitVersion.objects.filter(unit_id__in=given_among("units")).select_related("unit", "kind")


def cards(unit_ids: Iterable[int], on: date) -> dict[int, UnitCard]:
    """Units as called on a day; one that did not exist then is called by its nearest version. One query."""
    return {unit_id: card for (unit_id, _), card in called_on((unit_id, on) for unit_id in unit_ids).items()}


def name_keys(unit_ids: Iterable[int], on: date) -> dict[int, tuple[str, str]]:
    """Unit → the keys by which the name that it bears on a day is sorted and sought; without a name that day, absent.
    One query."""
    rows = UnitVersion.objects.filter(valid_on(on), unit_id__in=among(set(unit_ids)))
    return {row[0]: (row[1], row[2]) for row in rows.values_list("unit_id", "sort_key", "search_key")}


def card(unit_id: int, on: date) -> UnitCard:
    """One unit as called on a day. Raises KeyError when there is no such unit."""
    return cards([unit_id], on)[unit_id]


def versions_of(unit_id: int) -> list[UnitCard]:
    """All names a unit ever had, oldest first."""
    rows = UnitVersion.objects.filter(unit_id=unit_id).select_related("unit", "kind")
    return [card_of(row) for row in sorted(rows, key=lambda row: row.valid_from or date.min)]


@dataclass(frozen=True, slots=True)
class AreaCard:
    """An area as called on a day; `bare` is the name without the word for its kind."""

    id: int
    key: str
    name: str
    bare: str
    kind_name: str
    code: str


def area_card(area_id: int, on: date) -> AreaCard:
    """An area as called on a day, or by its nearest version. Raises KeyError when there is no such area."""
    return area_card_of(_area_versions([area_id], on)[area_id])


def area_card_of(row: AreaVersion) -> AreaCard:
    return AreaCard(row.area_id, row.area.key, row.name, bare_name(row.name, row.kind.name), row.kind.name, row.code)


def area_cards(area_ids: Iterable[int], on: date) -> dict[int, AreaCard]:
    """Areas as called on a day; those that did not exist then are absent. One query."""
    rows = AreaVersion.objects.filter(valid_on(on), area_id__in=among(set(area_ids))).select_related("area", "kind")
    return {row.area_id: area_card_of(row) for row in rows}


def wider_areas(area_ids: Iterable[int], on: date) -> dict[int, AreaCard]:
    """The area that holds each of these areas, as called on a day or nearest to it. Two queries."""
    held = _area_versions(area_ids, on)
    above = _area_versions((row.parent_id for row in held.values() if row.parent_id), on)
    return {area_id: area_card_of(above[row.parent_id]) for area_id, row in held.items() if row.parent_id in above}


def _area_versions(area_ids: Iterable[int], on: date) -> dict[int, AreaVersion]:
    versions: dict[int, list[AreaVersion]] = {}
    for row in AreaVersion.objects.filter(area_id__in=among(set(area_ids))).select_related("area", "kind"):
        versions.setdefault(row.area_id, []).append(row)
    return {area_id: nearest(rows, on) for area_id, rows in versions.items()}
