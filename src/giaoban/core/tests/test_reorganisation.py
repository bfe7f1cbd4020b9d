"""A table against a small register: every kind of slip, its mends, and the event that remains. Names are made up."""

from datetime import date
from decimal import Decimal

import pytest

from giaoban.core.events import AbolishLevel, ChangeKind, Merge, NewThing, Recode, Rename, Split, Transfer, plan
from giaoban.core.reorganisation import (
    SLIP_KINDS,
    Change,
    Decision,
    Examination,
    Register,
    Row,
    Slip,
    TableError,
    event_of,
    examine,
    last_number,
    numbered,
    part_of,
    read_cells,
    read_csv,
    row_from_data,
    write_csv,
)
from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.timeline import TERRITORY, State, Timeline

ON = date(2025, 7, 1)
RENUMBERED = date(2024, 3, 1)
KINDS = {
    "nation": "quốc gia",
    "province": "tỉnh",
    "district": "huyện",
    "town": "thị xã",
    "commune": "xã",
    "ward": "phường",
}
LEVELS = {"nation": "0", "province": "1", "district": "2", "town": "2", "commune": "3", "ward": "3"}

Spec = tuple[str, str, str, str, str]
THINGS: tuple[Spec, ...] = (
    ("nation", "nation", "Nước Bạc", "", ""),
    ("north", "province", "Tỉnh Bắc Hà", "10", "nation"),
    ("south", "province", "Tỉnh Nam Hà", "20", "nation"),
    ("hoa", "district", "Huyện Đức Hòa", "101", "north"),
    ("bien", "town", "Thị xã Ven Biển", "102", "north"),
    ("nui", "district", "Huyện Sơn Núi", "201", "south"),
    ("tan-an", "commune", "Xã Tân An", "00101", "hoa"),
    ("tan-binh", "commune", "Xã Tân Bình", "00102", "hoa"),
    ("tan-chau", "commune", "Xã Tân Châu", "00103", "hoa"),
    ("cang", "ward", "Phường Cảng", "00201", "bien"),
    ("buom", "ward", "Phường Buồm", "00202", "bien"),
    ("tan-an-2", "commune", "Xã Tân An", "00301", "nui"),
    ("da", "commune", "Xã Đá Bạc", "00302", "nui"),
)


def state(kind: str, name: str, code: str, parent: str, start: date | None = None, end: date | None = None) -> State:
    parents = ((TERRITORY, parent),) if parent else ()
    return State(span=Span(start, end), kind=kind, name=name, code=code, parents=parents)


def timeline() -> Timeline:
    states: dict[str, tuple[State, ...]] = {
        key: (state(kind, name, code, parent),) for key, kind, name, code, parent in THINGS
    }
    states["da"] = (
        state("commune", "Xã Đá Bạc", "00392", "nui", None, RENUMBERED),
        state("commune", "Xã Đá Bạc", "00302", "nui", RENUMBERED),
    )
    states["cu"] = (state("ward", "Phường Cũ", "00299", "bien", None, RENUMBERED),)
    return Timeline("area", states, (Link("cu", "cang", RENUMBERED, True),), LEVELS)


def bare(name: str, kind: str) -> str:
    shared = name.casefold().startswith(f"{kind.casefold()} ")
    return name[len(kind) + 1 :] if shared else name


@pytest.fixture
def register() -> Register:
    return Register(timeline(), ON, KINDS, bare)


def row(number: int, old: str, new: str, part: str = "toàn bộ", **more: str) -> Row:
    return Row(number=number, old_code=old, new_code=new, part=part, **more)


MERGER = [
    row(2, "00101", "501", new_name="Xã Tân Lập", old_name="Xã Tân An", old_parent="Huyện Đức Hòa"),
    row(3, "00102", "501", new_name="Xã Tân Lập", old_name="Tân Bình", old_parent="Đức Hòa, Bắc Hà"),
]


def waiting(examined: Examination) -> list[str]:
    return [slip.kind for slip in examined.to_decide]


