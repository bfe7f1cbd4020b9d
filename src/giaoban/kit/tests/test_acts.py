from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from giaoban.kit.actors import Actor, HeldPost, system_actor
from giaoban.kit.acts import act, acts_on, subject_of
from giaoban.kit.models import Act, Pack
from giaoban.kit.permissions import Role

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SYSTEM = system_actor("máy", reason="chạy hằng ngày")


def make_pack(title: str = "Đèn") -> Pack:
    return Pack.objects.create(key="lights", title=title, version="1", checksum="", loaded_at=AT)


def test_a_change_and_its_act_are_kept_together() -> None:
    with act("packs.load", by=SYSTEM, at=AT, detail={"files": 3}) as entry:
        pack = make_pack()
        entry.subject = subject_of(pack)
        entry.detail["rows"] = 7
    (kept,) = acts_on(pack)
    assert (kept.name, kept.actor, kept.actor_name, kept.at) == ("packs.load", None, "máy", AT)
    assert (kept.reason, kept.detail) == ("chạy hằng ngày", {"files": 3, "rows": 7})
    assert kept.subject == f"kit.Pack:{pack.pk}"


def test_whatever_raises_inside_undoes_the_change_and_the_act() -> None:
    with pytest.raises(RuntimeError, match="halfway"), act("packs.load", by=SYSTEM, at=AT):
        make_pack()
        raise RuntimeError("halfway")
    assert not Pack.objects.exists()
    assert not Act.objects.exists()


def test_an_own_reason_wins_over_the_actors() -> None:
    with act("packs.load", by=SYSTEM, at=AT, reason="sửa tên") as entry:
        pass
    assert Act.objects.get(pk=entry.pk).reason == "sửa tên"


def test_acts_on_a_row_come_newest_first_and_are_only_its_own() -> None:
    pack = make_pack()
    for name in ("first", "second"):
        with act(name, by=SYSTEM, at=AT, subject=subject_of(pack)):
            pass
    with act("other", by=SYSTEM, at=AT, subject="kit.Pack:0"):
        pass
    assert [entry.name for entry in acts_on(pack)] == ["second", "first"]
    assert str(acts_on(pack)[0]) == "second · máy"


def test_the_actor_is_written_down_by_name_even_without_an_account() -> None:
    with act("packs.load", by=Actor(None, "An"), at=AT) as entry:
        pass
    assert (entry.actor_name, entry.unit_id) == ("An", None)


def test_the_post_that_carries_the_right_is_named() -> None:
    """Somebody who acts for unit 1 and holds a post at 2: an act that rests on the post at 2 is of unit 2."""
    by = Actor(user_id=None, name="An", posts=(HeldPost(1, Role.HEAD), HeldPost(2, Role.HEAD)), unit_id=1)
    assert by.post_at(2, 1) == 2
    assert by.post_at(9, 2) == 2
    assert by.post_at(None, 9) == 1
