"""Random forms, trees, periods and reports over the tiny world, for tests in which several ways must agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st

from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition
from giaoban.kit.acts import act
from giaoban.kit.models import Act
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionLine
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.services.freezing import freeze
from giaoban.reporting.tests.factories import AT, RULE_KEY, SYSTEM, World, form_data, make_form
from giaoban.reporting.tests.test_restated import divide, end

Draw = Callable[[st.SearchStrategy[Any]], Any]
QUARTERS = ((2023, "2023-Q4"), (2024, "2024-Q1"), (2024, "2024-Q2"), (2024, "2024-Q3"))
NUMBERS = st.one_of(st.integers(-5, 20), st.integers(-(10**17), 10**17))
SHARES = (None, "0.25", "0.333333333", "0.5")
LATER = date(2025, 6, 1)


@dataclass(frozen=True)
class Case:
    """A form with reports. frozen: periods that have a file."""

    form: FormVersion
    periods: tuple[Period, ...]
    frozen: tuple[Period, ...] = field(default=())


def columns(draw: Draw) -> list[dict[str, Any]]:
    """Two columns that add up, and a few of other kinds made from them."""
    found: list[dict[str, Any]] = [
        {"id": "a", "label": "A", "unit": "x", "scale": draw(st.integers(0, 3)), "signed": True},
        {"id": "b", "label": "B", "unit": "x", "scale": draw(st.integers(0, 2)), "signed": True},
    ]
    kinds: Mapping[str, dict[str, Any]] = {
        "none": {"roll_up": "none", "scale": 1},
        "max": {"roll_up": "max", "scale": 1},
        "min": {"roll_up": "min", "scale": 2},
        "weighted": {"roll_up": "weighted", "weight": "a", "scale": 2},
        "rate": {"roll_up": "rate", "formula": "100 * b / a", "unit": "%", "scale": 2},
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True))
    found += [{"id": kind, "label": kind, "unit": "x", **kinds[kind]} for kind in chosen]
    return [{"required": False, **one} for one in found]


def make_case(world: World, draw: Draw, *, in_files: Literal["none", "some", "all"]) -> Case:
    """Within a transaction that is rolled back. in_files: which periods get a file."""
    rows = [{"id": "r1", "label": "One"}, {"id": "r2", "label": "Two"}]
    parts = [{"id": "each", "label": "Each", "dynamic": {"one_per": "lamp"}}]
    tables = [{"id": "own", "rows": rows, "columns": columns(draw)}]
    if draw(st.booleans()):
        tables.append({"id": "parts", "rows": parts, "columns": columns(draw)})
    form = make_form(form_data(code="random", signatures=[], tables=tables))
    chosen = draw(st.lists(st.sampled_from(QUARTERS), min_size=1, unique=True))
    periods = tuple(_period(year, code) for year, code in sorted(chosen))
    with act("test.fill", by=SYSTEM, at=AT) as entry:
        for period in periods:
            _fill(world, form, period, draw, entry)
    _change(world, draw)
    frozen = tuple(one for one in periods if in_files == "all" or (in_files == "some" and draw(st.booleans())))
    for period in frozen:
        if not form.obligations.filter(period=period).exists():
            continue
        services.close_books(form, period, world.coast.pk, by=SYSTEM, at=AT)
        freeze(form, period, by=SYSTEM, at=AT)
    return Case(form, periods, frozen)


def _period(year: int, code: str) -> Period:
    found = Period.objects.filter(rule__key=RULE_KEY, code=code).first()
    return found or services.open_period(RULE_KEY, year=year, code=code, by=SYSTEM, at=AT)


def _change(world: World, draw: Draw) -> None:
    """Lights that end after all periods: without an heir, or into two with shares or without."""
    for light in draw(st.lists(st.sampled_from(["n1", "s1", "s2"]), unique=True)):
        share = draw(st.sampled_from(SHARES))
        rest = str(1 - Decimal(share)) if share else None
        if draw(st.booleans()):
            divide(world, light, {f"{light}-a": (world.harbours[0], share), f"{light}-b": (world.harbours[1], rest)})
        else:
            end(world.lights[light])


def _fill(world: World, form: FormVersion, period: Period, draw: Draw, entry: Act) -> None:
    definition = definition_of(form)
    for light in sorted(world.lights):
        if draw(st.integers(0, 9)) == 0:
            continue
        receiver = world.harbours[light[0] != "n"]
        owed = Obligation.objects.create(unit=world.lights[light], receiver=receiver, form=form, period=period)
        if draw(st.integers(0, 4)):
            sent = Submission.objects.create(
                obligation=owed,
                version=1,
                state="accepted",
                is_current=True,
                channel="csv",
                entered_by_name="test",
                sent_at=AT,
                decided_at=AT,
                filled=1,
                required=1,
                warnings=0,
                receipt=f"R-{owed.pk}",
                act=entry,
            )
            SubmissionLine.objects.bulk_create(_lines(definition, sent, draw))


def _lines(definition: FormDefinition, sent: Submission, draw: Draw) -> list[SubmissionLine]:
    found = []
    for table in definition.tables:
        for row in table.rows:
            names = draw(st.lists(st.sampled_from(["x", "y", "z"]), unique=True)) if row.is_dynamic else [""]
            if not row.is_dynamic and draw(st.integers(0, 9)) == 0:
                continue
            for name in names:
                marks = [draw(st.sampled_from([*[Mark.REPORTED] * 5, *Mark])) for _ in table.numeric]
                values = [draw(NUMBERS) if mark is Mark.REPORTED else None for mark in marks]
                estimates = [
                    draw(st.sampled_from([None, None, 0, 1, 7])) if mark is Mark.REPORTED else None for mark in marks
                ]
                found.append(
                    SubmissionLine(
                        submission=sent,
                        table=table.id,
                        row=row.id,
                        subunit=name,
                        values=values,
                        estimates=estimates,
                        marks=[int(mark) for mark in marks],
                    )
                )
    return found