def only(examined: Examination, kind: str) -> Slip:
    found = [slip for slip in examined.slips if slip.kind == kind]
    assert len(found) == 1, [slip.sentence for slip in examined.slips]
    return found[0]


def choosing(rows: list[Row], slip: Slip, choice: str, before: tuple[Decision, ...] = ()) -> tuple[Decision, ...]:
    proposal = slip.proposal(choice)
    assert proposal is not None
    changes = numbered(proposal.changes, last_number(rows, before))
    made = Decision(slip.key, slip.kind, slip.rows, slip.sentence, proposal.words, changes, len(before) + 1)
    return (*before, made)


def mended(rows: list[Row], register: Register, kind: str, words: str) -> Examination:
    """The table once the slip of the kind is decided by the proposal whose words begin so."""
    slip = only(examine(rows, register), kind)
    choice = next((one.choice for one in slip.proposals if one.words.startswith(words)), None)
    assert choice is not None, [one.words for one in slip.proposals]
    return examine(rows, register, choosing(rows, slip, choice))


def test_a_sound_merger_becomes_one_event(register: Register) -> None:
    examined = examine(MERGER, register)
    assert waiting(examined) == []
    assert (examined.counts.whole, examined.counts.new, examined.counts.divided) == (2, 1, 0)
    event = event_of(examined)
    thing = NewThing("commune:501", "commune", "Xã Tân Lập", code="501", parents=((TERRITORY, "hoa"),))
    assert event.steps == (Merge("area", ("tan-an", "tan-binh"), thing),)
    planned = plan({"area": register.timeline}, event)
    assert not planned.faults
    note = only(examined, "not-mentioned")
    assert "Xã Tân Châu" in note.sentence
    assert note.severity == "note"


def test_an_unknown_code_offers_what_bears_the_name(register: Register) -> None:
    rows = [*MERGER, row(4, "00109", "501", old_name="Xã Tân Châu")]
    slip = only(examine(rows, register), "unknown-code")
    assert slip.rows == (4,)
    assert "00109" in slip.sentence
    assert "Dòng 4" in slip.sentence
    examined = mended(rows, register, "unknown-code", "Dùng mã 00103")
    assert waiting(examined) == []
    assert examined.counts.whole == 3
    assert len(mended(rows, register, "unknown-code", "Bỏ dòng 4").rows) == 2


@pytest.mark.parametrize(("code", "now"), [("00392", "00302"), ("00299", "00201")])
def test_a_code_of_an_earlier_year_offers_the_code_of_the_eve(register: Register, code: str, now: str) -> None:
    rows = [row(2, code, "501", new_name="Xã Mới", new_parent="10")]
    examined = mended(rows, register, "earlier-code", f"Dùng mã {now}")
    assert waiting(examined) == []
    assert examined.rows[0].old_code == now


def test_lost_zeros_are_named_and_not_put_back_silently(register: Register) -> None:
    rows = read_cells([["Mã cũ", "Mã mới", "Phần", "Tên mới"], [101.0, 501.0, "toàn bộ", "Xã Mới"]])
    assert rows[0].old_code == "101"  # a district bears 101: the table then mixes levels
    rows = [row(2, "102", "501"), row(3, "201", "501", old_name="Cảng")]
    kinds = {slip.kind for slip in examine(rows, register).slips}
    assert "name-differs" in kinds
    rows = [row(2, "302", "501", new_name="Xã Mới", old_name="Đá Bạc")]
    assert waiting(mended(rows, register, "lost-zeros", "Dùng mã 00302")) == []


def test_a_name_that_is_not_the_codes_leaves_both_ways_open(register: Register) -> None:
    rows = [row(2, "00101", "501", old_name="Xã Tân Châu", old_parent="Đức Hòa", new_name="Xã Mới")]
    slip = only(examine(rows, register), "name-differs")
    assert [one.words[:7] for one in slip.proposals] == ["Tin tên", "Tin mã:", "Bỏ dòng"]
    by_name = mended(rows, register, "name-differs", "Tin tên")
    assert by_name.rows[0].old_code == "00103"
    assert waiting(by_name) == []
    by_code = mended(rows, register, "name-differs", "Tin mã")
    assert by_code.rows[0].old_name == "Xã Tân An"
    assert waiting(by_code) == []


