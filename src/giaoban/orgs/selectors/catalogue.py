"""Fields of work, sources, and what the sources do not say."""

from dataclasses import dataclass

from giaoban.kit.models import Gap, Source
from giaoban.orgs.models import AreaKind, Field, UnitKind


def fields() -> list[Field]:
    return list(Field.objects.all())


def source_titles(keys: str) -> str:
    """The titles of sources by their keys, as a row of the pack names them (one space between); "" for unknown ones."""
    return "; ".join(Source.objects.filter(key__in=keys.split()).order_by("pk").values_list("title", flat=True))


@dataclass(frozen=True, slots=True)
class GapCard:
    """What the sources do not say: what is missing, why, what it touches, and the source that was read."""

    key: str
    what: str
    why: str
    affects: tuple[str, ...]
    source: str
    where: str


def gaps() -> list[GapCard]:
    """The gaps of all packs, in their order. `affects` holds names where the key is one of a kind of unit or area."""
    names = dict(UnitKind.objects.values_list("key", "name")) | dict(AreaKind.objects.values_list("key", "name"))
    sources = {source.key: source for source in Source.objects.all()}
    found = []
    for gap in Gap.objects.order_by("pk"):
        source = sources.get(gap.source.split(" ")[0])
        found.append(
            GapCard(
                key=gap.key,
                what=gap.what,
                why=gap.why,
                affects=tuple(names.get(key, key) for key in gap.affects.split("; ") if key),
                source=source.title if source else "",
                where=source.where if source else "",
            )
        )
    return found
