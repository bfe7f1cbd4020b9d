"""Opens a period of a regime and writes down who owes a form for it."""

import argparse
import sys

from giaoban.config.cli.command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--form", required=True, metavar="KEY", help="ACT:CODE, as in the folder forms/ of the pack")
    parser.add_argument("--rule", required=True, metavar="KEY", help="a period rule under which the form is owed")
    parser.add_argument("--year", required=True, type=int, metavar="YYYY", help="the reporting year")
    parser.add_argument("--instalment", default="", metavar="KEY", help="which instalment of the period")
    parser.add_argument("--period", metavar="CODE", help="which period of the year, where the rule has several")
    parser.add_argument("--receiver", metavar="KEY", help="only the units that report to this one")
    parser.add_argument("--preview", action="store_true", help="say who would owe what, write nothing")


def run(chosen: argparse.Namespace) -> int:
    from django.http import Http404
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.kit.actors import system_actor
    from giaoban.orgs.selectors import unit_id_of
    from giaoban.reporting import services

    receiver_id = unit_id_of(chosen.receiver) if chosen.receiver else None
    if chosen.receiver and receiver_id is None:
        print(f"không có đơn vị mang mã “{chosen.receiver}”; tìm mã trên trang Đơn vị", file=sys.stderr)
        return 1
    if chosen.period and not chosen.period.startswith(f"{chosen.year}"):
        print(f"kỳ “{chosen.period}” không thuộc năm {chosen.year}", file=sys.stderr)
        return 1
    by = system_actor("giaoban periods open")
    try:
        opening = services.preview_opening(
            chosen.form,
            chosen.rule,
            year=chosen.year,
            code=chosen.period,
            instalment=chosen.instalment,
            receiver_id=receiver_id,
            by=by,
        )
        days = sorted({one.due_on for one in opening.new if one.due_on is not None})
        dates = ", ".join(map(day, days)) or "không có"
        print(f"{opening.period.label}: {len(opening.new)} đơn vị mới phải gửi, hạn {dates}")
        print(f"không có hạn trong nguồn: {opening.without_deadline}; đã phải gửi từ trước: {len(opening.standing)}")
        if chosen.preview:
            return 0
        _, count = services.open_and_raise(
            chosen.form,
            chosen.rule,
            year=chosen.year,
            code=chosen.period,
            instalment=chosen.instalment,
            receiver_id=receiver_id,
            by=by,
            at=timezone.now(),
        )
    except Http404 as refusal:
        print(str(refusal), file=sys.stderr)
        return 1
    except services.ReportingError as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    print(f"đã mở kỳ {opening.period.code}, giao {count} đơn vị")
    return 0


command = Command("periods open", "open a reporting period and write down who owes a form for it", run, arguments)
