"""Writes the accepted figures of closed periods as Parquet files."""

import argparse
import sys
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.reporting.selectors import FormVersion, Period


def add_place(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """The arguments that name a form and a period."""
    parser.add_argument("--form", required=required, metavar="KEY", help="key of the form: <act>:<form>")
    parser.add_argument(
        "--period",
        required=required,
        metavar="RULE:CODE[:INSTALMENT]",
        help="such as tt03-6t:2024-6T; the rule may be left out",
    )


def place_of(form_key: str, word: str) -> "tuple[FormVersion, Period]":
    """The form and period of the two arguments. Raises Http404."""
    from django.http import Http404

    from giaoban.reporting import selectors

    form = selectors.form_by_key(form_key)
    rule, code, instalment = parted(word)
    period = selectors.period_of(form, code, instalment)
    if rule and period.rule.key != rule:
        raise Http404(f"Biểu {form.code} không có kỳ {code} theo quy tắc {rule}; kỳ này thuộc {period.rule.key}.")
    return form, period


def parted(word: str) -> tuple[str, str, str]:
    """Rule ("" when left out), code, instalment."""
    parts = word.split(":")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser, required=False)
    parser.add_argument("--all-closed", action="store_true", help="everything that is closed and has no file yet")


def run(chosen: argparse.Namespace) -> int:
    from django.http import Http404
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.reporting.services.freezing import FreezeRefused, freeze, freeze_closed

    by, now = system_actor("giaoban freeze"), timezone.now()
    if chosen.all_closed == bool(chosen.form or chosen.period) or bool(chosen.form) != bool(chosen.period):
        print("chọn một biểu và kỳ (--form, --period), hoặc --all-closed", file=sys.stderr)
        return 2
    refused: list[str] = []
    try:
        if chosen.all_closed:
            done, refused = freeze_closed(by=by, at=now)
        else:
            form, period = place_of(chosen.form, chosen.period)
            done = [freeze(form, period, by=by, at=now)]
    except Http404 as fault:
        print(str(fault), file=sys.stderr)
        return 1
    except FreezeRefused as fault:
        print(fault.sentence, file=sys.stderr)
        return 1
    for one in done:
        file = one.file
        what = "đã ghi" if one.is_new else "nội dung không đổi, không ghi bản mới"
        example = ", số liệu mô phỏng" if file.simulated else ""
        size = f"{file.reports} báo cáo, {file.lines} dòng, {file.cells} ô, {file.size} byte"
        print(f"{file.path}: {what}; {size}{example}")
    for sentence in refused:
        print(sentence, file=sys.stderr)
    if chosen.all_closed:
        print(f"{len(done)} tệp, {len(refused)} biểu và kỳ chưa ghi được")
    return 0


command = Command("freeze", "write the accepted figures of closed periods as files", run, arguments)
