import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from giaoban.core.events import (
    Abolish,
    AbolishLevel,
    ChangeKind,
    Children,
    Create,
    Event,
    EventError,
    Merge,
    Move,
    NewThing,
    Part,
    Plan,
    Recode,
    Rename,
    Serve,
    Split,
    Step,
    Transfer,
    apply,
    from_data,
    plan,
    to_data,
)
from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.tests.events_for_tests import A2, ADMIN, AREAS, EVE, LATER, REFORM, SECTOR, TREES, UNITS, unit
from giaoban.core.timeline import TERRITORY, Timeline, Tree


def made(*steps: Step, on: date = REFORM, trees: Mapping[Tree, Timeline] = TREES) -> Plan:
    planned = plan(trees, Event(on, steps))
    assert planned.faults == ()
    return planned


def after(*steps: Step, on: date = REFORM, trees: Mapping[Tree, Timeline] = TREES) -> dict[Tree, Timeline]:
    return apply(trees, made(*steps, on=on, trees=trees))


def parents_on(tree: Timeline, key: str, on: date) -> dict[str, str]:
    state = tree.state_on(key, on)
    assert state is not None
    return dict(state.parents)


def test_a_merger_ends_the_old_and_takes_their_children_along() -> None:
    planned = made(Merge("area", ("a", "b"), A2))
    assert planned.ended == (("area", "a"), ("area", "b"))
    assert planned.created == (("area", "a-2025"),)
    assert set(planned.moved) == {("area", "a-d"), ("area", "b-d"), ("area", "isle")}
    assert planned.links == (
        ("area", Link("a", "a-2025", REFORM, whole=True), "merge"),
        ("area", Link("b", "a-2025", REFORM, whole=True), "merge"),
    )
    assert "3 địa bàn trực thuộc chuyển theo nơi kế tục." in planned.notes
    tree = apply(TREES, planned)["area"]
    assert tree.state_on("a", EVE)
    assert not tree.state_on("a", REFORM)
    assert parents_on(tree, "a-d", EVE) == {TERRITORY: "a"}
    assert parents_on(tree, "a-d", REFORM) == {TERRITORY: "a-2025"}
    assert tree.states["x1"] is AREAS.states["x1"]


def test_units_of_areas_that_end_are_named() -> None:
    serving = {**UNITS.states, "khu-vuc": (replace(UNITS.states["khu-vuc"][0], serves=("a", "b")),)}
    notes = made(Merge("area", ("a", "b"), A2), trees={**TREES, "unit": replace(UNITS, states=serving)}).notes
    assert "4 đơn vị còn gắn với địa bàn kết thúc trong biến động này: UBND tỉnh A, UBND tỉnh B, Sở A, Sở B." in notes
    assert "1 đơn vị còn phục vụ địa bàn kết thúc trong biến động này: Phòng khu vực." in notes


@pytest.mark.parametrize("olds", [("a", "b"), ("b",)])
def test_who_absorbs_keeps_its_identity(olds: tuple[str, ...]) -> None:
    planned = made(Merge("area", olds, "a"), Rename("area", "a", "Tỉnh AB"))
    assert planned.ended == (("area", "b"),)
    assert planned.links == (("area", Link("b", "a", REFORM, whole=True), "absorb"),)
    assert planned.changed == (("area", "a"),)
    tree = apply(TREES, planned)["area"]
    assert [state.name for state in tree.states["a"]] == ["Tỉnh A", "Tỉnh AB"]
    assert tree.children("a", REFORM) == ((TERRITORY, "a-d"), (TERRITORY, "b-d"), (TERRITORY, "isle"))
    placement = tree.succession.place("a", from_on=REFORM, to_on=EVE)
    assert {target.key for target in placement.targets} == {"a", "b"}


def test_a_whole_reorganisation_is_one_event_in_any_order() -> None:
    steps = (
        Merge("area", ("a", "b"), A2),
        AbolishLevel("area", ("district",)),
        Merge("area", ("x1", "x2"), NewThing("x-new", "ward", "Phường Mới", "", "101", ((TERRITORY, "a-2025"),))),
        ChangeKind("area", "isle", "zone", "Đặc khu Đảo", code="900"),
    )
    planned = made(*steps)
    assert {key for _, key in planned.ended} == {"a", "b", "a-d", "b-d", "x1", "x2"}
    assert "Huyện Đảo chuyển sang cấp khác hoặc loại khác." in planned.notes
    tree = apply(TREES, planned)["area"]
    assert parents_on(tree, "x3", REFORM) == {TERRITORY: "a-2025"}
    assert parents_on(tree, "isle", REFORM) == {TERRITORY: "a-2025"}
    assert tree.states["x3"][0].known_on == EVE
    assert tree.states["x3"][1].known_on is None
    assert made(*steps[::-1]).states == planned.states


