"""The life of a unit or an area as a line of moments: began, was renamed, passed to others, came from others, ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from giaoban.core.vietnamese import day
from giaoban.kit.arrays import among
from giaoban.kit.models import valid_on
from giaoban.orgs.models import (
    AreaSuccession,
    AreaVersion,
    ServedArea,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.browse import Leaf, area_leaf, unit_leaf
from giaoban.orgs.selectors.cards import nearest

ONE_DAY = timedelta(days=1)
NAMED_AT_MOST = 12

Tree = Literal["area", "unit"]


@dataclass(frozen=True, slots=True)
class Party:
    """Another thing in a moment. share: the part of the figures, None when whole or not known."""

    leaf: Leaf
    whole: bool
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a thing. on None: the source names no day. others: the first of `count`."""

    on: date | None
    words: str
    others: tuple[Party, ...] = ()
    count: int = 0
    basis: str = ""
    event_key: str = ""
    note: str = ""
    turns: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.others)


@dataclass(frozen=True, slots=True)
class Service:
    """A unit that works for an area, or the area that it works for."""

    leaf: Leaf
    valid_from: date | None
    valid_to: date | None


Version = UnitVersion | AreaVersion
Step = UnitSuccession | AreaSuccession


def unit_moments(unit_id: int) -> list[Moment]:
    """Newest first."""
    versions = UnitVersion.objects.filter(unit_id=unit_id).select_related("kind", "event")
    steps = UnitSuccession.objects.filter(Q(old_id=unit_id) | Q(new_id=unit_id)).select_related("event")
    return _history(unit_id, list(versions), list(steps), "unit")


def area_moments(area_id: int) -> list[Moment]:
    """Newest first."""
    versions = AreaVersion.objects.filter(area_id=area_id).select_related("kind", "event")
    steps = AreaSuccession.objects.filter(Q(old_id=area_id) | Q(new_id=area_id)).select_related("event")
    return _history(area_id, list(versions), list(steps), "area")


def called(tree: Tree, wanted: Iterable[tuple[int, date]]) -> dict[tuple[int, date], Leaf]:
    """Units or areas as called on days, or by the version nearest to the day. One query."""
    pairs = list(dict.fromkeys(wanted))
    ids = {one for one, _ in pairs}
    found: dict[tuple[int, date], Leaf] = {}
    if tree == "unit":
        units: dict[int, list[UnitVersion]] = {}
        for unit in UnitVersion.objects.filter(unit_id__in=among(ids)).select_related("unit", "kind"):
            units.setdefault(unit.unit_id, []).append(unit)
        found |= {(one, on): unit_leaf(nearest(units[one], on)) for one, on in pairs if one in units}
    else:
        areas: dict[int, list[AreaVersion]] = {}
        for area in AreaVersion.objects.filter(area_id__in=among(ids)).select_related("area", "kind"):
            areas.setdefault(area.area_id, []).append(area)
        found |= {(one, on): area_leaf(nearest(areas[one], on)) for one, on in pairs if one in areas}
    return found


def _history(thing_id: int, versions: list[Version], steps: list[Step], tree: Tree) -> list[Moment]:
    passed = [step for step in steps if step.old_id == thing_id]
    came = [step for step in steps if step.new_id == thing_id and step.old_id != thing_id]
    names = called(tree, [(step.new_id, step.on) for step in passed])
    names |= called(tree, [(step.old_id, step.on - ONE_DAY) for step in came])
    moments = [
        *_became(passed, names),
        *_of_versions(versions, {step.on for step in came}, {step.on for step in passed}),
    ]
    moments += _came_from(came, names)
    return sorted(moments, key=lambda one: one.on or date.min, reverse=True)


def _grouped(steps: Iterable[Step]) -> list[list[Step]]:
    groups: dict[tuple[date, str], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.on, step.kind), []).append(step)
    return list(groups.values())


def _became(steps: Sequence[Step], names: dict[tuple[int, date], Leaf]) -> list[Moment]:
    made = []
    for group in _grouped(steps):
        parties = [Party(names[step.new_id, step.on], step.whole, step.share) for step in group]
        made.append(_moment(group, f"{group[0].get_kind_display().capitalize()} →", parties))
    return made


