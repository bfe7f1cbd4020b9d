"""Static files under hashed names: every module finds the others, none of them asks for a name that is not there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

ROOM = Path(__file__).resolve().parents[2]
GRID = ROOM / "reporting" / "static" / "reporting" / "grid"
IMPORT = re.compile(r"""(?:from|import)\s*["']([^"']+)["']""")


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    hashed = {**settings.STORAGES, "staticfiles": {"BACKEND": "giaoban.config.static.HashedStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=hashed):
        call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_modules_find_each_other_by_their_hashed_names(collected: Path) -> None:
    modules = [path for path in collected.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
    asked = [(path, name) for path in modules for name in IMPORT.findall(path.read_text()) if name.startswith(".")]
    assert len(asked) > 10
    lost = [f"{path.name}: {name}" for path, name in asked if not (path.parent / name).is_file()]
    plain = [f"{path.name}: {name}" for path, name in asked if not re.search(r"\.[0-9a-f]{12}\.js$", name)]
    assert (lost, plain) == ([], [])


def test_the_page_of_the_grid_names_every_part_of_its_script() -> None:
    named = (ROOM / "reporting/templates/reporting/parts/grid_scripts.html").read_text()
    assert [path.name for path in GRID.iterdir() if f"reporting/grid/{path.name}" not in named] == []