def test_a_level_ends_with_its_things_beneath_going_up_line_by_line() -> None:
    planned = made(AbolishLevel("unit", ("ubnd-huyen",)))
    tree = apply(TREES, planned)["unit"]
    assert parents_on(tree, "phong-a", REFORM) == {ADMIN: "ubnd-a", SECTOR: "so-a"}
    assert planned.notes == ("1 đơn vị trực thuộc chuyển lên cấp trên trực tiếp.",)


def test_a_child_without_anybody_above_on_the_line_loses_the_line() -> None:
    planned = made(Abolish("unit", ("bo",), "up"))
    tree = apply(TREES, planned)["unit"]
    assert parents_on(tree, "so-a", REFORM) == {ADMIN: "ubnd-a"}
    assert "3 đơn vị không còn cấp trên theo tuyến “professional”: Sở A, Sở B, Phòng khu vực." in planned.notes


def test_a_child_on_two_lines_ends_once() -> None:
    planned = made(Abolish("unit", ("ubnd-a",), "end"))
    assert [key for _, key in planned.ended] == ["ubnd-a", "so-a", "huyen-a", "phong-a"]


def test_a_new_thing_may_be_described_alike_wherever_it_receives() -> None:
    new = NewThing("n", "commune", "Xã Mới", parents=((TERRITORY, "a-d"),))
    planned = made(Merge("area", ("x1",), new), Split("area", "x2", (Part(new), Part("x3"))))
    assert planned.created == (("area", "n"),)
    assert [(link.old, link.new) for _, link, _ in planned.links] == [("x1", "n"), ("x2", "n"), ("x2", "x3")]


def test_children_may_end_too_all_the_way_down() -> None:
    planned = made(Abolish("unit", ("huyen-a",), "end"))
    assert planned.ended == (("unit", "huyen-a"), ("unit", "phong-a"))
    assert planned.links == ()
    assert made(Abolish("area", ("a",), "end")).notes[0] == "3 địa bàn trực thuộc kết thúc theo."


def test_a_child_that_is_moved_away_in_the_same_event_is_no_hindrance() -> None:
    planned = made(Move("area", "a-d", TERRITORY, "b"), Abolish("area", ("a",)))
    assert planned.ended == (("area", "a"),)
    assert planned.moved == (("area", "a-d"),)


def test_a_child_that_succeeds_its_parent_takes_its_place() -> None:
    trees: dict[Tree, Timeline] = {
        "unit": Timeline(
            "unit", {k: unit(k, "so", *p) for k, p in (("t", ()), ("p", [(ADMIN, "t")]), ("c", [(ADMIN, "p")]))}
        )
    }
    tree = after(Merge("unit", ("p",), "c"), trees=trees)["unit"]
    assert parents_on(tree, "c", REFORM) == {ADMIN: "t"}


def halves(**shares: str | None) -> tuple[Part, ...]:
    """x1 lives on with one part, new things get the others."""
    above = ((TERRITORY, "a-d"),)
    return tuple(
        Part(
            key if key == "x1" else NewThing(key, "commune", f"Xã {key}", parents=above),
            None if share is None else Decimal(share),
        )
        for key, share in shares.items()
    )


def test_a_split_with_shares_places_figures() -> None:
    planned = made(Split("area", "x1", halves(n1="0.4", n2="0.6")))
    assert planned.ended == (("area", "x1"),)
    assert [(link.new, link.share) for _, link, _ in planned.links] == [("n1", Decimal("0.4")), ("n2", Decimal("0.6"))]
    assert planned.notes == ()
    assert apply(TREES, planned)["area"].succession.place("x1", from_on=EVE, to_on=REFORM).how == "shared"


def test_a_split_without_shares_is_a_break_and_says_so() -> None:
    planned = made(Split("area", "x1", halves(n1=None, n2=None)))
    assert planned.notes == ("Chuỗi số liệu của Xã Một bị ngắt: chia không có tỷ lệ.",)
    assert apply(TREES, planned)["area"].succession.place("x1", from_on=EVE, to_on=REFORM).how == "broken"


