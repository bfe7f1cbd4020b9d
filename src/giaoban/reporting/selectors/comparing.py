"""A table beside that of the same period of the year before: like for like, or the reason why not."""

from dataclasses import dataclass, replace
from datetime import date

from giaoban.core.restating import SENTENCES, Divided, Reason, Restatement
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import days_of_change_beneath
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.selectors.consolidation import ConsolidatedTable
from giaoban.reporting.selectors.forms import last_day, period_before
from giaoban.reporting.selectors.grouping import ConsolidationRefused
from giaoban.reporting.selectors.series import consolidate


@dataclass(frozen=True, slots=True)
class SamePeriod:
    """The earlier table in the geography of the later period; before None: refused, `said` says why."""

    before: ConsolidatedTable | None
    said: Restatement


def same_period(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None, divided: Divided = "refuse"
) -> SamePeriod:
    """The table of the same period of the year before, restated into the geography in which `period` is read.

    geography None: that of the period's last day. Refused without an earlier period or figures in it, when another form
    was reported then, and when the earlier figures cannot be placed.
    """
    earlier = period_before(period)
    refused = _no_like(form, earlier)
    if earlier is None or refused is not None:
        return SamePeriod(None, refused or _refused(Reason.NO_PERIOD))
    try:
        before = consolidate(form, earlier, unit_id, geography=geography or last_day(period), divided=divided)
    except ConsolidationRefused as refusal:
        return SamePeriod(None, refusal.restatement)
    if not any(line.coverage is None or line.coverage.received for line in before.lines):
        return SamePeriod(None, _refused(Reason.NO_PERIOD))
    if before.restatement.outcome == "refused":
        return SamePeriod(None, before.restatement)
    mixed = [_mixed(unit_id, one) for one in (earlier, period)]
    words = " ".join(filter(None, [before.restatement.sentence, *dict.fromkeys(mixed)]))
    return SamePeriod(before, replace(before.restatement, sentence=words))


def _no_like(form: FormVersion, earlier: Period | None) -> Restatement | None:
    """The reason when nobody owed the form for the earlier period: another of its family, or nothing at all."""
    if earlier is None:
        return _refused(Reason.NO_PERIOD)
    owed = Obligation.objects.filter(period=earlier)
    if owed.filter(form=form).exists():
        return None
    others = owed.filter(form__family=form.family) if form.family else owed.none()
    codes = list(others.order_by("form__code").values_list("form__code", flat=True).distinct())
    return _refused(Reason.OTHER_FORM, ", ".join(codes)) if codes else _refused(Reason.NO_PERIOD)


def _refused(reason: Reason, names: str = "") -> Restatement:
    return Restatement(outcome="refused", sentence=SENTENCES[reason].format(names=names), reason=reason)


def _mixed(unit_id: int, period: Period) -> str:
    """A period in the middle of which units beneath were put together or divided holds figures of two geographies."""
    days = [day(one) for one in days_of_change_beneath(unit_id, period.start, period.end)]
    if not days:
        return ""
    return f"{period.label} trải qua ngày {', '.join(days)}, khi đơn vị thay đổi: số của kỳ gộp hai địa giới."
