"""Figures of closed periods become files; an amendment makes the file give way, and the next read has it."""

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.figures import NIL, NOT_APPLICABLE
from giaoban.kit.models import Act
from giaoban.reporting import selectors, services
from giaoban.reporting.archive import layout, manifest, reading
from giaoban.reporting.models import Closing, FrozenFile
from giaoban.reporting.selectors import frozen
from giaoban.reporting.selectors.accepted import accepted_lines, differences
from giaoban.reporting.services.errors import AlreadyDone, ReportingError
from giaoban.reporting.services.freezing import FreezeRefused, freezable, freeze, freeze_closed, thaw
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.FROZEN_FOLDER = tmp_path / "frozen"
    return tmp_path / "frozen"


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    world = tiny_world()
    world.report("n1", all=10, good=8, oil=Decimal("1.5"), note="=1+1")
    world.report("n2", all=4, good=NIL, oil=NOT_APPLICABLE)
    yield world


def close(world: World) -> Closing:
    return services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)


def frozen_file(world: World) -> FrozenFile:
    close(world)
    return freeze(world.form, world.period, by=SYSTEM, at=AT).file


def standing(world: World) -> dict[int, FrozenFile]:
    return frozen.standing_files(world.form.pk, [world.period.pk])


def test_a_closed_period_becomes_a_file_that_says_everything(world: World, folder: Path) -> None:
    file = frozen_file(world)
    path = frozen.path_of(file)
    assert file.path == "act-1__lamps/quarters__2024-Q1/v1.parquet"
    assert (file.version, file.reports, file.lines, file.cells, file.stands) == (1, 2, 2, 10, True)
    assert file.size == path.stat().st_size
    assert [one.stat().st_mode & 0o222 for one in (path, *manifest.beside(path))] == [0, 0, 0]
    table = pq.read_table(path)
    assert table.column_names == layout.schema_of(selectors.definition_of(world.form)).names
    row = {name: table[name][1].as_py() for name in table.column_names}
    assert (row["unit"], row["table"], row["row"], row["subunit"]) == ("n2", "own", "total", "")
    assert (row["own.all"], row["own.all~e"], row["own.all~m"]) == (4, None, 0)
    assert (row["own.good"], row["own.good~m"], row["own.oil~m"], row["own.age~m"]) == (None, 1, 2, 3)
    assert table["own.oil"][0].as_py() == Decimal("1.5")
    assert table["own.note"][0].as_py() == "=1+1"
    said = reading.about(path)
    assert said.form.key == world.form.key
    assert said.period["code"] == "2024-Q1"
    assert standing(world) == {world.period.pk: file}
    assert frozen.readable_files(world.form.pk, [world.period.pk]) == {world.period.pk: path}


