"""Whom the tree of another day would show to somebody who may not see them."""

from collections.abc import Collection, Sequence
from datetime import date

from giaoban.core.vietnamese import day, number
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import names_on, scope_ids, visible_ids
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.selectors.forms import last_day

NAMED = 3


def outsiders(
    form_ids: Collection[int], periods: Sequence[Period], unit_id: int, geography: date, actor: Actor, today: date
) -> str:
    """Why the tables of a unit are not read for the actor in the tree of a day; "" where nothing stands against it.

    Against it stand units that belonged to the unit on that day, and whose reports of these periods went elsewhere: the
    actor sees a unit from where it stands today, and a table of its own time shows who reported then. One query where
    there is nobody.
    """
    owed = Obligation.objects.filter(form__in=form_ids, period__in=periods, unit__in=scope_ids([unit_id], geography))
    unseen = set(owed.exclude(unit__in=visible_ids(actor, today)).values_list("unit_id", "period_id"))
    for period in periods if unseen else ():
        here = {one for one, period_id in unseen if period_id == period.pk}
        then = scope_ids([unit_id], last_day(period)).filter(pk__in=here) if here else scope_ids([], today)
        unseen -= {(one, period.pk) for one in then.values_list("pk", flat=True)}
    if not unseen:
        return ""
    names = sorted({name for _, name in names_on({(one, geography) for one, _ in unseen}).values()})
    told = ", ".join(names[:NAMED]) + (f" và {number(len(names) - NAMED)} đơn vị khác" if len(names) > NAMED else "")
    return (
        f"Theo địa giới ngày {day(geography)}, bảng có số của {told}: báo cáo gửi nơi khác, nay ngoài phạm vi của bạn. "
        "Chọn địa giới khác, hoặc xem theo địa giới của kỳ báo cáo."
    )
