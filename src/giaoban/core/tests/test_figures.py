from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.figures import (
    BLANK,
    NIL,
    NOT_APPLICABLE,
    Figure,
    FigureError,
    Line,
    Mark,
    absent_lines,
    blank_line,
    completeness,
    decimals,
    decode,
    encode,
    reported,
    sum_of,
)
from giaoban.core.issues import Cell
from giaoban.core.tests.forms_for_tests import capture, form, two_tables

OWN = form(capture()).table("own")


def figures_of_scale(scale: int) -> st.SearchStrategy[Figure]:
    parts = st.none() | st.integers(-(10**12), 10**12).map(lambda number: Decimal(number).scaleb(-scale))
    return st.builds(reported, parts, parts) | st.sampled_from([BLANK, NIL, NOT_APPLICABLE])


@given(st.tuples(*(figures_of_scale(column.scale) for column in OWN.numeric)))
def test_what_is_stored_is_what_was_entered(figures: tuple[Figure, ...]) -> None:
    values, estimates, marks = encode(Line("own", "total", "", list(figures)), OWN)
    assert all(isinstance(value, int | None) for value in (*values, *estimates))
    assert decode(values, estimates, marks, OWN) == list(figures)


def test_half_cases_are_kept_exactly() -> None:
    line = blank_line(OWN, "total")
    line.figures[2] = reported(Decimal("1204.5"), Decimal("0.5"))
    values, estimates, marks = encode(line, OWN)
    assert (values[2], estimates[2], marks[2]) == (12045, 5, Mark.REPORTED)


@pytest.mark.parametrize(
    ("position", "figure", "said"),
    [
        (0, reported(Decimal("0.5")), "keeps 0 decimals"),
        (2, reported(Decimal(1), Decimal("0.25")), "keeps 1 decimals"),
        (0, reported(2**63), "too large"),
        (0, Figure(Decimal(1), None, Mark.NIL), "contradict"),
        (0, Figure(None, None, Mark.REPORTED), "contradict"),
    ],
)
def test_what_cannot_be_stored_is_refused(position: int, figure: Figure, said: str) -> None:
    line = blank_line(OWN, "total")
    line.figures[position] = figure
    with pytest.raises(FigureError, match=said):
        encode(line, OWN)


def test_the_width_of_a_line_is_that_of_its_table() -> None:
    with pytest.raises(FigureError):
        encode(Line("own", "total", "", [BLANK]), OWN)
    with pytest.raises(FigureError):
        decode([1], [None], [0], OWN)


@pytest.mark.parametrize(("text", "used"), [("1", 0), ("1.0", 0), ("100", 0), ("1.50", 1), ("0.001", 3), ("1E+3", 0)])
def test_decimals(text: str, used: int) -> None:
    assert decimals(Decimal(text)) == used


def test_zero_nil_blank_and_not_applicable_differ() -> None:
    assert reported(0).amount == 0
    assert NIL.amount == 0
    assert NIL.total is None
    assert BLANK.amount is None
    assert NOT_APPLICABLE.amount is None
    assert reported(3, 2).total == 5
    assert reported(None, 2).total == 2
    assert reported(None) is BLANK


def test_completeness_names_the_blank_cells() -> None:
    entered = form(two_tables())
    lights = entered.table("lights")
    total, north = blank_line(lights, "total"), blank_line(lights, "unit", "north")
    total.figures[0] = NIL
    filled, required, blanks = completeness(entered, {line.key: line for line in (total, north)})
    assert (filled, required) == (1, 3)
    assert blanks == [Cell("own", "s", "", "I.1"), Cell("lights", "unit", "north", "II.1")]


def test_a_listed_subunit_without_a_line_is_blank_under_its_name() -> None:
    entered = form(two_tables())
    north = blank_line(entered.table("lights"), "unit", "north")
    north.figures[0] = reported(4)
    figures = {north.key: north}
    absent = absent_lines(entered, figures, {"light": ["north", "south", "west"], "harbour": ["far"]})
    assert absent == [Cell("lights", "unit", "south"), Cell("lights", "unit", "west")]
    filled, required, blanks = completeness(entered, figures, absent)
    assert (filled, required) == (1, 5)
    assert [(one.row, one.subunit) for one in blanks if one.table == "lights"] == [
        ("total", ""), ("unit", "south"), ("unit", "west"),
    ]  # fmt: skip
    assert absent_lines(entered, figures, {}) == []


def test_a_subunit_stands_on_one_of_several_rows_of_its_kind() -> None:
    data = two_tables()
    rows = data["tables"][1]["rows"]
    rows[0]["sum_of"] = ["unit", "lit"]
    rows.append({"id": "lit", "parent": "total", "dynamic": {"one_per": "light"}})
    entered = form(data)
    south = blank_line(entered.table("lights"), "lit", "south")
    found = absent_lines(entered, {south.key: south}, {"light": ["north", "south"]})
    assert found == [Cell("lights", "unit", "north")]


def test_a_required_text_counts() -> None:
    data = capture()
    data["tables"][0]["columns"][5]["required"] = True
    entered = form(data)
    line = blank_line(entered.table("own"), "total")
    line.figures[:2] = [reported(1), NOT_APPLICABLE]
    assert completeness(entered, {line.key: line})[2] == [Cell("own", "total", "", "note")]
    line.texts["note"] = "seen"
    assert completeness(entered, {line.key: line}) == (3, 3, [])


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ([reported(1, 2), reported(3), NIL, BLANK], reported(4, 2)),
        ([reported(None, 5)], reported(None, 5)),
        ([NIL, NOT_APPLICABLE], NIL),
        ([NIL, BLANK], BLANK),
        ([BLANK, NOT_APPLICABLE], BLANK),
        ([NOT_APPLICABLE], NOT_APPLICABLE),
        ([], BLANK),
    ],
)
def test_the_total_of_figures(parts: list[Figure], total: Figure) -> None:
    assert sum_of(parts) == total
