"""The papers of a frozen report: DOCX and PDF in the layout of Nghị định 30/2020/NĐ-CP."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from giaoban.briefs.heads import paper_date
from giaoban.briefs.models import NarrativeReport, NarrativeVersion
from giaoban.briefs.rules.papers import laid_out
from giaoban.briefs.rules.states import State
from giaoban.documents.selectors import current_template
from giaoban.documents.services import DOCX, PDF, render_docx, render_pdf, store_blob

TEMPLATE = "bao-cao-bang-loi"
PRINT_JOB = "briefs.print_report"


def paper_of(version: NarrativeVersion, report: NarrativeReport) -> Mapping[str, Any]:
    """What both templates read. Number, day and signer are those of the issued report; before, they are blanks.

    An issued paper says nothing of when it was printed; what was presented names its sources as it did then.
    """
    issued = version.kind == State.FINAL
    head = {
        **version.content["head"],
        "number": report.number or None if issued else None,
        "symbol": report.symbol or None if issued else None,
        "date": paper_date(report.dated_on) if issued else None,
        "signer": _signer(report) if issued else None,
        "recipients": [line for line in report.recipients.splitlines() if line.strip()] if issued else [],
    }
    if issued:
        head |= {"source_note": "", "generated": ""}
    shows = report.show_sources if issued else version.content.get("show_sources", report.show_sources)
    return laid_out(head, version.content, show_sources=shows, draft=not issued)


def _signer(report: NarrativeReport) -> dict[str, Any] | None:
    if not (report.signer or report.signer_title or report.authority):
        return None
    return {
        "authority_lines": [line.strip() for line in report.authority.splitlines() if line.strip()],
        "title": report.signer_title or None,
        "name": report.signer or None,
    }


def print_report(version_id: int) -> None:
    """Print a version; one that was presented once and for all, an issued one again when its head was completed."""
    with transaction.atomic():
        version = NarrativeVersion.objects.select_for_update(of=("self",)).select_related("report").get(pk=version_id)
        if version.docx_id and version.pdf_id and version.kind != State.FINAL:
            return
        name = f"bao-cao-{version.report_id}-ban-{version.version}"
        paper = paper_of(version, version.report)
        docx, pdf = render_docx(TEMPLATE, paper), render_pdf(TEMPLATE, paper)
        version.docx = store_blob(docx, media_type=DOCX, filename=f"{name}.docx")
        version.pdf = store_blob(pdf, media_type=PDF, filename=f"{name}.pdf")
        held = {"docx": current_template(TEMPLATE, "docx"), "pdf": current_template(TEMPLATE, "typst")}
        version.printed_with = {kind: one.checksum for kind, one in held.items() if one is not None}
        version.save(update_fields=["docx", "pdf", "printed_with"])
