"""Trees, units, events and crosswalks in the terminal; what is wrong is one line and status 1."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from giaoban.config import cli
from giaoban.orgs.models import Event, Unit, UnitVersion
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

ON = date(2025, 7, 1)
WORDS = ("--basis", "Quyết định 7", "--basis-on", "2025-06-01", "--reason", "Gọn đầu mối")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Status, what was printed, what was said to be wrong."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = cli.main(["units", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def board() -> Unit:
    board = factories.unit("board", "board", name="Ban")
    first = factories.unit("first", "office", name="Phòng Một", under=board, valid_to=ON)
    new = factories.unit("new", "office", name="Phòng Mới", under=board, valid_from=ON)
    factories.unit("stays", "office", name="Phòng Ba", under=board)
    factories.pass_on(first, new, ON)
    factories.grow()
    return board


def test_the_tree_of_a_day_is_printed_in_three_ways(board: Unit, run: Run) -> None:
    assert run("tree", "--on", "2025-07-01", "--line", "service") == (
        0,
        "tuyến service, ngày 01/07/2025: 3 dòng\nBan  [board]\n  Phòng Ba  [stays]\n  Phòng Mới  [new]\n",
        "",
    )
    _, text, _ = run("tree", "--on", "2025-06-30", "--format", "csv", "--top", "first")
    assert text == "key,parent,kind,code,name,depth,known_on\r\nfirst,,office,,Phòng Một,0,\r\n"
    _, text, _ = run("tree", "--on", "2025-06-30", "--format", "json")
    assert [(one["key"], one["parent"]) for one in json.loads(text)] == [
        ("board", ""),
        ("stays", "board"),
        ("first", "board"),
    ]
    assert run("tree", "--areas")[0] == 0


def test_what_the_source_knows_only_for_a_later_day_is_counted(board: Unit, run: Run) -> None:
    UnitVersion.objects.filter(unit__key="first").update(known_on=date(2025, 6, 30))
    assert "1 dòng chỉ được nguồn ghi cho ngày sau đó" in run("tree", "--on", "2020-01-01")[1]
    assert "nguồn ghi" not in run("tree", "--on", "2025-06-30")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tree", "--line", "none"), "không có tuyến “none”; các tuyến: service"),
        (("tree", "--top", "none"), "không có “none” trên cây này"),
        (("tree", "--top", "first"), "không có “first” trên cây này"),
        (("tree", "--areas", "--top", "none"), "không có “none” trên cây này"),
        (("show", "none"), "không có đơn vị mang mã “none”"),
        (("search", "nothing", "here"), "không thấy đơn vị nào có “nothing here”"),
        (("event", "/nowhere.json"), "không đọc được /nowhere.json"),
        (("undo", "none", "--reason", "x"), "Không có biến động này"),
    ],
)
def test_what_is_wrong_is_one_line(board: Unit, run: Run, words: tuple[str, ...], sentence: str) -> None:
    status, out, wrong = run(*words)
    assert (status, out) == (1, "")
    assert sentence in wrong
    assert wrong.count("\n") == 1


def test_a_day_that_is_none_is_not_understood(run: Run) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("tree", "--on", "30/06/2025")
    assert stopped.value.code == 2


def test_a_unit_is_shown_with_people_and_history(board: Unit, run: Run) -> None:
    factories.post(factories.person("an"), Unit.objects.get(key="new"))
    _, text, _ = run("show", "new")
    assert "Phòng Mới (office) [new]" in text
    assert "thuộc Ban [board]" in text
    assert "Thủ trưởng: An" in text
    assert "Phòng Một" in text
    assert "đã kết thúc từ 01/07/2025" in run("show", "first")[1]
    assert "chưa có; bắt đầu từ 01/07/2025" in run("show", "new", "--on", "2025-06-30")[1]


def test_search_finds_without_accents_and_says_what_became_of_it(board: Unit, run: Run) -> None:
    assert run("search", "phong", "mot") == (
        0,
        "first  Phòng Một (office), kết thúc 01/07/2025 → Phòng Mới\n",
        "",
    )


def test_the_crosswalk_is_printed_as_csv(board: Unit, run: Run) -> None:
    _, text, _ = run("crosswalk", "--from", "2025-06-30", "--to", "2025-07-01")
    assert text.splitlines()[1:] == [
        "board,,Ban,board,,Ban,same,,,,",
        "first,,Phòng Một,new,,Phòng Mới,whole,,2025-07-01,,",
        "stays,,Phòng Ba,stays,,Phòng Ba,same,,,,",
    ]
    _, text, _ = run("crosswalk", "--from", "2025-07-01", "--to", "2025-06-30", "--format", "json")
    assert [(one["old_key"], one["new_key"], one["how"]) for one in json.loads(text)][1] == ("new", "first", "whole")


@pytest.fixture
def rename(tmp_path: Path) -> Path:
    step = {"step": "rename", "tree": "unit", "key": "stays", "name": "Phòng Bốn", "short_name": "Phòng Bốn"}
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"on": "2026-01-01", "kind": "rename", "steps": [step]}))
    return file


def test_an_event_is_tried_out_recorded_listed_and_taken_back(board: Unit, run: Run, rename: Path) -> None:
    status, text, _ = run("event", str(rename), "--dry-run")
    assert (status, Event.objects.count()) == (0, 0)
    assert "Phòng Ba → Phòng Bốn" in text
    status, text, _ = run("event", str(rename), *WORDS)
    event = Event.objects.get()
    assert (status, event.basis, event.reason) == (0, "Quyết định 7", "Gọn đầu mối")
    assert event.key in text
    assert event.key in run("events", "--from", "2026-01-01")[1]
    assert run("events", "--to", "2025-12-31")[1] == ""
    assert run("events", "--format", "csv")[1].startswith(
        "on,kind,state,key,title,basis,basis_on\r\n2026-01-01,rename,"
    )
    assert run("undo", event.key, "--reason", "Nhầm")[0] == 0
    event.refresh_from_db()
    assert event.state == "undone"
    status, _, wrong = run("undo", event.key, "--reason", "Nhầm")
    assert status == 1
    assert wrong


def test_an_event_that_cannot_be_is_refused_with_place_and_reason(
    board: Unit, run: Run, rename: Path, tmp_path: Path
) -> None:
    rename.write_text(rename.read_text().replace("stays", "first"))
    status, _, wrong = run("event", str(rename), *WORDS)
    assert status == 1
    assert "first" in wrong
    empty = tmp_path / "list.json"
    empty.write_text("[]")
    assert "phải là một biến động" in run("event", str(empty))[2]
    empty.write_text("{}")
    status, _, wrong = run("event", str(empty))
    assert (status, bool(wrong)) == (1, True)
    assert not Event.objects.exists()


def test_an_event_without_its_basis_is_not_recorded(board: Unit, run: Run, rename: Path) -> None:
    status, _, wrong = run("event", str(rename))
    assert (status, bool(wrong), Event.objects.count()) == (1, True, 0)
