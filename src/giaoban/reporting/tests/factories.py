"""A tiny world that reports: a tree of lighthouses, a form, a period. It knows nothing of any sector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from giaoban.core.figures import Figure, Line, LineKey, blank_line, reported
from giaoban.core.forms import checksum, parse_form
from giaoban.core.periods import rule_from_dict
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation, OwingRule, Period, PeriodRule, Regime, Submission
from giaoban.reporting.selectors import definition_of

FORM_KEY = "act-1:lamps"
RULE_KEY = "quarters"
AT = moment(2024, 4, 3)
SYSTEM = system_actor("the clock")
SIGNED = (("Keeper", "An"), ("Head", "Binh"))

COLUMNS: list[dict[str, Any]] = [
    {"id": "all", "label": "All lamps", "parent": ["Lamps"], "unit": "lamp"},
    {"id": "good", "label": "Good lamps", "parent": ["Lamps"], "unit": "lamp", "part_of": "all"},
    {"id": "oil", "label": "Oil", "unit": "litre", "scale": 1, "required": False},
    {"id": "rate", "label": "Share", "unit": "%", "scale": 2, "roll_up": "rate", "formula": "100 * good / all"},
    {"id": "age", "label": "Mean age", "unit": "year", "scale": 1, "roll_up": "none", "required": False},
    {"id": "note", "label": "Remark", "kind": "text"},
]


def form_data(**changes: Any) -> dict[str, Any]:
    """One table with one row: a whole and its part, decimals, a rate, a mean that does not add up, a remark."""
    return {
        "act": "Act 1",
        "code": "lamps",
        "title": "Lamps of the coast",
        "valid": ["2020-01-01", None],
        "verified": "full",
        "labels": "as-in-source",
        "signatures": ["Keeper", "Head"],
        "source": "made-up",
        "tables": [{"id": "own", "rows": [{"id": "total", "label": "Whole light"}], "columns": COLUMNS}],
        **changes,
    }


def dynamic_form_data(**changes: Any) -> dict[str, Any]:
    """A total over one line per light, and a table of its own; another code, so another key."""
    columns = [
        {"id": "all", "label": "All", "unit": "lamp"},
        {"id": "broken", "label": "Broken", "unit": "lamp", "required": False},
        {"id": "rate", "label": "Share", "unit": "%", "scale": 1, "roll_up": "rate", "formula": "100 * broken / all"},
    ]
    rows = [
        {"id": "total", "label": "Total", "sum_of": "unit"},
        {"id": "unit", "label": "Light", "parent": "total", "dynamic": {"one_per": "light"}},
    ]
    own = {"id": "own", "rows": [{"id": "s"}], "columns": [{"id": "spare", "label": "Spare", "unit": "lamp"}]}
    tables = [own, {"id": "lights", "title": "Lights", "rows": rows, "columns": columns}]
    return form_data(**{"code": "lights", "signatures": [], "tables": tables, **changes})


def make_form(data: Mapping[str, Any], folder: str = "act-1") -> FormVersion:
    key = f"{folder}:{data['code']}"
    definition = parse_form(data, key)
    return FormVersion.objects.create(
        key=key,
        act=definition.act,
        code=definition.code,
        title=definition.title,
        kind=definition.kind,
        definition=dict(data),
        checksum=checksum(data),
        valid_from=definition.valid.start,
        valid_to=definition.valid.end,
    )


def make_rule(**definition: Any) -> PeriodRule:
    regime, _ = Regime.objects.get_or_create(key="act-1", defaults={"act": "Act 1"})
    data = {"key": RULE_KEY, "name": "Quarters", "kind": "quarter", "starts": "01-01", **definition}
    rule_from_dict(data)
    return PeriodRule.objects.create(regime=regime, key=data["key"], name=data["name"], definition=data)


def owe(form: FormVersion, rule: PeriodRule, reporter: str, receiver: str | None, **more: Any) -> OwingRule:
    owing = OwingRule.objects.create(
        form=form,
        reporter_kind=orgs.kind(reporter),
        receiver_kind=orgs.kind(receiver) if receiver else None,
        line=orgs.line(),
        **{"deadlines": {rule.key: "d10+1m"}, "deadline_set": "coast", **more},
    )
    owing.rules.add(rule)
    return owing


@dataclass
class World:
    """`coast` stands above two harbours, each above three lights; lights owe the form to their harbour."""

    coast: Unit
    harbours: tuple[Unit, Unit]
    lights: dict[str, Unit]
    form: FormVersion
    rule: PeriodRule
    period: Period
    actors: dict[str, Actor] = field(default_factory=dict)

    def actor(self, unit: Unit, role: Role = Role.HEAD) -> Actor:
        """Somebody with a role at a unit, the same person when asked again."""
        login = f"{unit.key}-{role.value}"
        if login not in self.actors:
            self.actors[login] = orgs.actor(login, unit, role)
        return self.actors[login]

    def owed(self, light: str, period: Period | None = None) -> Obligation:
        rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
        return rows.get(unit__key=light, form=self.form, period=period or self.period)

    def ask(
        self, period: Period, units: Sequence[Unit], receiver: Unit, *, by: Actor = SYSTEM, simulated: bool = False
    ) -> services.Requested:
        """A request outside the rules, by letter 7, due on 01/07/2024."""
        return services.request_report(
            self.form.key,
            period,
            units=[unit.pk for unit in units],
            receiver=receiver.pk,
            due_on=date(2024, 7, 1),
            basis="letter 7",
            by=by,
            at=AT,
            simulated=simulated,
            signed=services.SignedReason("Asked every summer.", "Ann", "Head of the coast"),
        )

    def figures(self, **cells: Figure | Decimal | int | str) -> dict[LineKey, Line]:
        """The one line of the form; a number stands for a reported figure, text for the remark."""
        return figures_for(self.form, "own", "total", **cells)

    def send(self, light: str, *, at: datetime = AT, by: Actor = SYSTEM, **cells: Any) -> Submission:
        """A light sends, with names under it; what was accepted before is amended."""
        figures, why = self.figures(**cells), "counted again"
        owed = self.owed(light)
        return services.submit(owed, figures=figures, by=by, at=at, signatures=SIGNED, amendment_reason=why)

    def report(self, light: str, *, at: datetime = AT, **cells: Any) -> Submission:
        """A light sends and its report is accepted."""
        return services.accept(self.send(light, at=at, **cells), by=SYSTEM, at=at, explanations=True)


def figures_for(
    form: FormVersion, table_id: str, row: str, subunit: str = "", /, **cells: Figure | Decimal | int | str
) -> dict[LineKey, Line]:
    """One line of a form by column ids; what is not named stays blank."""
    table = definition_of(form).table(table_id)
    line = blank_line(table, row, subunit)
    for column, value in cells.items():
        if isinstance(value, str):
            line.texts[column] = value
        else:
            line.figures[table.positions[column]] = value if isinstance(value, Figure) else reported(value)
    return {line.key: line}


def tiny_world(*, raised: bool = True) -> World:
    """Two harbours, six lights, the first quarter of 2024 due on 10/04/2024; `raised`: the lights owe it already."""
    coast = orgs.unit("coast", "coast", name="Coast Office")
    north = orgs.unit("north", "harbour", name="North Harbour", under=coast)
    south = orgs.unit("south", "harbour", name="South Harbour", under=coast)
    lights = {
        key: orgs.unit(key, "light", name=f"Light {key.upper()}", under=north if key[0] == "n" else south)
        for key in ("n1", "n2", "n3", "s1", "s2", "s3")
    }
    orgs.grow()
    form = make_form(form_data())
    rule = make_rule()
    owe(form, rule, "light", "harbour")
    period = services.open_period(RULE_KEY, year=2024, code="2024-Q1", by=SYSTEM, at=AT)
    if raised:
        services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT)
    return World(coast, (north, south), lights, form, rule, period)


def year_before(world: World) -> Period:
    """The first quarter of 2023, opened and owed."""
    period = services.open_period(RULE_KEY, year=2023, code="2023-Q1", by=SYSTEM, at=AT)
    services.raise_obligations(world.form.key, period, by=SYSTEM, at=AT)
    return period
