from datetime import date

import pytest

from giaoban.meetings.rules import Clear, Given, blocking, clears_of, part_letters

CLEARS = [
    Clear("what", "rõ việc"),
    Clear("leads", "rõ chủ trì"),
    Clear("helpers", "rõ phối hợp"),
    Clear("due_on", "rõ thời hạn"),
    Clear("product", "rõ sản phẩm"),
]
FULL = Given(
    what="Tham mưu",
    leads=15,
    helpers="Văn phòng",
    due_on=date(2026, 6, 30),
    product="Văn bản",
    by_secretary=frozenset(),
)


def states(given: Given) -> list[str]:
    return [lamp.state for lamp in clears_of(given, CLEARS)]


def test_every_clear_given_lights_every_lamp() -> None:
    assert states(FULL) == ["on"] * 5


def test_nothing_given_lights_none() -> None:
    assert states(Given()) == ["off"] * 5


def test_a_hint_in_the_source_is_half_and_says_what_it_is() -> None:
    lamps = clears_of(Given(what="Triển khai", leads_words="các phòng", due_words="quý II năm 2026"), CLEARS)
    assert [lamp.state for lamp in lamps] == ["on", "half", "off", "half", "off"]
    assert lamps[3].word == "chưa rõ thời hạn: mới có “quý II năm 2026”"
    assert lamps[4].word == "chưa rõ sản phẩm"


def test_what_the_secretary_filled_is_marked() -> None:
    given = Given(what="Việc", product="Văn bản", by_secretary=frozenset({"product"}))
    assert [lamp.key for lamp in clears_of(given, CLEARS) if lamp.by_secretary] == ["product"]


def test_the_list_of_clears_is_the_packs() -> None:
    assert [lamp.key for lamp in clears_of(FULL, CLEARS[:2])] == ["what", "leads"]
    unknown = clears_of(FULL, [Clear("budget", "rõ kinh phí")])
    assert (unknown[0].state, unknown[0].word) == ("off", "chưa rõ kinh phí: chưa có chỗ ghi")


def test_only_tasks_block_and_each_names_what_it_lacks() -> None:
    lacking = clears_of(Given(what="Triển khai", leads=1, helpers="Sở", due_on=date(2026, 6, 30)), CLEARS)
    found = blocking(
        [("1", True, clears_of(FULL, CLEARS)), ("2", True, lacking), ("3", False, clears_of(Given(), CLEARS))]
    )
    assert [one.words() for one in found] == ["đoạn 2 chưa rõ sản phẩm"]


def test_parts_of_a_paragraph() -> None:
    assert part_letters(2) == ["a", "b"]
    for wrong in (0, 1, 27):
        with pytest.raises(ValueError, match="2 to 26"):
            part_letters(wrong)
