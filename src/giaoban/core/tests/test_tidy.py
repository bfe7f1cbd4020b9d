from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core import tidy
from giaoban.core.checks import run_checks
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Line, reported
from giaoban.core.issues import sentence
from giaoban.core.tests.forms_for_tests import capture, form

LAMPS = form(capture())
HEADER = ",".join(tidy.COLUMNS)


def csv_of(*rows: str) -> str:
    """A file of one report: every row gives line, sub-unit, column, value, estimate, mark of the table `own`."""
    return "\n".join([HEADER, *(f"u,capture:lamps,2020-Q1,,own,{row}" for row in rows), ""])


def read(text: str) -> tuple[dict[str, object], list[tuple[str, int | None, str]]]:
    """Cells by column, and the issues of reading as code, file row, column."""
    rows, issues = tidy.read_tidy(text)
    lines, more = tidy.figures_from_rows(LAMPS, rows)
    cells: dict[str, object] = {}
    for line in lines.values():
        for column, figure in zip(LAMPS.table("own").numeric, line.figures, strict=True):
            if figure is not BLANK:
                cells[column.id] = figure
        cells.update(line.texts)
    return cells, [(issue.code, issue.at.file_row, issue.at.column) for issue in issues + more]


def test_a_good_file() -> None:
    cells, issues = read(
        "\ufeff"
        + csv_of(
            "total,,all,12,3,", "total,,good,,,nil", "total,,oil,1204.5,,", "total,,age,,,na", "total,,note,seen,,"
        )
    )
    assert issues == []
    assert cells == {
        "all": reported(12, 3),
        "good": NIL,
        "oil": reported(Decimal("1204.5")),
        "age": NOT_APPLICABLE,
        "note": "seen",
    }


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("total,,all,twelve,,", "not-a-number"),
        ('total,,all,"1,204",,', "not-a-number"),
        ("total,,all,1e3,,", "not-a-number"),
        ("total,,all,12,x,", "not-a-number"),
        ("total,,all,9999999999999999999,,", "not-a-number"),
        ("total,,all,,,zero", "bad-mark"),
        ("total,,all,0,,nil", "mark-with-value"),
        ("total,,all,,1,na", "mark-with-value"),
        ("total,,note,seen,,nil", "bad-mark"),
        ("total,,note,seen,1,", "estimate-not-allowed"),
        ("total,,other,1,,", "unknown-column"),
        ("other,,all,1,,", "unknown-row"),
        ("total,north,all,1,,", "subunit-not-allowed"),
    ],
)
def test_a_faulty_cell_is_named_with_its_row_and_the_others_are_read(row: str, code: str) -> None:
    cells, issues = read(csv_of("total,,good,8,,", row))
    assert [(found, at) for found, at, _ in issues] == [(code, 3)]
    assert cells == {"good": reported(8)}


def test_every_fault_is_told_at_once() -> None:
    _, issues = read(csv_of("total,,all,a,,", "total,,good,b,,", "total,,good,5,,", "total,,,7,,"))
    assert issues == [
        ("duplicate-cell", 4, "good"),
        ("missing-key", 5, ""),
        ("not-a-number", 2, "all"),
        ("not-a-number", 3, "good"),
    ]


def test_an_unknown_table() -> None:
    _, issues = read(f"{HEADER}\nu,capture:lamps,2020-Q1,,other,total,,all,1,,\n")
    assert issues == [("unknown-table", 2, "all")]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (HEADER.replace("estimate,", ""), [("missing-column-header", "estimate")]),
        (HEADER + ",colour", [("unknown-column-header", "colour")]),
        (HEADER + ",unit", [("unknown-column-header", "unit")]),
        (HEADER.replace(",", ";"), [("missing-column-header", column) for column in tidy.COLUMNS]),
        ("", [("missing-column-header", column) for column in tidy.COLUMNS]),
    ],
)
def test_without_a_good_header_nothing_is_read(header: str, found: list[tuple[str, str]]) -> None:
    rows, issues = tidy.read_tidy(f"{header}\nu,f,p,,own,total,,all,1,,\n")
    assert rows == []
    assert [(one.code, one.params["column"]) for one in issues][: len(found)] == found


