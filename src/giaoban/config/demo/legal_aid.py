"""Legal aid: national months, and successes by province in September 2021, as published."""

import csv
from decimal import Decimal

from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.figures import Figure, Mark
from giaoban.core.indicators import rounded
from giaoban.core.vietnamese import fold, number
from giaoban.indicators import selectors as indicators
from giaoban.indicators import services as indicator_services
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period

MONTHLY = "capture:legal-aid-monthly"
BY_PROVINCE = "capture:legal-aid-success-province"
DEPARTMENT = "cuc-tro-giup-phap-ly"
NONE_FINISHED = (  # as the notice of December 2022 names them
    "Bà Rịa - Vũng Tàu; Bình Thuận; Đà Nẵng; Đắk Lắk; Đắk Nông; Kon Tum; Phú Yên; Quảng Ninh; Thái Nguyên; Yên Bái"
)
COLUMNS = {  # our column → column of the published file
    "accepted": "thu_ly",
    "accepted_defence": "thu_ly_bao_chua",
    "accepted_protection": "thu_ly_bao_ve",
    "accepted_change": "thu_ly_tang",
    "accepted_change_pct": "thu_ly_tang_pct",
    "accepted_none_entered": "tinh_khong_co_so_thu_ly",
    "finished": "ket_thuc",
    "finished_defence": "ket_thuc_bao_chua",
    "finished_protection": "ket_thuc_bao_ve",
    "finished_change": "ket_thuc_tang",
    "finished_change_pct": "ket_thuc_tang_pct",
    "finished_none_entered": "tinh_khong_co_so_ket_thuc",
    "successes": "thanh_cong",
}


def run(published: Published, report: Report) -> None:
    report.title("2. Trợ giúp pháp lý: số tháng toàn quốc, vụ việc thành công theo tỉnh tháng 9/2021")
    with (published.folder / "legal_aid_monthly.csv").open(encoding="utf-8") as file:
        months = list(csv.DictReader(file))
    periods = {row["thang"]: _open(row["thang"], MONTHLY, published) for row in months}
    _capture_months(months, periods, published)
    department, ministry = orgs.unit_id_of(DEPARTMENT), orgs.unit_id_of("bo-tu-phap")
    if department is None or ministry is None:
        raise LookupError(DEPARTMENT)
    form = selectors.form_by_key(MONTHLY)
    for row in months:
        period = periods[row["thang"]]
        held = selectors.figures_by_unit(form, period, "main", "total", [one for one in COLUMNS if "none" not in one])
        _splits(row, held[department], report)
    _printed_percent(periods["2022-12"], department, ministry, published, report)
    _named(periods["2022-12"], department, published, report)
    _provinces(published, department, months, report)


def _open(month: str, form: str, published: Published) -> Period:
    year, number_of = month.split("-")
    code = f"{year}-T{number_of}"
    period = services.open_period("month", year=int(year), code=code, by=published.by, at=published.at)
    services.raise_obligations(form, period, by=published.by, at=published.at)
    return period


def _capture_months(months: list[dict[str, str]], periods: dict[str, Period], published: Published) -> None:
    form = selectors.form_by_key(MONTHLY)
    for row in months:
        period = periods[row["thang"]]
        if selectors.figures_by_unit(form, period, "main", "total", ["accepted"]):
            continue
        cells = [
            {"unit": DEPARTMENT, "form": MONTHLY, "period": period.code, "column": column, "value": row[printed]}
            for column, printed in COLUMNS.items()
            if row[printed]
        ]
        services.import_csv(
            tidy_csv(cells),
            f"legal_aid_monthly.csv, {row['thang']}",
            by=published.by,
            at=published.at,
            channel="publication",
            accept=True,
            source=row["source_url"],
            explanation="Số in trong thông báo, giữ nguyên; chênh lệch ghi ở danh sách chênh lệch.",
        )


def _total(figure: Figure) -> Decimal | None:
    return figure.value


def _splits(row: dict[str, str], figures: dict[str, Figure], report: Report) -> None:
    """Defence and protection add up to the total of the publication, where it gives both."""
    month = row["thang"]
    for what, name in (("accepted", "thụ lý"), ("finished", "kết thúc")):
        parts = [_total(figures[f"{what}_{part}"]) for part in ("defence", "protection")]
        if any(part is None for part in parts):
            report.note(f"{month}: nguồn không chia số {name}")
            continue
        report.check(
            f"{month}: bào chữa + bảo vệ, {name}",
            number(Decimal(row[COLUMNS[what]])),
            number(sum(part or 0 for part in parts)),
        )


