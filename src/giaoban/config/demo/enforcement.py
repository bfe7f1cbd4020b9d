"""Civil judgment enforcement: the nation over seven months of 2017, TP. Hồ Chí Minh over six of 2019, as published."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.figures import Figure, Mark
from giaoban.core.indicators import Rate, difference_in_points, rounded
from giaoban.core.vietnamese import number
from giaoban.indicators import selectors as indicators
from giaoban.indicators import services as indicator_services
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period

CASES: Final = "capture:thads-published-cases"
MONEY: Final = "capture:thads-published-money"
FILE: Final = "enforcement_published.csv"
NATION: Final = "tong-cuc-thads"
CITY: Final = "thads:ho-chi-minh"
RULE: Final = "thads-tt08"
NATION_PERIOD: Final = (2017, "2017-THADS-07")
CITY_PERIOD: Final = (2019, "2019-THADS-06")
COLUMNS: Final = {  # indicator of the published file → our column
    "thu_ly": "taken_on",
    "thu_ly_cu": "old",
    "thu_ly_moi": "new",
    "tang_thu_ly": "taken_on_change",
    "pct_tang_thu_ly": "taken_on_change_pct",
    "tang_thu_ly_moi": "new_change",
    "pct_tang_thu_ly_moi": "new_change_pct",
    "uy_thac": "entrusted",
    "cuc_rut_len": "withdrawn",
    "phai_thi_hanh": "to_enforce",
    "co_dieu_kien": "enforceable",
    "chua_co_dieu_kien": "not_yet",
    "ty_le_co_dieu_kien": "enforceable_rate",
    "ty_le_chua_co_dieu_kien": "not_yet_rate",
    "tang_co_dieu_kien": "enforceable_change",
    "pct_tang_co_dieu_kien": "enforceable_change_pct",
    "tang_ty_le_co_dieu_kien": "enforceable_rate_change",
    "thi_hanh_xong": "finished",
    "ty_le_xong": "finished_rate",
    "tang_thi_hanh_xong": "finished_change",
    "pct_tang_thi_hanh_xong": "finished_change_pct",
    "tang_ty_le_xong": "finished_rate_change",
    "chuyen_ky_sau": "carried_over",
    "chuyen_sau_co_dk": "carried_enforceable",
    "tang_chuyen_sau_co_dk": "carried_enforceable_change",
    "pct_tang_chuyen_sau_co_dk": "carried_enforceable_change_pct",
}
KEPT: Final = "Số in trong nguồn, giữ nguyên; chênh lệch ghi ở danh sách chênh lệch."


def run(published: Published, report: Report) -> None:
    report.title("2b. Thi hành án dân sự: toàn quốc 7 tháng năm 2017, TP. Hồ Chí Minh 6 tháng năm 2019")
    with (published.folder / FILE).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    nation, city = (
        services.open_period(RULE, year=year, code=code, by=published.by, at=published.at)
        for year, code in (NATION_PERIOD, CITY_PERIOD)
    )
    cases = _captured(CASES, NATION, nation, [row for row in rows if "TQ 7T2017 việc" in row["table"]], published)
    money = _captured(MONEY, NATION, nation, [row for row in rows if "tiền" in row["table"]], published)
    local = _captured(CASES, CITY, city, [row for row in rows if row["table"].startswith("HCM")], published)
    _nation(cases, nation, published, report)
    _money(money, report)
    _city(local, report)


def _captured(
    form_key: str, unit: str, period: Period, rows: list[dict[str, str]], published: Published
) -> dict[str, Decimal]:
    """The printed figures by our columns, taken in once and read back."""
    form, unit_id = selectors.form_by_key(form_key), orgs.unit_id_of(unit)
    if unit_id is None:
        raise LookupError(unit)
    services.raise_obligations(form_key, period, by=published.by, at=published.at)
    columns = [COLUMNS[row["indicator"]] for row in rows]
    if unit_id not in selectors.figures_by_unit(form, period, "main", "total", columns):
        cells = [
            {
                "unit": unit,
                "form": form_key,
                "period": period.code,
                "column": COLUMNS[row["indicator"]],
                "value": row["value"],
            }
            for row in rows
        ]
        services.import_csv(
            tidy_csv(cells),
            f"{FILE}, {rows[0]['table']}",
            by=published.by,
            at=published.at,
            channel="publication",
            accept=True,
            source="; ".join(dict.fromkeys(row["source_url"] for row in rows)),
            explanation=KEPT,
        )
    held = selectors.figures_by_unit(form, period, "main", "total", columns)[unit_id]
    return {column: _value(figure) for column, figure in held.items()}


def _value(figure: Figure) -> Decimal:
    if figure.mark is not Mark.REPORTED or figure.value is None:
        raise LookupError("a printed figure was not taken in")
    return figure.value


def _before(figures: Mapping[str, Decimal], column: str) -> Decimal:
    """Last year's figure, as this year's and its printed change imply it."""
    return figures[column] - figures[f"{column}_change"]


def _nation(figures: Mapping[str, Decimal], period: Period, published: Published, report: Report) -> None:
    rate = Rate(figures["finished"], figures["enforceable"]).value()
    earlier = Rate(_before(figures, "finished"), _before(figures, "enforceable")).value()
    points = difference_in_points(rate, earlier)
    report.check("tỷ lệ xong trên có điều kiện, %", number(figures["finished_rate"], 2), number(rate, 2))
    report.check("tỷ lệ xong tăng, tính lại, điểm %", number(figures["finished_rate_change"], 2), number(points, 2))
    report.check(
        "tỷ lệ có điều kiện giảm, giữ như công bố, điểm %", "-5,03", number(figures["enforceable_rate_change"], 2)
    )
    report.note(
        "-5,03 điểm %: không đủ số để tính lại, nguồn không in số phải thi hành của năm trước; giữ nguyên số công bố"
    )
    for column, name in (
        ("taken_on", "thụ lý"),
        ("new", "thụ lý mới"),
        ("enforceable", "có điều kiện"),
        ("finished", "thi hành xong"),
    ):
        again = rounded(100 * figures[f"{column}_change"] / _before(figures, column), 2)
        report.check(f"{name}: mức tăng giảm tính lại, %", number(figures[f"{column}_change_pct"], 2), number(again, 2))
    report.check(
        "phải thi hành = có điều kiện + chưa có điều kiện",
        number(figures["to_enforce"]),
        number(figures["enforceable"] + figures["not_yet"]),
    )
    stated = _before(figures, "carried_enforceable")
    others = _before(figures, "enforceable") - _before(figures, "finished")
    report.check("có điều kiện chuyển kỳ sau, năm trước: suy từ dòng tăng", "144.857", number(stated))
    report.check("có điều kiện chuyển kỳ sau, năm trước: suy từ các dòng khác", "230.749", number(others))
    report.check("mức tăng giảm suy từ các dòng khác", "-15.739", number(figures["carried_enforceable"] - others))
    _record(stated, others, period, published)
    held = indicators.discrepancy_by_key(_key(period))
    report.check(
        "chênh lệch được ghi nhận",
        "144.857 / 230.749",
        f"{number(held.published, 0)} / {number(held.computed, 0)}" if held else "không có",
    )


def _key(period: Period) -> str:
    return f"{CASES}:{period.code}:carried_enforceable_change"


def _record(stated: Decimal, others: Decimal, period: Period, published: Published) -> None:
    ministry = orgs.unit_id_of("bo-tu-phap")
    if ministry is None:
        raise LookupError("bo-tu-phap")
    indicator_services.record_discrepancy(
        key=_key(period),
        what="Thi hành án 7 tháng năm 2017: việc có điều kiện chuyển kỳ sau, năm trước, suy từ mức +70.153 (48,43 %)",
        unit_id=ministry,
        period_id=period.pk,
        indicator_id=None,
        published=stated,
        computed=others,
        measure="việc",
        recognised_as="",
        source="http://thads.moj.gov.vn/noidung/tintuc/Lists/ChiDaoDieuHanh/View_Detail.aspx?ItemID=3683",
        by=published.by,
        at=published.at,
    )


def _money(figures: Mapping[str, Decimal], report: Report) -> None:
    report.check("tiền: cũ + mới, nghìn đồng", "144.833.439.017", number(figures["old"] + figures["new"]))
    report.check("tiền: thụ lý đã công bố, nghìn đồng", "144.833.439.017", number(figures["taken_on"]))
    again = rounded(100 * figures["taken_on_change"] / _before(figures, "taken_on"), 2)
    report.check("tiền: thụ lý tăng, tính lại, %", number(figures["taken_on_change_pct"], 2), number(again, 2))


def _city(figures: Mapping[str, Decimal], report: Report) -> None:
    one_way = figures["enforceable"] + figures["not_yet"]
    other = figures["taken_on"] - figures["entrusted"] - figures["withdrawn"]
    report.check(
        "TP. Hồ Chí Minh: phải thi hành, tính hai cách", "78.593, 78.593", f"{number(one_way)}, {number(other)}"
    )
    rate = Rate(figures["finished"], figures["enforceable"]).value()
    report.check("TP. Hồ Chí Minh: tỷ lệ xong, %", number(figures["finished_rate"], 2), number(rate, 2))
    again = rounded(100 * figures["taken_on_change"] / _before(figures, "taken_on"), 2)
    report.check(
        "TP. Hồ Chí Minh: thụ lý giảm, tính lại, %", number(figures["taken_on_change_pct"], 2), number(again, 2)
    )
