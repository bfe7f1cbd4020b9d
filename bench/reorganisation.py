"""The reorganisation of 1 July 2025 as one import, in a database that knows the tree of the day before and no more.

`python -m bench.reorganisation`. The table is made from the crosswalk of the sector pack, in the columns that a person
would fill in; its slips are decided by the first proposals. The database is made for the run and removed after it.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from time import perf_counter
from typing import Any, Final, TypeVar

ON: Final = date(2025, 7, 1)
BASIS, BASIS_ON = "Nghị quyết 202/2025/QH15", date(2025, 6, 12)
BUDGET: Final = "30 s"
FIRST: Final = ("levels", "left-empty")
"""Decided first: that the level of districts ends, so that a commune which stays does not hold its district alive."""
UNDONE: Final = "take it back"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One measured part of the import, in seconds."""

    what: str
    seconds: float


def before_the_day(pack: Any) -> Any:
    """The pack as somebody could have written it on the eve: no row that begins later, no end that is later."""
    areas = _until(pack.areas)
    units = _until(pack.units)
    held_areas, held_units = {one.key for one in areas}, {one.key for one in units}
    parents = _until([one for one in pack.parents if {one.unit, one.parent} <= held_units])
    return replace(
        pack,
        events=[one for one in pack.events if one.on < ON],
        areas=_without_event(areas, pack),
        codes=_until([one for one in pack.codes if one.area in held_areas]),
        area_successions=[one for one in pack.area_successions if one.on < ON],
        regions=[],
        units=_without_event(units, pack),
        parents=_without_event(parents, pack),
        served=_without_event(
            _until([one for one in pack.served if one.unit in held_units and one.area in held_areas]), pack
        ),
        unit_successions=[one for one in pack.unit_successions if one.on < ON],
    )


def _until(rows: Sequence[Any]) -> list[Any]:
    from giaoban.core.spans import Span

    return [
        replace(row, span=Span(row.valid_from, None)) if row.valid_to is not None and row.valid_to >= ON else row
        for row in rows
        if row.valid_from is None or row.valid_from < ON
    ]


def _without_event(rows: Sequence[Any], pack: Any) -> list[Any]:
    """Rows that name the event that ended them name none."""
    later = {one.key for one in pack.events if one.on >= ON}
    return [replace(row, event="") if row.event in later else row for row in rows]


def table_of(pack: Any, provinces: frozenset[str] = frozenset()) -> str:
    """The crosswalk of the day as the CSV that a person would import; provinces: keys, only what they hold."""
    from giaoban.core.reorganisation import Row, write_csv

    states: defaultdict[str, list[Any]] = defaultdict(list)
    for one in pack.areas:
        states[one.key].append(one)
    kinds = {kind.key: kind.name for kind in pack.area_kinds}

    def old(key: str) -> Any:
        return next(one for one in states[key] if one.span.contains(ON - date.resolution))

    def new(key: str) -> Any:
        return next(one for one in states[key] if one.span.contains(ON))

    def within(key: str) -> bool:
        while key and key not in provinces:
            key = old(key).parent
        return bool(key)

    rows: list[Any] = []
    for link in pack.area_successions:
        if link.on != ON or (provinces and not within(link.old)):
            continue
        before, after = old(link.old), new(link.new)
        above = new(after.parent)
        rows.append(
            Row(
                number=len(rows) + 2,
                old_code=before.code,
                old_name=before.name,
                old_parent=old(before.parent).name if before.parent else "",
                new_code=after.code,
                new_name=after.name,
                new_kind=kinds[after.kind],
                new_parent=above.code or above.name,
                part="toàn bộ" if link.whole else "một phần",
            )
        )
    return write_csv(rows)


def timed(steps: list[Step], what: str, call: Callable[[], T]) -> T:
    start = perf_counter()
    result = call()
    steps.append(Step(what, perf_counter() - start))
    return result


@contextmanager
def own_database() -> Iterator[None]:
    """An empty migrated database, removed at the end."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def run() -> list[Step]:
    """Load the eve, import, decide, look, apply. Raises what the import raises."""
    from django.db import connection
    from django.utils import timezone

    from giaoban.config.paths import ROOT
    from giaoban.core.packs import read_pack
    from giaoban.kit.actors import system_actor
    from giaoban.orgs import loading
    from giaoban.orgs.selectors import unit_id_of
    from giaoban.orgs.selectors.reorganising import examination_of
    from giaoban.orgs.services import reorganising, undo

    by, at = system_actor("bench"), timezone.now()
    pack = read_pack(ROOT / "packs" / "justice-vn")
    eve = before_the_day(pack)
    for load in (loading.load_kinds, loading.load_events, loading.load_areas, loading.load_units):
        load(eve, lambda _: None)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    unit_id = unit_id_of("bo-tu-phap") or 0
    content = table_of(pack).encode()
    steps: list[Step] = []
    row = timed(
        steps,
        "read and keep the table",
        lambda: reorganising.open_import(
            content,
            "sap-xep-2025.csv",
            unit_id=unit_id,
            on=ON,
            title="Sắp xếp đơn vị hành chính năm 2025",
            basis=BASIS,
            basis_on=BASIS_ON,
            reason="Đo tốc độ",
            by=by,
            at=at,
        ),
    )
    examined = timed(steps, "examine it", lambda: examination_of(row))
    print(f"table: {examined.counts.rows} rows; slips: {dict(examined.by_kind())}")
    while waiting := examined.to_decide:
        kind = min((slip.kind for slip in waiting), key=lambda one: (one not in FIRST, one))
        timed(steps, f"decide all of {kind}", partial(reorganising.decide_all, row.pk, kind, by=by, at=at))
        row.refresh_from_db()
        examined = examination_of(row)
    print(f"decided: {examined.counts}")
    shown = timed(steps, "preview", lambda: reorganising.preview_import(row, by=by, at=at))
    for fault in shown.faults[:5]:
        print(f"fault: {fault.sentence}")
    event = timed(steps, "apply as one event", lambda: reorganising.apply_import(row.pk, by=by, at=at))
    timed(steps, UNDONE, lambda: undo(event, reason="Đo tốc độ", by=by, at=at))
    return steps


def main() -> None:
    from bench.__main__ import ROOT, machine, server

    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        import django

        django.setup()
        print(f"machine: {machine()}")
        with own_database():
            steps = run()
        for step in steps:
            print(f"{step.what:<58} {step.seconds:8.2f} s")
        whole = sum(step.seconds for step in steps if step.what != UNDONE)
        print(f"{'the whole import':<58} {whole:8.2f} s   budget {BUDGET}")


if __name__ == "__main__":
    main()
