"""Loads the areas, units, regions and fields of a sector pack: afterwards they are as the pack says.

An area, unit or kind that the pack no longer names stays as it was: figures, posts and findings hang on it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from giaoban.core.packs import Pack, SuccessionRow
from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.sync import sync_rows
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import (
    Area,
    AreaCode,
    AreaKind,
    AreaSuccession,
    AreaVersion,
    Field,
    Line,
    Region,
    RegionMember,
    Unit,
    UnitKind,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.rules import bare_name

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


def load_areas(pack: Pack, say: Say) -> None:
    """Areas with their dated versions, second codes, successions and regions."""
    keys = dict.fromkeys(version.key for version in pack.areas)
    say(sync_rows(Area.objects.all(), ["key"], [{"key": key} for key in keys], keep_absent=True).words("areas"))
    ids = dict(Area.objects.values_list("key", "pk"))
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
            "parent_id": ids[one.parent] if one.parent else None,
            "sort_key": sort_key(one.name),
            "search_key": fold(one.name),
            "source": one.source,
            "note": one.note,
        }
        for one in pack.areas
    ]
    of_pack = AreaVersion.objects.filter(area__key__in=keys)
    say(sync_rows(of_pack, ["area_id", "valid_from"], versions).words("area versions"))
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
    held = AreaCode.objects.filter(area__key__in=keys)
    say(sync_rows(held, ["system", "code", "valid_from"], codes).words("area codes"))
    steps = AreaSuccession.objects.filter(old__key__in=keys)
    say(sync_rows(steps, STEP, _steps(pack.area_successions, ids)).words("area successions"))
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
    say(
        sync_rows(
            RegionMember.objects.filter(region__key__in=[one.key for one in pack.regions]),
            ["region_id", "area_id", "valid_from"],
            members,
        ).words("region members")
    )


def load_units(pack: Pack, say: Say) -> None:
    """Units with their dated versions, parents and successions; then who stands under whom."""
    keys = dict.fromkeys(version.key for version in pack.units)
    say(sync_rows(Unit.objects.all(), ["key"], [{"key": key} for key in keys], keep_absent=True).words("units"))
    ids = dict(Unit.objects.values_list("key", "pk"))
    areas = dict(Area.objects.values_list("key", "pk"))
    kinds = dict(UnitKind.objects.values_list("key", "pk"))
    lines = dict(Line.objects.values_list("key", "pk"))
    bare = _bare_names(pack)
    versions = [
        {
            "unit_id": ids[one.key],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "kind_id": kinds[one.kind],
            "name": one.name,
            "short_name": one.short_name or one.name,
            "area_id": areas[one.area] if one.area else None,
            "sort_key": _unit_sort_key(one.name, bare[one.area] if one.area else ""),
            "search_key": fold(f"{one.name} {one.short_name}"),
            "source": one.source,
            "note": one.note,
        }
        for one in pack.units
    ]
    of_pack = UnitVersion.objects.filter(unit__key__in=keys)
    named = sync_rows(of_pack, ["unit_id", "valid_from"], versions)
    say(named.words("unit versions"))
    parents = [
        {
            "unit_id": ids[one.unit],
            "line_id": lines[one.line],
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "parent_id": ids[one.parent],
            "source": one.source,
        }
        for one in pack.parents
    ]
    held = UnitParent.objects.filter(unit__key__in=keys)
    placed = sync_rows(held, ["unit_id", "line_id", "valid_from"], parents)
    say(placed.words("unit parents"))
    steps = UnitSuccession.objects.filter(old__key__in=keys)
    say(sync_rows(steps, STEP, _steps(pack.unit_successions, ids)).words("unit successions"))
    say(f"unit closure: {rebuild_closure()} rows" if named or placed else "unit closure: unchanged")


def _bare_names(pack: Pack) -> dict[str, str]:
    """What each area is called last, without the word for its kind."""
    kinds = {kind.key: kind.name for kind in pack.area_kinds}
    in_time = sorted(pack.areas, key=lambda one: one.valid_from or date.min)
    return {one.key: bare_name(one.name, kinds[one.kind]) for one in in_time}


def _unit_sort_key(name: str, area: str) -> str:
    """Units of areas stand in the order of the areas' bare names, whatever kind of body or area; others by name."""
    return f"{sort_key(area)}\t{sort_key(name)}" if area else sort_key(name)


def _steps(rows: Iterable[SuccessionRow], ids: Mapping[str, int]) -> list[dict[str, object]]:
    return [
        {
            "old_id": ids[row.old],
            "new_id": ids[row.new],
            "on": row.on,
            "kind": row.kind,
            "whole": row.share == "whole",
            "basis": row.basis,
            "source": row.source,
        }
        for row in rows
    ]
