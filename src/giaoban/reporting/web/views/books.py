"""Khoá sổ: the books of a form and period at a unit: what a closing holds, who closed and opened them, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from giaoban.core.vietnamese import moment
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import period_address, period_bar
from giaoban.reporting.web.shaping.layout import calm
from giaoban.reporting.web.views.frozen import frozen_part

EVERYBODY = ""


class CloseForm(forms.Form):
    note = forms.CharField(label="Ghi chú", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class UndoForm(forms.Form):
    undo_reason = forms.CharField(label="Lý do bỏ khoá sổ", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a moment."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class ReopenForm(forms.Form):
    """units: those that the books hold."""

    unit = forms.ChoiceField(label="Mở lại cho", required=False)
    until = forms.DateTimeField(
        label="Mở đến",
        widget=MomentInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text="Đến thời điểm này theo giờ máy chủ, sổ tự khoá trở lại.",
    )
    reason = forms.CharField(label="Lý do mở lại", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, units: tuple[orgs.UnitCard, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(EVERYBODY, "Mọi đơn vị trong sổ"), *((one.key, one.name) for one in units)]


@dataclass(frozen=True, slots=True)
class Again:
    """A re-opening as a page shows it. ends: whether it still holds."""

    who: str
    until: datetime
    reason: str
    by: str
    at: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One closing in the history of the books."""

    by: str
    at: datetime
    note: str
    again: tuple[Again, ...]
    undone_by: str = ""
    undone_at: datetime | None = None
    undone_reason: str = ""


@dataclass(frozen=True, slots=True)
class BooksState:
    """The state of the books at a unit. above: sentences of units above that closed them too."""

    url: str
    entry: Entry | None
    above: tuple[str, ...]
    may_close: bool

    @property
    def again(self) -> tuple[Again, ...]:
        return tuple(one for one in self.entry.again if one.holds) if self.entry else ()


@dataclass(frozen=True, slots=True)
class Place:
    unit: orgs.UnitCard
    form: selectors.FormVersion
    period: selectors.Period

    @property
    def address(self) -> str:
        return period_address("reporting:books", self.period, self.unit.key, self.form.key)


