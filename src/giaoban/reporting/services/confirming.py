"""A consolidated table is confirmed: frozen beside the live one, which goes on changing."""

from datetime import date, datetime

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card
from giaoban.reporting.models import FormVersion, Layer, Period, Snapshot
from giaoban.reporting.selectors.answering import post_answering, require_answer
from giaoban.reporting.selectors.consolidation import ConsolidatedTable
from giaoban.reporting.selectors.forms import form_by_key, last_day, other_geography
from giaoban.reporting.selectors.series import consolidate
from giaoban.reporting.selectors.snapshots import checksum_of, freeze
from giaoban.reporting.selectors.sources import Sources, sources_of
from giaoban.reporting.services.sending import lock


def confirm_table(
    form_key: str, period: Period, unit_id: int, *, geography: date | None = None, by: Actor, at: datetime
) -> Snapshot:
    """Freeze the table as it reads now. A later confirmation stands beside the earlier ones; the last counts.

    The unit's own people confirm; those of what it wholly became once it has ended. While it is read nothing is sent or
    decided of what counts in it: table and versions say the same.
    """
    require_confirming(by, period, unit_id)
    form = form_by_key(form_key)
    geography = other_geography(period, geography)
    with act("reporting.confirm-table", by=by, at=at) as entry:
        table, sources = read_still(form, period, unit_id, geography)
        content = freeze(table, sources)
        snapshot = Snapshot.objects.create(
            form=form,
            period=period,
            unit_id=unit_id,
            geography_on=geography,
            layer=Layer.CONFIRMED,
            content=content,
            checksum=checksum_of(content),
            act=entry,
        )
        entry.subject = subject_of(snapshot)
        entry.detail = {"form": form.key, "period": period.code, "checksum": snapshot.checksum}
        entry.unit_id = post_answering(by, unit_id, timezone.localdate(at))
    return snapshot


def require_confirming(by: Actor, period: Period, unit_id: int) -> None:
    """Who may say what a unit's table is. Raises PermissionDenied."""
    require_answer(by, Permission.CONFIRM_FIGURES, unit_id, unit_name=card(unit_id, last_day(period)).name)


def read_still(
    form: FormVersion, period: Period, unit_id: int, geography: date | None
) -> tuple[ConsolidatedTable, Sources]:
    """A table and the versions behind it, while nothing is sent or decided of what counts in it: until the transaction
    of the caller ends. Raises ConsolidationRefused."""
    hold(form, period, unit_id, geography)
    _, sources = sources_of(form, period, unit_id, geography)
    return consolidate(form, period, unit_id, geography=geography), sources


def hold(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> None:
    """Let whatever would change the table wait for the end of the caller's transaction."""
    grouping, _ = sources_of(form, period, unit_id, geography)
    lock(one.obligation_id for group in grouping.groups for one in group.reporters)
