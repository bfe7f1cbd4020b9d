"""How a form is called on pages: a legal form by its printed code, our own layouts by their title."""

from typing import Protocol

from django import template

from giaoban.core.vietnamese import capital_first
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
