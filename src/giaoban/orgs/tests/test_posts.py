from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from giaoban.accounts.models import User
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Permission, Role
from giaoban.orgs import selectors, services
from giaoban.orgs.models import Post, Unit
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

AT = factories.moment(2026, 1, 1)
SYSTEM = system_actor("máy")
BORN, ENDS = date(2020, 1, 1), date(2026, 7, 1)


@dataclass(frozen=True)
class House:
    """A board with an office that lives from BORN to ENDS, another board, and a person."""

    board: Unit
    office: Unit
    other: Unit
    an: User
    binh: User


@pytest.fixture
def house() -> House:
    board = factories.unit("board", "board")
    office = factories.unit("office", "office", under=board, valid_from=BORN, valid_to=ENDS)
    other = factories.unit("other", "board")
    factories.grow()
    return House(board, office, other, factories.person("an"), factories.person("binh"))


def give(house: House, **changes: object) -> Post:
    given = {
        "user_id": house.an.pk,
        "unit_id": house.office.pk,
        "role": Role.HEAD,
        "valid_from": date(2026, 1, 1),
        "valid_to": date(2026, 5, 1),
        "by": SYSTEM,
        "at": AT,
        **changes,
    }
    return services.give_post(**given)  # type: ignore[arg-type]


def actor_on(user: User, on: date) -> Actor:
    return selectors.actor_for(user.pk, user.full_name, on)


def test_giving_a_post_leaves_an_act_with_dates_and_reason(house: House) -> None:
    post = give(house, reason="Quyết định 12", acting=True)
    (entry,) = acts_on(post)
    assert (entry.name, entry.actor_name, entry.reason) == ("orgs.give-post", "máy", "Quyết định 12")
    assert entry.detail == {
        "role": "head",
        "unit": "office",
        "from": "2026-01-01",
        "to": "2026-05-01",
        "acting": True,
    }


