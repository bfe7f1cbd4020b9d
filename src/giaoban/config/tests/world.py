"""The data of the main job and one more round of the loop around it, with a person for every role.

The round: the host asks communes for a report; one is being typed, one waits, one is accepted, one was sent back, one
is missing; one meeting is in preparation, one was held, one is concluded and gave tasks.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from giaoban.accounts import services as accounts
from giaoban.accounts.selectors import user_by_login
from giaoban.briefs import selectors as briefs
from giaoban.config.demo import enforcement, legal_aid, long_an, onestop
from giaoban.config.demo.main import PACK
from giaoban.config.tests import narratives
from giaoban.core.periods import AD_HOC_RULE
from giaoban.documents.services import store_blob
from giaoban.indicators import selectors as indicators
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.jobs import run_pending
from giaoban.kit.messages import inbox
from giaoban.kit.models import Message
from giaoban.kit.permissions import Role
from giaoban.meetings import selectors as meetings
from giaoban.meetings import services as meeting_services
from giaoban.monitoring import selectors as monitoring
from giaoban.monitoring import services as watching
from giaoban.orgs import selectors as orgs
from giaoban.orgs import services as org_services
from giaoban.orgs.selectors import reorganising as tables
from giaoban.orgs.services import reorganising
from giaoban.reporting import selectors as reporting
from giaoban.reporting import services as reporting_services
from giaoban.reporting.rules import figures_from_texts
from giaoban.reporting.selectors.frozen import files_of
from giaoban.reporting.services import intake
from giaoban.reporting.web.views.workbooks import ticket_of
from giaoban.tasks import selectors as tasks
from giaoban.tasks import services as task_services

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

T = TypeVar("T")

SYSTEM = system_actor("thử nghiệm")
HOST, SIBLING, MINISTRY = "so-tu-phap:tay-ninh-2025", "so-tu-phap:ha-noi", "bo-tu-phap"
LINE = "professional"
REQUEST_FORM = "request:bao-cao-nhanh"
NEXT_PERIOD = "rule=tt17-nam&code=2027&instalment=so-bo"
LEGAL_FORM = "tt-17-2025-tt-btp:21b-tp-htpldn"
PARTLY_READ = "tt-03-2019-tt-btp:25-btp-tgpl"
TITLE_ONLY = "tt-04-2016-tt-btp:24m-btp-tgpl"
EARLIER = "so-tu-phap:long-an"
SIGNED = (("Người lập biểu", "Nguyễn Văn An"), ("Thủ trưởng đơn vị", "Trần Thị Bình"))
PDF = b"%PDF-1.4\n%%EOF\n"
FIGURES = {"main/total//received": "20", "main/total//finished": "12", "main/total//open": "8"}
GIVEN = {"give-role": Role.OFFICER.value}
TOO_MANY = {"main/total//received": "20", "main/total//finished": "21", "main/total//open": "8"}


def apart(work: Callable[[], T]) -> T:
    """Do something in a thread of its own: what it writes is committed, and the jobs get an event loop.

    A test's own connection is in a transaction that is undone, and a browser driver keeps a loop in the test's thread.
    """

    def done() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


def empty_database() -> None:
    """Take out everything that was committed, jobs too."""
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def unit_id(key: str) -> int:
    found = orgs.unit_id_of(key)
    if found is None:
        raise LookupError(key)
    return found


def open_account(login: str, name: str, *posts: tuple[int, Role]) -> Any:
    """Somebody who signs in by cookie, with posts held for ever."""
    now = timezone.now()
    user = accounts.open_account(login, full_name=name, password=accounts.new_password(), by=SYSTEM, at=now)
    for unit, role in posts:
        ends = orgs.card(unit, now.date()).ended_on
        org_services.give_post(
            user_id=user.pk, unit_id=unit, role=role, valid_from=None, valid_to=ends, by=SYSTEM, at=now
        )
    return user


ROLES = (
    "nobody",
    "outsider",
    "officer",
    "clerk",
    "receiver",
    "secretary",
    "head",
    "ministry",
    "inspector",
    "administrator",
)


@dataclass
class World:
    """What the pages of the tests show. `communes` are beneath the host; the officer and the clerk are at the first."""

    host: int
    communes: list[orgs.UnitCard]
    today: date
    period: Any = None
    event: Any = None
    undone: Any = None
    imports: dict[str, Any] = field(default_factory=dict)
    intake: Any = None
    calendar_secret: str = ""
    obligations: list[Any] = field(default_factory=list)
    submissions: dict[str, Any] = field(default_factory=dict)
    meetings: dict[str, Any] = field(default_factory=dict)
    narratives: dict[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return self.communes[0].id

    @property
    def now(self) -> datetime:
        return timezone.now()


def build() -> World:
    """Lay the round around the data of the main job, which must be there."""
    today = timezone.localdate()
    host = unit_id(HOST)
    communes = orgs.children_of(host, LINE, today)[:6]
    world = World(host, communes, today)
    _people(world)
    _event(world)
    _imports(world)
    _reports(world)
    _messages(world)
    _intake(world)
    _findings(world)
    _meetings(world)
    _narratives(world)
    _closed_books(world)
    run_pending()
    return world


def _closed_books(world: World) -> None:
    """The books of an earlier quarter are closed; the job writes its figures as a file."""
    form, period = _quarter()
    reporting_services.close_books(form, period, unit_id(EARLIER), by=SYSTEM, at=world.now)


def _quarter() -> tuple[Any, Any]:
    form = reporting.form_by_key(long_an.read_example(PACK, SYSTEM).made_up["form"])
    return form, reporting.period_of(form, "2014-Q1")


def _intake(world: World) -> None:
    """The receiver brought two files; neither can be taken, and one goes back with its faults at their cells."""
    files = [("xã.xlsx", reporting_services.workbook_for(_by_unit(world)[0])), ("anh.jpg", b"\xff\xd8\xff")]
    world.intake = intake.begin_intake(files, by=actor("receiver"), at=world.now)


def _messages(world: World) -> None:
    """The officer, whose report is being typed, is reminded of it, and has put its deadlines into a calendar."""
    officer = actor("officer")
    key = world.communes[0].key
    world.calendar_secret = reporting_services.make_calendar_address(key, by=officer, at=world.now)
    reporting_services.remind([_by_unit(world)[0]], note="Gửi trước 16 giờ", by=SYSTEM, at=world.now)


def _people(world: World) -> None:
    first, ministry, sibling = world.communes[0].id, unit_id(MINISTRY), unit_id(SIBLING)
    posts: dict[str, tuple[tuple[int, Role], ...]] = {
        "nobody": (),
        "outsider": ((sibling, Role.HEAD), (sibling, Role.SECRETARY)),
        "officer": ((first, Role.OFFICER),),
        "clerk": ((first, Role.HEAD),),
        "receiver": ((world.host, Role.RECEIVER),),
        "secretary": ((world.host, Role.SECRETARY),),
        "head": ((world.host, Role.HEAD),),
        "ministry": ((ministry, Role.RECEIVER),),
        "inspector": ((ministry, Role.INSPECTOR),),
        "administrator": ((world.host, Role.ADMINISTRATOR),),
    }
    for role in ROLES:
        open_account(role, role.capitalize(), *posts[role])


def _event(world: World) -> None:
    """A commune's office gets another name, entered ahead, so that today stays as the pack has it; and one more, which
    is taken back."""

    def renamed(name: str, after: int) -> Any:
        step = {"step": "rename", "tree": "unit", "key": world.communes[5].key, "name": name}
        return org_services.record(
            {"on": (world.today + timedelta(days=after)).isoformat(), "steps": [step]},
            basis="Nghị quyết của Hội đồng nhân dân",
            basis_on=world.today,
            reason="Để xem trang của một biến động ghi trước",
            by=SYSTEM,
            at=world.now,
        )

    world.undone = renamed("Ủy ban nhân dân xã Ghi Nhầm", 30)
    org_services.undo(world.undone, reason="Ghi nhầm", by=SYSTEM, at=world.now)
    world.event = renamed("Ủy ban nhân dân xã Ghi Trước", 60)


def _imports(world: World) -> None:
    """Two tables ahead: one that is sound, one with a code that nothing has."""
    kept = [orgs.area_card(commune.area_id or 0, world.today) for commune in world.communes[3:]]
    sound = [(one.code, one.name, "99990", "Xã Nhập Từ Bảng", "toàn bộ") for one in kept[:2]]
    slipped = [*sound, ("99999", kept[2].name, "99990", "Xã Nhập Từ Bảng", "toàn bộ")]
    for name, rows in (("sound", sound), ("slipped", slipped)):
        table = "\n".join(",".join(cells) for cells in (("Mã cũ", "Tên cũ", "Mã mới", "Tên mới", "Phần"), *rows))
        world.imports[name] = reorganising.open_import(
            table.encode(),
            f"{name}.csv",
            unit_id=world.host,
            on=world.today + timedelta(days=90),
            title="Sắp xếp các xã",
            basis="Nghị quyết của Hội đồng nhân dân",
            basis_on=world.today,
            reason="Để xem trang của một bảng sắp xếp",
            by=actor("administrator"),
            at=world.now,
        )


def person(login: str) -> Any:
    """The person of a login, as a browser is signed in with."""
    user = user_by_login(login)
    if user is None:
        raise LookupError(login)
    return user


def actor(login: str) -> Actor:
    user = person(login)
    return orgs.actor_for(user.pk, user.full_name, timezone.localdate())


def signed_in(login: str) -> Client:
    client = Client()
    client.force_login(person(login), backend="django.contrib.auth.backends.ModelBackend")
    return client


def sign_in(browser: "BrowserContext", login: str, address: str) -> None:
    """The browser is that person's from now on; the session is written so that a web server sees it."""
    name = settings.SESSION_COOKIE_NAME
    value = apart(lambda: signed_in(login).cookies[name].value)
    browser.clear_cookies()
    browser.add_cookies([{"name": name, "value": value, "url": address, "httpOnly": True}])


