"""The briefing book: gathered from what stands today, frozen as presented."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from giaoban.briefs import sections
from giaoban.briefs import services as briefs
from giaoban.briefs.heads import head_of
from giaoban.briefs.selectors import BriefingBook
from giaoban.core.vietnamese import day
from giaoban.documents.rules import papers
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.meetings import selectors
from giaoban.meetings.models import Meeting, MeetingState
from giaoban.meetings.services.agenda import campaigns_of, open_tasks_of
from giaoban.meetings.services.refusals import MeetingRefused, locked, require
from giaoban.monitoring import selectors as monitoring
from giaoban.monitoring.selectors import FindingCard
from giaoban.reporting import selectors as reporting
from giaoban.reporting import services as reporting_services
from giaoban.tasks.selectors import TaskCard


def prepare_book(meeting: Meeting, *, by: Actor, at: datetime) -> BriefingBook:
    """Freeze the meeting's book: results with comparison, late and missing units, watch list, open and draft tasks.

    The forms are all that units beneath the host owe for the meeting's period. Frozen again, it is the next version;
    earlier ones stay. Each table that it quotes is kept as presented, exactly as it was read here: nothing that counts
    in it changes meanwhile. Raises MeetingRefused once the conclusion is issued.
    """
    require(meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        row = locked(meeting)
        if row.state == MeetingState.CONCLUDED:
            raise MeetingRefused("Đã ban hành kết luận: tài liệu họp giữ nguyên như đã trình.")
        campaigns = campaigns_of(row)
        for campaign in campaigns:
            reporting_services.hold_for_presenting(campaign.form, campaign.period, row.host_id)
        results = [result_of(campaign, row.host_id) for campaign in campaigns]
        content = content_of(row, at, campaigns, results)
        book = briefs.freeze(
            row.key,
            title=f"Tài liệu họp: {row.title}",
            unit_id=row.host_id,
            content=dict(content),
            simulated=content["simulated"],
            meeting_url=selectors.url_of(row),
            by=by,
            at=at,
        )
        reporting_services.present_tables(
            [table for result in results for table in (result.table, result.before) if table is not None],
            origin=briefs.origin_of(book),
            title=f"{book.title}, bản {book.version}",
            link=briefs.url_of(book),
            by=by,
            at=at,
        )
    return book


def content_of(
    meeting: Meeting, at: datetime, campaigns: Sequence[reporting.Campaign], results: Sequence[sections.Result]
) -> papers.BriefingBook:
    """The data of both documents, read now; results: of the campaigns."""
    receptions = [reception_of(campaign, meeting) for campaign in campaigns]
    findings = monitoring.findings_for(meeting.host_id, meeting.period_id, meeting.held_on)
    open_tasks = open_tasks_of(meeting)
    head = head_of(
        meeting.host_id,
        meeting.held_on,
        doc_type="Tài liệu họp",
        subject=f"{meeting.title}, ngày {day(meeting.held_on)}",
        dated=timezone.localdate(at),
        recipients=[],
        simulated_note=simulated_words(meeting, results, receptions, findings, open_tasks),
        source_note=meeting.source,
        at=at,
    )
    return {
        **head,
        "paper": "briefing-book",
        "sections": [
            sections.results_section(results),
            sections.reception_section(receptions),
            sections.watch_section(findings),
            sections.open_tasks_section(open_tasks, meeting.held_on),
            sections.draft_tasks_section(drafts_of(meeting)),
        ],
        "attachments": [
            row.title if row.blob_id else f"{row.title} (có tên, chưa có văn bản)"
            for row in meeting.attachments.order_by("pk")
        ],
    }


def result_of(campaign: reporting.Campaign, unit_id: int) -> sections.Result:
    """The consolidated table of a form for the host, beside that of the same period before when there is one."""
    table = reporting.consolidate(campaign.form, campaign.period, unit_id)
    found = reporting.same_period(campaign.form, campaign.period, unit_id)
    if found.before is None:
        return sections.Result(table, None, found.said.sentence)
    return sections.Result(table, found.before, how=found.said.sentence)


def reception_of(campaign: reporting.Campaign, meeting: Meeting) -> sections.Reception:
    found = reporting.late_and_missing(campaign.form, campaign.period, meeting.host_id, meeting.held_on)
    return sections.Reception(campaign.form.title, campaign.period.label, found)


def drafts_of(meeting: Meeting) -> list[sections.DraftTask]:
    """The task paragraphs written before the meeting, with what each lacks."""
    if meeting.state != MeetingState.PREPARING:
        return []
    return [
        sections.DraftTask(
            number=card.label,
            text=card.text,
            what=card.what,
            leads=card.leads_names,
            helpers=card.helpers,
            due=day(card.due_on) if card.due_on else card.due_words,
            product=card.product,
            missing=tuple(lamp.word for lamp in card.lamps if not lamp.lit),
        )
        for card in selectors.paragraphs_of(meeting, meeting.held_on)
        if card.is_task
    ]


def simulated_words(
    meeting: Meeting,
    results: Sequence[sections.Result],
    receptions: Sequence[sections.Reception],
    findings: Sequence[FindingCard],
    open_tasks: Sequence[TaskCard],
) -> str:
    """What in the book is simulated, in one sentence; "" when nothing is. The meeting's own note comes first."""
    tables = [one for result in results for one in (result.table, result.before) if one is not None]
    figures = [table.form.title for table in tables if table.simulated]
    figures += [
        one.form_title for one in receptions if any(row.simulated for row in (*one.found.late, *one.found.missing))
    ]
    watched = [finding.indicator_name for finding in findings if finding.simulated]
    given = [card.title for card in open_tasks if card.simulated_note]
    named = [
        f"{what}: {'; '.join(dict.fromkeys(names))}"
        for what, names in (("số liệu của", figures), ("phát hiện về", watched), ("nhiệm vụ", given))
        if names
    ]
    return " ".join(part for part in (meeting.simulated_note, f"{'. '.join(named)}." if named else "") if part)
