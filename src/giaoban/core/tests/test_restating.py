"""The value of something for a period in the geography of another day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.indicators import Rate
from giaoban.core.restating import (
    SENTENCES,
    Measure,
    Reason,
    Value,
    View,
    comparable_ranks,
    judge,
    kept_at_old,
    named,
    restate,
)
from giaoban.core.spans import Span
from giaoban.core.succession import Link, Succession

THEN, ON, TO = date(2024, 12, 31), date(2025, 7, 1), date(2026, 1, 1)


def whole(old: str, new: str, on: date = ON) -> Link[str]:
    return Link(old, new, on, True)


def part(old: str, new: str, share: str | None = None, on: date = ON) -> Link[str]:
    return Link(old, new, on, False, Decimal(share) if share else None)


def view(
    *links: Link[str],
    spans: Mapping[str, Span] | None = None,
    then: date = THEN,
    to: date = TO,
    known_on: date | None = None,
) -> View[str]:
    return View(Succession(links, spans), then, to, lambda key, _: key.upper(), known_on=known_on)


MERGER = (whole("long-an", "tay-ninh-2025"), whole("tay-ninh", "tay-ninh-2025"))


def test_ten_and_seven_are_seventeen() -> None:
    values: dict[str, Value] = {"long-an": Decimal(10), "tay-ninh": Decimal(7), "ha-noi": Decimal(5)}
    held = restate(["tay-ninh-2025"], values, view(*MERGER), measure=Measure.ADDITIVE)
    assert (held.outcome, held.value, held.breaks) == ("exact", Decimal(17), ())
    assert [f"{one.name} {one.weight} {one.value}" for one in held.parts] == ["LONG-AN 1 10", "TAY-NINH 1 7"]
    assert held.sentence == "Đúng: 2 đơn vị chuyển toàn bộ sang đơn vị kế tục, cộng nguyên số."
    same = restate(["ha-noi"], values, view(*MERGER), measure=Measure.ADDITIVE)
    assert (same.outcome, same.value) == ("exact", Decimal(5))
    assert "không đơn vị nào đổi khác" in same.sentence


def test_an_absorber_keeps_its_own_and_takes_the_other() -> None:
    held = restate(
        ["a"],
        {"a": Decimal(10), "b": Decimal(7)},
        view(whole("b", "a"), spans={"a": Span(None, None), "b": Span(None, ON)}),
        measure=Measure.ADDITIVE,
    )
    assert (held.outcome, held.value) == ("exact", Decimal(17))


def test_a_rate_comes_from_the_sums() -> None:
    values: dict[str, Value] = {
        "long-an": Rate(Decimal(50), Decimal(100)),
        "tay-ninh": Rate(Decimal(10), Decimal(10)),
    }
    held = restate(["tay-ninh-2025"], values, view(*MERGER), measure=Measure.RATE)
    assert held.value == Decimal(6000) / 110
    assert restate(["tay-ninh-2025"], values, view(*MERGER), measure=Measure.RATE, factor=Decimal(1)).value == (
        Decimal(60) / 110
    )
    nothing: dict[str, Value] = {"long-an": Rate(Decimal(0), Decimal(0)), "tay-ninh": Rate(Decimal(0), Decimal(0))}
    over_zero = restate(["tay-ninh-2025"], nothing, view(*MERGER), measure=Measure.RATE)
    assert (over_zero.outcome, over_zero.value) == ("exact", None)


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        (Measure.RATE, Reason.NEEDS_SUMS),
        (Measure.MEAN, Reason.NEEDS_BASE),
        (Measure.MEDIAN, Reason.NEEDS_BASE),
        (Measure.DISTINCT, Reason.NEEDS_BASE),
        (Measure.RANK, Reason.OTHER_UNITS),
    ],
)
def test_what_does_not_add_up_is_refused_without_base_data(measure: Measure, reason: Reason) -> None:
    values: dict[str, Value] = {"long-an": Decimal(3), "tay-ninh": Decimal(4)}
    held = restate(["tay-ninh-2025"], values, view(*MERGER), measure=measure)
    assert (held.outcome, held.value, held.reason) == ("refused", None, reason)
    assert held.sentence


@pytest.mark.parametrize(
    ("measure", "value"), [(Measure.MEAN, Decimal(2)), (Measure.MEDIAN, Decimal("1.5")), (Measure.DISTINCT, Decimal(3))]
)
def test_base_data_answers(measure: Measure, value: Decimal) -> None:
    values: dict[str, Value] = {
        "long-an": (Decimal(1), Decimal(1)),
        "tay-ninh": (Decimal(2), Decimal(4)),
    }
    assert restate(["tay-ninh-2025"], values, view(*MERGER), measure=measure).value == value


@pytest.mark.parametrize("measure", [Measure.RATE, Measure.MEAN, Measure.MEDIAN, Measure.DISTINCT, Measure.RANK])
def test_a_thing_that_did_not_change_keeps_any_value(measure: Measure) -> None:
    held = restate(["a"], {"a": Decimal(3), "b": Decimal(9)}, view(), measure=measure)
    assert (held.outcome, held.value) == ("exact", Decimal(3))


def test_a_division_without_shares() -> None:
    links = (part("x", "y"), part("x", "z"))
    values: dict[str, Value] = {"x": Decimal(10), "w": Decimal(5)}
    refused = restate(["y"], values, view(*links), measure=Measure.ADDITIVE)
    assert (refused.outcome, refused.value, refused.reason) == ("refused", None, Reason.DIVIDED)
    assert "X không chia được" in refused.sentence
    assert [one.words() for one in refused.breaks] == ["X → Y, Z: không tính vào tổng"]
    kept = restate(["y", "w"], values, view(*links), measure=Measure.ADDITIVE, divided="keep")
    assert (kept.outcome, kept.value) == ("by_method", Decimal(5))
    assert "không tính X, giữ ở đơn vị cũ" in kept.sentence
    alone = restate(["y"], values, view(*links), measure=Measure.ADDITIVE, divided="keep")
    assert (alone.outcome, alone.reason) == ("refused", Reason.NOTHING)
    both = restate(["y", "z", "w"], values, view(*links), measure=Measure.ADDITIVE)
    assert (both.outcome, both.value) == ("exact", Decimal(15))


def test_a_part_of_which_the_rest_is_not_told_is_never_all() -> None:
    held = restate(["y", "z"], {"x": Decimal(10)}, view(part("x", "y")), measure=Measure.ADDITIVE)
    assert (held.outcome, held.reason) == ("refused", Reason.DIVIDED)


def test_shares_are_a_method_and_are_named() -> None:
    links = (part("x", "y", "0.4"), part("x", "z", "0.6"))
    values: dict[str, Value] = {"x": Decimal(10), "w": Decimal(5)}
    held = restate(["y", "w"], values, view(*links), measure=Measure.ADDITIVE)
    assert (held.outcome, held.value) == ("by_method", Decimal(9))
    assert "chia theo tỷ lệ nguồn nêu: X 0,4" in held.sentence
    rate = restate(["y"], {"x": Rate(Decimal(10), Decimal(20))}, view(*links), measure=Measure.RATE)
    assert (rate.value, rate.parts[0].weight) == (Decimal(50), Decimal("0.4"))
    all_of_it = restate(["y", "z"], {"x": Decimal(10)}, view(*links), measure=Measure.ADDITIVE)
    assert (all_of_it.outcome, all_of_it.value) == ("exact", Decimal(10))
    base: dict[str, Value] = {"x": (Decimal(1), Decimal(2))}
    refused = restate(["y"], base, view(*links), measure=Measure.MEDIAN)
    assert (refused.outcome, refused.reason) == ("refused", Reason.DIVIDED)


def test_backwards_a_merger_is_only_the_sum_of_its_parts() -> None:
    back = view(*MERGER, then=TO, to=THEN)
    values: dict[str, Value] = {"tay-ninh-2025": Decimal(17)}
    refused = restate(["long-an"], values, back, measure=Measure.ADDITIVE)
    assert (refused.outcome, refused.reason) == ("refused", Reason.MERGED)
    both = restate(["long-an", "tay-ninh"], values, back, measure=Measure.ADDITIVE)
    assert (both.outcome, both.value) == ("exact", Decimal(17))
    assert "tổng của các đơn vị tiền thân" in both.sentence


def test_lacking_and_nothing_are_said() -> None:
    lacking = restate(
        ["tay-ninh-2025"], {"long-an": Decimal(1), "tay-ninh": None}, view(*MERGER), measure=Measure.ADDITIVE
    )
    assert (lacking.reason, lacking.sentence) == (Reason.LACKS_FIGURES, "Không có số liệu của TAY-NINH.")
    nothing = restate(["ha-noi"], {"long-an": Decimal(1)}, view(*MERGER), measure=Measure.ADDITIVE)
    assert nothing.reason is Reason.NOTHING


def test_a_tree_known_later_says_so() -> None:
    known = view(*MERGER, known_on=date(2025, 6, 30))
    for measure in Measure:
        held = restate(["tay-ninh-2025"], {"long-an": Decimal(1), "tay-ninh": Decimal(2)}, known, measure=measure)
        assert held.sentence.endswith("Cây ngày 31/12/2024 như biết ngày 30/06/2025.")


def test_ranks_compare_only_among_the_same() -> None:
    old, new = ["long-an", "tay-ninh", "ha-noi"], ["tay-ninh-2025", "ha-noi"]
    held = comparable_ranks(old, new, view(*MERGER))
    assert (held.outcome, held.reason) == ("refused", Reason.OTHER_UNITS)
    assert "3 đơn vị khi ấy, 2 đơn vị khi này, 2 đơn vị không còn như cũ" in held.sentence
    assert comparable_ranks(["ha-noi"], ["ha-noi"], view(*MERGER)).outcome == "exact"
    assert comparable_ranks(["ha-noi"], ["ha-noi", "hue"], view()).outcome == "refused"
    absorbed = view(whole("b", "a"), spans={"a": Span(None, None), "b": Span(None, ON)})
    assert comparable_ranks(["a", "b"], ["a"], absorbed).outcome == "refused"


def test_words_of_what_stays_at_the_old_unit_and_of_many() -> None:
    held = view(part("x", "y"), part("x", "z"))
    stake = held.stake("x", {"y", "z"})
    assert stake is not None
    assert kept_at_old(stake, held, counted=True).sentence == (
        "Giữ ở đơn vị cũ, có trong tổng; nơi nhận: Y, Z; không có tỷ lệ."
    )
    said = judge([stake], held, undivided={"x"})
    assert (said.outcome, [one.counted for one in said.breaks]) == ("exact", [True])
    assert "ghi riêng" in said.sentence
    assert named(["a", "b", "c", "d", "e"]) == "a, b, c và 2 đơn vị khác"
    assert set(SENTENCES) == set(Reason)


keys = [f"u{n}" for n in range(8)]


@st.composite
def mergers(draw: st.DrawFn) -> list[tuple[date, Sequence[str], str]]:
    """Waves of mergers of some living things into a new one, on days in order."""
    living = list(keys)
    made: list[tuple[date, Sequence[str], str]] = []
    for wave in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(st.sampled_from(living), min_size=1, max_size=3, unique=True))
        new = f"m{wave}"
        made.append((ON + timedelta(days=wave), tuple(chosen), new))
        living = [one for one in living if one not in chosen] + [new]
    return made


figures = st.fixed_dictionaries({key: st.integers(0, 10**6).map(Decimal) for key in keys})


def _links(waves: Sequence[tuple[date, Sequence[str], str]]) -> tuple[list[Link[str]], dict[str, Span], set[str]]:
    links: list[Link[str]] = []
    spans = {key: Span(None, None) for key in keys}
    for on, olds, new in waves:
        links += [whole(old, new, on) for old in olds]
        spans |= {old: Span(spans[old].start, on) for old in olds}
        spans[new] = Span(on, None)
    return links, spans, {key for key, span in spans.items() if span.contains(TO)}


@given(mergers(), figures)
def test_there_and_back_over_whole_mergers_is_the_identity(
    waves: list[tuple[date, Sequence[str], str]], values: dict[str, Decimal]
) -> None:
    """Restated to the later day and read back for the predecessors together, every figure is as it was, and nothing of
    the total is lost on the way."""
    links, spans, living = _links(waves)
    there = view(*links, spans=spans)
    later = {one: restate([one], values, there, measure=Measure.ADDITIVE) for one in living}
    assert {held.outcome for held in later.values()} == {"exact"}
    assert sum((held.value or Decimal(0) for held in later.values()), Decimal(0)) == sum(values.values())
    back = View(Succession(links, spans), TO, THEN, lambda key, _: key)
    now: dict[str, Value] = {one: held.value for one, held in later.items()}
    for one, held in later.items():
        olds = [part.key for part in held.parts]
        assert sorted(target.key for target in back.place(one).targets) == sorted(olds)
        again = restate(olds, now, back, measure=Measure.ADDITIVE)
        assert (again.outcome, again.value) == ("exact", sum(values[old] for old in olds))
        if len(olds) > 1:
            assert restate(olds[:1], now, back, measure=Measure.ADDITIVE).outcome == "refused"


@given(mergers(), st.fixed_dictionaries({key: st.tuples(st.integers(0, 99), st.integers(1, 99)) for key in keys}))
def test_a_restated_rate_is_the_pooled_one(
    waves: list[tuple[date, Sequence[str], str]], given_: dict[str, tuple[int, int]]
) -> None:
    links, spans, living = _links(waves)
    values: dict[str, Value] = {key: Rate(Decimal(above), Decimal(below)) for key, (above, below) in given_.items()}
    for one in living:
        held = restate([one], values, view(*links, spans=spans), measure=Measure.RATE)
        olds = [part.key for part in held.parts]
        exact = 100 * Fraction(sum(given_[old][0] for old in olds), sum(given_[old][1] for old in olds))
        assert held.value is not None
        assert abs(Fraction(held.value) - exact) < Fraction(1, 10**20)


@given(st.lists(st.integers(1, 999), min_size=2, max_size=6), st.integers(0, 10**9))
def test_shares_lose_nothing(cuts: list[int], figure: int) -> None:
    """The heirs' parts of a divided figure add up to it, to the last digit."""
    total = sum(cuts)
    shares = [(Decimal(cut) / total).quantize(Decimal("1e-9")) for cut in cuts[:-1]]
    rest = 1 - sum(shares, Decimal(0))
    if not 0 < rest < 1 or any(not 0 < share < 1 for share in shares):
        return
    heirs = [f"h{n}" for n in range(len(cuts))]
    links = [Link("x", heir, ON, False, share) for heir, share in zip(heirs, [*shares, rest], strict=True)]
    held = [restate([heir], {"x": Decimal(figure)}, view(*links), measure=Measure.ADDITIVE) for heir in heirs]
    assert {one.outcome for one in held} == {"by_method"}
    assert sum((one.value or Decimal(0) for one in held), Decimal(0)) == figure


