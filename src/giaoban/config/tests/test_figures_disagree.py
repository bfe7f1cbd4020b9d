"""All that disagrees, in the terminal: found, recorded, printed; again at once nothing is new."""

import argparse
from typing import Any

import pytest

from giaoban.config.cli import figures_disagree
from giaoban.indicators.models import Discrepancy
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import AT, SYSTEM, World, owe, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """The north states more than its lights do."""
    held = tiny_world()
    owe(held.form, held.rule, "harbour", "coast")
    reporting.raise_obligations(held.form.key, held.period, by=SYSTEM, at=AT)
    held.report("north", all=100, good=60)
    for light in ("n1", "n2", "n3"):
        held.report(light, all=30, good=20)
    return held


def printed(capsys: pytest.CaptureFixture[str], status: int = 0, **changes: Any) -> str:
    chosen = {"unit": "", "kind": "", "all": False, **changes}
    assert figures_disagree.run(argparse.Namespace(**chosen)) == status
    said = capsys.readouterr()
    return said.out + said.err


def test_what_disagrees_is_recorded_and_printed_with_both_numbers(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed(capsys)
    assert "north · tổng khác các phần · chờ quyết định · Lamps / All lamps – biểu lamps" in out
    assert "    Đơn vị tự ghi: 100 lamp\n" in out
    assert "    Cộng báo cáo của 3 đơn vị trực thuộc: 90 lamp\n" in out
    assert "1 chênh lệch đang có: 1 mới" in out
    assert Discrepancy.objects.get().source_name == "reporting.beneath"
    assert "1 chênh lệch đang có: 0 mới" in printed(capsys)


def test_what_agrees_again_is_printed_only_when_asked_for(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys)
    world.report("north", all=90, good=60)
    assert "All lamps" not in printed(capsys)
    assert "đã khớp lại · Lamps / All lamps" in printed(capsys, all=True)


def test_one_unit_or_kind_is_printed_and_an_unknown_unit_is_refused(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "All lamps" in printed(capsys, unit="coast")
    assert "All lamps" not in printed(capsys, unit="south")
    assert "All lamps" not in printed(capsys, kind="falling")
    assert "không có đơn vị mang mã “nowhere”" in printed(capsys, status=1, unit="nowhere")
