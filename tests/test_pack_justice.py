"""The sector pack: what it promises by number, and that its files are what the scripts in scripts/ make."""

import csv
import importlib
import shutil
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
import yaml

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
    lengths = {"tinh": {2}, "huyen": {3}, "xa": {5}}
    for prefix, wanted in lengths.items():
        assert {len(r["code"]) for r in areas if r["key"].startswith(f"{prefix}:")} == wanted
    for day in ("2025-06-30", MERGER, "2026-10-10"):
        codes = [(len(r["code"]), r["code"]) for r in valid_on(areas, day) if r["code"]]
        assert len(codes) == len(set(codes))


def test_every_old_province_has_one_whole_successor_or_stays(areas: list[dict[str, str]]) -> None:
    before = {r["key"] for r in valid_on(areas, "2025-06-30") if r["key"].startswith("tinh:")}
    after = {r["key"] for r in valid_on(areas, MERGER) if r["key"].startswith("tinh:")}
    links = table("areas/successions.csv")
    assert {(r["on"], r["share"], r["kind"]) for r in links} == {(MERGER, "whole", "merge")}
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


def test_districts_of_long_an(areas: list[dict[str, str]]) -> None:
    districts = [r for r in areas if r["key"].startswith("huyen:")]
    assert Counter(r["kind"] for r in districts) == {"huyen": 13, "thi-xa": 1, "thanh-pho-thuoc-tinh": 1}
    assert {(r["parent"], r["valid_from"], r["valid_to"]) for r in districts} == {("tinh:long-an", "", MERGER)}


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
        15,
        0,
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


def test_departments_follow_their_provinces() -> None:
    areas = {(r["old"].split(":")[1], r["new"].split(":")[1]) for r in table("areas/successions.csv")}
    units = table("units/successions.csv")
    for prefix in ("ubnd-tinh:", "so-tu-phap:"):
        links = {(r["old"], r["new"]) for r in units if r["old"].startswith(prefix)}
        assert links == {(prefix + old, prefix + new) for old, new in areas}
    assert not [r for r in units if r["old"].startswith("phong-tu-phap:")]


def test_fifteen_divisions_report_to_the_department_of_long_an() -> None:
    parents = valid_on(table("units/parents.csv"), "2014-03-21")
    under = [r["unit"] for r in parents if r["parent"] == "so-tu-phap:long-an" and r["line"] == "professional"]
    assert len(under) == 15
    assert all(unit.startswith("phong-tu-phap:long-an:") for unit in under)


def test_published_forms_do_not_change(pack: Pack) -> None:
    assert {form.key: form.checksum for form in pack.forms if form.key in PUBLISHED_FORMS} == PUBLISHED_FORMS


def test_capture_and_request_forms_are_never_official(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    assert {key for key, form in forms.items() if form.printable_as_official} == set(PUBLISHED_FORMS)
    assert len(forms) == 11


def test_the_whole_family_of_17_is_linked(pack: Pack) -> None:
    forms = {form.key: form.definition for form in pack.forms}
    folder = "tt-03-2019-tt-btp:"
    for upper, lower in (("17b-btp-htqtct-ct", "17a-btp-htqtct-ct"), ("17c-btp-htqtct-ct", "17b-btp-htqtct-ct")):
        sources = {source.form for table_ in forms[folder + upper].tables for source in table_.lines_from}
        assert sources == {folder + lower}
    assert {form.valid.end for key, form in forms.items() if key.startswith(folder)} == {date(2025, 11, 1)}


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
    assert len(written) == 11
    for path in written:
        assert path.read_bytes() == (PACK / path.relative_to(made)).read_bytes(), path.name
