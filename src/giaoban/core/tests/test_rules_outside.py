"""Implications, and names that lead out of the report."""

from decimal import Decimal

import pytest

from giaoban.core import formulas
from giaoban.core.checks import Surroundings, run_checks
from giaoban.core.checks.rules import spoken
from giaoban.core.figures import Line, LineKey, blank_line, reported
from giaoban.core.forms import Outside, Reference, form_faults, parse_form
from giaoban.core.formulas import FormulaError, parse, scope_of
from giaoban.core.tests.forms_for_tests import capture


def holds(text: str, **values: Decimal | None) -> bool | None:
    return formulas.test(parse(text), values.__getitem__).holds


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(1, 1, True), (1, 0, False), (0, 0, True), (None, 0, None), (1, None, None)]
)
def test_an_implication_binds_where_its_premise_holds(a: int | None, b: int | None, expected: bool | None) -> None:
    values = {"a": None if a is None else Decimal(a), "b": None if b is None else Decimal(b)}
    assert holds("if a > 0 then b > 0", **values) is expected
    assert holds("if (a) > 0 then b > 0", **values) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("if a then b > 0", "after 'if'"),
        ("if a > 0 then b", "after 'then'"),
        ("if a > 0", "ends too early"),
        ("if a > 0 b > 0", "'then' was expected"),
        ("before(a + b) = 1", "not a function"),
        ("before() = 1", "not a function"),
        ("after(a) = 1", "not a function"),
    ],
)
def test_what_is_no_rule(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        parse(text)


def test_a_name_with_a_scope_is_one_name() -> None:
    rule = parse("c1 = below( 17a-btp.own.total.c1 ) + year_before(c1)")
    assert rule.names() == ("c1", "below(17a-btp.own.total.c1)", "year_before(c1)")
    assert scope_of("below(17a-btp.own.total.c1)") == ("below", "17a-btp.own.total.c1")
    assert scope_of("own.c1") == ("", "own.c1")


def test_what_a_form_asks_outside_is_known_once_it_is_read() -> None:
    rules = ("all = below(oil.own.total.c1)", "good <= before(good)", "all = form(other:oil.own.total.c1)")
    form = parse_form(capture(checks=[{"rule": rule} for rule in rules]), "capture:lamps")
    assert form.outside == (
        Outside("below", "own.total.c1", "capture:oil"),
        Outside("before", "good", here=Reference("own", "total", "good")),
        Outside("form", "own.total.c1", "other:oil"),
    )
    assert [check.severity for check in form.checks] == ["warning"] * 3
    assert parse_form(capture(), "capture:lamps").outside == ()
    assert spoken(form.checks[1]) == "good <= kỳ trước (good)"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("all = before(nobody)", "names no column"),
        ("all = below(oil)", "names no cell"),
        ("before(all) = 1", "names no column"),
    ],
)
def test_what_leads_nowhere_is_refused(rule: str, said: str) -> None:
    (fault,) = form_faults(capture(checks=[{"rule": rule, "status": "printed"}]), "capture:lamps")
    assert said in fault.reason


def test_what_is_printed_is_an_error_unless_the_form_says_otherwise() -> None:
    checks = [
        {"rule": "all >= good", "status": "printed"},
        {"rule": "all >= 0", "status": "printed", "severity": "note"},
    ]
    form = parse_form(capture(checks=checks), "capture:lamps")
    assert [check.severity for check in form.checks] == ["error", "note"]


def test_opening_and_closing() -> None:
    form = parse_form(capture(checks=[{"rule": "all = before(good)"}]), "capture:lamps")

    def lamps(all_: int, good: int) -> dict[LineKey, Line]:
        line = blank_line(form.table("own"), "total")
        line.figures[:2] = [reported(all_), reported(good)]
        return {line.key: line}

    def found(before: dict[LineKey, Line] | None) -> list[str]:
        issues = run_checks(form, lamps(5, 1), surroundings=Surroundings(before))
        return [one.code for one in issues if one.code == "formula-fails"]

    assert found(None) == []
    assert found({}) == []
    assert found(lamps(9, 5)) == []
    assert found(lamps(9, 4)) == ["formula-fails"]
