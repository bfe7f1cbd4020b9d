from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.spans import Span
from giaoban.core.succession import Link, Placement, Succession, Target, check, predecessors, recast

BEGIN = date(2000, 1, 1)
REFORM = date(2025, 7, 1)
EVE = date(2025, 6, 30)
MERGER = [Link("long-an", "tay-ninh-2025", REFORM, True), Link("tay-ninh", "tay-ninh-2025", REFORM, True)]
D1, D2, D3, END = date(2004, 1, 1), date(2008, 8, 1), date(2025, 7, 1), date(2026, 1, 1)


@pytest.mark.parametrize(
    ("key", "from_on", "to_on", "keys", "state"),
    [
        ("long-an", EVE, REFORM, ["tay-ninh-2025"], "whole"),
        ("tay-ninh", BEGIN, END, ["tay-ninh-2025"], "whole"),
        ("tay-ninh-2025", REFORM, EVE, ["long-an", "tay-ninh"], "whole"),
        ("tay-ninh-2025", END, BEGIN, ["long-an", "tay-ninh"], "whole"),
        ("long-an", BEGIN, EVE, ["long-an"], "same"),
        ("tay-ninh-2025", REFORM, END, ["tay-ninh-2025"], "same"),
        ("tay-ninh-2025", END, REFORM, ["tay-ninh-2025"], "same"),
        ("long-an", EVE, EVE, ["long-an"], "same"),
        ("ha-noi", EVE, REFORM, ["ha-noi"], "same"),
    ],
)
def test_a_merger(key: str, from_on: date, to_on: date, keys: list[str], state: str) -> None:
    assert recast(key, from_on=from_on, to_on=to_on, links=MERGER) == (keys, state)


@pytest.mark.parametrize("whole", [True, False])
def test_a_split_breaks_forward_whatever_the_links_say(whole: bool) -> None:
    links = [Link("can-tho", "can-tho-tp", D1, whole), Link("can-tho", "hau-giang", D1, whole)]
    assert recast("can-tho", from_on=BEGIN, to_on=END, links=links) == (["can-tho-tp", "hau-giang"], "broken")


def test_a_child_of_a_split_is_a_part_of_its_predecessor() -> None:
    links = [Link("can-tho", "can-tho-tp", D1, False), Link("can-tho", "hau-giang", D1, False)]
    assert recast("hau-giang", from_on=END, to_on=BEGIN, links=links) == (["can-tho"], "broken")


def test_parts_that_meet_again_stay_broken() -> None:
    links = [
        Link("a", "b", D1, False),
        Link("a", "c", D1, False),
        Link("b", "d", D2, True),
        Link("c", "d", D2, True),
    ]
    assert recast("a", from_on=BEGIN, to_on=END, links=links) == (["d"], "broken")
    assert recast("d", from_on=END, to_on=BEGIN, links=links) == (["a"], "broken")
    assert recast("d", from_on=END, to_on=D1, links=links) == (["b", "c"], "whole")


def test_a_chain_is_followed_link_by_link_within_its_dates() -> None:
    links = [Link("a", "b", D1, True), Link("b", "c", D2, True), Link("x", "c", D2, True), Link("c", "d", D3, True)]
    assert recast("a", from_on=BEGIN, to_on=END, links=links) == (["d"], "whole")
    assert recast("a", from_on=BEGIN, to_on=D2 - timedelta(days=1), links=links) == (["b"], "whole")
    assert recast("b", from_on=D1, to_on=END, links=links) == (["d"], "whole")
    assert recast("d", from_on=END, to_on=BEGIN, links=links) == (["a", "x"], "whole")
    assert recast("d", from_on=END, to_on=D1, links=links) == (["b", "x"], "whole")
    assert predecessors("d", links, before=D3) == ["c"]
    assert predecessors("d", links, before=D2) == ["b", "x"]
    assert predecessors("d", links, before=date(2026, 1, 1)) == ["d"]


def test_links_of_one_day_are_one_step() -> None:
    links = [Link("a", "b", D1, True), Link("b", "c", D1, True)]
    assert recast("a", from_on=BEGIN, to_on=END, links=links) == (["b"], "whole")