def test_a_commune_printed_under_another_province(register: Register) -> None:
    rows = [row(2, "00101", "501", old_name="Xã Tân An", old_parent="Tỉnh Nam Hà", new_name="Xã Mới")]
    slip = only(examine(rows, register), "parent-differs")
    assert "Tỉnh Nam Hà" in slip.sentence
    assert "Huyện Đức Hòa, Tỉnh Bắc Hà" in slip.sentence
    assert waiting(mended(rows, register, "parent-differs", "Tin mã")) == []
    other = mended(rows, register, "parent-differs", "Dùng mã 00301")
    assert waiting(other) == []
    assert other.facts.passes[0].old == "tan-an-2"


@pytest.mark.parametrize("other", ["Đức Hoà", "Đức Hoa", "Đức Hoàa"])
def test_one_district_spelled_two_ways(register: Register, other: str) -> None:
    rows = [
        row(2, "00101", "501", old_parent="Đức Hòa", new_name="Xã Mới"),
        row(3, "00102", "501", old_parent=f"huyện {other}"),
    ]
    slip = only(examine(rows, register), "two-spellings")
    assert slip.rows == (3,)
    assert f"huyện {other}" in slip.sentence
    right = mended(rows, register, "two-spellings", "Ghi “Đức Hòa”")
    assert waiting(right) == []
    assert right.rows[1].old_parent == "Đức Hòa"
    assert waiting(mended(rows, register, "two-spellings", "Để như bảng ghi")) == []


def test_the_same_pair_twice(register: Register) -> None:
    rows = [*MERGER, row(4, "00101", "501")]
    slip = only(examine(rows, register), "pair-twice")
    assert slip.rows == (2, 4)
    assert len(mended(rows, register, "pair-twice", "Giữ dòng 2").rows) == 2


def test_one_old_wholly_to_two(register: Register) -> None:
    rows = [*MERGER, row(4, "00101", "502", new_name="Xã Khác")]
    examined = mended(rows, register, "whole-to-several", "Chỉ dòng 2")
    assert waiting(examined) == []
    assert examined.counts.new == 1
    parts = mended(rows, register, "whole-to-several", "Ghi mọi dòng")
    assert parts.counts.divided == 1


def test_whole_and_part_mixed(register: Register) -> None:
    rows = [*MERGER, row(4, "00101", "502", "một phần", new_name="Xã Khác")]
    assert waiting(mended(rows, register, "whole-and-part", "Ghi mọi dòng là một phần")) == []


def test_shares_that_do_not_add_to_one(register: Register) -> None:
    rows = [
        row(2, "00101", "501", "0,35", new_name="Xã Mới"),
        row(3, "00101", "502", "60 %", new_name="Xã Khác"),
    ]
    slip = only(examine(rows, register), "shares-sum")
    assert "0,95" in slip.sentence
    rest = mended(rows, register, "shares-sum", "Phần còn lại ở nguyên")
    assert waiting(rest) == []
    split = next(step for step in event_of(rest).steps if isinstance(step, Split))
    assert [part.share for part in split.parts] == [Decimal("0.35"), Decimal("0.6"), Decimal("0.05")]
    assert split.parts[2].into == "tan-an"
    without = mended(rows, register, "shares-sum", "Bỏ tỷ lệ")
    assert [one.part.share for one in without.facts.passes] == [None, None]


def test_a_sum_that_only_rounding_missed(register: Register) -> None:
    rows = [
        row(2, "00101", "501", "0,333", new_name="Xã Mới"),
        row(3, "00101", "502", "0,666", new_name="Xã Khác"),
    ]
    examined = mended(rows, register, "shares-sum", "Sai số làm tròn")
    assert waiting(examined) == []
    assert examined.rows[1].part == "0,667"


