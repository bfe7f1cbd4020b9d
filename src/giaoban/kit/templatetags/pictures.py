"""Small pictures inside a row of figures; the figures themselves always stand beside them.

Written without a template of their own, since a table draws two in every row: positions are numbers that
`kit.charts` has written, words are escaped.
"""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from giaoban.kit.charts import Bar, Sparkline

register = template.Library()


@register.simple_tag
def sparkline(spark: Sparkline | None, label: str) -> SafeString:
    """The course of a series; `label` says the same in words. Nothing when there is no course."""
    if spark is None:
        return SafeString("")
    gaps = "".join(f'<line class="gap" x1="{x}" x2="{x}" y1="1" y2="{spark.height}"/>' for x in spark.gaps)
    lines = "".join(f'<polyline points="{points}"/>' for points in spark.lines)
    dots = "".join(f'<circle class="one" cx="{x}" cy="{y}" r="1.6"/>' for x, y in spark.dots)
    last = f'<circle class="last" cx="{spark.last[0]}" cy="{spark.last[1]}" r="2.2"/>' if spark.last else ""
    size = f'viewBox="0 0 {spark.width} {spark.height}" width="{spark.width}" height="{spark.height}"'
    inside = f"<title>{escape(label)}</title>{gaps}{lines}{dots}{last}"
    return SafeString(f'<svg class="gb-spark" {size} role="img" focusable="false">{inside}</svg>')  # nosec B703


@register.simple_tag
def barlet(bar: Bar | None) -> SafeString:
    """One value as a bar beside its number; nothing when there is no value."""
    if bar is None:
        return SafeString("")
    shape = f'<rect class="{bar.tone}" x="{bar.x}" y="1" width="{bar.length}" height="10"/>'
    zero = f'<line x1="{bar.zero}" x2="{bar.zero}" y1="0" y2="12"/>'
    size = f'viewBox="0 0 {bar.width} 12" width="{bar.width}" height="12"'
    return SafeString(f'<svg class="gb-barlet" {size} aria-hidden="true" focusable="false">{shape}{zero}</svg>')  # nosec B703
