"""Build packs/justice-vn/forms/<act>/<code>.yaml for every legal form of the catalogue.

Run: python scripts/build_forms.py [CATALOGUE]      (deterministic, may be run again)

CATALOGUE: without it scripts/sources/forms-catalogue.yaml. A form read in full or in part becomes a layout by its plan
in form_plans.py; one of which only the title is known gets a file without tables. The catalogue keeps a form of two
tables as one list of rows and columns, gives the last day of validity included, and writes arithmetic as text. Here
that becomes tables, half-open spans, totals and rules; the script stops at any column, row or piece of arithmetic that
it did not use.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from form_plans import (
    INTERIM,
    INTERIM_2018,
    INTERIM_NOTE,
    NO_ROW_NAME,
    PLANS,
    SUMMED,
    TITLE_ONLY_VALID,
    Below,
    FormPlan,
    Named,
    TablePlan,
)
from pack_csv import PACK, SOURCES, slug

FIELDS = {
    "Hỗ trợ pháp lý doanh nghiệp": "ho-tro-phap-ly-doanh-nghiep",
    "Chứng thực": "chung-thuc",
    "Công chứng": "cong-chung",
    "Hộ tịch": "ho-tich",
    "Nuôi con nuôi": "nuoi-con-nuoi",
    "Hòa giải ở cơ sở": "hoa-giai-o-co-so",
    "Hòa giải ở cơ sở; chuẩn tiếp cận pháp luật": "hoa-giai-o-co-so",
    "PBGDPL": "pho-bien-giao-duc-phap-luat",
    "Trợ giúp pháp lý": "tro-giup-phap-ly",
    "Luật sư": "bo-tro-tu-phap",
    "Đấu giá tài sản": "bo-tro-tu-phap",
    "Giám định tư pháp": "bo-tro-tu-phap",
    "Kiểm soát TTHC": "kiem-soat-thu-tuc-hanh-chinh",
    "THADS": "thi-hanh-an-dan-su",
    "THADS liên ngành": "thi-hanh-an-dan-su",
    "Xử lý VPHC": "xu-ly-vi-pham-hanh-chinh",
    "Kiểm tra VBQPPL": "kiem-tra-van-ban",
    "Báo cáo thống kê cấp quốc gia": "thong-ke-bao-cao",
    "Pháp chế": "",
}
PACK_SOURCES = {
    ("pmhtpldn", "17/2025"): "tt-17-2025-mau-21",
    ("notary_sys", "17/2025"): "tt-17-2025-mau-10",
    ("qlvb_app", "12"): "tt-03-2019-mau-12",
    ("qlvb_app", "17"): "tt-03-2019-mau-17",
    ("noibo", "01/2023"): "tt-01-2023",
    ("noibo", "12/2018"): "tt-12-2018",
    ("noibo", "05/2024"): "tt-05-2024",
    ("", "01/2020"): "tt-01-2020-vpcp",
    "hotich_app": "tt-04-2016-mau",
    "docz_4699": "tt-04-2016-giai-thich",
    "odll_13a": "tt-20-2013-mau-13a",
    "hocday_13": "tt-20-2013-mau",
    "hocday_11": "tt-08-2011-mau",
    "docz_hg": "hau-giang-2012",
    "dulieu_10c": "tt-03-2019-mau-10c",
    "dulieu_09e": "tt-03-2019-mau-09e",
    "dulieu_24": "tt-03-2019-mau-24",
    "dulieu_25": "tt-03-2019-mau-25",
    "idx_30": "tt-04-2016-mau-30",
    "idx_II06": "tt-01-2020-vpcp-mau",
    "phapdien": "phap-dien",
    "tt08_2015": "tt-08-2015",
    "tt06_2019": "tt-06-2019",
    "ttdn_15936": "nd-139-2026",
    "qt_323": "qt-323",
    "btp_1780": "btp-1780",
}
LABELS = {
    "as in the source": "as-in-source",
    "shortened or normalised: check wording before printing an official form": "shortened",
}
SEVERITIES = {"printed": "error", "derived": "warning"}
PRINTED_ONCE = {"21b/TP/HTPLDN", "17b/BTP/HTQTCT/CT", "17c/BTP/HTQTCT/CT"}  # published: their totals stay errors


class ConversionError(ValueError):
    """The catalogue holds something that the plan does not cover."""


@dataclass
class Arithmetic:
    """The identities of a form, parted into totals of rows and rules of columns; what is left over is a fault."""

    totals: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    partitions: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)
    rules: list[dict[str, str]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: Mapping[str, Any], plan: FormPlan) -> Arithmetic:
        found, parts_of = cls(), {c["code"]: c.get("part_of") for c in form["columns"]}
        for item in form["arithmetic"]:
            expression, severity = item["expr"], SEVERITIES[item["status"]]
            if expression in plan.unused:
                continue
            if item["axis"] == "column":
                part, _, whole = expression.partition(" <= ")
                if parts_of.get(part) == whole:  # the column itself says so
                    found.parts[part] = severity
                else:
                    found.rules.append({"rule": expression, "severity": severity, "status": item["status"]})
                continue
            total, parts = _row_sum(expression)
            if total in found.totals:
                found.partitions.append((total, parts, severity))
            else:
                found.totals[total] = (parts, severity)
        return found


def convert(form: dict[str, Any], plan: FormPlan) -> dict[str, Any]:
    """One catalogue entry with a layout as the mapping of a form file."""
    if form["verified"] not in {"full", "partial"}:
        raise ConversionError(f"{form['code']}: {form['verified']} has no layout")
    used = {c["code"] for c in form["columns"] if c["label"] in plan.stub}
    lines = {r["code"] for r in form["rows"] if r["code"] in plan.folded}
    sums = Arithmetic.of(form, plan)
    tables, checks = [], []
    for table in plan.tables:
        columns = [c for c in form["columns"] if c["code"] not in used and _of(table.columns, c["code"])]
        rows = [r for r in form["rows"] if r["code"] not in lines and _of(table.rows, r["code"])]
        used |= {c["code"] for c in columns}
        lines |= {r["code"] for r in rows}
        tables.append(_table(form, table, columns, rows, sums, plan))
        checks += _rules(table, columns, rows, sums, alone=len(plan.tables) == 1)
    missing = ({c["code"] for c in form["columns"]} - used) | ({r["code"] for r in form["rows"]} - lines)
    if missing or sums.totals or sums.rules or sums.partitions:
        raise ConversionError(f"{form['code']}: {sorted(missing)}, {sums} were not used")
    signatures = form.get("signatures") or list(plan.signatures)
    data = {
        **_head(form, plan.family, plan.valid),
        "verified": form["verified"],
        "labels": LABELS[form["labels"]],
        **({"reports": plan.reports} if plan.reports else {}),
        **({"signatures": list(plan.signatures) or signatures} if signatures else {}),
        "notes": [f"Nơi nhận: {form['receiver']}", *plan.notes],
        "source": _sources(form),
        **({"replaces": list(plan.replaces)} if plan.replaces else {}),
        **({"continues": _continued(plan)} if plan.continues else {}),
        "tables": tables,
    }
    checks += [*map(dict, plan.rules), *(_of_below(plan, tables) if form["code"] not in PRINTED_ONCE else [])]
    return data | ({"checks": checks} if checks else {})


def _of_below(plan: FormPlan, tables: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The total of a table that lists the units of the level below is the sum of their reports, column by column."""
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        sources = table.get("lines_from", [])
        prefix = f"{table['id']}." if len(tables) > 1 else ""
        for source in [sources] if isinstance(sources, dict) else sources:
            for to, there in source["map"].items():
                column, factor = (there["column"], there["factor"]) if isinstance(there, dict) else (there, 1)
                if to not in plan.not_summed:
                    times = f" * {factor}" if factor != 1 else ""
                    asked = f"below({source['form']}.{source['table']}.{source['row']}.{column}){times}"
                    rule = f"{prefix}total.{to} = {asked}"
                    found[rule] = {"rule": rule, "severity": "warning", "status": "derived", "note": SUMMED}
    return list(found.values())


