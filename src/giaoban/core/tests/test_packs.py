import shutil
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from giaoban.core.packs import Pack, PackError, PackFault, check_pack, load, read_pack

TINY = Path(__file__).parent / "tiny-pack"
Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "pack"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace a text that stands once in a file of the copied pack."""

    def replace(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old)
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack(TINY)


def test_a_sound_pack_is_read_as_records(pack: Pack) -> None:
    assert (pack.key, pack.version, pack.directory) == ("lights", "1", TINY)
    assert [kind.represents_area for kind in pack.unit_kinds] == [False, True, False]
    east = pack.areas[1]
    assert (east.key, east.code, east.valid_from, east.valid_to) == ("shore:east", "01", None, date(2020, 1, 1))
    assert (east.known_on, east.event) == (date(2019, 12, 31), "joining")
    assert (pack.events[0].on, pack.events[0].basis_on) == (date(2020, 1, 1), date(2019, 12, 1))
    assert [(row.unit, row.area) for row in pack.served] == [("light:north", "shore:long")]
    assert pack.unit_successions[0].whole
    assert pack.fields[0].citizen_facing is None
    assert pack.regions[0].members[1].valid_from == date(2020, 1, 1)
    assert [form.key for form in pack.forms] == ["capture:shipping", "harbour-act:a1", "harbour-act:a2"]
    assert pack.forms[1].definition.printable_as_official
    assert not pack.forms[2].definition.printable_as_official
    assert pack.forms[2].definition.tables[1].lines_from[0].columns[2].factor == Decimal("0.01")
    assert pack.regimes[0].period_rules[0].key == "quarterly"
    assert pack.regimes[0].obligations[2].receiver == ""
    assert (pack.indicators[0].definition["factor"], pack.watch_rules[0].n) == (100, 1)
    assert [(word.list, word.key) for word in pack.words] == [("meeting_types", "talk"), ("document_types", "note")]
    assert pack.gaps[0].affects == "the chart; the pilots"


def test_nearly_everything_may_be_absent(tmp_path: Path) -> None:
    for file in ("pack.yaml", "kinds.yaml"):
        shutil.copy(TINY / file, tmp_path)
    assert read_pack(tmp_path).units == ()


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(tmp_path)
    assert refused.value.faults == [
        PackFault("kinds.yaml", 0, "the file is missing"),
        PackFault("pack.yaml", 0, "the file is missing"),
    ]


def test_files_that_the_format_does_not_know_are_left_alone(folder: Path) -> None:
    (folder / "README.md").write_text("About lights", encoding="utf-8")
    assert check_pack(folder) == []


FAULTS: list[tuple[str, str, str, int, str]] = [
    # writing
    ("kinds.yaml", "  - {key: light, name: lighthouse}", "  - {key: light, name: lighthouse", 8, "not readable YAML"),
    ("kinds.yaml", "name: command}", "name: command, name: order}", 9, "'name' is written twice"),
    ("words.yaml", "  - {key: talk, name: Talk}", "  - {<<: {key: talk}, name: Talk}", 2, "merge keys"),
    ("words.yaml", "name: Talk", "name: !!python/name:os.system Talk", 2, "not used in packs"),
    ("areas/areas.csv", "West Shore,02", '"West Shore,02', 5, "not readable CSV"),
    ("areas/areas.csv", "key,kind,name", "key,kind,title", 1, "the column 'name' is missing"),
    ("areas/areas.csv", "Long Shore,01,coast", "Long Shore,01", 5, "10 cells instead of 11"),
    # shape
    ("areas/areas.csv", "West Shore", "", 4, "name: is missing"),
    ("areas/areas.csv", "shore:west", "shore/west", 4, "key: 'shore/west' is not a key"),
    ("areas/areas.csv", "02,coast,,2020-01-01", "02,coast,,2020-02-30", 4, "valid_to: '2020-02-30' is not a day"),
    ("areas/areas.csv", "02,coast,,2020-01-01", "02,coast,2020-01-01,2020-01-01", 4, "empty span"),
    ("fields.yaml", "state_management: true", "state_management: yes", 2, "is not true, false, or null"),
    ("forms/harbour-act/a1.yaml", "verified: full", "verified: fully", 7, "verified: 'fully' is not one of"),
    ("forms/harbour-act/a1.yaml", "label: Oil, unit: litre, scale: 1", "label: Oil, scale: 1", 18, "'unit' is missing"),
    ("forms/harbour-act/a1.yaml", "label: Oil,", "lable: Oil,", 18, "'lable' is not known here"),
    ("watch-rules.yaml", " n: 1,", "", 2, "'n' is missing"),
    ("words.yaml", "meeting_types", "Meetings", 1, "Meetings: 'Meetings' is not the name of a list"),
    ("events.yaml", "kind: merge", "kind: melt", 2, "'melt' is not one of"),
    ("events.yaml", "on: 2020-01-01", "on: the first", 2, "is not a day"),
    (
        "areas/successions.csv",
        "west,shore:long,2020-01-01,merge,whole",
        "west,shore:long,2020-01-01,merge,1.5",
        3,
        "share",
    ),
    ("areas/areas.csv", "2019-12-31", "31/12/2019", 3, "known_on: '31/12/2019' is not a day"),
    # names
    ("areas/areas.csv", "shore:west,shore", "shore:west,beach", 4, "kind: 'beach' is not in kinds.yaml"),
    (
        "areas/areas.csv",
        "coast,,2020-01-01,made-up,,,joining\nshore:long",
        "sea,,2020-01-01,made-up,,,joining\nshore:long",
        4,
        "no 'sea'",
    ),
    ("areas/areas.csv", "2020-01-01,,made-up", "2020-01-01,,nobody", 5, "source: 'nobody' is not in pack.yaml"),
    ("areas/codes.csv", "shore:long,pilots", "shore:wide,pilots", 3, "area: there is no 'shore:wide'"),
    ("areas/regions.yaml", "area: 'shore:long'", "area: 'shore:wide'", 2, "area: there is no 'shore:wide'"),
    ("units/units.csv", "light:south,light", "light:south,lamp", 7, "kind: 'lamp' is not in kinds.yaml"),
    ("units/units.csv", "South Light,,shore:long", "South Light,,shore:wide", 7, "area: there is no 'shore:wide'"),
    ("units/parents.csv", "light:south,office:long,command", "light:south,office:long,love", 6, "line: 'love'"),
    ("units/parents.csv", "light:south,office:long", "light:south,office:wide", 6, "parent: there is no 'office:wide'"),
    ("units/successions.csv", "office:west,office:long", "office:wild,office:long", 3, "old: there is no unit"),
    ("forms/harbour-act/a1.yaml", "field: lamps", "field: ropes", 1, "field: 'ropes' is not in fields.yaml"),
    ("forms/harbour-act/a1.yaml", "reports: light", "reports: ship", 1, "unit kind 'ship'"),
    (
        "forms/harbour-act/a1.yaml",
        "formula: 100 * c2 / c1",
        "formula: 100 * c2 / c9",
        19,
        "'c9' is not a number column",
    ),
    ("forms/harbour-act/a1.yaml", "part_of: c1", "part_of: c9", 17, "'c9' is not a number column"),
    ("forms/harbour-act/a1.yaml", "code: A1", "code: A7", 2, "the file is named 'a1'"),
    ("forms/harbour-act/a2.yaml", "sum_of: light", "sum_of: lamp", 21, "'lamp' is not a row"),
    ("forms/harbour-act/a2.yaml", "lights.II.2 <=", "lights.II.7 <=", 29, "'lights.II.7' names no column"),
    ("forms/harbour-act/a2.yaml", "one_per: light", "one_per: ship", 1, "unit kind 'ship'"),
    ("forms/harbour-act/a2.yaml", "form: a1,", "form: a9,", 1, "no form 'harbour-act:a9'"),
    ("forms/harbour-act/a2.yaml", "II.2: c2,", "II.2: c8,", 1, "no number column 'c8'"),
    ("forms/harbour-act/a2.yaml", "family: A", "replaces: ['harbour-act:a0']", 1, "no form 'harbour-act:a0'"),
    ("forms/capture/shipping.yaml", "kind: capture", "kind: request", 3, "is request"),
    ("regimes/harbour-act.yaml", "kind: quarter,", "kind: fortnight,", 9, "fortnight"),
    ("regimes/harbour-act.yaml", "quarterly: d10+1m", "monthly: d10+1m", 12, "no period rule 'monthly'"),
    ("regimes/harbour-act.yaml", "quarterly: d10+1m", "quarterly: soon", 12, "quarterly: "),
    ("regimes/harbour-act.yaml", "quarterly: d10+1m", "quarterly/first: d10", 12, "makes no such period"),
    ("regimes/harbour-act.yaml", "deadline_set: lights", "deadline_set: stars", 19, "no set 'stars'"),
    ("regimes/harbour-act.yaml", "rules: [spot]", "rules: [daily]", 21, "no period rule 'daily'"),
    ("regimes/harbour-act.yaml", "'capture:shipping'", "'capture:ships'", 21, "no form 'capture:ships'"),
    ("regimes/harbour-act.yaml", "reporter: light, receiver", "reporter: ship, receiver", 19, "unit kind 'ship'"),
    ("regimes/harbour-act.yaml", "key: harbour-act", "key: harbour-law", 1, "must be the name of the file"),
    ("indicators/broken.yaml", "column: c2", "column: c5", 1, "no number column 'c5'"),
    ("indicators/broken.yaml", "field: lamps", "field: ropes", 1, "field: 'ropes'"),
    ("watch-rules.yaml", "indicator: broken", "indicator: whole", 2, "no indicator 'whole'"),
    ("templates/templates.yaml", "document_type: note", "document_type: poem", 2, "'poem' is not in words.yaml"),
    ("templates/templates.yaml", "file: letter.typ", "file: letters.typ", 2, "no file templates/letters.typ"),
    ("events.yaml", "source: made-up", "source: nobody", 2, "source: 'nobody' is not in pack.yaml"),
    ("areas/areas.csv", 'east",,joining', 'east",,parting', 5, "event: 'parting' is not in events.yaml"),
    ("units/serves.csv", "shore:long", "shore:wide", 2, "area: there is no 'shore:wide'"),
    ("units/serves.csv", "light:north", "light:west", 2, "unit: there is no 'light:west'"),
    # spans
    ("areas/areas.csv", "01,coast,2020-01-01", "02,coast,2019-12-01", 5, "code: '02' is that of 'shore:west'"),
    (
        "areas/areas.csv",
        "coast,coast,The Coast,,,,",
        "coast,coast,The Coast,,,,2024-01-01",
        5,
        "not exist from 2024-01-01 on",
    ),
    ("areas/areas.csv", "2019-12-31", "2020-01-01", 3, "known_on: 2020-01-01 is not before valid_to"),
    ("areas/areas.csv", 'east",,joining', 'east",2020-02-02,joining', 5, "known_on: the first day is known"),
    (
        "areas/successions.csv",
        "shore:west,shore:long,2020-01-01,merge,whole",
        "shore:west,shore:long,2020-01-01,split,0.4",
        3,
        "tổng các tỷ lệ là 0,4",
    ),
    (
        "areas/successions.csv",
        "shore:west,shore:long,2020-01-01,merge,whole",
        "shore:west,shore:long,2020-01-01,transfer,whole",
        3,
        "only duties pass",
    ),
    ("units/serves.csv", "2020-01-01", "2019-01-01", 2, "does not exist from 2019-01-01"),
    (
        "regimes/harbour-act.yaml",
        "'harbour-act:a2', reporter: office, receiver: board",
        "'harbour-act:a1', reporter: light, receiver: office",
        20,
        "already in line 19",
    ),
    ("areas/codes.csv", "E,,2020-01-01", "E,,2020-06-01", 2, "area: 'shore:east' does not exist"),
    (
        "areas/successions.csv",
        "shore:west,shore:long,2020-01-01",
        "shore:west,shore:long,2019-01-01",
        3,
        "does not exist on",
    ),
    (
        "areas/successions.csv",
        "shore:west,shore:long,2020-01-01",
        "shore:west,shore:long,2021-01-01",
        3,
        "ended before",
    ),
    ("areas/successions.csv", "shore:west,shore:long", "shore:long,shore:long", 3, "cannot succeed itself"),
    ("units/units.csv", "West,shore:west,,2020-01-01", "West,shore:west,,2020-06-01", 4, "'shore:west' does not exist"),
    (
        "units/parents.csv",
        "light:north,office:long",
        "light:north,office:east",
        5,
        "parent: 'office:east' does not exist",
    ),
    (
        "units/parents.csv",
        "light:south,office:long",
        "light:north,office:long",
        6,
        "has a parent on 'command' the same day",
    ),
    ("units/parents.csv", "office:long,board", "office:long,light:north", 4, "stands under itself"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "said"), FAULTS)
def test_each_fault_is_named_with_file_line_and_reason(
    folder: Path, edit: Edit, file: str, old: str, new: str, line: int, said: str
) -> None:
    edit(file, old, new)
    found = check_pack(folder)
    assert any(fault.file == file and fault.line == line and said in fault.reason for fault in found), found


def test_one_fault_is_told_once(folder: Path, edit: Edit) -> None:
    """A record that cannot be read does not make everything that names it wrong as well."""
    edit("areas/areas.csv", "02,coast,,2020-01-01", "02,coast,,2020-02-30")
    edit("forms/harbour-act/a1.yaml", "part_of: c1", "part_of: c9")
    edit("indicators/broken.yaml", "scale: 2", "scale: two")
    assert [fault.file for fault in check_pack(folder)] == [
        "areas/areas.csv",
        "forms/harbour-act/a1.yaml",
        "indicators/broken.yaml",
    ]


def test_nothing_stops_at_the_first_fault(folder: Path) -> None:
    """Many edits at once: every one is found, and what can be read is read."""
    expected: list[tuple[str, str]] = []
    for file, old, new, _, said in FAULTS:
        text = (folder / file).read_text(encoding="utf-8")
        if old in text and "not readable" not in said and "header" not in said and "column 'name'" not in said:
            (folder / file).write_text(text.replace(old, new), encoding="utf-8")
            expected.append((file, said))
    pack, faults = load(folder)
    assert {fault.file for fault in faults} == {file for file, _ in expected}
    assert len(faults) > 30
    assert pack.key == "lights"


def test_overlapping_versions(folder: Path) -> None:
    with (folder / "units/units.csv").open("a", encoding="utf-8") as file:
        file.write("light:south,light,Old South Light,,shore:long,2021-01-01,,made-up,\n")
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == ("units/units.csv", 8)
    assert "line 7 on the same day" in fault.reason


def test_what_went_over_whole_has_ended(folder: Path, edit: Edit) -> None:
    edit("units/successions.csv", "office:west,office:long,2020-01-01", "light:south,light:north,2022-01-01")
    (fault,) = check_pack(folder)
    assert "has not ended that day" in fault.reason
    edit("units/successions.csv", "merge,whole,,made-up\nlight", "merge,whole,,made-up\n\nlight")
    edit("units/successions.csv", "2022-01-01,merge,whole", "2022-01-01,split,part")
    assert check_pack(folder) == []


def test_a_row_and_its_event_are_of_one_day(folder: Path, edit: Edit) -> None:
    edit("events.yaml", "on: 2020-01-01", "on: 2020-02-01")
    found = check_pack(folder)
    assert {fault.file for fault in found} == {"areas/areas.csv", "areas/successions.csv"}
    assert str(found[0]) == ("areas/areas.csv:3: event: 'joining' is of 2020-02-01, this row of 2020-01-01")


def test_shares_are_given_for_all_parts_and_add_up(folder: Path, edit: Edit) -> None:
    edit(
        "units/successions.csv",
        "office:west,office:long,2020-01-01,merge,whole",
        "office:west,light:north,2020-01-01,split,0.25",
    )
    steps = folder / "units/successions.csv"
    with steps.open("a", encoding="utf-8") as file:
        file.write("office:west,light:south,2020-01-01,split,0.75,,made-up\n")
    assert check_pack(folder) == []
    assert [step.part for step in read_pack(folder).unit_successions] == [None, Decimal("0.25"), Decimal("0.75")]
    steps.write_text(steps.read_text(encoding="utf-8").replace("0.75", "part"), encoding="utf-8")
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == ("units/successions.csv", 4)
    assert "tỷ lệ cho tất cả" in fault.reason


def test_a_code_means_one_unit_on_one_day(folder: Path) -> None:
    units = folder / "units/units.csv"
    rows = units.read_text(encoding="utf-8").splitlines()
    rows[0] += ",code"
    rows[1:] = [f"{row},{'7' if row.startswith('light') else ''}" for row in rows[1:]]
    units.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (fault,) = check_pack(folder)
    assert (fault.file, fault.line) == ("units/units.csv", 7)
    assert "that of 'light:north' (line 6)" in fault.reason


def test_text_in_another_encoding(folder: Path) -> None:
    (folder / "units/units.csv").write_bytes((TINY / "units/units.csv").read_bytes() + "biển".encode("utf-16"))
    assert PackFault("units/units.csv", 8, "not UTF-8") in check_pack(folder)


def test_a_byte_order_mark_is_accepted(folder: Path) -> None:
    for file in ("pack.yaml", "areas/areas.csv"):
        (folder / file).write_bytes(b"\xef\xbb\xbf" + (TINY / file).read_bytes())
    assert check_pack(folder) == []


def test_dates_and_words_stay_text_and_numbers_exact(folder: Path, edit: Edit) -> None:
    edit("words.yaml", "name: Talk", "name: on")
    edit("watch-rules.yaml", "n: 1,", "n: 1, points: 0.1,")
    pack = read_pack(folder)
    assert pack.words[0].name == "on"
    assert pack.watch_rules[0].points == Decimal("0.1")


def test_thousands_of_rows_are_checked_in_seconds(folder: Path) -> None:
    with (
        (folder / "units/units.csv").open("a", encoding="utf-8") as units,
        (folder / "units/parents.csv").open("a", encoding="utf-8") as parents,
    ):
        for number in range(4000):
            units.write(f"light:n{number},light,Light {number},,shore:long,2020-01-01,,made-up,\n")
            parents.write(f"light:n{number},office:long,command,2020-01-01,,made-up\n")
    began = time.perf_counter()
    assert check_pack(folder) == []
    assert time.perf_counter() - began < 10


def test_nobody_can_be_made_to_owe_a_form_of_which_only_the_title_is_known(folder: Path, edit: Edit) -> None:
    bare = (
        "act: Harbour Act of 2019\ncode: A9\ntitle: Ropes\nvalid: [null, null]\nverified: title-only\nsource: made-up\n"
    )
    (folder / "forms" / "harbour-act" / "a9.yaml").write_text(bare, encoding="utf-8")
    assert not check_pack(folder)
    edit("regimes/harbour-act.yaml", "'harbour-act:a2', reporter", "'harbour-act:a9', reporter")
    assert [(fault.line, "has no layout" in fault.reason) for fault in check_pack(folder)] == [(20, True)]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("cell: own.total.c1, form: a2, cell_there: store.s.I.1, by: all", ""),
        ("cell: own.total.c4, form: 'capture:shipping', cell_there: own.total.c4, by: same-unit", "names no column"),
        ("cell: own.total.c1, form: a9, cell_there: own.total.c1, by: same-unit", "no form 'harbour-act:a9'"),
        ("cell: own.total.c3, form: a2, cell_there: store.s.I.1, by: all", "'own.total.c3' is in litre"),
        ("cell: own.total.c1, form: a2, cell_there: lights.light.II.1, by: all", "stands for several lines"),
        ("cell: own.total.c4, form: a1, cell_there: own.total.c4, by: all", "does not add up (roll_up: rate)"),
        ("cell: own.total.c9, form: a2, cell_there: store.s.I.1, by: all", "'own.total.c9' names no column"),
    ],
)
def test_what_two_bodies_hold_is_declared_at_one_of_them(folder: Path, edit: Edit, named: str, said: str) -> None:
    edit("forms/harbour-act/a1.yaml", "signatures:", f"reconciles:\n  - {{{named}, source: made-up}}\nsignatures:")
    found = [fault.reason for fault in check_pack(folder)]
    assert (len(found) == 1 and said in found[0]) if said else not found, found


def test_units_of_measure_that_contradict_what_the_pack_says(folder: Path, edit: Edit) -> None:
    a1, a2 = "forms/harbour-act/a1.yaml", "forms/harbour-act/a2.yaml"
    edit(a1, "unit: litre, scale: 1", "unit: Nghìn đồng, scale: 1")
    edit(a2, "unit: hectolitre", "unit: triệu đồng")
    (fault,) = check_pack(folder)
    assert "the factor 0.01 contradicts the units: 1 Nghìn đồng is 0.001 triệu đồng" in fault.reason
    edit(a2, 'II.3: {column: c3, factor: "0.01"}', "II.3: c3")
    assert not check_pack(folder)
    edit(a2, "unit: triệu đồng", "unit: hectolitre")
    (fault,) = check_pack(folder)
    assert "'II.3' is in hectolitre, 'c3' in Nghìn đồng; say how much with 'factor'" in fault.reason
