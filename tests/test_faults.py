"""kill -9 of a web worker, the job worker and the database: nothing that was acknowledged is lost, nothing half stored.

Each test runs the real product in a folder of its own, with synchronous commit on.
"""

import http.client
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.stack import Stack, running, wait_until

HARBOUR = Path(__file__).parent / "packs" / "harbour"
REPORTS = 80
SENDERS = 6

WORLD = f"""
from datetime import date, timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from giaoban.accounts import services as accounts
from giaoban.kit.actors import system_actor
from giaoban.kit.packs import load_pack
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs, services as org_services
from giaoban.reporting import services
from pathlib import Path
by, at = system_actor("test"), timezone.now()
load_pack(Path({str(HARBOUR)!r}), by=by, at=at, say=lambda _: None)
user = accounts.open_account("keeper", full_name="Ann", password=accounts.new_password(), by=by, at=at)
light, office = orgs.unit_id_of("light:cape"), orgs.unit_id_of("office:long")
for unit_id in (light, office):
    org_services.give_post(user_id=user.pk, unit_id=unit_id, role=Role.HEAD, valid_from=date(2025, 1, 1), by=by, at=at)
made = []
for number in range({REPORTS}):
    start = date(2025, 1, 1) + timedelta(days=number)
    period = services.open_period("ad-hoc", code=f"S{{number}}", label=f"Storm {{number}}", start=start,
                                  end=start + timedelta(days=1), by=by, at=at)
    made += services.request_report("request:storm", period, units=[light], receiver=office, due_on=date(2025, 6, 1),
                                    basis="letter", by=by, at=at)
store = SessionStore()
store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
store.create()
import json
print(json.dumps({{"session": store.session_key, "reports": [one.pk for one in made]}}))
"""

STORED = """
import json
from giaoban.reporting.models import Submission
rows = Submission.objects.prefetch_related("lines").order_by("pk")
print(json.dumps([[one.obligation_id, one.version, one.state, one.receipt, [line.values for line in one.lines.all()],
                   one.act.subject] for one in rows.select_related("act")]))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Not in pytest's own folder: that is closed to the user who serves the database of root."""
    var = Path(tempfile.mkdtemp(prefix="giaoban-stack-"))
    var.chmod(0o755)
    try:
        with running(var, workers=2) as started:
            yield started
    finally:
        shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="module")
def world(stack: Stack) -> dict[str, list[int]]:
    told: dict[str, list[int]] = json.loads(stack.python(WORLD).splitlines()[-1])
    return told


def stored(stack: Stack) -> list[tuple[int, int, str, str, list[list[int]], str]]:
    return [tuple(row) for row in json.loads(stack.python(STORED).splitlines()[-1])]


