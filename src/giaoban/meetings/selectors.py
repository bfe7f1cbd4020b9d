"""Reads of meetings. A meeting is seen by those who see its host or a unit that takes part.

Who only takes part sees the meeting, its agenda without the names behind it, and the conclusion once it is issued.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.acts import subject_of
from giaoban.kit.models import Act, Word
from giaoban.kit.permissions import Permission
from giaoban.meetings import rules
from giaoban.meetings.models import (
    AgendaItem,
    Attendance,
    MeetingState,
    Notice,
    ParagraphKind,
    Participant,
)
from giaoban.meetings.models import Meeting as Meeting
from giaoban.meetings.models import Paragraph as Paragraph
from giaoban.meetings.rules import Blocking, Clear, Given, Lamp
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard, visible_ids
from giaoban.tasks import selectors as tasks
from giaoban.tasks.selectors import TaskCard


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A line of the list of meetings."""

    key: str
    title: str
    type_name: str
    held_on: date
    host: UnitCard
    chair: str
    state: str
    state_name: str
    paragraphs: int
    tasks: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class ParticipantCard:
    """A unit at the meeting as called on its day, or a group as the source names it."""

    pk: int
    label: str
    unit: UnitCard | None
    attendance: str
    attendance_name: str


@dataclass(frozen=True, slots=True)
class ParagraphCard:
    """A paragraph and what it becomes."""

    pk: int
    label: str
    text: str
    kind: str
    kind_name: str
    what: str
    leads: tuple[UnitCard, ...]
    leads_words: str
    helpers: str
    due_on: date | None
    due_words: str
    product: str
    lamps: tuple[Lamp, ...]
    by_secretary: frozenset[str]
    source: str
    kind_reason: str
    task: TaskCard | None

    @property
    def is_task(self) -> bool:
        return self.kind == ParagraphKind.TASK

    @property
    def lit(self) -> bool:
        return all(lamp.lit for lamp in self.lamps)

    @property
    def title(self) -> str:
        return self.what or self.kind_name

    @property
    def leads_names(self) -> str:
        """The units chosen, or the words of the source while none is."""
        return "; ".join(unit.name for unit in self.leads) or self.leads_words


def meetings_visible(actor: Actor, on: date) -> QuerySet[Meeting]:
    seen = visible_ids(actor, on)
    takes_part = Participant.objects.filter(meeting=OuterRef("pk"), unit_id__in=seen)
    return Meeting.objects.filter(Q(host_id__in=seen) | Exists(takes_part))


def meeting_for(actor: Actor, key: str, on: date) -> Meeting:
    """The meeting, if the actor may see its host or a participant; otherwise, or when there is none, 404."""
    meeting = meetings_visible(actor, on).filter(key=key).first()
    if meeting is None:
        raise Http404("Không có cuộc họp này trong phạm vi của bạn.")
    return meeting


def sees_host(actor: Actor, meeting: Meeting, on: date) -> bool:
    """Whether the actor stands at or above the host: who sees what is being prepared, with names."""
    return visible_ids(actor, on).filter(pk=meeting.host_id).exists()


def conclusion_for(actor: Actor, key: str, on: date) -> Meeting:
    """The meeting whose conclusion may be read: being written, by those who see the host; issued, by all who see it."""
    meeting = meeting_for(actor, key, on)
    if meeting.state != MeetingState.CONCLUDED and not sees_host(actor, meeting, on):
        raise Http404("Kết luận của cuộc họp này chưa ban hành.")
    return meeting


def paragraph_for(meeting: Meeting, pk: int) -> Paragraph:
    paragraph = Paragraph.objects.filter(meeting=meeting, pk=pk).first()
    if paragraph is None:
        raise Http404("Không có đoạn kết luận này.")
    return paragraph


def meeting_rows(actor: Actor, on: date) -> list[MeetingRow]:
    """All meetings that the actor sees, the latest first; hosts are called as on the day of the meeting."""
    counted = meetings_visible(actor, on).annotate(
        paragraph_count=Count("paragraphs"),
        task_count=Count("paragraphs", filter=Q(paragraphs__kind=ParagraphKind.TASK)),
    )
    types = names_of("meeting_types")
    rows = []
    hosts: dict[tuple[int, date], UnitCard] = {}
    for meeting in counted.order_by("-held_on", "-pk"):
        place = (meeting.host_id, meeting.held_on)
        if place not in hosts:
            hosts[place] = orgs.card(*place)
        rows.append(
            MeetingRow(
                key=meeting.key,
                title=meeting.title,
                type_name=types.get(meeting.type, meeting.type),
                held_on=meeting.held_on,
                host=hosts[place],
                chair=chair_of(meeting),
                state=meeting.state,
                state_name=MeetingState(meeting.state).label,
                paragraphs=meeting.paragraph_count,
                tasks=meeting.task_count,
                simulated=bool(meeting.simulated_note),
            )
        )
    return rows


def chair_of(meeting: Meeting) -> str:
    return ", ".join(part for part in (meeting.chair_name, meeting.chair_title) if part)


def words_of(word_list: str) -> list[Word]:
    return list(Word.objects.filter(list=word_list).order_by("position"))


def names_of(word_list: str) -> dict[str, str]:
    return {word.key: word.name for word in words_of(word_list)}


def clears() -> list[Clear]:
    """The things that must be clear before a paragraph becomes a task, from the pack's list."""
    return [
        Clear(word.key.replace("-", "_"), word.name, str(word.data.get("question", ""))) for word in words_of("clears")
    ]


