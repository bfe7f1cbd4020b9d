"""Build packs/justice-vn/units/*.csv from areas/*.csv and the bodies that the sources name.

Run: python scripts/build_units.py            (after build_areas.py; deterministic, may be run again)

A body that stands at a province, district or commune follows its area: same span, and a new dated row when the name of
the area changes. `administrative` is who directs, `professional` is who guides and receives reports in the sector.
What no source says (the date of an end, a successor) stays empty and is named in the note or in gaps.yaml.
"""

from __future__ import annotations

import sys
from collections import Counter

from pack_csv import MERGER_ON, PACK, lower_first, read_rows, write_rows

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
        "source": "t1",
        "note": BOUND,
    },
    {
        "key": "cuc-pho-bien-giao-duc-phap-luat",
        "kind": "don-vi-thuoc-bo",
        "name": "Cục Phổ biến, giáo dục pháp luật",
        "short_name": "Cục PBGDPL",
        "valid_to": MINISTRY_2025,
        "source": "nd-39-2025",
        "note": BOUND,
    },
    {
        "key": "cuc-pbgdpl-tgpl",
        "kind": "co-quan-quan-ly-tgpl",
        "name": "Cục Phổ biến, giáo dục pháp luật và Trợ giúp pháp lý",
        "short_name": "Cục PBGDPL và TGPL",
        "valid_from": MINISTRY_2025,
        "source": "nd-39-2025",
        "note": BOUND,
    },
    {
        "key": "tong-cuc-thads",
        "kind": "co-quan-quan-ly-thads",
        "name": "Tổng cục Thi hành án dân sự",
        "short_name": "Tổng cục THADS",
        "valid_to": MERGER_ON,
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
ND_39, QD_1898 = "Nghị định 39/2025/NĐ-CP", "Quyết định 1898/QĐ-BTP ngày 25/6/2025"
CENTRAL_MERGERS = (
    ("cuc-tro-giup-phap-ly", "cuc-pbgdpl-tgpl", MINISTRY_2025, "merge", "nd-39-2025", ND_39),
    ("cuc-pho-bien-giao-duc-phap-luat", "cuc-pbgdpl-tgpl", MINISTRY_2025, "merge", "nd-39-2025", ND_39),
    ("tong-cuc-thads", "cuc-quan-ly-thads", MERGER_ON, "rename", "qd-1898-2025", QD_1898),
)

# Provincial enforcement bodies that the sources name (figures of TP.HCM 2019; Hà Nội's own page), and the two others
# that the body of today's Hồ Chí Minh City also succeeds, so that its predecessors are complete.
THADS_AREAS = ("tinh:ha-noi", "tinh:ho-chi-minh", "tinh:binh-duong", "tinh:ba-ria-vung-tau", "tinh:ho-chi-minh-2025")


class Book:
    """Rows gathered for the three tables."""

    def __init__(self, areas: list[Row]) -> None:
        self.versions: dict[str, list[Row]] = {}
        for area in areas:
            self.versions.setdefault(area["key"], []).append(area)
        self.units: list[Row] = []
        self.parents: list[Row] = []
        self.successions: list[Row] = []

    def span(self, area: str) -> tuple[str, str]:
        versions = self.versions[area]
        return versions[0]["valid_from"], versions[-1]["valid_to"]

    def at_area(self, key: str, kind: str, area: str, title: str, short: str, *, source: str, note: str = "") -> None:
        """One row per dated name of the area: '<title> <area name>'."""
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
                    "source": source,
                    "note": note,
                }
            )

    def under(self, unit: str, parent: str, line: str, span: tuple[str, str], source: str) -> None:
        row = {"unit": unit, "parent": parent, "line": line, "valid_from": span[0], "valid_to": span[1]}
        self.parents.append(row | {"source": source})

    def follow(self, prefix: str, link: Row, *, basis: str, source: str, new_prefix: str = "") -> None:
        """The succession of the areas repeated for the bodies that stand at them."""
        old, new = link["old"].split(":", 1)[1], link["new"].split(":", 1)[1]
        row = {"old": f"{prefix}:{old}", "new": f"{new_prefix or prefix}:{new}", "on": link["on"], "kind": link["kind"]}
        self.successions.append(row | {"share": link["share"], "basis": basis, "source": source})


def central(book: Book) -> None:
    spans = {row["key"]: (row.get("valid_from", ""), row.get("valid_to", "")) for row in CENTRAL}
    book.units += [row | {"area": "viet-nam"} for row in CENTRAL]
    book.under("bo-tu-phap", "chinh-phu", "administrative", ("", ""), "nd-09-2026")
    for row in CENTRAL:
        if row["kind"] in OF_THE_MINISTRY:
            for line in ("administrative", "professional"):
                book.under(row["key"], "bo-tu-phap", line, spans[row["key"]], row["source"])
    for old, new, on, kind, source, basis in CENTRAL_MERGERS:
        row = {"old": old, "new": new, "on": on, "kind": kind, "share": "whole"}
        book.successions.append(row | {"basis": basis, "source": source})