def test_a_predecessor_without_an_entry_is_noticed() -> None:
    held = restate(["tay-ninh-2025"], {"long-an": Decimal(10)}, view(*MERGER), measure=Measure.ADDITIVE)
    assert (held.value, held.reason, held.sentence) == (None, Reason.LACKS_FIGURES, "Không có số liệu của TAY-NINH.")


def test_a_tree_known_later_never_says_that_nothing_changed() -> None:
    known: View[str] = View(Succession([]), TO, THEN, lambda key, _: key, known_to=date(2025, 6, 30))
    said = restate(["a"], {"a": Decimal(1)}, known, measure=Measure.ADDITIVE).sentence
    assert "không đơn vị nào đổi khác" not in said
    assert said.endswith("Cây ngày 31/12/2024 như biết ngày 30/06/2025.")


def test_each_thing_stands_in_one_clause_with_its_own_words() -> None:
    held = view(part("x", "y"), part("x", "z"), whole("a", "b"))
    stakes = held.stakes(["x", "a"], {"y", "z", "b"})
    assert judge(stakes, held, inside="Tân An").sentence == (
        "Đúng: 1 đơn vị chuyển toàn bộ sang đơn vị kế tục, cộng nguyên số; "
        "1 đơn vị bị chia, mọi nơi nhận nằm trong Tân An."
    )
    back = view(*MERGER, then=TO, to=THEN)
    merged = back.stakes(["tay-ninh-2025"], {"long-an", "tay-ninh"})
    said = judge(merged, back, undivided={"tay-ninh-2025"}).sentence
    assert "hợp thành từ nhiều nơi, không có số riêng (TAY-NINH-2025)" in said
    assert "bị chia" not in said
    assert "tiền thân" not in said


def test_two_of_one_name_are_told_apart_by_their_lives() -> None:
    lives = {"old": Span(None, ON), "new": Span(ON, None), "far": Span(ON, None)}
    links = [part("old", "new"), part("old", "far")]
    names = {"old": "Tân An", "new": "Tân An", "far": "Khánh Hậu"}
    held = View(Succession(links, lives), THEN, TO, lambda key, _: names[key], lives=lives)
    (broken,) = restate(["new"], {"old": Decimal(1)}, held, measure=Measure.ADDITIVE).breaks
    assert (broken.name, broken.heirs) == ("Tân An (đến 30/06/2025)", ("Tân An (từ 01/07/2025)", "Khánh Hậu"))
