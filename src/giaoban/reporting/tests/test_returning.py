"""A report comes back with its cells marked and its explanations judged; its papers come afterwards."""

from datetime import date
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from giaoban.kit.acts import act, acts_on
from giaoban.kit.messages import inbox
from giaoban.kit.models import Message
from giaoban.kit.permissions import Role
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import DeadlineChange, Draft, Obligation, Submission
from giaoban.reporting.rules import Change, issue_key
from giaoban.reporting.services.telling_units import tell_deadline_moved
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world, year_before
from giaoban.reporting.tests.test_pages import PDF, browser, text_of

pytestmark = pytest.mark.django_db
ALL, GOOD = "own/total//all", "own/total//good"
MARKS = (services.Mark(ALL, "đếm lại"), services.Mark(GOOD))


@pytest.fixture
def world() -> World:
    return tiny_world()


def explained(world: World) -> tuple[Submission, str]:
    """A report with one warning and the unit's words on it, waiting."""
    before = year_before(world)
    sent = services.submit(
        world.owed("n1", before), figures=world.figures(all=100, good=50), by=SYSTEM, at=AT, signatures=SIGNED
    )
    services.accept(sent, by=SYSTEM, at=AT)
    owed, figures = world.owed("n1"), world.figures(all=300, good=50)
    previous = selectors.previous_figures(world.form, world.period, [owed.unit_id])[owed.unit_id]
    warnings = [one for one in selectors.checks_of(owed, figures, previous=previous) if one.severity == "warning"]
    words = {issue_key(one): "new lamps" for one in warnings}
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED, explanations=words)
    return sent, issue_key(warnings[0])


def test_marked_cells_are_kept_and_shown_until_they_change(world: World) -> None:
    sent = world.send("n1", all=5, good=1)
    back = services.return_for_correction(sent, cells=MARKS, by=SYSTEM, at=AT)
    assert back.decision_reason == "Xem lại 2 ô được đánh dấu."
    assert back.marked_cells == [{"cell": ALL, "note": "đếm lại"}, {"cell": GOOD, "note": ""}]
    page = browser(world, world.lights["n1"]).get(f"/bao-cao/nhap/{sent.obligation_id}/")
    assert "đánh dấu 2 ô cần xem lại" in text_of(page)
    assert "đếm lại" in text_of(page)
    assert page.content.decode().count('<td class="cell marked">') == 2
    services.change_draft(sent.obligation, {ALL: Change("6")}, by=SYSTEM, at=AT)
    page = browser(world, world.lights["n1"]).get(f"/bao-cao/nhap/{sent.obligation_id}/")
    assert "đánh dấu 1 ô cần xem lại" in text_of(page)


def test_an_accepted_version_ends_the_marks(world: World) -> None:
    owed = world.owed("n1")
    services.return_for_correction(world.send("n1", all=5, good=1), cells=MARKS, by=SYSTEM, at=AT)
    second = world.send("n1", all=6, good=1)
    assert len(selectors.standing_marks(selectors.versions(owed))[0]) == 2
    services.accept(second, by=SYSTEM, at=AT)
    assert selectors.standing_marks(selectors.versions(owed)) == ([], {})


@pytest.mark.parametrize("cell", ["own/total//gone", "own/none//all", "notes", "own/total", "signer_0"])
def test_a_cell_that_the_form_lacks_is_not_marked(world: World, cell: str) -> None:
    sent = world.send("n1", all=5, good=1)
    with pytest.raises(services.ReportingError, match="không có ô"):
        services.return_for_correction(sent, cells=[services.Mark(cell)], by=SYSTEM, at=AT)
    sent.refresh_from_db()
    assert sent.state == "sent"


