"""The consolidated table in the terminal: estimates stand apart, and simulated figures are called so."""

import argparse
from datetime import date

import pytest
from django.apps import apps

from giaoban.config.cli import consolidate
from giaoban.core.figures import reported
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import AT, SYSTEM, World, make_rule, tiny_world
from giaoban.reporting.tests.test_adding import make, send

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


def test_increments_are_printed_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    world = tiny_world()
    rule = make_rule(key="since", kind="cumulative_months", starts="10-01-1", tag="X")
    form, (march, may) = make(world, rule, "2024-X-03", "2024-X-05")
    for light, before, after in (("n1", 30, 50), ("s1", 40, 35)):
        send(form, march, light, old=10, new=before, left=5)
        send(form, may, light, old=10, new=after, left=4)
    world.form = form
    assert over(world, march.code, may.code) == 0
    out = capsys.readouterr().out
    north, south = out.index("North Harbour"), out.index("South Harbour")
    assert "total new: 20 · tháng thứ 4–5 (thiếu số tháng thứ 4)" in out[north:south]
    assert "total new: Số lũy kế 5 tháng (35) nhỏ hơn số lũy kế 3 tháng (40): một trong hai số sai." in out[south:]
    assert "total new: 15 · tháng thứ 4–5" in out[out.index("Tổng số") :]
    assert "left" not in out
    assert over(world, march.code, may.code, form="csv") == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == [
        "unit", "form", "table", "line", "subunit", "column", "since", "until", "value", "missing", "uneven",
        "simulated",
    ]  # fmt: skip
    assert ["south", form.key, "own", "total", "", "new", "3", "5", "-5", "4", "0", "0"] in rows
    assert ["TOTAL", form.key, "own", "total", "", "new", "0", "3", "70", "1 2", "0", "0"] in rows
    assert sum(row[5] == "new" for row in rows) == 6


def test_increments_of_two_years_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    world = tiny_world()
    rule = make_rule(key="since", kind="cumulative_months", starts="10-01-1", tag="X")
    form, (last,) = make(world, rule, "2024-X-12")
    _, (first,) = make(world, rule, "2025-X-01", year=2025)
    world.form = form
    assert over(world, last.code, first.code) == 1
    assert "tách từng năm một" in capsys.readouterr().err


def test_periods_are_added_up_or_refused_with_a_reason(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report("n1", all=10, good=4)
    code = world.period.code
    assert over(world, code, together=True) == 0
    assert "total all: 10\n" in capsys.readouterr().out
    assert over(world, code, together=True, layer="confirmed") == 1
    assert "bỏ --layer" in capsys.readouterr().err
    assert over(world, code) == 1
    assert "không có cột nào lũy kế" in capsys.readouterr().err