def books_state(
    request: ActorRequest, unit: orgs.UnitCard, form: selectors.FormVersion, period: selectors.Period
) -> BooksState:
    """What `parts/books_state.html` shows on the pages of a unit, form and period."""
    place, now = Place(unit, form, period), timezone.now()
    closings = selectors.closings_at(form, period, unit.id)
    standing = next((one for one in closings if one.undone is None), None)
    return BooksState(
        url=place.address,
        entry=_entries(place, [standing], now)[0] if standing else None,
        above=tuple(selectors.closed_above(form.pk, period.pk, unit.id, now)),
        may_close=selectors.answers(request.actor, Permission.CONFIRM_FIGURES, unit.id),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def books(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """The books; a post closes them, opens them again for a while, or takes the closing back."""
    card = orgs.unit_for(request.actor, unit, timezone.localdate())
    row = selectors.form_by_key(form)
    place = Place(card, row, selectors.period_of(row, period, request.GET.get("instalment", "")))
    if request.method == "POST":
        return _post(request, place)
    return _page(request, place)


def _post(request: ActorRequest, place: Place) -> HttpResponse:
    act, now, by = request.POST.get("act", ""), timezone.now(), request.actor
    closing = selectors.closing_at(place.form, place.period, place.unit.id)
    if act not in ("close", "reopen", "undo"):
        raise Http404("Không có việc này.")
    if act != "close" and closing is None:
        return _page(request, place, refusal="Sổ không còn khoá. Tải lại trang để xem ai đã bỏ khoá.", status=422)
    try:
        match act:
            case "close":
                form: forms.Form = CloseForm(request.POST)
                if form.is_valid():
                    note = form.cleaned_data["note"]
                    services.close_books(place.form, place.period, place.unit.id, note=note, by=by, at=now)
                    messages.success(request, "Đã khoá sổ. Không báo cáo nào được gửi, tiếp nhận hay trả lại nữa.")
                    return redirect(place.address)
            case "reopen" if closing is not None:
                held = selectors.books_of(place.form, place.period, place.unit.id).units
                form = ReopenForm(request.POST, units=held)
                if form.is_valid():
                    _reopen(request, closing, form, held, now)
                    return redirect(place.address)
            case _ if closing is not None:
                form = UndoForm(request.POST)
                if form.is_valid():
                    services.undo_closing(closing, reason=form.cleaned_data["undo_reason"], by=by, at=now)
                    messages.success(request, "Đã bỏ khoá sổ.")
                    return redirect(place.address)
    except services.ReportingError as fault:
        return _page(request, place, refusal=fault.sentence, bound={act: form}, status=422)
    return _page(request, place, bound={act: form}, status=422)


def _reopen(
    request: ActorRequest,
    closing: selectors.Closing,
    form: forms.Form,
    held: tuple[orgs.UnitCard, ...],
    now: datetime,
) -> None:
    chosen = next((one for one in held if one.key == form.cleaned_data["unit"]), None)
    until: datetime = form.cleaned_data["until"]
    services.reopen_books(
        closing,
        unit_id=chosen.id if chosen else None,
        reason=form.cleaned_data["reason"],
        until=until,
        by=request.actor,
        at=now,
    )
    who = chosen.name if chosen else "mọi đơn vị"
    messages.success(request, f"Đã mở lại sổ cho {who} đến {moment(timezone.localtime(until))}.")


def _page(
    request: ActorRequest,
    place: Place,
    *,
    refusal: str = "",
    bound: dict[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    state = books_state(request, place.unit, place.form, place.period)
    held = selectors.books_of(place.form, place.period, place.unit.id)
    given = bound or {}
    history = selectors.closings_at(place.form, place.period, place.unit.id)
    keep = f"unit={place.unit.key}"
    table = period_address("reporting:table", place.period, place.form.key)
    context = {
        "bar": period_bar(
            request,
            place.period,
            unit_label=place.unit.name,
            period_choices=[
                Choice(one.label, Place(place.unit, place.form, one).address, one == place.period)
                for one in selectors.periods_with_obligations(place.form)
            ],
        ),
        "place": place,
        "title": calm(place.form.title),
        "state": state,
        "books": held,
        "frozen": frozen_part(request, place.form, place.period),
        "history": _entries(place, history, now),
        "close_form": given.get("close", CloseForm()),
        "reopen_form": given.get("reopen", ReopenForm(units=held.units)),
        "undo_form": given.get("undo", UndoForm()),
        "bound": set(given),
        "refusal": refusal,
        "table": f"{table}{'&' if '?' in table else '?'}{keep}",
        "board": period_address("reporting:reception", place.period, place.unit.key, place.form.key)
        if request.actor.may(Permission.RECEIVE_REPORT, place.unit.id)
        else "",
        "unit_page": reverse("orgs:unit", args=[place.unit.key]),
    }
    return render(request, "reporting/books.html", context, status=status)


def _entries(place: Place, closings: list[selectors.Closing], now: datetime) -> list[Entry]:
    """The closings with the names of the units for which they were opened again. One query for all names."""
    opened = [again for closing in closings for again in closing.reopenings.all()]
    called = orgs.cards({one.unit_id for one in opened if one.unit_id}, selectors.last_day(place.period))
    return [
        Entry(
            by=closing.act.actor_name,
            at=closing.act.at,
            note=closing.note,
            again=tuple(
                Again(
                    who=called[one.unit_id].name if one.unit_id else "mọi đơn vị",
                    until=one.until,
                    reason=one.reason,
                    by=one.act.actor_name,
                    at=one.act.at,
                    holds=one.until > now and closing.undone is None,
                )
                for one in closing.reopenings.all()
            ),
            undone_by=closing.undone.actor_name if closing.undone else "",
            undone_at=closing.undone.at if closing.undone else None,
            undone_reason=closing.undone.reason if closing.undone else "",
        )
        for closing in closings
    ]
