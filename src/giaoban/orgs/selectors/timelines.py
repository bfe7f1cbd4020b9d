"""Areas and units with all their dated states, as `core.timeline` reads them: everything, or what an event touches."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import Q, QuerySet

from giaoban.core.events import AbolishLevel, Event, NewThing
from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.timeline import TERRITORY, State, Timeline, Tree
from giaoban.kit.arrays import among
from giaoban.orgs.models import (
    Area,
    AreaKind,
    AreaSuccession,
    AreaVersion,
    ServedArea,
    SuccessionKind,
    Unit,
    UnitKind,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)

Ids = Collection[int] | None
"""Of the things wanted; None = all there are."""

MANY: Final = 400
"""An event that names more things than this is planned on the whole tree: that is one pass instead of many look-ups."""

_Dated = tuple[date | None, date | None]


def timelines(*, only: Mapping[Tree, Collection[int]] | None = None) -> dict[Tree, Timeline]:
    """Both trees; `only`: of these things, with whatever they refer to named but not loaded. Nine queries."""
    return {
        "area": area_timeline(None if only is None else only["area"]),
        "unit": unit_timeline(None if only is None else only["unit"]),
    }


def area_timeline(ids: Ids = None) -> Timeline:
    """The areas through time."""
    keys = dict(Area.objects.values_list("pk", "key"))
    kinds = dict(AreaKind.objects.values_list("pk", "key"))
    rows = _of(AreaVersion.objects.all(), "area_id", ids).order_by("area_id")
    states: dict[str, list[State]] = {}
    columns = ("area_id", "valid_from", "valid_to", "kind_id", "name", "code", "parent_id", "known_on")
    for area_id, start, end, kind_id, name, code, parent_id, known_on, source, note in rows.values_list(
        *columns, "source", "note"
    ):
        states.setdefault(keys[area_id], []).append(
            State(
                span=Span(start, end),
                kind=kinds[kind_id],
                name=name,
                code=code,
                parents=((TERRITORY, keys[parent_id]),) if parent_id is not None else (),
                known_on=known_on,
                source=source,
                note=note,
            )
        )
    return Timeline(
        tree="area",
        states={key: tuple(sorted(own, key=lambda state: state.span)) for key, own in states.items()},
        links=_links(AreaSuccession, keys, ids),
        classes={key: f"level {level}" for key, level in AreaKind.objects.values_list("key", "level")},
    )


def unit_timeline(ids: Ids = None) -> Timeline:
    """The units through time; a state is cut wherever version, parent or served area changes."""
    keys = dict(Unit.objects.values_list("pk", "key"))
    areas = dict(Area.objects.values_list("pk", "key"))
    kinds = dict(UnitKind.objects.values_list("pk", "key"))
    parents: dict[int, list[tuple[_Dated, str, str]]] = {}
    held = _of(UnitParent.objects.all(), "unit_id", ids).values_list(
        "unit_id", "valid_from", "valid_to", "line__key", "parent_id"
    )
    for unit_id, start, end, line, parent_id in held:
        parents.setdefault(unit_id, []).append(((start, end), line, keys[parent_id]))
    serves: dict[int, list[tuple[_Dated, str]]] = {}
    served = _of(ServedArea.objects.all(), "unit_id", ids).values_list("unit_id", "valid_from", "valid_to", "area_id")
    for unit_id, start, end, area_id in served:
        serves.setdefault(unit_id, []).append(((start, end), areas[area_id]))
    columns = ("unit_id", "valid_from", "valid_to", "kind_id", "name", "short_name", "code", "area_id", "known_on")
    rows = _of(UnitVersion.objects.all(), "unit_id", ids).values_list(*columns, "source", "note")
    states: dict[str, list[State]] = {}
    for unit_id, start, end, kind_id, name, short_name, code, area_id, known_on, source, note in rows:
        whole = State(
            span=Span(start, end),
            kind=kinds[kind_id],
            name=name,
            short_name="" if short_name == name else short_name,
            code=code,
            area=areas[area_id] if area_id is not None else "",
            known_on=known_on,
            source=source,
            note=note,
        )
        own = states.setdefault(keys[unit_id], [])
        own.extend(_pieces(whole, parents.get(unit_id, ()), serves.get(unit_id, ())))
    return Timeline(
        tree="unit",
        states={key: tuple(sorted(own, key=lambda state: state.span)) for key, own in states.items()},
        links=_links(UnitSuccession, keys, ids),
        classes={key: key for key in kinds.values()},
    )


def _pieces(
    whole: State, parents: Sequence[tuple[_Dated, str, str]], serves: Sequence[tuple[_Dated, str]]
) -> Iterable[State]:
    """The state with its parents and served areas, cut at every day on which one of these changes."""
    life = (whole.span.start, whole.span.end)
    dated = [span for span, _, _ in parents] + [span for span, _ in serves]
    if all(span == life for span in dated):
        yield _with(whole, whole.span, ((line, parent) for _, line, parent in parents), (area for _, area in serves))
        return
    cuts = sorted({day for span in dated for day in span if day is not None and _inside(whole.span, day)})
    for start, end in zip([whole.span.start, *cuts], [*cuts, whole.span.end], strict=True):
        piece = Span(start, end)
        yield _with(
            whole,
            piece,
            ((line, parent) for span, line, parent in parents if Span(*span).overlaps(piece)),
            (area for span, area in serves if Span(*span).overlaps(piece)),
        )


def _inside(span: Span, day: date) -> bool:
    return span.contains(day) and day != span.start


def _with(whole: State, span: Span, parents: Iterable[tuple[str, str]], serves: Iterable[str]) -> State:
    return State(
        span=span,
        kind=whole.kind,
        name=whole.name,
        short_name=whole.short_name,
        code=whole.code,
        area=whole.area,
        parents=tuple(sorted(parents)),
        serves=tuple(sorted(serves)),
        known_on=whole.known_on,
        source=whole.source,
        note=whole.note,
    )


def _links(model: Any, keys: Mapping[int, str], ids: Ids) -> tuple[Link[str], ...]:
    """Successions by which figures pass; those that only pass duties on are none."""
    rows = model._default_manager.exclude(kind=SuccessionKind.TRANSFER)
    if ids is not None:
        rows = rows.filter(Q(old_id__in=among(ids)) | Q(new_id__in=among(ids)))
    values = rows.order_by("on", "pk").values_list("old_id", "new_id", "on", "whole", "share")
    return tuple(Link(keys[old], keys[new], on, whole, share) for old, new, on, whole, share in values)


def _of(rows: "QuerySet[Any]", column: str, ids: Ids) -> "QuerySet[Any]":
    return rows if ids is None else rows.filter(**{f"{column}__in": among(ids)})


# what an event touches


def timelines_for(event: Event) -> dict[Tree, Timeline]:
    """What planning the event needs: the things it names, what stands directly beneath them, all above these, and who
    holds a code that it gives. Everything, when a step takes a whole level or the event is large."""
    if touches_everything(event):
        return timelines()
    named = named_keys(event)
    deep = any(getattr(step, "children", "") == "end" for step in event.steps)
    codes = {thing.code for thing in new_things(event)} | {getattr(step, "code", "") for step in event.steps}
    codes.discard("")
    units = set(
        Unit.objects.filter(Q(key__in=named["unit"]) | Q(versions__code__in=codes)).values_list("pk", flat=True)
    )
    areas = set(
        Area.objects.filter(Q(key__in=named["area"]) | Q(versions__code__in=codes)).values_list("pk", flat=True)
    )
    areas = _beneath(areas, _area_children, deep=deep)
    seated = Q(versions__area__key__in=named["area"]) | Q(serves__area__key__in=named["area"])
    units |= set(Unit.objects.filter(seated).values_list("pk", flat=True))
    units = _upwards(_beneath(units, _unit_children, deep=deep), _unit_parents)
    areas |= set(
        UnitVersion.objects.filter(unit_id__in=among(units), area__isnull=False).values_list("area_id", flat=True)
    )
    areas |= set(ServedArea.objects.filter(unit_id__in=among(units)).values_list("area_id", flat=True))
    return timelines(only={"unit": units, "area": _upwards(areas, _area_parents)})


def touches_everything(event: Event) -> bool:
    """Whether the event is planned on the whole of both trees."""
    whole_level = any(isinstance(step, AbolishLevel) for step in event.steps)
    return whole_level or sum(map(len, named_keys(event).values())) > MANY


def new_things(event: Event) -> list[NewThing]:
    """All that the event makes, each as often as it is described."""
    found: list[NewThing] = []
    for step in event.steps:
        found += getattr(step, "things", ())
        into = [getattr(step, "into", None), *(part.into for part in getattr(step, "parts", ()))]
        found += [one for one in into if isinstance(one, NewThing)]
    return found


def named_keys(event: Event) -> dict[Tree, set[str]]:
    """Every key that the steps name, by tree."""
    found: dict[Tree, set[str]] = {"area": set(), "unit": set()}
    for step in event.steps:
        mine = found[step.tree]
        for name in ("key", "parent", "old"):
            mine.add(getattr(step, name, ""))
        for name in ("keys", "olds", "heirs"):
            mine.update(getattr(step, name, ()))
        into = [getattr(step, "into", ""), *(part.into for part in getattr(step, "parts", ()))]
        mine.update(one for one in into if isinstance(one, str))
        children = getattr(step, "children", "")
        if isinstance(children, Mapping):
            mine.update(children)
        found["area"].update(getattr(step, "areas", ()))
        for thing in [*getattr(step, "things", ()), *(one for one in into if isinstance(one, NewThing))]:
            mine.add(thing.key)
            mine.update(parent for _, parent in thing.parents)
            found["area"].update((thing.area, *thing.serves))
    for keys in found.values():
        keys.discard("")
    return found


_Step = Callable[[set[int]], Iterable[int]]


def _beneath(ids: set[int], step: _Step, *, deep: bool) -> set[int]:
    """With what ever stood directly beneath; deep: all the way down."""
    found, front = set(ids), set(ids)
    while front:
        front = set(step(front)) - found
        found |= front
        if not deep:
            break
    return found


def _upwards(ids: set[int], step: _Step) -> set[int]:
    """With everything that ever stood above."""
    return _beneath(ids, step, deep=True)


def _unit_children(ids: set[int]) -> Iterable[int]:
    return UnitParent.objects.filter(parent_id__in=among(ids)).values_list("unit_id", flat=True)


def _unit_parents(ids: set[int]) -> Iterable[int]:
    return UnitParent.objects.filter(unit_id__in=among(ids)).values_list("parent_id", flat=True)


def _area_children(ids: set[int]) -> Iterable[int]:
    return AreaVersion.objects.filter(parent_id__in=among(ids)).values_list("area_id", flat=True)


def _area_parents(ids: set[int]) -> Iterable[int]:
    found = AreaVersion.objects.filter(area_id__in=among(ids), parent__isnull=False).values_list("parent_id", flat=True)
    return [pk for pk in found if pk is not None]
