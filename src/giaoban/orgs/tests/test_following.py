"""Posts through events and back without loss; the day of events entered ahead, also when one of them fails."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from giaoban.kit.actors import Actor
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.kit.registries import Receipt, UnitChange, unit_dependents
from giaoban.orgs import offers, services
from giaoban.orgs.models import Event, EventState, Post, Unit, UnitParent, UnitSuccession, UnitVersion
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, ON, SYSTEM, TODAY, Land, event, land, merge_areas, merge_units, record

pytestmark = pytest.mark.django_db
LATER = date(2026, 9, 1)


@pytest.fixture
def here() -> Land:
    return land()


def give(land: Land, letter: str, **more: Any) -> Post:
    words = {"user_id": factories.person("binh").pk, "unit_id": land.communes[letter].pk, "role": Role.HEAD}
    return services.give_post(**{**words, "valid_from": date(2026, 8, 1), "by": SYSTEM, "at": AT, **more})


def test_a_carried_post_that_was_ended_or_changed_stands_against_undoing(here: Land) -> None:
    user = factories.person("an")
    factories.post(user, here.communes["a"])
    done = record(event(merge_areas("a", "b")))
    made = user.posts.get(unit__key="ubnd-xa:e")
    services.end_post(made.pk, on=date(2026, 10, 1), reason="nghỉ hưu", by=SYSTEM, at=AT)
    said = ["Chức vụ và quyền: 1 chức vụ đã chuyển thì sau đó được sửa hoặc cho thôi."]
    assert services.can_undo(done) == said
    with pytest.raises(services.EventRefused):
        services.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    Post.objects.filter(pk=made.pk).update(valid_to=None)
    assert services.can_undo(done) == []
    made.fields.add(factories.field("ho-tich"))
    assert services.can_undo(done) == said


def test_a_carried_post_that_was_lent_stands_against_undoing(here: Land) -> None:
    user = factories.person("an")
    factories.post(user, here.communes["a"])
    done = record(event(merge_areas("a", into="xa:b")))
    services.delegate(
        user.posts.get(unit=here.communes["b"]).pk,
        to_user_id=factories.person("chi").pk,
        valid_from=date(2026, 7, 5),
        valid_to=date(2026, 7, 20),
        reason="đi học",
        by=SYSTEM,
        at=AT,
    )
    assert services.can_undo(done) == ["Chức vụ và quyền: 1 chức vụ đã chuyển thì sau đó được ủy quyền cho người khác."]


def test_a_post_given_after_an_event_was_entered_ahead_is_carried_over(here: Land) -> None:
    factories.post(factories.person("an"), here.communes["a"], Role.OFFICER)
    Post.objects.update(valid_to=LATER)  # ends on that day for its own reasons, before the event is known
    done = record(event(merge_areas("a", "b"), on=LATER))
    with pytest.raises(services.PostRefused, match="không còn từ ngày"):
        give(here, "a")
    services.give_post(
        user_id=factories.person("chi").pk,
        unit_id=here.communes["a"].pk,
        role=Role.HEAD,
        valid_from=date(2026, 8, 1),
        valid_to=LATER,
        by=SYSTEM,
        at=AT,
    )
    (taken,) = services.take_effect(LATER)
    held = Post.objects.filter(unit__key="ubnd-xa:e")
    assert [(one.user.get_username(), one.valid_from, one.valid_to) for one in held] == [("chi", LATER, None)]
    (room,) = services.recorded_effects(taken)
    assert offers.BY_FORCE in {one.what for one in room.effects}
    services.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    assert not Post.objects.filter(unit__key="ubnd-xa:e").exists()


def test_a_backdated_event_never_deletes_a_post(here: Land) -> None:
    one = factories.post(factories.person("an"), here.communes["a"], valid_from=date(2026, 7, 3))
    two = factories.post(factories.person("chi"), here.communes["c"], valid_from=date(2026, 7, 3))
    at = factories.moment(2026, 7, 20)
    split = {"step": "split", "tree": "area", "old": "xa:c", "parts": [{"into": "xa:b"}, {"into": "xa:d"}]}
    first = record(event(merge_areas("a", into="xa:b")), at=at, today=date(2026, 7, 20))
    record(event(split), at=at, today=date(2026, 7, 20))
    for post in (one, two):
        post.refresh_from_db()
        assert (post.valid_from, post.valid_to) == (date(2026, 7, 3), date(2026, 7, 20))
    heir = Post.objects.get(unit=here.communes["b"], user=one.user)
    assert (heir.valid_from, heir.valid_to) == (date(2026, 7, 3), None)
    named = {effect.what: effect.named for room in services.recorded_effects(first) for effect in room.effects}
    assert named[offers.LATER] == ("An, Thủ trưởng, Ủy ban nhân dân xã A",)


def test_one_failing_event_keeps_its_reason_and_holds_up_only_what_builds_on_it(
    here: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = record(event(merge_areas("a", into="xa:b"), on=LATER))
    after = record(event(merge_areas("b", into="xa:c"), on=date(2026, 9, 2)))
    good = record(event({"step": "abolish", "tree": "area", "keys": ["xa:d"]}, on=date(2026, 9, 3)))

    def fails(change: UnitChange, by: Actor, at: datetime) -> Receipt:
        if here.communes["a"].pk in change.ended:
            raise RuntimeError("hỏng")
        return Receipt()

    broken = replace(unit_dependents["orgs"], title="Hỏng", apply=fails)
    with monkeypatch.context() as patch:
        patch.setitem(unit_dependents._entries, "broken", broken)
        for _ in range(2):
            services.take_effect(date(2026, 9, 5))
    states = {one.pk: one.state for one in Event.objects.all()}
    assert states == {bad.pk: EventState.AHEAD, after.pk: EventState.AHEAD, good.pk: EventState.IN_FORCE}
    assert services.refusal_of(bad) == "RuntimeError: hỏng"
    assert services.refusal_of(after) == f"Chờ biến động “{bad.title}” (01/09/2026) có hiệu lực trước."
    assert [one.name for one in acts_on(bad)].count("orgs.event-refused") == 1
    assert services.refused_events() == [bad, after]
    assert [one.pk for one in services.take_effect(date(2026, 9, 5))] == [bad.pk, after.pk]
    bad.refresh_from_db()
    assert (services.refusal_of(bad), services.refused_events()) == ("", [])


def test_an_event_that_a_pack_tells_ahead_takes_effect_by_its_rows(here: Land) -> None:
    told = Event.objects.create(key="nq-9", kind="merge", title="Nghị quyết 9", on=LATER, state=EventState.AHEAD)
    old, new = here.communes["a"], here.communes["b"]
    UnitVersion.objects.filter(unit=old).update(valid_to=LATER)
    UnitParent.objects.filter(unit=old).update(valid_to=LATER)
    UnitSuccession.objects.create(old=old, new=new, on=LATER, kind="absorb", whole=True, event=told)
    factories.grow()
    head = factories.person("an")
    Post.objects.create(user=head, unit=old, role="head")
    empty = Event.objects.create(key="nq-8", kind="rename", title="Nghị quyết 8", on=LATER, state=EventState.AHEAD)
    entered = record(event(merge_areas("c", into="xa:d"), on=LATER))
    assert {one.pk for one in services.take_effect(LATER)} == {told.pk, empty.pk, entered.pk}
    assert [(one.unit_id, one.valid_to) for one in head.posts.order_by("pk")] == [(old.pk, LATER), (new.pk, None)]
    told.refresh_from_db()
    assert (told.state, told.before) == (EventState.IN_FORCE, {})


def test_undoing_sees_units_that_an_event_did_not_make(here: Land) -> None:
    assert Unit.objects.count() == 7
    done = record(event(merge_units("a", into="ubnd-xa:b")), today=TODAY)
    assert (done.on, services.can_undo(done)) == (ON, [])
