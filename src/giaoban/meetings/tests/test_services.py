from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string

from giaoban.briefs import selectors as briefs
from giaoban.briefs.tests.factories import templates
from giaoban.briefs.uses import book_users
from giaoban.kit.acts import acts_on
from giaoban.kit.jobs import run_pending
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.meetings import offers, selectors, services
from giaoban.meetings.models import Meeting, MeetingState, Paragraph, ParagraphKind
from giaoban.meetings.tests import factories
from giaoban.reporting import selectors as figures
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import figures_for
from giaoban.tasks import selectors as tasks
from giaoban.tasks import services as task_services
from giaoban.tasks.models import Task
from giaoban.tasks.tests import factories as people
from giaoban.tasks.tests.factories import SYSTEM, Tree, moment

pytestmark = pytest.mark.django_db

TEXT = "các phòng tham mưu, đề xuất về tổ chức cán bộ, trang thiết bị, kinh phí"


@pytest.fixture
def held() -> Tree:
    factories.words()
    return people.tree()


def record(meeting: Any, kind: str = "task", text: str = TEXT, **more: Any) -> Paragraph:
    return services.record_paragraph(meeting, text=text, kind=kind, by=SYSTEM, at=moment(2026, 3, 21, 12), **more)


def test_a_meeting_needs_a_known_type_a_chair_and_the_right(held: Tree) -> None:
    with pytest.raises(services.MeetingRefused, match="loại cuộc họp"):
        factories.meeting(held, type="khong-co")
    with pytest.raises(services.MeetingRefused, match="người chủ trì"):
        factories.meeting(held, chair_name=" ")
    with pytest.raises(PermissionDenied, match="chuẩn bị cuộc họp của Sở Thử nghiệm"):
        factories.meeting(held, by=people.actor(held.north, Role.SECRETARY))
    assert factories.meeting(held, by=people.actor(held.office, Role.SECRETARY)).state == MeetingState.PREPARING
    with pytest.raises(services.MeetingRefused, match="Đã có cuộc họp"):
        factories.meeting(held)
    assert factories.meeting(held, key="").key == "2026-03-21-hoi-nghi-so-ket-quy-i"
    assert factories.meeting(held, key="").key == "2026-03-21-hoi-nghi-so-ket-quy-i-2"


def test_participants_come_once_and_the_absent_are_named(held: Tree) -> None:
    meeting = factories.meeting(held)
    for _ in range(2):
        services.add_participants(
            meeting,
            unit_ids=[held.north, held.south],
            labels=["đại diện lãnh đạo các phòng", ""],
            by=SYSTEM,
            at=moment(2026, 3, 12),
        )
    north, south, group = selectors.participants_of(meeting)
    assert (north.label, south.label, group.unit) == ("Phòng Bắc", "Phòng Nam", None)
    services.record_attendance(
        meeting, present=[north.pk, group.pk], absent=[south.pk], by=SYSTEM, at=moment(2026, 3, 21)
    )
    assert [one.attendance for one in selectors.participants_of(meeting)] == ["present", "absent", "present"]


def test_the_agenda_grows_out_of_open_matters_once_each(held: Tree) -> None:
    period = factories.period()
    north, _ = factories.asked(held, period)
    reporting.save_draft(north, figures={"own/total//c1": "5", "own/total//c2": "7"}, by=SYSTEM, at=moment(2026, 3, 19))
    reporting.submit_draft(north, by=SYSTEM, at=moment(2026, 3, 19))
    people.task(held, at=moment(2026, 1, 5), due_on=date(2026, 3, 1))
    meeting = factories.meeting(held, period_id=period.pk)
    services.add_agenda_item(meeting, title="Ý kiến khác", by=SYSTEM, at=moment(2026, 3, 12))
    record(meeting, what="Dự thảo việc mới")
    for _ in range(2):
        items = services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    assert [item.title for item in items] == [
        "Báo cáo Quân số: 1/2 đơn vị đã gửi, 1 chưa có, 1 muộn",
        "Nhiệm vụ: Tham mưu về tổ chức cán bộ (0/2 hoàn thành, 2 quá hạn)",
        "Dự thảo nhiệm vụ: Dự thảo việc mới",
        "Ý kiến khác",
    ]
    assert items[0].about == "chưa có: Nam; muộn: Bắc"
    assert "Bắc" not in "".join(item.title for item in items)


