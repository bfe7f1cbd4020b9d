from collections.abc import Sequence

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.meetings.models import Meeting, MeetingState
from giaoban.meetings.rules import Blocking
from giaoban.orgs import selectors as orgs


class MeetingRefused(Exception):
    """The act cannot be done now; the message is one sentence for the person, with the remedy."""


class ConclusionRefused(MeetingRefused):
    """The conclusion cannot be issued yet. `blocking`: the paragraphs that lack something, and what."""

    def __init__(self, blocking: Sequence[Blocking]) -> None:
        self.blocking = list(blocking)
        lacking = "; ".join(one.words() for one in blocking)
        super().__init__(f"Chưa ban hành được: {lacking}. Bổ sung, hoặc chuyển thành định hướng kèm lý do.")


def require(meeting: Meeting, permission: Permission, by: Actor) -> None:
    """The right at the host, called as on the day of the meeting."""
    by.require(permission, meeting.host_id, unit_name=orgs.card(meeting.host_id, meeting.held_on).name)


def locked(meeting: Meeting, *states: MeetingState) -> Meeting:
    """The row as it is now, held until the end of the transaction. Raises MeetingRefused in any other state."""
    row = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if states and row.state not in states:
        raise MeetingRefused(f"Cuộc họp {MeetingState(row.state).label}, không làm được việc này nữa.")
    return row
