"""A period of a regime is opened and everybody who owes a form for it is written down, in one act seen beforehand."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import Obligation, Period, PeriodRule
from giaoban.reporting.selectors.forms import form_by_key, rule_of
from giaoban.reporting.services.errors import PeriodUnknown
from giaoban.reporting.services.owing import made_period, open_period, owed_by_rules, raise_obligations


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a period would do. `period` and `owed` are not stored, unless the period was opened before.

    standing: ids of the units that owe the form for this period already; they keep deadline and receiver.
    """

    period: Period
    owed: tuple[Obligation, ...]
    standing: frozenset[int]

    @property
    def new(self) -> tuple[Obligation, ...]:
        return tuple(one for one in self.owed if one.unit_id not in self.standing)

    @property
    def without_deadline(self) -> int:
        return sum(one.due_on is None for one in self.new)


def preview_opening(
    form_key: str,
    rule_key: str,
    *,
    year: int | None = None,
    code: str | None = None,
    instalment: str = "",
    receiver_id: int | None = None,
    by: Actor,
) -> Opening:
    """Who would owe a form for a period of a rule, and by when; nothing is written. Raises as `open_and_raise`."""
    form = form_by_key(form_key)
    row = PeriodRule.objects.filter(key=rule_key).first()
    if row is None:
        raise PeriodUnknown(f"Không có quy tắc kỳ báo cáo “{rule_key}”. Nạp gói danh mục có quy tắc này.")
    made = made_period(rule_of(row), year=year, code=code, instalment=instalment)
    opened = Period.objects.select_related("rule").filter(rule=row, code=made.code, instalment=made.instalment).first()
    period = opened or Period(
        rule=row,
        code=made.code,
        instalment=made.instalment,
        label=made.label,
        start=made.start,
        end=made.end,
        actual_until=made.actual_until,
        estimated_months=made.estimated_months,
        cumulative=made.cumulative,
    )
    owed = owed_by_rules(form, period, by=by, receiver_id=receiver_id)
    standing = Obligation.objects.filter(form=form, period=opened) if opened else Obligation.objects.none()
    once = {one.unit_id: one for one in owed}
    return Opening(period, tuple(once.values()), frozenset(standing.values_list("unit_id", flat=True)))


def open_and_raise(
    form_key: str,
    rule_key: str,
    *,
    year: int | None = None,
    code: str | None = None,
    instalment: str = "",
    receiver_id: int | None = None,
    by: Actor,
    at: datetime,
) -> tuple[Period, int]:
    """Open a period of a rule and write down who owes a form for it: the period, and how many units are new.

    receiver_id: only those that this unit receives from. Raises PeriodUnknown, ReportingError (the form is not in
    force, is not owed for this rule, a unit has no receiver), PermissionDenied; then nothing was opened either.
    """
    if receiver_id is not None:
        by.require(Permission.RECEIVE_REPORT, receiver_id)
    with transaction.atomic():
        period = open_period(rule_key, year=year, code=code, instalment=instalment, by=by, at=at)
        return period, raise_obligations(form_key, period, by=by, at=at, receiver_id=receiver_id)
