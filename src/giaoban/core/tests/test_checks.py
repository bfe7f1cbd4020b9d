from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core import checks
from giaoban.core.figures import (
    BLANK,
    NIL,
    NOT_APPLICABLE,
    Figure,
    Line,
    LineKey,
    Mark,
    blank_line,
    reported,
)
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue, sentence
from giaoban.core.tests.forms_for_tests import capture, form, two_tables

LAMPS = form(capture())
LIGHTS = form(two_tables())
Given = Figure | int | str | None


def line(of: FormDefinition, table: str, row: str, subunit: str = "", /, **cells: Given) -> Line:
    """A line with the cells given by column id ("_" for "."); an int or a text is a reported number."""
    made = blank_line(of.table(table), row, subunit)
    for name, value in cells.items():
        position = of.table(table).positions[name.replace("_", ".")]
        made.figures[position] = value if isinstance(value, Figure) else reported(_number(value))
    return made


def _number(value: int | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def keyed(*lines: Line) -> dict[LineKey, Line]:
    return {one.key: one for one in lines}


def lamps(**cells: Given) -> dict[LineKey, Line]:
    return keyed(line(LAMPS, "own", "total", "", **cells))


def lights(*lines: Line, **total: Given) -> dict[LineKey, Line]:
    own = line(LIGHTS, "own", "s", I_1=5)
    return keyed(own, line(LIGHTS, "lights", "total", "", **total), *lines)


def unit(name: str, **cells: Given) -> Line:
    return line(LIGHTS, "lights", "unit", name, **cells)


def told(issues: Iterable[Issue]) -> list[tuple[str, str, str]]:
    return [
        (issue.code, issue.severity, "/".join((issue.at.table, issue.at.row, issue.at.subunit, issue.at.column)))
        for issue in issues
    ]


def test_a_good_report_has_no_issue() -> None:
    assert checks.run_checks(LAMPS, lamps(all=10, good=8, rate=80)) == []
    assert checks.run_checks(LIGHTS, lights(unit("n", II_1=2), unit("s", II_1=3), II_1=5)) == []


def test_lines_that_the_form_does_not_have() -> None:
    stray = [
        Line("other", "total", "", []),
        Line("lights", "other", "", [BLANK] * 3),
        Line("lights", "unit", "", [BLANK] * 3),
        Line("own", "s", "north", [BLANK]),
        Line("own", "s", "", [BLANK], {"note": "text"}),
        Line("lights", "unit", "east", [BLANK] * 3),
    ]
    assert told(checks.lines_belong_to_form(LIGHTS, keyed(*stray), allowed_subunits=frozenset({"north"}))) == [
        ("unknown-table", "error", "other/total//"),
        ("unknown-row", "error", "lights/other//"),
        ("missing-subunit", "error", "lights/unit//"),
        ("subunit-not-allowed", "error", "own/s/north/"),
        ("unknown-column", "error", "own/s//note"),
        ("unknown-subunit", "error", "lights/unit/east/"),
    ]
    assert checks.run_checks(LIGHTS, keyed(*stray))


@pytest.mark.parametrize(
    ("column", "figure", "code"),
    [
        ("all", reported(Decimal("0.5")), "too-many-decimals"),
        ("oil", reported(Decimal("0.5"), Decimal("0.25")), "too-many-decimals"),
        ("all", reported(-1), "negative"),
        ("all", reported(10**19), "too-large"),
        ("all", Figure(Decimal(1), None, Mark.NIL), "mark-with-value"),
    ],
)
def test_values_that_do_not_fit_their_column(column: str, figure: Figure, code: str) -> None:
    found = checks.figures_fit_columns(LAMPS, lamps(**{column: figure}))
    assert told(found) == [(code, "error", f"own/total//{column}")]


def test_a_signed_column_may_be_below_zero() -> None:
    assert checks.figures_fit_columns(LIGHTS, keyed(line(LIGHTS, "own", "s", I_1=-5))) == []


def test_required_cells() -> None:
    assert told(checks.required_cells_filled(LAMPS, {})) == [
        ("required-blank", "error", "own/total//all"),
        ("required-blank", "error", "own/total//good"),
    ]
    assert checks.required_cells_filled(LAMPS, lamps(all=NIL, good=NOT_APPLICABLE)) == []


@pytest.mark.parametrize(
    ("whole", "part", "wrong"), [(5, 6, True), (5, 5, False), (None, 6, False), (NIL, 1, True), (5, BLANK, False)]
)
def test_a_part_may_not_exceed_its_whole(whole: Given, part: Given, wrong: bool) -> None:
    found = checks.parts_within_wholes(LAMPS, lamps(all=whole, good=part))
    assert told(found) == ([("part-exceeds-whole", "error", "own/total//good")] if wrong else [])
    derived = replace(LAMPS.tables[0].columns_by_id["good"], part_severity="warning")
    columns = tuple(derived if one.id == "good" else one for one in LAMPS.tables[0].columns)
    form = replace(LAMPS, tables=(replace(LAMPS.tables[0], columns=columns), *LAMPS.tables[1:]))
    found = checks.parts_within_wholes(form, lamps(all=whole, good=part))
    assert [one.severity for one in found] == ["warning"] * wrong


def test_estimates_belong_to_the_figure() -> None:
    assert checks.parts_within_wholes(LAMPS, lamps(all=reported(3, 3), good=reported(5, 1))) == []
    assert checks.parts_within_wholes(LAMPS, lamps(all=reported(3, 3), good=reported(5, 2)))


def test_a_total_that_disagrees_is_shown_with_both_numbers() -> None:
    (issue,) = checks.totals_equal_parts(LIGHTS, lights(unit("n", II_1=2, II_3=9), unit("s", II_1=2), II_1=5, II_3=1))
    assert told([issue]) == [("total-mismatch", "error", "lights/total//II.1")]
    assert issue.params == {"stated": 5, "computed": 4}
    assert "5" in sentence(issue)
    assert "4" in sentence(issue)


def test_a_total_that_nobody_printed_only_warns() -> None:
    data = two_tables()
    data["tables"][1]["rows"][0]["sum_severity"] = "warning"
    issues = checks.totals_equal_parts(form(data), lights(unit("n1", II_1=3), II_1=4))
    assert [(issue.code, issue.severity) for issue in issues] == [("total-mismatch", "warning")]


def test_lines_that_people_name_are_no_sub_units() -> None:
    """A list of sub-units binds the rows that list units, not the names that people write."""
    data = two_tables()
    figures = lights(unit("anything", II_1=3), II_1=3)
    code = "unknown-subunit"
    listed = frozenset({"n1"})
    assert code in {one.code for one in checks.run_checks(form(data), figures, allowed_subunits=listed)}
    data["tables"][1]["rows"][1]["dynamic"] = {"named": "kind of light"}
    assert code not in {one.code for one in checks.run_checks(form(data), figures, allowed_subunits=listed)}


def test_a_blank_part_counts_as_zero_and_a_blank_total_is_not_compared() -> None:
    assert checks.totals_equal_parts(LIGHTS, lights(unit("n", II_1=5), unit("s"), II_1=5)) == []
    assert checks.totals_equal_parts(LIGHTS, lights(unit("n", II_1=5))) == []
    assert checks.totals_equal_parts(LIGHTS, lights(unit("n", II_1=5), II_1=NIL))


@given(st.lists(st.integers(0, 10**6), max_size=6), st.integers(-2, 2))
def test_a_total_is_right_exactly_when_it_is_the_sum(values: list[int], off: int) -> None:
    lines = [unit(f"u{position}", II_1=value) for position, value in enumerate(values)]
    found = checks.totals_equal_parts(LIGHTS, lights(*lines, II_1=sum(values) + off))
    assert bool(found) == (off != 0)


@pytest.mark.parametrize(
    ("rate", "wrong"), [("66.67", False), ("66.66", True), (None, False), (NIL, True), ("66.670", False)]
)
def test_a_computed_column_agrees_at_its_own_decimals(rate: Given, wrong: bool) -> None:
    found = checks.computed_columns_agree(LAMPS, lamps(all=3, good=2, rate=rate))
    assert told(found) == ([("computed-mismatch", "error", "own/total//rate")] if wrong else [])


def test_a_formula_without_its_inputs_says_nothing() -> None:
    assert checks.computed_columns_agree(LAMPS, lamps(all=0, good=0, rate=50)) == []
    assert checks.computed_columns_agree(LAMPS, lamps(good=2, rate=50)) == []
    table = LAMPS.table("own")
    assert checks.computed_value(table, table.columns_by_id["rate"], line(LAMPS, "own", "total", all=3, good=2)) == (
        Decimal("66.67")
    )
    assert checks.computed_value(table, table.columns_by_id["all"], line(LAMPS, "own", "total", all=3)) is None


def with_rules(*rules: dict[str, Any]) -> FormDefinition:
    return form(two_tables(checks=list(rules)))


def test_rules_of_the_form_keep_their_severity_and_name_the_line() -> None:
    ruled = with_rules(
        {"rule": "lights.II.2 <= lights.II.1 / 2", "severity": "warning"},
        {"rule": "own.I.1 = sum(lights.unit.II.1)", "severity": "note"},
        {"rule": "lights.total.II.1 > own.I.1", "severity": "error"},
    )
    figures = lights(unit("n", II_1=2, II_2=2), unit("s", II_1=4, II_2=NIL), II_1=5, II_2=BLANK)
    found = checks.form_rules_hold(ruled, figures)
    assert told(found) == [
        ("formula-fails", "warning", "lights/unit/n/II.2"),
        ("formula-fails", "note", "own/s//I.1"),
        ("formula-fails", "error", "lights/total//II.1"),
    ]
    assert found[1].params == {"formula": "own.I.1 = sum(lights.unit.II.1)", "left": 5, "right": 6}


def test_a_rule_without_its_figures_says_nothing() -> None:
    ruled = with_rules({"rule": "own.I.1 > sum(lights.unit.II.1)", "severity": "error"})
    assert checks.form_rules_hold(ruled, {}) == []
    assert checks.form_rules_hold(ruled, lights(unit("n"))) == []


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (100, 120, Decimal("20.00")),
        (100, 119, None),
        (100, 80, Decimal("-20.00")),
        (100, 0, Decimal("-100.00")),
        (0, 5, None),
        (BLANK, 5, None),
        (100, BLANK, None),
        (NIL, 5, None),
    ],
)
def test_large_changes_are_warned_of(before: Given, now: Given, change: Decimal | None) -> None:
    found = checks.changes_are_moderate(LAMPS, lamps(all=now), previous=lamps(all=before))
    assert [issue.params["change"] for issue in found] == ([] if change is None else [change])
    assert all(issue.severity == "warning" for issue in found)


