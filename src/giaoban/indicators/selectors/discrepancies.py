"""Two numbers for one thing that do not agree, as the people of the units that own them see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.contrib.auth import get_user_model
from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.http import Http404
from django.utils import timezone

from giaoban.core import formulas
from giaoban.core.figures import decimals
from giaoban.core.vietnamese import day, number
from giaoban.indicators.models import Discrepancy, DiscrepancyKind, DiscrepancyState, Indicator
from giaoban.kit.actors import Actor
from giaoban.kit.messages import Recipient
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import UnitCard, cards, fields, heirs_of, recipients_at, scope_ids, unit_for, visible_ids
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Submission

AGREED: Final = "agreed"
"""Beside the states of a discrepancy: a later look found both numbers equal, whatever was decided."""
STATE_NAMES: Final[Mapping[str, str]] = {
    DiscrepancyState.OPEN: "chờ quyết định",
    DiscrepancyState.EXPLAINED: "đã giải thích",
    DiscrepancyState.CORRECTED: "đã sửa số liệu",
    AGREED: "đã khớp lại",
}
AGES: Final[Mapping[str, tuple[int, str]]] = {
    "7": (7, "từ 7 ngày"),
    "30": (30, "từ 30 ngày"),
    "90": (90, "từ 90 ngày"),
}
_TEXT: Final = CharField()
MINE, NOBODY = "toi", "chua-giao"
SORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": ("unit__key", "key"),
    "period": ("period__end", "key"),
    "kind": ("kind", "key"),
    "age": ("-found__at", "key"),
    "owner": ("owner__full_name", "key"),
}


@dataclass(frozen=True, slots=True)
class DiscrepancyFilter:
    """What of the list is asked for; "" is everything. owner: MINE, NOBODY, or the id of a person as text; age: key of
    AGES; unit: key of a unit, with what stands beneath it; period: id as text; state: key of STATE_NAMES."""

    kind: str = ""
    state: str = ""
    field: str = ""
    unit: str = ""
    period: str = ""
    age: str = ""
    owner: str = ""
    words: str = ""

    @property
    def is_set(self) -> bool:
        return self != DiscrepancyFilter()

    @property
    def has_more(self) -> bool:
        """Whether any of the filters is set that are folded away."""
        return bool(self.field or self.period or self.age or self.owner)


@dataclass(frozen=True, slots=True)
class DiscrepancyCard:
    """Two numbers for one thing, as shown. `scale`: decimals that tell the two apart.

    state: key of STATE_NAMES; age_days: since it was found, while it is open, else until it was decided or agreed.
    outdated_at: of a number that was computed once, by a person or a command: when a report was accepted since.
    """

    pk: int
    what: str
    kind: str
    kind_name: str
    unit: UnitCard
    period_label: str
    indicator: Indicator | None
    published: Decimal
    computed: Decimal
    published_name: str
    computed_name: str
    scale: int
    measure: str
    recognised_as: str
    source: str
    link: str
    simulated: bool
    state: str
    is_open: bool
    decision: str
    owner_id: int | None
    owner: str
    age_days: int
    found_by: str
    found_at: datetime
    decided_by: str
    decided_at: datetime | None
    checked_at: datetime | None
    agreed_at: datetime | None
    outdated_at: datetime | None
    is_entered: bool

    @property
    def computed_label(self) -> str:
        """With the day for a number that no later look computes again."""
        on = f" ngày {day(timezone.localdate(self.found_at))}" if self.is_entered else ""
        return f"{self.computed_name}{on}"

    @property
    def state_name(self) -> str:
        return STATE_NAMES[self.state]

    @property
    def sign(self) -> str:
        return "warn" if self.state == DiscrepancyState.OPEN else "done"

    @property
    def difference(self) -> Decimal:
        return self.published - self.computed

    @property
    def percent(self) -> Decimal | None:
        """The difference in per cent of what was computed; None where that is 0, where both are percentages, or where
        it is too small to be told from none."""
        if self.computed == 0 or self.is_rate:
            return None
        return formulas.round_half_up(100 * self.difference / abs(self.computed), 2) or None

    @property
    def is_published(self) -> bool:
        return self.kind == DiscrepancyKind.PUBLISHED

    @property
    def is_rate(self) -> bool:
        return self.measure == "%"

    @property
    def difference_unit(self) -> str:
        return "điểm" if self.is_rate else self.measure


def discrepancies(actor: Actor, on: date) -> QuerySet[Discrepancy]:
    """Discrepancies of visible units, open ones first, the latest found on top."""
    rows = Discrepancy.objects.select_related("indicator__form", "period", "found", "decided", "owner")
    return rows.filter(unit_id__in=visible_ids(actor, on)).order_by(
        F("agreed_at").asc(nulls_first=True), "-state", "-found__at", "key"
    )


def discrepancy_list(actor: Actor, on: date, chosen: DiscrepancyFilter, sort: str = "") -> QuerySet[Discrepancy]:
    """What the list shows. sort: key of SORTS, with "-" in front the other way round; "" as `discrepancies`."""
    rows = _in_state(_chosen(discrepancies(actor, on), actor, on, chosen), chosen.state)
    names = SORTS.get(sort.removeprefix("-"))
    if names is None:
        return rows
    first, *rest = names
    if sort.startswith("-"):
        first = first.removeprefix("-") if first.startswith("-") else f"-{first}"
    return rows.order_by(first, *rest)


def counts_by_state(actor: Actor, on: date, chosen: DiscrepancyFilter) -> dict[str, int]:
    """How many there are in each state, whatever state is asked for. One query."""
    rows = _chosen(discrepancies(actor, on), actor, on, replace(chosen, state=""))
    found = dict.fromkeys(STATE_NAMES, 0)
    for state, agreed_at in rows.order_by().values_list("state", "agreed_at"):
        found[AGREED if agreed_at is not None else state] += 1
    return found


def _chosen(rows: QuerySet[Discrepancy], actor: Actor, on: date, chosen: DiscrepancyFilter) -> QuerySet[Discrepancy]:
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.field:
        forms = [one.key for one in reporting.forms() if one.field is not None and one.field.key == chosen.field]
        rows = rows.annotate(form_key=_form_of_key())
        rows = rows.filter(Q(indicator__field__key=chosen.field) | Q(form_key__in=forms))
    if chosen.unit:
        rows = rows.filter(unit_id__in=scope_ids([unit_for(actor, chosen.unit, on).id], on))
    if chosen.period:
        rows = rows.filter(period_id=int(chosen.period)) if chosen.period.isdecimal() else rows.none()
    if chosen.age in AGES:
        rows = rows.filter(found__at__lte=timezone.now() - timedelta(days=AGES[chosen.age][0]))
    if chosen.owner == MINE:
        rows = rows.filter(owner_id=actor.user_id) if actor.user_id is not None else rows.none()
    elif chosen.owner == NOBODY:
        rows = rows.filter(owner=None)
    elif chosen.owner:
        rows = rows.filter(owner_id=int(chosen.owner)) if chosen.owner.isdecimal() else rows.none()
    if chosen.words:
        rows = rows.filter(Q(what__icontains=chosen.words) | Q(source__icontains=chosen.words))
    return rows


def _in_state(rows: QuerySet[Discrepancy], state: str) -> QuerySet[Discrepancy]:
    if state == AGREED:
        return rows.filter(agreed_at__isnull=False)
    return rows.filter(state=state, agreed_at=None) if state in STATE_NAMES else rows


def discrepancy_for(actor: Actor, pk: int, on: date) -> Discrepancy:
    """Raises Http404 outside the actor's scope."""
    found = discrepancies(actor, on).filter(pk=pk).first()
    if found is None:
        raise Http404("Không có chênh lệch này trong phạm vi của bạn.")
    return found


