"""One act, one row, one transaction."""

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.models import Act
from giaoban.kit.prepared import fetch, insert

# The triggers of pghistory read both settings; they hold until the transaction ends, so they are made once an act and
# not, as `pghistory.context` does, again with every statement.
_TOLD: Final = """
    SELECT entry.id, set_config('pghistory.context_id', %s, true),
           set_config('pghistory.context_metadata', json_build_object('act', entry.id, 'actor', %s::text)::text, true)
    FROM entry
"""
_WRITTEN: Final = f"""
    WITH entry AS (
        INSERT INTO kit_act (name, actor_id, actor_name, unit_id, at, recorded_at, reason, subject, detail)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb) RETURNING id
    ) {_TOLD}
"""  # noqa: S608  # nosec B608 - constants
_NUMBERED: Final = f"WITH entry AS (SELECT nextval(pg_get_serial_sequence('kit_act', 'id')) AS id) {_TOLD}"  # nosec B608

_outermost = threading.local()
"""`context`: the history context of the acts that are open in this thread."""


@contextmanager
def act(
    name: str,
    *,
    by: Actor,
    at: datetime,
    subject: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    written_last: bool = False,
) -> Iterator[Act]:
    """Open a transaction holding a change and its audit entry; whatever raises inside undoes both.

    name: what was done, an English slug such as ``reporting.submit``. at: the moment the act counts from (aware).
    subject: what it was done to, ``room.Model:pk``; may be set on the row before the block ends, and so may
    ``unit_id``: the unit whose post carried the right (`Actor.post_at`), at first the unit that the person acts for.
    written_last: the row, which has its number from the beginning, is written once at the end, and not changed there
    again; nothing inside may read it from the database.
    """
    with transaction.atomic():
        row = Act(
            name=name,
            actor_id=by.user_id,
            actor_name=by.name,
            unit_id=by.unit_id,
            at=at,
            recorded_at=timezone.now(),
            reason=reason or by.reason,
            subject=subject,
            detail=dict(detail or {}),
        )
        with _history() as context:
            _open(row, context, is_written=not written_last)
            before = None if written_last else (row.subject, deepcopy(row.detail), row.unit_id)
            yield row
        if written_last:
            insert(row)
        elif (row.subject, row.detail, row.unit_id) != before:
            row.save(update_fields=["subject", "detail", "unit"])


def _open(row: Act, context: str, *, is_written: bool) -> None:
    """Give the row its number, write it, and tell the history triggers of it. One query."""
    values: list[Any] = []
    if is_written:
        values = [row.name, row.actor_id, row.actor_name, row.unit_id, row.at, row.recorded_at, row.reason, row.subject]
        values.append(json.dumps(row.detail))
    row.pk = fetch(_WRITTEN if is_written else _NUMBERED, [*values, context, row.actor_name])[0][0]
    if is_written:
        row._state.adding, row._state.db = False, connection.alias


@contextmanager
def _history() -> Iterator[str]:
    """The history context of an act: that of the act around it, else a new one."""
    around: str | None = getattr(_outermost, "context", None)
    if around is not None:
        yield around
        return
    _outermost.context = str(uuid.uuid4())
    try:
        yield _outermost.context
    finally:
        del _outermost.context


def subject_of(instance: Any) -> str:
    """The audit name of a saved row: ``room.Model:pk``."""
    return f"{instance._meta.label}:{instance.pk}"


def acts_on(instance: Any) -> list[Act]:
    """The acts done to a row, newest first."""
    return list(Act.objects.filter(subject=subject_of(instance)).order_by("-at", "-pk"))
