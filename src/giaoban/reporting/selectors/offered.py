"""What can be asked of the figures beneath a unit: forms and periods of which anything was accepted, kinds that report.

Each question is answered by looking whether there is one accepted report, never by counting them.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from giaoban.kit.arrays import among
from giaoban.reporting.models import FormVersion, Obligation, OwingRule, Period, Submission
from giaoban.reporting.selectors.forms import rules_of

RECENT = 200


@dataclass(frozen=True, slots=True)
class ReportingKind:
    """A kind of unit that sends or receives a form."""

    key: str
    name: str


def forms_with_figures(unit_ids: Collection[int]) -> list[FormVersion]:
    """The forms of which any of the units has an accepted report, by act and code."""
    held = Obligation.objects.filter(
        Exists(Submission.objects.filter(obligation=OuterRef("pk"), is_current=True)),
        form=OuterRef("pk"),
        unit_id__in=among(set(unit_ids)),
    )
    return list(FormVersion.objects.filter(Exists(held)).order_by("act", "code", "key"))


def periods_with_figures(form: FormVersion, unit_ids: Collection[int] | None = None) -> list[Period]:
    """The periods of a form for which anything was accepted, of any of the units when they are named; newest first."""
    held = Obligation.objects.filter(
        Exists(Submission.objects.filter(obligation=OuterRef("pk"), is_current=True)), form=form, period=OuterRef("pk")
    )
    if unit_ids is not None:
        held = held.filter(unit_id__in=among(set(unit_ids)))
    rows = Period.objects.select_related("rule").filter(Exists(held), rule__in=rules_of(form))
    return list(rows.order_by("-end", "-start", "-instalment"))


def newest_form(unit_ids: Collection[int]) -> FormVersion | None:
    """Of the reports that came last from the units, the form of the one whose period ends last."""
    came = Submission.objects.filter(is_current=True, obligation__unit_id__in=among(set(unit_ids))).order_by("-pk")
    recent = [
        (end, -form_id) for end, form_id in came.values_list("obligation__period__end", "obligation__form_id")[:RECENT]
    ]
    return FormVersion.objects.get(pk=-max(recent)[1]) if recent else None


def kinds_of_form(form: FormVersion) -> list[ReportingKind]:
    """The kinds of unit that owe a form or receive it, receivers first."""
    rows = OwingRule.objects.filter(form=form).select_related("reporter_kind", "receiver_kind").order_by("pk")
    receivers = {row.receiver_kind.key: row.receiver_kind.name for row in rows if row.receiver_kind}
    found = receivers | {row.reporter_kind.key: row.reporter_kind.name for row in rows}
    return [ReportingKind(key, name) for key, name in found.items()]


def forms_named(keys: Collection[str]) -> list[FormVersion]:
    """The forms of these keys, by act and code; unknown keys are left out."""
    return list(FormVersion.objects.filter(key__in=set(keys)).order_by("act", "code", "key")) if keys else []