class Sender(threading.Thread):
    """Sends one report after the other, each again until the server answers."""

    def __init__(self, stack: Stack, session: str, waiting: list[int], lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self.stack, self.session, self.waiting, self.lock = stack, session, waiting, lock
        self.acknowledged: dict[int, str] = {}
        self.strange: list[str] = []
        self.cut = 0

    def run(self) -> None:
        while True:
            with self.lock:
                if not self.waiting:
                    return
                report = self.waiting.pop()
            until = time.monotonic() + 60
            while time.monotonic() < until and not self._done(report):
                self.cut += 1
                time.sleep(0.1)

    def _done(self, report: int) -> bool:
        """Whether the server said what became of it; a server that is away, or just came back, did not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
        token = "a" * 32
        headers = {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Cookie": f"sessionid={self.session}; csrftoken={token}",
            "X-CSRFToken": token,
        }
        figures = {"main/total//lost": str(report), "main/total//mended": "1", "main/total//remark": "calm"}
        body = json.dumps({"figures": figures, "signatures": [{"role": "Master", "name": "Ann"}]})
        try:
            connection.request("POST", f"/api/v1/reports/{report}/submission", body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if answer.status == 201:
            self.acknowledged[report] = json.loads(said)["receipt"]
        elif answer.status >= 500:
            return False
        elif answer.status != 409:
            self.strange.append(f"{answer.status} {said[:300]!r}")
        return True


def storm(stack: Stack, world: dict[str, list[int]], reports: list[int], disturb: Callable[[], None]) -> list[Sender]:
    """Send reports from several sides while something is killed."""
    waiting, lock = list(reports), threading.Lock()
    senders = [Sender(stack, str(world["session"]), waiting, lock) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(waiting) < len(reports) * 0.7, "nothing was sent")
    disturb()
    for sender in senders:
        sender.join(90)
    assert not any(sender.is_alive() for sender in senders)
    return senders


@pytest.mark.parametrize("victim", ["web", "database"])
def test_no_acknowledged_report_is_lost_and_none_is_stored_twice(
    stack: Stack, world: dict[str, list[int]], victim: str
) -> None:
    half = len(world["reports"]) // 2
    reports = world["reports"][:half] if victim == "web" else world["reports"][half:]
    senders = storm(stack, world, reports, stack.kill_web_worker if victim == "web" else stack.kill_database)
    assert not [words for sender in senders for words in sender.strange]
    acknowledged = {report: receipt for sender in senders for report, receipt in sender.acknowledged.items()}
    rows = [row for row in stored(stack) if row[0] in set(reports)]
    assert sorted(row[0] for row in rows) == sorted(reports), "each exactly once"
    assert {row[0]: row[3] for row in rows}.items() >= acknowledged.items()
    for report, version, _, _, values, subject in rows:
        assert (version, values) == (1, [[report, 1]]), "whole, or not at all"
        assert subject, "with the act of the person who sent it"


INTAKE = """
import json
from django.utils import timezone
from giaoban.config.demo.tidy import tidy_csv
from giaoban.kit.actors import system_actor
from giaoban.reporting.models import Obligation
from giaoban.reporting.services.intake import begin_intake
by, at = system_actor("test"), timezone.now()
owed = list(Obligation.objects.filter(form__key="request:storm").select_related("period").order_by("pk"))
files = []
for one in owed:
    cells = {"lost": "9000", "mended": "2", "remark": f"from file {one.pk}"}
    rows = [{"unit": "light:cape", "form": "request:storm", "period": one.period.code, "column": column,
             "value": value} for column, value in cells.items()]
    files.append((f"{one.pk}.csv", tidy_csv(rows)))
files.insert(3, ("broken.csv", b"no such header\\n1,2\\n"))
print(begin_intake(files, by=by, at=at, amendment_reason="a second count").pk)
"""

TAKEN = """
import json
from giaoban.reporting.models import Intake, IntakeFile
row = Intake.objects.get(pk={pk})
states = list(IntakeFile.objects.filter(intake=row).values_list("state", flat=True))
print(json.dumps([row.finished_at is not None, states.count("waiting"), states.count("taken"),
                  states.count("unchanged"), states.count("refused")]))
"""


def test_files_are_taken_once_each_though_worker_and_database_die(stack: Stack, world: dict[str, list[int]]) -> None:
    pk = int(stack.python(INTAKE).splitlines()[-1])

    def progress() -> list[int]:
        told: list[int] = json.loads(stack.python(TAKEN.format(pk=pk)).splitlines()[-1])
        return told

    stack.kill_job_worker()
    wait_until(lambda: progress()[2] > 5, "the job was not taken up again", 120)
    stack.kill_database()
    wait_until(stack.answers, "the server did not come back")
    wait_until(lambda: bool(progress()[0]), "the files were not taken to the end", 180)
    assert progress() == [True, 0, len(world["reports"]), 0, 1]
    rows = stored(stack)
    for report in world["reports"]:
        versions = [row for row in rows if row[0] == report]
        assert [row[4] for row in versions if row[4] == [[9000, 2]]] == [[[9000, 2]]], "once"


CLOSE = """
import sys
from django.utils import timezone
from giaoban.kit.actors import system_actor
from giaoban.orgs import selectors as orgs
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.services import AlreadyDone
from giaoban.reporting.services.closing import close_books
form, office = FormVersion.objects.get(key="request:storm"), orgs.unit_id_of("office:long")
for period in Period.objects.filter(code__startswith="S").order_by("pk"):
    try:
        close_books(form, period, office, by=system_actor("test"), at=timezone.now())
    except AlreadyDone:
        pass
print("closed")
"""

CLOSED = """
import json
from giaoban.kit.models import Act
from giaoban.reporting.models import Closing
acts = set(Act.objects.filter(name="reporting.close-books").values_list("pk", flat=True))
rows = list(Closing.objects.values_list("period_id", "act_id"))
print(json.dumps([len(rows), len({period for period, _ in rows}), acts == {act for _, act in rows}]))
"""


def test_books_are_closed_whole_or_not_at_all(stack: Stack, world: dict[str, list[int]]) -> None:
    failed: list[str] = []

    def close() -> None:
        try:
            stack.python(CLOSE)
        except RuntimeError as fault:
            failed.append(str(fault))

    closing = threading.Thread(target=close)
    closing.start()
    time.sleep(2.5)
    stack.kill_database()
    closing.join(120)
    wait_until(stack.answers, "the server did not come back")
    before = json.loads(stack.python(CLOSED).splitlines()[-1])
    assert before[0] == before[1]
    assert before[2], "every closing has its act, and every act its closing"
    assert stack.python(CLOSE).splitlines()[-1] == "closed"
    assert json.loads(stack.python(CLOSED).splitlines()[-1]) == [len(world["reports"]), len(world["reports"]), True]