def _reports(world: World) -> None:
    today, now = world.today, world.now
    world.period = reporting_services.open_period(
        AD_HOC_RULE,
        code="DOT-1",
        label="Đợt 1",
        start=today - timedelta(days=30),
        end=today,
        by=actor("head"),
        at=now,
    )
    world.obligations = reporting_services.request_report(
        REQUEST_FORM,
        world.period,
        units=[commune.id for commune in world.communes[:5]],
        receiver=world.host,
        due_on=today + timedelta(days=2),
        basis="Công văn số 1",
        by=actor("head"),
        at=now,
    )
    typed, waiting, accepted, returned, _ = _by_unit(world)
    reporting_services.save_draft(typed, figures=TOO_MANY, by=SYSTEM, at=now)
    form = reporting.definition_of(reporting.form_by_key(REQUEST_FORM))
    for name, obligation in (("sent", waiting), ("accepted", accepted), ("returned", returned)):
        figures, _ = figures_from_texts(form, FIGURES)
        world.submissions[name] = reporting_services.submit(
            obligation,
            figures=figures,
            by=SYSTEM,
            at=now,
            signatures=SIGNED,
            scan=store_blob(PDF, media_type="application/pdf", filename="ban-quet.pdf"),
        )
    reporting_services.accept(world.submissions["accepted"], by=actor("receiver"), at=now)
    reporting_services.return_for_correction(
        world.submissions["returned"], reason="Số giải quyết chưa khớp sổ theo dõi.", by=actor("receiver"), at=now
    )
    reporting_services.confirm_table(REQUEST_FORM, world.period, world.host, by=actor("head"), at=now)


def _by_unit(world: World) -> list[Any]:
    """The obligations in the order of the communes."""
    held = {row.unit_id: row for row in world.obligations}
    return [held[commune.id] for commune in world.communes[:5]]


