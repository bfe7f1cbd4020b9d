"""Half-year results of the whole sector, 2020 and 2024, as published: parts and whole."""

import csv
from decimal import Decimal
from typing import Final

from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.vietnamese import number
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period

FORM: Final = "capture:ministry-half-year"
FILE: Final = "ministry_half_year_summary.csv"
UNIT: Final = "bo-tu-phap"
WHOLES: Final = {  # of the published file → our column of the whole, and of the parts in the order printed
    "nhiem_vu_giao": ("tasks", ("tasks_done", "tasks_running")),
    "tham_dinh_du_thao_vbqppl": ("appraised", ("appraised_ministry", "appraised_ministries", "appraised_local")),
    "kiem_tra_van_ban": ("checked", ("checked_ministries", "checked_local")),
    "tham_dinh_de_nghi_xay_dung": ("proposals", ()),
    "so_tu_phap_tham_dinh": ("appraised_provincial", ()),
    "phong_tu_phap_tham_dinh": ("appraised_district", ()),
    "cuoc_tuyen_truyen": ("campaigns", ()),
    "tai_lieu_pbgdpl_trieu": ("leaflets", ()),
    "hoa_giai_tiep_nhan": ("mediations", ()),
    "ty_le_hoa_giai_thanh": ("mediated_rate", ()),
    "kien_nghi_tra_loi": ("petitions", ()),
}
CHANGES: Final = {"tai_lieu_pbgdpl_trieu": "leaflets_change_pct", "hoa_giai_tiep_nhan": "mediations_change_pct"}


def run(published: Published, report: Report) -> None:
    report.title("2c. Kết quả công tác tư pháp 6 tháng, toàn ngành, năm 2020 và 2024")
    with (published.folder / FILE).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for code in dict.fromkeys(row["ky"] for row in rows):
        year = int(code.removeprefix("6T"))
        period = services.open_period("half", year=year, code=f"{year}-6T", by=published.by, at=published.at)
        printed = [row for row in rows if row["ky"] == code]
        _capture(printed, period, published)
        _check(printed, period, report)


def _cells(row: dict[str, str]) -> dict[str, str]:
    """Our columns of a printed line: the whole, its parts, the printed change."""
    whole, parts = WHOLES[row["chi_tieu"]]
    cells = {whole: row["value"], **dict(zip(parts, row["parts"].split("+"), strict=bool(parts)))}
    if row["chi_tieu"] in CHANGES and row["published_change_pct"]:
        cells[CHANGES[row["chi_tieu"]]] = row["published_change_pct"]
    return cells


def _capture(rows: list[dict[str, str]], period: Period, published: Published) -> None:
    services.raise_obligations(FORM, period, by=published.by, at=published.at)
    if selectors.figures_by_unit(selectors.form_by_key(FORM), period, "main", "total", ["tasks"]):
        return
    cells = [
        {"unit": UNIT, "form": FORM, "period": period.code, "column": column, "value": value}
        for row in rows
        for column, value in _cells(row).items()
    ]
    services.import_csv(
        tidy_csv(cells),
        f"{FILE}, {period.code}",
        by=published.by,
        at=published.at,
        channel="publication",
        accept=True,
        source="; ".join(dict.fromkeys(row["source_url"] for row in rows)),
    )


def _check(rows: list[dict[str, str]], period: Period, report: Report) -> None:
    unit_id = orgs.unit_id_of(UNIT)
    if unit_id is None:
        raise LookupError(UNIT)
    for row in rows:
        whole, parts = WHOLES[row["chi_tieu"]]
        held = selectors.figures_by_unit(selectors.form_by_key(FORM), period, "main", "total", [whole, *parts])[unit_id]
        value = held[whole].value
        if parts:
            added = sum((held[part].value or Decimal(0) for part in parts), Decimal(0))
            report.check(
                f"{row['ky']}: {row['parts_meaning']} = {row['chi_tieu']}", number(Decimal(row["value"])), number(added)
            )
        else:
            report.check(f"{row['ky']}: {row['chi_tieu']} đọc lại", True, value == Decimal(row["value"]))
