"""Build packs/justice-vn/units/*.csv from areas/*.csv and the bodies that the sources name.

Run: python scripts/build_units.py            (after build_areas.py; deterministic, may be run again)

A body that stands at a province, district or commune follows its area: same span, and a new dated row when the name of
the area changes. What followed the map of 2025-07-01 names the event of the map. `administrative` is who directs,
`professional` is who guides and receives reports in the sector. What no source says (the date of an end, a successor)
stays empty and is named in the note or in gaps.yaml.
"""

from __future__ import annotations

import sys
from collections import Counter

from pack_csv import (
    KNOWN_ON,
    LINK_COLUMNS,
    MERGER_ON,
    PACK,
    PARENT_COLUMNS,
    SERVED_COLUMNS,
    UNIT_COLUMNS,
    lower_first,
    read_rows,
    write_rows,
)

Row = dict[str, str]

# Day of issue of Nghị định 39/2025/NĐ-CP, the first list of the Ministry's 20 units in which the change shows.
# Its day of effect was not read, so this is a bound ("changed by then"), said in every note that rests on it.
MINISTRY_2025 = "2025-02-26"
BOUND = (
    "Ngày ban hành Nghị định 39/2025/NĐ-CP, danh sách đầu tiên cho thấy thay đổi; ngày hiệu lực chưa đọc được trong"
    " nguồn nên đây là mốc chặn, không phải ngày chính xác."
)
LEGAL_AID_END = (
    "Ngày kết thúc là ngày tỉnh hết: sau đó không tìm thấy nguồn về Trung tâm (còn hoạt động, hợp nhất hay đổi tên)"
    " – xem gaps.yaml."
)

