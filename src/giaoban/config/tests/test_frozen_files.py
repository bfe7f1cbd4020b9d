"""The commands on files of figures: frozen, verified against manifest and database, thawed, exported, taken in."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from giaoban.config.cli import main
from giaoban.config.cli.freeze import parted
from giaoban.core.figures import NIL, NOT_APPLICABLE
from giaoban.reporting import selectors, services
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

PLACE = ("--form", "act-1:lamps", "--period", "quarters:2024-Q1")


@pytest.fixture
def world(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.FROZEN_FOLDER = tmp_path / "frozen"
    monkeypatch.setattr("giaoban.config.cli.start_django", lambda: None)
    world = tiny_world()
    world.report("n1", all=10, good=8, oil=Decimal("1.5"), rate=80, note="=1+1")
    world.report("n2", all=4, good=NIL, oil=NOT_APPLICABLE, age=3)
    return world


@pytest.fixture
def closed(world: World) -> World:
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    return world


@pytest.fixture
def file(closed: World, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["freeze", *PLACE]) == 0
    capsys.readouterr()
    return Path(str(apps.get_app_config("reporting").get_model("FrozenFile")._default_manager.get()))


def whole(file: Path, settings: Any) -> Path:
    """The file on disk, open to what tests do to it."""
    path = Path(settings.FROZEN_FOLDER) / file
    for one in (path, path.with_suffix(".json")):
        one.chmod(0o644)
    return path


def test_freezing_says_what_was_written_and_that_nothing_changed(
    closed: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["freeze", *PLACE]) == 0
    assert "v1.parquet: đã ghi; 2 báo cáo, 2 dòng, 10 ô" in capsys.readouterr().out
    assert main(["freeze", *PLACE]) == 0
    assert "nội dung không đổi, không ghi bản mới" in capsys.readouterr().out
    assert main(["freeze", "--all-closed"]) == 0
    assert "0 tệp" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--form", "act-1:lamps"], 2, "chọn một biểu và kỳ"),
        ([*PLACE, "--all-closed"], 2, "chọn một biểu và kỳ"),
        (["--form", "no:such", "--period", "2024-Q1"], 1, "Không có biểu mẫu này"),
        (["--form", "act-1:lamps", "--period", "2031-Q1"], 1, "Không có kỳ báo cáo này"),
        (["--form", "act-1:lamps", "--period", "years:2024-Q1"], 1, "kỳ này thuộc quarters"),
        (list(PLACE), 1, "sổ còn mở ở 6 trong 6 đơn vị"),
    ],
)
def test_refusals_of_freezing(
    world: World, capsys: pytest.CaptureFixture[str], given: list[str], code: int, said: str
) -> None:
    assert main(["freeze", *given]) == code
    assert said in capsys.readouterr().err


def test_what_is_open_elsewhere_is_told_for_all_closed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    assert main(["freeze", "--all-closed"]) == 0
    told = capsys.readouterr()
    assert "sổ còn mở ở 3 trong 6 đơn vị" in told.err
    assert "0 tệp, 1 biểu và kỳ chưa ghi được" in told.out


def test_verifying_a_whole_file_and_all_of_them(
    file: Path, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in ([], ["--all"], [str(whole(file, settings))], [str(settings.FROZEN_FOLDER)]):
        assert main(["verify", *given]) == 0
        assert "1 tệp, 0 tệp sai" in capsys.readouterr().out
    copy = tmp_path / "v1.parquet"
    for end in (".parquet", ".json"):
        copy.with_suffix(end).write_bytes(whole(file, settings).with_suffix(end).read_bytes())
    assert main(["verify", str(copy)]) == 0
    assert "(cơ sở dữ liệu)" in capsys.readouterr().out, "a copy is known by its checksum"
    assert main(["verify", "--all", str(copy)]) == 2
    assert main(["verify", str(tmp_path / "frozen" / "act-1__lamps" / "none")]) == 1


def test_verifying_finds_every_cell_that_is_not_as_in_the_database(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines are only ever inserted; somebody with the database's password may change them all the same."""
    lines = apps.get_app_config("reporting").get_model("SubmissionLine")._default_manager
    lines.filter(submission__obligation__unit__key="n1").update(values=[11, 8, 15, 8000, None], texts={"note": "2"})
    assert main(["verify"]) == 1
    out = capsys.readouterr().out
    assert "n1 · own/total/all: tệp 10, cơ sở dữ liệu 11" in out
    assert "n1 · own/total/note: tệp =1+1, cơ sở dữ liệu 2" in out
    assert "1 tệp, 1 tệp sai" in out


