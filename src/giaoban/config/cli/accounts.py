"""Accounts for trying the product: makes those that are missing, prints all with their passwords."""

import argparse

from giaoban.config.cli.command import Command


def run(_: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.config.demo.people import open_accounts
    from giaoban.config.paths import VAR
    from giaoban.kit.actors import system_actor

    now = timezone.now()
    rows = open_accounts(VAR / "accounts.tsv", by=system_actor("giaoban accounts"), at=now, on=timezone.localdate(now))
    width = max(len(login) for login, _, _ in rows)
    for login, password, name in rows:
        print(f"  {login:<{width}}  {password}  {name}")
    return 0


command = Command("accounts", "make and print the accounts for trying the product", run)