def test_shares_for_some_parts_only(register: Register) -> None:
    rows = [
        row(2, "00101", "501", "0,35", new_name="Xã Mới"),
        row(3, "00101", "502", "một phần", new_name="Xã Khác"),
    ]
    assert waiting(mended(rows, register, "shares-for-some", "Dòng 3 nhận phần còn lại: 0,65")) == []


def test_a_part_whose_rest_is_not_told(register: Register) -> None:
    rows = [row(2, "00101", "501", "một phần", new_name="Xã Mới")]
    examined = mended(rows, register, "part-alone", "Phần còn lại ở nguyên")
    assert waiting(examined) == []
    assert not plan({"area": register.timeline}, event_of(examined)).faults
    assert mended(rows, register, "part-alone", "Chuyển toàn bộ").counts.whole == 1


@pytest.mark.parametrize("part", ["", "nhiều", "35", "1,5", "0"])
def test_a_part_that_cannot_be_read(register: Register, part: str) -> None:
    rows = [row(2, "00101", "501", part, new_name="Xã Mới")]
    assert waiting(mended(rows, register, "part-unread", "Toàn bộ")) == []


def test_a_new_code_that_lives_on(register: Register) -> None:
    rows = [row(2, "00101", "00103")]
    absorbs = mended(rows, register, "new-living", "Xã Tân Châu tồn tại tiếp")
    assert waiting(absorbs) == []
    assert event_of(absorbs).steps == (Merge("area", ("tan-an",), "tan-chau"),)
    joins = mended(rows, register, "new-living", "Xã Tân Châu cũng chuyển")
    assert waiting(joins) == ["new-unnamed"]
    assert joins.counts.whole == 2


def test_a_new_thing_may_take_the_code_of_an_old_one(register: Register) -> None:
    rows = [row(2, "00101", "00101", new_name="Xã Tân Lập"), row(3, "00102", "00101")]
    examined = examine(rows, register)
    assert waiting(examined) == []
    assert only(examined, "code-kept").severity == "note"
    assert examined.counts.new == 1
    kept = mended(rows, register, "code-kept", "Nơi đang mang mã tồn tại tiếp")
    assert event_of(kept).steps == (Merge("area", ("tan-binh",), "tan-an"), Rename("area", "tan-an", "Xã Tân Lập"))


def test_a_thing_alone_under_its_code_lives_on(register: Register) -> None:
    rows = [row(2, "00101", "00101", new_name="Phường Tân An", new_kind="phường")]
    assert event_of(examine(rows, register)).steps == (ChangeKind("area", "tan-an", "ward", "Phường Tân An"),)
    rows = [row(2, "00101", "777")]
    examined = examine(rows, register)
    assert event_of(examined).steps == (Recode("area", "tan-an", "777"),)
    assert only(examined, "code-kept").severity == "note"


def test_a_new_thing_without_a_name_or_with_an_unknown_kind(register: Register) -> None:
    rows = [row(2, "00101", "501"), row(3, "00102", "501")]
    examined = mended(rows, register, "new-unnamed", "Tên như nơi cũ: Xã Tân Bình")
    assert waiting(examined) == []
    rows = [row(2, "00101", "501", new_name="Tân Lập", new_kind="buôn"), row(3, "00102", "501")]
    examined = mended(rows, register, "new-kind", "Loại: xã")
    assert waiting(examined) == []
    merge = event_of(examined).steps[0]
    assert isinstance(merge, Merge)
    assert isinstance(merge.into, NewThing)
    assert merge.into.name == "Xã Tân Lập"


def test_one_new_code_with_two_names(register: Register) -> None:
    rows = [row(2, "00101", "501", new_name="Xã Tân Lập"), row(3, "00102", "501", new_name="Xã Tân Lạp")]
    assert waiting(mended(rows, register, "new-two-values", "Tên “Xã Tân Lập”")) == []


