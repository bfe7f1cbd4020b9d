"""Live tables kept in the process for as long as the same versions stand behind them.

What tells that is asked of the database at every read, so an accepted report counts in the next one as it does without.
A version never changes once it was sent; who owes, who stands where, what is simulated and the words of period, rules
and pack are part of the question.
"""

from collections import OrderedDict
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import Final, Generic, TypeVar

from django.db import connection
from django.utils import timezone

from giaoban.core.restating import Divided
from giaoban.orgs.selectors import unit_history
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.consolidation import ConsolidatedTable
from giaoban.reporting.selectors.figures import like_before
from giaoban.reporting.selectors.grouping import Grouping
from giaoban.reporting.selectors.series import consolidate
from giaoban.reporting.selectors.shares import Volumes, volume_shares
from giaoban.reporting.selectors.sources import Sources, sources_of

KEPT: Final = 8
"""Tables of the nation weigh some megabytes each."""

Stamp = tuple[object, ...]
K = TypeVar("K")


class _Kept(Generic[K]):
    """The last so many, by all that they depend on."""

    def __init__(self) -> None:
        self.held: OrderedDict[Stamp, K] = OrderedDict()
        self._lock = Lock()

    def get(self, stamp: Stamp) -> K | None:
        with self._lock:
            found = self.held.get(stamp)
            if found is not None:
                self.held.move_to_end(stamp)
            return found

    def put(self, stamp: Stamp, value: K) -> None:
        with self._lock:
            self.held[stamp] = value
            while len(self.held) > KEPT:
                self.held.popitem(last=False)


_tables: _Kept[ConsolidatedTable] = _Kept()
_volumes: _Kept[Volumes] = _Kept()
_sources: _Kept[tuple[Grouping, Sources]] = _Kept()

# Each sum tells one set of (who owes, to whom, what counts, since when, simulated or not) from another; two sets that
# differ agree in all of them as good as never.
STANDING: Final = """
    SELECT count(*), count(sent.id), sum(sent.id), max(sent.decided_at),
           bit_xor(hashint8extended(owed.unit_id, coalesce(owed.receiver_id, 0))),
           bit_xor(hashint8extended(owed.id, coalesce(sent.id, 0))),
           bit_xor(hashint8extended(owed.id, extract(epoch FROM sent.decided_at)::bigint)),
           bit_xor(CASE WHEN owed.simulated OR sent.simulated THEN hashint8extended(owed.id, 1) ELSE 0 END),
           (SELECT md5(string_agg(rule::text, ',' ORDER BY rule.id)) FROM reporting_owingrule rule
            WHERE rule.form_id = %(form)s),
           (SELECT md5(period::text) FROM reporting_period period WHERE period.id = %(period)s),
           (SELECT string_agg(checksum, ',' ORDER BY key) FROM kit_pack)
    FROM reporting_obligation owed
    LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
    WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
"""


def consolidate_kept(
    form: FormVersion,
    period: Period,
    unit_id: int,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
) -> ConsolidatedTable:
    """`consolidate`, without adding up again what was added up from the same versions in the same tree. `as_of` is now.

    Two queries where nothing changed. Raises ConsolidationRefused.
    """
    asked = (form.checksum, unit_id, geography, divided)
    before = (*standing(form, period), *asked)
    held = _tables.get(before)
    if held is not None:
        return replace(held, as_of=timezone.now())
    table = consolidate(form, period, unit_id, geography=geography, divided=divided)
    if (*standing(form, period), *asked) == before:  # else it may be of before or after what came in between
        _tables.put(before, table)
    return table


def volumes_kept(
    form: FormVersion,
    period: Period,
    unit_id: int,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
) -> Volumes:
    """`volume_shares`, kept likewise under what stands in both years. Raises ConsolidationRefused."""
    years = [(form, period), *([like] if (like := like_before(form, period)) is not None else [])]
    asked = (form.checksum, unit_id, geography, divided)

    def stamp() -> Stamp:
        return (*(part for year in years for part in standing(*year)), *asked)

    before = stamp()
    held = _volumes.get(before)
    if held is None:
        held = volume_shares(form, period, unit_id, geography=geography, divided=divided)
        if stamp() == before:
            _volumes.put(before, held)
    return held


def sources_kept(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> tuple[Grouping, Sources]:
    """`sources_of`, kept likewise. Raises ConsolidationRefused."""
    asked = (unit_id, geography)
    before = (*standing(form, period), *asked)
    held = _sources.get(before)
    if held is None:
        held = sources_of(form, period, unit_id, geography)
        if (*standing(form, period), *asked) == before:
            _sources.put(before, held)
    return held


def standing(form: FormVersion, period: Period) -> Stamp:
    """What tells one state of a form and period, of the tree and of the pack from another. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"form": form.pk, "period": period.pk})
        return (unit_history().stamp, form.pk, period.pk, *cursor.fetchone())
