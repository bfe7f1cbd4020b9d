"""Who signs in what capacity: the rules, what is kept, what older rows still say, what is printed and offered."""

from datetime import date
from typing import Any

import pytest

from giaoban.core.forms import parse_form
from giaoban.kit.permissions import Role
from giaoban.orgs.selectors import PostCard
from giaoban.reporting import services
from giaoban.reporting.rules import Signed, paper_limit, papers_of, signed_from, signing_faults
from giaoban.reporting.tests.factories import AT, SYSTEM, World, form_data, tiny_world
from giaoban.reporting.web.shaping.signers import offered, signer_facts

ROLES = ("Keeper", "Head")
ON = date(2024, 4, 3)
WRITTEN: dict[str, Any] = {"authority": "12/QĐ", "until": date(2024, 4, 3)}

GOOD = {
    "the head": Signed("Head", "An"),
    "TM": Signed("Head", "An", "TM", "Ủy ban", "", "Chủ tịch"),
    "TM-KT": Signed("Head", "An", "TM-KT", "Ủy ban", "Chủ tịch", "Phó Chủ tịch"),
    "KT": Signed("Head", "An", "KT", "Giám đốc", "", "Phó Giám đốc"),
    "Q": Signed("Head", "An", "Q", "Giám đốc"),
    "TL": Signed("Head", "An", "TL", "Giám đốc", "", "Chánh Văn phòng"),
    "TL by a deputy": Signed("Head", "An", "TL-KT", "Giám đốc", "Chánh Văn phòng", "Phó Chánh Văn phòng"),
    "TUQ on its last day": Signed("Head", "An", "TUQ", "Giám đốc", "", "Trưởng phòng", **WRITTEN),
}
WRONG = {
    "unknown": (Signed("Head", "An", "PP", "Giám đốc"), ["capacity"]),
    "not the head's block": (Signed("Keeper", "An", "KT", "Giám đốc", "", "Phó"), ["capacity"]),
    "for whom": (Signed("Head", "An", "KT", "", "", "Phó Giám đốc"), ["principal"]),
    "no title": (Signed("Head", "An", "TL", "Giám đốc"), ["title"]),
    "no second office": (Signed("Head", "An", "TL-KT", "Giám đốc", "", "Phó"), ["deputised"]),
    "no writing": (Signed("Head", "An", "TUQ", "Giám đốc", "", "Trưởng phòng"), ["authority", "until"]),
    "over": (
        Signed("Head", "An", "TUQ", "Giám đốc", "", "Trưởng phòng", "12/QĐ", date(2024, 4, 2)),
        ["until"],
    ),
    "passed on": (
        Signed("Head", "An", "TUQ", "Giám đốc", "Trưởng phòng", "Phó Trưởng phòng", **WRITTEN),
        ["deputised"],
    ),
}


@pytest.mark.parametrize("one", GOOD)
def test_capacities_that_the_rules_know(one: str) -> None:
    assert signing_faults(ROLES, [GOOD[one]], ON) == ()


@pytest.mark.parametrize("one", WRONG)
def test_capacities_that_lack_something(one: str) -> None:
    signed, parts = WRONG[one]
    assert [fault.part for fault in signing_faults(ROLES, [signed], ON)] == parts


def test_what_is_printed_above_a_name() -> None:
    assert GOOD["TM-KT"].lines == ("TM. Ủy ban", "KT. Chủ tịch", "Phó Chủ tịch")
    assert GOOD["Q"].lines == ("Q. Giám đốc",)
    assert GOOD["the head"].lines == ("Head",)


def test_rows_of_before_stay_readable() -> None:
    old = {"role": "Head", "name": "An"}
    assert signed_from(old) == Signed("Head", "An")
    kept = GOOD["TUQ on its last day"].as_data()
    assert signed_from(kept) == GOOD["TUQ on its last day"]
    assert kept["until"] == "2024-04-03"
    assert "deputised" not in kept
    assert signer_facts([old, kept])[0] == ("Head", "An")
    assert signer_facts([kept]) == [
        ("Head", "An, TUQ. Giám đốc; Trưởng phòng, theo 12/QĐ, đến hết ngày 03/04/2024"),
    ]


def test_names_of_the_fields_of_papers() -> None:
    form = parse_form(form_data(), "a:lamps")
    assert (paper_limit(form, "signer_1"), paper_limit(form, "signer_1_title")) == (200, 200)
    assert paper_limit(form, "document_number") == 80
    for strange in ("signer_2", "signer_x", "signer_0_name", "signer_1_salary", "notes", "draft", "signer_999"):
        assert paper_limit(form, strange) is None
    stored = [GOOD["KT"].as_data(), {"role": "Gone", "name": "X"}]
    texts = papers_of(form, stored)
    assert texts["signer_1"] == "An"
    assert texts["signer_1_capacity"] == "KT"
    assert not any(name.startswith("signer_0") for name in texts)


def post(role: Role, name: str, *, acting: bool = False, lent: str = "", end: date | None = None) -> PostCard:
    return PostCard(1, 1, 1, name, name, role, acting, lent, (), None, end)


def test_what_the_page_offers() -> None:
    form = parse_form(form_data(), "a:lamps")
    officer = frozenset({Role.OFFICER})
    head = post(Role.HEAD, "Bình")
    assert offered(form, [], [head], "An", officer) == {"signer_1": "Bình", "signer_0": "An"}
    assert offered(form, [], [head], "Bình", frozenset({Role.HEAD})) == {"signer_1": "Bình"}
    acting = offered(form, [], [post(Role.HEAD, "Bình", acting=True)], "An", officer)
    assert acting["signer_1_capacity"] == "Q"
    lent = offered(form, [], [post(Role.HEAD, "Cúc", lent="Bình", end=date(2024, 5, 1))], "An", officer)
    assert (lent["signer_1_capacity"], lent["signer_1_until"]) == ("TUQ", "2024-04-30")
    assert offered(form, [GOOD["KT"].as_data()], [head], "An", officer)["signer_1_title"] == "Phó Giám đốc"


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.mark.django_db
def test_a_capacity_goes_with_the_report(world: World) -> None:
    owed, figures = world.owed("n1"), world.figures(all=2, good=1)
    signed = (("Keeper", "Cúc"), GOOD["KT"])
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=signed)
    assert sent.signatures == [{"role": "Keeper", "name": "Cúc"}, GOOD["KT"].as_data()]
    with pytest.raises(services.AlreadyDone):
        services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=signed)
    other = (signed[0], Signed("Head", "An", "KT", "Giám đốc", "", "Phó Giám đốc phụ trách"))
    assert services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=other).version == 2


@pytest.mark.django_db
def test_a_capacity_without_its_paper_is_refused(world: World) -> None:
    signed = (("Keeper", "Cúc"), WRONG["no writing"][0])
    with pytest.raises(services.SigningRefused, match="văn bản ủy quyền"):
        services.submit(world.owed("n1"), figures=world.figures(all=2, good=1), by=SYSTEM, at=AT, signatures=signed)
    assert not world.owed("n1").submissions.exists()
