"""A whole pack about lighthouses, through the whole loop: no code knows the sector of the other one."""

import re
import shutil
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from giaoban.accounts.selectors import user_by_login
from giaoban.briefs import selectors as briefs
from giaoban.briefs import services as brief_services
from giaoban.config.demo.tidy import tidy_csv
from giaoban.config.tests.world import SYSTEM, open_account, unit_id
from giaoban.core.packs import check_pack
from giaoban.core.periods import AD_HOC_RULE
from giaoban.documents.selectors import stored_file
from giaoban.indicators import selectors as indicators
from giaoban.kit.actors import Actor
from giaoban.kit.packs import load_pack
from giaoban.kit.permissions import Role
from giaoban.meetings import selectors as meetings
from giaoban.meetings import services as meeting_services
from giaoban.meetings.models import Meeting
from giaoban.monitoring import selectors as monitoring
from giaoban.monitoring import services as watching
from giaoban.orgs import selectors as orgs
from giaoban.orgs.web.eventforms import CARDS
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import figures_from_texts
from giaoban.tasks import selectors as tasks
from giaoban.tasks import services as task_services

pytestmark = pytest.mark.django_db

HARBOUR = Path(__file__).parent / "packs" / "harbour"
FORM, STORM = "harbour-act:a1", "request:storm"
LIGHTS = ("light:cape", "light:dune", "light:gull")  # the Fjord Light sends nothing
MERGED = date(2025, 1, 1)
KEEPER = (("Keeper", "Ann"), ("Master", "Ben"))
SECTOR = re.compile(r"tư pháp|ubnd|ủy ban|\bsở\b|\bxã\b|\btỉnh\b|\bhuyện\b|phường", re.IGNORECASE)


