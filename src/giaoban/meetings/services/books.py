"""The briefing book: gathered from what stands today, frozen as presented."""

from collections.abc import Sequence
from datetime import datetime

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
from giaoban.meetings.services.refusals import MeetingRefused, require
from giaoban.monitoring import selectors as monitoring
from giaoban.reporting import selectors as reporting


def prepare_book(meeting: Meeting, *, by: Actor, at: datetime, form_keys: Sequence[str] | None = None) -> BriefingBook:
    """Freeze the meeting's book: results with comparison, late and missing units, watch list, open and draft tasks.

    form_keys: the forms whose results it shows; None = all that units beneath the host owe for the meeting's period.
    Frozen again, it is the next version; earlier ones stay. Raises MeetingRefused once the conclusion is issued.
    """
    require(meeting, Permission.PREPARE_MEETING, by)
    if meeting.state == MeetingState.CONCLUDED:
        raise MeetingRefused("Đã ban hành kết luận: tài liệu họp giữ nguyên như đã trình.")
    campaigns = [campaign for campaign in campaigns_of(meeting) if form_keys is None or campaign.form.key in form_keys]
    results = [result_of(campaign, meeting.host_id) for campaign in campaigns]
    simulated = simulated_words(meeting, results)
    head = head_of(
        meeting.host_id,
        meeting.held_on,
        doc_type="Tài liệu họp",
        subject=f"{meeting.title}, ngày {day(meeting.held_on)}",
        dated=timezone.localdate(at),
        recipients=[],
        simulated_note=simulated,
        source_note=meeting.source,
        at=at,
    )
    content: papers.BriefingBook = {
        **head,
        "paper": "briefing-book",
        "sections": [
            sections.results_section(results),
            sections.reception_section([reception_of(campaign, meeting) for campaign in campaigns]),
            sections.watch_section(monitoring.findings_for(None, meeting.host_id, meeting.period_id, meeting.held_on)),
            sections.open_tasks_section(open_tasks_of(meeting), meeting.held_on),
            sections.draft_tasks_section(drafts_of(meeting)),
        ],
        "attachments": [
            row.title if row.blob_id else f"{row.title} (có tên, chưa có văn bản)"
            for row in meeting.attachments.order_by("pk")
        ],
    }
    return briefs.freeze(
        meeting.key,
        title=f"Tài liệu họp: {meeting.title}",
        unit_id=meeting.host_id,
        content=dict(content),
        simulated=bool(simulated),
        meeting_url=selectors.url_of(meeting),
        by=by,
        at=at,
    )


def result_of(campaign: reporting.Campaign, unit_id: int) -> sections.Result:
    """The consolidated table of a form for the host, beside that of the same period before when there is one."""
    table = reporting.consolidate(campaign.form, campaign.period, unit_id)
    period = reporting.period_before(campaign.period)
    if period is None:
        return sections.Result(table, None, "chưa có số liệu cùng kỳ trước để so sánh.")
    try:
        before = reporting.consolidate(campaign.form, period, unit_id)
    except reporting.ConsolidationRefused as refusal:
        return sections.Result(table, None, f"không so sánh được với {period.label}: {refusal.sentence}")
    return sections.Result(table, before)


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


def simulated_words(meeting: Meeting, results: Sequence[sections.Result]) -> str:
    """What in the book is simulated, in one sentence; "" when nothing is."""
    if meeting.simulated_note:
        return meeting.simulated_note
    named = [result.table.form.title for result in results if result.table.simulated]
    return f"số liệu của: {'; '.join(named)}." if named else ""
