"""What a request costs: known data, a day before the regime's, a signed reason; all that hits a unit on one page."""

from dataclasses import replace
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.core.forms import parse_form
from giaoban.core.periods import AD_HOC_RULE
from giaoban.core.spans import Span
from giaoban.orgs import selectors as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Justification, Obligation, Period
from giaoban.reporting.rules.burden import Known, burdens, cells_of
from giaoban.reporting.selectors import Ask, burden_of
from giaoban.reporting.services.deadlines import restore_deadline
from giaoban.reporting.tests.factories import COLUMNS, SYSTEM, World, form_data, make_form, make_rule, tiny_world

pytestmark = pytest.mark.django_db

QUARTER = Span(date(2024, 1, 1), date(2024, 4, 1))
WHY = services.SignedReason("The coast guard asks every week.", "Ann", "Head of the coast")


@pytest.fixture
def world() -> World:
    return tiny_world()


def asked_form(**changes: object) -> FormVersion:
    """A request for two numbers of which the quarterly form has one."""
    columns = [COLUMNS[0], {"id": "fuel", "label": "Fuel", "unit": "litre"}]
    data = form_data(code="storm", kind="request", labels="own", family="lamps", signatures=[])
    data.pop("act")
    data["tables"] = [{"id": "own", "rows": [{"id": "total"}], "columns": columns}]
    return make_form(data | changes, folder="request")


@pytest.fixture
def storm(world: World) -> FormVersion:
    FormVersion.objects.filter(pk=world.form.pk).update(
        definition=dict(world.form.definition) | {"family": "lamps"}, checksum="with a family"
    )
    return asked_form()


def ask(world: World, form: FormVersion, period: Period, due_on: date, **more: object) -> services.Requested:
    harbour = world.harbours[0]
    return services.request_report(
        form.key,
        period,
        units=[world.lights["n1"].pk],
        receiver=harbour.pk,
        due_on=due_on,
        basis="letter 8",
        by=world.actor(harbour),
        at=moment(2024, 4, 2),
        **more,  # type: ignore[arg-type]
    )


def known(family: str = "lamps", window: Span = QUARTER, due_on: date | None = date(2024, 4, 10)) -> Known:
    form = parse_form(form_data(family=family), "act-1:lamps")
    return Known(form, "Quý I", window, due_on, by_regime=True)


def wanted(family: str = "lamps", label: str = "All lamps", unit: str = "lamp") -> object:
    columns = [{"id": "x", "label": label, "parent": ["Lamps"], "unit": unit}]
    data = form_data(code="storm", kind="request", labels="own", family=family, signatures=[])
    data.pop("act")
    data["tables"] = [{"id": "own", "rows": [{"id": "total"}], "columns": columns}]
    return parse_form(data, "request:storm")


@pytest.mark.parametrize(
    ("form", "window", "due_on", "codes"),
    [
        (wanted(), QUARTER, date(2024, 4, 10), ["known-data"]),
        (wanted(), QUARTER, date(2024, 4, 9), ["known-data", "earlier-deadline"]),
        (wanted(), Span(date(2024, 1, 1), date(2025, 1, 1)), date(2025, 1, 9), ["known-data"]),
        (wanted(), Span(date(2024, 2, 1), date(2024, 3, 1)), date(2024, 3, 5), []),
        (wanted(label="ALL  LAMPS"), QUARTER, date(2024, 4, 10), ["known-data"]),
        (wanted(label="Broken lamps"), QUARTER, date(2024, 4, 9), ["earlier-deadline"]),
        (wanted(unit="litre"), QUARTER, date(2024, 4, 10), []),
        (wanted(family="ships"), QUARTER, date(2024, 4, 9), []),
        (wanted(family="lights"), QUARTER, date(2024, 4, 9), []),
    ],
)
def test_a_request_is_measured_against_what_is_given_anyway(
    form: object, window: Span, due_on: date, codes: list[str]
) -> None:
    assert [one.code for one in burdens(form, window, due_on, [known()])] == codes  # type: ignore[arg-type]


def test_the_same_form_asked_again_is_known_and_its_own_period_is_not() -> None:
    form, given = parse_form(form_data(), "act-1:lamps"), date(2024, 4, 10)
    own = replace(known(family="elsewhere"), report="its own")
    assert [one.code for one in burdens(form, QUARTER, given, [own], report="its own")] == []
    assert [one.code for one in burdens(form, QUARTER, date(2024, 4, 2), [own], report="its own")] == [
        "earlier-deadline"
    ]
    assert [one.code for one in burdens(form, QUARTER, date(2024, 4, 2), [own])] == ["known-data", "earlier-deadline"]


