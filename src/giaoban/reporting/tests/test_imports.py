"""Files: taken whole or not at all; every bad file is named with place, reason and remedy, and nothing is stored."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied

from giaoban.core.figures import NIL, reported
from giaoban.core.issues import sentence
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.kit.workbooks import guard
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import ImportedFile, Obligation, Period, Submission, SubmissionLine
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

HEADER = "unit,form,period,instalment,table,line,subunit,column,value,estimate,mark"


@pytest.fixture
def world() -> World:
    return tiny_world()


def rows(unit: str, form: str = FORM_KEY, period: str = "2024-Q1", **cells: str) -> list[str]:
    """all="3" or all="/nil"."""
    lines = []
    for column, text in cells.items():
        value, _, mark = text.partition("/")
        lines.append(f"{unit},{form},{period},,own,total,,{column},{value},,{mark}")
    return lines


def csv(*groups: list[str]) -> bytes:
    return "\n".join([HEADER, *(row for group in groups for row in group), ""]).encode()


def stored() -> tuple[int, ...]:
    from giaoban.documents.models import Blob

    return tuple(model.objects.count() for model in (Submission, SubmissionLine, ImportedFile, Blob, Act))


def test_a_file_of_many_units_becomes_versions(world: World) -> None:
    content = csv(rows("n1", all="3", good="/nil", oil="1.5"), rows("s1", all="7", good="7"))
    result = services.import_csv(content, "lamps.csv", by=SYSTEM, at=AT, sent_at=moment(2024, 4, 1), source="the board")
    assert [one.obligation.unit.key for one in result.submissions] == ["n1", "s1"]
    sent = selectors.versions(world.owed("n1"))[0]
    assert (sent.state, sent.channel, sent.sent_at, sent.source) == ("sent", "csv", moment(2024, 4, 1), "the board")
    assert sent.on_behalf_of == "Light N1"
    assert selectors.figures_of(sent) == world.figures(all=3, good=NIL, oil=Decimal("1.5"))
    assert (ImportedFile.objects.get().filename, sent.file) == ("lamps.csv", ImportedFile.objects.get())


def test_accepted_at_once_by_who_may(world: World) -> None:
    content = csv(rows("n1", all="3", good="1"))
    receiver = world.actor(world.harbours[0], Role.RECEIVER)
    result = services.import_csv(content, "lamps.csv", by=receiver, at=AT, accept=True)
    assert result.submissions[0].is_current
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert table.total.cells["own", "total", "", "all"].value == 3


def test_others_may_not_bring_a_file(world: World) -> None:
    before = stored()
    for by in (world.actor(world.lights["n2"]), world.actor(world.harbours[1]), world.actor(world.coast)):
        with pytest.raises(PermissionDenied):
            services.import_csv(csv(rows("n1", all="3", good="1")), "a.csv", by=by, at=AT)
    with pytest.raises(PermissionDenied):
        services.import_csv(
            csv(rows("n1", all="3", good="1")), "a.csv", by=world.actor(world.lights["n1"]), at=AT, accept=True
        )
    assert stored() == before


GOOD = {"all": "3", "good": "1"}
BAD_FILES: dict[str, tuple[bytes, list[tuple[str, int | None]]]] = {
    "unknown unit": (csv(rows("n1", **GOOD), rows("n7", **GOOD)), [("unknown-unit", 4)]),
    "unknown form": (csv(rows("n1", "act-1:ropes", **GOOD)), [("unknown-form", 2)]),
    "unknown period": (csv(rows("n1", period="2024-Q9", **GOOD)), [("unknown-period", 2)]),
    "a period nobody owes": (csv(rows("n1", period="2024-Q2", **GOOD)), [("not-owed", 2)]),
    "a unit that owes nothing": (csv(rows("north", **GOOD)), [("not-owed", 2)]),
    "text in a number": (csv(rows("n1", all="many", good="1")), [("not-a-number", 2)]),
    "number typed the office way": (csv(rows("n1", all='"1.204,5"', good="1")), [("not-a-number", 2)]),
    "a part above its whole": (csv(rows("n1", all="1", good="3")), [("part-exceeds-whole", 3)]),
    "a rate that disagrees": (csv(rows("n1", all="3", good="1", rate="50")), [("computed-mismatch", 4)]),
    "a required cell lacking": (csv(rows("n1", all="3")), [("required-blank", 2)]),
    "unknown column": (csv(rows("n1", wick="3", **GOOD)), [("unknown-column", 2)]),
    "one cell twice": (csv(rows("n1", **GOOD), rows("n1", all="4")), [("duplicate-cell", 4)]),
    "a bad mark": (csv(rows("n1", all="/none", good="1")), [("bad-mark", 2)]),
    "too many decimals": (csv(rows("n1", all="3.5", good="1")), [("too-many-decimals", 2)]),
    "no header": (csv(rows("n1", **GOOD)).split(b"\n", 1)[1], [("missing-column-header", 1)]),
    "empty": (b"", [("missing-column-header", 1)]),
    "another encoding": ("unit,đèn".encode("utf-16"), [("encoding", None)]),
    "cut off": (csv(rows("n1", **GOOD))[:-1] + b'\nn2,"act-1:la', [("truncated-file", 4)]),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_named_and_leave_nothing(world: World, name: str) -> None:
    services.open_period(factories.RULE_KEY, year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    content, expected = BAD_FILES[name]
    before = stored()
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_csv(content, "lamps.csv", by=SYSTEM, at=AT)
    found = [(issue.code, issue.at.file_row) for issue in refusal.value.issues]
    assert found[: len(expected)] == expected
    assert all(sentence(issue) for issue in refusal.value.issues)
    assert stored() == before


def test_one_bad_unit_keeps_the_good_ones_out(world: World) -> None:
    before = stored()
    with pytest.raises(services.ImportRefused):
        services.import_csv(csv(rows("n1", **GOOD), rows("n2", all="1", good="9")), "a.csv", by=SYSTEM, at=AT)
    assert stored() == before


def test_the_same_bytes_are_refused_with_the_day_of_the_first(world: World) -> None:
    content = csv(rows("n1", **GOOD))
    services.import_csv(content, "lamps.csv", by=SYSTEM, at=AT)
    before = stored()
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_csv(content, "again.csv", by=SYSTEM, at=AT)
    (issue,) = refusal.value.issues
    assert issue.code == "same-file"
    assert "lamps.csv" in sentence(issue)
    assert stored() == before


def test_units_whose_figures_stand_are_left_alone(world: World) -> None:
    services.import_csv(csv(rows("n1", **GOOD), rows("s1", **GOOD)), "a.csv", by=SYSTEM, at=AT)
    result = services.import_csv(csv(rows("n1", **GOOD), rows("s1", all="4", good="1")), "b.csv", by=SYSTEM, at=AT)
    assert (result.unchanged, [one.version for one in result.submissions]) == (("n1",), [2])
    assert Submission.objects.count() == 3


def test_warnings_of_a_file_need_one_explanation(world: World) -> None:
    definition = factories.form_data(
        code="beams", signatures=[], checks=[{"rule": "all <= 5", "severity": "warning", "status": "derived"}]
    )
    form = factories.make_form(definition)
    factories.owe(form, world.rule, "light", None)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    content = csv(rows("n1", form.key, all="9", good="1"))
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_csv(content, "a.csv", by=SYSTEM, at=AT, channel="publication")
    assert [(issue.code, issue.at.file_row) for issue in refusal.value.issues] == [("formula-fails", 2)]
    result = services.import_csv(
        content, "a.csv", by=SYSTEM, at=AT, channel="publication", explanation="as printed", accept=True
    )
    (sent,) = result.submissions
    assert (sent.channel, sent.warnings, list(sent.explanations.values())) == (
        "publication",
        1,
        ["Giải trình chung: as printed"],
    )


Fill = Callable[[Any], None]


def filled(content: bytes, fill: Fill) -> bytes:
    """The workbook as an office program saves it: formulas without calculated values."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell_of(book: Any, column: str, line: int = 0, sheet: str = "Số liệu") -> Any:
    """The cell of a column id in the n-th line of a sheet, found by the row of column codes."""
    page = book[sheet]
    for row in page.iter_rows():
        if row[0].value == "Mã cột":
            position = next(cell.column for cell in row if cell.value == column)
            return page.cell(row[0].row + 1 + line, position)
    raise KeyError(column)


