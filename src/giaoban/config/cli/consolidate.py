"""Consolidated tables in the terminal or as CSV, in the tree of their periods or in that of another date."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.core.consolidation import CellTotal
    from giaoban.reporting.selectors import ConsolidatedLine, ConsolidationRefused, FormVersion, Period, Reading


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
    parser.add_argument(
        "--layer",
        choices=("live", "confirmed", "presented", "published"),
        default="live",
        help="the live table, or as last confirmed, presented in a briefing book, or published",
    )
    parser.add_argument("--format", choices=("csv", "table"), default="table")
    over = parser.add_mutually_exclusive_group()
    over.add_argument("--together", action="store_true", help="the periods added up, as one longer period")
    over.add_argument(
        "--increments", action="store_true", help="what each cumulative period of a year added to the one before"
    )


def run(chosen: argparse.Namespace) -> int:
    from django.http import Http404

    from giaoban.core.series import SeriesRefused
    from giaoban.orgs.selectors import unit_id_of
    from giaoban.reporting import selectors

    unit_id = unit_id_of(chosen.unit)
    if unit_id is None:
        print(f"không có đơn vị mang mã “{chosen.unit}”; tìm mã trên trang Đơn vị", file=sys.stderr)
        return 1
    if (chosen.together or chosen.increments) and chosen.layer != selectors.LIVE:
        print("chỉ cộng hoặc tách các kỳ của bảng trực tiếp: bỏ --layer", file=sys.stderr)
        return 1
    try:
        if chosen.increments:
            return _increments(chosen, unit_id)
        readings = [_together(chosen, unit_id)] if chosen.together else _readings(chosen, unit_id)
    except Http404 as refusal:
        print(str(refusal), file=sys.stderr)
        return 1
    except SeriesRefused as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    except selectors.ConsolidationRefused as refusal:
        _say_refused(refusal)
        return 1
    if chosen.format == "csv":
        sys.stdout.write(selectors.export_readings(readings))
    else:
        for one in readings:
            _say(one)
    return 0


def _readings(chosen: argparse.Namespace, unit_id: int) -> "Sequence[Reading]":
    """In the order of the periods. Raises Http404, ConsolidationRefused."""
    from giaoban.reporting import selectors

    form = selectors.form_by_key(chosen.form)
    periods = [selectors.period_of(form, code, chosen.instalment) for code in chosen.period]
    if chosen.layer != selectors.LIVE:
        return [_frozen(chosen, form, one, unit_id) for one in periods]
    if chosen.geography is None:
        tables = [selectors.consolidate(form, one, unit_id) for one in periods]
    else:
        tables = selectors.consolidate_series(
            form, periods, unit_id, geography=chosen.geography, divided=chosen.divided
        )
    return [selectors.live_reading(one) for one in tables]


def _asked(chosen: argparse.Namespace) -> "tuple[FormVersion, list[Period]]":
    """Raises Http404."""
    from giaoban.reporting import selectors

    form = selectors.form_by_key(chosen.form)
    return form, [selectors.period_of(form, code, chosen.instalment) for code in chosen.period]


def _together(chosen: argparse.Namespace, unit_id: int) -> "Reading":
    """The periods as one. What there is to say of it goes to the error output, so that the CSV stays one. Raises
    Http404, SeriesRefused, ConsolidationRefused."""
    from giaoban.reporting import selectors

    form, periods = _asked(chosen)
    found = selectors.added_up(form, periods, unit_id, geography=chosen.geography, divided=chosen.divided)
    names = {line.key: line.label for line in found.table.lines}
    said = [*found.notes, *(f"{names[key]}: không có số của {', '.join(one)}" for key, one in found.absent_in.items())]
    for sentence in said:
        print(sentence, file=sys.stderr if chosen.format == "csv" else sys.stdout)
    return selectors.live_reading(found.table)


def _increments(chosen: argparse.Namespace, unit_id: int) -> int:
    """Raises Http404, SeriesRefused, ConsolidationRefused."""
    from giaoban.reporting import selectors

    form, periods = _asked(chosen)
    lines = selectors.increments_by_line(form, periods, unit_id, geography=chosen.geography, divided=chosen.divided)
    if not any(one.cells for one in lines):
        print(f"{periods[0].label} không có cột nào lũy kế từ đầu năm: không có gì để tách theo kỳ", file=sys.stderr)
        return 1
    if chosen.format == "csv":
        sys.stdout.write(selectors.export_increments(form.key, lines))
        return 0
    for one in lines:
        print(f"{one.line.label}{' (số liệu mô phỏng)' if one.line.simulated else ''}{_held(one.line)}")
        for (_, row, subunit, column), unfolded in one.cells.items():
            for part in unfolded.increments:
                print(f"    {row}{f'/{subunit}' if subunit else ''} {column}: {part.value} · {part.words()}")
            for fall in unfolded.falls:
                print(f"    {row}{f'/{subunit}' if subunit else ''} {column}: {fall.words()}")
    return 0


def _frozen(chosen: argparse.Namespace, form: "FormVersion", period: "Period", unit_id: int) -> "Reading":
    """The reading of a layer; where no document published the table, what the unit itself stated. Raises Http404,
    ConsolidationRefused."""
    from django.http import Http404

    from giaoban.reporting import selectors

    found = selectors.frozen_reading(chosen.layer, form, period, unit_id, geography=chosen.geography)
    if found is None and chosen.layer == "published":
        live = selectors.consolidate(form, period, unit_id, geography=chosen.geography)
        found = selectors.stated_reading(form, period, live)
    if found is None:
        raise Http404(f"chưa có bản {selectors.LAYER_NAMES[chosen.layer].lower()} của bảng này, kỳ {period.label}")
    return found


def _say_refused(refusal: "ConsolidationRefused") -> None:
    print(refusal.sentence, file=sys.stderr)
    for other in refusal.others:
        print(f"đơn vị của ngày đó: {other.key} · {other.name}", file=sys.stderr)
    for one in refusal.restatement.breaks:
        print(f"chuỗi số đứt: {one.words()}", file=sys.stderr)


def _say(reading: "Reading") -> None:
    table = reading.table
    print(f"{table.unit.name} · {table.period.label} · địa giới {table.geography} · độ phủ {table.coverage_words}")
    if reading.layer != "live":
        _say_frozen(reading)
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
            print(f"    {row}{f'/{subunit}' if subunit else ''} {column}: {_shown(cell)}")


def _shown(cell: "CellTotal") -> str:
    if cell.value is None:
        return "không cộng" if cell.reported else cell.state
    estimate = f" + ước {cell.estimate}" if cell.estimate else ""
    left_out = f" (chưa tính {cell.left_out} đơn vị không có trọng số)" if cell.left_out else ""
    return f"{cell.value}{estimate}{left_out}"


def _say_frozen(reading: "Reading") -> None:
    """Which reading it is, from when, by whom and with which document."""
    from django.utils import timezone

    from giaoban.core.vietnamese import day, moment

    number = f", {'biên nhận' if reading.submission_id else 'văn bản số'} {reading.number}" if reading.number else ""
    issued = f" ngày {day(reading.issued_on)}" if reading.number and reading.issued_on else ""
    intact = "" if reading.intact else " · NỘI DUNG LƯU KHÔNG CÒN KHỚP MÃ KIỂM"
    at = moment(timezone.localtime(reading.at))
    print(f"bản {reading.name.lower()}: {at}, {reading.by}{number}{issued}{intact}")


def _held(line: "ConsolidatedLine") -> str:
    """What a line says of itself beside its name, where it does not simply hold."""
    if line.restatement.outcome == "exact" or not line.key:
        return ""
    return f" [{line.restatement.outcome_words}: {line.restatement.sentence}]"


command = Command("consolidate", "print consolidated tables", run, arguments)
