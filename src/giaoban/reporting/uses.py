"""What this room makes of figures that are amended later: tables confirmed or published, reports of the level above."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.messages import Recipient
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import FigureUse
from giaoban.orgs.selectors import ancestors_of, cards, heirs_of, lines, recipients_at
from giaoban.reporting.models import FormVersion, Layer, Obligation, Period, Snapshot, Submission
from giaoban.reporting.selectors.filled import last_fills
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.prefilling import source_keys
from giaoban.reporting.selectors.readings import standing
from giaoban.reporting.selectors.using import accepted_before, holding, holds


def figure_users(unit_ids: Collection[int], form_key: str, period_id: int, version: int) -> list[FigureUse]:
    """Tables whose last confirmation or publication, reports whose last filling holds an earlier accepted version."""
    form = FormVersion.objects.get(key=form_key)
    period = Period.objects.select_related("rule").get(pk=period_id)
    used = accepted_before(unit_ids, form_key, period_id, version)
    if not used:
        return []
    return [*_tables(form, period, used), *_reports(form, period, used)]


USED_AS = {
    Layer.CONFIRMED: ("table", "Bảng tổng hợp đã chốt của {unit}"),
    Layer.PUBLISHED: ("published", "Bảng tổng hợp đã công bố của {unit} (văn bản số {number})"),
}
"""How a frozen table is named among all uses, and in the message. One that was presented is a matter of its book."""


def _tables(form: FormVersion, period: Period, used: dict[int, int]) -> list[FigureUse]:
    """The last confirmation and the last publication of each unit and tree, where it holds one of the versions."""
    order = ("unit_id", "geography_on", "layer", "-pk")
    latest = standing(Snapshot.objects.filter(form=form, period=period, layer__in=USED_AS)).order_by(*order)
    rows = Snapshot.objects.filter(holding(used), pk__in=latest.distinct(*order[:-1]).values("pk"))
    found = []
    for row in rows.order_by("layer", "unit_id", "pk"):
        if not holds(row.content["sources"], used):
            continue
        query = {"unit": row.content["unit"]["key"]}
        query |= {"instalment": period.instalment} if period.instalment else {}
        query |= {"geography": row.geography_on.isoformat()} if row.geography_on else {}
        is_confirmed = row.layer == Layer.CONFIRMED
        page, anchor = ("reporting:table", "#thay-doi") if is_confirmed else ("reporting:readings", "")
        key, title = USED_AS[Layer(row.layer)]
        found.append(
            FigureUse(
                key=f"{key}/{row.unit_id}/{row.geography_on or ''}",
                title=title.format(unit=row.content["unit"]["name"], number=row.number),
                link=f"{reverse(page, args=[form.key, period.code])}?{urlencode(query)}{anchor}",
                people=_people(row.unit_id, Permission.CONFIRM_FIGURES),
            )
        )
    return found


def _reports(form: FormVersion, period: Period, used: dict[int, int]) -> list[FigureUse]:
    """Reports of units above, of a form made of this one, that were filled from one of the versions."""
    on = last_day(period)
    above = {one for unit_id in used.values() for line in lines() for one in ancestors_of(unit_id, line.key, on)}
    owed = Obligation.objects.filter(period=period, unit_id__in=above - set(used.values())).select_related("form")
    made = [one for one in owed if one.form_id == form.pk or form.key in source_keys(definition_of(one.form))]
    fills = last_fills(made, {})
    called = cards([one.unit_id for one in made], on)
    versions = Submission.objects.filter(obligation__in=made).values_list("obligation_id")
    sent = dict(versions.annotate(Max("version")))
    return [
        FigureUse(
            key=f"report/{one.pk}",
            title=f"Báo cáo {one.form.code} của {called[one.unit_id].name}",
            link=reverse("reporting:entry", args=[one.pk]),
            people=_people(one.unit_id, Permission.ENTER_FIGURES),
            made=(one.unit_id, one.form.key, period.pk, sent[one.pk] + 1) if one.pk in sent else None,
        )
        for one in made
        if one.pk in fills and fills[one.pk].used.keys() & used.keys()
    ]


def _people(unit_id: int, permission: Permission) -> tuple[Recipient, ...]:
    """Those who hold the permission today at the unit, or at what it wholly became."""
    today = timezone.localdate()
    return tuple(recipients_at(heirs_of(unit_id, today), today, permission))
