"""Units and areas found by key, by code, by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q

from giaoban.core.vietnamese import fold
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.kit.models import valid_on
from giaoban.orgs.models import (
    AreaCode,
    AreaSuccession,
    AreaVersion,
    SuccessionKind,
    Unit,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.browse import Leaf
from giaoban.orgs.selectors.cards import UnitCard, cards, wider_areas
from giaoban.orgs.selectors.histories import Tree, called
from giaoban.orgs.selectors.rights import visible_ids

SHORTEST = 2


def unit_id_of(key: str) -> int | None:
    return Unit.objects.filter(key=key).values_list("pk", flat=True).first()


def resolve_units(words: Iterable[str], on: date) -> dict[str, int]:
    """Unit ids of the names that files use: a unit key, or ``system:code`` of the area whose committee it is.

    ``portal:H53`` is the body of a kind that represents its area, in the area of that code. Unknown words are absent.
    """
    wanted = set(words)
    found = dict(Unit.objects.filter(key__in=wanted).values_list("key", "pk"))
    coded = {word: word.split(":", 1) for word in wanted - found.keys() if ":" in word}
    if coded:
        rows = AreaCode.objects.filter(valid_on(on), code__in={code for _, code in coded.values()})
        areas = {(row.system, row.code): row.area_id for row in rows}
        by_area = {
            version.area_id: version.unit_id
            for version in UnitVersion.objects.filter(
                valid_on(on), area_id__in=areas.values(), kind__represents_area=True
            )
        }
        for word, (system, code) in coded.items():
            unit_id = by_area.get(areas.get((system, code)))
            if unit_id is not None:
                found[word] = unit_id
    return found


def search_units(actor: Actor, words: str, on: date, *, limit: int = 30) -> list[UnitCard]:
    """Visible units whose name, in any version, holds the words, accents ignored; living ones first.

    They are called as on the day, even when it was an older name that matched.
    """
    folded = fold(words)
    if not folded:
        return []
    matches = UnitVersion.objects.filter(unit_id__in=visible_ids(actor, on), search_key__contains=folded)
    found = cards(matches.values_list("unit_id", flat=True), on).values()
    return sorted(found, key=lambda one: (one.has_ended(on), one.sort_key))[:limit]


@dataclass(frozen=True, slots=True)
class Hit:
    """A unit or an area that matched, before its details are read. ended_on: the first day without it."""

    tree: Tree
    id: int
    ended_on: date | None
    rank: tuple[bool, bool, bool, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A match as a list shows it. matched: the older name that held the words when the present one does not.

    became: what it passed to, the first of `heirs`; wider: the area that holds it or its area.
    """

    tree: Tree
    leaf: Leaf
    wider: str
    started_on: date | None
    ended_on: date | None
    matched: str
    became: tuple[Leaf, ...]
    heirs: int

    @property
    def more(self) -> int:
        return self.heirs - len(self.became)

    @property
    def last_day(self) -> date | None:
        return self.ended_on - timedelta(days=1) if self.ended_on else None


@dataclass(frozen=True, slots=True)
class Row:
    """A version as the search reads it."""

    id: int
    area_id: int | None
    valid_from: date | None
    valid_to: date | None
    search_key: str
    sort_key: str
    name: str


FIELDS = ("valid_from", "valid_to", "search_key", "sort_key", "name")
HEIRS_NAMED = 4


def search(actor: Actor, words: str, on: date) -> list[Hit]:
    """Units that the actor may see, and areas, whose name in any version holds the words, accents ignored,
    from the beginning of a word.

    Living ones first; units, then areas; those whose name ends with the words before the others. An area whose body is
    among the hits is left out: the body stands for it. Nothing for fewer than two letters. Five queries.
    """
    folded = fold(words)
    if len(folded) < SHORTEST:
        return []
    seen = UnitVersion.objects.filter(unit_id__in=visible_ids(actor, on))
    units = [Row(*row) for row in seen.filter(words_begin(folded)).values_list("unit_id", "area_id", *FIELDS)]
    held = AreaVersion.objects.filter(words_begin(folded))
    areas = [Row(*row) for row in held.values_list("area_id", "area_id", *FIELDS)]
    bodies = seen.filter(kind__represents_area=True, unit_id__in={row.id for row in units})
    stood_for = set(bodies.values_list("area_id", flat=True))
    hits = _hits("unit", units, folded, on)
    hits += _hits("area", [row for row in areas if row.id not in stood_for], folded, on)
    return sorted(hits, key=lambda hit: hit.rank)


def words_begin(folded: str) -> Q:
    """Rows in whose search key a word begins with the (folded) words: "an" finds "tan an", not "uy ban"."""
    return Q(search_key__startswith=folded) | Q(search_key__contains=f" {folded}")


