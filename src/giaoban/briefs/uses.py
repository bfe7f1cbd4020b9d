"""Briefing books made of figures that are amended later: who prepared them is told."""

from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone

from giaoban.briefs.selectors.books import last_books
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import FigureUse
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


def book_users(unit_ids: Collection[int], form: str, period_id: int, version: int) -> list[FigureUse]:
    """The last book of each meeting that presents a table behind which an earlier accepted version of a unit stands.
    The book stays as presented: who prepares meetings there decides whether to freeze a new one."""
    origins = [one.origin for one in reporting.presented_holding(unit_ids, form, period_id, version)]
    on = timezone.localdate()
    return [
        FigureUse(
            key=f"book/{book.meeting_key}",
            title=f"“{book.title}”, bản {book.version}",
            link=book.meeting_url or reverse("briefs:book", args=[book.pk]),
            people=tuple(
                orgs.recipients_at(orgs.heirs_of(book.unit_id, on), on, Permission.PREPARE_MEETING),
            ),
        )
        for book in (last_books(origins) if origins else ())
    ]
