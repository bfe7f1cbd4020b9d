"""The report of a level from the level below: line by line, or as the sum of one form; nothing is made up."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import CellTotal, combine, total_of
from giaoban.core.crosswalk import converted
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, Mark, reported
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.models import UnitParent, UnitVersion
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation
from giaoban.reporting.rules import Change
from giaoban.reporting.selectors.filled import last_fill
from giaoban.reporting.selectors.prefilling import figure_of, prefill
from giaoban.reporting.tests.factories import (
    AT,
    COLUMNS,
    SIGNED,
    SYSTEM,
    World,
    form_data,
    make_form,
    owe,
    tiny_world,
)

UPPER = "act-1:harbours"
GOOD = "lights/unit/{}/good"
ML = "lights/unit/{}/ml"


def upper_data(**changes: Any) -> dict[str, Any]:
    """A total and a line per light, oil in millilitres where the lights report litres."""
    rows = [
        {"id": "total", "label": "Total", "sum_of": "unit"},
        {"id": "unit", "label": "Light", "parent": "total", "dynamic": {"one_per": "light"}},
    ]
    columns = [
        {"id": "good", "label": "Good", "unit": "lamp"},
        {"id": "ml", "label": "Oil", "unit": "ml", "required": False},
        {"id": "note", "label": "Remark", "kind": "text"},
    ]
    source = {
        "form": "lamps",
        "table": "own",
        "row": "total",
        "map": {"good": "good", "ml": {"column": "oil", "factor": 1000}},
    }
    table = {"id": "lights", "rows": rows, "columns": columns, "lines_from": source}
    return form_data(code="harbours", tables=[table], **changes)


@pytest.fixture
def world(db: None) -> World:
    return tiny_world()


@pytest.fixture
def upper(world: World) -> FormVersion:
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(UPPER, world.period, by=SYSTEM, at=AT)
    return form


def owed(unit_key: str, form: FormVersion) -> Obligation:
    rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
    return rows.get(unit__key=unit_key, form=form)


def fill(world: World, obligation: Obligation, **more: Any) -> services.Filled:
    return services.fill_from_below(obligation, by=world.actor(world.harbours[0]), at=AT, **more)


def test_a_line_for_each_light_that_was_accepted(world: World, upper: FormVersion) -> None:
    first = world.report("n1", all=10, good=4, oil=Decimal("1.5"))
    world.report("n2", all=3, good=NIL, oil=NOT_APPLICABLE)
    world.send("n3", all=9, good=9)
    world.report("s1", all=7, good=7)
    given = prefill(owed("north", upper))
    assert given.texts == {
        GOOD.format("n1"): "4",
        ML.format("n1"): "1.500",
        GOOD.format("n2"): "-",
        ML.format("n2"): "x",
    }
    assert [one.name for one in given.missing] == ["Light N3"]
    assert given.expected == 3
    assert [(one.unit.name, one.version, one.receipt) for one in given.used] == [
        ("Light N1", 1, first.receipt),
        ("Light N2", 1, given.used[1].receipt),
    ]


def test_filling_gives_lines_and_the_machine_the_total(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4, oil=Decimal("1.5"))
    world.report("n2", all=3, good=2)
    obligation = owed("north", upper)
    done = fill(world, obligation)
    draft = selectors.draft_of(obligation)
    assert draft is not None
    assert draft.figures["lights/total//good"] == "6"
    assert draft.figures["lights/total//ml"] == "1.500"
    assert not any("/n3/" in name for name in draft.figures)  # not reported: blank, never zero
    assert (done.changed, done.kept) == (3, ())


def test_what_was_typed_by_hand_stays_unless_all_is_asked_for(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4)
    obligation = owed("north", upper)
    name = GOOD.format("n1")
    fill(world, obligation)
    services.change_draft(obligation, {name: Change("5")}, by=world.actor(world.harbours[0]), at=AT)
    world.report("n1", all=10, good=6)
    world.report("n2", all=1, good=1)
    done = fill(world, obligation)
    draft = selectors.draft_of(obligation)
    assert draft is not None
    assert (draft.figures[name], done.kept) == ("5", (name,))
    assert draft.figures[GOOD.format("n2")] == "1"
    fill(world, obligation, everything=True)
    assert selectors.draft_of(obligation).figures[name] == "6"  # type: ignore[union-attr]


def test_what_was_filled_follows_the_next_filling(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4, oil=1)
    obligation = owed("north", upper)
    fill(world, obligation)
    world.report("n1", all=10, good=6)
    fill(world, obligation)
    draft = selectors.draft_of(obligation)
    assert draft is not None
    assert draft.figures[GOOD.format("n1")] == "6"
    assert ML.format("n1") not in draft.figures
    used = last_fill(obligation)
    assert used is not None
    assert used.versions == {(world.lights["n1"].pk, "act-1:lamps"): 2}


def test_without_anything_accepted_nothing_is_filled(world: World, upper: FormVersion) -> None:
    with pytest.raises(services.ReportingError, match="Chưa tiếp nhận"):
        fill(world, owed("north", upper))
    assert not Act.objects.filter(name="reporting.fill-from-below").exists()


def test_a_light_that_ended_has_no_line_and_is_said(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4)
    world.report("n2", all=1, good=1)
    for rows in (UnitVersion, UnitParent):
        rows.objects.filter(unit=world.lights["n2"]).update(valid_to="2024-03-01")
    orgs.grow()
    given = prefill(owed("north", upper))
    assert set(given.texts) == {GOOD.format("n1")}
    assert "Light N2" in given.notes[0]


def test_only_the_units_own_people_fill(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4)
    obligation = owed("north", upper)
    for actor in (
        world.actor(world.coast),
        world.actor(world.harbours[1]),
        world.actor(world.harbours[0], Role.INSPECTOR),
    ):
        with pytest.raises(PermissionDenied):
            services.fill_from_below(obligation, by=actor, at=AT)


def test_the_cost_does_not_grow_with_the_lights(world: World, upper: FormVersion) -> None:
    world.report("n1", all=10, good=4)
    world.report("s1", all=1, good=1)
    north, south = owed("north", upper), owed("south", upper)
    with CaptureQueriesContext(connection) as few:
        prefill(south)
    world.report("n2", all=1, good=1)
    world.report("n3", all=1, good=1)
    with CaptureQueriesContext(connection) as many:
        prefill(north)
    assert len(many) == len(few)


def test_the_same_form_is_the_sum_and_is_not_counted_twice(world: World) -> None:
    owe(world.form, world.rule, "harbour", "coast")
    services.raise_obligations(world.form.key, world.period, by=SYSTEM, at=AT)
    world.report("n1", all=10, good=4, oil=Decimal("1.5"), age=3)
    world.report("n2", all=20, good=NIL, age=5)
    obligation = owed("north", world.form)
    given = prefill(obligation)
    assert given.texts == {"own/total//all": "30", "own/total//good": "4", "own/total//oil": "1,5"}
    assert [one.name for one in given.missing] == ["Light N3"]
    assert "Mean age" in given.notes[0]
    fill(world, obligation)
    by = world.actor(world.harbours[0])
    sent = services.submit_draft(obligation, by=by, at=AT, signatures=SIGNED)
    services.accept(sent, by=world.actor(world.coast), at=AT)
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert table.total.cells["own", "total", "", "all"].value == 30
    assert table.not_summed == ("North Harbour", "South Harbour")
    again = prefill(obligation)
    assert again.texts["own/total//all"] == "30"


def test_nobody_beneath_owes_anything(world: World) -> None:
    assert not prefill(world.owed("n1")).is_possible
    with CaptureQueriesContext(connection) as queries:
        prefill(world.owed("n1"))
    assert len(queries) <= 3


def test_estimated_parts_stay_apart(db: None) -> None:
    world = tiny_world(raised=False)
    world.period.estimated_months = 1
    world.period.save()
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    for key in (world.form.key, UPPER):
        services.raise_obligations(key, world.period, by=SYSTEM, at=AT)
    world.report("n1", all=10, good=reported(4, 2))
    given = prefill(owed("north", form))
    assert given.texts[GOOD.format("n1")] == "4"
    assert given.texts[f"{GOOD.format('n1')}/estimate"] == "2"


FIGURES = st.one_of(
    st.sampled_from([NIL, NOT_APPLICABLE, BLANK]),
    st.integers(-(10**9), 10**9).map(lambda one: reported(Decimal(one))),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda pair: reported(*pair)),
)


@given(FIGURES)
def test_one_unit_alone_is_its_own_total(figure: Figure) -> None:
    found = figure_of(total_of(figure))
    assert found.mark is figure.mark
    assert found.amount == figure.amount


@given(st.lists(FIGURES, min_size=1), st.integers(0, 5))
def test_a_missing_unit_adds_nothing(figures: list[Figure], missing: int) -> None:
    parts = [total_of(one) for one in figures]
    with_missing = combine([*parts, CellTotal(missing=missing)])
    assert figure_of(with_missing) == figure_of(combine(parts))
    assert figure_of(CellTotal(missing=missing)) is BLANK


@given(FIGURES, st.sampled_from([Decimal(1000), Decimal(1), Decimal("0.001")]))
def test_another_unit_of_measure_changes_the_number_only(figure: Figure, factor: Decimal) -> None:
    found = converted(figure, factor, 3)
    assert found.mark is figure.mark
    if figure.mark is Mark.REPORTED and figure.amount is not None and found.amount is not None:
        assert abs(found.amount - figure.amount * factor) <= Decimal("0.001")


def test_the_columns_of_the_world_are_as_these_tests_think() -> None:
    assert [column["id"] for column in COLUMNS if column.get("roll_up") == "none"] == ["age"]
