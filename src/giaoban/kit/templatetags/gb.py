"""Tags and filters of every page: numbers, dates, signs, marks of a figure, addresses that keep the context."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from django import template
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from giaoban.core import timeliness, vietnamese
from giaoban.core.issues import Cell, Issue, sentence
from giaoban.core.timeliness import Timeliness, Timing
from giaoban.kit import charts
from giaoban.kit.charts import Number, Tone

register = template.Library()

MINUS = "−"

# What the context bar carries from page to page: acting unit, period, date of the geography, moment of the figures.
CONTEXT_PARAMETERS = ("unit", "period", "geography", "as_of")

SIGN_OF_TIMING = {
    Timeliness.NO_DEADLINE: "run",
    Timeliness.NOT_DUE: "run",
    Timeliness.DUE_SOON: "soon",
    Timeliness.DUE_TODAY: "soon",
    Timeliness.OVERDUE: "late",
    Timeliness.ON_TIME: "done",
    Timeliness.LATE: "done",
}

SIGN_OF_SEVERITY = {"error": "late", "warning": "warn", "note": "note"}

SIGN_WORDS = {
    "late": "quá hạn",
    "soon": "đến hạn",
    "warn": "cần giải trình",
    "done": "đã xong",
    "back": "trả lại",
    "none": "chưa gửi",
    "run": "đang làm, trong hạn",
    "note": "lưu ý",
}


# Numbers and dates


def _exact(value: Decimal | int | float | None) -> Decimal | int | None:
    return Decimal(str(value)) if isinstance(value, float) else value


@register.filter
def num(value: Decimal | int | float | None, scale: int | None = None) -> str:
    """13086280 → "13.086.280"; with a scale, that many decimals. None → ""."""
    return vietnamese.number(_exact(value), scale)


@register.filter
def signed(value: Decimal | int | float | None, scale: int | None = None) -> str:
    """A difference with its sign: "+1,12", "−3,77", "0"."""
    exact = _exact(value)
    if exact is None:
        return ""
    written = vietnamese.number(-exact if exact < 0 else exact, scale)
    if not any(digit in written for digit in "123456789"):
        return written
    return f"{'+' if exact > 0 else MINUS}{written}"


@register.filter
def pct(value: Decimal | int | float | None, scale: int = 2) -> str:
    """85.914 → "85,91 %" (the value is already in per cent)."""
    return vietnamese.percent(_exact(value), scale)


@register.filter
def vnd(value: Decimal | int | None) -> str:
    """An amount in đồng, whole."""
    return "" if value is None else f"{vietnamese.number(value, 0)} đồng"


def _local(value: date | datetime) -> date | datetime:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.filter
def day(value: date | datetime | None) -> str:
    """02/10/2026."""
    return "" if value is None else vietnamese.day(_local(value))


@register.filter
def day_short(value: date | datetime | None) -> str:
    """15/6, 02/10, 30/01: the year is clear from the page. Zero before days under 10 and before months 1 and 2."""
    if value is None:
        return ""
    local = _local(value)
    return f"{local.day:02}/{local.month:02}" if local.month < 3 else f"{local.day:02}/{local.month}"


@register.filter
def moment(value: datetime | None) -> str:
    """02/10/2026 09:14, in the zone of the office."""
    if value is None:
        return ""
    local = _local(value)
    return vietnamese.moment(local) if isinstance(local, datetime) else vietnamese.day(local)


# Signs and marks


def _sign(kind: str) -> SafeString:
    if kind not in SIGN_WORDS:
        raise template.TemplateSyntaxError(f"no sign {kind!r}; there are {', '.join(SIGN_WORDS)}")
    return format_html('<span class="gb-sign gb-sign-{}" aria-hidden="true"></span>', kind)


@register.simple_tag
def sign(kind: str, word: str | None = None) -> SafeString:
    """A state sign with its word; without one, the usual word is there for screen readers only."""
    if word is None:
        return format_html(
            '<span class="gb-state">{}<span class="visually-hidden">{}</span></span>', _sign(kind), SIGN_WORDS[kind]
        )
    tone = " gb-late" if kind == "late" else ""
    return format_html('<span class="gb-state{}">{}<span>{}</span></span>', tone, _sign(kind), word)


@register.simple_tag(name="timing")
def timing_sign(value: Timing | None, show_sign: bool = True) -> SafeString:
    """Timeliness as sign and words: late red and strong while open, plain red once done late, quiet otherwise."""
    if value is None:
        return SafeString("")
    words = timeliness.timing_words(value)
    match value.state:
        case Timeliness.OVERDUE:
            text = format_html('<b class="gb-late">{}</b>', words)
        case Timeliness.LATE:
            text = format_html('<span class="gb-late">{}</span>', words)
        case Timeliness.DUE_SOON | Timeliness.DUE_TODAY:
            text = format_html("<span>{}</span>", words)
        case _:
            text = format_html('<span class="quiet">{}</span>', words)
    if not show_sign:
        return text
    return format_html('<span class="gb-state">{}{}</span>', _sign(SIGN_OF_TIMING[value.state]), text)


class _Figure(Protocol):
    """A `core.figures.Figure`: mark 0 reported, 1 nil, 2 not applicable, 3 blank."""

    value: Decimal | None
    estimate: Decimal | None
    mark: int


NO_FIGURE = format_html('<span class="gb-none"><span class="visually-hidden">{}</span></span>', "chưa có số")
NIL = format_html('<span aria-hidden="true">–0–</span><span class="visually-hidden">{}</span>', "không phát sinh")
NOT_APPLICABLE = format_html(
    '<span aria-hidden="true">✕</span><span class="visually-hidden">{}</span>', "không áp dụng"
)
BLANK = format_html('<span class="gb-blank">{}</span>', "trống")


@register.simple_tag
def figure(value: _Figure | Any, scale: int | None = None) -> SafeString:
    """A figure as people read it: 0, –0– (nil), ✕ (not applicable), "trống" (blank), hatch (none), dotted (estimate).

    value: a `core.figures.Figure`, a `core.consolidation.CellTotal` (its `state` decides), a plain number, or None for
    "no figure at all".
    """
    if value is None:
        return NO_FIGURE
    if isinstance(value, Decimal | int | float):
        return format_html("{}", num(value, scale))
    state = getattr(value, "state", None) or ("reported", "nil", "na", "blank")[value.mark]
    match state:
        case "nil":
            return NIL
        case "na":
            return NOT_APPLICABLE
        case "blank":
            return BLANK
        case "missing":
            return NO_FIGURE
    estimate = value.estimate or Decimal(0)
    if value.value is None and not estimate:
        return BLANK
    total = num((value.value or Decimal(0)) + estimate, scale)
    if estimate:
        return format_html(
            '<span class="gb-est">{}</span><span class="visually-hidden">, trong đó ước {}</span>',
            total,
            num(estimate, scale),
        )
    return format_html("{}", total)


@register.simple_tag
def versus(difference: Number | None, threshold: Number = 0, lower_is_better: bool = False) -> SafeString:
    """▲ or ▼ with hidden words, when a difference from a named level reaches the threshold; nothing in between."""
    if difference is None or difference == 0 or abs(float(difference)) < float(threshold):
        return SafeString('<span class="gb-even"></span>')
    better = (difference > 0) != lower_is_better
    word = "cao hơn" if difference > 0 else "thấp hơn"
    return format_html(
        '<span class="gb-{}"></span><span class="visually-hidden"> {}</span>', "up" if better else "down", word
    )


# Addresses


@register.simple_tag(takes_context=True)
def context_query(context: Context, **changes: Any) -> str:
    """The context parameters of this page as a query ("?period=…"), changed or (None) dropped; "" when nothing is left.

    For links to other pages. Links that stay on the page use Django's own `{% querystring %}`, which keeps everything.
    """
    request: HttpRequest | None = context.get("request")
    query = QueryDict(mutable=True)
    if request is not None:
        for name in CONTEXT_PARAMETERS:
            if name in request.GET:
                query[name] = request.GET[name]
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else ""


@register.simple_tag(takes_context=True)
def sort_state(context: Context, key: str) -> str:
    """How the list is sorted by this column: "ascending" (address: `sort=key`), "descending" (`sort=-key`) or ""."""
    request: HttpRequest | None = context.get("request")
    current = request.GET.get("sort", "") if request is not None else ""
    if current == key:
        return "ascending"
    return "descending" if current == f"-{key}" else ""


# Forms, issues


@register.simple_tag
def cell_id(table: str, row: str, subunit: str, column: str) -> str:
    """The id of a cell on the page, so that an issue can link to it: "o-own-total--c1" (no sub-unit)."""
    return cell_anchor(Cell(table=table, row=row, subunit=subunit, column=column))


@register.filter
def cell_anchor(cell: Cell) -> str:
    """The same id from a `core.issues.Cell`."""
    parts = (cell.table, cell.row, cell.subunit, cell.column)
    return "o-" + "-".join(re.sub(r"[^0-9A-Za-z_]+", "_", part) for part in parts)


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One line of an error summary: `url` leads to the cell or is empty."""

    severity: str
    sign: str
    text: str
    url: str


