"""Server time of the reception board of 3,321 units, flat and by province, and of punctuality at any level."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bench.pages import client_of
from bench.timing import milliseconds, row
from bench.world import ON, World
from giaoban.orgs import selectors as orgs
from giaoban.reporting.models import Obligation
from giaoban.reporting.selectors import board, punctuality


def measure(world: World, rounds: int) -> Iterator[str]:
    client = client_of("bench-nation", world.nation)
    nation = orgs.card(world.nation, ON)
    args = [nation.key, world.form.key, world.period.code]
    address = reverse("reporting:reception", args=args)
    today = timezone.localdate()

    def page(name: str, query: str, budget: str) -> str:
        answer = client.get(address + query)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}{query}: {answer.status_code}")
        return row(name, milliseconds(partial(client.get, address + query), rounds), budget)

    yield page("board of the nation by province, page", "", "150 ms")
    received = dict(Obligation.objects.filter(form=world.form, period=world.period).values_list("pk", "receiver_id"))
    with transaction.atomic():  # 3,321 units that report to one receiver; undone afterwards
        Obligation.objects.filter(pk__in=received).update(receiver_id=world.nation)
        yield page("board of one receiver of 3,321 units, by province, page", "", "150 ms")
        yield page("the same, first 200 rows and all counts", "?view=units", "150 ms")
        yield page("the same, those not sent", "?state=missing", "150 ms")
        yield row(
            "the same, the selector alone",
            milliseconds(partial(board.board, nation, world.form, world.period, today), rounds),
            "",
        )
        mark = board.change_mark(world.nation, world.form, world.period, today)
        news = reverse("reporting:reception-news", args=args) + f"?mark={mark}&rows=1"
        if client.get(news).status_code != 204:
            raise RuntimeError("an open board was told news that are none")
        yield row("an open board asks, nothing is new", milliseconds(partial(client.get, news), rounds), "")
        transaction.set_rollback(True)
    for name, on in (("today", today), ("a past day", ON - timedelta(days=1))):
        found = partial(punctuality.level, world.nation, [world.form], [world.period], on)
        yield row(f"punctuality of the nation as of {name}", milliseconds(found, rounds), "")
    history = partial(punctuality.rate_history, world.nation, today)
    yield row("rate of the nation, 12 months", milliseconds(history, rounds), "50 ms")
