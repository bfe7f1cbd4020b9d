"""Spark and ClickHouse add up the same files with the same expressions, and come to the same, row by row."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from giaoban.reporting.engines import clickhouse, duck, postgres, spark
from giaoban.reporting.engines.questions import Found, Question
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.selectors.frozen import readable_files
from giaoban.reporting.selectors.reading import question_of
from giaoban.reporting.tests.factories import World, tiny_world
from giaoban.reporting.tests.random_figures import LATER, make_case

pytestmark = [pytest.mark.django_db, pytest.mark.scale, pytest.mark.filterwarnings("ignore")]
few = examples(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.FROZEN_FOLDER = tmp_path
    return tiny_world(raised=False)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def asked(world: World, draw: Callable[[Any], Any]) -> tuple[Question, Mapping[int, Path]]:
    """Everything in a random form, of the periods that have a file."""
    case = make_case(world, draw, in_files="all")
    wanted = {
        table.id: {row.id: {column.id for column in table.numeric} for row in table.rows}
        for table in definition_of(case.form).tables
    }
    geography = draw(st.sampled_from([None, LATER]))
    question = question_of(
        case.form, case.frozen, world.coast.pk, level="light", geography=geography, divided="keep", wanted=wanted
    )
    return question, readable_files(case.form.pk, question.readings)


def rows(found: Found) -> list[tuple[Any, ...]]:
    """Everything that was found, a row per line of the form, spot and period."""
    plain = [(*key, found.reports[key], found.sums[key]) for key in found.reports]
    extremes = [(*key, column, held) for (key, column), held in found.extremes.items()]
    means = [(*key, column, held) for (key, column), held in found.means.items()]
    uneven = [(*key, rate, lines) for (key, rate), lines in found.uneven.items()]
    return [one for held in (plain, extremes, means, uneven) for one in sorted(held, key=repr_of)]


def repr_of(row: tuple[Any, ...]) -> str:
    return repr(row[:6])


@pytest.mark.parametrize("engine", [clickhouse, spark], ids=["clickhouse", "spark"])
@few
@given(data=st.data())
def test_the_big_engines_agree_row_by_row(
    world: World, settings: Any, tmp_path: Path, engine: Any, data: st.DataObject
) -> None:
    with undone():
        settings.FROZEN_FOLDER = tmp_path / str(len(list(tmp_path.iterdir())))
        question, paths = asked(world, data.draw)
        assert set(paths) == set(question.readings)
        if not paths:
            return  # nobody owes anything
        theirs = rows(engine.add_up(question, paths))
        assert theirs == rows(duck.add_up(question, paths))
        assert theirs == rows(postgres.add_up(question))
