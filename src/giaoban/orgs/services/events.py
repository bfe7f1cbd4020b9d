"""Events: what one would do, shown; done as one act with its legal basis. Taking it back: `undoing`."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from giaoban.core.events import to_data
from giaoban.core.timeline import Fault
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.registries import UnitChange, unit_dependents
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import Event, EventState
from giaoban.orgs.services.previewing import Preview, describe, title_of
from giaoban.orgs.services.refusals import EventRefused, database_refusals
from giaoban.orgs.services.rows import Written, write
from giaoban.orgs.services.workings import (
    Work,
    change_as_data,
    require_scope,
    unit_change,
    work_out,
)

ONE_AT_A_TIME: Final = 0x6F726773  # the advisory lock under which trees change
RECORDED: Final = "orgs.record-event"
IN_EFFECT: Final = "orgs.event-takes-effect"

__all__ = ["EventRefused", "Preview", "let_follow", "one_at_a_time", "preview", "record"]


def preview(
    data: Mapping[str, Any], *, by: Actor, at: datetime, today: date | None = None, with_bodies: bool = True
) -> Preview:
    """What the event of this data (`core.events.to_data`) would do; nothing is written.

    with_bodies: the bodies that stand for the areas of the event undergo the same steps. Faults are in the preview.
    Raises EventRefused when the data is no event, PermissionDenied when the actor may not change what it touches.
    """
    on = today or timezone.localdate(at)
    work = work_out(data, with_bodies=with_bodies, by=by, today=on)
    require_scope(by, work, on)
    return describe(work, by=by, today=on)


def record(
    data: Mapping[str, Any],
    *,
    basis: str,
    basis_on: date | None,
    reason: str,
    title: str = "",
    source: str = "",
    by: Actor,
    at: datetime,
    today: date | None = None,
    with_bodies: bool = True,
) -> Event:
    """Write the event and all that follows from it as one act, or nothing. Raises EventRefused, PermissionDenied.

    basis: the legal act with its number, basis_on: its day. today: the day that decides whether the event lies ahead;
    the day of `at` by default.
    """
    on = today or timezone.localdate(at)
    _require_words(basis, basis_on, reason, on)
    with database_refusals(), act(RECORDED, by=by, at=at, reason=reason.strip()) as entry:
        one_at_a_time()
        work = work_out(data, with_bodies=with_bodies, by=by, today=on)
        entry.unit_id = require_scope(by, work, on)
        if work.plan.faults:
            raise EventRefused(_refusal(work.plan.faults), faults=work.plan.faults)
        event = Event(
            pk=_next_id(),
            key=str(uuid4()),
            kind=work.event.kind,
            title=(title.strip() or title_of(work))[:300],
            on=work.event.on,
            basis=basis.strip(),
            basis_on=basis_on,
            source=source.strip(),
            reason=reason.strip(),
            note="\n".join(work.notes),
            state=EventState.AHEAD if work.event.on > on else EventState.IN_FORCE,
            request=to_data(work.event),
            recorded_at=at,
        )
        written = write(work.plan, event, work.timelines)
        _make_closure(written, work)
        change = unit_change(work, written.ids.things["unit"])
        event.before = {**written.before, "change": change_as_data(change)}
        if event.state == EventState.IN_FORCE:
            event.receipts = let_follow(change, by, at)
        event.save(force_insert=True)  # once, with all it holds: millions of characters, and as many in its history
        entry.subject = subject_of(event)
        entry.detail = {"kind": event.kind, "on": event.on.isoformat(), "basis": event.basis, "state": event.state}
    return event


def _next_id() -> int:
    """The number of the next event: its rows may name it before it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Event._meta.db_table])
        return int(cursor.fetchone()[0])


def one_at_a_time() -> None:
    """Until the end of the transaction nobody else changes the trees: what was planned is still so when written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def let_follow(change: UnitChange, by: Actor, at: datetime) -> dict[str, Any]:
    """Let every room carry over what hangs on the units; what each did, as JSON values by room."""
    receipts: dict[str, Any] = {}
    for room, one in unit_dependents:
        receipt = one.apply(change, by, at)
        receipts[room] = {
            "title": one.title,
            "effects": [asdict(effect) for effect in receipt.effects],
            "data": dict(receipt.data),
        }
    return receipts


def _make_closure(written: Written, work: Work) -> None:
    """Who stands under whom and who reads whom. Raises EventRefused on a circle that the rows hold."""
    olds = {written.ids.things["unit"][link.old] for tree, link, _ in work.plan.links if tree == "unit"}
    try:
        rebuild_closure(unit_ids=sorted({*written.touched["unit"], *olds}))
    except ValueError as error:
        sentence = "Cấp trên thành vòng tròn. Xem trước lại rồi chọn cấp trên khác."
        raise EventRefused(sentence, faults=[Fault("cycle", "event", sentence)]) from error


def _require_words(basis: str, basis_on: date | None, reason: str, today: date) -> None:
    """Nothing changes the map without an act and a reason."""
    if not basis.strip():
        raise EventRefused("Chưa có căn cứ: ghi số và tên văn bản quyết định biến động này.", field="basis")
    if len(basis.strip()) > 300:
        raise EventRefused("Căn cứ dài quá 300 ký tự: chỉ ghi số, ngày và tên văn bản.", field="basis")
    if basis_on is not None and basis_on > today:
        raise EventRefused(f"Ngày văn bản {day(basis_on)} ở sau hôm nay {day(today)}. Kiểm tra lại.", field="basis_on")
    if not reason.strip():
        raise EventRefused("Chưa có lý do: ghi một câu vì sao có biến động này.", field="reason")


def _refusal(faults: tuple[Fault, ...]) -> str:
    more = f" Còn {len(faults) - 1} điểm khác phải sửa." if len(faults) > 1 else ""
    return f"{faults[0].sentence}{more}"