def test_columns_may_stand_in_any_order() -> None:
    turned = ",".join(reversed(tidy.COLUMNS))
    rows, issues = tidy.read_tidy(f"{turned}\n,,12,all,,total,own,,2020-Q1,capture:lamps,u\n")
    assert issues == []
    assert (rows[0].unit, rows[0].column, rows[0].value) == ("u", "all", "12")


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        (HEADER + "\n", "empty-file", None),
        (HEADER + "\n,,,,,,,,,,\n", "empty-file", None),
        (HEADER + "\na,b\n", "wrong-cell-count", 2),
        (HEADER + '\nu,f,p,,own,total,,all,"1', "truncated-file", 2),
    ],
)
def test_files_that_hold_nothing_or_break_off(text: str, code: str, row: int | None) -> None:
    rows, issues = tidy.read_tidy(text)
    assert rows == []
    assert [(issue.code, issue.at.file_row) for issue in issues] == [(code, row)]
    assert sentence(issues[0])


def test_a_value_over_two_lines_does_not_shift_the_row_numbers() -> None:
    rows, issues = tidy.read_tidy(csv_of('total,,note,"one\ntwo",,', "total,,all,5,,"))
    assert issues == []
    assert [row.file_row for row in rows] == [2, 4]


def test_the_issues_of_the_checks_find_their_row() -> None:
    rows, _ = tidy.read_tidy(csv_of("total,,all,5,,", "total,,good,6,,"))
    figures, _ = tidy.figures_from_rows(LAMPS, rows)
    (issue,) = tidy.located(run_checks(LAMPS, figures), rows)
    assert (issue.code, issue.at.file_row) == ("part-exceeds-whole", 3)
    assert "dòng 3 của tệp" in sentence(issue)


def test_the_rows_of_several_reports_are_told_apart() -> None:
    rows, issues = tidy.read_tidy(
        f"{HEADER}\na,f,p,,own,total,,all,1,,\nb,f,p,,own,total,,all,1,,\na,f,p,x,own,total,,all,1,,\n"
    )
    assert issues == []
    assert [row.report for row in rows] == [("a", "f", "p", ""), ("b", "f", "p", ""), ("a", "f", "p", "x")]


numbers = st.none() | st.integers(0, 10**12).map(lambda number: Decimal(number).scaleb(-1))
figures = st.builds(reported, numbers, numbers) | st.sampled_from([BLANK, NIL, NOT_APPLICABLE])
texts = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(' ",;'), max_size=8).map(str.strip)


@given(st.lists(figures, min_size=5, max_size=5), texts)
def test_what_is_written_is_what_is_read(cells: list[object], note: str) -> None:
    line = Line("own", "total", "", cells, {"note": note} if note else {})  # type: ignore[arg-type]
    text = tidy.write_tidy(tidy.rows_from_figures(LAMPS, {line.key: line}, unit="u", period="2020-Q1"))
    rows, issues = tidy.read_tidy(text)
    found, more = tidy.figures_from_rows(LAMPS, rows)
    assert issues + more == []
    assert found == {line.key: line}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_issues(text: str) -> None:
    for content in (text, f"{HEADER}\n{text}"):
        rows, issues = tidy.read_tidy(content)
        assert rows or issues
        assert all(sentence(issue) for issue in issues)


def test_a_nul_is_named_with_its_row() -> None:
    text = HEADER + "\nn1,f,p,,own,total,,note,a\0b,,\n"
    rows, issues = tidy.read_tidy(text)
    assert (rows, [(issue.code, issue.at.file_row) for issue in issues]) == ([], [("bad-character", 2)])
