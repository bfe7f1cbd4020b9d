from datetime import date
from decimal import Decimal

import pytest

from giaoban.briefs import sections
from giaoban.core.consolidation import CellTotal
from giaoban.core.forms import Column
from giaoban.tasks import selectors as tasks
from giaoban.tasks.tests import factories as people


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (None, "chưa có"),
        (CellTotal(missing=2), "chưa có"),
        (CellTotal(nil=2), "–0–"),
        (CellTotal(not_applicable=1), "×"),
        (CellTotal(blank=1), "trống"),
        (CellTotal(value=Decimal(0), reported=1), "0"),
        (CellTotal(value=Decimal(13086280), reported=34), "13.086.280"),
        (CellTotal(value=None, reported=2), "không cộng"),
    ],
)
def test_zero_nil_blank_and_missing_stay_apart_on_paper(cell: CellTotal | None, words: str) -> None:
    assert sections.cell_words(cell, 0) == words


def test_every_section_says_so_when_it_is_empty() -> None:
    for section in (
        sections.results_section([]),
        sections.reception_section([]),
        sections.watch_section([]),
        sections.open_tasks_section([], date(2026, 3, 21)),
        sections.draft_tasks_section([]),
    ):
        assert section["paragraphs"]
        assert section["tables"] == []


def test_a_count_differs_in_number_and_per_cent_and_a_rate_in_points() -> None:
    now, before = CellTotal(value=Decimal(120), reported=2), CellTotal(value=Decimal(100), reported=2)
    count, rate = Column(id="c1", label="Vụ"), Column(id="c2", label="Tỷ lệ", scale=2, roll_up="rate")
    assert sections._compared(now, before, count) == ["120", "100", "+20", "120,00 %"]
    assert sections._compared(now, before, rate)[2:] == ["+20,00 điểm", ""]
    assert sections._compared(now, CellTotal(value=Decimal(0), reported=1), count)[3] == "kỳ trước bằng 0"
    assert sections._compared(now, CellTotal(missing=1), count)[2:] == ["", ""]


@pytest.mark.django_db
def test_open_tasks_name_who_is_behind() -> None:
    held = people.tree()
    task = people.task(held)
    section = sections.open_tasks_section(tasks.cards_of([task], date(2026, 7, 1)), date(2026, 7, 1))
    assert section["paragraphs"] == [
        "Tính đến 01/07/2026: 1 nhiệm vụ còn phần việc chưa hoàn thành, 2 phần việc quá hạn."
    ]
    assert section["tables"][0]["rows"][0][2:4] == ["0/2", "Bắc, Nam"]


def test_a_draft_says_what_it_lacks() -> None:
    draft = sections.DraftTask("1", "nguyên văn", "", "", "", "quý II", "", ("chưa rõ sản phẩm",))
    row = sections.draft_tasks_section([draft])["tables"][0]["rows"][0]
    assert row == ["1", "nguyên văn", "…", "…", "quý II", "…", "chưa rõ sản phẩm"]
