"""What hangs on units when these change: posts here, and how the rooms are asked."""

from datetime import date
from decimal import Decimal

import pytest

from giaoban.kit.permissions import Role
from giaoban.kit.registries import UnitChange, unit_dependents
from giaoban.orgs import offers, services
from giaoban.orgs.models import Post, Unit
from giaoban.orgs.services.workings import change_as_data, change_from_data
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, ON, SYSTEM, TODAY, Land, event, land, merge_areas, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Land:
    return land()


def test_the_room_is_registered() -> None:
    assert "orgs" in unit_dependents.names()


def test_a_change_says_who_succeeds_wholly_and_survives_as_data() -> None:
    change = UnitChange(
        on=ON,
        names={1: "A", 2: "B", 3: "C", 4: "D"},
        ended=(1, 2, 3),
        successor_of={1: ((4, Decimal(1)),), 2: ((4, Decimal("0.5")), (5, Decimal("0.5"))), 6: ((4, Decimal(1)),)},
        moved=(7,),
    )
    assert (change.heirs, change.heirless) == ({1: 4}, (2, 3))
    assert change_from_data(change_as_data(change)) == change


def test_a_preview_names_posts_and_readers_before_anything_is_written(here: Land) -> None:
    user = factories.person("an", "An")
    factories.post(user, here.communes["a"], Role.HEAD)
    seen = services.preview(event(merge_areas("a", "b")), by=SYSTEM, at=AT, today=TODAY)
    (room,) = seen.effects
    assert (room.room, room.title) == ("orgs", "Chức vụ và quyền")
    posts, readers = room.effects
    assert (posts.count, posts.named) == (1, ("An, Thủ trưởng, Ủy ban nhân dân xã A",))
    assert "Ủy ban nhân dân phường E đọc lịch sử của Ủy ban nhân dân xã A" in readers.named
    assert Post.objects.count() == 1


def test_a_post_goes_on_at_the_one_successor_as_it_was(here: Land) -> None:
    user = factories.person("an")
    Post.objects.create(user=user, unit=here.communes["a"], role="head", acting=True, valid_to=date(2026, 12, 1))
    record(event(merge_areas("a", "b")))
    old, new = user.posts.order_by("pk")
    assert (old.valid_to, new.unit.key, new.acting, new.valid_from, new.valid_to) == (
        ON,
        "ubnd-xa:e",
        True,
        ON,
        date(2026, 12, 1),
    )


def test_a_post_that_is_held_at_the_successor_already_only_ends(here: Land) -> None:
    user = factories.person("an")
    for letter in "ab":
        factories.post(user, here.communes[letter])
    record(event(merge_areas("a", into="xa:b")))
    assert {(post.unit.key, post.valid_to) for post in user.posts.all()} == {("ubnd-xa:a", ON), ("ubnd-xa:b", None)}


def test_without_one_successor_a_post_ends_and_is_listed_for_a_person(here: Land) -> None:
    user = factories.person("an", "An")
    factories.post(user, here.communes["c"])
    factories.post(user, here.communes["c"], Role.OFFICER, valid_from=date(2026, 9, 1))
    split = {"step": "split", "tree": "area", "old": "xa:c", "parts": [{"into": "xa:b"}, {"into": "xa:d"}]}
    done = record(event(split))
    (room,) = services.recorded_effects(done)
    left = [(one.count, one.consequence) for one in room.effects if one.needs_person]
    assert left == [(1, offers.LEFT), (1, offers.CLOSED)]
    posts = user.posts.order_by("pk").values_list("role", "valid_from", "valid_to")
    assert list(posts) == [("head", None, ON), ("officer", date(2026, 9, 1), date(2026, 9, 2))]


def test_a_moved_unit_keeps_its_posts_and_the_preview_says_who_reads_it(here: Land) -> None:
    user = factories.person("an")
    factories.post(user, here.room)
    move = {"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": "ubnd-tinh:p"}
    done = record(event(move))
    (room,) = services.recorded_effects(done)
    assert [(one.what, one.named) for one in room.effects] == [("đơn vị đổi cấp trên", ("Phòng Một",))]
    assert user.posts.get().valid_to is None
    assert Unit.objects.count() == 7
