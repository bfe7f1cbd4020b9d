"""Build packs/justice-vn/forms/<act>/<code>.yaml for the five legal forms that the pack holds in full.

Run: python scripts/build_forms.py [CATALOGUE]      (deterministic, may be run again)

CATALOGUE: a catalogue of forms; without it the extract kept in scripts/sources/forms-extract.yaml. The catalogue keeps
a form of two tables as one list of rows and columns named I.… and II.…, gives the last day of validity included, and
writes arithmetic as text. Here that becomes tables, half-open spans, `sum_of`, and rules; the script stops at any
column or piece of arithmetic that it did not use.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from pack_csv import PACK, SOURCES, slug

FIELDS = {"Chứng thực": "chung-thuc", "Hỗ trợ pháp lý doanh nghiệp": "ho-tro-phap-ly-doanh-nghiep"}
REPORTERS = {
    "co_quan_chuyen_mon_ubnd_tinh": "co-quan-chuyen-mon",
    "so_tu_phap": "so-tu-phap",
    "phong_tu_phap": "phong-tu-phap",
    "ubnd_xa": "ubnd-xa",
}
PACK_SOURCES = {"pmhtpldn": "tt-17-2025-mau-21", "qlvb_app": "tt-03-2019-mau-17"}
NO_ROW_NAME = "Biểu gốc không có tên dòng"


@dataclass(frozen=True)
class TablePlan:
    """How one table is cut out of a form: which rows and columns (by prefix), and what its moving lines stand for."""

    id: str
    prefix: str = ""
    row_label: str = ""
    one_per: str = ""
    lines_from: tuple[str, str, str] = ("", "", "")  # form, table, prefix of the columns there


@dataclass(frozen=True)
class FormPlan:
    tables: tuple[TablePlan, ...]
    family: str
    ends: str = ""
    notes: tuple[str, ...] = ()
    rules: tuple[dict[str, str], ...] = ()
    stub: tuple[str, ...] = field(default=())


EARLIER_FILES = "Chỉ cảnh báo: hồ sơ nhận ở kỳ trước có thể được giải quyết trong kỳ này."
SETTLED = ({"rule": "c7 <= c6", "severity": "warning", "status": "derived", "note": EARLIER_FILES},)
NO_DISTRICT = (
    "Cấp huyện kết thúc hoạt động từ 01/7/2025: từ ngày đó không còn nơi lập biểu, dù Thông tư còn hiệu lực hình thức"
    " đến hết 31/10/2025."
)
PLANS = {
    "17a/BTP/HTQTCT/CT": FormPlan((TablePlan("own", row_label="UBND cấp xã"),), family="17"),
    "17b/BTP/HTQTCT/CT": FormPlan(
        (
            TablePlan("own", "I", row_label="Phòng Tư pháp"),
            TablePlan("communes", "II", one_per="ubnd-xa", lines_from=("17a-btp-htqtct-ct", "own", "c")),
        ),
        family="17",
        ends="2025-11-01",
        notes=(NO_DISTRICT,),
    ),
    "17c/BTP/HTQTCT/CT": FormPlan(
        (
            TablePlan("divisions", "I", one_per="phong-tu-phap", lines_from=("17b-btp-htqtct-ct", "own", "I.")),
            TablePlan("districts", "II", one_per="phong-tu-phap", lines_from=("17b-btp-htqtct-ct", "communes", "II.")),
        ),
        family="17",
    ),
    "21a/TP/HTPLDN": FormPlan((TablePlan("main", row_label="Cơ quan chuyên môn"),), family="21", rules=SETTLED),
    "21b/TP/HTPLDN": FormPlan(
        (TablePlan("main", one_per="co-quan-chuyen-mon", lines_from=("21a-tp-htpldn", "main", "c")),),
        family="21",
        rules=SETTLED,
        stub=("STT", "Sở/ban/ngành"),
    ),
}


class ConversionError(ValueError):
    """The catalogue holds something that the plan does not cover."""


def convert(form: dict[str, Any], plan: FormPlan) -> dict[str, Any]:
    """One catalogue entry as the mapping of a form file."""
    if form["verified"] != "full" or form["labels"] != "as in the source":
        raise ConversionError(f"{form['code']}: only forms read in full with labels as in the source are converted")
    used: set[str] = {c["code"] for c in form["columns"] if c["label"] in plan.stub}
    totals = dict(_total(item["expr"]) for item in form["arithmetic"] if item["axis"] == "row")
    tables = []
    for table in plan.tables:
        columns = [c for c in form["columns"] if c["code"] not in used and _of(table, c["code"])]
        used |= {c["code"] for c in columns}
        tables.append(_table(form, table, columns, totals, plan))
    missing = {c["code"] for c in form["columns"]} - used
    if missing or totals:
        raise ConversionError(f"{form['code']}: columns {sorted(missing)}, totals {totals} were not used")
    ends = plan.ends or (_day_after(form["valid_to"]) if form["valid_to"] else None)
    checks = [
        {"rule": item["expr"], "severity": "warning", "status": item["status"]}
        for item in form["arithmetic"]
        if item["axis"] == "column"
    ]
    basis = re.match(r"(Thông tư \S+)", form["legal_basis"])
    if basis is None:
        raise ConversionError(f"{form['code']}: no act in {form['legal_basis']!r}")
    data: dict[str, Any] = {
        "act": basis[1],
        "code": form["code"],
        "title": form["title"],
        "kind": "legal",
        "family": plan.family,
        "field": FIELDS[form["field"]],
        "valid": [form["valid_from"], ends],
        "verified": "full",
        "labels": "as-in-source",
        "reports": REPORTERS[form["reporter_levels"][0]],
        "signatures": form["signatures"],
        "notes": [f"Nơi nhận: {form['receiver']}", *plan.notes],
        "source": PACK_SOURCES[form["source"][0]],
        "tables": tables,
    }
    return data | ({"checks": [*checks, *plan.rules]} if checks or plan.rules else {})


def _table(
    form: dict[str, Any], plan: TablePlan, columns: list[dict[str, Any]], totals: dict[str, str], of: FormPlan
) -> dict[str, Any]:
    rows = [r for r in form["rows"] if _of(plan, r["code"])]
    names = {r["code"]: "unit" if "dynamic" in r else "total" for r in rows}
    done = []
    for row in rows:
        made: dict[str, Any] = {"id": names[row["code"]], "label": row["label"]}
        if row["label"].startswith("(một dòng"):
            made |= {"label": plan.row_label, "note": NO_ROW_NAME}
        if "dynamic" in row:
            made |= {"parent": "total", "dynamic": {"one_per": plan.one_per}}
        elif row["code"] in totals:
            made["sum_of"] = names[totals.pop(row["code"])]
        done.append(made)
    title = columns[0]["parent"][0] if plan.prefix else ""
    data: dict[str, Any] = {"id": plan.id} | ({"title": title} if title else {})
    data |= {"stub": list(of.stub)} if of.stub else {}
    data |= {"rows": done, "columns": [_column(c, inside=title) for c in columns]}
    source, table, prefix = plan.lines_from
    if source:
        numbers = [c["code"] for c in columns if c.get("value_kind") != "text"]
        same = {code: prefix + re.sub(r"^.*?(\d+)$", r"\1", code) for code in numbers}
        data["lines_from"] = {"form": source, "table": table, "row": "total", "into": "unit", "map": same}
    return data


def _column(column: dict[str, Any], *, inside: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": column["code"], "label": column["label"]}
    parents = [p for p in column["parent"] if p != inside]
    made |= {"parent": parents} if parents else {}
    if column.get("value_kind") == "text":
        return made | {"kind": "text"}
    return made | {"unit": column["unit"]}


def _of(plan: TablePlan, code: str) -> bool:
    return not plan.prefix or code.split(".")[0] == plan.prefix


def _total(expression: str) -> tuple[str, str]:
    """'row II.total = sum(row II.x)' → ('II.total', 'II.x')."""
    match = re.fullmatch(r"row (\S+) = sum\(row (\S+)\)", expression)
    if match is None:
        raise ConversionError(f"arithmetic {expression!r} is not a total of lines")
    return match[1], match[2]


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def text_of(data: dict[str, Any]) -> str:
    """YAML as a person would write it: one line for each row, column and check."""

    def flow(value: object) -> str:
        dumped = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000)
        return dumped.removesuffix("...\n").strip()

    lines = ["# Made by scripts/build_forms.py; change the script or its source, not this file."]
    for key, value in data.items():
        if key not in {"tables", "checks", "notes"}:
            lines.append(f"{key}: {flow(value)}")
            continue
        lines.append(f"{key}:")
        for item in value:
            if key != "tables":
                lines.append(f"  - {flow(item)}")
                continue
            for number, (name, part) in enumerate(item.items()):
                start = "  - " if number == 0 else "    "
                if name in {"rows", "columns"}:
                    lines += [f"{start}{name}:", *(f"      - {flow(line)}" for line in part)]
                else:
                    lines.append(f"{start}{name}: {flow(part)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCES / "forms-extract.yaml"
    catalogue = yaml.safe_load(path.read_text("utf-8"))
    found = {f["code"]: f for f in catalogue["forms"] if f["code"] in PLANS}
    if found.keys() != PLANS.keys():
        sys.exit(f"build_forms: {path} lacks {sorted(PLANS.keys() - found.keys())}")
    for code, plan in PLANS.items():
        data = convert(found[code], plan)
        target = PACK / "forms" / _act_slug(data["act"]) / f"{slug(code)}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(data), encoding="utf-8")
        print(f"{target.relative_to(PACK)}: {sum(len(t['columns']) for t in data['tables'])} columns")


def _act_slug(act: str) -> str:
    """'Thông tư 03/2019/TT-BTP' → 'tt-03-2019-tt-btp'."""
    return "tt-" + slug(act.removeprefix("Thông tư "))


if __name__ == "__main__":
    main()