def discrepancy_cards(rows: Iterable[Discrepancy], on: date) -> list[DiscrepancyCard]:
    """One query for all units' names, one more where numbers were entered; `rows` come from `discrepancies`."""
    held = list(rows)
    called = cards((row.unit_id for row in held if row.unit_id), on)
    entered = {(row.unit_id, row.period_id) for row in held if not row.source_name}
    accepted = reporting.last_accepted([(unit, period) for unit, period in entered if unit and period])
    return [_card(row, called[row.unit_id], accepted) for row in held if row.unit_id]


def _card(row: Discrepancy, unit: UnitCard, accepted: Mapping[tuple[int, int], datetime]) -> DiscrepancyCard:
    """accepted: unit and period of numbers that were entered → when the last report was accepted."""
    since = None if row.source_name else accepted.get((unit.id, row.period_id or 0))
    ended = row.agreed_at or (row.decided.at if row.decided else None)
    return DiscrepancyCard(
        pk=row.pk,
        what=row.what,
        kind=row.kind,
        kind_name=row.get_kind_display(),
        unit=unit,
        period_label=row.period.label if row.period else "",
        indicator=row.indicator,
        published=row.published,
        computed=row.computed,
        published_name=row.published_name,
        computed_name=row.computed_name,
        scale=max(decimals(row.published), decimals(row.computed)),
        measure=row.measure,
        recognised_as=row.recognised_as,
        source=row.source,
        link=row.link,
        simulated=row.simulated,
        state=row.state if row.agreed_at is None else AGREED,
        is_open=row.state == DiscrepancyState.OPEN and row.agreed_at is None,
        decision=row.decision,
        owner_id=row.owner_id,
        owner=row.owner.get_full_name() if row.owner else "",
        age_days=max(0, ((ended or timezone.now()) - row.found.at).days),
        found_by=row.found.actor_name,
        found_at=row.found.at,
        decided_by=row.decided.actor_name if row.decided else "",
        decided_at=row.decided.at if row.decided else None,
        checked_at=row.checked_at,
        agreed_at=row.agreed_at,
        outdated_at=since if since is not None and since > row.found.at else None,
        is_entered=not row.source_name,
    )