ABSORPTION = [Link("ha-tay", "ha-noi", D2, True)]
CESSION = [Link("a", "b", D2, False)]
ALIVE = Span(None, None)


def test_who_absorbs_is_among_its_own_predecessors() -> None:
    spans = {"ha-noi": ALIVE, "ha-tay": Span(None, D2)}
    for links, known in ((ABSORPTION, spans), ([*ABSORPTION, Link("ha-noi", "ha-noi", D2, True)], None)):
        assert recast("ha-noi", from_on=END, to_on=BEGIN, links=links, spans=known) == (["ha-tay", "ha-noi"], "whole")
        assert recast("ha-noi", from_on=BEGIN, to_on=END, links=links, spans=known) == (["ha-noi"], "whole")
        assert recast("ha-tay", from_on=BEGIN, to_on=END, links=links, spans=known) == (["ha-noi"], "whole")


def test_who_gives_up_a_part_is_broken_both_ways() -> None:
    spans = {"a": ALIVE, "b": ALIVE}
    assert recast("a", from_on=BEGIN, to_on=END, links=CESSION, spans=spans) == (["b", "a"], "broken")
    assert recast("a", from_on=END, to_on=BEGIN, links=CESSION, spans=spans) == (["a"], "broken")
    assert recast("b", from_on=END, to_on=BEGIN, links=CESSION, spans=spans) == (["a", "b"], "broken")
    assert recast("b", from_on=BEGIN, to_on=END, links=CESSION, spans=spans) == (["b"], "whole")


def test_no_event_of_a_long_life_is_skipped() -> None:
    links = [Link("a", "b", D1, False), Link("a", "c", D2, True)]
    spans = {"a": Span(None, D2), "b": ALIVE, "c": Span(D2, None)}
    assert recast("a", from_on=BEGIN, to_on=END, links=links, spans=spans) == (["b", "c"], "broken")
    assert recast("a", from_on=D1, to_on=END, links=links, spans=spans) == (["c"], "whole")


def test_what_ends_without_heir_is_gone() -> None:
    spans = {"a": Span(None, D2), "b": Span(D2, None), "c": Span(D1, D3)}
    assert recast("a", from_on=BEGIN, to_on=END, links=[], spans=spans) == ([], "gone")
    assert recast("b", from_on=END, to_on=BEGIN, links=[], spans=spans) == ([], "gone")
    chain = [Link("a", "c", D2, True)]
    assert recast("a", from_on=BEGIN, to_on=END, links=chain, spans=spans) == ([], "gone")
    halves = [Link("a", "b", D2, False), Link("a", "c", D2, False)]
    assert recast("a", from_on=BEGIN, to_on=END, links=halves, spans=spans) == (["b"], "broken")


def test_sound_links_have_no_fault() -> None:
    spans = {"long-an": Span(None, REFORM), "tay-ninh": Span(None, REFORM), "tay-ninh-2025": Span(REFORM, None)}
    assert check(MERGER, spans) == []
    assert check(ABSORPTION, {"ha-noi": ALIVE, "ha-tay": Span(None, D2)}) == []
    assert check(CESSION, {"a": ALIVE, "b": ALIVE}) == []


@pytest.mark.parametrize(
    ("links", "fault"),
    [
        ([Link("old", "new", D2, True)] * 2, "old → new ngày 01/08/2008: ghi hai lần"),
        (
            [Link("old", "new", D2, True), Link("old", "other", D2, True)],
            "không thể chuyển toàn bộ khi có nhiều nơi nhận",
        ),
        ([Link("old", "new", D2, True), Link("old", "other", D2, False)], "không thể chuyển toàn bộ"),
        ([Link("old", "nobody", D2, True)], "không có nobody"),
        ([Link("old", "new", D3, True)], "old không tồn tại ngay trước ngày này"),
        ([Link("old", "new", D1, True)], "new không tồn tại vào ngày này"),
        ([Link("other", "new", D2, True)], "other đã chuyển toàn bộ nhưng vẫn còn tồn tại"),
        ([Link("old", "new", D2, True), Link("new", "other", D2, False)], "new vừa được lập vừa chuyển đi"),
    ],
)
def test_contradictions_are_named(links: list[Link[str]], fault: str) -> None:
    spans = {"old": Span(None, D2), "new": Span(D2, None), "other": ALIVE}
    assert any(fault in sentence for sentence in check(links, spans))