def test_simulated_matters_say_so_in_a_real_meeting(held: Tree) -> None:
    period = factories.period()
    factories.asked(held, period, simulated=True)
    people.task(held, at=moment(2026, 1, 5), due_on=date(2026, 3, 1))
    made_up = {"title": "Việc ví dụ", "origin": people.origin("hai"), "simulated_note": "ví dụ"}
    people.task(held, at=moment(2026, 1, 5), due_on=date(2026, 3, 2), **made_up)
    meeting = factories.meeting(held, period_id=period.pk)
    items = services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    assert [item.simulated for item in items] == [True, False, True]
    book = services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    assert book.simulated
    assert book.content["simulated_note"] == "số liệu của: Quân số. nhiệm vụ: Việc ví dụ."
    _, late, _, given, _ = book.content["sections"]
    assert late["lists"][0]["items"][0] == "Phòng Bắc (quá 7 ngày) (số liệu mô phỏng)"
    assert [row[0] for row in given["tables"][0]["rows"]] == [
        "Tham mưu về tổ chức cán bộ",
        "Việc ví dụ (số liệu mô phỏng)",
    ]


def test_the_agenda_speaks_of_the_deadline_in_force(held: Tree) -> None:
    task = people.task(held, at=moment(2026, 1, 5), due_on=date(2026, 4, 1), unit_ids=[held.north])
    share = tasks.shares_of(task)[0]
    task_services.move_deadline(share, due_on=date(2026, 5, 1), reason="Chờ", by=SYSTEM, at=moment(2026, 3, 1))
    items = services.build_agenda(factories.meeting(held), by=SYSTEM, at=moment(2026, 3, 20))
    assert [item.title for item in items] == [
        "Nhiệm vụ: Tham mưu về tổ chức cán bộ (0/1 hoàn thành, hạn 01/05/2026 (đã đổi))"
    ]


def test_the_panel_of_a_unit_labels_simulated_meetings(held: Tree) -> None:
    factories.meeting(held)
    factories.meeting(held, key="vi-du", simulated_note="lời kết luận là ví dụ.")
    panel = offers.panel(SYSTEM, held.office, date(2026, 3, 22))
    assert panel is not None
    assert panel.context["simulated_note"] == "cuộc họp ví dụ: lời kết luận là ví dụ."
    assert render_to_string(panel.template, panel.context).count("gb-sim-tag") == 1


def test_an_attachment_keeps_the_name_it_was_handed_in_with(held: Tree) -> None:
    meeting = factories.meeting(held)
    given: dict[str, Any] = {"title": "Giấy mời", "content": b"nhu nhau", "by": SYSTEM, "at": moment(2026, 3, 12)}
    one = services.attach_file(meeting, media_type="text/plain", filename="mot.txt", **given)
    two = services.attach_file(meeting, media_type="application/pdf", filename="hai.pdf", **given)
    assert one.blob_id == two.blob_id
    assert (two.filename, two.media_type) == ("hai.pdf", "application/pdf")


def test_a_closed_matter_leaves_the_agenda_and_an_open_one_comes_back_at_the_next_meeting(held: Tree) -> None:
    task = people.task(held, at=moment(2026, 1, 5), due_on=date(2026, 3, 1))
    meeting = factories.meeting(held)
    assert len(services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 12))) == 1
    for share in tasks.shares_of(task)[:1]:
        task_services.report_progress(
            share, note="Xong", product="Văn bản", done=True, by=SYSTEM, at=moment(2026, 3, 2)
        )
        task_services.verify(share, by=SYSTEM, at=moment(2026, 3, 3))
    later = factories.meeting(held, key="quy-ii", held_on=date(2026, 6, 20))
    again = services.build_agenda(later, by=SYSTEM, at=moment(2026, 6, 10))
    assert [item.title for item in again] == ["Nhiệm vụ: Tham mưu về tổ chức cán bộ (1/2 hoàn thành, 1 quá hạn)"]
    last = task.units.filter(unit_id=held.south).first()
    assert last is not None
    task_services.report_progress(last, note="Xong", product="Văn bản", done=True, by=SYSTEM, at=moment(2026, 6, 11))
    task_services.verify(last, by=SYSTEM, at=moment(2026, 6, 11))
    assert services.build_agenda(later, by=SYSTEM, at=moment(2026, 6, 12)) == []


