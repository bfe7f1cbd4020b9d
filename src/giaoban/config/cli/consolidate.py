"""A consolidated table in the terminal or as CSV, in the tree of its period or in that of another date."""

import argparse
import sys
from datetime import date

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--form",
        required=True,
        metavar="KEY",
        help="key of the form: <act>:<form>, as the pack's forms/ folder names them",
    )
    parser.add_argument("--period", required=True, metavar="CODE", help="such as 2024-6T, 2014-Q1, 2026-10-02")
    parser.add_argument("--instalment", default="", metavar="KEY")
    parser.add_argument(
        "--unit", required=True, metavar="KEY", help="key of the unit, as the pack's units.csv names it"
    )
    parser.add_argument("--geography", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the tree of another date")
    parser.add_argument("--layer", choices=("live", "confirmed"), default="live")
    parser.add_argument("--format", choices=("csv", "table"), default="table")


def run(chosen: argparse.Namespace) -> int:
    from django.http import Http404

    from giaoban.orgs.selectors import unit_id_of
    from giaoban.reporting import selectors

    unit_id = unit_id_of(chosen.unit)
    if unit_id is None:
        print(f"không có đơn vị mang mã “{chosen.unit}”; tìm mã trên trang Đơn vị", file=sys.stderr)
        return 1
    try:
        form = selectors.form_by_key(chosen.form)
        period = selectors.period_of(form, chosen.period, chosen.instalment)
        if chosen.layer == "confirmed":
            confirmed = selectors.confirmed_table(form, period, unit_id, geography=chosen.geography)
            if confirmed is None:
                print("chưa có bản đã xác nhận của bảng này", file=sys.stderr)
                return 1
            table = confirmed.table
        else:
            table = selectors.consolidate(form, period, unit_id, geography=chosen.geography)
    except (Http404, selectors.ConsolidationRefused) as refusal:
        print(str(refusal), file=sys.stderr)
        return 1
    if chosen.format == "csv":
        sys.stdout.write(selectors.export_table(table))
        return 0
    print(f"{table.unit.name} · {table.period.label} · địa giới {table.geography} · độ phủ {table.coverage_words}")
    if table.incomplete_reason:
        print(f"chưa đầy đủ: {table.incomplete_reason}")
    if table.simulated:
        print("SỐ LIỆU MÔ PHỎNG: bảng này có số liệu ví dụ, không phải số liệu thật")
    for line in (*table.lines, table.total):
        print(f"{line.label}{' (số liệu mô phỏng)' if line.simulated else ''}")
        for (_, row, subunit, column), cell in line.cells.items():
            shown = cell.state if cell.value is None else str(cell.value)
            estimate = f" + ước {cell.estimate}" if cell.estimate else ""
            print(f"    {row}{f'/{subunit}' if subunit else ''} {column}: {shown}{estimate}")
    return 0


command = Command("consolidate", "print a consolidated table", run, arguments)
