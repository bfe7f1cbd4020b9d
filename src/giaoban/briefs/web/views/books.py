"""A frozen book on screen, and its two documents."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.briefs import selectors
from giaoban.documents.selectors import stored_file
from giaoban.kit.frame import ContextBar, acting_choices
from giaoban.kit.http import ActorRequest, NotReady
from giaoban.orgs import selectors as orgs


@require_safe
def book(request: ActorRequest, pk: int) -> HttpResponse:
    held = selectors.book_for(request.actor, pk, timezone.localdate())
    frozen_on = timezone.localdate(held.frozen_at)
    context = {
        "bar": ContextBar(
            unit_label=request.actor.unit_name,
            unit_choices=acting_choices(request, request.actor),
            as_of_label=held.content["generated"],
        ),
        "simulated_note": held.content["simulated_note"],
        "book": held,
        "sections": [_shown(section) for section in held.content["sections"]],
        "unit": orgs.card(held.unit_id, frozen_on),
        "intact": selectors.intact(held),
        "versions": selectors.books_of(held.meeting_key),
    }
    return render(request, "briefs/book.html", context)


def _shown(section: dict[str, Any]) -> dict[str, Any]:
    """The section with each cell of its tables beside the alignment of its column."""
    return {**section, "tables": [_aligned(table) for table in section["tables"]]}


def _aligned(table: dict[str, Any]) -> dict[str, Any]:
    def cells(row: list[str]) -> list[tuple[str, str]]:
        return list(zip(row, table["align"], strict=True))

    total = cells(table["total_row"]) if table["total_row"] else None
    rows = [cells(row) for row in table["rows"]]
    return {**table, "header": cells(table["header"]), "rows": rows, "total_row": total}


@require_safe
def pdf(request: ActorRequest, pk: int) -> HttpResponse:
    held = selectors.book_for(request.actor, pk, timezone.localdate())
    return _download(held.pdf_id, f"tai-lieu-hop-{held.meeting_key}-v{held.version}.pdf")


@require_safe
def docx(request: ActorRequest, pk: int) -> HttpResponse:
    held = selectors.book_for(request.actor, pk, timezone.localdate())
    return _download(held.docx_id, f"tai-lieu-hop-{held.meeting_key}-v{held.version}.docx")


def _download(blob_id: int | None, name: str) -> HttpResponse:
    """The stored file; 404 with the reason while the job that prints it has not run."""
    file = stored_file(blob_id) if blob_id is not None else None
    if file is None:
        raise NotReady("Tài liệu đang được dựng, mở lại sau ít phút.")
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
