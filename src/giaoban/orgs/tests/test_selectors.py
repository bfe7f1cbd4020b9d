from datetime import date

import pytest
from django.http import Http404

from giaoban.kit.actors import Actor, HeldPost, system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors
from giaoban.orgs.models import Area, AreaCode, AreaKind, AreaVersion, Region, RegionMember, Unit, UnitVersion
from giaoban.orgs.selectors import lookup
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

MERGED = date(2025, 7, 1)
BEFORE, TODAY = date(2025, 6, 30), date(2026, 1, 1)


class Coast:
    """Two old offices with a light each became one office on MERGED; a third office stands beside them.

    Each old office had a hut that ended earlier, and the east light moved to the third office before the merger.
    """

    def __init__(self) -> None:
        self.board = factories.unit("board", "board", name="Ban Bờ biển")
        self.east = factories.unit("east", "office", name="Trạm Đông", under=self.board, valid_to=MERGED)
        self.west = factories.unit("west", "office", name="Trạm Tây", under=self.board, valid_to=MERGED)
        self.long = factories.unit("long", "office", name="Trạm Dài", under=self.board, valid_from=MERGED)
        self.south = factories.unit("south", "office", name="Trạm Nam", under=self.board)
        self.lamp = factories.unit("lamp", "light", name="Đèn Tân An", under=self.long, valid_from=MERGED)
        self.hut = factories.unit("hut", "light", name="Đèn Tân Ẩn", under=self.east, valid_to=date(2020, 1, 1))
        self.south_light = factories.unit("south-light", "light", name="Đèn Nam", under=self.south)
        self.moved = factories.unit("moved", "light", name="Đèn Chuyển")
        factories.place(self.moved, self.east, valid_to=date(2022, 1, 1))
        factories.place(self.moved, self.south, valid_from=date(2022, 1, 1))
        factories.pass_on(self.east, self.long, MERGED)
        factories.pass_on(self.west, self.long, MERGED)
        factories.grow()

    def seen_by(self, unit: Unit, on: date = TODAY) -> set[str]:
        actor = Actor(1, "Ai", (HeldPost(unit.pk, Role.OFFICER),), unit.pk)
        return set(selectors.visible_to(actor, on).values_list("key", flat=True))


@pytest.fixture
def coast() -> Coast:
    return Coast()


def test_own_unit_and_all_beneath_are_seen_the_parent_and_siblings_are_not(coast: Coast) -> None:
    assert coast.seen_by(coast.south) == {"south", "south-light", "moved"}
    assert coast.seen_by(coast.south_light) == {"south-light"}


def test_a_parent_sees_everything_beneath_with_its_history(coast: Coast) -> None:
    assert coast.seen_by(coast.board) == set(Unit.objects.values_list("key", flat=True))


def test_a_successor_inherits_its_predecessors_and_what_ended_beneath_them(coast: Coast) -> None:
    assert coast.seen_by(coast.long) == {"long", "lamp", "east", "west", "hut"}


def test_a_successor_does_not_see_the_siblings_of_a_predecessor_nor_what_moved_away_alive(coast: Coast) -> None:
    assert not coast.seen_by(coast.long) & {"board", "south", "south-light", "moved"}


def test_before_the_succession_nothing_is_inherited(coast: Coast) -> None:
    assert coast.seen_by(coast.long, BEFORE) == {"long"}


def test_inheritance_goes_through_several_successions(coast: Coast) -> None:
    newest = factories.unit("newest", "office", under=coast.board, valid_from=date(2026, 1, 1))
    UnitVersion.objects.filter(unit=coast.long).update(valid_to=date(2026, 1, 1))
    factories.pass_on(coast.long, newest, date(2026, 1, 1))
    factories.grow()
    assert {"long", "east", "west", "hut"} <= coast.seen_by(newest)


def test_a_predecessor_that_lives_on_is_not_inherited(coast: Coast) -> None:
    factories.pass_on(coast.south, coast.long, MERGED, whole=False)
    assert not coast.seen_by(coast.long) & {"south", "south-light"}


def test_nobody_sees_anything_without_a_post_and_the_system_sees_all(coast: Coast) -> None:
    assert not selectors.visible_to(Actor(1, "Ai"), TODAY).exists()
    assert selectors.visible_to(system_actor("máy"), TODAY).count() == Unit.objects.count()


def test_unit_for_is_a_404_outside_the_scope(coast: Coast) -> None:
    actor = Actor(1, "Ai", (HeldPost(coast.south.pk, Role.HEAD),), coast.south.pk)
    assert selectors.unit_for(actor, "south-light", TODAY).name == "Đèn Nam"
    for key in ("board", "lamp", "nowhere"):
        with pytest.raises(Http404):
            selectors.unit_for(actor, key, TODAY)


