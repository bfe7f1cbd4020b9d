"""The reorganisation of 1 July 2025 in Long An and Tây Ninh, as a table made from the crosswalk of the sector pack.

The slips planted in it are those that official tables carry: a commune of Tân An printed under another province, one
district spelled two ways, a code that ended the year before, and more.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from giaoban.core.events import AbolishLevel, Plan, apply, plan
from giaoban.core.reorganisation import Decision, Examination, Register, Row, event_of, examine, last_number, numbered
from giaoban.core.spans import Span
from giaoban.core.timeline import TERRITORY, State, Timeline

PACK = Path(__file__).parents[4] / "packs" / "justice-vn"
ON = date(2025, 7, 1)
EVE = date(2025, 6, 30)
PROVINCES = ("tinh:long-an", "tinh:tay-ninh")
TAN_AN = "huyen:long-an:tan-an"

pytestmark = pytest.mark.skipif(not PACK.is_dir(), reason="the sector pack is not here")

Line = dict[str, str]


def rows_of(name: str) -> Iterator[Line]:
    with (PACK / "areas" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def kinds() -> dict[str, tuple[str, int]]:
    data = yaml.safe_load((PACK / "kinds.yaml").read_text(encoding="utf-8"))
    return {kind["key"]: (kind["name"], kind["level"]) for kind in data["area_kinds"]}


@cache
def lines() -> dict[str, list[Line]]:
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in rows_of("areas.csv"):
        found[line["key"]].append(line)
    return dict(found)


def lives(line: Line, on: date) -> bool:
    return Span(day(line["valid_from"]), day(line["valid_to"])).contains(on)


def called(key: str, on: date) -> Line:
    return next(line for line in lines()[key] if lives(line, on))


def within(key: str) -> bool:
    """Whether it is one of the two provinces or beneath them on the eve."""
    while key and key not in PROVINCES:
        line = next((line for line in lines().get(key, ()) if lives(line, EVE)), None)
        key = line["parent"] if line else ""
    return bool(key)


@cache
def eve() -> Timeline:
    """The two provinces and the country as known on the eve, with nothing of what came after; a code that Bến Lức's
    town had until the year before is added to try."""
    states: dict[str, tuple[State, ...]] = {}
    for key in lines():
        if key != "viet-nam" and not within(key):
            continue
        line = called(key, EVE)
        states[key] = (
            State(
                span=Span(None, None),
                kind=line["kind"],
                name=line["name"],
                code=line["code"],
                parents=((TERRITORY, line["parent"]),) if line["parent"] else (),
            ),
        )
    now = states[BEN_LUC][0]
    changed = date(2024, 1, 1)
    before = replace(now, code="99999", span=Span(None, changed))
    states[BEN_LUC] = (before, replace(now, span=Span(changed, None)))
    return Timeline("area", states, (), {kind: f"level {level}" for kind, (_, level) in kinds().items()})


BEN_LUC = next((line["key"] for line in rows_of("areas.csv") if line["name"] == "Thị trấn Bến Lức"), "")


def bare(name: str, kind: str) -> str:
    words, shared = name.split(), 0
    for word, other in zip(words, kind.split(), strict=False):
        if word.casefold() != other:
            break
        shared += 1
    return " ".join(words[shared:]) or name


@cache
def register() -> Register:
    return Register(eve(), ON, {kind: name for kind, (name, _) in kinds().items()}, bare)


@cache
def links() -> tuple[Line, ...]:
    return tuple(line for line in rows_of("successions.csv") if day(line["on"]) == ON and within(line["old"]))


@cache
def table() -> tuple[Row, ...]:
    found = []
    for number, link in enumerate(links(), 2):
        old, new = called(link["old"], EVE), called(link["new"], ON)
        above = called(new["parent"], ON)
        found.append(
            Row(
                number=number,
                old_code=old["code"],
                old_name=old["name"],
                old_parent=called(old["parent"], EVE)["name"],
                new_code=new["code"],
                new_name=new["name"],
                new_kind=kinds()[new["kind"]][0],
                new_parent=above["code"] or above["name"],
                part="toàn bộ" if link["share"] == "whole" else "một phần",
            )
        )
    return tuple(found)


def settled(rows: tuple[Row, ...]) -> tuple[Examination, list[Decision]]:
    """The table after the first proposal of every slip, round by round."""
    decisions: list[Decision] = []
    for _ in range(5):
        examined = examine(rows, register(), decisions)
        if not examined.to_decide:
            return examined, decisions
        for slip in examined.to_decide:
            first = slip.proposals[0]
            changes = numbered(first.changes, last_number(rows, decisions))
            words = (slip.key, slip.kind, slip.rows, slip.sentence, first.words)
            decisions.append(Decision(*words, changes, len(decisions) + 1))
    raise AssertionError([slip.sentence for slip in examined.to_decide])


def applied(examined: Examination) -> tuple[Plan, Timeline]:
    event = event_of(examined)
    planned = plan({"area": eve()}, event)
    assert planned.faults == ()
    return planned, apply({"area": eve()}, planned)["area"]


def test_the_table_as_it_is_becomes_what_the_pack_says() -> None:
    examined, decisions = settled(table())
    assert {one.kind for one in decisions} <= {"left-empty", "part-alone"}
    planned, after = applied(examined)
    assert any(isinstance(step, AbolishLevel) for step in event_of(examined).steps)
    alone = {number for one in decisions if one.kind == "part-alone" for number in one.rows}
    for row, link in zip(table(), links(), strict=True):
        if row.number in alone:
            continue
        heirs = {code for one in after.heirs(link["old"]) if (code := code_on_the_day(after, one.new))}
        whole = {one.whole for one in after.heirs(link["old"])}
        if not heirs:  # alone under its code: it lives on
            heirs, whole = {code_on_the_day(after, link["old"])}, {True}
        assert row.new_code in heirs, row
        assert whole == {link["share"] == "whole"}, row
    living = [state for state in after.living(ON).values() if state.kind in ("xa", "phuong", "dac-khu")]
    assert {state.code for state in living} >= {called(link["new"], ON)["code"] for link in links()} - {"80"}
    assert not [state for state in after.living(ON).values() if kinds()[state.kind][1] == 2]
    province = next(key for key, state in after.living(ON).items() if state.code == "80")
    assert all(state.parent() == province for state in living)
    assert planned.ended


def code_on_the_day(timeline: Timeline, key: str) -> str:
    state = timeline.state_on(key, ON)
    return "" if state is None else state.code


def planted(**changes: tuple[int, str]) -> tuple[Row, ...]:
    """The table with values of single rows (by position) overwritten."""
    rows = list(table())
    for column, (at, text) in changes.items():
        rows[at] = rows[at].with_values({column: text})
    return tuple(rows)


def at(test: str) -> int:
    """The position of the first row whose old thing stands beneath Tân An, or has the name."""
    return next(
        place
        for place, link in enumerate(links())
        if called(link["old"], EVE)["name"] == test or (test == TAN_AN and called(link["old"], EVE)["parent"] == TAN_AN)
    )


def slip_kinds(rows: tuple[Row, ...]) -> list[str]:
    plain = {slip.key for slip in examine(table(), register()).slips}
    return [slip.kind for slip in examine(rows, register()).to_decide if slip.key not in plain]


def test_a_commune_of_tan_an_printed_under_another_province() -> None:
    rows = planted(old_parent=(at(TAN_AN), "Tỉnh Tây Ninh"))
    assert slip_kinds(rows) == ["parent-differs"]
    slip = next(one for one in examine(rows, register()).to_decide if one.kind == "parent-differs")
    assert slip.rows == (at(TAN_AN) + 2,)
    assert "Thành phố Tân An, Tỉnh Long An" in slip.sentence
    assert "“Tỉnh Tây Ninh”" in slip.sentence
    again, decisions = settled(rows)
    assert again.rows[at(TAN_AN)].old_code == table()[at(TAN_AN)].old_code
    assert "parent-differs" in {one.kind for one in decisions}


def test_one_district_spelled_two_ways() -> None:
    place = next(place for place, row in enumerate(table()) if row.old_parent == "Huyện Đức Hòa")
    for wrong in ("Huyện Đức Hoà", "Đức Hoa", "H. Đức Hòạ"):
        rows = planted(old_parent=(place, wrong))
        assert slip_kinds(rows) == ["two-spellings"], wrong
        slip = next(one for one in examine(rows, register()).to_decide if one.kind == "two-spellings")
        assert slip.rows == (place + 2,)
        assert slip.proposals[0].words == "Ghi “Đức Hòa” ở mọi dòng"


def test_a_code_from_the_year_before() -> None:
    rows = planted(old_code=(at("Thị trấn Bến Lức"), "99999"))
    slip = next(one for one in examine(rows, register()).to_decide if one.kind == "earlier-code")
    assert "31/12/2023" in slip.sentence
    right = called(BEN_LUC, EVE)["code"]
    assert slip.proposals[0].words.startswith(f"Dùng mã {right}")
    again, _ = settled(rows)
    assert again.rows[at("Thị trấn Bến Lức")].old_code == right


def test_zeros_and_names_and_repetitions_are_each_named_with_their_row() -> None:
    place = at("Thị trấn Bến Lức")
    other = at(TAN_AN)
    rows = (
        *planted(old_name=(place, table()[other].old_name)),
        replace(table()[other], number=9000),
    )
    assert sorted(slip_kinds(rows)) == ["name-differs", "pair-twice"]
    found = {slip.kind: slip.rows for slip in examine(rows, register()).to_decide}
    assert found["name-differs"] == (place + 2,)
    assert found["pair-twice"] == (other + 2, 9000)
    assert not applied(settled(rows)[0])[0].faults
