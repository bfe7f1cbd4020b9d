"""What runs, from where, in which versions, and what is wrong and how to mend it."""

import argparse
import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from giaoban.config import postgres
from giaoban.config.cli.command import Command
from giaoban.config.paths import ROOT, VAR

PACKAGES = ("django", "psycopg", "procrastinate", "granian", "whitenoise", "typst", "docxtpl", "xlsxwriter", "numpy")
EXTENSIONS = ("btree_gist", "unaccent", "pg_trgm")
FONT = "Tinos"
FONT_FILES = tuple(f"{FONT}-{style}.ttf" for style in ("Regular", "Bold", "Italic", "BoldItalic"))
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `wrong` says what is wrong and how to mend it; empty when all is well."""

    what: str
    found: str
    wrong: str = ""

    def __str__(self) -> str:
        mark = "!" if self.wrong else " "
        shown = f"{mark} {self.what:<18} {self.found}".rstrip()
        return f"{shown}\n  {'':<18} → {self.wrong}" if self.wrong else shown


def machine() -> Iterator[Line]:
    old = sys.version_info < (3, 11)
    yield Line(
        "python", f"{platform.python_version()} ({sys.executable})", "Python 3.11 or newer is needed" if old else ""
    )
    yield Line("system", platform.platform())
    yield Line("checkout", str(ROOT))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    yield Line("packages", ", ".join(versions))


def disk() -> Iterator[Line]:
    VAR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(VAR).free
    low = "less than 1 GiB is free: make room before the database stops" if free < GIB else ""
    yield Line("disk", f"{free / GIB:.1f} GiB free at {VAR}", low)


def server() -> Iterator[Line]:
    from django.db import connection

    about = postgres.describe()
    if about["origin"] != "DATABASE_URL":
        yield Line("postgresql from", f"{about['origin']}: {about['bin']}, run by {about['user']}")
        yield Line("data", f"{about['data']} (socket in {about['socket']})")
    else:
        yield Line("postgresql from", "DATABASE_URL")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,"
            " pg_encoding_to_char(encoding), datcollate, datname, pg_size_pretty(pg_database_size(datname))"
            " FROM pg_database WHERE datname = current_database()"
        )
        version, major, encoding, collation, name, size = cursor.fetchone()
    old = f"PostgreSQL {postgres.OLDEST} or newer is needed" if major < postgres.OLDEST else ""
    yield Line("postgresql", version, old)
    wrong = "" if encoding == "UTF8" else "the encoding must be UTF8: make the database anew with ENCODING 'UTF8'"
    yield Line("database", f"{name}, {size}, {encoding}, collation {collation}", wrong)


def extensions() -> Iterator[Line]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, default_version, installed_version FROM pg_available_extensions WHERE name = ANY(%s)",
            [list(EXTENSIONS)],
        )
        known = {name: (default, installed) for name, default, installed in cursor.fetchall()}
    for name in EXTENSIONS:
        if name not in known:
            yield Line(
                f"  {name}", "not available", "install PostgreSQL's contrib modules (package postgresql-contrib)"
            )
            continue
        default, installed = known[name]
        yield Line(f"  {name}", f"installed {installed}" if installed else f"available {default}, not used")


def migrations() -> Iterator[Line]:
    from giaoban.config.preparation import static_is_current, unapplied_migrations

    missing = unapplied_migrations()
    yield Line(
        "migrations",
        f"{len(missing)} to be applied" if missing else "all applied",
        "giaoban prepare" if missing else "",
    )
    current = static_is_current()
    yield Line("static files", "collected" if current else "not current", "" if current else "giaoban prepare")


def checks() -> Iterator[Line]:
    from django.core.checks import ERROR, run_checks

    faults = [message for message in run_checks() if message.level >= ERROR]
    if not faults:
        yield Line("settings", "no fault found")
    for fault in faults:
        yield Line("settings", fault.id or "", str(fault.msg))


def fonts() -> Iterator[Line]:
    import typst

    folder = ROOT / "src" / "giaoban" / "documents" / "fonts"
    missing = [name for name in FONT_FILES if not (folder / name).is_file()]
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]).families()
    wrong = f"missing in {folder}: {', '.join(missing)}; check the files out again" if missing else ""
    if not missing and FONT not in found:
        wrong = f"Typst cannot read {FONT} in {folder}; check the files out again"
    yield Line("fonts", ", ".join(found) or "none", wrong)


def registries() -> Iterator[Line]:
    from giaoban.kit.registries import describe

    for name, entries in describe():
        yield Line(name, f"{len(entries)}: {', '.join(entries)}" if entries else "0")


def events() -> Iterator[Line]:
    from giaoban.orgs.services import refused_events

    refused = refused_events()
    named = ", ".join(f"{one.title} ({one.on.isoformat()})" for one in refused)
    wrong = f"their day has come and they fail; their pages say why, the next hour tries again: {named}"
    yield Line("events", f"{len(refused)} refused on their day", wrong if refused else "")


def frozen_files() -> Iterator[Line]:
    from giaoban.reporting.selectors.frozen import faults_of_standing, folder

    count, faults = faults_of_standing()
    wrong = f"{'; '.join(faults[:3])}: read from the database meanwhile; giaoban verify says more" if faults else ""
    yield Line("frozen files", f"{count} in use, in {folder()}", wrong)


def jobs() -> Iterator[Line]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1 ORDER BY 1")
        counts = dict(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'")
        workers = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id WHERE"
            " j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat <= now() - interval '1 minute')"
        )
        left = cursor.fetchone()[0]
    faults = []
    if counts.get("todo") and not workers:
        faults.append("jobs wait and no worker runs: giaoban serve")
    if left:
        faults.append(f"{left} jobs were begun by a worker that is gone: giaoban serve takes them up again")
    if counts.get("failed"):
        faults.append("failed jobs: giaoban manage procrastinate shell, then list_jobs status=failed; retry N")
    words = ", ".join(f"{count} {status}" for status, count in counts.items()) or "queue empty"
    yield Line("jobs", f"{words}; workers: {workers}", "; ".join(faults))


BEFORE_DJANGO: tuple[Callable[[], Iterator[Line]], ...] = (machine, disk)
WITH_DJANGO = (server, extensions, migrations, checks, fonts, registries, events, frozen_files, jobs)


def looked_at(look: Callable[[], Iterator[Line]]) -> list[Line]:
    """The lines of one look; a look that fails is itself a line, and the others go on."""
    lines = []
    try:
        for line in look():
            lines.append(line)  # noqa: PERF402 - what came before a failure is kept
    except Exception as error:
        lines.append(Line(look.__name__, "cannot be looked at", f"{type(error).__name__}: {str(error).strip()}"))
    return lines


def examine() -> list[Line]:
    """Everything, the machine first; without a database only what can be seen without."""
    from giaoban.config.cli import start_django

    lines = [line for look in BEFORE_DJANGO for line in looked_at(look)]
    try:
        start_django()
    except Exception as error:
        return [*lines, Line("start", "the program does not start", f"{type(error).__name__}: {error}")]
    return lines + [line for look in WITH_DJANGO for line in looked_at(look)]


def run(_: argparse.Namespace) -> int:
    lines = examine()
    for line in lines:
        print(line)
    wrong = sum(bool(line.wrong) for line in lines)
    print(f"{wrong} things are wrong: the lines with !" if wrong else "nothing is wrong")
    return 1 if wrong else 0


command = Command("doctor", "what runs, from where, and what is wrong and how to mend it", run, django=False)