def test_tree_reads_follow_the_day(coast: Coast) -> None:
    def children(on: date) -> list[str]:
        return [card.key for card in selectors.children_of(coast.board.pk, "service", on)]

    assert children(BEFORE) == ["east", "south", "west"]
    assert children(MERGED) == ["long", "south"]
    assert selectors.ancestors_of(coast.lamp.pk, "service", TODAY) == [coast.lamp.pk, coast.long.pk, coast.board.pk]
    assert set(selectors.descendant_ids(coast.board.pk, "service", TODAY, kind="light")) == {
        coast.lamp.pk,
        coast.south_light.pk,
        coast.moved.pk,
    }
    assert selectors.branches(coast.board.pk, "service", TODAY) == {
        coast.long.pk: coast.long.pk,
        coast.lamp.pk: coast.long.pk,
        coast.south.pk: coast.south.pk,
        coast.south_light.pk: coast.south.pk,
        coast.moved.pk: coast.south.pk,
    }
    assert selectors.child_count(coast.board.pk, TODAY) == 2
    assert selectors.first_line_beneath(coast.board.pk, TODAY) == "service"
    assert selectors.first_line_beneath(coast.lamp.pk, TODAY) == ""


def test_a_unit_is_called_by_the_version_of_the_day_or_the_nearest_one() -> None:
    unit = factories.unit("harbour", "office", name="Cảng Cũ", valid_to=date(2010, 1, 1))
    UnitVersion.objects.create(
        unit=unit,
        kind=factories.kind("office"),
        name="Cảng Mới",
        short_name="Cảng Mới",
        sort_key="",
        search_key="cang moi",
        valid_from=date(2010, 1, 1),
        valid_to=date(2020, 1, 1),
    )
    assert selectors.card(unit.pk, date(2009, 12, 31)).name == "Cảng Cũ"
    assert selectors.card(unit.pk, date(2010, 1, 1)).name == "Cảng Mới"
    assert selectors.card(unit.pk, TODAY).name == "Cảng Mới"
    assert selectors.cards([], TODAY) == {}
    with pytest.raises(KeyError):
        selectors.card(0, TODAY)


def test_search_ignores_accents_and_finds_living_units_first(coast: Coast) -> None:
    actor = Actor(1, "Ai", (HeldPost(coast.long.pk, Role.HEAD),), coast.long.pk)
    assert [card.key for card in selectors.search_units(actor, "tan an", TODAY)] == ["lamp", "hut"]
    assert [card.key for card in selectors.search_units(actor, "TÂN ẨN", TODAY)] == ["lamp", "hut"]
    assert selectors.search_units(actor, "nam", TODAY) == []
    assert selectors.search_units(actor, "  ", TODAY) == []
    assert len(selectors.search_units(actor, "tr", TODAY, limit=2)) == 2


def test_search_by_a_former_name_gives_the_unit_as_it_is_called_now(coast: Coast) -> None:
    UnitVersion.objects.filter(unit=coast.south).update(valid_to=date(2024, 1, 1))
    UnitVersion.objects.create(
        unit=coast.south,
        kind=factories.kind("office"),
        name="Trạm Mũi",
        short_name="Trạm Mũi",
        sort_key="",
        search_key="tram mui",
        valid_from=date(2024, 1, 1),
    )
    (found,) = selectors.search_units(system_actor("máy"), "tram nam", TODAY)
    assert (found.name, found.has_ended(TODAY)) == ("Trạm Mũi", False)


def test_a_former_name_does_not_make_a_living_unit_an_ended_one() -> None:
    """Only the old version holds the words: the end is that of the last one."""
    pier = factories.unit("pier", "office", name="Tỉnh Quảng Ninh", valid_to=BEFORE)
    UnitVersion.objects.create(
        unit=pier,
        kind=factories.kind("office"),
        name="Thành phố Quảng Ninh",
        short_name="Quảng Ninh",
        sort_key="",
        search_key="thanh pho quang ninh",
        valid_from=BEFORE,
    )
    gone = factories.unit("gone", "office", name="Tỉnh Quảng Ninh cũ", valid_to=BEFORE)
    hits = lookup.search(system_actor("máy"), "tinh quang ninh", TODAY)
    assert [(hit.id, hit.ended_on) for hit in hits] == [(pier.pk, None), (gone.pk, BEFORE)]


def test_history_is_told_from_both_sides(coast: Coast) -> None:
    assert [step.other.key for step in selectors.origins_of(coast.long.pk)] == ["east", "west"]
    (step,) = selectors.successors_of(coast.east.pk)
    assert (step.other.name, step.on, step.kind_name, step.whole) == ("Trạm Dài", MERGED, "hợp nhất, sáp nhập", True)
    assert set(selectors.successors([coast.east.pk, coast.west.pk, coast.south.pk])) == {coast.east.pk, coast.west.pk}
    assert selectors.days_of_change() == (BEFORE,)
    assert [(row.parent.key, row.valid_to) for row in selectors.parents_of(coast.moved.pk)] == [
        ("east", date(2022, 1, 1)),
        ("south", None),
    ]


