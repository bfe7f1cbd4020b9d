"""Danh mục biểu: every form of the sector by act, with or without a layout, and what is known of each."""

from dataclasses import dataclass, replace
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.crosswalk import carried, links_of
from giaoban.core.figures import blank_line
from giaoban.core.forms import FormDefinition, Reference
from giaoban.core.vietnamese import day, fold
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.reporting import selectors
from giaoban.reporting.rules import mark, reservations
from giaoban.reporting.web.bar import day_in, list_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.shaping.grid import GridCell, GridTable, sent_tables
from giaoban.reporting.web.shaping.layout import Labels, calm

SEVERITIES = {"error": "lỗi", "warning": "cảnh báo", "note": "ghi chú"}
STATUSES = {"printed": "in trong giải thích biểu", "derived": "suy từ bố cục"}
HEADER = ("Mã", "Tên biểu", "Văn bản", "Lĩnh vực", "Hiệu lực từ", "Hết hiệu lực", "Bố cục")
SIGNS = {"": "done", "tên cột viết gọn": "warn", "bản nháp bố cục": "soon"}


@dataclass(frozen=True, slots=True)
class Line:
    """A form in the list. sign, state: whether it can be filled in and printed, and how."""

    form: selectors.FormVersion
    title: str
    field: str
    validity: str
    in_force: bool
    sign: str
    state: str


@require_safe
def catalogue(request: ActorRequest) -> HttpResponse:
    on, lines = _asked(request)
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.form.act or "Bố cục của Giao Ban", []).append(line)
    shown = sum(map(len, groups.values()))
    return render(
        request,
        "reporting/catalogue.html",
        {
            "bar": list_bar(
                request, [Choice("Danh mục biểu, CSV", reverse("reporting:catalogue-csv") + changed(request))]
            ),
            "groups": sorted(groups.items()),
            "shown": shown,
            "laid_out": sum(line.state != "chưa có bố cục" for group in groups.values() for line in group),
            "words": request.GET.get("q", ""),
            "on": on,
            "is_today": on == timezone.localdate(),
            "only": "hieu-luc" in request.GET,
        },
    )


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The list as filtered."""
    on, lines = _asked(request)
    rows = (
        (
            line.form.code,
            line.form.title,
            line.form.act,
            line.field,
            line.form.valid_from or "",
            line.form.valid_to or "",
            line.state,
        )
        for line in lines
    )
    return list_file(f"danh-muc-bieu-{on}.csv", HEADER, rows)


@require_safe
def form(request: ActorRequest, form: str) -> HttpResponse:
    """One form: its empty layout, rules, deadlines, relatives; without a layout only what is known of it."""
    row = selectors.form_by_key(form)
    definition = selectors.definition_of(row)
    relatives = selectors.relatives_of(row)
    return render(
        request,
        "reporting/catalogue_form.html",
        {
            "bar": list_bar(request, _exports(row, definition)),
            "row": row,
            "title": calm(row.title),
            "validity": _validity(row),
            "in_force": row in selectors.forms(timezone.localdate()),
            "reservations": reservations(definition),
            "definition": definition,
            "facts": _facts(row, definition),
            "tables": _tables(definition),
            "checks": [
                (check.rule, SEVERITIES[check.severity], STATUSES[check.status], check.note)
                for check in definition.checks
            ],
            "receipt": selectors.receipt_days(row),
            "continued": _continued(definition),
            "relatives": [
                (heading, found)
                for heading, found in (
                    ("Cùng nhóm biểu", relatives.family),
                    ("Thay cho biểu của văn bản trước", relatives.replaces),
                    ("Được thay bằng", relatives.replaced_by),
                )
                if found
            ],
        },
    )


def _asked(request: ActorRequest) -> tuple[date, list[Line]]:
    """The day in the address, today without one, and the forms that its words and its box leave."""
    on = day_in(request, "on") or timezone.localdate()
    words = " ".join(request.GET.get("q", "").split())[:100]
    lines = [_line(one) for one in selectors.catalogue(on) if _holds(one, words)]
    return on, [line for line in lines if line.in_force or "hieu-luc" not in request.GET]


def _csv(request: ActorRequest) -> str:
    return reverse("reporting:catalogue-csv") + changed(request)


def _line(one: selectors.Listed) -> Line:
    words = mark(one.definition)
    return Line(
        form=one.form,
        title=calm(one.form.title),
        field=one.form.field.name if one.form.field else "",
        validity=_validity(one.form),
        in_force=one.in_force,
        sign=SIGNS.get(words, "none"),
        state=words or "đủ bố cục, in được",
    )


def _holds(one: selectors.Listed, words: str) -> bool:
    return fold(words) in fold(f"{one.form.code} {one.form.title} {one.form.act} {one.form.field or ''}")


def _validity(row: selectors.FormVersion) -> str:
    """The last day is named, not the day after it."""
    start = f"từ {day(row.valid_from)}" if row.valid_from else "từ ngày chưa rõ"
    return f"{start} đến {day(row.valid_to - row.valid_to.resolution)}" if row.valid_to else start


def _facts(row: selectors.FormVersion, definition: FormDefinition) -> list[tuple[str, str]]:
    facts = [
        ("Văn bản", row.act),
        ("Lĩnh vực", row.field.name if row.field else ""),
        ("Chữ ký", " – ".join(definition.signatures)),
        ("Dùng tạm thay biểu", ", ".join(definition.interim_for)),
        ("Nguồn", ", ".join(definition.source)),
    ]
    return [(term, value) for term, value in facts if value]


@dataclass(frozen=True, slots=True)
class Continued:
    """Which columns of an earlier form go on in this one, and which begin here."""

    form: selectors.FormVersion
    pairs: tuple[tuple[str, str], ...]
    refused: tuple[str, ...]
    note: str


def _continued(definition: FormDefinition) -> list[Continued]:
    """Each pair of columns and each column without a like, named once however many rows they have."""
    found = []
    labels = Labels(definition)
    for one in definition.continues:
        row = selectors.form_by_key(one.form)
        old = selectors.definition_of(row)
        before = Labels(old)
        links = links_of(old=old, new=definition)
        pairs = [
            (
                labels.column(definition.table(table), column),
                " › ".join(
                    filter(None, (_row_name(old, at), before.column(old.table(at.table), at.column))),
                ),
            )
            for (table, _, column), at in links.items()
        ]
        refused = [
            labels.column(definition.table(at.table), at.column) for at in carried({}, old=old, new=definition).refused
        ]
        found.append(Continued(row, tuple(dict.fromkeys(pairs)), tuple(dict.fromkeys(refused)), one.note))
    return found


def _row_name(form: FormDefinition, at: Reference) -> str:
    """The line of the old form, when its table has several that differ in kind."""
    table = form.table(at.table)
    return table.rows_by_id[at.row or ""].label if len(form.tables) > 1 else ""


def _tables(definition: FormDefinition) -> tuple[GridTable, ...]:
    """The empty tables; a dynamic row is shown once, under the words that the form prints for it."""
    rows = [(table, row) for table in definition.tables for row in table.dynamic_rows]
    placed = {(table.id, row.id, row.label): blank_line(table, row.id, row.label) for table, row in rows}
    return tuple(
        replace(table, rows=tuple(replace(row, cells=(GridCell("none"),) * len(row.cells)) for row in table.rows))
        for table in sent_tables(definition, Labels(definition), placed, ())
    )


def _exports(row: selectors.FormVersion, definition: FormDefinition) -> list[Choice]:
    return (
        [Choice("Biểu trống, PDF", reverse("reporting:blank-paper", args=[row.key]))] if definition.has_layout else []
    )
