"""Bảng xoay: any figure by unit, period and measure; the address is the question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.forms import slug
from giaoban.core.queries import QueryRefused
from giaoban.core.vietnamese import day, moment
from giaoban.indicators.selectors import pivoting
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.web.exports import sdmx, sheets, tidy
from giaoban.indicators.web.pivot.asking import Asked, asked
from giaoban.indicators.web.pivot.looking import ALL, KEPT, Look, address, look_from
from giaoban.indicators.web.pivot.mapping import FEWEST, TileMap, tile_map_of
from giaoban.indicators.web.pivot.mending import refused
from giaoban.indicators.web.pivot.painting import Painter, sort_state
from giaoban.indicators.web.pivot.panel import panel_of
from giaoban.indicators.web.pivot.shaping import PivotTable, shape
from giaoban.indicators.web.views.shared import SIMULATED_SUFFIX
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.registries import AnswerUse, answer_uses
from giaoban.orgs import selectors as orgs

WIDE = 5
"""With more columns of figures the map stands below the table, not beside it."""
SIMULATED = "bảng này dùng số liệu ví dụ, không phải số liệu thật."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
SDMX = "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8"
FILES = (("XLSX", "xlsx"), ("CSV", "csv"), ("SDMX-CSV 2.0", "sdmx"))


@dataclass(frozen=True, slots=True)
class Request:
    """What one visit asks, after the default has been filled in."""

    asked: Asked
    look: Look
    unit: orgs.UnitCard | None


@dataclass(frozen=True, slots=True)
class Found:
    """A table, and the areas of its units, by id of the unit."""

    table: PivotTable
    areas: Mapping[int, str]


def _unit(request: ActorRequest, question: Asked) -> orgs.UnitCard | None:
    """The unit on top, else the one that the person acts for; None when there is neither. Raises Http404."""
    today, key = timezone.localdate(), question.word("unit")
    if key:
        return orgs.unit_for(request.actor, key, today)
    return orgs.card(request.actor.unit_id, today) if request.actor.unit_id is not None else None


def _request(request: ActorRequest) -> Request:
    words = dict(request.GET.lists())
    question = asked(words)
    unit = _unit(request, question)
    if unit is not None and question.refusal is not None and not question.word("unit"):
        question = asked({**words, "unit": [unit.key]})
    if question.is_empty and unit is not None:
        default = pivoting.default_query(unit, pivoting.units_of(unit.id, timezone.localdate()))
        if default is not None:
            question = asked({name: [v for n, v in default.words() if n == name] for name, _ in default.words()})
    return Request(question, look_from(words), unit)


@require_safe
def pivot(request: ActorRequest) -> HttpResponse:
    """The table, its pictures and, when it is opened, the form that asks; what the form sends becomes the plain address
    of the query. A script asks for the form alone."""
    asking, step = _request(request), request.GET.get("step")
    query = asking.asked.query
    if step == "table" and query is not None:
        return redirect(reverse("indicators:pivot") + address(query, asking.look))
    context: dict[str, Any] = {"look": asking.look, "unit": asking.unit, "bar": _bar(request, None)}
    if asking.unit is None:
        return render(request, "indicators/pivot.html", context)
    if step == "columns" and request.htmx:
        context["panel"] = panel_of(request, asking.asked, asking.unit)
        return render(request, "indicators/pivot/ask.html", context)
    status, found = 200, None
    try:
        found = _found(request, asking)
    except QueryRefused as refusal:
        status = 422
        context["refused"] = refused(refusal, asking.asked)
    if found is None or step == "columns":
        context["panel"] = panel_of(request, asking.asked, asking.unit)
    if found is not None:
        context |= _shown(request, found)
    return render(request, "indicators/pivot.html", context, status=status)


def _found(request: ActorRequest, asking: Request) -> Found | None:
    """The table that is asked for; None when nothing is asked. Raises QueryRefused."""
    if asking.asked.refusal is not None:
        raise asking.asked.refusal
    if asking.asked.query is None:
        return None
    found = answer(asking.asked.query, actor=request.actor)
    ids = [one.id for one in found.units if one.id is not None]
    names, areas = pivoting.unit_names(ids, found.query.geography or timezone.localdate())
    return Found(shape(found, asking.look, names), areas)


def _shown(request: ActorRequest, found: Found) -> dict[str, Any]:
    table = found.table
    painter, query, look = Painter(table), table.answer.query, table.look
    columns = painter.columns()
    return {
        "bar": _bar(request, table),
        "table": table,
        "columns": columns,
        "rows": painter.rows(),
        "map": _map(found, painter),
        "title": _title(table),
        "link": _link(request, table),
        "ask_url": f"{address(query, look)}&step=columns",
        "files": [(label, _file(table, kind)) for label, kind in FILES],
        "thirds": _thirds(table),
        "kept": [(value, label, value == look.kept) for value, label in KEPT.items()],
        "name_sort": (sort_state(look, "name"), _sorts(table, "name")),
        "rank_sort": (sort_state(look, "rank"), _sorts(table, "rank")),
        "change_url": address(query, look, change="" if look.change else "1"),
        "rank_url": address(query, look, rank="" if look.rank else "1", sort="" if look.rank else "rank"),
        "clear_url": address(query, replace(look, q="", kept="", least="", most="", pick="", n="")),
        "swap_url": address(replace(query, rows=query.columns, columns=query.rows), Look()),
        "query_words": query.words(),
        "uses": _uses(request, table),
        "look_words": [(n, v) for n, v in look.words() if n in ("sort", "rank", "change", "third")],
        "level": painter.level,
        "is_wide": len(columns) + sum(table.changes) > WIDE,
        "has_course": bool(table.course),
        "has_bar": query.rows != "measure" and table.by is not None and len(table.rows) > 1,
        "simulated_note": SIMULATED if table.answer.simulated else "",
    }


def _uses(request: ActorRequest, table: PivotTable) -> list[AnswerUse]:
    """What the person can make of the figures shown, in the rooms above."""
    words = urlencode(table.answer.query.words())
    return [use for _, made in answer_uses if (use := made(request.actor, words)) is not None]


def _map(found: Found, painter: Painter) -> TileMap | None:
    """The places are read only where any unit could have one."""
    if found.table.answer.query.rows != "unit" or len(found.areas) < FEWEST:
        return None
    placed, extras = pivoting.tile_map()
    return tile_map_of(found.table, painter, found.areas, placed, extras)


def _sorts(table: PivotTable, key: str) -> str:
    """First the way one reads (A to Z, the best first), then the other way."""
    look = table.look
    return address(table.answer.query, look, sort=f"-{key}" if sort_state(look, key) == "ascending" else key)


@dataclass(frozen=True, slots=True)
class Third:
    """As the kit's switch takes it."""

    label: str
    value: str
    url: str
    current: bool


