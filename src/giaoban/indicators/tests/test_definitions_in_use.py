"""Definitions in the room: comparison across a break, targets and counted words on the page, figures by name."""

import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.core.queries import QueryRefused
from giaoban.indicators import selectors
from giaoban.indicators.models import Indicator
from giaoban.indicators.tests.factories import indicator
from giaoban.kit import registries
from giaoban.kit.models import Pack, Word
from giaoban.kit.permissions import Role
from giaoban.kit.registries import SourcedFigure
from giaoban.orgs.models import Unit
from giaoban.reporting import services as reporting
from giaoban.reporting.models import Period
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world, year_before

pytestmark = pytest.mark.django_db

GOOD, ALL = "act-1:lamps/own/total/good", "act-1:lamps/own/total/all"
RATE = {"numerator": GOOD, "denominator": ALL, "factor": 100, "aggregation": "pooled", "zero_denominator": "blank"}


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.report("n1", all=100, good=50, rate=50)
    made.report("n2", all=100, good=95, rate=95)
    made.report("s1", all=100, good=80, rate=80)
    return made


def earlier(world: World) -> Period:
    period = year_before(world)
    for light in ("n1", "n2"):
        sent = reporting.submit(
            world.owed(light, period), figures=world.figures(all=100, good=40), by=SYSTEM, at=AT, signatures=SIGNED
        )
        reporting.accept(sent, by=SYSTEM, at=AT)
    return period


def broken(world: World, *, comparable: bool) -> Indicator:
    """The definition changes on 01/01/2024, between the two periods."""
    change = {"comparable": comparable, "reason": "đèn dầu thôi tính"}
    versions = [
        {"valid": ["2020-01-01", "2024-01-01"], **RATE},
        {"valid": ["2024-01-01", None], **RATE, "break": change},
    ]
    return indicator(world, definition={"versions": versions})


def page(world: World, unit: Unit, address: str, **words: str) -> str:
    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=world.actor(unit, Role.HEAD).user_id or 0)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answered: Any = client.get(address, words)
    assert answered.status_code == 200
    return str(answered.content.decode())


def reading_page(world: World, unit: Unit, **words: str) -> str:
    return page(world, unit, reverse("indicators:reading", args=["good-lamps", world.period.code]), **words)


def test_nothing_is_compared_across_a_break(world: World) -> None:
    earlier(world)
    held = broken(world, comparable=False)
    said = selectors.before(selectors.reading(held, world.period), world.period)
    assert said is not None
    assert "Từ 01/01/2024: đèn dầu thôi tính" in said.broken
    assert {one.outcome for one in said.units.values()} == {"refused"}
    assert not said.places
    shown = reading_page(world, world.coast)
    assert "đèn dầu thôi tính" in shown
    assert "tăng" not in shown.partition('id="so-sanh"')[2].partition("</section>")[0].lower()


def test_a_break_that_changes_no_number_keeps_the_comparison(world: World) -> None:
    earlier(world)
    held = broken(world, comparable=True)
    said = selectors.before(selectors.reading(held, world.period), world.period)
    assert said is not None
    assert not said.broken
    assert said.units[world.lights["n1"].pk].value == 40
    assert "Tăng 10,00 điểm phần trăm" in reading_page(world, world.coast, **{"don-vi": "n1"})


@pytest.mark.parametrize(("comparable", "words"), [(False, "Không so số trước với số sau"), (True, "Hai bên vẫn so")])
def test_the_series_marks_the_break(world: World, comparable: bool, words: str) -> None:
    earlier(world)
    broken(world, comparable=comparable)
    shown = page(world, world.coast, reverse("indicators:series", args=["good-lamps"]))
    assert "Từ 01/01/2024: đèn dầu thôi tính" in shown
    assert words in shown
    assert ("điểm phần trăm" in shown) is comparable


def quantifiers() -> None:
    pack = Pack.objects.create(key="lights", title="Lights", version="1", checksum="", loaded_at=AT)
    for position, (key, name, up_to) in enumerate((("few", "một vài", "0.4"), ("most", "đa số", "0.999"))):
        Word.objects.create(pack=pack, list="quantifiers", key=key, name=name, position=position, data={"up_to": up_to})


