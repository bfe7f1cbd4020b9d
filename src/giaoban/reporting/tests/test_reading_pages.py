"""The four readings on pages: the switch, the page side by side, its file, and the acts on it."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit, UnitParent
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Snapshot
from giaoban.reporting.selectors import keeping
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_changes import amend
from giaoban.reporting.tests.test_pages import browser, table_of, text_of
from giaoban.reporting.tests.test_readings import confirm, present, publish

pytestmark = pytest.mark.django_db

GIVEN = {"number": "12/BC", "issued_on": "2024-04-02", "made_from": "live", "link": "", "note": ""}


@pytest.fixture
def world() -> World:
    return tiny_world()


def page_of(unit: Unit, query: str = "") -> str:
    return f"{reverse('reporting:readings', args=[FORM_KEY, '2024-Q1'])}?unit={unit.key}{query}"


@pytest.fixture
def four(world: World) -> World:
    """Confirmed 10, presented 12, published 15, live 20; a second light came after the publication."""
    world.report("n1", all=10, good=4)
    confirm(world)
    amend(world, "n1", 1, all=12, good=4)
    present(world)
    amend(world, "n1", 2, all=15, good=4)
    publish(world)
    amend(world, "n1", 3, all=20, good=4)
    world.report("s1", all=1, good=1, at=AT + timedelta(hours=3))
    return world


def test_an_empty_page_says_what_makes_each_reading(world: World) -> None:
    world.report("n1", all=10, good=4)
    text = text_of(browser(world, world.coast, Role.HEAD).get(page_of(world.coast)))
    assert "Bảng mới có bản trực tiếp" in text
    for words in ("Chưa xác nhận lần nào", "Chưa trình lần nào", "Chưa ghi công bố lần nào", "Ghi công bố bảng này"):
        assert words in text


def test_each_difference_names_the_unit_the_version_and_the_reason(four: World) -> None:
    response = browser(four, four.coast, Role.HEAD).get(page_of(four.coast))
    text = text_of(response)
    assert "Tổng số › Lamps › All lamps (lamp) 21 10 , khác bảng trực tiếp 12 , khác bảng trực tiếp" in text
    assert "Đã xác nhận → đã trình: +2 , Light N1 sửa số liệu, bản 1 → 2: “miscounted 1”" in text
    assert "Đã trình → đã công bố: +3 , Light N1 sửa số liệu, bản 2 → 3: “miscounted 2”" in text
    assert "Light S1 mới tiếp nhận" in text
    assert "Đã công bố bằng văn bản số 7/BC ngày 02/04/2024" in text
    assert "Book of April" in text
    html = response.content.decode()
    for layer in ("confirmed", "presented", "published"):
        assert f"layer={layer}&amp;origin=%7Cown%7Ctotal%7C%7Call#nguon" in html


def test_every_number_of_a_frozen_reading_opens_what_stood_then(four: World) -> None:
    client = browser(four, four.coast, Role.HEAD)
    for layer, number in (("confirmed", 10), ("presented", 12), ("published", 15)):
        html = client.get(table_of(four, four.coast, f"&layer={layer}&origin=|own|total||all"))
        assert 'id="nguon"' in html.content.decode()
        assert f"Tổng số: {number}" in text_of(html)


def test_all_cells_and_only_those_that_differ(four: World) -> None:
    client = browser(four, four.coast, Role.HEAD)
    assert "North Harbour › Mean age" not in text_of(client.get(page_of(four.coast)))
    every = text_of(client.get(page_of(four.coast, "&show=all")))
    assert "North Harbour › Mean age" in every
    assert "như nhau" in every


def test_the_file_has_a_line_for_each_unit_of_each_step(four: World) -> None:
    address = reverse("reporting:readings-csv", args=[FORM_KEY, "2024-Q1"])
    content = browser(four, four.coast, Role.HEAD).get(f"{address}?unit=coast").content.decode("utf-8-sig")
    header, *lines = list(csv.reader(io.StringIO(content)))
    assert {len(line) for line in lines} == {len(header)}
    total = [line for line in lines if line[0] == "Tổng số" and line[1].startswith("Lamps › All")]
    assert total[0][2:6] == ["21", "10", "12", "15"]
    assert [(line[6], line[8], line[10], line[12]) for line in total] == [
        ("Đã xác nhận", "Đã trình", "2", "Light N1"),
        ("Đã trình", "Đã công bố", "3", "Light N1"),
        ("Đã công bố", "Trực tiếp", "6", "Light N1"),
        ("Đã công bố", "Trực tiếp", "6", "Light S1"),
    ]


def test_the_switch_has_four_layers_and_its_file_says_which(four: World) -> None:
    client = browser(four, four.coast, Role.HEAD)
    text = text_of(client.get(table_of(four, four.coast)))
    assert "Trực tiếp 21 Đã xác nhận 10 Đã trình 12 Đã công bố 15" in text
    published = text_of(client.get(table_of(four, four.coast, "&layer=published")))
    assert "(đã công bố, văn bản số 7/BC)" in published
    assert "Thay đổi kể từ khi công bố" in published
    address = reverse("reporting:table-csv", args=[FORM_KEY, "2024-Q1"])
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}?unit=coast&layer=published").content.decode())))
    assert {(row["layer"], row["document"]) for row in rows} == {("published", "7/BC")}
    assert {datetime.fromisoformat(row["frozen_at"]) for row in rows} == {AT}
    changes = client.get(f"{reverse('reporting:changes-csv', args=[FORM_KEY, '2024-Q1'])}?unit=coast&layer=presented")
    assert "(đã trình)" in changes.content.decode()


def test_publishing_from_the_page_and_taking_it_back(world: World) -> None:
    world.report("n1", all=10, good=4)
    client, address = browser(world, world.coast, Role.RECEIVER), page_of(world.coast)
    done = client.post(address, GIVEN, follow=True)
    assert "Đã ghi công bố." in text_of(done)
    assert "Văn bản số 12/BC ngày 02/04/2024" in text_of(done)
    row = Snapshot.objects.get()
    again = client.post(address, GIVEN)
    assert again.status_code == 422
    assert "Đã ghi công bố bằng văn bản số 12/BC" in text_of(again)
    empty = client.post(address, {"publication": row.pk, "reason": ""})
    assert empty.status_code == 422
    assert "Nêu lý do rút lại" in text_of(empty)
    back = client.post(address, {"publication": row.pk, "reason": "Nhầm bảng"}, follow=True)
    assert "Đã rút lại lần ghi công bố." in text_of(back)
    assert "“Nhầm bảng”" in text_of(back)
    assert "Chưa ghi công bố lần nào" in text_of(back)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": ""}, "Nêu số, ký hiệu"),
        ({"issued_on": "soon"}, "Ngày không đọc được"),
        ({"issued_on": "2999-01-01"}, "ở sau hôm nay"),
        ({"made_from": "confirmed"}, "Xem lại các ô có lỗi"),
        ({"link": "ftp:no"}, "Đường dẫn phải bắt đầu"),
    ],
)
def test_what_cannot_be_published_keeps_what_was_typed(world: World, changes: dict[str, str], words: str) -> None:
    response = browser(world, world.coast, Role.HEAD).post(page_of(world.coast), {**GIVEN, **changes, "note": "Kept"})
    assert response.status_code == 422
    assert words in text_of(response)
    assert "Kept" in response.content.decode()
    assert not Snapshot.objects.exists()


def test_who_may_see_and_who_may_publish(four: World) -> None:
    row = Snapshot.objects.get(layer="published")
    officer = browser(four, four.coast, Role.OFFICER)
    assert "Ghi công bố bảng này" not in text_of(officer.get(page_of(four.coast)))
    for client in (officer, browser(four, four.harbours[0])):
        for given in (GIVEN, {"number": ""}, {"publication": row.pk, "reason": "x"}, {"publication": "y"}):
            assert client.post(page_of(four.coast), given).status_code in (403, 404)
    assert browser(four, four.harbours[0]).get(page_of(four.harbours[1])).status_code == 404
    assert Snapshot.objects.count() == 3
    assert not Act.objects.filter(name="reporting.withdraw-publication").exists()


def test_a_publication_of_another_table_is_not_taken_back_here(four: World) -> None:
    by = four.actor(four.harbours[0])
    document = services.Document("9/BC", AT.date())
    row = services.publish_table(
        FORM_KEY, four.period, four.harbours[0].pk, document=document, made_from="live", by=by, at=AT
    )
    client = browser(four, four.coast, Role.HEAD)
    assert client.post(page_of(four.coast), {"publication": row.pk, "reason": "x"}).status_code == 422
    assert not Act.objects.filter(name="reporting.withdraw-publication").exists()


def test_the_page_costs_the_same_whatever_changed(four: World) -> None:
    client = browser(four, four.coast, Role.HEAD)

    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    addresses = (page_of(four.coast), table_of(four, four.coast), table_of(four, four.coast, "&layer=published"))
    before = [cost(one) for one in addresses]
    for light in ("n2", "n3", "s2", "s3"):
        four.report(light, all=5, good=5)
        amend(four, light, all=6, good=5)
    assert [cost(one) for one in addresses] == before


# Tables kept in the process


def live(world: World) -> selectors.ConsolidatedTable:
    kept = selectors.consolidate_kept(world.form, world.period, world.coast.pk)
    plain = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert (kept.lines, kept.total, kept.changed_at) == (plain.lines, plain.total, plain.changed_at)
    return kept


def test_a_kept_table_reads_as_a_fresh_one_after_every_act(world: World) -> None:
    keeping._tables.held.clear()
    live(world)
    sent = world.send("n1", all=10, good=4)
    live(world)
    services.accept(sent, by=world.actor(world.harbours[0]), at=AT)
    assert live(world).total.cells["own", "total", "", "all"].value == 10
    amend(world, "n1", all=12, good=4)
    assert live(world).total.cells["own", "total", "", "all"].value == 12
    orgs.unit("n4", "light", name="Light N4", under=world.harbours[0])
    orgs.grow()
    live(world)
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    assert live(world).coverage.expected == 7  # type: ignore[union-attr]
    world.form.obligations.filter(unit=world.lights["n1"]).update(simulated=True)
    assert live(world).simulated
    first, again = live(world), live(world)
    assert first.as_of < again.as_of


def test_what_changed_while_a_table_was_read_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping._tables.held.clear()
    stamps = iter([("before",), ("after",), ("after",), ("after",)])
    monkeypatch.setattr(keeping, "standing", lambda *_: next(stamps))
    selectors.consolidate_kept(world.form, world.period, world.coast.pk)
    assert not keeping._tables.held
    selectors.consolidate_kept(world.form, world.period, world.coast.pk)
    assert len(keeping._tables.held) == 1


def test_only_so_many_tables_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping._tables.held.clear()
    monkeypatch.setattr(keeping, "KEPT", 2)
    for unit in (world.coast, *world.harbours):
        selectors.consolidate_kept(world.form, world.period, unit.pk)
    assert [key[-3] for key in keeping._tables.held] == [one.pk for one in world.harbours]


def test_the_tree_of_another_day_shows_nobody_outside(world: World) -> None:
    """n3 left the north before the period: its report went south, and the north reads it in no tree."""
    world.report("n3", all=9, good=4)
    UnitParent.objects.filter(unit=world.lights["n3"]).update(valid_to=date(2023, 1, 1))
    orgs.place(world.lights["n3"], world.harbours[1], valid_from=date(2023, 1, 1))
    orgs.grow()
    north = world.harbours[0]
    place = [FORM_KEY, "2024-Q1"]
    pages = [reverse(f"reporting:{name}", args=place) for name in ("table", "table-csv", "readings", "readings-csv")]
    for page in pages:
        for query in ("geography=2022-06-01", "beside=2022-06-01"):
            address = f"{page}?unit={north.key}&{query}"
            refused = browser(world, north, Role.HEAD).get(address)
            assert refused.status_code == 404
            assert "Light N3" in refused.content.decode()
            assert browser(world, world.coast, Role.HEAD).get(address).status_code == 200
        assert browser(world, north, Role.HEAD).get(f"{page}?unit={north.key}&geography=2024-06-01").status_code == 200
