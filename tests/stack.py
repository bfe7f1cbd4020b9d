"""The real thing for tests that kill it: a database of its own, the web server, the job worker, as `giaoban serve`."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from giaoban.config.paths import ROOT
from giaoban.config.postgres import Server

PATIENCE = 180.0


@dataclass
class Stack:
    """A running product under its own folder."""

    var: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def environment(self) -> dict[str, str]:
        return environment_of(self.var)

    def run(self, *words: str) -> str:
        """A command of `giaoban` in this folder; what it printed."""
        command = [sys.executable, "-m", "giaoban.config.cli", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr[-2000:]}")
        return done.stdout

    def python(self, code: str) -> str:
        """A piece of Python beside the product, with Django started; what it printed."""
        before = "from giaoban.config.cli import start_django; start_django()\n"
        done = subprocess.run(
            [sys.executable, "-c", before + code],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return done.stdout

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def children(self) -> list[tuple[int, str]]:
        """Every process beneath the server: pid and command line."""
        found, waiting = [], [self.process.pid]
        while waiting:
            parent = waiting.pop()
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                for pid in map(int, task.read_text().split()):
                    found.append((pid, Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()))
                    waiting.append(pid)
        return found

    def kill_web_worker(self) -> None:
        """kill -9 one of the processes that answer requests."""
        masters = [pid for pid, line in self.children() if "granian" in line]
        os.kill(masters[-1], signal.SIGKILL)

    def kill_job_worker(self) -> None:
        os.kill(next(pid for pid, line in self.children() if "procrastinate" in line), signal.SIGKILL)

    def kill_database(self) -> None:
        """kill -9 the master of the database; its processes end themselves."""
        data = Path(Server(self.var).recorded()["data"])
        os.kill(int((data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)


def environment_of(var: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "GIAOBAN_VAR": str(var), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.1)


@contextmanager
def running(var: Path, *, workers: int = 1, threads: int = 4) -> Iterator[Stack]:
    """Start everything under a folder and stop and remove it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = f"-m giaoban.config.cli serve --port {port} --workers {workers} --threads {threads}"
    log = var / "serve.log"
    var.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *words.split()], cwd=ROOT, env=environment_of(var), stdout=said, stderr=said
        )
        stack = Stack(var, port, process)
        try:
            wait_until(lambda: process.poll() is not None or stack.answers(), "the server does not answer")
            if process.poll() is not None:
                raise RuntimeError(log.read_text()[-3000:])
            yield stack
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            Server(var).stop()
