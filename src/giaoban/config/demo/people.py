"""Accounts for trying the product: named by what they do, with passwords made here and kept out of the repository."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from giaoban.accounts import selectors as accounts
from giaoban.accounts import services as account_services
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs
from giaoban.orgs import services as org_services


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    unit: str
    roles: tuple[Role, ...]


PEOPLE = (
    Person("bo-tong-hop", "Người tổng hợp, Bộ Tư pháp", "bo-tu-phap", (Role.RECEIVER,)),
    Person("bo-lanh-dao", "Lãnh đạo, Bộ Tư pháp", "bo-tu-phap", (Role.HEAD,)),
    Person(
        "so-tong-hop",
        "Người tổng hợp, Sở Tư pháp Tây Ninh",
        "so-tu-phap:tay-ninh-2025",
        (Role.RECEIVER, Role.SECRETARY),
    ),
    Person("so-giam-doc", "Giám đốc, Sở Tư pháp Tây Ninh", "so-tu-phap:tay-ninh-2025", (Role.HEAD,)),
    Person("xa-cong-chuc", "Công chức, UBND phường Tân An", "", (Role.OFFICER, Role.HEAD)),
    Person("thanh-tra", "Thanh tra, Bộ Tư pháp", "bo-tu-phap", (Role.INSPECTOR,)),
    Person("bo-quan-tri", "Quản trị danh mục, Bộ Tư pháp", "bo-tu-phap", (Role.ADMINISTRATOR,)),
    Person("tinh-quan-tri", "Quản trị danh mục, UBND tỉnh Tây Ninh", "ubnd-tinh:tay-ninh-2025", (Role.ADMINISTRATOR,)),
)
CHANGED = "(đã đổi)"  # no password that one could have: it stands in the file once the real one is unknown
WARD = ("Tân An", "so-tu-phap:tay-ninh-2025")  # the ward's People's Committee beneath this unit


def ward_key(on: date) -> str:
    """The key of the ward committee by the name of its area; its official code is the pack's business."""
    name, above = WARD
    unit_id = orgs.unit_id_of(above)
    if unit_id is None:
        raise LookupError(above)
    for card in orgs.children_of(unit_id, "professional", on):
        if card.area_id and orgs.area_card(card.area_id, on).bare == name:
            return card.key
    raise LookupError(name)


def open_accounts(path: Path, *, by: Actor, at: datetime, on: date) -> list[tuple[str, str, str]]:
    """(login, password, name) of every account; made on the first run, read back from `path` (mode 0600) later.

    A password that somebody has changed since is not shown: "(đã đổi)". A missing file gets new passwords.
    """
    held = _read(path)
    shown = []
    for person in PEOPLE:
        user = accounts.user_by_login(person.login)
        password = held.get(person.login, "") or account_services.new_password()
        if user is None:
            user = account_services.open_account(person.login, full_name=person.name, password=password, by=by, at=at)
            unit_id = orgs.unit_id_of(person.unit or ward_key(on))
            if unit_id is None:
                raise LookupError(person.unit)
            for role in person.roles:
                org_services.give_post(user_id=user.pk, unit_id=unit_id, role=role, valid_from=on, by=by, at=at)
        elif person.login not in held:
            account_services.set_password(user, password, by=by, at=at)
        shown.append((person.login, password if user.check_password(password) else CHANGED, person.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{login}\t{password}\t{name}\n" for login, password, name in shown), encoding="utf-8")
    return shown


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3}