MINISTRY_EVENT, THADS_EVENT = "co-cau-bo-tu-phap-2025", "to-chuc-thads-2025"
DISTRICTS_EVENT = "bo-cap-huyen-2025"
OF_THE_MINISTRY = {"don-vi-thuoc-bo", "co-quan-quan-ly-tgpl", "co-quan-quan-ly-thads"}
CENTRAL: tuple[Row, ...] = (
    {"key": "chinh-phu", "kind": "chinh-phu", "name": "Chính phủ", "short_name": "Chính phủ", "source": "nd-09-2026"},
    {"key": "bo-tu-phap", "kind": "bo", "name": "Bộ Tư pháp", "short_name": "Bộ Tư pháp", "source": "nd-09-2026"},
    {
        "key": "van-phong-bo-tu-phap",
        "kind": "don-vi-thuoc-bo",
        "name": "Văn phòng Bộ Tư pháp",
        "short_name": "Văn phòng Bộ",
        "source": "nd-09-2026",
    },
    {
        "key": "cuc-ke-hoach-tai-chinh",
        "kind": "don-vi-thuoc-bo",
        "name": "Cục Kế hoạch - Tài chính",
        "short_name": "Cục KH-TC",
        "source": "nd-09-2026",
        "note": "Đầu mối nhận báo cáo thống kê của Bộ (Thông tư 03/2019/TT-BTP, Thông tư 17/2025/TT-BTP).",
    },
    {
        "key": "cuc-cong-tac-phia-nam",
        "kind": "don-vi-thuoc-bo",
        "name": "Cục Công tác phía Nam",
        "short_name": "Cục CTPN",
        "valid_to": MINISTRY_2025,
        "event": MINISTRY_EVENT,
        "source": "t1",
        "note": "Không còn trong danh sách 20 đơn vị của Bộ. Ngày chấm dứt thật và đơn vị nhận nhiệm vụ: không tìm"
        " thấy, có thể sớm hơn. " + BOUND,
    },
    {
        "key": "cuc-tro-giup-phap-ly",
        "kind": "co-quan-quan-ly-tgpl",
        "name": "Cục Trợ giúp pháp lý",
        "short_name": "Cục TGPL",
        "valid_to": MINISTRY_2025,
        "event": MINISTRY_EVENT,
        "source": "t1",
        "note": BOUND,
    },
    {
        "key": "cuc-pho-bien-giao-duc-phap-luat",
        "kind": "don-vi-thuoc-bo",
        "name": "Cục Phổ biến, giáo dục pháp luật",
        "short_name": "Cục PBGDPL",
        "valid_to": MINISTRY_2025,
        "event": MINISTRY_EVENT,
        "source": "nd-39-2025",
        "note": BOUND,
    },
    {
        "key": "cuc-pbgdpl-tgpl",
        "kind": "co-quan-quan-ly-tgpl",
        "name": "Cục Phổ biến, giáo dục pháp luật và Trợ giúp pháp lý",
        "short_name": "Cục PBGDPL và TGPL",
        "valid_from": MINISTRY_2025,
        "event": MINISTRY_EVENT,
        "source": "nd-39-2025",
        "note": BOUND,
    },
    {
        "key": "tong-cuc-thads",
        "kind": "co-quan-quan-ly-thads",
        "name": "Tổng cục Thi hành án dân sự",
        "short_name": "Tổng cục THADS",
        "valid_to": MERGER_ON,
        "event": THADS_EVENT,
        "source": "qd-1898-2025",
        "note": "Người đứng đầu Cục Quản lý được bổ nhiệm từ 01/7/2025, trước đó là Quyền Tổng cục trưởng; Nghị định"
        " 39/2025/NĐ-CP (26/02/2025) đã dùng tên Cục Quản lý – hai nguồn lệch nhau về thời điểm.",
    },
    {
        "key": "cuc-quan-ly-thads",
        "kind": "co-quan-quan-ly-thads",
        "name": "Cục Quản lý Thi hành án dân sự",
        "short_name": "Cục Quản lý THADS",
        "valid_from": MERGER_ON,
        "event": THADS_EVENT,
        "source": "qd-1898-2025",
    },
    {
        "key": "cong-dich-vu-cong-quoc-gia",
        "kind": "publisher",
        "name": "Cổng Dịch vụ công quốc gia",
        "short_name": "Cổng DVCQG",
        "source": "dvcqg-2026",
        "note": "Nơi công bố số liệu, không phải cơ quan báo cáo; số của nơi công bố không cộng với số của đơn vị.",
    },
)
QD_1898_BODIES = "Quyết định 1898/QĐ-BTP ngày 25/6/2025 (34 cơ quan THADS tỉnh, thành phố)"
NO_HEIR = (
    "Hết ngày 30/6/2025. Nhiệm vụ chuyển cho UBND cấp xã hoặc Sở Tư pháp (Nghị định 120/2025/NĐ-CP, Thông tư"
    " 09/2025/TT-BTP): không có đơn vị kế thừa."
)
ND_39, QD_1898 = "Nghị định 39/2025/NĐ-CP", "Quyết định 1898/QĐ-BTP ngày 25/6/2025"
CENTRAL_MERGERS = (
    ("cuc-tro-giup-phap-ly", "cuc-pbgdpl-tgpl", MINISTRY_2025, "merge", MINISTRY_EVENT, "nd-39-2025", ND_39),
    ("cuc-pho-bien-giao-duc-phap-luat", "cuc-pbgdpl-tgpl", MINISTRY_2025, "merge", MINISTRY_EVENT, "nd-39-2025", ND_39),
    ("tong-cuc-thads", "cuc-quan-ly-thads", MERGER_ON, "rename", THADS_EVENT, "qd-1898-2025", QD_1898),
)


