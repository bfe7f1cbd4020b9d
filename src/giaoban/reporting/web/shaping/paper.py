"""A form as paper: the data of the printed statistical form, blank or filled in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from giaoban.core.figures import Figure, Figures, Mark
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.vietnamese import number
from giaoban.documents.rules.papers import FormRow, FormSignature, FormTable, PaperDate, StatisticalForm
from giaoban.documents.rules.papers import HeaderCell as PaperCell
from giaoban.reporting.rules import NIL_SIGN, NOT_APPLICABLE_SIGN, Signed, Subunits, reservations
from giaoban.reporting.web.shaping.grid import sent_subunits
from giaoban.reporting.web.shaping.layout import FormLine, Labels, header_rows

NUMBER_COLUMN = "STT"
PRINTED = re.compile(r"(?:c|[A-Z]+\.)?(\d+)")
USUAL_SIGNATURES = ("Người lập biểu", "Người kiểm tra", "Thủ trưởng đơn vị")
NO_PERIOD = "(Kỳ báo cáo: …………………)"
BODY_THEN_HEAD = re.compile(r"(TM\. .+) (CHỦ TỊCH)")  # one role of a form, two lines above the signature
SIGN, SEAL = "(Ký, ghi rõ họ, tên)", "(Ký, đóng dấu, ghi rõ họ, tên)"


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on the paper beside the figures; what is not known stays empty and prints as dots.

    receipt: (report, day in words). signed: by role. estimate: the estimated part of the period in words.
    """

    act_day: date | None = None
    period_label: str = ""
    window: str = ""
    unit_name: str = ""
    receiver_name: str = ""
    receipt: tuple[tuple[str, str], ...] = ()
    signed: Mapping[str, Signed] | None = None
    document_date: date | None = None
    estimate: str = ""
    remark: str = ""
    notes: str = ""
    simulated: bool = False
    simulated_note: str = ""
    generated: str = ""


def paper_of(form: FormDefinition, labels: Labels, figures: Figures, about: Printed) -> StatisticalForm:
    """The printed form. Only a legal form read in full, in its own words, carries code and act as the official one."""
    official = form.printable_as_official
    issued = f" ngày {_office_day(about.act_day)}" if about.act_day else ""
    after = [f"Số liệu gồm phần ước tính {about.estimate}."] if about.estimate else []
    after += [line for line in about.notes.splitlines() if line.strip()]
    subunits = sent_subunits(figures)
    tables = [_table(table, labels, figures, subunits) for table in form.tables]
    if tables and after:
        tables[-1]["notes"] = after
    return {
        "paper": "statistical-form",
        "code": form.code if official else "",
        "act": _numbered(form.act) + issued if official else "",
        "dates": _receipt(about) if official else [],
        "title": form.title,
        "period_lines": [about.period_label or NO_PERIOD, *([f"({about.window})"] if about.window else [])],
        "reporting_unit": about.unit_name,
        "receiving_unit": about.receiver_name,
        "tables": tables,
        "place": None,
        "date": _day(about.document_date),
        "signatures": _signatures(form, about.signed or {}),
        "official": official,
        "official_note": " ".join(filter(None, (_reserved(form), about.remark))),
        "simulated": about.simulated,
        "simulated_note": about.simulated_note,
        "source_note": "",
        "generated": about.generated,
    }


def _reserved(form: FormDefinition) -> str:
    """Which form it was made after, and why it is not that form."""
    said = reservations(form)
    after = f"Theo nội dung biểu {form.code}, {form.act}." if said and form.kind == "legal" else ""
    return " ".join(filter(None, (after, *said)))


def _numbered(act: str) -> str:
    """ "Thông tư 03/2019/TT-BTP" → "Thông tư số 03/2019/TT-BTP"."""
    kind, _, rest = act.rpartition(" ")
    return f"{kind} số {rest}" if kind else act


def _receipt(about: Printed) -> list[str]:
    if not about.receipt:
        return []
    return ["Ngày nhận báo cáo (BC):", *(f"BC {name[:1].lower()}{name[1:]}: {day}" for name, day in about.receipt)]


def _office_day(value: date) -> str:
    """ "03/3/2016": the zero that offices write before days below 10 and before January and February."""
    return (
        f"{value.day:02d}/{value.month:02d}/{value.year}"
        if value.month < 3
        else f"{value:%d}/{value.month}/{value.year}"
    )


def _day(value: date | None) -> PaperDate | None:
    return {"day": value.day, "month": value.month, "year": value.year} if value else None


