"""Signs of something unusual: a list with reasons, never a block; whoever looked at one writes down what it is."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.outliers import KIND_NAMES, USUAL
from giaoban.core.tidy import plain
from giaoban.core.vietnamese import day, number
from giaoban.indicators import selectors, services
from giaoban.kit.charts import Sparkline, sparkline
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import FormVersion, Period

UNSEEN, SEEN = "chua", "roi"
SHOWN = 200
"""So many hints stand on the page; the file has all."""
EXPORT_HEADER = (
    "Loại",
    "Đơn vị",
    "Kỳ",
    "Ô số liệu",
    "Số",
    "Đơn vị tính",
    "Mức đạt",
    "Ngưỡng",
    "Lý do nêu",
    "Người đã xem",
    "Ghi chú",
    "Mô phỏng",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: form and period among the choices, the unit on top, kind and seen as filters."""

    form: FormVersion
    period: Period
    unit: str
    kind: str
    seen: str
    whole_history: bool

    @property
    def words(self) -> dict[str, str]:
        words = {"bieu": self.form.key, "ky": word_of(self.period), "don-vi": self.unit}
        return words | ({"moi-ky": "1"} if self.whole_history else {})


@dataclass(frozen=True, slots=True)
class Row:
    """A hint with the course of the cell in the unit; course_words say the same as the picture."""

    card: selectors.HintCard
    spark: Sparkline | None
    course_words: str


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: tuple[Row, ...]


def word_of(period: Period) -> str:
    """A period in the address: "2014-Q1", "2014-Q1:dot-1"."""
    return f"{period.code}:{period.instalment}" if period.instalment else period.code


@require_http_methods(["GET", "HEAD", "POST"])
def hints(request: ActorRequest) -> HttpResponse:
    """?bieu=&ky=&don-vi=: what is asked for, at first the newest period; a post says what one of the hints is."""
    today = timezone.localdate()
    choices = selectors.hint_choices(request.actor, today)
    asked = _asked(request, choices, today)
    if asked is None:
        return render(request, "indicators/hints.html", {"bar": _bar(request, today, None), "found": None})
    try:
        found = _found(request, asked, today)
    except selectors.TooWide as wide:
        return render(request, "indicators/hints_wide.html", _wide(request, asked, wide, choices, today))
    refusal = note = key = ""
    if request.method == "POST":
        key, note = request.POST.get("dau-hieu", ""), request.POST.get("ghi-chu", "")
        card = selectors.hint_of(found, key)
        try:
            services.mark_seen(key=card.key, unit_id=card.unit.id, note=note, by=request.actor, at=timezone.now())
        except services.HintRefused as refused:
            refusal, found = str(refused), _found(request, asked, today)
        else:
            messages.success(request, f"Đã ghi là đã xem dấu hiệu của {card.unit.short_name}.")
            return redirect(f"{reverse('indicators:hints')}?{request.GET.urlencode()}")
    listed = _listed(found, asked)
    context = {
        "bar": _bar(request, today, asked),
        "found": found,
        "asked": asked,
        "groups": _groups(listed[:SHOWN]),
        "more": max(0, len(listed) - SHOWN),
        "shown": len(listed),
        "unseen": sum(card.seen is None for card in found.cards),
        "counts": _counts(request, found, asked),
        "seen_counts": _seen_counts(request, found, asked),
        **_chosen(asked, choices),
        "limits": USUAL,
        "may_see": any(request.actor.may(Permission.CONFIRM_FIGURES, one) for one in request.actor.unit_ids),
        "refusal": refusal,
        "refused_key": key if refusal else "",
        "typed": note,
        "simulated_note": "dấu hiệu có nhãn bên dưới là của số liệu ví dụ." if found.simulated else "",
    }
    return render(request, "indicators/hints.html", context, status=422 if refusal else 200)


@require_safe
def hints_csv(request: ActorRequest) -> HttpResponse:
    """What the list shows, whatever its length; UTF-8 with a mark that spreadsheets read."""
    today = timezone.localdate()
    asked = _asked(request, selectors.hint_choices(request.actor, today), today)
    try:
        listed = _listed(_found(request, asked, today), asked) if asked is not None else []
    except selectors.TooWide:
        return redirect(f"{reverse('indicators:hints')}?{request.GET.urlencode()}")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="dau-hieu-bat-thuong-{today.isoformat()}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(EXPORT_HEADER)
    for card in listed:
        line = [card.kind_name, card.unit.name, card.period.label, card.place, number(card.value), card.measure]
        line += [number(card.score), number(card.threshold), card.sentence]
        line += [card.seen.by if card.seen else "", card.seen.note if card.seen else ""]
        writer.writerow([plain(cell) for cell in [*line, "số liệu mô phỏng" if card.simulated else ""]])
    return response