def test_no_conclusion_while_a_lamp_is_red(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    first, second = record(meeting), record(meeting)
    record(meeting, kind="orientation", text="tiếp tục phát huy tinh thần trách nhiệm")
    factories.fill(first, [held.north, held.south])
    factories.fill(second, [], due_on=None, product="", due_words="quý II", leads_words="các phòng")
    with pytest.raises(services.ConclusionRefused) as refusal:
        services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    assert [one.label for one in refusal.value.blocking] == ["2"]
    assert str(refusal.value) == (
        "Chưa ban hành được: đoạn 2 chưa rõ chủ trì: mới có “các phòng”, chưa rõ thời hạn: mới có “quý II”, "
        "chưa rõ sản phẩm. Bổ sung, hoặc chuyển thành định hướng kèm lý do."
    )
    assert not Task.objects.exists()
    assert selectors.notice_of(meeting) is None


def test_only_measurable_paragraphs_become_tasks_and_keep_their_source(held: Tree) -> None:
    meeting = factories.held_meeting(held, simulated_note="hạn và sản phẩm là ví dụ")
    one = record(meeting)
    record(meeting, kind="orientation", text="tiếp tục thực hiện chủ trương")
    record(meeting, kind="agreement", text="cơ bản nhất trí với phương hướng")
    factories.fill(one, [held.north, held.south], filled_by_secretary=["product", "helpers", "khong-co"])
    notice = services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15), signer="Ông Chủ Trì")
    task = Task.objects.get()
    assert (task.origin_key, task.source_text) == ("meeting:so-ket:1", TEXT)
    assert task.origin_label == "Kết luận Hội nghị sơ kết quý I ngày 21/03/2026, đoạn 1"
    assert sorted(task.units.values_list("unit_id", flat=True)) == sorted([held.north, held.south])
    assert task.simulated_note == "hạn và sản phẩm là ví dụ"
    assert meeting.state == MeetingState.CONCLUDED
    content = notice.content
    assert (content["number"], content["date"], content["signer"]["title"]) == (None, None, "Giám đốc")
    assert [len(paragraph["assignments"]) for paragraph in content["paragraphs"]] == [2, 0, 0]
    assert content["closing"] == "Thư ký bổ sung, không có trong lời kết luận: đoạn 1 (rõ phối hợp, rõ sản phẩm)."
    with pytest.raises(services.MeetingRefused, match="rồi"):
        services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 16))


def test_only_the_chair_side_concludes(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    record(meeting, kind="agreement")
    for unit_id, role in ((held.office, Role.SECRETARY), (held.north, Role.HEAD), (held.root, Role.HEAD)):
        with pytest.raises(PermissionDenied, match="kết luận cuộc họp của Sở Thử nghiệm"):
            services.issue_notice(meeting, by=people.actor(unit_id, role), at=moment(2026, 3, 21, 15))
    chair = people.actor(held.office, Role.HEAD)
    assert services.issue_notice(meeting, by=chair, at=moment(2026, 3, 21, 15)).pk


def test_nothing_is_issued_before_the_meeting_or_without_words(held: Tree) -> None:
    meeting = factories.meeting(held)
    with pytest.raises(services.MeetingRefused, match="chưa diễn ra"):
        services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    services.hold(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    with pytest.raises(services.MeetingRefused, match="Chưa có đoạn"):
        services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21))


def test_a_refused_task_undoes_the_whole_conclusion(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one, two = record(meeting), record(meeting)
    factories.fill(one, [held.north])
    factories.fill(two, [held.south])
    Paragraph.objects.filter(pk=two.pk).update(due_on=date(2026, 3, 20))
    with pytest.raises(services.MeetingRefused, match="Đoạn 2: Hạn"):
        services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    assert not Task.objects.exists()
    assert selectors.notice_of(meeting) is None
    assert not Act.objects.filter(name__in=["meetings.conclude", "tasks.assign"]).exists()


def test_one_paragraph_two_matters_keep_the_words(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    record(meeting)
    double = record(meeting, text="kiểm soát thủ tục, theo dõi thi hành")
    factories.fill(double, [held.north], what="Hai việc")
    parts = services.split_paragraph(
        double, parts=["Kiểm soát thủ tục", "Theo dõi thi hành"], by=SYSTEM, at=moment(2026, 3, 21, 14)
    )
    assert [(one.label, one.what, one.text) for one in parts] == [
        ("2a", "Kiểm soát thủ tục", "kiểm soát thủ tục, theo dõi thi hành"),
        ("2b", "Theo dõi thi hành", "kiểm soát thủ tục, theo dõi thi hành"),
    ]
    assert [card.leads_names for card in selectors.paragraphs_of(meeting)][1:] == ["Phòng Bắc", "Phòng Bắc"]
    assert services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15)) == "tách đoạn 2"
    assert [(card.label, card.what) for card in selectors.paragraphs_of(meeting)] == [("1", ""), ("2", "Hai việc")]


