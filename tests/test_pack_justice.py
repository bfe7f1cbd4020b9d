"""The sector pack: what it promises by number, and that its files are what the scripts in scripts/ make."""

import csv
import importlib
import shutil
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
import yaml

from giaoban.core.crosswalk import NoCrosswalk, carried, links_of
from giaoban.core.packs import Pack, read_pack

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "packs" / "justice-vn"
MERGER = "2025-07-01"

PUBLISHED_FORMS = {
    # A published version of a legal form never changes: a correction is a new file under the act that makes it.
    "tt-03-2019-tt-btp:17a-btp-htqtct-ct": "a9e46e08f0150b0518d39fe9e04306a0c8ac0157b3a64e30bb4a0b82fc7f748e",
    "tt-03-2019-tt-btp:17b-btp-htqtct-ct": "97118159a7c131fd9c96164775a5a35d2c925ab52466feab435469a63c5c2451",
    "tt-03-2019-tt-btp:17c-btp-htqtct-ct": "343102ca72f6ac033a3183791e8c635faffc2456575c3aaad2765e9607afe949",
    "tt-17-2025-tt-btp:21a-tp-htpldn": "331716b81fbdcce964384d3bc59cd4c93a909a58bd4c188d961963a1ed341712",
    "tt-17-2025-tt-btp:21b-tp-htpldn": "40a78fc9ed9f392593d549e2aad2a77ba5370e2a35784dd9008bc0280d7f4ed0",
}


