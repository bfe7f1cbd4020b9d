"""Many reports at once are told the same as one by one."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.core.checks import (
    Around,
    Norm,
    Norms,
    Surroundings,
    batch_of,
    batch_of_stored,
    norms_of,
    run_checks,
    run_checks_many,
)
from giaoban.core.checks.many import compiled
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, FigureError, Figures, Line, LineKey, Mark, encode
from giaoban.core.forms import FormDefinition, parse_form
from giaoban.core.issues import Issue
from giaoban.core.tests.forms_for_tests import capture

LAYOUT: dict[str, Any] = {
    "tables": [
        {
            "id": "own",
            "rows": [{"id": "a"}, {"id": "b"}, {"id": "sum", "sum_of": ["a", "b"], "sum_severity": "warning"}],
            "columns": [
                {"id": "c1", "label": "One", "unit": "lamp"},
                {"id": "c2", "label": "Two", "unit": "litre", "scale": 2, "part_of": "c1"},
                {"id": "c3", "label": "Three", "unit": "lamp", "signed": True, "required": False},
                {"id": "rate", "label": "Rate", "unit": "%", "scale": 1, "roll_up": "rate", "formula": "100 * c3 / c1"},
                {"id": "note", "label": "Note", "kind": "text", "required": True},
            ],
        },
        {
            "id": "lights",
            "rows": [
                {"id": "total", "sum_of": "unit"},
                {"id": "unit", "dynamic": {"one_per": "light"}},
                {"id": "free", "dynamic": {"named": "kind"}},
            ],
            "columns": [
                {"id": "d1", "label": "All", "unit": "lamp"},
                {"id": "d2", "label": "Broken", "unit": "lamp", "scale": 1, "required": False},
            ],
        },
    ]
}
RULES = (
    "own.c1 = own.c2 + own.c3",
    "own.a.c1 <= own.b.c1",
    "own.c3 / own.c1 <= 0.5",
    "round(own.c3 / own.c1, 1) = round(own.c2 / own.c1, 1)",
    "own.c1 / 3 * 3 = own.c1",
    "min(own.c1, own.c2) < max(own.c3, 4)",
    "abs(own.c3) != own.c1 * own.c2",
    "sum(own.a.c1, own.b.c1, 1) >= own.sum.c1",
    "sum(lights.unit.d1) = lights.total.d1",
    "max(lights.unit.d1) <= own.a.c1",
    "-lights.d2 < lights.d1 * 1000000000000",
    "own.c1 * own.c1 * own.c1 * own.c1 >= 0",
    "if own.c1 > 0 then own.c2 > 0",
    "if own.c3 / own.c1 = 1 then own.c2 = own.c1",
    "own.c1 = before(own.c3)",
    "own.a.c1 >= year_before(own.b.c1)",
    "sum(before(lights.unit.d1)) <= lights.total.d1",
    "lights.unit.d1 * 0 = 0",
    "own.sum.c1 = below(oil.own.total.c1)",
    "own.c1 <= form(other-act:oil.own.total.c1) / 7",
    "own.a.c1 = register(lamp-book)",
)
BELOW, OTHER, BOOK = "below(oil.own.total.c1)", "form(other-act:oil.own.total.c1)", "register(lamp-book)"


def form_with(rules: Sequence[str]) -> FormDefinition:
    data = capture(**LAYOUT, checks=[{"rule": rule, "severity": "warning"} for rule in rules])
    return parse_form(data, "capture:lamps")


USABLE = [rule for rule in RULES if rule != "lights.unit.d1 * 0 = 0"]
small = st.integers(0, 8).map(Decimal)
sound = st.one_of(small, small, small, st.integers(0, 10**6).map(Decimal), st.sampled_from([2**40, 2**53]).map(Decimal))
strange = st.sampled_from([Decimal(-1), Decimal("0.125"), Decimal(2**60), Decimal(2**62), Decimal(10**19)])
parts = st.none() | sound | st.decimals(0, 9, places=1)


@st.composite
def figures_in(draw: st.DrawFn, *, faulty: bool) -> Figure:
    kind = draw(st.integers(0, 15))
    if kind < 3:
        return (BLANK, NIL, NOT_APPLICABLE)[kind]
    if faulty and kind == 3:
        return Figure(Decimal(1), None, Mark.NIL)
    value = draw(sound | strange if faulty else sound)
    return Figure(value, draw(small) if kind > 13 else None, Mark.REPORTED)


@st.composite
def reports(draw: st.DrawFn) -> dict[LineKey, Line]:
    form = BARE
    keys = draw(
        st.lists(
            st.sampled_from(
                [
                    ("own", "a", ""),
                    ("own", "b", ""),
                    ("own", "sum", ""),
                    ("lights", "total", ""),
                    ("lights", "unit", "n"),
                    ("lights", "unit", "s"),
                    ("lights", "free", "n"),
                ]
            ),
            unique=True,
        )
    )
    faulty = draw(st.integers(0, 5)) == 0
    if faulty:
        keys.append(
            draw(
                st.sampled_from([("own", "a", "n"), ("lights", "unit", ""), ("x", "y", ""), ("lights", "unit", "a/b")])
            )
        )
    found = {}
    for key in keys:
        width = len(form.table(key[0]).numeric) if key[0] in form.tables_by_id else 1
        words = [{}, {"note": "fog"}, *([{"strange": "x"}] if faulty else [])]
        texts = draw(st.sampled_from(words)) if key[0] == "own" else {}
        found[key] = Line(*key, [draw(figures_in(faulty=faulty)) for _ in range(width)], texts)
    return found


BARE = form_with(())
values = st.fixed_dictionaries({BELOW: parts, OTHER: parts, BOOK: parts})
norm_tables = st.dictionaries(
    st.tuples(
        st.sampled_from([("own", "a", ""), ("own", "b", ""), ("lights", "total", "")]),
        st.sampled_from(["c1", "c2", "d1"]),
    ),
    st.builds(Norm, st.integers(6, 10), st.decimals(0, 9, places=2), st.decimals(0, 2, places=2)),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(USABLE), max_size=5, unique=True),
    st.lists(st.tuples(reports(), st.none() | reports(), reports(), values, norm_tables, st.booleans()), max_size=5),
    st.sampled_from([Decimal(20), Decimal("12.5"), Decimal(0)]),
)
def test_both_ways_say_the_same(rules: list[str], given_: list[Any], percent: Decimal) -> None:
    form = form_with(rules)
    listed = [frozenset({"n", "s"}) if some else None for *_, some in given_]
    surroundings = [Surroundings(None, held, {"oil": (1, 3)}) for _, _, _, held, _, _ in given_]
    around = Around(
        previous=batch_of(form, [one[1] for one in given_]),
        allowed_subunits=listed,
        surroundings=surroundings,
        before=batch_of(form, [one[2] for one in given_]),
        norms=[one[4] for one in given_],
    )
    together = run_checks_many(form, batch_of(form, [one[0] for one in given_]), around, change_percent=percent)
    apart = [
        run_checks(
            form,
            figures,
            previous=previous,
            allowed_subunits=listed[number],
            change_percent=percent,
            surroundings=Surroundings(before, held, {"oil": (1, 3)}),
            norms=norm,
        )
        for number, (figures, previous, before, held, norm, _) in enumerate(given_)
    ]
    assert told(together) == told(apart)


def told(found: Sequence[Sequence[Issue]]) -> list[list[Any]]:
    return [[(one.code, one.severity, one.at, dict(one.params)) for one in issues] for issues in found]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(USABLE), max_size=4, unique=True), st.lists(reports(), max_size=4))
def test_what_is_stored_is_told_the_same(rules: list[str], given_: list[dict[LineKey, Line]]) -> None:
    form = form_with(rules)
    kept: list[Figures] = [figures for figures in given_ if can_be_stored(form, figures)]
    rows = [
        (number, *key, *encode(line, form.table(line.table)), line.texts)
        for number, figures in enumerate(kept)
        for key, line in figures.items()
    ]
    together = run_checks_many(form, batch_of_stored(form, len(kept), rows))
    assert told(together) == told([run_checks(form, figures) for figures in kept])


def can_be_stored(form: FormDefinition, figures: Figures) -> bool:
    try:
        for line in figures.values():
            encode(line, form.table(line.table))
    except (FigureError, KeyError):
        return False
    return True


def test_a_form_is_compiled_once_a_version() -> None:
    assert compiled(form_with(())) is compiled(form_with(()))
    assert compiled(form_with(())) is not compiled(form_with(USABLE[:1]))


def lamp(form: FormDefinition, number: int) -> dict[LineKey, Line]:
    figure = Figure(Decimal(number), None, Mark.REPORTED)
    return {("own", "a", ""): Line("own", "a", "", [figure, BLANK, BLANK, BLANK], {})}


def norms(given_: Iterable[Figures]) -> Norms:
    reports_ = list(given_)
    return norms_of(batch_of(BARE, reports_), range(len(reports_)))


@settings(max_examples=40, deadline=None)
@given(st.lists(reports(), min_size=8, max_size=14))
def test_norms_are_medians(given_: list[dict[LineKey, Line]]) -> None:
    odd = batch_of(BARE, given_).odd
    for (key, column), norm in norms(given_).items():
        position = BARE.table(key[0]).positions[column]
        held = [
            one[key].figures[position].amount for number, one in enumerate(given_) if key in one and number not in odd
        ]
        known = [amount for amount in held if amount is not None]
        middle = median(known)
        assert norm == Norm(len(known), middle, median(abs(amount - middle) for amount in known))


@pytest.mark.parametrize(("own", "far"), [(100, False), (119, False), (120, True), (80, True), (81, False)])
def test_a_figure_far_from_those_around_needs_words(own: int, far: bool) -> None:
    """Nine units: median 100, median distance 2, so that 20 is far."""
    around = norms(lamp(BARE, 100 + off) for off in (-4, -3, -2, -1, 0, 1, 2, 3, 4))
    found = [one for one in run_checks(BARE, lamp(BARE, own), norms=around) if one.code == "far-from-peers"]
    assert bool(found) is far
    for one in found:
        assert one.severity == "warning"
        assert one.params == {"value": own, "median": 100, "count": 9, "times": Decimal(10)}


def test_few_units_or_units_all_alike_are_no_measure() -> None:
    few = norms(lamp(BARE, number) for number in range(7))
    alike = norms(lamp(BARE, 5) for _ in range(20))
    assert not few
    assert not [one for one in run_checks(BARE, lamp(BARE, 500), norms=alike) if one.code == "far-from-peers"]