def test_a_file_that_gave_way_is_compared_with_the_versions_in_it(
    file: Path, closed: World, capsys: pytest.CaptureFixture[str]
) -> None:
    services.undo_closing(closed.form.closings.get(), reason="wrong", by=SYSTEM, at=AT)
    closed.report("n1", all=11, good=8)
    assert main(["verify"]) == 0
    assert "v1 không còn dùng để đọc" in capsys.readouterr().out


def test_verifying_names_damage_foreign_files_and_missing_ones(
    file: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = whole(file, settings)
    content = path.read_bytes()
    path.write_bytes(content[:500] + b"x" + content[501:])
    assert main(["verify"]) == 1
    assert "đã khác: SHA-256" in capsys.readouterr().out
    path.write_bytes(content)
    path.with_name("v7.parquet").write_bytes(b"PAR1")
    assert main(["verify"]) == 1
    assert "v7.parquet nằm trong kho mà sổ tệp không có" in capsys.readouterr().out
    path.unlink()
    assert main(["verify"]) == 1
    assert "Không có tệp" in capsys.readouterr().out


def test_file_and_manifest_forged_together_do_not_match_the_book(
    file: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from giaoban.reporting.tests.test_archive import example, restamped

    path = whole(file, settings)
    forged = example(path.parent.parent)
    path.write_bytes(forged.read_bytes())
    path.with_suffix(".json").write_bytes(forged.with_suffix(".json").read_bytes())
    forged.unlink()
    restamped(path)
    assert main(["verify", str(path)]) == 1
    assert "tệp và bản kê đã bị thay cùng nhau" in capsys.readouterr().out


def test_thawing_by_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["thaw", *PLACE]) == 2
    assert main(["thaw", *PLACE, "--reason", "a doubt"]) == 0
    assert "đọc lại từ cơ sở dữ liệu" in capsys.readouterr().out
    assert main(["thaw", *PLACE, "--reason", "a doubt"]) == 1
    assert "không có tệp nào đang dùng" in capsys.readouterr().err


def test_frozen_then_taken_in_elsewhere_gives_the_same_totals(
    file: Path, closed: World, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = selectors.consolidate(closed.form, closed.period, closed.coast.pk).total.cells
    out = tmp_path / "figures.csv"
    assert main(["thaw", "--csv", str(whole(file, settings)), "--out", str(out)]) == 0
    assert "12 ô" in capsys.readouterr().out
    assert main(["thaw", "--csv", str(whole(file, settings)), "--out", str(out)]) == 1
    forget_reports()
    services.undo_closing(closed.form.closings.get(), reason="elsewhere", by=SYSTEM, at=AT)
    assert selectors.consolidate(closed.form, closed.period, closed.coast.pk).total.cells != before
    assert main(["figures", "import", "--accept", "--explanation", "as frozen", str(out)]) == 0
    assert selectors.consolidate(closed.form, closed.period, closed.coast.pk).total.cells == before


def forget_reports() -> None:
    """As if they had never been sent: another installation."""
    reporting = apps.get_app_config("reporting")
    for name in ("FrozenFile", "SubmissionLine", "Submission"):
        reporting.get_model(name)._default_manager.all().delete()


def test_what_cannot_be_made_csv_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World) -> None:
    assert main(["thaw", "--csv", str(tmp_path / "none.parquet")]) == 1
    assert "Không có tệp" in capsys.readouterr().err
    (tmp_path / "none.parquet").write_text("x")
    assert main(["thaw", "--csv", str(tmp_path / "none.parquet")]) == 1
    assert main(["thaw", "--csv", "x", *PLACE]) == 2


def test_the_wide_export_counts_its_rows(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "wide.csv"
    given = ["figures", "export", "--form", "act-1:lamps", "--out", str(out)]
    assert main([*given, "--period", "quarters:2024-Q1", "--bom"]) == 0
    assert "2 dòng × 18 cột, đúng bằng số báo cáo đã tiếp nhận" in capsys.readouterr().out
    assert out.read_bytes().startswith(b"\xef\xbb\xbfunit,")
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert [row["own.total.all"] for row in csv.DictReader(file)] == ["10", "4"]
    assert main([*given, "--unit", "south"]) == 0
    assert "0 dòng" in capsys.readouterr().out
    assert main([*given, "--unit", "nowhere"]) == 1
    assert main([*given, "--period", "2031-Q1"]) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["wide.csv"]


def test_a_folder_that_is_not_there_is_said(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["figures", "export", "--form", "act-1:lamps", "--out", str(tmp_path / "none" / "wide.csv")]
    assert main(given) == 1
    assert "không ghi được" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "parts"),
    [("2024-Q1", ("", "2024-Q1", "")), ("q:2024", ("q", "2024", "")), ("q:2024:so-bo", ("q", "2024", "so-bo"))],
)
def test_words_of_a_period(word: str, parts: tuple[str, str, str]) -> None:
    assert parted(word) == parts
