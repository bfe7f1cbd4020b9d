import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from giaoban.core.packs import read_pack
from giaoban.core.tests import test_packs
from giaoban.orgs import selectors
from giaoban.orgs.loading import load_areas, load_kinds, load_units
from giaoban.orgs.models import (
    Area,
    AreaSuccession,
    AreaVersion,
    Event,
    EventArea,
    EventState,
    Post,
    ServedArea,
    Unit,
    UnitClosure,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

TINY = Path(test_packs.__file__).parent / "tiny-pack"


def load(folder: Path) -> list[str]:
    pack = read_pack(folder)
    said: list[str] = []
    for part in (load_kinds, load_areas, load_units):
        part(pack, said.append)
    return said


def test_a_pack_is_loaded_whole() -> None:
    said = load(TINY)
    assert "units: 6 added" in said
    assert "area successions: 2 added" in said
    assert Unit.objects.count() == 6
    assert Area.objects.count() == 4
    long = selectors.unit_id_of("office:long")
    assert long is not None
    assert [step.other.key for step in selectors.origins_of(long)] == ["office:east", "office:west"]
    assert UnitClosure.objects.filter(ancestor_id=long, depth=1).count() == 2


def test_rows_lead_to_the_event_of_the_pack_and_say_how_they_are_known() -> None:
    said = load(TINY)
    assert "events: 1 added" in said
    event = Event.objects.get(key="joining")
    assert (event.state, event.request, event.basis) == (EventState.IN_FORCE, {}, "Shore Act")
    assert set(AreaSuccession.objects.values_list("event__key", flat=True)) == {"joining"}
    both = {pk for pair in AreaSuccession.objects.values_list("old_id", "new_id") for pk in pair}
    assert both <= set(EventArea.objects.filter(event=event).values_list("area_id", flat=True))
    east = AreaVersion.objects.get(area__key="shore:east")
    assert (east.known_on, east.event_id, east.level, east.code) == (date(2019, 12, 31), event.pk, 1, "01")
    assert ServedArea.objects.get().unit.key == "light:north"


def test_an_event_that_lies_ahead_is_loaded_as_such(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    ahead = "  - {key: parting, kind: split, title: Two out of one, on: 9999-01-01, source: made-up}\n"
    with (folder / "events.yaml").open("a", encoding="utf-8") as file:
        file.write(ahead)
    load(folder)
    assert dict(Event.objects.values_list("key", "state")) == {"joining": "in-force", "parting": "ahead"}


def test_shares_are_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    steps = folder / "units" / "successions.csv"
    text = steps.read_text(encoding="utf-8")
    divided = (
        "office:west,light:north,2020-01-01,split,0.25,,made-up\noffice:west,light:south,2020-01-01,split,0.75,,made-up"
    )
    steps.write_text(text.replace("office:west,office:long,2020-01-01,merge,whole,,made-up", divided), encoding="utf-8")
    load(folder)
    west = UnitSuccession.objects.filter(old__key="office:west").order_by("share")
    assert [(step.whole, step.share) for step in west] == [(False, Decimal("0.25")), (False, Decimal("0.75"))]


def entered(key: str, **state: object) -> Event:
    """An event that a person entered, naming the unit `key`."""
    data = {"on": "2024-01-01", "kind": "rename", "steps": [{"step": "rename", "tree": "unit", "key": key}]}
    about = {"kind": "rename", "title": "Renamed", "on": date(2024, 1, 1), "request": data}
    return Event.objects.create(key=f"of-{key}", **{**about, **state})


def test_what_people_entered_survives_another_load() -> None:
    load(TINY)
    event = entered("light:north")
    old = UnitVersion.objects.get(unit__key="light:north")
    UnitVersion.objects.filter(pk=old.pk).update(valid_to=event.on)
    new = {"unit": old.unit, "kind": old.kind, "valid_from": event.on, "name": "First Light", "event": event}
    UnitVersion.objects.create(**new, short_name="", sort_key="", search_key="first light")
    said = load(TINY)
    assert "units left as events that people entered made them: 1 (light:north)" in said
    assert "unit versions: unchanged" in said
    assert [one.name for one in UnitVersion.objects.filter(unit=old.unit).order_by("valid_from")] == [
        "North Light",
        "First Light",
    ]
    Event.objects.filter(pk=event.pk).update(state=EventState.UNDONE)
    UnitVersion.objects.filter(event=event).delete()
    assert "unit versions: 1 changed" in load(TINY)  # once undone, the pack's word holds again


def test_what_an_entered_event_ended_stays_ended() -> None:
    """The rows carry no event: what the event names is enough."""
    load(TINY)
    event = entered("light:south", kind="abolish")
    UnitVersion.objects.filter(unit__key="light:south").update(valid_to=event.on)
    UnitParent.objects.filter(unit__key="light:south").update(valid_to=event.on)
    load(TINY)
    assert UnitVersion.objects.get(unit__key="light:south").valid_to == event.on
    assert UnitParent.objects.get(unit__key="light:south").valid_to == event.on


def test_a_succession_that_people_entered_survives_another_load() -> None:
    load(TINY)
    north, south = Unit.objects.get(key="light:north"), Unit.objects.get(key="light:south")
    step = factories.pass_on(north, south, date(2024, 1, 1))
    UnitSuccession.objects.filter(pk=step.pk).update(event=entered("light:north"))
    load(TINY)
    assert UnitSuccession.objects.filter(pk=step.pk).exists()
    assert UnitSuccession.objects.count() == 3


def test_a_second_load_changes_nothing_and_says_so() -> None:
    load(TINY)
    before = set(UnitClosure.objects.values_list("pk", flat=True))
    assert all(line.endswith("unchanged") for line in load(TINY))
    assert set(UnitClosure.objects.values_list("pk", flat=True)) == before


def test_what_a_pack_changes_is_changed_and_what_it_drops_stays_with_its_posts(tmp_path: Path) -> None:
    load(TINY)
    factories.post(factories.person("keeper"), Unit.objects.get(key="light:south"))
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    for name in ("units/units.csv", "units/parents.csv"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line.replace("North Light", "Northern Light") for line in lines if not line.startswith("light:south")]
        (folder / name).write_text("".join(kept), encoding="utf-8")
    said = load(folder)
    assert "unit versions: 1 changed" in said
    assert selectors.search_units(
        factories.actor("an", Unit.objects.get(key="board")), "northern", factories.moment(2026, 1, 1).date()
    )
    assert Post.objects.filter(unit__key="light:south").exists()
    assert UnitParent.objects.filter(unit__key="light:south").exists()


def test_units_stand_in_the_order_of_their_areas_whatever_kind_of_body(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    for name, old, new in (
        ("areas/areas.csv", "East Shore", "Shore Ấp Đông"),
        ("areas/areas.csv", "West Shore", "Shore Bãi Tây"),
        ("units/units.csv", "Office of the East Shore", "Trạm bờ Ấp Đông"),
        ("units/units.csv", "Office of the West Shore", "Phòng bờ Bãi Tây"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    load(folder)
    keys = dict(UnitVersion.objects.values_list("unit__key", "sort_key"))
    assert keys["office:east"] < keys["office:west"]
    assert keys["light:north"] < keys["office:long"] < keys["light:south"]


def test_areas_of_another_pack_are_left_alone() -> None:
    kind = factories.kind("office")
    other = Area.objects.create(key="moon")
    load(TINY)
    version = AreaVersion.objects.filter(area__key="shore:long").get()
    AreaVersion.objects.create(area=other, kind=version.kind, level=1, name="Moon", sort_key="", search_key="moon")
    load(TINY)
    assert AreaVersion.objects.filter(area=other).exists()
    assert kind.key == "office"