def test_who_is_split_may_live_on_with_its_children() -> None:
    part = NewThing("a-new", "province", "Tỉnh Mới", parents=((TERRITORY, "vn"),))
    shares = Part("b", Decimal("0.7")), Part(part, Decimal("0.3"))
    planned = made(Split("area", "b", shares, {"isle": "a-new"}))
    assert planned.ended == ()
    assert ("area", Link("b", "b", REFORM, whole=False, share=Decimal("0.7")), "split") in planned.links
    tree = apply(TREES, planned)["area"]
    assert parents_on(tree, "isle", REFORM) == {TERRITORY: "a-new"}
    assert parents_on(tree, "b-d", REFORM) == {TERRITORY: "b"}
    assert tree.states["b"] == AREAS.states["b"]


def test_children_of_a_split_go_where_they_are_told() -> None:
    parts = tuple(Part(NewThing(key, "province", key, parents=((TERRITORY, "vn"),))) for key in ("p1", "p2"))
    tree = after(Split("area", "b", parts, {"isle": "p1", "b-d": "p2"}))["area"]
    assert [tree.ancestors(key, REFORM) for key in ("isle", "x3")] == [("p1", "vn"), ("b-d", "p2", "vn")]


def test_duties_pass_without_figures() -> None:
    planned = made(
        AbolishLevel("unit", ("ubnd-huyen",), "end"), Transfer("unit", "phong-a", ("so-a", "ubnd-a"), "hộ tịch")
    )
    assert [(link.old, link.new, link.whole, link.share, kind) for _, link, kind in planned.links] == [
        ("phong-a", "so-a", False, None, "transfer"),
        ("phong-a", "ubnd-a", False, None, "transfer"),
    ]
    tree = apply(TREES, planned)["unit"]
    assert tree.links == ()
    assert tree.succession.place("so-a", from_on=REFORM, to_on=EVE).how == "same"


def test_where_figures_pass_the_duties_need_no_link_of_their_own() -> None:
    planned = made(Transfer("unit", "so-b", ("so-a",), "hộ tịch"), Merge("unit", ("so-b",), "so-a"))
    assert [(link.new, kind) for _, link, kind in planned.links] == [("so-a", "absorb")]


def test_a_unit_serves_the_areas_it_is_given() -> None:
    planned = made(Create("area", (A2,)), Recode("area", "a", ""), Serve("unit", "khu-vuc", ("x2", "a-2025", "x2")))
    assert planned.states["unit", "khu-vuc"][1].serves == ("a-2025", "x2")
    assert planned.changed == (("area", "a"), ("unit", "khu-vuc"))


def test_two_provinces_change_their_type_under_the_same_code() -> None:
    on = date(2026, 9, 1)
    step = ChangeKind("area", "a", "city", "Thành phố A")
    tree = after(step, Rename("area", "b", "Tỉnh Bê"), on=on)["area"]
    kinds = [(state.kind, state.name, state.code) for state in tree.states["a"]]
    assert kinds == [("province", "Tỉnh A", "1"), ("city", "Thành phố A", "1")]
    assert tree.succession.place("a", from_on=EVE, to_on=on).how == "same"


def test_a_kind_may_change_alone() -> None:
    tree = after(ChangeKind("area", "a", "city"))["area"]
    assert tree.states["a"][1] == replace(tree.states["a"][0], span=Span(REFORM, None), kind="city")


def test_a_change_of_the_past_reaches_to_the_next_one_on_record() -> None:
    trees = after(Rename("area", "a", "Tỉnh Á"), on=LATER)
    planned = made(Rename("area", "a", "Tỉnh À"), trees=trees)
    assert [state.name for state in apply(trees, planned)["area"].states["a"]] == ["Tỉnh A", "Tỉnh À", "Tỉnh Á"]
    assert planned.notes == (
        "Tỉnh A còn thay đổi đã ghi từ ngày 01/03/2026: lần sửa này chỉ có hiệu lực đến hết ngày trước đó.",
    )


