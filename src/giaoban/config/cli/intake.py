"""Takes in the reports that lie in a folder, once, and says what became of each."""

import argparse
import sys
from pathlib import Path

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="FOLDER", help="where the files and mails (.eml) lie")
    parser.add_argument("--as", dest="login", required=True, metavar="LOGIN", help="the person in whose name")


def run(chosen: argparse.Namespace) -> int:
    from django.core.exceptions import PermissionDenied
    from django.utils import timezone

    from giaoban.reporting.services.dropping import FolderRefused, finish_folder, take_folder_as

    try:
        dropped = take_folder_as(chosen.path, chosen.login, at=timezone.now())
    except (FolderRefused, PermissionDenied) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    refused = dropped.refused
    for file in finish_folder(chosen.path, chosen.login):
        print(f"{file.filename}: {file.get_state_display()}. {file.sentence}".rstrip())
        refused += file.state == "refused"
    print(f"{chosen.path}: {dropped.picked} tệp, {refused} tệp không nhận")
    return 1 if refused else 0


command = Command("intake folder", "take in the reports that lie in a folder", run, arguments)