def test_a_kind_changes_with_a_reason_and_back(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one = record(meeting)
    with pytest.raises(services.MeetingRefused, match="lý do"):
        services.change_kind(one, kind="orientation", reason="", by=SYSTEM, at=moment(2026, 3, 21, 13))
    services.change_kind(one, kind="orientation", reason="Không có sản phẩm", by=SYSTEM, at=moment(2026, 3, 21, 13))
    card = selectors.paragraphs_of(meeting)[0]
    assert (card.kind, card.kind_reason) == (ParagraphKind.ORIENTATION, "Không có sản phẩm")
    services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 14))
    assert selectors.paragraphs_of(meeting)[0].kind == ParagraphKind.TASK


def test_a_second_click_is_refused_in_words(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one = record(meeting)
    stale, gone = Paragraph.objects.get(pk=one.pk), record(meeting)
    at = moment(2026, 3, 21, 14)
    services.change_kind(one, kind="orientation", reason="Không có sản phẩm", by=SYSTEM, at=at)
    with pytest.raises(services.MeetingRefused, match="đã là định hướng rồi"):
        services.change_kind(stale, kind="orientation", reason="Không có sản phẩm", by=SYSTEM, at=at)
    services.split_paragraph(one, parts=["Một", "Hai"], by=SYSTEM, at=at)
    with pytest.raises(services.MeetingRefused, match="Đoạn 1a đã được tách"):
        services.split_paragraph(stale, parts=["Một", "Hai"], by=SYSTEM, at=at)
    with pytest.raises(services.MeetingRefused, match="nhiều nhất 26"):
        services.split_paragraph(gone, parts=["Việc"] * 27, by=SYSTEM, at=at)
    for _ in range(3):
        services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    with pytest.raises(services.MeetingRefused, match="không còn nữa"):
        services.split_paragraph(gone, parts=["Một", "Hai"], by=SYSTEM, at=moment(2026, 3, 21, 16))


def test_a_book_is_not_frozen_by_whoever_still_sees_the_meeting_open(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    stale = Meeting.objects.get(pk=meeting.pk)
    record(meeting, kind="agreement")
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    with pytest.raises(services.MeetingRefused, match="giữ nguyên"):
        services.prepare_book(stale, by=SYSTEM, at=moment(2026, 3, 21, 16))
    assert briefs.latest_book(meeting.key) is None


def test_leads_are_units_that_the_person_sees_or_that_take_part(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one, secretary = record(meeting), people.actor(held.office, Role.SECRETARY)
    with pytest.raises(services.MeetingRefused, match="ngoài phạm vi"):
        factories.fill(one, [held.north, held.stranger], by=secretary)
    assert selectors.paragraphs_of(meeting)[0].leads == ()
    services.add_participants(meeting, unit_ids=[held.stranger], by=SYSTEM, at=moment(2026, 3, 21, 12))
    factories.fill(one, [held.north, held.stranger], by=secretary)
    assert len(selectors.paragraphs_of(meeting)[0].leads) == 2


def test_a_deadline_before_the_day_of_issuing_is_warned_of(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    factories.fill(record(meeting), [held.north], due_on=date(2026, 3, 30))
    for on, said in ((date(2026, 3, 30), ""), (date(2026, 4, 2), "hạn 30/03/2026 ở trước ngày ban hành 02/04/2026")):
        lamps = {lamp.key: lamp for lamp in selectors.paragraphs_of(meeting, on)[0].lamps}
        assert (lamps["due_on"].warning, lamps["due_on"].lit) == (said, True)
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 25))
    assert not any(lamp.warning for lamp in selectors.paragraphs_of(meeting, date(2026, 4, 2))[0].lamps)


def test_undo_goes_back_step_by_step_to_nothing(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one = record(meeting)
    factories.fill(one, [held.north], at=moment(2026, 3, 21, 13))
    factories.fill(one, [held.north, held.south], product="Tờ trình", at=moment(2026, 3, 21, 14))
    services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    card = selectors.paragraphs_of(meeting)[0]
    assert (card.product, [unit.name for unit in card.leads]) == ("Văn bản đề xuất", ["Phòng Bắc"])
    services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    assert selectors.paragraphs_of(meeting)[0].leads == ()
    assert services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15)) == "ghi đoạn 1"
    with pytest.raises(services.MeetingRefused, match="Không còn thay đổi"):
        services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    assert [entry.name for entry in acts_on(meeting)][:3] == ["meetings.undo"] * 3


def test_nothing_changes_after_the_conclusion(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    one = record(meeting, kind="agreement")
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    with pytest.raises(services.MeetingRefused, match="đã ban hành kết luận"):
        record(meeting)
    with pytest.raises(services.MeetingRefused, match="đã ban hành kết luận"):
        services.change_kind(one, kind="task", reason="Đổi", by=SYSTEM, at=moment(2026, 3, 22))
    with pytest.raises(services.MeetingRefused, match="đã ban hành kết luận"):
        services.undo(meeting, by=SYSTEM, at=moment(2026, 3, 22))
    with pytest.raises(services.MeetingRefused, match="giữ nguyên"):
        services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 22))


