"""Who gets which answer where: every address against every role, and pages whose cost does not grow with the data."""

from copy import copy
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from giaoban.config.tests.world import (
    FIGURES,
    HOST,
    LINE,
    REQUEST_FORM,
    SIGNED,
    SYSTEM,
    Visit,
    World,
    acts,
    calls,
    open_account,
    routes,
    signed_in,
    visits,
)
from giaoban.kit.permissions import Role
from giaoban.meetings import services as meeting_services
from giaoban.orgs import selectors as orgs
from giaoban.orgs import services as org_services
from giaoban.orgs.models import AreaSuccession, Region, RegionMember
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import figures_from_texts
from giaoban.tasks import services as task_services
from giaoban.tasks.rules import Origin

pytestmark = pytest.mark.django_db

WHO = ("", "nobody", "outsider", "officer", "receiver", "secretary", "head", "administrator", "ministry", "inspector")
MOST_QUERIES = 70
AREA = "tinh:tay-ninh-2025"

# The example stands at a provincial unit, where receiver, secretary, head and administrator are. The officer is beneath
# it, the ministry's receiver and the inspector above it; the outsider is head and secretary of a sibling.
# 200 shown · 201 made · 302 done, or sent elsewhere · 401 to be signed in, said to a program · 403 seen, not allowed
# 404 unknown to the person · 422 something is lacking
#                                (none) nobody outsider officer receiver secretary head administrator ministry inspector
TABLE = """
get home                         302    200    200      200     200      200       200  200           200      200
get healthz                      200    200    200      200     200      200       200  200           200      200
get accounts:sign-in             200    302    302      302     302      302       302  302           302      302
get accounts:password            302    200    200      200     200      200       200  200           200      200
get accounts:password-changed    302    200    200      200     200      200       200  200           200      200
get accounts:inbox               302    200    200     200     200     200       200  200           200      200
get accounts:inbox-csv           302    200    200     200     200     200       200  200           200      200
get accounts:mail                302    200    200     200     200     200       200  200           200      200
get orgs:tree                    302    200    200      200     200      200       200  200           200      200
get orgs:search                  302    200    200      200     200      200       200  200           200      200
get orgs:gaps                    302    200    200      200     200      200       200  200           200      200
get orgs:region                  302    200    200      200     200      200       200  200           200      200
get orgs:unit                    302    404    404      404     200      200       200  200           200      200
get orgs:area                    302    200    200      200     200      200       200  200           200      200
get orgs:tree-csv                302    200    200      200     200      200       200  200           200      200
get orgs:compare                 302    200    200      200     200      200       200  200           200      200
get orgs:compare-csv             302    200    200      200     200      200       200  200           200      200
get orgs:crosswalk               302    200    200      200     200      200       200  200           200      200
get orgs:events                  302    200    200      200     200      200       200  200           200      200
get orgs:events-csv              302    200    200      200     200      200       200  200           200      200
get orgs:event                   302    200    200      200     200      200       200  200           200      200
get orgs:event-new               302    403    403      403     403      403       403  200           403      403
get orgs:event-pick              302    403    403      403     403      403       403  200           403      403
get orgs:event-form              302    403    403      403     403      403       403  200           403      403
get orgs:event-preview           302    403    403      403     403      403       403  302           403      403
get orgs:imports                 302    403    403      403     403      403       403  200           403      403
get orgs:import                  302    404    404      404     404      404       404  200           404      404
get orgs:import-preview          302    404    404      404     404      404       404  200           404      404
get orgs:import-table            302    404    404      404     404      404       404  200           404      404
get orgs:import-slips            302    404    404      404     404      404       404  200           404      404
get orgs:import-decisions        302    404    404      404     404      404       404  200           404      404
get orgs:posts                   302    404    404      404     200      200       200  200           200      200
get reporting:reminders          302    403    200     403     200     403       200  403           200      403
get reporting:messages           302    403    200     403     200     403       200  403           200      200
get reporting:messages-csv       302    403    200     403     200     403       200  403           200      200
get reporting:index              302    200    200      200     200      200       200  200           200      200
get reporting:index-csv          302    200    200      200     200      200       200  200           200      200
get reporting:request            302    404    200      403     200      403       200  403           200      403
get reporting:open-period        302    404    200      403     200      403       200  403           200      403
get reporting:reception          302    404    404      404     200      200       200  200           200      200
get reporting:reception-csv      302    404    404      404     200      200       200  200           200      200
get reporting:reception-news     302    404    404      404     200      200       200  200           200      200
get reporting:call-list          302    404    404      404     200      200       200  200           200      200
get reporting:call-list-csv      302    404    404      404     200      200       200  200           200      200
get reporting:punctuality        302    404    404      404     200      200       200  200           200      200
get reporting:punctuality-csv    302    404    404      404     200      200       200  200           200      200
get reporting:intake-new         302    403    200      403     200      403       200  403           200      403
get reporting:intakes            302    200    200      200     200      200       200  200           200      200
get reporting:intake             302    404    404      404     200      404       200  404           404      404
get reporting:intake-csv         302    404    404      404     200      404       200  404           404      404
get reporting:intake-answers     302    404    404      404     200      404       200  404           404      404
get reporting:intake-answer      302    404    404      404     200      404       200  404           404      404
get reporting:entry              302    404    404      200     200      200       200  200           200      200
get reporting:cells              302    404    404      200     403      403       403  403           403      403
get reporting:workbook           302    404    404      200     403      403       403  403           403      403
get reporting:faulty-copy        302    404    404      200     403      403       403  403           403      403
get reporting:submission         302    404    404      404     200      200       200  200           200      200
get reporting:scan               302    404    404      404     200      200       200  200           200      200
get reporting:submission-csv     302    404    404      404     200      200       200  200           200      200
get reporting:draft-paper        302    404    404      200     200      200       200  200           200      200
get reporting:paper              302    404    404      404     200      200       200  200           200      200
get reporting:calendar           302    404    200      200     200      200       200  200           200      200
get reporting:calendar-ics       302    404    200      200     200      200       200  200           200      200
get reporting:calendar-feed      200    200    200      200     200      200       200  200           200      200
get reporting:burden             302    404    200      200     200      200       200  200           200      200
get reporting:burden-csv         302    404    200      200     200      200       200  200           200      200
get reporting:catalogue          302    200    200      200     200      200       200  200           200      200
get reporting:catalogue-csv      302    200    200      200     200      200       200  200           200      200
get reporting:form               302    200    200      200     200      200       200  200           200      200
get reporting:blank-paper        302    200    200      200     200      200       200  200           200      200
get reporting:checking           302    404    404      404     200      200       200  200           200      200
get reporting:checking-csv       302    404    404      404     200      200       200  200           200      200
get reporting:table-index        302    200    200      200     200      200       200  200           200      200
get reporting:table              302    404    404      404     200      200       200  200           200      200
get reporting:table-csv          302    404    404      404     200      200       200  200           200      200
get reporting:changes-csv        302    404    404      404     200      200       200  200           200      200
get reporting:readings           302    404    404      404     200      200       200  200           200      200
get reporting:readings-csv       302    404    404      404     200      200       200  200           200      200
get reporting:added             302    404    404      404     200      200       200  200           200      200
get reporting:added-csv         302    404    404      404     200      200       200  200           200      200
get reporting:increments        302    404    404      404     200      200       200  200           200      200
get reporting:increments-csv    302    404    404      404     200      200       200  200           200      200
get reporting:wide-csv           302    404    404      404     200      200       200  200           200      200
get reporting:wide-all-csv       302    404    404      404     200      200       200  200           200      200
get reporting:frozen-file        302    404    404      404     200      200       200  200           200      200
get reporting:frozen-manifest    302    404    404      404     200      200       200  200           200      200
get reporting:frozen-checksums   302    404    404      404     200      200       200  200           200      200
get reporting:books              302    404    404      404     200      200       200  200           200      200
get indicators:pivot             302    404    404      404     200      200       200  200           200      200
get indicators:pivot-csv         302    404    404      404     200      200       200  200           200      200
get indicators:pivot-sdmx        302    404    404      404     200      200       200  200           200      200
get indicators:pivot-xlsx        302    404    404      404     200      200       200  200           200      200
get indicators:index             302    200    200      200     200      200       200  200           200      200
get indicators:series            302    404    200      200     200      200       200  200           200      200
get indicators:series-csv        302    404    200      200     200      200       200  200           200      200
get indicators:reading           302    404    404      404     404      404       404  404           200      200
get indicators:reading-csv       302    404    404      404     404      404       404  404           200      200
get monitoring:matrix            302    200    200      200     200      200       200  200           200      200
get monitoring:matrix-csv        302    200    200      200     200      200       200  200           200      200
get monitoring:findings          302    200    200      200     200      200       200  200           200      200
get monitoring:finding           302    404    404      404     404      404       404  404           200      404
get monitoring:rule              302    200    200      200     200      200       200  200           200      200
get indicators:discrepancies     302    200    200      200     200      200       200  200           200      200
get indicators:discrepancies-csv 302    200    200      200     200      200       200  200           200      200
get indicators:discrepancy       302    404    404      404     404      404       404  404           200      200
get indicators:hints             302    200    200      200     200      200       200  200           200      200
get indicators:hints-csv         302    200    200      200     200      200       200  200           200      200
get meetings:index               302    200    200      200     200      200       200  200           200      200
get meetings:plan                302    403    200      403     403      200       200  403           403      403
get meetings:meeting             302    404    404      200     200      200       200  200           200      200
get meetings:conclusion          302    404    404      404     200      200       200  200           200      200
get meetings:clears              302    404    404      404     403      200       200  403           403      403
get meetings:projector           302    404    404      404     200      200       200  200           200      200
get meetings:attachment          302    404    404      200     200      200       200  200           200      200
get meetings:notice-pdf          302    404    404      200     200      200       200  200           200      200
get meetings:notice-docx         302    404    404      200     200      200       200  200           200      200
get briefs:book                  302    404    404      404     200      200       200  200           200      200
get briefs:pdf                   302    404    404      404     200      200       200  200           200      200
get briefs:docx                  302    404    404      404     200      200       200  200           200      200
get briefs:reports               302    200    200      200     200      200       200  200           200      200
get briefs:reports-csv           302    200    200      200     200      200       200  200           200      200
get briefs:quote                 302    200    200      200     200      200       200  200           200      200
get briefs:report-new            302    403    200      200     200      200       200  403           200      403
get briefs:report                302    404    404      404     200      200       200  200           200      200
get briefs:report-read           302    404    404      404     200      200       200  200           200      200
get briefs:report-compare        302    404    404      404     200      200       200  200           200      200
get briefs:report-attachment     302    404    404      404     200      200       200  200           200      200
get briefs:report-docx           302    404    404      404     200      200       200  200           200      200
get briefs:report-pdf            302    404    404      404     200      200       200  200           200      200
get briefs:section               302    404    404      404     200      200       200  200           200      200
get briefs:section-history       302    404    404      404     200      200       200  200           200      200
get briefs:section-take          302    404    404      404     200      200       200  200           200      200
get briefs:report-assign         302    404    404      404     200      200       200  403           403      403
get briefs:section-figures       302    404    404      404     200      200       200  403           403      403
get tasks:index                  302    200    200      200     200      200       200  200           200      200
get tasks:task                   302    404    404      200     200      200       200  200           200      200
get tasks:share                  302    404    404      200     200      200       200  200           200      200
get tasks:export                 302    200    200      200     200      200       200  200           200      200
get api:openapi-json             302    200    200      200     200      200       200  200           200      200
get api:api-root                 302    404    404      404     404      404       404  404           404      404
get api:units                    401    200    200      200     200      200       200  200           200      200
get api:areas                    401    200    200      200     200      200       200  200           200      200
get api:unit                     401    404    404      404     200      200       200  200           200      200
get api:unit_history             401    404    404      404     200      200       200  200           200      200
get api:reports                  401    200    200      200     200      200       200  200           200      200
get api:report                   401    404    404      200     200      200       200  200           200      200
get api:figures                  401    404    404      404     200      200       200  200           200      200
get api:crosswalk                401    200    200      200     200      200       200  200           200      200
get api:events                   401    200    200      200     200      200       200  200           200      200
post accounts:sign-out           302    302    302      302     302      302       302  302           302      302
post accounts:act-for            302    404    404      404     302      302       302  302           404      404
post accounts:read               302    302    302     302     302     302       302  302           302      302
post accounts:follow             302    404    404     302     404     404       404  404           404      404
post orgs:post-give              302    404    404      404     403      403       403  302           403      403
post orgs:post-end               302    404    404      404     403      403       403  302           403      403
post orgs:post-delegate          302    404    404      404     403      403       403  302           403      403
post orgs:event-undo             302    404    404      404     403      403       403  302           403      403
post orgs:import-decide          302    404    404      404     404      404       404  302           404      404
post orgs:import-drop            302    404    404      404     404      404       404  302           404      404
post reporting:intake-stop       302    404    404      404     422      404       422  404           404      404
post reporting:intake-retry      302    404    404      404     302      404       302  404           404      404
post reporting:read-workbook     302    404    404      422     403      403       403  403           403      403
post reporting:fill-from-below   302    404    404      302     403      403       403  403           403      403
post reporting:calendar-address  302    404    200      200     200      200       200  200           200      200
post reporting:calendar-address-end 302    404    404      302     404      404       404  404           404      404
post reporting:waivers           302    404    404      403     422      403       422  403           403      403
post reporting:papers            302    404    404      404     403      403       403  403           403      403
post meetings:invite             302    404    404      403     403      302       302  403           403      403
post meetings:attendance         302    404    404      403     403      302       302  403           403      403
post meetings:agenda             302    404    404      403     403      302       302  403           403      403
post meetings:agenda-item        302    404    404      403     403      302       302  403           403      403
post meetings:attach             302    404    404      403     403      302       302  403           403      403
post meetings:freeze             302    404    404      403     403      302       302  403           403      403
post meetings:hold               302    404    404      403     403      302       302  403           403      403
post meetings:record             302    404    404      404     403      302       302  403           403      403
post meetings:split              302    404    404      404     403      302       302  403           403      403
post meetings:kind               302    404    404      404     403      302       302  403           403      403
post meetings:undo               302    404    404      404     403      302       302  403           403      403
post meetings:issue              302    404    404      404     403      403       422  403           403      403
post meetings:complete           302    404    404      403     403      302       302  403           403      403
post briefs:report-check         302    404    404      404     302      302       302  403           403      403
post briefs:report-present       302    404    404      404     403      403       302  403           403      403
post briefs:report-amend         302    404    404      404     403      403       302  403           403      403
post briefs:report-issue         302    404    404      404     403      403       302  403           403      403
post briefs:report-complete      302    404    404      404     403      403       302  403           403      403
post briefs:report-attach        302    404    404      404     302      302       302  403           403      403
post briefs:section-state        302    404    404      404     302      302       302  403           403      403
post briefs:section-figure       302    404    404      404     302      302       302  403           403      403
post indicators:discrepancies-assign 302 404    404      404     404      404       404  404           302      403
post tasks:progress              302    404    404      302     403      403       403  403           403      403
post tasks:verify                302    404    404      403     302      302       302  403           403      403
post tasks:reopen                302    404    404      403     302      302       302  403           403      403
post tasks:deadline              302    404    404      403     403      302       302  403           403      403
post api:submit_report           401    404    404      403     403      403       403  403           403      403
post api:preview                 401    403    403      403     403      403       403  200           403      403
post api:record                  401    403    403      403     403      403       403  201           403      403
"""


