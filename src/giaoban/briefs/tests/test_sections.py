from datetime import date
from decimal import Decimal

import pytest

from giaoban.briefs import sections
from giaoban.core.consolidation import CellTotal
from giaoban.core.forms import Column
from giaoban.monitoring.selectors import FindingCard
from giaoban.orgs import selectors as orgs
from giaoban.tasks import selectors as tasks
from giaoban.tasks import services
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
        (CellTotal(value=Decimal(1000), estimate=Decimal(204), reported=2), "1.204 (gồm ước 204)"),
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
    assert sections._compared(now, CellTotal(value=Decimal(0), reported=1), count)[3] == "cùng kỳ bằng 0"
    assert sections._compared(now, CellTotal(missing=1), count)[2:] == ["", ""]


def test_a_table_with_an_estimated_part_says_how_to_read_it() -> None:
    assert sections._estimate_notes([["Phòng Bắc", "5"]]) == []
    assert sections._estimate_notes([["Phòng Bắc", "5 (gồm ước 2)"]]) == [sections.ESTIMATE_NOTE]


@pytest.mark.django_db
def test_simulated_tasks_and_findings_say_so_in_their_row() -> None:
    held = people.tree()
    real = people.task(held)
    made_up = people.task(held, title="Việc ví dụ", origin=people.origin("hai"), simulated_note="ví dụ")
    cards = tasks.cards_of([real, made_up], date(2026, 4, 1))
    titles = [row[0] for row in sections.open_tasks_section(cards, date(2026, 4, 1))["tables"][0]["rows"]]
    assert titles == ["Tham mưu về tổ chức cán bộ", "Việc ví dụ (số liệu mô phỏng)"]
    units = [finding(orgs.card(held.north, date(2026, 4, 1)), simulated=simulated) for simulated in (False, True)]
    named = [row[0] for row in sections.watch_section(units)["tables"][0]["rows"]]
    assert named == ["Phòng Bắc", "Phòng Bắc (số liệu mô phỏng)"]


def finding(unit: orgs.UnitCard, *, simulated: bool) -> FindingCard:
    return FindingCard(
        pk=1,
        unit=unit,
        kind="weak",
        kind_name="điểm yếu",
        state="confirmed",
        state_name="đã xác nhận",
        value=Decimal(70),
        reference=Decimal(80),
        rank=3,
        out_of=3,
        reason="thấp nhất",
        rule_name="Thấp nhất",
        indicator_name="Tỷ lệ",
        scale=0,
        unit_of_measure="%",
        period_id=1,
        period_label="Quý I/2026",
        watcher_id=1,
        judgement="",
        judged_by="",
        simulated=simulated,
    )


@pytest.mark.django_db
def test_open_tasks_show_the_deadlines_in_force() -> None:
    held = people.tree()
    task = people.task(held)
    share = tasks.shares_of(task)[0]
    services.move_deadline(
        share, due_on=date(2026, 7, 15), reason="Chờ", by=people.SYSTEM, at=people.moment(2026, 6, 27)
    )
    section = sections.open_tasks_section(tasks.cards_of([task], date(2026, 7, 1)), date(2026, 7, 1))
    assert section["tables"][0]["rows"][0][1] == "30/06/2026 đến 15/07/2026"


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