def _findings(world: World) -> None:
    """One of the proposals is confirmed, so that others than the judges see a finding."""
    proposed = monitoring.findings(actor("ministry"), world.today).filter(state="proposed")
    watching.judge(proposed[0], confirm=True, reason="Đã đối chiếu.", by=actor("ministry"), at=world.now)


def _meetings(world: World) -> None:
    for name, title in (
        ("preparing", "Giao ban đang chuẩn bị"),
        ("held", "Giao ban đã họp"),
        ("concluded", "Giao ban đã kết luận"),
    ):
        meeting = meeting_services.plan_meeting(
            key=name,
            title=title,
            type=meetings.words_of("meeting_types")[0].key,
            form=meetings.words_of("meeting_forms")[0].key,
            held_on=world.today,
            host_id=world.host,
            chair_name="Lê Văn Chủ Trì",
            chair_title="Giám đốc",
            period_id=world.period.pk,
            by=actor("secretary"),
            at=world.now,
        )
        world.meetings[name] = meeting
        _prepare(world, meeting)
        if name != "preparing":
            meeting_services.hold(meeting, by=actor("secretary"), at=world.now)
    _conclude(world, world.meetings["concluded"])


def _narratives(world: World) -> None:
    """Reports in words of the host, of which one quotes the accepted report."""
    reference = {"form": REQUEST_FORM, "period": world.period.code, "unit": HOST}
    reference |= {"table": "main", "row": "total", "column": "received"}
    world.narratives = narratives.lay(world.host, reference, actor, world.today, world.now)


def _prepare(world: World, meeting: Any) -> None:
    by, at = actor("secretary"), world.now
    leads = [commune.id for commune in world.communes[:2]]
    meeting_services.add_participants(meeting, unit_ids=leads, labels=["Đại diện các phòng"], by=by, at=at)
    meeting_services.attach_title_card(meeting, title="Báo cáo tham luận", source="Giấy mời", by=by, at=at)
    meeting_services.attach_file(
        meeting,
        title="Giấy mời",
        content=PDF,
        media_type="application/pdf",
        filename="giay-moi.pdf",
        by=by,
        at=at,
    )
    meeting_services.build_agenda(meeting, by=by, at=at)
    meeting_services.prepare_book(meeting, by=by, at=at)
    meeting_services.record_paragraph(
        meeting, text="Các xã rà soát, báo cáo việc tồn đọng.", kind="task", what="Rà soát việc tồn đọng", by=by, at=at
    )
    meeting_services.record_paragraph(
        meeting, text="Tiếp tục nâng cao chất lượng phục vụ.", kind="orientation", by=by, at=at
    )


def _conclude(world: World, meeting: Any) -> None:
    at = world.now
    first, second = world.communes[:2]
    paragraph = meetings.paragraph_for(meeting, meetings.paragraphs_of(meeting)[0].pk)
    meeting_services.set_clears(
        paragraph,
        what="Rà soát việc tồn đọng",
        lead_ids=[first.id, second.id],
        helpers="Văn phòng",
        due_on=world.today + timedelta(days=10),
        product="Báo cáo rà soát",
        filled_by_secretary=["product"],
        by=actor("secretary"),
        at=at,
    )
    meeting_services.issue_notice(meeting, number="1/TB", dated_on=world.today, signer="Ký", by=actor("head"), at=at)
    shares = {share.unit_id: share for share in tasks.shares_of(_task(meeting))}
    task_services.report_progress(
        shares[first.id], note="Đã gửi báo cáo", done=True, product="Báo cáo số 2", by=actor("clerk"), at=at
    )
    task_services.report_progress(shares[second.id], note="Đang làm", by=SYSTEM, at=at)


def _task(meeting: Any) -> Any:
    task = tasks.task_by_key(f"meeting:{meeting.key}:1")
    if task is None:
        raise LookupError(meeting.key)
    return task


FILES = {
    "healthz",
    "accounts:inbox-csv",
    "briefs:docx",
    "briefs:pdf",
    "briefs:report-attachment",
    "briefs:report-docx",
    "briefs:report-pdf",
    "briefs:reports-csv",
    "indicators:pivot-csv",
    "indicators:pivot-sdmx",
    "indicators:pivot-xlsx",
    "indicators:discrepancies-csv",
    "indicators:hints-csv",
    "indicators:reading-csv",
    "indicators:series-csv",
    "meetings:attachment",
    "meetings:notice-docx",
    "meetings:notice-pdf",
    "monitoring:matrix-csv",
    "orgs:compare-csv",
    "orgs:crosswalk",
    "orgs:event-pick",
    "orgs:events-csv",
    "orgs:import-decisions",
    "orgs:import-slips",
    "orgs:import-table",
    "orgs:tree-csv",
    "reporting:cells",
    "reporting:index-csv",
    "reporting:intake-answer",
    "reporting:intake-answers",
    "reporting:intake-csv",
    "reporting:messages-csv",
    "reporting:burden-csv",
    "reporting:calendar-feed",
    "reporting:calendar-ics",
    "reporting:blank-paper",
    "reporting:catalogue-csv",
    "reporting:checking-csv",
    "reporting:draft-paper",
    "reporting:paper",
    "reporting:call-list-csv",
    "reporting:punctuality-csv",
    "reporting:reception-csv",
    "reporting:reception-news",
    "reporting:scan",
    "reporting:submission-csv",
    "reporting:changes-csv",
    "reporting:readings-csv",
    "reporting:added-csv",
    "reporting:increments-csv",
    "reporting:wide-csv",
    "reporting:wide-all-csv",
    "reporting:frozen-file",
    "reporting:frozen-manifest",
    "reporting:frozen-checksums",
    "reporting:table-csv",
    "reporting:faulty-copy",
    "reporting:workbook",
    "tasks:export",
}
"""Addresses in a browser that answer with something else than a page."""