def _continued(plan: FormPlan) -> list[dict[str, Any]]:
    return [{"form": form, "cells": dict(cells), "note": plan.continues_note} for form, cells in plan.continues.items()]


def title_only(form: dict[str, Any]) -> dict[str, Any]:
    """One catalogue entry of which only the title is known."""
    code, family = form["code"], ""
    notes = [f"Nơi nhận: {form['receiver']}"] if form["receiver"] else []
    interim: dict[str, Any] = {}
    if code in INTERIM:
        words = INTERIM_2018 if form["periods"] == ["NCT"] else INTERIM_NOTE
        notes.append(words.format(codes=", ".join(INTERIM[code])))
        interim = {"interim_for": list(INTERIM[code])}
    if match := re.match(r"(\d+)[a-e]?M?/(?:.*/)?(\w+)(?:-\w+)?$", code):
        family = f"{match[1]}-{slug(match[2])}"
    return {
        **_head(form, family, TITLE_ONLY_VALID.get(code)),
        "verified": "title-only",
        "notes": [*notes, "Chỉ có mã hoặc tên; bố cục chưa đọc được."],
        "source": _sources(form),
        **interim,
    }


def _head(form: Mapping[str, Any], family: str, valid: tuple[str | None, str | None] | None) -> dict[str, Any]:
    field_of_work = FIELDS[form["field"]]
    return {
        "act": _act(form),
        "code": form["code"],
        "title": form["title"],
        "kind": "legal",
        **({"family": family} if family else {}),
        **({"field": field_of_work} if field_of_work else {}),
        "valid": list(valid or (form["valid_from"], _day_after(form["valid_to"]) if form["valid_to"] else None)),
    }


