"""Forms and periods by the names that addresses and files use."""

import json
from datetime import date
from functools import lru_cache

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from giaoban.core import periods
from giaoban.core.forms import FormDefinition, parse_form
from giaoban.core.periods import AD_HOC_RULE
from giaoban.kit.prepared import Prepared, given
from giaoban.reporting.models import FormVersion, Obligation, OwingRule, Period, PeriodRule


def form_by_key(key: str) -> FormVersion:
    """The form of a key. Raises Http404."""
    form = FormVersion.objects.select_related("field", "regime").filter(key=key).first()
    if form is None:
        raise Http404("Không có biểu mẫu này.")
    return form


def form_with_layout(key: str) -> FormVersion:
    """The form of a key that can be filled in. Raises Http404 also where only its title is known."""
    form = form_by_key(key)
    if not definition_of(form).has_layout:
        raise Http404("Biểu mẫu này chưa có bố cục.")
    return form


def forms(on: date | None = None) -> list[FormVersion]:
    """All forms, or those in force on a day, by act and code."""
    rows = FormVersion.objects.select_related("field", "regime").order_by("act", "code", "key")
    return list(rows if on is None else rows.on(on))


def definition_of(form: FormVersion) -> FormDefinition:
    """The layout, checks and signatures of a form; read once per version."""
    return _definition(form.key, form.checksum)


@lru_cache(maxsize=512)
def _definition(key: str, checksum: str) -> FormDefinition:
    return parse_form(FormVersion.objects.values_list("definition", flat=True).get(key=key, checksum=checksum), key)


def rules_of(form: FormVersion) -> list[PeriodRule]:
    """The period rules under which a form is owed, and those under which it was asked for."""
    return list(_rules_of(form).order_by("pk"))


def _rules_of(form: FormVersion) -> QuerySet[PeriodRule]:
    owed = OwingRule.objects.filter(form=form).values("rules")
    asked = _owed_periods(form).values("rule")
    return PeriodRule.objects.filter(Q(pk__in=owed) | Q(pk__in=asked))


def _owed_periods(form: FormVersion) -> QuerySet[Period]:
    """The periods of which somebody owes the form: one look into the index for each period, however many owe it."""
    somebody = Obligation.objects.filter(form=form, period=OuterRef("pk")).order_by().values("pk")[:1]
    return Period.objects.alias(owed=Subquery(somebody)).filter(owed__isnull=False)


def period_of(form: FormVersion, code: str, instalment: str = "") -> Period:
    """The opened period of a code under one of the form's rules, rather one that somebody owes. Raises Http404."""
    owing = FormVersion.objects.filter(pk=form.pk, obligations__period=OuterRef("pk"))
    period = (
        Period.objects.select_related("rule")
        .filter(rule__in=_rules_of(form), code=code, instalment=instalment)
        .order_by(Exists(owing).desc(), "rule_id")
        .first()
    )
    if period is None:
        raise Http404("Không có kỳ báo cáo này.")
    return period


def periods_with_obligations(form: FormVersion) -> list[Period]:
    """The periods for which somebody owes or owed the form, newest first."""
    return list(_owed_periods(form).select_related("rule").order_by("-end", "-start", "-instalment"))


def instalments_of(form: FormVersion, period: Period) -> list[Period]:
    """The other instalments of a period of which somebody owes the form."""
    same = _owed_periods(form).filter(rule_id=period.rule_id, code=period.code).exclude(pk=period.pk)
    return list(same.select_related("rule").order_by("instalment"))


def rule_of(row: PeriodRule) -> periods.PeriodRule:
    return _rule(json.dumps(row.definition))


@lru_cache(maxsize=256)
def _rule(definition: str) -> periods.PeriodRule:
    return periods.rule_from_dict(json.loads(definition))


_by_code = lru_cache(maxsize=1024)(periods.period_by_code)
"""A rule and a code always make the same period."""


def core_period(period: Period) -> periods.Period:
    """The period as `core.periods` computes with it."""
    rule = rule_of(period.rule)
    if rule.kind == "ad_hoc":
        return periods.Period(
            rule=AD_HOC_RULE,
            code=period.code,
            instalment=period.instalment,
            label=period.label,
            start=period.start,
            end=period.end,
            actual_until=period.actual_until,
            estimated_months=period.estimated_months,
            cumulative=period.cumulative,
            year=(period.end - date.resolution).year,
            number=0,
        )
    return _by_code(rule, period.code, period.instalment)


def period_before(period: Period) -> Period | None:
    """The same period and instalment of the year before, when it was opened; None too when the rule, as it reads now,
    no longer has the period."""
    rule = rule_of(period.rule)
    try:
        before = periods.same_period_before(core_period(period), rule) if rule.kind != "ad_hoc" else None
    except KeyError:
        return None
    if before is None:
        return None
    found = _named(rule=period.rule_id, code=before.code, instalment=before.instalment)
    return found[0] if found else None


@Prepared
def _named() -> QuerySet[Period]:
    """At most one: `period_once`."""
    return Period.objects.filter(rule_id=given("rule"), code=given("code"), instalment=given("instalment"))


def window_before(period: Period) -> dict[str, date | bool | None] | None:
    """What a period of any rule must be to stand for the same window of the year before, as fields of `Period`: the
    same days and the same part estimated. None for a window that does not recur."""
    if rule_of(period.rule).kind in ("ad_hoc", "as_of"):
        return None
    days = {"start": period.start, "end": period.end, "actual_until": period.actual_until}
    earlier = {name: None if day is None else year_before(day) for name, day in days.items()}
    return {**earlier, "cumulative": period.cumulative}


def year_before(day: date) -> date:
    """The same day of the year before; the 29th of February is the 1st of March, as bounds are excluded."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 3, 1)


def preceding_period(period: Period) -> Period | None:
    """The opened period of the same rule that ended last before this one ends; of its instalments the latest."""
    earlier = Period.objects.filter(rule_id=period.rule_id, end__lt=period.end)
    return earlier.order_by("-end", "-start", "-pk").first() if rule_of(period.rule).kind != "ad_hoc" else None


def other_geography(period: Period, geography: date | None) -> date | None:
    """The day in whose tree a period is read when that is another one than its last day; None for its own tree."""
    return None if geography == last_day(period) else geography


def last_day(period: Period) -> date:
    """The day whose tree of units a period is read in."""
    return period.end - date.resolution
