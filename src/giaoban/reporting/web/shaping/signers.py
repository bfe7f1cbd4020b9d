"""The blocks in which a report is signed: what a page offers before anybody typed, and what it shows of a version."""

from collections.abc import Mapping
from typing import Any

from giaoban.core.forms import FormDefinition
from giaoban.core.vietnamese import day
from giaoban.kit.permissions import Role
from giaoban.orgs.selectors import PostCard
from giaoban.reporting.rules import papers_of, signed_from, signer_field


def offered(
    form: FormDefinition, last: list[dict[str, Any]], posts: list[PostCard], me: str, my_roles: frozenset[Role]
) -> dict[str, str]:
    """Texts of the signers' fields where no draft has any: those of the last version, else of the posts of the unit.

    posts: of the unit today. me, my_roles: the person at the page. The head signs last: with an acting head goes the
    capacity, with a lent post that somebody else gave it. Whose name nobody can know stays empty.
    """
    if last:
        return papers_of(form, last)
    if not form.signatures:
        return {}
    texts: dict[str, str] = {}
    end = len(form.signatures) - 1
    heads = [one for one in posts if one.role is Role.HEAD]
    head = next((one for one in heads if not one.delegated_by), next(iter(heads), None))
    if head is not None:
        texts[signer_field(end)] = head.name
        if head.acting:
            texts[signer_field(end, "capacity")] = "Q"
        elif head.delegated_by:
            texts[signer_field(end, "capacity")] = "TUQ"
            if head.last_day is not None:
                texts[signer_field(end, "until")] = head.last_day.isoformat()
    if end and Role.OFFICER in my_roles:
        texts[signer_field(0)] = me
    return texts


def signer_facts(signatures: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(Role, name with what stands above it) of a version's blocks."""
    facts = []
    for block in signatures:
        one = signed_from(block)
        above = "; ".join(one.lines) if one.capacity or one.title else ""
        authority = f"theo {one.authority}" if one.authority else ""
        until = f"đến hết ngày {day(one.until)}" if one.until else ""
        facts.append((one.role, ", ".join(filter(None, (one.name, above, authority, until)))))
    return facts
