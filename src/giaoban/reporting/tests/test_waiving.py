"""One check does not hold back one report, until a day: by whom and why stands on its pages."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from giaoban.core.issues import Cell, Issue
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Waiver
from giaoban.reporting.rules import check_words, issue_key, may_be_waived, without_waived
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_pages import browser, text_of

pytestmark = pytest.mark.django_db
UNTIL = date(2024, 4, 10)
PART = "part-exceeds-whole:own/total//good"
TYPED = {"own/total//all": "3", "own/total//good": "4"}


@pytest.fixture
def world() -> World:
    made = tiny_world()
    services.save_draft(made.owed("n1"), figures=TYPED, by=SYSTEM, at=AT)
    return made


def waive(world: World, until: date = UNTIL) -> Waiver:
    return services.waive(
        world.owed("n1"), PART, reason="counted twice by law", until=until, by=world.actor(world.harbours[0]), at=AT
    )


def test_checks_are_waived_and_faults_of_writing_are_not() -> None:
    at = Cell("own", "total", "", "good")
    numbers: dict[str, Any] = {"part": 4, "whole": 3, "whole_column": "all"}
    part = Issue("part-exceeds-whole", "error", at, numbers)
    unread = Issue("not-a-number", "error", at, {"text": "x"})
    assert [may_be_waived(one) for one in (part, unread)] == [True, False]
    words: dict[str, Any] = dict.fromkeys(("label", "cells", "text"), "x")
    strange = [Issue(code, "error", at, words) for code in ("deleted-row", "merged-cells", "outside-table")]
    assert not any(map(may_be_waived, strange))
    left = without_waived([part, unread], {issue_key(part), issue_key(unread)})
    assert [one.severity for one in left] == ["note", "error"]
    assert check_words(part, place="ô a") == "Ô a: phần “trong đó” lớn hơn số chung"


def test_a_waived_check_lets_the_report_go_until_its_day(world: World) -> None:
    owed = world.owed("n1")
    with pytest.raises(services.SubmissionRefused):
        services.submit_draft(owed, by=SYSTEM, at=AT, signatures=SIGNED)
    waive(world)
    with pytest.raises(services.SubmissionRefused):
        services.submit_draft(owed, by=SYSTEM, at=moment(2024, 4, 11), signatures=SIGNED)
    assert services.submit_draft(owed, by=SYSTEM, at=moment(2024, 4, 10), signatures=SIGNED).version == 1


def test_a_withdrawn_waiver_holds_again(world: World) -> None:
    owed, by = world.owed("n1"), world.actor(world.harbours[0])
    made = waive(world)
    with pytest.raises(services.AlreadyDone):
        waive(world)
    services.withdraw_waiver(made.pk, obligation=owed, reason="a mistake", by=by, at=AT)
    with pytest.raises(services.AlreadyDone):
        services.withdraw_waiver(made.pk, obligation=owed, reason="a mistake", by=by, at=AT)
    with pytest.raises(services.SubmissionRefused):
        services.submit_draft(owed, by=SYSTEM, at=AT, signatures=SIGNED)
    assert [one.state for one in selectors.waivers_of(owed, AT.date())] == ["withdrawn"]
    waive(world)


def test_an_expired_waiver_gives_way_to_a_new_one(world: World) -> None:
    waive(world)
    by = world.actor(world.harbours[0])
    services.waive(world.owed("n1"), PART, reason="still", until=date(2024, 5, 1), by=by, at=moment(2024, 4, 20))
    now, before = selectors.waivers_of(world.owed("n1"), date(2024, 4, 20))
    assert (now.state, before.state) == ("stands", "expired")
    assert (before.withdrawn_by, before.withdrawn_at, before.withdrawn_reason) == ("", None, "")


def test_an_expired_waiver_is_not_withdrawn_any_more(world: World) -> None:
    made, owed, by = waive(world), world.owed("n1"), world.actor(world.harbours[0])
    with pytest.raises(services.AlreadyDone, match="hết hạn ngày 10/04/2024"):
        services.withdraw_waiver(made.pk, obligation=owed, reason="late", by=by, at=moment(2024, 4, 11))
    assert services.withdraw_waiver(made.pk, obligation=owed, reason="x", by=by, at=moment(2024, 4, 10)).withdrawn


def test_what_cannot_be_waived(world: World) -> None:
    owed, by = world.owed("n1"), world.actor(world.harbours[0])
    given: dict[str, Any] = {"by": by, "at": AT, "until": UNTIL}
    with pytest.raises(services.ReportingError, match="không vướng"):
        services.waive(owed, "part-exceeds-whole:own/total//all", reason="x", **given)
    with pytest.raises(services.ReportingError, match="lý do"):
        services.waive(owed, PART, reason=" ", **given)
    with pytest.raises(services.ReportingError, match="đã qua"):
        services.waive(owed, PART, reason="x", **given | {"until": date(2024, 4, 2)})
    services.save_draft(owed, figures=TYPED | {"own/total//all": "abc"}, by=SYSTEM, at=AT)
    with pytest.raises(services.ReportingError, match="không miễn được"):
        services.waive(owed, "not-a-number:own/total//all", reason="x", **given)


def test_only_who_receives_waives(world: World) -> None:
    for unit in (world.lights["n1"], world.harbours[1]):
        with pytest.raises(PermissionDenied):
            services.waive(world.owed("n1"), PART, reason="x", until=UNTIL, by=world.actor(unit), at=AT)


def test_the_pages_offer_and_tell_it(world: World) -> None:
    owed = world.owed("n1")
    receiver, unit = browser(world, world.harbours[0]), browser(world, world.lights["n1"])
    address = f"/bao-cao/nhap/{owed.pk}/"
    offered = receiver.get(address)
    assert "phần “trong đó” lớn hơn số chung" in text_of(offered)
    assert "là 4" not in text_of(offered)
    given = {"act": "waive", "check": PART, "until": "2099-01-01"}
    assert receiver.post(f"{address}mien-kiem-tra/", given).status_code == 422
    assert unit.post(f"{address}mien-kiem-tra/", given | {"reason": "x"}).status_code == 403
    done = receiver.post(f"{address}mien-kiem-tra/", given | {"reason": "luật cho phép"}, follow=True)
    assert "Đang miễn" in text_of(done)
    said = text_of(unit.get(f"{address}?kiem-tra=1"))
    assert "Lý do: luật cho phép" in said
    assert "miễn phép kiểm tra này đến hết ngày 01/01/2099" in said
    number = Waiver.objects.get().pk
    withdrawn = {"act": "withdraw", "waiver": str(number), "reason": "nhầm"}
    assert "Đã rút lại" in text_of(receiver.post(f"{address}mien-kiem-tra/", withdrawn, follow=True))


def test_a_waiver_stands_beside_its_finding_on_the_list_of_checks(world: World) -> None:
    until = timezone.localdate() + timedelta(days=9)
    waive(world, until)
    services.submit_draft(world.owed("n1"), by=SYSTEM, at=AT, signatures=SIGNED)
    checked = selectors.check_all(world.form, world.period, world.harbours[0].pk)
    (report,) = checked.reports
    assert [one.severity for one in report.issues if issue_key(one) == PART] == ["note"]
    page = browser(world, world.harbours[0])
    query = reverse("reporting:checking", args=[world.form.key, world.period.code])
    words = f"miễn phép kiểm tra này đến hết ngày {until:%d/%m/%Y}: counted twice by law."
    assert words in text_of(page.get(query))
    export = reverse("reporting:checking-csv", args=[world.form.key, world.period.code])
    assert words in page.get(export).content.decode()
