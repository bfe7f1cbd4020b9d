"""Four readings of a table: what is frozen stays, what is withdrawn stays in the history, and differences are explained
between any two of them."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import CellTotal, Coverage, UnitText
from giaoban.core.forms import parse_form
from giaoban.kit.actors import Actor
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.selectors import UnitCard
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Layer, Snapshot
from giaoban.reporting.selectors import Four, Reading, snapshots
from giaoban.reporting.selectors.changes import How, changes_between, standing_now
from giaoban.reporting.selectors.snapshots import checksum_of, freeze, thaw
from giaoban.reporting.services.publishing import Document, MadeFrom
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_changes import amend

pytestmark = pytest.mark.django_db

ISSUED = date(2024, 4, 2)


@pytest.fixture
def world() -> World:
    return tiny_world()


def publish(
    world: World, *, made_from: MadeFrom = "live", number: str = "7/BC", by: Actor | None = None, **document: object
) -> Snapshot:
    given_ = {"number": number, "issued_on": ISSUED, **document}
    return services.publish_table(
        world.form.key,
        world.period,
        world.coast.pk,
        document=Document(**given_),  # type: ignore[arg-type]
        made_from=made_from,
        by=by or world.actor(world.coast, Role.RECEIVER),
        at=AT,
    )


def confirm(world: World) -> Snapshot:
    by = world.actor(world.coast)
    return services.confirm_table(world.form.key, world.period, world.coast.pk, by=by, at=AT)


def present(world: World, origin: str = "book:1") -> list[Snapshot]:
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    return services.present_tables(
        [table], origin=origin, title="Book of April", link="/tai-lieu/1/", by=world.actor(world.coast), at=AT
    )


def read(world: World) -> Four:
    return selectors.four(world.form, world.period, selectors.consolidate(world.form, world.period, world.coast.pk))


def total(reading: Reading | None, column: str) -> object:
    assert reading is not None
    return reading.table.total.cells["own", "total", "", column].value


def test_only_the_live_reading_at_first(world: World) -> None:
    found = read(world)
    assert [one.layer for one in found.held] == ["live"]
    assert found.steps == ()


def test_four_readings_each_as_it_was(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    amend(world, "n1", 1, all=12, good=4)
    present(world)
    amend(world, "n1", 2, all=15, good=4)
    publish(world)
    amend(world, "n1", 3, all=20, good=4)
    found = read(world)
    assert [one.layer for one in found.held] == ["live", "confirmed", "presented", "published"]
    assert [total(one, "all") for one in found.held] == [20, 10, 12, 15]
    assert [(then.layer, now.layer) for then, now in found.steps] == [
        ("confirmed", "presented"),
        ("presented", "published"),
        ("published", "live"),
    ]
    published, presented = found.of("published"), found.of("presented")
    assert published is not None
    assert presented is not None
    assert (published.number, published.issued_on, published.made_from) == ("7/BC", ISSUED, "live")
    assert (presented.note, presented.link) == ("Book of April", "/tai-lieu/1/")
    assert all(one.intact for one in found.held)


def test_any_two_readings_are_explained_by_the_versions_between_them(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    amend(world, "n1", 1, all=12, good=4)
    present(world)
    world.report("s1", all=3, good=1)
    publish(world)
    found = read(world)
    standing = standing_now(world.form, world.period, found.live.table)

    def why(earlier: str, later: str) -> list[tuple[str, How, str]]:
        then, now = found.of(earlier), found.of(later)
        assert then is not None
        assert now is not None
        said = changes_between(then, now, world.form, world.period, SYSTEM, standing=standing)
        cell = next(one for one in said.cells if (one.difference.line_key, one.difference.key[3]) == ("", "all"))
        return [(one.unit.name, one.how, one.reason) for one in cell.why]

    assert why("confirmed", "presented") == [("Light N1", How.AMENDED, "miscounted 1")]
    assert why("presented", "published") == [("Light S1", How.ARRIVED, "")]
    assert why("confirmed", "published") == [
        ("Light N1", How.AMENDED, "miscounted 1"),
        ("Light S1", How.ARRIVED, ""),
    ]
    said = changes_between(found.held[3], found.live, world.form, world.period, SYSTEM, standing=standing)
    assert (said.cells, said.units, said.events) == ((), (), ())


def test_events_between_two_readings_are_named_and_later_ones_are_not(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    present(world)
    found = read(world)
    then, now = found.of("confirmed"), found.of("presented")
    assert then is not None
    assert now is not None
    said = changes_between(then, now, world.form, world.period, SYSTEM)
    assert said.events == ()


def test_published_from_the_confirmed_table_is_the_same_bytes(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirmed = confirm(world)
    amend(world, "n1", all=12, good=4)
    row = publish(world, made_from="confirmed")
    assert (row.content, row.checksum) == (confirmed.content, confirmed.checksum)
    found = read(world)
    assert total(found.of("published"), "all") == 10
    published = found.of("published")
    assert published is not None
    assert published.made_from == "confirmed"
    assert row.act.detail["confirmed"] == confirmed.pk


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"number": "  "}, "Thiếu số"),
        ({"issued_on": date(2024, 5, 1)}, "ở sau hôm nay"),
        ({"issued_on": date(2023, 12, 31)}, "đứng trước ngày đầu của kỳ"),
        ({"link": "javascript:alert(1)"}, "phải bắt đầu bằng"),
    ],
)
def test_a_document_that_cannot_be(world: World, document: dict[str, object], words: str) -> None:
    with pytest.raises(services.PublishingRefused, match=words):
        publish(world, **document)  # type: ignore[arg-type]
    assert not Snapshot.objects.exists()
    assert not Act.objects.filter(name="reporting.publish-table").exists()


def test_nothing_to_publish_from(world: World) -> None:
    with pytest.raises(services.PublishingRefused, match="chưa được xác nhận lần nào"):
        publish(world, made_from="confirmed")
    confirm(world)
    Snapshot.objects.update(checksum="0" * 64)
    with pytest.raises(services.PublishingRefused, match="không còn khớp mã kiểm"):
        publish(world, made_from="confirmed")


def test_one_document_publishes_a_table_once(world: World) -> None:
    publish(world)
    with pytest.raises(services.AlreadyDone, match="7/BC"):
        publish(world)
    publish(world, number="8/BC")
    assert Snapshot.objects.filter(layer=Layer.PUBLISHED).count() == 2


def test_only_who_may_confirm_may_publish_and_withdraw(world: World) -> None:
    for who in (world.actor(world.harbours[0]), world.actor(world.coast, Role.OFFICER)):
        with pytest.raises(PermissionDenied):
            publish(world, by=who)
    row = publish(world)
    for who in (world.actor(world.harbours[0]), world.actor(world.coast, Role.OFFICER)):
        with pytest.raises(PermissionDenied):
            services.withdraw_publication(row.pk, reason="wrong", by=who, at=AT)
    assert not Act.objects.filter(name="reporting.withdraw-publication").exists()


def test_a_withdrawn_publication_counts_no_more_and_stays_in_the_history(world: World) -> None:
    world.report("n1", all=10, good=4)
    first = publish(world)
    amend(world, "n1", all=12, good=4)
    second = publish(world, number="8/BC")
    by = world.actor(world.coast)
    services.withdraw_publication(second.pk, reason="Wrong table.", by=by, at=AT + timedelta(days=1))
    assert total(read(world).of("published"), "all") == 10
    history = selectors.publications(world.form, world.period, world.coast.pk)
    assert [(one.number, one.withdrawn_by, one.reason) for one in history] == [
        ("8/BC", by.name, "Wrong table."),
        ("7/BC", "", ""),
    ]
    with pytest.raises(services.AlreadyDone):
        services.withdraw_publication(second.pk, reason="again", by=by, at=AT)
    with pytest.raises(services.PublishingRefused, match="Thiếu lý do"):
        services.withdraw_publication(first.pk, reason=" ", by=by, at=AT)
    services.withdraw_publication(first.pk, reason="Both.", by=by, at=AT)
    assert read(world).of("published") is None
    publish(world, number="8/BC")  # the same document again, the right table this time
    assert total(read(world).of("published"), "all") == 12


def test_a_unit_that_ended_is_confirmed_and_published_by_its_heir(world: World) -> None:
    heir = orgs.unit("great", "coast", name="Great Coast", valid_from=date(2024, 6, 1))
    orgs.pass_on(world.coast, heir, date(2024, 6, 1))
    orgs.grow()
    by = world.actor(heir)
    services.confirm_table(world.form.key, world.period, world.coast.pk, by=by, at=AT)
    publish(world, by=by, made_from="confirmed")
    assert {one.unit_id for one in Act.objects.filter(name__contains="table")} == {heir.pk}
    with pytest.raises(PermissionDenied):
        publish(world, by=world.actor(world.harbours[0]), number="9/BC")


def test_presented_once_for_its_book(world: World) -> None:
    world.report("n1", all=10, good=4)
    (row,) = present(world)
    assert (row.layer, row.origin, row.unit_id) == (Layer.PRESENTED, "book:1", world.coast.pk)
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    twice = services.present_tables(
        [table, table], origin="book:2", title="B", link="/", by=world.actor(world.coast), at=AT
    )
    assert len(twice) == 1
    with pytest.raises(PermissionDenied):
        services.present_tables([table], origin="book:3", title="B", link="/", by=world.actor(world.harbours[0]), at=AT)


def test_what_the_unit_stated_itself_is_what_was_published(world: World) -> None:
    data = factories.form_data(kind="capture", labels="own", signatures=[], code="printed")
    del data["act"]
    form = factories.make_form(data, folder="capture")
    for reporter, receiver in (("coast", None), ("light", "harbour")):
        factories.owe(form, world.rule, reporter, receiver)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    for key, (whole, good) in {"coast": (33, 12), "n1": (20, 8), "n2": (10, 4)}.items():
        owed = form.obligations.select_related("unit", "form", "period__rule", "receiver").get(unit__key=key)
        held = factories.figures_for(form, "own", "total", all=whole, good=good)
        sent = services.submit(owed, figures=held, by=SYSTEM, at=AT, channel="publication", source="made-up yearbook")
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    live = selectors.consolidate(form, world.period, world.coast.pk)
    found = selectors.four(form, world.period, live)
    stated = found.of("published")
    assert stated is not None
    assert not stated.is_whole
    assert (total(found.live, "all"), total(stated, "all")) == (30, 33)
    assert found.steps == ((stated, found.live),)
    said = changes_between(stated, found.live, form, world.period, SYSTEM)
    cells = {one.difference.key[3]: one for one in said.cells}
    assert cells["all"].difference.line_key == ""
    assert cells["all"].why == ()
    assert {one.difference.line_key for one in said.cells} == {""}


def test_the_heads_say_what_the_readings_hold(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    publish(world)
    amend(world, "n1", all=12, good=4)
    confirm(world)
    heads = selectors.layer_heads(world.form, world.period, world.coast.pk)
    readings: dict[str, Reading] = {one.layer: one for one in read(world).held if one.layer != "live"}
    assert heads.keys() == readings.keys() == {"confirmed", "published"}
    for layer, head in heads.items():
        assert head.snapshot_id == readings[layer].snapshot_id
        assert head.total == readings[layer].table.total.cells


def test_the_origin_of_a_frozen_number_is_what_stood_then(world: World) -> None:
    first = world.report("n1", all=10, good=4)
    confirm(world)
    amend(world, "n1", all=12, good=4)
    world.report("n2", all=5, good=5)
    confirmed = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    key = ("own", "total", "", "all")
    for line in ("", "north"):
        then = selectors.cell_origin(world.form, world.period, world.coast.pk, line, key, reading=confirmed)
        assert (then.cell.value, [one.submission_id for one in then.parts]) == (Decimal(10), [first.pk])
        now = selectors.cell_origin(world.form, world.period, world.coast.pk, line, key)
        assert (now.cell.value, len(now.parts)) == (Decimal(17), 2)


def test_the_cost_of_four_readings_is_constant(world: World) -> None:
    for light in world.lights:
        world.report(light, all=10, good=4)
    confirm(world)
    amend(world, "n1", 1, all=10, good=5)
    present(world)
    amend(world, "n1", 2, all=10, good=6)
    publish(world)

    def cost() -> int:
        live = selectors.consolidate(world.form, world.period, world.coast.pk)
        with CaptureQueriesContext(connection) as queries:
            found = selectors.four(world.form, world.period, live)
            standing = standing_now(world.form, world.period, live)
            for then, now in found.steps:
                changes_between(then, now, world.form, world.period, SYSTEM, standing=standing)
        return len(queries)

    amend(world, "n1", 3, all=10, good=7)
    cost()  # frozen tables are read once
    amend(world, "n1", 4, all=10, good=8)
    one = cost()
    for light in ("n2", "n3", "s1", "s2"):
        amend(world, light, all=10, good=5)
    assert cost() == one


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=3)
COUNTS = st.integers(0, 3)
CELLS = st.builds(CellTotal, st.none() | NUMBERS, NUMBERS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
TEXTS = st.builds(UnitText, st.just("a"), st.just("n1"), st.just("Light N1"), st.text(max_size=9), st.just("Q1"))
UNIT = UnitCard(1, "coast", "Coast", "Coast", "coast", "Coast", None, "a", None, None)


@st.composite
def tables(draw: st.DrawFn) -> selectors.ConsolidatedTable:
    """A table with any cells in a few lines."""
    keys = [("own", "total", "", column) for column in ("all", "good", "oil")]

    def line(name: str) -> selectors.ConsolidatedLine:
        held = {key: draw(CELLS) for key in keys if draw(st.booleans())}
        coverage = draw(st.none() | st.builds(Coverage, COUNTS, COUNTS, st.just(("Light N1",))))
        texts = {("own", "total", "", "note"): tuple(draw(st.lists(TEXTS, max_size=3)))}
        return selectors.ConsolidatedLine(UNIT if name else None, name or "Total", name, held, coverage, texts=texts)

    total_line = line("")
    return selectors.ConsolidatedTable(
        form=FORM,
        form_key=factories.FORM_KEY,
        period=selectors.PeriodCard("quarters", "2024-Q1", "", "Q1", date(2024, 1, 1), date(2024, 4, 1), "Q1"),
        unit=UNIT,
        geography=date(2024, 3, 31),
        method="",
        incomplete_reason="",
        lines=tuple(line(name) for name in draw(st.lists(st.sampled_from(["n", "s", "x"]), unique=True))),
        total=total_line,
        coverage=total_line.coverage,
        as_of=AT,
        changed_at=None,
        simulated=draw(st.booleans()),
    )


FORM = parse_form(factories.form_data(), factories.FORM_KEY)


class _Version:
    key, checksum = factories.FORM_KEY, "0"


@given(tables())
def test_what_is_frozen_reads_back_to_the_digit(table: selectors.ConsolidatedTable) -> None:
    content = json.loads(json.dumps(freeze(table, {})))
    assert checksum_of(content) == checksum_of(freeze(table, {}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "definition_of", lambda _: FORM)
        assert thaw(content, _Version()) == table  # type: ignore[arg-type]


@given(tables(), tables())
def test_comparing_finds_exactly_the_cells_that_differ(
    one: selectors.ConsolidatedTable, other: selectors.ConsolidatedTable
) -> None:
    now, then = selectors.live_reading(one), selectors.live_reading(other)
    found = selectors.compare(now, then)
    names = [(cell.line_key, cell.key) for cell in found]
    assert len(names) == len(set(names))
    assert set(names) == {(cell.line_key, cell.key) for cell in selectors.compare(then, now)}
    assert selectors.compare(now, now) == []
    here = {line.key: line.cells for line in (*one.lines, one.total)}
    there = {line.key: line.cells for line in (*other.lines, other.total)}
    everything = {(line, key) for side in (here, there) for line, held in side.items() for key in held}
    assert set(names) == {
        (line, key)
        for line, key in everything
        if _said(here.get(line, {}).get(key)) != _said(there.get(line, {}).get(key))
    }


def _said(cell: CellTotal | None) -> object:
    return cell if cell is None else (cell.state, cell.value, cell.estimate)
