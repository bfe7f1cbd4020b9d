"""The hour of the deadline with the real stack: 3,321 communes × 5 forms sent over HTTP, and one worker killed.

`python -m bench.deadline`. A closed model: so many people at once, each sending the next report as soon as the last one
was acknowledged, or after a pause. Each run begins with all reports unsent. Every acknowledged receipt is looked for in
the database afterwards. Figures are generated: SIMULATED.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.__main__ import ROOT, machine, server

FORMS = 5
SEED = 20261122
AGAIN = 0.2  # seconds before a request that was cut off is sent again


@dataclass(frozen=True, slots=True)
class Letter:
    """One report to be sent: whose, and the headers that sign its sender in."""

    obligation: int
    headers: bytes


@dataclass
class Hour:
    """What a run came to. acknowledged: receipt by obligation; cut: requests that got no answer and were repeated."""

    users: int
    pause: float = 0.0
    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    acknowledged: dict[int, str] = field(default_factory=dict)
    known: int = 0
    cut: int = 0
    refused: list[str] = field(default_factory=list)

    def line(self) -> str:
        ordered = sorted(self.taken)
        p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))] * 1000
        return (
            f"{self.users:>4} at once, pause {self.pause:g} s: {len(self.taken) / self.seconds:7.1f} a second   median "
            f"{median(ordered) * 1000:7.1f} ms   p99 {p99:7.1f} ms   {len(self.acknowledged)} acknowledged, "
            f"{self.known} already there, {self.cut} cut and repeated, {len(self.refused)} refused"
        )


def letters() -> "deque[Letter]":
    """Every report still to be sent, with a signed-in sender each. Made when the database has none."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.middleware.csrf import _get_new_csrf_string  # the token of a page, made without the page

    from giaoban.reporting.models import Obligation

    senders = {user.login: user for user in get_user_model().objects.filter(login__startswith="hour-")}
    owed = Obligation.objects.filter(form__key__startswith="request:hour-", submissions=None).order_by("form_id", "pk")
    rows = list(owed.values_list("pk", "unit_id"))
    headers = {}
    for unit_id in {unit for _, unit in rows}:
        user = senders[f"hour-{unit_id}"]
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        token = _get_new_csrf_string()
        cookies = f"{settings.SESSION_COOKIE_NAME}={store.session_key}; {settings.CSRF_COOKIE_NAME}={token}"
        headers[unit_id] = f"Cookie: {cookies}\r\nX-CSRFToken: {token}\r\n".encode()
    return deque(Letter(pk, headers[unit_id]) for pk, unit_id in rows)


def open_the_hour() -> None:
    """Five forms like the one of the other measurements, owed by every commune; a head at each of them."""
    import yaml
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from bench import making
    from bench.world import ON, build
    from giaoban.kit.actors import system_actor
    from giaoban.kit.permissions import Role
    from giaoban.orgs import services as org_services
    from giaoban.reporting.models import FormVersion, Obligation

    world = build(fresh=False)
    by, at = system_actor("bench"), timezone.now()
    model = list(Obligation.objects.filter(form=world.form, period=world.period).values_list("unit_id", "receiver_id"))
    for number in range(1, FORMS + 1):
        key = f"request:hour-{number}"
        if FormVersion.objects.filter(key=key).exists():
            continue
        data = yaml.safe_load((ROOT / "bench" / "form.yaml").read_text(encoding="utf-8"))
        data |= {"code": f"hour-{number}", "valid": ["2025-07-01", None]}
        form = making.form_version(data, key, ON.replace(year=2025))
        owed = [
            Obligation(unit_id=unit, receiver_id=receiver, form=form, period=world.period, due_on=ON, simulated=True)
            for unit, receiver in model
        ]
        Obligation.objects.bulk_create(owed, batch_size=2000)
    people = get_user_model()
    known = set(people.objects.filter(login__startswith="hour-").values_list("login", flat=True))
    for unit_id, _ in model:
        if f"hour-{unit_id}" not in known:
            user = people(login=f"hour-{unit_id}", full_name=f"Người gửi {unit_id}")
            user.set_unusable_password()
            user.save()
            org_services.give_post(user_id=user.pk, unit_id=unit_id, role=Role.HEAD, valid_from=ON, by=by, at=at)


def forget() -> None:
    """Take back what earlier runs sent, so that every report can be sent again."""
    from giaoban.reporting.models import Submission, SubmissionLine

    sent = Submission.objects.filter(obligation__form__key__startswith="request:hour-")
    SubmissionLine.objects.filter(submission__in=sent).delete()
    sent.delete()


