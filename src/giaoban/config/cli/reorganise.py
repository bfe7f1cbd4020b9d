"""A reorganisation from a table: looked at first; with every slip decided, applied as one event."""

import argparse
import csv
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.core.reorganisation import Decision, Examination, Slip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV or XLSX: mã cũ, mã mới, phần, …")
    parser.add_argument(
        "--on", type=date.fromisoformat, required=True, metavar="DAY", help="first day of the new state"
    )
    parser.add_argument("--basis", required=True, help="number of the legal act")
    parser.add_argument("--basis-on", type=date.fromisoformat, metavar="DAY", help="its date")
    parser.add_argument("--title", default="", help="what the event is called")
    parser.add_argument("--reason", default="")
    parser.add_argument("--unit", metavar="KEY", help="the unit that enters it; needed with --apply")
    parser.add_argument(
        "--decide", type=Path, metavar="FILE", help="CSV: slip,choice and columns to write; or kind, for all of a kind"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="only look (the default)")
    how.add_argument("--apply", action="store_true", help="apply when nothing is left to decide")


def run(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.reorganisation import examine
    from giaoban.kit.actors import system_actor
    from giaoban.orgs.selectors.reorganising import register_on
    from giaoban.orgs.services.reorganising import ImportRefused, decisions_from, read_table

    by, at = system_actor("giaoban units reorganise"), timezone.now()
    for path in (chosen.file, chosen.decide):
        if path is not None and not path.is_file():
            return _refuse(f"{path}: không có tệp này")
    try:
        rows = read_table(chosen.file.read_bytes())
        register = register_on(chosen.on)
        decisions = decisions_from(rows, register, _wanted(chosen.decide), by=by, at=at)
    except ImportRefused as refusal:
        return _refuse(refusal.sentence)
    examined = examine(rows, register, decisions)
    _say(examined)
    if examined.to_decide:
        return _refuse(f"{chosen.file}: còn {len(examined.to_decide)} chỗ phải quyết định, chưa ghi gì")
    return _apply(chosen, decisions) if chosen.apply else 0


def _apply(chosen: argparse.Namespace, decisions: "list[Decision]") -> int:
    from django.db import transaction
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.orgs.selectors import unit_id_of
    from giaoban.orgs.services import EventRefused
    from giaoban.orgs.services.reorganising import ImportRefused, apply_import, open_import

    by, at = system_actor("giaoban units reorganise"), timezone.now()
    unit_id = unit_id_of(chosen.unit) if chosen.unit else None
    if unit_id is None:
        return _refuse("--apply cần --unit KEY của đơn vị nhập bảng")
    try:
        with transaction.atomic():
            row = open_import(
                chosen.file.read_bytes(),
                chosen.file.name,
                unit_id=unit_id,
                on=chosen.on,
                title=chosen.title or f"Sắp xếp theo {chosen.basis}",
                basis=chosen.basis,
                basis_on=chosen.basis_on,
                reason=chosen.reason,
                decisions=decisions,
                by=by,
                at=at,
            )
            event = apply_import(row.pk, by=by, at=at)
    except (ImportRefused, EventRefused) as refusal:
        for fault in getattr(refusal, "faults", ()):
            print(fault.sentence, file=sys.stderr)
        return _refuse(refusal.sentence)
    print(f"{event.key}: {event.title}, từ ngày {event.on:%d/%m/%Y}")
    return 0


def _wanted(path: Path | None) -> list[dict[str, str]]:
    if path is None:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: text or "" for name, text in row.items() if name} for row in csv.DictReader(file)]


def _say(examined: "Examination") -> None:
    for slip in examined.slips:
        _say_slip(slip)
    counts = examined.counts
    print(
        f"{counts.rows} dòng: toàn bộ {counts.whole}, chia {counts.divided}, mới {counts.new}, "
        f"chấm dứt {counts.ended}, giữ {counts.kept}"
    )


def _say_slip(slip: "Slip") -> None:
    mark = "?" if slip.severity == "decide" else "-"
    print(f"{mark} [{slip.kind}] {slip.sentence}")
    if slip.severity == "decide":
        print(f"    {slip.key}")
        for one in slip.proposals:
            print(f"    {one.choice}: {one.words}")
        if slip.asks:
            print(f"    hoặc ghi: {', '.join(slip.asks)}")


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


command = Command("units reorganise", "look at or apply a reorganisation from a table", run, add_arguments)
