"""Makes the reminders of a day, or prints what they would say to whom."""

import argparse
import sys
from datetime import date

from giaoban.config.cli.command import Command


def a_day(text: str) -> date:
    """Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; write it as 2026-10-02") from None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", type=a_day, metavar="DATE", help="today if not named; another one needs --dry-run")
    parser.add_argument("--dry-run", action="store_true", help="print the messages and their readers, write nothing")


def run(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.kit.actors import system_actor
    from giaoban.reporting import services
    from giaoban.reporting.selectors.reminding import day_plan, last_run, policy

    now = timezone.now()
    on = chosen.on or timezone.localdate(now)
    if policy() is None:
        print("gói danh mục không có quy tắc nhắc hạn (danh sách reminders trong words.yaml)", file=sys.stderr)
        return 1
    if not chosen.dry_run:
        if on != timezone.localdate(now):
            print("chỉ gửi được tin của hôm nay; thêm --dry-run để xem trước ngày khác", file=sys.stderr)
            return 1
        count = services.send_digests(on, by=system_actor("giaoban remind"), at=now)
        print(f"{day(on)}: đã báo {count} người")
        return 0
    told = day_plan(on, last_run(on))
    for one in told:
        by_mail = f", thư đến {one.recipient.email}" if one.recipient.email else ""
        print(f"## {one.recipient.name} – {one.unit.name}{by_mail}\n{one.said.subject}\n\n{one.said.body}\n")
    print(f"{day(on)}: {len(told)} người sẽ được báo")
    return 0


command = Command("remind", "make today's reminders of reports, or print those of a day", run, arguments)