def test_the_threshold_is_a_setting_and_rates_are_left_out() -> None:
    now, before = lamps(all=110, good=1, rate=90), lamps(all=100, good=1, rate=10)
    assert checks.changes_are_moderate(LAMPS, now, previous=before) == []
    assert len(checks.run_checks(LAMPS, lamps(all=110, good=1), previous=before, change_percent=Decimal(10))) == 1


def test_every_issue_has_a_sentence() -> None:
    wrong = keyed(
        line(LAMPS, "own", "total", all=reported(Decimal("-0.5")), good=10**19, rate=50),
        Line("own", "nobody", "", []),
        Line("own", "total", "x", [BLANK] * 5),
    )
    issues = checks.run_checks(LAMPS, wrong, previous=lamps(all=1))
    assert len(issues) >= 6
    assert all(sentence(issue) for issue in issues)


def test_estimates_do_not_make_up_for_actual_figures() -> None:
    figures = lights(unit("a", II_1=reported(4, 6)), II_1=reported(10, 0))
    found = checks.totals_equal_parts(LIGHTS, figures)
    assert [(issue.code, issue.params) for issue in found] == [
        ("total-mismatch", {"stated": 10, "computed": 4}),
        ("estimate-total-mismatch", {"stated": 0, "computed": 6}),
    ]
    assert checks.totals_equal_parts(LIGHTS, lights(unit("a", II_1=reported(4, 6)), II_1=reported(4, 6))) == []


@pytest.mark.parametrize("name", ["Ph 1/2", "x" * 121])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    (issue,) = checks.lines_belong_to_form(LIGHTS, lights(unit(name, II_1=1), II_1=1))
    assert (issue.code, issue.severity) == ("subunit-name", "error")
    assert len(sentence(issue, place="")) < 200
    assert checks.lines_belong_to_form(LIGHTS, lights(unit("x" * 120, II_1=1), II_1=1)) == []
