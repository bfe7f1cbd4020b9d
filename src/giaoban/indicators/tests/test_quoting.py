"""A value as a text quotes it: where it comes from in words, what it refuses, which forms it is made of."""

from decimal import Decimal
from typing import Any

import pytest

from giaoban.core.figures import NIL, NOT_APPLICABLE
from giaoban.core.queries import QueryRefused
from giaoban.indicators.selectors.quoting import forms_asked, period_asked, quoted_answer, year_before
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.registries import SourcedFigure, figure_sources
from giaoban.reporting.tests.factories import FORM_KEY, World, tiny_world
from giaoban.reporting.tests.factories import year_before as open_year_before

pytestmark = pytest.mark.django_db
ALL, RATE, Q1 = f"{FORM_KEY}/own/total/all", "chi-so:good-lamps", "quarters:2024-Q1"


def ask(**words: str) -> SourcedFigure:
    return figure_sources["figures.answer"](**{"measure": ALL, "unit": "north", "period": Q1, **words})


def refused(**words: str) -> QueryRefused:
    with pytest.raises(QueryRefused) as caught:
        ask(**words)
    return caught.value


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.report("n1", all=10, good=5, rate=50)
    made.report("n2", all=20, good=5, rate=25)
    return made


def test_a_value_says_where_it_comes_from(world: World) -> None:
    said = ask()
    assert (said.value, said.unit, said.nil, said.simulated) == (Decimal(30), "lamp", False, False)
    assert said.origin == (
        "Lamps › All lamps (Biểu lamps, Act 1), Quý I năm 2024, North Harbour, đơn vị của ngày 31/03/2024, "
        "có 2/3 báo cáo"
    )
    assert said.as_of is not None
    assert "North Harbour, tổng các đơn vị trực thuộc" in ask(level="below").origin
    assert ask(level="light", unit="coast").value == Decimal(30)
    assert "đơn vị của ngày 01/02/2024" in ask(geography="2024-02-01").origin


def test_an_indicator_shows_both_sums(world: World) -> None:
    indicator(world)
    said = ask(measure=RATE)
    assert (said.value, said.unit) == (Decimal("33.33"), "%")
    assert said.origin.startswith("Tỷ lệ đèn tốt, Quý I năm 2024, North Harbour")
    assert said.origin.endswith("tử số 10, mẫu số 30")


def test_what_has_no_value_says_why(world: World) -> None:
    world.report("s1", all=NIL, good=NIL, rate=NIL)
    world.report("s2", all=NOT_APPLICABLE, good=NOT_APPLICABLE, rate=NOT_APPLICABLE)
    nil, none = ask(unit="s1"), ask(unit="s2")
    assert (nil.value, nil.nil) == (Decimal(0), True)
    assert (none.value, none.nil) == (None, False)
    assert ask(measure=f"{FORM_KEY}/own/total/age").value is None
    mean = ask(measure=f"{FORM_KEY}/own/total/rate")
    assert mean.value == Decimal("33.33") or mean.reason


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ({"measure": f"{FORM_KEY}/own/total/none"}, "unknown-measure", "không có cột"),
        ({"measure": f"{FORM_KEY}/own/total/note"}, "not-added", "ghi chữ"),
        ({"measure": "chi-so:none"}, "unknown-measure", "Không có chỉ số"),
        ({"measure": ""}, "nothing-asked", "Chưa chọn chỉ tiêu"),
        ({"unit": "none"}, "unknown-unit", "Không có đơn vị"),
        ({"period": "quarters:2031-Q1"}, "unknown-period", "Chưa mở kỳ"),
        ({"period": "quarters:2023-Q1..2024-Q1"}, "unknown-period", "của một kỳ"),
        ({"level": "castle"}, "unknown-level", "không phải cấp"),
        ({"geography": "yesterday"}, "bad-day", "không phải một ngày"),
    ],
)
def test_a_question_without_an_answer_is_refused(world: World, words: dict[str, str], code: str, said: str) -> None:
    refusal = refused(**words)
    assert refusal.code == code
    assert said in refusal.sentence


def test_the_forms_behind_a_measure(world: World) -> None:
    indicator(world)
    period = period_asked(Q1)
    assert period == world.period
    assert forms_asked(ALL, period) == forms_asked(RATE, period) == {FORM_KEY}


def test_the_year_before_where_the_definition_is_still_the_same(world: World) -> None:
    assert year_before(ALL, Q1) is None
    open_year_before(world)
    assert year_before(ALL, Q1) == "quarters:2023-Q1"
    definition: dict[str, Any] = indicator(world, key="plain").definition
    versions = [
        {"valid": [None, "2024-01-01"], **definition},
        {"valid": ["2024-01-01", None], **definition, "break": {"comparable": False, "reason": "đếm khác"}},
    ]
    indicator(world, key="broken", definition={"versions": versions})
    assert year_before("chi-so:plain", Q1) == "quarters:2023-Q1"
    with pytest.raises(QueryRefused, match="Không so được với Quý I năm 2023"):
        year_before("chi-so:broken", Q1)


def test_one_answer_holds_several_measures(world: World) -> None:
    found = quoted_answer([ALL, f"{FORM_KEY}/own/total/good"], unit="north", period=Q1)
    assert [one.word for one in found.measures] == [ALL, f"{FORM_KEY}/own/total/good"]