def test_a_post_gives_its_rights_from_its_first_day_to_its_last(house: House) -> None:
    give(house)
    answers = {
        on: actor_on(house.an, on).may(Permission.SEND_REPORT, house.office.pk)
        for on in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 4, 30), date(2026, 5, 1))
    }
    assert list(answers.values()) == [False, True, True, False]
    assert not selectors.visible_to(actor_on(house.an, date(2026, 5, 1)), date(2026, 5, 1)).exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"valid_from": date(2019, 12, 31)}, "valid_from", "chỉ có từ ngày 01/01/2020"),
        ({"valid_from": date(2026, 7, 1), "valid_to": None}, "valid_from", "không còn từ ngày 01/07/2026"),
        ({"valid_to": None}, "valid_to", "không còn từ ngày 01/07/2026"),
        ({"valid_to": date(2026, 7, 2)}, "valid_to", "không còn từ ngày 01/07/2026"),
        ({"valid_to": date(2026, 1, 1)}, "valid_to", "phải sau ngày bắt đầu"),
    ],
)
def test_dates_outside_the_life_of_the_unit_are_refused(
    house: House, changes: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(services.PostRefused, match=words) as refusal:
        give(house, **changes)
    assert refusal.value.field == field
    assert not Post.objects.exists()


def test_the_same_post_twice_on_one_day_is_refused_with_the_days_held(house: House) -> None:
    give(house)
    with pytest.raises(services.PostRefused, match="từ ngày 01/01/2026 đến hết ngày 30/04/2026"):
        give(house, valid_from=date(2026, 4, 30), valid_to=date(2026, 6, 1))
    give(house, valid_from=date(2026, 5, 1), valid_to=date(2026, 6, 1))
    give(house, role=Role.OFFICER)
    assert Post.objects.count() == 3


def test_posts_are_given_by_administrators_of_the_unit_and_of_those_above_it(house: House) -> None:
    head = factories.actor("head", house.office, Role.HEAD)
    sibling = factories.actor("sibling", house.other, Role.ADMINISTRATOR)
    for by in (head, sibling):
        with pytest.raises(PermissionDenied, match="quản lý đơn vị"):
            give(house, by=by)
    above = factories.actor("above", house.board, Role.ADMINISTRATOR)
    (entry,) = acts_on(give(house, by=above))
    assert entry.unit_id == house.board.pk
    own = factories.actor("own", house.office, Role.ADMINISTRATOR)
    (entry,) = acts_on(give(house, by=own, role=Role.OFFICER))
    assert entry.unit_id == house.office.pk
    beneath = factories.actor("beneath", house.office, Role.ADMINISTRATOR)
    with pytest.raises(PermissionDenied):
        give(house, by=beneath, unit_id=house.board.pk)


def test_ending_a_post_takes_the_rights_away_that_day_and_what_was_lent(house: House) -> None:
    post = give(house)
    lent = services.delegate(
        post.pk,
        to_user_id=house.binh.pk,
        valid_from=date(2026, 2, 1),
        valid_to=date(2026, 4, 1),
        reason="Đi công tác",
        by=SYSTEM,
        at=AT,
    )
    on = date(2026, 3, 1)
    services.end_post(post.pk, on=on, reason="Chuyển công tác", by=SYSTEM, at=AT)
    for user in (house.an, house.binh):
        assert actor_on(user, on - timedelta(days=1)).may(Permission.SEND_REPORT, house.office.pk)
        assert not actor_on(user, on).posts
    lent.refresh_from_db()
    assert lent.valid_to == on
    ended = next(entry for entry in acts_on(post) if entry.name == "orgs.end-post")
    assert (ended.reason, ended.detail["lent"]) == ("Chuyển công tác", [house.binh.pk])


@pytest.mark.parametrize(
    ("on", "reason", "words"),
    [
        (date(2026, 5, 1), "x", "đã thôi giữ từ ngày 01/05/2026"),
        (date(2026, 1, 1), "x", "bắt đầu ngày 01/01/2026"),
        (date(2026, 3, 1), " ", "Hãy ghi lý do"),
    ],
)
def test_a_post_is_not_ended_outside_its_time_or_without_a_reason(
    house: House, on: date, reason: str, words: str
) -> None:
    post = give(house)
    with pytest.raises(services.PostRefused, match=words):
        services.end_post(post.pk, on=on, reason=reason, by=SYSTEM, at=AT)
    post.refresh_from_db()
    assert post.valid_to == date(2026, 5, 1)


def lend(post: Post, to: User, start: date, end: date, reason: str = "Nghỉ phép") -> Post:
    return services.delegate(post.pk, to_user_id=to.pk, valid_from=start, valid_to=end, reason=reason, by=SYSTEM, at=AT)


def test_a_lent_post_runs_within_the_holders_and_is_shown_as_lent(house: House) -> None:
    post = give(house)
    with pytest.raises(services.PostRefused, match="trong thời gian giữ vị trí"):
        lend(post, house.binh, date(2026, 4, 1), date(2026, 5, 2))
    with pytest.raises(services.PostRefused, match="phải khác người"):
        lend(post, house.an, date(2026, 4, 1), date(2026, 4, 2))
    with pytest.raises(services.PostRefused, match="Hãy ghi lý do"):
        lend(post, house.binh, date(2026, 4, 1), date(2026, 4, 2), reason="")
    lent = lend(post, house.binh, date(2026, 4, 1), date(2026, 5, 1))
    with pytest.raises(services.PostRefused, match="không ủy quyền tiếp"):
        lend(lent, house.an, date(2026, 4, 1), date(2026, 4, 2))
    shown = [
        (one.name, one.role_name, one.delegated_by) for one in selectors.posts_on(house.office.pk, date(2026, 4, 1))
    ]
    assert shown == [("An", "Thủ trưởng", ""), ("Binh", "Thủ trưởng", "An")]
    assert [one.name for one in selectors.posts_on(house.office.pk, date(2026, 3, 31))] == ["An"]
    assert [one.name for one in selectors.post_history(house.office.pk)] == ["Binh", "An"]


def test_posts_are_given_and_lent_while_no_tree_changes(house: House) -> None:
    post = Post()
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            post = lend(post, house.binh, date(2026, 4, 1), date(2026, 5, 1)) if number else give(house)
        asked = [query["sql"] for query in queries]
        lock = next(n for n, sql in enumerate(asked) if "pg_advisory_xact_lock" in sql)
        read = [n for n, sql in enumerate(asked) if "orgs_post" in sql or "orgs_unitversion" in sql]
        assert lock < min(read)
    assert any("FOR UPDATE" in sql and "orgs_post" in sql for sql in asked)


def browser(login: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(login=login))
    return client


@pytest.fixture
def clerk(house: House) -> Client:
    factories.actor("clerk", house.board, Role.ADMINISTRATOR)
    return browser("clerk")


def today() -> date:
    return timezone.localdate()


def test_the_page_lists_posts_now_before_and_ahead(house: House, clerk: Client) -> None:
    give(house, unit_id=house.board.pk, valid_to=None)
    give(house, unit_id=house.board.pk, user_id=house.binh.pk, valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1))
    give(house, unit_id=house.board.pk, role=Role.OFFICER, valid_from=today() + timedelta(days=9), valid_to=None)
    text = clerk.get("/don-vi/board/vi-tri/").content.decode()
    assert text.index("Đang giữ") < text.index("Đã giao, chưa đến ngày") < text.index("Trước đây")
    assert "31/12/2020" in text
    assert browser("an").get("/don-vi/board/vi-tri/").status_code == 200
    assert "Giao vị trí" not in browser("an").get("/don-vi/board/vi-tri/").content.decode()


