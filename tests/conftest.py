"""What the tests of the whole product share: the pack, the data of the main job, a web server, a signed-in browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from giaoban.config.demo import main
from giaoban.config.tests.world import SYSTEM, World, apart, build, empty_database
from giaoban.kit.packs import load_pack


@dataclass(frozen=True, slots=True)
class Demo:
    """A run of the main job: how many checks failed, the lines it printed, where it wrote."""

    failed: int
    lines: list[str]
    folder: Path


@pytest.fixture(scope="module", autouse=True)
def no_connection_left() -> Iterator[None]:
    """A browser driver keeps an event loop in this thread, and Django a second connection for as long as it runs."""
    yield
    connections.close_all()


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose data outlives a test and is seen by other connections; emptied after the module.

    Tests that use it are marked `django_db` as well: then pytest-django makes the test database.
    """
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        if not name.startswith("test"):
            raise RuntimeError(f"{name} is not a test database")
        try:
            yield
        finally:
            apart(empty_database)


@pytest.fixture(scope="module")
def demo(committed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The main job, done once for a module; documents and accounts go to a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "VAR", folder)
        patch.setattr(main, "OUT", folder / "out")
        yield Demo(apart(lambda: main.run(lines.append)), lines, folder)


@pytest.fixture(scope="module")
def world(demo: Demo) -> World:
    """The main job's data and one more round of the loop."""
    return apart(build)


@pytest.fixture
def justice_pack(transactional_db: None) -> None:
    """The real pack in the database of one test."""
    now = timezone.now()
    apart(lambda: load_pack(main.PACK, by=SYSTEM, at=now, say=lambda _: None))


@pytest.fixture(scope="module")
def site(committed: None) -> Iterator[str]:
    """A web server on the committed data; its address. (`live_server` would empty the database after each test.)"""
    server = LiveServer("localhost")
    yield str(server.url)
    server.stop()
