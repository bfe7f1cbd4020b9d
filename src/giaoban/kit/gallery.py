"""The gallery: every shared component with an example, for those who write pages. Only where DEBUG is on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from giaoban.core.issues import Cell, Issue
from giaoban.core.timeliness import timing
from giaoban.kit.frame import Choice, ContextBar, NavigationLink
from giaoban.kit.registries import WorkItem
from giaoban.kit.templatetags.gb import SIGN_WORDS

TODAY = date(2026, 6, 12)
NATIONAL_RATE = Decimal("85.91")

# A made-up coast: lamps in order, per cent, of a few of its stations.
RATES = (
    ("Trạm Mũi Bắc", "95.43"),
    ("Trạm Bãi Dài", "94.60"),
    ("Trạm Hòn Cao", "86.60"),
    ("Trạm Cửa Sông", "85.33"),
    ("Trạm Gành Đá", "83.75"),
    ("Trạm Mũi Nam", "82.14"),
    ("Trạm Vịnh Êm", "79.49"),
    ("Trạm Cồn Cát", "72.96"),
)

TILE_PLACES = (
    ("Mũi Bắc", "95.43", 1, 5),
    ("Bãi Dài", "94.60", 2, 5),
    ("Hòn Cao", "86.60", 3, 5),
    ("Gành Đá", "83.75", 4, 4),
    ("Vịnh Êm", "79.49", 4, 5),
    ("Mũi Nam", "82.14", 5, 2),
    ("Cồn Cát", "72.96", 5, 3),
    ("Cửa Sông", "85.33", 6, 1),
)


@dataclass(frozen=True, slots=True)
class ExampleFigure:
    """Shaped like `core.figures.Figure`."""

    value: Decimal | None
    estimate: Decimal | None
    mark: int


class ExampleForm(forms.Form):
    title = forms.CharField(label="Tên nhiệm vụ", help_text="Một việc, bắt đầu bằng động từ.")
    due_on = forms.DateField(label="Thời hạn", widget=forms.DateInput(attrs={"type": "date"}))
    lead = forms.ChoiceField(label="Chủ trì", choices=[("", "Chọn đơn vị"), ("van-phong", "Văn phòng")], required=False)
    kind = forms.ChoiceField(
        label="Trở thành",
        choices=[("task", "Nhiệm vụ"), ("orientation", "Định hướng"), ("agreement", "Nhất trí")],
        widget=forms.RadioSelect,
        help_text="Chỉ nhiệm vụ mới có hạn và sản phẩm.",
    )
    note = forms.CharField(label="Ghi chú", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    remind = forms.BooleanField(label="Nhắc trước hạn 3 ngày", required=False)


def gallery(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    form = ExampleForm({"title": "", "kind": "task", "due_on": "32/13/2026", "remind": "on"})
    context = {
        "navigation": _navigation(),
        "bar": _bar(),
        "search_url": request.path,
        "simulated_note": "công việc, tên người và tình trạng trên trang này là ví dụ.",
        "form": form,
        "signs": SIGN_WORDS.items(),
        "timings": _timings(),
        "figures": _figures(),
        "issues": _issues(),
        "work_items": _work_items(),
        "page_of_units": Paginator([name for name, _ in RATES] * 12, 25).page(2),
        **_lists(),
        **_numbers(),
    }
    return render(request, "kit/gallery.html", context)


def _navigation() -> list[NavigationLink]:
    labels = (
        ("Việc của tôi", "Việc", "work", 2),
        ("Báo cáo", "Báo cáo", "reports", None),
        ("Số liệu", "Số liệu", "figures", None),
        ("Theo dõi", "Theo dõi", "watch", None),
        ("Họp", "Họp", "meetings", None),
        ("Nhiệm vụ", "Nhiệm vụ", "tasks", None),
        ("Đơn vị", "Đơn vị", "units", None),
    )
    return [NavigationLink(label, short, icon, "#", label == "Báo cáo", count) for label, short, icon, count in labels]


def _bar() -> ContextBar:
    return ContextBar(
        unit_label="Trạm Mũi Nam",
        unit_choices=(Choice("Trạm Mũi Nam", "#", True), Choice("Văn phòng Trạm Mũi Nam", "#")),
        period_label="Sơ bộ 6 tháng 2026",
        window="01/01–30/6",
        period_choices=(Choice("Sơ bộ 6 tháng 2026", "#", True), Choice("Năm 2025", "#")),
        geography_label="hôm nay",
        geography_choices=(Choice("Hôm nay", "#", True), Choice("30/6/2025", "#")),
        as_of_label="12/06/2026 09:14",
        export_formats=(Choice("XLSX", "#"), Choice("CSV", "#")),
        help_url="#",
    )


def _timings() -> list[Any]:
    days = ((None, None), (25, None), (14, None), (12, None), (10, None), (10, 9), (10, 12))
    return [
        timing(
            date(2026, 6, due) if due else None,
            date(2026, 6, done) if done else None,
            on=TODAY,
        )
        for due, done in days
    ]


def _figures() -> list[tuple[str, ExampleFigure | None]]:
    return [
        ("số", ExampleFigure(Decimal(1204), None, 0)),
        ("số không", ExampleFigure(Decimal(0), None, 0)),
        ("không phát sinh", ExampleFigure(None, None, 1)),
        ("có phần ước", ExampleFigure(Decimal(1204), Decimal(240), 0)),
        ("không áp dụng", ExampleFigure(None, None, 2)),
        ("để trống", ExampleFigure(None, None, 3)),
        ("chưa có", None),
    ]


def _issues() -> list[Issue]:
    cell = Cell(table="own", row="total", column="c3")
    change = {"value": Decimal(370), "previous": Decimal(288), "change": Decimal("28.47")}
    return [
        Issue("large-change", "warning", Cell(table="own", row="total", column="c2"), change),
        Issue("required-blank", "error", cell),
    ]


def _work_items() -> list[WorkItem]:
    rows = (
        ("Đôn đốc 6 trạm chưa gửi biểu sơ bộ 6 tháng", date(2026, 6, 10), "Đã nhận 88/96 trạm", "Mở bảng nhận", 88, 96),
        ("Kiểm tra lại 2 biểu đã trả", TODAY, "Đã gửi lại 08:52", "Kiểm tra", None, None),
        ("Gửi cấp trên biểu B2", date(2026, 6, 20), "Chờ tổng hợp", "Xem trước", None, None),
    )
    return [
        WorkItem(
            kind="report",
            title=title,
            about="Bộ biểu của trạm",
            unit_id=0,
            due_on=due,
            timing=timing(due, None, on=TODAY),
            state=state,
            start="#",
            action=action,
            done=done,
            total=total,
            simulated=True,
        )
        for title, due, state, action, done, total in rows
    ]


def _lists() -> dict[str, Any]:
    return {
        "layers": [
            {"label": "Trực tiếp", "value": "85,91 %", "url": "#", "current": True},
            {"label": "Đã xác nhận", "value": "", "url": ""},
            {"label": "Đã trình", "value": "", "url": ""},
            {"label": "Đã công bố", "value": "87,04 %", "url": "#"},
        ],
        "tabs": [
            {"label": "Biểu A", "url": "#", "sign": "done", "state": "đã xong"},
            {"label": "Biểu B1", "url": "#", "sign": "run", "state": "đang nhập", "current": True},
            {"label": "Biểu B2", "url": "#"},
        ],
        "counts": [
            {"count": 96, "label": "phải gửi", "url": "#", "current": True},
            {"count": 6, "label": "chưa gửi", "url": "#", "sign": "none"},
            {"count": 2, "label": "trả lại", "url": "#", "sign": "back"},
            {"count": 88, "label": "đã nhận", "url": "#", "sign": "done"},
            {"count": 4, "label": "nhận muộn", "url": "#", "within": True},
        ],
        "groups": [("none", 6), ("back", 2), ("late", 4), ("done", 84)],
        "national_groups": [("none", 210), ("back", 31), ("late", 160), ("done", 2920)],
        "clears": [
            {"word": "rõ việc", "state": "on"},
            {"word": "rõ chủ trì", "state": "on"},
            {"word": "thời hạn: mới có quý", "state": "half"},
            {"word": "thiếu sản phẩm", "state": "off"},
        ],
        "events": [
            {"when": "10/7/2026", "text": "Hai đơn vị quá hạn 10 ngày", "state": "now"},
            {"when": "27/6/2026", "text": "Gia hạn đến 15/7.", "note": "Hạn gốc 30/6 được giữ."},
            {"when": "01/7/2025", "text": "Trạm Đông + Trạm Tây → Trạm Mũi Nam", "state": "break"},
        ],
        "facts": [("Chủ trì", "15 trạm"), ("Thời hạn", "30/6/2014"), ("Sản phẩm", "Bảng kê")],
    }


def _numbers() -> dict[str, Any]:
    rates = [(name, Decimal(rate), Decimal(rate) - NATIONAL_RATE) for name, rate in RATES]
    return {
        "national_rate": NATIONAL_RATE,
        "threshold": 2,
        "rates": [(name, rate, difference, _tone_of_dot(difference)) for name, rate, difference in rates],
        "all_rates": [rate for _, rate, _ in rates],
        "matrix": [
            (name, rate, difference, _tone_of_tile(difference), "thấp hơn" if difference < 0 else "cao hơn")
            for name, rate, difference in rates
        ],
        "tiles": [_tile(name, Decimal(rate), row, column) for name, rate, row, column in TILE_PLACES],
        "extras": [{"label": "Đảo Xa", "note": "ngoài khơi", "row": 5, "column": 6, "width": 2}],
    }


def _tone_of_dot(difference: Decimal) -> str:
    if abs(difference) < 2:
        return "even"
    return "good" if difference > 0 else "weak"


def _tone_of_tile(difference: Decimal) -> str:
    strength = (abs(difference) >= 2) + (abs(difference) >= 5)
    return ("p" if difference > 0 else "m") * strength


def _tile(name: str, rate: Decimal, row: int, column: int) -> dict[str, Any]:
    tone = _tone_of_tile(rate - NATIONAL_RATE)
    direction = {"p": "up", "m": "down"}.get(tone[:1], "")
    return {
        "label": name,
        "value": f"{rate:.1f}".replace(".", ","),
        "url": "#",
        "row": row,
        "column": column,
        "tone": tone,
        "direction": direction,
        "word": {"up": " cao hơn", "down": " thấp hơn", "": " ngang mức chung"}[direction],
        "current": name == "Mũi Nam",
    }