class Book:
    """Rows gathered for the four tables."""

    def __init__(self, areas: list[Row]) -> None:
        self.versions: dict[str, list[Row]] = {}
        for area in areas:
            self.versions.setdefault(area["key"], []).append(area)
        self.units: list[Row] = []
        self.parents: list[Row] = []
        self.successions: list[Row] = []
        self.served: list[Row] = []

    def span(self, area: str) -> tuple[str, str]:
        versions = self.versions[area]
        return versions[0]["valid_from"], versions[-1]["valid_to"]

    def event(self, area: str, span: tuple[str, str]) -> str:
        """The event of the map that began, or else ended, what lasts as long as the area; "" when there is none."""
        versions = self.versions[area]
        return versions[0]["event"] if span[0] else versions[-1]["event"] if span[1] else ""

    def at_area(
        self, key: str, kind: str, area: str, title: str, short: str, *, source: str, note: str = "", event: bool = True
    ) -> None:
        """One row per dated name of the area: '<title> <area name>'. event False: the body's own end was not read."""
        for version in self.versions[area]:
            name = lower_first(version["name"])
            self.units.append(
                {
                    "key": key,
                    "kind": kind,
                    "name": f"{title} {name}",
                    "short_name": f"{short} {name}",
                    "area": area,
                    "valid_from": version["valid_from"],
                    "valid_to": version["valid_to"],
                    "known_on": version["known_on"],
                    "event": version["event"] if event else "",
                    "source": source,
                    "note": note,
                }
            )

    def under(self, unit: str, parent: str, line: str, span: tuple[str, str], source: str, event: str = "") -> None:
        row = {"unit": unit, "parent": parent, "line": line, "valid_from": span[0], "valid_to": span[1]}
        self.parents.append(row | {"event": event, "source": source})

    def follow(self, prefix: str, link: Row, *, basis: str, source: str, new_prefix: str = "", event: str = "") -> None:
        """The succession of the areas repeated for the bodies that stand at them."""
        old, new = link["old"].split(":", 1)[1], link["new"].split(":", 1)[1]
        row = {"old": f"{prefix}:{old}", "new": f"{new_prefix or prefix}:{new}", "on": link["on"], "kind": link["kind"]}
        row |= {"share": link["share"], "event": event or link["event"]}
        self.successions.append(row | {"basis": basis, "source": source})


def central(book: Book) -> None:
    spans = {row["key"]: (row.get("valid_from", ""), row.get("valid_to", "")) for row in CENTRAL}
    book.units += [row | {"area": "viet-nam"} for row in CENTRAL]
    book.under("bo-tu-phap", "chinh-phu", "administrative", ("", ""), "nd-09-2026")
    for row in CENTRAL:
        if row["kind"] in OF_THE_MINISTRY:
            for line in ("administrative", "professional"):
                book.under(row["key"], "bo-tu-phap", line, spans[row["key"]], row["source"], row.get("event", ""))
    for old, new, on, kind, event, source, basis in CENTRAL_MERGERS:
        link = {"old": old, "new": new, "on": on, "kind": kind, "share": "whole", "event": event}
        book.successions.append(link | {"basis": basis, "source": source})


def provinces(book: Book, keys: list[str], links: list[Row]) -> None:
    for area in keys:
        name, span = area.split(":", 1)[1], book.span(area)
        committee, department = f"ubnd-tinh:{name}", f"so-tu-phap:{name}"
        source, event = book.versions[area][0]["source"], book.event(area, span)
        book.at_area(committee, "ubnd-tinh", area, "Ủy ban nhân dân", "UBND", source=source)
        book.under(committee, "chinh-phu", "administrative", span, source, event)
        book.under(committee, "bo-tu-phap", "professional", span, "tt-12-2019", event)
        book.at_area(department, "so-tu-phap", area, "Sở Tư pháp", "Sở Tư pháp", source=source)
        book.under(department, committee, "administrative", span, "tt-09-2025", event)
        book.under(department, "bo-tu-phap", "professional", span, "tt-03-2019", event)
    for link in links:
        book.follow("ubnd-tinh", link, basis=link["basis"], source=link["source"])
        basis = "Theo Nghị quyết 202/2025/QH15; quyết định riêng của từng tỉnh chưa đọc"
        book.follow("so-tu-phap", link, basis=basis, source="nq-202-2025")


def legal_aid(book: Book, keys: list[str]) -> None:
    """The 63 State legal-aid centres known before the merger; of 52 nothing is known afterwards."""
    for area in keys:
        name, span = area.split(":", 1)[1], book.span(area)
        centre = f"ttgtgpl:{name}"
        note = LEGAL_AID_END if span[1] == MERGER_ON else ""
        title, short = "Trung tâm trợ giúp pháp lý nhà nước", "TT TGPL"
        book.at_area(centre, "trung-tam-tgpl", area, title, short, source="tgpl-1890", note=note, event=False)
        book.under(centre, f"so-tu-phap:{name}", "administrative", span, "tgpl-1890")
        first, second = (span[0], MINISTRY_2025), (MINISTRY_2025, span[1])
        book.under(centre, "cuc-tro-giup-phap-ly", "professional", first, "tt-12-2018", MINISTRY_EVENT)
        book.under(centre, "cuc-pbgdpl-tgpl", "professional", second, "nd-39-2025", MINISTRY_EVENT)


