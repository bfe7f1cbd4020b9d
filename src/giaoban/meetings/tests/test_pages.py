from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.meetings import selectors, services
from giaoban.meetings.models import Meeting, MeetingState
from giaoban.meetings.tests import factories
from giaoban.tasks.models import Task
from giaoban.tasks.tests import factories as people
from giaoban.tasks.tests.factories import SYSTEM, Tree, browser, moment

pytestmark = pytest.mark.django_db

TEXT = "các phòng tham mưu, đề xuất về tổ chức cán bộ"


@pytest.fixture
def held() -> Tree:
    factories.words()
    return people.tree()


@pytest.fixture
def meeting(held: Tree) -> Meeting:
    row = factories.meeting(held)
    services.add_participants(row, unit_ids=[held.north], by=SYSTEM, at=moment(2026, 3, 12))
    return row


def page(client: Client, route: str, *args: Any, query: str = "") -> str:
    response = client.get(reverse(route, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, route: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(route, args=args), data, follow=True)


def test_own_unit_parent_and_sibling(held: Tree, meeting: Meeting) -> None:
    people.task(held, at=moment(2026, 1, 5))
    services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 12))
    host, parent = browser(held.office, Role.SECRETARY), browser(held.root, Role.INSPECTOR)
    takes_part, left_out = browser(held.north, Role.OFFICER), browser(held.south, Role.HEAD)
    assert "Chưa hoàn thành: Bắc, Nam" in page(host, "meetings:meeting", "so-ket")
    assert "Chưa hoàn thành: Bắc, Nam" in page(parent, "meetings:meeting", "so-ket")
    seen = page(takes_part, "meetings:meeting", "so-ket")
    assert "Nhiệm vụ: Tham mưu" in seen
    assert "Bắc, Nam" not in seen
    assert "Chốt tài liệu họp" not in seen
    for route in ("meetings:meeting", "meetings:conclusion", "meetings:projector"):
        assert left_out.get(reverse(route, args=["so-ket"])).status_code == 404
        if route != "meetings:meeting":
            assert takes_part.get(reverse(route, args=["so-ket"])).status_code == 404
    assert "Hội nghị sơ kết" in page(takes_part, "meetings:index")
    assert "Hội nghị sơ kết" not in page(left_out, "meetings:index")