def test_a_new_parent_that_nobody_can_tell(register: Register) -> None:
    rows = [row(2, "00101", "501", new_name="Xã Mới"), row(3, "00302", "501")]
    slip = only(examine(rows, register), "new-parent")
    assert len(slip.proposals) == 2
    assert waiting(mended(rows, register, "new-parent", "Thuộc Huyện Sơn Núi")) == []
    rows = [row(2, "00101", "501", new_name="Xã Mới", new_parent="Tỉnh Tây Hà"), row(3, "00102", "501")]
    assert "Tỉnh Tây Hà" in only(examine(rows, register), "new-parent").sentence


def test_levels_do_not_merge(register: Register) -> None:
    rows = [row(2, "102", "501", new_name="Phường Ven Biển", new_parent="10")]
    examined = mended(rows, register, "levels", "Thị xã Ven Biển chấm dứt")
    assert waiting(examined) == []
    steps = event_of(examined).steps
    assert any(isinstance(step, Transfer) and step.heirs == ("ward:501",) for step in steps)
    assert not plan({"area": register.timeline}, event_of(examined)).faults


def test_a_district_may_live_on_as_a_commune_while_its_level_ends(register: Register) -> None:
    rows = [
        row(2, "102", "501", new_name="Phường Ven Biển", new_kind="phường", new_parent="10"),
        *(
            row(3 + at, code, f"50{above}", new_name="Xã Tân", new_kind="xã", new_parent=above)
            for at, (code, above) in enumerate((code, "20" if code.startswith("003") else "10") for code in CODES)
        ),
    ]
    slip = only(examine(rows, register), "levels")
    assert slip.proposals[0].words.startswith("Thị xã Ven Biển tồn tại tiếp")
    decisions = choosing(rows, slip, "1")
    empty = only(examine(rows, register, decisions), "left-empty")
    assert "cả cấp, 2 nơi" in empty.proposals[0].words
    examined = examine(rows, register, choosing(rows, empty, "1", decisions))
    key = examined.facts.targets["501"].key
    assert register.living[key].name == "Thị xã Ven Biển"
    event = event_of(examined)
    assert any(isinstance(step, AbolishLevel) for step in event.steps)
    assert any(isinstance(step, ChangeKind) and (step.key, step.kind) == (key, "ward") for step in event.steps)
    assert any(isinstance(step, Recode) and (step.key, step.code) == (key, "501") for step in event.steps)
    planned = plan({"area": register.timeline}, event)
    assert not planned.faults
    assert key not in {old for _, old in planned.ended}
    beside = row(90, "101", "501", new_name="Phường Ven Biển")
    slips = [slip for slip in examine([*rows, beside], register).slips if slip.kind == "levels"]
    assert len(slips) == 2
    assert all("tồn tại tiếp" not in one.words for slip in slips for one in slip.proposals)


def test_a_level_left_empty_may_be_abolished_as_one_step(register: Register) -> None:
    rows = [
        row(2, "10", "30", new_name="Tỉnh Hà"),
        row(3, "20", "30"),
        *(row(4 + at, code, "501", new_name="Xã Tân", new_parent="30") for at, code in enumerate(CODES)),
    ]
    slip = only(examine(rows, register), "left-empty")
    assert "3 nơi" in slip.sentence
    examined = mended(rows, register, "left-empty", "Cho chấm dứt cả cấp")
    assert waiting(examined) == []
    event = event_of(examined)
    assert AbolishLevel("area", ("district", "town"), "up") in event.steps
    planned = plan({"area": register.timeline}, event)
    assert not planned.faults
    assert len(planned.ended) == 12
    assert waiting(mended(rows, register, "left-empty", "Vẫn tồn tại")) == []


CODES = ("00101", "00102", "00103", "00201", "00202", "00301", "00302")


def test_rows_without_a_code(register: Register) -> None:
    rows = [row(2, "", "501", new_name="Xã Mới", old_name="Tân Bình")]
    assert waiting(mended(rows, register, "no-code", "Dùng mã 00102")) == []
    rows = [row(2, "00101", "")]
    examined = mended(rows, register, "no-code", "Chấm dứt")
    assert examined.counts.ended == 1


