"""One-stop dossiers of the 34 provinces, as published on 2 October 2026."""

import csv
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from giaoban.config.demo.checks import Report
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.indicators import n_lowest, recognise, rounded
from giaoban.core.vietnamese import number
from giaoban.indicators import selectors as indicators
from giaoban.indicators import services as indicator_services
from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.permissions import Role
from giaoban.monitoring import selectors as monitoring
from giaoban.monitoring import services as monitoring_services
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period

FORM = "capture:onestop-dossiers-province"
NATIONAL = "capture:onestop-national-published"
INDICATOR = "mot-cua-dung-han"
RULE = "mot-cua-thap-nhat"
AS_OF = date(2026, 10, 2)
SOURCE = "Cổng Dịch vụ công quốc gia, chỉ số theo Quyết định 766/QĐ-TTg, số ngày 02/10/2026"
COLUMNS = {
    "received": "received",
    "on_time": "on_time",
    "overdue": "overdue",
    "avg_days": "avg_days",
    "published_rate": "published_on_time_pct",
    "published_score": "published_score_max20",
}
LOWEST = [  # as a reader of the publication would find them
    ("Hà Nội", "72,96"),
    ("Bắc Ninh", "76,95"),
    ("Đồng Nai", "79,49"),
    ("Quảng Ngãi", "79,75"),
    ("Vĩnh Long", "81,66"),
    ("Tây Ninh", "82,14"),
]


@dataclass(frozen=True, slots=True)
class Published:
    """The folder of published files, and who captures them when."""

    folder: Path
    by: Actor
    at: datetime


def run(published: Published, report: Report) -> None:
    report.title("1. Hồ sơ một cửa, 34 tỉnh, thành phố, số ngày 02/10/2026")
    by, at = published.by, published.at
    period = services.open_period("as-of-ytd", on=AS_OF, by=by, at=at)
    for form in (FORM, NATIONAL):
        services.raise_obligations(form, period, by=by, at=at)
    _capture(published, period)
    ministry = orgs.unit_id_of("bo-tu-phap")
    if ministry is None:
        raise LookupError("bo-tu-phap")
    table = selectors.consolidate(selectors.form_by_key(FORM), period, ministry)
    totals = {
        column: table.total.cells["main", "total", "", column].value for column in ("received", "on_time", "overdue")
    }
    report.check("số báo cáo của tỉnh, thành phố", 34, len(table.lines))
    report.check("độ phủ", "34/34", table.coverage_words)
    report.check("tiếp nhận", "13.086.280", number(totals["received"]))
    report.check("đúng hạn", "11.242.420", number(totals["on_time"]))
    report.check("quá hạn", "1.843.860", number(totals["overdue"]))
    report.check("đúng hạn + quá hạn", "13.086.280", number((totals["on_time"] or 0) + (totals["overdue"] or 0)))
    _rates(published, period, ministry, report)
    _watch(published, period, ministry, report)


def _capture(published: Published, period: Period) -> None:
    """Take in both published files once; a second run finds the figures standing."""
    form = selectors.form_by_key(FORM)
    if not selectors.figures_by_unit(form, period, "main", "total", ["received"]):
        name = "onestop_dossiers_provinces_2026-10-02.csv"
        with (published.folder / name).open(encoding="utf-8") as file:
            rows = [
                {
                    "unit": f"portal:{row['unit_code']}",
                    "form": FORM,
                    "period": period.code,
                    "column": column,
                    "value": row[printed],
                }
                for row in csv.DictReader(file)
                for column, printed in COLUMNS.items()
            ]
        _import(tidy_csv(rows), name, published)
    if not selectors.figures_by_unit(selectors.form_by_key(NATIONAL), period, "main", "total", ["published_rate"]):
        name = "onestop_national_2026-10-02.csv"
        with (published.folder / name).open(encoding="utf-8") as file:
            value = next(csv.DictReader(file))["published_on_time_pct"]
        row = {
            "unit": "cong-dich-vu-cong-quoc-gia",
            "form": NATIONAL,
            "period": period.code,
            "column": "published_rate",
            "value": value,
        }
        _import(tidy_csv([row]), name, published)


