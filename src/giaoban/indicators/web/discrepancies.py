"""The list of all disagreements, and one of them with what people do about it."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.core.tidy import plain
from giaoban.core.vietnamese import day, number
from giaoban.indicators import selectors, services
from giaoban.indicators.models import DiscrepancyKind
from giaoban.indicators.selectors.discrepancies import AGES, MINE, NOBODY, STATE_NAMES, DiscrepancyFilter
from giaoban.indicators.web.discrepancy_forms import CorrectionForm, DecisionForm, OwnerForm, ReopeningForm
from giaoban.kit.acts import acts_on
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import answers

PAGE_SIZE = 50
SIGNS = {"open": "warn", "explained": "done", "corrected": "done", "agreed": "done"}
EXPORT_HEADER = (
    "Nội dung",
    "Loại",
    "Đơn vị",
    "Kỳ",
    "Tên số thứ nhất",
    "Số thứ nhất",
    "Tên số thứ hai",
    "Số thứ hai",
    "Chênh lệch",
    "Đơn vị tính",
    "Chênh, %",
    "Nhận ra cách tính",
    "Trạng thái",
    "Quyết định",
    "Người theo dõi",
    "Số ngày",
    "Ghi nhận ngày",
    "Nguồn",
    "Mô phỏng",
)
ACT_NAMES = {
    "indicators.record-discrepancy": "Ghi nhận chênh lệch",
    "indicators.change-discrepancy": "Một trong hai số đã đổi",
    "indicators.decide-discrepancy": "Giải thích",
    "indicators.correct-discrepancy": "Ghi đã sửa số liệu",
    "indicators.reopen-discrepancy": "Mở lại",
    "indicators.agree-discrepancy": "Rà soát thấy hai số đã khớp",
    "indicators.disagree-again": "Rà soát thấy hai số lại khác nhau",
    "indicators.assign-discrepancy": "Giao người theo dõi",
}
FORMS: Mapping[str, type[Form]] = {
    "explain": DecisionForm,
    "correct": CorrectionForm,
    "reopen": ReopeningForm,
    "assign": OwnerForm,
}
DONE = {
    "explain": "Đã ghi quyết định.",
    "correct": "Đã ghi là số liệu đã được sửa; lần rà soát sau sẽ đối chiếu lại.",
    "reopen": "Đã mở lại; quyết định cũ vẫn còn trong diễn biến.",
    "assign": "Đã ghi người theo dõi.",
}


@require_safe
def discrepancies(request: ActorRequest) -> HttpResponse:
    """All disagreements of visible units: open ones first, filters in the address."""
    today, chosen = timezone.localdate(), _filter(request)
    counts = selectors.counts_by_state(request.actor, today, chosen)
    rows = selectors.discrepancy_list(request.actor, today, chosen, request.GET.get("sort", ""))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    cards = selectors.discrepancy_cards(page.object_list, today)
    own = [one for one in request.actor.unit_ids if request.actor.may(Permission.CONFIRM_FIGURES, one)]
    people = selectors.owners_at(own, today) if own else []
    context = {
        "bar": _bar(request, today),
        "page": page,
        "rows": [(card, card.unit.id in own) for card in cards],
        "counts": _counts(request, counts, chosen),
        "open": counts["open"],
        "chosen": chosen,
        "choices": selectors.discrepancy_choices(request.actor, today),
        "ages": [(word, name) for word, (_, name) in AGES.items()],
        "owner_words": ((MINE, "tôi"), (NOBODY, "chưa giao cho ai")),
        "unit": orgs.unit_for(request.actor, chosen.unit, today) if chosen.unit else None,
        "people": people,
        "may_assign": bool(people) and any(card.unit.id in own for card in cards),
        "simulated_note": _simulated(any(card.simulated for card in cards)),
    }
    return render(request, "indicators/discrepancies.html", context)


@require_safe
def discrepancies_csv(request: ActorRequest) -> HttpResponse:
    """What the list shows, all pages; UTF-8 with a mark that spreadsheets read."""
    today = timezone.localdate()
    rows = selectors.discrepancy_list(request.actor, today, _filter(request), request.GET.get("sort", ""))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="chenh-lech-{today.isoformat()}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(EXPORT_HEADER)
    for card in selectors.discrepancy_cards(rows, today):
        line = [card.what, card.kind_name, card.unit.name, card.period_label, card.published_name]
        computed = f"{card.computed_label}; có thể đã khác" if card.outdated_at else card.computed_label
        line += [number(card.published, card.scale), computed, number(card.computed, card.scale)]
        line += [number(card.difference, card.scale), card.difference_unit, number(card.percent), card.recognised_as]
        line += [card.state_name, card.decision, card.owner, str(card.age_days)]
        line += [day(timezone.localdate(card.found_at)), card.source, "số liệu mô phỏng" if card.simulated else ""]
        writer.writerow([plain(cell) for cell in line])
    return response


@require_POST
def assign(request: ActorRequest) -> HttpResponse:
    """Give the chosen rows of the list to somebody; comes back to the list as it was filtered."""
    today = timezone.localdate()
    ids = [int(word) for word in request.POST.getlist("row") if word.isdecimal()]
    rows = list(selectors.discrepancies(request.actor, today).filter(pk__in=ids))
    if len(rows) < len(set(ids)):
        raise Http404("Có chênh lệch không thuộc phạm vi của bạn.")
    word, back = request.POST.get("owner", ""), request.POST.get("back", "")
    owner = int(word) if word.isdecimal() else None
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("indicators:discrepancies")
    try:
        count = services.assign_discrepancies(rows, owner_id=owner, by=request.actor, at=timezone.now())
    except services.DiscrepancyRefused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    messages.success(request, f"Đã ghi người theo dõi cho {count} chênh lệch.")
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def discrepancy(request: ActorRequest, pk: int) -> HttpResponse:
    """Two numbers side by side, where each stands, and the acts of the unit whose matter it is."""
    row = selectors.discrepancy_for(request.actor, pk, timezone.localdate())
    if request.method != "POST":
        return _page(request, row)
    name = request.POST.get("act", "explain")
    if name not in FORMS:
        return _page(request, row, refusal="Chưa rõ làm gì: bấm một trong các nút của trang.")
    form = _form(name, row, request)
    if not form.is_valid():
        return _page(request, row, forms={name: form})
    try:
        _take(name, form, row, request)
    except services.DiscrepancyRefused as refused:  # somebody was faster: show what stands now
        fresh = selectors.discrepancy_for(request.actor, pk, timezone.localdate())
        return _page(request, fresh, refusal=str(refused))
    messages.success(request, DONE[name])
    return redirect("indicators:discrepancy", pk=pk)


def _form(name: str, row: selectors.Discrepancy, request: ActorRequest) -> Form:
    if name == "assign":
        return OwnerForm(request.POST, people=_people(row))
    return FORMS[name](request.POST)


def _take(name: str, form: Form, row: selectors.Discrepancy, request: ActorRequest) -> None:
    said, by, at = form.cleaned_data, request.actor, timezone.now()
    if name == "explain":
        services.decide_discrepancy(row, decision=said["decision"], by=by, at=at)
    elif name == "correct":
        services.correct_discrepancy(row, correction=said["correction"], by=by, at=at)
    elif name == "reopen":
        services.reopen_discrepancy(row, reason=said["reason"], by=by, at=at)
    else:
        services.assign_discrepancies([row], owner_id=said["owner"], by=by, at=at)


def _page(
    request: ActorRequest,
    row: selectors.Discrepancy,
    *,
    forms: Mapping[str, Form] | None = None,
    refusal: str = "",
) -> HttpResponse:
    today, refused = timezone.localdate(), dict(forms or {})
    card = selectors.discrepancy_cards([row], today)[0]
    may_decide = answers(request.actor, Permission.CONFIRM_FIGURES, card.unit.id)
    people = _people(row) if may_decide else []
    context = {
        "bar": _bar(request, today, export=False),
        "card": card,
        "history": [_event(entry) for entry in acts_on(row)],
        "may_decide": may_decide,
        "people": people,
        "explain_form": refused.get("explain") or DecisionForm(),
        "correct_form": refused.get("correct") or CorrectionForm(),
        "reopen_form": refused.get("reopen") or ReopeningForm(),
        "owner_form": refused.get("assign") or OwnerForm(people=people, initial={"owner": row.owner_id}),
        "correcting": "correct" in refused,
        "reopening": "reopen" in refused,
        "refusal": refusal,
        "simulated_note": _simulated(card.simulated),
    }
    return render(request, "indicators/discrepancy.html", context, status=422 if refused or refusal else 200)


def _people(row: selectors.Discrepancy) -> list[selectors.Recipient]:
    return selectors.owners_at([row.unit_id], timezone.localdate()) if row.unit_id is not None else []


@dataclass(frozen=True, slots=True)
class Event:
    """One act as the history of the page tells it. numbers: what both were then."""

    entry: Act
    name: str
    words: str
    numbers: str


def _event(entry: Act) -> Event:
    detail = entry.detail
    words = entry.reason
    if entry.name == "indicators.assign-discrepancy":
        words = detail.get("name") or "không giao cho ai"
    elif detail.get("decision"):
        words = f"{words} Quyết định trước: {detail['decision']}".strip()
    numbers = ""
    if "before" in detail and "now" in detail:
        numbers = f"{_both(detail['before'])} → {_both(detail['now'])}"
    elif "published" in detail:
        numbers = _both(detail)
    return Event(entry, ACT_NAMES.get(entry.name, entry.name), words, numbers)


def _both(detail: Mapping[str, str]) -> str:
    return f"{selectors.as_written(detail['published'])} và {selectors.as_written(detail['computed'])}"


def _filter(request: ActorRequest) -> DiscrepancyFilter:
    """Words of the address; what is not among the choices counts for nothing."""
    given = request.GET
    kind, state, age = given.get("loai", ""), given.get("trang-thai", ""), given.get("tuoi", "")
    return DiscrepancyFilter(
        kind=kind if kind in DiscrepancyKind.values else "",
        state=state if state in STATE_NAMES else "",
        field=given.get("linh-vuc", ""),
        unit=given.get("don-vi", ""),
        period=given.get("ky", ""),
        age=age if age in AGES else "",
        owner=given.get("nguoi", ""),
        words=given.get("q", "").strip(),
    )


def _counts(request: ActorRequest, counts: Mapping[str, int], chosen: DiscrepancyFilter) -> list[Count]:
    found = [Count(sum(counts.values()), "tất cả", changed(request, trang_thai=None), not chosen.state)]
    return found + [
        Count(counts[state], name, changed(request, trang_thai=state), chosen.state == state, SIGNS[state])
        for state, name in STATE_NAMES.items()
    ]


def _bar(request: ActorRequest, today: date, *, export: bool = True) -> ContextBar:
    query = request.GET.urlencode()
    formats = (Choice("CSV", f"{reverse('indicators:discrepancies-csv')}?{query}"),) if export else ()
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=day(today),
        export_formats=formats,
    )


def _simulated(simulated: bool) -> str:
    return "chênh lệch có nhãn bên dưới là của số liệu ví dụ." if simulated else ""