def test_a_change_reaches_on_through_later_changes_of_other_things() -> None:
    """A move is entered ahead, a rename today: the name stays when the move comes, and the other way round."""
    ahead = after(Move("unit", "so-a", ADMIN, "ubnd-b"), on=LATER)
    planned = made(Rename("unit", "so-a", "Sở Á"), trees=ahead)
    assert [(one.name, one.parent(ADMIN)) for one in apply(ahead, planned)["unit"].states["so-a"]] == [
        ("Sở A", "ubnd-a"),
        ("Sở Á", "ubnd-a"),
        ("Sở Á", "ubnd-b"),
    ]
    assert planned.notes == ()
    named = after(Rename("unit", "so-a", "Sở Á"), on=LATER)
    moved = apply(named, made(Move("unit", "so-a", ADMIN, "ubnd-b"), trees=named))["unit"].states["so-a"]
    assert [(one.name, one.parent(ADMIN)) for one in moved[1:]] == [("Sở A", "ubnd-b"), ("Sở Á", "ubnd-b")]
    assert moved[2].parent(SECTOR) == "bo"


def test_children_follow_in_their_later_states_too() -> None:
    trees = after(Rename("area", "a-d", "Huyện Á"), on=LATER)
    tree = after(Merge("area", ("a", "b"), A2), trees=trees)["area"]
    assert [(state.name, state.parent()) for state in tree.states["a-d"]] == [
        ("Huyện A", "a"),
        ("Huyện A", "a-2025"),
        ("Huyện Á", "a-2025"),
    ]


def test_a_second_event_of_one_day_changes_what_the_first_made() -> None:
    trees = after(Merge("area", ("a", "b"), A2))
    tree = after(Rename("area", "a-2025", "Tỉnh AB"), trees=trees)["area"]
    assert [(state.name, state.span) for state in tree.states["a-2025"]] == [("Tỉnh AB", Span(REFORM, None))]


def test_a_new_thing_may_take_over_the_code_of_one_that_ends_that_day() -> None:
    above = ((TERRITORY, "a-d"),)
    tree = after(Merge("area", ("x1", "x2"), NewThing("x9", "ward", "Phường Chín", "", "101", above)))["area"]
    assert [key for on in (EVE, REFORM) for key, state in tree.living(on).items() if state.code == "101"] == [
        "x1",
        "x9",
    ]


def test_codes_of_different_levels_do_not_meet() -> None:
    assert made(Recode("area", "x1", "1")).changed == (("area", "x1"),)


def test_a_tree_with_a_thing_under_two_lines_moves_on_one() -> None:
    tree = after(Move("unit", "phong-a", ADMIN, ""), Move("unit", "huyen-a", SECTOR, "so-a"))["unit"]
    assert parents_on(tree, "phong-a", REFORM) == {SECTOR: "so-a"}
    assert parents_on(tree, "huyen-a", REFORM) == {ADMIN: "ubnd-a", SECTOR: "so-a"}


def test_a_plan_leaves_the_timelines_alone() -> None:
    before = dict(AREAS.states)
    made(Merge("area", ("a", "b"), A2))
    assert AREAS.states == before
    assert AREAS.links == ()


def test_a_plan_with_faults_cannot_be_applied() -> None:
    with pytest.raises(ValueError, match="plan with faults"):
        apply(TREES, plan(TREES, Event(REFORM, ())))


EVERY_STEP: tuple[Step, ...] = (
    Create("unit", (NewThing("u", "so", "Sở", "S", "9", ((ADMIN, "x"), (SECTOR, "y")), "a", ("b", "c"), "nq", "ghi"),)),
    Rename("area", "a", "Tên", "Ngắn"),
    ChangeKind("area", "a", "city", "Tên"),
    Recode("area", "a", ""),
    Move("unit", "a", ADMIN, ""),
    Serve("unit", "a", ("x", "y")),
    Merge("area", ("a", "b"), "a", "up"),
    Merge("area", ("a", "b"), A2),
    Split("area", "a", (Part("a", Decimal("0.250")), Part(A2, Decimal("0.75"))), {"c": "a"}),
    Split("area", "a", (Part("b"), Part("c"))),
    Abolish("area", ("a",), "end"),
    AbolishLevel("area", ("district",)),
    Transfer("unit", "a", ("b",), "hộ tịch"),
)


def test_an_event_survives_the_way_through_json() -> None:
    event = Event(REFORM, EVERY_STEP)
    assert event.kind == "reorganise"
    assert from_data(json.loads(json.dumps(to_data(event)))) == event
    for step in EVERY_STEP:
        alone = Event(REFORM, (step,))
        assert alone.kind == step.slug
        assert from_data(json.loads(json.dumps(to_data(alone)))) == alone