def answers() -> dict[str, dict[str, int]]:
    """By method and address, then by person."""
    found = {}
    for line in TABLE.strip().splitlines():
        method, name, *statuses = line.split()
        found[f"{method} {name}"] = dict(zip(WHO, map(int, statuses), strict=True))
    return found


def first_of_each(listed: list[Visit]) -> dict[str, Visit]:
    """One example of every address, the first one."""
    found: dict[str, Visit] = {}
    for visit in listed:
        found.setdefault(visit.route, visit)
    return found


def every(world: World) -> list[tuple[str, Visit]]:
    """One example of every address, with its method."""
    return [
        *(("get", visit) for visit in first_of_each(visits(world)).values()),
        *(("post", visit) for visit in first_of_each(acts(world)).values()),
        *calls(world),
    ]


@pytest.fixture
def browsers(world: World) -> dict[str, Client]:
    return {who: signed_in(who) if who else Client() for who in WHO}


def status(browser: Client, method: str, visit: Visit) -> int:
    """What a person is answered; whatever it did is undone, and the person stays signed in."""
    cookies = copy(browser.cookies)
    for file in visit.data.values():
        if isinstance(file, SimpleUploadedFile):
            file.seek(0)
    with transaction.atomic():
        send = partial(getattr(browser, method), visit.address, visit.data)
        answer = (
            send(content_type="application/json") if method == "post" and visit.route.startswith("api:") else send()
        )
        if answer.streaming:
            b"".join(answer.streaming_content)  # to its end, so that what it reads from is closed
        transaction.set_rollback(True)
    browser.cookies = cookies
    return int(answer.status_code)


