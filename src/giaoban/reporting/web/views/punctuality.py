"""Đúng hạn, đầy đủ: reports at any level, as known on any day, by unit; the address gives the same table again."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.timeliness import Arrival
from giaoban.core.vietnamese import day, number
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.selectors.punctuality import (
    Incomplete,
    Level,
    LevelRow,
    Tally,
    level,
    owed_beneath,
    period_word,
    rate_history,
)
from giaoban.reporting.web.bar import day_in
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.shaping.boards import GROUP_SORTS, GroupRow
from giaoban.reporting.web.shaping.layout import Labels
from giaoban.reporting.web.shaping.lists import sorted_by

YEAR: Final = "year:"
"""Begins what the address calls all periods that end in a year."""
BLANKS_NAMED: Final = 12
SIMULATED: Final = "bảng này đếm cả báo cáo ví dụ: con số, ngày gửi và hạn của chúng không phải số liệu thật."
HEADER = (
    "Mã đơn vị",
    "Đơn vị",
    "Tính đến",
    "Phải gửi",
    "Đã nhận",
    "Tỷ lệ nhận (%)",
    "Đúng hạn",
    "Tỷ lệ đúng hạn (%)",
    "Muộn 1–2 ngày",
    "Muộn 3–5 ngày",
    "Muộn 6–10 ngày",
    "Muộn trên 10 ngày",
    "Đã nhận, không có hạn",
    "Quá hạn, chưa gửi",
    "Trả lại, chưa gửi lại",
    "Sắp đến hạn",
    "Chưa đến hạn",
    "Chưa gửi, không có hạn",
    "Chờ tiếp nhận",
    "Không phát sinh",
    "Ô đã điền",
    "Ô phải điền",
    "Tỷ lệ ô (%)",
    "Nhận ngoài danh sách phải gửi",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a unit, a day, forms and periods; pairs: all that could be asked for there."""

    unit: orgs.UnitCard
    on: date
    pairs: tuple[tuple[selectors.FormVersion, selectors.Period], ...]
    word: str
    forms: tuple[selectors.FormVersion, ...]
    periods: tuple[selectors.Period, ...]

    @property
    def offered(self) -> list[selectors.FormVersion]:
        """The forms owed in the chosen periods."""
        chosen = {period.pk for period in self.periods}
        found = {form.pk: form for form, period in self.pairs if period.pk in chosen}
        return sorted(found.values(), key=lambda one: (one.code, one.key))


def _asked(request: ActorRequest) -> Asked | None:
    """None for a person without a post who names no unit. Raises Http404 outside the actor's scope."""
    today = timezone.localdate()
    key = request.GET.get("unit", "")
    if key:
        unit = orgs.unit_for(request.actor, key, today)
    elif request.actor.unit_id is not None:
        unit = orgs.card(request.actor.unit_id, today)
    else:
        return None
    pairs = tuple(owed_beneath(unit.id))
    word = request.GET.get("period", "") or (period_word(pairs[0][1]) if pairs else "")
    periods = {period.pk: period for _, period in pairs if _is_meant(period, word)}
    wanted = set(request.GET.getlist("form"))
    forms = {form.pk: form for form, period in pairs if period.pk in periods and (not wanted or form.key in wanted)}
    on = min(day_in(request, "on") or today, today)
    return Asked(unit, on, pairs, word, tuple(forms.values()), tuple(periods.values()))


def _is_meant(period: selectors.Period, word: str) -> bool:
    if word.startswith(YEAR):
        return str(selectors.last_day(period).year) == word.removeprefix(YEAR)
    return period_word(period) == word


