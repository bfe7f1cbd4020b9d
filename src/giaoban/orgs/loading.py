"""Loads the areas, units, events, regions and fields of a sector pack: afterwards they are as the pack says.

An area, unit or kind that the pack no longer names stays as it was: figures, posts and findings hang on it. So does
what an event touched that people entered: the pack knows nothing of it, and its rows are left alone until it is undone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.timezone import localdate

from giaoban.core.packs import Pack, SuccessionRow
from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.sync import Changes, sync_rows
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import (
    Area,
    AreaCode,
    AreaKind,
    AreaSuccession,
    AreaVersion,
    Event,
    EventArea,
    EventState,
    EventUnit,
    Field,
    Line,
    Region,
    RegionMember,
    ServedArea,
    Unit,
    UnitKind,
    UnitParent,
    UnitReach,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.rules import bare_name
from giaoban.orgs.services.events import one_at_a_time

Say = Callable[[str], None]
STEP = ("old_id", "new_id", "on")  # what tells successions apart


def load_kinds(pack: Pack, say: Say) -> None:
    """Kinds of area and unit, lines, fields of work."""
    areas = [{"key": kind.key, "name": kind.name, "level": kind.level} for kind in pack.area_kinds]
    say(sync_rows(AreaKind.objects.all(), ["key"], areas, keep_absent=True).words("area kinds"))
    units = [
        {
            "key": kind.key,
            "name": kind.name,
            "abbreviation": kind.abbreviation,
            "represents_area": kind.represents_area,
        }
        for kind in pack.unit_kinds
    ]
    say(sync_rows(UnitKind.objects.all(), ["key"], units, keep_absent=True).words("unit kinds"))
    lines = [{"key": line.key, "name": line.name} for line in pack.lines]
    say(sync_rows(Line.objects.all(), ["key"], lines, keep_absent=True).words("lines"))
    fields = [
        {
            "key": field.key,
            "name": field.name,
            "state_management": field.state_management,
            "citizen_facing": field.citizen_facing,
            "source": field.source,
            "position": position,
        }
        for position, field in enumerate(pack.fields)
    ]
    say(sync_rows(Field.objects.all(), ["key"], fields, keep_absent=True).words("fields"))


@dataclass(frozen=True, slots=True)
class _Loading:
    """ids: of the things of the pack by key. left: those that an event touched which people entered."""

    ids: Mapping[str, int]
    left: frozenset[int]
    events: Mapping[str, int]

    @property
    def own(self) -> list[int]:
        """The things whose rows are as the pack says."""
        return [pk for pk in self.ids.values() if pk not in self.left]

    def event_id(self, key: str) -> int | None:
        return self.events[key] if key else None


def load_events(pack: Pack, say: Say) -> None:
    """The acts that the pack tells of with its rows; one that people entered is never touched."""
    states = dict(Event.objects.values_list("key", "state"))
    today = localdate()
    events = [
        {
            "key": one.key,
            "kind": one.kind,
            "title": one.title,
            "on": one.on,
            "basis": one.basis,
            "basis_on": one.basis_on,
            "source": one.source,
            "note": one.note,
            "state": states.get(one.key) or (EventState.AHEAD if one.on > today else EventState.IN_FORCE),
        }
        for one in pack.events
    ]
    told = Event.objects.filter(request={})
    say(sync_rows(told, ["key"], events, keep_absent=True).words("events"))


def load_areas(pack: Pack, say: Say) -> None:
    """Events; areas with their dated versions, successions and regions. Meanwhile nobody enters events."""
    one_at_a_time()
    load_events(pack, say)
    keys = dict.fromkeys(version.key for version in pack.areas)
    say(sync_rows(Area.objects.all(), ["key"], [{"key": key} for key in keys], keep_absent=True).words("areas"))
    loading = _loading(Area, keys, AreaVersion.objects.all(), AreaSuccession.objects.all())
    ids = loading.ids
    say(_area_versions(pack, loading).words("area versions"))
    codes = [
        {
            "system": one.system,
            "code": one.code,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "area_id": ids[one.area],
            "source": one.source,
        }
        for one in pack.codes
    ]
    held = AreaCode.objects.filter(area_id__in=list(ids.values()))
    say(sync_rows(held, ["system", "code", "valid_from"], codes).words("area codes"))
    steps = AreaSuccession.objects.filter(old_id__in=loading.own)
    say(sync_rows(steps, STEP, _steps(pack.area_successions, loading)).words("area successions"))
    _load_regions(pack, ids, say)
    say(_event_areas(pack, loading).words("areas of events"))
    _say_left(loading, "areas", say)


def _area_versions(pack: Pack, loading: _Loading) -> Changes:
    ids = loading.ids
    kinds = dict(AreaKind.objects.values_list("key", "pk"))
    levels = {kind.key: kind.level for kind in pack.area_kinds}
    versions = [
        {
            "area_id": ids[one.key],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "kind_id": kinds[one.kind],
            "level": levels[one.kind],
            "name": one.name,
            "code": one.code,
            "known_on": one.known_on,
            "event_id": loading.event_id(one.event),
            "parent_id": ids[one.parent] if one.parent else None,
            "sort_key": sort_key(one.name),
            "search_key": fold(one.name),
            "source": one.source,
            "note": one.note,
        }
        for one in pack.areas
        if ids[one.key] not in loading.left
    ]
    return sync_rows(AreaVersion.objects.filter(area_id__in=loading.own), ["area_id", "valid_from"], versions)


def _load_regions(pack: Pack, ids: Mapping[str, int], say: Say) -> None:
    regions = [
        {"key": one.key, "name": one.name, "verified": one.verified, "note": one.note, "source": one.source}
        for one in pack.regions
    ]
    say(sync_rows(Region.objects.all(), ["key"], regions, keep_absent=True).words("regions"))
    region_ids = dict(Region.objects.values_list("key", "pk"))
    members = [
        {
            "region_id": region_ids[region.key],
            "area_id": ids[member.area],
            "valid_from": member.span.start,
            "valid_to": member.span.end,
        }
        for region in pack.regions
        for member in region.members
    ]
    of_pack = RegionMember.objects.filter(region__key__in=[one.key for one in pack.regions])
    say(sync_rows(of_pack, ["region_id", "area_id", "valid_from"], members).words("region members"))


def load_units(pack: Pack, say: Say) -> None:
    """Units with their dated versions, parents, areas served and successions; then who stands under whom."""
    keys = dict.fromkeys(version.key for version in pack.units)
    say(sync_rows(Unit.objects.all(), ["key"], [{"key": key} for key in keys], keep_absent=True).words("units"))
    loading = _loading(
        Unit,
        keys,
        UnitVersion.objects.all(),
        UnitSuccession.objects.all(),
        UnitParent.objects.all(),
        ServedArea.objects.all(),
    )
    named = _unit_versions(pack, loading)
    say(named.words("unit versions"))
    placed = _unit_parents(pack, loading)
    say(placed.words("unit parents"))
    say(_served_areas(pack, loading).words("areas served"))
    steps = UnitSuccession.objects.filter(old_id__in=loading.own)
    passed = sync_rows(steps, STEP, _steps(pack.unit_successions, loading))
    say(passed.words("unit successions"))
    say(_event_units(pack, loading).words("units of events"))
    _say_left(loading, "units", say)
    stale = named or placed or passed or not UnitReach.objects.exists()
    say(f"unit closure: {rebuild_closure()} rows" if stale else "unit closure: unchanged")


def _unit_versions(pack: Pack, loading: _Loading) -> Changes:
    areas = dict(Area.objects.values_list("key", "pk"))
    kinds = dict(UnitKind.objects.values_list("key", "pk"))
    bare = _bare_names(pack)
    versions = [
        {
            "unit_id": loading.ids[one.key],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "kind_id": kinds[one.kind],
            "name": one.name,
            "short_name": one.short_name or one.name,
            "code": one.code,
            "known_on": one.known_on,
            "event_id": loading.event_id(one.event),
            "area_id": areas[one.area] if one.area else None,
            "sort_key": _unit_sort_key(one.name, bare[one.area] if one.area else ""),
            "search_key": fold(f"{one.name} {one.short_name}"),
            "source": one.source,
            "note": one.note,
        }
        for one in pack.units
        if loading.ids[one.key] not in loading.left
    ]
    return sync_rows(UnitVersion.objects.filter(unit_id__in=loading.own), ["unit_id", "valid_from"], versions)


def _unit_parents(pack: Pack, loading: _Loading) -> Changes:
    lines = dict(Line.objects.values_list("key", "pk"))
    parents = [
        {
            "unit_id": loading.ids[one.unit],
            "line_id": lines[one.line],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "parent_id": loading.ids[one.parent],
            "event_id": loading.event_id(one.event),
            "source": one.source,
        }
        for one in pack.parents
        if loading.ids[one.unit] not in loading.left
    ]
    return sync_rows(UnitParent.objects.filter(unit_id__in=loading.own), ["unit_id", "line_id", "valid_from"], parents)


def _served_areas(pack: Pack, loading: _Loading) -> Changes:
    areas = dict(Area.objects.values_list("key", "pk"))
    served = [
        {
            "unit_id": loading.ids[one.unit],
            "area_id": areas[one.area],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "event_id": loading.event_id(one.event),
            "source": one.source,
        }
        for one in pack.served
        if loading.ids[one.unit] not in loading.left
    ]
    return sync_rows(ServedArea.objects.filter(unit_id__in=loading.own), ["unit_id", "area_id", "valid_from"], served)


def _event_areas(pack: Pack, loading: _Loading) -> Changes:
    """What the events of the pack are about, as it tells them: later events may have replaced their rows."""
    about = {(one.event, one.key) for one in pack.areas}
    about |= {(row.event, key) for row in pack.area_successions for key in (row.old, row.new)}
    rows = [{"event_id": loading.events[event], "area_id": loading.ids[key]} for event, key in about if event]
    held = EventArea.objects.filter(event__key__in=[one.key for one in pack.events])
    return sync_rows(held, ["event_id", "area_id"], rows)


def _event_units(pack: Pack, loading: _Loading) -> Changes:
    about = {(one.event, one.key) for one in pack.units}
    about |= {(one.event, key) for one in pack.parents for key in (one.unit, one.parent)}
    about |= {(one.event, one.unit) for one in pack.served}
    about |= {(row.event, key) for row in pack.unit_successions for key in (row.old, row.new)}
    rows = [{"event_id": loading.events[event], "unit_id": loading.ids[key]} for event, key in about if event]
    held = EventUnit.objects.filter(event__key__in=[one.key for one in pack.events])
    return sync_rows(held, ["event_id", "unit_id"], rows)


def _loading(model: Any, keys: Iterable[str], *tables: Any) -> _Loading:
    """tables: the rows that tell of the things, versions first, with `<model>_id` or, of successions, both ends."""
    known = dict(model.objects.values_list("key", "pk"))
    entered = Event.objects.exclude(request={}).exclude(state=EventState.UNDONE)
    named = {text for request in entered.values_list("request", flat=True) for text in _texts(request)}
    left = {known[text] for text in named if text in known}
    column = f"{model._meta.model_name}_id"
    for rows in tables:
        columns = (column,) if hasattr(rows.model, column) else ("old_id", "new_id")
        for touched in rows.filter(event__in=entered).values_list(*columns):
            left.update(touched)
    of_pack = {key: known[key] for key in keys}
    return _Loading(of_pack, frozenset(left), dict(Event.objects.values_list("key", "pk")))


def _texts(data: object) -> Iterator[str]:
    """Every text in plain data, at any depth."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


