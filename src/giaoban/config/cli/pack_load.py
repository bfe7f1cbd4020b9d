"""Loads a sector pack: one transaction, the same files again change nothing, says what it changed."""

import argparse
from pathlib import Path

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")


def run(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.kit.packs import PackRefused, load_pack

    try:
        load_pack(chosen.folder, by=system_actor("giaoban pack load"), at=timezone.now(), say=print)
    except PackRefused as refusal:
        for fault in refusal.faults:
            print(f"{fault.file}:{fault.line}: {fault.reason}")
        print(f"{chosen.folder}: nothing loaded, {len(refusal.faults)} faults")
        return 1
    return 0


command = Command("pack load", "load a sector pack into the database", run, arguments)
