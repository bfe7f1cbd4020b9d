"""Events: previewed, recorded as one act, refused without a trace."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from giaoban.kit.actors import Actor
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.kit.registries import Receipt, UnitChange, unit_dependents
from giaoban.orgs import selectors, services
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
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.rules import unit_sort_key
from giaoban.orgs.selectors.timelines import timelines
from giaoban.orgs.services import EventRefused
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import (
    AT,
    ON,
    SYSTEM,
    TODAY,
    Land,
    area,
    event,
    land,
    merge_areas,
    merge_units,
    record,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Land:
    return land()


def counts() -> tuple[int, ...]:
    tables = (Area, AreaVersion, AreaSuccession, Unit, UnitVersion, UnitParent, UnitSuccession, UnitClosure, Event, Act)
    return tuple(model._default_manager.count() for model in tables)


def preview(data: Mapping[str, Any], by: Actor = SYSTEM, **more: Any) -> services.Preview:
    return services.preview(data, by=by, at=AT, today=TODAY, **more)


def names(model: Any, column: str, pk: int) -> list[tuple[str, date | None, date | None]]:
    rows = model.objects.filter(**{column: pk}).order_by("valid_from")
    return list(rows.values_list("name", "valid_from", "valid_to"))


def test_timelines_hold_every_state_and_a_parent_that_changed_cuts_it(here: Land) -> None:
    UnitParent.objects.filter(unit=here.room).update(valid_to=date(2020, 1, 1))
    factories.place(here.room, here.province, valid_from=date(2020, 1, 1))
    ServedArea.objects.create(unit=here.room, area=here.areas["a"], valid_from=date(2015, 1, 1))
    units = timelines()["unit"]
    room = units.states["phong:1"]
    assert [(one.span.start, one.parent("service"), one.serves) for one in room] == [
        (date(2010, 1, 1), "so:p", ()),
        (date(2015, 1, 1), "so:p", ("xa:a",)),
        (date(2020, 1, 1), "ubnd-tinh:p", ("xa:a",)),
    ]
    assert timelines(only={"area": [], "unit": [here.room.pk]})["unit"].states == {"phong:1": room}


def test_two_communes_merge_and_their_committees_with_them(here: Land) -> None:
    seen = preview(event(merge_areas("a", "b")))
    assert seen.can_be_recorded
    assert {one.name for one in seen.closes} == {
        "Xã A",
        "Xã B",
        "Ủy ban nhân dân xã A",
        "Ủy ban nhân dân xã B",
    }
    assert [(one.tree, one.name) for one in seen.creates] == [
        ("area", "Phường E"),
        ("unit", "Ủy ban nhân dân phường E"),
    ]
    assert {(one.old.name, one.new.name, one.whole) for one in seen.passes if one.old.tree == "unit"} == {
        ("Ủy ban nhân dân xã A", "Ủy ban nhân dân phường E", True),
        ("Ủy ban nhân dân xã B", "Ủy ban nhân dân phường E", True),
    }
    done = record(event(merge_areas("a", "b")))
    assert (done.kind, done.state, done.on) == ("merge", EventState.IN_FORCE, ON)
    made = Unit.objects.get(key="ubnd-xa:e")
    assert names(UnitVersion, "unit", made.pk) == [("Ủy ban nhân dân phường E", ON, None)]
    assert UnitParent.objects.get(unit=made).parent == here.province
    assert names(AreaVersion, "area", here.areas["a"].pk) == [("Xã A", date(2010, 1, 1), ON)]
    assert UnitSuccession.objects.filter(event=done, whole=True, new=made, kind="merge").count() == 2
    assert AreaSuccession.objects.filter(event=done, basis="Nghị quyết 1").count() == 2
    assert UnitClosure.objects.filter(ancestor=here.province, descendant=made, depth=1).exists()
    (entry,) = acts_on(done)
    assert (entry.name, entry.reason) == ("orgs.record-event", "sắp xếp lại")
    version = UnitVersion.objects.get(unit=made)
    assert (version.event, version.area) == (done, Area.objects.get(key="phuong:e"))
    assert [one.room for one in services.recorded_effects(done)] == ["orgs"]


def test_without_bodies_only_the_areas_change(here: Land) -> None:
    seen = preview(event(merge_areas("a", "b")), with_bodies=False)
    assert {one.tree for one in (*seen.closes, *seen.creates)} == {"area"}
    assert any("còn gắn với địa bàn kết thúc" in note for note in seen.notes)


def test_a_renamed_area_renames_its_body_and_what_was_recorded_keeps_its_name(here: Land) -> None:
    record(event({"step": "rename", "tree": "area", "key": "xa:a", "name": "Xã Mới"}))
    assert names(UnitVersion, "unit", here.communes["a"].pk) == [
        ("Ủy ban nhân dân xã A", date(2010, 1, 1), ON),
        ("Ủy ban nhân dân xã Mới", ON, None),
    ]
    version = UnitVersion.objects.get(unit=here.communes["a"], valid_from=ON)
    assert version.search_key == "uy ban nhan dan xa moi uy ban nhan dan xa moi"
    assert version.sort_key == unit_sort_key(version.name, "Mới")


def test_a_change_of_type_keeps_the_code(here: Land) -> None:
    step = {"step": "change-kind", "tree": "area", "key": "xa:a", "kind": "phuong", "name": "Phường A"}
    seen = preview(event(step))
    assert {(one.what, one.before, one.after) for one in seen.changes if one.thing.tree == "area"} == {
        ("tên", "Xã A", "Phường A"),
        ("loại", "xã", "phường"),
    }
    record(event(step))
    rows = AreaVersion.objects.filter(area=here.areas["a"]).order_by("valid_from")
    assert [(row.name, row.kind.key, row.code) for row in rows] == [
        ("Xã A", "xa", "0001"),
        ("Phường A", "phuong", "0001"),
    ]


def test_a_split_with_shares_and_one_without(here: Land) -> None:
    part = {"key": "xa:f", "kind": "xa", "name": "Xã F", "parents": [["territory", "tinh:p"]]}
    shares = {
        "step": "split",
        "tree": "area",
        "old": "xa:a",
        "parts": [{"into": "xa:b", "share": "0.25"}, {"into": part, "share": "0.75"}],
    }
    record(event(shares))
    found = {row.new.key: row.share for row in UnitSuccession.objects.filter(old=here.communes["a"])}
    assert found == {"ubnd-xa:b": Decimal("0.25"), "ubnd-xa:f": Decimal("0.75")}
    broken = {"step": "split", "tree": "area", "old": "xa:c", "parts": [{"into": "xa:b"}, {"into": "xa:d"}]}
    assert any("ngắt" in note for note in preview(event(broken)).notes)
    record(event(broken))
    assert set(AreaSuccession.objects.filter(old=here.areas["c"]).values_list("whole", "share")) == {(False, None)}


def test_a_move_leads_the_closure_along(here: Land) -> None:
    move = {"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": "ubnd-tinh:p"}
    seen = preview(event(move))
    (one,) = seen.moves
    assert (one.old and one.old.name, one.new and one.new.name) == ("Sở Mẫu", "Ủy ban nhân dân tỉnh Mẫu")
    record(event(move))
    held = UnitClosure.objects.filter(descendant=here.room, ancestor=here.office)
    assert list(held.values_list("valid_from", "valid_to")) == [(date(2010, 1, 1), ON)]
    assert UnitParent.objects.get(unit=here.room, valid_from=ON).event is not None
    assert UnitVersion.objects.filter(unit=here.room).count() == 1


def test_a_level_is_abolished_as_one_event(here: Land) -> None:
    done = record(
        event({"step": "abolish-level", "tree": "unit", "kinds": ["so"]}),
        title="Bãi bỏ cấp sở",
    )
    assert (done.kind, done.title) == ("abolish-level", "Bãi bỏ cấp sở")
    assert UnitVersion.objects.get(unit=here.office).valid_to == ON
    assert UnitParent.objects.get(unit=here.room, valid_from=ON).parent == here.province


def test_duties_pass_without_figures(here: Land) -> None:
    heirs = ["ubnd-xa:a", "ubnd-xa:b"]
    step = {"step": "transfer", "tree": "unit", "old": "so:p", "heirs": heirs, "duties": "chứng thực"}
    record(event(step))
    rows = UnitSuccession.objects.filter(old=here.office)
    assert {(row.new.key, row.kind, row.whole, row.share) for row in rows} == {
        ("ubnd-xa:a", "transfer", False, None),
        ("ubnd-xa:b", "transfer", False, None),
    }
    assert timelines()["unit"].links == ()


@pytest.mark.parametrize(("given", "field"), [({"basis": " "}, "basis"), ({"reason": ""}, "reason")])
def test_without_basis_or_reason_nothing_is_recorded(here: Land, given: dict[str, str], field: str) -> None:
    before = counts()
    with pytest.raises(EventRefused) as refusal:
        record(event(merge_areas("a", "b")), **given)
    assert refusal.value.field == field
    assert counts() == before


BAD: list[tuple[str, dict[str, Any], str]] = [
    (
        "cycle",
        event({"step": "move", "tree": "unit", "key": "so:p", "line": "service", "parent": "phong:1"}),
        "vòng tròn",
    ),
    ("outlives", event({"step": "abolish", "tree": "unit", "keys": ["so:p"]}), "Phòng Một"),
    ("kinds", event(merge_areas("a", into="tinh:p")), "cấp"),
    (
        "shares",
        event(
            {
                "step": "split",
                "tree": "area",
                "old": "xa:a",
                "parts": [{"into": "xa:b", "share": "0.5"}, {"into": "xa:c", "share": "0.6"}],
            }
        ),
        "1,1",
    ),
    ("before", event(merge_areas("a", "b"), on=date(2009, 1, 1)), "01/01/2010"),
    (
        "code",
        event({"step": "recode", "tree": "area", "key": "xa:a", "code": "0002"}),
        "0002",
    ),
    (
        "key",
        event(
            merge_areas(
                "a", "b", into={"key": "xa:c", "kind": "xa", "name": "Xã C", "parents": [["territory", "tinh:p"]]}
            )
        ),
        "xa:c",
    ),
    ("unknown", event(merge_areas("a", "z")), "xa:z"),
    (
        "kind",
        event(
            merge_areas(
                "a", "b", into={"key": "xa:y", "kind": "lang", "name": "Làng Y", "parents": [["territory", "tinh:p"]]}
            )
        ),
        "lang",
    ),
    (
        "line",
        event({"step": "move", "tree": "unit", "key": "phong:1", "line": "không-có", "parent": "ubnd-tinh:p"}),
        "tuyến",
    ),
    ("empty", event(), "nội dung"),
    ("not an event", {"on": "hôm qua", "steps": []}, "ngày"),
    ("too long", event({"step": "rename", "tree": "unit", "key": "phong:1", "name": "P" * 301}), "dài"),
    ("not text", event({"step": "rename", "tree": "unit", "key": "phong:1", "name": "A\x00"}), "ký tự"),
]


@pytest.mark.parametrize(("data", "said"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_bad_input_is_refused_with_place_and_reason_and_leaves_nothing(
    here: Land, data: dict[str, Any], said: str
) -> None:
    before = counts()
    with pytest.raises(EventRefused) as refusal:
        record(data)
    assert refusal.value.faults
    assert any(said in fault.sentence for fault in refusal.value.faults), refusal.value.faults
    assert all(fault.at and fault.sentence for fault in refusal.value.faults)
    assert counts() == before


def test_a_preview_says_the_faults_and_plans_nothing(here: Land) -> None:
    seen = preview(event(merge_areas("a", "z")))
    assert not seen.can_be_recorded
    assert (seen.closes, seen.creates, seen.effects) == ((), (), ())


def test_what_only_the_database_knows_is_refused_with_a_sentence(here: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts()
    area("xa:hidden", "xa", "Xã Ẩn", code="0009")

    def broken(*given: Any) -> None:
        AreaVersion.objects.filter(area=here.areas["c"]).update(code="0009")

    monkeypatch.setattr("giaoban.orgs.services.events.write", broken)
    with pytest.raises(EventRefused, match="mã"):
        record(event({"step": "rename", "tree": "unit", "key": "phong:1", "name": "Phòng Hai"}))
    assert counts()[2:] == before[2:]


def test_a_dependent_that_fails_leaves_nothing_behind(here: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts()

    def fails(change: UnitChange, by: Actor, at: Any) -> Receipt:
        raise RuntimeError("a room that fails")

    broken = replace(unit_dependents["orgs"], title="Hỏng", apply=fails)
    monkeypatch.setitem(unit_dependents._entries, "broken", broken)
    with pytest.raises(RuntimeError):
        record(event(merge_areas("a", "b")))
    assert counts() == before
    assert UnitVersion.objects.get(unit=here.communes["a"]).valid_to is None


def test_only_who_administers_all_that_is_touched_may_record(here: Land) -> None:
    rename = {"step": "rename", "tree": "unit", "key": "phong:1", "name": "Phòng Hai"}
    serving = {"step": "serve", "tree": "unit", "key": "ubnd-xa:a", "areas": ["xa:b"]}
    for refused, step in ((here.admin(here.communes["a"]), serving), (factories.actor("head", here.office), rename)):
        with pytest.raises(PermissionDenied):
            record(event(step), by=refused)
        with pytest.raises(PermissionDenied):
            preview(event(step), by=refused)
    own, parent = here.admin(here.room), here.admin(here.office)
    done = record(event(rename), by=own)
    assert acts_on(done)[0].unit_id == here.room.pk
    record(event({**rename, "name": "Phòng Ba"}, on=date(2026, 7, 2)), by=parent)
    with pytest.raises(PermissionDenied, match="Xã A"):
        record(event({"step": "rename", "tree": "area", "key": "xa:a", "name": "Xã X"}), by=parent, with_bodies=False)
    record(event(merge_areas("a", "b")), by=here.admin(here.province))


def test_a_unit_that_the_actor_does_not_see_is_unknown(here: Land) -> None:
    office = here.admin(here.office)
    for known, guessed in (("ubnd-tinh:p", "ubnd-tinh:q"), ("ubnd-xa:a", "ubnd-xa:q")):
        said = []
        for key in (known, guessed):
            move = {"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": key}
            rename = {"step": "rename", "tree": "unit", "key": key, "name": "Tên khác"}
            for step in (move, rename):
                faults = preview(event(step), by=office).faults
                said.append([(one.code, one.sentence.replace(key, "…")) for one in faults])
                with pytest.raises(EventRefused):
                    record(event(step), by=office)
        assert said[:2] == said[2:]
    with pytest.raises(PermissionDenied) as refusal:
        record(event({"step": "rename", "tree": "area", "key": "xa:a", "name": "Xã X"}), by=office)
    assert "Ủy ban nhân dân xã A" not in str(refusal.value)


def test_nobody_gives_a_unit_an_area_that_is_not_theirs(here: Land) -> None:
    """What a body stands for decides whose map it changes: neither made, nor served, nor gained by a change of kind."""
    other = area("tinh:q", "tinh", "Tỉnh Khác", code="02")
    by = here.admin(here.province)
    new = {"key": "ubnd-xa:x", "kind": "ubnd-xa", "name": "Ủy ban X", "parents": [["service", "ubnd-tinh:p"]]}
    for thing in ({**new, "area": "tinh:q"}, {**new, "serves": ["tinh:q"]}):
        with pytest.raises(PermissionDenied, match="Tỉnh Khác"):
            record(event({"step": "create", "tree": "unit", "things": [thing]}), by=by)
    with pytest.raises(PermissionDenied, match="Tỉnh Khác"):
        record(event({"step": "serve", "tree": "unit", "key": "so:p", "areas": ["xa:a", "tinh:q"]}), by=by)
    assert not Event.objects.exists()
    record(event({"step": "serve", "tree": "unit", "key": "so:p", "areas": ["xa:a", "xa:b"]}), by=by)
    factories.unit("so:q", "so", name="Sở Lạ", under=here.province, area=other, valid_from=date(2010, 1, 1))
    factories.grow()
    kind = {"step": "change-kind", "tree": "unit", "key": "so:q", "kind": "ubnd-tinh", "name": "Ủy ban Lạ"}
    with pytest.raises(PermissionDenied, match="Tỉnh Khác"):
        record(event(kind), by=by)


def test_an_office_divides_itself_in_its_own_seat(here: Land) -> None:
    UnitVersion.objects.filter(unit__in=(here.office, here.room)).update(area=here.areas["p"])
    parts = [
        {"into": {"key": f"phong:{n}", "kind": "phong", "name": f"Phòng {n}", "area": "tinh:p",
                  "parents": [["service", "so:p"]]}, "share": None}
        for n in (7, 8)
    ]  # fmt: skip
    step = {"step": "split", "tree": "unit", "old": "phong:1", "parts": parts, "children": "refuse"}
    record(event(step), by=here.admin(here.office))


def test_only_the_ground_of_the_day_counts(here: Land) -> None:
    """A body that stood for an area once, or will, changes nothing of its map today."""
    other = area("tinh:q", "tinh", "Tỉnh Khác", code="02")
    for key, start, end in (("ubnd-q:1", date(2010, 1, 1), date(2015, 1, 1)), ("ubnd-q:2", date(2030, 1, 1), None)):
        factories.unit(key, "ubnd-tinh", under=here.province, area=other, valid_from=start, valid_to=end)
    factories.grow()
    by = here.admin(here.province)
    with pytest.raises(PermissionDenied, match="Tỉnh Khác"):
        record(event({"step": "recode", "tree": "area", "key": "tinh:q", "code": "99"}), by=by, with_bodies=False)


def test_a_history_that_is_read_is_not_changed(here: Land) -> None:
    """The successor reads its predecessors and manages none; who stood above them does."""
    done = record(event(merge_areas("a", "b"), on=date(2026, 6, 1)))
    made = Unit.objects.get(key="ubnd-xa:e")
    heir, province = here.admin(made), here.admin(here.province)
    old = here.communes["a"].pk
    assert selectors.visible_to(heir, TODAY).filter(pk=old).exists()
    assert selectors.manages_from(heir, old, TODAY) is None
    assert selectors.manages_from(heir, made.pk, TODAY) == made.pk
    assert selectors.manages_from(province, old, TODAY) == here.province.pk
    with pytest.raises(PermissionDenied):
        services.undo(done, reason="nhầm", by=heir, at=AT)
    backdated = {"step": "rename", "tree": "area", "key": "xa:a", "name": "Xã Â"}
    with pytest.raises((PermissionDenied, EventRefused)):
        record(event(backdated, on=date(2026, 5, 1)), by=heir)


def test_what_ended_beneath_an_ended_unit_is_managed_by_its_whole_heir(here: Land) -> None:
    inner = factories.unit(
        "to:1", "to", under=here.communes["a"], valid_from=date(2010, 1, 1), valid_to=date(2026, 5, 1)
    )
    factories.grow()
    record(event(merge_areas("a", "b"), on=date(2026, 6, 1)))
    made = Unit.objects.get(key="ubnd-xa:e")
    assert selectors.manages_from(here.admin(made), inner.pk, TODAY) == made.pk
    assert selectors.manages_from(here.admin(here.communes["c"]), inner.pk, TODAY) is None


def test_nobody_makes_a_unit_that_belongs_to_nobody(here: Land) -> None:
    lonely = {"step": "create", "tree": "unit", "things": [{"key": "so:x", "kind": "so", "name": "Sở X"}]}
    with pytest.raises(PermissionDenied, match="cấp trên"):
        record(event(lonely), by=here.admin(here.province))
    record(event(lonely))


def test_the_second_record_on_the_same_units_is_refused_clearly(here: Land) -> None:
    record(event(merge_areas("a", "b")))
    before = counts()
    with pytest.raises(EventRefused, match="Xã B đã kết thúc"):
        record(event(merge_areas("b", "c", into="xa:c")))
    assert counts() == before


def test_an_event_ahead_stands_in_the_rows_and_takes_effect_once(here: Land) -> None:
    head = factories.person("head-a")
    factories.post(head, here.communes["a"])
    later = date(2026, 9, 1)
    done = record(event(merge_areas("a", "b"), on=later))
    assert (done.state, done.receipts) == (EventState.AHEAD, {})
    assert UnitVersion.objects.get(unit=here.communes["a"]).valid_to == later
    assert services.take_effect(date(2026, 8, 31)) == []
    assert head.posts.get().valid_to is None
    (taken,) = services.take_effect(later)
    assert (taken.pk, taken.state) == (done.pk, EventState.IN_FORCE)
    assert [(post.unit.key, post.valid_from, post.valid_to) for post in head.posts.order_by("pk")] == [
        ("ubnd-xa:a", None, later),
        ("ubnd-xa:e", later, None),
    ]
    assert services.take_effect(later) == []
    assert [entry.name for entry in acts_on(done)] == ["orgs.event-takes-effect", "orgs.record-event"]


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_come_one_after_the_other() -> None:
    land()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def clerk() -> None:
        try:
            start.wait(10)
            record(event(merge_areas("a", "b")))
            outcomes.append("recorded")
        except EventRefused as refusal:
            outcomes.append(refusal.faults[0].code)
        finally:
            connection.close()

    clerks = [threading.Thread(target=clerk) for _ in range(2)]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join(60)
    assert sorted(outcomes)[1] == "recorded"
    assert len(outcomes) == 2
    assert Unit.objects.filter(key="ubnd-xa:e").count() == 1


def test_units_of_an_event_merge_by_themselves_too(here: Land) -> None:
    record(event(merge_units("a", "b", into="ubnd-xa:a")))
    assert UnitSuccession.objects.get(old=here.communes["b"]).kind == "absorb"
    assert UnitVersion.objects.get(unit=here.communes["a"]).valid_to is None


def test_bodies_of_merged_communes_stand_where_the_level_above_is_abolished(here: Land) -> None:
    """Communes of a district merge, and the district goes in the same event: the new committee is the province's."""
    district = area("huyen:h", "huyen", "Huyện H", parent=here.areas["p"])
    committee = factories.unit(
        "ubnd-huyen:h",
        "ubnd-huyen",
        name="Ủy ban nhân dân huyện H",
        area=district,
        under=here.province,
        valid_from=date(2010, 1, 1),
    )
    chamber = factories.unit("phong:h", "phong", name="Phòng H", under=committee, valid_from=date(2010, 1, 1))
    factories.place(chamber, here.office, on_line="professional", valid_from=date(2010, 1, 1))
    for letter in "ab":
        AreaVersion.objects.filter(area=here.areas[letter]).update(parent=district)
        UnitParent.objects.filter(unit=here.communes[letter]).update(parent=committee)
        factories.place(here.communes[letter], chamber, on_line="professional", valid_from=date(2010, 1, 1))
    factories.grow()
    levels = [
        {"step": "abolish-level", "tree": "area", "kinds": ["huyen"]},
        {"step": "abolish", "tree": "unit", "keys": ["phong:h"], "children": "up"},
    ]
    record(event(merge_areas("a", "b"), *levels))
    made = UnitParent.objects.filter(unit__key="ubnd-xa:e").order_by("line__key")
    assert [(row.line.key, row.parent.key) for row in made] == [("professional", "so:p"), ("service", "ubnd-tinh:p")]
    assert UnitVersion.objects.get(unit=committee).valid_to == ON
