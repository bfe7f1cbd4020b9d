"""What an event on units does to meetings that are not over: host, invited units and leads become the one successor.

A meeting that was concluded keeps the names of its day. Without one successor everything waits for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.arrays import among
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.meetings.models import Meeting, MeetingState, Paragraph, Participant

LEFT: Final = "đơn vị kết thúc mà không có một đơn vị kế tục, cần người quyết định"


@dataclass
class _Following:
    """Rows that name an ended unit: by host, by invitation, by lead of a paragraph; and each as words for people."""

    hosts: list[Meeting] = field(default_factory=list)
    invited: list[Participant] = field(default_factory=list)
    leads: list[tuple[Paragraph, int]] = field(default_factory=list)


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """What happens to meetings that are not over, and how many stay as they were."""
    concluded = Meeting.objects.filter(host_id__in=among(change.ended), state=MeetingState.CONCLUDED).count()
    kept = Effect("cuộc họp đã kết luận", concluded, "giữ nguyên tên đơn vị của ngày họp")
    return [*_effects(change), *([kept] if concluded else [])]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """Put the successor in the place of the ended unit, in everything that is not over."""
    heirs = change.heirs
    found = _effects(change)
    held = _following(list(heirs), change.on)
    if not (held.hosts or held.invited or held.leads):
        return Receipt(tuple(found))
    with act("meetings.hand-on", by=by, at=at, reason=f"biến động ngày {day(change.on)}") as entry:
        hosts = [(one.pk, one.host_id, heirs[one.host_id]) for one in held.hosts]
        for meeting in held.hosts:
            meeting.host_id = heirs[meeting.host_id]
        Meeting.objects.bulk_update(held.hosts, ["host"])
        invited, removed = _invite(held.invited, heirs)
        leads = [(one.pk, unit, heirs[unit], _lead(one, unit, heirs[unit])) for one, unit in held.leads]
        entry.detail = {"hosts": len(hosts), "invited": len(invited) + len(removed), "leads": len(leads)}
    return Receipt(tuple(found), {"hosts": hosts, "invited": invited, "removed": removed, "leads": leads})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Give meetings, places and leads back to the units that had them."""
    if not data:
        return
    with act("meetings.take-back", by=by, at=at, detail={name: len(rows) for name, rows in data.items()}):
        for pk, old, _ in data["hosts"]:
            Meeting.objects.filter(pk=pk).update(host_id=old)
        for pk, old, _ in data["invited"]:
            Participant.objects.filter(pk=pk).update(unit_id=old)
        Participant.objects.bulk_create(Participant(**row) for row in data["removed"])
        for pk, old, new, was_added in data["leads"]:
            paragraph = Paragraph.objects.get(pk=pk)
            if was_added:
                paragraph.leads.remove(new)
            paragraph.leads.add(old)


