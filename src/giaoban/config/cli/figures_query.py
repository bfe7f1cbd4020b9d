"""Figures by unit and period: cells and indicators, in the terminal, as CSV or as JSON."""

import argparse
import csv
import json
import sys
from typing import TYPE_CHECKING

from giaoban.config.cli.command import Command

if TYPE_CHECKING:
    from giaoban.core.queries import Answer, MeasureHead, QueryRefused, Value

COLUMNS = (
    "unit",
    "unit_name",
    "period",
    "measure",
    "value",
    "state",
    "estimate",
    "numerator",
    "denominator",
    "received",
    "expected",
    "outcome",
    "reason",
    "simulated",
)
STATES = {"reported": "không cộng", "nil": "không phát sinh", "na": "không áp dụng", "blank": "để trống"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--measure",
        required=True,
        nargs="+",
        metavar="WORD",
        help="<form>/<table>/<row>/<column> or chi-so:<key>; one or several",
    )
    parser.add_argument("--unit", required=True, metavar="KEY", help="the unit on top")
    parser.add_argument(
        "--period",
        required=True,
        nargs="+",
        metavar="RULE:CODE[..CODE][:INSTALMENT]",
        help="one period, or all from one to another",
    )
    parser.add_argument(
        "--level", default="below", metavar="LEVEL", help="self, below (the default) or the key of a unit kind"
    )
    parser.add_argument(
        "--geography", default="", metavar="YYYY-MM-DD", help="read all periods in the tree of this day"
    )
    parser.add_argument(
        "--divided",
        choices=("refuse", "keep"),
        default="refuse",
        help="figures of a unit that was divided without shares: refuse, or keep them at the old unit",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")


def run(chosen: argparse.Namespace) -> int:
    from giaoban.core.queries import QueryRefused, parse
    from giaoban.indicators.selectors.answering import answer

    words = {
        "measure": chosen.measure,
        "unit": [chosen.unit],
        "period": chosen.period,
        "level": [chosen.level],
        "geography": [chosen.geography],
        "divided": [chosen.divided],
    }
    try:
        found = answer(parse(words), actor=None)
    except QueryRefused as refusal:
        return _say_refused(refusal)
    {"table": _say, "csv": _write_csv, "json": _write_json}[chosen.format](found)
    return 0


def _say_refused(refusal: "QueryRefused") -> int:
    place = f" [{refusal.place}]" if refusal.place and refusal.place not in refusal.sentence else ""
    print(f"{refusal.code}{place}: {refusal.sentence}", file=sys.stderr)
    for one in refusal.details:
        print(f"    {one}", file=sys.stderr)
    return 1


def _write_json(found: "Answer") -> None:
    from django.core.serializers.json import DjangoJSONEncoder

    from giaoban.indicators.api.figures import shown

    json.dump(shown(found), sys.stdout, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    print()


def _write_csv(found: "Answer") -> None:
    from giaoban.core.tidy import plain
    from giaoban.indicators.api.figures import shown

    told = shown(found)
    names = {one["key"]: one["name"] for one in told["units"]} | {"": "Tổng số"}
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for one in told["values"]:
        held = one["coverage"] or {}
        row = one | {
            "unit": plain(one["unit"]),
            "unit_name": plain(names[one["unit"]]),
            "received": held.get("received", ""),
            "expected": held.get("expected", ""),
            "simulated": "1" if one["simulated"] else "",
        }
        writer.writerow(row)


def _say(found: "Answer") -> None:
    print(f"{found.top.name} · {len(found.units)} dòng · đọc lúc {found.as_of:%Y-%m-%d %H:%M} · {found.engine}")
    if found.simulated:
        print("SỐ LIỆU MÔ PHỎNG: câu trả lời có số liệu ví dụ, không phải số liệu thật")
    for note in found.notes:
        print(note)
    for measure in found.measures:
        print(f"{measure.name}{f' ({measure.unit})' if measure.unit else ''}")
        for key, name in [*((one.key, one.name) for one in found.units), ("", "Tổng số")]:
            for period in found.periods:
                value = found.values[key, period.word, measure.word]
                print(f"    {name} · {period.label}: {_words(value, measure)}")


def _words(value: "Value", head: "MeasureHead") -> str:
    from giaoban.core.vietnamese import number

    coverage = "" if value.coverage is None else f" [{value.coverage.words()}]"
    reason = f" — {value.reason}" if value.reason else ""
    if value.value is None:
        return f"{STATES.get(value.state, 'chưa có số liệu')}{coverage}{reason}"
    parts = ""
    if value.numerator is not None and value.denominator is not None:
        parts = f" = {number(value.numerator)} / {number(value.denominator)}"
    estimate = f" (trong đó ước {number(value.estimate)})" if value.estimate else ""
    return f"{number(value.value, head.scale)}{parts}{estimate}{coverage}{reason}"


command = Command("figures query", "print cells and indicators by unit and period", run, arguments)
