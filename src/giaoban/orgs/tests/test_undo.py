"""Taking events back: everything stands as before, or all that stands against it is said."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.orgs import services
from giaoban.orgs.models import (
    Area,
    AreaSuccession,
    AreaVersion,
    Event,
    EventState,
    ServedArea,
    Unit,
    UnitClosure,
    UnitParent,
    UnitReach,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.services import EventRefused
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, ON, SYSTEM, Land, event, land, merge_areas, merge_units, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Land:
    return land()


def state() -> dict[str, list[Any]]:
    """All rows that an event may touch, without their own ids."""
    found: dict[str, list[Any]] = {}
    tables = (Area, AreaVersion, AreaSuccession, Unit, UnitVersion, UnitParent, ServedArea, UnitSuccession)
    for model in (*tables, UnitClosure, UnitReach):
        columns = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
        found[model.__name__] = sorted(map(repr, model._default_manager.values_list(*columns)))
    return found


def undo(done: Event, **more: Any) -> Event:
    return services.undo(done, **{"reason": "ghi nhầm", "by": SYSTEM, "at": AT, **more})


STEPS: list[tuple[str, list[dict[str, Any]]]] = [
    ("merge", [merge_areas("a", "b")]),
    ("absorb", [merge_areas("a", into="xa:b")]),
    ("merge of units", [merge_units("a", "b", into="ubnd-xa:a")]),
    ("rename", [{"step": "rename", "tree": "area", "key": "xa:a", "name": "Xã Mới"}]),
    ("serve", [{"step": "serve", "tree": "unit", "key": "so:p", "areas": ["xa:a", "xa:b"]}]),
    ("level", [{"step": "abolish-level", "tree": "unit", "kinds": ["so"]}]),
    (
        "split",
        [{"step": "split", "tree": "area", "old": "xa:c", "parts": [{"into": "xa:b"}, {"into": "xa:d"}]}],
    ),
    ("transfer", [{"step": "transfer", "tree": "unit", "old": "so:p", "heirs": ["ubnd-xa:a"], "duties": "chứng thực"}]),
]


@pytest.mark.parametrize("steps", [steps for _, steps in STEPS], ids=[name for name, _ in STEPS])
def test_an_undone_event_leaves_everything_as_it_stood(here: Land, steps: list[dict[str, Any]]) -> None:
    before = state()
    done = record(event(*steps))
    assert state() != before
    assert services.can_undo(done) == []
    back = undo(done)
    assert (back.state, back.undone_at) == (EventState.UNDONE, AT)
    assert state() == before
    assert [entry.name for entry in acts_on(done)] == ["orgs.undo-event", "orgs.record-event"]
    record(event(*steps))


def test_an_event_ahead_is_undone_too(here: Land) -> None:
    before = state()
    done = record(event(merge_areas("a", "b"), on=date(2026, 12, 1)))
    undo(done)
    assert state() == before
    assert services.take_effect(date(2026, 12, 1)) == []


def test_posts_come_back(here: Land) -> None:
    user = factories.person("an")
    post = factories.post(user, here.communes["a"], Role.OFFICER)
    post.fields.add(factories.field("ho-tich"))
    soon = factories.post(user, here.communes["b"], Role.HEAD, valid_from=date(2026, 8, 1))
    done = record(event(merge_areas("a", "b")))
    held = user.posts.filter(unit__key="ubnd-xa:e")
    assert {(one.role, one.valid_from) for one in held} == {("officer", ON), ("head", date(2026, 8, 1))}
    assert [one.key for one in held.get(role="officer").fields.all()] == ["ho-tich"]
    undo(done)
    rows = {(one.pk, one.unit.key, one.valid_from, one.valid_to) for one in user.posts.all()}
    assert rows == {(post.pk, "ubnd-xa:a", None, None), (soon.pk, "ubnd-xa:b", date(2026, 8, 1), None)}


def test_what_depends_on_an_event_is_said_and_nothing_is_undone(here: Land) -> None:
    first = record(event(merge_areas("a", "b")))
    second = record(
        event({"step": "rename", "tree": "area", "key": "phuong:e", "name": "Phường Em"}, on=date(2026, 7, 5))
    )
    factories.post(factories.person("an"), Unit.objects.get(key="ubnd-xa:e"))
    before = state()
    with pytest.raises(EventRefused) as refusal:
        undo(first)
    assert refusal.value.reasons == (
        "Biến động ghi sau “Đổi tên: Phường E” (05/07/2026) cũng chạm đến các nơi này: hoàn tác biến động đó trước.",
        "Chức vụ và quyền: 1 chức vụ đã giao ở đơn vị mới lập.",
    )
    assert state() == before
    undo(second)
    assert services.can_undo(first) == ["Chức vụ và quyền: 1 chức vụ đã giao ở đơn vị mới lập."]


def test_what_stands_on_something_new_is_said(here: Land) -> None:
    done = record(event(merge_areas("a", "b")))
    made = Unit.objects.get(key="ubnd-xa:e")
    factories.unit("to:1", "to", under=made, valid_from=ON)
    assert services.can_undo(done) == ["1 đơn vị đã đặt dưới nơi mới lập."]
    with pytest.raises(EventRefused):
        undo(done)


def test_rows_that_somebody_changed_since_are_not_overwritten(here: Land) -> None:
    done = record(event(merge_areas("a", "b")))
    UnitVersion.objects.filter(unit=here.communes["a"]).update(note="đã sửa")
    assert any("gói danh mục" in reason for reason in services.can_undo(done))


def test_an_event_of_the_pack_and_one_undone_already_are_refused(here: Land) -> None:
    told = Event.objects.create(key="nq-1", kind="merge", title="Nghị quyết 1", on=ON)
    assert "gói danh mục" in services.can_undo(told)[0]
    done = record(event(merge_areas("a", "b")))
    undo(done)
    with pytest.raises(EventRefused, match="đã được hoàn tác"):
        undo(done)


def test_undoing_takes_a_reason_and_the_right(here: Land) -> None:
    done = record(event(merge_areas("a", "b")))
    with pytest.raises(EventRefused) as refusal:
        undo(done, reason=" ")
    assert refusal.value.field == "reason"
    for by in (here.admin(here.office), here.admin(here.communes["c"]), factories.actor("head", here.province)):
        with pytest.raises(PermissionDenied):
            undo(done, by=by)
    undo(done, by=here.admin(here.province))
