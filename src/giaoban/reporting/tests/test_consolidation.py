"""Consolidated tables: sums, states, coverage, other geographies, origin of numbers, snapshots, exports."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.core.consolidation import MISSING, CellTotal, Coverage, combine, roll_up, totals_of
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, Mark, reported
from giaoban.core.layouts import Table
from giaoban.kit.permissions import Role
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period, Snapshot, Submission
from giaoban.reporting.selectors import ConsolidatedTable, ConsolidationRefused
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world, year_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def key(column: str) -> tuple[str, str, str, str]:
    return ("own", "total", "", column)


def coast(world: World) -> ConsolidatedTable:
    return selectors.consolidate(world.form, world.period, world.coast.pk)


def fill(world: World) -> None:
    """n3 and s2 send nothing; s3 sends without being accepted."""
    world.report("n1", all=10, good=4, oil=Decimal("1.5"), age=Decimal("7.5"))
    world.report("n2", all=20, good=NIL, oil=NOT_APPLICABLE)
    world.report("s1", all=NIL, good=NIL, oil=0)
    world.send("s3", all=99, good=99)


def test_lines_of_the_children_and_the_total(world: World) -> None:
    fill(world)
    table = coast(world)
    north, south = table.lines
    assert (north.label, south.label, table.total.label) == ("North Harbour", "South Harbour", "Tổng số")
    assert north.cells[key("all")] == CellTotal(Decimal(30), reported=2, missing=1)
    assert north.cells[key("good")] == CellTotal(Decimal(4), reported=1, nil=1, missing=1)
    assert south.cells[key("all")] == CellTotal(nil=1, missing=2)
    assert table.total.cells[key("all")] == CellTotal(Decimal(30), reported=2, nil=1, missing=3)
    assert table.total.cells[key("oil")] == CellTotal(Decimal("1.5"), reported=2, not_applicable=1, missing=3)
    assert (table.coverage_words, table.coverage) == ("3/6", Coverage(3, 6, ("Light N3", "Light S2", "Light S3")))
    assert table.changed_at == AT
    assert not table.simulated


def test_zero_nil_not_applicable_blank_and_missing_stay_apart(world: World) -> None:
    world.report("n1", all=0, good=0, oil=0)
    world.report("n2", all=NIL, good=NIL, oil=NIL)
    world.report("n3", all=NOT_APPLICABLE, good=NOT_APPLICABLE, oil=NOT_APPLICABLE)
    world.report("s1", all=1, good=1)
    cells = {
        unit: selectors.consolidate(world.form, world.period, world.lights[unit].pk).total.cells[key("oil")]
        for unit in world.lights
    }
    assert [cells[unit].state for unit in ("n1", "n2", "n3", "s1", "s2")] == [
        "reported", "nil", "na", "blank", "missing",
    ]  # fmt: skip
    assert cells["n1"].value == 0


def test_rates_come_from_sums_and_means_are_not_added(world: World) -> None:
    fill(world)
    north = coast(world).lines[0]
    assert north.cells[key("rate")].value == Decimal("13.33")
    world.report("n3", all=1, good=1, age=3)
    north = coast(world).lines[0]
    column = coast(world).form.table("own").columns_by_id["age"]
    assert selectors.is_not_summed(north.cells[key("age")], column)
    one = selectors.consolidate(world.form, world.period, world.lights["n1"].pk).lines[0]
    assert one.cells[key("age")].value == Decimal("7.5")


def test_a_unit_reads_its_own_report_and_a_parent_its_branch(world: World) -> None:
    fill(world)
    harbour = selectors.consolidate(world.form, world.period, world.harbours[0].pk)
    assert [line.key for line in harbour.lines] == ["n1", "n2", "n3"]
    assert harbour.lines[2].cells[key("all")] == MISSING
    own = selectors.consolidate(world.form, world.period, world.lights["n1"].pk)
    assert [(line.key, line.coverage) for line in own.lines] == [("n1", Coverage(1, 1))]


def test_a_reporter_with_reporters_beneath_is_not_added_again(world: World) -> None:
    fill(world)
    (owed,) = world.ask(world.period, [world.harbours[0]], world.coast)
    sent = services.submit(owed, figures=world.figures(all=1000, good=0), by=SYSTEM, at=AT, signatures=factories.SIGNED)
    services.accept(sent, by=SYSTEM, at=AT)
    table = coast(world)
    assert table.total.cells[key("all")].value == 30
    assert table.not_summed == ("North Harbour",)


def test_a_published_figure_without_children_does_not_state_its_coverage(world: World) -> None:
    FormVersion.objects.update(kind="capture")
    world.form.refresh_from_db()
    fill(world)
    own = selectors.consolidate(world.form, world.period, world.lights["n1"].pk)
    assert (own.coverage, own.coverage_words) == (None, "nguồn không nêu")
    assert coast(world).coverage_words == "3/6"


def test_simulated_parts_mark_the_whole(world: World) -> None:
    fill(world)
    Submission.objects.filter(obligation__unit__key="n1").update(simulated=True)
    table = coast(world)
    assert (table.simulated, [line.simulated for line in table.lines]) == (True, [True, False])
    assert selectors.simulated_units(world.form, world.period) == {world.lights["n1"].pk}


def test_an_accepted_report_counts_at_the_next_read(world: World) -> None:
    fill(world)
    assert coast(world).coverage_words == "3/6"
    services.accept(world.owed("s3").submissions.get(), by=SYSTEM, at=AT)
    assert (coast(world).coverage_words, coast(world).total.cells[key("all")].value) == ("4/6", Decimal(129))


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    counts = []
    for light in ("n1", "s1"):
        world.report(light, all=1, good=1)
        with CaptureQueriesContext(connection) as seen:
            coast(world)
        counts.append(len(seen))
    assert counts[0] <= 17
    assert counts[1] <= 6  # the layout is kept


def test_estimates_and_marks_of_some_reports_are_counted(world: World) -> None:
    """Most lines have neither, and are added without looking for them; the few that do are added beside."""
    sent = [world.report(light, all=value, good=1) for light, value in (("n1", 10), ("n2", 20), ("s1", 30))]
    line = sent[1].lines.get(table="own", row="total")
    at = list(selectors.definition_of(world.form).table("own").positions)
    marks, values, estimates = list(line.marks), list(line.values), list(line.estimates)
    estimates[at.index("all")] = 5
    marks[at.index("good")], values[at.index("good")] = int(Mark.NIL), None
    type(line).objects.filter(pk=line.pk).update(marks=marks, values=values, estimates=estimates)
    cells = coast(world).total.cells
    everything, good = cells[key("all")], cells[key("good")]
    assert (everything.value, everything.estimate, everything.reported) == (Decimal(60), Decimal(5), 3)
    assert (good.value, good.estimate, good.reported, good.nil, good.missing) == (Decimal(2), Decimal(0), 2, 1, 3)


@pytest.fixture
def lights_world(world: World) -> tuple[World, FormVersion]:
    """The harbours owe a form with one line per light."""
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return world, form


def test_lines_of_sub_units_stay_apart(lights_world: tuple[World, FormVersion]) -> None:
    world, form = lights_world
    for harbour, first in ((world.harbours[0], "n1"), (world.harbours[1], "s1")):
        figures = {
            **factories.figures_for(form, "own", "s", spare=2),
            **factories.figures_for(form, "lights", "total", all=8, broken=2),
            **factories.figures_for(form, "lights", "unit", first, all=8, broken=2),
        }
        owed = Obligation.objects.get(form=form, unit=harbour)
        services.accept(services.submit(owed, figures=figures, by=SYSTEM, at=AT), by=SYSTEM, at=AT)
    table = selectors.consolidate(form, world.period, world.coast.pk)
    assert table.total.cells["own", "s", "", "spare"].value == 4
    assert table.total.cells["lights", "total", "", "rate"].value == 25
    assert table.total.cells["lights", "unit", "n1", "all"] == CellTotal(Decimal(8), reported=1)
    assert ("lights", "unit", "s1", "all") not in table.lines[0].cells


class TestOtherGeography:
    """On 1 July 2025 north and south became one harbour, `west`; the lights n1 and s1 live on under it."""

    @pytest.fixture
    def world(self) -> World:
        then = date(2025, 7, 1)
        world = tiny_world()
        for harbour in world.harbours:
            harbour.versions.update(valid_to=then)
            harbour.parents.update(valid_to=then)
        for name, light in world.lights.items():
            light.parents.update(valid_to=then)
            if name not in ("n1", "s1"):
                light.versions.update(valid_to=then)
        west = orgs.unit("west", "harbour", name="West Harbour", under=world.coast, valid_from=then)
        for name in ("n1", "s1"):
            orgs.place(world.lights[name], west, valid_from=then)
        for harbour in world.harbours:
            orgs.pass_on(harbour, west, then)
        orgs.grow()
        world.lights["west"] = west
        fill(world)
        return world

    def read(self, world: World, unit: str, on: date = date(2026, 1, 1)) -> ConsolidatedTable:
        units = {**world.lights, "coast": world.coast, "north": world.harbours[0]}
        return selectors.consolidate(world.form, world.period, units[unit].pk, geography=on)

    def test_the_heir_holds_all_and_the_total_is_the_same(self, world: World) -> None:
        table = self.read(world, "coast")
        assert [line.key for line in table.lines] == ["west"]
        assert table.total.cells == coast(world).total.cells
        assert (table.incomplete_reason, table.geography) == ("", date(2026, 1, 1))

    def test_parts_of_the_heir_are_living_lights_and_former_harbours(self, world: World) -> None:
        table = self.read(world, "west")
        assert [line.label for line in table.lines] == [
            "Light N1", "Light S1", "phần từ North Harbour", "phần từ South Harbour",
        ]  # fmt: skip
        assert table.total.cells[key("all")] == coast(world).total.cells[key("all")]

    def test_a_predecessor_without_reports_makes_it_incomplete(self, world: World) -> None:
        period = services.open_period("quarters", year=2024, code="2024-Q2", by=SYSTEM, at=AT)
        world.ask(period, [world.lights["n2"]], world.harbours[0])
        table = selectors.consolidate(world.form, period, world.lights["west"].pk, geography=date(2026, 1, 1))
        assert [line.label for line in table.lines] == ["phần từ North Harbour"]
        assert table.absent == ("South Harbour",)
        assert "South Harbour" in table.incomplete_reason

    def test_a_unit_that_does_not_exist_then_is_refused(self, world: World) -> None:
        with pytest.raises(ConsolidationRefused, match="không tồn tại"):
            self.read(world, "north")

    def test_backwards_a_merged_unit_cannot_be_split(self, world: World) -> None:
        period = services.open_period("quarters", year=2025, code="2025-Q4", by=SYSTEM, at=AT)
        world.ask(period, [world.lights["west"]], world.coast)
        with pytest.raises(ConsolidationRefused, match="không chia được"):
            selectors.consolidate(world.form, period, world.harbours[0].pk, geography=date(2024, 1, 1))
        whole = selectors.consolidate(world.form, period, world.coast.pk, geography=date(2024, 1, 1))
        assert [line.unit for line in whole.lines] == [None]

    def test_without_a_geography_the_heir_is_refused_and_leads_to_its_predecessors(self, world: World) -> None:
        with pytest.raises(ConsolidationRefused, match="không tồn tại") as refused:
            selectors.consolidate(world.form, world.period, world.lights["west"].pk)
        assert [one.key for one in refused.value.others] == ["north", "south"]


def test_the_origin_of_a_number(world: World) -> None:
    fill(world)
    origin = selectors.cell_origin(world.form, world.period, world.coast.pk, "", key("all"))
    assert origin.cell == coast(world).total.cells[key("all")]
    assert [(part.unit.key, part.figure, part.version) for part in origin.parts] == [
        ("n2", reported(20), 1),
        ("n1", reported(10), 1),
        ("s1", NIL, 1),
    ]
    assert [unit.key for unit in origin.missing] == ["n3", "s2", "s3"]
    assert {part.receipt for part in origin.parts} == {
        one.receipt for one in Submission.objects.filter(is_current=True)
    }
    north = selectors.cell_origin(world.form, world.period, world.coast.pk, "north", key("rate"))
    assert (north.label, north.cell.value, len(north.parts)) == ("North Harbour", Decimal("13.33"), 2)
    with pytest.raises(KeyError):
        selectors.cell_origin(world.form, world.period, world.coast.pk, "east", key("all"))


def test_the_origin_shows_the_warning_and_its_explanation(world: World) -> None:
    earlier = year_before(world)
    for period, figures in ((earlier, {"all": 10, "good": 1}), (world.period, {"all": 20, "good": 1})):
        sent = services.submit(
            world.owed("n1", period),
            figures=world.figures(**figures),
            by=SYSTEM,
            at=AT,
            signatures=factories.SIGNED,
            explanations={"large-change:own/total//all": "a second tower"},
        )
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    (part,) = selectors.cell_origin(world.form, world.period, world.coast.pk, "north", key("all")).parts
    assert ([issue.code for issue in part.issues], part.explanation) == (["large-change"], "a second tower")


def test_a_confirmed_table_stays_while_the_live_one_moves(world: World) -> None:
    fill(world)
    by = world.actor(world.coast, Role.RECEIVER)
    services.confirm_table(FORM_KEY, world.period, world.coast.pk, by=by, at=AT)
    confirmed = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    assert confirmed is not None
    live = coast(world)
    assert (confirmed.table.lines, confirmed.table.total) == (live.lines, live.total)
    assert (confirmed.by, confirmed.at, confirmed.intact) == (by.name, AT, True)
    assert selectors.compare(selectors.live_reading(live), confirmed) == []
    world.report("n1", all=11, good=4, oil=Decimal("1.5"), age=Decimal("7.5"), at=moment(2024, 4, 5))
    differences = selectors.compare(selectors.live_reading(coast(world)), confirmed)
    assert [(one.line_key, one.key[3]) for one in differences] == [
        ("north", "all"), ("north", "rate"), ("", "all"), ("", "rate"),
    ]  # fmt: skip
    Snapshot.objects.update(checksum="0" * 64)
    changed = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    assert changed is not None
    assert not changed.intact


def test_only_those_who_may_confirm(world: World) -> None:
    with pytest.raises(Exception, match="chốt bảng tổng hợp"):
        services.confirm_table(FORM_KEY, world.period, world.coast.pk, by=world.actor(world.harbours[0]), at=AT)
    assert not Snapshot.objects.exists()


def test_exports_are_the_same_bytes_each_time(world: World) -> None:
    fill(world)
    first, second = selectors.export_table(coast(world)), selectors.export_table(coast(world))
    assert first == second
    rows = first.splitlines()
    assert rows[0].startswith("unit,form,period,instalment,table,line,subunit,column,value,estimate,mark,reported")
    said = "Đúng như đã báo cáo: cây đơn vị ngày 31/03/2024."
    assert f"TOTAL,act-1:lamps,2024-Q1,,own,total,,all,30,,,2,1,0,0,3,0,2024-03-31,exact,1,{said},0,live,," in rows
    assert "south,act-1:lamps,2024-Q1,,own,total,,all,,,nil,0,1,0,0,2,0,2024-03-31,exact,1,,0,live,," in rows
    sent = selectors.current_of(world.owed("n1"))
    assert sent is not None
    assert "n1,act-1:lamps,2024-Q1,,own,total,,oil,1.5,," in selectors.export_submission(sent).splitlines()


def test_one_free_name_with_two_reporters_is_not_one_line_of_the_total(world: World) -> None:
    data = factories.dynamic_form_data()
    data["tables"][1]["rows"][1]["dynamic"]["one_per"] = "rock"
    orgs.kind("rock")
    form = factories.make_form(data)
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    for harbour, names in ((world.harbours[0], ("Old Rock", "Seal")), (world.harbours[1], ("Old Rock",))):
        figures = {
            **factories.figures_for(form, "own", "s", spare=2),
            **factories.figures_for(form, "lights", "total", all=len(names)),
        }
        for name in names:
            figures |= factories.figures_for(form, "lights", "unit", name, all=1)
        owed = Obligation.objects.get(form=form, unit=harbour)
        services.accept(services.submit(owed, figures=figures, by=SYSTEM, at=AT), by=SYSTEM, at=AT)
    text = selectors.export_table(selectors.consolidate(form, world.period, world.coast.pk))
    lines = [row.split(",") for row in text.splitlines() if ",unit," in row and ",all," in row]
    assert [(line[0], line[6]) for line in lines] == [
        ("north", "Old Rock"), ("north", "Seal"), ("south", "Old Rock"), ("TOTAL", "Seal"),
    ]  # fmt: skip


def test_figures_by_unit_reads_accepted_reports_in_one_query(world: World) -> None:
    fill(world)
    selectors.definition_of(world.form)
    with CaptureQueriesContext(connection) as seen:
        found = selectors.figures_by_unit(world.form, world.period, "own", "total", ["all", "oil"])
    assert len(seen) == 1
    assert found == {
        world.lights["n1"].pk: {"all": reported(10), "oil": reported(Decimal("1.5"))},
        world.lights["n2"].pk: {"all": reported(20), "oil": NOT_APPLICABLE},
        world.lights["s1"].pk: {"all": NIL, "oil": reported(0)},
    }


def test_the_board_of_a_receiver(world: World) -> None:
    fill(world)
    services.return_for_correction(world.owed("s3").submissions.get(), reason="too many", by=SYSTEM, at=AT)
    orgs.post(orgs.person("dung", "Dung"), world.lights["s2"], Role.OFFICER)
    counts = []
    for harbour in world.harbours:
        with CaptureQueriesContext(connection) as seen:
            board = selectors.reception(harbour.pk, world.form, world.period, date(2024, 4, 12))
        counts.append(len(seen))
    assert [(row.unit.key, row.state.value, row.timing.days) for row in board.rows] == [
        ("s1", "accepted", 0), ("s2", "missing", 2), ("s3", "returned", 2),
    ]  # fmt: skip
    assert (board.expected, board.received, board.rows[2].reason) == (3, 1, "too many")
    assert [person.name for person in board.rows[1].people] == ["Dung"]
    assert (board.rows[0].filled, board.rows[0].required) == (2, 2)
    assert counts[0] == counts[1] <= 7


def test_late_and_missing_beneath_a_unit(world: World) -> None:
    world.report("n1", all=1, good=1)
    world.report("s1", all=1, good=1, at=moment(2024, 4, 15))
    found = selectors.late_and_missing(world.form, world.period, world.coast.pk, date(2024, 4, 20))
    assert [(row.unit.key, row.timing.days) for row in found.late] == [("s1", 5)]
    assert [row.unit.key for row in found.missing] == ["n2", "n3", "s2", "s3"]
    assert (found.received, found.expected) == (2, 6)


def test_campaigns_are_counted_per_receiver_and_beneath(world: World) -> None:
    fill(world)
    (mine,) = selectors.receptions_for(world.actor(world.harbours[1]), date(2024, 4, 12))
    assert (mine.expected, mine.accepted, mine.sent, mine.returned, mine.missing, mine.late) == (3, 1, 1, 0, 1, 1)
    assert mine.receiver is not None
    (beneath,) = selectors.tables_beneath(world.coast.pk, date(2024, 4, 12))
    assert (beneath.expected, beneath.accepted, beneath.missing) == (6, 3, 2)
    assert selectors.tables_beneath(world.lights["n1"].pk, date(2024, 4, 12))[0].expected == 1


figure = st.one_of(
    st.just(NIL),
    st.just(NOT_APPLICABLE),
    st.integers(0, 10**6).map(reported),
    st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: reported(*pair)),
)
oil = st.one_of(st.just(BLANK), figure, st.integers(0, 9999).map(lambda n: reported(Decimal(n).scaleb(-1))))
report = st.fixed_dictionaries({"all": figure, "good": figure, "oil": oil, "age": oil})


class TestAgainstPlainAddition(TestCase):
    """The database adds up what plain Python adds up, for every column, line and the total."""

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.one_of(st.none(), report), min_size=6, max_size=6))
    def test_sums(self, reports: list[dict[str, Figure] | None]) -> None:
        world = tiny_world()
        Period.objects.update(estimated_months=1)
        sent_by = dict(zip(world.lights, reports, strict=True))
        for light, cells in sent_by.items():
            if cells is not None and not _exceeds(cells):
                figures = factories.figures_for(world.form, "own", "total", **cells)
                sent = services.submit(
                    world.owed(light), figures=figures, by=SYSTEM, at=AT, signatures=factories.SIGNED
                )
                services.accept(sent, by=SYSTEM, at=AT)
        table = coast(world)
        layout = table.form.table("own")
        north, south = table.lines
        sides = ((north, ("n1", "n2", "n3")), (south, ("s1", "s2", "s3")), (table.total, tuple(world.lights)))
        for line, lights in sides:
            ones = [_ones(layout, sent_by[light]) for light in lights]
            raw = {column.id: combine(one[column.id] for one in ones) for column in layout.numeric}
            expected = roll_up(layout, raw)
            assert {column: line.cells[key(column)] for column in expected} == expected


def _exceeds(cells: dict[str, Figure]) -> bool:
    part, whole = cells["good"].amount, cells["all"].amount
    return part is not None and whole is not None and part > whole


def _ones(table: Table, cells: dict[str, Figure] | None) -> dict[str, CellTotal]:
    """What one light gave, as totals of one."""
    if cells is None or _exceeds(cells):
        return {column.id: MISSING for column in table.numeric}
    return totals_of(table, [cells.get(column.id, BLANK) for column in table.numeric])