def put(**cells: Any) -> Fill:
    def fill(book: Any) -> None:
        for column, value in cells.items():
            cell_of(book, column).value = value

    return fill


def test_a_filled_workbook_is_read_back(world: World) -> None:
    content = filled(services.workbook_for(world.owed("n1")), put(all=1204, good="-", oil="1,5", age=7.5, note="calm"))
    reading = services.read_workbook(content, "n1.xlsx", obligation=world.owed("n1"))
    assert reading.issues == ()
    expected = world.figures(all=1204, good=NIL, oil=Decimal("1.5"), age=Decimal("7.5"), rate=0, note="calm")
    assert reading.figures == expected
    result = services.import_workbook(content, "n1.xlsx", by=world.actor(world.lights["n1"]), at=AT)
    assert (result.submissions[0].channel, result.submissions[0].on_behalf_of) == ("workbook", "")
    assert selectors.figures_of(result.submissions[0]) == expected


def test_the_workbook_is_the_form_and_is_locked(world: World) -> None:
    world.report("n1", all=3, good=1, oil=Decimal("2.5"))
    book = openpyxl.load_workbook(io.BytesIO(services.workbook_for(world.owed("n1"))))
    page = book["Số liệu"]
    assert book["_meta"].sheet_state == "veryHidden"
    assert page.protection.sheet
    assert page.freeze_panes is not None
    assert "Lamps" in {page.cell(cells.min_row, cells.min_col).value for cells in page.merged_cells.ranges}
    assert (cell_of(book, "all").value, cell_of(book, "oil").value) == (3, 2.5)
    assert not cell_of(book, "all").protection.locked
    assert cell_of(book, "rate").protection.locked
    assert cell_of(book, "rate").value.startswith("=IFERROR(ROUND(")
    calculated = openpyxl.load_workbook(io.BytesIO(services.workbook_for(world.owed("n1"))), data_only=True)
    assert cell_of(calculated, "rate").value == 33.33
    assert page.data_validations.dataValidation


