"""What the tests of the pages share: a browser for a post, and a small coast of units."""

from datetime import date

from django.test import Client

from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories

MERGED = date(2025, 7, 1)


def browser(unit: Unit, role: Role = Role.OFFICER) -> Client:
    """A new person with that role at the unit, signed in."""
    user = factories.person(f"{unit.key}-{role.value}")
    factories.post(user, unit, role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def coast() -> dict[str, Unit]:
    """board ⊃ long (made of east), south; long ⊃ lamp."""
    board = factories.unit("board", "board", name="Ban Bờ biển")
    east = factories.unit("east", "office", name="Trạm Đông", under=board, valid_to=MERGED)
    long = factories.unit("long", "office", name="Trạm Dài", under=board, valid_from=MERGED)
    south = factories.unit("south", "office", name="Trạm Nam", under=board)
    lamp = factories.unit("lamp", "light", name="Đèn Tân An", under=long, valid_from=MERGED)
    factories.pass_on(east, long, MERGED)
    factories.grow()
    return {unit.key: unit for unit in (board, east, long, south, lamp)}


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()
