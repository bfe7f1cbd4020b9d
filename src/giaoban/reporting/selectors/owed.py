"""What units owe, and where each obligation stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, NamedTuple

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from giaoban.core.timeliness import Timing, timing
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import UnitCard, cards, visible_ids
from giaoban.reporting.models import Draft, FormVersion, Obligation, Period, Submission, SubmissionState
from giaoban.reporting.rules import ReportState, report_state
from giaoban.reporting.rules.states import WITH_THE_UNIT
from giaoban.reporting.rules.timeliness import Sending, delivered_at


@dataclass(frozen=True, slots=True)
class Owed:
    """A report that a unit owes, for lists. `reason`: why the last version came back."""

    obligation_id: int
    unit: UnitCard
    form_key: str
    form_code: str
    form_title: str
    period: Period
    receiver_name: str
    due_on: date | None
    timing: Timing
    state: ReportState
    reason: str
    reminders: int
    submission_id: int | None
    simulated: bool


def visible_obligations(actor: Actor, on: date) -> QuerySet[Obligation]:
    """Obligations of units that the actor may see, and those received by the actor's own units."""
    return Obligation.objects.filter(Q(unit_id__in=visible_ids(actor, on)) | Q(receiver_id__in=actor.unit_ids))


def obligation_for(actor: Actor, pk: int, on: date | None = None) -> Obligation:
    """The obligation with unit, form, period and receiver. Raises Http404 outside the actor's scope."""
    rows = visible_obligations(actor, on or timezone.localdate())
    found = rows.select_related("unit", "form__field", "period__rule", "receiver", "draft").filter(pk=pk).first()
    if found is None:
        raise Http404("Không có báo cáo này trong phạm vi của bạn.")
    return found


def submission_for(actor: Actor, pk: int, on: date | None = None) -> Submission:
    """A version that was sent, with its obligation. Raises Http404 outside the actor's scope."""
    visible = visible_obligations(actor, on or timezone.localdate())
    joined = ("obligation__unit", "obligation__form__field", "obligation__period__rule", "obligation__receiver")
    found = Submission.objects.filter(obligation__in=visible, pk=pk).select_related(*joined, "act", "file", "scan")
    submission = found.first()
    if submission is None:
        raise Http404("Không có bản báo cáo này trong phạm vi của bạn.")
    return submission


