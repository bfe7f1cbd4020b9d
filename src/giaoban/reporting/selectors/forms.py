"""Forms and periods by the names that addresses and files use."""

from datetime import date
from functools import lru_cache

from django.db.models import Exists, OuterRef
from django.http import Http404

from giaoban.core import periods
from giaoban.core.forms import FormDefinition, parse_form
from giaoban.core.periods import AD_HOC_RULE
from giaoban.reporting.models import FormVersion, Period, PeriodRule


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
    owed = PeriodRule.objects.filter(owing_rules__form=form)
    asked = PeriodRule.objects.filter(periods__obligations__form=form)
    return list((owed | asked).distinct().order_by("pk"))


def period_of(form: FormVersion, code: str, instalment: str = "") -> Period:
    """The opened period of a code under one of the form's rules, rather one that somebody owes. Raises Http404."""
    owing = FormVersion.objects.filter(pk=form.pk, obligations__period=OuterRef("pk"))
    period = (
        Period.objects.select_related("rule")
        .filter(rule__in=rules_of(form), code=code, instalment=instalment)
        .order_by(Exists(owing).desc(), "rule_id")
        .first()
    )
    if period is None:
        raise Http404("Không có kỳ báo cáo này.")
    return period


def periods_with_obligations(form: FormVersion) -> list[Period]:
    """The periods for which somebody owes or owed the form, newest first."""
    rows = Period.objects.select_related("rule").filter(obligations__form=form).distinct()
    return list(rows.order_by("-end", "-start", "-instalment"))


def rule_of(row: PeriodRule) -> periods.PeriodRule:
    return periods.rule_from_dict(row.definition)


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
    return periods.period_by_code(rule, period.code, period.instalment)


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
    return Period.objects.filter(rule_id=period.rule_id, code=before.code, instalment=before.instalment).first()


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
