"""A workbook that was refused, to be fetched again with its faults at their cells."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from django.core import signing
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from giaoban.core.forms import slug
from giaoban.core.issues import Issue
from giaoban.documents.selectors import stored_file
from giaoban.documents.services import store_blob
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.kit.workbooks.guard import WorkbookRefused
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.web.files import XLSX, handed_out

SALT: Final = "reporting.faulty-copy"
KEPT_SECONDS: Final = 7 * 24 * 60 * 60
"""So long the address of a copy works; after that the person uploads the file again."""


def faulty_copy_address(
    request: ActorRequest, obligation: selectors.Obligation, content: bytes, filename: str, issues: Sequence[Issue]
) -> str:
    """Make the copy of a workbook that was refused, and give the address at which this person alone fetches it.

    "" when no finding is about a cell: then the page has said all there is to say; and when no copy can be made.
    Raises SecretRefused, before anything is stored: words of an .xls can first be read in the copy.
    The caller has checked the right to enter figures. For `reporting/parts/faulty_copy.html`, as `faulty_copy`.
    """
    if not any(issue.at.file_cell for issue in issues):
        return ""
    try:
        copy = services.workbook_with_faults(content, filename, issues)
    except WorkbookRefused:
        return ""
    services.refuse_secret_file(copy, filename)
    blob = store_blob(copy, media_type=XLSX, filename=f"{slug(PurePath(filename).stem) or 'tep'}-loi.xlsx")
    return reverse(
        "reporting:faulty-copy", args=[obligation.pk, ticket_of(obligation.pk, request.actor.user_id, blob.pk)]
    )


def ticket_of(obligation_id: int, user_id: int | None, blob_id: int) -> str:
    """A signed word that lets one person fetch one copy."""
    return signing.dumps([obligation_id, user_id, blob_id], salt=SALT)


@require_safe
def faulty_copy(request: ActorRequest, pk: int, ticket: str) -> HttpResponse:
    """The copy, for the person who sent the file, as long as that person may enter figures of the report."""
    obligation = selectors.obligation_for(request.actor, pk)
    unit = orgs.card(obligation.unit_id, selectors.last_day(obligation.period))
    selectors.require_answer(request.actor, Permission.ENTER_FIGURES, obligation.unit_id, unit_name=unit.name)
    try:
        owed, user, blob = signing.loads(ticket, salt=SALT, max_age=KEPT_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise Http404("Địa chỉ này không còn dùng được. Tải tệp lên lại để có bản đánh dấu lỗi mới.") from None
    if (owed, user) != (obligation.pk, request.actor.user_id):
        raise Http404("Bản đánh dấu lỗi này là của người khác.")
    file = stored_file(blob)
    if file is None:
        raise Http404("Bản đánh dấu lỗi không còn. Tải tệp lên lại để có bản mới.")
    name = slug(f"{obligation.form.code}-{unit.short_name}-{obligation.period.code}")
    return handed_out(file.content, XLSX, f"{name}-loi-can-sua.xlsx")
