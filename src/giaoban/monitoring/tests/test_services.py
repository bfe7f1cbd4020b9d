from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.indicators.tests.factories import indicator
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.monitoring import selectors, services
from giaoban.monitoring.models import Finding, WatchRule
from giaoban.monitoring.tests.factories import TEMPLATE, report_all, watch_rule
from giaoban.monitoring.work import findings_to_judge
from giaoban.orgs.models import Area, Unit
from giaoban.orgs.models import UnitVersion as Version
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import SIGNED, SYSTEM, World, tiny_world, year_before

pytestmark = pytest.mark.django_db

AT = moment(2024, 5, 2)
OIL = {"denominator": {"table": "own", "row": "total", "column": "all"}, "factor": "1", "aggregation": "pooled"}
ON = AT.date()


@pytest.fixture
def world() -> World:
    return tiny_world()


def run(world: World, rule: WatchRule, watcher: Unit | None = None) -> list[Finding]:
    unit = watcher or world.coast
    return services.run_watch(rule, world.period, watcher_id=unit.pk, by=world.actor(unit, Role.RECEIVER), at=AT)


def named(findings: list[Finding]) -> list[str]:
    return [finding.unit.key for finding in findings]


def test_a_rule_proposes_with_evidence_and_a_reason(world: World) -> None:
    report_all(world)
    rule = watch_rule(world)
    found = run(world, rule)
    assert named(found) == ["n3", "s3"]
    worst = found[0]
    assert worst.reason == "Light N3: 60,00 %, thấp hơn 80,00 % là 20,00 điểm, hạng 6/6"
    assert (worst.value, worst.reference, worst.rank, worst.out_of, worst.state) == (
        Decimal(60),
        Decimal(80),
        6,
        6,
        "proposed",
    )
    assert worst.evidence == {
        "rule": {"key": "darkest", "kind": "n_lowest", "settings": {"n": 2, "reason_template": TEMPLATE}},
        "numerator": "60",
        "denominator": "100",
        "overall_numerator": "480",
        "overall_denominator": "600",
        "units": 6,
        "simulated": False,
    }
    (entry,) = acts_on(rule)
    assert (entry.name, entry.detail) == ("monitoring.run-watch", {"period": world.period.label, "findings": 2})


def test_a_watcher_names_only_its_own_units_and_leaves_the_proposals_of_others(world: World) -> None:
    report_all(world)
    rule = watch_rule(world)
    north, _ = world.harbours
    above = run(world, rule)
    below = run(world, rule, north)
    assert named(below) == ["n3", "n2"]
    assert (below[0].out_of, below[0].reference) == (3, Decimal("78.333333"))
    assert named(run(world, rule)) == named(above)
    assert Finding.objects.filter(rule=rule).count() == 4


def test_running_again_renews_proposals_and_keeps_what_was_judged(world: World) -> None:
    report_all(world)
    rule, by = watch_rule(world), world.actor(world.coast, Role.RECEIVER)
    worst, second = run(world, rule)
    services.judge(worst, confirm=True, reason="đã kiểm tra", by=by, at=AT)
    rule.settings = rule.settings | {"n": 3}
    rule.save()
    again = run(world, rule)
    assert named(again) == ["n3", "s3", "n2"]
    assert again[0].pk == worst.pk
    assert again[0].state == "confirmed"
    assert second.pk not in {finding.pk for finding in again}


def test_a_rule_of_gaps_names_who_owes_and_has_no_value(world: World) -> None:
    world.report("n1", all=100, good=95, rate=95)
    rule = watch_rule(world, kind="gap", finding="gap", settings={"reason_template": "{unit}: {value}"})
    found = run(world, rule)
    assert named(found) == ["n2", "n3", "s1", "s2", "s3"]
    assert found[0].reason == "Light N2: chưa có số"
    assert found[0].evidence["numerator"] is None


def test_only_those_who_judge_for_the_watcher_run_a_rule(world: World) -> None:
    report_all(world)
    rule = watch_rule(world)
    for by in (world.actor(world.coast, Role.OFFICER), world.actor(world.harbours[0], Role.RECEIVER)):
        with pytest.raises(PermissionDenied):
            services.run_watch(rule, world.period, watcher_id=world.coast.pk, by=by, at=AT)
    assert not Finding.objects.exists()