def test_without_a_day_in_the_regime_none_is_earlier() -> None:
    found = burdens(wanted(), QUARTER, date(2024, 1, 2), [known(due_on=None)])  # type: ignore[arg-type]
    assert [one.code for one in found] == ["known-data"]
    assert "1 trong 1 cột số" in found[0].sentence


def test_computed_columns_are_no_burden() -> None:
    assert cells_of(parse_form(form_data(), "act-1:lamps")) == len(COLUMNS) - 1


def test_a_heavier_request_needs_a_signed_reason_and_keeps_it(world: World, storm: FormVersion) -> None:
    with pytest.raises(services.JustificationNeeded) as refused:
        ask(world, storm, world.period, date(2024, 4, 5))
    assert len(refused.value.sentences) == 2
    assert not Obligation.objects.filter(form=storm).exists()
    ask(world, storm, world.period, date(2024, 4, 5), signed=WHY)
    (kept,) = Justification.objects.all()
    assert [one["code"] for one in kept.findings] == ["known-data", "earlier-deadline"]
    assert (kept.reason, kept.signed_by, kept.signer_title) == (WHY.reason, WHY.name, WHY.title)
    actor = world.actor(world.lights["n1"])
    unit = orgs.card(world.lights["n1"].pk, date(2024, 4, 2))
    found = burden_of(actor, unit, date(2024, 4, 1), date(2024, 4, 30), date(2024, 4, 2))
    assert [(one.form_key, one.by_regime, bool(one.findings), one.signed) for one in found.asks] == [
        (storm.key, False, True, "Ann, Head of the coast"),
        (world.form.key, True, False, ""),
    ]
    assert (found.outside, found.askers, found.cells) == (1, 1, 2 + len(COLUMNS) - 1)


def test_the_regimes_own_form_asked_for_again_needs_a_signed_reason(world: World) -> None:
    """Over the window of its own period, under another name and eight days earlier; then the same once more."""
    rule = make_rule(key=AD_HOC_RULE, kind="ad_hoc", starts="")

    def window(code: str) -> Period:
        return services.open_period(
            rule.key, code=code, label=code, start=QUARTER.start, end=QUARTER.end, by=SYSTEM, at=moment(2024, 4, 1)
        )

    with pytest.raises(services.JustificationNeeded) as refused:
        ask(world, world.form, window("storm"), date(2024, 4, 2))
    assert len(refused.value.sentences) == 2
    ask(world, world.form, window("storm"), date(2024, 4, 2), signed=WHY)
    assert Justification.objects.get().units == [world.lights["n1"].pk]
    with pytest.raises(services.JustificationNeeded):
        ask(world, world.form, window("again"), date(2024, 4, 20))
    assert not ask(world, world.form, world.period, date(2024, 4, 2)).new, "who owes it already keeps its day"


def test_a_deadline_before_the_regimes_day_needs_a_signed_reason(world: World) -> None:
    def move(on: date, signed: services.SignedReason | None = None) -> int:
        owed, at = [world.owed("n1"), world.owed("n2")], moment(2024, 3, 25)
        return services.move_deadline(
            owed, due_on=on, basis="Letter 9", reason="Storm", by=SYSTEM, at=at, signed=signed
        )

    with pytest.raises(services.JustificationNeeded) as refused:
        move(date(2024, 4, 2))
    assert "Hạn 02/04/2024 sớm hơn hạn 10/04/2024" in refused.value.sentence
    assert move(date(2024, 4, 20)) == move(date(2024, 4, 15)) == 2, "not before the regime's day"
    assert move(date(2024, 4, 2), WHY) == 2
    (kept,) = Justification.objects.all()
    assert kept.units == sorted([world.lights["n1"].pk, world.lights["n2"].pk])
    assert [one["code"] for one in kept.findings] == ["earlier-deadline"]
    assert move(date(2024, 4, 5)) == 2, "later than it stood"


def test_a_report_received_on_time_is_not_made_late_without_a_signature(world: World) -> None:
    def move(on: date, signed: services.SignedReason | None = None) -> None:
        services.move_deadline(
            [world.owed("n1")],
            due_on=on,
            basis="Letter 9",
            reason="x",
            by=SYSTEM,
            at=moment(2024, 4, 22),
            signed=signed,
        )

    move(date(2024, 4, 20))
    world.report("n1", all=5, good=1, at=moment(2024, 4, 18))
    with pytest.raises(services.JustificationNeeded) as refused:
        move(date(2024, 4, 15))
    assert refused.value.sentences == ("1 báo cáo đã nhận đúng hạn sẽ thành nhận muộn.",)
    with pytest.raises(services.JustificationNeeded):
        restore_deadline([world.owed("n1")], reason="x", by=SYSTEM, at=moment(2024, 4, 22))
    move(date(2024, 4, 15), WHY)
    assert world.owed("n1").due_on == date(2024, 4, 15)


