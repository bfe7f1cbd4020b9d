"""What an event on units does to meetings: those that are not over pass to the one successor, and back."""

from datetime import date
from typing import Any

import pytest

from giaoban.kit.registries import unit_dependents
from giaoban.meetings import services
from giaoban.meetings.dependents import LEFT
from giaoban.meetings.models import Meeting, Paragraph, Participant
from giaoban.meetings.tests import factories as meetings
from giaoban.orgs import services as orgs
from giaoban.tasks.tests import factories
from giaoban.tasks.tests.factories import LINE, SYSTEM, Tree, moment

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 15)
AT = moment(2026, 3, 15)


@pytest.fixture
def held() -> Tree:
    meetings.words()
    return factories.tree()


def new(key: str, name: str, parent: str) -> dict[str, Any]:
    return {"key": key, "kind": "don-vi-thu", "name": name, "parents": [[LINE, parent]]}


def merge(*olds: str, into: Any) -> dict[str, Any]:
    return {"on": ON.isoformat(), "steps": [{"step": "merge", "tree": "unit", "olds": list(olds), "into": into}]}


def record(data: dict[str, Any]) -> Any:
    return orgs.record(data, basis="QĐ 1", basis_on=None, reason="sắp xếp", by=SYSTEM, at=AT)


def told(event: Any) -> list[tuple[str, int, bool]]:
    rooms = [one.effects for one in orgs.recorded_effects(event) if one.room == "meetings"]
    return [(one.what, one.count, one.needs_person) for effects in rooms for one in effects]


def invited(meeting: Meeting) -> list[str]:
    return sorted(Participant.objects.filter(meeting=meeting).values_list("unit__key", flat=True))


def planned(held: Tree) -> Meeting:
    meeting = meetings.meeting(held)
    Participant.objects.create(meeting=meeting, unit_id=held.north)
    Participant.objects.create(meeting=meeting, unit_id=held.south)
    return meeting


def test_the_room_is_registered() -> None:
    assert unit_dependents["meetings"].title == "Họp"


def test_host_and_invited_units_become_their_successors_and_back(held: Tree) -> None:
    meeting = planned(held)
    data = merge("phong-bac", into=new("phong-moi", "Phòng Mới", "so-moi"))
    data["steps"] += merge("so", into=new("so-moi", "Sở Mới", "goc"))["steps"]
    done = record(data)
    meeting.refresh_from_db()
    assert (meeting.host.key, invited(meeting)) == ("so-moi", ["phong-moi", "phong-nam"])
    assert told(done) == [
        ("cuộc họp chưa ban hành kết luận do đơn vị chủ trì", 1, False),
        ("giấy mời họp chưa diễn ra", 1, False),
    ]
    orgs.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    meeting.refresh_from_db()
    assert (meeting.host.key, invited(meeting)) == ("so", ["phong-bac", "phong-nam"])


def test_a_unit_that_is_invited_already_is_not_invited_twice(held: Tree) -> None:
    meeting = planned(held)
    done = record(merge("phong-bac", into="phong-nam"))
    assert invited(meeting) == ["phong-nam"]
    orgs.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    assert invited(meeting) == ["phong-bac", "phong-nam"]


def test_a_lead_that_is_no_task_yet_becomes_the_successor(held: Tree) -> None:
    meeting = meetings.held_meeting(held)
    paragraph = Paragraph.objects.create(meeting=meeting, number=1, text="Phòng Bắc tham mưu", kind="task")
    paragraph.leads.add(held.north)
    done = record(merge("phong-bac", into=new("phong-moi", "Phòng Mới", "so")))
    assert [one.key for one in paragraph.leads.all()] == ["phong-moi"]
    orgs.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    assert [one.key for one in paragraph.leads.all()] == ["phong-bac"]


def test_without_one_successor_everything_waits_for_a_person(held: Tree) -> None:
    meeting = planned(held)
    abolish = {"step": "abolish", "tree": "unit", "keys": ["phong-bac"]}
    data = {"on": ON.isoformat(), "steps": [abolish]}
    (room,) = [one for one in orgs.preview(data, by=SYSTEM, at=AT).effects if one.room == "meetings"]
    assert [(one.consequence, one.named) for one in room.effects] == [
        (LEFT, ("Phòng Bắc: Hội nghị sơ kết quý I, 21/03/2026",))
    ]
    record(data)
    assert invited(meeting) == ["phong-bac", "phong-nam"]


def test_a_meeting_of_the_new_unit_stands_against_undoing(held: Tree) -> None:
    done = record(merge("phong-bac", into=new("phong-moi", "Phòng Mới", "so")))
    unit = Meeting._meta.get_field("host").remote_field.model._default_manager.get(key="phong-moi")
    services.plan_meeting(
        key="moi",
        title="Họp mới",
        type="so-ket",
        form="truc-tiep",
        held_on=date(2026, 4, 1),
        host_id=unit.pk,
        chair_name="Bà Chủ Trì",
        chair_title="",
        by=SYSTEM,
        at=AT,
    )
    assert orgs.can_undo(done) == ["Họp: 1 cuộc họp do đơn vị mới lập chủ trì."]


@pytest.mark.parametrize("into", ["phong-nam", new("phong-moi", "Phòng Mới", "so")], ids=["removed", "given"])
def test_a_concluded_meeting_is_never_rewritten_by_undoing(held: Tree, into: Any) -> None:
    """Also where only a place, given to the successor or removed, ties the meeting to the event."""
    meeting = planned(held)
    done = record(merge("phong-bac", into=into))
    assert orgs.can_undo(done) == []
    Meeting.objects.filter(pk=meeting.pk).update(state="concluded")
    assert orgs.can_undo(done) == ["Họp: 1 cuộc họp đã chuyển thì đã họp hoặc đã ban hành kết luận."]


def test_a_lead_in_a_concluded_meeting_stands_against_undoing(held: Tree) -> None:
    meeting = meetings.held_meeting(held)
    paragraph = Paragraph.objects.create(meeting=meeting, number=1, text="Phòng Bắc tham mưu", kind="task")
    paragraph.leads.add(held.north)
    done = record(merge("phong-bac", into="phong-nam"))
    Meeting.objects.filter(pk=meeting.pk).update(state="concluded")
    assert orgs.can_undo(done) == ["Họp: 1 cuộc họp đã chuyển thì đã họp hoặc đã ban hành kết luận."]