def _printed_percent(period: Period, department: int, ministry: int, published: Published, report: Report) -> None:
    form = selectors.form_by_key(MONTHLY)
    figures = selectors.figures_by_unit(
        form, period, "main", "total", ["finished", "finished_change", "finished_change_pct"]
    )[department]
    finished, change, printed = (
        _total(figures[column]) for column in ("finished", "finished_change", "finished_change_pct")
    )
    if finished is None or change is None or printed is None:
        raise LookupError(period.code)
    right = rounded(100 * change / (finished - change), 0)
    origin = selectors.cell_origin(form, period, department, "", ("main", "total", "", "finished_change_pct"))
    flagged = [issue.code for part in origin.parts for issue in part.issues]
    report.check("12/2022: mức tăng vụ việc kết thúc đã in, %", 44, number(printed))
    report.check("12/2022: mức tăng tính lại (+241 trên 638), %", 38, number(right))
    report.check("12/2022: con số đã in bị kiểm tra đánh dấu", "formula-fails", ", ".join(sorted(set(flagged))))
    indicator_services.record_discrepancy(
        key=f"{MONTHLY}:{period.code}:finished_change_pct",
        what="Trợ giúp pháp lý tháng 12/2022: mức tăng vụ việc kết thúc",
        unit_id=ministry,
        period_id=period.pk,
        indicator_id=None,
        published=printed,
        computed=right,
        measure="%",
        recognised_as="",
        source="https://tgpl.moj.gov.vn/Pages/chi-tiet-thong-bao.aspx?ItemID=161",
        by=published.by,
        at=published.at,
    )
    held = indicators.discrepancy_by_key(f"{MONTHLY}:{period.code}:finished_change_pct")
    report.check(
        "12/2022: chênh lệch được ghi nhận",
        "44 / 38",
        f"{number(held.published, 0)} / {number(held.computed, 0)}" if held else "không có",
    )


def _named(period: Period, department: int, published: Published, report: Report) -> None:
    """The provinces that entered nothing, where the source names them."""
    every = selectors.owed_by([department], period.end)
    owed = next(one for one in every if one.form_key == MONTHLY and one.period.pk == period.pk)
    submission = selectors.submission_for(published.by, owed.submission_id or 0)
    texts = selectors.figures_of(submission)["main", "total", ""].texts
    report.check("12/2022: tỉnh không có số thụ lý", "Hải Dương", texts.get("accepted_none_entered", ""))
    report.check("12/2022: tỉnh không có số kết thúc", NONE_FINISHED, texts.get("finished_none_entered", ""))


def _provinces(published: Published, department: int, months: list[dict[str, str]], report: Report) -> None:
    period = _open("2021-09", BY_PROVINCE, published)
    form = selectors.form_by_key(BY_PROVINCE)
    if not selectors.figures_by_unit(form, period, "main", "total", ["successes"]):
        _capture_provinces(period, published)
    table = selectors.consolidate(form, period, department)
    total = table.total.cells["main", "total", "", "successes"]
    national = next(row["thanh_cong"] for row in months if row["thang"] == "2021-09")
    report.check("9/2021: các tỉnh cộng lại, bằng số toàn quốc đã công bố", national, number(total.value))
    report.check("9/2021: tỉnh được nêu, tỉnh suy ra là không có", "22, 41", f"{total.reported}, {total.nil}")


def _capture_provinces(period: Period, published: Published) -> None:
    """The notice names the provinces with successes, 80 in all, which is the national figure: the others had none.

    They did not declare it; the source of each report says that it was inferred.
    """
    with (published.folder / "legal_aid_success_by_province_2021-09.csv").open(encoding="utf-8") as file:
        named = {fold(row["tinh"]): row["so_vu"] for row in csv.DictReader(file)}
    on = period.end
    centres = orgs.cards(selectors.reporters_of(selectors.form_by_key(BY_PROVINCE), period), on)
    rows = []
    for centre in sorted(centres.values(), key=lambda one: one.sort_key):
        province = orgs.area_card(centre.area_id or 0, on).bare
        value = named.pop(fold(province), "")
        rows.append(
            {
                "unit": centre.key,
                "form": BY_PROVINCE,
                "period": period.code,
                "column": "successes",
                "value": value,
                "mark": "" if value else Mark.NIL.name.lower(),
            }
        )
    if named:
        raise LookupError(f"provinces of the notice without a legal-aid centre: {sorted(named)}")
    services.import_csv(
        tidy_csv(rows),
        "legal_aid_success_by_province_2021-09.csv",
        by=published.by,
        at=published.at,
        channel="publication",
        accept=True,
        source=(
            "https://moj.gov.vn/qt/thongbao/Pages/thong-bao.aspx?ItemID=1971; tỉnh không được nêu tên ghi là không "
            "phát sinh do suy ra, vì các tỉnh được nêu đã đủ 80 vụ việc"
        ),
    )