def provinces(book: Book, keys: list[str], links: list[Row]) -> None:
    for area in keys:
        name, span = area.split(":", 1)[1], book.span(area)
        committee, department = f"ubnd-tinh:{name}", f"so-tu-phap:{name}"
        source = book.versions[area][0]["source"]
        book.at_area(committee, "ubnd-tinh", area, "Ủy ban nhân dân", "UBND", source=source)
        book.under(committee, "chinh-phu", "administrative", span, source)
        book.under(committee, "bo-tu-phap", "professional", span, "tt-12-2019")
        book.at_area(department, "so-tu-phap", area, "Sở Tư pháp", "Sở Tư pháp", source=source)
        book.under(department, committee, "administrative", span, "tt-09-2025")
        book.under(department, "bo-tu-phap", "professional", span, "tt-03-2019")
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
        book.at_area(centre, "trung-tam-tgpl", area, title, short, source="tgpl-1890", note=note)
        book.under(centre, f"so-tu-phap:{name}", "administrative", span, "tgpl-1890")
        book.under(centre, "cuc-tro-giup-phap-ly", "professional", (span[0], MINISTRY_2025), "tt-12-2018")
        book.under(centre, "cuc-pbgdpl-tgpl", "professional", (MINISTRY_2025, span[1]), "nd-39-2025")


def districts(book: Book, keys: list[str]) -> None:
    note = (
        "Hết ngày 30/6/2025. Nhiệm vụ chuyển cho UBND cấp xã hoặc Sở Tư pháp (Nghị định 120/2025/NĐ-CP, Thông tư"
        " 09/2025/TT-BTP): không có đơn vị kế thừa."
    )
    for area in keys:
        name, span = area.split(":", 1)[1], book.span(area)
        committee, division = f"ubnd-huyen:{name}", f"phong-tu-phap:{name}"
        book.at_area(committee, "ubnd-huyen", area, "Ủy ban nhân dân", "UBND", source="vietnamadminunits")
        book.under(committee, "ubnd-tinh:long-an", "administrative", span, "t2")
        book.at_area(division, "phong-tu-phap", area, "Phòng Tư pháp", "Phòng Tư pháp", source="t2", note=note)
        book.under(division, committee, "administrative", span, "t2")
        book.under(division, "so-tu-phap:long-an", "professional", span, "tt-03-2019")


def communes(book: Book, areas: list[Row]) -> None:
    for area in areas:
        code, province = area["code"], area["parent"].split(":", 1)[1]
        unit, span = f"ubnd-xa:{code}", book.span(area["key"])
        book.at_area(unit, "ubnd-xa", area["key"], "Ủy ban nhân dân", "UBND", source="vietnamadminunits")
        book.under(unit, f"ubnd-tinh:{province}", "administrative", span, "nq-203-2025")
        book.under(unit, f"so-tu-phap:{province}", "professional", span, "tt-09-2025")


def enforcement(book: Book, links: list[Row]) -> None:
    for area in THADS_AREAS:
        unit, span = f"thads:{area.split(':', 1)[1]}", book.span(area)
        name = lower_first(book.versions[area][-1]["name"])
        periods: list[tuple[str, str, str, str]] = []
        if not span[0]:
            periods.append(("Cục Thi hành án dân sự", "Cục THADS", "", span[1] or MERGER_ON))
        if not span[1]:
            periods.append(("Thi hành án dân sự", "THADS", MERGER_ON, ""))
        for title, short, start, end in periods:
            row = {"key": unit, "kind": "co-quan-thads", "name": f"{title} {name}", "short_name": f"{short} {name}"}
            row |= {"area": area, "valid_from": start, "valid_to": end}
            book.units.append(row | {"source": "qd-1898-2025" if start else "thads-sources"})
            head = "cuc-quan-ly-thads" if start == MERGER_ON else "tong-cuc-thads"
            for line in ("administrative", "professional"):
                book.under(unit, head, line, (start, end), "qd-1898-2025")
    basis = "Quyết định 1898/QĐ-BTP ngày 25/6/2025 (34 cơ quan THADS tỉnh, thành phố)"
    for link in links:
        if link["old"] in THADS_AREAS:
            book.follow("thads", link, basis=basis, source="qd-1898-2025")


def check(book: Book) -> None:
    """Stop when a count is not what the sources say, or a parent does not exist."""
    kinds = {row["key"]: row["kind"] for row in book.units}
    spans: dict[str, tuple[str, str]] = {}
    for row in book.units:
        spans[row["key"]] = (spans.get(row["key"], (row.get("valid_from", ""), ""))[0], row.get("valid_to", ""))
    counts = Counter(kinds.values())
    both = 63 + 23
    wanted = {"ubnd-tinh": both, "so-tu-phap": both, "trung-tam-tgpl": 63, "phong-tu-phap": 15, "ubnd-xa": 3321}
    today = {kind: sum(k == kind and not spans[u][1] for u, k in kinds.items()) for kind in ("ubnd-tinh", "so-tu-phap")}
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
    book = Book(areas)
    keys = list(book.versions)
    old = [k for k in keys if k.startswith("tinh:") and not k.endswith("-2025")]
    central(book)
    provinces(book, [k for k in keys if k.startswith("tinh:")], links)
    districts(book, [k for k in keys if k.startswith("huyen:")])
    legal_aid(book, old)
    enforcement(book, links)
    communes(book, [a for a in areas if a["key"].startswith("xa:")])
    check(book)
    unit_columns = ("key", "kind", "name", "short_name", "area", "valid_from", "valid_to", "source", "note")
    parent_columns = ("unit", "parent", "line", "valid_from", "valid_to", "source")
    link_columns = ("old", "new", "on", "kind", "share", "basis", "source")
    tables = (
        ("units.csv", unit_columns, book.units),
        ("parents.csv", parent_columns, book.parents),
        ("successions.csv", link_columns, book.successions),
    )
    for name, columns, rows in tables:
        print(f"units/{name}: {write_rows(PACK / 'units' / name, columns, rows)} rows")


if __name__ == "__main__":
    main()
