"""The day of an event that was entered ahead: what hangs on units follows it, or the reason why not is kept."""

import logging
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act, valid_on
from giaoban.kit.registries import UnitChange
from giaoban.orgs.models import Event, EventState, SuccessionKind, UnitParent, UnitSuccession, UnitVersion
from giaoban.orgs.selectors.cards import cards
from giaoban.orgs.services.events import IN_EFFECT, RECORDED, let_follow, one_at_a_time
from giaoban.orgs.services.refusals import EventRefused
from giaoban.orgs.services.workings import change_from_data

REFUSED: Final = "orgs.event-refused"
CLOCK: Final = "lịch hệ thống"

log = logging.getLogger(__name__)


class _Waits(EventRefused):
    """The event follows another that stays ahead."""


def take_effect(on: date, *, by: Actor | None = None, at: datetime | None = None) -> list[Event]:
    """Let what hangs on units follow each event entered ahead whose day has come by `on`, the earliest first.

    One transaction per event, each once. One that fails stays ahead with its reason (`refusal_of`); so do those after
    it that touch the same units, for these build on it; all others go on.
    """
    moment = at or timezone.now()
    actor = by or system_actor(CLOCK, "đến ngày hiệu lực")
    done: list[Event] = []
    stuck: dict[int, Event] = {}
    waiting = Event.objects.filter(state=EventState.AHEAD, on__lte=on).order_by("on", "recorded_at", "pk")
    for event in waiting.only("pk", "key", "title", "on"):
        touched: set[int] = set()
        try:
            taken = _take(event.pk, stuck, touched, by=actor, at=moment)
        except Exception as error:
            stuck.update(dict.fromkeys(touched, event))
            _keep_refusal(event, error, by=actor, at=moment)
            continue
        if taken is not None:
            log.info("event %s of %s takes effect", taken.key, taken.on)
            done.append(taken)
    return done


def refusal_of(event: Event) -> str:
    """Why an event whose day has come has not taken effect, as a sentence; "" for every other."""
    if event.state != EventState.AHEAD:
        return ""
    last = Act.objects.filter(subject=subject_of(event), name=REFUSED).order_by("-pk").first()
    return last.reason if last is not None else ""


def refused_events() -> list[Event]:
    """Events entered ahead that failed on their day, the earliest first."""
    return [event for event in Event.objects.filter(state=EventState.AHEAD).order_by("on", "pk") if refusal_of(event)]


@transaction.atomic
def _take(pk: int, stuck: dict[int, Event], touched: set[int], *, by: Actor, at: datetime) -> Event | None:
    """None when somebody else was faster. touched: takes the units, also when it raises."""
    one_at_a_time()
    event = Event.objects.select_for_update().get(pk=pk)
    if event.state != EventState.AHEAD:
        return None
    change = _change_of(event)
    touched.update((*change.ended, *change.takers, *change.moved, *change.created))
    if held := next((stuck[unit] for unit in touched if unit in stuck), None):
        raise _Waits(f"Chờ biến động “{held.title}” ({day(held.on)}) có hiệu lực trước.")
    with act(IN_EFFECT, by=by, at=at, subject=subject_of(event)):
        event.receipts = let_follow(change, by, at)
        event.state = EventState.IN_FORCE
        event.save()
    return event


def _keep_refusal(event: Event, error: Exception, *, by: Actor, at: datetime) -> None:
    """Once for each reason: the job asks again every hour."""
    if not isinstance(error, _Waits):
        log.exception("event %s of %s does not take effect", event.key, event.on)
    sentence = error.sentence if isinstance(error, EventRefused) else f"{type(error).__name__}: {error}"
    if refusal_of(event) != sentence:
        with act(REFUSED, by=by, at=at, reason=sentence, subject=subject_of(event)):
            pass


def _change_of(event: Event) -> UnitChange:
    """What the event does to units, as it was noted; for one that a pack tells, by its rows."""
    noted = event.before.get("change")
    change = change_from_data(noted) if noted else _change_of_rows(event)
    acts = Act.objects.filter(subject=subject_of(event), name=RECORDED)
    entered = acts.aggregate(at=Min("recorded_at"))["at"] or event.recorded_at
    return replace(change, entered_at=entered)


def _change_of_rows(event: Event) -> UnitChange:
    """Of an event that a pack tells: by the rows that carry it, and by the units that end on its day."""
    on, eve = event.on, event.on - date.resolution
    passed: dict[int, list[UnitSuccession]] = {}
    rows = UnitSuccession.objects.filter(event=event)
    for row in [*rows.exclude(kind=SuccessionKind.TRANSFER), *rows.filter(kind=SuccessionKind.TRANSFER)]:
        held = passed.setdefault(row.old_id, [])
        if not held or (held[0].kind == SuccessionKind.TRANSFER) == (row.kind == SuccessionKind.TRANSFER):
            held.append(row)
    written = set(UnitVersion.objects.filter(event=event, valid_from=on).values_list("unit_id", flat=True))
    older = UnitVersion.objects.filter(Q(valid_from__isnull=True) | Q(valid_from__lt=on))
    known = set(older.filter(unit_id__in=written).values_list("unit_id", flat=True))
    placed = UnitParent.objects.filter(event=event, valid_from=on).exclude(unit_id__in=written - known)
    moved = set(placed.values_list("unit_id", flat=True))
    ended = _ended(event, set(passed))
    heirs = {row.new_id for held in passed.values() for row in held}
    called = {
        **cards({*heirs, *moved, *written}, on),
        **cards({*ended, *passed, *moved, *known}, eve),
    }
    return UnitChange(
        on=on,
        names={unit_id: unit.name for unit_id, unit in called.items()},
        ended=tuple(sorted(ended)),
        successor_of={
            old: tuple((row.new_id, Decimal(1) if row.whole else row.share) for row in held)
            for old, held in passed.items()
        },
        moved=tuple(sorted(moved)),
        renamed=tuple(sorted(known)),
        created=tuple(sorted(written - known)),
    )


def _ended(event: Event, passed: set[int]) -> set[int]:
    """The units that end on the day: those that the event passes on, and those that no other event of the day ends."""
    ending = UnitVersion.objects.filter(valid_to=event.on)
    going_on = UnitVersion.objects.filter(valid_on(event.on)).values("unit_id")
    found = set(ending.exclude(unit_id__in=going_on).values_list("unit_id", flat=True))
    others = UnitSuccession.objects.filter(on=event.on).exclude(event=event)
    elsewhere = set(others.values_list("old_id", flat=True))
    told = Event.objects.filter(on=event.on).exclude(pk=event.pk).exclude(state=EventState.UNDONE)
    for touched in told.values_list("before__touched__unit", flat=True):
        elsewhere.update(touched or ())
    return {unit_id for unit_id in found if unit_id in passed or unit_id not in elsewhere}
