"""Nhập bảng sắp xếp: a table is kept and examined, each slip is decided by a person, then it becomes one event."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.core.reorganisation import COLUMNS, SLIP_KINDS, Decision, Examination, Slip, write_csv
from giaoban.core.vietnamese import fold
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors
from giaoban.orgs.models import ImportState, ReorganisationImport
from giaoban.orgs.selectors import reorganising as held
from giaoban.orgs.services import EventRefused, reorganising
from giaoban.orgs.services.previewing import Preview
from giaoban.orgs.web import page
from giaoban.orgs.web.importforms import TableForm

PAGE_SIZE = 30
SHOWN_AT_MOST = 30
DECIDED = "da-quyet-dinh"
HEADER = ("Loại", "Dòng", "Bảng ghi", "Danh mục ghi", "Chỗ phải xem", "Đề xuất", "Mức", "Khóa")
DECISIONS_HEADER = (
    "Loại",
    "Dòng",
    "Chỗ phải xem",
    "Quyết định",
    "Người quyết định",
    "Lúc",
    "Cả loại một lần",
    "Khóa",
)
SIGNS = {ImportState.EXAMINED: "run", ImportState.APPLIED: "done", ImportState.DROPPED: "back"}


@dataclass(frozen=True, slots=True)
class Group:
    """The slips of one kind on a page; waiting: how many of the kind wait, on all pages."""

    kind: str
    name: str
    slips: list[tuple[Slip, list[tuple[str, str]]]]
    waiting: int


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: ActorRequest) -> HttpResponse:
    """The tables of the reader's units, and a new one."""
    actor, today = request.actor, timezone.localdate()
    if not page.may_manage(request):
        actor.require(Permission.MANAGE_UNITS, at=actor.unit_id, unit_name=actor.unit_name)
    form = TableForm(request.POST or None, request.FILES or None, units=_managing(request))
    if request.method == "POST" and form.is_valid():
        row = _opened(request, form)
        if row is not None:
            return redirect("orgs:import", pk=row.pk)
    shown = Paginator(held.imports_for(actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": shown,
        "rows": [(one, SIGNS[ImportState(one.state)]) for one in shown],
        "columns": list(COLUMNS.values()),
        "bar": page.bar(request, today, today),
    }
    return render(request, "orgs/imports.html", context, status=422 if request.method == "POST" else 200)


def _managing(request: ActorRequest) -> list[tuple[str, str]]:
    """The units at which the reader may keep a table: (id, name)."""
    actor = request.actor
    places = [one for one in actor.unit_ids if actor.may(Permission.MANAGE_UNITS, one)]
    return [(str(card.id), card.name) for card in selectors.cards(places, timezone.localdate()).values()]


def _opened(request: ActorRequest, form: TableForm) -> ReorganisationImport | None:
    """The kept table; None with the reason at its field."""
    data, actor = form.cleaned_data, request.actor
    try:
        return reorganising.open_import(
            data["file"].read(),
            data["file"].name,
            unit_id=int(data["unit"]),
            on=data["on"],
            title=data["title"],
            basis=data["basis"],
            basis_on=data["basis_on"],
            reason=data["reason"],
            by=actor,
            at=timezone.now(),
        )
    except reorganising.ImportRefused as refusal:
        form.add_error("file", refusal.sentence)
        return None


@require_safe
def one_import(request: ActorRequest, pk: int) -> HttpResponse:
    """What is wrong with a table, by kind; what was decided; what it would do."""
    row = held.import_for(request.actor, pk)
    return _page(request, row)


def _page(request: ActorRequest, row: ReorganisationImport, *, refusal: str = "", status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    examined, decisions = held.examination_of(row), held.decisions_of(row)
    kind = request.GET.get("loai", "")
    context: dict[str, Any] = {
        "row": row,
        "open": row.state == ImportState.EXAMINED,
        "sign": SIGNS[ImportState(row.state)],
        "counts": examined.counts,
        "waiting": len(examined.to_decide),
        "applying": held.applying(row),
        "filters": _filters(request, examined, decisions, kind),
        "showing_decided": kind == DECIDED,
        "refusal": refusal,
        "here": request.get_full_path(),
        "bar": page.bar(request, today, today, exports=_exports(row)),
    }
    if kind == DECIDED:
        context["page"] = Paginator(decisions[::-1], PAGE_SIZE).get_page(request.GET.get("page"))
        context["decided"] = [(one, SLIP_KINDS.get(one.kind, one.kind)) for one in context["page"]]
    else:
        chosen = [slip for slip in examined.slips if slip.kind == kind] if kind else examined.to_decide
        shown = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
        context |= {"page": shown, "groups": _groups(shown, examined)}
    return render(request, "orgs/import.html", context, status=status)


def _filters(request: ActorRequest, examined: Examination, decisions: list[Decision], current: str) -> list[Count]:
    def entry(count: int, label: str, kind: str, sign: str = "") -> Count:
        url = changed(request, loai=kind)
        return Count(count, label, url, current == kind, sign=sign)

    def small(kind: str) -> str:
        return SLIP_KINDS[kind][:1].lower() + SLIP_KINDS[kind][1:]

    notes = {slip.kind for slip in examined.notes}
    kinds = examined.by_kind().items()
    return [
        entry(len(examined.to_decide), "phải quyết định", "", "warn" if examined.to_decide else "done"),
        *(entry(count, small(kind), kind) for kind, count in kinds if kind not in notes),
        entry(len(decisions), "đã quyết định", DECIDED, "done"),
        *(entry(count, small(kind), kind, "note") for kind, count in kinds if kind in notes),
    ]


def _groups(shown: Iterable[Slip], examined: Examination) -> list[Group]:
    """The slips of the page by kind, in their order."""
    waiting: dict[str, int] = {}
    for slip in examined.to_decide:
        waiting[slip.kind] = waiting.get(slip.kind, 0) + 1
    groups: dict[str, Group] = {}
    for slip in shown:
        group = groups.setdefault(slip.kind, Group(slip.kind, slip.kind_name, [], waiting.get(slip.kind, 0)))
        group.slips.append((slip, [(column, COLUMNS[column]) for column in slip.asks]))
    return list(groups.values())


def _exports(row: ReorganisationImport) -> list[Choice]:
    return [
        Choice("Bảng sau quyết định, CSV", reverse("orgs:import-table", args=[row.pk]), False),
        Choice("Chỗ phải xem, CSV", reverse("orgs:import-slips", args=[row.pk]), False),
        Choice("Đã quyết định, CSV", reverse("orgs:import-decisions", args=[row.pk]), False),
    ]


@require_POST
def decide(request: ActorRequest, pk: int) -> HttpResponse:
    """One slip, all of a kind, or a decision taken back; then the same page again."""
    row = held.import_for(request.actor, pk)
    posted, actor, now = request.POST, request.actor, timezone.now()
    try:
        if posted.get("kind"):
            count = reorganising.decide_all(pk, posted["kind"], by=actor, at=now)
            messages.success(request, f"Đã nhận đề xuất cho {count} chỗ: {SLIP_KINDS.get(posted['kind'], '').lower()}.")
        elif posted.get("back"):
            reorganising.take_back(pk, posted["back"], by=actor, at=now)
            messages.success(request, "Đã bỏ quyết định. Chỗ ấy được xem lại.")
        else:
            values = {name: posted.get(name, "") for name in COLUMNS}
            choice = posted.get("choice", "")
            reorganising.decide(
                pk, posted.get("slip", ""), choice=choice, values={} if choice else values, by=actor, at=now
            )
    except reorganising.ImportRefused as refusal:
        row.refresh_from_db()
        return _page(request, row, refusal=refusal.sentence, status=422)
    kept = urlencode({name: request.GET[name] for name in ("loai", "page") if name in request.GET})
    return redirect(f"{reverse('orgs:import', args=[pk])}{'?' if kept else ''}{kept}")


@require_POST
def drop(request: ActorRequest, pk: int) -> HttpResponse:
    row = held.import_for(request.actor, pk)
    try:
        reorganising.drop(pk, by=request.actor, at=timezone.now())
    except reorganising.ImportRefused as refusal:
        return _page(request, row, refusal=refusal.sentence, status=422)
    messages.success(request, "Đã bỏ bảng này. Chưa địa bàn nào đổi.")
    return redirect("orgs:imports")


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: ActorRequest, pk: int) -> HttpResponse:
    """Everything that the one event would do; confirmed, it is applied by a job. A name typed wrongly stays typed."""
    row = held.import_for(request.actor, pk)
    today, now = timezone.localdate(), timezone.now()
    confirming, typed = request.method == "POST", request.POST.get("confirm_name", "")
    is_wrong = confirming and fold(typed) != fold(row.title)
    try:
        shown = reorganising.preview_import(row, by=request.actor, at=now)
        is_seen = request.POST.get("seen", "") == page.digest(shown)
        if confirming and is_seen and not is_wrong:
            reorganising.ask_to_apply(pk, by=request.actor, at=now)
            messages.success(request, "Đang áp dụng. Có thể rời trang này; xong sẽ có trang biến động.")
            return redirect("orgs:import", pk=pk)
    except (reorganising.ImportRefused, EventRefused) as refusal:
        return _page(request, row, refusal=refusal.sentence, status=422)
    context = {
        "row": row,
        "shown": shown,
        "seen": page.digest(shown),
        "changed": page.CHANGED if confirming and not is_seen else "",
        "typed": typed,
        "is_wrong": is_wrong,
        "lists": _lists(shown),
        "counts": held.examination_of(row).counts,
        "bar": page.bar(request, today, today),
    }
    return render(request, "orgs/import_preview.html", context, status=422 if confirming else 200)


def _lists(shown: Preview) -> list[tuple[str, str, list[str], int]]:
    """(id, title, some lines, how many in all) of what begins, ends, changes and moves."""
    top = SHOWN_AT_MOST
    creates = [f"{one.name} ({one.kind_name})" for one in shown.creates[:top]]
    closes = [f"{one.name} ({one.kind_name})" for one in shown.closes[:top]]
    changes = [
        f"{one.thing.name}, {one.what}: {one.before or 'chưa có'} → {one.after or 'không còn'}"
        for one in shown.changes[:top]
    ]
    moves = [
        f"{one.thing.name}: {one.old.name if one.old else 'chưa có'} → {one.new.name if one.new else 'không còn'}"
        for one in shown.moves[:top]
    ]
    return [
        ("moi", "Lập mới", creates, len(shown.creates)),
        ("cham-dut", "Chấm dứt", closes, len(shown.closes)),
        ("doi", "Đổi tên, loại, mã", changes, len(shown.changes)),
        ("chuyen", "Đổi cấp trên", moves, len(shown.moves)),
    ]


@require_safe
def table_csv(request: ActorRequest, pk: int) -> HttpResponse:
    """The table with what was decided, as it can be imported again."""
    row = held.import_for(request.actor, pk)
    response = HttpResponse("\ufeff" + write_csv(held.examination_of(row).rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bang-sap-xep-{row.on.isoformat()}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def slips_csv(request: ActorRequest, pk: int) -> HttpResponse:
    row = held.import_for(request.actor, pk)
    lines = [
        (
            slip.kind_name,
            " ".join(map(str, slip.rows)),
            slip.told,
            slip.known,
            slip.sentence,
            "; ".join(f"{one.choice}: {one.words}" for one in slip.proposals),
            "phải quyết định" if slip.severity == "decide" else "ghi chú",
            slip.key,
        )
        for slip in held.examination_of(row).slips
    ]
    return page.csv_file(f"cho-phai-xem-{row.on.isoformat()}", HEADER, lines)


@require_safe
def decisions_csv(request: ActorRequest, pk: int) -> HttpResponse:
    row = held.import_for(request.actor, pk)
    lines = [
        (
            SLIP_KINDS.get(one.kind, one.kind),
            " ".join(map(str, one.rows)),
            one.sentence,
            one.words,
            one.by,
            one.at,
            "có" if one.together else "",
            one.slip,
        )
        for one in held.decisions_of(row)
    ]
    return page.csv_file(f"da-quyet-dinh-{row.on.isoformat()}", DECISIONS_HEADER, lines)
