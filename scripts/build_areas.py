"""Build packs/justice-vn/areas/*.csv: provinces, districts and communes before and after 2025-07-01.

Run: python scripts/build_areas.py            (needs requirements-dev.txt; deterministic, may be run again)

Names, types and codes come from `admin_units`, what became of the communes from `crosswalk`. What changed before or
after comes from the sources named row by row; where the day is not known the cell stays empty or the note says what
the date means. `known_on`: the state is known for that day, its first day is not. `event`: the event that began the
row, or that ended it where the beginning is not known. The script stops when a count or a code is not what the
resolutions say.
"""

from __future__ import annotations

from collections import Counter

from admin_units import (
    CITY_IN_CITY,
    DISTRICT_KINDS,
    PROVINCE_KINDS,
    Official,
    bare,
    expect,
    kind_and_name,
    read,
)
from crosswalk import Crosswalk, crosswalk
from pack_csv import AREA_COLUMNS, KNOWN_ON, LINK_COLUMNS, MERGER_ON, PACK, read_rows, slug, write_rows

Row = dict[str, str]

AS_KNOWN = "Như biết ngày 30/6/2025; ngày bắt đầu không rõ."

# Types and names that changed while the area stayed the same: slug → (day, kind and name before, source, event).
HUE_BEFORE = ("2025-01-01", "tinh", "Tỉnh Thừa Thiên Huế", "nq-175-2024", "hue-len-thanh-pho-2025")
HUE_KNOWN_ON = "2024-12-31"  # the last day under the former name
BECAME_CITY = {
    "dong-nai": (
        "2026-04-30",
        "dong-nai-2026",
        "dong-nai-len-thanh-pho-2026",
        "Lên thành phố trực thuộc trung ương: ngày 30/4/2026 chỉ có nguồn thứ cấp, chưa kiểm tra; Cổng DVCQG ghi"
        " «thành phố» từ lần chụp đầu tiên 17/9/2026.",
    ),
    "bac-ninh": (
        "2026-10-01",
        "dvcqg-2026",
        "bac-ninh-len-thanh-pho-2026",
        "Ngày thấy lần đầu, không phải ngày có hiệu lực: Cổng DVCQG còn ghi «tỉnh» ngày 17/9/2026, ghi «thành phố» từ"
        " 01/10/2026. Nghị quyết và ngày hiệu lực chưa tìm thấy.",
    ),
    "quang-ninh": (
        "2026-10-01",
        "dvcqg-2026",
        "quang-ninh-len-thanh-pho-2026",
        "Ngày thấy lần đầu, không phải ngày có hiệu lực: Cổng DVCQG còn ghi «tỉnh» ngày 17/9/2026, ghi «thành phố» từ"
        " 01/10/2026. Nghị quyết và ngày hiệu lực chưa tìm thấy.",
    ),
}


def province_key(short: str, *, merged: bool) -> str:
    return f"tinh:{slug(short)}{'-2025' if merged else ''}"


def province_rows(official: Official) -> tuple[list[Row], list[Row]]:
    """Rows of provinces, and the succession of the 52 that ended."""
    by_key = {row["key"]: row for row in official.provinces_before}
    rows: list[Row] = []
    links: list[Row] = []
    for row in official.provinces:
        parts = official.merged[row["key"]]
        merged = len(parts) > 1
        key = province_key(row["short"], merged=merged)
        if merged:
            for part in parts:
                link = {"old": province_key(by_key[part]["short"], merged=False), "new": key, "on": MERGER_ON}
                link |= {"kind": "merge", "share": "whole", "event": "sap-xep-tinh-2025"}
                links.append(link | {"basis": "Nghị quyết 202/2025/QH15", "source": "nq-202-2025"})
        else:
            expect(f"code of {row['name']} before and after", row["code"], by_key[parts[0]]["code"])
        rows += versions(row, key, merged=merged)
    ended = {link["old"] for link in links}
    for row in official.provinces_before:
        key = province_key(row["short"], merged=False)
        if key in ended:
            known = {"key": key, "kind": kind_and_name(row["name"], PROVINCE_KINDS)[0], "parent": "viet-nam"}
            known |= {"name": row["name"], "code": row["code"], "valid_to": MERGER_ON, "known_on": KNOWN_ON}
            rows.append(known | {"event": "sap-xep-tinh-2025", "source": "vietnamadminunits", "note": AS_KNOWN})
    return rows, links


def versions(row: Row, key: str, *, merged: bool) -> list[Row]:
    """The dated versions of a province of today."""
    base = {"key": key, "code": row["code"], "parent": "viet-nam", "name": row["name"]}
    base |= {"kind": kind_and_name(row["name"], PROVINCE_KINDS)[0], "source": "vietnamadminunits"}
    if merged:
        base |= {"valid_from": MERGER_ON, "event": "sap-xep-tinh-2025", "source": "nq-202-2025"}
    else:
        base |= {"known_on": KNOWN_ON}
    name = slug(row["short"])
    if name == "hue":
        day, kind, former, source, event = HUE_BEFORE
        before = base | {"kind": kind, "name": former, "valid_to": day, "known_on": HUE_KNOWN_ON, "event": event}
        return [before, base | {"valid_from": day, "known_on": "", "event": event, "source": source}]
    if name in BECAME_CITY:
        day, source, event, note = BECAME_CITY[name]
        city = {"kind": "thanh-pho-tw", "name": f"Thành phố {row['short']}", "valid_from": day, "known_on": ""}
        after = base | city | {"event": event, "source": source, "note": note}
        return [base | {"valid_to": day, "event": base.get("event", event)}, after]
    return [base]


