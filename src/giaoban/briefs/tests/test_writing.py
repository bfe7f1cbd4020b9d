"""Write sections, bind figures, take over from below; present, amend, issue."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docx import Document

from giaoban.briefs import offers
from giaoban.briefs.models import NarrativeVersion, SectionVersion
from giaoban.briefs.rules.marked import Step
from giaoban.briefs.rules.papers import laid_out
from giaoban.briefs.rules.states import FigureState
from giaoban.briefs.rules.states import Written as How
from giaoban.briefs.selectors import reports as selectors
from giaoban.briefs.selectors.reading import read_sections
from giaoban.briefs.services import life, printing, reports, writing
from giaoban.briefs.services.refusals import NarrativeRefused, SectionConflict
from giaoban.briefs.services.reports import Assignment
from giaoban.briefs.tests import narratives
from giaoban.briefs.tests.narratives import Written
from giaoban.core.figures import NIL
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Post
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting.tests.factories import AT, SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Written:
    return narratives.written()


def test_a_report_has_a_section_per_field_and_part(held: Written) -> None:
    assert [str(one) for one in held.sections] == ["Lamps", "Boats", "Phương hướng"]
    assert held.report.title == "Kết quả quý I năm 2024"
    assert (held.report.start, held.report.end) == (date(2024, 1, 1), date(2024, 4, 1))
    with pytest.raises(NarrativeRefused, match="không có kỳ"):
        reports.create_report(held.outline, unit_id=held.harbour.pk, period_code="quý", by=SYSTEM, at=AT)
    with pytest.raises(NarrativeRefused, match="đã có báo cáo"):
        narratives.report_of(held.outline, held.harbour)


def test_writing_keeps_every_version_with_its_author(held: Written) -> None:
    held.write("Một.")
    held.write("Hai.", by=held.actor(role=Role.OFFICER))
    section = held.first
    assert (section.version, section.text) == (2, "Hai.")
    rows = SectionVersion.objects.filter(section=section)
    assert [(row.text, row.act.actor_name) for row in rows] == [
        ("Một.", held.actor().name),
        ("Hai.", held.actor(role=Role.OFFICER).name),
    ]
    assert acts_on(section)[0].name == "briefs.write-section"
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(text="khác")


def test_two_writers_overwrite_nothing(held: Written) -> None:
    mine, theirs = held.first, held.first
    writing.save_section(theirs, text="Của chị.", version=0, by=held.actor(role=Role.OFFICER), at=AT)
    with pytest.raises(SectionConflict) as clash:
        writing.save_section(mine, text="Của tôi.", version=0, by=held.actor(), at=AT)
    assert clash.value.theirs.text == "Của chị."
    assert held.first.text == "Của chị."
    writing.save_section(mine, text="Của cả hai.", version=clash.value.theirs.version, by=held.actor(), at=AT)
    assert (held.first.text, held.first.version) == ("Của cả hai.", 2)


def test_the_same_text_twice_is_no_conflict_and_no_version(held: Written) -> None:
    held.write("Một.")
    writing.save_section(held.first, text="Một.  ", version=0, by=held.actor(), at=AT)
    assert held.first.version == 1


def test_who_writes_what(held: Written) -> None:
    light = held.world.lights["n1"]
    first, second = held.sections[:2]
    reports.assign_sections(held.report, {first.pk: Assignment(light.pk, None)}, by=held.actor(), at=AT)
    keeper = held.actor(light, Role.OFFICER)
    held.write("Từ đèn.", held.first, by=keeper)
    with pytest.raises(PermissionDenied):
        held.write("Không phải của đèn.", second, by=keeper)
    with pytest.raises(PermissionDenied):
        held.write("Thanh tra.", second, by=held.actor(role=Role.INSPECTOR))
    assert [one.left for one in selectors.to_write(keeper, AT.date())] == [1]
    reports.set_written(held.first, How.DONE, by=keeper, at=AT)
    assert selectors.to_write(keeper, AT.date()) == []


def test_a_post_for_one_field_writes_that_field(held: Written) -> None:
    from giaoban.orgs.models import Field
    from giaoban.orgs.selectors import actor_for

    by = held.actor(role=Role.OFFICER)
    Post.objects.get(user_id=by.user_id or 0).fields.set(Field.objects.filter(key="boats"))
    by = actor_for(by.user_id or 0, by.name, AT.date())
    held.write("Thuyền.", held.sections[1], by=by)
    with pytest.raises(PermissionDenied, match="Lamps"):
        held.write("Đèn.", held.sections[0], by=by)


def test_sections_go_only_to_units_beneath(held: Written) -> None:
    south = held.world.harbours[1].pk
    with pytest.raises(NarrativeRefused, match="trực thuộc"):
        reports.assign_sections(held.report, {held.first.pk: Assignment(south, None)}, by=held.actor(), at=AT)
    with pytest.raises(PermissionDenied):
        reports.assign_sections(held.report, {}, by=held.actor(held.world.harbours[1]), at=AT)


def test_secret_text_is_refused(held: Written) -> None:
    with pytest.raises(NarrativeRefused, match="mật"):
        held.write("MẬT\nNội dung")
    assert held.first.text == ""


@pytest.mark.parametrize(
    ("told", "why"),
    [({"dated_on": date(2999, 1, 1)}, "chưa tới"), ({"symbol": "MẬT"}, "mật"), ({"recipients": "Lưu\nTỐI MẬT"}, "mật")],
)
def test_a_paper_bears_no_day_to_come_and_no_mark_of_secrecy(held: Written, told: dict[str, Any], why: str) -> None:
    held.write_all()
    with pytest.raises(NarrativeRefused, match=why):
        life.finish(held.report, by=held.actor(), at=AT, **told)
    life.finish(held.report, by=held.actor(), at=AT)
    given = dict.fromkeys(("number", "symbol", "authority", "signer", "signer_title", "recipients"), "")
    with pytest.raises(NarrativeRefused, match=why):
        life.complete(held.report, **{"dated_on": None, **given, **told}, by=held.actor(), at=AT)
    with pytest.raises(NarrativeRefused, match="mật"):
        life.present(held.report, to_whom="TUYỆT MẬT", by=held.actor(), at=AT)


# Figures


def test_a_bound_figure_says_its_fact_and_marks_the_sentence_when_it_changes(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    held.world.report("n2", all=20, good=5, rate=25)
    figure = held.bind()
    held.write("Có {{số 1}} đèn.")
    assert held.first.text == "Có {{số 1: 30}} đèn."
    (read,) = read_sections([held.first], live=True)
    assert [piece.text for piece in read.blocks[0].line] == ["Có ", "30", " đèn."]
    held.world.report("n3", all=4, good=4, rate=100)
    (read,) = read_sections([held.first], live=True)
    (piece,) = read.trouble
    assert (piece.text, piece.state, piece.said) == ("30", FigureState.CHANGED, "Số liệu 1 đã đổi: 30 → 34")
    writing.take_new_value(figure, by=held.actor(), at=AT)
    assert held.first.text == "Có {{số 1: 34}} đèn."
    assert held.first.version == 2
    assert not read_sections([held.first], live=True)[0].trouble


def test_an_old_value_is_kept_with_a_reason_until_the_fact_moves_again(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    figure = held.bind()
    held.write("Có {{số 1}} đèn.")
    held.world.report("n2", all=20, good=5, rate=25)
    with pytest.raises(NarrativeRefused, match="lý do"):
        writing.keep_value(figure, reason=" ", by=held.actor(), at=AT)
    writing.keep_value(figure, reason="Số chốt ngày 20", by=held.actor(), at=AT)
    (read,) = read_sections([held.first], live=True)
    assert (read.figures[1].state, read.figures[1].words, read.trouble) == (FigureState.KEPT, "10", [])
    held.world.report("n3", all=1, good=1, rate=100)
    assert read_sections([held.first], live=True)[0].figures[1].state is FigureState.CHANGED


def test_what_is_not_known_is_never_a_number(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    figure = held.bind()
    held.write("Có {{số 1}} đèn, {{số 9}} thuyền, {{so 1/9}}, {{sai}}.")
    figure.reference = held.reference("withdrawn")
    figure.save()
    (read,) = read_sections([held.first], live=True)
    texts = [piece.text for piece in read.blocks[0].line if piece.kind != "text"]
    assert texts == ["[số liệu 1: chưa có]", "[không có số liệu 9]", "[không có số liệu 9]", "[dấu số liệu viết sai]"]
    assert len(read.trouble) == 4


def test_only_what_belongs_to_the_unit_is_bound(held: Written) -> None:
    held.world.report("s1", all=10, good=5, rate=50)
    with pytest.raises(NarrativeRefused, match="phạm vi"):
        held.bind(unit=held.world.harbours[1].key)
    with pytest.raises(NarrativeRefused, match="không còn trong biểu"):
        held.bind(column="nothing")


def test_percentages_differ_in_points(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    held.world.report("n2", all=20, good=5, rate=25)
    held.bind("rate", unit="n1", scale=2)
    held.bind("rate", unit="n2", scale=2)
    held.write("Đạt {{số 1}}, {{so 1/2}} so với đèn kia; nghĩa là tăng 25 %.")
    (read,) = read_sections([held.first], live=False)
    assert "tăng 25,00 điểm phần trăm" in "".join(piece.text for piece in read.blocks[0].line)
    assert [hint.kind for hint in read.hints] == ["points", "unbound"]


def test_authors_are_told_when_figures_beneath_are_amended(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    figure = held.bind()
    light, period, form = held.world.lights["n1"].pk, held.world.period.pk, held.world.form.key
    assert offers.figure_users([light], form, period, 2) == []
    held.write("Có {{số 1}} đèn.")
    figure.refresh_from_db()
    assert figure.found_state == FigureState.SAME
    held.world.report("n2", all=20, good=5, rate=25)
    (use,) = offers.figure_users([light], form, period, 2)
    figure.refresh_from_db()
    assert figure.found_state == FigureState.CHANGED, "marked when it is told, not when somebody looks"
    assert (use.link, [one.name for one in use.people]) == (
        f"/tai-lieu/bao-cao/phan/{held.first.pk}/",
        [held.actor().name],
    )
    assert offers.figure_users([held.world.lights["s1"].pk], form, period, 2) == []
    assert offers.figure_users([light], form, 0, 2) == []


def test_heads_of_an_issued_report_are_told_and_its_text_stays(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    held.bind()
    held.write("Có {{số 1}} đèn.")
    held.write_all()
    life.finish(held.report, number="12", by=held.actor(), at=AT)
    held.world.report("n2", all=20, good=5, rate=25)
    names = held.world.lights["n1"].pk, held.world.form.key, held.world.period.pk
    (use,) = offers.figure_users([names[0]], names[1], names[2], 2)
    assert [one.name for one in use.people] == [held.actor().name]
    assert "đã ban hành số 12" in use.title
    assert held.first.text == "Có {{số 1: 10}} đèn."
    (card,) = selectors.report_cards([held.report], held.actor(), AT.date())
    assert card.trouble == 1


def test_what_did_not_occur_is_no_plain_zero(held: Written) -> None:
    for key in ("n1", "n2"):
        held.world.report(key, all=NIL, good=NIL, rate=NIL)
    held.bind()
    held.write("Có {{số 1}} đèn.")
    assert held.first.text == "Có {{số 1: 0 (không phát sinh)}} đèn."
    held.world.report("n3", all=0, good=0, rate=0)
    (read,) = read_sections([held.first], live=True)
    assert [piece.said for piece in read.trouble] == ["Số liệu 1 đã đổi: 0 (không phát sinh) → 0"]


def test_a_table_is_put_together_once_for_all_its_figures(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    costs = []
    for number in (1, 6):
        while held.first.figures.count() < number:
            held.bind("all" if held.first.figures.count() % 2 else "good")
        held.write(" ".join(f"{{{{số {one}}}}}" for one in range(1, number + 1)))
        sections = [held.first]
        with CaptureQueriesContext(connection) as queries:
            read_sections(sections, live=True)
        with CaptureQueriesContext(connection) as looks:
            writing.look_again(sections, at=AT)
        costs.append((len(queries), len(looks)))
    assert costs[0] == costs[1]


def test_a_mark_goes_into_the_last_cell_of_a_row(held: Written) -> None:
    held.write("| Đơn vị | Số |\n| Bắc | còn |")
    writing.place_marks(held.first, "{{số 4}}", after=2, by=held.actor(), at=AT)
    assert held.first.text.splitlines()[1] == "| Bắc | còn {{số 4}} |"


# Who goes on


def test_what_a_unit_wholly_became_goes_on_with_its_report(held: Written) -> None:
    held.write("Đang viết.")
    south = held.world.harbours[1]
    heir = held.actor(south)
    with pytest.raises(PermissionDenied):
        held.write("Chưa phải việc của tôi.", by=heir)
    orgs.pass_on(held.harbour, south, date(2024, 5, 1))
    orgs.grow()
    held.write("Viết tiếp.", by=heir)
    held.write_all()
    assert [one.report for one in selectors.to_write(heir, timezone.localdate())] == [held.report]
    reports.assign_sections(held.report, {held.first.pk: Assignment(south.pk, None)}, by=heir, at=timezone.now())
    version = life.finish(held.report, by=heir, at=timezone.now())
    assert version.content["head"]["body"] == "South Harbour"


# From below


def test_paragraphs_come_up_with_their_authors_and_figures(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    light = held.world.lights["n1"]
    below = narratives.report_of(held.outline, light)
    theirs = below.sections.select_related("report__outline", "field").first()
    assert theirs is not None
    keeper = held.actor(light, Role.OFFICER)
    writing.bind_figure(
        theirs, source="reporting.cell", reference=held.reference(unit="n1"), label="Đèn", scale=0, by=keeper, at=AT
    )
    saved = writing.save_section(theirs, text="Đèn có {{số 1}} ngọn.\nViệc khác.", version=0, by=keeper, at=AT)
    assert writing.paragraphs_offered(held.first) == []
    reports.set_written(saved, How.DONE, by=keeper, at=AT)
    assert writing.paragraphs_offered(held.first) == [saved]
    writing.take_paragraphs(held.first, [Step(saved.pk, 1, 1)], by=held.actor(), at=AT)
    assert held.first.text == f"{{{{từ {saved.pk}@1.1}}}} Đèn có {{{{số 1: 10}}}} ngọn."
    (read,) = read_sections([held.first], live=True)
    content = life.content_of(held.report, [read], AT)
    named = [laid_out(content["head"], content, show_sources=shown, draft=False)["parts"][2] for shown in (True, False)]
    assert [one["source"] for one in named] == ["(Light N1)", ""]
    origin = read.blocks[0].origin
    assert origin is not None
    assert (origin.unit_name, origin.author, origin.changed) == ("Light N1", keeper.name, False)
    writing.save_section(saved, text="Đèn đã có {{số 1}} ngọn.", version=1, by=keeper, at=AT)
    assert read_sections([held.first], live=False)[0].changed_sources
    with pytest.raises(NarrativeRefused, match="đã được sửa ở nguồn"):
        writing.take_paragraphs(held.first, [Step(saved.pk, 1, 2)], by=held.actor(), at=AT)
    saved.refresh_from_db()
    reports.set_written(saved, How.OPEN, by=keeper, at=AT)
    with pytest.raises(NarrativeRefused, match="đang viết lại"):
        writing.take_paragraphs(held.first, [Step(saved.pk, 2, 1)], by=held.actor(), at=AT)


def test_nothing_is_taken_from_elsewhere(held: Written) -> None:
    other = narratives.report_of(held.outline, held.world.harbours[1])
    theirs = other.sections.select_related("report__outline", "field").first()
    assert theirs is not None
    saved = writing.save_section(theirs, text="Của bên kia.", version=0, by=SYSTEM, at=AT)
    with pytest.raises(NarrativeRefused, match="cấp dưới"):
        writing.take_paragraphs(held.first, [Step(saved.pk, 1, 1)], by=held.actor(), at=AT)


# Life


def test_a_report_is_presented_amended_and_issued(held: Written) -> None:
    head = held.actor()
    with pytest.raises(life.NotReadyToPresent) as refused:
        life.present(held.report, to_whom="Giám đốc", by=head, at=AT)
    assert len(refused.value.lacking) == 3
    held.write_all()
    with pytest.raises(PermissionDenied):
        life.present(held.report, to_whom="Giám đốc", by=held.actor(role=Role.OFFICER), at=AT)
    first = life.present(held.report, to_whom="Giám đốc", by=head, at=AT)
    with pytest.raises(NarrativeRefused, match="Chưa có gì thay đổi"):
        life.amend(held.report, reason="Ý kiến Giám đốc", by=head, at=AT)
    held.write("Đã làm đủ và kịp thời.")
    second = life.amend(held.report, reason="Ý kiến Giám đốc", by=head, at=AT)
    assert first.content["sections"][0]["blocks"][0]["rows"] == [["Đã làm đủ."]]
    assert second.content["sections"][0]["blocks"][0]["rows"] == [["Đã làm đủ và kịp thời."]]
    life.finish(held.report, number="12", by=head, at=AT)
    held.report.refresh_from_db()
    assert (held.report.state, held.report.number) == ("final", "12")
    with pytest.raises(NarrativeRefused, match="đã ban hành"):
        held.write("Muộn rồi.")
    with pytest.raises(DatabaseError), transaction.atomic():
        NarrativeVersion.objects.filter(pk=first.pk).update(content={})
    with pytest.raises(DatabaseError), transaction.atomic():
        first.delete()


def test_a_changed_figure_keeps_a_report_from_being_presented(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    figure = held.bind()
    held.write("Có {{số 1}} đèn.")
    held.write_all()
    held.world.report("n2", all=20, good=5, rate=25)
    with pytest.raises(life.NotReadyToPresent) as refused:
        life.present(held.report, to_whom="Giám đốc", by=held.actor(), at=AT)
    assert refused.value.lacking == ((held.first.pk, "“Lamps”: Số liệu 1 đã đổi: 10 → 30"),)
    figure.refresh_from_db()
    assert figure.found_state == FigureState.CHANGED
    writing.take_new_value(figure, by=held.actor(), at=AT)
    version = life.present(held.report, to_whom="Giám đốc", by=held.actor(), at=AT)
    assert [one["words"] for one in version.content["figures"]] == ["30"]


def test_nothing_to_report_is_said_and_not_left_empty(held: Written) -> None:
    held.write_all()
    last = held.sections[-1]
    with pytest.raises(NarrativeRefused, match="đã có nội dung"):
        reports.set_written(last, How.NIL, by=held.actor(), at=AT)
    held.write("", last)
    reports.set_written(held.sections[-1], How.NIL, by=held.actor(), at=AT)
    version = life.present(held.report, to_whom="Giám đốc", by=held.actor(), at=AT)
    assert version.content["sections"][-1]["nil"]


def test_the_paper_has_the_layout_of_the_decree_and_says_what_the_text_says(held: Written) -> None:
    narratives.templates()
    held.write("Mở đầu.\n- Một việc.\n| Đơn vị | Số |\n| Bắc | 5 |")
    held.write_all()
    version = life.finish(held.report, by=held.actor(), at=AT)
    printing.print_report(version.pk)
    version.refresh_from_db()
    assert version.docx is not None and version.pdf is not None
    document = Document(BytesIO(bytes(version.docx.content)))
    page = document.sections[0]
    assert page.page_width is not None and page.left_margin is not None
    assert (round(page.page_width.mm), round(page.left_margin.mm)) == (210, 30)
    assert document.styles["Normal"].font.name == "Times New Roman"
    words = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
    assert words[:2] == ["BÁO CÁO", "Kết quả quý I năm 2024"]
    assert words[2:6] == ["I. KẾT QUẢ", "1. Lamps", "Mở đầu.", "- Một việc."]
    assert [[cell.text for cell in row.cells] for row in document.tables[1].rows] == [["Đơn vị", "Số"], ["Bắc", "5"]]
    head = "\n".join(cell.text for row in document.tables[0].rows for cell in row.cells)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in head and "North Harbour".upper() in head
    first = version.docx_id
    life.complete(
        held.report,
        number="12",
        symbol="BC-CN",
        dated_on=date(2024, 4, 5),
        authority="KT. TRƯỞNG CẢNG",
        signer="Nguyễn Văn An",
        signer_title="Phó trưởng cảng",
        recipients="Như trên\nLưu: VT",
        by=held.actor(),
        at=AT + timedelta(days=3),
    )
    printing.print_report(version.pk)
    version.refresh_from_db()
    assert version.docx_id != first
    with ZipFile(BytesIO(bytes(version.docx.content))) as archive:
        body = archive.read("word/document.xml").decode()
    for words_ in ("Số: 12/BC-CN", "KT. TRƯỞNG CẢNG", "Nguyễn Văn An", "ngày 05 tháng 4 năm 2024", "- Lưu: VT."):
        assert words_ in body


def test_what_was_presented_names_its_sources_as_it_did_then(held: Written) -> None:
    held.write_all()
    first = life.present(held.report, to_whom="Giám đốc", by=held.actor(), at=AT)
    held.write("Đã làm đủ và kịp thời.")
    life.amend(held.report, reason="Ý kiến", show_sources=True, by=held.actor(), at=AT)
    held.report.refresh_from_db()
    assert (held.report.show_sources, first.content["show_sources"]) == (True, False)
    assert "Kết xuất" in printing.paper_of(first, held.report)["footer"]
    issued = life.finish(held.report, by=held.actor(), at=AT)
    held.report.refresh_from_db()
    paper = printing.paper_of(issued, held.report)
    assert (paper["footer"], [part["last"] for part in paper["parts"]].index(True)) == ("", len(paper["parts"]) - 1)


def test_only_papers_are_attached(held: Written) -> None:
    kept = life.attach(held.report, title="Phụ lục", content=b"%PDF-1.4 x", filename="a.pdf", by=held.actor(), at=AT)
    assert kept.media_type == "application/pdf"
    for content in (b"MZ\x90", b"PK\x03\x04 broken", b"<html>"):
        with pytest.raises(NarrativeRefused, match="DOCX"):
            life.attach(held.report, title="x", content=content, filename="x.docx", by=held.actor(), at=AT)
    marked = Document()
    marked.add_paragraph("MẬT")
    paper = BytesIO()
    marked.save(paper)
    for content, name in ((paper.getvalue(), "x.docx"), (b"%PDF-1.4 x", "Báo cáo quý I MẬT.pdf")):
        with pytest.raises(NarrativeRefused, match="“MẬT”"):
            life.attach(held.report, title="Phụ lục", content=content, filename=name, by=held.actor(), at=AT)
    with pytest.raises(PermissionDenied):
        life.attach(
            held.report, title="x", content=b"%PDF-", filename="x", by=held.actor(held.world.harbours[1]), at=AT
        )
