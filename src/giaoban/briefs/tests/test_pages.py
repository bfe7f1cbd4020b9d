import pytest
from django.urls import reverse

from giaoban.briefs import services
from giaoban.briefs.tests import factories
from giaoban.kit.permissions import Role
from giaoban.tasks.tests import factories as people
from giaoban.tasks.tests.factories import Tree, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Tree:
    return people.tree()


def test_own_unit_parent_and_those_beneath(held: Tree) -> None:
    book = factories.book(held)
    for unit_id, status in ((held.office, 200), (held.root, 200), (held.north, 404), (held.stranger, 404)):
        client = browser(unit_id, Role.OFFICER)
        assert client.get(reverse("briefs:book", args=[book.pk])).status_code == status
    for route in ("briefs:pdf", "briefs:docx"):
        assert browser(held.north, Role.OFFICER).get(reverse(route, args=[book.pk])).status_code == 404


def test_the_page_shows_the_frozen_words(held: Tree) -> None:
    book = factories.book(held)
    body = browser(held.office, Role.OFFICER).get(reverse("briefs:book", args=[book.pk])).content.decode()
    assert "Một câu." in body
    assert "PDF đang dựng" in body
    assert "khớp nội dung lưu" in body


def test_documents_can_be_fetched_once_printed(held: Tree) -> None:
    factories.templates()
    book = factories.book(held)
    client = browser(held.office, Role.OFFICER)
    assert client.get(reverse("briefs:pdf", args=[book.pk])).status_code == 404
    services.render(book.pk)
    response = client.get(reverse("briefs:pdf", args=[book.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="tai-lieu-hop-hop-thu-v1.pdf"'
    word = client.get(reverse("briefs:docx", args=[book.pk]))
    assert word.content.startswith(b"PK")
