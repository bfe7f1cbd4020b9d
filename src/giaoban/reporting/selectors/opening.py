"""Which forms a receiver may open periods of, and which periods of a year there are."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from giaoban.core import periods
from giaoban.kit.models import valid_on
from giaoban.reporting.models import FormVersion, Obligation, OwingRule
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import rule_of


@dataclass(frozen=True, slots=True)
class Openable:
    """A period that the rules of a form make. due_on None: the sources give no deadline for it.

    owing: how many units owe the form to the receiver for it already; 0 before it is opened.
    """

    rule_key: str
    rule_name: str
    period: periods.Period
    due_on: date | None
    owing: int


def forms_received(kind_key: str, on: date) -> list[FormVersion]:
    """The forms in force on a day that some kind of unit owes to units of this kind, by act and code."""
    owed = OwingRule.objects.filter(receiver_kind__key=kind_key).values("form_id")
    rows = FormVersion.objects.select_related("field", "regime").filter(valid_on(on), pk__in=owed)
    return list(rows.order_by("act", "code", "key"))


def openable_periods(form: FormVersion, receiver_id: int, kind_key: str, year: int) -> list[Openable]:
    """The periods of a reporting year for which units of this kind receive a form, in order of time."""
    received = Obligation.objects.filter(form=form, receiver_id=receiver_id)
    counted = received.values("period__rule__key", "period__code", "period__instalment").annotate(n=Count("pk"))
    owing = {(row["period__rule__key"], row["period__code"], row["period__instalment"]): row["n"] for row in counted}
    calendar = work_calendar()
    found: dict[tuple[str, str, str], Openable] = {}
    wanted = Q(form=form, receiver_kind__key=kind_key)
    for owed in OwingRule.objects.filter(wanted).prefetch_related("rules").order_by("pk"):
        for row in owed.rules.all():
            for one in periods.periods_of(rule_of(row), year):
                key = (row.key, one.code, one.instalment)
                word = owed.deadlines.get(one.deadline_key) or owed.deadlines.get(one.rule)
                due_on = periods.due_on(one, word, calendar) if word else None
                found.setdefault(key, Openable(row.key, row.name, one, due_on, owing.get(key, 0)))
    return sorted(found.values(), key=lambda one: (one.period.end, one.period.instalment, one.rule_key))
