"""Figures for other programs: values as text with their states, and typed refusals."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from giaoban.core.figures import NIL
from giaoban.indicators.tests.factories import indicator
from giaoban.reporting.tests.factories import FORM_KEY, World, tiny_world
from giaoban.reporting.tests.test_pages import browser
from giaoban.reporting.tests.test_restated import divide

pytestmark = pytest.mark.django_db
CELL = f"{FORM_KEY}/own/total/"
Q1, RATE = "quarters:2024-Q1", "chi-so:good-lamps"


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.report("n1", all=10, good=5, oil=Decimal("1.5"))
    made.report("n2", all=NIL, good=NIL)
    return made


def ask(client: Client, **words: Any) -> Any:
    given = {"measure": f"{CELL}all", "unit": "coast", "period": Q1, **words}
    return client.get(f"/api/v1/figures?{urlencode(given, doseq=True)}")


def test_values_are_exact_text_with_their_states(world: World) -> None:
    indicator(world)
    answer = ask(browser(world, world.coast), measure=[f"{CELL}oil", RATE], level="light")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    found = {(one["unit"], one["measure"]): one for one in told["values"]}
    oil = found["n1", f"{CELL}oil"]
    assert (oil["value"], oil["state"], oil["estimate"]) == ("1.5", "reported", "0")
    assert oil["coverage"] == {"received": 1, "expected": 1, "missing": 0}
    assert (found["n3", f"{CELL}oil"]["value"], found["n3", f"{CELL}oil"]["state"]) == (None, "missing")
    assert found["n2", f"{CELL}oil"]["state"] == "blank"
    rate = found["n1", RATE]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == ("50.00", "5", "10")
    nothing = found["n2", RATE]
    assert (nothing["value"], nothing["state"]) == (None, "na")
    assert "Mẫu số bằng 0" in nothing["reason"]
    assert [one["key"] for one in told["units"]] == ["n1", "n2", "n3", "s1", "s2", "s3"]
    assert [one["word"] for one in told["measures"]] == [f"{CELL}oil", RATE]
    assert (told["engine"], told["simulated"], told["top"]["name"]) == ("postgres", False, "Coast Office")
    assert ["level", "light"] in told["query"]


@pytest.mark.parametrize(
    ("words", "status", "code", "at"),
    [
        ({"measure": f"{CELL}none"}, 422, "unknown-measure", f"{CELL}none"),
        ({"measure": f"{CELL}note"}, 422, "not-added", f"{CELL}note"),
        ({"measure": "nonsense"}, 422, "unknown-measure", "nonsense"),
        ({"measure": []}, 422, "nothing-asked", "measure"),
        ({"period": "quarters:1999-Q1"}, 422, "unknown-period", "quarters:1999-Q1"),
        ({"level": "galaxy"}, 422, "unknown-level", "galaxy"),
        ({"geography": "soon"}, 422, "bad-day", "soon"),
        ({"unit": "nowhere"}, 404, "unknown-unit", "nowhere"),
    ],
)
def test_a_refusal_names_its_kind_and_its_place(world: World, words: Any, status: int, code: str, at: str) -> None:
    answer = ask(browser(world, world.coast), **words)
    told = answer.json()
    assert (answer.status_code, told["code"], told["at"]) == (status, code, at)
    assert told["sentence"].endswith(".")


def test_formulas_that_cannot_be_read_are_refused(world: World) -> None:
    made = indicator(world)
    client = browser(world, world.coast)
    made.definition = {"numerator": RATE, "factor": "1"}
    made.save()
    assert ask(client, measure=RATE).json()["code"] == "circular-indicator"
    made.definition = {"numerator": f"{CELL}all", "denominator": "act-2:lamps/own/total/all"}
    made.save()
    refused = ask(client, measure=RATE)
    assert (refused.status_code, refused.json()["code"]) == (422, "two-regimes")


def test_a_geography_without_an_answer_says_where_the_series_breaks(world: World) -> None:
    world.report("s1", all=10, good=5)
    divide(world, "s1", {"s9": (world.harbours[1], None), "n9": (world.harbours[0], None)})
    refused = ask(browser(world, world.coast), unit="south", geography="2025-06-01")
    told = refused.json()
    assert (refused.status_code, told["code"], told["at"]) == (422, "geography", "geography")
    assert "không chia được" in told["sentence"]


def test_only_what_the_page_shows_is_told(world: World) -> None:
    keeper = browser(world, world.harbours[0])
    assert ask(keeper, unit="north").status_code == 200
    assert ask(keeper, unit="n1", level="self").status_code == 200
    for hidden in ("coast", "south", "s1"):
        assert ask(keeper, unit=hidden).status_code == 404
    assert ask(Client()).status_code == 401
