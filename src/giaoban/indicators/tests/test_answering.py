"""Answers to questions about figures: levels, totals, states, indicators, rights, refusals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.figures import NIL, NOT_APPLICABLE
from giaoban.core.queries import Answer, FigureQuery, QueryRefused, Value, parse
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.tests.factories import indicator
from giaoban.orgs.models import Unit, UnitParent
from giaoban.orgs.tests.factories import grow
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation
from giaoban.reporting.selectors.querying import NO_LINE, NOT_ALL_ANSWERED
from giaoban.reporting.services.freezing import freeze
from giaoban.reporting.tests.factories import (
    AT,
    FORM_KEY,
    RULE_KEY,
    SIGNED,
    SYSTEM,
    World,
    dynamic_form_data,
    figures_for,
    form_data,
    make_form,
    owe,
    tiny_world,
    year_before,
)
from giaoban.reporting.tests.test_restated import divide

pytestmark = pytest.mark.django_db
CELL = f"{FORM_KEY}/own/total/"
ALL = f"{CELL}all"
Q1, BEFORE = "quarters:2024-Q1", "quarters:2023-Q1"
RATE = "chi-so:good-lamps"


def ask(**words: Any) -> FigureQuery:
    given = {"measure": ALL, "unit": "coast", "period": Q1, **words}
    return parse({name: [value] if isinstance(value, str) else value for name, value in given.items()})


def values(found: Answer, measure: str = ALL, period: str = Q1) -> dict[str, Decimal | None]:
    return {key: one.value for (key, at, word), one in found.values.items() if (at, word) == (period, measure)}


def one(measure: str, unit: str = "", period: str = Q1, **words: Any) -> Value:
    return answer(ask(measure=measure, period=period, **words), actor=None).values[unit, period, measure]


def refused(**words: Any) -> QueryRefused:
    with pytest.raises(QueryRefused) as caught:
        answer(ask(**words), actor=None)
    return caught.value


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.report("n1", all=10, good=5, oil=Decimal("1.5"), age=Decimal("3.5"))
    made.report("n2", all=7, good=7, oil=Decimal("0.5"), age=Decimal("4.5"))
    made.report("s1", all=100, good=50, oil=Decimal(2), age=Decimal("9.5"))
    return made


def test_the_share_of_last_year_goes_with_totals_that_lack_somebody(world: World) -> None:
    before = year_before(world)
    for light, lamps in {"n1": 900, "n3": 90, "s1": 10}.items():
        sent = services.submit(
            world.owed(light, before), figures=world.figures(all=lamps, good=0), by=SYSTEM, at=AT, signatures=SIGNED
        )
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    found = answer(ask(measure=[ALL, f"{CELL}good"]), actor=None).values
    assert {key: found[key, Q1, ALL].share for key in ("", "north", "south")} == {
        "": Decimal("0.91"),
        "north": Decimal(900) / Decimal(990),
        "south": Decimal(1),
    }
    assert found["", Q1, f"{CELL}good"].share is None  # last year had none
    assert one(ALL, "coast", level="self").share == Decimal("0.91")
    assert one(ALL, level="light").share == Decimal("0.91")
    assert one(ALL, "s2", level="light").share is None
    assert answer(ask(period=[Q1, BEFORE]), actor=None).values["", Q1, ALL].share is None


def test_units_below_and_the_total(world: World) -> None:
    found = answer(ask(), actor=None)
    assert [head.key for head in found.units] == ["north", "south"]
    assert values(found) == {"": Decimal(117), "north": Decimal(17), "south": Decimal(100)}
    total = found.values["", Q1, ALL]
    assert total.coverage is not None
    assert (total.coverage.words(), total.state, total.outcome) == ("3/6", "reported", "exact")
    assert total.coverage.missing_names == ("Light N3", "Light S2", "Light S3")
    assert (found.engine, found.measures[0].unit, found.periods[0].word) == ("postgres", "lamp", Q1)


def test_the_unit_alone_and_all_of_a_kind(world: World) -> None:
    alone = answer(ask(level="self"), actor=None)
    assert values(alone) == {"": Decimal(117), "coast": Decimal(117)}
    lights = answer(ask(level="light"), actor=None)
    assert [head.key for head in lights.units] == ["n1", "n2", "n3", "s1", "s2", "s3"]
    assert values(lights)["n2"] == 7
    assert values(lights)[""] == 117
    assert lights.values["n3", Q1, ALL].state == "missing"
    harbours = answer(ask(level="harbour"), actor=None)
    assert values(harbours) == values(answer(ask(), actor=None))
    assert values(answer(ask(unit="north", level="light"), actor=None))[""] == 17


def test_rates_means_and_what_is_not_added(world: World) -> None:
    rate = one(f"{CELL}rate")
    assert (rate.value, rate.reason) == (Decimal("52.99"), "")
    age = one(f"{CELL}age")
    assert (age.value, age.state) == (None, "reported")
    assert "không cộng" in age.reason
    assert one(f"{CELL}age", "n1", level="light").value == Decimal("3.5")


def test_a_rate_is_of_those_who_answered_all_of_it(world: World, settings: Any, tmp_path: Any) -> None:
    """Who answered no input takes nothing from it; who answered one only, in whatever harbour, leaves it without value,
    even where as many answered the one as the other. The same from files."""
    world.report("n3", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    assert one(f"{CELL}rate").value == Decimal("52.99")
    assert one(f"{CELL}rate", "north").value == Decimal("70.59")
    world.report("s2", all=9, good=NOT_APPLICABLE)
    assert (one(f"{CELL}rate").value, one(f"{CELL}rate", "north").value) == (None, Decimal("70.59"))
    world.report("s3", all=NOT_APPLICABLE, good=4)
    assert one(ALL).coverage == one(f"{CELL}good").coverage

    def told() -> list[Any]:
        return [(found.value, found.reason) for found in (one(f"{CELL}rate"), one(f"{CELL}rate", "south"))]

    assert told() == [(None, NOT_ALL_ANSWERED)] * 2
    settings.FROZEN_FOLDER = tmp_path
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    freeze(world.form, world.period, by=SYSTEM, at=AT)
    assert answer(ask(), actor=None).engine == "duckdb"
    assert told() == [(None, NOT_ALL_ANSWERED)] * 2


def test_states_stay_apart(world: World) -> None:
    world.report("n3", all=NIL, good=NIL, oil=NOT_APPLICABLE)
    found = answer(ask(measure=[ALL, f"{CELL}oil", f"{CELL}age"], level="light"), actor=None)
    assert [found.values["n3", Q1, f"{CELL}{word}"].state for word in ("all", "oil", "age")] == ["nil", "na", "blank"]
    assert found.values["n3", Q1, ALL].value is None
    assert found.values["s3", Q1, ALL].state == "missing"


def test_lines_of_a_dynamic_row_together_and_apart(world: World) -> None:
    form = make_form(dynamic_form_data())
    owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed = replace(world, form=form).owed("n1")
    figures = figures_for(form, "lights", "unit", "lamp-1", all=4, broken=1)
    figures |= figures_for(form, "lights", "unit", "lamp-2", all=6, broken=2)
    figures |= figures_for(form, "lights", "total", all=10, broken=3) | figures_for(form, "own", "s", spare=1)
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, explanations={})
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    row = f"{form.key}/lights/unit"
    assert one(f"{row}/all").value == 10
    assert one(f"{row}/lamp-2/all").value == 6
    assert one(f"{row}/rate").value == 30
    assert one(f"{row}/lamp-9/all").state == "missing"


def test_periods_are_read_each_in_its_own_tree_with_a_fixed_number_of_queries(world: World) -> None:
    year_before(world)
    replace(world, period=year_before_period(world)).report("n1", all=1, good=1)
    query = ask(period="quarters:2023-Q1..2024-Q1")
    found = answer(query, actor=None)
    assert [head.word for head in found.periods] == [BEFORE, Q1]
    assert (values(found, period=BEFORE)[""], values(found)[""]) == (Decimal(1), Decimal(117))
    with CaptureQueriesContext(
        connection,
    ) as twice:
        answer(query, actor=None)
    with CaptureQueriesContext(connection) as once:
        answer(ask(), actor=None)
    assert len(twice) - len(once) <= 1
    with CaptureQueriesContext(connection) as more:
        answer(ask(measure=[ALL, *(f"{CELL}{word}" for word in ("good", "oil", "rate", "age"))]), actor=None)
    assert len(more) <= len(once)


def year_before_period(world: World) -> Any:
    return type(world.period).objects.get(code="2023-Q1")


def test_a_period_in_which_nobody_owes_says_so(world: World) -> None:
    services.open_period(RULE_KEY, year=2022, code="2022-Q1", by=SYSTEM, at=AT)
    found = one(ALL, period="quarters:2022-Q1")
    assert (found.value, found.state) == (None, "missing")
    assert "không đơn vị nào" in found.reason


def test_an_indicator_is_made_from_sums(world: World) -> None:
    indicator(world)
    total = one(RATE)
    assert (total.numerator, total.denominator) == (Decimal(62), Decimal(117))
    assert total.value is not None
    assert round(total.value, 2) == Decimal("52.99")
    found = answer(ask(measure=[RATE, ALL]), actor=None)
    assert values(found, RATE)["north"] == Decimal("70.59")
    assert [head.word for head in found.measures] == [RATE, ALL]
    assert (found.measures[0].is_rate, found.measures[0].higher_is_better) == (True, True)


def test_units_that_lack_a_part_are_left_out_of_both_sums(world: World) -> None:
    world.report("n3", all=1000, good=NOT_APPLICABLE)
    indicator(world)
    total = one(RATE)
    assert (total.numerator, total.denominator) == (Decimal(62), Decimal(117))
    assert one(RATE, "north").denominator == 17


def other_form(world: World, reporter: str, receiver: str, *, owed: str, lamps: int) -> str:
    """Another form of the same period, reported by one unit; the word of its cell."""
    form = make_form(form_data(code="lamps-2"))
    owe(form, world.rule, reporter, receiver)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    held = Obligation.objects.select_related("unit", "form", "period__rule", "receiver").get(form=form, unit__key=owed)
    figures = figures_for(form, "own", "total", all=lamps, good=0)
    services.accept(
        services.submit(held, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED), by=SYSTEM, at=AT, explanations=True
    )
    return f"{form.key}/own/total/all"


def test_two_forms_are_put_together_unit_by_unit() -> None:
    world = tiny_world()
    world.report("n1", all=100, good=50)
    lamps = other_form(world, "light", "harbour", owed="n2", lamps=400)
    indicator(world, definition={"numerator": f"{CELL}good", "denominator": lamps, "factor": "100"})
    for key in ("", "north"):
        found = one(RATE, key)
        assert (found.value, found.state) == (None, "missing")
    world.report("n2", all=400, good=100)
    for key in ("", "north"):
        found = one(RATE, key)
        assert (found.numerator, found.denominator, found.value) == (Decimal(100), Decimal(400), Decimal(25))


def test_forms_of_two_levels_make_no_rate() -> None:
    world = tiny_world()
    world.report("n1", all=100, good=50)
    lamps = other_form(world, "harbour", "coast", owed="north", lamps=400)
    indicator(world, definition={"numerator": f"{CELL}good", "denominator": lamps, "factor": "100"})
    assert [one(RATE, key).value for key in ("", "north")] == [None, None]


def test_a_line_and_the_lines_of_another_row_are_put_together_unit_by_unit(world: World) -> None:
    form = lights_form(world)
    light_report(world, form, "north", {"n1": (10, 1), "n2": (30, 3)})
    light_report(world, form, "south", {})
    words = {"numerator": f"{form.key}/own/s/spare", "denominator": f"{form.key}/lights/unit/all", "factor": "1"}
    indicator(world, definition=words)
    total = one(RATE)
    assert (total.numerator, total.denominator) == (Decimal(1), Decimal(40))


def test_a_report_without_lines_left_them_blank(world: World) -> None:
    form = lights_form(world)
    light_report(world, form, "north", {})
    lines = f"{form.key}/lights/unit/all"
    found = one(lines, "north")
    assert (found.value, found.state, found.reason) == (None, "blank", NO_LINE)
    assert one(lines, "south").state == "missing"
    of_one = one(f"{form.key}/lights/unit/n1/all", "north")
    assert (of_one.state, of_one.reason) == ("missing", NO_LINE)


def lights_form(world: World) -> FormVersion:
    form = make_form(dynamic_form_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return form


def light_report(world: World, form: FormVersion, harbour: str, lights: dict[str, tuple[int, int]]) -> None:
    """A harbour with one spare lamp and a line for each of the lights: all, broken."""
    held = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
    figures = figures_for(form, "own", "s", spare=1)
    total, broken = (sum(pair[at] for pair in lights.values()) for at in (0, 1))
    figures |= figures_for(form, "lights", "total", all=total, broken=broken)
    for key, (lamps, dark) in lights.items():
        figures |= figures_for(form, "lights", "unit", key, all=lamps, broken=dark)
    sent = services.submit(held.get(form=form, unit__key=harbour), figures=figures, by=SYSTEM, at=AT)
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)


def test_a_mean_of_units_is_the_mean_of_those_that_report(world: World) -> None:
    made = indicator(world)
    made.definition = {**made.definition, "aggregation": "mean"}
    made.save()
    assert one(RATE).value == Decimal("66.67")
    assert one(RATE, "north").value == 75
    assert one(RATE, "coast", level="self").value == Decimal("66.67")
    made.definition = {**made.definition, "aggregation": "none"}
    made.save()
    nothing = one(RATE)
    assert (nothing.value, nothing.state) == (None, "na")
    assert nothing.reason


def test_division_by_zero_has_a_state_and_a_reason(world: World) -> None:
    world.report("n3", all=0, good=0)
    indicator(world)
    found = one(RATE, "n3", level="light")
    assert (found.value, found.state) == (None, "na")
    assert "Mẫu số bằng 0" in found.reason


def test_an_indicator_outside_its_validity(world: World) -> None:
    year_before(world)
    made = indicator(world)
    version = {**made.definition, "valid": ["2024-01-01", None]}
    made.definition = {"versions": [version]}
    made.save()
    found = answer(ask(measure=RATE, period="quarters:2023-Q1..2024-Q1"), actor=None)
    assert found.values["", BEFORE, RATE].state == "na"
    assert "không có định nghĩa" in found.values["", BEFORE, RATE].reason
    assert found.values["", Q1, RATE].value is not None
    assert refused(measure=RATE, period=BEFORE).code == "no-definition"


def test_circular_indicators_and_those_over_two_regimes_are_refused(world: World) -> None:
    made = indicator(world)
    made.definition = {"numerator": "chi-so:other-lamps", "factor": "1"}
    made.save()
    indicator(world, "other-lamps", definition={"numerator": RATE, "factor": "1"}, position=1)
    refusal = refused(measure=RATE)
    assert refusal.code == "circular-indicator"
    assert "vòng tròn" in refusal.sentence
    made.definition = {"numerator": ALL, "denominator": "act-2:lamps/own/total/all"}
    made.save()
    assert refused(measure=RATE).code == "two-regimes"


@pytest.mark.parametrize(
    ("words", "code", "place"),
    [
        ({"measure": "act-1:none/own/total/all"}, "unknown-measure", "act-1:none/own/total/all"),
        ({"measure": f"{FORM_KEY}/other/total/all"}, "unknown-measure", f"{FORM_KEY}/other/total/all"),
        ({"measure": f"{FORM_KEY}/own/other/all"}, "unknown-measure", f"{FORM_KEY}/own/other/all"),
        ({"measure": f"{CELL}nothing"}, "unknown-measure", f"{CELL}nothing"),
        ({"measure": f"{FORM_KEY}/own/total/sub/all"}, "unknown-measure", f"{FORM_KEY}/own/total/sub/all"),
        ({"measure": f"{CELL}note"}, "not-added", f"{CELL}note"),
        ({"measure": "chi-so:none"}, "unknown-measure", "chi-so:none"),
        ({"unit": "nowhere"}, "unknown-unit", "nowhere"),
        ({"period": "quarters:1999-Q1"}, "unknown-period", "quarters:1999-Q1"),
        ({"period": "weeks:2024-Q1"}, "unknown-period", "weeks:2024-Q1"),
        ({"level": "galaxy"}, "unknown-level", "galaxy"),
    ],
)
def test_what_is_not_there_is_refused_with_its_place(world: World, words: Any, code: str, place: str) -> None:
    refusal = refused(**words)
    assert (refusal.code, refusal.place) == (code, place)
    assert refusal.sentence.endswith(".")


def test_a_range_backwards_is_refused(world: World) -> None:
    year_before(world)
    assert refused(period="quarters:2024-Q1..2023-Q1").code == "unknown-period"


def test_too_much_at_once_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("giaoban.reporting.selectors.reading.MOST_VALUES", 6)
    assert values(answer(ask(), actor=None))
    assert refused(level="light").code == "too-much"


def test_a_geography_that_cannot_be_answered(world: World) -> None:
    divide(world, "s1", {"s9": (world.harbours[1], None), "n9": (world.harbours[0], None)})
    refusal = refused(unit="south", geography="2025-06-01")
    assert refusal.code == "geography"
    assert "không chia được" in refusal.sentence
    kept = answer(ask(unit="south", geography="2025-06-01", divided="keep"), actor=None)
    assert values(kept)[""] is None
    aside = next(head for head in kept.units if head.id is None)
    assert (kept.values[aside.key, Q1, ALL].value, kept.values[aside.key, Q1, ALL].outcome) == (Decimal(100), "refused")
    assert any("Light S1" in note for note in kept.notes)
    gone = refused(unit="s1", geography="2025-06-01")
    assert any("n9" in detail for detail in gone.details)


def test_shares_count_each_part_once(world: World) -> None:
    world.report("s2", all=1, good=1)
    shares: dict[str, tuple[Unit, str | None]] = {"s9": (world.harbours[1], "0.25"), "n9": (world.harbours[0], "0.75")}
    divide(world, "s1", shares)
    found = answer(ask(geography="2025-06-01"), actor=None)
    assert values(found) == {"": Decimal(118), "north": Decimal(92), "south": Decimal(26)}
    assert found.values["south", Q1, ALL].outcome == "approximate"
    assert found.values["", Q1, ALL].coverage == replace_names(found, 4, 6)
    lights = answer(ask(geography="2025-06-01", level="light"), actor=None)
    assert values(lights)["n9"] == 75


def replace_names(found: Answer, received: int, expected: int) -> Any:
    held = found.values["", Q1, ALL].coverage
    assert held is not None
    return replace(held, received=received, expected=expected)


def test_a_unit_out_of_reach_is_as_unknown_as_none(world: World) -> None:
    keeper = world.actor(world.harbours[0])
    assert values(answer(ask(unit="north"), actor=keeper))[""] == 17
    for hidden in ("south", "coast", "nowhere"):
        with pytest.raises(QueryRefused) as caught:
            answer(ask(unit=hidden), actor=keeper)
        assert caught.value.code == "unknown-unit"
        assert caught.value.sentence == (
            f"Không có đơn vị mang mã “{hidden}” trong phạm vi của bạn: tìm mã trên trang Đơn vị."
        )


def test_days_of_the_tree_are_days() -> None:
    assert ask(geography="2025-06-01").geography == date(2025, 6, 1)
    with pytest.raises(QueryRefused) as caught:
        ask(geography="01/06/2025")
    assert caught.value.code == "bad-day"


def test_another_tree_shows_nobody_outside(world: World) -> None:
    """A unit that moved away before the period sends its report elsewhere: the tree of before is not read for those
    whom it left, and is for those above both."""
    world.report("n3", all=9, good=9)
    moved = UnitParent.objects.get(unit=world.lights["n3"])
    moved.valid_to = date(2023, 1, 1)
    moved.save()
    UnitParent.objects.create(unit=moved.unit, parent=world.harbours[1], line=moved.line, valid_from=date(2023, 1, 1))
    grow()
    left, took = (world.actor(one) for one in world.harbours)
    query = ask(unit="north", level="light", geography="2022-06-01")
    with pytest.raises(QueryRefused) as refused:
        answer(query, actor=left)
    assert (refused.value.code, refused.value.place) == ("geography", "geography")
    assert "Light N3" in refused.value.sentence
    for actor in (world.actor(world.coast), None):
        assert values(answer(query, actor=actor))["n3"] == 9
    assert values(answer(ask(unit="north", level="light"), actor=left)).keys() == {"", "n1", "n2"}
    assert values(answer(ask(unit="south", level="light", geography="2024-06-01"), actor=took))["n3"] == 9
