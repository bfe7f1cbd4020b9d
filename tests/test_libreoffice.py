"""A workbook made by us, filled in and saved by LibreOffice, reads back equal: .xlsx, .ods and .xls.

Two ways to fill it without a macro: cells put in by a program that calculates nothing, so that every total in the file
is LibreOffice's own; and LibreOffice's flat XML, edited as text, which it then opens and saves.
"""

import io
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest

from conftest import soffice
from giaoban.core.figures import NIL, NOT_APPLICABLE, Figures, reported
from giaoban.kit.workbooks.guard import Bounds
from giaoban.kit.workbooks.opening import open_workbook
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.rules.layout import SheetPlan, plan
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = [pytest.mark.django_db, pytest.mark.libreoffice]

KINDS = ("xlsx", "ods", "xls")
FILTERS = {"xls": "xls:MS Excel 97", "fods": "fods:OpenDocument Spreadsheet Flat XML"}


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of an office program that nobody has used yet."""
    return tmp_path_factory.mktemp("office")


def converted(content: bytes, suffix: str, kind: str, profile: Path, folder: Path) -> bytes:
    """What LibreOffice saves when it has opened a file."""
    source, out = folder / f"sent.{suffix}", folder / f"to-{kind}"
    source.write_bytes(content)
    program = soffice()
    assert program is not None
    words = [f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", FILTERS.get(kind, kind)]
    subprocess.run([program, *words, "--outdir", str(out), str(source)], check=True, capture_output=True, timeout=180)
    return (out / f"sent.{kind}").read_bytes()


def sheet_of(owed: Obligation, position: int = 0) -> SheetPlan:
    names = {place: [(one.key, one.label) for one in units] for place, units in selectors.subunits_by_row(owed).items()}
    estimates = owed.period.estimated_months > 0
    return plan(selectors.definition_of(owed.form), names, estimates=estimates)[position]


def filled(owed: Obligation, cells: dict[tuple[int, int, str], Any]) -> bytes:
    """(sheet, line, column) → value, put in without calculating anything."""
    book = openpyxl.load_workbook(io.BytesIO(services.workbook_for(owed)))
    for (position, line, column), value in cells.items():
        sheet = sheet_of(owed, position)
        book[sheet.name].cell(sheet.lines[line].number, sheet.column_of(column)).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def many_lines(world: World) -> Obligation:
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    Period.objects.update(estimated_months=1)
    return Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit=world.harbours[0])


def read(content: bytes, owed: Obligation, name: str) -> Figures:
    reading = services.read_workbook(content, name, obligation=owed)
    assert reading.issues == ()
    return reading.figures


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_saved_by_libreoffice_reads_back_equal(kind: str, profile: Path, tmp_path: Path) -> None:
    world = tiny_world()
    owed = world.owed("n1")
    note = "Đèn biển “Kê Gà”, cũ & mới"
    cells = {"all": 1204, "good": "-", "oil": "1,5", "age": "x", "note": note}
    sent = filled(owed, {(0, 0, column): value for column, value in cells.items()})
    saved = converted(sent, "xlsx", kind, profile, tmp_path)
    expected = world.figures(all=1204, good=NIL, oil=Decimal("1.5"), age=NOT_APPLICABLE, rate=0, note=note)
    assert read(saved, owed, f"sent.{kind}") == read(sent, owed, "sent.xlsx") == expected
    result = services.import_workbook(saved, f"n1.{kind}", by=SYSTEM, at=AT)
    assert selectors.figures_of(result.submissions[0]) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_totals_and_estimates_are_those_that_libreoffice_calculates(kind: str, profile: Path, tmp_path: Path) -> None:
    owed = many_lines(tiny_world())
    numbers = {(2, 1, "all"): 10, (2, 2, "all"): 20, (2, 3, "all"): 30, (2, 1, "broken"): 6, (3, 3, "all"): 5}
    saved = converted(filled(owed, {(0, 0, "spare"): 2, **numbers}), "xlsx", kind, profile, tmp_path)
    figures = read(saved, owed, f"sent.{kind}")
    total = figures["lights", "total", ""]
    assert total.figures == [reported(60, 5), reported(6), reported(Decimal("9.2"))]
    assert figures["lights", "unit", "n3"].figures[0] == reported(30, 5)
    sheet = sheet_of(owed, 2)
    row = open_workbook(saved, Bounds(5000, 300)).sheets[sheet.name][sheet.lines[0].number - 1]
    assert [row[sheet.column_of(column) - 1] for column in ("all", "broken", "rate")] == [60, 6, 10]


def test_a_fault_in_a_file_of_libreoffice_comes_back_in_a_copy(profile: Path, tmp_path: Path) -> None:
    world = tiny_world()
    owed = world.owed("n1")
    saved = converted(filled(owed, {(0, 0, "all"): "=1/0", (0, 0, "good"): "ít"}), "xlsx", "ods", profile, tmp_path)
    with_faults = services.read_workbook(saved, "n1.ods", obligation=owed)
    assert {(one.code, one.at.file_cell) for one in with_faults.issues} == {
        ("not-a-number", "B11"),
        ("not-a-number", "C11"),
    }
    copy = openpyxl.load_workbook(io.BytesIO(services.workbook_with_faults(saved, "n1.ods", with_faults.issues)))
    page = copy["Số liệu"]
    assert page["C11"].value == "ít"
    assert page["B11"].comment is not None
    assert page["C11"].comment is not None


def test_flat_xml_edited_and_saved_by_libreoffice_reads_back_equal(profile: Path, tmp_path: Path) -> None:
    world = tiny_world()
    owed = world.owed("n1")
    flat = converted(services.workbook_for(owed), "xlsx", "fods", profile, tmp_path).decode()
    sheet = sheet_of(owed)
    typed = {"all": ("float", "1204"), "oil": ("float", "1.5"), "note": ("string", "Kê Gà")}
    edited = with_values(flat, sheet, typed)
    saved = converted(edited.encode(), "fods", "ods", profile, tmp_path)
    figures = read_anyway(saved, owed)
    assert figures == world.figures(all=1204, oil=Decimal("1.5"), note="Kê Gà")


def read_anyway(content: bytes, owed: Obligation) -> Figures:
    """The figures; "good" was left blank on purpose."""
    reading = services.read_workbook(content, "n1.ods", obligation=owed)
    assert [(one.code, one.at.column) for one in reading.issues] == [("required-blank", "good")]
    return reading.figures


def with_values(flat: str, sheet: SheetPlan, typed: dict[str, tuple[str, str]]) -> str:
    """The flat file with values in the cells of the first line, found by the key of the line at its end."""
    rows = list(re.finditer(r"<table:table-row\b.*?</table:table-row>", flat, re.DOTALL))
    line = next(row for row in rows if f">{sheet.lines[0].key}<" in row.group())
    cells = []
    for cell in re.finditer(r"<table:table-cell\b[^>]*?(?:/>|>.*?</table:table-cell>)", line.group(), re.DOTALL):
        times = re.search(r'table:number-columns-repeated="(\d+)"', cell.group())
        single = re.sub(r' table:number-columns-repeated="\d+"', "", cell.group())
        cells += [single] * min(int(times.group(1)) if times else 1, sheet.keys_column)
    for column, (kind, value) in typed.items():
        at = sheet.column_of(column) - 1
        style = re.search(r'table:style-name="[^"]*"', cells[at])
        held = f' office:value="{value}"' if kind == "float" else ""
        cells[at] = (
            f'<table:table-cell {style.group() if style else ""} office:value-type="{kind}"{held}>'
            f"<text:p>{escape(value)}</text:p></table:table-cell>"
        )
    opening = re.match(r"<table:table-row\b[^>]*>", line.group())
    assert opening is not None
    return flat[: line.start()] + opening.group() + "".join(cells) + "</table:table-row>" + flat[line.end() :]
