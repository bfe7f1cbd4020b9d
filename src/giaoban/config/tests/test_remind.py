"""The command that makes the reminders of a day, or prints them."""

import pytest
from django.utils import timezone

from giaoban.config.cli import main
from giaoban.kit.models import Act, Message, Pack, Word
from giaoban.kit.permissions import Role
from giaoban.reporting.tests.factories import World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.actor(made.lights["n1"], Role.OFFICER)
    return made


def adopt() -> None:
    pack = Pack.objects.create(key="p", title="P", version="1", loaded_at=timezone.now())
    Word.objects.create(pack=pack, list="reminders", key="after", name="After", data={"days": [1]}, position=0)


def test_a_dry_run_prints_and_writes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    adopt()
    assert main(["remind", "--on", "2024-04-11", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "## N1-officer – Light N1" in out
    assert "– Biểu lamps, " in out
    assert "11/04/2024: 1 người sẽ được báo" in out
    assert Message.objects.count() == Act.objects.filter(name="reporting.remind-daily").count() == 0


def test_only_the_messages_of_today_are_sent(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    adopt()
    assert main(["remind", "--on", "2024-04-11"]) == 1
    assert "--dry-run" in capsys.readouterr().err
    assert main(["remind"]) == 0
    assert Act.objects.filter(name="reporting.remind-daily").count() == 1


def test_a_pack_without_a_policy_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remind"]) == 1
    assert "reminders" in capsys.readouterr().err


def test_what_is_no_day_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["remind", "--on", "hôm qua"])
    assert "is no day" in capsys.readouterr().err
