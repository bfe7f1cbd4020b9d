import csv
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.indicators import Rate
from giaoban.core.vietnamese import day
from giaoban.indicators import selectors as indicators
from giaoban.indicators.selectors import factor_of
from giaoban.kit.acts import acts_on
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.monitoring import selectors, services
from giaoban.monitoring.models import FindingKind, FindingState
from giaoban.monitoring.web.forms import JudgementForm, ReopenForm, RuleForm
from giaoban.monitoring.web.shaping import STATE_SIGNS, count_links, headline, labels, legend, shaped, tiles

TAGS = {"quan-ly-nha-nuoc": "state_management", "gan-voi-dan": "citizen_facing"}


def _chosen(request: ActorRequest) -> frozenset[str]:
    name = TAGS.get(request.GET.get("loc", ""))
    return frozenset({name} if name else ())


@require_safe
def matrix(request: ActorRequest) -> HttpResponse:
    """Fields × localities: localities down, an indicator a column, a sentence for the cell that has the focus."""
    today = timezone.localdate()
    held = selectors.matrix(request.actor, today, tags=_chosen(request))
    first = held.foremost
    extras, drawn = tiles(held, first, today)
    names = labels(held, today)
    query = request.GET.urlencode()
    export = reverse("monitoring:matrix-csv") + (f"?{query}" if query else "")
    return render(
        request,
        "monitoring/matrix.html",
        {
            "matrix": held,
            "rows": shaped(held, names),
            "headline": headline(held, first, names),
            "first": first,
            "tiles": drawn,
            "extras": extras,
            "legend": legend(held),
            "thresholds": selectors.THRESHOLDS,
            "rules": selectors.watch_rules(),
            "open_discrepancies": indicators.open_discrepancies(request.actor, today),
            "chosen": request.GET.get("loc", ""),
            "simulated_note": _simulated(held),
            "bar": ContextBar(
                unit_label=request.actor.unit_name,
                unit_choices=acting_choices(request, request.actor),
                period_label=first.period.label if first and first.period else "",
                geography_label="hôm nay",
                as_of_label=day(today),
                export_formats=(Choice("CSV", export),),
            ),
        },
    )


def _simulated(held: selectors.Matrix) -> str:
    named = [column.indicator.name for column in held.columns if column.reading and column.reading.simulated]
    return f"các chỉ số sau dùng số liệu ví dụ: {', '.join(named)}." if named else ""


@require_safe
def matrix_csv(request: ActorRequest) -> HttpResponse:
    """The matrix as shown, long form: one line per locality and indicator, with both sums."""
    held = selectors.matrix(request.actor, timezone.localdate(), tags=_chosen(request))
    out = StringIO()
    writer = csv.writer(out)
    names = ["unit", "unit_name", "indicator", "period", "numerator", "denominator", "value", "rank", "simulated"]
    writer.writerow(names)
    for row in held.rows:
        for column, cell in zip(held.columns, row.cells, strict=True):
            if cell.value is None or column.period is None or column.reading is None:
                continue
            simulated = int(column.reading.simulated)
            sums = (cell.numerator, cell.denominator, f"{cell.value:.6f}", cell.rank, simulated)
            writer.writerow((row.unit.key, row.unit.name, column.indicator.key, column.period.code, *sums))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="ma-tran.csv"'
    return response


def _note(cards: Iterable[selectors.FindingCard]) -> str:
    return "phát hiện có nhãn bên dưới tính từ số liệu ví dụ." if any(card.simulated for card in cards) else ""


@require_safe
def findings(request: ActorRequest) -> HttpResponse:
    """Findings by state and kind; proposals only for those who judge."""
    today = timezone.localdate()
    rows = selectors.findings(request.actor, today)
    kind, state = request.GET.get("loai", ""), request.GET.get("trang-thai", "")
    kind = kind if kind in FindingKind.values else ""
    if kind:
        rows = rows.filter(kind=kind)
    counts = selectors.counts_by_state(rows)
    state = state if state in counts else ""
    if state:
        rows = rows.filter(state=state)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    cards = selectors.finding_cards(page.object_list, today)
    return render(
        request,
        "monitoring/findings.html",
        {
            "page": page,
            "findings": [(card, STATE_SIGNS[FindingState(card.state)]) for card in cards],
            "counts": count_links(counts, state, kind),
            "total": sum(counts.values()),
            "state": state,
            "kind": kind,
            "kinds": FindingKind.choices,
            "rules": selectors.watch_rules(),
            "simulated_note": _note(cards),
        },
    )