@register.filter
def issue_lines(issues: Iterable[Issue | IssueLine]) -> list[IssueLine]:
    """Issues of a check as lines that link to cells of the page, errors first. A view may pass lines of its own."""
    lines = [issue if isinstance(issue, IssueLine) else _line(issue) for issue in issues]
    order = ("error", "warning", "note")
    return sorted(lines, key=lambda line: order.index(line.severity))


def _line(issue: Issue) -> IssueLine:
    url = f"#{cell_anchor(issue.at)}" if issue.at.table and issue.at.column else ""
    return IssueLine(issue.severity, SIGN_OF_SEVERITY[issue.severity], sentence(issue), url)


CONTROL_CLASSES = {"select": "form-select", "checkbox": "form-check-input", "radio": "form-check-input"}


@register.inclusion_tag("kit/form_field.html")
def field(bound: BoundField, label: str | None = None, hint: str | None = None) -> dict[str, Any]:
    """A field of a Django form: label, help and errors tied to the control. Groups of choices become a fieldset."""
    input_type = getattr(bound.field.widget, "input_type", "")
    help_text = hint if hint is not None else bound.help_text
    described = [f"{bound.auto_id}_help"] if help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
    attributes: dict[str, Any] = {"class": CONTROL_CLASSES.get(input_type, "form-control")}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "bound": bound,
        "label": bound.label if label is None else label,
        "help": help_text,
        "control": bound.as_widget(attrs=attributes),
        "described_by": " ".join(described),
        "is_check": input_type == "checkbox" and not bound.use_fieldset,
        "id": bound.auto_id,
    }