def test_a_judgement_needs_a_reason_is_taken_once_and_can_be_taken_back(world: World) -> None:
    report_all(world)
    by = world.actor(world.coast, Role.HEAD)
    finding, _ = run(world, watch_rule(world))
    with pytest.raises(services.FindingRefused, match="Ghi lý do"):
        services.judge(finding, confirm=True, reason=" ", by=by, at=AT)
    with pytest.raises(services.FindingRefused, match="chưa có ý kiến"):
        services.reopen(finding, reason="nhầm", by=by, at=AT)
    services.judge(finding, confirm=False, reason="đang sửa đèn", by=by, at=AT)
    finding.refresh_from_db()
    assert (finding.state, finding.judgement) == ("rejected", "đang sửa đèn")
    count = Act.objects.count()
    with pytest.raises(services.FindingRefused, match="đã có ý kiến"):
        services.judge(finding, confirm=True, reason="thôi", by=by, at=AT)
    assert Act.objects.count() == count
    with pytest.raises(services.FindingRefused, match="Ghi lý do"):
        services.reopen(finding, reason="", by=by, at=AT)
    services.reopen(finding, reason="nhầm đèn", by=by, at=AT)
    finding.refresh_from_db()
    assert (finding.state, finding.judged, finding.judgement) == ("proposed", None, "")
    assert [entry.name for entry in acts_on(finding)] == ["monitoring.reopen", "monitoring.reject"]


def test_judging_is_for_the_watchers_people(world: World) -> None:
    report_all(world)
    finding, _ = run(world, watch_rule(world))
    for by in (world.actor(world.coast, Role.INSPECTOR), world.actor(world.lights["n3"], Role.HEAD)):
        with pytest.raises(PermissionDenied):
            services.judge(finding, confirm=True, reason="vì thế", by=by, at=AT)
        with pytest.raises(PermissionDenied):
            services.reopen(finding, reason="vì thế", by=by, at=AT)


def test_the_setting_is_changed_only_from_above_all_who_report(world: World) -> None:
    rule = watch_rule(world)
    above, below = world.actor(world.coast, Role.HEAD), world.actor(world.harbours[0], Role.HEAD)
    north = world.harbours[0].pk
    with pytest.raises(services.RuleRefused, match="dùng chung"):  # nobody has reported: nobody stands over all
        services.change_setting(rule, n=3, watcher_id=world.coast.pk, by=above, at=AT, reason="nhiều đèn hơn")
    report_all(world)
    with pytest.raises(services.RuleRefused, match="dùng chung"):
        services.change_setting(rule, n=3, watcher_id=north, by=below, at=AT, reason="nhiều đèn hơn")
    with pytest.raises(services.RuleRefused, match="từ 1 trở lên"):
        services.change_setting(rule, n=0, watcher_id=world.coast.pk, by=above, at=AT, reason="không đèn nào")
    with pytest.raises(PermissionDenied):
        officer = world.actor(world.coast, Role.OFFICER)
        services.change_setting(rule, n=3, watcher_id=world.coast.pk, by=officer, at=AT, reason="nhiều đèn hơn")
    services.change_setting(rule, n=3, watcher_id=world.coast.pk, by=above, at=AT, reason="nhiều đèn hơn")
    rule.refresh_from_db()
    assert rule.settings == {"n": 3, "reason_template": TEMPLATE}
    (entry,) = acts_on(rule)
    assert (entry.detail, entry.reason) == ({"from": 2, "to": 3}, "nhiều đèn hơn")


def seen(world: World, unit: Unit, role: Role) -> set[tuple[str, str]]:
    rows = selectors.findings(world.actor(unit, role), ON)
    return set(rows.values_list("unit__key", "state"))


def test_proposals_are_for_those_who_judge_confirmed_ones_for_all_who_see_the_unit(world: World) -> None:
    report_all(world)
    worst, _ = run(world, watch_rule(world))
    services.judge(worst, confirm=True, reason="đã kiểm tra", by=world.actor(world.coast, Role.HEAD), at=AT)
    both = {("n3", "confirmed"), ("s3", "proposed")}
    assert seen(world, world.coast, Role.RECEIVER) == both
    assert seen(world, world.coast, Role.INSPECTOR) == {("n3", "confirmed")}
    assert seen(world, world.harbours[0], Role.HEAD) == {("n3", "confirmed")}
    assert seen(world, world.harbours[1], Role.HEAD) == set()
    assert seen(world, world.lights["n3"], Role.OFFICER) == {("n3", "confirmed")}
    assert set(selectors.findings(SYSTEM, ON).values_list("unit__key", "state")) == both
    assert [card.unit.key for card in selectors.findings_for(world.coast.pk, world.period.pk, ON)] == ["n3"]
    assert selectors.findings_for(world.harbours[1].pk, world.period.pk, ON) == []


