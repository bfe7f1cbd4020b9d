"""The consolidated table in the terminal: estimates stand apart, and simulated figures are called so."""

import argparse
from datetime import date

import pytest
from django.apps import apps

from giaoban.config.cli import consolidate
from giaoban.core.figures import reported
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

PLAIN = {"together": False, "increments": False}


@pytest.fixture
def world() -> World:
    return tiny_world()


def printed(world: World, capsys: pytest.CaptureFixture[str]) -> str:
    chosen = {"form": world.form.key, "period": [world.period.code], "instalment": "", "unit": "coast", **PLAIN}
    namespace = argparse.Namespace(**chosen, geography=None, divided="refuse", layer="live", format="table")
    assert consolidate.run(namespace) == 0
    return capsys.readouterr().out


def test_an_estimate_is_not_mixed_into_the_figure(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    apps.get_model("reporting", "Period")._default_manager.update(estimated_months=1)
    world.report("n1", all=reported(100, 20), good=60, rate=50)
    out = printed(world, capsys)
    assert "total all: 100 + ước 20" in out
    assert "total good: 60\n" in out
    assert "MÔ PHỎNG" not in out


def test_simulated_figures_are_called_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report("n1", all=100, good=50, rate=50)
    apps.get_model("reporting", "Obligation")._default_manager.update(simulated=True)
    out = printed(world, capsys)
    assert "SỐ LIỆU MÔ PHỎNG" in out
    assert "North Harbour (số liệu mô phỏng)" in out


def as_of_layer(world: World, layer: str, form: str = "table", *periods: str) -> int:
    chosen = {
        "form": world.form.key,
        "period": list(periods) or [world.period.code],
        "instalment": "",
        "unit": "coast",
        **PLAIN,
    }
    return consolidate.run(argparse.Namespace(**chosen, geography=None, divided="refuse", layer=layer, format=form))


def test_each_layer_says_from_when_by_whom_and_with_which_document(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.report("n1", all=10, good=4)
    for layer, words in (("confirmed", "đã xác nhận"), ("presented", "đã trình"), ("published", "đã công bố")):
        assert as_of_layer(world, layer) == 1
        assert f"chưa có bản {words} của bảng này, kỳ {world.period.label}" in capsys.readouterr().err
    reporting.confirm_table(world.form.key, world.period, world.coast.pk, by=SYSTEM, at=AT)
    document = reporting.Document("7/BC", date(2024, 4, 2))
    reporting.publish_table(
        world.form.key, world.period, world.coast.pk, document=document, made_from="confirmed", by=SYSTEM, at=AT
    )
    world.report("n1", all=12, good=4)
    for layer, said, number in (
        ("live", "", "12"),
        ("confirmed", "bản đã xác nhận: 03/04/2024 09:00, the clock\n", "10"),
        ("published", "bản đã công bố: 03/04/2024 09:00, the clock, văn bản số 7/BC ngày 02/04/2024\n", "10"),
    ):
        assert as_of_layer(world, layer) == 0
        out = capsys.readouterr().out
        assert said in out
        assert f"Tổng số\n    total all: {number}\n" in out
    assert as_of_layer(world, "published", "csv") == 0
    assert "0,published,2024-04-03T02:00:00+00:00,7/BC" in capsys.readouterr().out


def over(world: World, *periods: str, together: bool = False, layer: str = "live", form: str = "table") -> int:
    chosen = {"form": world.form.key, "period": list(periods), "instalment": "", "unit": "coast", "layer": layer}
    how = {"together": together, "increments": not together, "geography": None, "divided": "refuse", "format": form}
    return consolidate.run(argparse.Namespace(**chosen, **how))


def test_periods_are_added_up_or_refused_with_a_reason(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report("n1", all=10, good=4)
    code = world.period.code
    assert over(world, code, together=True) == 0
    assert "total all: 10\n" in capsys.readouterr().out
    assert over(world, code, together=True, layer="confirmed") == 1
    assert "bỏ --layer" in capsys.readouterr().err
    assert over(world, code) == 1
    assert "không có cột nào lũy kế" in capsys.readouterr().err
