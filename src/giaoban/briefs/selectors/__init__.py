"""Reads: what a meeting reads, and reports in words. Each is for those who see the unit whose it is."""

from giaoban.briefs.selectors.books import (
    BriefingBook,
    book_for,
    books_of,
    books_visible,
    intact,
    last_books,
    latest_book,
)

__all__ = ["BriefingBook", "book_for", "books_of", "books_visible", "intact", "last_books", "latest_book"]