def close_the_hour() -> None:
    """Take the forms of the hour out of the database, so that other measurements do not count them."""
    from django.db import connection

    from giaoban.reporting.models import FormVersion, Obligation

    forget()
    Obligation.objects.filter(form__key__startswith="request:hour-").delete()
    FormVersion.objects.filter(key__startswith="request:hour-").delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def body(dice: random.Random) -> bytes:
    """Sixty figures as the interface takes them."""
    figures = {f"main/r{row}//c{column}": str(dice.randrange(5000)) for row in range(1, 7) for column in range(1, 11)}
    return json.dumps({"figures": figures}).encode()


class Person:
    """One connection that is kept open, and opened again when it is cut."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, letter: Letter, content: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError or asyncio.IncompleteReadError when the connection is cut."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(
            f"POST /api/v1/reports/{letter.obligation}/submission HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n".encode()
            + letter.headers
            + b"\r\n"
            + content
        )
        try:
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            return int(head[9:12]), await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            self.streams = None
            raise


async def send_all(
    port: int, waiting: "deque[Letter]", users: int, seconds: float, pause: float = 0.0, disturb: Any = None
) -> Hour:
    """Let so many people send for so long, with so many seconds between an answer and the next report; `disturb` is
    called once in the middle."""
    hour, dice = Hour(users, pause), random.Random(SEED)
    started = time.perf_counter()

    async def work() -> None:
        person = Person(port)
        await asyncio.sleep(dice.random() * pause)
        while waiting and time.perf_counter() - started < seconds:
            letter, content = waiting.popleft(), body(dice)
            asked = time.perf_counter()
            while True:
                try:
                    status, answer = await person.post(letter, content)
                    break
                except (OSError, asyncio.IncompleteReadError):
                    hour.cut += 1
                    await asyncio.sleep(AGAIN)
            hour.taken.append(time.perf_counter() - asked)
            note(hour, letter, status, answer)
            if pause:
                await asyncio.sleep(pause)

    async def in_the_middle() -> None:
        if disturb is not None:
            await asyncio.sleep(seconds / 2)
            disturb()

    await asyncio.gather(in_the_middle(), *(work() for _ in range(users)))
    hour.seconds = time.perf_counter() - started
    return hour


def note(hour: Hour, letter: Letter, status: int, answer: bytes) -> None:
    """409 after a cut means that the first request was stored although its answer was lost."""
    if status == 201:
        hour.acknowledged[letter.obligation] = json.loads(answer)["receipt"]
    elif status == 409:
        hour.known += 1
    else:
        hour.refused.append(f"{status} {answer[:200]!r}")


def lost(hour: Hour) -> tuple[list[int], int]:
    """Acknowledged reports that are not stored whole, and how many are stored in all."""
    from django.db.models import Count

    from giaoban.reporting.models import Submission

    stored = {
        owed: (receipt, kept)
        for owed, receipt, kept in Submission.objects.filter(obligation__form__key__startswith="request:hour-")
        .values_list("obligation_id", "receipt")
        .annotate(kept=Count("lines"))
    }
    return [owed for owed, receipt in hour.acknowledged.items() if stored.get(owed) != (receipt, 6)], len(stored)


@contextmanager
def serving(workers: int, threads: int) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """`giaoban serve` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = f"-m giaoban.config.cli serve --port {port} --workers {workers} --threads {threads}"
    process = subprocess.Popen([sys.executable, *words.split()], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server does not answer")
            time.sleep(0.2)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def kill_one(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 one of the processes that answer requests."""
    waiting, web = [process.pid], []
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            for pid in map(int, task.read_text().split()):
                waiting.append(pid)
                if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    web.append(pid)
    os.kill(web[-1], signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.deadline")
    parser.add_argument("--users", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds, of one more run with the most people")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    chosen = parser.parse_args()
    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        import django

        django.setup()
        print(f"machine: {machine()}; the senders run on it too; synchronous commit, checks, history, receipts on")
        open_the_hour()
        forget()
        runs = [(one, 0.0, False) for one in chosen.users]
        runs += [(chosen.users[-1], chosen.pause, False), (chosen.users[-1], 0.0, True)]
        with serving(chosen.workers, chosen.threads) as (port, process):
            asyncio.run(send_all(port, letters(), 10, 5))  # warm
            for users, pause, is_disturbed in runs:
                forget()
                waiting = letters()
                act = partial(kill_one, process) if is_disturbed else None
                hour = asyncio.run(send_all(port, waiting, users, chosen.seconds, pause, act))
                missing, stored = lost(hour)
                print(f"{hour.line()}, {len(missing)} LOST, {stored} stored in all{', one killed' if act else ''}")
                for reason in hour.refused[:3]:
                    print(f"     {reason}")
        close_the_hour()


if __name__ == "__main__":
    main()
