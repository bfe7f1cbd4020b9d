import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps

from giaoban.core.tests import test_packs
from giaoban.kit import registries
from giaoban.kit.actors import system_actor
from giaoban.kit.models import Act, Gap, Pack, Source, Word
from giaoban.kit.packs import PackRefused, checksum_of, load_pack
from giaoban.kit.registries import Registry

pytestmark = pytest.mark.django_db

TINY = Path(test_packs.__file__).parent / "tiny-pack"
AT = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))


def load(folder: Path = TINY) -> list[str]:
    said: list[str] = []
    load_pack(folder, by=system_actor("máy"), at=AT, say=said.append)
    return said


def rows() -> dict[str, int]:
    """How many rows every table of our own holds; acts are counted apart."""
    models = [model for model in apps.get_models() if model.__module__.startswith("giaoban.") and model is not Act]
    return {model._meta.label: model._default_manager.count() for model in models}


def test_every_room_loads_its_part_in_one_act() -> None:
    said = load()
    pack = Pack.objects.get()
    assert (pack.key, pack.version, pack.checksum, pack.loaded_at) == ("lights", "1", checksum_of(TINY), AT)
    assert {"words: 2 added", "units: 6 added", "forms: 3 added", "indicators: 1 added"} <= set(said)
    assert (Source.objects.count(), Word.objects.count(), Gap.objects.count()) == (1, 2, 1)
    (entry,) = Act.objects.filter(name="packs.load")
    assert (entry.subject, entry.detail) == ("kit.Pack:lights", {"pack": "lights", "version": "1"})


def test_a_second_load_of_the_same_files_changes_nothing_and_says_so() -> None:
    load()
    before = rows()
    said = load()
    assert rows() == before
    assert [line for line in said if "added" in line or "changed" in line.replace("unchanged", "")] == []


def test_a_pack_with_a_fault_is_refused_with_its_place_and_leaves_nothing(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    units = folder / "units" / "units.csv"
    units.write_text(units.read_text(encoding="utf-8").replace("office:west,office,", "office:west,palace,"), "utf-8")
    with pytest.raises(PackRefused) as refused:
        load(folder)
    assert "units/units.csv" in str(refused.value)
    assert not any(rows().values())
    assert not Act.objects.exists()


def test_a_room_that_fails_undoes_what_the_rooms_before_it_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pack: object, say: object) -> None:
        raise RuntimeError("the last room is on fire")

    loaders: Registry[registries.PackLoader] = Registry("pack loaders", "for this test")
    for name, loader in registries.pack_loaders:
        loaders.register(name, loader)
    loaders.register("broken", broken)
    monkeypatch.setattr("giaoban.kit.packs.pack_loaders", loaders)
    with pytest.raises(RuntimeError, match="on fire"):
        load()
    assert not any(rows().values())


def test_the_checksum_sees_names_and_contents(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    assert checksum_of(folder) == checksum_of(TINY)
    (folder / "gaps.yaml").rename(folder / "holes.yaml")
    assert checksum_of(folder) != checksum_of(TINY)