def test_the_notice_is_printed_and_completed_later(held: Tree) -> None:
    templates()
    meeting = factories.held_meeting(held)
    one = record(meeting)
    factories.fill(one, [held.north, held.south])
    notice = services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    services.render_notice(notice.pk)
    notice.refresh_from_db()
    assert notice.pdf is not None and bytes(notice.pdf.content).startswith(b"%PDF")
    assert notice.docx is not None
    before = notice.pdf_id
    services.complete_notice(
        notice, number="12", dated_on=date(2026, 3, 25), signer="Người Ký Thay", by=SYSTEM, at=moment(2026, 3, 25)
    )
    services.render_notice(notice.pk)
    notice.refresh_from_db()
    assert (notice.content["number"], notice.content["signer"]["title"]) == ("12", None)
    assert notice.pdf_id != before


def test_a_completed_notice_keeps_what_stood_before(held: Tree) -> None:
    meeting = factories.held_meeting(held)
    record(meeting, kind="agreement")
    notice = services.issue_notice(meeting, number="11", by=SYSTEM, at=moment(2026, 3, 21, 15))
    services.complete_notice(notice, number="12", dated_on=None, signer="Người Ký", by=SYSTEM, at=moment(2026, 3, 25))
    events = apps.get_model("meetings", "NoticeEvent")._default_manager.filter(pgh_obj_id=notice.pk).order_by("pgh_id")
    assert [(event.number, event.content["number"]) for event in events] == [("11", "11"), ("12", "12")]


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_fails_to_print_is_tried_again(held: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def fail_twice(notice_id: int) -> None:
        tried.append(notice_id)
        if len(tried) < 3:
            raise OSError("no space")

    monkeypatch.setattr(services, "render_notice", fail_twice)
    meeting = factories.held_meeting(held)
    record(meeting, kind="agreement")
    notice = services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21, 15))
    run_pending()
    assert tried == [notice.pk] * 3


def test_the_book_is_frozen_as_presented(held: Tree) -> None:
    templates()
    period = factories.period()
    north, south = factories.asked(held, period)
    reporting.save_draft(north, figures={"own/total//c1": "5", "own/total//c2": "7"}, by=SYSTEM, at=moment(2026, 3, 12))
    first = reporting.submit_draft(north, by=SYSTEM, at=moment(2026, 3, 12))
    reporting.accept(first, by=SYSTEM, at=moment(2026, 3, 13))
    meeting = factories.meeting(held, period_id=period.pk)
    services.attach_title_card(meeting, title="Hướng dẫn tiêu chí", by=SYSTEM, at=moment(2026, 3, 13))
    record(meeting, what="Việc dự thảo")
    book = services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    titles = [section["title"] for section in book.content["sections"]]
    assert titles == [
        "Kết quả thực hiện",
        "Báo cáo muộn và chưa có",
        "Danh mục theo dõi",
        "Nhiệm vụ chưa hoàn thành",
        "Dự thảo nhiệm vụ",
    ]
    results, late = book.content["sections"][:2]
    assert results["tables"][0]["total_row"] == ["Tổng cộng", "5", "7"]
    assert "1/2" in results["paragraphs"][0]
    assert late["lists"][0]["items"] == ["Phòng Nam (quá 7 ngày)"]
    assert book.content["attachments"] == ["Hướng dẫn tiêu chí (có tên, chưa có văn bản)"]
    reporting.save_draft(south, figures={"own/total//c1": "1", "own/total//c2": "1"}, by=SYSTEM, at=moment(2026, 3, 21))
    second = reporting.submit_draft(south, by=SYSTEM, at=moment(2026, 3, 21))
    reporting.accept(second, by=SYSTEM, at=moment(2026, 3, 21))
    again = services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 22))
    book.refresh_from_db()
    assert (book.version, again.version) == (1, 2)
    assert book.content["sections"][0]["tables"][0]["total_row"] == ["Tổng cộng", "5", "7"]
    assert again.content["sections"][0]["tables"][0]["total_row"] == ["Tổng cộng", "6", "8"]
    assert briefs.intact(book)


