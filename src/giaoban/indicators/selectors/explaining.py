"""How a value came about: formula, numbers, parts with their forms, coverage, method, definition and legal basis."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from giaoban.core.consolidation import State
from giaoban.core.indicators import (
    METHOD_WORDS,
    Break,
    Measured,
    Piece,
    SourceMeasure,
    Term,
    Version,
    formula_numbers,
    formula_words,
)
from giaoban.core.queries import CellMeasure, IndicatorMeasure
from giaoban.core.vietnamese import day
from giaoban.indicators.models import Indicator
from giaoban.indicators.selectors.definitions import definition_of
from giaoban.indicators.selectors.heads import measure_head
from giaoban.orgs import selectors as orgs

SIDES = {"numerator": "Tử số", "denominator": "Mẫu số"}


@dataclass(frozen=True, slots=True)
class PartRow:
    """One cell, figure or indicator of the formula. answered of asked: units that gave it."""

    side: str
    name: str
    source: str
    unit: str
    scale: int
    value: Decimal | None
    estimate: Decimal
    state: State
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """formula: in words; numbers: the same with its figures. valid: since when the definition holds, in words."""

    formula: str
    numbers: str
    parts: tuple[PartRow, ...]
    method: str
    basis: str
    sources: str
    note: str
    valid: str
    joined: str
    reason: str
    estimated: Decimal | None
    breaks: tuple[Break, ...]


def explanation(indicator: Indicator, version: Version, measured: Measured) -> Explanation:
    """Raises QueryRefused where a cell of the formula is nowhere."""
    heads = {term.word: _head(term) for term in version.terms()}

    def called(term: Term) -> str:
        return f"“{heads[term.word].name}”"

    definition = definition_of(indicator)
    return Explanation(
        formula=formula_words(version, called),
        numbers=formula_numbers(version, measured, scale=indicator.scale, unit=indicator.unit),
        parts=tuple(_part(one, heads[one.word]) for one in measured.pieces),
        method=METHOD_WORDS[version.aggregation],
        basis=version.basis,
        sources=orgs.source_titles(version.source or indicator.source),
        note=version.note or str(indicator.definition.get("note", "")),
        valid=_valid(version),
        joined=version.joined,
        reason=measured.reason,
        estimated=measured.estimated,
        breaks=definition.breaks(date.min, date.max),
    )


def nothing_measured(version: Version) -> Measured:
    """Of no unit: for a page that shows the definition alone."""
    return version.together(())


@dataclass(frozen=True, slots=True)
class _Head:
    name: str
    unit: str
    scale: int
    source: str


def _head(term: Term) -> _Head:
    if isinstance(term, SourceMeasure):
        return _Head(term.name, "", 0, "nguồn số liệu")
    if isinstance(term, CellMeasure | IndicatorMeasure):
        found = measure_head(term)
        return _Head(found.name, found.unit, found.scale, found.source)
    raise TypeError(term)


def _part(one: Piece, head: _Head) -> PartRow:
    total = one.total
    return PartRow(
        side=SIDES[one.side],
        name=head.name,
        source=head.source,
        unit=head.unit,
        scale=head.scale,
        value=one.value,
        estimate=total.estimate if total else Decimal(0),
        state=total.state if total else ("missing" if one.value is None else "reported"),
        answered=total.reported + total.nil if total else 0,
        asked=total.units if total else 0,
    )


def _valid(version: Version) -> str:
    start, end = version.span.start, version.span.end
    words = [f"từ {day(start)}" if start else "", f"đến hết {day(end - date.resolution)}" if end else ""]
    return " ".join(word for word in words if word) or "mọi kỳ"