def test_my_work_holds_one_line_per_rule_and_period_for_those_who_judge(world: World) -> None:
    report_all(world)
    run(world, watch_rule(world))
    (item,) = findings_to_judge(world.actor(world.coast, Role.RECEIVER), ON)
    assert (item.title, item.about) == ("Xem 2 phát hiện do quy tắc đề xuất", f"Đèn tốt ít nhất · {world.period.label}")
    assert not item.simulated
    assert findings_to_judge(world.actor(world.coast, Role.INSPECTOR), ON) == []
    assert findings_to_judge(world.actor(world.harbours[0], Role.HEAD), ON) == []


def test_the_matrix_orders_by_rank_marks_findings_and_knows_the_period_before(world: World) -> None:
    report_all(world)
    before = year_before(world)
    sent = reporting.submit(
        world.owed("n3", before), figures=world.figures(all=100, good=50, rate=50), by=SYSTEM, at=AT, signatures=SIGNED
    )
    reporting.accept(sent, by=SYSTEM, at=AT)
    worst, _ = run(world, watch_rule(world))
    services.judge(worst, confirm=True, reason="đã kiểm tra", by=SYSTEM, at=AT)
    held = selectors.matrix(world.actor(world.coast, Role.HEAD), ON)
    assert [row.unit.key for row in held.rows] == ["n1", "s1", "s2", "n2", "s3", "n3"]
    last = held.rows[-1].cells[0]
    assert (last.value, last.points, last.rank, last.step, last.before, last.open_findings) == (
        Decimal(60),
        Decimal(-20),
        6,
        -2,
        Decimal(50),
        1,
    )
    assert [row.cells[0].step for row in held.rows] == [2, 2, 2, 0, -2, -2]
    assert held.rows[0].cells[0].before is None


def test_the_matrix_shows_only_units_in_scope_beside_the_level_of_all(world: World) -> None:
    report_all(world)
    watch_rule(world)
    held = selectors.matrix(world.actor(world.harbours[0], Role.OFFICER), ON)
    assert [row.unit.key for row in held.rows] == ["n1", "n2", "n3"]
    assert held.columns[0].reading is not None
    assert held.columns[0].reading.overall.value == 80


def test_an_indicator_without_a_figure_for_any_row_is_named_and_not_a_column(world: World) -> None:
    report_all(world)
    oil = {**OIL, "numerator": {"table": "own", "row": "total", "column": "oil"}}
    indicator(world)
    indicator(world, "oil", name="Dầu mỗi đèn", definition=oil)
    held = selectors.matrix(world.actor(world.coast, Role.HEAD), ON)
    assert [column.indicator.key for column in held.columns] == ["good-lamps"]
    assert {len(row.cells) for row in held.rows} == {1}
    assert [(column.indicator.key, column.period) for column in held.absent] == [("oil", world.period)]


def test_a_unit_of_no_area_is_no_row_beside_those_of_areas(world: World) -> None:
    report_all(world)
    indicator(world)
    area = Area.objects.create(key="shore")
    Version.objects.exclude(unit__key="n1").update(area=area)
    held = selectors.matrix(world.actor(world.coast, Role.HEAD), ON)
    assert [row.unit.key for row in held.rows] == ["s1", "s2", "n2", "s3", "n3"]
    assert held.columns[0].reading is not None
    assert held.columns[0].reading.overall.count == 6


def test_two_who_run_a_rule_at_once_do_so_one_after_the_other(world: World) -> None:
    report_all(world)
    rule = watch_rule(world)
    with CaptureQueriesContext(connection) as queries:
        run(world, rule)
    asked = [query["sql"] for query in queries]
    locked = next(n for n, sql in enumerate(asked) if "monitoring_watchrule" in sql and "FOR UPDATE" in sql)
    assert locked < next(n for n, sql in enumerate(asked) if sql.startswith("DELETE") or "monitoring_finding" in sql)


def test_the_indicators_of_a_unit_are_its_own_or_made_from_its_units(world: World) -> None:
    report_all(world)
    watch_rule(world)
    (own,) = selectors.indicators_of(world.lights["n3"].pk, ON)
    assert (own.together, own.cell.value, own.cell.rank, own.out_of, own.overall) == (
        0,
        Decimal(60),
        6,
        6,
        Decimal(80),
    )
    (whole,) = selectors.indicators_of(world.harbours[1].pk, ON)
    assert (whole.together, whole.weak, whole.cell.numerator, whole.cell.denominator) == (
        3,
        1,
        Decimal(245),
        Decimal(300),
    )
    assert whole.cell.rank is None
    assert selectors.indicators_of(0, ON) == []
