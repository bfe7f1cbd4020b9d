"""Files that come late, twice or again: newer figures stand, and a report counts as sent when it could be taken."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services
from giaoban.reporting.models import Draft, ImportedFile, Intake, IntakeFile, Obligation, Submission
from giaoban.reporting.selectors import intake as held
from giaoban.reporting.services import intake as intakes
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_intake import WRONG, begin, outcome, receiver, sentences, take, workbook
from giaoban.reporting.tests.test_pages import browser

pytestmark = pytest.mark.django_db

LATER = {"own/total//all": "6", "own/total//good": "3"}


@pytest.fixture
def world() -> World:
    return tiny_world()


def send(world: World, light: str, at: datetime, **figures: Any) -> Submission:
    head = world.actor(world.lights[light])
    return services.submit(world.owed(light), figures=world.figures(**figures), by=head, at=at, signatures=SIGNED)


def waived(world: World, at: datetime) -> None:
    """What the file WRONG is refused for holds it back no longer."""
    owed = world.owed("n1")
    services.save_draft(owed, figures=WRONG, by=world.actor(world.lights["n1"]), at=AT)
    key = "part-exceeds-whole:own/total//good"
    services.waive(owed, key, reason="storm", until=date(2100, 1, 1), by=receiver(world), at=at)
    Draft.objects.all().delete()


def standing() -> list[tuple[int, str]]:
    return list(Submission.objects.order_by("version").values_list("version", "state"))


def test_a_file_taken_late_does_not_overwrite_what_was_sent_since(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")))
    sent = send(world, "n1", AT + timedelta(hours=1), all=5, good=4)
    assert [state for _, state in take(intake, receiver(world))] == ["refused"]
    assert sent.receipt in sentences(intake)[0]
    assert standing() == [(1, "sent")]


def test_a_file_tried_again_does_not_overwrite_what_was_sent_since(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1", WRONG)))
    take(intake, receiver(world))
    waived(world, moment(2024, 4, 20))
    sent = send(world, "n1", moment(2024, 5, 2), all=5, good=4)
    intakes.retry_intake(intake, by=receiver(world), at=moment(2024, 5, 20))
    assert [state for _, state in take(intake, receiver(world))] == ["refused"]
    assert sent.receipt in sentences(intake)[0]
    assert standing() == [(1, "sent")]


def test_a_refused_file_counts_as_sent_when_it_is_tried_again(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1", WRONG)))
    take(intake, receiver(world))
    waived(world, moment(2024, 5, 1))
    intakes.retry_intake(intake, by=receiver(world), at=moment(2024, 5, 20))
    assert [state for _, state in take(intake, receiver(world))] == ["taken"]
    assert Submission.objects.get().sent_at == moment(2024, 5, 20)


@pytest.mark.parametrize("fault", [intakes.OUR_FAULT, intakes.KILLS])
def test_a_file_refused_by_a_fault_of_ours_keeps_its_moment(world: World, fault: str) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")))
    IntakeFile.objects.update(state="refused", sentence=fault)
    Intake.objects.update(finished_at=AT)
    intakes.retry_intake(intake, by=receiver(world), at=moment(2024, 5, 20))
    assert [state for _, state in take(intake, receiver(world))] == ["taken"]
    assert Submission.objects.get().sent_at == AT


def test_two_workbooks_of_one_report_in_one_batch(world: World) -> None:
    intake = begin(world, ("a.xlsx", workbook(world, "n1")), ("b.xlsx", workbook(world, "n1", LATER)))
    assert [state for _, state in take(intake, receiver(world))] == ["taken", "refused"]
    assert "a.xlsx" in sentences(intake)[1]
    assert standing() == [(1, "sent")]


def upload(world: World, content: bytes) -> Any:
    client = browser(world, world.lights["n1"])
    address = reverse("reporting:read-workbook", args=[world.owed("n1").pk])
    return client.post(address, {"workbook": SimpleUploadedFile("n1.xlsx", content)})


def test_a_returned_report_is_sent_again_from_the_same_file(world: World) -> None:
    content = workbook(world, "n1")
    intake = begin(world, ("n1.xlsx", content))
    take(intake, receiver(world))
    assert upload(world, content).status_code == 422
    sent = Submission.objects.get()
    services.return_for_correction(sent, reason="sign it", by=receiver(world), at=AT + timedelta(hours=1))
    assert upload(world, content).status_code == 302
    Draft.objects.all().delete()
    again = intakes.begin_intake([("n1.xlsx", content)], by=receiver(world), at=AT + timedelta(hours=2))
    assert [state for _, state in take(again, receiver(world))] == ["taken"]
    assert standing() == [(1, "returned"), (2, "sent")]
    assert ImportedFile.objects.count() == 1
    third = begin(world, ("n1.xlsx", content))
    assert [state for _, state in take(third, receiver(world))] == ["unchanged"]


def test_an_old_file_that_came_again_does_not_undo_what_followed_it(world: World) -> None:
    content = workbook(world, "n1")
    take(begin(world, ("n1.xlsx", content)), receiver(world))
    send(world, "n1", AT + timedelta(hours=1), all=5, good=4)
    again = intakes.begin_intake([("n1.xlsx", content)], by=receiver(world), at=AT + timedelta(hours=2))
    assert [state for _, state in take(again, receiver(world))] == ["unchanged"]
    assert standing() == [(1, "superseded"), (2, "sent")]
    reading = services.read_workbook(content, "n1.xlsx", obligation=world.owed("n1"))
    assert reading.figures  # where a person sees the figures before they are sent


def test_beginnings_without_an_end_are_counted_by_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: Any, **__: Any) -> Any:
        raise SystemExit

    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    with monkeypatch.context() as broken:
        broken.setattr(intakes, "_outcome", dying)
        for _ in range(intakes.DEADLY):
            with pytest.raises(SystemExit):
                intakes.take_intake(intake.pk, by=receiver(world))
    assert [row.attempts for row in held.files_of(intake)] == [intakes.DEADLY, 0]
    assert [state for _, state in take(intake, receiver(world))] == ["refused", "taken"]
    assert sentences(intake)[0] == intakes.KILLS
    intakes.retry_intake(intake, by=receiver(world), at=AT)
    assert [state for _, state in take(intake, receiver(world))] == ["taken", "taken"]


def test_an_intake_is_not_at_its_end_while_another_worker_has_a_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    real = intakes.take_file
    first = held.files_of(intake)[0].pk
    monkeypatch.setattr(intakes, "take_file", lambda pk, *a, **k: None if pk == first else real(pk, *a, **k))
    assert not intakes.take_intake(intake.pk, by=receiver(world))
    assert [state for _, state in outcome(intake)] == ["waiting", "taken"]
    intake.refresh_from_db()
    assert intake.finished_at is None


def warning_form(world: World) -> Obligation:
    definition = factories.form_data(
        code="beams", signatures=[], checks=[{"rule": "all <= 5", "severity": "warning", "status": "derived"}]
    )
    form = factories.make_form(definition)
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit=world.lights["n1"])


def test_who_wrote_words_for_all_files_does_not_accept_them(world: World) -> None:
    owed = warning_form(world)
    services.save_draft(owed, figures={"own/total//all": "9", "own/total//good": "1"}, by=SYSTEM, at=AT)
    content = services.workbook_for(owed)
    Draft.objects.all().delete()
    by = receiver(world)
    intake = begin(world, ("n1.xlsx", content), by=by, accept=True, explanation="a festival")
    assert [state for _, state in take(intake, by)] == ["taken"]
    assert sentences(intake) == [intakes.TO_BE_JUDGED]
    sent = Submission.objects.get()
    assert (sent.state, list(sent.explanations.values())) == ("sent", ["Giải trình chung: a festival"])
    with pytest.raises(services.ReportingError, match="chính bạn ghi"):
        services.accept(sent, by=by, at=AT, explanations=True)
    key = next(iter(sent.explanations))
    with pytest.raises(services.ReportingError, match="chính bạn ghi"):
        services.judge(sent, {key: services.Verdict(accepted=True)}, by=by, at=AT)
    services.judge(sent, {key: services.Verdict(accepted=True)}, by=SYSTEM, at=AT)
    assert services.accept(sent, by=by, at=AT).state == "accepted"


def test_signers_of_roles_that_read_alike_have_a_field_each() -> None:
    from giaoban.reporting.web.intakeforms import FilesForm

    form = FilesForm(receives=False, roles=("Người lập biểu", "Người lập biểu ", "Thủ trưởng"))
    assert [one.label for one in form.signers] == ["Người lập biểu", "Người lập biểu ", "Thủ trưởng"]


def test_what_the_unit_is_typing_stays_when_the_receiver_brings_a_file_for_it(world: World) -> None:
    content = workbook(world, "n1")
    typed = {"own/total//all": "33", "own/total//note": "an hour of work"}
    services.save_draft(world.owed("n1"), figures=typed, by=world.actor(world.lights["n1"]), at=AT)
    take(begin(world, ("n1.xlsx", content)), receiver(world))
    assert standing() == [(1, "sent")]
    assert Draft.objects.get().figures == typed


def test_ones_own_file_ends_what_one_typed(world: World) -> None:
    head = world.actor(world.lights["n1"])
    content = workbook(world, "n1")
    services.save_draft(world.owed("n1"), figures={"own/total//all": "33"}, by=head, at=AT)
    services.import_workbook(content, "n1.xlsx", by=head, at=AT, signatures=SIGNED)
    assert not Draft.objects.exists()