def routes(patterns: list[URLPattern | URLResolver] | None = None, room: str = "") -> Iterator[str]:
    """The names of all addresses, with their room."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, f"{entry.namespace}:" if entry.namespace else room)
        elif entry.name:
            yield room + entry.name


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page: its route and arguments, a query, and who looks; `data` is what a form sends."""

    route: str
    args: tuple[Any, ...] = ()
    query: str = ""
    who: str = "head"
    data: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def is_file(self) -> bool:
        return self.route in FILES

    @property
    def address(self) -> str:
        return reverse(self.route, args=self.args) + self.query

    def __str__(self) -> str:
        words = "-".join(filter(None, (self.route, self.query.lstrip("?"), "" if self.who == "head" else self.who)))
        return quote(words, safe=":=&-")


def visits(world: World) -> list[Visit]:
    """Every page that can be opened, with full, little and no data where that differs."""
    return [
        *_plain_visits(world),
        *_reporting_visits(world),
        *_watching_visits(),
        *_pivot_visits(world),
        *_meeting_visits(world),
        *_task_visits(world),
        *_narrative_visits(world),
    ]


def _plain_visits(world: World) -> Sequence[Visit]:
    return [
        Visit("home"),
        Visit("home", who="officer"),
        Visit("home", who="nobody"),
        Visit("home", who="inspector"),
        Visit("healthz"),
        Visit("accounts:sign-in", who=""),
        Visit("accounts:password"),
        Visit("accounts:password-changed"),
        Visit("accounts:inbox", who="officer"),
        Visit("accounts:inbox"),
        Visit("accounts:inbox-csv", who="officer"),
        Visit("accounts:mail"),
        *_unit_visits(world),
    ]


def _unit_visits(world: World) -> Sequence[Visit]:
    own, days = world.communes[0].key, "?tu=2025-06-30&den=2025-07-01"
    areas = "cay=dia-gioi"
    return [
        Visit("orgs:tree"),
        Visit("orgs:tree", who="inspector"),
        Visit("orgs:tree", who="nobody"),
        Visit("orgs:tree", query=f"?don-vi={EARLIER}&geography=2025-06-30"),
        Visit("orgs:tree", query=f"?don-vi={MINISTRY}&mo={HOST}", who="ministry"),
        Visit("orgs:tree", query=f"?don-vi={HOST}&geography=2025-06-30"),
        Visit("orgs:tree", query=f"?{areas}"),
        Visit("orgs:tree", query=f"?{areas}&geography=2020-01-01&mo=tinh:long-an"),
        Visit("orgs:tree-csv", query=f"?{areas}&dia-ban=tinh:tay-ninh-2025"),
        Visit("orgs:search", query="?q=tan+an"),
        Visit("orgs:search", query="?q=tan+an&con=het", who="inspector"),
        Visit("orgs:search", query="?q=khongco"),
        Visit("orgs:search"),
        Visit("orgs:compare", query=days),
        Visit("orgs:compare", query=f"{days}&{areas}&dia-ban=tinh:tay-ninh-2025", who="officer"),
        Visit("orgs:compare", query="?tu=2026-11-01&den=2026-11-02"),
        Visit("orgs:compare-csv", query=days),
        Visit("orgs:crosswalk", query=f"{days}&{areas}&dia-ban=tinh:tay-ninh-2025"),
        Visit("orgs:events"),
        Visit("orgs:events", query="?q=khongco", who="administrator"),
        Visit("orgs:events-csv"),
        Visit("orgs:event", ("sap-xep-tinh-2025",)),
        Visit("orgs:event", ("sap-xep-tinh-2025",), who="administrator"),
        Visit("orgs:event", (world.event.key,)),
        Visit("orgs:event", (world.event.key,), who="administrator"),
        Visit("orgs:event", (world.undone.key,), who="administrator"),
        Visit("orgs:event-new", who="administrator"),
        Visit("orgs:event-pick", query="?truong=olds&cay=area&nhieu=1&tim-olds=tan", who="administrator"),
        *(
            Visit("orgs:event-form", (kind,), f"?cay={tree}", "administrator")
            for kind, tree in (("merge", "area"), ("split", "area"), ("create", "unit"), ("abolish-level", "unit"))
        ),
        Visit("orgs:event-preview", ("merge", "gone"), who="administrator"),
        *_import_visits(world),
        Visit("orgs:posts", (HOST,)),
        Visit("orgs:posts", (HOST,), who="administrator"),
        Visit("orgs:gaps"),
        Visit("orgs:region", ("phia-nam",)),
        Visit("orgs:region", ("dong-nam-bo",)),
        Visit("orgs:area", ("tinh:tay-ninh-2025",)),
        Visit("orgs:area", ("tinh:long-an",), "?ngay=2025-06-30"),
        Visit("orgs:unit", (HOST,)),
        Visit("orgs:unit", (EARLIER,)),
        Visit("orgs:unit", (EARLIER,), "?ngay=2025-06-30"),
        Visit("orgs:unit", (own,), who="officer"),
        Visit("orgs:unit", (MINISTRY,), who="inspector"),
    ]


def _import_visits(world: World) -> Sequence[Visit]:
    sound, slipped = ((world.imports[name].pk,) for name in ("sound", "slipped"))
    return [
        Visit("orgs:imports", who="administrator"),
        Visit("orgs:import", slipped, who="administrator"),
        Visit("orgs:import", slipped, "?loai=da-quyet-dinh", "administrator"),
        Visit("orgs:import", sound, who="administrator"),
        Visit("orgs:import-preview", sound, who="administrator"),
        *(Visit(f"orgs:import-{name}", slipped, who="administrator") for name in ("table", "slips", "decisions")),
    ]