def _came_from(steps: Sequence[Step], names: dict[tuple[int, date], Leaf]) -> list[Moment]:
    made = []
    for group in _grouped(steps):
        parties = [Party(names[step.old_id, step.on - ONE_DAY], step.whole, step.share) for step in group]
        made.append(_moment(group, f"{group[0].get_kind_display().capitalize()} từ", parties))
    return made


def _moment(group: list[Step], words: str, parties: list[Party]) -> Moment:
    first = group[0]
    return Moment(
        on=first.on,
        words=words,
        others=tuple(parties[:NAMED_AT_MOST]),
        count=len(parties),
        basis=first.basis or (first.event.basis if first.event else ""),
        event_key=first.event.key if first.event else "",
        turns=True,
    )


def _of_versions(versions: list[Version], came_on: set[date], passed_on: set[date]) -> list[Moment]:
    """What a version says that a succession of its first day does not: a name that it began with and still has."""
    ordered = sorted(versions, key=lambda one: one.valid_from or date.min)
    moments = []
    for before, one in zip([None, *ordered], ordered, strict=False):
        if before is None and one.valid_from in came_on and one.name == ordered[-1].name:
            continue
        words = _words(before, one, bool(came_on))
        note = f"như biết ngày {day(one.known_on)}" if one.known_on else ""
        moments.append(_told(one.valid_from, words, one, note))
    last = ordered[-1] if ordered else None
    if last is not None and last.valid_to is not None and last.valid_to not in passed_on:
        moments.append(_told(last.valid_to, "Kết thúc", last, turns=True))
    return moments


def _told(on: date | None, words: str, version: Version, note: str = "", *, turns: bool = False) -> Moment:
    """With the event of the version, when it is of that day: a version carries what began it, or what ended it."""
    event = version.event if version.event and version.event.on == on else None
    basis, key = (event.basis, event.key) if event else ("", "")
    return Moment(on, words, basis=basis, event_key=key, note=note, turns=turns)


def _words(before: Version | None, one: Version, came: bool) -> str:
    if before is None:
        return one.name if one.valid_from is None else f"{'Tên' if came else 'Lập'}: {one.name}"
    changes = []
    if before.kind_id != one.kind_id:
        changes.append(f"Đổi loại từ {before.kind.name} thành {one.kind.name}")
    if before.name != one.name:
        changes.append(f"{'tên mới' if changes else 'Đổi tên thành'} {one.name}")
    if before.code != one.code:
        changes.append(f"mã {before.code or 'trống'} thành {one.code or 'trống'}")
    if not changes:
        changes.append(f"{one.name}, thông tin cập nhật")
    words = "; ".join(changes)
    return words[:1].upper() + words[1:]


def served_by(area_id: int, on: date) -> list[Service]:
    """Units that work for an area on a day, beside the body that stands for it."""
    rows = ServedArea.objects.filter(valid_on(on), area_id=area_id).order_by("pk")
    return _services("unit", [(row.unit_id, row.valid_from, row.valid_to) for row in rows], on)


def areas_served(unit_id: int, on: date) -> list[Service]:
    """Areas that a unit works for on a day, beside its own."""
    rows = ServedArea.objects.filter(valid_on(on), unit_id=unit_id).order_by("pk")
    return _services("area", [(row.area_id, row.valid_from, row.valid_to) for row in rows], on)


def _services(tree: Tree, rows: list[tuple[int, date | None, date | None]], on: date) -> list[Service]:
    names = called(tree, [(one, on) for one, _, _ in rows])
    found = [Service(names[one, on], start, end) for one, start, end in rows]
    return sorted(found, key=lambda one: one.leaf.name)


def bodies_of(area_id: int, on: date) -> list[Leaf]:
    """The bodies that stand for an area on a day."""
    rows = UnitVersion.objects.filter(valid_on(on), area_id=area_id, kind__represents_area=True)
    return [unit_leaf(row) for row in rows.select_related("unit", "kind").order_by("sort_key")]


def area_version(area_id: int, on: date) -> AreaVersion:
    """How an area stood on a day or nearest to it. Raises ValueError for an area that never had a name."""
    return nearest(AreaVersion.objects.filter(area_id=area_id).select_related("area", "kind", "parent"), on)


def area_end(area_id: int) -> date | None:
    """The first day without the area; None while it lives."""
    ends = list(AreaVersion.objects.filter(area_id=area_id).values_list("valid_to", flat=True))
    return None if None in ends else max((end for end in ends if end), default=None)
