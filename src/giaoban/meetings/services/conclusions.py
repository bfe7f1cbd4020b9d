"""What the chair concluded, paragraph by paragraph, and what each becomes. Every change here can be undone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.meetings import rules
from giaoban.meetings.models import Meeting, Paragraph, ParagraphKind
from giaoban.meetings.services.planning import OPEN_STATES
from giaoban.meetings.services.refusals import MeetingRefused, locked, require
from giaoban.orgs import selectors as orgs

KEPT = (
    "part",
    "text",
    "kind",
    "what",
    "helpers",
    "product",
    "due_words",
    "leads_words",
    "filled_by_secretary",
    "source",
)
UNDO = "meetings.undo"
UNDO_WORDS = {
    "meetings.record-paragraph": "ghi đoạn",
    "meetings.set-clears": "bổ sung đoạn",
    "meetings.split-paragraph": "tách đoạn",
    "meetings.change-kind": "đổi loại đoạn",
}


def record_paragraph(
    meeting: Meeting, *, text: str, kind: str, by: Actor, at: datetime, what: str = "", source: str = ""
) -> Paragraph:
    """Write down a paragraph, verbatim. Before the meeting is held it is a draft laid before it; then, its conclusion.

    kind: a `ParagraphKind`. what: the short name of what it becomes. Raises MeetingRefused.
    """
    require(meeting, Permission.PREPARE_MEETING, by)
    if not text.strip():
        raise MeetingRefused("Ghi nguyên văn lời kết luận trước khi thêm đoạn.")
    _check_kind(kind)
    with transaction.atomic():
        row = locked(meeting, *OPEN_STATES)
        number = (row.paragraphs.aggregate(last=Max("number"))["last"] or 0) + 1
        detail: dict[str, Any] = {"number": number, "label": str(number), "before": []}
        with act("meetings.record-paragraph", by=by, at=at, subject=subject_of(meeting), detail=detail):
            return Paragraph.objects.create(
                meeting=row, number=number, text=text, kind=kind, what=what.strip(), source=source.strip()
            )


def set_clears(
    paragraph: Paragraph,
    *,
    what: str,
    lead_ids: Sequence[int],
    helpers: str,
    due_on: date | None,
    product: str,
    by: Actor,
    at: datetime,
    leads_words: str = "",
    due_words: str = "",
    filled_by_secretary: Collection[str] = (),
) -> Paragraph:
    """Fill in what must be clear. leads_words, due_words: as the source words them, when it gives no more.

    filled_by_secretary: keys of the clears whose value is not in the source text; they are marked wherever they appear.
    lead_ids: units that the actor sees, that take part, or that had the lead already. Raises MeetingRefused.
    """
    with _changing(
        paragraph, "meetings.set-clears", by, at, detail={"by_secretary": sorted(filled_by_secretary)}
    ) as row:
        if due_on is not None and due_on < row.meeting.held_on:
            raise MeetingRefused(
                f"Thời hạn {day(due_on)} ở trước ngày họp {day(row.meeting.held_on)}. Chọn ngày từ ngày họp trở đi."
            )
        _check_leads(row, lead_ids, by, timezone.localdate(at))
        row.what, row.helpers, row.product = what.strip(), helpers.strip(), product.strip()
        row.due_on, row.due_words, row.leads_words = due_on, due_words.strip(), leads_words.strip()
        filled = {"what": what.strip(), "leads": lead_ids, "helpers": helpers.strip(), "due_on": due_on}
        filled["product"] = product.strip()
        row.filled_by_secretary = sorted(key for key in set(filled_by_secretary) if filled.get(key))
        row.save()
        row.leads.set(lead_ids)
    return row


def _check_leads(row: Paragraph, lead_ids: Sequence[int], by: Actor, on: date) -> None:
    """Raises MeetingRefused for a unit outside the actor's scope that does not take part; it is not named."""
    known = {*row.leads.values_list("pk", flat=True), *row.meeting.participants.values_list("unit_id", flat=True)}
    strange = set(lead_ids) - known
    if strange - set(orgs.visible_to(by, on).filter(pk__in=strange).values_list("pk", flat=True)):
        raise MeetingRefused("Có đơn vị chủ trì ngoài phạm vi của bạn và không dự họp. Chọn đơn vị khác hoặc mời họp.")


def change_kind(paragraph: Paragraph, *, kind: str, reason: str, by: Actor, at: datetime) -> Paragraph:
    """Let a paragraph become something else, with the reason. Raises MeetingRefused."""
    _check_kind(kind)
    if not reason.strip():
        raise MeetingRefused("Ghi lý do đổi loại; lý do hiện cạnh đoạn kết luận.")
    with _changing(paragraph, "meetings.change-kind", by, at, reason=reason.strip(), detail={"kind": kind}) as row:
        if row.kind == kind:
            raise MeetingRefused(f"Đoạn {row.label} đã là {ParagraphKind(kind).label} rồi.")
        row.kind = kind
        row.save()
    return row