def _reporting_visits(world: World) -> Sequence[Visit]:
    typed, waiting, _, returned, missing = _by_unit(world)
    owed = next(row for row in reporting.owed_by([world.host], world.today) if row.form_key == LEGAL_FORM)
    board, table = (HOST, REQUEST_FORM, world.period.code), (REQUEST_FORM, world.period.code)
    quarter = (long_an.read_example(PACK, SYSTEM).made_up["form"], "2014-Q1")
    return [
        Visit("reporting:reminders"),
        Visit("reporting:messages"),
        Visit("reporting:messages", query="?q=khongco"),
        Visit("reporting:messages-csv"),
        Visit("reporting:index"),
        Visit("reporting:index", who="officer"),
        Visit("reporting:index", who="nobody"),
        Visit("reporting:index-csv"),
        Visit("reporting:request"),
        Visit("reporting:request", query=f"?form={quote(REQUEST_FORM)}"),
        Visit("reporting:open-period"),
        Visit("reporting:open-period", who="ministry"),
        Visit("reporting:open-period", query=f"?form={LEGAL_FORM}", who="ministry"),
        Visit("reporting:open-period", query=f"?form={LEGAL_FORM}&{NEXT_PERIOD}", who="ministry"),
        Visit("reporting:reception", board),
        Visit("reporting:reception", board, "?state=missing"),
        Visit("reporting:reception", board, "?q=khongco"),
        Visit("reporting:reception", (EARLIER, *quarter)),
        Visit("reporting:reception-csv", board),
        Visit("reporting:reception-news", board),
        Visit("reporting:call-list", board),
        Visit("reporting:call-list", board, "?q=khongco"),
        Visit("reporting:call-list-csv", board),
        Visit("reporting:punctuality", query=f"?unit={HOST}"),
        Visit("reporting:punctuality", query=f"?unit={MINISTRY}&history=1", who="ministry"),
        Visit("reporting:punctuality", who="officer"),
        Visit("reporting:punctuality", who="nobody"),
        Visit("reporting:punctuality-csv", query=f"?unit={HOST}"),
        Visit("reporting:entry", (typed.pk,), who="clerk"),
        Visit("reporting:entry", (typed.pk,), "?kiem-tra=1", who="clerk"),
        Visit("reporting:entry", (typed.pk,), who="officer"),
        Visit("reporting:entry", (owed.obligation_id,)),
        Visit("reporting:entry", (owed.obligation_id,), "?kiem-tra=1"),
        Visit("reporting:entry", (waiting.pk,)),
        Visit("reporting:entry", (returned.pk,)),
        Visit("reporting:entry", (missing.pk,)),
        Visit("reporting:cells", (typed.pk,), who="officer"),
        Visit("reporting:workbook", (typed.pk,), who="officer"),
        Visit("reporting:faulty-copy", (typed.pk, _ticket(typed.pk)), who="officer"),
        Visit("reporting:draft-paper", (typed.pk,), who="officer"),
        Visit("reporting:draft-paper", (waiting.pk,)),
        Visit("reporting:paper", (world.submissions["sent"].pk,)),
        Visit("reporting:calendar"),
        Visit("reporting:calendar", query="?nam=2027", who="ministry"),
        Visit("reporting:calendar", query=f"?don-vi={HOST}&nam=2025", who="inspector"),
        Visit("reporting:calendar-ics"),
        Visit("reporting:calendar-feed", (world.calendar_secret,)),
        Visit("reporting:burden", query="?tu=2026-01-01&den=2026-12-31"),
        Visit("reporting:burden", query=f"?don-vi={HOST}&tu=2001-01-01&den=2001-02-01", who="inspector"),
        Visit("reporting:burden-csv"),
        Visit("reporting:intake-new"),
        Visit("reporting:intake-new", who="clerk"),
        Visit("reporting:intakes"),
        Visit("reporting:intakes", who="nobody"),
        Visit("reporting:intake", (world.intake.pk,)),
        Visit("reporting:intake", (world.intake.pk,), "?state=refused", who="head"),
        Visit("reporting:intake", (world.intake.pk,), "?state=unchanged"),
        Visit("reporting:intake-csv", (world.intake.pk,)),
        Visit("reporting:intake-answers", (world.intake.pk,)),
        Visit("reporting:intake-answer", (world.intake.pk, 1)),
        Visit("reporting:catalogue"),
        Visit("reporting:catalogue", query="?q=cong+chung&hieu-luc=1", who="inspector"),
        Visit("reporting:catalogue", query="?q=khongco", who="nobody"),
        Visit("reporting:catalogue-csv"),
        Visit("reporting:form", (LEGAL_FORM,)),
        Visit("reporting:form", (PARTLY_READ,), who="inspector"),
        Visit("reporting:form", (TITLE_ONLY,), who="nobody"),
        Visit("reporting:blank-paper", (LEGAL_FORM,)),
        *(Visit("reporting:submission", (row.pk,)) for row in world.submissions.values()),
        Visit("reporting:scan", (world.submissions["sent"].pk,)),
        Visit("reporting:submission-csv", (world.submissions["sent"].pk,)),
        Visit("reporting:checking", table, f"?don-vi={HOST}"),
        Visit("reporting:checking", table, f"?don-vi={HOST}&muc=canh-bao&q=khongco"),
        Visit(
            "reporting:checking",
            (LEGAL_FORM, owed.period.code),
            f"?don-vi={HOST}&instalment={owed.period.instalment}",
        ),
        Visit("reporting:checking-csv", table, f"?don-vi={HOST}"),
        Visit("reporting:table-index"),
        Visit("reporting:table-index", who="nobody"),
        Visit("reporting:table-index", who="inspector"),
        Visit("reporting:table", table, f"?unit={HOST}"),
        Visit("reporting:table", table, "?layer=confirmed"),
        Visit("reporting:table", table, f"?origin={quote('|main|total||received')}"),
        Visit("reporting:table", quarter, f"?unit={quote(EARLIER)}"),
        Visit("reporting:table", quarter, f"?unit={quote(HOST)}&geography=2026-01-01"),
        Visit("reporting:table", (onestop.FORM, onestop.AS_OF.isoformat()), who="inspector"),
        Visit("reporting:table", (legal_aid.BY_PROVINCE, "2021-T09"), who="inspector"),
        Visit("reporting:table-csv", table, f"?unit={HOST}"),
        Visit("reporting:changes-csv", table, f"?unit={HOST}"),
        Visit("reporting:readings", table, f"?unit={HOST}"),
        Visit("reporting:readings", table, f"?unit={HOST}&show=all"),
        Visit("reporting:readings", quarter, f"?unit={quote(HOST)}&geography=2026-01-01"),
        Visit("reporting:readings-csv", table, f"?unit={HOST}&show=all"),
        Visit("reporting:added", table, f"?unit={HOST}"),
        Visit("reporting:added-csv", table, f"?unit={HOST}"),
        Visit("reporting:increments", quarter, f"?unit={quote(EARLIER)}"),
        Visit(
            "reporting:increments", (enforcement.CASES, enforcement.NATION_PERIOD[1]), "?unit=bo-tu-phap", "inspector"
        ),
        Visit("reporting:increments-csv", quarter, f"?unit={quote(EARLIER)}"),
        Visit("reporting:wide-csv", table, f"?unit={HOST}"),
        Visit("reporting:wide-all-csv", (REQUEST_FORM,), f"?unit={HOST}&bom=1"),
        *(
            Visit(f"reporting:frozen-{what}", (files_of(*_quarter())[0].pk,))
            for what in ("file", "manifest", "checksums")
        ),
        Visit("reporting:books", board),
        Visit("reporting:books", board, who="inspector"),
        Visit("reporting:books", (EARLIER, *quarter)),
    ]


