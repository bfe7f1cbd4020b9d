"""Whom the tree of another day would show to somebody who may not see them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from giaoban.core.vietnamese import day, number
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import names_on, scope_ids, visible_ids
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.selectors.forms import last_day

NAMED = 3


def outsiders(
    forms: Collection[str], periods: Sequence[Period], unit_id: int, geography: date, actor: Actor, today: date
) -> str:
    """Why the tables of a unit are not read for the actor in the tree of a day; "" where nothing stands against it.

    Against it stand units that belonged to the unit on that day, and whose reports of these periods went elsewhere: the
    actor sees a unit from where it stands today, and a table of its own time shows who reported then. forms: keys. One
    query where there is nobody.
    """
    owed = Obligation.objects.filter(form__key__in=forms, period__in=periods, unit__in=scope_ids([unit_id], geography))
    unseen: defaultdict[int, set[int]] = defaultdict(set)
    for one, period_id in owed.exclude(unit__in=visible_ids(actor, today)).values_list("unit_id", "period_id"):
        unseen[period_id].add(one)
    strange: set[int] = set()
    for period in periods:
        if here := unseen[period.pk]:
            then = scope_ids([unit_id], last_day(period)).filter(pk__in=here)
            strange |= here - set(then.values_list("pk", flat=True))
    if not strange:
        return ""
    names = sorted({name for _, name in names_on({(one, geography) for one in strange}).values()})
    told = ", ".join(names[:NAMED]) + (f" và {number(len(names) - NAMED)} đơn vị khác" if len(names) > NAMED else "")
    return (
        f"Theo địa giới ngày {day(geography)}, bảng có số của {told}: báo cáo gửi nơi khác, nay ngoài phạm vi của bạn. "
        "Chọn địa giới khác, hoặc xem theo địa giới của kỳ báo cáo."
    )
