"""From the 10,035 communes of 2025-06-30 to the 3,321 of 2025-07-01: what passed whole, what was divided.

A divided commune has no shares: the package names a default heir for addresses, which says nothing about figures.

Namesakes. Where two communes of one new province bore the same name and one of them was divided, the package has given
each the heirs of both («Phường 4» of Tân An and of Tây Ninh). Such a link is left out when the new commune's whole
parts speak for the namesake: they come from its district (or, where neither district has a part in it, its old
province) and not from this one's. What is left out is written to areas/successions-left-out.csv; the commune stays
divided, since nothing says that it passed whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from admin_units import Official, expect
from pack_csv import MERGER_ON

Row = dict[str, str]
New = tuple[str, str]  # (new province, new commune), squashed
LEFT_OUT = 31  # links of namesakes, found by the rule above


@dataclass(frozen=True)
class Crosswalk:
    """links, left_out: rows of successions.csv. districts: new commune → the old districts it has territory of."""

    links: list[Row]
    left_out: list[Row]
    districts: dict[str, set[str]]


def crosswalk(
    official: Official, old_keys: Mapping[str, str], new_keys: Mapping[New, str], district_keys: Mapping[str, str]
) -> Crosswalk:
    """old_keys: `province_district_commune` (or `province_district_` of an island) → area key; district_keys alike."""
    parts: defaultdict[New, list[str]] = defaultdict(list)
    for new, olds in official.whole.items():
        parts[new] += olds
    for old, news in official.divided.items():
        for new in news:
            parts[new].append(old)
    links: list[Row] = []
    left_out: list[Row] = []
    for new, olds in official.whole.items():
        kind = "rename" if len(parts[new]) == 1 else "merge"
        links += [_link(old_keys[old], new_keys[new], kind, "whole") for old in olds]
    for old, news in official.divided.items():
        kept = [new for new in news if not _is_the_namesakes(old, parts[new], official.whole.get(new, []))]
        expect(f"heirs of {old}", bool(kept), True)
        links += [_link(old_keys[old], new_keys[new], "split", "part") for new in kept]
        left_out += [_link(old_keys[old], new_keys[new], "split", "part") for new in news if new not in kept]
    expect("links left out for a namesake", len(left_out), LEFT_OUT)
    districts: defaultdict[str, set[str]] = defaultdict(set)
    wrong = {(link["old"], link["new"]) for link in left_out}
    for new, olds in parts.items():
        for old in olds:
            if (old_keys[old], new_keys[new]) not in wrong:
                districts[new_keys[new]].add(district_keys[_district(old)])
    return Crosswalk(_sorted(links), _sorted(left_out), dict(districts))


def _is_the_namesakes(old: str, parts: list[str], whole: list[str]) -> bool:
    """Whether another commune of the same name has better evidence for a part in this new commune."""
    namesakes = [one for one in parts if one != old and _name(one) == _name(old)]
    return any(_evidence(one, whole) > _evidence(old, whole) for one in namesakes)


def _evidence(old: str, whole: list[str]) -> int:
    """2: a whole part of another name comes from the same district; 1: from the same old province; 0: from neither."""
    others = [one for one in whole if _name(one) != _name(old)]
    if any(_district(one) == _district(old) for one in others):
        return 2
    return int(any(one.split("_")[0] == old.split("_")[0] for one in others))


def _name(old: str) -> str:
    return old.split("_")[2]


def _district(old: str) -> str:
    return "_".join(old.split("_")[:2])


def _link(old: str, new: str, kind: str, share: str) -> Row:
    row = {"old": old, "new": new, "on": MERGER_ON, "kind": kind, "share": share}
    return row | {"event": "sap-xep-xa-2025", "source": "vietnamadminunits"}


def _sorted(links: list[Row]) -> list[Row]:
    return sorted(links, key=lambda link: (link["new"], link["old"]))
