"""Scores of the 34 provinces under Quyết định 766/QĐ-TTg, as published on three days of 2026."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.indicators import rank
from giaoban.core.vietnamese import day
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period

FORM: Final = "capture:onestop-score-province"
FILE: Final = "onestop_scores_provinces_2026.csv"
GROUPS: Final = {
    "ckmb": "CKMB_max18",
    "tdgq": "TDGQ_max20",
    "clgq": "CLGQ_max12",
    "tttt": "TTTT_max10",
    "mdhl": "MDHL_max18",
    "mdsh": "MDSH_max22",
}
COLUMNS: Final = {**GROUPS, "published_total": "published_total", "published_rank": "published_rank_order"}
NEAR: Final = Decimal("0.02")
RENAMED: Final = {"H05": "Bắc Ninh", "H49": "Quảng Ninh"}
"""Provinces that the publication calls a city from one of the three days on, under the same code."""

CITY: Final = "thành phố"

Rows = list[dict[str, str]]
Ranks = Mapping[int, int]


def run(published: Published, report: Report) -> None:
    report.title("1b. Điểm theo Quyết định 766/QĐ-TTg của 34 tỉnh, thành phố, ba lần công bố năm 2026")
    with (published.folder / FILE).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_day: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_day[row["snapshot_date"]].append(row)
    near, places = 0, {}
    for on, printed in by_day.items():
        period = _capture(on, printed, published)
        held = _held(period)
        totals = {unit_id: sum((figures[group] for group in GROUPS), Decimal(0)) for unit_id, figures in held.items()}
        near += sum(abs(totals[unit_id] - figures["published_total"]) <= NEAR for unit_id, figures in held.items())
        ranks = rank(totals, "higher")
        stated = {unit_id: int(figures["published_rank"]) for unit_id, figures in held.items()}
        same = sum(ranks[unit_id] == stated[unit_id] for unit_id in held)
        report.check(
            f"{day(date.fromisoformat(on))}: thứ tự tính lại bằng thứ tự đã công bố", "34/34", f"{same}/{len(held)}"
        )
        places[on] = ranks, stated
    report.check("tổng điểm bằng tổng sáu nhóm (sai số 0,02)", "102/102", f"{near}/{len(rows)}")
    _moves(places, report)
    _names(rows, report)


def _capture(on: str, printed: Rows, published: Published) -> Period:
    """Take in one day of the publication once."""
    period = services.open_period("as-of", on=date.fromisoformat(on), by=published.by, at=published.at)
    services.raise_obligations(FORM, period, by=published.by, at=published.at)
    if not selectors.figures_by_unit(selectors.form_by_key(FORM), period, "main", "total", ["published_total"]):
        cells = [
            {
                "unit": f"portal:{row['unit_code']}",
                "form": FORM,
                "period": period.code,
                "column": ours,
                "value": row[theirs],
            }
            for row in printed
            for ours, theirs in COLUMNS.items()
        ]
        services.import_csv(
            tidy_csv(cells),
            f"{FILE}, {on}",
            by=published.by,
            at=published.at,
            channel="publication",
            accept=True,
            source=f"Cổng Dịch vụ công quốc gia, điểm theo Quyết định 766/QĐ-TTg, ngày {day(period.start)}",
        )
    return period


def _held(period: Period) -> dict[int, dict[str, Decimal]]:
    found = selectors.figures_by_unit(selectors.form_by_key(FORM), period, "main", "total", list(COLUMNS))
    return {
        unit_id: {column: figure.value for column, figure in figures.items() if figure.value is not None}
        for unit_id, figures in found.items()
    }


def _moves(places: Mapping[str, tuple[Ranks, Ranks]], report: Report) -> None:
    """Changes of place between two days, by our totals and by the published order."""
    days = sorted(places)
    for before, after in pairwise(days):
        ours, stated = (
            {unit_id: held[after][which][unit_id] - place for unit_id, place in held[before][which].items()}
            for which, held in ((0, places), (1, places))
        )
        name = f"{day(date.fromisoformat(before))} → {day(date.fromisoformat(after))}"
        report.check(f"{name}: đổi thứ tự (lên, xuống, giữ)", _counted(stated), _counted(ours))
        report.check(
            f"{name}: từng tỉnh đổi đúng số bậc", "34/34", f"{sum(ours[one] == stated[one] for one in ours)}/34"
        )


def _counted(moves: Mapping[int, int]) -> str:
    up, down = sum(move < 0 for move in moves.values()), sum(move > 0 for move in moves.values())
    return f"{up}, {down}, {len(moves) - up - down}"


def _names(rows: Rows, report: Report) -> None:
    """One unit under one code whatever it is called, and called on each day as the publication calls it."""
    days = sorted({date.fromisoformat(row["snapshot_date"]) for row in rows})
    units = {on: orgs.resolve_units({f"portal:{row['unit_code']}" for row in rows}, on) for on in days}
    called = {on: orgs.cards(found.values(), on) for on, found in units.items()}
    same = 0
    for row in rows:
        on = date.fromisoformat(row["snapshot_date"])
        name = called[on][units[on][f"portal:{row['unit_code']}"]].name
        same += (CITY in name) == (CITY in row["unit_name_as_published"])
    report.check("tỉnh hay thành phố: như tên đã công bố của ngày đó", "102/102", f"{same}/{len(rows)}")
    for code, name in RENAMED.items():
        printed = {row["unit_name_as_published"] for row in rows if row["unit_code"] == code}
        held = {found[f"portal:{code}"] for found in units.values()}
        report.check(f"{name}: hai tên đã công bố, một đơn vị", "2, 1", f"{len(printed)}, {len(held)}")