def blocks_undo(change: UnitChange, since: datetime, data: Mapping[str, Any]) -> list[str]:
    """Meetings of the units that the event made, or planned since by the others to which something passed; handed ones
    that were held or concluded since, or changed."""
    created = change.created
    heirs = [unit_id for unit_id in change.takers if unit_id not in set(created)]
    hosts = {pk: new for pk, _, new in data.get("hosts", ())}
    invited = {pk: new for pk, _, new in data.get("invited", ())}
    leads = {(pk, new) for pk, _, new, _ in data.get("leads", ())}
    own = Meeting.objects.filter(host_id__in=among(created)).exclude(pk__in=hosts).count()
    places = Participant.objects.filter(unit_id__in=among(created)).exclude(pk__in=invited).count()
    led = [
        row
        for row in Paragraph.leads.through._default_manager.filter(unit_id__in=among(created)).values_list(
            "paragraph_id", "unit_id"
        )
        if row not in leads
    ]
    planned = Meeting.objects.filter(host_id__in=among(heirs), act__recorded_at__gt=since, held_on__gte=change.on)
    planned = planned.exclude(pk__in=among(hosts))
    led_in, invited_to = _named_in(data)
    gone_on = Q(pk__in=among([*hosts, *led_in]), state=MeetingState.CONCLUDED)
    gone_on |= Q(pk__in=among(invited_to)) & ~Q(state=MeetingState.PREPARING)
    concluded = Meeting.objects.filter(gone_on).count()
    changed = [
        pk for pk, host in Meeting.objects.filter(pk__in=hosts).values_list("pk", "host_id") if host != hosts[pk]
    ]
    gone = len(invited) - Participant.objects.filter(pk__in=invited).count()
    given = Paragraph.objects.filter(pk__in={pk for pk, _ in leads}).exclude(task_key="").count()
    lost = len({pk for pk, _ in leads}) - Paragraph.objects.filter(pk__in={pk for pk, _ in leads}).count()
    counts = [
        (own, "cuộc họp do đơn vị mới lập chủ trì"),
        (places, "cuộc họp đã mời đơn vị mới lập"),
        (len(led), "đoạn kết luận giao đơn vị mới lập chủ trì"),
        (planned.count(), "cuộc họp đơn vị kế tục lập sau biến động"),
        (concluded, "cuộc họp đã chuyển thì đã họp hoặc đã ban hành kết luận"),
        (len(changed) + gone + lost, "cuộc họp, đoạn kết luận đã chuyển thì sau đó được sửa"),
        (given, "đoạn kết luận đã chuyển thì đã giao thành nhiệm vụ"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _named_in(data: Mapping[str, Any]) -> tuple[set[int], set[int]]:
    """Meetings that a receipt names by the lead of a paragraph, and by a place, given or removed."""
    invited, led = ([row[0] for row in data.get(name, ())] for name in ("invited", "leads"))
    places = set(Participant.objects.filter(pk__in=among(invited)).values_list("meeting_id", flat=True))
    paragraphs = set(Paragraph.objects.filter(pk__in=among(led)).values_list("meeting_id", flat=True))
    return paragraphs, places | {row["meeting_id"] for row in data.get("removed", ())}


def _following(unit_ids: Sequence[int], on: date) -> _Following:
    """Meetings to be concluded, meetings still to come, paragraphs that are no task yet."""
    hosts = Meeting.objects.filter(host_id__in=among(unit_ids)).exclude(state=MeetingState.CONCLUDED).order_by("pk")
    to_come = Participant.objects.filter(
        unit_id__in=among(unit_ids), meeting__state=MeetingState.PREPARING, meeting__held_on__gte=on
    )
    through = Paragraph.leads.through._default_manager.filter(unit_id__in=among(unit_ids))
    through = through.exclude(paragraph__meeting__state=MeetingState.CONCLUDED).filter(paragraph__task_key="")
    leads = list(through.order_by("paragraph_id", "unit_id").values_list("paragraph_id", "unit_id"))
    paragraphs = Paragraph.objects.select_related("meeting").in_bulk([pk for pk, _ in leads])
    return _Following(
        hosts=list(hosts),
        invited=list(to_come.select_related("meeting").order_by("pk")),
        leads=[(paragraphs[pk], unit) for pk, unit in leads],
    )


def _effects(change: UnitChange) -> list[Effect]:
    called = change.names
    heirs = list(change.heirs)
    found: list[Effect] = []
    for unit_ids, consequence in ((heirs, ""), (change.heirless, LEFT)):
        held = _following(list(unit_ids), change.on)
        rows = [
            (
                "cuộc họp chưa ban hành kết luận do đơn vị chủ trì",
                "chuyển cho đơn vị kế tục chuẩn bị và kết luận",
                [(f"{one.title}, {day(one.held_on)}", one.host_id) for one in held.hosts],
            ),
            (
                "giấy mời họp chưa diễn ra",
                "chuyển cho đơn vị kế tục; đã được mời thì không mời hai lần",
                [
                    (f"{called[one.unit_id or 0]}: {one.meeting.title}, {day(one.meeting.held_on)}", one.unit_id or 0)
                    for one in held.invited
                ],
            ),
            (
                "đoạn kết luận chưa giao thành nhiệm vụ",
                "chuyển cho đơn vị kế tục chủ trì",
                [(f"{called[unit]}: {one.meeting.title}, đoạn {one.label}", unit) for one, unit in held.leads],
            ),
        ]
        found += [
            Effect(
                what,
                len(named),
                consequence or usual,
                tuple(words for words, _ in named[:NAMED]),
                bool(consequence),
                tuple(unit for _, unit in named[:NAMED]),
            )
            for what, usual, named in rows
            if named
        ]
    return found


def _invite(
    rows: Sequence[Participant], heirs: Mapping[int, int]
) -> tuple[list[tuple[int, int, int]], list[dict[str, Any]]]:
    """Places given to the successors, as (place, before, after), and those that fall away: the successor has one."""
    taken = set(
        Participant.objects.filter(meeting_id__in={one.meeting_id for one in rows}, unit__isnull=False).values_list(
            "meeting_id", "unit_id"
        )
    )
    invited: list[tuple[int, int, int]] = []
    removed: list[dict[str, Any]] = []
    for one in rows:
        old = one.unit_id or 0
        new = heirs[old]
        if (one.meeting_id, new) in taken:
            removed.append(
                {
                    "id": one.pk,
                    "meeting_id": one.meeting_id,
                    "unit_id": old,
                    "label": one.label,
                    "attendance": one.attendance,
                }
            )
        else:
            taken.add((one.meeting_id, new))
            one.unit_id = new
            invited.append((one.pk, old, new))
    Participant.objects.filter(pk__in=[one["id"] for one in removed]).delete()
    moved = {pk for pk, _, _ in invited}
    Participant.objects.bulk_update([one for one in rows if one.pk in moved], ["unit"])
    return invited, removed


def _lead(paragraph: Paragraph, old: int, new: int) -> bool:
    """Let the successor lead instead; whether it did not lead already."""
    fresh = not paragraph.leads.filter(pk=new).exists()
    paragraph.leads.remove(old)
    paragraph.leads.add(new)
    return fresh