def shares(old: str, on: date, **parts: str) -> list[Link[str]]:
    return [Link(old, new, on, False, Decimal(share)) for new, share in parts.items()]


def placed(links: list[Link[str]], key: str, from_on: date, to_on: date) -> tuple[str, dict[str, str]]:
    placement = Succession(links).place(key, from_on=from_on, to_on=to_on)
    return placement.how, {target.key: str(target.weight) for target in placement.targets}


def test_known_shares_place_a_thing_in_several() -> None:
    links = shares("a", D1, b="0.3", c="0.7")
    assert placed(links, "a", BEGIN, END) == ("shared", {"b": "0.3", "c": "0.7"})
    assert placed(links, "b", END, BEGIN) == ("broken", {"a": "None"})
    assert Succession(links).recast("a", from_on=BEGIN, to_on=END) == (["b", "c"], "broken")
    assert Succession(links).place("a", from_on=BEGIN, to_on=END).steps == tuple(links)


def test_shares_multiply_on_the_way_and_add_where_parts_meet() -> None:
    links = [
        *shares("a", D1, b="0.3", c="0.7"),
        *shares("b", D2, d="0.5", e="0.5"),
        Link("c", "d", D2, True),
        Link("d", "f", D3, True),
        Link("e", "f", D3, True),
    ]
    assert placed(links, "a", BEGIN, D2) == ("shared", {"d": "0.85", "e": "0.15"})
    assert placed(links, "a", BEGIN, END) == ("shared", {"f": "1.00"})
    assert placed(links, "f", END, D2) == ("whole", {"d": "1", "e": "1"})


def test_many_thirds_still_add_to_one() -> None:
    third, rest = "0.333333333", "0.666666667"
    links = [
        link for n in range(30) for link in shares(f"k{n}", date(2001 + n, 1, 1), **{f"k{n + 1}": rest, f"o{n}": third})
    ]
    placement = Succession(links).place("k0", from_on=BEGIN, to_on=date(2040, 1, 1))
    assert placement.how == "shared"
    exact = [target.weight for target in placement.targets if target.weight is not None]
    assert len(exact) == 31
    assert sum(Fraction(weight) for weight in exact) == 1


@pytest.mark.parametrize(
    "links",
    [
        shares("a", D1, b="0.3", c="0.6"),
        [*shares("a", D1, b="0.3"), Link("a", "c", D1, False)],
        [*shares("a", D1, b="0.3"), Link("a", "c", D1, True)],
        shares("a", D1, b="1.5", c="-0.5"),
        shares("a", D1, b="0.3"),
        shares("a", D1, b="0.5", c="0.50000000000000000000000000000000000001"),
    ],
)
def test_shares_that_do_not_add_up_are_not_believed(links: list[Link[str]]) -> None:
    assert placed(links, "a", BEGIN, END)[0] == "broken"


def test_a_share_that_comes_to_an_end_breaks() -> None:
    spans = {"a": Span(None, D1), "b": Span(D1, None), "c": Span(D1, D2)}
    succession = Succession(shares("a", D1, b="0.3", c="0.7"), spans)
    assert succession.place("a", from_on=BEGIN, to_on=D1).how == "shared"
    assert succession.place("a", from_on=BEGIN, to_on=END) == Placement(
        "broken", (Target("b", None),), tuple(shares("a", D1, b="0.3", c="0.7"))
    )


def test_who_gives_a_share_and_lives_on_keeps_the_rest() -> None:
    links = shares("a", D1, a="0.8", b="0.2")
    assert check(links, {"a": ALIVE, "b": Span(D1, None)}) == []
    assert placed(links, "a", BEGIN, END) == ("shared", {"a": "0.8", "b": "0.2"})
    assert placed(links, "a", D1, END) == ("same", {"a": "1"})


