"""The bodies that stand for areas follow these, whatever the order in which the event tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from giaoban.kit.permissions import Role
from giaoban.orgs import services
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import Area, AreaKind, Unit, UnitParent, UnitSuccession, UnitVersion
from giaoban.orgs.selectors.timelines import timelines
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, ON, SYSTEM, TODAY, area, event, record

pytestmark = pytest.mark.django_db
SINCE = date(2010, 1, 1)


@dataclass
class Country:
    """A country, for which no body stands, with a government; two provinces with a committee and a department each, a
    district in each with a committee, an office and one commune; and an island district without communes in the first.

    Communes stand under their district's committee, and in their work under its office; offices under departments.
    """

    government: Unit
    areas: dict[str, Area]

    def admin(self, key: str) -> Any:
        return factories.actor(f"admin-{key}", Unit.objects.get(key=key), Role.ADMINISTRATOR)


@pytest.fixture
def country() -> Country:
    AreaKind.objects.create(key="quoc-gia", name="quốc gia", level=0)
    root = Area.objects.create(key="nuoc")
    root.versions.create(
        kind=AreaKind.objects.get(key="quoc-gia"), level=0, name="Nước Mẫu", sort_key="nuoc", search_key="nuoc"
    )
    AreaKind.objects.create(key="dac-khu", name="đặc khu", level=3)
    for kind in ("ubnd-tinh", "ubnd-huyen", "ubnd-xa"):
        factories.kind(kind, represents_area=True)
    government = factories.unit("chinh-phu", "chinh-phu", name="Chính phủ", area=root, valid_from=SINCE)
    areas = {"nuoc": root}

    def body(kind: str, key: str, name: str, under: Unit, work: Unit | None = None) -> Unit:
        made = factories.unit(
            f"{kind}:{key}", kind, name=name, area=areas.get(key), under=under, on_line="rule", valid_from=SINCE
        )
        if work is not None:
            factories.place(made, work, on_line="work", valid_from=SINCE)
        return made

    for letter, code in (("p", "01"), ("q", "02")):
        big = letter.upper()
        areas[letter] = area(f"tinh:{letter}", "tinh", f"Tỉnh {big}", parent=root, code=code)
        areas[f"{letter}1"] = area(f"huyen:{letter}1", "huyen", f"Huyện {big}1", parent=areas[letter], code=f"{code}1")
        areas[f"{letter}11"] = area(f"xa:{letter}11", "xa", f"Xã {big}11", parent=areas[f"{letter}1"], code=f"{code}11")
        top = body("ubnd-tinh", letter, f"Ủy ban nhân dân tỉnh {big}", government)
        department = body("so", f"so-{letter}", f"Sở {big}", top)
        district = body("ubnd-huyen", f"{letter}1", f"Ủy ban nhân dân huyện {big}1", top)
        office = body("phong", f"phong-{letter}1", f"Phòng {big}1", district, department)
        body("ubnd-xa", f"{letter}11", f"Ủy ban nhân dân xã {big}11", district, office)
    areas["p2"] = area("huyen:p2", "huyen", "Huyện Đảo", parent=areas["p"], code="012")
    body("ubnd-huyen", "p2", "Ủy ban nhân dân huyện Đảo", Unit.objects.get(key="ubnd-tinh:p"))
    factories.grow()
    return Country(government, areas)


def thing(key: str, kind: str, name: str, parent: str, code: str) -> dict[str, Any]:
    return {"key": key, "kind": kind, "name": name, "code": code, "parents": [["territory", parent]]}


PROVINCES = {
    "step": "merge",
    "tree": "area",
    "olds": ["tinh:p", "tinh:q"],
    "into": thing("tinh:r", "tinh", "Tỉnh R", "nuoc", "03"),
}
COMMUNES = {
    "step": "merge",
    "tree": "area",
    "olds": ["xa:p11", "xa:q11"],
    "into": thing("xa:r1", "xa", "Xã R1", "tinh:r", "0300"),
}
LEVEL = {"step": "abolish-level", "tree": "area", "kinds": ["huyen"], "children": "up"}
ISLAND: tuple[Mapping[str, Any], ...] = (
    {
        "step": "change-kind",
        "tree": "area",
        "key": "huyen:p2",
        "kind": "dac-khu",
        "name": "Đặc khu Đảo",
        "code": "0399",
    },
    {"step": "move", "tree": "area", "key": "huyen:p2", "line": "territory", "parent": "tinh:r"},
)
ALL: tuple[Mapping[str, Any], ...] = (PROVINCES, COMMUNES, LEVEL, *ISLAND)


def parents_on(key: str, on: date = ON) -> dict[str, str]:
    rows = UnitParent.objects.filter(unit__key=key, valid_to=None, valid_from__lte=on)
    return dict(rows.values_list("line__key", "parent__key"))


def nothing_dangles() -> None:
    """No unit that lives stands under one that does not."""
    now = UnitVersion.objects.filter(valid_to=None).values_list("unit_id", flat=True)
    assert not UnitParent.objects.filter(valid_to=None).exclude(parent_id__in=now).exists()


@pytest.mark.parametrize("steps", [ALL, ALL[::-1], (COMMUNES, *ISLAND, LEVEL, PROVINCES)])
def test_new_bodies_stand_under_new_bodies_whatever_the_order(country: Country, steps: Any) -> None:
    made = record(event(*steps))
    assert parents_on("ubnd-tinh:r") == {"rule": "chinh-phu"}
    assert parents_on("ubnd-xa:r1") == {"rule": "ubnd-tinh:r", "work": "so:so-p"}
    assert parents_on("so:so-p") == {"rule": "ubnd-tinh:r"}
    assert set(UnitSuccession.objects.values_list("old__key", "new__key")) == {
        ("ubnd-tinh:p", "ubnd-tinh:r"),
        ("ubnd-tinh:q", "ubnd-tinh:r"),
        ("ubnd-xa:p11", "ubnd-xa:r1"),
        ("ubnd-xa:q11", "ubnd-xa:r1"),
    }
    nothing_dangles()
    assert services.can_undo(made) == []
    before = rebuild_closure()
    services.undo(made, reason="nhập nhầm", by=SYSTEM, at=AT)
    assert before
    assert parents_on("ubnd-xa:p11", SINCE) == {"rule": "ubnd-huyen:p1", "work": "phong:phong-p1"}
    assert not Unit.objects.filter(key__in=("ubnd-tinh:r", "ubnd-xa:r1")).exists()


def test_offices_end_with_their_level_and_the_note_says_so(country: Country) -> None:
    made = record(event(*ALL))
    for key in ("ubnd-huyen:p1", "phong:phong-p1", "ubnd-huyen:q1", "phong:phong-q1"):
        assert UnitVersion.objects.get(unit__key=key).valid_to == ON
    assert UnitVersion.objects.get(unit__key="so:so-p").valid_to is None
    assert "kết thúc cùng: 2 phong" in made.note


def test_a_commune_that_stays_comes_under_who_took_the_place_of_its_district(country: Country) -> None:
    record(event(PROVINCES, LEVEL, *ISLAND))
    for letter in "pq":
        assert parents_on(f"ubnd-xa:{letter}11") == {"rule": "ubnd-tinh:r", "work": f"so:so-{letter}"}
    nothing_dangles()


def test_an_island_district_becomes_a_zone_and_its_body_one_of_the_communes(country: Country) -> None:
    record(event(*ALL))
    state = timelines()["unit"].state_on("ubnd-huyen:p2", ON)
    assert state is not None
    assert (state.kind, state.name, state.area) == ("ubnd-xa", "Ủy ban nhân dân đặc khu Đảo", "huyen:p2")
    assert dict(state.parents) == {"rule": "ubnd-tinh:r", "work": "so:so-p"}
    eve = timelines()["unit"].state_on("ubnd-huyen:p2", date(2026, 6, 30))
    assert eve is not None
    assert (eve.kind, eve.name) == ("ubnd-huyen", "Ủy ban nhân dân huyện Đảo")


def test_a_created_area_gets_the_body_that_is_usual_at_its_level(country: Country) -> None:
    new = {"step": "create", "tree": "area", "things": [thing("xa:new", "dac-khu", "Đặc khu Mới", "huyen:p1", "0199")]}
    record(event(new))
    made = UnitVersion.objects.get(area__key="xa:new")
    assert (made.unit.key, made.kind.key, made.name) == ("ubnd-xa:new", "ubnd-xa", "Ủy ban nhân dân đặc khu Mới")
    assert parents_on("ubnd-xa:new") == {"rule": "ubnd-huyen:p1", "work": "phong:phong-p1"}


def test_a_created_area_under_a_province_of_the_same_event(country: Country) -> None:
    new = {"step": "create", "tree": "area", "things": [thing("xa:new", "dac-khu", "Đặc khu Mới", "tinh:r", "0199")]}
    record(event(new, LEVEL, PROVINCES, *ISLAND))
    assert parents_on("ubnd-xa:new") == {"rule": "ubnd-tinh:r", "work": "so:so-p"}


def test_what_the_event_says_of_a_body_itself_is_not_said_twice(country: Country) -> None:
    own = {
        "key": "ubnd-xa:mine",
        "kind": "ubnd-xa",
        "name": "Ủy ban riêng",
        "area": "xa:new",
        "parents": [["rule", "ubnd-huyen:p1"]],
    }
    new = {"step": "create", "tree": "area", "things": [thing("xa:new", "xa", "Xã Mới", "huyen:p1", "0199")]}
    record(event(new, {"step": "create", "tree": "unit", "things": [own]}))
    assert list(UnitVersion.objects.filter(area__key="xa:new").values_list("name", flat=True)) == ["Ủy ban riêng"]


def test_the_country_belongs_to_whoever_holds_all_its_provinces(country: Country) -> None:
    government, province = country.admin("chinh-phu"), country.admin("ubnd-tinh:p")
    shown = services.preview(event(*ALL), by=government, at=AT, today=TODAY)
    assert not shown.faults
    renamed = {"step": "rename", "tree": "area", "key": "nuoc", "name": "Nước Khác"}
    with pytest.raises(PermissionDenied, match="Nước Mẫu"):
        services.preview(event(renamed), by=province, at=AT, today=TODAY)
    assert services.preview(event(renamed), by=government, at=AT, today=TODAY).can_be_recorded
    split = {
        "step": "split",
        "tree": "area",
        "old": "tinh:p",
        "parts": [
            {"into": "tinh:p"},
            {"into": thing("tinh:s", "tinh", "Tỉnh S", "nuoc", "04")},
        ],
    }
    with pytest.raises(PermissionDenied):
        services.preview(event(split), by=province, at=AT, today=TODAY)
