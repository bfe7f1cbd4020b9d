"""What sending leaves behind beside the figures: its act, the history of the database, the numbers of its queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.figures import Mark
from giaoban.kit.acts import act, acts_on, subject_of
from giaoban.kit.models import Act
from giaoban.reporting.models import Draft, Submission, SubmissionLine
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

LIT: dict[str, Any] = {"all": 10, "good": 8}


@pytest.fixture
def world() -> World:
    return tiny_world()


def history(model: str, pk: int) -> list[dict[str, Any]]:
    """Metadata of the events of a row, oldest first."""
    events = apps.get_model("reporting", f"{model}Event")._default_manager.filter(pgh_obj_id=pk).order_by("pgh_id")
    return [one.pgh_context.metadata if one.pgh_context else {} for one in events.select_related("pgh_context")]


def contexts(model: str, pk: int) -> list[Any]:
    events = apps.get_model("reporting", f"{model}Event")._default_manager.filter(pgh_obj_id=pk).order_by("pgh_id")
    return list(events.values_list("pgh_context_id", flat=True))


def test_a_version_its_act_and_its_history_name_one_another(world: World) -> None:
    sent = world.send("n1", **LIT)
    (entry,) = acts_on(sent)
    assert sent.act_id == entry.pk
    assert (entry.name, entry.subject, entry.actor_name) == ("reporting.submit", subject_of(sent), SYSTEM.name)
    assert entry.detail == {"obligation": sent.obligation_id, "version": 1, "receipt": sent.receipt}
    assert history("Submission", sent.pk) == [{"act": entry.pk, "actor": SYSTEM.name}]


def test_receipts_are_unique_and_follow_the_row(world: World) -> None:
    sent = [world.send(light, at=AT, **LIT) for light in ("n1", "n2", "n3")]
    again = world.send("n1", at=AT + timedelta(hours=1), all=12, good=8)
    assert len({one.receipt for one in (*sent, again)}) == 4
    assert all(one.receipt == f"TN-{AT.year}-{one.pk:06d}" for one in (*sent, again))
    assert again.version == 2
    assert [one["act"] for one in history("Submission", sent[0].pk)] == [sent[0].act_id, again.act_id]


def test_a_draft_ends_with_the_sending(world: World) -> None:
    owed = world.owed("n1")
    Draft.objects.create(obligation=owed, saved_at=AT)
    world.send("n1", **LIT)
    assert not Draft.objects.filter(obligation=owed).exists()


def test_lines_are_kept_as_they_were_sent(world: World) -> None:
    sent = world.send("n1", **LIT)
    kept = SubmissionLine.objects.filter(submission=sent)
    (line,) = kept
    assert (line.table, line.row, line.subunit, line.texts) == ("own", "total", "", {})
    held = dict(zip((one.id for one in definition_of(world.form).table("own").numeric), line.values, strict=True))
    assert {name: value for name, value in held.items() if value is not None} == LIT
    assert [mark for mark, value in zip(line.marks, line.values, strict=True) if value is not None] == [
        Mark.REPORTED
    ] * 2
    assert set(line.estimates) == {None}


def test_a_refusal_leaves_neither_act_nor_history(world: World) -> None:
    sent = world.send("n1", **LIT)
    before = Act.objects.count(), Submission.objects.count()
    with pytest.raises(Exception, match=sent.receipt):
        world.send("n1", **LIT)
    assert (Act.objects.count(), Submission.objects.count()) == before
    assert len(history("Submission", sent.pk)) == 1


def test_an_act_within_an_act_shares_the_context_and_a_failed_one_leaves_it(world: World) -> None:
    owed = world.owed("n1")
    with act("outer", by=SYSTEM, at=AT) as outer:
        owed.due_source = "a"
        owed.save()
        with pytest.raises(RuntimeError, match="halfway"), act("failed", by=SYSTEM, at=AT):
            owed.due_source = "b"
            owed.save()
            raise RuntimeError("halfway")
        owed.due_source = "c"
        owed.save()
    said = history("Obligation", owed.pk)[-2:]
    assert said == [{"act": outer.pk, "actor": SYSTEM.name}] * 2
    with act("second", by=SYSTEM, at=AT):
        owed.due_source = "d"
        owed.save()
    known = contexts("Obligation", owed.pk)[-3:]
    assert known[0] == known[1] != known[2]


def test_an_act_that_changes_nothing_of_itself_is_written_once(world: World) -> None:
    with CaptureQueriesContext(connection) as asked, act("plain", by=SYSTEM, at=AT):
        pass
    written = [one["sql"] for one in asked.captured_queries if "kit_act" in one["sql"]]
    assert len(written) == 1