def districts(book: Book, keys: list[str], islands: set[str]) -> None:
    """The committees of the 696 districts, and the divisions of justice of those that had communes.

    islands: the districts without communes, of whose divisions nothing was read.
    """
    for area in keys:
        name, span = area.split(":", 1)[1], book.span(area)
        province = book.versions[area][0]["parent"].split(":", 1)[1]
        committee, division = f"ubnd-huyen:{name}", f"phong-tu-phap:{name}"
        book.at_area(committee, "ubnd-huyen", area, "Ủy ban nhân dân", "UBND", source="vietnamadminunits")
        known = "t2" if province == "long-an" else "tt-03-2019"
        book.under(committee, f"ubnd-tinh:{province}", "administrative", span, known, DISTRICTS_EVENT)
        if area in islands:
            continue
        book.at_area(division, "phong-tu-phap", area, "Phòng Tư pháp", "Phòng Tư pháp", source=known, note=NO_HEIR)
        book.under(division, committee, "administrative", span, known, DISTRICTS_EVENT)
        book.under(division, f"so-tu-phap:{province}", "professional", span, "tt-03-2019", DISTRICTS_EVENT)


def former_communes(book: Book, areas: list[Row]) -> None:
    """The committees of the 10,035 communes as known on 2025-06-30; they reported to the division of the district."""
    for area in areas:
        unit, span, district = f"ubnd-{area['key']}", book.span(area["key"]), area["parent"].split(":", 1)[1]
        book.at_area(unit, "ubnd-xa", area["key"], "Ủy ban nhân dân", "UBND", source="vietnamadminunits")
        book.under(unit, f"ubnd-huyen:{district}", "administrative", span, "vietnamadminunits", area["event"])
        book.under(unit, f"phong-tu-phap:{district}", "professional", span, "tt-03-2019", area["event"])


def communes(book: Book, areas: list[Row]) -> None:
    for area in areas:
        code, province = area["code"], area["parent"].split(":", 1)[1]
        unit, span = f"ubnd-xa:{code}", book.span(area["key"])
        book.at_area(unit, "ubnd-xa", area["key"], "Ủy ban nhân dân", "UBND", source="vietnamadminunits")
        book.under(unit, f"ubnd-tinh:{province}", "administrative", span, "nq-203-2025", area["event"])
        book.under(unit, f"so-tu-phap:{province}", "professional", span, "tt-09-2025", area["event"])


def commune_heirs(book: Book, links: list[Row]) -> None:
    """Committees follow their communes, whole or in part; a district's duties pass to every committee on its land.

    An island district became one special zone, so its committee passed whole.
    """
    passed: set[tuple[str, str]] = set()
    for link in links:
        if link["old"].startswith("huyen:"):
            book.follow("ubnd-huyen", link, basis="", source=link["source"], new_prefix="ubnd-xa")
        else:
            book.follow("ubnd-xa-truoc-2025", link, basis="", source=link["source"], new_prefix="ubnd-xa")
            passed.add((book.versions[link["old"]][0]["parent"], link["new"]))
    for district, commune in sorted(passed):
        link = {"old": district, "new": commune, "on": MERGER_ON, "kind": "transfer", "share": "part"}
        basis = "Nghị định 120/2025/NĐ-CP"
        book.follow("ubnd-huyen", link, basis=basis, source="nd-120-2025", new_prefix="ubnd-xa", event=DISTRICTS_EVENT)


