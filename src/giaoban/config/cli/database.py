"""Our own PostgreSQL server, by hand: `giaoban database status`."""

import argparse
import os

from giaoban.config import postgres
from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "act", choices=("status", "start", "stop", "url", "remove"), help="remove also deletes the data"
    )
    parser.add_argument("--yes", action="store_true", help="needed by remove")


def run(chosen: argparse.Namespace) -> int:
    act = chosen.act
    if act == "url":
        print(postgres.ensure_running())
        return 0
    if os.environ.get("DATABASE_URL") and act != "remove":
        print("external: DATABASE_URL is set; the server is not ours")
        return 0
    if act == "remove" and not chosen.yes:
        print("this deletes all data: giaoban database remove --yes")
        return 1
    server = postgres.Server()
    if act == "remove":
        server.remove()
        print("removed")
    elif act == "stop":
        print("stopped" if server.stop() else "was not running")
    else:
        if act == "start":
            server.ensure_running()
        print("\n".join(f"{name}: {value}" for name, value in server.describe().items()))
    return 0


command = Command(
    "database", "our own PostgreSQL server: status, start, stop, url, remove", run, arguments, django=False
)
