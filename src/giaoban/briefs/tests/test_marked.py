"""The text of a section: its paragraphs, its marks, whose they are."""

from unicodedata import normalize

import pytest

from giaoban.briefs.rules import marked
from giaoban.briefs.rules.marked import Step, blocks_of


def test_lines_become_paragraphs_items_and_tables() -> None:
    blocks = blocks_of("Mở đầu.\n\n- Một việc\n| Đơn vị | Số |\n| Bắc | {{số 2: 5}} |\nKết.")
    assert [block.kind for block in blocks] == ["p", "li", "table", "p"]
    assert [len(row) for row in blocks[2].rows] == [2, 2]
    assert marked.plain_blocks("| a | {{số 2: 5}} |\n| b | c |") == ["a | 5\nb | c"]


@pytest.mark.parametrize(
    ("text", "kind", "numbers"),
    [
        ("{{số 3}}", "figure", (3,)),
        ("{{ Số 3 : 1.204 việc }}", "figure", (3,)),
        ("{{so 3/4}}", "change", (3, 4)),
        ("{{so 3 / 4: tăng 5 %}}", "change", (3, 4)),
        ("{{số 0}}", "broken", ()),
        ("{{số ba}}", "broken", ()),
        ("{{figure}}", "broken", ()),
    ],
)
def test_marks(text: str, kind: str, numbers: tuple[int, ...]) -> None:
    (piece,) = marked.pieces_of(text)
    assert (piece.kind, piece.numbers, piece.text) == (kind, numbers, text)


def test_decomposed_letters_are_read_as_marks_too() -> None:
    assert marked.numbers_in(marked.cleaned(normalize("NFD", "Có {{số 7}}."))) == {7}


def test_what_a_mark_shows_is_written_by_the_program() -> None:
    text = marked.refreshed(
        "Có {{số 1: 9}} và {{so 1/2}}, {{sai}}.", lambda piece: "7" if piece.kind == "figure" else None
    )
    assert text == "Có {{số 1: 7}} và {{so 1/2}}, {{sai}}."
    assert marked.refreshed(text, lambda _: None) == "Có {{số 1}} và {{so 1/2}}, {{sai}}."


def test_a_paragraph_keeps_whose_it_is_through_two_hands() -> None:
    (first,) = blocks_of("Khai sinh đúng hạn, {{số 4: 12}} việc.")
    once = marked.taken(first, Step(45, 3, 1), {4: 1})
    assert once == "{{từ 45@3.1}} Khai sinh đúng hạn, {{số 1: 12}} việc."
    (second,) = blocks_of(once)
    assert (second.origin, second.raw) == ((Step(45, 3, 1),), "Khai sinh đúng hạn, {{số 1: 12}} việc.")
    (third,) = blocks_of(marked.taken(second, Step(77, 2, 1), {1: 8}))
    assert third.origin == (Step(45, 3, 1), Step(77, 2, 1))
    assert marked.numbers_in(third.raw) == {8}


def test_a_table_that_was_taken_stays_one_table() -> None:
    (table,) = blocks_of("{{từ 4@1.1}} | a | b |\n| c | d |")
    assert (table.kind, len(table.rows), table.origin) == ("table", 2, (Step(4, 1, 1),))


def test_cleaning_keeps_words() -> None:
    assert marked.cleaned("a  \r\n\r\n\r\n\r\nb\tc\x00\n") == "a\n\nb c"
