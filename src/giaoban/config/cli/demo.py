"""The main job: one turn of the loop on real published figures. Exit status 0 only if every check held."""

import argparse

from giaoban.config.cli.command import Command


def run(_: argparse.Namespace) -> int:
    from giaoban.config.demo.main import run as run_demo

    return 1 if run_demo(print) else 0


command = Command("demo", "run the main job on published figures and check it", run)
