"""What every test shares. The settings start PostgreSQL; pytest-django makes the database TEST_DB_NAME.

Tests marked `browser` drive Debian's Chromium, those marked `libreoffice` its LibreOffice, those marked `scale` Spark
and ClickHouse; without it they are skipped, and the last lines say how many.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.db import connection

# A slow, shared machine must not make a correct rule fail.
hypothesis.settings.register_profile("steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("steady")

NO_BROWSER = "Chromium is missing"
NO_OFFICE = "LibreOffice is missing"
NO_SCALE = "Spark with Java, or ClickHouse in the process, is missing"
PACKAGES = {
    NO_BROWSER: ("browser", "as root: apt-get install chromium"),
    NO_OFFICE: ("LibreOffice", "as root: apt-get install libreoffice-calc"),
    NO_SCALE: ("scale", "make scale"),
}
"""Why tests are skipped → what they are called, and what gets what they need."""


def chromium() -> str | None:
    """The browser's program: CHROMIUM, or what the distribution installed."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def soffice() -> str | None:
    """The office program: SOFFICE, or what the distribution installed."""
    names = (os.environ.get("SOFFICE", ""), "soffice", "libreoffice")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def java() -> str | None:
    """The Java with which Spark runs, where the packages of the group `scale` are there too."""
    packages = all(importlib.util.find_spec(name) for name in ("chdb", "pyspark"))
    home = os.environ.get("JAVA_HOME", "")
    return shutil.which(f"{home}/bin/java" if home else "java") if packages else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needed = (
        ("browser", chromium(), NO_BROWSER),
        ("libreoffice", soffice(), NO_OFFICE),
        ("scale", java(), NO_SCALE),
    )
    for marker, program, reason in needed:
        for item in items if program is None else ():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was not tried."""
    for reason, (called, remedy) in PACKAGES.items():
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if reason in str(report.longrepr)]
        if skipped:
            terminalreporter.write_line(f"{len(skipped)} {called} tests skipped: {reason} ({remedy})")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:  # noqa: ARG001
    """The test database; before it is dropped, sessions that the threads of jobs left open are ended."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of one that Playwright would download; as root it has to do without its sandbox."""
    # Playwright keeps an event loop in this thread, which Django would take for a forbidden call from async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    return {**browser_type_launch_args, "executable_path": chromium(), "args": sandbox}
