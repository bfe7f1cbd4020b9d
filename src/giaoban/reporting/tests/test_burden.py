"""What a request costs: known data, a day before the regime's, a signed reason; all that hits a unit on one page."""

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
from giaoban.reporting.selectors import burden_of
from giaoban.reporting.tests.factories import COLUMNS, World, form_data, make_form, make_rule, tiny_world

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
        (wanted(label="Broken lamps"), QUARTER, date(2024, 4, 9), []),
        (wanted(unit="litre"), QUARTER, date(2024, 4, 9), []),
        (wanted(family="ships"), QUARTER, date(2024, 4, 9), []),
        (wanted(family="lights"), QUARTER, date(2024, 4, 9), []),
    ],
)
def test_a_request_is_measured_against_what_is_given_anyway(
    form: object, window: Span, due_on: date, codes: list[str]
) -> None:
    assert [one.code for one in burdens(form, window, due_on, [known()])] == codes  # type: ignore[arg-type]


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