def enforcement(book: Book, keys: list[str], links: list[Row]) -> None:
    """One body a province: 63 under the system of three levels, 34 since 2025-07-01."""
    for area in keys:
        unit, (start, end) = f"thads:{area.split(':', 1)[1]}", book.span(area)
        periods: list[tuple[str, str, str, str]] = []
        if not start:
            periods.append(("Cục Thi hành án dân sự", "Cục THADS", "", MERGER_ON))
        if not end:
            periods.append(("Thi hành án dân sự", "THADS", MERGER_ON, ""))
        for title, short, first, last in periods:
            for version in book.versions[area]:
                span = _shared((first, last), (version["valid_from"], version["valid_to"]))
                if span is None:
                    continue
                name = lower_first(version["name"])
                row = {"key": unit, "kind": "co-quan-thads", "name": f"{title} {name}", "short_name": f"{short} {name}"}
                row |= {"area": area, "valid_from": span[0], "valid_to": span[1], "known_on": ""}
                if not span[0]:
                    row |= {"known_on": min(version["known_on"], KNOWN_ON) if version["known_on"] else ""}
                is_of_the_map = span[0] not in ("", MERGER_ON) or MERGER_ON not in span
                row |= {"event": version["event"] if is_of_the_map else THADS_EVENT}
                book.units.append(row | {"source": "qd-1898-2025" if first else "thads-sources"})
            head = "cuc-quan-ly-thads" if first == MERGER_ON else "tong-cuc-thads"
            for line in ("administrative", "professional"):
                book.under(unit, head, line, (first, last), "qd-1898-2025", THADS_EVENT)
            row = {"unit": unit, "area": area, "valid_from": first, "valid_to": last, "event": THADS_EVENT}
            book.served.append(row | {"source": "qd-1898-2025" if first else "thads-sources"})
    for link in links:
        book.follow("thads", link, basis=QD_1898_BODIES, source="qd-1898-2025", event=THADS_EVENT)


def _shared(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str] | None:
    """The days that two spans share; "" = open."""
    start, ends = max(one[0], other[0]), [end for end in (one[1], other[1]) if end]
    end = min(ends, default="")
    return None if end and start >= end else (start, end)


def check(book: Book) -> None:
    """Stop when a count is not what the sources say, or a parent does not exist."""
    kinds = {row["key"]: row["kind"] for row in book.units}
    spans: dict[str, tuple[str, str]] = {}
    for row in book.units:
        spans[row["key"]] = (spans.get(row["key"], (row.get("valid_from", ""), ""))[0], row.get("valid_to", ""))
    counts = Counter(kinds.values())
    both = 63 + 23
    wanted = {"ubnd-tinh": both, "so-tu-phap": both, "co-quan-thads": both, "trung-tam-tgpl": 63}
    wanted |= {"ubnd-huyen": 696, "phong-tu-phap": 691, "ubnd-xa": 10035 + 3321}
    ever = ("ubnd-tinh", "so-tu-phap", "co-quan-thads")
    today = {kind: sum(k == kind and not spans[u][1] for u, k in kinds.items()) for kind in ever}
    if any(counts[kind] != n for kind, n in wanted.items()) or set(today.values()) != {34}:
        sys.exit(f"build_units: counts {dict(counts)}, today {today}")
    for row in book.parents:
        for unit in (row["unit"], row["parent"]):
            start, end = spans[unit]
            if (start and row["valid_from"] < start) or (end and not "" < row["valid_to"] <= end):
                sys.exit(f"build_units: {row} does not lie inside the span of {unit}")
    for row in book.successions:
        if spans[row["old"]][1] != row["on"] or spans[row["new"]][0] != row["on"]:
            sys.exit(f"build_units: {row} does not meet the spans of its units")


def main() -> None:
    areas = read_rows(PACK / "areas" / "areas.csv")
    links = read_rows(PACK / "areas" / "successions.csv")
    of_provinces = [link for link in links if link["old"].startswith("tinh:")]
    book = Book(areas)
    keys = [k for k in book.versions if k.startswith("tinh:")]
    former = [a for a in areas if a["key"].startswith("xa-truoc-2025:")]
    central(book)
    provinces(book, keys, of_provinces)
    of_districts = [k for k in book.versions if k.startswith("huyen:")]
    districts(book, of_districts, set(of_districts) - {area["parent"] for area in former})
    legal_aid(book, [k for k in keys if not k.endswith("-2025")])
    enforcement(book, keys, of_provinces)
    former_communes(book, former)
    communes(book, [a for a in areas if a["key"].startswith("xa:")])
    commune_heirs(book, [link for link in links if not link["old"].startswith("tinh:")])
    check(book)
    tables = (
        ("units.csv", UNIT_COLUMNS, book.units),
        ("parents.csv", PARENT_COLUMNS, book.parents),
        ("successions.csv", LINK_COLUMNS, book.successions),
        ("serves.csv", SERVED_COLUMNS, book.served),
    )
    for name, columns, rows in tables:
        print(f"units/{name}: {write_rows(PACK / 'units' / name, columns, rows)} rows")


if __name__ == "__main__":
    main()
