"""The forms of the sector by act: what governs them, what they stand for, by when they must be received."""

from dataclasses import dataclass
from datetime import date

from giaoban.core.forms import FormDefinition
from giaoban.reporting.models import FormVersion, OwingRule, PeriodRule
from giaoban.reporting.rules import due_words
from giaoban.reporting.selectors.forms import definition_of, forms


@dataclass(frozen=True, slots=True)
class Listed:
    """A form with its layout as read, and whether it is in force on the day asked for."""

    form: FormVersion
    definition: FormDefinition
    in_force: bool


@dataclass(frozen=True, slots=True)
class ReceiptDay:
    """By when a report of one kind of unit must have arrived.

    days: (report, day in words), empty when none is known; periods: the reports that are owed, with or without a day.
    """

    reporter: str
    receiver: str
    line: str
    days: tuple[tuple[str, str], ...]
    periods: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Relatives:
    """Other forms of the family under the same act, those of an earlier act that it replaces, and those after it."""

    family: tuple[FormVersion, ...]
    replaces: tuple[FormVersion, ...]
    replaced_by: tuple[FormVersion, ...]


def catalogue(on: date) -> list[Listed]:
    """All forms by act and code."""
    rows = forms()
    current = {row.pk for row in forms(on)}
    return [Listed(row, definition_of(row), row.pk in current) for row in rows]


def relatives_of(form: FormVersion) -> Relatives:
    definition = definition_of(form)
    siblings = FormVersion.objects.exclude(pk=form.pk).filter(act=form.act, family=form.family).order_by("code")
    later = FormVersion.objects.filter(definition__replaces__contains=[form.key]).order_by("code")
    earlier = FormVersion.objects.filter(key__in=definition.replaces).order_by("code")
    return Relatives(tuple(siblings) if form.family else (), tuple(earlier), tuple(later))


def receipt_days(form: FormVersion, reporter_kind: str = "") -> list[ReceiptDay]:
    """Who sends the form to whom by when. reporter_kind: only what a unit of this kind (key) owes."""
    rows = OwingRule.objects.filter(form=form).select_related("reporter_kind", "receiver_kind", "line")
    if reporter_kind:
        rows = rows.filter(reporter_kind__key=reporter_kind)
    return [
        ReceiptDay(
            reporter=row.reporter_kind.name,
            receiver=row.receiver_kind.name if row.receiver_kind else "",
            line=row.line.name,
            days=tuple(_days(row, rules := list(row.rules.order_by("pk")))),
            periods=tuple(name for rule in rules for _, name in _reports(rule)),
            source=row.source,
        )
        for row in rows.order_by("pk")
    ]


def _days(row: OwingRule, rules: list[PeriodRule]) -> list[tuple[str, str]]:
    found = []
    for rule in rules:
        for key, name in _reports(rule):
            word = row.deadlines.get(key) or row.deadlines.get(rule.key)
            if word:
                found.append((name, due_words(word)))
    return found


def _reports(rule: PeriodRule) -> list[tuple[str, str]]:
    """(deadline key, name) of each report that a period rule asks for."""
    parts = rule.definition.get("instalments") or ()
    return [(f"{rule.key}/{part['key']}", str(part["name"])) for part in parts] or [(rule.key, rule.name)]
