"""Taking an event back while nothing depends on it: rows, successions and what hung on units stand as before."""

from datetime import date, datetime
from typing import Any, Final

from django.db.models import Max, ProtectedError
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.arrays import among
from giaoban.kit.models import Act
from giaoban.kit.registries import unit_dependents
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import (
    Area,
    AreaVersion,
    Event,
    EventState,
    RegionMember,
    ReorganisationImport,
    ServedArea,
    Unit,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.cards import area_cards, cards
from giaoban.orgs.services.events import IN_EFFECT, RECORDED, one_at_a_time
from giaoban.orgs.services.refusals import EventRefused, database_refusals
from giaoban.orgs.services.rows import digest, put_back
from giaoban.orgs.services.workings import change_from_data, require_over

OF_THE_PACK: Final = "Biến động này do gói danh mục ghi: sửa gói danh mục rồi nạp lại, không hoàn tác ở đây."
UNDONE: Final = "Biến động này đã được hoàn tác."
CHANGED: Final = "Đơn vị hoặc địa bàn của biến động này đã được sửa bằng cách khác (nạp gói danh mục) sau khi ghi."


def can_undo(event: Event) -> list[str]:
    """Why the event cannot be undone, as Vietnamese sentences; [] when it can."""
    if event.state == EventState.UNDONE:
        return [UNDONE]
    if not event.request or not event.before:
        return [OF_THE_PACK]
    reasons = _later_events(event) + _standing_on(event)
    if not reasons and digest(event.before["touched"]) != event.before["digest"]:
        reasons.append(CHANGED)
    change, since = change_from_data(event.before["change"]), _standing_since(event)
    for room, one in unit_dependents:
        receipt = event.receipts.get(room, {}).get("data", {})
        reasons += [f"{one.title}: {reason}" for reason in one.blocks_undo(change, since, receipt)]
    return reasons


def undo(event: Event, *, reason: str, by: Actor, at: datetime) -> Event:
    """Put everything back as it stood before the event, as one act; the event and its audit stay, marked undone.

    Raises EventRefused with all that stands against it, PermissionDenied.
    """
    if not reason.strip():
        raise EventRefused("Chưa có lý do: ghi một câu vì sao hoàn tác biến động này.", field="reason")
    with database_refusals(), act("orgs.undo-event", by=by, at=at, reason=reason.strip()) as entry:
        one_at_a_time()
        held = Event.objects.select_for_update().get(pk=event.pk)
        entry.subject = subject_of(held)
        if held.state != EventState.UNDONE and held.before:
            entry.unit_id = _require_scope(held, by, timezone.localdate(at))
        if reasons := can_undo(held):
            raise EventRefused(f"Không hoàn tác được: {' '.join(reasons)}", reasons=reasons)
        for room, one in reversed(list(unit_dependents)):
            one.undo(held.receipts.get(room, {}).get("data", {}), by, at)
        olds = list(UnitSuccession.objects.filter(event=held).values_list("old_id", flat=True))
        try:
            remaining = put_back(held)
        except ProtectedError as error:
            raise EventRefused(_still_used(error)) from error
        rebuild_closure(unit_ids=sorted({*remaining["unit"], *olds}))
        held.state, held.undone_at = EventState.UNDONE, at
        held.save()
    event.refresh_from_db()
    return held


def _standing_since(event: Event) -> datetime:
    """When what hangs on units followed the event, by the clock; now, when it has not yet."""
    if event.state == EventState.AHEAD:
        return timezone.now()
    acts = Act.objects.filter(subject=subject_of(event), name__in=(RECORDED, IN_EFFECT))
    found: datetime | None = acts.aggregate(at=Max("recorded_at"))["at"]
    return found or event.recorded_at or timezone.now()


def _require_scope(event: Event, by: Actor, today: date) -> int | None:
    """The right over everything that the event touched."""
    touched = event.before["touched"]
    units = dict(Unit.objects.filter(pk__in=among(touched["unit"])).values_list("pk", "key"))
    areas = dict(Area.objects.filter(pk__in=among(touched["area"])).values_list("pk", "key"))
    called: dict[tuple[str, str], str] = {}

    def name(tree: str, key: str) -> str:
        if not called:
            called.update({("unit", one.key): one.name for one in cards(units, event.on).values()})
            called.update({("area", one.key): one.name for one in area_cards(areas, event.on).values()})
        return called.get((tree, key), key)

    return require_over(by, units, areas, days=(today, event.on - date.resolution, event.on), name=name)


def _later_events(event: Event) -> list[str]:
    """Events recorded after this one that touch something that it touched, or made something stand under it."""
    others = Event.objects.exclude(pk=event.pk).exclude(state=EventState.UNDONE).exclude(recorded_at=None)
    others = others.filter(recorded_at__gte=event.recorded_at, pk__gt=event.pk).order_by("on", "pk")
    mine = {tree: set(pks) for tree, pks in event.before["touched"].items()}
    found = []
    for other in others.defer("request", "receipts"):
        touched: dict[str, Any] = other.before.get("touched", {})
        if any(not mine[tree].isdisjoint(pks) for tree, pks in touched.items()):
            said = f"Biến động ghi sau “{other.title}” ({day(other.on)}) cũng chạm đến các nơi này"
            found.append(f"{said}: hoàn tác biến động đó trước.")
    return found


def _standing_on(event: Event) -> list[str]:
    """What came to stand under, or to refer to, something that the event made, though no event says so."""
    areas, units = event.before["created"]["area"], event.before["created"]["unit"]
    touched = event.before["touched"]
    counts = [
        (
            UnitParent.objects.filter(parent_id__in=among(units)).exclude(unit_id__in=among(touched["unit"])),
            "đơn vị đã đặt dưới",
        ),
        (
            AreaVersion.objects.filter(parent_id__in=among(areas)).exclude(area_id__in=among(touched["area"])),
            "địa bàn đã đặt dưới",
        ),
        (
            UnitVersion.objects.filter(area_id__in=among(areas)).exclude(unit_id__in=among(touched["unit"])),
            "đơn vị đã gắn với",
        ),
        (
            ServedArea.objects.filter(area_id__in=among(areas)).exclude(unit_id__in=among(touched["unit"])),
            "đơn vị đang phục vụ",
        ),
        (RegionMember.objects.filter(area_id__in=among(areas)), "vùng đã gồm"),
        (ReorganisationImport.objects.filter(unit_id__in=among(units)), "bảng sắp xếp đã nhập tại"),
        (Act.objects.filter(unit_id__in=among(units)), "việc đã làm nhân danh"),
    ]
    found = ((rows.count(), words) for rows, words in counts)
    return [f"{count} {words} nơi mới lập." for count, words in found if count]


def _still_used(error: ProtectedError) -> str:
    """What else hangs on something that the event made."""
    count = len(error.protected_objects)
    return f"Không hoàn tác được: {count} dòng dữ liệu đã gắn với nơi mới lập. Chuyển hoặc xóa chúng trước."
