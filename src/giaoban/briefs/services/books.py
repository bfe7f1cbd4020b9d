"""Freeze a briefing book, and print it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from giaoban.briefs.models import BriefingBook
from giaoban.briefs.rules import checksum_of
from giaoban.briefs.selectors.books import ORIGIN
from giaoban.documents.selectors import current_template
from giaoban.documents.services import DOCX, PDF, render_docx, render_pdf, store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs

TEMPLATE = "tai-lieu-hop"
RENDER_JOB = "briefs.render"


def freeze(
    meeting_key: str,
    *,
    title: str,
    unit_id: int,
    content: Mapping[str, Any],
    simulated: bool,
    by: Actor,
    at: datetime,
    meeting_url: str = "",
) -> BriefingBook:
    """Keep a book as it is presented: the next version of this meeting's book. Its documents are printed by a job.

    content: `documents.rules.papers.BriefingBook`. meeting_url: where the meeting that reads it is shown.
    """
    unit = orgs.card(unit_id, timezone.localdate(at))
    by.require(Permission.PREPARE_MEETING, unit_id, unit_name=unit.name)
    with act("briefs.freeze", by=by, at=at, detail={"meeting": meeting_key}) as entry:
        _one_at_a_time(meeting_key)
        last = BriefingBook.objects.filter(meeting_key=meeting_key).order_by("-version").first()
        book = BriefingBook.objects.create(
            meeting_key=meeting_key,
            meeting_url=meeting_url,
            version=last.version + 1 if last else 1,
            title=title,
            unit_id=unit_id,
            content=dict(content),
            checksum=checksum_of(content),
            frozen_at=at,
            simulated=simulated,
            act=entry,
        )
        entry.subject = subject_of(book)
        enqueue(RENDER_JOB, book_id=book.pk)
    return book


def origin_of(book: BriefingBook) -> str:
    """How rooms below name the book that something was frozen for; `selectors.books.book_id_of` reads it back."""
    return f"{ORIGIN}{book.pk}"


def url_of(book: BriefingBook) -> str:
    """The page of a book."""
    return reverse("briefs:book", args=[book.pk])


def _one_at_a_time(meeting_key: str) -> None:
    """Let two people who freeze at once take two version numbers, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"book:{meeting_key}"])


def render(book_id: int) -> None:
    """Print a frozen book as DOCX and PDF, once: a book that has both keeps them, whatever the templates are now."""
    with transaction.atomic():
        book = BriefingBook.objects.select_for_update().get(pk=book_id)
        if book.docx_id is not None and book.pdf_id is not None:
            return
        name = f"tai-lieu-hop-{book.meeting_key}-v{book.version}"
        book.printed_with = _templates()
        docx, pdf = render_docx(TEMPLATE, book.content), render_pdf(TEMPLATE, book.content)
        book.docx = store_blob(docx, media_type=DOCX, filename=f"{name}.docx")
        book.pdf = store_blob(pdf, media_type=PDF, filename=f"{name}.pdf")
        book.save(update_fields=["docx", "pdf", "printed_with"])


def _templates() -> dict[str, str]:
    """The checksums of the template versions in force, by the kind of document that they print."""
    held = {"docx": current_template(TEMPLATE, "docx"), "pdf": current_template(TEMPLATE, "typst")}
    return {kind: template.checksum for kind, template in held.items() if template is not None}