def test_the_receiver_marks_on_the_receipt(world: World) -> None:
    sent = world.send("n1", all=5, good=1)
    page, address = browser(world, world.harbours[0]), f"/bao-cao/bien-nhan/{sent.pk}/"
    boxes = page.get(address + "?danh-dau=1").content.decode()
    assert boxes.count('type="checkbox" name="o"') == 6
    chosen = page.get(address, {"danh-dau": "1", "o": [ALL]}).content.decode()
    assert f'name="o/{ALL}"' in chosen
    noted = page.post(address, {"act": "mark", "tra-reason": "sổ khác", "o": [ALL], f"o/{ALL}": "đếm"})
    assert noted.status_code == 200
    shown = " ".join(noted.content.decode().split())
    assert all(text in shown for text in (f'name="o/{ALL}" value="đếm"', "sổ khác"))
    sent.refresh_from_db()
    assert sent.state == "sent"
    page.post(address, {"act": "return", "tra-reason": "", "o": [ALL], f"o/{ALL}": "đếm lại"})
    sent.refresh_from_db()
    assert (sent.state, sent.marked_cells) == ("returned", [{"cell": ALL, "note": "đếm lại"}])
    strange = browser(world, world.lights["n1"]).get(address + "?danh-dau=1").content.decode()
    assert 'type="checkbox" name="o"' not in strange


@pytest.mark.parametrize("act", [{}, {"act": ""}, {"act": "Enter"}])
def test_a_post_without_a_pressed_button_decides_nothing(world: World, act: dict[str, str]) -> None:
    sent = world.send("n1", all=5, good=1)
    page, address = browser(world, world.harbours[0]), f"/bao-cao/bien-nhan/{sent.pk}/"
    typed = {"tra-reason": "sổ khác", "nhan-reason": "đã gọi", "o": [ALL], f"o/{ALL}": "Số này sai"}
    refused = page.post(address, typed | act)
    assert refused.status_code == 422
    assert all(words in refused.content.decode() for words in ("sổ khác", "đã gọi", "Số này sai", "Bấm một trong"))
    sent.refresh_from_db()
    assert (sent.state, sent.marked_cells) == ("sent", [])


def test_enter_in_a_field_presses_a_button_that_does_nothing(world: World) -> None:
    sent, _ = explained(world)
    said = browser(world, world.harbours[0]).get(f"/bao-cao/bien-nhan/{sent.pk}/").content.decode()
    form = said[said.index('id="quyet-dinh-bieu"') :]
    first = form[form.index("<button") :].partition(">")[0]
    assert "disabled" in first
    assert "name=" not in first


def test_a_refused_return_keeps_the_ticks_and_what_was_typed(world: World) -> None:
    sent = world.send("n1", all=5, good=1)
    page, address = browser(world, world.harbours[0]), f"/bao-cao/bien-nhan/{sent.pk}/"
    said = page.get(address + "?danh-dau=1").content.decode()
    assert said.count('name="o" value=') == said.count('form="quyet-dinh-bieu" aria-label="Đánh dấu') == 6
    refused = page.post(address, {"act": "return", "tra-reason": "x" * 2001, "nhan-reason": "đã gọi", "o": [ALL, GOOD]})
    assert refused.status_code == 422
    said = refused.content.decode()
    assert said.count(' checked aria-label="Đánh dấu') == 2
    assert "đã gọi" in said
    page.post(address, {"act": "return", "tra-reason": "Xem lại", "o": [ALL, GOOD]})
    sent.refresh_from_db()
    assert (sent.state, [one["cell"] for one in sent.marked_cells]) == ("returned", [ALL, GOOD])


def test_nothing_is_accepted_while_an_explanation_waits(world: World) -> None:
    sent, key = explained(world)
    with pytest.raises(services.ExplanationsUnjudged) as refused:
        services.accept(sent, by=SYSTEM, at=AT)
    assert key in refused.value.keys
    services.judge(sent, {one: services.Verdict(accepted=True) for one in sent.explanations}, by=SYSTEM, at=AT)
    assert services.accept(sent, by=SYSTEM, at=AT).state == "accepted"


def test_accepting_all_explanations_spares_the_declined(world: World) -> None:
    sent, key = explained(world)
    services.judge(sent, {key: services.Verdict(accepted=False, note="which lamps?")}, by=SYSTEM, at=AT)
    with pytest.raises(services.ExplanationsUnjudged):
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)


def test_a_declined_explanation_returns_and_is_told_at_the_warning(world: World) -> None:
    sent, key = explained(world)
    verdicts = {key: services.Verdict(accepted=False, note="đèn nào?")}
    back = services.return_for_correction(sent, verdicts=verdicts, by=SYSTEM, at=AT)
    assert back.decision_reason == "Chưa chấp nhận giải trình của 1 cảnh báo."
    assert (back.verdicts[key]["accepted"], back.verdicts[key]["by"]) == (False, SYSTEM.name)
    said = text_of(browser(world, world.lights["n1"]).get(f"/bao-cao/nhap/{sent.obligation_id}/"))
    assert "Không chấp nhận, the clock: “đèn nào?”" in said


