"""Everything that an event is refused for, one by one: the place, the reason, and that nothing is planned."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from giaoban.core.events import (
    Abolish,
    AbolishLevel,
    ChangeKind,
    Create,
    Event,
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
    plan,
)
from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.tests.events_for_tests import A2, ADMIN, AREAS, EVE, LATER, REFORM, SECTOR, TREES, UNITS
from giaoban.core.timeline import TERRITORY, Fault, State, Timeline, Tree

EARLY = date(2020, 1, 1)


def above(parent: str, line: str = TERRITORY) -> tuple[tuple[str, str], ...]:
    return ((line, parent),)


def province(key: str, parent: str = "vn", code: str = "") -> NewThing:
    return NewThing(key, "province", f"Tỉnh {key}", code=code, parents=above(parent))


def refused(*steps: Step, on: date = REFORM, trees: dict[Tree, Timeline] = TREES) -> tuple[Fault, ...]:
    planned = plan(trees, Event(on, steps))
    assert planned.faults
    assert planned == Plan(faults=planned.faults)
    return planned.faults


def with_area(**states: tuple[State, ...]) -> dict[Tree, Timeline]:
    changed = {key.replace("_", "-"): own for key, own in states.items()}
    return {**TREES, "area": replace(AREAS, states={**AREAS.states, **changed})}


def lived(key: str, start: date | None, end: date | None) -> tuple[State, ...]:
    return (replace(AREAS.states[key][0], span=Span(start, end), known_on=None),)


HALF = Decimal("0.5")


@pytest.mark.parametrize(
    ("step", "code", "at", "sentence"),
    [
        # what the step says
        (Create("area", ()), "empty-step", "step 1", "chưa nêu địa bàn nào"),
        (Abolish("unit", ()), "empty-step", "step 1", "chưa nêu đơn vị nào"),
        (Rename("area", "a", ""), "no-name", "step 1", "chưa có tên"),
        (Rename("area", "a", "Tỉnh A"), "no-change", "event", "không làm thay đổi gì"),
        (Create("area", (replace(province("c"), key=""),)), "no-key", "step 1", "chưa có khóa định danh"),
        (Create("area", (replace(province("c"), name=""),)), "no-name", "c", "Địa bàn mới “c” chưa có tên"),
        (Create("area", (replace(province("c"), kind="sea"),)), "unknown-kind", "c", "không có loại “sea”"),
        (Create("area", (replace(province("c"), parents=above("vn", ADMIN)),)), "wrong-line", "c", "không theo tuyến"),
        (
            Create("area", (replace(province("c"), parents=above("vn") + above("a")),)),
            "two-parents",
            "c",
            "Tỉnh c có hai cấp trên trên cùng tuyến “territory”",
        ),
        (Move("area", "a", ADMIN, "vn"), "wrong-line", "a", "Tỉnh A: địa bàn chỉ có cấp trên theo lãnh thổ"),
        (Serve("area", "a", ("b",)), "wrong-tree", "a", "Chỉ đơn vị mới có địa bàn phục vụ"),
        (Serve("unit", "so-a", ("a", "z")), "unknown-area", "so-a", "Sở A: không có địa bàn “z” vào ngày 01/07/2025"),
        (ChangeKind("area", "a", "sea"), "unknown-kind", "a", "Tỉnh A: không có loại “sea”"),
        (Merge("area", ("a",), "a"), "merge-itself", "step 1", "Không thể nhập Tỉnh A vào chính nó"),
        (Merge("area", ("a", "a"), "b"), "ended-twice", "a", "Tỉnh A kết thúc hai lần"),
        (Abolish("area", ("a",), "follow"), "no-successor", "step 1", "không có địa bàn kế tục"),
        (AbolishLevel("area", ("district",), "follow"), "no-successor", "step 1", "không có địa bàn kế tục"),
        (AbolishLevel("area", ("ward",)), "nothing-of-kind", "step 1", "Không có địa bàn nào thuộc loại ward"),
        (Transfer("unit", "so-a", ("so-b",), " "), "no-duties", "so-a", "Chưa nêu nhiệm vụ nào của Sở A"),
        (Transfer("unit", "so-a", ("so-a",), "hộ tịch"), "heir-itself", "so-a", "Sở A không thể chuyển nhiệm vụ"),
        # shares
        (Split("area", "x1", (Part(province("n"), None),)), "split-one", "x1", "ít nhất hai phần"),
        (Split("area", "x1", (Part("x2"), Part("x2"))), "part-twice", "x1", "Xã Hai được ghi là nơi nhận hai lần"),
        (
            Split("area", "x1", (Part("x2", Decimal("0.3")), Part("x3", Decimal("0.6")))),
            "shares-sum",
            "x1",
            "Chia Xã Một: tổng các tỷ lệ là 0,9, không bằng 1. Sửa các tỷ lệ cho đủ 1.",
        ),
        (Split("area", "x1", (Part("x2", HALF), Part("x3"))), "shares-some", "x1", "chỉ một số phần có tỷ lệ"),
        (
            Split("area", "x1", (Part("x2", Decimal("1.5")), Part("x3", Decimal("-0.5")))),
            "share-range",
            "x1",
            "Tỷ lệ 1,5 của phần Xã Hai không hợp lệ",
        ),
        (
            Split("area", "a-d", (Part("b-d"), Part("isle")), {"x1": "b-d", "x2": "z"}),
            "not-a-part",
            "x2",
            "Xã Hai được chuyển về z, nhưng z không phải một phần của Huyện A",
        ),
        (
            Split("area", "a-d", (Part("b-d"), Part("a-d")), {"x3": "b-d"}),
            "not-a-child",
            "x3",
            "Xã Ba không trực thuộc Huyện A vào ngày 01/07/2025",
        ),
        (
            Split("area", "a-d", (Part("b-d"), Part("a-d")), {"z": "b-d"}),
            "unknown-key",
            "z",
            "mang khóa “z”",
        ),
        # classes
        (Merge("area", ("a", "a-d"), province("c")), "different-classes", "step 1", "Tỉnh A, Huyện A, Tỉnh c"),
        (Merge("unit", ("so-a", "phong-a"), "so-a"), "different-classes", "step 1", "đơn vị khác cấp, khác loại"),
        (Merge("area", ("isle",), "x1"), "different-classes", "step 1", "Huyện Đảo, Xã Một"),
        (Split("area", "x1", (Part("x2"), Part("a"))), "different-classes", "step 1", "Xã Một, Xã Hai, Tỉnh A"),
        # unknown keys
        (Rename("area", "z", "Z"), "unknown-key", "z", "Không có địa bàn nào mang khóa “z”"),
        (Rename("unit", "a", "Z"), "unknown-key", "a", "Không có đơn vị nào mang khóa “a”"),
        (Merge("area", ("a", "z"), province("c")), "unknown-key", "z", "mang khóa “z”"),
        (Merge("area", ("a", "z"), "z"), "unknown-key", "z", "mang khóa “z”"),
        (Merge("area", ("a",), "z"), "unknown-key", "z", "mang khóa “z”"),
        (Split("area", "z", (Part("a"), Part("b"))), "unknown-key", "z", "mang khóa “z”"),
        (Abolish("area", ("z",)), "unknown-key", "z", "mang khóa “z”"),
        (Transfer("unit", "z", ("so-a",), "hộ tịch"), "unknown-key", "z", "mang khóa “z”"),
        (Transfer("unit", "so-a", ("z",), "hộ tịch"), "unknown-key", "z", "mang khóa “z”"),
        (Move("area", "x1", TERRITORY, "z"), "unknown-parent", "x1", "khóa “z” để làm cấp trên của Xã Một"),
        (Create("area", (province("c", "z"),)), "unknown-parent", "c", "khóa “z” để làm cấp trên của Tỉnh c"),
        # keys and codes
        (Create("area", (province("a"),)), "key-used", "a", "Khóa “a” đã dùng cho Tỉnh A"),
        (Create("area", (province("c"), replace(province("c"), name="C"))), "defined-twice", "c", "mô tả hai lần"),
        (
            Create("area", (province("c", code="2"),)),
            "code-twice",
            "c",
            "Mã 2 được dùng cho cả Tỉnh B và Tỉnh c vào ngày 01/07/2025. Ghi mã khác cho một trong hai địa bàn.",
        ),
        (Recode("area", "x1", "102"), "code-twice", "x2", "Mã 102 được dùng cho cả Xã Một và Xã Hai"),
        (Create("area", (province("c", code="9"), province("d", code="9"))), "code-twice", "d", "Tỉnh c và Tỉnh d"),
        # the tree
        (Move("area", "vn", TERRITORY, "x1"), "cycle", "vn", "từ ngày 01/07/2025: Việt Nam → Xã Một → Huyện A → "),
        (Move("area", "a", TERRITORY, "a"), "cycle", "a", "vòng tròn theo tuyến “territory”"),
        (Create("area", (province("c", "d"), province("d", "c"))), "cycle", "c", "Tỉnh c → Tỉnh d → Tỉnh c"),
        (
            Abolish("area", ("a-d",)),
            "has-children",
            "a-d",
            "Không thể kết thúc Huyện A ngày 01/07/2025: còn 2 địa bàn trực thuộc (Xã Một, Xã Hai).",
        ),
        (Merge("area", ("a",), "b", "refuse"), "has-children", "a", "còn 1 địa bàn trực thuộc (Huyện A)"),
        (AbolishLevel("area", ("district",), "refuse"), "has-children", "b-d", "(Xã Ba)"),
        (Split("area", "a-d", (Part("b-d"), Part("isle"))), "has-children", "a-d", "(Xã Một, Xã Hai)"),
        (Split("area", "a-d", (Part("b-d"), Part("isle")), {"x1": "b-d"}), "has-children", "a-d", "(Xã Hai)"),
    ],
)
def test_what_one_step_is_refused_for(step: Step, code: str, at: str, sentence: str) -> None:
    found = [fault for fault in refused(step) if fault.code == code and fault.at == at]
    assert found
    assert sentence in found[0].sentence


@pytest.mark.parametrize(
    ("steps", "code", "sentence"),
    [
        ((Merge("area", ("a",), "b"), Abolish("area", ("a",), "up")), "ended-twice", "Tỉnh A kết thúc hai lần"),
        ((Split("area", "x1", (Part("x1"), Part("x2"))),) * 2, "ended-twice", "Xã Một kết thúc hai lần"),
        ((Merge("area", ("a",), "b"), Rename("area", "a", "Á")), "ended-and-changed", "Tỉnh A kết thúc ngày"),
        ((AbolishLevel("area", ("district",)), Rename("area", "isle", "Đ")), "ended-and-changed", "Huyện Đảo kết thúc"),
        ((Rename("area", "a", "Á"), ChangeKind("area", "a", "city", "À")), "set-twice", "Tỉnh A: tên được sửa hai lần"),
        ((Move("area", "a-d", TERRITORY, "b"),) * 2, "set-twice", "cấp trên theo tuyến “territory” được sửa hai lần"),
        ((Merge("area", ("a",), "b"), Merge("area", ("b",), A2)), "receiver-ended", "Tỉnh B kết thúc ngày 01/07/2025"),
        ((Create("area", (A2,)), Abolish("area", (A2.key,))), "created-and-ended", "vừa được lập vừa kết thúc"),
        (
            (Abolish("area", ("isle",)), Move("area", "x1", TERRITORY, "isle"), Move("area", "x2", TERRITORY, "isle")),
            "parent-missing",
            "Huyện Đảo không tồn tại vào ngày 01/07/2025 nên không thể là cấp trên của Xã",
        ),
        (
            (Merge("area", ("a",), "b"), Create("area", (province("c", "a"),))),
            "parent-missing",
            "Tỉnh A không tồn tại vào ngày 01/07/2025",
        ),
        (
            (Move("unit", "ubnd-a", ADMIN, "so-b"), Move("unit", "ubnd-b", ADMIN, "so-a")),
            "cycle",
            "UBND tỉnh B → Sở A → UBND tỉnh A",
        ),
        ((Merge("area", ("a",), "b"), Serve("unit", "so-b", ("a",))), "unknown-area", "không có địa bàn “Tỉnh A”"),
    ],
)
def test_what_steps_are_refused_for_together(steps: tuple[Step, ...], code: str, sentence: str) -> None:
    for order in (steps, steps[::-1]):
        assert any(fault.code == code and sentence in fault.sentence for fault in refused(*order))


def test_an_empty_event_is_refused() -> None:
    assert [fault.code for fault in refused()] == ["empty"]


ENDINGS: list[Step] = [
    Merge("area", ("isle",), "b-d"),
    Abolish("area", ("isle",)),
    Split("area", "isle", (Part("a-d"), Part("b-d"))),
]


@pytest.mark.parametrize("step", ENDINGS)
@pytest.mark.parametrize(
    ("start", "end", "code", "sentence"),
    [
        (LATER, None, "not-yet", "Huyện Đảo chưa tồn tại ngay trước ngày 01/07/2025 (tồn tại từ 01/03/2026)"),
        (REFORM, None, "not-yet", "chưa tồn tại ngay trước ngày 01/07/2025 (tồn tại từ 01/07/2025)"),
        (None, EARLY, "already-ended", "Huyện Đảo đã kết thúc ngày 01/01/2020"),
        (EARLY, REFORM, "already-ended", "Huyện Đảo đã kết thúc ngày 01/07/2025"),
        (EARLY, LATER, "changed-later", "Huyện Đảo đã có thay đổi ghi vào ngày 01/03/2026"),
    ],
)
def test_only_what_stands_can_end(step: Step, start: date | None, end: date | None, code: str, sentence: str) -> None:
    faults = refused(step, trees=with_area(isle=lived("isle", start, end)))
    assert [fault.code for fault in faults] == [code]
    assert sentence in faults[0].sentence


@pytest.mark.parametrize(
    "step", [Rename("area", "isle", "Đ"), Recode("area", "isle", "9"), Merge("area", ("b-d",), "isle")]
)
def test_only_what_is_there_can_change_or_receive(step: Step) -> None:
    faults = refused(step, trees=with_area(isle=lived("isle", LATER, None)))
    assert any(
        fault.sentence == "Huyện Đảo không tồn tại vào ngày 01/07/2025 (tồn tại từ 01/03/2026). Kiểm tra ngày hiệu lực."
        for fault in faults
    )


def test_a_gap_in_a_life_is_named() -> None:
    trees = with_area(isle=(*lived("isle", EARLY, EVE), *lived("isle", LATER, None)))
    assert (
        "Huyện Đảo không tồn tại vào ngày 01/07/2025 (tồn tại từ 01/01/2020)"
        in refused(ENDINGS[1], trees=trees)[0].sentence
    )


@pytest.mark.parametrize("step", ENDINGS)
@pytest.mark.parametrize("on", [REFORM, LATER])
def test_what_has_a_later_history_cannot_end_before_it(step: Step, on: date) -> None:
    for later in (Rename("area", "isle", "Huyện Biển"), Merge("area", ("b-d",), "isle")):
        trees = apply(TREES, plan(TREES, Event(on, (later,))))
        faults = [fault for fault in refused(step, trees=trees) if fault.at == "isle"]
        assert faults
        assert f"ghi vào ngày {on:%d/%m/%Y}" in faults[0].sentence


def test_a_thing_is_split_once_a_day() -> None:
    shed = Split("area", "isle", (Part("isle", HALF), Part("b-d", HALF)))
    trees = apply(TREES, plan(TREES, Event(REFORM, (shed,))))
    assert {fault.code for fault in refused(shed, trees=trees)} == {"changed-later", "link-twice"}


def test_duties_are_not_passed_where_figures_passed_already() -> None:
    trees = apply(TREES, plan(TREES, Event(REFORM, (Merge("unit", ("so-b",), "so-a"),))))
    faults = refused(Transfer("unit", "so-b", ("so-a",), "hộ tịch"), trees=trees)
    assert [fault.code for fault in faults] == ["link-twice"]


def test_duties_of_what_ended_long_ago_are_not_passed() -> None:
    trees = apply(TREES, plan(TREES, Event(REFORM, (Abolish("unit", ("khu-vuc",)),))))
    step = Transfer("unit", "khu-vuc", ("so-a",), "hộ tịch")
    assert not plan(trees, Event(REFORM, (step,))).faults
    assert [fault.code for fault in refused(step, on=LATER, trees=trees)] == ["not-living"]


def test_a_unit_does_not_go_on_serving_what_ends() -> None:
    serving = {**UNITS.states, "khu-vuc": (replace(UNITS.states["khu-vuc"][0], serves=("a", "b")),)}
    trees: dict[Tree, Timeline] = {**TREES, "unit": replace(UNITS, states=serving)}
    steps = Merge("area", ("a",), "b"), Serve("unit", "khu-vuc", ("a", "b", "vn"))
    assert [fault.code for fault in refused(*steps, trees=trees)] == ["unknown-area"]


def test_it_must_be_told_to_which_part_of_one_above_a_thing_goes() -> None:
    parts = tuple(Part(province(key)) for key in ("p1", "p2"))
    level = AbolishLevel("area", ("district",))
    assert [fault.at for fault in refused(Split("area", "b", parts), level)] == ["b-d"]
    planned = plan(TREES, Event(REFORM, (Split("area", "b", parts, {"b-d": "p1"}), level)))
    assert not planned.faults
    assert apply(TREES, planned)["area"].ancestors("x3", REFORM) == ("p1", "vn")


@pytest.mark.parametrize("step", [Abolish("area", ("x1",)), Rename("area", "x1", "Xã Khác"), Recode("area", "x1", "9")])
@pytest.mark.parametrize("on", [EARLY, EVE])
def test_nothing_is_told_about_days_before_a_thing_was_known(step: Step, on: date) -> None:
    faults = refused(step, on=on)
    assert [fault.code for fault in faults] == ["before-known"]
    assert "Xã Một chỉ được biết theo trạng thái ngày 30/06/2025" in faults[0].sentence


def test_a_child_does_not_outlive_its_parent() -> None:
    trees = with_area(isle=lived("isle", None, LATER))
    moves: list[Step] = [Move("area", key, TERRITORY, "isle") for key in ("x1", "x2")]
    assert [fault.sentence for fault in refused(*moves, trees=trees)] == [
        "Xã Một, Xã Hai còn tồn tại sau khi cấp trên Huyện Đảo kết thúc ngày 01/03/2026. "
        "Chọn cấp trên khác hoặc chuyển các địa bàn này trước ngày đó."
    ]


def test_an_area_lies_in_a_wider_one() -> None:
    (fault,) = refused(Create("area", (province("c", "x1"),)))
    assert (fault.code, fault.at) == ("parent-level", "x1")
    assert "Tỉnh c không thể trực thuộc Xã Một" in fault.sentence


@pytest.mark.parametrize("key", ["xa:a/b", "Xã", "xa a", ":a", "a" * 121])
def test_a_key_can_stand_in_an_address(key: str) -> None:
    assert "bad-key" in [fault.code for fault in refused(Create("area", (province(key, "vn"),)))]


def test_a_parent_is_there_from_the_first_day() -> None:
    faults = refused(Move("area", "x1", TERRITORY, "isle"), trees=with_area(isle=lived("isle", LATER, None)))
    assert [(fault.code, fault.at) for fault in faults] == [("parent-missing", "isle")]


def test_a_circle_that_would_only_come_later_is_found() -> None:
    later = apply(TREES, plan(TREES, Event(LATER, (Move("unit", "so-b", SECTOR, "so-a"),))))
    faults = refused(Move("unit", "so-a", SECTOR, "so-b"), trees=later)
    assert [fault.code for fault in faults] == ["cycle"]
    assert "từ ngày 01/03/2026: Sở A → Sở B → Sở A" in faults[0].sentence


def test_a_code_is_free_once_its_thing_has_ended() -> None:
    trees = apply(TREES, plan(TREES, Event(REFORM, (Abolish("area", ("isle",)),))))
    assert not plan(trees, Event(REFORM, (Recode("area", "a-d", "21"),))).faults
    assert [fault.code for fault in refused(Recode("area", "a-d", "21"), on=EVE, trees=trees)] == ["code-twice"]


def test_a_code_is_used_once_among_all_units() -> None:
    step = Recode("unit", "so-a", "S"), Recode("unit", "phong-a", "S")
    assert [fault.code for fault in refused(*step)] == ["code-twice"]


def test_two_states_on_record_for_one_day_are_named() -> None:
    twice = (*lived("isle", None, LATER), *lived("isle", REFORM, None))
    faults = refused(Rename("area", "isle", "Đ"), trees=with_area(isle=twice))
    assert "Huyện Đảo có hai trạng thái cùng ngày 01/07/2025" in next(
        fault.sentence for fault in faults if fault.code == "overlap"
    )


def test_a_link_on_record_is_not_written_again() -> None:
    units = replace(UNITS, links=(Link("so-a", "so-b", REFORM, whole=False),))
    faults = refused(Transfer("unit", "so-a", ("so-b",), "hộ tịch"), trees={**TREES, "unit": units})
    assert [fault.sentence for fault in faults] == [
        "Việc chuyển từ Sở A sang Sở B ngày 01/07/2025 đã được ghi. Bỏ nội dung này, hoặc hoàn tác lần trước."
    ]


def test_at_most_five_are_named_and_namesakes_with_their_keys() -> None:
    many = {f"m{n}": lived("x1", None, None) for n in range(7)}
    twin = (replace(AREAS.states["x3"][0], name="Xã Ba", parents=above("isle")),)
    trees = with_area(**{key: (replace(own[0], code="", parents=above("isle")),) for key, own in many.items()})
    faults = refused(Abolish("area", ("isle",)), trees=trees)
    names = "Xã Một (m0), Xã Một (m1), Xã Một (m2), Xã Một (m3), Xã Một (m4) và 2 địa bàn khác"
    assert f"còn 7 địa bàn trực thuộc ({names})" in faults[0].sentence
    faults = refused(Abolish("area", ("isle",)), trees=with_area(x3=twin))
    assert "còn 1 địa bàn trực thuộc (Xã Ba)" in faults[0].sentence


def test_every_fault_of_an_event_is_told_at_once() -> None:
    faults = refused(Merge("area", ("z", "x1"), A2), Rename("area", "y", "Y"), Recode("area", "a", "2"))
    assert {fault.code for fault in faults} == {"unknown-key", "different-classes", "code-twice"}
    assert {fault.at for fault in faults} >= {"z", "y"}
