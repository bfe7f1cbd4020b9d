from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from giaoban.briefs import selectors, services
from giaoban.briefs.models import BriefingBook
from giaoban.briefs.tests import factories
from giaoban.documents.selectors import current_template
from giaoban.documents.services import load_template, store_blob
from giaoban.kit.acts import acts_on
from giaoban.kit.jobs import run_pending
from giaoban.kit.permissions import Role
from giaoban.tasks.tests import factories as people
from giaoban.tasks.tests.factories import Tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Tree:
    return people.tree()


def test_versions_are_counted_and_signed(held: Tree) -> None:
    first, second = factories.book(held), factories.book(held)
    assert [book.version for book in selectors.books_of("hop-thu")] == [2, 1]
    assert selectors.latest_book("hop-thu") == second
    assert acts_on(first)[0].name == "briefs.freeze"
    assert selectors.intact(first)


def test_freezing_needs_the_right_at_the_unit(held: Tree) -> None:
    with pytest.raises(PermissionDenied, match="chuẩn bị cuộc họp của Sở Thử nghiệm"):
        factories.book(held, by=people.actor(held.office, Role.OFFICER))
    assert not BriefingBook.objects.exists()


def test_the_database_keeps_a_frozen_book_as_it_was(held: Tree) -> None:
    book = factories.book(held)
    for change in ({"content": {"khac": 1}}, {"title": "Khác"}, {"version": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            BriefingBook.objects.filter(pk=book.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        book.delete()
    book.refresh_from_db()
    assert selectors.intact(book)


def test_both_documents_are_printed_once_whatever_the_templates_become(held: Tree) -> None:
    factories.templates()
    book = factories.book(held)
    services.render(book.pk)
    book.refresh_from_db()
    assert book.pdf is not None and book.docx is not None
    assert bytes(book.pdf.content).startswith(b"%PDF")
    typst, docx = (current_template(services.TEMPLATE, engine) for engine in ("typst", "docx"))
    assert typst is not None and docx is not None
    assert book.printed_with == {"pdf": typst.checksum, "docx": docx.checksum}
    load_template(key=services.TEMPLATE, engine="typst", title="Mới", filename="moi.typ", content=b"Khac")
    first = book.pdf_id
    services.render(book.pk)
    book.refresh_from_db()
    assert (book.pdf_id, book.printed_with["pdf"]) == (first, typst.checksum)


def test_the_database_keeps_the_printed_documents(held: Tree) -> None:
    book = factories.book(held)
    first, other = (
        store_blob(content, media_type="application/pdf", filename="a.pdf") for content in (b"%PDF-1", b"%PDF-2")
    )
    rows = BriefingBook.objects.filter(pk=book.pk)
    rows.update(docx=first, printed_with={"docx": "1"})
    rows.update(pdf=first, printed_with={"docx": "1", "pdf": "2"})
    changes: list[dict[str, Any]] = [{"pdf": other}, {"docx": None}, {"printed_with": {}}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)


@pytest.mark.django_db(transaction=True)
def test_a_print_that_fails_is_tried_again(held: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def fail_twice(book_id: int) -> None:
        tried.append(book_id)
        if len(tried) < 3:
            raise OSError("no space")

    monkeypatch.setattr(services, "render", fail_twice)
    book = factories.book(held)
    run_pending()
    assert tried == [book.pk] * 3