def _thirds(table: PivotTable) -> list[Third]:
    """The entries of the third axis to choose from; nothing to choose where there is one."""
    if len(table.thirds) < 2:
        return []
    query, look = table.answer.query, table.look
    found = [
        Third(
            one.label,
            "",
            address(query, look, third=one.word or "total", sort="", by=""),
            one.word == _word(table.third),
        )
        for one in table.thirds
    ]
    return [*found, Third("Tất cả", "", address(query, look, third=ALL, sort="", by=""), table.third == ALL)]


def _word(third: str) -> str:
    return "" if third == "total" else third


def _title(table: PivotTable) -> str:
    """What the table shows, as short as it can be said."""
    measures = table.answer.measures
    if len(measures) == 1:
        return measures[0].name
    return f"{len(measures)} chỉ tiêu của {table.answer.top.short_name or table.answer.top.name}"


def _file(table: PivotTable, kind: str) -> str:
    return reverse(f"indicators:pivot-{kind}") + address(table.answer.query, table.look)


def _bar(request: ActorRequest, table: PivotTable | None) -> ContextBar:
    bar = ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=moment(timezone.localtime()),
    )
    if table is None or not table.answer.periods:
        return bar
    found, query = table.answer, table.answer.query
    first, last = found.periods[0], found.periods[-1]
    return replace(
        bar,
        unit_label=found.top.name,
        period_label=first.label if first is last else f"{first.label} – {last.label}",
        window=first.window if first is last else "",
        geography_label=day(query.geography) if query.geography else "theo từng kỳ",
        as_of_label=moment(timezone.localtime(found.as_of)),
        export_formats=tuple(Choice(label, _file(table, kind)) for label, kind in FILES),
    )


def _exported(request: ActorRequest) -> PivotTable | HttpResponse:
    """The table of a file, or the refusal in words."""
    asking = _request(request)
    try:
        found = _found(request, asking)
    except QueryRefused as refusal:
        words = "\n".join((refusal.sentence, *refusal.details, ""))
        return HttpResponse(words, status=422, content_type="text/plain; charset=utf-8")
    if found is None:
        raise Http404("Chưa có số liệu nào để xuất.")
    return found.table


def _handed_out(table: PivotTable, content: bytes | str, media_type: str, ending: str) -> HttpResponse:
    """A file whose name says what it is of, and that its figures are simulated."""
    first = table.answer.query.measures[0].word
    name = slug(f"bang-xoay {first} {table.answer.top.key}")[:120]
    if table.answer.simulated:
        name += SIMULATED_SUFFIX
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _link(request: ActorRequest, table: PivotTable) -> str:
    return request.build_absolute_uri(reverse("indicators:pivot") + address(table.answer.query, table.look))


@require_safe
def pivot_xlsx(request: ActorRequest) -> HttpResponse:
    """The table as shown, with its coverage, its signs and the link that shows it again."""
    table = _exported(request)
    if isinstance(table, HttpResponse):
        return table
    return _handed_out(table, sheets.workbook(table, _title(table), _link(request, table)), XLSX, ".xlsx")


@require_safe
def pivot_csv(request: ActorRequest) -> HttpResponse:
    """One line a figure, exact, in the order of the page."""
    table = _exported(request)
    return table if isinstance(table, HttpResponse) else _handed_out(table, tidy.text(table), CSV, ".csv")


@require_safe
def pivot_sdmx(request: ActorRequest) -> HttpResponse:
    """The same figures as SDMX-CSV 2.0."""
    table = _exported(request)
    return table if isinstance(table, HttpResponse) else _handed_out(table, sdmx.text(table), SDMX, ".sdmx.csv")