def _own_pivot(world: World) -> str:
    """What the host's communes received, as a question in an address."""
    cell = f"measure={quote(REQUEST_FORM)}/main/total/received"
    period = f"{world.period.rule.key}:{quote(world.period.code)}"
    return f"?{cell}&unit={HOST}&level=below&period={period}&rows=unit&columns=measure"


def _pivot_visits(world: World) -> Sequence[Visit]:
    """The pivot of the host's communes, of the 34 provinces in three turns, and first visits."""
    own = _own_pivot(world)
    scores = f"?unit={MINISTRY}&level=below&period=as-of:2026-09-17..2026-10-10"
    scores += "".join(f"&measure=capture:onestop-score-province/main/total/{one}" for one in ("ckmb", "tdgq"))
    return [
        Visit("indicators:pivot", query=own),
        Visit("indicators:pivot"),
        Visit("indicators:pivot", who="officer"),
        Visit("indicators:pivot", who="nobody"),
        Visit("indicators:pivot", query=f"{own}&step=columns&form=chi-so"),
        Visit("indicators:pivot", query=f"{own}&q=khongco"),
        Visit("indicators:pivot", query=f"{scores}&rows=unit&columns=period&rank=1&change=1", who="inspector"),
        Visit("indicators:pivot", query=f"{scores}&rows=period&columns=unit&third=all", who="inspector"),
        Visit("indicators:pivot", query=f"{scores}&rows=measure&columns=period", who="ministry"),
        *(Visit(f"indicators:pivot-{kind}", query=own) for kind in ("xlsx", "csv", "sdmx")),
    ]


def _watching_visits() -> Sequence[Visit]:
    found = monitoring.findings(actor("ministry"), timezone.localdate())
    lowest = monitoring.watch_rule_for(onestop.RULE)
    open_ones = indicators.discrepancies(actor("ministry"), timezone.localdate())
    as_of = onestop.AS_OF.isoformat()
    return [
        Visit("indicators:reading", (onestop.INDICATOR, as_of), who="inspector"),
        Visit("indicators:reading", (onestop.INDICATOR, as_of), who="ministry"),
        Visit("indicators:reading-csv", (onestop.INDICATOR, as_of), who="inspector"),
        Visit("indicators:index", who="inspector"),
        Visit("indicators:index", query="?q=khongco", who="ministry"),
        Visit("indicators:series", (onestop.INDICATOR,), who="inspector"),
        Visit("indicators:series", (onestop.INDICATOR,), who="ministry"),
        Visit("indicators:series-csv", (onestop.INDICATOR,), who="inspector"),
        Visit("monitoring:matrix", who="inspector"),
        Visit("monitoring:matrix"),
        Visit("monitoring:matrix", who="nobody"),
        Visit("monitoring:matrix", query="?loc=gan-voi-dan", who="inspector"),
        Visit("monitoring:matrix-csv", who="inspector"),
        Visit("monitoring:findings", who="ministry"),
        Visit("monitoring:findings", who="nobody"),
        Visit("monitoring:finding", (found.filter(state="proposed")[0].pk,), who="ministry"),
        Visit("monitoring:finding", (found.get(state="confirmed").pk,), who="inspector"),
        Visit("monitoring:rule", (lowest.key,), who="ministry"),
        Visit("monitoring:rule", (lowest.key,)),
        Visit("indicators:discrepancies", who="ministry"),
        Visit("indicators:discrepancies", who="nobody"),
        Visit("indicators:discrepancies", query="?trang-thai=agreed&loai=parts&sort=-age", who="ministry"),
        Visit("indicators:discrepancies-csv", who="ministry"),
        *(Visit("indicators:discrepancy", (row.pk,), who="ministry") for row in open_ones),
        Visit("indicators:hints", who="ministry"),
        Visit("indicators:hints", who="nobody"),
        Visit("indicators:hints-csv", who="ministry"),
    ]


