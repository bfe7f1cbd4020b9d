import shutil
from pathlib import Path

import pytest

from giaoban.core.packs import read_pack
from giaoban.core.tests import test_packs
from giaoban.orgs import selectors
from giaoban.orgs.loading import load_areas, load_kinds, load_units
from giaoban.orgs.models import Area, AreaVersion, Post, Unit, UnitClosure, UnitParent, UnitVersion
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
