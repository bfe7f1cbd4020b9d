"""What this room offers to My work and to the page of a unit."""

from datetime import date

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import Panel, WorkItem
from giaoban.meetings import selectors
from giaoban.meetings.models import Meeting, MeetingState
from giaoban.orgs import selectors as orgs


def work_items(actor: Actor, on: date) -> list[WorkItem]:
    """Meetings to prepare by their day, and conclusions to finish."""
    rows = selectors.upcoming(actor)
    hosts = orgs.cards([row.host_id for row in rows], on)
    return [_item(actor, row, hosts[row.host_id].name, on) for row in rows]


def _item(actor: Actor, meeting: Meeting, host: str, on: date) -> WorkItem:
    held = meeting.state == MeetingState.HELD
    route = "meetings:conclusion" if held else "meetings:meeting"
    ready = held and not selectors.blocking(selectors.paragraphs_of(meeting, on))
    may_issue = ready and actor.may(Permission.CONCLUDE, meeting.host_id)
    return WorkItem(
        kind="Kết luận cuộc họp" if held else "Chuẩn bị cuộc họp",
        title=meeting.title,
        about=f"{host} chủ trì tổ chức · {selectors.chair_of(meeting)}",
        unit_id=meeting.host_id,
        due_on=None if held else meeting.held_on,
        timing=timing(None if held else meeting.held_on, None, on=on),
        state="đủ điều kiện ban hành" if ready else MeetingState(meeting.state).label,
        start=reverse(route, args=[meeting.key]),
        action="Ban hành" if may_issue else "Hoàn thiện kết luận" if held else "Chuẩn bị",
        simulated=bool(meeting.simulated_note),
    )


def panel(actor: Actor, unit_id: int, on: date) -> Panel | None:
    """The last meetings that a unit held or took part in."""
    rows = selectors.meetings_of_unit(actor, unit_id, on)
    notes = list(dict.fromkeys(row.simulated_note for row in rows if row.simulated_note))
    return Panel(
        title="Họp",
        template="meetings/panel.html",
        context={
            "meetings": rows[:6],
            "more": max(0, len(rows) - 6),
            "simulated_note": f"cuộc họp ví dụ: {' '.join(notes)}" if notes else "",
        },
        order=90,
        empty="" if rows else "Chưa có cuộc họp nào.",
        link=("Mở danh sách cuộc họp", reverse("meetings:index")),
    )
