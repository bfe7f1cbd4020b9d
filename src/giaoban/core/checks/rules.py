"""The rules that a form states in its own words, and what they ask outside the report."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from giaoban.core import formulas
from giaoban.core.checks.lines import cell_of
from giaoban.core.figures import Figures, Line
from giaoban.core.forms import FormCheck, FormDefinition, Reference
from giaoban.core.formulas import scope_of
from giaoban.core.issues import Cell, Issue

_SPOKEN: Final = {
    "form(": "biểu khác (",
    "before(": "kỳ trước (",
    "year_before(": "cùng kỳ năm trước (",
    "below(": "cấp dưới (",
    "register(": "sổ theo dõi (",
    "if": "nếu",
    "then": "thì",
}
_WORD: Final = re.compile(r"\b(?:year_before\(|before\(|form\(|below\(|register\(|if\b|then\b)")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules of a form ask outside one report.

    before: the unit's figures of the period that ended when this one begins; values: name with its scope, as in the
    rule ("below(10a-tp-cc.main.total.c1)") → its value, None when it is not known; waiting: form of the level below →
    how many of the units that owe it are not received yet, and how many owe it.
    """

    before: Figures | None = None
    values: Mapping[str, Decimal | None] = field(default_factory=dict)
    waiting: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NOTHING_AROUND: Final = Surroundings()


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a rule looks for its names: in the report, in what surrounds it, in the same period of the year before."""

    figures: Figures
    around: Surroundings = NOTHING_AROUND
    year_before: Figures | None = None


def form_rules_hold(
    form: FormDefinition,
    figures: Figures,
    *,
    surroundings: Surroundings = NOTHING_AROUND,
    year_before: Figures | None = None,
) -> list[Issue]:
    """The form's own rules with the severity that the form gives them; an unknown side says nothing."""
    issues: list[Issue] = []
    asked = Asked(figures, surroundings, year_before)
    for check in form.checks:
        if check.table is None:
            issues.extend(rule_issues(form, check, asked, line=None))
        else:
            for line in figures.values():
                if line.table == check.table:
                    issues.extend(rule_issues(form, check, asked, line=line))
    return issues


def waiting_issues(surroundings: Surroundings) -> Iterator[Issue]:
    """That a comparison with the level below waits for reports."""
    for form, (missing, expected) in surroundings.waiting.items():
        if missing:
            params: dict[str, Decimal | str | int] = {"form": form, "missing": missing, "expected": expected}
            yield Issue("below-incomplete", "note", Cell(), params)


def rule_issues(form: FormDefinition, check: FormCheck, asked: Asked, *, line: Line | None) -> Iterator[Issue]:
    outcome = formulas.test(check.formula, lambda name: _resolve(form, check, name, asked, line))
    if outcome.holds is False and outcome.left is not None and outcome.right is not None:
        params: dict[str, Decimal | str] = {"formula": spoken(check), "left": outcome.left, "right": outcome.right}
        yield Issue("formula-fails", check.severity, _place(check, line), params)


def spoken(check: FormCheck) -> str:
    """The rule as people are shown it: the words of the language in Vietnamese."""
    return _WORD.sub(lambda word: _SPOKEN[word[0]], check.rule)


def _place(check: FormCheck, line: Line | None) -> Cell:
    """The first cell that the rule names, on the line it was tried on."""
    first = next(iter(check.references.values()))
    if line is not None:
        on_line = (ref for ref in check.references.values() if ref.row is None)
        return cell_of(line, next(on_line, first).column)
    return Cell(first.table, first.row or "", "", first.column)


def _resolve(
    form: FormDefinition, check: FormCheck, name: str, asked: Asked, line: Line | None
) -> Decimal | Sequence[Decimal | None] | None:
    reference = check.references.get(name)
    if reference is not None:
        return value_at(form, reference, asked.figures, line)
    outside = check.outside[name]
    if outside.here is None:
        return asked.around.values.get(name)
    figures = asked.around.before if scope_of(name)[0] == "before" else asked.year_before
    return [] if figures is None and outside.here.is_dynamic else value_at(form, outside.here, figures or {}, line)


def value_at(
    form: FormDefinition, reference: Reference, figures: Figures, line: Line | None
) -> Decimal | Sequence[Decimal | None] | None:
    """What a name says in some figures; on the line like `line` when it names no row."""
    position = form.table(reference.table).positions[reference.column]
    if reference.is_dynamic:
        return [
            other.figures[position].amount
            for (table, row, _), other in figures.items()
            if (table, row) == (reference.table, reference.row)
        ]
    key = (reference.table, reference.row, "") if reference.row is not None else line.key if line else None
    found = figures.get(key) if key is not None else None
    return None if found is None else found.figures[position].amount