class Latest(NamedTuple):
    """The latest version that was sent of a report."""

    pk: int
    version: int
    state: str
    sent_at: datetime
    receipt: str
    filled: int
    required: int
    warnings: int
    decision_reason: str
    amendment: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an obligation stands: its latest version, whether a draft waits, when a report was delivered.

    delivered_at: the earliest sending after the last return; a report that came back was not delivered by it. One that
    was accepted counts for ever: a correction that comes back does not make the unit owe its figures again.
    """

    obligation: Obligation
    latest: Latest | None
    delivered_at: datetime | None
    has_draft: bool
    returned_at: datetime | None = None
    """When the latest version came back, None: it did not."""

    @property
    def state(self) -> ReportState:
        return report_state(self.latest.state if self.latest else None, has_draft=self.has_draft)

    @property
    def is_received(self) -> bool:
        """The one definition of a report received: accepted figures stand, or the latest version was not returned."""
        return self.delivered_at is not None

    @property
    def is_with_unit(self) -> bool:
        """Whether the unit has still to send: nothing came, or the latest version came back, be it a correction of
        accepted figures."""
        return self.state in WITH_THE_UNIT

    @property
    def reason(self) -> str:
        """Why the latest version came back, "" when it did not."""
        return self.latest.decision_reason if self.latest and self.state is ReportState.RETURNED else ""

    def timing(self, on: date) -> Timing:
        """By the day of delivery; a returned report is owed again, unless accepted figures stand."""
        done_on = timezone.localdate(self.delivered_at) if self.delivered_at is not None else None
        return timing(self.obligation.due_on, done_on, on=on)


def standing(rows: QuerySet[Obligation]) -> list[Standing]:
    """Where each obligation stands. Three queries."""
    versions: dict[int, list[tuple[Latest, datetime | None]]] = {}
    columns = (
        "obligation_id",
        "decided_at",
        "pk",
        "version",
        "state",
        "sent_at",
        "receipt",
        "filled",
        "required",
        "warnings",
        "decision_reason",
        "amendment",
    )
    sent = Submission.objects.filter(obligation__in=rows.order_by().values("pk")).order_by("version")
    for owed, decided_at, *values in sent.values_list(*columns):
        versions.setdefault(owed, []).append((Latest(*values), decided_at))
    drafts = set(
        Draft.objects.filter(obligation__in=rows.order_by().values("pk")).values_list("obligation_id", flat=True)
    )
    return [_standing(row, versions.get(row.pk, ()), has_draft=row.pk in drafts) for row in rows]


def _standing(row: Obligation, versions: Sequence[tuple[Latest, datetime | None]], *, has_draft: bool) -> Standing:
    latest = versions[-1][0] if versions else None
    delivered = delivered_at(
        Sending(one.version, one.sent_at, one.state, decided_at, one.decision_reason) for one, decided_at in versions
    )
    came_back = latest is not None and latest.state == SubmissionState.RETURNED
    return Standing(row, latest, delivered, has_draft, versions[-1][1] if came_back else None)


def standing_of(obligation: Obligation) -> Standing:
    """Where one obligation stands, as every list says it."""
    return standing(Obligation.objects.filter(pk=obligation.pk))[0]


def reminded(rows: QuerySet[Obligation]) -> dict[int, tuple[int, datetime]]:
    """Obligation → how often and when last it was reminded of."""
    known = rows.filter(reminders__isnull=False).order_by().values("pk")
    counted = known.annotate(n=Count("reminders"), at=Max("reminders__act__at"))
    return {row["pk"]: (row["n"], row["at"]) for row in counted}


REMIND: Final = "reporting.remind"
"""The act of reminding by hand; a telephone call is another."""


def reminded_today(ids: Collection[int], at: datetime) -> dict[int, datetime]:
    """Obligation → when its unit was reminded of it by hand, on the day of a moment."""
    since = timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))
    rows = Obligation.objects.filter(pk__in=ids, reminders__act__name=REMIND, reminders__act__at__gte=since)
    return dict(rows.values("pk").annotate(last=Max("reminders__act__at")).values_list("pk", "last"))


def owed_by(unit_ids: Collection[int], on: date, *, open_only: bool = False) -> list[Owed]:
    """What units owe or owed, earliest deadline first, then without deadline. A fixed number of queries.

    open_only: only what the unit still has to do: not sent, or returned.
    """
    rows = Obligation.objects.filter(unit_id__in=unit_ids).select_related("form", "period__rule")
    return _owed(rows, on, open_only=open_only)


def obligations_for(actor: Actor, on: date, *, open_only: bool = False) -> list[Owed]:
    """What the actor's own units owe."""
    return owed_by(actor.unit_ids, on, open_only=open_only)


def _owed(rows: QuerySet[Obligation], on: date, *, open_only: bool) -> list[Owed]:
    listed = standing(rows)
    if open_only:
        listed = [one for one in listed if one.is_with_unit]
    owed = [one.obligation for one in listed]
    units = cards({one.unit_id for one in owed} | {one.receiver_id for one in owed if one.receiver_id}, on)
    reminders = reminded(rows)
    listed.sort(key=lambda one: (one.obligation.due_on or date.max, one.obligation.period.end, one.obligation.pk))
    return [
        Owed(
            obligation_id=one.obligation.pk,
            unit=units[one.obligation.unit_id],
            form_key=one.obligation.form.key,
            form_code=one.obligation.form.code,
            form_title=one.obligation.form.title,
            period=one.obligation.period,
            receiver_name=units[one.obligation.receiver_id].name if one.obligation.receiver_id else "",
            due_on=one.obligation.due_on,
            timing=one.timing(on),
            state=one.state,
            reason=one.reason,
            reminders=reminders[one.obligation.pk][0] if one.obligation.pk in reminders else 0,
            submission_id=one.latest.pk if one.latest else None,
            simulated=one.obligation.simulated,
        )
        for one in listed
    ]


def reporters_of(form: FormVersion, period: Period) -> frozenset[int]:
    """The units that owe a form for a period."""
    return frozenset(Obligation.objects.filter(form=form, period=period).values_list("unit_id", flat=True))


def simulated_units(form: FormVersion, period: Period) -> frozenset[int]:
    """The units whose accepted figures of a period are simulated."""
    current = Submission.objects.filter(obligation__form=form, obligation__period=period, is_current=True)
    simulated = current.filter(Q(simulated=True) | Q(obligation__simulated=True))
    return frozenset(simulated.values_list("obligation__unit_id", flat=True))


def latest_period_with_figures(form: FormVersion) -> Period | None:
    """The last period of a form for which anything was accepted."""
    rows = Period.objects.select_related("rule").filter(
        obligations__form=form, obligations__submissions__is_current=True
    )
    return rows.order_by("-end", "-start", "-pk").first()