def participants_of(meeting: Meeting) -> list[ParticipantCard]:
    """Units first, in alphabetical order and called as on the day of the meeting, then the groups as named."""
    rows = list(meeting.participants.order_by("pk"))
    called = orgs.cards([row.unit_id for row in rows if row.unit_id is not None], meeting.held_on)
    listed = [
        ParticipantCard(
            pk=row.pk,
            label=called[row.unit_id].name if row.unit_id is not None else row.label,
            unit=called[row.unit_id] if row.unit_id is not None else None,
            attendance=row.attendance,
            attendance_name=Attendance(row.attendance).label,
        )
        for row in rows
    ]
    return sorted(listed, key=lambda one: (one.unit is None, one.unit.sort_key if one.unit else ""))


def given_of(paragraph: Paragraph, leads: int) -> Given:
    return Given(
        what=paragraph.what,
        leads=leads,
        leads_words=paragraph.leads_words,
        helpers=paragraph.helpers,
        due_on=paragraph.due_on,
        due_words=paragraph.due_words,
        product=paragraph.product,
        by_secretary=frozenset(paragraph.filled_by_secretary),
    )


def paragraphs_of(meeting: Meeting, on: date | None = None) -> list[ParagraphCard]:
    """The paragraphs in order, with lamps, and their tasks as they stand on a day (today without one).

    While the conclusion is not issued, that day is also the one before which no deadline may lie.
    """
    today = on or timezone.localdate()
    issued_on = None if meeting.state == MeetingState.CONCLUDED else today
    rows = list(meeting.paragraphs.prefetch_related("leads").order_by("number", "part"))
    leads = {row.pk: [unit.pk for unit in row.leads.all()] for row in rows}
    called = orgs.cards([unit_id for ids in leads.values() for unit_id in ids], meeting.held_on)
    wanted, kinds = clears(), {**dict(ParagraphKind.choices), **names_of("conclusion_kinds")}
    assigned = tasks.tasks_by_key(row.task_key for row in rows if row.task_key)
    shown = {card.pk: card for card in tasks.cards_of(assigned.values(), today)}
    reasons = _kind_reasons(meeting)
    return [
        ParagraphCard(
            pk=row.pk,
            label=row.label,
            text=row.text,
            kind=row.kind,
            kind_name=str(kinds[row.kind]),
            what=row.what,
            leads=tuple(sorted((called[unit] for unit in leads[row.pk]), key=lambda one: one.sort_key)),
            leads_words=row.leads_words,
            helpers=row.helpers,
            due_on=row.due_on,
            due_words=row.due_words,
            product=row.product,
            lamps=tuple(rules.clears_of(given_of(row, len(leads[row.pk])), wanted, issued_on)),
            by_secretary=frozenset(row.filled_by_secretary),
            source=row.source,
            kind_reason=reasons.get((row.label, row.kind), ""),
            task=shown[assigned[row.task_key].pk] if row.task_key in assigned else None,
        )
        for row in rows
    ]


def _kind_reasons(meeting: Meeting) -> dict[tuple[str, str], str]:
    """(label, kind) → why the paragraph was made that kind, from the acts."""
    rows = Act.objects.filter(subject=subject_of(meeting), name="meetings.change-kind").order_by("at", "pk")
    return {(str(row.detail.get("label")), str(row.detail.get("kind"))): row.reason for row in rows}


def blocking(paragraphs: Sequence[ParagraphCard]) -> list[Blocking]:
    return rules.blocking([(card.label, card.is_task, card.lamps) for card in paragraphs])


def agenda_of(meeting: Meeting) -> list[AgendaItem]:
    return list(meeting.agenda.order_by("position", "pk"))


def notice_of(meeting: Meeting) -> Notice | None:
    return Notice.objects.filter(meeting=meeting).select_related("act").first()


def acts_of(meeting: Meeting) -> list[Act]:
    return list(Act.objects.filter(subject=subject_of(meeting)).order_by("-at", "-pk"))


def scope_of(unit_id: int) -> list[int]:
    """The unit and all it succeeded: open matters of a predecessor are matters of the successor."""
    found, waiting = [unit_id], [unit_id]
    while waiting:
        for step in orgs.origins_of(waiting.pop()):
            if step.other.id not in found:
                found.append(step.other.id)
                waiting.append(step.other.id)
    return found


def upcoming(actor: Actor) -> list[Meeting]:
    """Meetings that the actor may prepare or conclude and that are not concluded."""
    units = [
        unit
        for unit in actor.unit_ids
        if actor.may(Permission.PREPARE_MEETING, unit) or actor.may(Permission.CONCLUDE, unit)
    ]
    rows = Meeting.objects.filter(host_id__in=units).exclude(state=MeetingState.CONCLUDED)
    return list(rows.order_by("held_on", "pk"))


def meetings_of_unit(actor: Actor, unit_id: int, on: date) -> list[Meeting]:
    """Visible meetings that a unit hosts or takes part in, the latest first."""
    takes_part = Participant.objects.filter(meeting=OuterRef("pk"), unit_id=unit_id)
    rows = meetings_visible(actor, on).filter(Q(host_id=unit_id) | Exists(takes_part))
    return list(rows.order_by("-held_on", "-pk"))


def url_of(meeting: Meeting) -> str:
    return reverse("meetings:meeting", args=[meeting.key])


def names(units: Iterable[UnitCard]) -> str:
    return ", ".join(unit.short_name for unit in units)