def table(name: str) -> list[dict[str, str]]:
    with (PACK / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def valid_on(rows: list[dict[str, str]], day: str) -> list[dict[str, str]]:
    return [r for r in rows if r["valid_from"] <= day and (not r["valid_to"] or day < r["valid_to"])]


@pytest.fixture(scope="module")
def areas() -> list[dict[str, str]]:
    return table("areas/areas.csv")


@pytest.fixture(scope="module")
def pack() -> Pack:
    """Raises PackError, naming file, line and reason, when the pack has any fault."""
    return read_pack(PACK)


@pytest.mark.parametrize(
    ("day", "provinces", "cities"), [("2025-06-30", 63, 6), (MERGER, 34, 6), ("2026-10-10", 34, 9)]
)
def test_provinces_on_a_day(areas: list[dict[str, str]], day: str, provinces: int, cities: int) -> None:
    found = [r for r in valid_on(areas, day) if r["key"].startswith("tinh:")]
    assert len(found) == len({r["key"] for r in found}) == provinces
    assert sum(r["kind"] == "thanh-pho-tw" for r in found) == cities


@pytest.mark.parametrize(
    ("day", "districts", "communes", "bodies"), [("2025-06-30", 696, 10035, 11422), (MERGER, 0, 3321, 3321)]
)
def test_districts_and_communes_on_a_day(
    areas: list[dict[str, str]], day: str, districts: int, communes: int, bodies: int
) -> None:
    there = valid_on(areas, day)
    assert sum(r["key"].startswith("huyen:") for r in there) == districts
    assert sum(r["key"].startswith(("xa:", "xa-truoc-2025:")) for r in there) == communes
    units = valid_on(table("units/units.csv"), day)
    assert sum(r["kind"] in ("ubnd-huyen", "phong-tu-phap", "ubnd-xa") for r in units) == bodies


def test_the_map_before_the_merger_is_told_as_known(areas: list[dict[str, str]]) -> None:
    before = [r for r in areas if r["key"].startswith(("huyen:", "xa-truoc-2025:"))]
    assert {(r["valid_from"], r["valid_to"]) for r in before} == {("", MERGER)}
    assert Counter(r["known_on"] for r in before) == {"2025-06-30": 10730, "2014-03-21": 1}
    known = {r["key"]: r["known_on"] for r in valid_on(areas, "2025-06-30") if r["key"].startswith("tinh:")}
    assert Counter(known.values()) == {"2025-06-30": 62, "": 1}
    assert known["tinh:hue"] == ""  # its state of that day has a first day


def test_communes(areas: list[dict[str, str]]) -> None:
    communes = [r for r in areas if r["key"].startswith("xa:")]
    assert Counter(r["kind"] for r in communes) == {"xa": 2621, "phuong": 687, "dac-khu": 13}
    assert len({r["code"] for r in communes}) == len({r["key"] for r in communes}) == 3321
    today = {r["key"] for r in valid_on(areas, MERGER) if r["key"].startswith("tinh:")}
    assert {r["parent"] for r in communes} == today
    assert all(r["valid_from"] == MERGER for r in communes)
    assert Counter(r["parent"] for r in communes)["tinh:tay-ninh-2025"] == 96


def test_codes_are_text_with_leading_zeros(areas: list[dict[str, str]]) -> None:
    by_key = {r["key"]: r for r in areas}
    assert by_key["tinh:ha-noi"]["code"] == "01"
    assert by_key["xa:00004"]["code"] == "00004"
    lengths = {"tinh": {2}, "huyen": {3}, "xa": {5}, "xa-truoc-2025": {5}}
    for prefix, wanted in lengths.items():
        assert {len(r["code"]) for r in areas if r["key"].startswith(f"{prefix}:")} == wanted
    for day in ("2025-06-30", MERGER, "2026-10-10"):
        codes = [(len(r["code"]), r["code"]) for r in valid_on(areas, day) if r["code"]]
        assert len(codes) == len(set(codes))


def test_every_old_province_has_one_whole_successor_or_stays(areas: list[dict[str, str]]) -> None:
    before = {r["key"] for r in valid_on(areas, "2025-06-30") if r["key"].startswith("tinh:")}
    after = {r["key"] for r in valid_on(areas, MERGER) if r["key"].startswith("tinh:")}
    links = [r for r in table("areas/successions.csv") if r["old"].startswith("tinh:")]
    assert {(r["on"], r["share"], r["kind"], r["event"]) for r in links} == {
        (MERGER, "whole", "merge", "sap-xep-tinh-2025")
    }
    origins = defaultdict(set)
    for link in links:
        origins[link["new"]].add(link["old"])
    olds = Counter(r["old"] for r in links)
    assert set(olds.values()) == {1}
    assert set(olds) == before - after
    assert len(before & after) == 11
    assert set(origins) == after - before
    assert len(origins) == 23
    assert all(len(parts) >= 2 for parts in origins.values())
    assert origins["tinh:tay-ninh-2025"] == {"tinh:tay-ninh", "tinh:long-an"}


def test_every_old_commune_passed_whole_or_was_divided_without_shares(areas: list[dict[str, str]]) -> None:
    links = [r for r in table("areas/successions.csv") if not r["old"].startswith("tinh:")]
    whole = Counter(r["old"] for r in links if r["share"] == "whole")
    divided = {r["old"] for r in links if r["share"] == "part"}
    assert (len(whole), set(whole.values()), len(divided)) == (9569, {1}, 471)
    assert len(links) == 9569 + sum(r["share"] == "part" for r in links)
    assert not whole.keys() & divided
    islands = {old for old in whole if old.startswith("huyen:")}
    assert len(islands) == 5
    communes = {r["key"] for r in areas if r["key"].startswith("xa-truoc-2025:")}
    assert whole.keys() | divided == communes | islands
    today = {r["key"]: r["kind"] for r in areas if r["key"].startswith("xa:")}
    assert {r["new"] for r in links} == set(today)
    assert {today[r["new"]] for r in links if r["old"] in islands} == {"dac-khu"}


def test_what_passed_whole_ended_on_the_day_its_heir_began(areas: list[dict[str, str]]) -> None:
    for file, rows in (("areas", areas), ("units", table("units/units.csv"))):
        begins, ends = {}, {}
        for row in rows:
            begins.setdefault(row["key"], row["valid_from"])
            ends[row["key"]] = row["valid_to"]
        links = [r for r in table(f"{file}/successions.csv") if r["share"] == "whole"]
        assert len(links) > 9000
        assert {(r["old"], r["new"]) for r in links if not ends[r["old"]] == r["on"] == begins[r["new"]]} == set()


def test_communes_of_one_name_do_not_take_each_others_heirs() -> None:
    """Phường 4 of Tân An and of the town of Tây Ninh: the source gives both the heirs of both."""
    left_out = {(r["old"], r["new"]) for r in table("areas/successions-left-out.csv")}
    kept = {(r["old"], r["new"]) for r in table("areas/successions.csv")}
    assert len(left_out) == 31
    assert not left_out & kept
    names = {r["key"]: (r["name"], r["parent"]) for r in table("areas/areas.csv")}
    of_tan_an = next(key for key, name in names.items() if name == ("Phường 4", "huyen:long-an:tan-an"))
    assert [names[new][0] for old, new in left_out if old == of_tan_an] == ["Phường Tân Ninh"]
    assert [names[new][0] for old, new in kept if old == of_tan_an] == ["Phường Long An"]


def test_the_communes_of_tay_ninh_come_from_both_old_provinces(areas: list[dict[str, str]]) -> None:
    """96 = 60 of Long An + 36 of Tây Ninh, as the resolution tells; every old commune goes to one new province."""
    parents = {r["key"]: r["parent"] for r in areas if r["key"] != "tinh:hue"}
    merged = {r["old"]: r["new"] for r in table("areas/successions.csv") if r["old"].startswith("tinh:")}
    olds = defaultdict(set)
    for link in table("areas/successions.csv"):
        if link["old"].startswith("xa-truoc-2025:"):
            old = parents[parents[link["old"]]]
            assert merged.get(old, old) == parents[link["new"]]
            olds[link["new"]].add(old)
    of_tay_ninh = Counter(frozenset(olds[key]) for key in olds if parents[key] == "tinh:tay-ninh-2025")
    assert of_tay_ninh == {frozenset({"tinh:long-an"}): 60, frozenset({"tinh:tay-ninh"}): 36}


def test_the_end_of_the_districts_is_one_event(pack: Pack, areas: list[dict[str, str]]) -> None:
    events = {event.key: event for event in pack.events}
    ended = events["bo-cap-huyen-2025"]
    assert (ended.kind, ended.on) == ("abolish-level", date(2025, 7, 1))
    assert sum(r["event"] == ended.key for r in areas) == 696
    changed = {key for key, event in events.items() if event.kind == "change-kind" and event.on.year == 2026}
    assert {r["key"] for r in areas if r["event"] in changed and r["valid_from"] > "2026"} == {
        "tinh:dong-nai-2025",
        "tinh:bac-ninh-2025",
        "tinh:quang-ninh",
    }
    used = {r["event"] for r in areas} | {r["event"] for r in table("units/units.csv")}
    assert set(events) == used - {""}


def test_districts_of_long_an(areas: list[dict[str, str]]) -> None:
    districts = [r for r in areas if r["key"].startswith("huyen:long-an:")]
    assert Counter(r["kind"] for r in districts) == {"huyen": 13, "thi-xa": 1, "thanh-pho-thuoc-tinh": 1}
    assert {(r["parent"], r["valid_from"], r["valid_to"]) for r in districts} == {("tinh:long-an", "", MERGER)}


def test_districts_by_kind(areas: list[dict[str, str]]) -> None:
    districts = [r for r in areas if r["key"].startswith("huyen:")]
    assert Counter(r["kind"] for r in districts) == {
        "huyen": 508,
        "thanh-pho-thuoc-tinh": 85,
        "thi-xa": 52,
        "quan": 49,
        "thanh-pho-thuoc-tptw": 2,
    }
    names = {r["name"] for r in districts if r["key"].startswith("huyen:dong-thap:") and "cao-lanh" in r["key"]}
    assert names == {"Huyện Cao Lãnh", "Thành phố Cao Lãnh"}


def test_portal_codes_match_what_was_published() -> None:
    codes = {r["code"]: r["area"] for r in table("areas/codes.csv") if r["system"] == "portal"}
    published = {r["unit_code"] for r in table("published/onestop_dossiers_provinces_2026-10-02.csv")}
    assert set(codes) == published
    assert len(set(codes.values())) == 34
    assert codes["H53"] == "tinh:tay-ninh-2025"


def test_units_by_kind_and_day() -> None:
    units = table("units/units.csv")

    def count(day: str) -> Counter[str]:
        return Counter(r["kind"] for r in valid_on(units, day))

    early, late = count("2014-03-21"), count("2026-10-02")
    assert [early[k] for k in ("ubnd-tinh", "so-tu-phap", "trung-tam-tgpl", "phong-tu-phap", "ubnd-xa")] == [
        63,
        63,
        63,
        691,
        10035,
    ]
    assert [late[k] for k in ("ubnd-tinh", "so-tu-phap", "trung-tam-tgpl", "phong-tu-phap", "ubnd-xa")] == [
        34,
        34,
        11,
        0,
        3321,
    ]
    names = {r["key"]: r["name"] for r in units}
    assert names["so-tu-phap:long-an"] == "Sở Tư pháp tỉnh Long An"
    assert names["phong-tu-phap:long-an:kien-tuong"] == "Phòng Tư pháp thị xã Kiến Tường"


def test_bodies_follow_their_areas() -> None:
    areas = table("areas/successions.csv")
    units = [r for r in table("units/successions.csv") if r["kind"] != "transfer"]
    of_provinces = {(r["old"].split(":")[1], r["new"].split(":")[1]) for r in areas if r["old"].startswith("tinh:")}
    for prefix in ("ubnd-tinh:", "so-tu-phap:", "thads:"):
        links = {(r["old"], r["new"]) for r in units if r["old"].startswith(prefix)}
        assert links == {(prefix + old, prefix + new) for old, new in of_provinces}
    of_communes = {(f"ubnd-{r['old']}", f"ubnd-{r['new']}", r["share"]) for r in areas if r["new"].startswith("xa:")}
    assert {(r["old"], r["new"], r["share"]) for r in units if r["new"].startswith("ubnd-xa:")} == of_communes
    assert not [r for r in units if r["old"].startswith("phong-tu-phap:")]


def test_the_duties_of_a_district_pass_to_the_communes_on_its_land() -> None:
    links = [r for r in table("units/successions.csv") if r["kind"] == "transfer"]
    assert {(r["share"], r["on"], r["event"]) for r in links} == {("part", MERGER, "bo-cap-huyen-2025")}
    assert len({r["old"] for r in links}) == 691
    names = {r["key"]: r["name"] for r in table("units/units.csv")}
    heirs = {names[r["new"]] for r in links if r["old"] == "ubnd-huyen:long-an:tan-an"}
    three = ("Long An", "Tân An", "Khánh Hậu")  # 13 communes of Tân An became these three wards
    assert {f"Ủy ban nhân dân phường {name}" for name in three} <= heirs


def test_one_enforcement_body_a_province() -> None:
    units = table("units/units.csv")
    for day, number in (("2025-06-30", 63), (MERGER, 34), ("2026-10-10", 34)):
        assert sum(r["kind"] == "co-quan-thads" for r in valid_on(units, day)) == number
        assert len(valid_on(table("units/serves.csv"), day)) == number


def test_fifteen_divisions_report_to_the_department_of_long_an() -> None:
    parents = valid_on(table("units/parents.csv"), "2014-03-21")
    under = [r["unit"] for r in parents if r["parent"] == "so-tu-phap:long-an" and r["line"] == "professional"]
    assert len(under) == 15
    assert all(unit.startswith("phong-tu-phap:long-an:") for unit in under)


def test_published_forms_do_not_change(pack: Pack) -> None:
    assert {form.key: form.checksum for form in pack.forms if form.key in PUBLISHED_FORMS} == PUBLISHED_FORMS


def test_only_forms_read_in_full_in_their_own_words_are_official(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    assert {key for key, form in forms.items() if form.printable_as_official} == set(PUBLISHED_FORMS) | {
        "tt-03-2019-tt-btp:12a-btp-bttp-cc",
        "tt-03-2019-tt-btp:12b-btp-bttp-cc",
        "tt-03-2019-tt-btp:17d-btp-htqtct-ct",
        "tt-04-2016-tt-btp:13a-btp-htqtct-ht",
        "tt-04-2016-tt-btp:14a-btp-htqtct-ht-htk",
        "tt-04-2016-tt-btp:22a-btp-cn-tn",
    }


def test_every_form_of_the_catalogue_is_there(pack: Pack) -> None:
    catalogue = yaml.safe_load((ROOT / "scripts" / "sources" / "forms-catalogue.yaml").read_text("utf-8"))
    legal = [form.definition for form in pack.forms if form.definition.kind == "legal"]
    assert Counter(form.verified for form in legal) == catalogue["status_counts"]
    assert {(form.code, form.title) for form in legal} == {(one["code"], one["title"]) for one in catalogue["forms"]}
    assert len(pack.forms) == len(legal) + 10
    columns = {one["code"]: one["columns"] for one in catalogue["forms"]}
    for form in legal:
        found = [column.id for table_ in form.tables for column in table_.columns]
        stub = {heading for table_ in form.tables for heading in table_.stub}
        assert found == [c["code"] for c in columns[form.code] if c["label"] not in stub], form.code
        partial = {c["code"]: c["part_of"] for c in columns[form.code] if "part_of" in c}
        assert {c.id: c.part_of for t in form.tables for c in t.columns if c.part_of} == partial
        averages = {c["code"] for c in columns[form.code] if c.get("value_kind") == "average"}
        assert {c.id for t in form.tables for c in t.numeric if c.roll_up == "none"} == averages


def test_what_nobody_printed_only_warns(pack: Pack) -> None:
    """An identity is an error once the official explanation prints it; totals of the forms published first are."""
    for form in (one.definition for one in pack.forms):
        if form.kind == "legal":
            assert all(check.severity == "warning" for check in form.checks if check.status == "derived")
            if form.key not in PUBLISHED_FORMS:
                assert {r.sum_severity for t in form.tables for r in t.rows if r.sum_of} <= {"warning"}


def test_forms_of_one_family_and_of_the_act_after_it_are_linked(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    notaries = forms["tt-17-2025-tt-btp:10b-tp-cc"]
    assert {source.into for source in notaries.tables[0].lines_from} == {"I.unit", "II.unit"}
    money = next(one for one in notaries.tables[0].lines_from[0].columns if one.to == "c18")
    assert (money.column, money.factor) == ("c18", 1000)
    assert notaries.replaces == ("tt-03-2019-tt-btp:12b-btp-bttp-cc",)
    assert forms["tt-04-2016-tt-btp:24m-btp-tgpl"].interim_for == ("24",)
    assert sum(bool(form.interim_for) for form in forms.values()) == 6


def test_series_are_joined_only_where_columns_say_the_same(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    for new, old, joined, refused in (
        (
            "tt-04-2016-tt-btp:13a-btp-htqtct-ht",
            "tt-20-2013-tt-btp:13a-btp-hctp-ht-ksktkh",
            18,
            ("c2", "c3", "c8", "c9"),
        ),
        ("tt-17-2025-tt-btp:10a-tp-cc", "tt-03-2019-tt-btp:12a-btp-bttp-cc", 6, None),
    ):
        found = carried({}, old=forms[old], new=forms[new])
        assert len(links_of(old=forms[old], new=forms[new])) == joined
        assert len(found.refused) == len(forms[new].tables[0].numeric) - joined
        assert refused is None or tuple(cell.column for cell in found.refused) == refused
    with pytest.raises(NoCrosswalk):
        carried({}, old=forms["tt-03-2019-tt-btp:12a-btp-bttp-cc"], new=forms["tt-17-2025-tt-btp:21a-tp-htpldn"])


def test_nobody_owes_a_form_that_cannot_be_filled_in(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    owed = {one.form for regime in pack.regimes for one in regime.obligations}
    assert all(forms[key].has_layout for key in owed)
    assert not [key for key in owed if key.startswith(("tt-08-2011", "tt-01-2020"))]


def test_a_form_is_valid_within_its_act(pack: Pack) -> None:
    regimes = {one.key: one.span for one in pack.regimes}
    for form in pack.forms:
        act, span = form.key.split(":")[0], form.definition.valid
        if act in regimes and regimes[act].start is not None:
            assert span.start is not None
            assert regimes[act].intersect(span) == span, form.key


def test_the_whole_family_of_17_is_linked(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    folder = "tt-03-2019-tt-btp:"
    for upper, lower in (("17b-btp-htqtct-ct", "17a-btp-htqtct-ct"), ("17c-btp-htqtct-ct", "17b-btp-htqtct-ct")):
        sources = {source.form for table_ in forms[folder + upper].tables for source in table_.lines_from}
        assert sources == {folder + lower}
    assert {form.valid.end for key, form in forms.items() if key.startswith(folder)} == {date(2025, 11, 1)}
    assert {form.family for key, form in forms.items() if key.startswith(f"{folder}17")} == {"17"}


def test_the_conference_keeps_the_words_of_the_source() -> None:
    text = (PACK / "published" / "long-an-2014-03-21.yaml").read_text("utf-8")
    conference = yaml.safe_load(text)
    rows = [phrase["r"] for part in conference["conclusion"]["paragraphs"] for phrase in part["phrases"]]
    assert rows == list(range(92, 101))
    assert conference["conclusion"]["list_complete_in_source"] is False
    assert (conference["event_date"], conference["publication_date"]) == (date(2014, 3, 21), date(2015, 7, 14))


def test_the_files_are_what_the_scripts_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    made = tmp_path / "justice-vn"
    shutil.copytree(PACK / "published", made / "published")
    monkeypatch.setattr("sys.argv", ["build"])
    for name in ("build_areas", "build_units", "build_forms"):
        script = importlib.import_module(name)
        monkeypatch.setattr(script, "PACK", made)
        script.main()
    written = [path for path in made.rglob("*") if path.is_file() and "published" not in path.parts]
    assert sum("forms" in path.parts for path in written) == 63
    assert len(written) == 8 + 63
    for path in written:
        assert path.read_bytes() == (PACK / path.relative_to(made)).read_bytes(), path.name
