"""Brings the database to the newest shape and collects the static files."""

import argparse

from giaoban.config.cli.command import Command


def run(_: argparse.Namespace) -> int:
    from giaoban.config.preparation import prepare

    for line in prepare():
        print(line)
    return 0


command = Command("prepare", "migrate the database, collect the static files", run)
