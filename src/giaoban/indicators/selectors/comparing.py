"""One value beside others: same period of last year, last period, peers, target; or the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from giaoban.core import restating
from giaoban.core.indicators import Change, Measured, change, gap, rounded, share_of_year, standing
from giaoban.core.queries import QueryRefused
from giaoban.core.vietnamese import number
from giaoban.indicators.selectors.definitions import definition_of, periods_of
from giaoban.indicators.selectors.reading import Before, Reading, compared, direction_of, visible_among
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Period

CUMULATIVE = "Số lũy kế: kỳ này gồm cả kỳ trước nên không so mức tăng giảm giữa hai kỳ."


@dataclass(frozen=True, slots=True)
class Focus:
    """Whose value is looked at: one unit, the units of one together, or all that reported (unit None)."""

    name: str
    measured: Measured
    unit_ids: tuple[int, ...]
    unit: UnitCard | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """value None: see reason. change: from `value` to the value looked at. about: period, act, who is compared."""

    label: str
    about: str
    value: Decimal | None
    change: Change | None = None
    reason: str = ""


def focus_of(held: Reading, actor: Actor, on: date, key: str = "") -> Focus:
    """What an actor looks at first: own value, else that of the own units together, else all. key: of a unit that was
    chosen; one outside the actor's scope is not found and changes nothing. Where none of those that are summed has a
    value and one unit above them reported for all, that unit."""
    every = tuple(held.summed)
    chosen = orgs.unit_id_of(key) if key else actor.unit_id
    if chosen is None:
        return _all(held, every, actor, on)
    if key and not orgs.visible_ids(actor, on).filter(pk=chosen).exists():
        return _all(held, every, actor, on)
    if chosen in held.units or chosen in held.lacking:
        measured = held.units.get(chosen) or held.lacking[chosen]
        card = orgs.card(chosen, on)
        return Focus(card.name, measured, (chosen,), card, is_own=True)
    within = set(orgs.scope_ids([chosen], on).filter(pk__in=among(held.summed)).values_list("pk", flat=True))
    if not within or len(within) == len(every):
        return _all(held, every, actor, on)
    ids = tuple(unit_id for unit_id in every if unit_id in within)
    card = orgs.card(chosen, on)
    return Focus(f"{card.name}, {number(len(ids))} đơn vị", held.together(ids), ids, card)


def _all(held: Reading, every: tuple[int, ...], actor: Actor, on: date) -> Focus:
    alone = held.units.keys() - held.summed
    if not every and len(alone) == 1 and visible_among(actor, alone, on):
        (one,) = alone
        card = orgs.card(one, on)
        return Focus(card.name, held.units[one], (one,), card, is_own=True)
    return Focus("Mức chung", held.overall, every)


def comparisons(held: Reading, period: Period, earlier: Before | None, focus: Focus, on: date) -> list[Comparison]:
    """Every comparison that can be asked for, each answered or refused with its reason."""
    return [
        _same_period(held, earlier, focus),
        _last_period(held, period, focus),
        *_peers(held, focus, on),
        *_target(held, period, focus, on),
    ]


def _same_period(held: Reading, earlier: Before | None, focus: Focus) -> Comparison:
    label = "Cùng kỳ năm trước"
    if earlier is None:
        return Comparison(label, "", None, reason="Kỳ này của năm trước chưa mở trên hệ thống.")
    said = earlier.together(focus.unit_ids)
    return _against(label, earlier.period.label, said, held, focus)


def _last_period(held: Reading, period: Period, focus: Focus) -> Comparison:
    label = "Kỳ trước"
    previous = previous_period(held, period)
    if previous is None:
        return Comparison(label, "", None, reason="Chưa có kỳ trước.")
    if period.cumulative and held.version.denominator is None and previous.start == period.start:
        return Comparison(label, previous.label, None, reason=CUMULATIVE)
    try:
        said = compared(held, period, previous).together(focus.unit_ids)
    except QueryRefused as refused:
        return Comparison(label, previous.label, None, reason=refused.sentence)
    return _against(label, previous.label, said, held, focus)


def _against(label: str, about: str, said: restating.Reading[int], held: Reading, focus: Focus) -> Comparison:
    row = held.indicator
    if said.outcome == "refused":
        return Comparison(label, about, None, reason=said.sentence)
    if said.value is None:
        return Comparison(label, about, None, reason="Kỳ ấy không tính được: mẫu số bằng 0.")
    words = said.sentence if said.outcome == "by_method" or len(said.parts) > len(focus.unit_ids) else ""
    return Comparison(label, about, said.value, change(focus.measured.value, said.value, row.unit, row.scale), words)


def previous_period(held: Reading, period: Period) -> Period | None:
    """The period before, of the same rule and instalment."""
    same = [
        one
        for one in periods_of(held.indicator)
        if one.rule_id == period.rule_id and one.instalment == period.instalment and one.end < period.end
    ]
    return max(same, key=lambda one: one.end, default=None)


def _peers(held: Reading, focus: Focus, on: date) -> list[Comparison]:
    """Units of the same kind under the same parent; only of one unit."""
    if focus.unit is None or not focus.is_own:
        return []
    row, values = held.indicator, dict[int, Decimal | None]()
    for unit_id in peer_ids(held, focus.unit, on):
        value = held.units[unit_id].value
        values[unit_id] = None if value is None else rounded(value, row.scale)
    where = standing(values, focus.unit.id, direction_of(row))
    label, about = "Trung vị các đơn vị cùng cấp", f"{number(where.out_of)} {focus.unit.kind_name} cùng cấp trên"
    if where.out_of < 2 or where.median is None:
        return [Comparison(label, "", None, reason="Không có đơn vị cùng cấp nào khác có số liệu để so.")]
    if where.place is not None:
        tied = f", cùng hạng với {number(where.tied - 1)} đơn vị" if where.tied > 1 else ""
        about += f"; hạng {number(where.place)}/{number(where.out_of)}{tied}"
    return [Comparison(label, about, where.median, gap(focus.measured.value, where.median, row.unit, row.scale))]


def peer_ids(held: Reading, unit: UnitCard, on: date) -> list[int]:
    """Those of the units with a value that are of the kind of `unit` and share a unit directly above, itself too."""
    kinds = orgs.cards(held.units, on)
    same = [unit_id for unit_id, card in kinds.items() if card.kind == unit.kind]
    parents = orgs.above([*same, unit.id], on)
    own = set(parents.get(unit.id, ()))
    return [unit_id for unit_id in same if unit_id == unit.id or own & set(parents.get(unit_id, ()))]


def _target(held: Reading, period: Period, focus: Focus, on: date) -> list[Comparison]:
    """The target of the year for the kind of unit, and what of it is due at the end of the period."""
    definition = definition_of(held.indicator)
    if not definition.targets:
        return []
    year, row = reporting.core_period(period).year, held.indicator
    target = definition.target(year, _level(held, focus, on))
    label = f"Chỉ tiêu năm {year}"
    if target is None:
        return [Comparison(label, "", None, reason="Nguồn không nêu chỉ tiêu cho cấp này và năm này.")]
    value, basis = focus.measured.value, target.basis
    found = [Comparison(label, basis, target.value, gap(value, target.value, row.unit, row.scale))]
    share = share_of_year(period.start, period.end)
    if target.pro_rata == "linear" and share < 1:
        due, percent = target.due(share), number(share * 100, 0)
        found.append(
            Comparison(
                "Chỉ tiêu theo phần năm đã qua",
                f"{percent} % của năm",
                due,
                gap(value, due, row.unit, row.scale),
            )
        )
    return found


def missed_targets(held: Reading, period: Period) -> dict[int, bool]:
    """Of the units with a value for whose kind there is a target this year: whether less than what is due of it was
    reached; more, where less is better. Empty where nothing is set or neither direction is better."""
    definition, direction = definition_of(held.indicator), direction_of(held.indicator)
    if not definition.targets or direction is None:
        return {}
    year, share = reporting.core_period(period).year, share_of_year(period.start, period.end)
    found = {}
    for unit_id, card in orgs.cards(held.units, reporting.last_day(period)).items():
        target, value = definition.target(year, card.kind), held.units[unit_id].value
        if target is not None and value is not None:
            due = target.due(share)
            found[unit_id] = value < due if direction == "higher" else value > due
    return found


def _level(held: Reading, focus: Focus, on: date) -> str:
    """The kind of unit whose target holds; of several together that of the unit over them, "" where there is none."""
    if focus.unit is not None:
        return focus.unit.kind
    kinds: Mapping[int, UnitCard] = orgs.cards(held.units, on) if len(held.units) == 1 else {}
    return next((card.kind for card in kinds.values()), "")