def test_every_address_has_an_example() -> None:
    assert {address.split()[1] for address in answers()} == set(routes())


def test_every_address_answers_every_role_as_the_table_says(world: World, browsers: dict[str, Client]) -> None:
    found = {
        f"{method} {visit.route}": {who: status(browsers[who], method, visit) for who in WHO}
        for method, visit in every(world)
    }
    said = answers()
    assert found.keys() == said.keys()
    assert [
        f"{address}, {who or 'nobody signed in'}: {status}, the table says {said[address][who]}"
        for address, row in found.items()
        for who, status in row.items()
        if status != said[address][who]
    ] == []


HEAVY = (
    "home",
    "orgs:tree",
    "orgs:search",
    "orgs:compare",
    "orgs:events",
    "orgs:event",
    "orgs:posts",
    "orgs:region",
    "orgs:area",
    "orgs:unit",
    "reporting:index",
    "reporting:messages",
    "reporting:reminders",
    "reporting:reception",
    "reporting:call-list",
    "reporting:punctuality",
    "reporting:checking",
    "reporting:table-index",
    "reporting:table",
    "reporting:readings",
    "monitoring:matrix",
    "monitoring:findings",
    "indicators:discrepancies",
    "indicators:hints",
    "meetings:index",
    "meetings:meeting",
    "meetings:conclusion",
    "meetings:projector",
    "briefs:reports",
    "briefs:report",
    "tasks:index",
    "tasks:task",
)


