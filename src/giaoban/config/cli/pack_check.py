"""Names file, line and reason of every fault of a sector pack."""

import argparse
from pathlib import Path

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")


def run(chosen: argparse.Namespace) -> int:
    from giaoban.core.packs import check_pack

    if not chosen.folder.is_dir():
        print(f"{chosen.folder}: not a folder")
        return 1
    faults = check_pack(chosen.folder)
    for fault in faults:
        print(f"{fault.file}:{fault.line}: {fault.reason}")
    print(f"{chosen.folder}: {len(faults)} faults" if faults else f"{chosen.folder}: no fault")
    return 1 if faults else 0


command = Command("pack check", "name every fault of a sector pack", run, arguments, django=False)