@require_safe
def punctuality(request: ActorRequest) -> HttpResponse:
    asked = _asked(request)
    if asked is None:
        return render(request, "reporting/punctuality.html", {"bar": ContextBar(), "asked": None})
    found = level(asked.unit.id, asked.forms, asked.periods, asked.on)
    rows = sorted_by(_rows(request, found), request.GET.get("sort", ""), GROUP_SORTS, "name")
    rows.sort(key=lambda row: row.is_own)
    wanted = set(request.GET.getlist("form"))
    return render(
        request,
        "reporting/punctuality.html",
        {
            "bar": _bar(request, asked),
            "asked": asked,
            "simulated_note": SIMULATED if found.simulated else "",
            "is_today": asked.on == timezone.localdate(),
            "found": found,
            "total": found.total,
            "rows": rows,
            "soon": found.total.count(Arrival.DUE_SOON),
            "period_choices": _period_choices(asked),
            "form_choices": [(form, form.key in wanted) for form in asked.offered],
            "incomplete": [_blank_words(one) for one in found.incomplete],
            "history": rate_history(asked.unit.id, asked.on) if "history" in request.GET else None,
        },
    )


def _rows(request: ActorRequest, found: Level) -> list[GroupRow]:
    def url(row: LevelRow) -> str:
        return "" if row.is_own or not row.has_more else changed(request, unit=row.unit.key, sort=None)

    return [GroupRow(row.unit, row.tally, url(row), row.is_own) for row in found.rows]


def _bar(request: ActorRequest, asked: Asked) -> ContextBar:
    address = reverse("reporting:punctuality-csv")
    return ContextBar(
        unit_label=asked.unit.name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=f"hết ngày {day(asked.on)}",
        export_formats=(Choice("Bảng đang hiện, CSV", f"{address}{changed(request)}"),),
    )


def _period_choices(asked: Asked) -> list[tuple[str, str, bool]]:
    """Word, label and whether chosen: the periods, newest first, then whole years."""
    periods = {period.pk: period for _, period in asked.pairs}
    years = sorted({selectors.last_day(period).year for period in periods.values()}, reverse=True)
    words = [(period_word(period), period.label) for period in periods.values()]
    words += [(f"{YEAR}{year}", f"Mọi kỳ kết thúc trong năm {year}") for year in years]
    return [(word, label, word == asked.word) for word, label in words]


@dataclass(frozen=True, slots=True)
class BlankLine:
    """A report that is not complete, with its blank cells by name."""

    one: Incomplete
    words: str


def _blank_words(one: Incomplete) -> BlankLine:
    labels = Labels(selectors.definition_of(one.form), one.names)
    names = [labels.cell(cell) for cell in one.blanks[:BLANKS_NAMED]]
    more = len(one.blanks) - len(names)
    return BlankLine(one, "; ".join(names) + (f"; và {number(more)} ô khác" if more > 0 else ""))


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The table as it is shown, the total first."""
    asked = _asked(request)
    if asked is None:
        return list_file("dung-han.csv", HEADER, [])
    found = level(asked.unit.id, asked.forms, asked.periods, asked.on)
    rows = sorted_by(_rows(request, found), request.GET.get("sort", ""), GROUP_SORTS, "name")
    lines = [_line(asked, asked.unit.key, f"Tổng: {asked.unit.name}", found.total)]
    lines += [_line(asked, row.unit.key, row.unit.name, row.tally) for row in rows]
    return list_file(f"dung-han-{asked.on}.csv", HEADER, lines)


def _line(asked: Asked, key: str, name: str, tally: Tally) -> tuple[object, ...]:
    return (
        key,
        name,
        day(asked.on),
        tally.expected,
        tally.received,
        _share(tally.rate),
        tally.on_time,
        _share(tally.on_time_rate),
        *tally.late_bands,
        tally.undated,
        tally.missing,
        tally.returned,
        tally.count(Arrival.DUE_SOON),
        tally.count(Arrival.NOT_DUE),
        tally.count(Arrival.NO_DEADLINE),
        tally.waiting,
        tally.nil,
        tally.filled,
        tally.required,
        _share(tally.completeness),
        tally.extra,
    )


def _share(value: object) -> str:
    return "" if value is None else str(value).replace(".", ",")
