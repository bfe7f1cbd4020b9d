"""Looks for all numbers that do not agree, records what is new, prints what there is."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.indicators.selectors import DiscrepancyCard


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unit", default="", metavar="KEY", help="print only those of a unit and what is beneath it")
    parser.add_argument("--kind", default="", metavar="WORD", help="such as parts, published, falling, duplicate")
    parser.add_argument("--all", action="store_true", help="print decided ones and those that agree again too")


def run(chosen: argparse.Namespace) -> int:
    import sys

    from django.http import Http404
    from django.utils import timezone

    from giaoban.indicators import selectors, services
    from giaoban.kit.actors import system_actor

    by, at = system_actor("giaoban figures disagree"), timezone.now()
    found = services.collect(by=by, at=at)
    asked = selectors.DiscrepancyFilter(kind=chosen.kind, unit=chosen.unit, state="" if chosen.all else "open")
    today = timezone.localdate(at)
    try:
        rows = selectors.discrepancy_list(by, today, asked, "unit")
    except Http404:
        print(f"không có đơn vị mang mã “{chosen.unit}”; tìm mã trên trang Đơn vị", file=sys.stderr)
        return 1
    _say(selectors.discrepancy_cards(rows, today))
    print(
        f"{found.named} chênh lệch đang có: {len(found.opened)} mới, {len(found.changed)} đổi số "
        f"(trong đó {len(found.reopened)} mở lại), {len(found.returned)} lại khác nhau; {len(found.agreed)} đã khớp lại"
    )
    return 0


def _say(cards: "Iterable[DiscrepancyCard]") -> None:
    from giaoban.core.vietnamese import number

    for card in cards:
        stated, computed = number(card.published, card.scale), number(card.computed, card.scale)
        simulated = " (số liệu mô phỏng)" if card.simulated else ""
        print(f"{card.unit.key} · {card.kind_name} · {card.state_name} · {card.what}{simulated}")
        print(f"    {card.published_name}: {stated} {card.measure}")
        print(f"    {card.computed_name}: {computed} {card.measure}")


command = Command("figures disagree", "find and record numbers that do not agree", run, arguments)
