"""What an indicator is on a day: its rows read as definitions, and the forms and periods behind them."""

from collections.abc import Iterable
from datetime import date

from django.http import Http404

from giaoban.core.indicators import IndicatorDefinition, Version, definition_from_dict
from giaoban.core.queries import CellMeasure, QueryRefused
from giaoban.indicators.models import Indicator
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import FormVersion, Period


def definition_of(indicator: Indicator) -> IndicatorDefinition:
    """The definition of a row. Other rows are only read when an expression names another indicator."""
    held: dict[str, IndicatorDefinition] = {}

    def other(key: str) -> IndicatorDefinition | None:
        if not held:
            held.update(definitions(indicators()))
        return held.get(key)

    return definition_from_dict(
        indicator.definition, key=indicator.key, form=indicator.form.key if indicator.form else "", others=other
    )


def definitions(rows: Iterable[Indicator]) -> dict[str, IndicatorDefinition]:
    """Definitions by key, each finding the others among the same rows."""
    held: dict[str, IndicatorDefinition] = {}
    for row in rows:
        form = row.form.key if row.form else ""
        held[row.key] = definition_from_dict(row.definition, key=row.key, form=form, others=held.get)
    return held


def indicator_by_key(key: str) -> Indicator:
    """Raises Indicator.DoesNotExist."""
    return Indicator.objects.select_related("form", "field").get(key=key)


def indicators() -> list[Indicator]:
    return list(Indicator.objects.select_related("form", "field"))


def indicator_for(key: str) -> Indicator:
    """The indicator of a key, or 404."""
    found = Indicator.objects.select_related("form", "field").filter(key=key).first()
    if found is None:
        raise Http404("Không có chỉ số này.")
    return found


def version_on(indicator: Indicator, on: date) -> Version:
    """The definition in force on a day. Raises QueryRefused."""
    return definition_of(indicator).on(on)


def version_in(indicator: Indicator, period: Period) -> Version:
    """The definition in force on the last day of a period. Raises QueryRefused."""
    return version_on(indicator, reporting.last_day(period))


def form_of_cell(cell: CellMeasure, indicator: Indicator) -> FormVersion:
    """Raises QueryRefused where the form is not there."""
    if indicator.form is not None and indicator.form.key == cell.form:
        return indicator.form
    return form_of_key(cell.form)


def form_of_key(key: str) -> FormVersion:
    """Raises QueryRefused where the form is not there."""
    try:
        return reporting.form_by_key(key)
    except Http404:
        raise QueryRefused(
            "unknown-measure", f"Không có biểu “{key}” mà công thức của chỉ số nêu: nạp lại gói dữ liệu.", key
        ) from None


def forms_in(indicator: Indicator, version: Version) -> list[FormVersion]:
    """The forms whose cells a version reads, each once. Raises QueryRefused."""
    firsts = {cell.form: cell for cell in reversed(version.cells())}
    return [form_of_cell(firsts[key], indicator) for key in version.forms()]


def forms_of(indicator: Indicator) -> list[FormVersion]:
    """The forms of all versions, those of the newest first. Raises QueryRefused."""
    found: dict[str, FormVersion] = {}
    definition = definition_of(indicator)
    for one in reversed(definition.versions):
        whole = definition.on(definition.first_day(one))
        for form in forms_in(indicator, whole):
            found.setdefault(form.key, form)
    return list(found.values())


def form_keys(indicator: Indicator) -> frozenset[str]:
    """Keys of the forms of all versions, without a look at the forms. Raises QueryRefused."""
    definition = definition_of(indicator)
    return frozenset(key for one in definition.versions for key in definition.on(definition.first_day(one)).forms())


def reads(indicator: Indicator, form: FormVersion, on: date) -> bool:
    """Whether the definition in force on a day has cells of a form; False where there is none."""
    try:
        return form.key in version_on(indicator, on).forms()
    except QueryRefused:
        return False


def reporters(indicator: Indicator, period: Period) -> frozenset[int]:
    """The units that owe, for a period, every form that the indicator reads. Raises QueryRefused."""
    owed = [reporting.reporters_of(form, period) for form in forms_in(indicator, version_in(indicator, period))]
    return frozenset.intersection(*owed) if owed else frozenset()


def latest_period(indicator: Indicator) -> Period | None:
    """The last period for which anything was accepted of a form that the indicator reads."""
    periods = [reporting.latest_period_with_figures(form) for form in forms_of(indicator)]
    known = [one for one in periods if one is not None]
    return max(known, key=lambda one: (one.end, one.start, one.pk), default=None)


def period_for(indicator: Indicator, code: str, instalment: str = "") -> Period:
    """An opened period of a form that the indicator reads and in which a definition is in force, the newest definition
    first. Raises Http404; QueryRefused where the period is there and no definition is."""
    definition = definition_of(indicator)
    refused: QueryRefused | None = None
    for form in forms_of(indicator):
        try:
            period = reporting.period_of(form, code, instalment)
            version = definition.on(reporting.last_day(period))
        except Http404:
            continue
        except QueryRefused as fault:
            refused = fault
            continue
        if form.key in version.forms():
            return period
    if refused is not None:
        raise refused
    raise Http404("Không có kỳ báo cáo này.")


def periods_of(indicator: Indicator) -> list[Period]:
    """The periods that somebody owes, of each version's forms while it is in force, newest first."""
    definition = definition_of(indicator)
    found: dict[int, Period] = {}
    for form in forms_of(indicator):
        for period in reporting.periods_with_obligations(form):
            held = next((one for one in definition.versions if one.span.contains(reporting.last_day(period))), None)
            if held is not None and form.key in held.forms():
                found[period.pk] = period
    return sorted(found.values(), key=lambda one: (one.end, one.start, one.pk), reverse=True)