def targeted(world: World, **target: object) -> Indicator:
    return indicator(world, definition={**RATE, "targets": [{"year": 2024, "value": "90", **target}]})


def test_the_target_of_the_year_stands_beside_the_value(world: World) -> None:
    quantifiers()
    targeted(world, level="light", pro_rata="none", basis="Quyết định của bờ biển")
    shown = reading_page(world, world.coast, **{"don-vi": "n1"})
    assert "Chỉ tiêu năm 2024" in shown
    assert "Quyết định của bờ biển" in shown
    assert "Thấp hơn 40,00 điểm phần trăm" in shown
    assert "Chỉ tiêu theo phần năm đã qua" not in shown
    assert "Đa số đơn vị (2/3) chưa đạt chỉ tiêu của năm" in shown


def test_a_part_of_the_target_is_due_only_where_the_source_says_so(world: World) -> None:
    targeted(world, pro_rata="linear")
    shown = reading_page(world, world.coast, **{"don-vi": "n1"})
    assert "25 % của năm" in shown
    assert "Cao hơn 27,50 điểm phần trăm" in shown
    assert "không đơn vị nào (0/3) chưa đạt chỉ tiêu" in shown.lower()


def test_without_a_target_for_its_kind_it_says_so(world: World) -> None:
    targeted(world, level="harbour")
    assert "Nguồn không nêu chỉ tiêu cho cấp này và năm này." in reading_page(world, world.lights["n1"])


def test_counted_words_open_the_names_that_one_may_see(world: World) -> None:
    quantifiers()
    indicator(world)
    words = "Một vài đơn vị (1/3) thấp hơn mức chung từ 2 điểm phần trăm"
    above, beside = reading_page(world, world.coast), reading_page(world, world.lights["s1"])
    assert words in above
    assert words in beside
    assert "Light N1" in above.partition(words)[2].partition("</details>")[0]
    assert "và 1 đơn vị ngoài phạm vi của bạn" in beside
    assert "Light N1" not in beside


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """A figure source with 200 lamps for every light; what it was asked."""
    asked: list[dict[str, str]] = []

    def lamps(**reference: str) -> SourcedFigure:
        asked.append(reference)
        return SourcedFigure(value=Decimal(200), unit="lamp", origin="lamp book")

    monkeypatch.setitem(registries.figure_sources._entries, "lamp-book", lamps)
    return asked


def of_book(world: World) -> Indicator:
    return indicator(world, definition={**RATE, "cells": {"book": {"source": "lamp-book"}}, "denominator": "book"})


def test_a_figure_by_name_is_asked_once_for_each_unit(world: World, book: list[dict[str, str]]) -> None:
    held = selectors.reading(of_book(world), world.period)
    assert held.units[world.lights["n1"].pk].value == 25
    assert held.overall.denominator == 600
    assert sorted(one["unit"] for one in book) == ["n1", "n2", "s1"]
    assert {one["period"] for one in book} == {world.period.code}


def test_too_many_units_for_a_figure_by_name_are_refused(
    world: World, book: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[selectors.Reading.__module__], "MOST_ASKED", 2)
    with pytest.raises(QueryRefused) as refused:
        selectors.reading(of_book(world), world.period)
    assert (refused.value.code, refused.value.place) == ("too-much", "nguon:lamp-book")
    assert "3 đơn vị báo cáo, nhiều nhất 2" in refused.value.sentence
    assert not book


def test_an_unknown_source_is_refused(world: World) -> None:
    held = indicator(world, definition={**RATE, "cells": {"book": {"source": "nowhere"}}, "denominator": "book"})
    with pytest.raises(QueryRefused, match="nowhere"):
        selectors.reading(held, world.period)


def test_no_definition_for_the_day_is_refused(world: World) -> None:
    held = indicator(world, definition={"versions": [{"valid": [None, "2024-01-01"], **RATE}]})
    with pytest.raises(QueryRefused) as refused:
        selectors.reading(held, world.period)
    assert refused.value.code == "no-definition"
    assert selectors.definition_of(held).on(date(2023, 12, 31)).cells()
