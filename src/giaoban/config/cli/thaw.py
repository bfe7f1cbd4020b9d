"""Lets a period be read from the database again, or turns a frozen file into CSV for another installation."""

import argparse
import sys
from pathlib import Path

from giaoban.config.cli.command import Command
from giaoban.config.cli.freeze import add_place, place_of


def arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser, required=False)
    parser.add_argument("--reason", default="", metavar="WORDS", help="why the file is no longer read")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a .parquet file to write as CSV; changes nothing")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the CSV goes; beside the file if not named")


def run(chosen: argparse.Namespace) -> int:
    if chosen.csv is not None:
        if chosen.form or chosen.period or chosen.reason:
            print("--csv chỉ đọc một tệp; không dùng cùng --form, --period, --reason", file=sys.stderr)
            return 2
        return _as_csv(chosen.csv, chosen.out or chosen.csv.with_suffix(".csv"))
    if not (chosen.form and chosen.period and chosen.reason):
        print("nêu --form, --period và --reason; hoặc --csv TỆP", file=sys.stderr)
        return 2
    return _thaw(chosen)


def _thaw(chosen: argparse.Namespace) -> int:
    from django.http import Http404
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.reporting.services.errors import ReportingError
    from giaoban.reporting.services.freezing import thaw

    try:
        form, period = place_of(chosen.form, chosen.period)
        file = thaw(form, period, reason=chosen.reason, by=system_actor("giaoban thaw"), at=timezone.now())
    except Http404 as fault:
        print(str(fault), file=sys.stderr)
        return 1
    except ReportingError as fault:
        print(fault.sentence, file=sys.stderr)
        return 1
    print(f"{file.path}: thôi dùng, kỳ này đọc lại từ cơ sở dữ liệu; tệp vẫn được giữ")
    return 0


def _as_csv(path: Path, out: Path) -> int:
    """Into one file, or several when one would be more than `figures import` takes."""
    from giaoban.reporting.archive.csvs import tidy
    from giaoban.reporting.archive.reading import Unreadable, about

    try:
        simulated = about(path).simulated
        written: list[Path] = []
        rows = 0
        for number, cells, piece in tidy(path):
            if number > len(written):
                written.append(out if number == 1 else out.with_stem(f"{out.stem}-{number}"))
                with written[-1].open("x", encoding="utf-8", newline="") as file:
                    file.write(piece)
            else:
                with written[-1].open("a", encoding="utf-8", newline="") as file:
                    file.write(piece)
            rows += cells
    except Unreadable as fault:
        print(fault.sentence, file=sys.stderr)
        return 1
    except FileExistsError as fault:
        print(f"{fault.filename} đã có; đặt tên khác bằng --out", file=sys.stderr)
        return 1
    if not written:
        print(f"{path}: tệp không có dòng nào, không ghi CSV", file=sys.stderr)
        return 1
    for one in written:
        print(one)
    option = " --simulated" if simulated else ""
    print(f"{rows} ô; nhập ở nơi khác bằng: giaoban figures import{option} --accept TỆP")
    return 0


command = Command("thaw", "read a period from the database again, or write a frozen file as CSV", run, arguments)
