"""Reads of briefing books. A book is for those who see the unit whose book it is."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from giaoban.briefs.models import BriefingBook as BriefingBook
from giaoban.briefs.rules import checksum_of
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import visible_ids

ORIGIN: Final = "book:"
"""Before the number of a book, where something was frozen for it."""


def books_visible(actor: Actor, on: date) -> QuerySet[BriefingBook]:
    return BriefingBook.objects.filter(unit_id__in=visible_ids(actor, on))


def book_for(actor: Actor, pk: int, on: date) -> BriefingBook:
    """The book, if the actor may see its unit; otherwise, or when there is none, 404."""
    book = books_visible(actor, on).select_related("act").filter(pk=pk).first()
    if book is None:
        raise Http404("Không có tài liệu này trong phạm vi của bạn.")
    return book


def books_of(meeting_key: str) -> list[BriefingBook]:
    """All versions of a meeting's book, newest first."""
    return list(BriefingBook.objects.filter(meeting_key=meeting_key).select_related("act").order_by("-version"))


def latest_book(meeting_key: str) -> BriefingBook | None:
    return BriefingBook.objects.filter(meeting_key=meeting_key).order_by("-version").first()


def intact(book: BriefingBook) -> bool:
    """Whether the stored content is still what was frozen."""
    return checksum_of(book.content) == book.checksum


def last_books(origins: Iterable[str]) -> list[BriefingBook]:
    """The books that something was frozen for, as far as no later version of the same meeting's book gave way for them.
    One query."""
    ids = [int(number) for one in origins if (number := one.removeprefix(ORIGIN)).isdigit() and number != one]
    later = BriefingBook.objects.filter(meeting_key=OuterRef("meeting_key"), version__gt=OuterRef("version"))
    return list(BriefingBook.objects.filter(~Exists(later), pk__in=ids).defer("content").order_by("pk"))
