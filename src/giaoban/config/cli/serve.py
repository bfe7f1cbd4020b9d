"""Web server and job worker together. One that ends by itself is started again, and so is a database of ours."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from giaoban.config.cli.command import Command
from giaoban.config.paths import ROOT, VAR

PATIENCE = 60.0  # seconds until the web server must answer
GRACE = 7.0  # seconds that the processes have to end by themselves
ROUND = 30.0  # seconds between two looks for jobs whose worker died
TRIES = 5  # how often a process may end by itself within QUIET seconds before we give up
QUIET = 60.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="PORT, or 8000")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="web processes")
    parser.add_argument("--threads", type=int, default=4, help="threads of each web process")


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def web_command(host: str, port: int, workers: int, threads: int) -> list[str]:
    about = f"--host {host} --port {port} --workers {workers} --blocking-threads {threads} --workers-kill-timeout 5"
    quiet = "--interface wsgi --no-ws --log-level warning --respawn-failed-workers --respawn-interval 0.5"
    return [sys.executable, "-m", "granian", *about.split(), *quiet.split(), "giaoban.config.wsgi:application"]


def worker_command() -> list[str]:
    words = "-m giaoban.config.cli manage procrastinate worker --shutdown-graceful-timeout 5"
    return [sys.executable, *words.split()]


class Pair:
    """The two processes. Each leads its own process group, so that its children end with it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}
        self.endings: dict[str, list[float]] = {}

    def start(self, name: str, command: list[str]) -> None:
        """Start one of the two. Raises OSError when its program cannot be started."""
        self.commands[name] = command
        self.processes[name] = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL
        )

    def ended(self) -> str:
        """The name of a process that has ended; empty while both run."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), "")

    def start_again(self, name: str) -> bool:
        """Start the one that ended once more; False when it ended too often of late."""
        now = time.monotonic()
        recent = [at for at in self.endings.get(name, ()) if now - at < QUIET]
        self.endings[name] = [*recent, now]
        if len(recent) >= TRIES:
            return False
        self.start(name, self.commands[name])
        return True

    def stop(self) -> None:
        """Ask those that were started to end, wait, and end by force what is left."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def answers(host: str, port: int, known_as: str) -> bool:
    """Whether the web server says that it is well."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # nosec B104 - compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    request = urllib.request.Request(f"http://{shown}:{port}/healthz", headers={"Host": known_as})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  # nosec B310 - http only
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Wish:
    """Whether somebody asked us to stop. A signal only notes it: it cuts short neither a start nor a stop."""

    def __init__(self) -> None:
        self.stop = False

    def __call__(self, *_: object) -> None:
        self.stop = True


def run(chosen: argparse.Namespace) -> int:
    from django.conf import settings

    from giaoban.config import postgres
    from giaoban.config.preparation import prepare

    if not port_is_free(chosen.host, chosen.port):
        print(f"giaoban: port {chosen.port} of {chosen.host} is taken; choose another one: PORT=8001", file=sys.stderr)
        return 1
    for line in prepare():
        print(line)
    environment = {
        **os.environ,
        "GIAOBAN_POOL": str(chosen.threads),
        "GIAOBAN_VAR": str(VAR),  # the processes work in another folder than we, perhaps
        "DATABASE_URL": postgres.ensure_running(),
    }
    known_as = next((name for name in settings.ALLOWED_HOSTS if name[:1] not in "*."), "localhost")
    wish, pair = Wish(), Pair(environment)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, wish)
    try:
        pair.start("web server", web_command(chosen.host, chosen.port, chosen.workers, chosen.threads))
        pair.start("job worker", worker_command())
        return watch(pair, wish, chosen.host, chosen.port, known_as)
    finally:
        pair.stop()


def watch(pair: Pair, wish: Wish, host: str, port: int, known_as: str) -> int:
    """Say where to sign in once the web server answers; from then on keep both running, and the database where it is
    ours, and take up the jobs of workers that died.

    Comes back with 0 when somebody asked to stop, with 1 when the web server does not answer at first, or one of the
    two ends time after time.
    """
    started = time.monotonic()
    ready, look = False, started
    while True:
        if wish.stop:
            print("giaoban: stopping", flush=True)
            return 0
        revive_database()
        name = pair.ended()
        if name and not (ready and pair.start_again(name)):
            print(f"giaoban: the {name} ended by itself; its last lines above say why", file=sys.stderr)
            return 1
        if name:
            print(f"giaoban: the {name} ended by itself and is started again", flush=True)
        if time.monotonic() >= look:
            look = time.monotonic() + ROUND
            take_up_jobs()
        if not ready and answers(host, port, known_as):
            ready = True
            print(f"Giao Ban: http://{host}:{port}/  (Ctrl+C stops it)", flush=True)
        if not ready and time.monotonic() - started > PATIENCE:
            print(f"giaoban: the web server does not answer after {PATIENCE:.0f} s", file=sys.stderr)
            return 1
        time.sleep(0.5 if ready else 0.1)


def revive_database() -> None:
    """Start a database of ours that was killed. It keeps its address; open connections are found dead and replaced."""
    from giaoban.config import postgres

    server = postgres.Server()
    if os.environ.get("DATABASE_URL") or not server.has_crashed():
        return
    try:
        server.ensure_running()
    except postgres.LauncherError as error:
        print(f"giaoban: {error}", file=sys.stderr, flush=True)
    else:
        print("giaoban: the database had ended and is started again", flush=True)


def take_up_jobs() -> None:
    """Put the jobs that a dead worker left back in the queue, and say so; a database that is away is tried again."""
    from django.db import InterfaceError, OperationalError, close_old_connections
    from procrastinate.exceptions import ConnectorException

    from giaoban.kit.jobs import take_up_stalled

    close_old_connections()
    try:
        again, given_up = take_up_stalled()
    except (OperationalError, InterfaceError, ConnectorException):
        return
    if again:
        print(f"giaoban: {again} interrupted jobs are begun again", flush=True)
    if given_up:
        print(f"giaoban: {given_up} jobs ended their worker every time and are given up: giaoban doctor", flush=True)


command = Command("serve", "web server and job worker, until Ctrl+C", run, arguments)
