"""The value of something for a period, in the geography of another day: exact, by a stated method, or refused.

`restate` is the one place where that question is answered. What it needs of the two trees is a `View`: which things of
the period's day count in which things of the other day, and with what weight. A table of thousands of cells asks
`judge` once per line with the same stakes, and lets the database add what `judge` allows to be added.

What holds, whatever the caller:

- Figures that add up are exact over whole mergers, and over a division all of whose heirs lie inside what is asked for.
- Rates come from the sums of their numerators and denominators, never from other rates.
- Means, medians and distinct counts come from base data. Ranks hold only among one and the same set of things.
- A division whose shares are known is answered by that method, and the sentence names the shares. Without shares the
  answer is refused, or the figures stay at the old thing, outside the sum, and mark a break: the caller chooses.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from enum import StrEnum
from statistics import median
from typing import Final, Generic, Literal, TypeVar

from giaoban.core.indicators import HUNDRED, Rate, pooled
from giaoban.core.spans import Span
from giaoban.core.succession import Placement, Succession
from giaoban.core.vietnamese import day, number

K = TypeVar("K", bound=Hashable)

Outcome = Literal["exact", "by_method", "refused"]
Divided = Literal["refuse", "keep"]
"""What becomes of the figures of a thing that was divided without shares, one heir of which lies elsewhere."""
Value = Decimal | Rate | Sequence[Hashable] | None
"""A sum; a rate's two sums; base data: observations of a mean or median, identities of a distinct count; no figure."""

NAMED: Final = 3
_ONE: Final = Decimal(1)
_EXACT: Final = Context(prec=400)


class Measure(StrEnum):
    """How a value behaves when things are put together."""

    ADDITIVE = "additive"
    RATE = "rate"
    MEAN = "mean"
    MEDIAN = "median"
    DISTINCT = "distinct"
    RANK = "rank"


class Reason(StrEnum):
    """Why there is no answer; the words stand in `SENTENCES`."""

    DIVIDED = "divided"
    MERGED = "merged"
    NEEDS_SUMS = "needs-sums"
    NEEDS_BASE = "needs-base"
    OTHER_UNITS = "other-units"
    LACKS_FIGURES = "lacks-figures"
    NOTHING = "nothing"
    NOT_THERE = "not-there"
    NO_PERIOD = "no-period"
    OTHER_FORM = "other-form"
    NO_HEIR = "no-heir"


SENTENCES: Final[Mapping[Reason, str]] = {
    Reason.DIVIDED: (
        "Số liệu của {names} không chia được theo địa giới ngày {to}: nguồn không nêu tỷ lệ chia. "
        "Xem theo địa giới của kỳ báo cáo, hoặc giữ số ở đơn vị cũ."
    ),
    Reason.MERGED: (
        "Số liệu của {names} không chia được theo địa giới ngày {to}: đơn vị hợp thành không có số riêng. "
        "Xem theo địa giới của kỳ báo cáo, hoặc giữ số ở đơn vị cũ."
    ),
    Reason.NEEDS_SUMS: "Tỷ lệ của {names} không ghép được: phải có tử số và mẫu số, không lấy trung bình các tỷ lệ.",
    Reason.NEEDS_BASE: "Không ghép được từ các giá trị đã tính của {names}: phải có số liệu gốc.",
    Reason.OTHER_UNITS: (
        "Thứ hạng ngày {then} và ngày {to} không so được với nhau: {before} đơn vị khi ấy, {now} đơn vị khi này, "
        "{changed} đơn vị không còn như cũ."
    ),
    Reason.LACKS_FIGURES: "Không có số liệu của {names}.",
    Reason.NOTHING: "Không có số liệu nào của kỳ ngày {then} thuộc đơn vị này theo địa giới ngày {to}.",
    Reason.NOT_THERE: "{names} không tồn tại vào ngày {to}. Chọn đơn vị của ngày đó, hoặc chọn địa giới khác.",
    Reason.NO_PERIOD: "Chưa có số liệu cùng kỳ trước để so sánh.",
    Reason.NO_HEIR: "Không xác định được thuộc đơn vị nào theo địa giới ngày {to}.",
    Reason.OTHER_FORM: "Cùng kỳ trước báo cáo theo biểu khác ({names}): các cột không chắc cùng nghĩa.",
}

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "exact": "đúng",
    "by_method": "theo phương pháp",
    "refused": "không trả lời được",
}


