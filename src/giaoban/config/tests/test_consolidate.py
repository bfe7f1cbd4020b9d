"""The consolidated table in the terminal: estimates stand apart, and simulated figures are called so."""

import argparse

import pytest
from django.apps import apps

from giaoban.config.cli import consolidate
from giaoban.core.figures import reported
from giaoban.reporting.tests.factories import World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def printed(world: World, capsys: pytest.CaptureFixture[str]) -> str:
    chosen = {"form": world.form.key, "period": [world.period.code], "instalment": "", "unit": "coast"}
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
