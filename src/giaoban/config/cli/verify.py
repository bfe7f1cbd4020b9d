"""Looks whether frozen files are whole, and whether every figure in them is as in the database."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.reporting.selectors.verifying import Verified


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a .parquet file, or a folder of them")
    parser.add_argument("--all", action="store_true", help="every file that this installation wrote (the default)")


def run(chosen: argparse.Namespace) -> int:
    from giaoban.reporting.selectors.verifying import verify, verify_all

    if chosen.path is not None and chosen.all:
        print("chọn một tệp, một thư mục, hoặc --all", file=sys.stderr)
        return 2
    found: Iterable[Verified]
    if chosen.path is None:
        found = verify_all()
    elif chosen.path.is_dir():
        found = [verify(one) for one in sorted(chosen.path.rglob("*.parquet"))]
        if not found:
            print(f"{chosen.path}: không có tệp .parquet nào trong thư mục này", file=sys.stderr)
            return 1
    else:
        found = [verify(chosen.path)]
    count = wrong = 0
    for one in found:
        count, wrong = count + 1, wrong + (not one.is_whole)
        _say(one)
    print(f"{count} tệp, {wrong} tệp sai" if count else "chưa có tệp nào được ghi")
    return 1 if wrong else 0


def _say(one: "Verified") -> None:
    if one.is_whole:
        print(f"đúng  {one.path} ({one.against})")
        return
    print(f"SAI   {one.path} ({one.against})")
    for sentence in one.faults:
        print(f"      {sentence}")
    for difference in one.differences:
        print(
            f"      {difference.unit} · {difference.cell}: tệp {difference.in_file}, "
            f"cơ sở dữ liệu {difference.in_database}"
        )
    if one.differing > len(one.differences):
        print(f"      … và {one.differing - len(one.differences)} chỗ khác nữa")


command = Command("verify", "look whether frozen files are whole and as in the database", run, arguments)
