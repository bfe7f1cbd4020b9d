"""Sending, deciding, owing: the act, its audit entry, its refusal, and that a refusal leaves nothing behind."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from giaoban.core.figures import NIL, NOT_APPLICABLE, Mark, reported
from giaoban.core.timeliness import Timeliness
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import (
    DeadlineChange,
    Draft,
    Obligation,
    OwingRule,
    Period,
    Reminder,
    Submission,
    SubmissionLine,
)
from giaoban.reporting.rules import ReportState, issue_key
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, RULE_KEY, SIGNED, SYSTEM, World, tiny_world, year_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def stored() -> tuple[int, int, int]:
    return Submission.objects.count(), SubmissionLine.objects.count(), Act.objects.count()


def test_units_of_the_kind_owe_to_their_receiver_by_the_deadline(world: World) -> None:
    owed = world.owed("n1")
    assert Obligation.objects.count() == 6
    assert (owed.receiver, owed.due_on) == (world.harbours[0], date(2024, 4, 10))
    assert owed.due_source == "Act 1: ngày 10 của tháng sau"


def test_raising_again_adds_nothing(world: World) -> None:
    assert services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT) == 0


def test_only_units_of_the_last_day_owe(world: World) -> None:
    orgs.unit("s9", "light", under=world.harbours[1], valid_to=date(2024, 3, 31))
    orgs.unit("s8", "light", under=world.harbours[1], valid_to=date(2024, 4, 1))
    orgs.grow()
    assert services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT) == 1
    assert world.owed("s8").receiver == world.harbours[1]


def test_a_receiver_raises_only_what_is_owed_to_it() -> None:
    world = tiny_world(raised=False)
    assert services.raise_obligations(FORM_KEY, world.period, by=world.actor(world.harbours[0]), at=AT) == 3
    with pytest.raises(PermissionDenied):
        services.raise_obligations(FORM_KEY, world.period, by=world.actor(world.lights["n1"]), at=AT)


def test_a_form_out_of_force_is_not_raised(world: World) -> None:
    world.form.valid_to = date(2024, 1, 1)
    world.form.save()
    with pytest.raises(services.ReportingError, match="hiệu lực"):
        services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)


def test_periods_open_once_and_unknown_ones_not_at_all(world: World) -> None:
    again = services.open_period(RULE_KEY, year=2024, code="2024-Q1", by=SYSTEM, at=AT)
    assert again == world.period
    for wrong in ({"code": "2024-Q9"}, {"year": 2024}, {}):
        with pytest.raises(services.PeriodUnknown):
            services.open_period(RULE_KEY, by=SYSTEM, at=AT, **wrong)
    with pytest.raises(services.PeriodUnknown):
        services.open_period("moons", year=2024, by=SYSTEM, at=AT)
    assert Period.objects.count() == 1


def test_as_of_and_ad_hoc_periods() -> None:
    rule = {"key": "state", "name": "State on a day", "kind": "as_of"}
    regime = factories.make_rule().regime
    regime.period_rules.create(key="state", name="State", definition=rule)
    regime.period_rules.create(key="asked", name="Asked", definition={"key": "asked", "name": "A", "kind": "ad_hoc"})
    state = services.open_period("state", on=date(2026, 10, 2), by=SYSTEM, at=AT)
    assert (state.code, state.start, state.end) == ("2026-10-02", date(2026, 10, 2), date(2026, 10, 3))
    asked = services.open_period(
        "asked", code="storm", label="Storm", start=date(2024, 1, 1), end=date(2024, 1, 9), by=SYSTEM, at=AT
    )
    assert selectors.core_period(asked).window_label() == "01/01–08/01/2024"
    with pytest.raises(services.PeriodUnknown, match="khác"):
        services.open_period(
            "asked", code="storm", label="Storm", start=date(2024, 1, 1), end=date(2024, 1, 8), by=SYSTEM, at=AT
        )


def test_a_request_asks_named_units_by_a_day(world: World) -> None:
    period = services.open_period(RULE_KEY, year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    units = [world.lights["n2"], world.lights["n1"]]
    owed = world.ask(period, units, world.harbours[0], by=world.actor(world.harbours[0]), simulated=True)
    assert [one.unit.key for one in owed] == ["n2", "n1"]
    assert all(one.simulated and one.due_source == "letter 7" for one in owed)
    with pytest.raises(PermissionDenied):
        world.ask(period, units, world.harbours[0], by=world.actor(world.harbours[1]))


def test_sending_writes_lines_receipt_act_and_names(world: World) -> None:
    by = world.actor(world.lights["n1"])
    sent = world.send("n1", by=by, all=12, good=NIL, oil=Decimal("1.5"), note="calm")
    assert (sent.version, sent.state, sent.is_current, sent.entered_by_id) == (1, "sent", False, by.user_id)
    assert sent.receipt == f"TN-2024-{sent.pk:06d}"
    assert sent.signatures == [{"role": "Keeper", "name": "An"}, {"role": "Head", "name": "Binh"}]
    assert (sent.filled, sent.required, sent.warnings, sent.on_behalf_of) == (2, 2, 0, "")
    line = sent.lines.get()
    assert (line.values, line.marks, line.texts) == (
        [12, None, 15, None, None],
        [Mark.REPORTED, Mark.NIL, Mark.REPORTED, Mark.BLANK, Mark.BLANK],
        {"note": "calm"},
    )
    assert selectors.figures_of(sent) == world.figures(all=12, good=NIL, oil=Decimal("1.5"), note="calm")
    assert [act.name for act in acts_on(sent)] == ["reporting.submit"]


def test_errors_refuse_and_leave_nothing(world: World) -> None:
    before = stored()
    with pytest.raises(services.SubmissionRefused) as refusal:
        world.send("n1", all=3, good=5)
    assert [issue.code for issue in refusal.value.issues] == ["part-exceeds-whole"]
    with pytest.raises(services.SubmissionRefused) as refusal:
        world.send("n1", all=3)
    assert [issue.code for issue in refusal.value.issues] == ["required-blank"]
    assert stored() == before


def test_a_large_change_needs_words(world: World) -> None:
    earlier = year_before(world)
    services.accept(
        services.submit(
            world.owed("n1", earlier), figures=world.figures(all=10, good=10), by=SYSTEM, at=AT, signatures=SIGNED
        ),
        by=SYSTEM,
        at=AT,
    )
    before = stored()
    with pytest.raises(services.SubmissionRefused) as refusal:
        world.send("n1", all=20, good=10)
    (warning,) = refusal.value.unexplained
    assert (warning.code, refusal.value.issues, stored()) == ("large-change", (), before)
    words = {issue_key(warning): "a second tower", "no-such:a/b//c": "dropped"}
    sent = services.submit(
        world.owed("n1"),
        figures=world.figures(all=20, good=10),
        by=SYSTEM,
        at=AT,
        signatures=SIGNED,
        explanations=words,
    )
    assert (sent.explanations, sent.warnings) == ({issue_key(warning): "a second tower"}, 1)


def test_the_blocks_of_the_form_must_be_named(world: World) -> None:
    for signatures in ((), (("Keeper", "An"),), (*SIGNED, ("Cook", "Chi"))):
        with pytest.raises(services.ReportingError, match="mục"):
            services.submit(
                world.owed("n1"), figures=world.figures(all=1, good=1), by=SYSTEM, at=AT, signatures=signatures
            )
    assert not Submission.objects.exists()


def test_estimates_only_where_the_period_has_them(world: World) -> None:
    figures = world.figures(all=reported(3, 1), good=1)
    with pytest.raises(services.SubmissionRefused) as refusal:
        services.submit(world.owed("n1"), figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
    assert [issue.code for issue in refusal.value.issues] == ["estimate-not-allowed"]
    Period.objects.filter(pk=world.period.pk).update(estimated_months=1)
    sent = services.submit(world.owed("n1"), figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
    assert sent.lines.get().estimates[0] == 1


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SECRETARY, Role.INSPECTOR, Role.RECEIVER])
def test_only_those_who_may_send(world: World, role: Role) -> None:
    with pytest.raises(PermissionDenied, match="Light N1"):
        world.send("n1", by=world.actor(world.lights["n1"], role), all=1, good=1)


@pytest.mark.parametrize("elsewhere", ["n2", "north"])
def test_neither_sibling_nor_parent_sends_over_the_web(world: World, elsewhere: str) -> None:
    unit = world.lights.get(elsewhere) or world.harbours[0]
    with pytest.raises(PermissionDenied):
        world.send("n1", by=world.actor(unit), all=1, good=1)
    assert not Submission.objects.exists()


def test_the_same_content_twice_is_already_done(world: World) -> None:
    world.send("n1", all=1, good=1)
    before = stored()
    with pytest.raises(services.AlreadyDone, match="TN-2024"):
        world.send("n1", all=1, good=1)
    assert stored() == before


def test_drafts_are_kept_as_typed_and_end_with_the_sending(world: World) -> None:
    by = world.actor(world.lights["n1"])
    typed = {"own/total//all": "1.204", "own/total//good": "x", "own/total//oil": "1,5", "own/total//age": " "}
    services.save_draft(world.owed("n1"), figures=typed, notes="windy", by=by, at=AT)
    entry = selectors.entry_of(world.owed("n1"))
    assert entry.texts == {key: text for key, text in typed.items() if text.strip()}
    assert (entry.has_draft, entry.issues, entry.filled, entry.required, entry.notes) == (True, (), 2, 2, "windy")
    sent = services.submit_draft(world.owed("n1"), by=by, at=AT, signatures=SIGNED, document_number="12/BC")
    assert (sent.notes, sent.document_number, sent.channel) == ("windy", "12/BC", "web")
    assert selectors.figures_of(sent) == world.figures(all=1204, good=NOT_APPLICABLE, oil=Decimal("1.5"))
    assert not Draft.objects.exists()
    with pytest.raises(services.AlreadyDone, match=sent.receipt):
        services.submit_draft(world.owed("n1"), by=by, at=AT, signatures=SIGNED)
    assert selectors.entry_of(world.owed("n1")).texts["own/total//all"] == "1.204"


def test_a_draft_with_unreadable_text_is_refused_and_kept(world: World) -> None:
    typed = {"own/total//all": "many", "own/total//good": "1.5", "own/total//wick": "3"}
    services.save_draft(world.owed("n1"), figures=typed, by=SYSTEM, at=AT)
    with pytest.raises(services.SubmissionRefused) as refusal:
        services.submit_draft(world.owed("n1"), by=SYSTEM, at=AT, signatures=SIGNED)
    assert sorted(issue.code for issue in refusal.value.issues) == ["not-a-number", "not-a-number", "unknown-column"]
    assert Draft.objects.get().figures == typed
    with pytest.raises(PermissionDenied):
        services.save_draft(world.owed("n1"), figures=typed, by=world.actor(world.lights["n2"]), at=AT)


def test_accepting_makes_the_figures_count_and_the_former_give_way(world: World) -> None:
    receiver = world.actor(world.harbours[0], Role.RECEIVER)
    first = services.accept(world.send("n1", all=1, good=1), by=receiver, at=AT)
    assert (first.state, first.is_current, first.decided_by_name) == ("accepted", True, receiver.name)
    second = services.accept(world.send("n1", all=2, good=1), by=receiver, at=moment(2024, 4, 9))
    first.refresh_from_db()
    assert (first.state, first.is_current, first.decided_at) == ("superseded", False, AT)
    assert selectors.current_of(world.owed("n1")) == second
    assert [act.name for act in acts_on(second)] == ["reporting.accept", "reporting.submit"]


def test_a_newer_version_replaces_one_that_waits(world: World) -> None:
    first = world.send("n1", all=1, good=1)
    second = world.send("n1", all=2, good=1)
    first.refresh_from_db()
    assert (first.state, second.version) == ("superseded", 2)
    with pytest.raises(services.AlreadyDone, match="bản mới hơn"):
        services.accept(first, by=SYSTEM, at=AT)


def test_returning_needs_a_reason_and_opens_the_report_again(world: World) -> None:
    receiver = world.actor(world.harbours[0])
    sent = world.send("n1", all=1, good=1)
    with pytest.raises(services.ReportingError, match="lý do"):
        services.return_for_correction(sent, reason=" ", by=receiver, at=AT)
    services.return_for_correction(sent, reason="count again", by=receiver, at=AT)
    (owed,) = selectors.owed_by([world.lights["n1"].pk], date(2024, 4, 12), open_only=True)
    assert (owed.state, owed.reason, owed.timing.state) == (ReportState.RETURNED, "count again", Timeliness.OVERDUE)
    again = world.send("n1", all=1, good=1, at=moment(2024, 4, 12))
    assert again.version == 2
    (owed,) = selectors.owed_by([world.lights["n1"].pk], date(2024, 4, 20))
    assert (owed.state, owed.timing.state, owed.timing.days) == (ReportState.SENT, Timeliness.LATE, 2)


def test_a_correction_after_acceptance_stays_on_time(world: World) -> None:
    world.report("n1", all=1, good=1)
    world.report("n1", all=2, good=1, at=moment(2024, 5, 30))
    (owed,) = selectors.owed_by([world.lights["n1"].pk], date(2024, 6, 1))
    assert owed.timing.state is Timeliness.ON_TIME


@pytest.mark.parametrize("decide", ["accept", "return"])
def test_decided_twice_is_already_done(world: World, decide: str) -> None:
    sent = world.send("n1", all=1, good=1)
    services.accept(sent, by=SYSTEM, at=AT)
    before = stored()
    with pytest.raises(services.AlreadyDone, match="tiếp nhận"):
        if decide == "accept":
            services.accept(sent, by=SYSTEM, at=AT)
        else:
            services.return_for_correction(sent, reason="late thought", by=SYSTEM, at=AT)
    assert stored() == before


@pytest.mark.parametrize(("unit", "role"), [("n1", Role.HEAD), ("south", Role.HEAD), ("north", Role.OFFICER)])
def test_only_the_receiver_decides(world: World, unit: str, role: Role) -> None:
    sent = world.send("n1", all=1, good=1)
    where = world.lights.get(unit) or world.harbours[("north", "south").index(unit)]
    by = world.actor(where, role)
    with pytest.raises(PermissionDenied):
        services.accept(sent, by=by, at=AT)
    with pytest.raises(PermissionDenied):
        services.return_for_correction(sent, reason="no", by=by, at=AT)


def test_what_nobody_receives_the_unit_itself_decides(world: World) -> None:
    Obligation.objects.update(receiver=None)
    OwingRule.objects.update(receiver_kind=None)
    sent = world.send("n1", all=1, good=1)
    with pytest.raises(PermissionDenied):
        services.accept(sent, by=world.actor(world.harbours[0]), at=AT)
    assert services.accept(sent, by=world.actor(world.lights["n1"]), at=AT).is_current


def test_deadlines_move_with_a_basis_and_keep_their_history(world: World) -> None:
    receiver = world.actor(world.harbours[0])

    def move(*lights: str, reason: str = "storm") -> int:
        owed = [world.owed(light) for light in lights]
        day = date(2024, 4, 20)
        return services.move_deadline(owed, due_on=day, basis="letter 9", reason=reason, by=receiver, at=AT)

    with pytest.raises(services.ReportingError):
        move("n1", reason="")
    assert move("n1", "n2") == 2
    assert world.owed("n1").due_on == date(2024, 4, 20)
    assert [one.old_due_on for one in DeadlineChange.objects.all()] == [date(2024, 4, 10)] * 2
    with pytest.raises(PermissionDenied):
        move("n1", "s1")


def test_reminders_go_to_those_who_have_not_delivered(world: World) -> None:
    world.report("n1", all=1, good=1)
    owed = [world.owed(key) for key in ("n1", "n2", "n3")]
    assert services.remind(owed, note="please", by=world.actor(world.harbours[0]), at=AT) == 2
    assert Reminder.objects.count() == 2
    board = selectors.reception(world.harbours[0].pk, world.form, world.period, date(2024, 4, 5))
    assert [(row.unit.key, row.reminders, row.reminded_at) for row in board.rows] == [
        ("n1", 0, None),
        ("n2", 1, AT),
        ("n3", 1, AT),
    ]


def test_who_sees_what(world: World) -> None:
    sent = world.send("n1", all=1, good=1)
    on = date(2026, 1, 1)
    for unit in (world.lights["n1"], world.harbours[0], world.coast):
        assert selectors.submission_for(world.actor(unit), sent.pk, on) == sent
        assert selectors.obligation_for(world.actor(unit), sent.obligation_id, on) == sent.obligation
    for unit in (world.lights["n2"], world.harbours[1]):
        with pytest.raises(Http404):
            selectors.submission_for(world.actor(unit), sent.pk, on)
        with pytest.raises(Http404):
            selectors.obligation_for(world.actor(unit), sent.obligation_id, on)