def test_a_code_of_two_things(register: Register) -> None:
    states = dict(register.timeline.states)
    states["hoa"] = (state("district", "Huyện Đức Hòa", "10", "north"),)
    twice = Register(Timeline("area", states, (), LEVELS), ON, KINDS, bare)
    rows = [row(2, "10", "30", new_name="Tỉnh Hà")]
    examined = mended(rows, twice, "shared-code", "Dùng mã north")
    assert examined.facts.passes[0].old == "north"


def test_every_slip_has_words_for_the_screen(register: Register) -> None:
    rows = [row(2, "99999", "501"), row(3, "00101", "00103"), row(4, "00102", "502", "x")]
    for slip in examine(rows, register).slips:
        assert slip.kind in SLIP_KINDS
        assert slip.sentence.endswith(".")
        assert slip.key == examine(rows, register).slip(slip.key).key  # type: ignore[union-attr]


def test_decisions_survive_being_kept_as_data_and_taking_one_back(register: Register) -> None:
    rows = [row(2, "00101", "501", "một phần", new_name="Xã Mới"), row(3, "00102", "502", "một phần", new_name="Xã B")]
    decisions: tuple[Decision, ...] = ()
    for slip in examine(rows, register).to_decide:
        decisions = choosing(rows, slip, "1", decisions)
    examined = examine(rows, register, decisions)
    assert waiting(examined) == []
    assert [one.number for one in examined.rows] == [2, 3, 4, 5]
    back = examine(rows, register, decisions[1:])
    assert waiting(back) == ["part-alone"]
    assert [one.number for one in back.rows] == [2, 3, 5]


# The file


def test_a_table_is_read_with_vietnamese_headers_in_any_order() -> None:
    text = (
        "\ufeffGhi chú;PHẦN;Mã mới;Mã cũ;Thuộc (cũ);Không dùng\n ;toàn bộ;501;00101;Đức  Hòa;x\n\n;35 %;501;00102;;\n"
    )
    rows = read_csv(text.encode())
    assert rows == [
        row(2, "00101", "501", old_parent="Đức Hòa"),
        row(4, "00102", "501", "35 %"),
    ]
    assert part_of("35 %") == part_of("0,35") == part_of("0.35")


def test_what_was_written_is_read_again() -> None:
    again = read_csv(write_csv(MERGER).encode())
    assert [one.with_values({}) for one in again] == MERGER
    assert [row_from_data(one.to_data()) for one in MERGER] == MERGER


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Tệp trống"),
        (b"\n\n", "Tệp trống"),
        ("mã cũ,mã mới,phần\n".encode(), "chỉ có dòng tiêu đề"),
        (b"a,b\n1,2\n", "thiếu cột “Mã cũ”, “Mã mới”, “Phần”"),
        ("mã cũ,mã mới,phần,mã cũ\n1,2,3,4\n".encode(), "có hai lần"),
        ("mã cũ,mã mới,phần\nmột,2,toàn bộ\n".encode("utf-16"), "UTF-8"),
        (b"PK\x00\x00", "không phải là văn bản"),
        ('mã cũ,mã mới,phần\n"1,2,3\n'.encode(), "nháy kép"),
        (f"mã cũ,mã mới,phần\n1,2,{'x' * 500}\n".encode(), "dài hơn"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(content: bytes, words: str) -> None:
    with pytest.raises(TableError) as refused:
        read_csv(content)
    assert words in refused.value.sentence


def test_no_event_while_something_is_undecided(register: Register) -> None:
    with pytest.raises(ValueError, match="undecided"):
        event_of(examine([row(2, "99999", "501")], register))


def test_a_value_that_mends_nothing_is_asked_for_again(register: Register) -> None:
    rows = [row(2, "99999", "501", new_name="Xã Tân Lập", old_name="Xã Tân An", old_parent="Huyện Đức Hòa"), MERGER[1]]
    slip = next(one for one in examine(rows, register).to_decide if "old_code" in one.asks)
    same = Change(rows=slip.rows, values={"old_code": "99999"})
    made = Decision(slip.key, slip.kind, slip.rows, slip.sentence, "99999", (same,), 1)
    assert slip.kind in waiting(examine(rows, register, (made,)))
