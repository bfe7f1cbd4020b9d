"""A consolidated table as frozen content, and read back from it; exact, and with a checksum."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from giaoban.core.consolidation import CellTotal, Coverage, UnitText, Weighed
from giaoban.core.restating import Break, Reason, Restatement
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting.models import FormVersion
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedLine, ConsolidatedTable, PeriodCard
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.grouping import EXACT
from giaoban.reporting.selectors.sources import Sources, frozen


def checksum_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of frozen content, the same whatever the order of keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(table: ConsolidatedTable, sources: Sources) -> dict[str, Any]:
    """A table, with the versions behind it, as JSON values; exact: numbers are texts."""
    return {
        "form": table.form_key,
        "period": {
            "rule": table.period.rule,
            "code": table.period.code,
            "instalment": table.period.instalment,
            "label": table.period.label,
            "start": table.period.start.isoformat(),
            "end": table.period.end.isoformat(),
            "window": table.period.window,
        },
        "unit": _freeze_unit(table.unit),
        "geography": table.geography.isoformat(),
        "method": table.method,
        "incomplete_reason": table.incomplete_reason,
        "lines": [_freeze_line(line) for line in table.lines],
        "total": _freeze_line(table.total),
        "as_of": table.as_of.isoformat(),
        "changed_at": table.changed_at.isoformat() if table.changed_at else None,
        "simulated": table.simulated,
        "not_summed": list(table.not_summed),
        "absent": list(table.absent),
        "restatement": _freeze_restatement(table.restatement),
        "sources": frozen(sources),
    }


def thaw(content: Mapping[str, Any], form: FormVersion) -> ConsolidatedTable:
    """The table that `freeze` wrote."""
    period = content["period"]
    total = _thaw_line(content["total"])
    return ConsolidatedTable(
        form=definition_of(form),
        form_key=content["form"],
        period=PeriodCard(
            **{**period, "start": date.fromisoformat(period["start"]), "end": date.fromisoformat(period["end"])}
        ),
        unit=_thaw_unit(content["unit"]),
        geography=date.fromisoformat(content["geography"]),
        method=content["method"],
        incomplete_reason=content["incomplete_reason"],
        lines=tuple(_thaw_line(line) for line in content["lines"]),
        total=total,
        coverage=total.coverage,
        as_of=datetime.fromisoformat(content["as_of"]),
        changed_at=datetime.fromisoformat(content["changed_at"]) if content["changed_at"] else None,
        simulated=content["simulated"],
        not_summed=tuple(content["not_summed"]),
        absent=tuple(content["absent"]),
        restatement=_thaw_restatement(content.get("restatement")),
    )


def _freeze_restatement(said: Restatement) -> dict[str, Any]:
    return {
        "outcome": said.outcome,
        "sentence": said.sentence,
        "method": said.method,
        "reason": said.reason.value if said.reason else None,
        "breaks": [[one.key, one.name, list(one.heirs), one.counted] for one in said.breaks],
    }


def _thaw_restatement(content: Mapping[str, Any] | None) -> Restatement:
    """None: frozen before restatements were kept."""
    if content is None:
        return EXACT
    return Restatement(
        outcome=content["outcome"],
        sentence=content["sentence"],
        method=content["method"],
        reason=Reason(content["reason"]) if content["reason"] else None,
        breaks=tuple(
            Break(key=key, name=name, heirs=tuple(heirs), counted=counted)
            for key, name, heirs, counted in content["breaks"]
        ),
    )


def _freeze_line(line: ConsolidatedLine) -> dict[str, Any]:
    coverage = line.coverage
    return {
        "unit": _freeze_unit(line.unit) if line.unit else None,
        "label": line.label,
        "key": line.key,
        "cells": [[*key, *_freeze_cell(cell)] for key, cell in line.cells.items()],
        "coverage": [coverage.received, coverage.expected, list(coverage.missing_names)] if coverage else None,
        "note": line.note,
        "simulated": line.simulated,
        "restatement": _freeze_restatement(line.restatement),
        "in_total": line.in_total,
        "texts": [[*key, [[*astuple(one)] for one in texts]] for key, texts in line.texts.items()],
    }


def _thaw_line(content: Mapping[str, Any]) -> ConsolidatedLine:
    coverage = content["coverage"]
    return ConsolidatedLine(
        unit=_thaw_unit(content["unit"]) if content["unit"] else None,
        label=content["label"],
        key=content["key"],
        cells=cells_from(content["cells"]),
        coverage=Coverage(coverage[0], coverage[1], tuple(coverage[2])) if coverage else None,
        note=content["note"],
        simulated=content["simulated"],
        restatement=_thaw_restatement(content.get("restatement")),
        in_total=content.get("in_total", True),
        texts={
            (table, row, subunit, column): tuple(UnitText(*one) for one in texts)
            for table, row, subunit, column, texts in content.get("texts", ())
        },
    )


def cells_from(content: Iterable[Any]) -> dict[CellKey, CellTotal]:
    """The cells of a frozen line."""
    return {(cell[0], cell[1], cell[2], cell[3]): _thaw_cell(cell[4:]) for cell in content}


def _freeze_cell(cell: CellTotal) -> list[str | int | None]:
    """Last, where there are any, the units left out of a mean."""
    value = None if cell.value is None else f"{cell.value:f}"
    counts = [cell.reported, cell.nil, cell.not_applicable, cell.blank, cell.missing]
    return [value, f"{cell.estimate:f}", *counts, *([cell.left_out] if cell.left_out else [])]


def _thaw_cell(cell: Iterable[Any]) -> CellTotal:
    """The cell as it was shown. Of what a mean was made from only the units left out are known."""
    value, estimate, reported, nil, not_applicable, blank, missing, *left_out = cell
    kept = Weighed(Decimal(0), Decimal(0), 0, left_out[0]) if left_out else None
    counts = (reported, nil, not_applicable, blank, missing)
    return CellTotal(None if value is None else Decimal(value), Decimal(estimate), *counts, kept)


def _freeze_unit(unit: UnitCard) -> dict[str, Any]:
    return {
        "id": unit.id,
        "key": unit.key,
        "name": unit.name,
        "short_name": unit.short_name,
        "kind": unit.kind,
        "kind_name": unit.kind_name,
        "area_id": unit.area_id,
        "sort_key": unit.sort_key,
        "started_on": unit.started_on.isoformat() if unit.started_on else None,
        "ended_on": unit.ended_on.isoformat() if unit.ended_on else None,
    }


def _thaw_unit(content: Mapping[str, Any]) -> UnitCard:
    days = {name: date.fromisoformat(content[name]) if content[name] else None for name in ("started_on", "ended_on")}
    return UnitCard(**{**content, **days})
