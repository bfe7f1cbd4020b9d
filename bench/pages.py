"""Server time of the reception board and the consolidated table at national scale."""

from collections.abc import Iterator
from functools import partial

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench.timing import milliseconds, row
from bench.world import ON, World
from giaoban.accounts import selectors as accounts
from giaoban.accounts import services as account_services
from giaoban.kit.actors import system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs
from giaoban.orgs import services as org_services

LOOKS = 60
"""At least so many, for the slowest twentieth to be several."""


def client_of(login: str, unit_id: int, role: Role = Role.RECEIVER) -> Client:
    """A browser of a person with a role at a unit."""
    user = accounts.user_by_login(login)
    if user is None:
        by, at = system_actor("bench"), timezone.now()
        user = account_services.open_account(
            login, full_name=login, password=account_services.new_password(), by=by, at=at
        )
        org_services.give_post(user_id=user.pk, unit_id=unit_id, role=role, valid_from=ON, by=by, at=at)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def measure(world: World, rounds: int) -> Iterator[str]:
    nation = client_of("bench-nation", world.nation)
    province = client_of("bench-province", world.province)
    table = reverse("reporting:table", args=[world.form.key, world.period.code])
    province_key = orgs.card(world.province, ON).key
    board = reverse("reporting:reception", args=[province_key, world.form.key, world.period.code])
    unit = orgs.card(world.nation, ON).key
    for name, client, address, what in (
        ("consolidated table of the nation, page", nation, f"{table}?unit={unit}", "p95 100 ms"),
        ("reception board of the largest province, page", province, board, "p95 100 ms"),
    ):
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
        yield row(name, milliseconds(partial(client.get, address), max(rounds, LOOKS)), what)
