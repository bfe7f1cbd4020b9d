"""What differs between two versions."""

from hypothesis import given
from hypothesis import strategies as st

from giaoban.briefs.rules.diffs import compare, words


def test_changed_words_are_told_inside_their_paragraph() -> None:
    (line,) = compare(["Đã giải quyết 12 việc trong kỳ."], ["Đã giải quyết 14 việc trong kỳ."])
    assert line.op == "changed"
    assert [(run.op, run.text) for run in line.runs if run.op != "same"] == [("del", "12 "), ("ins", "14 ")]


def test_new_and_gone_paragraphs() -> None:
    lines = compare(["Mở đầu như cũ.", "Đoạn này bỏ đi."], ["Mở đầu như cũ.", "Một câu hoàn toàn khác, viết thêm."])
    assert [line.op for line in lines] == ["same", "ins", "del"]


PARAGRAPHS = st.lists(st.text("ab c.", max_size=12), max_size=6)


@given(PARAGRAPHS, PARAGRAPHS)
def test_both_versions_can_be_read_out_of_the_differences(before: list[str], after: list[str]) -> None:
    lines = compare(before, after)
    old = ["".join(run.text for run in line.before) for line in lines if line.op != "ins"]
    new = ["".join(run.text for run in line.after) for line in lines if line.op != "del"]
    assert ([text for text in old if text], [text for text in new if text]) == (
        [text for text in before if text],
        [text for text in after if text],
    )


@given(st.text("abc d", max_size=30), st.text("abc d", max_size=30))
def test_words_give_both_texts_back(before: str, after: str) -> None:
    runs = words(before, after)
    assert "".join(run.text for run in runs if run.op != "ins") == before
    assert "".join(run.text for run in runs if run.op != "del") == after