def district_rows(official: Official, province_of: dict[str, Row]) -> dict[str, Row]:
    """The 696 districts as known on 2025-06-30, by `province_district`; the level ended the day after."""
    shorts = Counter((d["province"], slug(bare(d["name"], DISTRICT_KINDS))) for d in official.districts)
    rows: dict[str, Row] = {}
    for district in official.districts:
        province = province_of[district["province"]]
        short = slug(bare(district["name"], DISTRICT_KINDS))
        if shorts[district["province"], short] > 1 or short.isdigit():  # Cao Lãnh twice in one province; Quận 1
            short = slug(district["name"])
        kind = district["kind"]
        if kind == "thanh-pho-thuoc-tinh" and kind_and_name(province["name"], PROVINCE_KINDS)[0] == "thanh-pho-tw":
            kind = CITY_IN_CITY
        row = {"key": f"huyen:{slug(province['short'])}:{short}", "kind": kind, "name": district["name"]}
        row |= {"code": district["code"], "parent": province_key(province["short"], merged=False)}
        row |= {"valid_to": MERGER_ON, "known_on": KNOWN_ON, "event": "bo-cap-huyen-2025"}
        row |= {"source": "vietnamadminunits", "note": AS_KNOWN} | LONG_AN.get(district["name"], {})
        rows[f"{district['province']}_{district['key']}"] = row
    keys = {row["key"] for row in rows.values()}
    expect("keys of districts", len(keys), 696)
    return rows


# What the source text's own district is known for besides: the conference of 2014-03-21 sat when both existed.
LONG_AN: dict[str, Row] = {
    "Thị xã Kiến Tường": {
        "known_on": "2014-03-21",
        "source": "nq-33-2013",
        "note": "Thành lập từ một phần huyện Mộc Hóa theo Nghị quyết 33/NQ-CP ngày 18/3/2013 (ngày hiệu lực chưa"
        " đọc); đã có khi họp ngày 21/3/2014.",
    },
    "Huyện Mộc Hóa": {
        "note": AS_KNOWN + " Phần còn lại sau khi lập thị xã Kiến Tường (Nghị quyết 33/NQ-CP ngày 18/3/2013).",
    },
}


def former_communes(official: Official, districts: dict[str, Row]) -> dict[str, Row]:
    """The 10,035 communes as known on 2025-06-30, by `province_district_commune`. The note is in the README."""
    rows: dict[str, Row] = {}
    for commune in official.communes_before:
        district = f"{commune['province']}_{commune['district']}"
        row = {"key": f"xa-truoc-2025:{commune['code']}", "kind": commune["kind"], "name": commune["name"]}
        row |= {"code": commune["code"], "parent": districts[district]["key"], "valid_to": MERGER_ON}
        row |= {"known_on": KNOWN_ON, "event": "sap-xep-xa-2025", "source": "vietnamadminunits"}
        rows[f"{district}_{commune['key']}"] = row
    return rows


def commune_rows(communes: list[Row], province_of: dict[str, str]) -> list[Row]:
    return [
        {
            "key": f"xa:{commune['code']}",
            "kind": commune["kind"],
            "name": commune["name"],
            "code": commune["code"],
            "parent": province_of[commune["province"]],
            "valid_from": MERGER_ON,
            "event": "sap-xep-xa-2025",
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
    expect("portal codes", (len(codes), len(set(codes.values()))), (34, 34))
    return [
        {"area": area, "system": "portal", "code": code, "source": "dvcqg-2026"}
        for area, code in sorted(codes.items(), key=lambda item: item[1])
    ]


def commune_links(official: Official, districts: dict[str, Row], former: dict[str, Row]) -> Crosswalk:
    old_keys = {key: row["key"] for key, row in former.items()}
    old_keys |= {f"{key}_": row["key"] for key, row in districts.items()}  # an island district has no commune
    new_keys = {(row["province"], row["key"]): f"xa:{row['code']}" for row in official.communes}
    return crosswalk(official, old_keys, new_keys, {key: row["key"] for key, row in districts.items()})


def main() -> None:
    official = read()
    provinces, links = province_rows(official)
    expect("succession rows of provinces", len(links), 52)
    current = {
        r["short"]: province_key(r["short"], merged=len(official.merged[r["key"]]) > 1) for r in official.provinces
    }
    of_key = {r["key"]: current[r["short"]] for r in official.provinces}
    districts = district_rows(official, {row["key"]: row for row in official.provinces_before})
    former = former_communes(official, districts)
    communes = commune_rows(official.communes, of_key)
    expect("communes by kind", dict(Counter(c["kind"] for c in communes)), {"xa": 2621, "phuong": 687, "dac-khu": 13})
    cities = sum(kind_and_name(r["name"], PROVINCE_KINDS)[0] == "thanh-pho-tw" for r in official.provinces)
    expect("cities on 2025-07-01", cities, 6)
    walk = commune_links(official, districts, former)

    country = {"key": "viet-nam", "kind": "quoc-gia", "name": "Việt Nam", "source": "vietnamadminunits"}
    areas = [country, *sorted(provinces, key=lambda r: (r["key"], r.get("valid_from", "")))]
    areas += [*districts.values(), *former.values(), *communes]
    tables = (
        ("areas.csv", AREA_COLUMNS, areas),
        ("codes.csv", ("area", "system", "code", "valid_from", "valid_to", "source"), portal_codes(current)),
        ("successions.csv", LINK_COLUMNS, sorted(links, key=lambda r: (r["new"], r["old"])) + walk.links),
        ("successions-left-out.csv", LINK_COLUMNS, walk.left_out),
    )
    for name, columns, rows in tables:
        print(f"areas/{name}: {write_rows(PACK / 'areas' / name, columns, rows)} rows")


if __name__ == "__main__":
    main()