def _import(content: bytes, name: str, published: Published) -> None:
    services.import_csv(
        content, name, by=published.by, at=published.at, channel="publication", accept=True, source=SOURCE
    )


def _rates(published: Published, period: Period, ministry: int, report: Report) -> None:
    indicator = indicators.indicator_by_key(INDICATOR)
    reading = indicators.reading(indicator, period)
    report.check("tỷ lệ đúng hạn tính từ tổng, %", "85,91", number(reading.overall.value, 2))
    form = selectors.form_by_key(FORM)
    printed = selectors.figures_by_unit(form, period, "main", "total", ["published_rate", "published_score"])
    agreeing = sum(
        (held := reading.units[unit_id].value) is not None
        and abs(held - (figures["published_rate"].value or 0)) <= Decimal("0.01")
        for unit_id, figures in printed.items()
    )
    report.check("tỷ lệ của tỉnh khớp số đã công bố (sai số 0,01)", "34/34", f"{agreeing}/{len(printed)}")
    national = selectors.figures_by_unit(selectors.form_by_key(NATIONAL), period, "main", "total", ["published_rate"])
    figures = next(iter(national.values()))
    stated = figures["published_rate"].value
    if stated is None or reading.overall.value is None:
        raise LookupError(NATIONAL)
    candidates = {
        "tính từ tổng hồ sơ": reading.overall.value,
        "trung bình cộng của các tỷ lệ": reading.mean_of_values,
    }
    found = recognise(stated, candidates, indicator.scale)
    report.check("tỷ lệ toàn quốc đã công bố, %", "87,04", number(stated, 2))
    report.check("cách tính nhận ra được của 87,04", "trung bình cộng của các tỷ lệ", ", ".join(found))
    indicator_services.record_discrepancy(
        key=f"{INDICATOR}:{period.code}:national",
        what="Tỷ lệ đúng hạn một cửa toàn quốc: Cổng Dịch vụ công quốc gia công bố và tính từ tổng",
        unit_id=ministry,
        period_id=period.pk,
        indicator_id=indicator.pk,
        published=stated,
        computed=rounded(reading.overall.value, indicator.scale),
        measure="%",
        recognised_as=f"{', '.join(found)} ({reading.overall.count} đơn vị)",
        source=SOURCE,
        by=published.by,
        at=published.at,
    )
    reader = Actor(None, "bo-tong-hop", (HeldPost(ministry, Role.RECEIVER),), ministry)
    listed = indicators.discrepancies(reader, AS_OF).filter(indicator=indicator, period=period)
    report.check(
        "chênh lệch mà người tổng hợp của Bộ thấy",
        "87,04 / 85,91",
        "; ".join(f"{number(one.published, 2)} / {number(one.computed, 2)}" for one in listed),
    )


def _watch(published: Published, period: Period, ministry: int, report: Report) -> None:
    rule = monitoring.watch_rule_for(RULE)
    findings = monitoring_services.run_watch(rule, period, watcher_id=ministry, by=published.by, at=published.at)
    cards = monitoring.finding_cards(findings, AS_OF)
    values = {card.unit.id: card.value for card in cards}
    by_unit = {card.unit.id: card for card in cards}
    shown = [
        (orgs.area_card(by_unit[unit_id].unit.area_id or 0, AS_OF).bare, number(by_unit[unit_id].value, 2))
        for unit_id in n_lowest(values, len(values))
    ]
    report.check("quy tắc “n thấp nhất”, n", 6, rule.settings["n"])
    for (name, value), found in zip(LOWEST, [*shown, *[("", "")] * 6], strict=False):
        report.check("điểm yếu do quy tắc đề xuất", f"{name} {value}", " ".join(found))
    other = monitoring.watch_rule_for("mot-cua-cao-nhat")
    monitoring_services.run_watch(other, period, watcher_id=ministry, by=published.by, at=published.at)
    states = {card.state for card in cards}
    report.note(
        f"trạng thái của sáu phát hiện: {', '.join(sorted(states))}; người có trách nhiệm xác nhận trên trang Theo dõi"
    )
