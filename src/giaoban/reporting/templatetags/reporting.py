"""How a form is called on pages: a legal form by its printed code, our own layouts by their title."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString

from giaoban.core.vietnamese import capital_first
from giaoban.reporting.web.shaping.boards import BoardRow
from giaoban.reporting.web.shaping.layout import calm

register = template.Library()
register.filter("calm", calm)

OURS = ("capture:", "request:")


class _Form(Protocol):
    act: str
    code: str
    kind: str

    def get_kind_display(self) -> str: ...


@register.simple_tag
def form_name(key: str, code: str, title: str) -> str:
    """ "21b/TP/HTPLDN", or the title of a layout of ours, whose code says nothing to people."""
    return calm(title) if key.startswith(OURS) else code


@register.filter
def form_source(form: _Form) -> str:
    """ "Biểu 21b/TP/HTPLDN · Thông tư 17/2025/TT-BTP", or that it is no legal form."""
    if form.kind != "legal":
        return capital_first(form.get_kind_display())
    return " · ".join(filter(None, (f"Biểu {form.code}", form.act)))


@register.simple_tag(takes_context=True)
def board_row(context: Mapping[str, Any], one: BoardRow, *, oob: bool = False) -> SafeString:
    """A row of a reception board. Boards are looked at over and over while few of their rows change: a process keeps
    the rows that it rendered lately, by all that stands in them. oob: it replaces its row on an open board."""
    return _board_row(
        one,
        may_receive=bool(context["may_receive"]),
        in_group=bool(context["chosen"].group),
        all_simulated=bool(context["all_simulated"]),
        oob=oob,
    )


@lru_cache(maxsize=10_000)
def _board_row(one: BoardRow, *, may_receive: bool, in_group: bool, all_simulated: bool, oob: bool) -> SafeString:
    row = {"may_receive": may_receive, "in_group": in_group, "all_simulated": all_simulated, "oob": oob}
    return SafeString(get_template("reporting/parts/reception_row.html").render({"one": one, **row}))  # nosec B703 - a template