def test_totals_and_sub_units_and_estimates_of_a_workbook(world: World) -> None:
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    Period.objects.update(estimated_months=1)
    owed = Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit=world.harbours[0])

    def fill(book: Any) -> None:
        cell_of(book, "spare", sheet="Bảng 1").value = 2
        for line, number in enumerate((10, 20, 30), start=1):
            cell_of(book, "all", line, "Bảng 2").value = number
        cell_of(book, "broken", 1, "Bảng 2").value = 6
        cell_of(book, "all", 3, "Ước tính 2").value = 5

    content = filled(services.workbook_for(owed), fill)
    reading = services.read_workbook(content, "north.xlsx", obligation=owed)
    assert reading.issues == ()
    total = reading.figures["lights", "total", ""]
    assert total.figures == [reported(60, 5), reported(6), reported(Decimal("9.2"))]
    assert reading.figures["lights", "unit", "n3"].figures[0] == reported(30, 5)

    def overwrite(book: Any) -> None:
        fill(book)
        cell_of(book, "all", 0, "Bảng 2").value = 61

    reading = services.read_workbook(filled(services.workbook_for(owed), overwrite), "north.xlsx", obligation=owed)
    (issue,) = reading.issues
    assert (issue.code, issue.at.sheet, issue.params["computed"]) == ("total-mismatch", "Bảng 2", 60)


def bomb(content: bytes) -> bytes:
    return filled(content, lambda book: book["Số liệu"].__setitem__("XFD1048576", 1))


def unpacks_to_too_much(_: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (guard.MAX_UNPACKED_BYTES + 1))
    return out.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def with_entity(content: bytes) -> bytes:
    entity = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><worksheet'
    return rewritten(
        content,
        lambda name, part: part.replace(b"<worksheet", entity, 1) if name.endswith("sheet1.xml") else part,
    )


def of_another_checksum(content: bytes) -> bytes:
    def fill(book: Any) -> None:
        put(all=3, good=1)(book)
        for row in book["_meta"].iter_rows():
            if row[0].value == "checksum":
                row[1].value = "0" * 64

    return filled(content, fill)


def not_ours(_: bytes) -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.create_sheet("Số liệu")["A1"] = "3"
    book.save(out)
    return out.getvalue()


def without_its_sheet(content: bytes) -> bytes:
    def fill(book: Any) -> None:
        book.create_sheet("Khác")
        del book["Số liệu"]

    return filled(content, fill)


