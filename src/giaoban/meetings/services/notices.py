"""Issuing the conclusion: the chair's act, and whole; each task paragraph then becomes one task for its units."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from giaoban.briefs.heads import head_of, paper_date
from giaoban.core.vietnamese import day
from giaoban.documents.rules import papers
from giaoban.documents.services import DOCX, PDF, render_docx, render_pdf, store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue
from giaoban.kit.permissions import Permission
from giaoban.meetings import selectors
from giaoban.meetings.models import Meeting, MeetingState, Notice, Paragraph
from giaoban.meetings.selectors import ParagraphCard
from giaoban.meetings.services.refusals import ConclusionRefused, MeetingRefused, locked, require
from giaoban.tasks import services as tasks
from giaoban.tasks.rules import Origin

TEMPLATE = "thong-bao-ket-luan"
RENDER_JOB = "meetings.render_notice"
ORIGIN_KIND = "meeting-conclusion"


def issue_notice(
    meeting: Meeting, *, by: Actor, at: datetime, number: str = "", dated_on: date | None = None, signer: str = ""
) -> Notice:
    """Conclude: issue the notice and give each task paragraph to its units; orientations and agreements give none (R15,
    R39, R49). Only who may conclude for the host does so (R63).

    number, dated_on, signer: as on the paper; left blank they are entered later with `complete_notice`.
    Raises ConclusionRefused naming each paragraph and what it lacks; MeetingRefused in a wrong state.
    """
    require(meeting, Permission.CONCLUDE, by)
    with transaction.atomic():
        row = locked(meeting)
        if row.state == MeetingState.CONCLUDED:
            raise MeetingRefused("Thông báo kết luận của cuộc họp này đã ban hành rồi.")
        if row.state != MeetingState.HELD:
            raise MeetingRefused("Cuộc họp chưa diễn ra: ghi nhận đã họp rồi mới ban hành kết luận.")
        paragraphs = selectors.paragraphs_of(row, row.held_on)
        if not paragraphs:
            raise MeetingRefused("Chưa có đoạn kết luận nào để ban hành.")
        lacking = selectors.blocking(paragraphs)
        if lacking:
            raise ConclusionRefused(lacking)
        assigned = [card for card in paragraphs if card.is_task]
        detail = {"tasks": len(assigned), "paragraphs": len(paragraphs)}
        with act("meetings.conclude", by=by, at=at, subject=subject_of(meeting), detail=detail) as entry:
            notice = Notice.objects.create(
                meeting=row,
                number=number.strip(),
                dated_on=dated_on,
                signer=signer.strip(),
                content=content_of(row, paragraphs, number=number, dated_on=dated_on, signer=signer, at=at),
                issued_at=at,
                act=entry,
            )
            for card in assigned:
                _assign(row, card, by=by, at=at)
            row.state = MeetingState.CONCLUDED
            row.save(update_fields=["state"])
            enqueue(RENDER_JOB, notice_id=notice.pk)
    meeting.state = row.state
    return notice


def _assign(meeting: Meeting, card: ParagraphCard, *, by: Actor, at: datetime) -> None:
    """One task for all the paragraph's units; it keeps the paragraph as its source."""
    key = f"meeting:{meeting.key}:{card.label}"
    if card.due_on is None:
        raise MeetingRefused(f"Đoạn {card.label} chưa có ngày hạn; ghi ngày rồi ban hành.")
    try:
        tasks.assign(
            title=card.what,
            issuer_id=meeting.host_id,
            unit_ids=[unit.id for unit in card.leads],
            helpers=card.helpers,
            product=card.product,
            due_on=card.due_on,
            origin=Origin(
                kind=ORIGIN_KIND,
                label=f"Kết luận {meeting.title} ngày {day(meeting.held_on)}, đoạn {card.label}",
                url=f"{reverse('meetings:conclusion', args=[meeting.key])}#doan-{card.label}",
                key=key,
            ),
            source_text=card.text,
            simulated_note=meeting.simulated_note,
            by=by,
            at=at,
        )
    except tasks.TaskRefused as refusal:
        raise MeetingRefused(f"Đoạn {card.label}: {refusal}") from refusal
    Paragraph.objects.filter(pk=card.pk).update(task_key=key)