def test_the_number_of_queries_does_not_grow_with_the_number_of_units(
    coast: Coast, django_assert_num_queries: object
) -> None:
    ids = list(Unit.objects.values_list("pk", flat=True))
    with django_assert_num_queries(1):  # type: ignore[operator]
        selectors.cards(ids, TODAY)
    with django_assert_num_queries(2):  # type: ignore[operator]
        selectors.successors(ids)
    with django_assert_num_queries(2):  # type: ignore[operator]
        selectors.parents_of(coast.moved.pk)


def area(key: str, name: str, *, code: str = "", parent: Area | None = None, until: date | None = None) -> Area:
    kind = AreaKind.objects.get_or_create(key="shore", defaults={"name": "bờ", "level": 1})[0]
    made = Area.objects.create(key=key)
    AreaVersion.objects.create(
        area=made,
        kind=kind,
        level=kind.level,
        name=name,
        code=code,
        parent=parent,
        sort_key="",
        search_key="",
        valid_to=until,
    )
    return made


def test_files_may_name_a_unit_by_its_key_or_by_a_code_of_the_area_it_stands_for() -> None:
    shore = area("shore:east", "Bờ Đông")
    AreaCode.objects.create(area=shore, system="pilots", code="E", valid_from=MERGED)
    body = factories.unit("body", "committee", area=shore)
    factories.kind("committee")
    UnitVersion.objects.filter(unit=body).update(kind=factories.kind("council", represents_area=True))
    factories.unit("other", "office", area=shore)
    found = selectors.resolve_units(["body", "pilots:E", "pilots:X", "nobody"], TODAY)
    assert found == {"body": body.pk, "pilots:E": body.pk}
    assert selectors.resolve_units(["pilots:E"], BEFORE) == {}


def test_a_region_is_a_dated_set_and_links_only_to_bodies_in_scope() -> None:
    coast = area("coast", "Bờ biển")
    east, west = area("east", "Bờ Đông", parent=coast), area("west", "Bờ Tây", parent=coast)
    region = Region.objects.create(key="far", name="Vùng xa", verified=False, note="giả định")
    RegionMember.objects.create(region=region, area=east)
    RegionMember.objects.create(region=region, area=west, valid_from=MERGED)
    council = factories.kind("council", represents_area=True)
    body = factories.unit("body", council.key, area=east)
    actor = Actor(1, "Ai", (HeldPost(body.pk, Role.HEAD),), body.pk)
    places = selectors.region_places(region, actor, TODAY, today=TODAY)
    assert [(place.area.bare, place.unit and place.unit.key) for place in places] == [("Đông", "body"), ("Tây", None)]
    assert [place.area.bare for place in selectors.region_places(region, actor, BEFORE, today=TODAY)] == ["Đông"]
    assert selectors.region_days(region) == [MERGED]
    assert [one.key for one in selectors.regions_of(west.pk, TODAY)] == ["far"]
    assert selectors.wider_areas([east.pk, coast.pk], TODAY)[east.pk].name == "Bờ biển"
    with pytest.raises(Http404):
        selectors.region_by_key("nowhere")


def test_an_area_is_called_by_its_nearest_version() -> None:
    shore = area("east", "Bờ Cũ", until=date(2000, 1, 1))
    kind = AreaKind.objects.get(key="shore")
    AreaVersion.objects.create(
        area=shore,
        kind=kind,
        level=1,
        name="Bờ Mới",
        sort_key="",
        search_key="",
        valid_from=date(2000, 1, 1),
        valid_to=MERGED,
    )
    assert selectors.area_card(shore.pk, TODAY).bare == "Mới"
    assert selectors.area_card(shore.pk, date(1999, 1, 1)).bare == "Cũ"
    assert selectors.area_cards([shore.pk], TODAY) == {}


def test_posts_make_the_actor_of_a_day(coast: Coast) -> None:
    user = factories.person("an")
    factories.post(user, coast.south, Role.OFFICER)
    factories.post(user, coast.board, Role.HEAD, valid_from=MERGED)
    before, today = (selectors.actor_for(user.pk, "An", on) for on in (BEFORE, TODAY))
    assert before.unit_ids == (coast.south.pk,)
    assert today.unit_ids == (coast.south.pk, coast.board.pk)
    assert selectors.actor_for(user.pk, "An", TODAY, acting_for=coast.board.pk).unit_name == "Ban Bờ biển"
    assert selectors.actor_for(user.pk, "An", TODAY, acting_for=coast.long.pk).unit_id == coast.south.pk
    assert selectors.people_at(coast.board.pk, TODAY) == [("An", Role.HEAD, False)]
