"""PostgreSQL, DuckDB and consolidated tables give the same to the digit, on random forms, trees and periods."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from giaoban.reporting import selectors, services
from giaoban.reporting.engines import postgres
from giaoban.reporting.models import Obligation
from giaoban.reporting.selectors import definition_of, last_day
from giaoban.reporting.selectors.consolidation import consolidate_one_by_one
from giaoban.reporting.selectors.counting import count
from giaoban.reporting.selectors.reading import ReadTable, question_of, read_tables
from giaoban.reporting.tests.factories import AT, RULE_KEY, SYSTEM, World, form_data, make_form, tiny_world
from giaoban.reporting.tests.random_figures import LATER, Case, make_case

pytestmark = pytest.mark.django_db
LEVELS = ("self", "below", "light", "harbour")


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.FROZEN_FOLDER = tmp_path
    return tiny_world(raised=False)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everything(case: Case) -> Mapping[str, Mapping[str, set[str]]]:
    definition = definition_of(case.form)
    return {
        table.id: {row.id: {column.id for column in table.numeric} for row in table.rows} for table in definition.tables
    }


def read(case: Case, unit: int, level: str, geography: date | None) -> tuple[Sequence[ReadTable], set[str]]:
    return read_tables(
        case.form,
        case.periods,
        unit,
        level=level,
        geography=geography,
        divided="keep",
        wanted=everything(case),
    )


def told(tables: Sequence[ReadTable]) -> list[Any]:
    """All that is said of every line."""
    return [
        [
            (
                line.key,
                line.coverage and (line.coverage.words(), sorted(line.coverage.missing_names)),
                line.in_total,
                line.simulated,
                {key: cell for key, cell in line.cells.items() if cell.units},
            )
            for line in (*one.lines, one.total)
        ]
        for one in tables
    ]


@given(data=st.data())
@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_and_duckdb_agree_to_the_digit(world: World, settings: Any, tmp_path: Path, data: Any) -> None:
    with undone():
        settings.FROZEN_FOLDER = tmp_path / str(len(list(tmp_path.iterdir())))
        case = make_case(world, data.draw, in_files="some")
        unit = data.draw(st.sampled_from([world.coast, *world.harbours])).pk
        level, geography = data.draw(st.sampled_from(LEVELS)), data.draw(st.sampled_from([None, LATER]))
        settings.FIGURE_ENGINE = "postgres"
        plain, by = read(case, unit, level, geography)
        assert by <= {"postgres"}
        settings.FIGURE_ENGINE = "auto"
        mixed, by = read(case, unit, level, geography)
        if case.frozen and any(one.lines for one in plain) and _owed(case):
            assert "duckdb" in by
        assert case.frozen or "duckdb" not in by
        assert told(mixed) == told(plain)


def _owed(case: Case) -> bool:
    return any(case.form.obligations.filter(period=one).exists() for one in case.frozen)


@given(data=st.data())
@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engines_agree_with_consolidated_tables(world: World, data: Any) -> None:
    with undone():
        case = make_case(world, data.draw, in_files="none")
        unit = data.draw(st.sampled_from([world.coast, *world.harbours])).pk
        geography = data.draw(st.sampled_from([None, LATER]))
        found, _ = read(case, unit, "below", geography)
        question = question_of(
            case.form,
            case.periods,
            unit,
            level="below",
            geography=geography,
            divided="keep",
            wanted=everything(case),
        )
        if question.readings:
            assert count(question).found == postgres.add_up(question)
        for period, table in zip(case.periods, found, strict=True):
            if not case.form.obligations.filter(period=period).exists():
                continue
            there = selectors.consolidate(case.form, period, unit, geography=geography, divided="keep")
            assert [line.key for line in table.lines] == [line.key for line in there.lines]
            for mine, theirs in zip((*table.lines, table.total), (*there.lines, there.total), strict=True):
                told_there = {key: cell for key, cell in theirs.cells.items() if key in mine.cells}
                assert mine.cells == told_there
                assert {key for key, cell in theirs.cells.items() if cell.units} <= set(mine.cells)
                assert mine.coverage is not None
                assert theirs.coverage is not None
                assert mine.coverage.words() == theirs.coverage.words()
                assert sorted(mine.coverage.missing_names) == sorted(theirs.coverage.missing_names)


@given(data=st.data())
@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tables_of_several_periods_are_those_of_each(world: World, data: Any) -> None:
    """Whoever owes the form in a period, also outside the unit, and whatever counts in shares."""
    with undone():
        case = make_case(world, data.draw, in_files="none")
        unit = data.draw(st.sampled_from([world.coast, *world.harbours])).pk
        day = data.draw(st.sampled_from([LATER, last_day(case.periods[-1])]))
        together = selectors.consolidate_series(case.form, case.periods, unit, geography=day, divided="keep")
        for period, table in zip(case.periods, together, strict=True):
            for there in (
                selectors.consolidate(case.form, period, unit, geography=day, divided="keep"),
                consolidate_one_by_one(case.form, period, unit, geography=day, divided="keep"),
            ):
                assert replace(table, as_of=there.as_of) == there


def test_units_outside_are_not_taken_for_others(world: World) -> None:
    """Two periods in which not the same units owe the form; those of the other harbour have numbers beside theirs."""
    form = make_form(form_data(code="two", signatures=[]))
    periods = [services.open_period(RULE_KEY, year=2023, code="2023-Q4", by=SYSTEM, at=AT), world.period]
    for period, lights in zip(periods, (("n1", "n2", "n3", "s1"), ("n1", "s1", "s2", "s3")), strict=True):
        for light in lights:
            receiver = world.harbours[light[0] != "n"]
            Obligation.objects.create(unit=world.lights[light], receiver=receiver, form=form, period=period)
    for harbour, expected in zip(world.harbours, (("0/3", "0/1"), ("0/1", "0/3")), strict=True):
        found = selectors.consolidate_series(form, periods, harbour.pk, geography=last_day(world.period))
        assert [table.coverage and table.coverage.words() for table in found] == list(expected)
        wanted = {table.id: {row.id: {"all"} for row in table.rows} for table in definition_of(form).tables[:1]}
        read, _ = read_tables(form, periods, harbour.pk, level="below", geography=None, divided="refuse", wanted=wanted)
        assert [one.total.coverage and one.total.coverage.words() for one in read] == list(expected)


@given(data=st.data())
@examples(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sum_of_recasts_is_the_recast_of_the_sum(world: World, data: Any) -> None:
    """What adds up comes to the same in either tree and at every level."""
    with undone():
        case = make_case(world, data.draw, in_files="none")
        totals = []
        for level in LEVELS:
            for geography in (None, LATER):
                found, _ = read(case, world.coast.pk, level, geography)
                totals.append(
                    [{key: cell.total for key, cell in table.total.cells.items() if key[3] in "ab"} for table in found]
                )
        assert all(one == totals[0] for one in totals)
