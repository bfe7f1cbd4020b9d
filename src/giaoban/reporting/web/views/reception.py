"""Bảng tiếp nhận: one row a unit; counts that filter, rows that are chosen and acted upon."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.timeliness import Timeliness, timing_words
from giaoban.core.vietnamese import capital_first, day, moment
from giaoban.kit.actors import Actor
from giaoban.kit.frame import Choice, ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import STATE_NAMES, ReportState
from giaoban.reporting.web.bar import changed, period_address, period_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.forms import AcceptForm, ExtendForm, RemindForm, ReturnForm
from giaoban.reporting.web.shaping.layout import calm
from giaoban.reporting.web.shaping.lists import (
    RECEPTION_SORTS,
    Count,
    Filter,
    NearMiss,
    filter_from,
    near_miss,
    sorted_by,
    state_counts,
    strip_groups,
    strip_words,
)

HEADER = (
    "Mã đơn vị",
    "Đơn vị",
    "Tình trạng",
    "Nhận lúc",
    "Hạn",
    "So với hạn",
    "Ô đã điền",
    "Ô phải điền",
    "Cảnh báo có giải thích",
    "Lý do trả lại",
    "Số lần nhắc",
    "Người giữ vị trí",
    "Biên nhận",
    "Mô phỏng",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Which board: receiver, form, period."""

    unit: orgs.UnitCard
    form: selectors.FormVersion
    period: selectors.Period

    @property
    def address(self) -> str:
        return period_address("reporting:reception", self.period, self.unit.key, self.form.key)


@dataclass(frozen=True, slots=True)
class BulkAct:
    """An act on chosen reports: what it is called, its form, the states of a report in which it can be done."""

    name: str
    title: str
    button: str
    form: type[Form]
    states: frozenset[ReportState]
    otherwise: str
    danger: bool = False


NOT_DELIVERED = frozenset({ReportState.MISSING, ReportState.DRAFT, ReportState.RETURNED})
ACTS = {
    act.name: act
    for act in (
        BulkAct("remind", "Nhắc", "Nhắc", RemindForm, NOT_DELIVERED, "đã gửi, không cần nhắc"),
        BulkAct("extend", "Gia hạn", "Gia hạn", ExtendForm, NOT_DELIVERED, "đã gửi, không cần gia hạn"),
        BulkAct(
            "accept",
            "Tiếp nhận",
            "Tiếp nhận",
            AcceptForm,
            frozenset({ReportState.SENT}),
            "không có bản nào đang chờ tiếp nhận",
        ),
        BulkAct(
            "return",
            "Trả lại",
            "Trả lại",
            ReturnForm,
            frozenset({ReportState.SENT}),
            "không có bản nào đang chờ tiếp nhận",
            danger=True,
        ),
    )
}


def _place(request: ActorRequest, unit: str, form: str, period: str) -> Place:
    card = orgs.unit_for(request.actor, unit, timezone.localdate())
    row = selectors.form_by_key(form)
    return Place(card, row, selectors.period_of(row, period, request.GET.get("instalment", "")))