def at(month: int, day: int, hour: int = 9, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def load(folder: Path = HARBOUR) -> list[str]:
    said: list[str] = []
    load_pack(folder, by=SYSTEM, at=at(1, 2), say=said.append)
    return said


@pytest.fixture(autouse=True)
def harbour() -> None:
    load()


def master(of: str) -> Actor:
    """The head of a unit, the same person when asked again."""
    login = f"master-{of.replace(':', '-')}"
    user = user_by_login(login) or open_account(login, f"Master of {of}", (unit_id(of), Role.HEAD))
    return orgs.actor_for(user.pk, user.full_name, date(2024, 1, 1))


def sent(units: Iterable[str], period: str) -> bytes:
    """Ten lamps of which nine, eight, … burn, and some oil."""
    rows = []
    for lost, unit in enumerate(units, start=1):
        cells = {"c1": "10", "c2": str(10 - lost), "c3": "12.5", "c4": str((10 - lost) * 10), "c5": "calm"}
        rows += [
            {"unit": unit, "form": FORM, "period": period, "table": "own", "column": column, "value": value}
            for column, value in cells.items()
        ]
    return tidy_csv(rows)


@pytest.fixture
def quarter() -> selectors.Period:
    """The first quarter of 2024: four lights owe the form, three have sent it and their offices have taken it in."""
    period = services.open_period("quarterly", code="2024-Q1", by=SYSTEM, at=at(4, 1))
    assert services.raise_obligations(FORM, period, by=SYSTEM, at=at(4, 1)) == 4
    result = services.import_csv(sent(LIGHTS, period.code), "lights.csv", by=SYSTEM, at=at(4, 9))
    east = master("office:east")
    for submission in result.submissions:
        services.accept(submission, by=SYSTEM if submission.obligation.unit.key == "light:gull" else east, at=at(4, 12))
    return period


def column(table: selectors.ConsolidatedTable, name: str, line: int | None = None) -> Decimal | None:
    held = table.total if line is None else table.lines[line]
    return held.cells["own", "total", "", name].value


def test_the_pack_is_sound_and_loads_twice(tmp_path: Path) -> None:
    assert check_pack(HARBOUR) == []
    assert [line for line in load() if re.search(r"\b[1-9][0-9]* (added|changed|removed)", line)] == []
    changed = Path(shutil.copytree(HARBOUR, tmp_path / "pack"))
    units = changed / "units" / "units.csv"
    units.write_text(units.read_text(encoding="utf-8").replace("Cape Light", "Cape Great Light"), encoding="utf-8")
    load(changed)
    assert orgs.card(unit_id("light:cape"), MERGED).name == "Cape Great Light"


def test_reports_add_up_on_their_tree_and_on_another_days(quarter: selectors.Period) -> None:
    form = selectors.form_by_key(FORM)
    board = unit_id("board")
    table = selectors.consolidate(form, quarter, board)
    assert table.coverage_words == "3/4"
    assert [(line.label, line.coverage.words()) for line in table.lines if line.coverage] == [
        ("Office of the East Shore", "2/2"),
        ("Office of the Rocky Shore", "1/1"),
        ("Office of the West Shore", "0/1"),
    ]
    assert [column(table, name) for name in ("c1", "c2", "c3")] == [30, 24, Decimal("37.5")]
    assert column(table, "c4") == 80  # of the sums, not of the rates
    assert [row.unit.key for row in selectors.late_and_missing(form, quarter, board, date(2024, 5, 1)).missing] == [
        "light:fjord"
    ]
    snapshot = services.confirm_table(FORM, quarter, board, by=master("board"), at=at(4, 20))
    confirmed = selectors.confirmed_table(form, quarter, board)
    assert confirmed is not None
    assert confirmed.intact
    assert snapshot.pk == confirmed.snapshot_id
    recast = selectors.consolidate(form, quarter, unit_id("office:long"), geography=MERGED)
    assert recast.coverage_words == "2/3"
    assert column(recast, "c1") == 20
    assert [line.label for line in recast.lines] == ["Cape Light", "Dune Light", "Fjord Light"]
    back = selectors.consolidate(form, quarter, board, geography=MERGED)
    assert {line.label for line in back.lines} == {"Office of the Long Shore", "Office of the Rocky Shore"}
    assert column(back, "c1") == column(table, "c1")


def test_what_is_wrong_in_a_file_is_named(quarter: selectors.Period) -> None:
    content = sent(["light:fjord", "light:moon"], quarter.code).replace(b",9,", b",many,")
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_csv(content, "lights.csv", by=SYSTEM, at=at(4, 9))
    codes = {issue.code for issue in refusal.value.issues}
    assert len(codes) >= 2
    assert not SECTOR.search(str(refusal.value.issues))


def test_a_request_a_draft_and_a_mistake() -> None:
    office, light = master("office:rocky"), master("light:gull")
    period = services.open_period(
        AD_HOC_RULE, code="STORM-1", label="Storm", start=date(2024, 5, 1), end=date(2024, 5, 4), by=office, at=at(5, 4)
    )
    (owed,) = services.request_report(
        STORM,
        period,
        units=[unit_id("light:gull")],
        receiver=unit_id("office:rocky"),
        due_on=date(2024, 5, 8),
        basis="By signal",
        by=office,
        at=at(5, 4),
    )
    definition = selectors.definition_of(selectors.form_by_key(STORM))
    texts = {"main/total//lost": "3", "main/total//mended": "4", "main/total//remark": "the boat too"}
    services.save_draft(owed, figures=texts, by=light, at=at(5, 5))
    with pytest.raises(services.SubmissionRefused):
        services.submit_draft(owed, by=light, at=at(5, 5), signatures=[("Master", "Ben")])
    figures, _ = figures_from_texts(definition, {**texts, "main/total//mended": "1"})
    submission = services.submit(owed, figures=figures, by=light, at=at(5, 6), signatures=[("Master", "Ben")])
    services.accept(submission, by=office, at=at(5, 7))
    table = selectors.consolidate(selectors.form_by_key(STORM), period, unit_id("office:rocky"))
    assert table.coverage_words == "1/1"


def test_watch_meet_conclude_assign_and_meet_again(quarter: selectors.Period) -> None:
    board, by = unit_id("board"), master("board")
    reading = indicators.reading(indicators.indicator_by_key("burning"), quarter)
    assert reading.overall.value == 80
    rule = monitoring.watch_rule_for("dark")
    (finding,) = watching.run_watch(rule, quarter, watcher_id=board, by=by, at=at(4, 21))
    assert finding.unit_id == unit_id("light:gull")
    watching.judge(finding, confirm=True, reason="Seen from the sea.", by=by, at=at(4, 21))
    meeting = meet("first-watch", board, quarter, by, date(2024, 4, 25))
    titles = " ".join(f"{item.title} {item.about}" for item in meetings.agenda_of(meeting))
    assert "Fjord Light" in titles
    book = briefs.latest_book(meeting.key)
    assert book is not None
    brief_services.render(book.pk)
    meeting_services.hold(meeting, by=by, at=at(4, 25, 10))
    offices = [unit_id("office:east"), unit_id("office:rocky")]
    order = meeting_services.record_paragraph(
        meeting, text="All offices count their spare lamps.", kind="task", by=by, at=at(4, 25, 11)
    )
    meeting_services.record_paragraph(
        meeting, text="Keep the lights burning.", kind="orientation", by=by, at=at(4, 25, 11)
    )
    with pytest.raises(meeting_services.ConclusionRefused) as refusal:
        meeting_services.issue_notice(meeting, by=by, at=at(4, 25, 12))
    missing = " ".join(word for one in refusal.value.blocking for word in one.missing)
    assert all(name in missing for name in ("who", "by when", "what for"))
    meeting_services.set_clears(
        order,
        what="Count the spare lamps",
        lead_ids=offices,
        helpers="The keepers",
        due_on=date(2024, 5, 10),
        product="A list",
        by=by,
        at=at(4, 25, 13),
    )
    notice = meeting_services.issue_notice(meeting, by=by, at=at(4, 26))
    meeting_services.render_notice(notice.pk)
    notice.refresh_from_db()
    book.refresh_from_db()
    papers = [stored_file(blob_id or 0) for blob_id in (notice.pdf_id, notice.docx_id, book.pdf_id, book.docx_id)]
    assert [paper.content[:4] for paper in papers if paper] == [b"%PDF", b"PK\x03\x04"] * 2
    task = tasks.task_by_key("meeting:first-watch:1")
    assert task is not None
    east, rocky = sorted(tasks.shares_of(task), key=lambda share: offices.index(share.unit_id))
    task_services.report_progress(
        east, note="Counted.", done=True, product="List 1", by=master("office:east"), at=at(5, 2)
    )
    task_services.verify(east, by=by, at=at(5, 3))
    roll_up = tasks.roll_up(task, date(2024, 5, 20))
    assert [card.key for card in roll_up.done_on_time] == ["office:east"]
    assert [card.key for card in roll_up.open_overdue] == ["office:rocky"]
    again = meet("second-watch", board, quarter, by, date(2024, 5, 25))
    (item,) = [one for one in meetings.agenda_of(again) if "Count the spare lamps" in one.title]
    assert "Rocky Office" in item.about
    assert "East Office" not in item.about
    assert rocky.unit_id == offices[1]


def meet(key: str, host: int, period: selectors.Period, by: Actor, on: date) -> Meeting:
    """A meeting planned, with its agenda and book."""
    planned = at(on.month, on.day - 2)
    meeting = meeting_services.plan_meeting(
        key=key,
        title=f"The {key}",
        type="watch",
        form="ashore",
        held_on=on,
        host_id=host,
        chair_name="Cora",
        period_id=period.pk,
        by=by,
        at=planned,
    )
    meeting_services.build_agenda(meeting, by=by, at=planned)
    meeting_services.prepare_book(meeting, by=by, at=planned)
    return meeting


def test_no_page_speaks_of_another_sector(quarter: selectors.Period, client: Client) -> None:
    board = unit_id("board")
    user = open_account("harbour-master", "Harbour Master", (board, Role.HEAD), (board, Role.ADMINISTRATOR))
    by = orgs.actor_for(user.pk, user.full_name, date(2024, 4, 25))
    meeting = meet("watch", board, quarter, by, date(2024, 4, 25))
    watching.run_watch(monitoring.watch_rule_for("dark"), quarter, watcher_id=board, by=by, at=at(4, 21))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    pages = (
        "/",
        "/don-vi/",
        "/don-vi/board/",
        "/don-vi/office:long/",
        "/don-vi/vung/sunny/",
        "/don-vi/board/vi-tri/",
        "/don-vi/?cay=dia-gioi",
        "/don-vi/tim/?q=light",
        "/don-vi/so-sanh/?tu=2024-12-31&den=2025-01-01",
        "/don-vi/bien-dong/",
        "/don-vi/bien-dong/moi/",
        *(f"/don-vi/bien-dong/moi/{card.key}/" for card in CARDS),
        "/don-vi/nhap-bang/",
        "/don-vi/khoang-trong/",
        "/bao-cao/",
        "/bao-cao/yeu-cau/",
        "/bao-cao/so-lieu/",
        f"/bao-cao/so-lieu/{FORM}/{quarter.code}/",
        f"/bao-cao/tiep-nhan/office:long/{FORM}/{quarter.code}/",
        f"/chi-so/burning/{quarter.code}/",
        "/theo-doi/",
        "/theo-doi/phat-hien/",
        "/theo-doi/quy-tac/dark/",
        "/hop/",
        "/hop/lap-cuoc-hop/",
        f"/hop/{meeting.key}/",
        f"/hop/{meeting.key}/ket-luan/",
        f"/hop/{meeting.key}/chieu/",
        "/nhiem-vu/",
    )
    faults = {}
    for page in pages:
        answer = client.get(page)
        words = sorted(set(SECTOR.findall(answer.content.decode())))
        if answer.status_code != 200 or words:
            faults[page] = (answer.status_code, words)
    assert not faults
