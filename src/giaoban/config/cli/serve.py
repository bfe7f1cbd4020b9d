"""Web server and job worker together: both run, or neither."""

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
from giaoban.config.paths import ROOT

PATIENCE = 60.0  # seconds until the web server must answer
GRACE = 7.0  # seconds that the processes have to end by themselves


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
    quiet = "--interface wsgi --no-ws --log-level warning"
    return [sys.executable, "-m", "granian", *about.split(), *quiet.split(), "giaoban.config.wsgi:application"]


def worker_command() -> list[str]:
    words = "-m giaoban.config.cli manage procrastinate worker --shutdown-graceful-timeout 5"
    return [sys.executable, *words.split()]


class Pair:
    """The two processes. Each leads its own process group, so that its children end with it."""

    def __init__(self, web: list[str], worker: list[str], environment: dict[str, str]) -> None:
        self.processes = {
            name: subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL)
            for name, command in (("web server", web), ("job worker", worker))
        }

    def ended(self) -> str:
        """The name of a process that has ended; empty while both run."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), "")

    def stop(self) -> None:
        """Ask both to end, wait, and end by force what is left."""
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


class StopAsked(Exception):
    """Somebody asked us to stop."""


def _ask(*_: object) -> None:
    # A second signal must not cut short the stopping that the first one began.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    raise StopAsked


def run(chosen: argparse.Namespace) -> int:
    from django.conf import settings

    from giaoban.config import postgres
    from giaoban.config.preparation import prepare

    if not port_is_free(chosen.host, chosen.port):
        print(f"giaoban: port {chosen.port} of {chosen.host} is taken; choose another one: PORT=8001", file=sys.stderr)
        return 1
    for line in prepare():
        print(line)
    environment = {**os.environ, "GIAOBAN_POOL": str(chosen.threads), "DATABASE_URL": postgres.ensure_running()}
    known_as = next((name for name in settings.ALLOWED_HOSTS if name[:1] not in "*."), "localhost")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask)
    web = web_command(chosen.host, chosen.port, chosen.workers, chosen.threads)
    pair = Pair(web, worker_command(), environment)
    try:
        return watch(pair, chosen.host, chosen.port, known_as)
    except StopAsked:
        print("giaoban: stopping", flush=True)
        return 0
    finally:
        pair.stop()


def watch(pair: Pair, host: str, port: int, known_as: str) -> int:
    """Say where to sign in once the web server answers; come back with 1 when one of the two ends."""
    started = time.monotonic()
    ready = False
    while not (name := pair.ended()):
        if not ready and answers(host, port, known_as):
            ready = True
            print(f"Giao Ban: http://{host}:{port}/  (Ctrl+C stops it)", flush=True)
        if not ready and time.monotonic() - started > PATIENCE:
            print(f"giaoban: the web server does not answer after {PATIENCE:.0f} s", file=sys.stderr)
            return 1
        time.sleep(0.5 if ready else 0.1)
    print(f"giaoban: the {name} ended by itself; its last lines above say why", file=sys.stderr)
    return 1


command = Command("serve", "web server and job worker, until Ctrl+C", run, arguments)
