"""What this room makes of figures that are amended later: confirmed tables, and reports of the level above."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.messages import Recipient
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import FigureUse
from giaoban.orgs.selectors import ancestors_of, cards, heirs_of, lines, recipients_at
from giaoban.reporting.models import FormVersion, Layer, Obligation, Period, Snapshot, Submission
from giaoban.reporting.rules import was_accepted
from giaoban.reporting.selectors.filled import last_fills
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.prefilling import source_keys
from giaoban.reporting.selectors.sources import thawed


def figure_users(unit_ids: Collection[int], form_key: str, period_id: int, version: int) -> list[FigureUse]:
    """Tables whose last confirmation, and reports whose last filling, holds an earlier accepted version of a unit."""
    form = FormVersion.objects.get(key=form_key)
    period = Period.objects.select_related("rule").get(pk=period_id)
    rows = Submission.objects.filter(
        obligation__unit_id__in=unit_ids, obligation__form=form, obligation__period=period, version__lt=version
    )
    used = {
        one.pk: one.obligation.unit_id
        for one in rows.select_related("obligation")
        if was_accepted(one.state, one.decision_reason)
    }
    if not used:
        return []
    return [*_tables(form, period, used), *_reports(form, period, used)]


def _tables(form: FormVersion, period: Period, used: dict[int, int]) -> list[FigureUse]:
    """The last confirmation of each unit and tree, where it holds one of the versions."""
    holding = Q()
    for pk, unit_id in used.items():
        holding |= Q(content__sources__contains=[[unit_id, pk]])
    confirmed = Snapshot.objects.filter(form=form, period=period, layer=Layer.CONFIRMED)
    order = ("unit_id", "geography_on", "-pk")
    latest = confirmed.order_by(*order).distinct("unit_id", "geography_on").values("pk")
    found = []
    for row in Snapshot.objects.filter(holding, pk__in=latest):
        sources = thawed(row.content["sources"])
        if not any(sources[unit_id].submission_id == pk for pk, unit_id in used.items() if unit_id in sources):
            continue
        query = {"unit": row.content["unit"]["key"]}
        query |= {"instalment": period.instalment} if period.instalment else {}
        query |= {"geography": row.geography_on.isoformat()} if row.geography_on else {}
        found.append(
            FigureUse(
                key=f"table/{row.unit_id}/{row.geography_on or ''}",
                title=f"Bảng tổng hợp đã chốt của {row.content['unit']['name']}",
                link=f"{reverse('reporting:table', args=[form.key, period.code])}?{urlencode(query)}#thay-doi",
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
