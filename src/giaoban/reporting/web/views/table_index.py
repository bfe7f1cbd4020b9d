"""Số liệu: the tables that can be made of what is reported beneath a unit."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import fold
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.reporting import selectors
from giaoban.reporting.web.bar import list_bar
from giaoban.reporting.web.shaping.lists import CAMPAIGN_SORTS, NearMiss, near_miss, sorted_by
from giaoban.reporting.web.views.table import unit_of

PAGE_SIZE = 40


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """The tables that can be made of what is reported beneath a unit."""
    if request.actor.unit_id is None and not request.GET.get("unit"):
        return render(
            request, "reporting/table_index.html", {"bar": list_bar(request), "campaigns": [], "no_unit": True}
        )
    unit = unit_of(request)
    campaigns = selectors.tables_beneath(unit.id, timezone.localdate())
    words = " ".join(request.GET.get("q", "").split())[:100]
    found = [
        row
        for row in campaigns
        if fold(words) in fold(f"{row.form.code} {row.form.title} {row.form.act} {row.period.label}")
    ]
    listed = sorted_by(found, request.GET.get("sort", ""), CAMPAIGN_SORTS, "period")
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/table_index.html",
        {
            "bar": list_bar(request),
            "simulated_note": "các bảng có nhãn “mô phỏng” là ví dụ, không phải số liệu thật."
            if any(row.simulated for row in page)
            else "",
            "unit": unit,
            "is_acting_unit": unit.id == request.actor.unit_id,
            "total": len(campaigns),
            "page": page,
            "words": words,
            "near_miss": _all_tables(request, campaigns),
        },
    )


def _all_tables(request: ActorRequest, campaigns: list[selectors.Campaign]) -> NearMiss | None:
    return near_miss([("Tất cả bảng", changed(request, q=None), len(campaigns))])