def test_the_tables_of_a_book_are_kept_as_presented(held: Tree) -> None:
    templates()
    period = factories.period()
    north, south = factories.asked(held, period)

    def report(owed: Any, count: str, day: int) -> None:
        reporting.save_draft(
            owed, figures={"own/total//c1": count, "own/total//c2": "1"}, by=SYSTEM, at=moment(2026, 3, day)
        )
        sent = reporting.submit_draft(owed, by=SYSTEM, at=moment(2026, 3, day))
        reporting.accept(sent, by=SYSTEM, at=moment(2026, 3, day))

    report(north, "5", 12)
    meeting = factories.meeting(held, period_id=period.pk)
    book = services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    report(south, "2", 21)
    form = north.form

    def presented() -> figures.Reading:
        found = figures.frozen_reading("presented", form, period, held.office)
        assert found is not None
        return found

    first = presented()
    assert first.table.total.cells["own", "total", "", "c1"].value == 5
    assert (first.note, first.link) == (f"{book.title}, bản 1", f"/tai-lieu/{book.pk}/")
    assert first.intact
    assert first.sources is not None
    assert {unit: one.version for unit, one in first.sources.items()} == {held.north: 1, held.south: None}
    services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 22))
    assert presented().table.total.cells["own", "total", "", "c1"].value == 7
    rows = apps.get_model("reporting", "Snapshot")._default_manager.filter(layer="presented")
    again = briefs.latest_book(meeting.key)
    assert again is not None
    assert [row.origin for row in rows.order_by("pk")] == [f"book:{book.pk}", f"book:{again.pk}"]


def test_who_prepared_a_book_with_figures_amended_since_is_told(held: Tree) -> None:
    templates()
    period = factories.period()
    north, _ = factories.asked(held, period)
    first = reporting.submit(
        north, figures=figures_for(north.form, "own", "total", c1=5, c2=1), by=SYSTEM, at=moment(2026, 3, 12)
    )
    reporting.accept(first, by=SYSTEM, at=moment(2026, 3, 12))
    meeting = factories.meeting(held, period_id=period.pk)
    people.actor(held.office, Role.SECRETARY)
    book = services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    (use,) = book_users([held.north], north.form.key, period.pk, 2)
    assert use.title == f"“{book.title}”, bản 1"
    assert use.link == book.meeting_url
    assert use.people
    assert book_users([held.north], north.form.key, period.pk, 1) == []
    assert book_users([held.south], north.form.key, period.pk, 2) == []
    services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    (later,) = book_users([held.north], north.form.key, period.pk, 2)
    assert (later.key, later.title) == (use.key, f"“{book.title}”, bản 2")


@pytest.mark.django_db(transaction=True)
def test_jobs_print_both_papers(held: Tree) -> None:
    templates()
    meeting = factories.meeting(held)
    services.prepare_book(meeting, by=SYSTEM, at=moment(2026, 3, 20))
    services.hold(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    record(meeting, kind="agreement")
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    run_pending()
    book, notice = briefs.latest_book(meeting.key), selectors.notice_of(meeting)
    assert book is not None and book.pdf_id and book.docx_id
    assert notice is not None and notice.pdf_id and notice.docx_id


def test_my_work_leads_to_what_comes_next(held: Tree) -> None:
    meeting = factories.meeting(held)
    secretary, chair = people.actor(held.office, Role.SECRETARY), people.actor(held.office, Role.HEAD)
    assert offers.work_items(people.actor(held.north, Role.HEAD), date(2026, 3, 20)) == []
    assert [item.action for item in offers.work_items(secretary, date(2026, 3, 20))] == ["Chuẩn bị"]
    services.hold(meeting, by=secretary, at=moment(2026, 3, 21))
    one = record(meeting)
    assert [item.action for item in offers.work_items(chair, date(2026, 3, 22))] == ["Hoàn thiện kết luận"]
    factories.fill(one, [held.north])
    assert [item.action for item in offers.work_items(chair, date(2026, 3, 22))] == ["Ban hành"]
    assert [item.action for item in offers.work_items(secretary, date(2026, 3, 22))] == ["Hoàn thiện kết luận"]