BAD_WORKBOOKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "one cell at the far end": (bomb, "unknown-column"),
    "cut off": (lambda content: content[: len(content) // 2], "truncated-file"),
    "empty": (lambda _: b"", "truncated-file"),
    "no archive": (lambda _: b"unit,form\n" * 50, "truncated-file"),
    "unpacks to too much": (unpacks_to_too_much, "oversized-file"),
    "too large a file": (lambda _: b"0" * (guard.MAX_FILE_BYTES + 1), "oversized-file"),
    "an entity in its XML": (with_entity, "truncated-file"),
    "made by somebody else": (not_ours, "other-form"),
    "another layout of the form": (of_another_checksum, "other-layout"),
    "its sheet deleted": (without_its_sheet, "missing-sheet"),
    "a formula never calculated": (lambda content: filled(content, put(all="=1+2", good=1)), "formula-not-calculated"),
    "text in a number": (lambda content: filled(content, put(all="many", good=1)), "not-a-number"),
    "a date in a number": (lambda content: filled(content, put(all=moment(2024, 1, 1).date(), good=1)), "not-a-number"),
    "a part above its whole": (lambda content: filled(content, put(all=1, good=3)), "part-exceeds-whole"),
    "nothing filled in": (lambda content: content, "required-blank"),
}


@pytest.mark.parametrize("name", BAD_WORKBOOKS)
def test_bad_workbooks_are_named_and_leave_nothing(world: World, name: str) -> None:
    spoil, code = BAD_WORKBOOKS[name]
    content = spoil(services.workbook_for(world.owed("n1")))
    before = stored()
    for obligation in (None, world.owed("n1")):
        with pytest.raises(services.ImportRefused) as refusal:
            services.import_workbook(content, "n1.xlsx", by=SYSTEM, at=AT, obligation=obligation)
        assert code in {issue.code for issue in refusal.value.issues}
        assert all(sentence(issue) for issue in refusal.value.issues)
    assert stored() == before


def test_issues_of_a_workbook_name_sheet_and_row(world: World) -> None:
    content = filled(services.workbook_for(world.owed("n1")), put(all=1, good=3))
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_workbook(content, "n1.xlsx", by=SYSTEM, at=AT)
    (issue,) = refusal.value.issues
    assert (issue.at.sheet, issue.at.file_row, issue.at.column) == ("Số liệu", 11, "good")


def test_a_workbook_of_another_report_is_refused(world: World) -> None:
    period = services.open_period(factories.RULE_KEY, year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT)
    form = factories.make_form(factories.form_data(code="ropes"))
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    content = filled(services.workbook_for(world.owed("n1")), put(all=3, good=1))
    other_form = Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit__key="n1")
    before = stored()
    for obligation, code in (
        (other_form, "other-form"),
        (world.owed("n1", period), "wrong-period"),
        (world.owed("n2"), "wrong-unit"),
    ):
        with pytest.raises(services.ImportRefused) as refusal:
            services.import_workbook(content, "n1.xlsx", by=SYSTEM, at=AT, obligation=obligation)
        assert [issue.code for issue in refusal.value.issues] == [code]
    assert stored() == before


def test_nobody_else_learns_what_a_unit_reported(world: World) -> None:
    """The checks speak of the year before, so the right to send comes before them."""
    earlier = factories.year_before(world)
    sent = services.submit(
        world.owed("n1", earlier), figures=world.figures(all=777, good=1), by=SYSTEM, at=AT, signatures=factories.SIGNED
    )
    services.accept(sent, by=SYSTEM, at=AT)
    content = csv(rows("n1", all="1", good="1"))
    with pytest.raises(PermissionDenied):
        services.import_csv(content, "f.csv", by=world.actor(world.lights["s1"]), at=AT)
    with pytest.raises(services.ImportRefused) as caught:
        services.import_csv(content, "f.csv", by=world.actor(world.lights["n1"]), at=AT)
    assert [issue.params["previous"] for issue in caught.value.issues] == [777]


def test_one_code_for_two_periods_that_are_owed_is_refused(world: World) -> None:
    rule = factories.make_rule(key="asked", name="Asked", kind="ad_hoc", starts="")
    period = services.open_period(
        rule.key, code="2024-Q1", label="Storm", start=date(2024, 2, 1), end=date(2024, 3, 1), by=SYSTEM, at=AT
    )
    owed = world.owed("n1")
    owed.pk, owed.period = None, period
    owed.save()
    content = csv(rows("n1", all="1", good="1"), rows("n2", all="1", good="1"))
    with pytest.raises(services.ImportRefused) as caught:
        services.import_csv(content, "f.csv", by=SYSTEM, at=AT)
    (issue,) = caught.value.issues
    assert (issue.code, issue.at.file_row) == ("ambiguous-period", 2)
    assert "Storm" in sentence(issue)
    services.import_csv(csv(rows("n2", all="1", good="1")), "f.csv", by=SYSTEM, at=AT)
    assert selectors.period_of(world.form, "2024-Q1") == world.period


def test_a_file_does_not_take_away_what_was_typed(world: World) -> None:
    first = services.import_csv(csv(rows("n1", all="20", good="15")), "a.csv", by=SYSTEM, at=AT)
    assert len(first.submissions) == 1
    world.send("n1", all=20, good=15)
    signed = selectors.versions(world.owed("n1"))[0]
    assert (signed.version, len(signed.signatures)) == (2, 2)
    again = services.import_csv(
        csv(rows("n1", all="20", good="15"), rows("n2", all="1", good="1")), "b.csv", by=SYSTEM, at=AT
    )
    assert again.unchanged == ("n1",)