def _hits(tree: Tree, rows: Iterable[Row], folded: str, on: date) -> list[Hit]:
    by_thing: dict[int, list[Row]] = {}
    for row in rows:
        by_thing.setdefault(row.id, []).append(row)
    ends = _ends(tree, by_thing)
    hits = []
    for thing_id, held in by_thing.items():
        ended_on = ends[thing_id]
        exact = any(row.search_key.endswith(folded) for row in held)
        rank = (ended_on is not None and ended_on <= on, tree == "area", not exact, held[-1].sort_key)
        hits.append(Hit(tree, thing_id, ended_on, rank))
    return hits


def _ends(tree: Tree, ids: Iterable[int]) -> dict[int, date | None]:
    """The first day without each thing, None while it goes on: by all its versions, not only those that matched."""
    model, own = (UnitVersion, "unit_id") if tree == "unit" else (AreaVersion, "area_id")
    found: dict[int, list[date | None]] = {}
    for one, end in model.objects.filter(**{f"{own}__in": among(ids)}).values_list(own, "valid_to"):
        found.setdefault(one, []).append(end)
    return {one: None if None in ends else max(end for end in ends if end) for one, ends in found.items()}


def found(hits: Sequence[Hit], words: str, on: date) -> list[Found]:
    """The details of some hits, in their order. A number of queries that does not grow with them."""
    details: dict[tuple[Tree, int], Found] = {}
    for tree in ("unit", "area"):
        details |= _details(tree, [hit.id for hit in hits if hit.tree == tree], fold(words), on)
    return [details[hit.tree, hit.id] for hit in hits]


def _details(tree: Tree, ids: list[int], folded: str, on: date) -> dict[tuple[Tree, int], Found]:
    if not ids:
        return {}
    model, own = (UnitVersion, "unit_id") if tree == "unit" else (AreaVersion, "area_id")
    versions: dict[int, list[Row]] = {}
    rows = model.objects.filter(**{f"{own}__in": ids}).order_by("valid_from")
    for row in (Row(*one) for one in rows.values_list(own, "area_id", *FIELDS)):
        versions.setdefault(row.id, []).append(row)
    names = called(tree, [(one, on) for one in ids])
    wider = wider_areas({row.area_id for held in versions.values() for row in held if row.area_id}, on)
    heirs = _heirs(tree, ids)
    if tree == "area":
        heirs = (
            heirs_beneath([one for one in ids if one not in heirs and all(row.valid_to for row in versions[one])])
            | heirs
        )
    made = {}
    for one in ids:
        held, leaf = versions[one], names[one, on]
        above = wider.get(held[-1].area_id or 0)
        became = heirs.get(one, [])
        ends = [row.valid_to for row in held]
        made[tree, one] = Found(
            tree=tree,
            leaf=leaf,
            wider=above.name if above else "",
            started_on=None if any(row.valid_from is None for row in held) else held[0].valid_from,
            ended_on=None if None in ends else max(end for end in ends if end),
            matched=_matched(held, leaf.name, folded),
            became=tuple(became[:HEIRS_NAMED]),
            heirs=len(became),
        )
    return made


def _matched(held: Sequence[Row], shown: str, folded: str) -> str:
    if any(folded in row.search_key and row.name == held[-1].name for row in held) or folded in fold(shown):
        return ""
    return next((row.name for row in reversed(held) if folded in row.search_key), "")


def _heirs(tree: Tree, ids: list[int]) -> dict[int, list[Leaf]]:
    """What each passed to, itself left out when it lived on; where only its duties passed, what took them."""
    model = UnitSuccession if tree == "unit" else AreaSuccession
    rows = model.objects.filter(old_id__in=ids).exclude(new_id=F("old_id")).order_by("on", "pk")
    steps = list(rows.values_list("old_id", "new_id", "on", "kind"))
    names = called(tree, [(new_id, on) for _, new_id, on, _ in steps])
    whole = {old_id for old_id, _, _, kind in steps if kind != SuccessionKind.TRANSFER}
    heirs: dict[int, list[Leaf]] = {}
    for old_id, new_id, on, kind in steps:
        if kind != SuccessionKind.TRANSFER or old_id not in whole:
            heirs.setdefault(old_id, []).append(names[new_id, on])
    return heirs


def heirs_beneath(area_ids: Iterable[int]) -> dict[int, list[Leaf]]:
    """For areas of a level that was abolished: what the areas that lay in each became, each once."""
    inside: dict[int, list[int]] = {}
    rows = AreaVersion.objects.filter(parent_id__in=list(area_ids)).values_list("area_id", "parent_id")
    for area_id, parent_id in rows:
        inside.setdefault(area_id, []).append(parent_id or 0)
    steps = AreaSuccession.objects.filter(old_id__in=inside).exclude(kind=SuccessionKind.TRANSFER).order_by("on", "pk")
    passed = list(steps.values_list("old_id", "new_id", "on"))
    names = called("area", [(new_id, on) for _, new_id, on in passed])
    heirs: dict[int, dict[int, Leaf]] = {}
    for old_id, new_id, on in passed:
        for parent_id in inside[old_id]:
            heirs.setdefault(parent_id, {})[new_id] = names[new_id, on]
    return {parent_id: list(held.values()) for parent_id, held in heirs.items()}
