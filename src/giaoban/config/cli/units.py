"""Units and areas in the terminal: trees and things of a day, events tried out, recorded and taken back, crosswalks."""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from giaoban.config.cli.command import Command

TREE_COLUMNS = ("key", "parent", "kind", "code", "name", "depth", "known_on")
EVENT_COLUMNS = ("on", "kind", "state", "key", "title", "basis", "basis_on")
TREES = ("unit", "area")

Arguments = Callable[[argparse.ArgumentParser], None]


def _day(parser: argparse.ArgumentParser, *names: str, help: str, required: bool = False) -> None:
    parser.add_argument(*names, type=date.fromisoformat, metavar="YYYY-MM-DD", help=help, required=required)


def _format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")


def _wrong(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], format: str) -> None:
    """As CSV (line ends CR LF) or as a JSON list of objects; dates as year-month-day."""
    plain = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if format == "json":
        json.dump([dict(zip(columns, row, strict=True)) for row in plain], sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(plain)


# giaoban units tree


def tree_arguments(parser: argparse.ArgumentParser) -> None:
    _day(parser, "--on", help="the day of the tree; today by default")
    parser.add_argument("--line", default="", metavar="KEY", help="the line; the first of the sector's by default")
    parser.add_argument("--areas", action="store_true", help="the tree of areas instead of units")
    parser.add_argument("--top", default="", metavar="KEY", help="only this one and all beneath it")
    _format(parser)


def tree(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.orgs import selectors

    on = chosen.on or timezone.localdate()
    lines = [one.key for one in selectors.lines()]
    line = chosen.line or next(iter(lines), "")
    if not chosen.areas and line not in lines:
        return _wrong(f"không có tuyến “{line}”; các tuyến: {', '.join(lines)}")
    if chosen.areas:
        rows = selectors.area_tree_on(on)
        top = next((row.id for row in rows if row.key == chosen.top), None)
        rows = selectors.area_tree_on(on, top) if top is not None else rows
    else:
        top = selectors.unit_id_of(chosen.top)
        rows = selectors.tree_on(line, on, top)
    if chosen.top and (top is None or not rows):
        return _wrong(f"ngày {day(on)} không có “{chosen.top}” trên cây này; tìm mã bằng giaoban units search")
    if chosen.format == "table":
        assumed = sum(row.known_on is not None and on < row.known_on for row in rows)
        print(f"{'địa bàn' if chosen.areas else f'tuyến {line}'}, ngày {day(on)}: {len(rows)} dòng")
        if assumed:
            print(f"{assumed} dòng chỉ được nguồn ghi cho ngày sau đó, ngày bắt đầu không rõ")
        for row in rows:
            print(f"{'  ' * row.depth}{row.name}  [{row.key}]")
        return 0
    keys = {row.id: row.key for row in rows}
    _print_rows(
        TREE_COLUMNS,
        [
            (row.key, keys.get(row.parent_id or 0, ""), row.kind, row.code, row.name, row.depth, row.known_on)
            for row in rows
        ],
        chosen.format,
    )
    return 0


# giaoban units show, search


def show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY")
    _day(parser, "--on", help="the day; today by default")


def show(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.orgs import selectors
    from giaoban.orgs.selectors.histories import unit_moments

    on = chosen.on or timezone.localdate()
    unit_id = selectors.unit_id_of(chosen.key)
    if unit_id is None:
        return _wrong(f"không có đơn vị mang mã “{chosen.key}”; tìm mã bằng giaoban units search")
    card = selectors.card(unit_id, on)
    print(f"{card.name} ({card.kind_name}) [{card.key}], ngày {day(on)}")
    if card.has_ended(on):
        print(f"đã kết thúc từ {day(card.ended_on or on)}")
    elif card.started_on is not None and card.started_on > on:
        print(f"chưa có; bắt đầu từ {day(card.started_on)}")
    held = [
        row
        for row in selectors.parents_of(unit_id)
        if (row.valid_from is None or row.valid_from <= on) and (row.valid_to is None or row.valid_to > on)
    ]
    for row in held:
        print(f"thuộc {row.parent.name} [{row.parent.key}], tuyến {row.line_name}")
    for post in selectors.posts_on(unit_id, on):
        lent = f", {post.delegated_by} ủy quyền" if post.delegated_by else ""
        print(f"{post.role_name}: {post.name}{lent}")
    for moment in unit_moments(unit_id):
        when = day(moment.on) if moment.on else "không rõ ngày"
        others = ", ".join(party.leaf.name for party in moment.others)
        more = f" và {moment.more} đơn vị khác" if moment.more else ""
        tail = f"; {moment.basis}" if moment.basis else ""
        print(f"  {when}: {moment.words}{f' {others}{more}' if others else ''}{tail}")
    return 0


def search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORDS", help="part of a name, with or without accents")
    _day(parser, "--on", help="how the units are called; today by default")


def search(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.kit.actors import system_actor
    from giaoban.orgs import selectors

    on = chosen.on or timezone.localdate()
    found = selectors.search_units(system_actor("giaoban units search"), " ".join(chosen.words), on)
    if not found:
        return _wrong(f"không thấy đơn vị nào có “{' '.join(chosen.words)}” trong tên")
    became = selectors.successors([one.id for one in found if one.has_ended(on)])
    for one in found:
        ended = f", kết thúc {day(one.ended_on)}" if one.ended_on is not None and one.has_ended(on) else ""
        heirs = ", ".join(step.other.name for step in became.get(one.id, ()))
        print(f"{one.key}  {one.name} ({one.kind_name}){ended}{f' → {heirs}' if heirs else ''}")
    return 0


# giaoban units events, event, undo


def events_arguments(parser: argparse.ArgumentParser) -> None:
    _day(parser, "--from", help="the first day of the events")
    _day(parser, "--to", help="their last day")
    _format(parser)


def events(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.core.vietnamese import day
    from giaoban.kit.actors import system_actor
    from giaoban.orgs.selectors.events import kind_name, visible_events

    rows = visible_events(system_actor("giaoban units events"), timezone.localdate()).order_by("on", "pk")
    first, last = getattr(chosen, "from"), chosen.to
    rows = rows.filter(on__gte=first) if first else rows
    rows = rows.filter(on__lte=last) if last else rows
    rows = rows.defer("before", "receipts", "request")
    if chosen.format == "table":
        for one in rows:
            print(f"{day(one.on)}  {kind_name(one)}  {one.title}  [{one.key}], {one.get_state_display()}")
        return 0
    _print_rows(EVENT_COLUMNS, [[getattr(one, name) for name in EVENT_COLUMNS] for one in rows], chosen.format)
    return 0


def event_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.json", help="the event as data: docs/how-to/use-the-api.md")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, write nothing")
    parser.add_argument("--basis", default="", metavar="TEXT", help="the legal act, with its number")
    _day(parser, "--basis-on", help="the day of the legal act")
    parser.add_argument("--reason", default="", metavar="TEXT")
    parser.add_argument("--title", default="", metavar="TEXT", help="what the event is called; made up by default")


def event(chosen: argparse.Namespace) -> int:
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.orgs import services

    try:
        data = json.loads(chosen.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return _wrong(f"không đọc được {chosen.file}: {error}")
    if not isinstance(data, dict):
        return _wrong(f"{chosen.file}: nội dung phải là một biến động, không phải danh sách hay chuỗi")
    by, at = system_actor("giaoban units event"), timezone.now()
    try:
        shown = services.preview(data, by=by, at=at)
        print(shown.sentence)
        if shown.faults:
            return _faults(shown.faults)
        _print_preview(shown)
        if chosen.dry_run:
            return 0
        made = services.record(
            data,
            basis=chosen.basis,
            basis_on=chosen.basis_on,
            reason=chosen.reason,
            title=chosen.title,
            by=by,
            at=at,
        )
    except services.EventRefused as refusal:
        print(refusal.sentence, file=sys.stderr)
        return _faults(refusal.faults)
    print(f"đã ghi: {made.title} [{made.key}], {made.get_state_display()}")
    return 0


def _faults(faults: Iterable[Any]) -> int:
    for one in faults:
        print(f"{one.at}: {one.sentence}", file=sys.stderr)
    return 1


def _print_preview(shown: Any) -> None:
    """What closes, comes, moves and changes, and what that does in each room."""
    for what, things in (("kết thúc", shown.closes), ("lập mới", shown.creates)):
        for thing in things:
            print(f"  {what}: {thing.name} [{thing.key}]")
    for move in shown.moves:
        print(f"  chuyển: {move.thing.name} về {move.new.name if move.new else 'không thuộc đâu'} ({move.line_name})")
    for change in shown.changes:
        print(f"  đổi {change.what}: {change.thing.name}: {change.before} → {change.after}")
    for room in shown.effects:
        for effect in room.effects:
            print(f"  {room.title}: {effect.count} {effect.what}, {effect.consequence}")
    for note in shown.notes:
        print(f"  lưu ý: {note}")


def undo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="of the event, as giaoban units events shows it")
    parser.add_argument("--reason", required=True, metavar="TEXT")


def undo(chosen: argparse.Namespace) -> int:
    from django.http import Http404
    from django.utils import timezone

    from giaoban.kit.actors import system_actor
    from giaoban.orgs import services
    from giaoban.orgs.selectors.events import event_for

    by = system_actor("giaoban units undo")
    try:
        one = event_for(by, chosen.key, timezone.localdate())
        services.undo(one, reason=chosen.reason, by=by, at=timezone.now())
    except Http404 as error:
        return _wrong(str(error))
    except services.EventRefused as refusal:
        print(refusal.sentence, file=sys.stderr)
        return _faults(refusal.faults)
    print(f"đã hoàn tác: {one.title} [{one.key}]")
    return 0


# giaoban units crosswalk


def crosswalk_arguments(parser: argparse.ArgumentParser) -> None:
    _day(parser, "--from", help="the day of the old codes", required=True)
    _day(parser, "--to", help="the day of the new codes", required=True)
    parser.add_argument("--tree", choices=TREES, default="unit")
    parser.add_argument("--format", choices=("csv", "json"), default="csv")


def crosswalk(chosen: argparse.Namespace) -> int:
    from giaoban.orgs import selectors
    from giaoban.orgs.selectors.crosswalk import COLUMNS, cells

    rows = selectors.crosswalk(getattr(chosen, "from"), chosen.to, chosen.tree)
    _print_rows(COLUMNS, map(cells, rows), chosen.format)
    return 0


commands = (
    Command("units tree", "print the tree of units or areas on a day", tree, tree_arguments),
    Command("units show", "print a unit on a day and its history", show, show_arguments),
    Command("units search", "find units by name, in any of their names", search, search_arguments),
    Command("units events", "list the events of a time", events, events_arguments),
    Command("units event", "try out or record an event", event, event_arguments),
    Command("units undo", "take an event back", undo, undo_arguments),
    Command("units crosswalk", "print what each thing of one day is on another", crosswalk, crosswalk_arguments),
)