def test_one_button_accepts_every_explanation(world: World) -> None:
    sent, _ = explained(world)
    page, address = browser(world, world.harbours[0]), f"/bao-cao/bien-nhan/{sent.pk}/"
    refused = page.post(address, {"act": "accept", "nhan-reason": ""})
    assert refused.status_code == 422
    assert "giải trình chưa được chấp nhận" in text_of(refused)
    page.post(address, {"act": "judge-all"})
    assert page.post(address, {"act": "accept", "nhan-reason": ""}).status_code == 302
    sent.refresh_from_db()
    assert sent.state == "accepted"
    assert all(one["accepted"] for one in sent.verdicts.values())


def test_only_the_receiver_judges(world: World) -> None:
    sent, key = explained(world)
    with pytest.raises(PermissionDenied):
        services.judge(sent, {key: services.Verdict(accepted=True)}, by=world.actor(world.lights["n1"]), at=AT)


def test_papers_come_afterwards_and_corrections_keep_what_stood(world: World) -> None:
    sent, by = world.send("n1", all=5, good=1), world.actor(world.lights["n1"])
    scan = services.Scan(PDF, "signed.pdf")
    services.add_papers(sent, document_number="7/BC", document_date=date(2024, 4, 2), scan=scan, by=by, at=AT)
    services.add_papers(sent, document_number="8/BC", document_date=date(2024, 4, 2), by=by, at=AT)
    sent.refresh_from_db()
    assert (sent.document_number, sent.document_date, sent.scan_id is not None) == ("8/BC", date(2024, 4, 2), True)
    last = acts_on(sent)[0]
    assert (last.detail["before"]["number"], last.detail["after"]["number"]) == ("7/BC", "8/BC")
    with pytest.raises(services.ReportingError, match="Chưa có gì mới"):
        services.add_papers(sent, document_number="8/BC", document_date=date(2024, 4, 2), by=by, at=AT)
    with pytest.raises(services.ReportingError, match="chưa tới"):
        services.add_papers(sent, document_number="8/BC", document_date=date(2024, 5, 2), by=by, at=AT)
    with pytest.raises(PermissionDenied):
        services.add_papers(sent, document_number="9", document_date=None, by=world.actor(world.harbours[0]), at=AT)
    said = text_of(browser(world, world.harbours[0]).get(f"/bao-cao/bien-nhan/{sent.pk}/"))
    assert "số: 8/BC (trước là 7/BC)" in said


