"""Units found by key, by code, by name."""

from collections.abc import Iterable
from datetime import date

from giaoban.core.vietnamese import fold
from giaoban.kit.actors import Actor
from giaoban.kit.models import valid_on
from giaoban.orgs.models import AreaCode, Unit, UnitVersion
from giaoban.orgs.selectors.cards import UnitCard, cards
from giaoban.orgs.selectors.rights import visible_ids


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
