"""Writes the accepted reports of a form as one wide CSV: a row per report, a column per cell."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command
from giaoban.config.cli.freeze import place_of

if TYPE_CHECKING:
    from giaoban.reporting.selectors import FormVersion, Period
    from giaoban.reporting.selectors.wide import Wide


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "A row per accepted report, a column per numeric cell of the fixed rows. Left out: lines per sub-unit, and "
        "columns of text; the file of a single report, on its page, has both."
    )
    parser.add_argument("--form", required=True, metavar="KEY", help="key of the form: <act>:<form>")
    parser.add_argument(
        "--period", nargs="+", default=[], metavar="RULE:CODE[:INSTALMENT]", help="one or several; all if not named"
    )
    parser.add_argument("--unit", default="", metavar="KEY", help="only what belongs to this unit")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE")
    parser.add_argument("--bom", action="store_true", help="begin with the mark by which spreadsheets know UTF-8")


def run(chosen: argparse.Namespace) -> int:
    from django.http import Http404
    from django.utils import timezone

    from giaoban.orgs.selectors import unit_id_of
    from giaoban.reporting import selectors
    from giaoban.reporting.selectors.wide import count_reports, wide_table

    unit_id = unit_id_of(chosen.unit) if chosen.unit else None
    if chosen.unit and unit_id is None:
        print(f"không có đơn vị mang mã “{chosen.unit}”; tìm mã trên trang Đơn vị", file=sys.stderr)
        return 1
    try:
        form = selectors.form_with_layout(chosen.form)
        periods = _periods(form, chosen.period)
    except Http404 as fault:
        print(str(fault), file=sys.stderr)
        return 1
    on = timezone.localdate()
    wide = wide_table(form, periods, unit_id=unit_id, on=on, bom=chosen.bom)
    try:
        rows = _write(wide, chosen.out)
    except OSError as fault:
        print(f"{chosen.out}: không ghi được ({fault.strerror})", file=sys.stderr)
        return 1
    stored = count_reports(form, periods, unit_id=unit_id, on=on)
    said = f"{chosen.out}: {rows} dòng × {len(wide.header)} cột"
    if rows != wide.total or rows != stored:
        print(
            f"{said}, khác số báo cáo trong cơ sở dữ liệu ({stored}): có báo cáo mới khi ghi. Ghi lại.", file=sys.stderr
        )
        return 1
    example = "; có số liệu mô phỏng" if wide.simulated else ""
    print(f"{said}, đúng bằng số báo cáo đã tiếp nhận trong cơ sở dữ liệu{example}")
    return 0


def _periods(form: "FormVersion", words: list[str]) -> "list[Period]":
    """In the order named, once each; all with obligations when none is named. Raises Http404."""
    from giaoban.reporting import selectors

    if not words:
        return selectors.periods_with_obligations(form)
    return list(dict.fromkeys(place_of(form.key, word)[1] for word in words))


def _write(wide: "Wide", out: Path) -> int:
    """Under another name until it is whole; gives the rows counted in the file itself, without the header."""
    made = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with made.open("w", encoding="utf-8", newline="") as file:
            for piece in wide.text:
                file.write(piece)
        with made.open("rb") as file:
            rows = sum(block.count(b"\r\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
        made.replace(out)
    finally:
        made.unlink(missing_ok=True)
    return rows


command = Command("figures export", "write accepted reports as one wide CSV", run, arguments)