def test_what_lies_beside_can_be_checked_without_our_software(world: World) -> None:
    path = frozen.path_of(frozen_file(world))
    done = subprocess.run(
        ["/usr/bin/sha256sum", "-c", "v1.sha256"], cwd=path.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["v1.parquet: OK", "v1.json: OK"]
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["expected"] == ["n1", "n2", "n3", "s1", "s2", "s3"]
    assert told["missing"] == ["n3", "s1", "s2", "s3"]
    assert told["form"]["checksum"] == world.form.checksum
    assert {"name": "own.oil", "type": "decimal128(18, 1)", "label": "Oil", "unit": "litre"} in told["schema"]
    listed = json.loads((path.parent / "manifest.json").read_text())
    assert [one["path"] for one in listed["files"]] == ["v1.parquet"]


def test_open_books_are_not_frozen_and_the_refusal_names_where(world: World, folder: Path) -> None:
    with pytest.raises(FreezeRefused, match="sổ còn mở ở 6 trong 6 đơn vị"):
        freeze(world.form, world.period, by=SYSTEM, at=AT)
    services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    with pytest.raises(FreezeRefused, match=r"3 trong 6 đơn vị \(Light S1, Light S2, Light S3\)"):
        freeze(world.form, world.period, by=SYSTEM, at=AT)
    assert not folder.exists()
    services.close_books(world.form, world.period, world.harbours[1].pk, by=SYSTEM, at=AT)
    assert freeze(world.form, world.period, by=SYSTEM, at=AT).is_new


def test_books_open_again_for_a_while_are_not_frozen(world: World) -> None:
    closing = close(world)
    services.reopen_books(closing, reason="late", until=AT + HOUR, by=SYSTEM, at=AT)
    with pytest.raises(FreezeRefused, match="chờ hết hạn mở lại"):
        freeze(world.form, world.period, by=SYSTEM, at=AT)
    assert freeze(world.form, world.period, by=SYSTEM, at=AT + 2 * HOUR).is_new


def test_the_same_content_again_is_no_new_version(world: World, folder: Path) -> None:
    first = frozen_file(world)
    again = freeze(world.form, world.period, by=SYSTEM, at=AT + HOUR)
    assert (again.file, again.is_new) == (first, False)
    assert len(list(folder.rglob("*.parquet"))) == 1
    assert Act.objects.filter(name="reporting.freeze").count() == 1


def test_an_amendment_after_freezing_is_in_the_next_read_and_in_the_next_version(world: World) -> None:
    """Also one that was sent before the others and bears an earlier moment: no clock is trusted."""
    first = frozen_file(world)
    before = frozen.path_of(first).read_bytes()
    closing = Closing.objects.get()
    services.reopen_books(closing, unit_id=world.lights["n1"].pk, reason="wrong", until=AT + HOUR, by=SYSTEM, at=AT)
    assert standing(world), "to open books changes no figure"
    world.report("n1", at=AT - HOUR, all=11, good=8)
    assert standing(world) == {}
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert table.total.cells["own", "total", "", "all"].value == 15
    second = freeze(world.form, world.period, by=SYSTEM, at=AT + 2 * HOUR)
    assert (second.is_new, second.file.version) == (True, 2)
    assert standing(world)[world.period.pk] == second.file
    first.refresh_from_db()
    assert not first.stands
    assert frozen.path_of(first).read_bytes() == before
    lines = reading.lines(frozen.path_of(second.file), selectors.definition_of(world.form))
    assert [line.values[0] for line in lines] == [11, 4]
    listed = json.loads((frozen.path_of(first).parent / "manifest.json").read_text())
    assert [one["version"] for one in listed["files"]] == [1, 2]


def test_a_first_report_after_freezing_makes_the_file_give_way_too(world: World) -> None:
    frozen_file(world)
    services.undo_closing(Closing.objects.get(), reason="too early", by=SYSTEM, at=AT)
    world.report("s1", all=1, good=1)
    assert standing(world) == {}


def test_the_hook_costs_one_query_whatever_is_accepted(world: World) -> None:
    sent = world.send("s1", all=1, good=1)
    with CaptureQueriesContext(connection) as queries:
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    assert sum("reporting_frozenfile" in one["sql"] for one in queries.captured_queries) == 1


def test_other_periods_keep_their_files(world: World) -> None:
    frozen_file(world)
    later = services.open_period("quarters", year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    services.raise_obligations(world.form.key, later, by=SYSTEM, at=AT)
    sent = services.submit(
        world.owed("n1", later),
        figures=world.figures(all=1, good=1),
        by=SYSTEM,
        at=AT,
        signatures=(("Keeper", "An"), ("Head", "Binh")),
    )
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    assert set(frozen.standing_files(world.form.pk, [world.period.pk, later.pk])) == {world.period.pk}


def test_thawing_needs_a_reason_and_freezing_again_takes_the_same_file(world: World) -> None:
    file = frozen_file(world)
    with pytest.raises(ReportingError, match="lý do"):
        thaw(world.form, world.period, reason=" ", by=SYSTEM, at=AT)
    thaw(world.form, world.period, reason="a doubt", by=SYSTEM, at=AT)
    assert standing(world) == {}
    assert frozen.path_of(file).exists()
    with pytest.raises(AlreadyDone):
        thaw(world.form, world.period, reason="a doubt", by=SYSTEM, at=AT)
    assert list(freezable()) == [], "nobody but a person takes a thaw back"
    again = freeze(world.form, world.period, by=SYSTEM, at=AT + HOUR)
    assert (again.is_new, again.file.pk, again.file.stands, again.file.thawed) == (False, file.pk, True, None)


def test_a_damaged_file_is_not_taken_again_but_written_anew(world: World) -> None:
    file = frozen_file(world)
    thaw(world.form, world.period, reason="damaged", by=SYSTEM, at=AT)
    path = frozen.path_of(file)
    path.chmod(0o644)
    path.write_bytes(b"x" * file.size)
    again = freeze(world.form, world.period, by=SYSTEM, at=AT)
    assert (again.is_new, again.file.version) == (True, 2)


def test_a_missing_or_shorter_file_is_passed_over_with_a_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    path = frozen.path_of(frozen_file(world))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    assert frozen.readable_files(world.form.pk, [world.period.pk]) == {}
    assert "read from the database" in caplog.text
    path.unlink()
    assert frozen.readable_files(world.form.pk, [world.period.pk]) == {}
    assert frozen.faults_of_standing() == (1, [f"frozen file {path} is not there"])
    done, _ = freeze_closed(by=SYSTEM, at=AT)
    assert [one.file.version for one in done] == [2], "the job writes anew what was lost"
    assert frozen.faults_of_standing() == (1, [])


def test_one_bit_that_fell_over_makes_the_database_answer(world: World) -> None:
    path = frozen.path_of(frozen_file(world))
    content = path.read_bytes()
    path.chmod(0o644)
    for place in range(0, len(content), max(1, len(content) // 12)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        assert frozen.readable_files(world.form.pk, [world.period.pk]) == {}, place
    path.write_bytes(content)
    assert frozen.readable_files(world.form.pk, [world.period.pk]) == {world.period.pk: path}


def test_what_lies_there_unknown_is_never_written_over(world: World, folder: Path) -> None:
    strange = folder / "act-1__lamps" / "quarters__2024-Q1" / "v1.parquet"
    strange.parent.mkdir(parents=True)
    strange.write_text("left by a crash")
    assert frozen_file(world).version == 2
    assert strange.read_text() == "left by a crash"


def test_nothing_is_left_when_the_act_fails(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(world)

    def fail(*_: object, **__: object) -> FrozenFile:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FrozenFile.objects, "create", fail)
    with pytest.raises(FreezeRefused, match="No space left"):
        freeze(world.form, world.period, by=SYSTEM, at=AT)
    assert [one.name for one in folder.rglob("*") if one.is_file()] == []
    assert not FrozenFile.objects.exists()


def test_only_the_system_freezes(world: World) -> None:
    close(world)
    with pytest.raises(PermissionDenied):
        freeze(world.form, world.period, by=world.actor(world.coast), at=AT)


def test_simulated_figures_are_said_in_file_and_manifest(world: World) -> None:
    sent = services.submit(
        world.owed("s1"),
        figures=world.figures(all=1, good=1),
        by=SYSTEM,
        at=AT,
        signatures=(("Keeper", "An"), ("Head", "Binh")),
        simulated=True,
    )
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    file = frozen_file(world)
    path = frozen.path_of(file)
    assert file.simulated
    assert reading.about(path).simulated
    assert json.loads(path.with_suffix(".json").read_text())["simulated"] is True
    assert pq.read_table(path, columns=["simulated"])["simulated"].to_pylist() == [False, False, True]


def test_numbers_of_nineteen_digits_take_a_wider_column(world: World) -> None:
    world.report("s1", all=9_223_372_036_854_775_807, good=1)
    path = frozen.path_of(frozen_file(world))
    schema = pq.read_schema(path)
    assert str(schema.field("own.all").type) == "decimal128(38, 0)"
    assert str(schema.field("own.good").type) == "decimal128(18, 0)"
    rows = list(reading.lines(path, selectors.definition_of(world.form)))
    assert rows[-1].values[0] == 9_223_372_036_854_775_807


def test_file_and_database_are_compared_cell_by_cell(world: World) -> None:
    file = frozen_file(world)
    form = selectors.definition_of(world.form)
    path = frozen.path_of(file)
    place = (world.form.pk, world.period.pk)
    assert list(differences(path, form, accepted_lines(*place))) == []
    line = next(accepted_lines(*place))
    changed = line._replace(values=[11, *line.values[1:]])
    found = list(differences(path, form, iter([changed])))
    assert [(one.unit, one.cell, one.in_file, one.in_database) for one in found] == [
        ("n1", "own/total/all", "10", "11"),
        ("n2", "own/total", "có dòng này", "–"),
    ]


def test_the_job_freezes_whatever_is_closed(world: World) -> None:
    assert freeze_closed(by=SYSTEM, at=AT) == ([], [])
    services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    done, refused = freeze_closed(by=SYSTEM, at=AT)
    assert (done, len(refused)) == ([], 1)
    services.close_books(world.form, world.period, world.harbours[1].pk, by=SYSTEM, at=AT)
    done, refused = freeze_closed(by=SYSTEM, at=AT)
    assert ([one.file.version for one in done], refused) == ([1], [])
    assert freeze_closed(by=SYSTEM, at=AT) == ([], [])


def test_lines_that_only_one_of_both_has_are_told(world: World) -> None:
    path = frozen.path_of(frozen_file(world))
    form = selectors.definition_of(world.form)
    first, second = accepted_lines(world.form.pk, world.period.pk)
    third = second._replace(unit="n9", unit_id=second.unit_id + 1)
    found = list(differences(path, form, iter([second, third])))
    assert [(one.unit, one.in_file, one.in_database) for one in found] == [
        (first.unit, "có dòng này", "–"),
        ("n9", "–", "có dòng này"),
    ]
