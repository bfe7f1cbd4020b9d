"""Django's own commands: `giaoban manage migrate --list`."""

import argparse

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, help="the command and its arguments")


def run(chosen: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["giaoban manage", *chosen.words])
    return 0


command = Command("manage", "run one of Django's commands", run, arguments)
