"""What leaves the screen: the projector, the notice's documents, attached files."""

from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.documents.selectors import stored_file
from giaoban.kit.http import ActorRequest, NotReady
from giaoban.meetings import selectors
from giaoban.meetings.models import MeetingState
from giaoban.meetings.web.views.bars import bar_of
from giaoban.meetings.web.views.conclusions import clears_name


@require_safe
def projector(request: ActorRequest, key: str) -> HttpResponse:
    """One thing in large type: a point of the agenda, or a paragraph of the conclusion, chosen in the address.

    The names behind a point of the agenda are for those who see the host.
    """
    held = selectors.conclusion_for(request.actor, key, timezone.localdate())
    inside = selectors.sees_host(request.actor, held, timezone.localdate())
    agenda, paragraphs = selectors.agenda_of(held), selectors.paragraphs_of(held)
    showing = request.GET.get("view") or ("agenda" if held.state == MeetingState.PREPARING else "conclusion")
    items = agenda if showing == "agenda" else paragraphs
    chosen = request.GET.get("item", "")
    position = min(int(chosen), len(items)) if chosen.isdigit() and int(chosen) and items else 0
    context = {
        "bar": bar_of(request, held),
        "simulated_note": held.simulated_note,
        "meeting": held,
        "inside": inside,
        "chair": selectors.chair_of(held),
        "showing": showing,
        "agenda": agenda,
        "paragraphs": paragraphs,
        "position": position,
        "item": items[position - 1] if position else None,
        "previous": position - 1 if position > 1 else None,
        "next": position + 1 if position < len(items) else None,
        "count": len(items),
        "clears_name": clears_name(),
    }
    return render(request, "meetings/projector.html", context)


@require_safe
def notice_pdf(request: ActorRequest, key: str) -> HttpResponse:
    return _notice(request, key, "pdf")


@require_safe
def notice_docx(request: ActorRequest, key: str) -> HttpResponse:
    return _notice(request, key, "docx")


def _notice(request: ActorRequest, key: str, kind: str) -> HttpResponse:
    """The notice as printed, for all who see the meeting; 404 with the reason while there is none."""
    held = selectors.meeting_for(request.actor, key, timezone.localdate())
    notice = selectors.notice_of(held)
    if notice is None:
        raise Http404("Cuộc họp này chưa ban hành thông báo kết luận.")
    return _download(notice.pdf_id if kind == "pdf" else notice.docx_id, f"thong-bao-ket-luan-{held.key}.{kind}")


@require_safe
def attachment(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    held = selectors.meeting_for(request.actor, key, timezone.localdate())
    paper = held.attachments.filter(pk=pk).first()
    if paper is None or paper.blob_id is None:
        raise Http404("Tài liệu này có tên, chưa có văn bản.")
    return _download(paper.blob_id, paper.filename, media_type=paper.media_type)


def _download(blob_id: int | None, name: str, *, media_type: str = "") -> HttpResponse:
    """The stored bytes under the name, and as the kind of file, that this paper has."""
    file = stored_file(blob_id) if blob_id is not None else None
    if file is None:
        raise NotReady("Tài liệu đang được dựng, mở lại sau ít phút.")
    response = HttpResponse(file.content, content_type=media_type or file.media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
