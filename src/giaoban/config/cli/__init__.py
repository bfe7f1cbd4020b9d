"""The command `giaoban`. One module per command or family: to add one, write the module and name it in COMMANDS."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from giaoban.config.cli.command import Command
from giaoban.config.postgres import LauncherError

COMMANDS = (
    "demo",
    "serve",
    "accounts",
    "doctor",
    "consolidate",
    "figures_disagree",
    "figures_import",
    "figures_export",
    "figures_query",
    "freeze",
    "intake",
    "pack_check",
    "pack_load",
    "periods_open",
    "remind",
    "thaw",
    "units",
    "verify",
    "reorganise",
    "prepare",
    "database",
    "manage",
)


def commands() -> list[Command]:
    """What the modules offer: one `command`, or several `commands`."""
    modules = [importlib.import_module(f"giaoban.config.cli.{module}") for module in COMMANDS]
    return [one for module in modules for one in getattr(module, "commands", None) or (module.command,)]


def build_parser(known: Sequence[Command]) -> argparse.ArgumentParser:
    """A parser that puts the chosen command in `command`. Names of two words share the parser of their first."""
    parser = argparse.ArgumentParser(prog="giaoban", description="The periodic work of a large public administration.")
    words = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in known:
        first, _, second = command.name.partition(" ")
        if second and first not in groups:
            group = words.add_parser(first, help=", ".join(c.name for c in known if c.name.startswith(f"{first} ")))
            groups[first] = group.add_subparsers(metavar="COMMAND", required=True)
        place, name = (groups[first], second) if second else (words, first)
        own = place.add_parser(name, help=command.help, description=command.help)
        command.arguments(own)
        own.set_defaults(command=command)
    return parser


def start_django() -> None:
    """Settings and rooms; starts the database when it is ours. Raises LauncherError."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    import django

    django.setup()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status: 0 done, 1 something is wrong, 2 the command was not understood."""
    chosen = build_parser(commands()).parse_args(arguments)
    command: Command = chosen.command
    try:
        if command.django:
            start_django()
        return command.run(chosen)
    except LauncherError as error:
        print(f"giaoban: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
