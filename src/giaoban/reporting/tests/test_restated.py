"""Tables, comparisons and pages that read a period in the tree of another day, and say how far that holds."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.core.consolidation import Coverage
from giaoban.core.restating import Reason
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit, UnitSuccession
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Submission, SubmissionLine
from giaoban.reporting.selectors import ConsolidatedTable, ConsolidationRefused
from giaoban.reporting.selectors.consolidation import consolidate_one_by_one
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world, year_before
from giaoban.reporting.web.shaping.trees import tree_choices

THEN = date(2025, 1, 1)
NOW = date(2025, 6, 1)
ALL = ("own", "total", "", "all")
RATE = ("own", "total", "", "rate")
AGE = ("own", "total", "", "age")

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def end(unit: Unit) -> None:
    unit.versions.update(valid_to=THEN)
    unit.parents.update(valid_to=THEN)


def merge(world: World, *olds: str, into: str, under: Unit) -> Unit:
    """The lights become one new light on the day THEN."""
    heir = orgs.unit(into, "light", name=f"Light {into.upper()}", under=under, valid_from=THEN)
    for old in olds:
        end(world.lights[old])
        orgs.pass_on(world.lights[old], heir, THEN)
    orgs.grow()
    return heir


def divide(world: World, old: str, parts: dict[str, tuple[Unit, str | None]]) -> dict[str, Unit]:
    """The light ends on the day THEN and passes to new ones, in shares or without."""
    end(world.lights[old])
    made = {}
    for key, (under, share) in parts.items():
        made[key] = orgs.unit(key, "light", name=f"Light {key.upper()}", under=under, valid_from=THEN)
        UnitSuccession.objects.create(
            old=world.lights[old],
            new=made[key],
            on=THEN,
            kind="split",
            whole=False,
            share=Decimal(share) if share else None,
        )
    orgs.grow()
    return made


def read(world: World, unit: Unit, **how: object) -> ConsolidatedTable:
    return selectors.consolidate(world.form, world.period, unit.pk, **{"geography": NOW, **how})  # type: ignore[arg-type]


def by_line(table: ConsolidatedTable) -> dict[str, Decimal | None]:
    return {line.key: line.cells[ALL].value for line in table.lines}


def own_csv(world: World, unit: Unit) -> str:
    return selectors.export_table(selectors.consolidate(world.form, world.period, unit.pk))


def test_ten_and_seven_are_seventeen_and_nothing_is_lost(world: World) -> None:
    north = world.harbours[0]
    world.report("n1", all=10, good=4, age=2)
    world.send("n2", all=1, good=1)
    services.return_for_correction(world.owed("n2").submissions.get(), reason="one is missing", by=SYSTEM, at=AT)
    world.report("n2", all=7, good=6, age=4)
    history = apps.get_model("reporting", "SubmissionEvent")._default_manager
    kept = (Submission.objects.count(), SubmissionLine.objects.count(), history.count())
    before = own_csv(world, north)
    merge(world, "n1", "n2", into="n12", under=north)
    table = read(world, north)
    assert by_line(table) == {"n12": 17, "n3": None}
    line = table.line("n12")
    assert (line.cells[RATE].value, line.cells[AGE].value) == (Decimal("58.82"), None)
    assert (line.restatement.outcome, table.restatement.outcome) == ("exact", "exact")
    assert "2 đơn vị chuyển toàn bộ" in line.restatement.sentence
    assert (Submission.objects.count(), SubmissionLine.objects.count(), history.count()) == kept
    assert own_csv(world, north) == before
    assert by_line(selectors.consolidate(world.form, world.period, north.pk)) == {"n1": 10, "n2": 7, "n3": None}
    parts = selectors.cell_origin(world.form, world.period, north.pk, "n12", ALL, geography=NOW).parts
    assert [(one.unit.key, one.version) for one in parts] == [("n1", 1), ("n2", 2)]


def test_the_sums_of_the_predecessors_are_the_figures_of_the_heirs(world: World) -> None:
    """Harbours as provinces: what each reported stays, and the merged one has their sum."""
    north = world.harbours[0]
    for number, light in enumerate(world.lights):
        world.report(light, all=10**number, good=0)
    reported = {one.key: read(world, one, geography=None).total.cells[ALL].value for one in world.harbours}
    west = orgs.unit("west", "harbour", under=world.coast, valid_from=THEN)
    for harbour in world.harbours:
        end(harbour)
        orgs.pass_on(harbour, west, THEN)
    for one in world.lights.values():
        one.parents.update(valid_to=THEN)
        orgs.place(one, west, valid_from=THEN)
    orgs.grow()
    assert {one.key: read(world, one, geography=None).total.cells[ALL].value for one in world.harbours} == reported
    assert read(world, west).total.cells[ALL].value == sum(value or 0 for value in reported.values()) == 111111
    assert read(world, world.coast).restatement.outcome == "exact"
    with pytest.raises(ConsolidationRefused) as refused:
        read(world, north)
    assert refused.value.restatement.reason is Reason.NOT_THERE
    assert [one.key for one in refused.value.others] == ["west"]
    assert [one.key for one in selectors.stand_for(west.pk, date(2024, 3, 31), NOW)] == ["north", "south"]


def test_shares_count_in_part_and_once_in_the_total(world: World) -> None:
    north, south = world.harbours
    world.report("s1", all=10, good=5, age=3)
    world.report("n1", all=5, good=5)
    heirs = divide(world, "s1", {"s9": (south, "0.4"), "n9": (north, "0.6")})
    coast = read(world, world.coast)
    assert by_line(coast) == {"north": 11, "south": 4}
    assert [line.restatement.outcome for line in coast.lines] == ["by_method", "by_method"]
    assert coast.restatement.outcome == "exact"
    assert coast.total.cells[ALL].value == 15
    assert coast.coverage is not None
    assert (coast.coverage.received, coast.coverage.expected) == (2, 6)
    assert [line.coverage and line.coverage.words() for line in coast.lines] == ["2/4", "1/3"]
    table = read(world, north)
    assert by_line(table) == {"n1": 5, "n2": None, "n3": None, "n9": 6}
    assert table.restatement.outcome == "by_method"
    assert table.line("n9").cells[RATE].value == 50
    assert "Light S1 0,6" in table.restatement.sentence
    own = read(world, heirs["n9"])
    assert own.total.cells[AGE].value is None
    (part,) = selectors.cell_origin(world.form, world.period, north.pk, "n9", ALL, geography=NOW).parts
    assert part.figure.value == 10
    assert part.share == Decimal("0.6")
    assert selectors.cell_origin(world.form, world.period, north.pk, "n9", ALL, geography=NOW).cell.value == 6
    rows = list(csv.DictReader(io.StringIO(selectors.export_table(table))))
    row = next(one for one in rows if (one["unit"], one["column"]) == ("n9", "all"))
    assert (row["value"], row["outcome"], row["geography"]) == ("6", "by_method", "2025-06-01")
    assert "chia theo tỷ lệ" in row["sentence"]


def test_a_divided_unit_stays_whole_in_the_total_of_all_its_heirs(world: World) -> None:
    south = world.harbours[1]
    world.report("s1", all=10, good=5)
    divide(world, "s1", {"s8": (south, None), "s9": (south, None)})
    table = read(world, south)
    assert by_line(table) == {"s2": None, "s3": None, "undivided:s1": 10}
    line = table.line("undivided:s1")
    assert (line.restatement.outcome, line.restatement.reason, line.in_total) == ("refused", Reason.DIVIDED, True)
    assert line.note == "Giữ ở đơn vị cũ, có trong tổng; nơi nhận: Light S8, Light S9; không có tỷ lệ."
    assert table.restatement.outcome == "exact"
    assert table.total.cells[ALL].value == 10
    assert [(one.key, one.counted) for one in table.restatement.breaks] == [("s1", True)]


def test_a_divided_unit_is_refused_or_kept_beside_the_total(world: World) -> None:
    north, south = world.harbours
    world.report("s1", all=10, good=5)
    world.report("s2", all=3, good=1)
    divide(world, "s1", {"s9": (south, None), "n9": (north, None)})
    with pytest.raises(ConsolidationRefused) as refused:
        read(world, south)
    assert [one.words() for one in refused.value.restatement.breaks] == [
        "Light S1 → Light S9, Light N9: không tính vào tổng"
    ]
    table = read(world, south, divided="keep")
    assert by_line(table) == {"s2": 3, "s3": None, "undivided:s1": 10}
    assert table.restatement.outcome == "by_method"
    assert table.total.cells[ALL].value == 3
    assert table.coverage == Coverage(1, 2, ("Light S3",))
    assert not table.line("undivided:s1").in_total
    rows = csv.DictReader(io.StringIO(selectors.export_table(table)))
    assert {row["unit"]: row["in_total"] for row in rows} == {"s2": "1", "s3": "1", "undivided:s1": "0", "TOTAL": "1"}
    assert read(world, world.coast).total.cells[ALL].value == 13
    origin = selectors.cell_origin(world.form, world.period, south.pk, "", ALL, geography=NOW, divided="keep")
    assert [part.unit.key for part in origin.parts] == ["s2"]


def test_a_gap_in_the_list_of_heirs_does_not_leave_the_unit_above(world: World) -> None:
    """Sources lost one heir of s1; its harbour lives on, so what s1 reported stays in it, on no line but its own."""
    world.report("s1", all=10, good=5)
    divide(world, "s1", {"s9": (world.harbours[1], None)})
    assert by_line(read(world, world.coast)) == {"north": None, "south": 10}
    assert by_line(read(world, world.harbours[1])) == {"s2": None, "s3": None, "undivided:s1": 10}
    with pytest.raises(ConsolidationRefused):
        read(world, Unit.objects.get(key="s9"))


def test_a_tree_that_is_only_known_later_says_so(world: World) -> None:
    world.lights["n1"].versions.update(known_on=date(2024, 12, 31))
    own = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert own.restatement.sentence.endswith("như biết ngày 31/12/2024.")
    assert read(world, world.coast).restatement.sentence.endswith("Cây ngày 31/03/2024 như biết ngày 31/12/2024.")


def test_duties_that_pass_on_carry_no_figures(world: World) -> None:
    world.report("s1", all=10, good=5)
    orgs.pass_on(world.lights["s1"], world.lights["n1"], THEN, whole=False, how="transfer")
    assert by_line(read(world, world.harbours[1])) == {"s1": 10, "s2": None, "s3": None}


def test_a_confirmed_table_keeps_how_far_it_held(world: World) -> None:
    world.report("s1", all=10, good=5)
    divide(world, "s1", {"s8": (world.harbours[1], None), "s9": (world.harbours[1], None)})
    by = world.actor(world.coast, Role.RECEIVER)
    services.confirm_table(FORM_KEY, world.period, world.coast.pk, geography=NOW, by=by, at=AT)
    held = selectors.confirmed_table(world.form, world.period, world.coast.pk, geography=NOW)
    assert held is not None
    live = read(world, world.coast)
    assert (held.table.restatement, held.table.lines, held.table.total) == (live.restatement, live.lines, live.total)


def test_a_series_reads_as_its_periods_do_one_by_one(world: World) -> None:
    earlier = year_before(world)
    world.report("n1", all=10, good=4)
    world.report("s1", all=7, good=6)
    sent = services.submit(
        world.owed("n2", earlier), figures=world.figures(all=3, good=1), by=SYSTEM, at=AT, signatures=factories.SIGNED
    )
    services.accept(sent, by=SYSTEM, at=AT)
    merge(world, "n1", "n2", into="n12", under=world.harbours[0])
    divide(world, "s1", {"s8": (world.harbours[1], None), "s9": (world.harbours[1], None)})
    periods = [earlier, world.period]
    for unit in (world.coast, *world.harbours):
        with CaptureQueriesContext(connection) as seen:
            tables = selectors.consolidate_series(world.form, periods, unit.pk, geography=NOW)
        assert len(seen) <= 24
        for period, table in zip(periods, tables, strict=True):
            alone = consolidate_one_by_one(world.form, period, unit.pk, geography=NOW, divided="refuse")
            assert (table.lines, table.total, table.restatement) == (alone.lines, alone.total, alone.restatement)
            assert (table.method, table.changed_at, table.absent) == (alone.method, alone.changed_at, alone.absent)
    on = date(2024, 3, 31)
    own = selectors.consolidate(world.form, world.period, world.coast.pk)
    alone = consolidate_one_by_one(world.form, world.period, world.coast.pk, geography=on, divided="refuse")
    assert (own.lines, own.total, own.method) == (alone.lines, alone.total, alone.method)
    assert own.changed_at == alone.changed_at


def test_a_series_sees_a_change_of_the_tree_at_once(world: World) -> None:
    world.report("n1", all=10, good=4)
    north = world.harbours[0]
    (before,) = selectors.consolidate_series(world.form, [world.period], north.pk, geography=NOW)
    assert [line.key for line in before.lines] == ["n1", "n2", "n3"]
    merge(world, "n1", into="n9", under=north)
    (after,) = selectors.consolidate_series(world.form, [world.period], north.pk, geography=NOW)
    assert [line.key for line in after.lines] == ["n2", "n3", "n9"]


class TestSamePeriod:
    """The first quarters of 2023 and 2024; what changed in between is read in the tree of 2024."""

    def earlier(self, world: World, **lights: int) -> None:
        period = year_before(world)
        for light, value in lights.items():
            sent = services.submit(
                world.owed(light, period),
                figures=world.figures(all=value, good=0),
                by=SYSTEM,
                at=AT,
                signatures=factories.SIGNED,
            )
            services.accept(sent, by=SYSTEM, at=AT)

    def move(self, world: World, on: date) -> None:
        """The light n1 stands under the southern harbour from a day on."""
        world.lights["n1"].parents.update(valid_to=on)
        orgs.place(world.lights["n1"], world.harbours[1], valid_from=on)
        orgs.grow()

    def test_like_for_like_in_the_later_tree(self, world: World) -> None:
        self.earlier(world, n1=10, s1=3)
        self.move(world, date(2023, 10, 1))
        found = selectors.same_period(world.form, world.period, world.harbours[1].pk)
        assert found.before is not None
        assert found.before.total.cells[ALL].value == 13
        assert found.said.outcome == "exact"
        assert found.before.geography == date(2024, 3, 31)

    def test_nothing_to_compare_with_has_its_reason(self, world: World) -> None:
        found = selectors.same_period(world.form, world.period, world.coast.pk)
        assert (found.before, found.said.reason) == (None, Reason.NO_PERIOD)
        self.earlier(world)
        assert selectors.same_period(world.form, world.period, world.coast.pk).said.reason is Reason.NO_PERIOD

    def test_another_form_of_the_family_is_not_like(self, world: World) -> None:
        other = factories.make_form(factories.form_data(code="old-lamps", title="Old lamps"))
        type(world.form).objects.update(family="lamps")
        world.form.refresh_from_db()
        period = services.open_period("quarters", year=2023, code="2023-Q1", by=SYSTEM, at=AT)
        services.request_report(
            other.key,
            period,
            units=[world.lights["n1"].pk],
            receiver=world.coast.pk,
            due_on=date(2024, 7, 1),
            basis="letter 7",
            by=SYSTEM,
            at=AT,
        )
        found = selectors.same_period(world.form, world.period, world.coast.pk)
        assert (found.before, found.said.reason) == (None, Reason.OTHER_FORM)
        assert "old-lamps" in found.said.sentence

    def test_a_division_in_between_is_refused_with_its_reason(self, world: World) -> None:
        self.earlier(world, s1=10, s2=3)
        on = date(2023, 10, 1)
        orgs.pass_on(
            world.lights["s1"], orgs.unit("n9", "light", under=world.harbours[0], valid_from=on), on, whole=False
        )
        orgs.grow()
        found = selectors.same_period(world.form, world.period, world.harbours[1].pk)
        assert (found.before, found.said.reason) == (None, Reason.DIVIDED)
        kept = selectors.same_period(world.form, world.period, world.harbours[1].pk, divided="keep")
        assert (kept.before is not None, kept.said.outcome) == (True, "by_method")

    def test_a_period_that_straddles_a_change_says_so(self, world: World) -> None:
        self.earlier(world, n1=10)
        on = date(2024, 2, 1)
        end(world.lights["n2"])
        heir = orgs.unit("n9", "light", under=world.harbours[0], valid_from=on)
        orgs.pass_on(world.lights["n2"], heir, on)
        orgs.grow()
        said = selectors.same_period(world.form, world.period, world.coast.pk).said.sentence
        assert "trải qua ngày 01/02/2024" in said


class TestPreviousFigures:
    """What a report is compared with: the first quarter of 2023, as the lights of 2024 would have reported it."""

    ON = date(2023, 10, 1)

    def earlier(self, world: World, **lights: int) -> None:
        TestSamePeriod().earlier(world, **lights)

    def before(self, world: World, light: str) -> Decimal | str | None:
        pk = world.lights[light].pk
        found = selectors.previous_figures(world.form, world.period, [pk]).get(pk)
        if found is None:
            return None
        if found.reason:
            return found.reason
        position = selectors.definition_of(world.form).table("own").positions["all"]
        return found["own", "total", ""].figures[position].amount

    def absorb(self, world: World, old: str, into: str, *, whole: bool = True, share: str | None = None) -> None:
        if whole:
            world.lights[old].versions.update(valid_to=self.ON)
            world.lights[old].parents.update(valid_to=self.ON)
        orgs.pass_on(world.lights[old], world.lights[into], self.ON, whole=whole)
        if share:
            UnitSuccession.objects.filter(old=world.lights[old]).update(share=share)
        orgs.grow()

    def test_a_unit_that_absorbed_another_has_its_figures_too(self, world: World) -> None:
        self.earlier(world, n1=10, n2=7)
        self.absorb(world, "n2", "n1")
        assert self.before(world, "n1") == 17
        figures = world.figures(all=17, good=0)
        before = selectors.previous_figures(world.form, world.period, [world.lights["n1"].pk])
        issues = selectors.checks_of(world.owed("n1"), figures, previous=before[world.lights["n1"].pk])
        assert not [issue for issue in issues if issue.code in ("large-change", "not-compared")]

    def test_one_that_sent_nothing_is_no_smaller_value(self, world: World) -> None:
        self.earlier(world, n1=10)
        self.absorb(world, "n2", "n1")
        assert self.before(world, "n1") == "Không có số liệu của Light N2."

    def test_a_division_without_shares_is_not_compared_and_says_why(self, world: World) -> None:
        self.earlier(world, n1=10, n2=7)
        self.absorb(world, "n2", "n1", whole=False)
        assert "không chia được" in str(self.before(world, "n1"))
        pk = world.lights["n1"].pk
        before = selectors.previous_figures(world.form, world.period, [pk])[pk]
        issues = selectors.checks_of(world.owed("n1"), world.figures(all=99, good=0), previous=before)
        (note,) = [issue for issue in issues if issue.code == "not-compared"]
        assert note.severity == "note"
        assert "large-change" not in {issue.code for issue in issues}

    def test_a_unit_that_stayed_is_compared_with_itself(self, world: World) -> None:
        self.earlier(world, n1=10)
        assert self.before(world, "n1") == 10
        assert self.before(world, "n2") is None


class TestPages:
    @pytest.fixture
    def world(self) -> World:
        world = tiny_world()
        world.report("s1", all=10, good=5)
        world.report("s2", all=3, good=1)
        divide(world, "s1", {"s9": (world.harbours[1], None), "n9": (world.harbours[0], None)})
        return world

    def get(self, world: World, unit: Unit, status: int = 200, **query: str) -> str:
        client = Client()
        client.force_login(
            apps.get_model("accounts", "User")._default_manager.get(pk=str(world.actor(unit, Role.RECEIVER).user_id)),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        address = reverse("reporting:table", args=[FORM_KEY, world.period.code])
        answer = client.get(address, {"unit": unit.key, **query})
        assert answer.status_code == status
        return answer.content.decode()

    def test_the_page_says_how_far_the_table_holds_and_switches_trees(self, world: World) -> None:
        own = self.get(world, world.coast)
        assert "Đúng như đã báo cáo: cây đơn vị ngày 31/03/2024." in own
        assert "Theo cây của kỳ" in own
        assert "Theo cây hôm nay" in own
        recast = self.get(world, world.coast, geography="2025-06-01")
        assert "Light S1 (không chia được)" in recast
        assert "Light S1 → Light S9, Light N9: có trong tổng, không chia" in recast

    def test_a_refused_table_offers_to_keep_the_figures_at_the_old_unit(self, world: World) -> None:
        south = world.harbours[1]
        refused = self.get(world, south, 422, geography="2025-06-01")
        assert "divided=keep" in refused
        kept = self.get(world, south, geography="2025-06-01", divided="keep")
        assert "Theo phương pháp" in kept
        assert "Xác nhận bảng này" not in kept

    def test_a_unit_that_is_no_more_leads_to_its_heir(self, world: World) -> None:
        heir = merge(world, "s2", into="s10", under=world.harbours[1])
        refused = self.get(world, world.lights["s2"], 422, geography="2025-06-01")
        assert f"unit={heir.key}" in refused

    def test_two_trees_side_by_side(self, world: World) -> None:
        page = self.get(world, world.coast, beside="2025-06-01")
        assert "Tổng số theo hai cây" in page
        assert "Theo cây ngày 01/06/2025" in page
        assert "không chia được" in page
        assert "Tổng số theo hai cây" not in self.get(world, world.coast, beside="no day")
        assert page.count("gb-reads") == 2
        assert "31/03/2024 và 01/06/2025" in page
        gone = self.get(world, world.lights["s1"], beside="today")
        assert "không tồn tại" in gone

    def test_only_kept_lines_are_shown_and_not_signed(self, world: World) -> None:
        page = self.get(world, Unit.objects.get(key="n9"), geography="2025-06-01", divided="keep")
        assert "Light S1 (không chia được)" in page
        assert "Không báo cáo nào tính vào tổng" in page
        assert "Chưa có số" not in page

    def test_the_file_of_two_trees_holds_both(self, world: World) -> None:
        client = Client()
        user = world.actor(world.coast, Role.RECEIVER).user_id
        client.force_login(
            apps.get_model("accounts", "User")._default_manager.get(pk=str(user)),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        address = reverse("reporting:table-csv", args=[FORM_KEY, world.period.code])
        answer = client.get(address, {"unit": "coast", "beside": "2025-06-01"})
        rows = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
        assert {row["geography"] for row in rows} == {"2024-03-31", "2025-06-01"}


def test_the_switch_names_the_day_that_is_read() -> None:
    def address(**changes: str | None) -> str:
        return f"?geography={changes['geography']}"

    period, today, other = date(2024, 3, 31), date(2026, 1, 1), date(2025, 6, 1)
    for geography, chosen in ((None, 0), (period, 0), (today, 1), (other, 2)):
        choices = tree_choices(address, period_day=period, geography=geography, today=today)
        assert [one.current for one in choices] == [position == chosen for position in range(3)]
    assert choices[2].value == "01/06/2025"
    assert len(tree_choices(address, period_day=period, geography=None, today=period)) == 2
