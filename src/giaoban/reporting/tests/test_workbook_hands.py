"""Workbooks after people's hands: long numbers, formulas of one's own, signs that a file cannot hold, hidden cells."""

import io
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.core.issues import Issue
from giaoban.reporting import services
from giaoban.reporting.models import Draft
from giaoban.reporting.tests.factories import World, tiny_world
from giaoban.reporting.tests.test_intake import begin, receiver, take, workbook
from giaoban.reporting.tests.test_workbooks import Fill, book_of, cell, changed, found, put, saved

pytestmark = pytest.mark.django_db

LONG, LONGER = "1234567890123457", "9007199254740993"


@pytest.fixture
def world() -> World:
    return tiny_world()


def rewritten(content: bytes, old: bytes, new: bytes) -> bytes:
    """The same archive with other words in its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new))
    return out.getvalue()


def test_long_numbers_come_back_digit_by_digit(world: World) -> None:
    content = workbook(world, "n1", {"own/total//all": LONGER, "own/total//good": LONG})
    reading = services.read_workbook(content, "n1.xlsx", obligation=world.owed("n1"))
    (line,) = reading.figures.values()
    assert [str(one.value) for one in line.figures[:2]] == [LONGER, LONG]


def test_a_long_number_that_a_spreadsheet_has_cut_is_refused(world: World) -> None:
    content = changed(workbook(world, "n1"), put(all=float(LONG)))
    assert "cut-number" in [one.code for one in found(content, world.owed("n1"))]
    fine = changed(workbook(world, "n1"), put(all=float(LONG[:15])))
    assert "cut-number" not in [one.code for one in found(fine, world.owed("n1"))]


def rate(content: bytes, value: str) -> bytes:
    """The file with another result of the formula for the rate, as a program would have left it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml")
    before = part[part.index(b"<f>") :]
    old = before[: before.index(b"</c>")]
    return rewritten(content, old, b"<f>99.5+0</f><v>" + value.encode() + b"</v>")


def test_a_formula_of_ones_own_is_told_with_both_numbers(world: World) -> None:
    content = workbook(world, "n1")
    assert "own-formula" not in [one.code for one in found(content, world.owed("n1"))]
    told = [one for one in found(rate(content, "99.5"), world.owed("n1")) if one.code == "own-formula"]
    assert [(one.severity, one.params["found"], bool(one.at.file_cell)) for one in told] == [("note", "99,5", True)]
    intake = begin(world, ("n1.xlsx", rate(content, "99.5")))
    assert [state for _, state in take(intake, receiver(world))] == ["taken"]
    (file,) = intake.files.all()
    assert "99,5" in file.issues[0]["sentence"]


@pytest.fixture
def control(world: World) -> bytes:
    """A sign that no .xlsx may hold as it is, and that its readers give back all the same."""
    return rewritten(changed(workbook(world, "n1"), put(all="QQQ")), b"QQQ", b"a_x000B_b")


def test_signs_that_a_file_cannot_hold_are_left_out_of_the_copy(world: World, control: bytes) -> None:
    intake = begin(world, ("n1.xlsx", control), ("n2.xlsx", workbook(world, "n2")))
    assert [state for _, state in take(intake, receiver(world))] == ["refused", "taken"]
    answer = intake.files.all()[0].answer
    assert answer is not None
    assert book_of(bytes(answer.content)).sheetnames[0] == "Lỗi cần sửa"


def meta(change: Any) -> Fill:
    def fill(book: Any) -> None:
        for row in list(book["_meta"].iter_rows()):
            change(row)

    return fill


def without_columns(row: Any) -> None:
    if row[0].value == "column":
        for one in row:
            one.value = None
        row[0].value = "else"


def test_a_hidden_sheet_without_columns_is_a_damaged_file(world: World) -> None:
    content = changed(workbook(world, "n1"), meta(without_columns))
    assert [one.code for one in found(content, world.owed("n1"))] == ["truncated-file"]


@pytest.mark.parametrize("number", [-1, 0, 10**15])
@pytest.mark.parametrize("kind", ["column", "sheet", "explanations"])
def test_numbers_in_the_hidden_sheet_stay_within_a_sheet(world: World, kind: str, number: int) -> None:
    def change(row: Any) -> None:
        if row[0].value == kind:
            for one in row[1:]:
                one.value = number if isinstance(one.value, int) else one.value
            if kind == "sheet":
                row[3].value = number

    content = changed(workbook(world, "n1"), meta(change))
    assert [one.code for one in found(content, world.owed("n1"))] == ["truncated-file"]


VALUES = (
    st.none()
    | st.sampled_from(["", "sheet", "line", "column", "notes", "explanations", "own/value", "own", "nope/x", "total/"])
    | st.integers(-(10**18), 10**18)
    | st.integers(0, 40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab/*+'é", max_size=6)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_the_hidden_sheet_is_answered(world: World, data: st.DataObject) -> None:
    book = book_of(KEPT.setdefault("n1", workbook(world, "n1")))
    page = book["_meta"]
    for _ in range(data.draw(st.integers(1, 6))):
        row, column = data.draw(st.integers(1, page.max_row)), data.draw(st.integers(1, 6))
        page.cell(row, column).value = data.draw(VALUES)
    if data.draw(st.booleans()):
        cell(book, "all").value = "x"
    content = saved(book)
    owed = world.owed("n1")
    told: list[Issue] = found(content, owed)
    services.workbook_with_faults(content, "n1.xlsx", told)
    assert not Draft.objects.exists()


KEPT: dict[str, bytes] = {}
