"""Which form is asked for in a period: the one in force on the day that decides, or its interim stand-in."""

from collections.abc import Iterable
from datetime import date

from giaoban.core.forms import slug
from giaoban.kit.models import valid_on
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.services.errors import ReportingError


def require_in_force(form: FormVersion, period: Period, on: date) -> None:
    """on: the day that decides, when the report is due, else the period's last day.

    Raises ReportingError, with the form to use instead where one is known: that of the act that came after, or, for a
    form that another one stands in for in this period, that one.
    """
    if not FormVersion.objects.filter(valid_on(on), pk=form.pk).exists():
        heirs = [one for one in _in_force(on) if form.key in definition_of(one).replaces]
        instead = f"Dùng biểu {_named(heirs)}." if heirs else "Chọn biểu có hiệu lực."
        raise ReportingError(f"Biểu “{form.code}” không có hiệu lực cho kỳ “{period.label}”. {instead}")
    interim = [one for one in _in_force(on) if stands_in(one, form) and _is_owed(one, period)]
    if interim:
        raise ReportingError(
            f"Trong kỳ “{period.label}” biểu “{form.code}” được thay tạm. Dùng biểu {_named(interim)}."
        )


def stands_in(interim: FormVersion, form: FormVersion) -> bool:
    """Whether a form stands in for another of its act: by its code, or the number with which that begins."""
    if interim.act != form.act or interim.pk == form.pk:
        return False
    head = form.code.partition("/")[0]
    return bool({slug(form.code), slug(head)} & {slug(one) for one in definition_of(interim).interim_for})


def _in_force(on: date) -> list[FormVersion]:
    """Forms in force on a day that replace others or stand in for others."""
    rows = FormVersion.objects.filter(valid_on(on)).order_by("code", "pk")
    return [one for one in rows if (held := definition_of(one)).replaces or held.interim_for]


def _is_owed(form: FormVersion, period: Period) -> bool:
    return form.owing_rules.filter(rules=period.rule_id).exists()


def _named(forms: Iterable[FormVersion]) -> str:
    return ", ".join(f"{one.code} ({one.act})" for one in forms)