def complete_notice(
    notice: Notice, *, number: str, dated_on: date | None, signer: str, by: Actor, at: datetime
) -> None:
    """Enter the number, day and signer once the paper has them; what was concluded stays as issued."""
    require(notice.meeting, Permission.PREPARE_MEETING, by)
    detail = {"number": number.strip(), "dated_on": dated_on.isoformat() if dated_on else "", "signer": signer.strip()}
    with act("meetings.complete-notice", by=by, at=at, subject=subject_of(notice.meeting), detail=detail):
        row = Notice.objects.select_for_update().get(pk=notice.pk)
        row.number, row.dated_on, row.signer = number.strip(), dated_on, signer.strip()
        row.content = {
            **row.content,
            "number": row.number or None,
            "date": paper_date(dated_on),
            "signer": _signer(row.meeting, row.signer),
        }
        row.save()
        enqueue(RENDER_JOB, notice_id=row.pk)
    notice.number, notice.dated_on, notice.signer, notice.content = row.number, row.dated_on, row.signer, row.content


def content_of(
    meeting: Meeting,
    paragraphs: list[ParagraphCard],
    *,
    number: str,
    dated_on: date | None,
    signer: str,
    at: datetime,
) -> papers.ConclusionNotice:
    """The data of both documents. What nobody entered (number, day, signer) stays open and prints as dots."""
    participants = selectors.participants_of(meeting)
    head = head_of(
        meeting.host_id,
        meeting.held_on,
        doc_type="Thông báo",
        subject=f"Kết luận của {selectors.chair_of(meeting)} tại {meeting.title}",
        dated=dated_on,
        recipients=[one.label for one in participants],
        simulated_note=meeting.simulated_note,
        source_note=meeting.source,
        at=at,
    )
    return {
        **head,
        "paper": "conclusion-notice",
        "number": number.strip() or None,
        "symbol": None,
        "signer": _signer(meeting, signer.strip()),
        "intro": _intro(meeting),
        "meeting": _facts(meeting, [one.label for one in participants]),
        "paragraphs": [_paragraph(card) for card in paragraphs],
        "closing": _closing(meeting, paragraphs),
    }


def _signer(meeting: Meeting, name: str) -> papers.Signer | None:
    """The block of who signs; the title is known when the chair signs."""
    if not name:
        return None
    return {
        "authority_lines": [],
        "title": (meeting.chair_title or None) if name == meeting.chair_name else None,
        "name": name,
    }


def _intro(meeting: Meeting) -> list[str]:
    where = f", tại {meeting.place}" if meeting.place else ""
    return [f"Ngày {day(meeting.held_on)}{where}, {selectors.chair_of(meeting)} chủ trì {meeting.title} và kết luận:"]


def _facts(meeting: Meeting, participants: list[str]) -> list[papers.MeetingFact]:
    forms, types = selectors.names_of("meeting_forms"), selectors.names_of("meeting_types")
    kind = ", ".join(
        word for word in (types.get(meeting.type, meeting.type), forms.get(meeting.form, "").lower()) if word
    )
    facts = [("Loại, hình thức", kind), ("Thành phần", "; ".join(participants))]
    attached = list(meeting.attachments.order_by("pk").values_list("title", flat=True))
    if attached:
        facts.append(("Tài liệu", "; ".join(attached)))
    return [{"label": label, "value": value} for label, value in facts]


def _paragraph(card: ParagraphCard) -> papers.ConclusionParagraph:
    return {
        "number": card.label,
        "text": card.text,
        "kind": "task" if card.is_task else "orientation" if card.kind == "orientation" else "agreement",
        "kind_name": card.kind_name,
        "assignments": [
            {
                "what": card.what,
                "lead": unit.name,
                "helpers": card.helpers or None,
                "due": day(card.due_on) if card.due_on else None,
                "product": card.product or None,
            }
            for unit in card.leads
        ]
        if card.is_task
        else [],
    }


def _closing(meeting: Meeting, paragraphs: list[ParagraphCard]) -> str:
    """What a reader must know about the text: clears that the chair did not say, a list that the source left open."""
    filled = [
        f"đoạn {card.label} ({', '.join(lamp.word for lamp in card.lamps if lamp.by_secretary)})"
        for card in paragraphs
        if card.is_task and any(lamp.by_secretary for lamp in card.lamps)
    ]
    said = [f"Thư ký bổ sung, không có trong lời kết luận: {'; '.join(filled)}."] if filled else []
    if not meeting.list_complete:
        said.append("Nguồn nêu danh sách mở, có thể còn nhiệm vụ khác.")
    return " ".join(said)


def render_notice(notice_id: int) -> None:
    """Print an issued notice as DOCX and PDF, as it stands now; two prints at once come one after the other."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=notice_id)
        name = f"thong-bao-ket-luan-{notice.meeting.key}"
        docx, pdf = render_docx(TEMPLATE, notice.content), render_pdf(TEMPLATE, notice.content)
        notice.docx = store_blob(docx, media_type=DOCX, filename=f"{name}.docx")
        notice.pdf = store_blob(pdf, media_type=PDF, filename=f"{name}.pdf")
        notice.save(update_fields=["docx", "pdf"])
