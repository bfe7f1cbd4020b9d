"""The same period of the year before, reported on a form of an earlier act: what corresponds is compared, no more."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.restating import Reason
from giaoban.kit.actors import system_actor
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission
from giaoban.reporting.selectors.figures import Earlier
from giaoban.reporting.services.inforce import stands_in
from giaoban.reporting.tests.factories import (
    AT,
    SIGNED,
    SYSTEM,
    World,
    figures_for,
    form_data,
    make_form,
    make_rule,
    owe,
    tiny_world,
)

pytestmark = pytest.mark.django_db

NEW_COLUMNS = [
    {"id": "every", "label": "Every lamp", "unit": "lamp"},
    {"id": "led", "label": "Of them electric", "unit": "lamp"},
]


class Acts:
    """The act that ordered the lamps gave way to one that asks for electric lamps too, by quarters of its own."""

    def __init__(self, *, continues: bool = True) -> None:
        self.old: World = tiny_world(raised=False)
        data: dict[str, Any] = {
            "code": "electric",
            "act": "Act 2",
            "tables": [{"id": "main", "rows": [{"id": "all"}], "columns": NEW_COLUMNS}],
        }
        if continues:
            data["continues"] = [{"form": "act-1:lamps", "cells": {"every": "own.total.all"}, "note": "Lamps alone."}]
        self.form: FormVersion = make_form(form_data(**data), folder="act-2")
        FormVersion.objects.update(family="lamps")
        self.form.refresh_from_db()
        self.rule = make_rule(key="act-2-quarters", name="Quarters of act 2")
        owe(self.form, self.rule, "light", "harbour")
        self.period: Period = services.open_period("act-2-quarters", year=2024, code="2024-Q1", by=SYSTEM, at=AT)
        services.raise_obligations(self.form.key, self.period, by=SYSTEM, at=AT)
        self.before: Period = services.open_period("quarters", year=2023, code="2023-Q1", by=SYSTEM, at=AT)
        services.raise_obligations(self.old.form.key, self.before, by=SYSTEM, at=AT)

    def reported(self, light: str, **cells: int) -> Submission:
        figures = figures_for(self.old.form, "own", "total", **cells)
        owed = self.old.owed(light, self.before)
        sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
        return services.accept(sent, by=SYSTEM, at=AT)

    def earlier(self, light: str) -> Earlier | None:
        pk = self.old.lights[light].pk
        return selectors.previous_figures(self.form, self.period, [pk]).get(pk)


def test_columns_that_correspond_are_compared_and_the_others_are_blank() -> None:
    acts = Acts()
    acts.reported("n1", all=10, good=4)
    found = acts.earlier("n1")
    assert found is not None
    every, led = found["main", "all", ""].figures
    assert every.amount == 10
    assert led.amount is None
    assert found.reason == ""
    assert "lamps (Act 1)" in found.note
    assert "1 trong 2 ô" in found.note
    assert "Lamps alone." in found.note


def test_the_duty_to_explain_reaches_over_the_acts() -> None:
    acts = Acts()
    acts.reported("n1", all=10, good=4)
    owed = Obligation.objects.select_related("unit", "form", "period__rule").get(
        unit=acts.old.lights["n1"], form=acts.form
    )
    figures = figures_for(acts.form, "main", "all", every=20, led=20)
    issues = selectors.checks_of(owed, figures, previous=acts.earlier("n1"))
    assert [one.at.column for one in issues if one.code == "large-change"] == ["every"]


def test_the_tables_of_a_level_are_compared_too() -> None:
    acts = Acts()
    acts.reported("n1", all=10, good=4)
    acts.reported("s1", all=5, good=5)
    found = selectors.same_period(acts.form, acts.period, acts.old.coast.pk)
    assert found.before is not None
    assert found.before.form_key == acts.form.key
    assert {key: cell.value for key, cell in found.before.total.cells.items()} == {("main", "all", "", "every"): 15}
    assert "lamps (Act 1)" in found.said.sentence
    assert [line.label for line in found.before.lines] == ["North Harbour", "South Harbour"]


def test_without_a_word_of_the_pack_nothing_is_compared() -> None:
    acts = Acts(continues=False)
    acts.reported("n1", all=10, good=4)
    assert acts.earlier("n1") is None
    found = selectors.same_period(acts.form, acts.period, acts.old.coast.pk)
    assert (found.before, found.said.reason) == (None, Reason.OTHER_FORM)
    assert "lamps" in found.said.sentence


def test_another_window_is_not_the_same_period() -> None:
    acts = Acts()
    acts.reported("n1", all=10, good=4)
    Period.objects.filter(pk=acts.before.pk).update(end=date(2023, 3, 15))
    assert acts.earlier("n1") is None
    found = selectors.same_period(acts.form, acts.period, acts.old.coast.pk)
    assert (found.before, found.said.reason) == (None, Reason.NO_PERIOD)


def test_figures_on_the_form_itself_come_first() -> None:
    acts = Acts()
    acts.reported("n1", all=10, good=4)
    own = services.open_period("act-2-quarters", year=2023, code="2023-Q1", by=SYSTEM, at=AT)
    services.request_report(
        acts.form.key,
        own,
        units=[acts.old.lights["n1"].pk],
        receiver=acts.old.coast.pk,
        due_on=date(2024, 7, 1),
        basis="letter 7",
        by=SYSTEM,
        at=AT,
    )
    owed = Obligation.objects.get(unit=acts.old.lights["n1"], form=acts.form, period=own)
    figures = figures_for(acts.form, "main", "all", every=7, led=1)
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
    services.accept(sent, by=SYSTEM, at=AT)
    found = acts.earlier("n1")
    assert found is not None
    assert [one.amount for one in found["main", "all", ""].figures] == [7, 1]
    assert found.note == ""


def test_a_form_that_continues_nothing_asks_no_more_than_before() -> None:
    acts = Acts()
    with CaptureQueriesContext(connection) as queries:
        selectors.previous_figures(acts.old.form, acts.period, [acts.old.lights["n1"].pk])
    assert len(queries) <= 1


def ended(form: FormVersion, on: date) -> None:
    FormVersion.objects.filter(pk=form.pk).update(valid_to=on)


def opened(form: FormVersion, rule: str) -> Period:
    by = system_actor("the clock")
    return services.open_and_raise(form.key, rule, code="2024-Q2", by=by, at=AT)[0]


def test_a_form_out_of_force_names_the_one_that_came_after() -> None:
    world = tiny_world(raised=False)
    later = make_form(form_data(code="later", act="Act 2", replaces=[world.form.key]), folder="act-2")
    ended(world.form, date(2024, 7, 1))  # the second quarter is due on the 10th of July
    with pytest.raises(services.ReportingError, match=r"không có hiệu lực.*Dùng biểu later \(Act 2\)"):
        opened(world.form, "quarters")
    assert not Period.objects.filter(code="2024-Q2").exists()
    ended(later, date(2024, 1, 1))
    with pytest.raises(services.ReportingError, match="Chọn biểu có hiệu lực"):
        opened(world.form, "quarters")


def test_an_interim_form_takes_the_place_where_it_is_owed() -> None:
    world = tiny_world(raised=False)
    interim = make_form(form_data(code="lamps-m", interim_for=["lamps"]))
    elsewhere = make_rule(key="years", name="Years", kind="year")
    owing = owe(interim, elsewhere, "light", "harbour")
    assert opened(world.form, "quarters").code == "2024-Q2"  # the interim form is for years only
    owing.rules.add(world.rule)
    with pytest.raises(services.ReportingError, match=r"thay tạm. Dùng biểu lamps-m \(Act 1\)"):
        opened(world.form, "quarters")
    assert opened(interim, "quarters").code == "2024-Q2"


@pytest.mark.parametrize(
    ("code", "act", "stands"),
    [("24/X/Y", "Act 1", True), ("24", "Act 1", True), ("24", "Act 2", False), ("2", "Act 1", False)],
)
def test_an_interim_form_names_codes_of_its_own_act(code: str, act: str, stands: bool) -> None:
    interim = make_form(form_data(code="24m", interim_for=["24"]))
    assert stands_in(interim, FormVersion(code=code, act=act)) is stands