def split_paragraph(paragraph: Paragraph, *, parts: Sequence[str], by: Actor, at: datetime) -> list[Paragraph]:
    """One paragraph, several matters: 4 becomes 4a, 4b, …, each with the whole text verbatim and what it is about.

    parts: the short name of each matter. What was filled in before starts each of them. Raises MeetingRefused.
    """
    matters = [part.strip() for part in parts if part.strip()]
    if len(matters) < 2:
        raise MeetingRefused("Tách đoạn cần ít nhất hai việc; ghi tên ngắn của từng việc.")
    if len(matters) > len(rules.PARTS):
        raise MeetingRefused(f"Một đoạn tách được nhiều nhất {len(rules.PARTS)} việc, không phải {len(matters)}.")
    with _changing(paragraph, "meetings.split-paragraph", by, at, detail={"parts": matters}) as row:
        if row.part:
            raise MeetingRefused(f"Đoạn {row.label} đã được tách; hoàn tác rồi tách lại nếu cần.")
        leads = list(row.leads.values_list("pk", flat=True))
        made = []
        for letter, matter in zip(rules.part_letters(len(matters)), matters, strict=True):
            one = row if letter == "a" else Paragraph(meeting=row.meeting, number=row.number, due_on=row.due_on)
            for name in KEPT:
                setattr(one, name, getattr(row, name))
            one.part, one.what = letter, matter
            one.save()
            one.leads.set(leads)
            made.append(one)
    return made


def undo(meeting: Meeting, *, by: Actor, at: datetime) -> str:
    """Take back the last change to the paragraphs not taken back yet; says what it was. Raises MeetingRefused."""
    require(meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        row = locked(meeting, *OPEN_STATES)
        last = _last_change(row)
        if last is None:
            raise MeetingRefused("Không còn thay đổi nào để hoàn tác.")
        words = f"{UNDO_WORDS[last.name]} {last.detail['label']}"
        detail = {"undoes": last.pk, "label": last.detail["label"]}
        with act(UNDO, by=by, at=at, subject=subject_of(meeting), reason=words, detail=detail):
            _restore(row, int(last.detail["number"]), last.detail["before"])
    return words


def last_change(meeting: Meeting) -> str:
    """What `undo` would take back, in words; "" when nothing."""
    last = _last_change(meeting)
    return f"{UNDO_WORDS[last.name]} {last.detail['label']}" if last else ""


def _last_change(meeting: Meeting) -> Act | None:
    acts = Act.objects.filter(subject=subject_of(meeting))
    undone = {row.detail["undoes"] for row in acts.filter(name=UNDO)}
    rows = acts.filter(name__in=UNDO_WORDS).order_by("-at", "-pk")
    return next((row for row in rows if row.pk not in undone), None)


@contextmanager
def _changing(
    paragraph: Paragraph,
    name: str,
    by: Actor,
    at: datetime,
    *,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Iterator[Paragraph]:
    """A change to one paragraph of an open meeting: the right, the lock, and the act with what stood before."""
    require(paragraph.meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        meeting = locked(paragraph.meeting, *OPEN_STATES)
        row = Paragraph.objects.select_for_update().filter(pk=paragraph.pk).first()
        if row is None:
            raise MeetingRefused(
                f"Đoạn {paragraph.label} không còn nữa, đã được hoàn tác; mở lại trang kết luận để xem."
            )
        row.meeting = meeting
        before = [_kept(one) for one in meeting.paragraphs.filter(number=row.number).order_by("part")]
        kept = {**(detail or {}), "number": row.number, "label": row.label, "before": before}
        with act(name, by=by, at=at, subject=subject_of(meeting), reason=reason, detail=kept):
            yield row


def _kept(paragraph: Paragraph) -> dict[str, Any]:
    """All of a paragraph that `_restore` needs, as JSON values."""
    return {
        **{name: getattr(paragraph, name) for name in KEPT},
        "due_on": paragraph.due_on.isoformat() if paragraph.due_on else None,
        "leads": list(paragraph.leads.order_by("pk").values_list("pk", flat=True)),
    }


def _restore(meeting: Meeting, number: int, before: Sequence[Mapping[str, Any]]) -> None:
    """Make the paragraphs of a number what they were."""
    stand = {row.part: row for row in meeting.paragraphs.filter(number=number).order_by("part")}
    kept = list(stand.values())[: len(before)]
    meeting.paragraphs.filter(number=number).exclude(pk__in=[row.pk for row in kept]).delete()
    for index, was in enumerate(before):
        row = kept[index] if index < len(kept) else Paragraph(meeting=meeting, number=number)
        for name in KEPT:
            setattr(row, name, was[name])
        row.due_on = date.fromisoformat(was["due_on"]) if was["due_on"] else None
        row.save()
        row.leads.set(was["leads"])


def _check_kind(kind: str) -> None:
    if kind not in ParagraphKind.values:
        raise MeetingRefused(f"Không có loại “{kind}”. Chọn nhiệm vụ, định hướng hoặc nhất trí.")
