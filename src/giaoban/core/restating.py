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
    as of this later day. places: what was placed already, by another view of the same trees too.
    """

    succession: Succession[K]
    then: date
    to: date
    called: Callable[[K, date], str]
    key_of: Callable[[K, date], str] = lambda key, _: str(key)
    known_on: date | None = None
    places: dict[K, Placement[K]] = field(default_factory=dict, repr=False)

    def place(self, key: K) -> Placement[K]:
        found = self.places.get(key)
        if found is None:
            found = self.places[key] = self.succession.place(key, from_on=self.then, to_on=self.to)
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
        heirs = tuple(self.called(target.key, self.to) for target in stake.placement.targets)
        key = self.key_of(stake.key, self.then)
        return Break(key=key, name=self.called(stake.key, self.then), heirs=heirs, counted=counted)

    def refusal(self, reason: Reason, names: Sequence[str] = (), breaks: tuple[Break, ...] = ()) -> Restatement:
        sentence = SENTENCES[reason].format(names=named(names), then=day(self.then), to=day(self.to))
        return Restatement(outcome="refused", sentence=self.with_known(sentence), reason=reason, breaks=breaks)

    def with_known(self, sentence: str) -> str:
        """The sentence, and as of which day the period's tree is known when that is not the period's."""
        return sentence if self.known_on is None else f"{sentence} Cây như biết ngày {day(self.known_on)}."


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
    reason = Reason.DIVIDED if view.to >= view.then else Reason.MERGED
    others = "nơi nhận" if reason is Reason.DIVIDED else "hợp thành từ"
    total = "có trong tổng" if counted else "không tính vào tổng"
    why = f"{others}: {named(held.heirs)}" if held.heirs else "không rõ nơi nhận"
    return Restatement(
        outcome="refused", sentence=f"Giữ ở đơn vị cũ, {total}; {why}; không có tỷ lệ.", reason=reason, breaks=(held,)
    )


def judge(
    stakes: Sequence[Stake[K]], view: View[K], *, divided: Divided = "refuse", undivided: Collection[K] = ()
) -> Restatement:
    """What can be said of the sum of what the stakes stand for.

    undivided: things that count in the sum and for which it is not known at which of its lines.
    """
    open_ones = [stake for stake in stakes if stake.weight is None]
    if open_ones and divided == "refuse":
        reason = Reason.DIVIDED if view.to >= view.then else Reason.MERGED
        breaks = tuple(view.break_at(stake, counted=False) for stake in open_ones)
        return view.refusal(reason, [one.name for one in breaks], breaks)
    aside = tuple(view.break_at(stake, counted=False) for stake in open_ones)
    within = tuple(view.break_at(stake, counted=True) for stake in stakes if stake.key in undivided)
    shared = [stake for stake in stakes if stake.is_shared]
    told = [_merged_words(stakes, view)]
    if shared:
        told.append(f"chia theo tỷ lệ nguồn nêu: {_shares(shared, view)}")
    if within:
        names = named([one.name for one in within])
        told.append(f"{len(within)} đơn vị bị chia không nêu tỷ lệ ({names}) có mọi nơi nhận nằm trong tổng, ghi riêng")
    if aside:
        told.append(f"không tính {named([one.name for one in aside])}, giữ ở đơn vị cũ vì nguồn không nêu tỷ lệ chia")
    method = "; ".join(filter(None, told))
    outcome: Outcome = "by_method" if shared or aside else "exact"
    words = "Đúng" if outcome == "exact" else "Theo phương pháp"
    return Restatement(
        outcome=outcome, sentence=view.with_known(f"{words}: {method}."), method=method, breaks=within + aside
    )


def _merged_words(stakes: Sequence[Stake[K]], view: View[K]) -> str:
    moved = sum(stake.placement.how != "same" for stake in stakes)
    if not moved:
        return f"từ kỳ ấy đến ngày {day(view.to)} không đơn vị nào đổi khác"
    whole = sum(stake.placement.how == "whole" and stake.weight is not None for stake in stakes)
    if not whole:
        return ""
    if view.to < view.then:
        return f"{whole} đơn vị là tổng của các đơn vị tiền thân"
    return f"{whole} đơn vị chuyển toàn bộ sang đơn vị kế tục, cộng nguyên số"


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
    lacking = [part.name for part in counted if part.value is None]
    if not counted:
        return _reading(view.refusal(Reason.NOTHING, breaks=said.breaks), parts=parts)
    if lacking:
        return _reading(view.refusal(Reason.LACKS_FIGURES, lacking, said.breaks), parts=parts)
    try:
        value = _together(counted, measure, factor)
    except _Refused as refused:
        names = [part.name for part in counted]
        return _reading(view.refusal(refused.reason, names, said.breaks), parts=parts)
    return _reading(said, value, parts)


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
