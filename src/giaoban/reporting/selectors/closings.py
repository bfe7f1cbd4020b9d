"""Whether the books of a form and period are closed for a unit, and who closed them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.kit.prepared import Prepared, given
from giaoban.orgs.selectors import UnitCard, cards, id_array
from giaoban.reporting.models import Closing, FormVersion, Obligation, Period, Reopening
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.owed import standing

# Which units a closing covers: those that report beneath the closing unit on a line of the form (any line, when no rule
# names one) on the period's last day, or earlier in the period when they ended within it; those that the closing unit
# or somebody beneath it receives from; and the closing unit itself where nobody above it receives its report.
COVERED = """
    WITH lines AS (
        SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s
    ), below AS (
        SELECT DISTINCT up.descendant_id AS id
        FROM orgs_unitclosure up
        WHERE up.ancestor_id = %(closer)s AND up.depth > 0
          AND (up.line_id IN (SELECT line_id FROM lines) OR NOT EXISTS (SELECT FROM lines))
          AND (up.valid_from IS NULL OR up.valid_from <= %(last)s)
          AND (up.valid_to IS NULL OR up.valid_to > %(last)s OR (up.valid_to > %(first)s AND NOT EXISTS (
              SELECT FROM orgs_unitversion life WHERE life.unit_id = up.descendant_id
                AND (life.valid_from IS NULL OR life.valid_from <= %(last)s)
                AND (life.valid_to IS NULL OR life.valid_to > %(last)s)
          )))
    )
    SELECT wanted.id
    FROM unnest(%(units)s::bigint[]) AS wanted(id)
    LEFT JOIN reporting_obligation owed
      ON owed.unit_id = wanted.id AND owed.form_id = %(form)s AND owed.period_id = %(period)s
    WHERE wanted.id IN (SELECT id FROM below)
       OR owed.receiver_id = %(closer)s OR owed.receiver_id IN (SELECT id FROM below)
       OR (wanted.id = %(closer)s AND owed.id IS NOT NULL AND owed.receiver_id IS NULL)
"""


def closed_reason(form_id: int, period_id: int, unit_id: int, at: datetime) -> str:
    """ "" while the books are open for what a unit reports; otherwise who closed them when, and what to do.

    One query while nothing is closed. Asked for after the obligation was locked: closing waits for that lock.
    """
    return closed_reasons(form_id, period_id, [unit_id], at).get(unit_id, "")


def closed_reasons(form_id: int, period_id: int, unit_ids: Collection[int], at: datetime) -> dict[int, str]:
    """The same for many units at once; those for which the books are open are absent."""
    found: dict[int, str] = {}
    closings = standing_closings(form_id, period_id)
    for closing in closings:
        held = covered(closing, [one for one in unit_ids if one not in found])
        opened = {one.unit_id for one in closing.reopenings.all() if one.until > at}
        if None not in opened and (shut := held - opened):
            found |= dict.fromkeys(shut, _sentence(closing))
    return found


def closed_above(form_id: int, period_id: int, unit_id: int, at: datetime) -> list[str]:
    """Who else closed books that hold what stands at a unit, each in a sentence; the unit's own closing left out."""
    closings = [one for one in standing_closings(form_id, period_id) if one.unit_id != unit_id]
    return [
        _sentence(one)
        for one in closings
        if unit_id in covered(one, [unit_id]) and not {None, unit_id} & {again.unit_id for again in open_again(one, at)}
    ]


def standing_closings(form_id: int, period_id: int) -> list[Closing]:
    """The closings of a form and period that were not taken back, oldest first; one query while there are none."""
    found = _standing(form=form_id, period=period_id)
    prefetch_related_objects(found, Prefetch("reopenings", _reopenings()))
    return found


@Prepared
def _standing() -> QuerySet[Closing]:
    rows = Closing.objects.filter(form_id=given("form"), period_id=given("period"), undone=None).order_by("pk")
    return rows.select_related("act", "form", "period__rule")


def covered(closing: Closing, unit_ids: Iterable[int]) -> set[int]:
    """Those of the units whose reports a closing holds. One query."""
    period = closing.period
    return covered_by(closing.unit_id, closing.form_id, closing.period_id, unit_ids, period.start, last_day(period))


def covered_by(
    closer_id: int, form_id: int, period_id: int, unit_ids: Iterable[int], first: date, last: date
) -> set[int]:
    """Those of the units whose reports a closing at a unit would hold. One query."""
    asked: dict[str, Any] = {
        "form": form_id,
        "period": period_id,
        "closer": closer_id,
        "units": id_array(unit_ids),
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(COVERED, asked)
        return {row[0] for row in cursor.fetchall()}


def _sentence(closing: Closing) -> str:
    name = cards([closing.unit_id], last_day(closing.period))[closing.unit_id].name
    when = moment(timezone.localtime(closing.act.at))
    return (
        f"{name} đã khoá sổ biểu {closing.form.code}, {closing.period.label} lúc {when} ({closing.act.actor_name}). "
        f"Đề nghị {name} mở lại sổ, nêu lý do, rồi mới gửi, tiếp nhận hoặc trả lại được."
    )


@dataclass(frozen=True, slots=True)
class Books:
    """What a closing at a unit holds, by where each report stands; units in alphabetical order."""

    expected: int
    accepted: int
    waiting: tuple[UnitCard, ...]
    returned: tuple[UnitCard, ...]
    missing: tuple[UnitCard, ...]
    units: tuple[UnitCard, ...]


def books_of(form: FormVersion, period: Period, unit_id: int) -> Books:
    """What closing the books of a form and period at a unit would hold, or holds. A fixed number of queries."""
    owed = Obligation.objects.filter(form=form, period=period)
    held = covered_by(
        unit_id, form.pk, period.pk, owed.values_list("unit_id", flat=True), period.start, last_day(period)
    )
    listed = standing(owed.filter(unit_id__in=held))
    called = cards(held, last_day(period))
    units = sorted(called.values(), key=lambda one: (one.sort_key, one.key))
    states = {one.obligation.unit_id: one.state for one in listed}

    def those(*wanted: ReportState) -> tuple[UnitCard, ...]:
        return tuple(one for one in units if states[one.id] in wanted)

    return Books(
        expected=len(listed),
        accepted=len(those(ReportState.ACCEPTED)),
        waiting=those(ReportState.SENT),
        returned=those(ReportState.RETURNED),
        missing=those(ReportState.MISSING, ReportState.DRAFT),
        units=tuple(units),
    )


def closings_at(form: FormVersion, period: Period, unit_id: int) -> list[Closing]:
    """Every closing of a form and period at a unit with its re-openings, those taken back too; newest first."""
    rows = Closing.objects.filter(form=form, period=period, unit_id=unit_id).order_by("-pk")
    joined = rows.select_related("act", "undone", "form", "period__rule")
    return list(joined.prefetch_related(Prefetch("reopenings", _reopenings())))


def closing_at(form: FormVersion, period: Period, unit_id: int) -> Closing | None:
    """The standing closing at a unit, or None."""
    return next((one for one in closings_at(form, period, unit_id) if one.undone is None), None)


def open_again(closing: Closing, at: datetime) -> list[Reopening]:
    """The re-openings of a closing that hold at a moment."""
    return [one for one in closing.reopenings.all() if one.until > at]


def _reopenings() -> QuerySet[Reopening]:
    return Reopening.objects.select_related("act").order_by("pk")