def named(names: Sequence[str], most: int = NAMED) -> str:
    """The first names and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" và {rest} đơn vị khác" if rest > 0 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A series that breaks at a thing which was divided, or put together, without shares.

    heirs: those concerned on the other day. counted: its figures are in the total all the same, undivided.
    """

    key: str
    name: str
    heirs: tuple[str, ...]
    counted: bool

    def words(self) -> str:
        into = f" → {', '.join(self.heirs)}" if self.heirs else ""
        return f"{self.name}{into}: {'có trong tổng, không chia' if self.counted else 'không tính vào tổng'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """How far an answer holds. sentence: for people, always; reason: why it is refused."""

    outcome: Outcome
    sentence: str
    method: str = ""
    reason: Reason | None = None
    breaks: tuple[Break, ...] = ()

    @property
    def outcome_words(self) -> str:
        return OUTCOMES[self.outcome]


@dataclass(frozen=True, slots=True)
class Part(Generic[K]):
    """What one thing of the period contributes; weight None: it is kept out."""

    key: K
    name: str
    weight: Decimal | None
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Restatement, Generic[K]):
    """An answer with its value, not rounded, and the parts it is made of. value None: refused, or a rate over 0."""

    value: Decimal | None = None
    parts: tuple[Part[K], ...] = ()


@dataclass(frozen=True, slots=True)
class Stake(Generic[K]):
    """How a thing of the period's day stands to a set of things of the other day.

    weight: the part of it that lies inside, None when that is not known. whole: it need not be divided to be placed at
    one of them.
    """

    key: K
    placement: Placement[K]
    weight: Decimal | None
    whole: bool

    @property
    def is_shared(self) -> bool:
        return self.weight is not None and self.weight != _ONE


@dataclass(frozen=True)
class View(Generic[K]):
    """Things of the day `then` read in the geography of the day `to`.

    called: the name of a thing on a day; key_of: what it is called in data. known_on: the tree of `then` is only known
    as of this later day; known_to: that of `to`. places: what was placed already, by another view of the same trees
    too. lives: of things that may not be there on the day `then`, though figures of the period are theirs; without
    them all are.
    """

    succession: Succession[K]
    then: date
    to: date
    called: Callable[[K, date], str]
    key_of: Callable[[K, date], str] = lambda key, _: str(key)
    known_on: date | None = None
    places: dict[K, Placement[K]] = field(default_factory=dict, repr=False)
    known_to: date | None = None
    lives: Mapping[K, Span] = field(default_factory=dict, repr=False)

    def since(self, key: K) -> date:
        """The day in the tree of which a thing is looked for: `then`, or the nearest to it on which the thing lives.
        One that ended within the period is looked for on its last day, one that is still to come on its first."""
        life = self.lives.get(key)
        if life is None or life.contains(self.then):
            return self.then
        if life.end is not None and life.end <= self.then:
            return life.end - date.resolution
        return life.start or self.then

    def is_back(self, key: K) -> bool:
        """Whether a thing is read in an earlier tree than its own: it is put together there, not divided."""
        return self.to < self.since(key)

    def place(self, key: K) -> Placement[K]:
        found = self.places.get(key)
        if found is None:
            found = self.places[key] = self.succession.place(key, from_on=self.since(key), to_on=self.to)
        return found

    def stake(self, key: K, inside: Collection[K]) -> Stake[K] | None:
        """What of a thing lies inside a set of things of the other day; None: nothing does."""
        placement = self.place(key)
        here = [target for target in placement.targets if target.key in inside]
        if not here:
            return None
        if placement.how == "shared":
            weight = Decimal(0)
            for target in here:
                weight = _EXACT.add(weight, target.weight or Decimal(0))
            return Stake(key, placement, weight, whole=len(here) == len(placement.targets) == 1)
        if len(placement.targets) == 1 and placement.how in ("same", "whole"):
            return Stake(key, placement, _ONE, whole=True)
        all_inside = len(here) == len(placement.targets) and (placement.how == "whole" or _tells_all(placement))
        return Stake(key, placement, _ONE if all_inside else None, whole=False)

    def stakes(self, keys: Iterable[K], inside: Collection[K]) -> list[Stake[K]]:
        return [stake for key in keys if (stake := self.stake(key, inside)) is not None]

    def break_at(self, stake: Stake[K], *, counted: bool) -> Break:
        pairs = [(stake.key, self.then), *((target.key, self.to) for target in stake.placement.targets)]
        name, *heirs = self.names(pairs)
        return Break(key=self.key_of(stake.key, self.then), name=name, heirs=tuple(heirs), counted=counted)

    def names(self, pairs: Sequence[tuple[K, date]]) -> list[str]:
        """Names of things on days that stand in one sentence; two things of one name are told apart by their lives."""
        words = [self.called(key, on) for key, on in pairs]
        bearers: dict[str, set[K]] = {}
        for (key, _), name in zip(pairs, words, strict=True):
            bearers.setdefault(name, set()).add(key)
        return [
            name if len(bearers[name]) == 1 else f"{name}{self.lifetime(key)}"
            for (key, _), name in zip(pairs, words, strict=True)
        ]

    def lifetime(self, key: K) -> str:
        """ " (đến 30/06/2025)", else " (từ 01/07/2025)", else ""."""
        life = self.lives.get(key)
        if life is not None and life.end is not None:
            return f" (đến {day(life.end - date.resolution)})"
        return f" (từ {day(life.start)})" if life is not None and life.start is not None else ""

    def refusal(self, reason: Reason, names: Sequence[str] = (), breaks: tuple[Break, ...] = ()) -> Restatement:
        sentence = SENTENCES[reason].format(names=named(names), then=day(self.then), to=day(self.to))
        return Restatement(outcome="refused", sentence=self.with_known(sentence), reason=reason, breaks=breaks)

    def with_known(self, sentence: str) -> str:
        """The sentence, and as of which days the trees are known where these are not their own."""
        known = {self.to: self.known_to, self.then: self.known_on}
        words = [f"Cây ngày {day(on)} như biết ngày {day(as_of)}." for on, as_of in known.items() if as_of is not None]
        return " ".join([sentence, *reversed(words)])

    @property
    def is_known(self) -> bool:
        """Whether both trees are known for their days."""
        return self.known_on is None and self.known_to is None


def _tells_all(placement: Placement[K]) -> bool:
    """Whether the targets of a broken placement are all there is: no part went to a place that is not told or is gone.

    A single partial link names one heir and is silent about the rest.
    """
    ways: dict[tuple[K, date], int] = {}
    for link in placement.steps:
        ways[link.old, link.on] = ways.get((link.old, link.on), 0) + 1
    if any(not link.whole and ways[link.old, link.on] == 1 for link in placement.steps):
        return False
    gave = {link.old for link in placement.steps if link.old != link.new}
    ends = {link.new for link in placement.steps} - gave
    return ends <= {target.key for target in placement.targets}


def kept_at_old(stake: Stake[K], view: View[K], *, counted: bool) -> Restatement:
    """The words for figures that stay at the old thing because they cannot be divided among its heirs."""
    held = view.break_at(stake, counted=counted)
    back = view.is_back(stake.key)
    total = "có trong tổng" if counted else "không tính vào tổng"
    others = "hợp thành từ" if back else "nơi nhận"
    why = f"{others}: {named(held.heirs)}" if held.heirs else "không rõ nơi nhận"
    place, lacks = ("đơn vị hợp thành", "không có số riêng") if back else ("đơn vị cũ", "không có tỷ lệ")
    return Restatement(
        outcome="refused",
        sentence=view.with_known(f"Giữ ở {place}, {total}; {why}; {lacks}."),
        reason=Reason.MERGED if back else Reason.DIVIDED,
        breaks=(held,),
    )


def judge(
    stakes: Sequence[Stake[K]],
    view: View[K],
    *,
    divided: Divided = "refuse",
    undivided: Collection[K] = (),
    inside: str = "tổng",
) -> Restatement:
    """What can be said of the sum of what the stakes stand for. Refused also when nothing of it counts.

    undivided: things that count in the sum and for which it is not known at which of its lines. inside: what the sum
    is called.
    """
    open_ones = [stake for stake in stakes if stake.weight is None]
    aside = tuple(view.break_at(stake, counted=False) for stake in open_ones)
    if open_ones and divided == "refuse":
        reason = Reason.MERGED if all(view.is_back(stake.key) for stake in open_ones) else Reason.DIVIDED
        return view.refusal(reason, [one.name for one in aside], aside)
    if len(open_ones) == len(stakes):
        return view.refusal(Reason.NOTHING, breaks=aside)
    apart = [stake for stake in stakes if stake.key in undivided and stake.weight is not None]
    shared = [stake for stake in stakes if stake.is_shared and stake.key not in undivided]
    others = [stake for stake in stakes if stake.weight == _ONE and stake.key not in undivided]
    within = tuple(view.break_at(stake, counted=True) for stake in apart)
    told = [*_merged_words(others, view, inside, is_all=len(others) == len(stakes))]
    if shared:
        told.append(f"chia theo tỷ lệ nguồn nêu: {_shares(shared, view)}")
    told += _held_words(apart, view)
    told += _aside_words(open_ones, view)
    method = "; ".join(told)
    outcome: Outcome = "by_method" if shared or aside else "exact"
    words = "Theo phương pháp" if outcome == "by_method" else "Đúng" if view.is_known else "Đúng theo cây đã biết"
    return Restatement(
        outcome=outcome, sentence=view.with_known(f"{words}: {method}."), method=method, breaks=within + aside
    )


def _merged_words(stakes: Sequence[Stake[K]], view: View[K], inside: str, *, is_all: bool) -> list[str]:
    """What became of things that count as a whole, each in one clause. is_all: there are no others."""
    moved = [stake for stake in stakes if stake.placement.how != "same"]
    if not moved:
        if not is_all:
            return []
        if view.is_known:
            return [f"từ kỳ ấy đến ngày {day(view.to)} không đơn vị nào đổi khác"]
        return [f"chưa biết đơn vị nào đổi khác giữa ngày {day(view.then)} và ngày {day(view.to)}"]
    counts = {
        f"đơn vị là tổng của các đơn vị tiền thân, đều nằm trong {inside}": 0,
        "đơn vị chuyển toàn bộ sang đơn vị kế tục, cộng nguyên số": 0,
        f"đơn vị chia theo tỷ lệ, mọi nơi nhận nằm trong {inside}": 0,
        f"đơn vị hợp thành từ nhiều nơi, mọi nơi ấy nằm trong {inside}": 0,
        f"đơn vị bị chia, mọi nơi nhận nằm trong {inside}": 0,
        f"đơn vị bị chia, mọi nơi nhận đã nêu nằm trong {inside}": 0,
    }
    clauses = list(counts)
    for stake in moved:
        back = view.is_back(stake.key)
        match stake.placement.how:
            case "whole":
                clause = clauses[0 if back else 1]
            case "shared":
                clause = clauses[2]
            case _ if back:
                clause = clauses[3]
            case _:
                clause = clauses[4 if _tells_all(stake.placement) else 5]
        counts[clause] += 1
    return [f"{count} {clause}" for clause, count in counts.items() if count]


def _held_words(apart: Sequence[Stake[K]], view: View[K]) -> list[str]:
    """Things in the total on a line of their own, divided ones and those put together."""
    words = []
    for back, what, where in (
        (False, "đơn vị bị chia không nêu tỷ lệ", "mọi nơi nhận nằm trong tổng, ghi riêng"),
        (True, "đơn vị hợp thành từ nhiều nơi, không có số riêng", "mọi nơi ấy nằm trong tổng, ghi riêng"),
    ):
        names = [view.called(one.key, view.then) for one in apart if view.is_back(one.key) == back]
        if names:
            words.append(f"{len(names)} {what} ({named(names)}), {where}")
    return words


def _aside_words(open_ones: Sequence[Stake[K]], view: View[K]) -> list[str]:
    words = []
    for back, why in (
        (False, "giữ ở đơn vị cũ vì nguồn không nêu tỷ lệ chia"),
        (True, "hợp thành từ nhiều nơi, không có số riêng"),
    ):
        names = [view.called(one.key, view.then) for one in open_ones if view.is_back(one.key) == back]
        if names:
            words.append(f"không tính {named(names)}, {why}")
    return words


def _shares(shared: Sequence[Stake[K]], view: View[K]) -> str:
    words = [
        f"{view.called(stake.key, view.then)} {number((stake.weight or Decimal(0)).normalize())}" for stake in shared
    ]
    return named(words)


def restate(
    inside: Collection[K],
    values: Mapping[K, Value],
    view: View[K],
    *,
    measure: Measure,
    divided: Divided = "refuse",
    factor: Decimal = HUNDRED,
) -> Reading[K]:
    """The value, for the period, of the things `inside` of the other day.

    values: what each thing of the period's day has; for a rank everything that was ranked. factor: of a rate.
    """
    if measure is Measure.RANK:
        return _rank(inside, values, view)
    stakes = view.stakes(values, inside)
    if not stakes:
        return _reading(view.refusal(Reason.NOTHING))
    said = judge(stakes, view, divided=divided)
    parts = tuple(Part(one.key, view.called(one.key, view.then), one.weight, values[one.key]) for one in stakes)
    if said.outcome == "refused":
        return _reading(said, parts=parts)
    counted = [part for part in parts if part.weight is not None]
    lacking = [part.name for part in counted if part.value is None] + _unheard(inside, values, view)
    if lacking:
        return _reading(view.refusal(Reason.LACKS_FIGURES, lacking, said.breaks), parts=parts)
    try:
        value = _together(counted, measure, factor)
    except _Refused as refused:
        names = [part.name for part in counted]
        return _reading(view.refusal(refused.reason, names, said.breaks), parts=parts)
    return _reading(said, value, parts)


def _unheard(inside: Collection[K], values: Mapping[K, Value], view: View[K]) -> list[str]:
    """Things of the period's day of which something is in what is asked for, and that have no entry at all."""
    found: dict[K, None] = {}
    for key in inside:
        back = view.succession.place(key, from_on=view.to, to_on=view.then)
        found.update(dict.fromkeys(target.key for target in back.targets if target.key not in values))
    return [view.called(key, view.then) for key in found]