def cost(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def more(world: World) -> None:
    """Three times the communes that owe, several times the reports, tasks, participants and paragraphs."""
    more_of_the_map(world)
    at, due_on = world.now, world.today + timedelta(days=9)
    units = [card.id for card in orgs.children_of(world.host, LINE, world.today)[6:16]]
    asked = services.request_report(
        REQUEST_FORM, world.period, units=units, receiver=world.host, due_on=due_on, basis="2", by=SYSTEM, at=at
    )
    figures, _ = figures_from_texts(selectors.definition_of(selectors.form_by_key(REQUEST_FORM)), FIGURES)
    for obligation in asked[:6]:
        sent = services.submit(obligation, figures=figures, by=SYSTEM, at=at, signatures=SIGNED)
        if obligation != asked[0]:
            services.accept(sent, by=SYSTEM, at=at)
    for number in range(8):
        task_services.assign(
            title=f"Việc {number}",
            issuer_id=world.host,
            unit_ids=units[:4],
            product="Văn bản",
            due_on=due_on,
            origin=Origin("test", "Thử", "/", f"more-{number}"),
            by=SYSTEM,
            at=at,
        )
    held = world.meetings["held"]
    meeting_services.add_participants(held, unit_ids=units, by=SYSTEM, at=at)
    for number in range(6):
        meeting_services.record_paragraph(held, text=f"Đoạn {number}", kind="task", what="Việc", by=SYSTEM, at=at)


def one_more(world: World) -> None:
    """One report accepted since the table was confirmed: a difference costs, how many there are does not."""
    units = [orgs.children_of(world.host, LINE, world.today)[16].id]
    (asked,) = services.request_report(
        REQUEST_FORM,
        world.period,
        units=units,
        receiver=world.host,
        due_on=world.today,
        basis="2",
        by=SYSTEM,
        at=world.now,
    )
    figures, _ = figures_from_texts(selectors.definition_of(selectors.form_by_key(REQUEST_FORM)), FIGURES)
    sent = services.submit(asked, figures=figures, by=SYSTEM, at=world.now, signatures=SIGNED)
    services.accept(sent, by=SYSTEM, at=world.now)


def more_of_the_map(world: World) -> None:
    """Events ahead and undone, people at the host, regions that hold what the host's area was made of."""
    at, ahead = world.now, world.today + timedelta(days=20)
    named = [("unit", card.key) for card in world.communes[:4]] + [("unit", HOST), ("area", AREA)]
    for number, (tree, key) in enumerate(named):
        step = {"step": "rename", "tree": tree, "key": key, "name": f"Tên ghi trước {number}"}
        data = {"on": (ahead + timedelta(days=number)).isoformat(), "steps": [step]}
        done = org_services.record(data, basis="2", basis_on=None, reason="Thêm", by=SYSTEM, at=at)
        if number < 3:
            org_services.undo(done, reason="Thôi", by=SYSTEM, at=at)
    for number, role in enumerate(Role):
        open_account(f"more-{number}", f"Người {number}", (world.host, role))
    made_of = AreaSuccession.objects.filter(new__key=AREA).values_list("old_id", flat=True)
    for number in range(4):
        region = Region.objects.create(key=f"more-{number}", name=f"Vùng {number}", verified=False)
        RegionMember.objects.create(region=region, area_id=made_of[number % 2])


def test_the_cost_of_a_page_does_not_grow_with_the_data(world: World, browsers: dict[str, Client]) -> None:
    """The same number of queries for the receiver's pages before and after much more has come in."""
    examples = first_of_each(visits(world))
    chosen = {name: examples[name].address for name in HEAVY}
    chosen |= {"meetings:meeting": "/hop/held/", "meetings:conclusion": "/hop/held/ket-luan/"}
    chosen["meetings:projector"] = "/hop/held/chieu/"
    people = {"monitoring:matrix": "inspector", "monitoring:findings": "ministry"}
    browser = {name: browsers[people.get(name, "head")] for name in HEAVY}

    def costs() -> dict[str, int]:
        for name in HEAVY:
            browser[name].get(chosen[name])  # what a process reads once for as long as the map stays as it is
        return {name: cost(browser[name], chosen[name]) for name in HEAVY}

    one_more(world)
    before = costs()
    more(world)
    after = costs()
    assert after == before
    assert {name: count for name, count in after.items() if count > MOST_QUERIES} == {}