# Pictures


@register.inclusion_tag("kit/charts/dot_row.html")
def dot_row(
    value: Number | None, low: Number, high: Number, mean: Number | None = None, tone: Tone = "even"
) -> dict[str, Any]:
    """A dot against a named level, in a `<td class="gb-dot-cell">`; the number itself stands in the cell beside it."""
    return {"row": charts.dot_row(value, low=low, high=high, mean=mean, tone=tone)}


@register.inclusion_tag("kit/charts/axis.html")
def axis(*labels: Number | str) -> dict[str, Any]:
    """The labels over a column of dots, spread evenly."""
    last = max(1, len(labels) - 1)
    anchors = ["start"] + ["middle"] * (len(labels) - 2) + ["end"]
    return {"ticks": [(charts.percent_of(index / last), label, anchors[index]) for index, label in enumerate(labels)]}


@register.inclusion_tag("kit/charts/rank_strip.html")
def rank_strip(
    values: Iterable[Number], here: Number | None, mean: Number | None = None, lower_is_better: bool = False
) -> dict[str, Any]:
    """The place of one value among all, better to the right."""
    return {"strip": charts.rank_strip(values, here=here, mean=mean, lower_is_better=lower_is_better)}


@register.inclusion_tag("kit/charts/strip.html")
def strip(groups: Sequence[tuple[str, int]], label: str) -> dict[str, Any]:
    """Units by state in one picture; `label` says the same in words."""
    return {"cells": charts.strip(groups), "label": label, "width": charts.STRIP_WIDTH, "height": charts.STRIP_HEIGHT}


@register.inclusion_tag("kit/charts/progress.html")
def progress(done: Number | None, total: Number | None, large: bool = False) -> dict[str, Any]:
    """A thin bar of done/total beside the words that say it; nothing when the total is unknown or 0."""
    share = charts.position(done, 0, total) if done is not None and total else None
    return {"part": charts.percent_of(share) if share is not None else "", "large": large}
