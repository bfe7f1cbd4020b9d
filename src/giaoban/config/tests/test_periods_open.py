"""Opening a period from the command line: for all units, or for those of one receiver; refusals are one line."""

import argparse

import pytest
from django.apps import apps

from giaoban.config.cli import periods_open
from giaoban.reporting.tests.factories import FORM_KEY, RULE_KEY, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world(raised=False)


def command(**changes: object) -> int:
    given = {"form": FORM_KEY, "rule": RULE_KEY, "year": 2024, "instalment": "", "period": "2024-Q2"}
    return periods_open.run(argparse.Namespace(**{**given, "receiver": None, "preview": False, **changes}))


def units(code: str) -> set[str]:
    rows = apps.get_model("reporting", "Obligation")._default_manager.filter(period__code=code)
    return set(rows.values_list("unit__key", flat=True))


def test_the_command_opens_for_all(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.period.pk
    assert command(preview=True) == 0
    assert "6 đơn vị mới phải gửi, hạn 10/07/2024" in capsys.readouterr().out
    assert not units("2024-Q2")
    assert command() == 0
    assert len(units("2024-Q2")) == 6
    assert command() == 0
    assert "giao 0 đơn vị" in capsys.readouterr().out


def test_the_command_opens_for_one_receiver(world: World) -> None:
    assert world.period.pk
    assert command(receiver="south") == 0
    assert units("2024-Q2") == {"s1", "s2", "s3"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"form": "act-9:none"}, "Không có biểu mẫu này"),
        ({"rule": "none"}, "Không có quy tắc kỳ báo cáo"),
        ({"period": None}, "có 4 kỳ như vậy trong năm"),
        ({"receiver": "none"}, "không có đơn vị mang mã"),
        ({"year": 2023}, "không thuộc năm 2023"),
    ],
)
def test_the_command_says_what_is_wrong(
    world: World, capsys: pytest.CaptureFixture[str], changes: dict[str, object], words: str
) -> None:
    assert world.period.pk
    assert command(**changes) == 1
    assert words in capsys.readouterr().err
    assert apps.get_model("reporting", "Period")._default_manager.count() == 1