def _meeting_visits(world: World) -> Sequence[Visit]:
    preparing, concluded = world.meetings["preparing"], world.meetings["concluded"]
    book = briefs.latest_book(concluded.key)
    if book is None:
        raise LookupError(concluded.key)
    keys = [*world.meetings, long_an.MEETING]
    file = next(row for row in preparing.attachments.all() if row.blob_id)
    paragraph = meetings.paragraphs_of(world.meetings["held"])[0]
    return [
        Visit("meetings:index"),
        Visit("meetings:index", who="nobody"),
        Visit("meetings:plan", who="secretary"),
        *(Visit("meetings:meeting", (key,)) for key in keys),
        Visit("meetings:meeting", ("preparing",), "?q=tan", who="secretary"),
        Visit("meetings:meeting", ("concluded",), who="officer"),
        *(Visit("meetings:conclusion", (key,)) for key in keys),
        Visit("meetings:conclusion", ("held",), who="secretary"),
        Visit("meetings:conclusion", ("concluded",), who="secretary"),
        Visit("meetings:clears", ("held", paragraph.pk), who="secretary"),
        *(Visit("meetings:projector", (key,)) for key in keys),
        Visit("meetings:projector", ("held",), "?item=1"),
        Visit("meetings:projector", ("preparing",), "?view=agenda&item=1"),
        Visit("meetings:attachment", ("preparing", file.pk)),
        Visit("meetings:notice-pdf", ("concluded",)),
        Visit("meetings:notice-docx", ("concluded",)),
        Visit("briefs:book", (book.pk,)),
        Visit("briefs:pdf", (book.pk,)),
        Visit("briefs:docx", (book.pk,)),
    ]


def _narrative_visits(world: World) -> Sequence[Visit]:
    presented, issued = world.narratives["presented"], world.narratives["issued"]
    section, file = presented.sections.first(), presented.attachments.first()
    year = f"?de-cuong={narratives.OUTLINES['issued']}"
    return [
        Visit("briefs:reports"),
        Visit("briefs:reports", query="?state=draft&q=khongco"),
        Visit("briefs:reports", who="nobody"),
        Visit("briefs:reports-csv"),
        Visit("briefs:report-new"),
        Visit("briefs:report-new", query=year, who="officer"),
        *(Visit("briefs:report", (row.pk,)) for row in (presented, issued, world.narratives["draft"])),
        Visit("briefs:report", (presented.pk,), who="inspector"),
        Visit("briefs:report-read", (presented.pk,)),
        Visit("briefs:report-read", (presented.pk,), "?ban=1&nguon=0"),
        Visit("briefs:report-compare", (presented.pk,)),
        Visit("briefs:report-compare", (presented.pk,), "?kieu=canh-nhau"),
        Visit("briefs:report-assign", (presented.pk,)),
        Visit("briefs:report-attachment", (presented.pk, file.pk)),
        Visit("briefs:report-docx", (presented.pk, 1)),
        Visit("briefs:report-pdf", (presented.pk, 1)),
        Visit("briefs:section", (section.pk,)),
        Visit("briefs:section", (section.pk,), who="inspector"),
        Visit("briefs:section", (issued.sections.first().pk,)),
        Visit("briefs:section-history", (section.pk,)),
        Visit("briefs:section-take", (section.pk,)),
        Visit("briefs:section-figures", (section.pk,)),
        Visit("briefs:section-figures", (section.pk,), "?q=khongco"),
        Visit("briefs:section-figures", (section.pk,), f"?hoi={quote(_own_pivot(world))}"),
        Visit("briefs:section-figures", (section.pk,), "?hoi=khongco"),
        Visit("briefs:quote", query=_own_pivot(world)),
        Visit("briefs:quote", query=_own_pivot(world), who="inspector"),
    ]


def _narrative_acts(world: World) -> Sequence[Visit]:
    draft, presented, issued = (world.narratives[name].pk for name in ("draft", "presented", "issued"))
    section = world.narratives["presented"].sections.first().pk
    paper = SimpleUploadedFile("cong-van.pdf", PDF, "application/pdf")
    return [
        Visit("briefs:report-check", (presented,)),
        Visit("briefs:report-present", (draft,), data={"to_whom": "Giám đốc Sở"}),
        Visit("briefs:report-amend", (presented,), data={"reason": "Ý kiến của Giám đốc Sở"}),
        Visit("briefs:report-issue", (draft,), data={"number": "16"}),
        Visit("briefs:report-complete", (issued,), data={"number": "15", "signer": "Trần Thị Bình"}),
        Visit("briefs:report-attach", (presented,), data={"title": "Công văn", "file": paper}),
        Visit("briefs:section-state", (section,), data={"state": "done"}),
        Visit("briefs:section-figure", (section, 1), data={"lam": "giu", "ly-do": "Số đã chốt"}),
    ]


def _task_visits(world: World) -> Sequence[Visit]:
    task = _task(world.meetings["concluded"])
    reported, running = sorted(tasks.shares_of(task), key=lambda share: share.unit_id != world.communes[0].id)
    return [
        Visit("tasks:index"),
        Visit("tasks:index", query="?group=open_overdue"),
        Visit("tasks:index", who="nobody"),
        Visit("tasks:task", (task.pk,)),
        Visit("tasks:task", (task.pk,), who="officer"),
        Visit("tasks:share", (reported.pk,)),
        Visit("tasks:share", (reported.pk,), who="clerk"),
        Visit("tasks:share", (running.pk,)),
        Visit("tasks:export"),
    ]