class _Refused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def _together(parts: Sequence[Part[K]], measure: Measure, factor: Decimal) -> Decimal | None:
    """The value of the parts together. Raises _Refused where what is given does not tell it."""
    only = parts[0] if len(parts) == 1 and parts[0].weight == _ONE else None
    if only is not None and isinstance(only.value, Decimal):
        return only.value
    if measure is Measure.ADDITIVE:
        return _sum((_decimal(part), part.weight or _ONE) for part in parts)
    if measure is Measure.RATE:
        return pooled(_rate(part) for part in parts).value(factor)
    if any(part.weight != _ONE for part in parts):
        raise _Refused(Reason.DIVIDED)
    base = [one for part in parts for one in _base(part)]
    if measure is Measure.DISTINCT:
        return Decimal(len(set(base)))
    known = [one for one in base if isinstance(one, Decimal)]
    if not known:
        return None
    return median(known) if measure is Measure.MEDIAN else sum(known, Decimal(0)) / len(known)


def _decimal(part: Part[K]) -> Decimal:
    if not isinstance(part.value, Decimal):
        raise _Refused(Reason.LACKS_FIGURES)
    return part.value


def _rate(part: Part[K]) -> Rate:
    if not isinstance(part.value, Rate):
        raise _Refused(Reason.NEEDS_SUMS)
    weight = part.weight or _ONE
    if weight == _ONE:
        return part.value
    return Rate(_EXACT.multiply(part.value.numerator, weight), _EXACT.multiply(part.value.denominator, weight))


