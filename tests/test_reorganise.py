"""`giaoban units reorganise`: a table in the terminal, looked at, decided with a file, applied."""

from pathlib import Path

import pytest

from giaoban.config.cli import main as giaoban
from giaoban.orgs.models import ImportState, ReorganisationImport
from giaoban.orgs.selectors import reorganising as held
from giaoban.orgs.tests.land import ON, Land, land
from giaoban.orgs.tests.test_reorganising import SLIPPED, counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Land:
    return land()


def run(folder: Path, text: str, *words: str, decisions: str = "") -> int:
    table = folder / "bang.csv"
    table.write_text(text, encoding="utf-8")
    more: tuple[str, ...] = ()
    if decisions:
        (folder / "quyet-dinh.csv").write_text(decisions, encoding="utf-8")
        more = ("--decide", str(folder / "quyet-dinh.csv"))
    fixed = ("units", "reorganise", str(table), "--on", ON.isoformat(), "--basis", "Nghị quyết 1")
    return giaoban([*fixed, *more, *words])


def test_the_command_looks_decides_and_applies(here: Land, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = counts()
    assert run(tmp_path, SLIPPED, "--dry-run") == 1
    said = capsys.readouterr()
    assert "Dòng 4" in said.out
    assert "1: Dùng mã 0003" in said.out
    assert "còn 1 chỗ phải quyết định" in said.err
    key = next(line.strip() for line in said.out.splitlines() if line.strip().startswith("unknown-code-"))
    assert run(tmp_path, SLIPPED, decisions=f"slip,choice\n{key},1\n") == 0
    assert counts() == before
    assert run(tmp_path, SLIPPED, decisions="kind\nshares-sum\n") == 1
    assert "Tệp quyết định, dòng 2" in capsys.readouterr().err
    assert run(tmp_path, SLIPPED, "--apply", decisions="kind\nunknown-code\n") == 1
    assert "--unit" in capsys.readouterr().err
    unit = ("--unit", here.province.key)
    assert run(tmp_path, SLIPPED, "--apply", *unit, decisions="kind\nunknown-code\n") == 0
    row = ReorganisationImport.objects.get()
    assert row.state == ImportState.APPLIED
    assert held.decisions_of(row)[0].by == "giaoban units reorganise"
    assert run(tmp_path, SLIPPED, "--apply", *unit) == 1
    assert run(tmp_path, "", "--dry-run") == 1
    assert "Tệp trống" in capsys.readouterr().err