def test_the_projector_names_nobody_to_who_only_takes_part(held: Tree, meeting: Meeting) -> None:
    people.task(held, at=moment(2026, 1, 5))
    services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 12))
    services.hold(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    services.record_paragraph(meeting, text=TEXT, kind="agreement", by=SYSTEM, at=moment(2026, 3, 21))
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    query = "?view=agenda&item=1"
    for unit_id, role, named in (
        (held.office, Role.SECRETARY, True),
        (held.root, Role.INSPECTOR, True),
        (held.north, Role.OFFICER, False),
    ):
        shown = page(browser(unit_id, role), "meetings:projector", "so-ket", query=query)
        assert "1/1. Nhiệm vụ: Tham mưu" in shown
        assert ("Chưa hoàn thành: Bắc, Nam" in shown) is named


def test_simulated_points_are_labelled_on_the_page_and_on_the_projector(held: Tree, meeting: Meeting) -> None:
    people.task(held, at=moment(2026, 1, 5), simulated_note="hạn là ví dụ")
    services.build_agenda(meeting, by=SYSTEM, at=moment(2026, 3, 12))
    secretary = browser(held.office, Role.SECRETARY)
    for route, query in (
        ("meetings:meeting", ""),
        ("meetings:projector", "?view=agenda"),
        ("meetings:projector", "?view=agenda&item=1"),
    ):
        assert page(secretary, route, "so-ket", query=query).count("gb-sim-tag") == 1


def test_a_paper_is_sent_under_its_own_name(held: Tree, meeting: Meeting) -> None:
    for name, kind in (("dau.txt", "text/plain"), ("giấy mời.pdf", "application/pdf")):
        services.attach_file(
            meeting,
            title=name,
            content=b"nhu nhau",
            media_type=kind,
            filename=name,
            by=SYSTEM,
            at=moment(2026, 3, 12),
        )
    paper = meeting.attachments.get(title="giấy mời.pdf")
    sent = browser(held.office, Role.SECRETARY).get(reverse("meetings:attachment", args=["so-ket", paper.pk]))
    assert sent["Content-Type"] == "application/pdf"
    assert sent["Content-Disposition"] == "attachment; filename*=UTF-8''gi%E1%BA%A5y%20m%E1%BB%9Di.pdf"


def test_who_takes_part_reads_the_conclusion_once_issued(held: Tree, meeting: Meeting) -> None:
    takes_part = browser(held.north, Role.OFFICER)
    services.hold(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    services.record_paragraph(meeting, text=TEXT, kind="agreement", by=SYSTEM, at=moment(2026, 3, 21))
    assert takes_part.get(reverse("meetings:conclusion", args=["so-ket"])).status_code == 404
    services.issue_notice(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    body = page(takes_part, "meetings:conclusion", "so-ket")
    assert TEXT in body
    assert "Thêm đoạn" not in body
    assert takes_part.get(reverse("meetings:notice-pdf", args=["so-ket"])).status_code == 404


def test_planning_is_for_those_who_may(held: Tree) -> None:
    assert browser(held.office, Role.OFFICER).get(reverse("meetings:plan")).status_code == 403
    secretary = browser(held.office, Role.SECRETARY)
    given = {"title": "Giao ban", "host": held.office, "type": "so-ket", "form": "truc-tiep", "chair_name": "Ông A"}
    wrong = secretary.post(reverse("meetings:plan"), {**given, "held_on": "hôm nay"})
    assert wrong.status_code == 422
    assert 'value="Giao ban"' in wrong.content.decode()
    elsewhere = secretary.post(reverse("meetings:plan"), {**given, "host": held.stranger, "held_on": "2026-04-01"})
    assert elsewhere.status_code == 422
    made = secretary.post(reverse("meetings:plan"), {**given, "held_on": "2026-04-01"}, follow=True)
    assert "Đã lập cuộc họp" in made.content.decode()
    assert Meeting.objects.get().key == "2026-04-01-giao-ban"


def test_the_secretary_prepares_in_the_browser(held: Tree, meeting: Meeting) -> None:
    secretary = browser(held.office, Role.SECRETARY)
    found = page(secretary, "meetings:meeting", "so-ket", query="?q=phong nam")
    assert f'id="moi-{held.south}"' in found
    post(secretary, "meetings:invite", "so-ket", units=[held.south, held.stranger], labels="đại diện các ban\n")
    assert [one.label for one in selectors.participants_of(meeting)] == ["Phòng Bắc", "Phòng Nam", "đại diện các ban"]
    north = selectors.participants_of(meeting)[0]
    post(secretary, "meetings:attendance", "so-ket", **{f"participant-{north.pk}": "absent"})
    assert "1 vắng" in page(secretary, "meetings:meeting", "so-ket")
    assert (
        "Ý kiến khác"
        in post(secretary, "meetings:agenda-item", "so-ket", **{"agenda-title": "Ý kiến khác"}).content.decode()
    )
    assert "Chương trình có 1 mục" in post(secretary, "meetings:agenda", "so-ket").content.decode()
    empty = secretary.post(reverse("meetings:agenda-item", args=["so-ket"]), {"agenda-title": " "})
    assert empty.status_code == 422
    post(secretary, "meetings:attach", "so-ket", **{"attachment-title": "Hướng dẫn tiêu chí"})
    assert "có tên, chưa có văn bản" in page(secretary, "meetings:meeting", "so-ket")
    file = SimpleUploadedFile("tiêu chí.txt", "nội dung".encode(), content_type="text/plain")
    post(secretary, "meetings:attach", "so-ket", **{"attachment-title": "Bản đầy đủ", "attachment-file": file})
    paper = meeting.attachments.get(title="Bản đầy đủ")
    sent = secretary.get(reverse("meetings:attachment", args=["so-ket", paper.pk]))
    assert sent.content.decode() == "nội dung"
    assert sent["Content-Disposition"].startswith("attachment;")
    assert "Đã chốt bản 1" in post(secretary, "meetings:freeze", "so-ket").content.decode()
    assert "từ đây là lời kết luận" in post(secretary, "meetings:hold", "so-ket").content.decode()
    assert secretary.post(reverse("meetings:agenda", args=["so-ket"])).status_code == 422


def test_from_words_to_tasks_in_the_browser(held: Tree, meeting: Meeting) -> None:
    services.hold(meeting, by=SYSTEM, at=moment(2026, 3, 21))
    secretary, chair = browser(held.office, Role.SECRETARY), browser(held.office, Role.HEAD)
    form = post(secretary, "meetings:record", "so-ket", text=TEXT, kind="task", what="Tham mưu")
    assert "Đoạn 1: 5 rõ" in form.content.decode()
    body = page(secretary, "meetings:conclusion", "so-ket")
    assert "Kết luận: 1 đoạn, 1 nhiệm vụ, còn 1 chưa đủ “5 rõ”" in body
    assert "chưa rõ sản phẩm" in body
    refused = chair.post(reverse("meetings:issue", args=["so-ket"]))
    assert refused.status_code == 422
    assert "Chưa ban hành được: đoạn 1 chưa rõ chủ trì" in refused.content.decode()
    pk = selectors.paragraphs_of(meeting)[0].pk
    filled = {
        "what": "Tham mưu",
        "leads": [held.north, held.south],
        "helpers": "Văn phòng",
        "due_on": "2099-06-30",
        "product": "Văn bản",
        "filled_by_secretary": ["product"],
    }
    early = secretary.post(reverse("meetings:clears", args=["so-ket", pk]), {**filled, "due_on": "2026-03-01"})
    assert early.status_code == 422
    assert "trước ngày họp" in early.content.decode()
    saved = post(secretary, "meetings:clears", "so-ket", pk, **filled).content.decode()
    assert "thư ký điền" in saved
    assert "Chưa ban hành được" not in saved
    assert secretary.post(reverse("meetings:issue", args=["so-ket"])).status_code == 403
    issued = post(chair, "meetings:issue", "so-ket", number="", signer="").content.decode()
    assert "Đã giao 2 đơn vị" in issued
    assert Task.objects.get().units.count() == 2
    done = post(secretary, "meetings:complete", "so-ket", number="12", dated_on="2026-03-25", signer="Ông B")
    assert "Đã ghi số, ngày, người ký" in done.content.decode()
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CONCLUDED


def test_a_lead_outside_the_persons_scope_is_not_chosen(held: Tree, meeting: Meeting) -> None:
    one = services.record_paragraph(meeting, text=TEXT, kind="task", by=SYSTEM, at=moment(2026, 3, 12))
    secretary = browser(held.office, Role.SECRETARY)
    wrong = secretary.post(reverse("meetings:clears", args=["so-ket", one.pk]), {"leads": [held.stranger]})
    assert wrong.status_code == 422
    assert selectors.paragraphs_of(meeting)[0].leads == ()


def test_kind_split_and_undo_in_the_browser(held: Tree, meeting: Meeting) -> None:
    one = services.record_paragraph(meeting, text=TEXT, kind="task", by=SYSTEM, at=moment(2026, 3, 12))
    secretary = browser(held.office, Role.SECRETARY)
    parts = post(secretary, "meetings:split", "so-ket", one.pk, parts=["Việc một", "Việc hai", ""]).content.decode()
    assert "Đã tách thành 1a, 1b" in parts
    assert "Hoàn tác: tách đoạn 1" in parts
    assert "Đã hoàn tác: tách đoạn 1" in post(secretary, "meetings:undo", "so-ket").content.decode()
    bad = secretary.post(reverse("meetings:kind", args=["so-ket", one.pk]), {"kind": "orientation", "reason": ""})
    assert bad.status_code == 422
    good = post(secretary, "meetings:kind", "so-ket", one.pk, kind="orientation", reason="Không có sản phẩm")
    assert "Lý do: Không có sản phẩm" in good.content.decode()
    officer = browser(held.office, Role.OFFICER)
    assert officer.post(reverse("meetings:undo", args=["so-ket"])).status_code == 403
    assert officer.get(reverse("meetings:clears", args=["so-ket", one.pk])).status_code == 403


def test_the_projector_shows_one_thing(held: Tree, meeting: Meeting) -> None:
    services.add_agenda_item(meeting, title="Mục một", by=SYSTEM, at=moment(2026, 3, 12))
    services.add_agenda_item(meeting, title="Mục hai", by=SYSTEM, at=moment(2026, 3, 12))
    services.record_paragraph(meeting, text=TEXT, kind="task", by=SYSTEM, at=moment(2026, 3, 12))
    secretary = browser(held.office, Role.SECRETARY)
    assert "Mục hai" in page(secretary, "meetings:projector", "so-ket")
    second = page(secretary, "meetings:projector", "so-ket", query="?view=agenda&item=2")
    assert "2/2. Mục hai" in second
    assert "Mục một" not in second
    assert "2/2. Mục hai" in page(secretary, "meetings:projector", "so-ket", query="?view=agenda&item=99")
    assert TEXT in page(secretary, "meetings:projector", "so-ket", query="?view=conclusion&item=1")
    assert "chưa rõ sản phẩm" in page(secretary, "meetings:projector", "so-ket", query="?view=conclusion&item=1")


def test_unknown_things_are_unknown(held: Tree, meeting: Meeting) -> None:
    secretary = browser(held.office, Role.SECRETARY)
    for route, args in (
        ("meetings:meeting", ["khong-co"]),
        ("meetings:clears", ["so-ket", 999]),
        ("meetings:attachment", ["so-ket", 999]),
        ("meetings:notice-docx", ["so-ket"]),
    ):
        assert secretary.get(reverse(route, args=args)).status_code == 404
    assert browser(held.root, Role.INSPECTOR).post(reverse("meetings:hold", args=["so-ket"])).status_code == 403