def _asked(request: ActorRequest, choices: Sequence[tuple[FormVersion, Period]], today: date) -> Asked | None:
    """None: nothing visible was accepted yet. Raises Http404 for a form or unit that is not among the choices."""
    given = request.GET
    if not choices:
        return None
    forms = {form.key: form for form, _ in choices}
    form = forms.get(given.get("bieu", "") or choices[0][0].key)
    if form is None:
        raise Http404("Chưa có số liệu đã tiếp nhận của biểu này trong phạm vi của bạn.")
    periods = [period for one, period in choices if one.pk == form.pk]
    period = next((one for one in periods if word_of(one) == given.get("ky", "")), periods[0])
    unit = given.get("don-vi", "")
    if not unit:
        tops = orgs.tops_of(request.actor, today)
        acting = next((one for one in tops if one.id == request.actor.unit_id), tops[0])
        unit = acting.key
    kind, seen = given.get("loai", ""), given.get("xem", "")
    return Asked(
        form=form,
        period=period,
        unit=unit,
        kind=kind if kind in KIND_NAMES else "",
        seen=seen if seen in (UNSEEN, SEEN) else "",
        whole_history=given.get("moi-ky") == "1",
    )


def _found(request: ActorRequest, asked: Asked, today: date) -> selectors.Hints:
    return selectors.hints_beneath(
        request.actor, asked.form, asked.period, asked.unit, today, whole_history=asked.whole_history
    )


def _chosen(asked: Asked, choices: Sequence[tuple[FormVersion, Period]]) -> dict[str, object]:
    """What the form above the list offers, and what of it is chosen."""
    return {
        "forms": _forms(choices),
        "periods": [(word_of(period), period.label) for form, period in choices if form.pk == asked.form.pk],
        "period_word": word_of(asked.period),
    }


def _wide(
    request: ActorRequest,
    asked: Asked,
    wide: selectors.TooWide,
    choices: Sequence[tuple[FormVersion, Period]],
    today: date,
) -> dict[str, object]:
    """The page that asks for a unit further down."""
    return {
        "bar": _bar(request, today, asked, has_file=False),
        "asked": asked,
        "wide": wide,
        "most": wide.most,
        "narrower": [(unit, f"?{urlencode({**asked.words, 'don-vi': unit.key})}") for unit in wide.narrower],
        **_chosen(asked, choices),
    }


def _listed(found: selectors.Hints, asked: Asked) -> list[selectors.HintCard]:
    return [
        card
        for card in found.cards
        if (not asked.kind or card.kind == asked.kind)
        and (not asked.seen or (card.seen is None) == (asked.seen == UNSEEN))
    ]


def _groups(cards: Sequence[selectors.HintCard]) -> list[Group]:
    rows: dict[str, list[Row]] = {}
    for card in cards:
        known = [value for value in card.history if value is not None]
        words = f"{len(known)} kỳ, từ {number(min(known))} đến {number(max(known))}" if known else ""
        rows.setdefault(card.kind, []).append(Row(card, sparkline(card.history), words))
    return [Group(name, tuple(rows[kind])) for kind, name in KIND_NAMES.items() if kind in rows]


def _counts(request: ActorRequest, found: selectors.Hints, asked: Asked) -> list[Count]:
    counted = Counter(card.kind for card in found.cards)
    listed = [Count(len(found.cards), "tất cả", changed(request, loai=""), not asked.kind)]
    return listed + [
        Count(counted[kind], name[0].lower() + name[1:], changed(request, loai=kind), asked.kind == kind)
        for kind, name in KIND_NAMES.items()
        if counted[kind]
    ]


def _seen_counts(request: ActorRequest, found: selectors.Hints, asked: Asked) -> list[Count]:
    unseen = sum(card.seen is None for card in found.cards)
    return [
        Count(unseen, "chưa xem", changed(request, xem="" if asked.seen == UNSEEN else UNSEEN), asked.seen == UNSEEN),
        Count(
            len(found.cards) - unseen,
            "đã xem",
            changed(request, xem="" if asked.seen == SEEN else SEEN),
            asked.seen == SEEN,
            "done",
        ),
    ]


def _forms(choices: Sequence[tuple[FormVersion, Period]]) -> list[tuple[str, str]]:
    named = {form.key: f"{form.code} · {form.title}" if form.kind == "legal" else form.title for form, _ in choices}
    return sorted(named.items(), key=lambda one: one[1])


def _bar(request: ActorRequest, today: date, asked: Asked | None, *, has_file: bool = True) -> ContextBar:
    address = reverse("indicators:hints-csv")
    words = request.GET.urlencode() if request.GET else urlencode(asked.words) if asked is not None else ""
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        period_label=asked.period.label if asked is not None else "",
        as_of_label=day(today),
        export_formats=(Choice("CSV", f"{address}?{words}"),) if asked is not None and has_file else (),
    )
