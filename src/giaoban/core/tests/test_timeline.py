from datetime import date

from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.timeline import TERRITORY, State, Timeline

REFORM, RENAMED = date(2025, 7, 1), date(2026, 3, 1)


def state(name: str, start: date | None, end: date | None, *parents: tuple[str, str], kind: str = "xa") -> State:
    return State(span=Span(start, end), kind=kind, name=name, parents=tuple(sorted(parents)))


UNITS = Timeline(
    "unit",
    {
        "bo": (state("Bộ", None, None),),
        "so": (state("Sở", None, None, ("professional", "bo")),),
        "phong": (state("Phòng", None, REFORM, ("administrative", "huyen"), ("professional", "so")),),
        "huyen": (state("Huyện", None, REFORM),),
        "xa": (
            state("Xã cũ", REFORM, RENAMED, ("professional", "so")),
            state("Xã mới", RENAMED, None, ("administrative", "so"), ("professional", "so")),
        ),
    },
    (Link("phong", "xa", REFORM, whole=True), Link("huyen", "xa", REFORM, whole=True)),
    {"xa": "commune"},
)


def test_a_state_is_found_by_its_day() -> None:
    assert UNITS.state_on("xa", date(2025, 6, 30)) is None
    assert [own.name for on in (REFORM, RENAMED) if (own := UNITS.state_on("xa", on))] == ["Xã cũ", "Xã mới"]
    assert UNITS.state_on("nobody", REFORM) is None
    assert list(UNITS.living(REFORM)) == ["bo", "so", "xa"]


def test_children_and_ancestors_are_those_of_the_day() -> None:
    assert UNITS.children("so", date(2025, 6, 30)) == (("professional", "phong"),)
    assert UNITS.children("so", REFORM) == (("professional", "xa"),)
    assert set(UNITS.children("so", RENAMED)) == {("administrative", "xa"), ("professional", "xa")}
    assert UNITS.ancestors("xa", RENAMED, "professional") == ("so", "bo")
    assert UNITS.ancestors("xa", RENAMED, "administrative") == ("so",)
    assert UNITS.ancestors("xa", RENAMED) == ()
    assert UNITS.ancestors("phong", RENAMED, "professional") == ()


def test_ancestors_of_a_circle_come_to_an_end() -> None:
    circle = Timeline("area", {key: (state(key, None, None, (TERRITORY, up)),) for key, up in ("ab", "ba")})
    assert circle.ancestors("a", REFORM) == ("b", "a")


def test_a_life_runs_from_the_first_state_to_the_last() -> None:
    assert UNITS.lives["xa"] == Span(REFORM, None)
    assert UNITS.lives["phong"] == Span(None, REFORM)


def test_links_are_found_from_both_ends() -> None:
    assert [link.new for link in UNITS.heirs("phong")] == ["xa"]
    assert [link.old for link in UNITS.origins("xa")] == ["phong", "huyen"]
    assert UNITS.heirs("xa") == UNITS.origins("phong") == ()
    placement = UNITS.succession.place("xa", from_on=RENAMED, to_on=date(2025, 6, 30))
    assert [target.key for target in placement.targets] == ["phong", "huyen"]


def test_a_kind_without_class_is_its_own() -> None:
    assert UNITS.class_of("xa") == "commune"
    assert UNITS.class_of("so") == "so"