def test_a_paper_of_a_coming_day_is_not_sent_either(world: World) -> None:
    owed, figures = world.owed("n1"), world.figures(all=5, good=1)
    submit = partial(services.submit, owed, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
    with pytest.raises(services.ReportingError, match="04/04/2024 chưa tới"):
        submit(document_date=date(2024, 4, 4))
    assert submit(document_date=date(2024, 4, 3)).version == 1


def test_papers_on_the_page(world: World) -> None:
    sent = world.send("n1", all=5, good=1)
    address = f"/bao-cao/bien-nhan/{sent.pk}/van-ban/"
    papers = {"document_number": "7/BC", "document_date": "2024-04-02"}
    page = browser(world, world.lights["n1"])
    assert page.post(address, papers | {"scan": SimpleUploadedFile("a.pdf", PDF)}).status_code == 302
    secret = page.post(address, papers | {"scan": SimpleUploadedFile("MẬT.pdf", PDF + b"x")})
    assert (secret.status_code, "độ mật" in text_of(secret)) == (422, True)
    assert browser(world, world.harbours[0]).post(address, papers).status_code == 403
    assert browser(world, world.lights["n2"]).post(address, papers).status_code == 404


def test_signers_and_number_are_saved_like_cells(world: World) -> None:
    owed, clerk = world.owed("n1"), world.actor(world.lights["n1"], Role.OFFICER)
    page = browser(world, world.lights["n1"])
    address = f"/bao-cao/nhap/{owed.pk}/"
    body = '{"draft": null, "seen": 0, "cells": {"signer_1": {"text": "Bình", "base": 0}, %s}}'
    sent = '"document_number": {"text": "7/BC", "base": 0}, "signer_9": {"text": "x", "base": 0}'
    news = page.patch(f"{address}o/", body % sent, content_type="application/json").json()
    assert list(news["refused"]) == ["signer_9"]
    draft = Draft.objects.get()
    assert draft.papers == {"signer_1": "Bình", "document_number": "7/BC"}
    over = services.change_draft(
        owed, {"signer_1": Change("Cúc", base=0)}, draft_id=draft.pk, by=clerk, at=moment(2024, 4, 4)
    )
    assert over.overtaken == ("signer_1",)
    services.save_draft(owed, figures={ALL: "3"}, by=SYSTEM, at=AT)
    assert Draft.objects.get().papers["signer_1"] == "Bình"
    shown = page.get(address).content.decode()
    assert 'value="Bình"' in shown
    assert 'value="7/BC"' in shown


def test_the_people_of_the_unit_are_told_of_a_return_once(world: World) -> None:
    officer = world.actor(world.lights["n1"], Role.OFFICER)
    world.actor(world.lights["n2"], Role.OFFICER)
    sent = world.send("n1", all=5, good=1)
    services.return_for_correction(sent, reason="Sổ khác", cells=MARKS, by=world.actor(world.harbours[0]), at=AT)
    (message,) = inbox(officer.user_id or 0)
    assert message.subject.startswith("North Harbour trả lại")
    assert "Lý do: Sổ khác." in message.body
    assert "đếm lại" in message.body
    assert message.link == f"/bao-cao/nhap/{sent.obligation_id}/"
    assert {one.person.login for one in Message.objects.all()} == {"n1-officer"}


def test_moved_deadlines_are_told_in_one_message_a_person(world: World) -> None:
    officer = world.actor(world.lights["n1"], Role.OFFICER)
    rows = [world.owed("n1"), world.owed("n1", year_before(world))]
    due = date(2024, 4, 20)
    with act("reporting.move-deadline", by=SYSTEM, at=AT, reason="bão") as entry:
        for row in rows:
            change = DeadlineChange(obligation=row, old_due_on=row.due_on, due_on=due, basis="12/BTP", act=entry)
            change.save()
            row.due_on = due
            row.save()
        assert tell_deadline_moved(rows, entry) == 1
    (message,) = inbox(officer.user_id or 0)
    assert "2 báo cáo" in message.subject
    assert message.body.count("hạn mới 20/04/2024 (trước là") == 2
    assert "Căn cứ: 12/BTP.\nLý do: bão." in message.body


@pytest.mark.parametrize("name", ["own", "own/total", "own/other//all", "own/total//x", "own/total/n1/all", "///", ""])
def test_only_cells_of_the_form_are_marked(world: World, name: str) -> None:
    sent = world.send("n1", all=5, good=1)
    with pytest.raises(services.ReportingError, match="không có ô"):
        services.return_for_correction(sent, cells=[services.Mark(name)], by=SYSTEM, at=AT)


def test_a_report_that_nobody_receives_is_accepted_where_it_is_made(world: World) -> None:
    form = factories.make_form(factories.form_data(code="top"))
    factories.owe(form, world.rule, "coast", None)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed, figures = Obligation.objects.get(form=form), factories.figures_for(form, "own", "total", all=5, good=1)
    sent = services.submit(owed, figures=figures, by=world.actor(world.coast), at=AT, signatures=SIGNED)
    address = f"/bao-cao/bien-nhan/{sent.pk}/"
    page = text_of(browser(world, world.coast).get(address))
    assert "đơn vị lập tự tiếp nhận" in page
    assert browser(world, world.coast, Role.OFFICER).post(address, {"act": "accept"}).status_code == 403
    assert "Tiếp nhận hoặc trả lại" not in text_of(browser(world, world.coast, Role.OFFICER).get(address))
    assert browser(world, world.harbours[0]).post(address, {"act": "accept"}).status_code == 404
    assert browser(world, world.coast).post(address, {"act": "accept"}).status_code == 302
    sent.refresh_from_db()
    assert sent.is_current
