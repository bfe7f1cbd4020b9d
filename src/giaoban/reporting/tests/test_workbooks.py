"""Workbooks as people send them: what was changed by hand is read or named, and the faults come back inside a copy."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl.worksheet.formula import ArrayFormula

from giaoban.accounts.models import User
from giaoban.core.figures import NIL, NOT_APPLICABLE
from giaoban.core.issues import Issue, sentence
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.kit.workbooks.opening import Reader
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.rules.layout import plan
from giaoban.reporting.services.faulty import LIST
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

SHEET = "Số liệu"
Fill = Callable[[Any], None]


@pytest.fixture
def world() -> World:
    return tiny_world()


def book_of(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content: bytes, *fills: Fill) -> bytes:
    book = book_of(content)
    for fill in fills:
        fill(book)
    return saved(book)


def cell(book: Any, column: str, line: int = 0, sheet: str = SHEET) -> Any:
    """The cell of a column id in the n-th line of a sheet."""
    page = book[sheet]
    for row in page.iter_rows():
        if row[0].value == "Mã cột":
            position = next(one.column for one in row if one.value == column)
            return page.cell(row[0].row + 1 + line, position)
    raise KeyError(column)


def put(**cells: Any) -> Fill:
    def fill(book: Any) -> None:
        for column, value in cells.items():
            cell(book, column).value = value

    return fill


GOOD = put(all=3, good=1)


def many_lines(world: World) -> Obligation:
    """A report with a total over the three lights of the northern harbour, all of it estimated in part."""
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    Period.objects.update(estimated_months=1)
    return Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit=world.harbours[0])


def lights(book: Any) -> None:
    cell(book, "spare", sheet="Bảng 1").value = 2
    for line, number in enumerate((10, 20, 30), start=1):
        cell(book, "all", line, "Bảng 2").value = number


def found(content: bytes, obligation: Obligation, name: str = "a.xlsx") -> list[Issue]:
    """Everything said of a workbook, whether it could be read or not."""
    try:
        return list(services.read_workbook(content, name, obligation=obligation).issues)
    except services.ImportRefused as refusal:
        return list(refusal.issues)


def test_the_layout_of_every_column_is_told_by_hidden_ids(world: World) -> None:
    owed = world.owed("n1")
    (sheet,) = plan(selectors.definition_of(owed.form), {}, estimates=False)
    page = book_of(services.workbook_for(owed))[SHEET]
    assert page.row_dimensions[sheet.ids_row].hidden
    assert page.column_dimensions[page.cell(1, sheet.keys_column).column_letter].hidden
    assert page.cell(sheet.ids_row, sheet.keys_column).value == "own/value"
    assert page.cell(sheet.first_row, sheet.keys_column).value == "total/"
    assert page.print_area
    assert page.page_setup.orientation == "landscape"
    head = [page.cell(row, 1).value for row in range(1, 5)]
    assert head == ["Biểu số: lamps", "Ban hành theo Act 1", None, "Ngày nhận báo cáo: 10/04/2024"]


def test_the_units_own_figures_of_before_stand_on_a_locked_sheet(world: World) -> None:
    earlier = factories.year_before(world)
    sent = services.submit(
        world.owed("n1", earlier), figures=world.figures(all=777, good=1), by=SYSTEM, at=AT, signatures=factories.SIGNED
    )
    services.accept(sent, by=SYSTEM, at=AT)
    book = book_of(services.workbook_for(world.owed("n1")))
    page = book["Số kỳ trước"]
    assert page["A1"].value == "Cùng kỳ năm trước: Quý I năm 2023"
    assert page.protection.sheet
    numbers = [one for row in page.iter_rows() for one in row if one.value == 777]
    assert len(numbers) == 1
    assert numbers[0].protection.locked
    assert "Số kỳ trước" not in book_of(services.workbook_for(world.owed("n2"))).sheetnames


def test_marks_and_numbers_as_people_write_them(world: World) -> None:
    content = changed(
        services.workbook_for(world.owed("n1")), put(all=" 1.204 ", good="–", oil="1,5", age="X", note=" calm  sea ")
    )
    reading = services.read_workbook(content, "n1.xlsx", obligation=world.owed("n1"))
    assert reading.figures == world.figures(
        all=1204, good=NIL, oil=Decimal("1.5"), age=NOT_APPLICABLE, rate=0, note="calm  sea"
    )


def test_a_renamed_and_reordered_sheet_is_known_by_its_keys(world: World) -> None:
    owed = many_lines(world)

    def fill(book: Any) -> None:
        lights(book)
        book["Bảng 2"].title = "Của tôi"
        book["Bảng 1"].title = "Bảng 2"
        book["Bảng 2"].title = "Bảng hai"
        book._sheets.reverse()

    reading = services.read_workbook(changed(services.workbook_for(owed), fill), "north.xlsx", obligation=owed)
    assert reading.issues == ()
    assert reading.figures["lights", "total", ""].figures[0].value == 60


def insert_row(book: Any) -> None:
    GOOD(book)
    book[SHEET].insert_rows(7)


def move_line(book: Any) -> None:
    """Row 13 (light n2) goes to the end, as by cutting and inserting it; the total keeps its formula."""
    lights(book)
    page = book["Bảng 2"]
    top, bottom = cell(book, "all", 1, "Bảng 2").row, cell(book, "all", 3, "Bảng 2").row
    for column in range(1, page.max_column + 1):
        first, last = page.cell(top, column), page.cell(bottom, column)
        if not str(first.value).startswith("="):
            first.value, last.value = last.value, first.value


@pytest.mark.parametrize("many", [False, True])
def test_lines_go_where_their_keys_go(world: World, many: bool) -> None:
    owed = many_lines(world) if many else world.owed("n1")
    reading = services.read_workbook(
        changed(services.workbook_for(owed), move_line if many else insert_row), "a.xlsx", obligation=owed
    )
    assert reading.issues == ()
    if many:
        assert [reading.figures["lights", "unit", one].figures[0].value for one in ("n1", "n2", "n3")] == [10, 20, 30]
    else:
        assert reading.figures == world.figures(all=3, good=1, rate=Decimal("33.33"))


def row_of(number: int) -> Fill:
    def fill(book: Any) -> None:
        lights(book)
        page = book["Bảng 2"]
        page.insert_rows(cell(book, "all", number, "Bảng 2").row)
        cell(book, "all", number, "Bảng 2").value = 5

    return fill


def delete_line(book: Any) -> None:
    lights(book)
    book["Bảng 2"].delete_rows(cell(book, "all", 2, "Bảng 2").row)


def copy_line(book: Any) -> None:
    lights(book)
    page = book["Bảng 2"]
    source = cell(book, "all", 1, "Bảng 2").row
    for column in range(1, page.max_column + 1):
        page.cell(source + 2, column).value = page.cell(source, column).value


def sort_labels(book: Any) -> None:
    lights(book)
    page = book["Bảng 2"]
    first, second = (page.cell(cell(book, "all", line, "Bảng 2").row, 1) for line in (1, 2))
    first.value, second.value = second.value, first.value


def merge(book: Any) -> None:
    lights(book)
    row = cell(book, "all", 1, "Bảng 2").row
    book["Bảng 2"].merge_cells(start_row=row, end_row=row + 1, start_column=2, end_column=2)


def insert_column(book: Any) -> None:
    lights(book)
    book["Bảng 2"].insert_cols(2)


def swap_columns(book: Any) -> None:
    lights(book)
    page = book["Bảng 2"]
    for row in range(6, page.max_row + 1):
        left, right = page.cell(row, 2), page.cell(row, 3)
        if type(left).__name__ == type(right).__name__ == "Cell":
            left.value, right.value = right.value, left.value


def other_heading(book: Any) -> None:
    lights(book)
    page = book["Bảng 2"]
    heading = next(one for row in page.iter_rows() for one in row if one.value == "Broken")
    heading.value = "Good"


def lose_keys(book: Any) -> None:
    lights(book)
    page = book["Bảng 2"]
    page.delete_rows(cell(book, "all", 0, "Bảng 2").row - 1)


def copy_sheet(book: Any) -> None:
    lights(book)
    book.copy_worksheet(book["Bảng 2"])


def beside(book: Any) -> None:
    lights(book)
    row = cell(book, "all", 1, "Bảng 2").row
    book["Bảng 2"].cell(row, 9).value = "checked by An"


def error_value(book: Any) -> None:
    lights(book)
    cell(book, "all", 1, "Bảng 2").value = "#DIV/0!"


def array(book: Any) -> None:
    lights(book)
    one = cell(book, "all", 1, "Bảng 2")
    book["Bảng 2"][one.coordinate] = ArrayFormula(one.coordinate, "=SUM(1,2)")


BY_HAND: dict[str, tuple[Fill, str, str]] = {
    "a row put between": (row_of(2), "inserted-row", "B12"),
    "a row put under the last": (row_of(4), "inserted-row", "B14"),
    "a line deleted": (delete_line, "deleted-row", ""),
    "a line copied": (copy_line, "duplicate-cell", "A13"),
    "the labels sorted alone": (sort_labels, "changed-label", "A11"),
    "cells merged": (merge, "merged-cells", "B11"),
    "a column put in": (insert_column, "moved-columns", "B7"),
    "columns changed over": (swap_columns, "moved-columns", "B7"),
    "another heading": (other_heading, "changed-label", "C7"),
    "the hidden row deleted": (lose_keys, "lost-keys", ""),
    "a sheet copied": (copy_sheet, "copied-sheet", ""),
    "a word beside the table": (beside, "outside-table", "I11"),
    "an error instead of a number": (error_value, "not-a-number", "B11"),
    "an array formula": (array, "formula-not-calculated", "B11"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_was_changed_by_hand_is_named_with_its_cell(world: World, name: str) -> None:
    fill, code, address = BY_HAND[name]
    owed = many_lines(world)
    issues = found(changed(services.workbook_for(owed), fill), owed)
    issue = next((one for one in issues if one.code == code), None)
    assert issue is not None, [(one.code, one.at) for one in issues]
    assert issue.at.file_cell == address
    assert issue.severity == ("note" if code == "outside-table" else "error")
    assert not address or address in sentence(issue)


def test_a_template_of_another_version_is_refused(world: World) -> None:
    def fill(book: Any) -> None:
        GOOD(book)
        book["_meta"]["B1"] = "1"

    assert [one.code for one in found(changed(services.workbook_for(world.owed("n1")), fill), world.owed("n1"))] == [
        "old-template"
    ]


@pytest.mark.parametrize(("at", "value"), [("C3", "x"), ("C8", None), ("B8", "many"), ("A9", "lines")])
def test_a_meta_sheet_that_was_written_in_breaks_nothing(world: World, at: str, value: Any) -> None:
    def fill(book: Any) -> None:
        GOOD(book)
        book["_meta"][at] = value

    issues = found(changed(services.workbook_for(world.owed("n1")), fill), world.owed("n1"))
    assert all(sentence(one) for one in issues)


def explained(world: World) -> tuple[Obligation, bytes]:
    """A report of which one cell asks for an explanation."""
    definition = factories.form_data(
        code="beams", signatures=[], checks=[{"rule": "all <= 5", "severity": "warning", "status": "derived"}]
    )
    form = factories.make_form(definition)
    factories.owe(form, world.rule, "light", None)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed = Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit__key="n1")
    return owed, services.workbook_for(owed)


@pytest.mark.parametrize("address", ["b11", "$B$11", ""])
def test_explanations_in_the_workbook_answer_the_warnings(world: World, address: str) -> None:
    owed, content = explained(world)

    def fill(book: Any) -> None:
        put(all=9, good=1)(book)
        book["Giải thích"]["B6"], book["Giải thích"]["C6"] = address, "a new pier"

    assert [(one.code, one.at.file_cell) for one in found(changed(content, put(all=9, good=1)), owed)] == [
        ("formula-fails", "B11")
    ]
    result = services.import_workbook(changed(content, fill), "n1.xlsx", by=SYSTEM, at=AT)
    assert list(result.submissions[0].explanations.values()) == ["a new pier"]


def test_words_about_another_cell_do_not_answer(world: World) -> None:
    owed, content = explained(world)

    def fill(book: Any) -> None:
        put(all=9, good=1)(book)
        book["Giải thích"]["B6"], book["Giải thích"]["C6"] = "C11", "a new pier"

    with pytest.raises(services.ImportRefused):
        services.import_workbook(changed(content, fill), "n1.xlsx", by=SYSTEM, at=AT, obligation=owed)


def test_notes_come_back_wherever_the_box_is(world: World) -> None:
    def fill(book: Any) -> None:
        GOOD(book)
        page = book[SHEET]
        label = next(one for row in page.iter_rows() for one in row if str(one.value).startswith("Ghi chú chung"))
        page.cell(label.row + 1, 1).value = "counted twice"

    reading = services.read_workbook(
        changed(services.workbook_for(world.owed("n1")), fill), "n1.xlsx", obligation=world.owed("n1")
    )
    assert (reading.issues, reading.notes) == ((), "counted twice")


def faulty(world: World, *fills: Fill) -> tuple[bytes, bytes, list[Issue]]:
    """What was sent, the copy of it, the issues."""
    content = changed(services.workbook_for(world.owed("n1")), *fills)
    issues = found(content, world.owed("n1"))
    return content, services.workbook_with_faults(content, "n1.xlsx", issues), issues


def test_faults_come_back_at_their_cells(world: World) -> None:
    def fill(book: Any) -> None:
        put(all="many", good=1, oil="=1+2", note="kept")(book)
        cell(book, "note").font = openpyxl.styles.Font(bold=True, color="FF112233")

    _, copy, issues = faulty(world, fill)
    assert {one.code for one in issues} == {"not-a-number", "formula-not-calculated"}
    book = book_of(copy)
    assert book.sheetnames[0] == LIST
    assert "“many” không phải là số" in cell(book, "all").comment.text
    assert cell(book, "all").fill.start_color.rgb == "FFFFC7CE"
    assert cell(book, "good").comment is None
    assert (cell(book, "all").value, cell(book, "oil").value, cell(book, "note").value) == ("many", "=1+2", "kept")
    assert cell(book, "note").font.color.rgb == "FF112233"
    listed = [[one.value for one in row[:6]] for row in book[LIST].iter_rows(min_row=5)]
    assert {(row[1], row[2]) for row in listed} == {(SHEET, "B11"), (SHEET, "D11")}
    assert all(row[3] and row[4] and row[5] for row in listed)
    link = book[LIST]["C5"].hyperlink
    assert link.location == f"'{SHEET}'!{book[LIST]['C5'].value}"


def test_a_mended_copy_is_taken_and_a_copy_of_a_copy_has_the_new_faults_only(world: World) -> None:
    _, copy, _ = faulty(world, put(all="many", good=1))
    again = changed(copy, put(all=3, good="few"))
    issues = found(again, world.owed("n1"))
    assert [(one.code, one.at.file_cell) for one in issues] == [("not-a-number", "C11")]
    second = book_of(services.workbook_with_faults(again, "n1.xlsx", issues))
    assert second.sheetnames.count(LIST) == 1
    assert cell(second, "all").comment is None
    assert cell(second, "all").fill.start_color.rgb == "FFFFF9E0"
    assert "few" in cell(second, "good").comment.text
    mended = changed(saved(second), put(good=1))
    result = services.import_workbook(mended, "n1.xlsx", by=SYSTEM, at=AT)
    assert selectors.figures_of(result.submissions[0])["own", "total", ""].figures[0].value == 3


def test_what_a_person_typed_is_no_formula_in_the_list(world: World) -> None:
    _, copy, _ = faulty(world, put(all="'=cmd|' /C calc'!A0", good=1))
    listed = [one for row in book_of(copy)[LIST].iter_rows() for one in row if one.value is not None]
    assert all(one.data_type != "f" for one in listed)


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 cut off"])
def test_a_file_that_cannot_be_opened_comes_back_as_a_list(content: bytes) -> None:
    issues = [Issue("truncated-file", "error", _nowhere())]
    book = book_of(services.workbook_with_faults(content, "=a.xlsx", issues))
    assert book[LIST]["E5"].value == "Tệp bị cụt hoặc hỏng nên không đọc được hết."
    assert book["Tệp đã gửi"]["A1"].data_type == "s"


def _nowhere() -> Any:
    from giaoban.core.issues import Cell

    return Cell()


def test_many_faults_are_cut_and_counted(world: World) -> None:
    content = services.workbook_for(world.owed("n1"))
    (issue,) = found(changed(content, put(all="many", good=1)), world.owed("n1"))
    book = book_of(services.workbook_with_faults(content, "n1.xlsx", [issue] * 400))
    assert "100 lỗi khác" in book[LIST].cell(book[LIST].max_row, 5).value


def test_many_workbooks_are_read_on_and_on(world: World) -> None:
    files = [
        ("n1.xlsx", changed(services.workbook_for(world.owed("n1")), GOOD)),
        ("bad.xlsx", b"bad"),
        ("s1.xlsx", changed(services.workbook_for(world.owed("s1")), GOOD)),
        ("n2.xlsx", changed(services.workbook_for(world.owed("n2")), put(all=2, good=1))),
    ]
    receiver = world.actor(world.harbours[0], Role.RECEIVER)
    readings = list(services.read_many(iter(files), by=receiver))
    assert [name for name, _ in readings] == [name for name, _ in files]
    first, bad, other, last = (reading for _, reading in readings)
    assert isinstance(first, services.WorkbookReading)
    assert isinstance(last, services.WorkbookReading)
    assert isinstance(bad, services.ImportRefused)
    assert isinstance(other, PermissionDenied)
    assert last.obligation == world.owed("n2")
    assert last.figures == world.figures(all=2, good=1, rate=50)


def test_one_reader_takes_many_files(world: World) -> None:
    with Reader() as reader:
        for light in ("n1", "n2", "n3"):
            content = changed(services.workbook_for(world.owed(light)), GOOD)
            result = services.import_workbook(content, f"{light}.xlsx", by=SYSTEM, at=AT, reader=reader)
            assert result.submissions[0].obligation.unit.key == light


def _user(person: Actor) -> User:
    assert person.user_id is not None
    return User.objects.get(pk=person.user_id)


def refused_page(world: World, client: Any) -> str:
    """The address of the copy that the entry page offers for a workbook with a fault."""
    person = world.actor(world.lights["n1"])
    client.force_login(_user(person))
    content = changed(services.workbook_for(world.owed("n1")), put(all="many", good=1))
    file = SimpleUploadedFile("n1.xlsx", content)
    page = client.post(reverse("reporting:read-workbook", args=[world.owed("n1").pk]), {"workbook": file})
    assert page.status_code == 422
    return str(page.context["faulty_copy"])


def test_the_entry_page_offers_the_copy_to_the_person_who_sent_the_file(world: World, client: Any) -> None:
    address = refused_page(world, client)
    copy = client.get(address)
    assert copy.status_code == 200
    assert book_of(copy.content).sheetnames[0] == LIST
    assert client.get(address[:-2] + "x/").status_code == 404
    other = reverse("reporting:faulty-copy", args=[world.owed("n2").pk, address.rstrip("/").rpartition("/")[2]])
    assert client.get(other).status_code in (403, 404)


def test_nobody_else_fetches_the_copy(world: World, client: Any) -> None:
    address = refused_page(world, client)
    for unit, role in (
        (world.lights["n2"], Role.HEAD),
        (world.harbours[0], Role.RECEIVER),
        (world.lights["n1"], Role.OFFICER),
    ):
        client.force_login(_user(world.actor(unit, role)))
        assert client.get(address).status_code in (403, 404)
