"""Consolidated tables in the terminal or as CSV, in the tree of their periods or in that of another date."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.reporting.selectors import ConsolidatedLine, ConsolidatedTable, ConsolidationRefused


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--form",
        required=True,
        metavar="KEY",
        help="key of the form: <act>:<form>, as the pack's forms/ folder names them",
    )
    parser.add_argument(
        "--period", required=True, nargs="+", metavar="CODE", help="such as 2024-6T, 2014-Q1, 2026-10-02; or several"
    )
    parser.add_argument("--instalment", default="", metavar="KEY")
    parser.add_argument(
        "--unit", required=True, metavar="KEY", help="key of the unit, as the pack's units.csv names it"
    )
    parser.add_argument("--geography", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the tree of another date")
    parser.add_argument(
        "--divided",
        choices=("refuse", "keep"),
        default="refuse",
        help="figures of a unit that was divided without shares: refuse the table, or keep them at the old unit",
    )
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
        tables = _tables(chosen, unit_id)
    except Http404 as refusal:
        print(str(refusal), file=sys.stderr)
        return 1
    except selectors.ConsolidationRefused as refusal:
        _say_refused(refusal)
        return 1
    if chosen.format == "csv":
        sys.stdout.write(selectors.export_tables(tables))
    else:
        for table in tables:
            _say(table)
    return 0


def _tables(chosen: argparse.Namespace, unit_id: int) -> "Sequence[ConsolidatedTable]":
    """In the order of the periods. Raises Http404, ConsolidationRefused."""
    from django.http import Http404

    from giaoban.reporting import selectors

    form = selectors.form_by_key(chosen.form)
    periods = [selectors.period_of(form, code, chosen.instalment) for code in chosen.period]
    if chosen.layer == "confirmed":
        frozen = [selectors.confirmed_table(form, one, unit_id, geography=chosen.geography) for one in periods]
        tables = [one.table for one in frozen if one is not None]
        if len(tables) < len(periods):
            raise Http404("chưa có bản đã xác nhận của bảng này")
        return tables
    if chosen.geography is None:
        return [selectors.consolidate(form, one, unit_id) for one in periods]
    return selectors.consolidate_series(form, periods, unit_id, geography=chosen.geography, divided=chosen.divided)


def _say_refused(refusal: "ConsolidationRefused") -> None:
    print(refusal.sentence, file=sys.stderr)
    for other in refusal.others:
        print(f"đơn vị của ngày đó: {other.key} · {other.name}", file=sys.stderr)
    for one in refusal.restatement.breaks:
        print(f"chuỗi số đứt: {one.words()}", file=sys.stderr)


def _say(table: "ConsolidatedTable") -> None:
    print(f"{table.unit.name} · {table.period.label} · địa giới {table.geography} · độ phủ {table.coverage_words}")
    if table.restatement.sentence:
        print(table.restatement.sentence)
    for one in table.restatement.breaks:
        print(f"chuỗi số đứt: {one.words()}")
    if table.incomplete_reason:
        print(f"chưa đầy đủ: {table.incomplete_reason}")
    if table.simulated:
        print("SỐ LIỆU MÔ PHỎNG: bảng này có số liệu ví dụ, không phải số liệu thật")
    for line in (*table.lines, table.total):
        print(f"{line.label}{' (số liệu mô phỏng)' if line.simulated else ''}{_held(line)}")
        for (_, row, subunit, column), cell in line.cells.items():
            shown = cell.state if cell.value is None else str(cell.value)
            estimate = f" + ước {cell.estimate}" if cell.estimate else ""
            print(f"    {row}{f'/{subunit}' if subunit else ''} {column}: {shown}{estimate}")


def _held(line: "ConsolidatedLine") -> str:
    """What a line says of itself beside its name, where it does not simply hold."""
    if line.restatement.outcome == "exact" or not line.key:
        return ""
    return f" [{line.restatement.outcome_words}: {line.restatement.sentence}]"


command = Command("consolidate", "print consolidated tables", run, arguments)
