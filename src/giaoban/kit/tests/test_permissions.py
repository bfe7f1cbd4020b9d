import pytest
from django.core.exceptions import PermissionDenied

from giaoban.kit.actors import Actor, HeldPost, system_actor
from giaoban.kit.permissions import (
    PERMISSION_NAMES,
    ROLE_NAMES,
    ROLE_PERMISSIONS,
    Permission,
    Role,
    roles_with,
)

HOME, ELSEWHERE = 1, 2


def actor(*roles: Role) -> Actor:
    return Actor(7, "An", tuple(HeldPost(HOME, role, "Trạm Nam") for role in roles), HOME)


def test_every_role_and_permission_has_a_name_and_somebody_holds_each_permission() -> None:
    assert set(ROLE_NAMES) == set(ROLE_PERMISSIONS) == set(Role)
    assert set(PERMISSION_NAMES) == set(Permission)
    assert all(roles_with(permission) for permission in Permission)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_post_gives_its_roles_permissions_at_its_own_unit_only(role: Role, permission: Permission) -> None:
    held = actor(role)
    assert held.may(permission, at=HOME) == (permission in ROLE_PERMISSIONS[role])
    assert not held.may(permission, at=ELSEWHERE)
    assert not held.may(permission, at=None)


def test_an_inspector_may_do_nothing_but_look_and_an_officer_cannot_send() -> None:
    assert ROLE_PERMISSIONS[Role.INSPECTOR] == frozenset()
    assert not actor(Role.OFFICER).may(Permission.SEND_REPORT, at=HOME)
    assert actor(Role.OFFICER, Role.HEAD).may(Permission.SEND_REPORT, at=HOME)


def test_a_refusal_names_the_act_the_unit_and_who_could() -> None:
    with pytest.raises(PermissionDenied) as refused:
        actor(Role.OFFICER).require(Permission.CONCLUDE, at=HOME, unit_name="Trạm Nam")
    assert str(refused.value) == (
        "Tài khoản của bạn chưa được giao quyền kết luận cuộc họp của Trạm Nam. "
        "Người làm được việc này: thủ trưởng của Trạm Nam."
    )
    with pytest.raises(PermissionDenied, match="xác nhận phát hiện của đơn vị này"):
        actor(Role.HEAD).require(Permission.JUDGE_FINDING, at=ELSEWHERE)


def test_the_system_may_everything_and_a_person_without_a_post_nothing() -> None:
    system_actor("máy").require(Permission.MANAGE_UNITS, at=None)
    nobody = Actor(7, "An")
    assert (nobody.unit_ids, nobody.unit_name) == ((), "")
    assert not any(nobody.may(permission, at=HOME) for permission in Permission)


def test_units_come_once_with_the_acting_one_first() -> None:
    posts = (HeldPost(1, Role.OFFICER, "Một"), HeldPost(1, Role.HEAD, "Một"), HeldPost(2, Role.HEAD, "Hai"))
    held = Actor(7, "An", posts, unit_id=2)
    assert (held.unit_ids, held.unit_name) == ((2, 1), "Hai")