@pytest.mark.parametrize(
    ("links", "fault"),
    [
        (shares("a", D1, b="0.3", c="0.6"), "a ngày 01/01/2004: tổng các tỷ lệ là 0,9, không bằng 1"),
        ([*shares("a", D1, b="0.3"), Link("a", "c", D1, False)], "chỉ một số nơi nhận có tỷ lệ"),
        (shares("a", D1, b="1.5", c="-0.5"), "tỷ lệ 1,5 phải lớn hơn 0, nhỏ hơn 1"),
        ([Link("a", "b", D1, True, Decimal("0.5"))], "tỷ lệ 0,5 phải lớn hơn 0, nhỏ hơn 1 và chỉ ghi khi"),
    ],
)
def test_wrong_shares_are_named(links: list[Link[str]], fault: str) -> None:
    spans = {"a": Span(None, D1), "b": Span(D1, None), "c": Span(D1, None)}
    assert any(fault in sentence for sentence in check(links, spans))


@st.composite
def merger_histories(draw: st.DrawFn) -> tuple[list[int], list[int], list[Link[int]], dict[int, Span]]:
    """First units, last units, whole mergers and absorptions between them, and everybody's life."""
    first = list(range(draw(st.integers(1, 8))))
    living, links, born, next_key = list(first), list[Link[int]](), dict.fromkeys(first, BEGIN), len(first)
    died: dict[int, date] = {}
    for year in range(2001, 2001 + draw(st.integers(0, 4))):
        on = date(year, 7, 1)
        groups: dict[int, list[int]] = {}
        for key in living:
            groups.setdefault(draw(st.integers(0, len(living) - 1)), []).append(key)
        living = []
        for group in groups.values():
            if len(group) == 1:
                living.append(group[0])
                continue
            absorbs = draw(st.booleans())
            target = group[0] if absorbs else next_key
            next_key += not absorbs
            born.setdefault(target, on)
            for key in group:
                if key != target:
                    links.append(Link(key, target, on, True))
                    died[key] = on
            living.append(target)
    spans = {key: Span(born[key], died.get(key)) for key in born}
    return first, living, links, spans


@given(merger_histories(), st.data())
def test_whole_mergers_preserve_totals_both_ways(
    history: tuple[list[int], list[int], list[Link[int]], dict[int, Span]], data: st.DataObject
) -> None:
    first, last, links, spans = history
    assert check(links, spans) == []
    succession = Succession(links, spans)
    values = {key: data.draw(st.integers(-1000, 1000)) for key in first}

    forward: Counter[int] = Counter()
    for key, value in values.items():
        heirs, state = succession.recast(key, from_on=BEGIN, to_on=END)
        assert state in ("same", "whole")
        assert len(heirs) == 1
        forward[heirs[0]] += value
    assert set(forward) == set(last)
    assert sum(forward.values()) == sum(values.values())

    used: list[int] = []
    for key in last:
        parts, state = succession.recast(key, from_on=END, to_on=BEGIN)
        assert state in ("same", "whole")
        assert sum(values[part] for part in parts) == forward[key]
        used.extend(parts)
    assert sorted(used) == first


@given(merger_histories(), st.integers(0, 2200))
def test_recasting_in_two_steps_is_recasting_at_once(
    history: tuple[list[int], list[int], list[Link[int]], dict[int, Span]], days: int
) -> None:
    first, last, links, spans = history
    succession, between = Succession(links, spans), BEGIN + timedelta(days=days)
    for start, target, keys in ((BEGIN, END, first), (END, BEGIN, last)):
        for key in keys:
            steps = [
                end
                for middle in succession.recast(key, from_on=start, to_on=between)[0]
                for end in succession.recast(middle, from_on=between, to_on=target)[0]
            ]
            assert sorted(steps) == sorted(succession.recast(key, from_on=start, to_on=target)[0])
