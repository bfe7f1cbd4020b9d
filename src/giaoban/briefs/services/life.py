"""The life of a report: presented, amended, issued; each time its whole text is frozen and printed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.db import transaction
from django.utils import timezone

from giaoban.briefs.heads import head_of
from giaoban.briefs.models import NarrativeAttachment, NarrativeReport, NarrativeVersion, Section
from giaoban.briefs.rules import checksum_of
from giaoban.briefs.rules.states import NEXT, STATE_NAMES, FigureState, State, Written
from giaoban.briefs.selectors.reading import ReadSection, read_sections
from giaoban.briefs.services.printing import PRINT_JOB
from giaoban.briefs.services.refusals import (
    NarrativeRefused,
    locked_report,
    refuse_secret,
    require_finish,
    require_lead,
)
from giaoban.briefs.services.writing import look_again
from giaoban.documents.services import DOCX, PDF, store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.filetext import marked_secret_file
from giaoban.kit.jobs import enqueue
from giaoban.orgs import selectors as orgs

LARGEST_FILE = 20 * 1024 * 1024
SIMULATED_NOTE = "Văn bản dùng số liệu mô phỏng, không phải số liệu thật."


class NotReadyToPresent(NarrativeRefused):
    """What the text still lacks, one sentence each, with the section where it is."""

    def __init__(self, lacking: Sequence[tuple[int, str]]) -> None:
        super().__init__("Chưa trình được: còn phần chưa viết hoặc số liệu phải xử lý.")
        self.lacking = tuple(lacking)


def present(
    report: NarrativeReport, *, to_whom: str, show_sources: bool = False, by: Actor, at: datetime
) -> NarrativeVersion:
    """Freeze the report as it is laid before somebody.

    show_sources: the paper names the unit of each paragraph that was taken from below. Raises NotReadyToPresent,
    NarrativeRefused.
    """
    if not to_whom.strip():
        raise NarrativeRefused("Ghi báo cáo được trình ai, hoặc tại cuộc họp nào.")
    head = {"show_sources": show_sources}
    return _freeze(report, State.PRESENTED, to_whom=to_whom.strip(), reason="", by=by, at=at, head=head)


def amend(
    report: NarrativeReport, *, reason: str, show_sources: bool = False, by: Actor, at: datetime
) -> NarrativeVersion:
    """Freeze the report as changed after it was presented; reason: whose comments were taken up."""
    if not reason.strip():
        raise NarrativeRefused("Ghi ý kiến của ai đã tiếp thu, sửa những gì.")
    head = {"show_sources": show_sources}
    return _freeze(report, State.AMENDED, to_whom="", reason=reason.strip(), by=by, at=at, head=head)


def finish(
    report: NarrativeReport,
    *,
    number: str = "",
    symbol: str = "",
    dated_on: date | None = None,
    authority: str = "",
    signer: str = "",
    signer_title: str = "",
    recipients: str = "",
    show_sources: bool = False,
    by: Actor,
    at: datetime,
) -> NarrativeVersion:
    """Issue the report: its text never changes again. What the paper does not have yet is entered with `complete`.

    authority: how the signer signs, a line each ("KT. GIÁM ĐỐC"); recipients: "Nơi nhận", a line each.
    """
    head = _head(number, symbol, dated_on, authority, signer, signer_title, recipients) | {"show_sources": show_sources}
    return _freeze(report, State.FINAL, to_whom="", reason="", by=by, at=at, head=head)


def _head(
    number: str, symbol: str, dated_on: date | None, authority: str, signer: str, signer_title: str, recipients: str
) -> dict[str, Any]:
    return {
        "number": number.strip(),
        "symbol": symbol.strip(),
        "dated_on": dated_on,
        "authority": authority.strip(),
        "signer": signer.strip(),
        "signer_title": signer_title.strip(),
        "recipients": recipients.strip(),
    }


def complete(
    report: NarrativeReport,
    *,
    number: str,
    symbol: str,
    dated_on: date | None,
    authority: str,
    signer: str,
    signer_title: str,
    recipients: str,
    show_sources: bool = False,
    by: Actor,
    at: datetime,
) -> None:
    """Enter number, day and signer of an issued report; its papers are printed again, its text stays."""
    require_finish(report, by)
    head = _head(number, symbol, dated_on, authority, signer, signer_title, recipients) | {"show_sources": show_sources}
    _refuse_unsound(head, at=at)
    with transaction.atomic():
        row = locked_report(report, may_be_final=True)
        version = row.versions.filter(kind=State.FINAL).first()
        if version is None:
            raise NarrativeRefused("Báo cáo chưa ban hành. Ban hành trước, rồi ghi số, ngày, người ký.")
        told = {name: str(value or "") for name, value in head.items()}
        with act("briefs.complete-report", by=by, at=at, subject=subject_of(row), detail=told):
            _put(row, head)
            enqueue(PRINT_JOB, version_id=version.pk)


def _refuse_unsound(head: Mapping[str, Any], *texts: str, at: datetime) -> None:
    """Raises NarrativeRefused for a paper of a day that has not come, and for words that carry a mark of secrecy."""
    dated_on = head.get("dated_on")
    if dated_on is not None and dated_on > timezone.localdate(at):
        raise NarrativeRefused(f"Ngày văn bản {dated_on:%d/%m/%Y} chưa tới. Ghi lại ngày trên văn bản đã ký.")
    for text in (*texts, *(value for value in head.values() if isinstance(value, str))):
        refuse_secret(text)


def _put(row: NarrativeReport, head: dict[str, Any]) -> None:
    for name, value in head.items():
        setattr(row, name, value)
    row.save(update_fields=list(head))


def _freeze(
    report: NarrativeReport,
    state: State,
    *,
    to_whom: str,
    reason: str,
    by: Actor,
    at: datetime,
    head: dict[str, Any] | None = None,
) -> NarrativeVersion:
    require_finish(report, by)
    _refuse_unsound(head or {}, to_whom, reason, at=at)
    with transaction.atomic():
        row = locked_report(report, may_be_final=True)
        if state not in NEXT[State(row.state)]:
            raise NarrativeRefused(
                f"Báo cáo {STATE_NAMES[State(row.state)]}, không chuyển sang “{STATE_NAMES[state]}” được."
            )
        sections = list(row.sections.select_for_update(of=("self",)).select_related("report", "field", "act"))
        look_again(sections, at=at)
        read = read_sections(sections, live=False)
        found = lacking(read)
        if not found:
            version = _frozen(row, read, state, to_whom=to_whom, reason=reason, head=head, by=by, at=at)
    if found:  # what the last look at the figures gave is kept, though the report is not frozen
        raise NotReadyToPresent(found)
    report.state = row.state
    return version


def _frozen(
    row: NarrativeReport,
    read: Sequence[ReadSection],
    state: State,
    *,
    to_whom: str,
    reason: str,
    head: dict[str, Any] | None,
    by: Actor,
    at: datetime,
) -> NarrativeVersion:
    last = row.versions.first()
    shows = row.show_sources if head is None else bool(head["show_sources"])
    content = {**content_of(row, read, at), "show_sources": shows}
    if state is State.AMENDED and last is not None and last.content["sections"] == content["sections"]:
        raise NarrativeRefused("Chưa có gì thay đổi so với bản trước. Sửa các phần theo ý kiến rồi chốt bản chỉnh sửa.")
    number = last.version + 1 if last else 1
    detail = {"version": number, "to": to_whom}
    with act(f"briefs.{state.value}", by=by, at=at, subject=subject_of(row), reason=reason, detail=detail) as entry:
        entry.unit_id = row.unit_id
        version = NarrativeVersion.objects.create(
            report=row,
            version=number,
            kind=state.value,
            to_whom=to_whom,
            reason=reason,
            content=content,
            checksum=checksum_of(content),
            frozen_at=at,
            simulated=content["simulated"],
            act=entry,
        )
        row.state, row.presented_to = state, to_whom or row.presented_to
        row.save(update_fields=["state", "presented_to"])
        if head is not None:
            _put(row, head)
        enqueue(PRINT_JOB, version_id=version.pk)
    return version


def lacking(read: Sequence[ReadSection]) -> list[tuple[int, str]]:
    """What keeps a report from being frozen: empty sections, broken marks, figures that nobody answered for."""
    found = []
    for one in read:
        section = one.section
        if not one.blocks and section.state != Written.NIL:
            found.append((section.pk, f"“{section}” chưa viết; không có gì để báo cáo thì chọn “Không phát sinh”."))
        found += figure_trouble([one])
    return found


def figure_trouble(read: Sequence[ReadSection]) -> list[tuple[int, str]]:
    """Broken marks and figures that nobody answered for, each once."""
    return list(
        dict.fromkeys(
            (one.section.pk, f"“{one.section}”: {piece.said}") for one in read for piece in one.trouble if piece.said
        )
    )


def content_of(row: NarrativeReport, read: Sequence[ReadSection], at: datetime) -> dict[str, Any]:
    """All that a version holds: plain JSON, every mark in words."""
    on = timezone.localdate(at)
    called = orgs.cards({one.section.unit_id for one in read}, on)
    simulated = any(one.simulated for one in read)
    head = head_of(
        orgs.heirs_of(row.unit_id, on)[-1],
        on,
        doc_type="Báo cáo",
        subject=row.title,
        dated=None,
        recipients=[],
        simulated_note=SIMULATED_NOTE if simulated else "",
        source_note="",
        at=at,
    )
    return {
        "head": head,
        "period": row.period_label,
        "window": row.window,
        "outline": row.outline.key,
        "sections": [_section(one, called[one.section.unit_id].name) for one in read],
        "figures": [
            _figure(one.section, bound) for one in read for bound in one.figures.values() if bound.number in one.used
        ],
        "attachments": list(row.attachments.values_list("title", flat=True)),
        "simulated": simulated,
    }


def _section(one: ReadSection, unit: str) -> dict[str, Any]:
    section = one.section
    return {
        "id": section.pk,
        "part": section.part,
        "part_heading": section.part_heading,
        "heading": section.heading,
        "unit": unit,
        "author": section.act.actor_name if section.act else "",
        "version": section.version,
        "nil": section.state == Written.NIL and not one.blocks,
        "blocks": [
            {
                "kind": block.kind,
                "rows": block.texts,
                "origin": {"label": block.origin.label, "unit": block.origin.unit_name} if block.origin else None,
            }
            for block in one.blocks
        ],
    }


def _figure(section: Section, bound: Any) -> dict[str, Any]:
    return {
        "section": section.pk,
        "number": bound.number,
        "label": bound.label,
        "source": bound.source,
        "reference": dict(bound.reference),
        "words": bound.words,
        "origin": bound.origin,
        "seen_at": bound.seen_at.isoformat(),
        "kept": bound.reason if bound.state is FigureState.KEPT else "",
        "simulated": bound.simulated,
    }


# Papers of others


def kind_of(content: bytes) -> str | None:
    """PDF or DOCX, by what the file holds; None for anything else."""
    if content.startswith(b"%PDF-"):
        return PDF
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (BadZipFile, ValueError, OSError):
        return None
    is_word = "word/document.xml" in names and not any(name.endswith("vbaProject.bin") for name in names)
    return DOCX if is_word else None


def attach(
    report: NarrativeReport, *, title: str, content: bytes, filename: str, by: Actor, at: datetime
) -> NarrativeAttachment:
    """Lay a DOCX or PDF of others beside the report.

    Raises NarrativeRefused for another kind of file, and for one whose name or readable words carry a mark of secrecy.
    """
    require_lead(report, by)
    if len(content) > LARGEST_FILE:
        raise NarrativeRefused("Tệp lớn hơn 20 MB. Nén lại hoặc chia nhỏ.")
    refuse_secret(title, marked_secret_file(content, filename))
    kind = kind_of(content)
    if kind is None:
        raise NarrativeRefused(
            "Chỉ nhận tệp DOCX (không có macro) và PDF. Lưu lại theo một trong hai dạng rồi đính kèm."
        )
    with transaction.atomic():
        row = locked_report(report)
        with act("briefs.attach", by=by, at=at, subject=subject_of(row), detail={"title": title.strip()}) as entry:
            return NarrativeAttachment.objects.create(
                report=row,
                title=title.strip() or filename,
                filename=filename[:255],
                media_type=kind,
                blob=store_blob(content, media_type=kind, filename=filename[:255]),
                act=entry,
            )