def _act(form: Mapping[str, Any]) -> str:
    basis = re.match(r"((?:Thông tư liên tịch|Thông tư|Nghị định) \S+)", form["legal_basis"])
    if basis is None:
        raise ConversionError(f"{form['code']}: no act in {form['legal_basis']!r}")
    return basis[1]


def _sources(form: Mapping[str, Any]) -> str | list[str]:
    number = re.search(r"\d+/\d{4}", form["legal_basis"])
    hints = (number[0] if number else "", form["code"][:2])
    found = [
        next((PACK_SOURCES[key] for key in (*((source, hint) for hint in hints), source) if key in PACK_SOURCES), "")
        for source in form["source"] or [""]
    ]
    if not all(found):
        raise ConversionError(f"{form['code']}: sources {form['source']} are not in pack.yaml")
    return found[0] if len(found) == 1 else found


def _table(
    form: dict[str, Any],
    plan: TablePlan,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    sums: Arithmetic,
    of: FormPlan,
) -> dict[str, Any]:
    ids = _row_ids(rows, plan)
    folded = {r["code"]: r for r in form["rows"] if r["code"] in of.folded}
    done = [_row(row, ids, plan, sums, of, folded, form["code"]) for row in rows]
    if not rows:
        done = [{"id": "total", "label": plan.label}]
    titled = columns[0]["parent"][:1] if plan.columns and _is_headed(columns) else []
    title = plan.title or next(iter(titled), "")
    data: dict[str, Any] = {"id": plan.id} | ({"title": title} if title else {})
    data |= {"stub": list(of.stub)} if of.stub else {}
    data |= {"rows": done, "columns": [_column(c, sums, of, inside=title) for c in columns]}
    sources = [_line_source(one, columns) for one in plan.below]
    if sources:
        data["lines_from"] = sources[0] if len(sources) == 1 else sources
    return data


