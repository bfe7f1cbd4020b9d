"""What has to be done once before the rooms can work: tables, static files."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from giaoban.config.paths import VAR


def unapplied_migrations() -> list[str]:
    """Names, `room.0001_initial`, in the order in which they would be applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def static_fingerprint() -> str:
    """Changes when a static file of any room comes, goes or changes."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            about = Path(storage.path(path)).stat()
            seen.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def static_is_current() -> bool:
    """Whether the collected files are those of the rooms (always so when they are served without collecting)."""
    if settings.PLAIN_STATIC:
        return True
    noted = VAR / "static.sha256"
    return noted.exists() and settings.STATIC_ROOT.is_dir() and noted.read_text() == static_fingerprint()


def prepare() -> list[str]:
    """Do what is still to be done, and say what it was."""
    done = []
    if missing := unapplied_migrations():
        call_command("migrate", interactive=False, verbosity=0)
        done.append(f"database: {len(missing)} migrations applied")
    if not static_is_current():
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        (VAR / "static.sha256").write_text(static_fingerprint())
        done.append("static files: collected")
    return done
