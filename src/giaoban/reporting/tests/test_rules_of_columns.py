"""Columns that are not summed: the database, the reading one by one and plain Python give the same, exactly."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.core.consolidation import (
    MISSING,
    CellTotal,
    Weighed,
    combine,
    part_of,
    roll_up,
    total_of,
    totals_of,
)
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, reported
from giaoban.orgs.models import UnitSuccession
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.selectors import ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.selectors.consolidation import consolidate_one_by_one
from giaoban.reporting.selectors.snapshots import _freeze_cell, cells_from
from giaoban.reporting.selectors.texts import written
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

THEN, NOW = date(2025, 1, 1), date(2025, 6, 1)
LIGHTS = ("n1", "n2", "n3", "s1", "s2", "s3")
COLUMNS: list[dict[str, Any]] = [
    {"id": "lamps", "label": "Lamps", "unit": "lamp", "required": False},
    {"id": "high", "label": "Longest", "unit": "day", "scale": 1, "roll_up": "max", "required": False},
    {"id": "low", "label": "Shortest", "unit": "day", "scale": 1, "roll_up": "min", "required": False},
    {
        "id": "mean",
        "label": "Mean",
        "unit": "day",
        "scale": 2,
        "roll_up": "weighted",
        "weight": "lamps",
        "required": False,
    },
    {"id": "grade", "label": "Grade", "unit": "point", "roll_up": "last", "required": False},
    {"id": "wishes", "label": "Wishes", "kind": "text", "roll_up": "texts"},
]


def ruled_form() -> FormVersion:
    """A table of one line, and one of a line per light whose columns ask other things of the same positions."""
    own = {"id": "own", "rows": [{"id": "total"}], "columns": COLUMNS}
    others = [
        {"id": "oil", "label": "Oil", "unit": "litre", "scale": 2, "roll_up": "min", "required": False},
        {"id": "most", "label": "Most", "unit": "litre", "roll_up": "max", "required": False},
    ]
    lights = {"id": "lights", "rows": [{"id": "unit", "dynamic": {"named": "lamp"}}], "columns": others}
    return factories.make_form(factories.form_data(code="ruled", signatures=[], tables=[own, lights]))


def ruled_world() -> tuple[World, FormVersion]:
    world, form = tiny_world(), ruled_form()
    Period.objects.update(estimated_months=1)
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return world, form


def send(form: FormVersion, light: str, figures: Mapping[Any, Any]) -> None:
    owed = Obligation.objects.select_related("form", "period__rule", "unit").get(form=form, unit__key=light)
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, amendment_reason="counted again")
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)


def own(form: FormVersion, **cells: Figure | int | str) -> Mapping[Any, Any]:
    return factories.figures_for(form, "own", "total", **cells)


def key(column: str) -> tuple[str, str, str, str]:
    return ("own", "total", "", column)


def values(line: ConsolidatedLine, *columns: str) -> list[Decimal | None]:
    return [line.cells[key(column)].value for column in columns]


def divide(world: World, old: str, share: str) -> None:
    """On the day THEN a light passes to a new one in the north and one in the south, the first with this share."""
    light = world.lights[old]
    light.versions.update(valid_to=THEN)
    light.parents.update(valid_to=THEN)
    shares = (Decimal(share), 1 - Decimal(share))
    for side, harbour, part in zip("ns", world.harbours, shares, strict=True):
        heir = orgs.unit(f"{side}-{old}", "light", name=f"{side} {old}", under=harbour, valid_from=THEN)
        UnitSuccession.objects.create(old=light, new=heir, on=THEN, kind="split", whole=False, share=part)
    orgs.grow()


@pytest.fixture
def ruled() -> tuple[World, FormVersion]:
    return ruled_world()


def test_each_rule_in_the_table_of_a_unit(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    send(form, "n1", own(form, lamps=10, high=7, low=7, mean=30, grade=3, wishes="more oil"))
    send(form, "n2", own(form, lamps=30, high=NIL, low=NIL, mean=10, grade=4))
    send(form, "s1", own(form, high=reported(5, 3), low=9, mean=50, wishes=" a boat "))
    table = selectors.consolidate(form, world.period, world.coast.pk)
    north, _ = table.lines
    assert values(north, "lamps", "high", "low", "mean", "grade") == [40, 7, 7, 15, None]
    total = table.total.cells
    assert total[key("high")] == CellTotal(Decimal(5), Decimal(3), reported=2, nil=1, missing=3)
    assert values(table.total, "mean") == [15]
    assert (total[key("mean")].left_out, total[key("mean")].reported) == (1, 3)
    columns = table.form.table("own").columns_by_id
    assert [name for name in ("high", "mean", "grade") if selectors.is_not_summed(total[key(name)], columns[name])] == [
        "grade"
    ]
    one = selectors.consolidate(form, world.period, world.lights["n1"].pk).total
    assert values(one, "grade", "mean") == [3, 30]
    origin = selectors.cell_origin(form, world.period, world.coast.pk, "", key("mean"))
    assert (origin.cell, origin.cell.kept) == (total[key("mean")], Weighed(Decimal(600), Decimal(40), 2, 1))


def test_texts_are_listed_with_the_units_that_wrote_them(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    send(form, "s1", own(form, lamps=1, wishes=" a boat "))
    send(form, "n1", own(form, lamps=1, wishes="=more oil"))
    table = selectors.consolidate(form, world.period, world.coast.pk)
    assert [text.text for text in table.lines[0].texts[key("wishes")]] == ["=more oil"]
    assert [(text.name, text.text) for text in table.total.texts[key("wishes")]] == [
        ("Light N1", "=more oil"),
        ("Light S1", "a boat"),
    ]
    rows = list(csv.DictReader(io.StringIO(selectors.export_table(table))))
    found = [(row["unit"], row["value"]) for row in rows if row["column"] == "wishes"]
    assert found == [("north", "Light N1: =more oil"), ("south", "Light S1: a boat")]
    assert next(row for row in rows if row["column"] == "grade" and row["unit"] == "north")["mark"] == ""


def test_lines_of_another_table_keep_their_own_rules(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    for light, oil, most in (("n1", "1.25", 3), ("n2", "0.75", 9)):
        figures = dict(own(form, lamps=1))
        figures |= factories.figures_for(form, "lights", "unit", "big", oil=Decimal(oil), most=most)
        send(form, light, figures)
    cells = selectors.consolidate(form, world.period, world.coast.pk).total.cells
    assert cells["lights", "unit", "big", "oil"].value == Decimal("0.75")
    assert cells["lights", "unit", "big", "most"].value == 9


def test_the_number_of_queries_is_the_same_for_many_units(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    counts = []
    for light in LIGHTS:
        send(form, light, own(form, lamps=1, high=2, wishes="oil"))
        with CaptureQueriesContext(connection) as seen:
            selectors.consolidate(form, world.period, world.coast.pk)
        counts.append(len(seen))
    assert counts[2] == counts[5] <= 8


def test_the_report_of_the_level_above_is_filled_by_the_same_rules(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    send(form, "n1", own(form, lamps=10, high=7, mean=30, grade=3))
    send(form, "n2", own(form, lamps=30, high=9, mean=10, grade=4))
    owed = Obligation.objects.select_related("form", "period__rule", "unit").get(form=form, unit=world.harbours[0])
    found = selectors.prefill(owed)
    texts = {name.split("/")[3]: text for name, text in found.texts.items()}
    assert texts == {"lamps": "40", "high": "9,0", "mean": "15,00"}
    assert found.notes == ("Không cộng được, nhập tay: Grade.",)


def test_what_counts_in_shares(ruled: tuple[World, FormVersion]) -> None:
    """n2 passes to the north with a quarter: its lamps and its mean are divided, its longest wait is not."""
    world, form = ruled
    send(form, "n1", own(form, lamps=10, high=7, mean=30, wishes="more oil"))
    send(form, "n2", own(form, lamps=40, high=9, mean=10, wishes="a boat"))
    divide(world, "n2", "0.25")
    table = selectors.consolidate(form, world.period, world.coast.pk, geography=NOW)
    north, south = table.line("north"), table.line("south")
    assert values(north, "lamps", "mean", "high") == [20, 20, None]
    assert values(south, "lamps", "mean", "high") == [30, 10, None]
    assert values(table.total, "lamps", "mean") == [50, 14]
    assert north.is_shared
    assert [text.text for text in south.texts[key("wishes")]] == ["a boat"]
    assert [text.text for text in table.total.texts[key("wishes")]] == ["more oil", "a boat"]


small = st.integers(0, 9999).map(lambda number: Decimal(number).scaleb(-1))
figure = st.one_of(
    st.sampled_from([NIL, NOT_APPLICABLE, BLANK]),
    st.builds(reported, st.integers(0, 999), st.none() | st.integers(0, 99)),
)
tenth = st.one_of(st.sampled_from([NIL, NOT_APPLICABLE, BLANK]), st.builds(reported, small, st.none() | small))
report = st.fixed_dictionaries({"lamps": figure, "high": tenth, "low": tenth, "mean": tenth, "grade": figure})
reports = st.lists(st.none() | report, min_size=6, max_size=6)


class TestAgainstPlainAddition(TestCase):
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(reports, st.randoms())
    def test_three_ways_agree_whatever_the_order_of_arrival(self, given_: list[Any], random: Any) -> None:
        world, form = ruled_world()
        sent_by = dict(zip(LIGHTS, given_, strict=True))
        order = [light for light in LIGHTS if sent_by[light] is not None]
        random.shuffle(order)
        for light in order:
            send(form, light, own(form, **sent_by[light]))
        table = selectors.consolidate(form, world.period, world.coast.pk)
        single = consolidate_one_by_one(form, world.period, world.coast.pk, geography=table.geography, divided="refuse")
        sides = (("north", LIGHTS[:3]), ("south", LIGHTS[3:]), ("", LIGHTS))
        for name, lights in sides:
            expected = plain(table, {light: sent_by[light] for light in lights})
            assert_same(table.line(name), single.line(name))
            assert {column: table.line(name).cells[key(column)] for column in expected} == expected

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(reports, st.integers(1, 99))
    def test_the_recast_of_sums_is_the_sum_of_recasts(self, given_: list[Any], hundredths: int) -> None:
        """n2 and s2 are divided: each line is the sum of its parts, and the total holds each of them once."""
        world, form = ruled_world()
        sent_by = dict(zip(LIGHTS, given_, strict=True))
        for light, cells in sent_by.items():
            if cells is not None:
                send(form, light, own(form, **cells))
        share = Decimal(hundredths).scaleb(-2)
        for light in ("n2", "s2"):
            divide(world, light, str(share))
        table = selectors.consolidate(form, world.period, world.coast.pk, geography=NOW)
        layout = table.form.table("own")
        both = ("n2", "s2")
        for side, whole, part in (("north", ("n1", "n3"), share), ("south", ("s1", "s3"), 1 - share)):
            line = [unit(layout, sent_by[one]) for one in whole]
            line += [{name: part_of(cell, part) for name, cell in unit(layout, sent_by[one]).items()} for one in both]
            raw = {column.id: combine(one[column.id] for one in line) for column in layout.numeric}
            assert_raw(table.line(side), raw)
        once = [unit(layout, sent_by[one]) for one in LIGHTS]
        expected = {column.id: combine(one[column.id] for one in once) for column in layout.numeric}
        for name in ("lamps", "mean"):
            assert total(table.total.raw[key(name)]) == total(expected[name])
        before = selectors.consolidate(form, world.period, world.coast.pk).total
        assert table.total.cells[key("lamps")] == before.cells[key("lamps")]

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(reports, reports)
    def test_amending_and_reading_again_is_a_fresh_load(self, first: list[Any], second: list[Any]) -> None:
        """Every ancestor reads what was accepted last, as if nothing else had ever come."""
        amended = read_after(first, second)
        with_only_the_last = [new if new is not None else old for old, new in zip(first, second, strict=True)]
        assert amended == read_after(with_only_the_last, [None] * 6)


def read_after(first: Iterable[Any], second: Iterable[Any]) -> dict[str, Any]:
    """What the nation, a harbour and a light read when both have come; the world is gone afterwards."""
    with transaction.atomic():
        world, form = ruled_world()
        for given_ in (first, second):
            for light, cells in zip(LIGHTS, given_, strict=True):
                if cells is not None:
                    send(form, light, own(form, **cells))
        units = {"coast": world.coast, "north": world.harbours[0], **world.lights}
        found = {
            name: [
                (line.key, line.cells, [cell.kept for cell in line.cells.values()], line.coverage)
                for line in (*table.lines, table.total)
            ]
            for name, table in (
                (name, selectors.consolidate(form, world.period, one.pk)) for name, one in units.items()
            )
        }
        transaction.set_rollback(True)
    return found


def unit(layout: Any, cells: Mapping[str, Figure] | None) -> dict[str, CellTotal]:
    if cells is None:
        return dict.fromkeys(layout.positions, MISSING)
    return totals_of(layout, [cells[column.id] for column in layout.numeric])


def plain(table: ConsolidatedTable, sent_by: Mapping[str, Mapping[str, Figure] | None]) -> dict[str, CellTotal]:
    layout = table.form.table("own")
    units = [unit(layout, cells) for cells in sent_by.values()]
    return roll_up(layout, {column.id: combine(one[column.id] for one in units) for column in layout.numeric})


def total(cell: CellTotal) -> tuple[object, ...]:
    return cell.value, cell.estimate, cell.kept


def assert_raw(line: ConsolidatedLine, raw: Mapping[str, CellTotal]) -> None:
    for name in ("lamps", "mean"):
        assert total(line.raw[key(name)]) == total(raw[name])


def assert_same(one: ConsolidatedLine, other: ConsolidatedLine) -> None:
    assert one == other
    assert [cell.kept for cell in one.cells.values()] == [cell.kept for cell in other.cells.values()]
    assert [total(cell) for cell in one.raw.values()] == [total(cell) for cell in other.raw.values()]


def test_a_total_of_one_says_what_its_figure_says() -> None:
    assert total_of(reported(3, 1)).total == 4


def other_world(*columns: dict[str, Any]) -> tuple[World, FormVersion]:
    world = tiny_world()
    Period.objects.update(estimated_months=1)
    table = {"id": "own", "rows": [{"id": "total"}], "columns": list(columns)}
    form = factories.make_form(factories.form_data(code="other", signatures=[], tables=[table]))
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return world, form


def test_the_estimate_of_an_extreme_keeps_its_sign() -> None:
    signed = {"unit": "day", "signed": True, "required": False}
    world, form = other_world(
        {"id": "high", "label": "H", "roll_up": "max", **signed},
        {"id": "low", "label": "L", "roll_up": "min", **signed},
    )
    send(form, "n1", own(form, high=reported(10, -3), low=reported(-10, -3)))
    send(form, "n2", own(form, high=5, low=5))
    total = selectors.consolidate(form, world.period, world.coast.pk).total.cells
    assert [total[key(one)].value for one in ("high", "low")] == [10, -10]
    assert [total[key(one)].estimate for one in ("high", "low")] == [-3, -3]
    assert selectors.cell_origin(form, world.period, world.coast.pk, "", key("high")).cell == total[key("high")]


def test_a_rate_is_not_made_of_the_figures_of_other_units() -> None:
    plain = {"unit": "case", "required": False}
    rate = {"id": "q", "label": "Q", "unit": "%", "roll_up": "rate", "formula": "100 * a / b", "required": False}
    world, form = other_world({"id": "a", "label": "A", **plain}, {"id": "b", "label": "B", **plain}, rate)
    send(form, "n1", own(form, a=5))
    send(form, "s1", own(form, b=100))
    for read in (selectors.consolidate, one_by_one):
        cells = read(form, world.period, world.coast.pk).total.cells
        assert [cells[key(one)].value for one in ("a", "b", "q")] == [5, 100, None]
    send(form, "n1", own(form, a=5, b=10))
    send(form, "s1", own(form))
    for read in (selectors.consolidate, one_by_one):
        assert read(form, world.period, world.coast.pk).total.cells[key("q")].value == 50


def one_by_one(form: FormVersion, period: Period, unit_id: int) -> ConsolidatedTable:
    return consolidate_one_by_one(form, period, unit_id, geography=period.end - date.resolution, divided="refuse")


def test_a_mean_without_weights_says_so_everywhere(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    send(form, "n1", own(form, mean=30))
    send(form, "n2", own(form, mean=50))
    table = selectors.consolidate(form, world.period, world.coast.pk)
    cell, column = table.total.cells[key("mean")], table.form.table("own").columns_by_id["mean"]
    assert (cell.value, cell.left_out, selectors.is_not_summed(cell, column)) == (None, 2, True)
    (row,) = [
        row
        for row in csv.DictReader(io.StringIO(selectors.export_table(table)))
        if (row["unit"], row["column"]) == ("TOTAL", "mean")
    ]
    assert (row["mark"], row["left_out"]) == ("not-summed", "2")


def test_what_is_left_out_stays_with_a_frozen_cell(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    send(form, "n1", own(form, lamps=1, mean=30))
    send(form, "s1", own(form, mean=50))
    live = selectors.consolidate(form, world.period, world.coast.pk).total.cells[key("mean")]
    frozen = _freeze_cell(live)
    assert (cells_from([[*key("mean"), *frozen]])[key("mean")].left_out, frozen[-1]) == (1, 1)
    assert cells_from([[*key("mean"), *frozen[:-1]]])[key("mean")] == live


def test_the_texts_of_other_units_are_not_read(ruled: tuple[World, FormVersion]) -> None:
    world, form = ruled
    for light in ("n1", "s1", "s2"):
        send(form, light, own(form, lamps=1, wishes="oil"))
    definition = selectors.definition_of(form)
    rows = written(definition, form.pk, [world.period.pk], [world.lights["n1"].pk])
    assert [row.unit_key for row in rows] == ["n1"]