def _is_headed(columns: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one heading stands over all columns: then it is the title of the table."""
    return len({tuple(c["parent"][:1]) for c in columns}) == 1


def _row_ids(rows: list[dict[str, Any]], plan: TablePlan) -> dict[str, str]:
    """Catalogue code → id: "x" and "I.x" stand for units, a bare number gets a letter."""
    dynamic = [r["code"] for r in rows if "dynamic" in r]
    ids: dict[str, str] = {}
    for row in rows:
        code = row["code"]
        if code.split(".")[-1] == "total":
            ids[code] = "total"
        elif code in dynamic:
            stem = code.rpartition(".")[0]
            ids[code] = f"{_lettered(stem)}.unit" if stem and len({*plan.rows, stem}) > len(plan.rows) else "unit"
        else:
            ids[code] = _lettered(code)
    if len(set(ids.values())) < len(ids):
        raise ConversionError(f"{plan.id}: ids {ids} repeat")
    return ids


def _lettered(code: str) -> str:
    return f"r{code}" if code[0].isdigit() else code


def _row(
    row: Mapping[str, Any],
    ids: Mapping[str, str],
    plan: TablePlan,
    sums: Arithmetic,
    of: FormPlan,
    folded: Mapping[str, Mapping[str, Any]],
    form: str,
) -> dict[str, Any]:
    code, parent = row["code"], row["parent"]
    made: dict[str, Any] = {"id": ids[code], "label": of.rename.get(code, row["label"])}
    if parent in folded:
        heading = folded[parent]
        made["label"] = f"{heading['label']}: {made['label']}" if heading["parent"] else made["label"]
        parent = heading["parent"]
    if row["label"].startswith("(một dòng"):
        made |= {"label": plan.label, "note": NO_ROW_NAME}
    if "dynamic" in row:
        kind = plan.lines[code]
        stands = parent or ("total" if "total" in ids.values() else "")
        made |= {"parent": ids.get(stands, stands)} if stands else {}
        made["dynamic"] = {"named": kind.what} if isinstance(kind, Named) else {"one_per": kind}
        return made
    if parent is not None and ids[parent] != "total":
        made["parent"] = ids[parent]
    if code in sums.totals:
        parts, severity = sums.totals.pop(code)
        named = [ids[part] for part in parts]
        made["sum_of"] = named[0] if len(named) == 1 else named
        if severity != "error" and form not in PRINTED_ONCE:
            made["sum_severity"] = severity
    return made


def _rules(
    plan: TablePlan,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    sums: Arithmetic,
    *,
    alone: bool,
) -> list[dict[str, str]]:
    """The rules that speak of this table's columns, and the second partition of a row, column by column."""
    mine = {c["code"] for c in columns}
    prefix = "" if alone else f"{plan.id}."
    rules = [rule for rule in sums.rules if _names(rule["rule"]) <= mine]
    for rule in rules:
        sums.rules.remove(rule)
    done = [rule | {"rule": re.sub(r"[A-Za-z][\w.]*", lambda m: prefix + m[0], rule["rule"])} for rule in rules]
    ids = _row_ids(rows, plan)
    for partition in [one for one in sums.partitions if one[0] in ids]:
        total, parts, severity = partition
        sums.partitions.remove(partition)
        for column in columns:
            if column.get("aggregate") != "none":
                name = f".{column['code']}"
                right = " + ".join(prefix + ids[part] + name for part in parts)
                done.append(
                    {"rule": f"{prefix}{ids[total]}{name} = {right}", "severity": severity, "status": "derived"}
                )
    return done


def _names(expression: str) -> set[str]:
    return set(re.findall(r"[A-Za-z][\w.]*", expression))


def _column(column: dict[str, Any], sums: Arithmetic, of: FormPlan, *, inside: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": column["code"], "label": column["label"]}
    under, nature = of.under.get(column["code"]), of.natures.get(column["code"])
    parents = [p for p in column["parent"] if p != inside and not p.startswith("(")] + ([under] if under else [])
    made |= {"parent": parents} if parents else {}
    if column.get("value_kind") == "text":
        return made | {"kind": "text"}
    made["unit"] = column["unit"]
    if column.get("value_kind") == "average":
        made |= {"scale": 1, "roll_up": "none"}
    severity = sums.parts.get(column["code"], "error")
    made |= {"nature": nature} if nature else {}
    made |= {"part_of": column["part_of"]} if "part_of" in column else {}
    return made | ({"part_severity": severity} if severity != "error" else {})


def _line_source(below: Below, columns: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = [c["code"] for c in columns if c.get("value_kind") != "text"]
    same: dict[str, Any] = {code: below.columns + re.sub(r"^.*?(\d+)$", r"\1", code) for code in numbers}
    for code, factor in below.factors.items():
        same[code] = {"column": same[code], "factor": factor}
    return {"form": below.form, "table": below.table, "row": "total", "into": below.into, "map": same}


def _of(prefixes: tuple[str, ...], code: str) -> bool:
    return not prefixes or any(code == prefix or code.startswith(f"{prefix}.") for prefix in prefixes)


def _row_sum(expression: str) -> tuple[str, tuple[str, ...]]:
    """'row II.total = sum(row II.x)', 'row I = row I.1 + row I.2' → the total and its parts."""
    match = re.fullmatch(r"row (\S+) = (?:sum\(row (\S+)\)|(row \S+(?: \+ row \S+)*))", expression)
    if match is None:
        raise ConversionError(f"arithmetic {expression!r} is not a total of rows")
    return match[1], (match[2],) if match[2] else tuple(part.strip()[4:] for part in match[3].split("+"))


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def text_of(data: dict[str, Any]) -> str:
    """YAML as a person would write it: one line for each row, column and check."""

    def flow(value: object) -> str:
        dumped = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000)
        return dumped.removesuffix("...\n").strip()

    lines = ["# Made by scripts/build_forms.py; change the script or its source, not this file."]
    for key, value in data.items():
        if key not in {"tables", "checks", "notes", "continues"}:
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
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCES / "forms-catalogue.yaml"
    catalogue = yaml.safe_load(path.read_text("utf-8"))
    found = {f["code"]: f for f in catalogue["forms"]}
    laid_out = {code for code, form in found.items() if form["verified"] != "title-only"}
    if laid_out != PLANS.keys() or len(found) != len(catalogue["forms"]):
        sys.exit(f"build_forms: {path} and the plans differ in {sorted(laid_out ^ PLANS.keys())}, or a code repeats")
    for code, form in found.items():
        data = convert(form, PLANS[code]) if code in PLANS else title_only(form)
        target = PACK / "forms" / _act_slug(data["act"]) / f"{slug(code)}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(data), encoding="utf-8")
        print(f"{target.relative_to(PACK)}: {sum(len(t['columns']) for t in data.get('tables', ()))} columns")


def _act_slug(act: str) -> str:
    """'Thông tư 03/2019/TT-BTP' → 'tt-03-2019-tt-btp'."""
    kind, _, number = act.rpartition(" ")
    return f"{''.join(word[0] for word in kind.split()).lower().replace('đ', 'd')}-{slug(number)}"


if __name__ == "__main__":
    main()