def acts(world: World) -> list[Visit]:
    """Every address that only takes a form, with a form that can be taken."""
    paragraph = meetings.paragraphs_of(world.meetings["held"])[0]
    share = next(one for one in tasks.shares_of(_task(world.meetings["concluded"])) if one.unit_id == world.first)
    held, preparing, concluded = ("held",), ("preparing",), ("concluded",)
    later = (world.today + timedelta(days=30)).isoformat()
    return [
        Visit("accounts:sign-out"),
        Visit("accounts:act-for", (world.host,)),
        Visit("accounts:read"),
        Visit("accounts:follow", (_message().pk,), who="officer"),
        *_unit_acts(world),
        Visit("reporting:intake-stop", (world.intake.pk,)),
        Visit("reporting:intake-retry", (world.intake.pk,)),
        Visit("reporting:read-workbook", (_by_unit(world)[0].pk,), data={"workbook": _workbook(world)}),
        Visit("reporting:calendar-address"),
        Visit("reporting:calendar-address-end", (reporting.calendar_addresses(actor("officer"))[0].pk,), who="officer"),
        Visit("reporting:fill-from-below", (_by_unit(world)[0].pk,)),
        Visit("reporting:waivers", (_by_unit(world)[0].pk,)),
        Visit("reporting:papers", (world.submissions["sent"].pk,)),
        Visit("indicators:discrepancies-assign", who="ministry", data={"row": [_discrepancy().pk]}),
        Visit("meetings:invite", preparing, data={"units": [world.communes[3].id], "labels": "Khách mời"}),
        Visit("meetings:attendance", preparing),
        Visit("meetings:agenda", preparing),
        Visit("meetings:agenda-item", preparing, data={"agenda-title": "Việc khác"}),
        Visit("meetings:attach", preparing, data={"attachment-title": "Phụ lục"}),
        Visit("meetings:freeze", preparing),
        Visit("meetings:hold", preparing),
        Visit("meetings:record", held, data={"text": "Giữ vững kỷ cương.", "kind": "orientation"}),
        Visit("meetings:split", (*held, paragraph.pk), data={"parts": ["Rà soát", "Báo cáo"]}),
        Visit("meetings:kind", (*held, paragraph.pk), data={"kind": "orientation", "reason": "Chưa có hạn"}),
        Visit("meetings:undo", held),
        Visit("meetings:issue", held, data={"number": "2/TB"}),
        Visit("meetings:complete", concluded, data={"number": "3/TB"}),
        *_narrative_acts(world),
        Visit("tasks:progress", (share.pk,), data={"note": "Bổ sung phụ lục"}),
        Visit("tasks:verify", (share.pk,)),
        Visit("tasks:reopen", (share.pk,), data={"reopen-reason": "Thiếu phụ lục"}),
        Visit("tasks:deadline", (share.pk,), data={"deadline-due_on": later, "deadline-reason": "Khối lượng lớn"}),
    ]


def _message() -> Message:
    """What the officer was reminded of."""
    return inbox(user_by_login("officer").pk).earliest("pk")  # type: ignore[union-attr]


def _unit_acts(world: World) -> list[Visit]:
    """What an administrator of the host may do there; the post that is ended and lent is the head's."""
    post = next(one.id for one in orgs.post_history(world.host) if one.role == Role.HEAD)
    days = {"valid_from": world.today.isoformat(), "valid_to": (world.today + timedelta(days=30)).isoformat()}
    someone = {"login": "nobody", "reason": "Quyết định số 1", **days}
    end = {"valid_to": days["valid_to"], "reason": "Quyết định số 2"}
    slipped = world.imports["slipped"]
    slip = tables.examination_of(slipped).to_decide[0]
    return [
        Visit("orgs:post-give", (HOST,), data={f"give-{name}": said for name, said in someone.items()} | GIVEN),
        Visit("orgs:post-end", (HOST, post), data={f"end-{post}-{name}": said for name, said in end.items()}),
        Visit(
            "orgs:post-delegate",
            (HOST, post),
            data={f"delegate-{post}-{name}": said for name, said in someone.items()},
        ),
        Visit("orgs:event-undo", (world.event.key,), data={"reason": "Nhầm", "confirm_name": world.event.title}),
        Visit("orgs:import-decide", (slipped.pk,), data={"slip": slip.key, "choice": "1"}),
        Visit("orgs:import-drop", (slipped.pk,)),
    ]


def _discrepancy() -> indicators.Discrepancy:
    """One that the ministry's people decide."""
    return indicators.discrepancies(actor("ministry"), timezone.localdate()).filter(source_name="")[0]


def calls(world: World) -> list[tuple[str, Visit]]:
    """Every address of the interface for other programs, with its method; `data` goes as JSON."""
    step = {"step": "rename", "tree": "unit", "key": world.communes[4].key, "name": "Ủy ban nhân dân xã Qua Máy"}
    event = {"on": (world.today + timedelta(days=60)).isoformat(), "steps": [step]}
    words = {"basis": "Nghị quyết của Hội đồng nhân dân", "reason": "Đổi tên"}
    return [
        ("get", Visit("api:openapi-json")),
        ("get", Visit("api:api-root")),
        ("get", Visit("api:units")),
        ("get", Visit("api:areas")),
        ("get", Visit("api:unit", (HOST,))),
        ("get", Visit("api:unit_history", (HOST,))),
        ("get", Visit("api:crosswalk", query="?from=2025-06-30&to=2025-07-01")),
        ("get", Visit("api:events")),
        ("get", Visit("api:figures", query=_asked_by_a_program(world))),
        ("get", Visit("api:reports")),
        ("get", Visit("api:report", (_by_unit(world)[0].pk,))),
        ("post", Visit("api:submit_report", (_by_unit(world)[0].pk,), who="clerk", data=_sent_by_a_program())),
        ("post", Visit("api:preview", who="administrator", data={"event": event})),
        ("post", Visit("api:record", who="administrator", data={"event": event, **words})),
    ]


def _asked_by_a_program(world: World) -> str:
    period = f"{world.period.rule.key}:{world.period.code}"
    return "?" + urlencode({"measure": f"{REQUEST_FORM}/main/total/received", "unit": HOST, "period": period})


def _sent_by_a_program() -> dict[str, Any]:
    return {"figures": FIGURES, "signatures": [{"role": role, "name": name} for role, name in SIGNED]}


def _ticket(obligation_id: int) -> str:
    """What lets the officer fetch the copy of a workbook that was refused."""
    copy = store_blob(b"copy", media_type="application/octet-stream", filename="loi.xlsx")
    return ticket_of(obligation_id, actor("officer").user_id, copy.pk)


def _workbook(world: World) -> SimpleUploadedFile:
    content = reporting_services.workbook_for(_by_unit(world)[0])
    return SimpleUploadedFile("bieu.xlsx", content, content_type="application/octet-stream")
