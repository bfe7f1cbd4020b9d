"""Who receives reports acts on them: the rows under a lock, after a look at the right of the receiver or its heir."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import heirs_of
from giaoban.reporting.models import Obligation
from giaoban.reporting.selectors.answering import require_answer


def locked_for_receiver(ids: Collection[int], by: Actor, at: datetime) -> list[Obligation]:
    """The reports, locked, after a look at the actor's right to receive each: at the receiver or what this became.

    Raises PermissionDenied.
    """
    rows = list(Obligation.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    for receiver_id in {row.receiver_id for row in rows}:
        if receiver_id is None:
            by.require(Permission.RECEIVE_REPORT, receiver_id)
        else:
            require_answer(by, Permission.RECEIVE_REPORT, receiver_id, on=timezone.localdate(at))
    return rows


def post_receiving(rows: Collection[Obligation], by: Actor, at: datetime) -> int | None:
    """The unit as which somebody acts on reports: a receiver of theirs, else what one of these became."""
    receivers = [row.receiver_id for row in rows if row.receiver_id is not None]
    if any(one in by.unit_ids for one in receivers):
        return by.post_at(*receivers)
    on = timezone.localdate(at)
    return by.post_at(*(heir for one in dict.fromkeys(receivers) for heir in heirs_of(one, on)))
