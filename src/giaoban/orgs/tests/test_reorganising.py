"""A reorganisation from a table: kept, decided, applied whole or not at all; and the real one of two provinces."""

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from django.core.exceptions import PermissionDenied

from giaoban.kit.acts import acts_on
from giaoban.kit.jobs import run_pending
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.models import (
    Area,
    AreaSuccession,
    AreaVersion,
    Event,
    EventState,
    ImportState,
    ReorganisationImport,
    UnitVersion,
)
from giaoban.orgs.selectors import reorganising as held
from giaoban.orgs.services import EventRefused, reorganising, undo
from giaoban.orgs.services.reorganising import ImportRefused
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, ON, SYSTEM, Land, land

pytestmark = pytest.mark.django_db

MERGER = "Mã cũ,Tên cũ,Mã mới,Tên mới,Phần\n0001,Xã A,0009,Phường E,toàn bộ\n0002,Xã B,0009,Phường E,toàn bộ\n"
LATER = "Mã cũ,Mã mới,Phần,Tên mới\n0001,0008,toàn bộ,Xã Sau\n0003,0008,toàn bộ,Xã Sau\n"
SLIPPED = f"{MERGER}0033,Xã C,0009,Phường E,toàn bộ\n"


@pytest.fixture
def here() -> Land:
    return land()


def opened(here: Land, text: str = MERGER, **more: Any) -> ReorganisationImport:
    words: dict[str, Any] = {
        "unit_id": here.province.pk,
        "on": ON,
        "title": "Sắp xếp xã",
        "basis": "Nghị quyết 1",
        "basis_on": date(2026, 6, 1),
        "reason": "sắp xếp lại",
        "by": SYSTEM,
        "at": AT,
    }
    return reorganising.open_import(text.encode(), "bang.csv", **{**words, **more})


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Area, AreaVersion, AreaSuccession, UnitVersion, Event))


def test_a_table_becomes_one_event_with_the_bodies_and_can_be_undone(here: Land) -> None:
    before = counts()
    row = opened(here)
    assert counts() == before
    shown = reorganising.preview_import(row, by=SYSTEM, at=AT)
    assert not shown.faults
    assert counts() == before
    event = reorganising.apply_import(row.pk, by=SYSTEM, at=AT)
    row.refresh_from_db()
    assert (row.state, row.event, event.state) == (ImportState.APPLIED, event, EventState.IN_FORCE)
    made = AreaVersion.objects.get(name="Phường E")
    assert (made.code, made.parent, made.valid_from) == ("0009", here.areas["p"], ON)
    assert UnitVersion.objects.filter(area=made.area, kind__key="ubnd-xa").count() == 1
    assert set(AreaSuccession.objects.values_list("old__key", "whole")) == {("xa:a", True), ("xa:b", True)}
    undo(event, reason="nhập nhầm", by=SYSTEM, at=AT)
    assert not AreaVersion.objects.filter(name="Phường E").exists()
    with pytest.raises(ImportRefused, match="đã áp dụng"):
        reorganising.apply_import(row.pk, by=SYSTEM, at=AT)


def test_nothing_is_applied_or_mended_while_a_slip_waits(here: Land) -> None:
    row, before = opened(here, SLIPPED), counts()
    for attempt in (reorganising.apply_import, reorganising.ask_to_apply):
        with pytest.raises(ImportRefused):
            attempt(row.pk, by=here.admin(here.province) if attempt is reorganising.ask_to_apply else SYSTEM, at=AT)
    with pytest.raises(ImportRefused, match="Còn 1 chỗ phải quyết định"):
        reorganising.preview_import(row, by=SYSTEM, at=AT)
    assert counts() == before
    assert held.examination_of(row).rows[2].old_code == "0033"


def test_a_decision_is_kept_with_who_and_when_and_can_be_taken_back(here: Land) -> None:
    row, by = opened(here, SLIPPED), here.admin(here.province)
    slip = held.examination_of(row).to_decide[0]
    assert slip.proposals[0].words == "Dùng mã 0003: Xã C (Tỉnh Mẫu)"
    reorganising.decide(row.pk, slip.key, choice="1", by=by, at=AT)
    row.refresh_from_db()
    decision = held.decisions_of(row)[0]
    assert (decision.by, decision.at) == (by.name, "01/07/2026 09:00")
    assert acts_on(row)[0].name == "orgs.decide-slip"
    assert held.examination_of(row).counts.whole == 3
    with pytest.raises(ImportRefused, match="không còn"):
        reorganising.decide(row.pk, slip.key, choice="1", by=by, at=AT)
    row = reorganising.take_back(row.pk, slip.key, by=by, at=AT)
    assert [one.kind for one in held.examination_of(row).to_decide] == ["unknown-code"]
    with pytest.raises(ImportRefused, match="Chọn một cách"):
        reorganising.decide(row.pk, slip.key, choice="77", by=by, at=AT)