def open_discrepancies(actor: Actor, on: date) -> int:
    """How many wait for a decision; those that came to agree do not."""
    return discrepancies(actor, on).filter(state=DiscrepancyState.OPEN, agreed_at=None).count()


def open_of_report(actor: Actor, row: Submission, on: date) -> QuerySet[Discrepancy]:
    """What waits for a decision of one unit's report of a form and period."""
    owed = row.obligation
    rows = discrepancies(actor, on).filter(state=DiscrepancyState.OPEN, agreed_at=None)
    of_form = rows.annotate(form_key=_form_of_key()).filter(form_key=owed.form.key)
    return of_form.filter(unit_id=owed.unit_id, period_id=owed.period_id)


def _form_of_key() -> Func:
    """The form that a source names in the key; the second of its parts."""
    return Func(F("key"), Value("|"), Value(2), function="split_part", output_field=_TEXT)


def discrepancy_by_key(key: str) -> Discrepancy | None:
    """Whoever asks: for commands."""
    return Discrepancy.objects.filter(key=key).first()


def owned_by(user_id: int) -> QuerySet[Discrepancy]:
    """What waits for the decision of a person, the oldest first."""
    rows = Discrepancy.objects.filter(owner_id=user_id, state=DiscrepancyState.OPEN, agreed_at=None)
    return rows.select_related("period", "found").order_by("found__at", "key")


def as_written(value: str) -> str:
    """A number kept in an act, as the page writes it."""
    exact = Decimal(value)
    return number(exact, decimals(exact))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the list can be filtered by, as far as it holds anything: (word of the address, name)."""

    kinds: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]
    owners: tuple[tuple[str, str], ...]


def discrepancy_choices(actor: Actor, on: date) -> Choices:
    """Three queries, whatever the length of the list."""
    rows = discrepancies(actor, on).order_by()
    kinds = set(rows.values_list("kind", flat=True).distinct())
    periods = rows.filter(period__isnull=False).values_list("period_id", "period__label", "period__end").distinct()
    people = get_user_model()._default_manager.filter(pk__in=rows.filter(owner__isnull=False).values("owner_id"))
    return Choices(
        kinds=tuple((kind.value, kind.label) for kind in DiscrepancyKind if kind.value in kinds),
        fields=tuple((one.key, one.name) for one in fields()),
        periods=tuple((str(pk), label) for pk, label, _ in sorted(periods, key=lambda one: one[2], reverse=True)),
        owners=tuple((str(person.pk), person.get_full_name()) for person in people.order_by("pk")),
    )


def owners_at(unit_ids: Iterable[int], on: date) -> list[Recipient]:
    """Who may own discrepancies of the units: their people who may decide, and those of what a unit wholly became."""
    units = dict.fromkeys(heir for unit_id in dict.fromkeys(unit_ids) for heir in heirs_of(unit_id, on))
    return recipients_at(units, on, Permission.CONFIRM_FIGURES)
