"""Whatever happens to a tree, its figures add up, nothing is two things on one day and no child is left behind."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.core.events import (
    Abolish,
    AbolishLevel,
    Event,
    Merge,
    Move,
    NewThing,
    Part,
    Plan,
    Recode,
    Rename,
    Split,
    Step,
    Transfer,
    apply,
    from_data,
    plan,
    to_data,
)
from giaoban.core.spans import Span, overlaps_in
from giaoban.core.timeline import TERRITORY, State, Timeline, Tree

FIRST = date(2000, 1, 1)
SHARES = [("0.25", "0.75"), ("0.333333333", "0.666666667"), ("0.5", "0.5")]
CLASSES = {"nation": "0", "province": "1", "district": "2", "commune": "3", "ward": "3"}

Trees = dict[Tree, Timeline]


def thing(name: str, kind: str, *parents: tuple[str, str], code: str = "") -> State:
    return State(span=Span(None, None), kind=kind, name=name, code=code, parents=tuple(sorted(parents)))


@st.composite
def lands(draw: st.DrawFn) -> Timeline:
    """A nation of provinces, with districts or without, and their communes; as units, on a second line as well."""
    tree: Tree = draw(st.sampled_from(["area", "unit"]))
    line = TERRITORY if tree == "area" else "administrative"
    states = {"vn": (thing("VN", "nation"),)}
    for province in range(draw(st.integers(1, 3))):
        top = f"p{province}"
        states[top] = (thing(f"Tỉnh {province}", "province", (line, "vn"), code=f"{province}"),)
        for commune in range(draw(st.integers(0, 4))):
            above = top
            if draw(st.booleans()):
                above = f"d{province}"
                states[above] = (thing(f"Huyện {province}", "district", (line, top)),)
            key = f"{province}{commune}"
            second = [("professional", top)] if tree == "unit" and draw(st.booleans()) else []
            states[f"c{key}"] = (thing(f"Xã {key}", "commune", (line, above), *second, code=f"0{key}"),)
    return Timeline(tree, states, (), CLASSES)


@st.composite
def steps(draw: st.DrawFn, tree: Timeline, on: date, *, whole: bool) -> Step:
    """A step that may or may not be possible. whole: nothing is split or ends without heir."""
    which = tree.tree
    living = sorted(tree.living(on))
    one = draw(st.sampled_from(living))
    state = tree.state_on(one, on)
    assert state is not None
    peers = [key for key in living if (own := tree.state_on(key, on)) and own.kind == state.kind]
    new = NewThing(f"{one}@{on.year % 100}", state.kind, f"{state.name} mới", code=state.code, parents=state.parents)
    kinds = ["merge", "absorb", "rename", "recode", "move"]
    kind = draw(st.sampled_from(kinds if whole else [*kinds, "split", "shed", "abolish", "level", "transfer"]))
    others = draw(st.lists(st.sampled_from(peers), min_size=1, max_size=3, unique=True))
    shares = draw(st.sampled_from(SHARES))
    line = draw(st.sampled_from([TERRITORY] if which == "area" else ["administrative", "professional"]))
    match kind:
        case "merge":
            return Merge(which, tuple(dict.fromkeys([one, *others])), new)
        case "absorb":
            return Merge(which, tuple(others), one)
        case "rename":
            return Rename(which, one, f"{state.name}*")
        case "recode":
            return Recode(which, one, draw(st.sampled_from(["", "7", "8"])))
        case "move":
            return Move(which, one, line, draw(st.sampled_from(living)))
        case "split":
            parts = Part(new, Decimal(shares[0])), Part(others[0], Decimal(shares[1]))
            children = {child: others[0] for _, child in tree.children(one, on)}
            return Split(which, one, parts, children)
        case "shed":
            return Split(which, one, (Part(one, Decimal(shares[0])), Part(new, Decimal(shares[1]))))
        case "abolish":
            return Abolish(which, (one,), draw(st.sampled_from(["refuse", "up", "end"])))
        case "level":
            return AbolishLevel(which, (state.kind,))
        case _:
            return Transfer(which, one, tuple(others), "hộ tịch")


@st.composite
def histories(draw: st.DrawFn, *, whole: bool) -> tuple[list[Trees], list[date], list[Plan]]:
    """The tree before and after each event that was possible, the days in order, and the plans as they were made.

    Events are not always recorded in the order of their days.
    """
    first = draw(lands())
    trees: list[Trees] = [{first.tree: first}]
    days, plans = list[date](), list[Plan]()
    years = list(range(2001, 2001 + draw(st.integers(1, 6))))
    for year in draw(st.just(years) | st.permutations(years)):
        on = date(year, 7, 1)
        eve = trees[-1][first.tree]
        if not eve.living(on):
            continue
        taken = draw(st.lists(steps(eve, on, whole=whole), min_size=1, max_size=2))
        planned = plan(trees[-1], Event(on, tuple(taken)))
        if planned.faults:
            assert not planned.states
            assert not planned.links
            continue
        trees.append(apply(trees[-1], planned))
        days.append(on)
        plans.append(planned)
    return trees, sorted(days), plans


def moments(days: list[date]) -> list[date]:
    """Days between the events."""
    return [FIRST, *(date(on.year, 12, 31) for on in days)]


@settings(max_examples=60, deadline=None)
@given(histories(whole=False), st.data())
def test_figures_placed_in_a_later_tree_keep_their_total(
    history: tuple[list[Trees], list[date], list[Plan]], data: st.DataObject
) -> None:
    trees, days, _ = history
    (tree,) = trees[-1].values()
    ordered = moments(days)
    for place, reported in enumerate(ordered):
        figures = {key: data.draw(st.integers(-1000, 1000)) for key in tree.living(reported)}
        for later in ordered[place:]:
            with localcontext(prec=200):
                given_ = placed = Decimal(0)
                for key, figure in figures.items():
                    found = tree.succession.place(key, from_on=reported, to_on=later)
                    if found.how in ("gone", "broken"):
                        continue
                    given_ += figure
                    assert all(tree.state_on(target.key, later) for target in found.targets)
                    placed += sum((figure * target.weight for target in found.targets if target.weight), Decimal(0))
                assert placed == given_


@settings(max_examples=60, deadline=None)
@given(histories(whole=True), st.data())
def test_whole_changes_keep_every_total_both_ways(
    history: tuple[list[Trees], list[date], list[Plan]], data: st.DataObject
) -> None:
    trees, days, _ = history
    (tree,) = trees[-1].values()
    ordered = moments(days)
    for earlier, later in ((early, late) for place, early in enumerate(ordered) for late in ordered[place:]):
        figures = {key: data.draw(st.integers(-1000, 1000)) for key in tree.living(earlier)}
        forward: dict[str, int] = {}
        for key, figure in figures.items():
            found = tree.succession.place(key, from_on=earlier, to_on=later)
            assert found.how in ("same", "whole")
            forward[found.targets[0].key] = forward.get(found.targets[0].key, 0) + figure
        used: list[str] = []
        for key in tree.living(later):
            found = tree.succession.place(key, from_on=later, to_on=earlier)
            assert found.how in ("same", "whole")
            parts = [target.key for target in found.targets]
            assert sum(figures[part] for part in parts) == forward[key]
            used += parts
        assert sorted(used) == sorted(figures)
        assert sum(forward.values()) == sum(figures.values())


@settings(max_examples=60, deadline=None)
@given(histories(whole=False))
def test_no_sequence_of_events_leaves_two_states_or_a_lost_child(
    history: tuple[list[Trees], list[date], list[Plan]],
) -> None:
    trees, days, _ = history
    (tree,) = trees[-1].values()
    for own in tree.states.values():
        assert not overlaps_in([state.span for state in own])
        assert all(first.span.end == then.span.start for first, then in pairwise(own))
    for on in [*days, *moments(days)]:
        living = tree.living(on)
        group = tree.class_of if tree.tree == "area" else bool
        codes = [(group(state.kind), state.code) for state in living.values() if state.code]
        assert len(codes) == len(set(codes))
        for key, state in living.items():
            assert all(parent in living for _, parent in state.parents)
            assert all(key not in tree.ancestors(key, on, line) for line, _ in state.parents)


@settings(max_examples=60, deadline=None)
@given(histories(whole=False))
def test_putting_back_what_a_plan_touched_is_the_tree_before(
    history: tuple[list[Trees], list[date], list[Plan]],
) -> None:
    trees, _, plans = history
    for (before, after), planned in zip(pairwise(trees), plans, strict=True):
        (old,), (new,) = before.values(), after.values()
        states = {key: own for key, own in new.states.items() if (new.tree, key) not in planned.created}
        touched = {key: old.states[key] for _, key in planned.states if key in old.states}
        added = {link for _, link, _ in planned.links}
        links = tuple(link for link in new.links if link not in added)
        assert replace(new, states={**states, **touched}, links=links) == old


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_order_of_steps_does_not_matter_and_data_tell_the_same_event(data: st.DataObject) -> None:
    tree = data.draw(lands())
    on = date(2001, 7, 1)
    taken = data.draw(st.lists(steps(tree, on, whole=False), min_size=2, max_size=4))
    event = Event(on, tuple(taken))
    turned = Event(on, tuple(data.draw(st.permutations(taken))))
    one, other = plan({tree.tree: tree}, event), plan({tree.tree: tree}, turned)
    assert bool(one.faults) is bool(other.faults)
    assert one.states == other.states
    assert {link for _, link, _ in one.links} == {link for _, link, _ in other.links}
    assert from_data(json.loads(json.dumps(to_data(event)))) == event
