"""One act, one row, one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pghistory
from django.db import transaction

from giaoban.kit.actors import Actor
from giaoban.kit.models import Act


@contextmanager
def act(
    name: str,
    *,
    by: Actor,
    at: datetime,
    subject: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Iterator[Act]:
    """Open a transaction holding a change and its audit entry; whatever raises inside undoes both.

    name: what was done, an English slug such as ``reporting.submit``. at: the moment the act counts from (aware).
    subject: what it was done to, ``room.Model:pk``; may be set on the row before the block ends, and so may
    ``unit_id``: the unit whose post carried the right (`Actor.post_at`), at first the unit that the person acts for.
    """
    with transaction.atomic():
        row = Act.objects.create(
            name=name,
            actor_id=by.user_id,
            actor_name=by.name,
            unit_id=by.unit_id,
            at=at,
            reason=reason or by.reason,
            subject=subject,
            detail=dict(detail or {}),
        )
        with pghistory.context(act=row.pk, actor=by.name):
            yield row
        row.save(update_fields=["subject", "detail", "unit"])


def subject_of(instance: Any) -> str:
    """The audit name of a saved row: ``room.Model:pk``."""
    return f"{instance._meta.label}:{instance.pk}"


def acts_on(instance: Any) -> list[Act]:
    """The acts done to a row, newest first."""
    return list(Act.objects.filter(subject=subject_of(instance)).order_by("-at", "-pk"))
