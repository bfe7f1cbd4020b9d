"""The parser knows every command; doctor says what is wrong; serve starts both processes and stops them."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from giaoban.config import cli
from giaoban.config.cli import doctor, pack_check, serve
from giaoban.config.cli.command import Command
from giaoban.config.paths import ROOT, VAR


@pytest.mark.parametrize("command", cli.commands(), ids=lambda command: command.name)
def test_every_command_is_reachable_by_its_name(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([*command.name.split(), "--help"])
    assert stopped.value.code == 0
    assert " ".join(capsys.readouterr().out.split()).startswith(f"usage: giaoban {command.name}")


def test_two_commands_may_share_their_first_word() -> None:
    twins = [Command(name, name, lambda _: 0) for name in ("pack check", "pack load")]
    assert cli.build_parser(twins).parse_args(["pack", "load"]).command is twins[1]


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["nothing-like-this"])
    assert stopped.value.code == 2
    assert "doctor" in capsys.readouterr().err


def test_words_after_manage_are_left_alone() -> None:
    chosen = cli.build_parser(cli.commands()).parse_args(["manage", "migrate", "--plan"])
    assert chosen.words == ["migrate", "--plan"]


def test_remove_wants_a_second_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["database", "remove"]) == 1
    assert "--yes" in capsys.readouterr().out


def test_pack_check_names_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack_check.run(argparse.Namespace(folder=tmp_path / "nowhere")) == 1
    assert "not a folder" in capsys.readouterr().out


def test_pack_check_names_file_line_and_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pack.yaml").write_text("key: [")
    assert pack_check.run(argparse.Namespace(folder=tmp_path)) == 1
    assert "pack.yaml:" in capsys.readouterr().out


@pytest.mark.django_db
def test_doctor_looks_at_everything() -> None:
    found = {line.what: line for line in doctor.examine()}
    assert {
        "python",
        "postgresql",
        "database",
        "  btree_gist",
        "migrations",
        "fonts",
        "pack loaders",
        "jobs",
        "disk",
    } <= set(found)
    assert found["fonts"].found == "Tinos"
    assert found["database"].wrong == ""
    assert [line.what for line in found.values() if line.found == "cannot be looked at"] == []


def test_doctor_counts_what_is_wrong(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [doctor.Line("disk", "0.1 GiB free", "make room"), doctor.Line("python", "3.11")]
    monkeypatch.setattr(doctor, "examine", lambda: lines)
    assert doctor.run(argparse.Namespace()) == 1
    out = capsys.readouterr().out
    assert "! disk" in out
    assert "→ make room" in out
    monkeypatch.setattr(doctor, "examine", lambda: lines[1:])
    assert doctor.run(argparse.Namespace()) == 0


def test_a_look_that_fails_is_a_line_and_keeps_what_it_saw() -> None:
    def broken() -> Iterator[doctor.Line]:
        yield doctor.Line("first", "seen")
        raise RuntimeError("no such table")

    first, second = doctor.looked_at(broken)
    assert first.found == "seen"
    assert second.wrong == "RuntimeError: no such table"


@pytest.mark.django_db
def test_doctor_tells_of_jobs_that_a_dead_worker_left() -> None:
    (before,) = doctor.jobs()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'room.task', 'doing')"
        )
    (after,) = doctor.jobs()
    assert "is gone" not in before.wrong
    assert "1 jobs were begun by a worker that is gone: giaoban serve" in after.wrong


@pytest.mark.django_db(transaction=True)
def test_serve_begins_interrupted_jobs_again_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'room.task', 'doing')"
        )
    serve.take_up_jobs()
    assert "1 interrupted jobs are begun again" in capsys.readouterr().out
    serve.take_up_jobs()
    assert capsys.readouterr().out == ""


def test_when_the_second_process_does_not_start_the_first_one_is_stopped() -> None:
    pair = serve.Pair(dict(os.environ))
    try:
        pair.start("web server", [sys.executable, "-c", "import time; time.sleep(60)"])
        with pytest.raises(OSError, match="nothing-like-this"):
            pair.start("job worker", ["/nothing-like-this"])
    finally:
        pair.stop()
    (web,) = pair.processes.values()
    assert web.poll() is not None


def test_a_process_that_ends_is_started_again_but_not_for_ever() -> None:
    pair = serve.Pair(dict(os.environ))
    pair.start("job worker", [sys.executable, "-c", ""])
    try:
        for _ in range(serve.TRIES):
            pair.processes["job worker"].wait(10)
            assert pair.ended() == "job worker"
            assert pair.start_again("job worker")
        assert not pair.start_again("job worker")
    finally:
        pair.stop()


def test_serve_stops_what_it_started_when_the_rest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: list[serve.Pair] = []

    class Kept(serve.Pair):
        def __init__(self, environment: dict[str, str]) -> None:
            super().__init__(environment)
            pairs.append(self)

    monkeypatch.setattr("giaoban.config.preparation.prepare", list)
    monkeypatch.setattr(serve, "Pair", Kept)
    monkeypatch.setattr(serve, "web_command", lambda *_: [sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(serve, "worker_command", lambda: ["/nothing-like-this"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(OSError, match="nothing-like-this"):
        serve.run(argparse.Namespace(host="127.0.0.1", port=a_free_port(), workers=1, threads=1))
    (web,) = pairs[0].processes.values()
    assert web.poll() is not None
    assert pairs[0].environment["GIAOBAN_VAR"] == str(VAR)


def test_a_relative_folder_is_relative_to_where_the_command_was_given(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from giaoban.config.paths import VAR; print(VAR)"]
    environment = {**os.environ, "GIAOBAN_VAR": "here/var"}
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(tmp_path.resolve() / "here" / "var")


def test_a_taken_port_is_noticed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not serve.port_is_free("127.0.0.1", taken.getsockname()[1])


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def address_of_tests() -> str:
    """The address of the database that the tests use."""
    entry = connection.settings_dict
    who = f"{quote(entry['USER'])}:{quote(entry['PASSWORD'])}" if entry["PASSWORD"] else quote(entry["USER"])
    port = f":{entry['PORT']}" if entry["PORT"] else ""
    return f"postgresql://{who}@{quote(entry['HOST'], safe='')}{port}/{entry['NAME']}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_stops_within_ten_seconds(number: signal.Signals, tmp_path: Path) -> None:
    port = a_free_port()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": address_of_tests(), "GIAOBAN_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "giaoban.config.cli", "serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if "Giao Ban:" in line)
            assert f"http://127.0.0.1:{port}/" in line
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as response:
                assert response.read() == b"ok\n"
            asked = time.monotonic()
            process.send_signal(number)
            assert process.wait(timeout=15) == 0
            assert time.monotonic() - asked < 10
            assert serve.port_is_free("127.0.0.1", port)
        finally:
            process.kill()
