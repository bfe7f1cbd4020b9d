"""Tables as confirmed, read back from their frozen content, and compared with the live ones cell by cell."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from giaoban.core.consolidation import CellTotal, Coverage
from giaoban.core.restating import Break, Reason, Restatement
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting.models import FormVersion, Layer, Period, Snapshot
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedLine, ConsolidatedTable, PeriodCard
from giaoban.reporting.selectors.forms import definition_of, other_geography
from giaoban.reporting.selectors.grouping import EXACT
from giaoban.reporting.selectors.sources import Sources, frozen, thawed


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A frozen table, who confirmed it and when. `intact`: its content still has the checksum of that moment.

    sources: the versions behind it; None: confirmed before these were kept.
    """

    table: ConsolidatedTable
    by: str
    at: datetime
    checksum: str
    snapshot_id: int
    intact: bool
    sources: Sources | None = None


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell that is no longer as confirmed; None where a table has no such line or cell."""

    line_key: str
    line_label: str
    key: CellKey
    live: CellTotal | None
    confirmed: CellTotal | None


def confirmed_table(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> Confirmed | None:
    """The table as last confirmed for a unit, or None. geography: as when confirming; the period's last day is None."""
    geography = other_geography(period, geography)
    row = (
        Snapshot.objects.filter(
            form=form, period=period, unit_id=unit_id, geography_on=geography, layer=Layer.CONFIRMED
        )
        .select_related("act", "form")
        .first()
    )
    if row is None:
        return None
    return Confirmed(
        table=thaw(row.content, form),
        by=row.act.actor_name,
        at=row.act.at,
        checksum=row.checksum,
        snapshot_id=row.pk,
        intact=checksum_of(row.content) == row.checksum,
        sources=thawed(row.content["sources"]) if "sources" in row.content else None,
    )


def compare(live: ConsolidatedTable, confirmed: ConsolidatedTable) -> list[CellDifference]:
    """The cells in which two tables differ, lines in the order of the live one, the total last."""
    now = {line.key: line for line in (*live.lines, live.total)}
    then = {line.key: line for line in (*confirmed.lines, confirmed.total)}
    differences = []
    places = {key: place for place, key in enumerate(now)}
    for key in sorted(now.keys() | then.keys(), key=lambda key: (not key, places.get(key, -1))):
        here, there = now.get(key), then.get(key)
        label = (here or there).label  # type: ignore[union-attr]
        cells = dict.fromkeys([*(here.cells if here else ()), *(there.cells if there else ())])
        for cell in cells:
            one, other = here.cells.get(cell) if here else None, there.cells.get(cell) if there else None
            if one != other:
                differences.append(CellDifference(key, label, cell, one, other))
    return differences


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
    }


def _thaw_line(content: Mapping[str, Any]) -> ConsolidatedLine:
    coverage = content["coverage"]
    return ConsolidatedLine(
        unit=_thaw_unit(content["unit"]) if content["unit"] else None,
        label=content["label"],
        key=content["key"],
        cells={(cell[0], cell[1], cell[2], cell[3]): _thaw_cell(cell[4:]) for cell in content["cells"]},
        coverage=Coverage(coverage[0], coverage[1], tuple(coverage[2])) if coverage else None,
        note=content["note"],
        simulated=content["simulated"],
        restatement=_thaw_restatement(content.get("restatement")),
        in_total=content.get("in_total", True),
    )


def _freeze_cell(cell: CellTotal) -> list[str | int | None]:
    value = None if cell.value is None else f"{cell.value:f}"
    return [value, f"{cell.estimate:f}", cell.reported, cell.nil, cell.not_applicable, cell.blank, cell.missing]


def _thaw_cell(cell: Iterable[Any]) -> CellTotal:
    value, estimate, *counts = cell
    return CellTotal(None if value is None else Decimal(value), Decimal(estimate), *counts)


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
