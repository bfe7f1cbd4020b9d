"""What each thing of one day is on another day, as a table with one line per pair."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from giaoban.core.spans import Span
from giaoban.core.succession import How, Link, Placement, Succession
from giaoban.kit.models import valid_on
from giaoban.orgs.models import AreaSuccession, AreaVersion, SuccessionKind, UnitSuccession, UnitVersion

Tree = Literal["area", "unit"]
Passing = Literal["same", "whole", "share", "part", "ended", "new"]

HOW: Final[Mapping[How, Passing]] = {
    "same": "same",
    "whole": "whole",
    "shared": "share",
    "broken": "part",
    "gone": "ended",
}


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """A thing of the first day and what it is on the second.

    how: "same" the same identity; "whole" all of it counts there; "share" the part `share` of it does; "part" a part
    that the sources do not measure; "ended" nothing succeeded it; "new" nothing preceded it. on, events, basis: the
    days, the recorded events and the legal bases on the way, in time order, one space (of bases "; ") between.
    known_on: the latest day for which alone the source knows a side, "" when it knows both for their days.
    """

    old_key: str
    old_code: str
    old_name: str
    new_key: str
    new_code: str
    new_name: str
    how: Passing
    share: Decimal | None
    on: str
    events: str
    basis: str
    known_on: str = ""


COLUMNS: Final = tuple(field.name for field in fields(CrosswalkRow))


@dataclass(frozen=True, slots=True)
class _Called:
    key: str
    code: str
    name: str
    known_on: date | None = None


NOTHING: Final = _Called("", "", "")


def crosswalk(
    from_on: date, to_on: date, tree: Tree = "unit", *, only: Collection[int] | None = None
) -> list[CrosswalkRow]:
    """Everything that is there on the first day, as on the second; then what is only there on the second.

    Sorted by old key, then new key. to_on may lie before from_on: then what the things were before. only: the things
    of these ids, on either side. Six queries.
    """
    versions: Any = AreaVersion if tree == "area" else UnitVersion
    successions: Any = AreaSuccession if tree == "area" else UnitSuccession
    links, told = _links(successions)
    placed = Succession(links, _spans(versions, tree))
    old, new = _called(versions, tree, from_on), _called(versions, tree, to_on)
    found = list(_rows(old, new, lambda key: placed.place(key, from_on=from_on, to_on=to_on), told, to_on >= from_on))
    if only is not None:
        wanted = set(only)
        keys = {called.key for held in (old, new) for pk, called in held.items() if pk in wanted}
        found = [row for row in found if row.old_key in keys or row.new_key in keys]
    return sorted(found, key=lambda row: (not row.old_key, row.old_key, row.new_key))


def crosswalk_csv(rows: Iterable[CrosswalkRow]) -> str:
    """The same rows always as the same bytes: UTF-8 text, commas, line ends CR LF, shares with a decimal point."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(cells(row))
    return text.getvalue()


def cells(row: CrosswalkRow) -> list[str]:
    """The columns as text."""
    return [share_words(row.share) if name == "share" else getattr(row, name) for name in COLUMNS]


def share_words(share: Decimal | None) -> str:
    """A part in plain digits without superfluous zeros; "" for none."""
    if share is None:
        return ""
    digits = f"{share:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


_Told = Mapping[tuple[int, int, date], tuple[str, str]]


def _rows(
    old: Mapping[int, _Called],
    new: Mapping[int, _Called],
    place: Callable[[int], Placement[int]],
    told: _Told,
    forward: bool,
) -> Iterator[CrosswalkRow]:
    reached: set[int] = set()
    for pk, called in old.items():
        placement = place(pk)
        how = HOW[placement.how]
        targets = [target for target in placement.targets if target.key in new]
        reached.update(target.key for target in targets)
        for target in targets:
            steps = _way(placement.steps, target.key, forward)
            share = target.weight if how == "share" else None
            yield _row(called, new[target.key], how, share, steps, told)
        if not targets:
            yield _row(called, NOTHING, "ended", None, placement.steps, told)
    for pk, called in new.items():
        if pk not in reached:
            yield _row(NOTHING, called, "new", None, (), told)


def _row(
    old: _Called, new: _Called, how: Passing, share: Decimal | None, steps: Iterable[Link[int]], told: _Told
) -> CrosswalkRow:
    ordered = sorted(steps, key=lambda link: link.on)
    words = [told.get((link.old, link.new, link.on), ("", "")) for link in ordered]
    return CrosswalkRow(
        old_key=old.key,
        old_code=old.code,
        old_name=old.name,
        new_key=new.key,
        new_code=new.code,
        new_name=new.name,
        how=how,
        share=share,
        on=" ".join(dict.fromkeys(link.on.isoformat() for link in ordered)),
        events=" ".join(dict.fromkeys(event for event, _ in words if event)),
        basis="; ".join(dict.fromkeys(basis for _, basis in words if basis)),
        known_on=max((side.known_on.isoformat() for side in (old, new) if side.known_on), default=""),
    )


def _way(steps: Iterable[Link[int]], target: int, forward: bool) -> list[Link[int]]:
    """Those of the steps that lead to the target."""
    way: list[Link[int]] = []
    reached = {target}
    for link in sorted(steps, key=lambda link: link.on, reverse=forward):
        near, far = (link.new, link.old) if forward else (link.old, link.new)
        if near in reached:
            way.append(link)
            reached.add(far)
    return way


def _links(model: Any) -> tuple[list[Link[int]], _Told]:
    """The successions by which figures pass, and the event and basis of each."""
    rows = model.objects.exclude(kind=SuccessionKind.TRANSFER).order_by("on", "pk")
    links, told = [], {}
    columns = ("old_id", "new_id", "on", "whole", "share", "event__key", "event__basis", "basis")
    for old, new, on, whole, share, event, event_basis, basis in rows.values_list(*columns):
        links.append(Link(old, new, on, whole, share))
        told[old, new, on] = (event or "", basis or event_basis or "")
    return links, told


def _spans(model: Any, tree: Tree) -> dict[int, Span]:
    """From the first day of each thing to its last."""
    spans: dict[int, Span] = {}
    for pk, start, end in model.objects.values_list(f"{tree}_id", "valid_from", "valid_to"):
        known = spans.get(pk)
        if known is not None:
            start = None if start is None or known.start is None else min(start, known.start)
            end = None if end is None or known.end is None else max(end, known.end)
        spans[pk] = Span(start, end)
    return spans


def _called(model: Any, tree: Tree, on: date) -> dict[int, _Called]:
    """Everything that is there on a day, as called then."""
    rows = model.objects.filter(valid_on(on)).values_list(f"{tree}_id", f"{tree}__key", "code", "name", "known_on")
    return {
        pk: _Called(key, code, name, known if known and known > on else None) for pk, key, code, name, known in rows
    }
