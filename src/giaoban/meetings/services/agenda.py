"""The agenda grows out of open matters; each comes once and comes back while it is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.meetings import selectors
from giaoban.meetings.models import AgendaItem, Meeting, MeetingState, ParagraphKind
from giaoban.meetings.services.refusals import MeetingRefused, locked, require
from giaoban.monitoring import selectors as monitoring
from giaoban.reporting import selectors as reporting
from giaoban.tasks import selectors as tasks
from giaoban.tasks.selectors import TaskCard


@dataclass(frozen=True, slots=True)
class Matter:
    """An open matter. `title` names no unit, so that all may read it; `about` does."""

    key: str
    title: str
    about: str
    link: str
    simulated: bool = False


def build_agenda(meeting: Meeting, *, by: Actor, at: datetime) -> list[AgendaItem]:
    """Write the open matters of the host into the agenda: reports late or missing, findings, open tasks, draft tasks.

    Building again brings each matter up to date, adds new ones and drops those that were closed meanwhile; points that
    a person wrote stay, after the matters. Raises MeetingRefused once the meeting was held.
    """
    require(meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        row = locked(meeting, MeetingState.PREPARING)
        matters = open_matters(row)
        with act("meetings.build-agenda", by=by, at=at, subject=subject_of(meeting), detail={"matters": len(matters)}):
            _write(row, matters)
    return selectors.agenda_of(meeting)


def _write(meeting: Meeting, matters: Sequence[Matter]) -> None:
    wanted = [matter.key for matter in matters]
    meeting.agenda.exclude(origin_key="").exclude(origin_key__in=wanted).delete()
    for position, matter in enumerate(matters, start=1):
        AgendaItem.objects.update_or_create(
            meeting=meeting,
            origin_key=matter.key,
            defaults={
                "position": position,
                "title": matter.title,
                "about": matter.about,
                "link": matter.link,
                "simulated": matter.simulated,
            },
        )
    for position, item in enumerate(meeting.agenda.filter(origin_key=""), start=len(matters) + 1):
        item.position = position
        item.save(update_fields=["position"])


def add_agenda_item(meeting: Meeting, *, title: str, by: Actor, at: datetime, about: str = "") -> AgendaItem:
    """Add a point by hand, at the end. Raises MeetingRefused."""
    require(meeting, Permission.PREPARE_MEETING, by)
    if not title.strip():
        raise MeetingRefused("Ghi tên mục chương trình trước khi thêm.")
    with transaction.atomic():
        row = locked(meeting, MeetingState.PREPARING)
        last = row.agenda.aggregate(last=Max("position"))["last"] or 0
        with act("meetings.add-agenda", by=by, at=at, subject=subject_of(meeting), detail={"title": title.strip()}):
            return AgendaItem.objects.create(meeting=row, position=last + 1, title=title.strip(), about=about.strip())


def open_matters(meeting: Meeting) -> list[Matter]:
    """What is open for the host on the day of the meeting, in the order in which it is spoken of."""
    return [*_reports(meeting), *_findings(meeting), *_tasks(meeting), *_drafts(meeting)]


def _reports(meeting: Meeting) -> list[Matter]:
    found = []
    for campaign in campaigns_of(meeting):
        held = reporting.late_and_missing(campaign.form, campaign.period, meeting.host_id, meeting.held_on)
        if not held.late and not held.missing:
            continue
        parts = [
            f"{word}: {selectors.names(row.unit for row in rows)}"
            for word, rows in (("chưa có", held.missing), ("muộn", held.late))
            if rows
        ]
        found.append(
            Matter(
                key=f"reports:{campaign.form.key}:{campaign.period.code}:{campaign.period.instalment}",
                title=f"Báo cáo {campaign.form.title}: {held.received}/{held.expected} đơn vị đã gửi, "
                f"{len(held.missing)} chưa có, {len(held.late)} muộn",
                about="; ".join(parts),
                link=reverse("reporting:index"),
                simulated=campaign.simulated or any(row.simulated for row in (*held.late, *held.missing)),
            )
        )
    return found


def campaigns_of(meeting: Meeting) -> list[reporting.Campaign]:
    """The forms that units beneath the host owe for the period that the meeting reviews."""
    if meeting.period_id is None:
        return []
    found = reporting.tables_beneath(meeting.host_id, meeting.held_on)
    return [campaign for campaign in found if campaign.period.pk == meeting.period_id]


def _findings(meeting: Meeting) -> list[Matter]:
    return [
        Matter(
            key=f"finding:{finding.pk}",
            title=f"{finding.kind_name[:1].upper()}{finding.kind_name[1:]}: {finding.indicator_name}",
            about=f"{finding.unit.name}: {finding.reason}",
            link=reverse("monitoring:finding", args=[finding.pk]),
            simulated=finding.simulated,
        )
        for finding in monitoring.findings_for(meeting.host_id, meeting.period_id, meeting.held_on)
    ]


def open_tasks_of(meeting: Meeting) -> list[TaskCard]:
    """Tasks that the host or its predecessors gave or owe and that are not done, on the day of the meeting."""
    scope = selectors.scope_of(meeting.host_id)
    return tasks.open_tasks(meeting.held_on, issuer_ids=scope, unit_ids=scope)


def _tasks(meeting: Meeting) -> list[Matter]:
    found = []
    for card in open_tasks_of(meeting):
        overdue = card.roll_up.open_overdue
        state = f"{len(overdue)} quá hạn" if overdue else f"hạn {card.due_words}"
        found.append(
            Matter(
                key=f"task:{card.pk}",
                title=f"Nhiệm vụ: {card.title} ({card.roll_up.done}/{card.roll_up.total} hoàn thành, {state})",
                about=f"Chưa hoàn thành: {selectors.names(card.roll_up.open)}. Nguồn: {card.origin.label}.",
                link=card.url,
                simulated=bool(card.simulated_note),
            )
        )
    return found


def _drafts(meeting: Meeting) -> list[Matter]:
    return [
        Matter(
            key=f"draft:{card.label}",
            title=f"Dự thảo nhiệm vụ: {card.what or card.text}",
            about="; ".join(lamp.word for lamp in card.lamps if not lamp.lit),
            link=f"{reverse('meetings:conclusion', args=[meeting.key])}#doan-{card.label}",
            simulated=bool(meeting.simulated_note),
        )
        for card in selectors.paragraphs_of(meeting, meeting.held_on)
        if card.kind == ParagraphKind.TASK
    ]