def _base(part: Part[K]) -> Sequence[Hashable]:
    if part.value is None or isinstance(part.value, Decimal | Rate):
        raise _Refused(Reason.NEEDS_BASE)
    return part.value


def _sum(weighted: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    total = Decimal(0)
    for value, weight in weighted:
        total = _EXACT.add(total, value if weight == _ONE else _EXACT.multiply(value, weight))
    return total


def _rank(inside: Collection[K], values: Mapping[K, Value], view: View[K]) -> Reading[K]:
    now = {target.key for key in values for target in view.place(key).targets}
    said = comparable_ranks(values.keys(), now, view)
    if said.outcome == "refused":
        return _reading(said)
    mine = [key for key in values if key in inside]
    value = values[mine[0]] if len(mine) == 1 else None
    return _reading(said, value) if isinstance(value, Decimal) else _reading(view.refusal(Reason.NOTHING))


def comparable_ranks(then: Collection[K], now: Collection[K], view: View[K]) -> Restatement:
    """Whether places in a ranking of `then` may be set beside places in one of `now`: only among the same things.

    A thing that took in others is not the same, even where it kept its identity.
    """
    kept = {
        key
        for key in then
        if key in now and (placement := view.place(key)).how == "same" and placement.targets[0].key == key
    }
    changed = len(then) - len(kept)
    if not changed and len(kept) == len(now):
        sentence = f"Cùng {len(now)} đơn vị ở hai ngày {day(view.then)} và {day(view.to)}."
        return Restatement(outcome="exact", sentence=view.with_known(sentence))
    sentence = SENTENCES[Reason.OTHER_UNITS].format(
        then=day(view.then), to=day(view.to), before=len(then), now=len(now), changed=max(changed, len(now) - len(kept))
    )
    return Restatement(outcome="refused", sentence=view.with_known(sentence), reason=Reason.OTHER_UNITS)


def _reading(said: Restatement, value: Decimal | None = None, parts: tuple[Part[K], ...] = ()) -> Reading[K]:
    return Reading(
        outcome=said.outcome,
        sentence=said.sentence,
        method=said.method,
        reason=said.reason,
        breaks=said.breaks,
        value=value,
        parts=parts,
    )
