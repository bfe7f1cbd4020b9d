"""Which line each unit counted in when a table was frozen; what is told of cells that no report changed; what a unit
reported itself above others that owe the same."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.core.queries import CellMeasure, parse
from giaoban.kit.models import Pack
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as tree
from giaoban.orgs.models import UnitParent
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period, Snapshot
from giaoban.reporting.selectors import Changes, Reading, keeping
from giaoban.reporting.selectors.changes import EventCard, How, changes_between
from giaoban.reporting.selectors.querying import CellsRead, answer_cells
from giaoban.reporting.selectors.snapshots import checksum_of
from giaoban.reporting.services.publishing import Document, PublishingRefused
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_changes import amend, cell
from giaoban.reporting.tests.test_pages import browser, table_of, text_of
from giaoban.reporting.tests.test_rules_of_columns import ruled_form
from giaoban.reporting.web.shaping.layers import unnamed

pytestmark = pytest.mark.django_db

ALL = ("own", "total", "", "all")


@pytest.fixture
def world() -> World:
    return tiny_world()


def confirm(world: World, form: FormVersion | None = None, at: datetime = AT) -> Snapshot:
    key = (form or world.form).key
    return services.confirm_table(key, world.period, world.coast.pk, by=world.actor(world.coast), at=at)


def steps(world: World, form: FormVersion | None = None) -> tuple[Reading, Reading, Changes]:
    form = form or world.form
    found = selectors.four(form, world.period, selectors.consolidate(form, world.period, world.coast.pk))
    then, now = found.steps[0]
    return then, now, changes_between(then, now, form, world.period, SYSTEM)


def moved_south(world: World) -> None:
    """The light n1 had stood beneath the other harbour all the time."""
    UnitParent.objects.filter(unit__key="n1").update(parent=world.harbours[1])
    orgs.grow()


@pytest.fixture
def moved(world: World) -> World:
    """Confirmed with n1 in the north; by now it counts in the south."""
    world.report("n1", all=100, good=50)
    world.report("n2", all=10, good=5)
    world.report("s1", all=7, good=7)
    confirm(world)
    moved_south(world)
    return world


def origin(world: World, line: str) -> selectors.CellOrigin:
    reading = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    return selectors.cell_origin(world.form, world.period, world.coast.pk, line, ALL, reading=reading)


def forget_lines(row: Snapshot) -> None:
    """As content was frozen before lines were kept."""
    row.content["sources"] = [one[:3] for one in row.content["sources"]]
    row.checksum = checksum_of(row.content)
    row.save()


def test_the_origin_of_a_frozen_line_is_of_its_own_tree(moved: World) -> None:
    for line, value, units in (("north", 110, ["n1", "n2"]), ("south", 7, ["s1"]), ("", 117, ["n1", "n2", "s1"])):
        found = origin(moved, line)
        assert found.cell.value == value
        assert sorted(part.unit.key for part in found.parts) == units


def test_a_frozen_line_that_is_gone_still_opens(world: World) -> None:
    world.report("n1", all=100, good=50)
    confirm(world)
    UnitParent.objects.filter(parent=world.harbours[0]).update(parent=world.harbours[1])
    orgs.grow()
    assert [part.unit.key for part in origin(world, "north").parts] == ["n1"]
    assert (origin(world, "south").cell.value, origin(world, "south").parts) == (None, ())


def test_where_lines_were_not_kept_the_total_opens_alone(moved: World) -> None:
    forget_lines(Snapshot.objects.get())
    assert sorted(part.unit.key for part in origin(moved, "").parts) == ["n1", "n2", "s1"]
    with pytest.raises(KeyError):
        origin(moved, "north")
    page = browser(moved, moved.coast).get(table_of(moved, moved.coast, "&layer=confirmed"))
    html = page.content.decode()
    assert "origin=%7Cown%7Ctotal" in html
    assert "origin=north" not in html
    assert "chỉ số ở dòng tổng mở được" in text_of(page)


def test_a_unit_that_moved_explains_both_lines_and_not_the_total(moved: World) -> None:
    _, _, found = steps(moved)
    assert {one.difference.line_key for one in found.cells} == {"north", "south"}
    for one in found.cells:
        assert [(why.unit.key, why.how) for why in one.why] == [("n1", How.MOVED)]
    assert [(one.unit.key, one.how_name, one.before, one.version) for one in found.units] == [
        ("n1", "chuyển sang dòng khác của bảng", 1, 1)
    ]


def test_where_lines_were_not_kept_the_way_of_counting_is_not_blamed(moved: World) -> None:
    forget_lines(Snapshot.objects.get())
    then, now, found = steps(moved)
    assert not found.keeps_lines
    for one in found.cells:
        assert unnamed(then, now, one, keeps_lines=found.keeps_lines).startswith("đơn vị đổi dòng hoặc biến động")


def test_a_weighted_mean_is_explained_by_its_weight(world: World) -> None:
    form = ruled_form()
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)

    def send(light: str, at: datetime = AT, **cells: Any) -> None:
        rows = Obligation.objects.select_related("form", "period__rule", "unit", "receiver")
        owed = rows.get(form=form, unit__key=light)
        figures = factories.figures_for(form, "own", "total", **cells)
        sent = services.submit(owed, figures=figures, by=SYSTEM, at=at, amendment_reason="counted again")
        services.accept(sent, by=SYSTEM, at=at, explanations=True)

    send("n1", lamps=10, mean=Decimal("2.00"))
    send("n2", lamps=10, mean=Decimal("4.00"))
    confirm(world, form)
    send("n1", at=AT + timedelta(days=1), lamps=30, mean=Decimal("2.00"))
    _, _, found = steps(world, form)
    mean = cell(found, "", "mean")
    assert mean.difference.now is not None
    assert (mean.difference.now.value, [why.unit.key for why in mean.why]) == (Decimal("2.5"), ["n1"])


def test_an_event_explains_only_lines_that_it_touches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    row = Snapshot.objects.get()
    for line in (*row.content["lines"], row.content["total"]):
        line["cells"][0][4] = "9"  # as if it had been counted in another way then
    row.checksum = checksum_of(row.content)
    row.save()
    touching = EventCard("e1", "Storm", date(2024, 4, 1), False, frozenset({world.lights["s1"].pk}))
    monkeypatch.setattr(selectors.changes, "_events", lambda *_: [touching])
    then, now, found = steps(world)
    words = {one.difference.line_key: unnamed(then, now, one, keeps_lines=True) for one in found.cells}
    event = "biến động đơn vị ghi trong khoảng này"
    assert words == {"north": "cách cộng của bảng", "south": event, "": event}


@pytest.mark.parametrize("link", ["//evil.example/x", "/\\evil.example/x", "ftp://evil.example/x"])
def test_a_link_to_another_host_without_its_scheme_is_refused(world: World, link: str) -> None:
    document = Document("1", date(2024, 4, 2), link)
    with pytest.raises(PublishingRefused, match="Đường dẫn"):
        services.publish_table(
            FORM_KEY, world.period, world.coast.pk, document=document, made_from="live", by=SYSTEM, at=AT
        )


def test_who_confirms_is_looked_for_on_the_local_day(world: World) -> None:
    early = datetime(2026, 3, 2, 2, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))  # still the day before in UTC
    user = orgs.person("new-head")
    orgs.post(user, world.coast, Role.HEAD, valid_from=date(2026, 3, 2))
    by = tree.actor_for(user.pk, user.full_name, date(2026, 3, 2))
    snapshot = services.confirm_table(FORM_KEY, world.period, world.coast.pk, by=by, at=early)
    assert snapshot.act.unit_id == world.coast.pk


def test_a_kept_table_follows_the_words_of_the_period_and_the_pack(world: World) -> None:
    world.report("n1", all=10, good=4)

    def stamp() -> keeping.Stamp:
        return keeping.standing(world.form, world.period)

    def label() -> str:
        period = Period.objects.select_related("rule").get(pk=world.period.pk)
        return selectors.consolidate_kept(world.form, period, world.coast.pk).period.label

    assert label() != "Spring"
    Period.objects.filter(pk=world.period.pk).update(label="Spring")
    assert label() == "Spring"
    before = stamp()
    world.form.owing_rules.update(deadline_set="moon")
    between = stamp()
    Pack.objects.create(key="p", title="P", version="1", checksum="a" * 64, loaded_at=AT)
    assert len({before, between, stamp()}) == 3


def test_a_row_written_twice_in_one_transaction_is_read_again(world: World) -> None:
    world.report("n1", all=10, good=4)
    row = confirm(world)

    def note() -> str:
        found = selectors.confirmed_table(world.form, world.period, world.coast.pk)
        assert found is not None
        return found.note

    for words in ("once", "twice", "again"):
        row.note = words
        row.save()
        assert note() == words


def test_what_units_wrote_is_compared_too(world: World) -> None:
    form = ruled_form()
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    rows = Obligation.objects.select_related("form", "period__rule", "unit", "receiver")

    def send(light: str, wishes: str) -> None:
        figures = factories.figures_for(form, "own", "total", lamps=1, wishes=wishes)
        owed = rows.get(form=form, unit__key=light)
        sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, amendment_reason="said otherwise")
        services.accept(sent, by=SYSTEM, at=AT, explanations=True)

    send("n1", "more oil")
    send("s1", "a boat")
    confirm(world, form)
    send("n1", "less oil")
    then, now, _ = steps(world, form)
    found = selectors.compare_texts(now, then)
    assert [(one.unit_name, one.then, one.now) for one in found] == [("Light N1", "more oil", "less oil")]
    query = f"?unit={world.coast.key}"
    client = browser(world, world.coast)
    table = reverse("reporting:table", args=[form.key, world.period.code])
    assert "1 ô ghi chữ khác" in text_of(client.get(f"{table}{query}"))
    page = reverse("reporting:readings", args=[form.key, world.period.code])
    assert "Light N1: “more oil” → “less oil”" in text_of(client.get(f"{page}{query}"))


def test_a_frozen_table_is_opened_without_consolidating_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for light in ("n1", "n2"):
        world.report(light, all=10, good=4)
    confirm(world)
    amend(world, "n1", all=12, good=4)
    client = browser(world, world.coast)
    address = table_of(world, world.coast, "&layer=confirmed")
    client.get(address)
    for name in ("consolidate", "sources_of", "volume_shares"):
        monkeypatch.setattr(keeping, name, lambda *_, **__: pytest.fail("read again"))
    with CaptureQueriesContext(connection) as first:
        client.get(address)
    monkeypatch.undo()
    for light in ("n3", "s1", "s2", "s3"):
        world.report(light, all=10, good=4)
    client.get(address)
    with CaptureQueriesContext(connection) as second:
        client.get(address)
    assert len(first) == len(second)


@pytest.fixture
def above(world: World) -> World:
    """The harbours owe the form too; the north has reported itself."""
    factories.owe(world.form, world.rule, "harbour", "coast")
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    world.report("north", all=300, good=150)
    return world


def asked(world: World, level: str = "self", **more: str) -> CellsRead:
    word = f"{FORM_KEY}/own/total/all"
    given = {"measure": [word], "period": ["quarters:2024-Q1"], "unit": ["north"], "level": [level]}
    given |= {name: [value] for name, value in more.items()}
    query = parse(given)
    measures = [one for one in query.measures if isinstance(one, CellMeasure)]
    return answer_cells(measures, query, tree.card(world.harbours[0].pk, date(2024, 3, 31)))


def total(found: CellsRead) -> Decimal | None:
    return next(one.value for (key, _, _), one in found.cells.items() if key == "north")


def test_what_a_unit_reported_itself_answers_while_nothing_beneath_has_figures(above: World) -> None:
    found = asked(above)
    assert total(found) == 300
    said = next(one for (key, _, _), one in found.said.items() if key == "north")
    assert said.coverage is not None
    assert (said.coverage.received, said.coverage.expected) == (1, 1)
    assert said.sentence.startswith("Theo báo cáo của chính đơn vị")


def test_what_stands_beneath_answers_as_soon_as_it_has_figures(above: World) -> None:
    above.report("n1", all=10, good=4)
    found = asked(above)
    assert total(found) == 10
    said = next(one for (key, _, _), one in found.said.items() if key == "north")
    assert said.sentence == ""


@pytest.mark.parametrize("day", ["2024-03-31", "2024-06-30"])
def test_it_answers_in_the_tree_of_another_day_while_the_same_stand_beneath(above: World, day: str) -> None:
    found = asked(above, geography=day)
    assert total(found) == 300
    said = next(one for (key, _, _), one in found.said.items() if key == "north")
    assert said.sentence.startswith("Theo báo cáo của chính đơn vị")


def test_it_does_not_answer_for_a_day_on_which_others_stand_beneath(above: World) -> None:
    """n1 passes to the south: what the north said then holds a light that it has no more."""
    UnitParent.objects.filter(unit__key="n1").update(valid_to=date(2024, 5, 1))
    orgs.place(above.lights["n1"], above.harbours[1], valid_from=date(2024, 5, 1))
    orgs.grow()
    assert total(asked(above, geography="2024-04-30")) == 300
    found = asked(above, geography="2024-06-30")
    assert total(found) is None
    said = next(one for (key, _, _), one in found.said.items() if key == "north")
    assert "đã khác với địa giới đang xem" in said.sentence
    assert total(asked(above)) == 300


def test_without_any_report_it_is_missing(world: World) -> None:
    factories.owe(world.form, world.rule, "harbour", "coast")
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    found = asked(world)
    assert total(found) is None