def step(**values: Any) -> dict[str, Any]:
    return {"on": "2025-07-01", "steps": [values]}


def test_a_share_may_be_null() -> None:
    data = step(step="split", tree="area", old="a", parts=[{"into": "b", "share": None}, {"into": "c", "share": "0.5"}])
    assert from_data(data).steps == (Split("area", "a", (Part("b"), Part("c", Decimal("0.5")))),)


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ({"on": "1/7/2025", "steps": []}, "on", "không phải là ngày"),
        ({"on": 5, "steps": []}, "on", "Phải là chữ"),
        ({"on": "2025-07-01"}, "steps", "Thiếu danh sách"),
        ({"on": "2025-07-01", "steps": [], "by": "me"}, "event", "Không dùng đến: by"),
        ({"on": "2025-07-01", "steps": [], "kind": "merge"}, "kind", "không khớp"),
        ({"on": "2025-07-01", "steps": ["merge"]}, "steps[0]", "nhóm tên và giá trị"),
        (step(step="explode", tree="area"), "steps[0].step", "Không có loại nội dung “explode”"),
        (step(step="recode", tree="area", key="a"), "steps[0].code", "Thiếu"),
        (step(step="recode", tree="sea", key="a", code=""), "steps[0].tree", "chỉ nhận: area, unit"),
        (step(step="recode", tree="area", key="a", code="", colour="red"), "steps[0]", "colour"),
        (step(step="abolish", tree="area", keys="a"), "steps[0].keys", "danh sách"),
        (step(step="abolish", tree="area", keys=["a", 1]), "steps[0].keys[1]", "Phải là chữ"),
        (step(step="abolish", tree="area", keys=["a"], children="eat"), "steps[0].children", "chỉ nhận: follow"),
        (step(step="split", tree="area", old="a", parts=[], children="up"), "steps[0].children", "chỉ nhận: refuse"),
        (
            step(step="split", tree="area", old="a", parts=[{"into": "b", "share": "half"}]),
            "steps[0].parts[0].share",
            "không phải là tỷ lệ",
        ),
        (
            step(step="split", tree="area", old="a", parts=[{"into": "b", "share": "NaN"}]),
            "steps[0].parts[0].share",
            "không phải là tỷ lệ",
        ),
        (step(step="merge", tree="area", olds=["a"], into={"key": "b", "kind": "x"}), "steps[0].into.name", "Thiếu"),
        (
            step(step="create", tree="area", things=[{"key": "b", "kind": "x", "name": "B", "parents": [["l"]]}]),
            "steps[0].things[0].parents[0]",
            "Phải là một cặp",
        ),
    ],
)
def test_data_that_are_no_event_say_where_and_why(data: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(EventError) as refusal:
        from_data(data)
    assert refusal.value.path == path
    assert reason in refusal.value.reason


def named(**values: str) -> dict[str, Any]:
    return {"on": "2026-01-01", "steps": [{"step": "rename", "tree": "area", "key": "a", "name": "Tỉnh À"} | values]}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (named() | {"on": "0001-01-01"}, "on"),
        (named(name="x" * 201), "steps[0].name"),
        (named(name="Tỉnh\x00À"), "steps[0].name"),
        (named(short_name="y" * 201), "steps[0].short_name"),
    ],
)
def test_what_no_row_could_hold_is_refused_with_its_place(data: dict[str, Any], path: str) -> None:
    with pytest.raises(EventError) as refusal:
        from_data(data)
    assert refusal.value.path == path


def test_names_are_kept_composed_and_with_single_spaces() -> None:
    (step,) = from_data(named(name="  Tỉnh   A\u0300 ")).steps
    assert isinstance(step, Rename)
    assert step.name == "Tỉnh À"
    assert [fault.code for fault in plan(TREES, from_data(named(name="   "))).faults] == ["no-name"]


@pytest.mark.parametrize("children", ["follow", "up", "end"])
def test_a_merger_may_deal_with_its_children_in_every_way(children: Children) -> None:
    tree = after(Merge("area", ("a", "b"), A2, children))["area"]
    expected = {"follow": ("a-2025", "vn"), "up": ("vn",), "end": ()}
    assert tree.ancestors("a-d", REFORM) == expected[children]