def _signatures(form: FormDefinition, signed: Mapping[str, Signed]) -> list[FormSignature]:
    """The blocks as they are signed: above each name its capacity and title, else the role that the form prints."""
    roles = form.signatures or USUAL_SIGNATURES
    blocks: list[FormSignature] = []
    for at, role in enumerate(roles, start=1):
        one = signed.get(role)
        lines = [BODY_THEN_HEAD.sub(r"\1\n\2", line) for line in (one.lines if one is not None else (role,))]
        hint = SEAL if at == len(roles) else SIGN
        blocks.append({"title": "\n".join(lines), "hint": hint, "name": one.name if one else None})
    return blocks


def _table(table: Table, labels: Labels, figures: Figures, subunits: Subunits) -> FormTable:
    unit = _common_unit(table)
    stub = _stub(table)
    lines = _lines(table, labels, subunits)
    head: list[list[PaperCell]] = [
        [
            _cell(cell.label + ("" if unit or not cell.unit else f" ({cell.unit.lower()})"), cell.colspan, cell.rowspan)
            for cell in row
        ]
        for row in header_rows(table.columns)
    ]
    head[0] = [_cell(text, 1, len(head)) for text in stub] + head[0]
    return {
        "title": table.title,
        "unit_note": f"Đơn vị tính: {unit.lower()}" if unit else "",
        "header_rows": head,
        "column_numbers": _numbers(table, len(stub)),
        "align": [
            *("r" if text == NUMBER_COLUMN else "l" for text in stub),
            *(_side(column) for column in table.columns),
        ],
        "rows": [_row(table, line, at, stub, figures) for at, line in lines],
        "notes": [],
    }


def _common_unit(table: Table) -> str:
    units = {column.unit for column in table.numeric}
    return next(iter(units)) if len(units) == 1 else ""


def _stub(table: Table) -> tuple[str, ...]:
    """The headings of the leading columns; none where the form has one line without a name."""
    if table.stub:
        numbered = len(table.stub) > 1 and table.stub[0] == NUMBER_COLUMN
        return (NUMBER_COLUMN, " · ".join(table.stub[1:])) if numbered else (" · ".join(table.stub),)
    return () if table.only_row is not None else ("",)


def _lines(table: Table, labels: Labels, subunits: Subunits) -> list[tuple[int | None, FormLine]]:
    """Each line with its number among those that are numbered; a blank form shows a dynamic row once, as printed."""
    shown = {(table.id, row.id): subunits.get((table.id, row.id)) or ("",) for row in table.dynamic_rows}
    numbered: list[tuple[int | None, FormLine]] = []
    count = 0
    for line in labels.lines(table, shown):
        count += line.row.is_dynamic
        numbered.append((count if line.row.is_dynamic else None, line))
    return numbered


def _cell(text: str, across: int, down: int) -> PaperCell:
    return {"text": text, "colspan": across, "rowspan": down}


def _numbers(table: Table, stubs: int) -> list[str] | None:
    """ "A", "(1)", "(2)": as under the headings of the form, when its ids are the numbers printed there."""
    found = [PRINTED.fullmatch(column.id) for column in table.columns]
    if not all(found):
        return None
    return [*"ABC"[:stubs], *(f"({match.group(1)})" for match in found if match)]


def _side(column: Column) -> Literal["l", "r"]:
    return "r" if column.is_number else "l"


def _row(table: Table, line: FormLine, at: int | None, stub: Sequence[str], figures: Figures) -> FormRow:
    found = figures.get((table.id, line.row.id, line.subunit))
    named = [line.label] if stub else []
    numbered = [str(at) if at else ""] if NUMBER_COLUMN in stub else []
    cells = [
        (found.texts.get(column.id, "") if found else "")
        if not column.is_number
        else _words(found.figures[table.positions[column.id]] if found else None, column)
        for column in table.columns
    ]
    kind: Literal["total", "line"] = "total" if line.row.sum_of else "line"
    return {"kind": kind, "cells": [*numbered, *named, *cells]}


def _words(figure: Figure | None, column: Column) -> str:
    """A figure with its estimated part, or the sign that stands for it."""
    if figure is None or figure.mark is Mark.BLANK:
        return ""
    if figure.mark is Mark.NIL:
        return NIL_SIGN
    return NOT_APPLICABLE_SIGN if figure.mark is Mark.NOT_APPLICABLE else number(figure.total, column.scale)
