"""Takes in figures from a tidy CSV file, whole or not at all."""

import argparse
import sys
from pathlib import Path

from giaoban.config.cli.command import Command

COLUMNS = "unit,form,period,instalment,table,line,subunit,column,value,estimate,mark"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=f"CSV with the columns {COLUMNS}")
    parser.add_argument("--source", default="", help="where the figures come from")
    parser.add_argument("--publication", action="store_true", help="published figures, captured as they were printed")
    parser.add_argument("--accept", action="store_true", help="accept what is sent, as the receiver would")
    parser.add_argument("--explanation", default="", help="words that stand for every warning")
    parser.add_argument("--amendment-reason", default="", help="why figures that were accepted before change")
    parser.add_argument("--simulated", action="store_true", help="made-up figures: labelled so wherever they appear")


def run(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.issues import sentence
    from giaoban.kit.actors import system_actor
    from giaoban.reporting import services

    if not chosen.file.is_file():
        print(f"{chosen.file}: không có tệp này", file=sys.stderr)
        return 1
    try:
        result = services.import_csv(
            chosen.file.read_bytes(),
            chosen.file.name,
            by=system_actor("giaoban figures import"),
            at=timezone.now(),
            channel="publication" if chosen.publication else "csv",
            accept=chosen.accept,
            simulated=chosen.simulated,
            source=chosen.source,
            explanation=chosen.explanation,
            amendment_reason=chosen.amendment_reason,
        )
    except services.ImportRefused as refusal:
        for issue in refusal.issues:
            print(sentence(issue), file=sys.stderr)
        print(f"{chosen.file}: không ghi gì, {len(refusal.issues)} lỗi", file=sys.stderr)
        return 1
    except services.ReportingError as refusal:
        print(f"{chosen.file}: không ghi gì. {refusal.sentence}", file=sys.stderr)
        return 1
    for issue in result.issues:
        print(sentence(issue))
    for submission in result.submissions:
        print(f"{submission.receipt}  {submission.obligation.unit.key}")
    print(f"{chosen.file}: {len(result.submissions)} báo cáo, {len(result.unchanged)} đơn vị không đổi")
    return 0


command = Command("figures import", "take in figures from a tidy CSV file", run, arguments)
