"""Rules without a database: states, typed text, explanations, where cells stand in a workbook."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, Line, reported
from giaoban.core.forms import parse_form
from giaoban.core.issues import Cell, Issue
from giaoban.reporting.rules import (
    ReportState,
    WrongState,
    figures_from_texts,
    issue_key,
    kept,
    next_state,
    report_state,
    texts_from_figures,
    unexplained,
)
from giaoban.reporting.rules.layout import FREE_LINES, HeaderCell, plan
from giaoban.reporting.tests.factories import dynamic_form_data, form_data

FORM = parse_form(form_data(), "act-1:lamps")
LIGHTS = parse_form(dynamic_form_data(), "act-1:lights")


@pytest.mark.parametrize(
    ("state", "event", "becomes"),
    [
        ("sent", "accept", "accepted"),
        ("sent", "return", "returned"),
        ("sent", "replace", "superseded"),
        ("accepted", "replace", "superseded"),
    ],
)
def test_what_a_version_may_become(state: str, event: str, becomes: str) -> None:
    assert next_state(state, event) == becomes  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["accepted", "returned", "superseded"])
@pytest.mark.parametrize("event", ["accept", "return"])
def test_a_decision_is_made_once(state: str, event: str) -> None:
    with pytest.raises(WrongState):
        next_state(state, event)  # type: ignore[arg-type]


def test_the_state_of_an_obligation() -> None:
    assert report_state(None, has_draft=False) is ReportState.MISSING
    assert report_state(None, has_draft=True) is ReportState.DRAFT
    assert report_state("returned", has_draft=True) is ReportState.RETURNED
    assert report_state("accepted", has_draft=False) is ReportState.ACCEPTED


def test_typed_signs_and_numbers() -> None:
    texts = {
        "own/total//all": " 1.204 ",
        "own/total//all/estimate": "3",
        "own/total//good": "–",
        "own/total//oil": "1,5",
        "own/total//age": "X",
        "own/total//note": "calm",
    }
    figures, issues = figures_from_texts(FORM, texts)
    assert issues == []
    line = figures["own", "total", ""]
    assert line.figures == [reported(1204, 3), NIL, reported(Decimal("1.5")), BLANK, NOT_APPLICABLE]
    assert line.texts == {"note": "calm"}


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("own/total//all", "85.9", "not-a-number"),
        ("own/total//all", "1,5", "too-many-decimals"),
        ("own/total//all/estimate", "-", "not-a-number"),
        ("own/total//note/estimate", "3", "unknown-column"),
        ("own/total//wick", "3", "unknown-column"),
        ("own/sum//all", "3", "unknown-row"),
        ("other/total//all", "3", "unknown-table"),
        ("own/total/n1/all", "3", "subunit-not-allowed"),
        ("all", "3", "unknown-column"),
    ],
)
def test_what_cannot_be_read_is_named(key: str, text: str, code: str) -> None:
    figures, issues = figures_from_texts(FORM, {key: text})
    assert [issue.code for issue in issues] == [code]
    assert figures["own", "total", ""].figures == [BLANK] * 5


def test_an_estimate_beside_a_sign_contradicts_it() -> None:
    _, issues = figures_from_texts(FORM, {"own/total//all": "-", "own/total//all/estimate": "3"})
    assert [issue.code for issue in issues] == ["mark-with-value"]


figure = st.one_of(
    st.sampled_from([BLANK, NIL, NOT_APPLICABLE]),
    st.tuples(st.integers(0, 10**12), st.none() | st.integers(0, 10**6)).map(lambda pair: reported(*pair)),
    st.integers(0, 10**6).map(lambda number: reported(None, number)),
)


@given(st.lists(figure, min_size=3, max_size=3), st.sampled_from(["n1", "n2"]))
def test_typing_what_is_shown_gives_the_same_figures(cells: list[Figure], subunit: str) -> None:
    line = Line("lights", "unit", subunit, cells)
    figures, issues = figures_from_texts(LIGHTS, texts_from_figures(LIGHTS, {line.key: line}))
    assert issues == []
    assert figures.get(line.key, Line("lights", "unit", subunit, [BLANK] * 3)) == line


def test_only_warnings_want_words_and_foreign_words_are_dropped() -> None:
    at = Cell("own", "total", "", "all")
    warning = Issue("large-change", "warning", at, {"value": 3, "previous": 1, "change": 200})
    error = Issue("negative", "error", at, {"value": -1})
    key = issue_key(warning)
    assert key == "large-change:own/total//all"
    assert unexplained([warning, error], {key: "  "}) == (warning,)
    assert unexplained([warning, error], {key: "storm"}) == ()
    assert kept([warning, error], {key: " storm ", issue_key(error): "x"}) == {key: "storm"}


def test_two_formulas_at_one_cell_are_told_apart() -> None:
    at = Cell("own", "total", "", "all")
    first, second = (
        Issue("formula-fails", "warning", at, {"formula": rule, "left": 1, "right": 2}) for rule in ("a = b", "a = c")
    )
    assert issue_key(first) != issue_key(second)


def test_the_header_tree_merges_neighbours_and_stretches_leaves() -> None:
    (sheet,) = plan(FORM, {}, estimates=False)
    assert sheet.headers == (
        HeaderCell("", 7, 8, 1, 1),
        HeaderCell("Lamps", 7, 7, 2, 3),
        HeaderCell("Oil", 7, 8, 4, 4),
        HeaderCell("Share", 7, 8, 5, 5),
        HeaderCell("Mean age", 7, 8, 6, 6),
        HeaderCell("Remark", 7, 8, 7, 7),
        HeaderCell("All lamps", 8, 8, 2, 2),
        HeaderCell("Good lamps", 8, 8, 3, 3),
    )
    assert (sheet.units_row, sheet.ids_row, sheet.first_row, sheet.last_row, sheet.last_column) == (9, 10, 11, 11, 7)


def test_lines_of_known_and_of_unknown_sub_units() -> None:
    known = plan(LIGHTS, {("lights", "unit"): [("n1", "North 1"), ("n2", "North 2")]}, estimates=True)
    assert [sheet.name for sheet in known] == ["Bảng 1", "Ước tính 1", "Bảng 2", "Ước tính 2"]
    assert [line.subunit for line in known[2].lines] == ["", "n1", "n2"]
    unknown = plan(LIGHTS, {}, estimates=False)[1]
    assert len(unknown.lines) == 1 + FREE_LINES
    assert all(line.is_free for line in unknown.lines[1:])


@pytest.mark.parametrize("rest", ["Ph 1/2/all", "Ph 1/2/all/estimate", f"{'x' * 121}/all"])
def test_a_sub_unit_whose_name_cannot_be_kept_is_named(rest: str) -> None:
    _, (issue,) = figures_from_texts(LIGHTS, {f"lights/unit/{rest}": "5"})
    assert (issue.code, issue.at.table, issue.at.row, issue.at.column) == ("subunit-name", "lights", "unit", "all")


def test_a_number_of_more_than_18_digits_is_too_large() -> None:
    figures, (issue,) = figures_from_texts(FORM, {"own/total//good": "9" * 70, "own/total//all": "9" * 18})
    assert (issue.code, issue.at.column) == ("too-large", "good")
    assert figures["own", "total", ""].figures[:2] == [reported(Decimal("9" * 18)), BLANK]