def test_a_unit_sees_the_reason_signed_for_it_and_what_was_signed(world: World, storm: FormVersion) -> None:
    """The regime's report falls outside the days shown, and another unit was asked under another signature."""
    ask(world, storm, world.period, date(2024, 3, 20), signed=WHY)
    harbour = world.harbours[0]
    services.request_report(
        storm.key,
        world.period,
        units=[world.lights["n2"].pk],
        receiver=harbour.pk,
        due_on=date(2024, 3, 20),
        basis="letter 9",
        by=world.actor(harbour),
        at=moment(2024, 4, 2),
        signed=services.SignedReason("Another reason.", "Bob", "Clerk"),
    )

    def asks(key: str) -> tuple[Ask, ...]:
        unit, on = orgs.card(world.lights[key].pk, date(2024, 4, 2)), date(2024, 4, 2)
        return burden_of(world.actor(world.lights[key]), unit, date(2024, 3, 1), date(2024, 3, 31), on).asks

    ((mine,), (other,)) = asks("n1"), asks("n2")
    assert (mine.reason, other.reason) == (WHY.reason, "Another reason.")
    assert [one.code for one in mine.findings] == ["known-data", "earlier-deadline"]
    Justification.objects.filter(units=[world.lights["n1"].pk]).update(units=[])
    Obligation.objects.filter(form=world.form).delete()
    (unsigned,) = asks("n1")
    assert (unsigned.reason, [one.code for one in unsigned.findings]) == ("", ["known-data", "earlier-deadline"])


def test_an_ordinary_request_needs_none(world: World) -> None:
    ask(world, asked_form(family="other"), world.period, date(2024, 4, 5), signed=WHY)
    assert not Justification.objects.exists(), "nothing is kept where nothing had to be justified"


def browser_of(world: World, unit: str) -> Client:
    browser = Client()
    place = world.lights.get(unit) or next(one for one in world.harbours if one.key == unit)
    pk = world.actor(place).user_id
    assert pk is not None
    browser.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_the_page_shows_own_and_lower_units_and_no_others(world: World, storm: FormVersion) -> None:
    ask(world, storm, world.period, date(2024, 4, 5), signed=WHY)
    address = reverse("reporting:burden") + "?tu=2024-04-01&den=2024-04-30"
    own = browser_of(world, "n1").get(address).content.decode()
    assert WHY.reason in own
    assert "2 báo cáo" in own
    above = browser_of(world, "north").get(f"{address}&don-vi=n1").content.decode()
    assert WHY.reason in above
    assert browser_of(world, "n2").get(f"{address}&don-vi=n1").status_code == 404
    assert "Không báo cáo nào" in browser_of(world, "n2").get(address.replace("2024", "2031")).content.decode()
    listed = browser_of(world, "n1").get(reverse("reporting:burden-csv") + "?tu=2024-04-01&den=2024-04-30")
    assert listed.content.decode().count("\r\n") == 3


def test_the_request_page_asks_for_the_reason_before_it_sends(world: World, storm: FormVersion) -> None:
    make_rule(key=AD_HOC_RULE, kind="ad_hoc", starts="")
    browser = browser_of(world, "north")
    address = f"{reverse('reporting:request')}?form={storm.key}&on=2024-04-02"
    filled = {
        "label": "Storm week",
        "start": "2024-01-01",
        "end": "2024-03-31",
        "due_on": "2024-04-05",
        "basis": "letter 8",
        "units": [str(world.lights["n1"].pk)],
    }
    shown = browser.post(address, filled | {"act": "preview"})
    assert shown.status_code == 200
    assert "Yêu cầu này nặng hơn chế độ báo cáo" in shown.content.decode()
    refused = browser.post(address, filled | {"act": "send", "why": " "})
    assert refused.status_code == 422
    assert "Nêu lý do vẫn cần yêu cầu này." in refused.content.decode()
    assert not Obligation.objects.filter(form=storm).exists()
    reason = {"why": "Weekly.", "decided_by": "Ann", "decided_as": "Head"}
    assert browser.post(address, filled | {"act": "send"} | reason).status_code == 302
    assert Justification.objects.get().reason == "Weekly."
