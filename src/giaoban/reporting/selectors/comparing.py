"""A table beside that of the same period of the year before: like for like, or the reason why not."""

from dataclasses import dataclass, replace
from datetime import date

from giaoban.core.crosswalk import carried_cells, links_of
from giaoban.core.restating import SENTENCES, Divided, Reason, Restatement
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import days_of_change_beneath
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.selectors.consolidation import ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.selectors.figures import across_note, like_before
from giaoban.reporting.selectors.forms import definition_of, last_day, window_before
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

    geography None: that of the period's last day. On a form of an earlier act the cells are compared that the pack says
    correspond, and `before` has no others. Refused without an earlier period or figures in it, when a form was reported
    then to which nothing corresponds, and when the earlier figures cannot be placed.
    """
    like = like_before(form, period)
    refused = _no_like(*like) if like is not None else _other_form(form, period)
    if like is None or refused is not None:
        return SamePeriod(None, refused or _refused(Reason.NO_PERIOD))
    then, earlier = like
    try:
        before = consolidate(then, earlier, unit_id, geography=geography or last_day(period), divided=divided)
    except ConsolidationRefused as refusal:
        return SamePeriod(None, refusal.restatement)
    if not any(line.coverage is None or line.coverage.received for line in before.lines):
        return SamePeriod(None, _refused(Reason.NO_PERIOD))
    if before.restatement.outcome == "refused":
        return SamePeriod(None, before.restatement)
    mixed = [_mixed(unit_id, one) for one in (earlier, period)]
    across = ""
    if then != form:
        before, across = _across(before, then, form)
    words = " ".join(filter(None, [before.restatement.sentence, across, *dict.fromkeys(mixed)]))
    return SamePeriod(before, replace(before.restatement, sentence=words))


def _other_form(form: FormVersion, period: Period) -> Restatement:
    """The reason when no period of the form's own rule was opened for the year before: perhaps one of another act."""
    window = window_before(period) if form.family else None
    if window is None:
        return _refused(Reason.NO_PERIOD)
    owed = Obligation.objects.filter(
        form__family=form.family, **{f"period__{name}": one for name, one in window.items()}
    )
    codes = list(owed.order_by("form__code").values_list("form__code", flat=True).distinct())
    return _refused(Reason.OTHER_FORM, ", ".join(codes)) if codes else _refused(Reason.NO_PERIOD)


def _across(before: ConsolidatedTable, then: FormVersion, now: FormVersion) -> tuple[ConsolidatedTable, str]:
    """A table of the form of an earlier act in the cells of this one: those that correspond, the others absent."""
    old, new = definition_of(then), definition_of(now)

    def line(one: ConsolidatedLine) -> ConsolidatedLine:
        return replace(one, cells=carried_cells(one.cells, old=old, new=new))

    table = replace(
        before,
        form=new,
        form_key=now.key,
        lines=tuple(line(one) for one in before.lines),
        total=line(before.total),
    )
    total = sum(len(one.numeric) * len(one.fixed_rows) for one in new.tables)
    return table, across_note(then, now, compared=len(links_of(old=old, new=new)), total=total)


def _no_like(form: FormVersion, earlier: Period) -> Restatement | None:
    """The reason when nobody owed the form for the earlier period: another of its family, or nothing at all."""
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