def test_a_person_may_write_what_no_proposal_says(here: Land) -> None:
    row = opened(here, "Mã cũ,Mã mới,Phần\n0077,0009,toàn bộ\n0001,0009,toàn bộ\n")
    slip = next(one for one in held.examination_of(row).to_decide if one.kind == "unknown-code")
    reorganising.decide(row.pk, slip.key, values={"old_code": "0004", "part": "một phần"}, by=SYSTEM, at=AT)
    row.refresh_from_db()
    assert next((one.old_code, one.part) for one in held.examination_of(row).rows) == ("0004", "toàn bộ")


def test_all_of_a_kind_is_one_act(here: Land) -> None:
    row = opened(here, f"{SLIPPED}0044,Xã D,0009,Phường E,toàn bộ\n")
    assert reorganising.decide_all(row.pk, "unknown-code", by=SYSTEM, at=AT) == 2
    row.refresh_from_db()
    assert all(one.together for one in held.decisions_of(row))
    assert Act.objects.filter(name="orgs.decide-slips-of-kind").count() == 1
    assert held.examination_of(row).counts.whole == 4
    with pytest.raises(ImportRefused):
        reorganising.decide_all(row.pk, "unknown-code", by=SYSTEM, at=AT)


def test_a_fault_of_the_event_leaves_nothing_half_applied(here: Land) -> None:
    row = opened(here, on=date(2026, 6, 15))
    reorganising.apply_import(opened(here, LATER).pk, by=SYSTEM, at=AT)
    before = counts()
    with pytest.raises(EventRefused, match="Xã A"):
        reorganising.apply_import(row.pk, by=SYSTEM, at=AT)
    assert counts() == before
    row.refresh_from_db()
    assert row.state == ImportState.EXAMINED


@pytest.mark.django_db(transaction=True)
def test_the_job_applies_or_keeps_why_it_could_not(here: Land) -> None:
    by = here.admin(here.province)
    row = opened(here)
    reorganising.ask_to_apply(row.pk, by=by, at=AT)
    assert held.applying(row).work == "waiting"
    run_pending()
    row.refresh_from_db()
    assert row.state == ImportState.APPLIED
    assert held.applying(row) == held.Applying("none")
    bad = opened(here, on=date(2026, 6, 15))
    reorganising.ask_to_apply(bad.pk, by=by, at=AT)
    run_pending()
    bad.refresh_from_db()
    assert bad.state == ImportState.EXAMINED
    assert held.applying(bad).refusal


def test_only_those_who_may_change_units_of_the_unit(here: Land) -> None:
    stranger = factories.actor("stranger", here.room, Role.ADMINISTRATOR)
    with pytest.raises(PermissionDenied):
        opened(here, by=stranger)
    row = opened(here, SLIPPED)
    assert list(held.imports_for(stranger)) == []
    assert list(held.imports_for(here.admin(here.province))) == [row]
    for refused in (
        lambda: reorganising.decide_all(row.pk, "unknown-code", by=stranger, at=AT),
        lambda: reorganising.drop(row.pk, by=stranger, at=AT),
        lambda: reorganising.apply_import(row.pk, by=stranger, at=AT),
    ):
        with pytest.raises(PermissionDenied):
            refused()


def test_a_dropped_table_stays_readable_and_closed(here: Land) -> None:
    row = reorganising.drop(opened(here).pk, by=SYSTEM, at=AT)
    assert held.examination_of(row).counts.rows == 2
    with pytest.raises(ImportRefused, match="đã bỏ"):
        reorganising.apply_import(row.pk, by=SYSTEM, at=AT)


# Files


def workbook(*rows: tuple[object, ...]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, cells in enumerate(rows):
            sheet.write_row(at, 0, cells)
    return out.getvalue()


def test_a_workbook_is_read_like_a_csv_and_lost_zeros_are_slips(here: Land) -> None:
    rows = reorganising.read_table(workbook(("Mã cũ", "Mã mới", "Phần"), ("0001", "0009", "toàn bộ"), (2, 9, 0.35)))
    assert [(one.old_code, one.new_code, one.part) for one in rows] == [
        ("0001", "0009", "toàn bộ"),
        ("2", "9", "0.35"),
    ]


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"PK\x03\x04" + bytes(2000), b"x" * (11 * 2**20)])
def test_a_broken_file_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(ImportRefused) as refused:
        reorganising.read_table(content)
    assert refused.value.sentence.endswith(".")


def test_a_workbook_with_a_cell_far_away_is_refused_with_what_to_do() -> None:
    header = ("Mã cũ", "Mã mới", "Phần", *[""] * 200, "xa")
    with pytest.raises(ImportRefused, match="Lưu bảng thành CSV UTF-8 rồi tải lại"):
        reorganising.read_table(workbook(header, ("0001", "0009", "toàn bộ")))


def test_ten_thousand_rows_are_read(here: Land) -> None:
    lines = "".join(f"{code:05},{90000 + code // 3},toàn bộ\n" for code in range(12_000))
    assert len(reorganising.read_table(f"Mã cũ,Mã mới,Phần\n{lines}".encode())) == 12_000
