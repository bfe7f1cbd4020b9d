"""Tabs that lead across rooms: a room names its page, a page that is not there is left out."""

from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

FIGURES: Final = (
    ("table-index", "reporting:table-index", "Bảng tổng hợp"),
    ("pivot", "indicators:pivot", "Bảng xoay"),
    ("indicators", "indicators:index", "Chỉ số"),
    ("discrepancies", "indicators:discrepancies", "Chênh lệch"),
    ("hints", "indicators:hints", "Dấu hiệu bất thường"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


@register.inclusion_tag("kit/figures_tabs.html")
def figures_tabs(here: str) -> dict[str, Any]:
    """The pages of "Số liệu"; `here`: name of this one: table-index, pivot, indicators, discrepancies, hints."""
    tabs = []
    for name, route, label in FIGURES:
        try:
            tabs.append(Tab(label, reverse(route), name == here))
        except NoReverseMatch:
            continue
    return {"tabs": tabs}