def test_people_elsewhere_do_not_see_the_page(house: House) -> None:
    factories.actor("sibling", house.other, Role.ADMINISTRATOR)
    assert browser("sibling").get("/don-vi/board/vi-tri/").status_code == 404
    assert browser("sibling").post("/don-vi/board/vi-tri/giao/", {}).status_code == 404


def test_a_clerk_gives_lends_and_ends_a_post_on_the_page(house: House, clerk: Client) -> None:
    start, last = today().isoformat(), (today() + timedelta(days=30)).isoformat()
    given = {"give-login": "AN", "give-role": "head", "give-valid_from": start, "give-reason": "Quyết định 3"}
    assert clerk.post("/don-vi/board/vi-tri/giao/", given).status_code == 302
    post = Post.objects.get(user=house.an)
    assert (post.valid_from, post.valid_to) == (today(), None)
    prefix = f"delegate-{post.pk}"
    lent = {
        f"{prefix}-login": "binh",
        f"{prefix}-valid_from": start,
        f"{prefix}-valid_to": last,
        f"{prefix}-reason": "x",
    }
    assert clerk.post(f"/don-vi/board/vi-tri/{post.pk}/uy-quyen/", lent).status_code == 302
    assert Post.objects.get(user=house.binh).valid_to == today() + timedelta(days=31)
    ended = {f"end-{post.pk}-valid_to": last, f"end-{post.pk}-reason": "Nghỉ hưu"}
    assert clerk.post(f"/don-vi/board/vi-tri/{post.pk}/thoi/", ended).status_code == 302
    post.refresh_from_db()
    assert post.valid_to == today() + timedelta(days=31)


def test_what_is_wrong_is_said_at_its_field(house: House, clerk: Client) -> None:
    given = {"give-login": "nobody", "give-role": "head", "give-valid_from": "2026-01-01", "give-reason": "x"}
    answer = clerk.post("/don-vi/board/vi-tri/giao/", given)
    assert answer.status_code == 422
    assert "Không có người dùng mang tên đăng nhập này" in answer.content.decode()
    assert not Post.objects.filter(role="head").exists()
    assert clerk.post("/don-vi/board/vi-tri/99999/thoi/", {}).status_code == 404


def test_a_person_who_only_reads_may_not_give(house: House) -> None:
    factories.actor("reader", house.board, Role.OFFICER)
    given = {"give-login": "an", "give-role": "head", "give-valid_from": "2026-01-01", "give-reason": "x"}
    assert browser("reader").post("/don-vi/board/vi-tri/giao/", given).status_code == 403
