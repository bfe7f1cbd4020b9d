"""What people say of hints of something unusual. A hint that was looked at is still shown."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.indicators.models import HintView
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import scope_ids


class HintRefused(ValueError):
    """The hint cannot be marked as seen: no words, or seen before. Says which in one sentence."""


def mark_seen(*, key: str, unit_id: int, note: str, by: Actor, at: datetime) -> HintView:
    """Write down that somebody looked at a hint about a unit, and what it is. Raises HintRefused, PermissionDenied.

    People who may confirm figures do: of the unit itself, or of one above it.
    """
    if not note.strip():
        raise HintRefused("Ghi ngắn gọn đã xem thấy gì: số đúng, đã hỏi đơn vị, hay đã trả lại báo cáo.")
    places = [one for one in by.unit_ids if by.may(Permission.CONFIRM_FIGURES, one)]
    on = timezone.localdate(at)
    if not by.everything and not scope_ids(places, on).filter(pk=unit_id).exists():
        by.require(Permission.CONFIRM_FIGURES, at=unit_id)
    try:
        with transaction.atomic(), act("indicators.see-hint", by=by, at=at, reason=note) as entry:
            row = HintView.objects.create(key=key, unit_id=unit_id, note=note, act=entry)
            entry.subject = subject_of(row)
            entry.unit_id = by.post_at(unit_id, *places)
    except IntegrityError as fault:
        held = HintView.objects.select_related("act").get(key=key)
        when = moment(timezone.localtime(held.act.at))
        raise HintRefused(f"{held.act.actor_name} đã xem dấu hiệu này lúc {when}: {held.note}") from fault
    return row