@require_http_methods(["GET", "HEAD", "POST"])
def reception(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """The board; a post asks for an act on the chosen rows, shows it, and does it when confirmed."""
    place = _place(request, unit, form, period)
    if request.method == "POST":
        return _bulk(request, place)
    return _board(request, place)


def _board(request: ActorRequest, place: Place, *, refusal: str = "", status: int = 200) -> HttpResponse:
    on, chosen = timezone.localdate(), _filter(request)
    everything = selectors.reception(place.unit.id, place.form, place.period, on)
    rows = _shown(request, everything, chosen)
    groups = strip_groups(everything.rows)
    return render(
        request,
        "reporting/reception.html",
        {
            "bar": _bar(request, place, rows=bool(everything.rows)),
            "simulated_note": _simulated(everything.rows),
            "place": place,
            "title": calm(place.form.title),
            "board": everything,
            "rows": rows,
            "all_simulated": all(row.simulated for row in everything.rows),
            "counts": _counts(request, everything, chosen),
            "strip": groups,
            "strip_words": strip_words(groups, everything.expected),
            "overdue": everything.timeliness.get(Timeliness.OVERDUE, 0),
            "due_on": max((row.due_on for row in everything.rows if row.due_on), default=None),
            "chosen": chosen,
            "near_miss": _near_miss(request, everything, chosen),
            "may_receive": request.actor.may(Permission.RECEIVE_REPORT, place.unit.id),
            "acts": list(ACTS.values()),
            "refusal": refusal,
        },
        status=status,
    )


def _filter(request: ActorRequest) -> Filter:
    return filter_from(request.GET.get("state", ""), request.GET.get("timing", ""), request.GET.get("q", ""))


def _holds(chosen: Filter, row: selectors.ReceptionRow) -> bool:
    people = " ".join(person.name for person in row.people)
    return chosen.holds(row.state, row.timing.state, f"{row.unit.name} {row.unit.short_name} {people}")


def _shown(request: ActorRequest, board: selectors.Reception, chosen: Filter) -> list[selectors.ReceptionRow]:
    found = [row for row in board.rows if _holds(chosen, row)]
    return sorted_by(found, request.GET.get("sort", ""), RECEPTION_SORTS, "call")


def _counts(request: ActorRequest, board: selectors.Reception, chosen: Filter) -> list[Count]:
    def state(value: str | None) -> str:
        return changed(request, state=value, timing=None)

    counts = state_counts(board.counts, board.expected, chosen, state, all_label="phải gửi")
    for timing, label, sign in ((Timeliness.LATE, "nhận muộn", ""), (Timeliness.OVERDUE, "quá hạn", "late")):
        if board.timeliness.get(timing):
            url = changed(request, state=None, timing=timing.value)
            counts.append(Count(board.timeliness[timing], label, url, chosen.timing is timing, sign, within=not sign))
    return counts


def _near_miss(request: ActorRequest, board: selectors.Reception, chosen: Filter) -> NearMiss | None:
    def left(one: Filter) -> int:
        return sum(_holds(one, row) for row in board.rows)

    words = bool(chosen.words)
    return near_miss(
        [
            ("Cùng tình trạng, bỏ chữ tìm", changed(request, q=None), left(chosen.without_words()) if words else 0),
            (
                "Cùng chữ tìm, mọi tình trạng",
                changed(request, state=None, timing=None),
                left(chosen.only_words()) if words else 0,
            ),
            ("Tất cả đơn vị", changed(request, q=None, state=None, timing=None), board.expected),
        ]
    )


def _bar(request: ActorRequest, place: Place, *, rows: bool) -> ContextBar:
    address = reverse("reporting:reception-csv", args=[place.unit.key, place.form.key, place.period.code])
    return period_bar(
        request,
        place.period,
        unit_label=place.unit.name,
        export=[Choice("Danh sách đang hiện, CSV", f"{address}{changed(request)}")] if rows else [],
        period_choices=[
            Choice(
                one.label,
                period_address("reporting:reception", one, place.unit.key, place.form.key),
                one == place.period,
            )
            for one in selectors.periods_with_obligations(place.form)
        ],
    )


def _simulated(rows: tuple[selectors.ReceptionRow, ...]) -> str:
    count = sum(row.simulated for row in rows)
    if not count:
        return ""
    whose = "mọi báo cáo" if count == len(rows) else f"{count} báo cáo có nhãn"
    return f"{whose} trên bảng này là ví dụ: con số, ngày gửi và hạn không phải số liệu thật."


@require_safe
def export(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """The board as filtered and sorted."""
    place = _place(request, unit, form, period)
    board = selectors.reception(place.unit.id, place.form, place.period, timezone.localdate())
    rows = _shown(request, board, _filter(request))
    return list_file(f"tiep-nhan-{place.period.code}.csv", HEADER, (_line(row) for row in rows))


def _line(row: selectors.ReceptionRow) -> tuple[object, ...]:
    people = "; ".join(f"{person.name} ({person.role_name})" for person in row.people)
    received = moment(timezone.localtime(row.received_at)) if row.received_at else ""
    return (
        row.unit.key,
        row.unit.name,
        STATE_NAMES[row.state],
        received,
        day(row.due_on) if row.due_on else "",
        timing_words(row.timing),
        row.filled,
        row.required,
        row.warnings,
        row.reason,
        row.reminders,
        people,
        row.receipt,
        "số liệu mô phỏng" if row.simulated else "",
    )


def _bulk(request: ActorRequest, place: Place) -> HttpResponse:
    """Show what an act would do to whom; do it when the page that shows it is sent."""
    request.actor.require(Permission.RECEIVE_REPORT, place.unit.id, unit_name=place.unit.name)
    act = ACTS.get(request.POST.get("act", ""))
    board = selectors.reception(place.unit.id, place.form, place.period, timezone.localdate())
    picked = [row for row in board.rows if str(row.obligation_id) in set(request.POST.getlist("obligation"))]
    if act is None or not picked:
        return _board(request, place, refusal="Chọn ít nhất một đơn vị trong bảng, rồi chọn việc cần làm.", status=422)
    fit = [row for row in picked if row.state in act.states]
    confirmed = "confirmed" in request.POST
    form = act.form(request.POST if confirmed else None)
    status = 422 if not fit else 200
    refusal = ""
    if confirmed and fit:
        if form.is_valid():
            try:
                _do(act, form, fit, request.actor, timezone.now(), say=lambda words: messages.success(request, words))
            except services.ReportingError as fault:
                refusal = fault.sentence
            else:
                return redirect(f"{place.address.split('?')[0]}{changed(request)}")
        status = 422
    return render(
        request,
        "reporting/bulk.html",
        {
            "bar": period_bar(request, place.period, unit_label=place.unit.name, print_button=False),
            "simulated_note": _simulated(tuple(picked)),
            "place": place,
            "back": f"{place.address.split('?')[0]}{changed(request)}",
            "act": act,
            "form": form,
            "fit": fit,
            "unfit": [row for row in picked if row not in fit],
            "refusal": refusal,
        },
        status=status,
    )


def _do(
    act: BulkAct,
    form: Form,
    rows: list[selectors.ReceptionRow],
    actor: Actor,
    at: datetime,
    *,
    say: Callable[[str], None],
) -> None:
    """Carry out a confirmed act. Accepting and returning are one act per report; what others decided is named."""
    values = form.cleaned_data
    if act.name in ("remind", "extend"):
        obligations = [selectors.obligation_for(actor, row.obligation_id) for row in rows]
        if act.name == "remind":
            count = services.remind(obligations, note=values["note"], by=actor, at=at)
            say(f"Đã nhắc {count} đơn vị.")
        else:
            due_on: date = values["due_on"]
            count = services.move_deadline(
                obligations, due_on=due_on, basis=values["basis"], reason=values["reason"], by=actor, at=at
            )
            say(f"Đã lùi hạn của {count} đơn vị đến {day(due_on)}; hạn cũ được giữ trong lịch sử.")
        return
    done, late = 0, []
    for row in rows:
        if row.submission_id is None:
            continue
        submission = selectors.submission_for(actor, row.submission_id)
        try:
            if act.name == "accept":
                services.accept(submission, by=actor, at=at, reason=values["reason"])
            else:
                services.return_for_correction(submission, reason=values["reason"], by=actor, at=at)
        except services.AlreadyDone as fault:
            late.append(f"{row.unit.short_name}: {fault.sentence}")
        else:
            done += 1
    say(f"{capital_first(act.button)}: đã xong {done} báo cáo.")
    for words in late:
        say(words)
