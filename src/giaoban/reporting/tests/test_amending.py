"""Figures that were accepted change only by a numbered, reasoned amendment; secrets and closed books are refused."""

from datetime import datetime, timedelta

import pytest

from giaoban.core.forms import parse_form
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Closing, Draft, Submission
from giaoban.reporting.rules import Change, amendment_number
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, figures_for, form_data, tiny_world
from giaoban.reporting.tests.test_pages import GOOD, browser, text_of
from giaoban.reporting.tests.test_pages import SIGNED as SIGNED_FORM
from giaoban.reporting.web.shaping.differences import differences
from giaoban.reporting.web.shaping.layout import Labels

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def send(world: World, *, reason: str = "", at: datetime = AT, **cells: int) -> Submission:
    figures = world.figures(**cells)
    return services.submit(
        world.owed("n1"), figures=figures, by=SYSTEM, at=at, signatures=SIGNED, amendment_reason=reason
    )


def test_numbers_of_amendments() -> None:
    accepted, replaced = ("accepted", "", 0), ("superseded", "", 0)
    assert amendment_number([]) == 0
    assert amendment_number([("returned", "x", 0), ("sent", "", 0)]) == 0
    assert amendment_number([accepted]) == 1
    assert amendment_number([accepted, ("returned", "x", 1)]) == 1
    assert amendment_number([replaced, ("accepted", "", 1)]) == 2


def test_an_amendment_has_a_number_and_a_reason_and_the_old_figures_stay(world: World) -> None:
    first = services.accept(send(world, reason="not needed", all=5, good=1), by=SYSTEM, at=AT)
    assert (first.amendment, first.amendment_reason) == (0, "")
    with pytest.raises(services.AmendmentUnexplained, match="lý do sửa đổi"):
        send(world, all=6, good=1)
    second = send(world, reason=" a lamp was forgotten ", all=6, good=1)
    assert (second.amendment, second.amendment_reason) == (1, "a lamp was forgotten")
    services.return_for_correction(second, reason="again", by=SYSTEM, at=AT)
    third = services.accept(send(world, reason="two lamps", all=7, good=1), by=SYSTEM, at=AT)
    assert third.amendment == 1
    assert send(world, reason="three", all=8, good=1).amendment == 2
    own = [selectors.figures_of(one)["own", "total", ""].figures[0].amount for one in (first, third)]
    assert own == [5, 7]


def test_the_first_acceptable_sending_survives_amendments(world: World) -> None:
    services.accept(send(world, at=moment(2024, 4, 9), all=5, good=1), by=SYSTEM, at=AT)
    for day, count in ((15, 6), (18, 7)):
        sent = send(world, reason="more", at=moment(2024, 4, day), all=count, good=1)
        services.return_for_correction(sent, reason="x", by=SYSTEM, at=moment(2024, 4, day))
    services.accept(send(world, reason="last", at=moment(2024, 4, 20), all=8, good=1), by=SYSTEM, at=AT)
    assert selectors.standing_of(world.owed("n1")).delivered_at == moment(2024, 4, 9)


def test_a_file_gives_its_reason(world: World) -> None:
    world.report("n1", all=5, good=1)
    row = "n1,act-1:lamps,2024-Q1,,own,total,,{},{},,"
    header = "unit,form,period,instalment,table,line,subunit,column,value,estimate,mark"
    content = "\n".join([header, row.format("all", 3), row.format("good", 1)]).encode()
    with pytest.raises(services.AmendmentUnexplained):
        services.import_csv(content, "a.csv", by=SYSTEM, at=AT)
    result = services.import_csv(content, "a.csv", by=SYSTEM, at=AT, amendment_reason="a new count")
    assert result.submissions[0].amendment == 1


def test_differences_name_old_new_and_change(world: World) -> None:
    form = parse_form(form_data(), "a:lamps")
    before = figures_for(world.form, "own", "total", all=5, good=1, note="calm")
    now = figures_for(world.form, "own", "total", all=7, good=1, note="windy")
    found = differences(form, Labels(form), before, now)
    assert [(one.old, one.new, one.change) for one in found] == [("5", "7", "+2"), ("calm", "windy", "")]
    assert [one.new for one in differences(form, Labels(form), before, {})] == ["trống", "trống", "trống"]


def test_the_page_asks_for_the_reason_and_the_receipt_shows_the_change(world: World) -> None:
    world.report("n1", all=20, good=15)
    page, owed = browser(world, world.lights["n1"]), world.owed("n1")
    address = f"/bao-cao/nhap/{owed.pk}/?sua=1"
    assert 'name="amendment_reason"' in page.get(address).content.decode()
    changed = GOOD | {"own/total//all": "21"} | SIGNED_FORM
    refused = page.post(address, changed)
    assert refused.status_code == 422
    assert "Nêu lý do sửa số liệu đã được tiếp nhận" in text_of(refused)
    receipt = page.post(address, changed | {"amendment_reason": "đếm sót"}, follow=True)
    said = text_of(receipt)
    assert "Sửa đổi lần 1" in said
    assert "Lý do: đếm sót" in said
    assert "20 21 +1" in said


def test_closed_books_take_and_accept_nothing(world: World) -> None:
    sent = world.send("n1", all=5, good=1)
    act = sent.act
    Closing.objects.create(form=world.form, period=world.period, unit=world.harbours[0], act=act)
    with pytest.raises(services.BooksClosed, match="khoá sổ"):
        send(world, all=6, good=1)
    with pytest.raises(services.BooksClosed):
        services.accept(sent, by=SYSTEM, at=AT)
    with pytest.raises(services.BooksClosed):
        services.return_for_correction(sent, reason="x", by=SYSTEM, at=AT)


def test_the_clock_of_the_client_rules_nothing(world: World) -> None:
    owed = world.owed("n1")
    page = browser(world, world.lights["n1"])
    wrong = {"sent_at": "2020-01-01T00:00:00", "at": "1999-01-01"}
    page.post(f"/bao-cao/nhap/{owed.pk}/", GOOD | SIGNED_FORM | wrong, HTTP_DATE="Wed, 01 Jan 2020 00:00:00 GMT")
    sent = owed.submissions.get()
    assert abs(datetime.now(tz=sent.sent_at.tzinfo) - sent.sent_at) < timedelta(minutes=5)


def test_secrets_are_refused_wherever_they_are_typed(world: World) -> None:
    owed = world.owed("n1")
    with pytest.raises(services.SecretRefused, match="MẬT"):
        services.save_draft(owed, figures={}, notes="Độ mật: Mật", by=SYSTEM, at=AT)
    with pytest.raises(services.SecretRefused):
        services.submit(owed, figures=world.figures(all=2, good=1, note="TỐI MẬT"), by=SYSTEM, at=AT, signatures=SIGNED)
    done = services.change_draft(
        owed,
        {"notes": Change("TUYỆT MẬT"), "own/total//all": Change("3")},
        by=SYSTEM,
        at=AT,
    )
    assert "TUYỆT MẬT" in done.refused["notes"]
    assert Draft.objects.get().figures["own/total//all"] == "3"
    with pytest.raises(services.SecretRefused):
        services.submit_draft(
            owed, by=SYSTEM, at=AT, signatures=SIGNED, scan=services.Scan(b"%PDF-1.7", "bao-cao_MẬT.pdf")
        )
    assert not owed.submissions.exists()