@require_http_methods(["GET", "POST"])
def finding(request: ActorRequest, pk: int) -> HttpResponse:
    """A finding with its evidence; the watcher's people judge it here, and may take the judgement back."""
    today, refusal = timezone.localdate(), ""
    row = selectors.finding_for(request.actor, pk, today)
    form: JudgementForm | ReopenForm | None = None
    if request.method == "POST":
        form = (JudgementForm if request.POST.get("act") == "judge" else ReopenForm)(request.POST)
        if form.is_valid():
            try:
                _take(form, row, request)
            except services.FindingRefused as refused:  # somebody was faster: show what stands now
                row, form, refusal = selectors.finding_for(request.actor, pk, today), None, str(refused)
            else:
                return redirect("monitoring:finding", pk=pk)
    card = selectors.finding_cards([row], today)[0]
    return render(
        request,
        "monitoring/finding.html",
        {
            "card": card,
            "sign": STATE_SIGNS[FindingState(card.state)],
            **_evidence(row),
            "rule": row.rule,
            "proposed": row.proposed,
            "acts": acts_on(row),
            "form": form or (JudgementForm() if card.state == "proposed" else ReopenForm()),
            "refusal": refusal,
            "may_judge": request.actor.may(Permission.JUDGE_FINDING, at=row.watcher_id),
            "simulated_note": "chỉ số này tính từ số liệu ví dụ." if card.simulated else "",
        },
        status=422 if request.method == "POST" else 200,
    )


def _evidence(row: selectors.Finding) -> dict[str, object]:
    """The sums that were kept when the finding was made, as numbers again, and the level that they gave."""
    held = row.evidence
    names = ("numerator", "denominator", "overall_numerator", "overall_denominator")
    sums = {name: None if held[name] is None else Decimal(held[name]) for name in names}
    above, below = sums["overall_numerator"], sums["overall_denominator"]
    together = None if above is None or below is None else Rate(above, below).value(factor_of(row.rule.indicator))
    return {"evidence": held, "overall": together, **sums}


def _take(form: JudgementForm | ReopenForm, row: selectors.Finding, request: ActorRequest) -> None:
    at = timezone.now()
    if isinstance(form, JudgementForm):
        confirm = form.cleaned_data["verdict"] == "confirm"
        services.judge(row, confirm=confirm, reason=form.cleaned_data["reason"], by=request.actor, at=at)
        messages.success(request, "Đã xác nhận phát hiện." if confirm else "Đã bác phát hiện.")
    else:
        services.reopen(row, reason=form.cleaned_data["reason"], by=request.actor, at=at)
        messages.success(request, "Đã rút lại ý kiến; phát hiện trở về trạng thái đề xuất.")


@require_http_methods(["GET", "POST"])
def rule(request: ActorRequest, key: str) -> HttpResponse:
    """A watch rule: its setting, whom it would name in the latest period, and its history; run it from here."""
    held = selectors.watch_rule_for(key)
    period = selectors.latest_period(held)
    watcher, today = request.actor.unit_id, timezone.localdate()
    may_judge = watcher is not None and request.actor.may(Permission.JUDGE_FINDING, at=watcher)
    form = RuleForm(request.POST if "n" in request.POST else None, initial={"n": held.settings.get("n")})
    if request.method == "POST" and watcher is not None:
        if request.POST.get("act") == "run" and period:
            found = services.run_watch(held, period, watcher_id=watcher, by=request.actor, at=timezone.now())
            messages.success(request, f"Quy tắc nêu {len(found)} phát hiện cho {period.label}.")
            return redirect(reverse("monitoring:findings") + "?trang-thai=proposed")
        if form.is_valid() and _changed(form, held, watcher, request):
            return redirect("monitoring:rule", key=key)
    preview = selectors.proposals(held, period, watcher, today) if may_judge and period and watcher else None
    may_change = watcher is not None and may_judge and selectors.stands_over_all(held, watcher, today)
    return render(
        request,
        "monitoring/rule.html",
        {
            "rule": held,
            "form": form if may_change and "n" in held.settings else None,
            "period": period,
            "preview": preview,
            "picked": [(one, preview.units[one.unit_id]) for one in preview.picked] if preview else [],
            "may_judge": may_judge,
            "acts": acts_on(held),
            "simulated_note": "chỉ số này tính từ số liệu ví dụ." if preview and preview.reading.simulated else "",
        },
        status=422 if request.method == "POST" else 200,
    )


def _changed(form: RuleForm, held: selectors.WatchRule, watcher: int, request: ActorRequest) -> bool:
    """Take the setting; a refusal becomes an error of the form."""
    n, reason = form.cleaned_data["n"], form.cleaned_data["reason"]
    try:
        services.change_setting(held, n=n, reason=reason, watcher_id=watcher, by=request.actor, at=timezone.now())
    except services.RuleRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "Đã đổi thiết lập của quy tắc.")
    return True