def _say_left(loading: _Loading, what: str, say: Say) -> None:
    left = sorted(key for key, pk in loading.ids.items() if pk in loading.left)
    if left:
        say(f"{what} left as events that people entered made them: {len(left)} ({', '.join(left[:10])})")


def _bare_names(pack: Pack) -> dict[str, str]:
    """What each area is called last, without the word for its kind."""
    kinds = {kind.key: kind.name for kind in pack.area_kinds}
    in_time = sorted(pack.areas, key=lambda one: one.valid_from or date.min)
    return {one.key: bare_name(one.name, kinds[one.kind]) for one in in_time}


def _unit_sort_key(name: str, area: str) -> str:
    """Units of areas stand in the order of the areas' bare names, whatever kind of body or area; others by name."""
    return f"{sort_key(area)}\t{sort_key(name)}" if area else sort_key(name)


def _steps(rows: Iterable[SuccessionRow], loading: _Loading) -> list[dict[str, object]]:
    return [
        {
            "old_id": loading.ids[row.old],
            "new_id": loading.ids[row.new],
            "on": row.on,
            "kind": row.kind,
            "whole": row.whole,
            "share": row.part,
            "basis": row.basis,
            "event_id": loading.event_id(row.event),
            "source": row.source,
        }
        for row in rows
        if loading.ids[row.old] not in loading.left
    ]
