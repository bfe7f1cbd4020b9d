"""Names of areas and units, without a database."""

from giaoban.core.vietnamese import fold, sort_key


def bare_name(name: str, kind_name: str) -> str:
    """An area's name without the leading words that it shares with its kind: "Thành phố Hà Nội" of the kind
    "thành phố trực thuộc trung ương" is "Hà Nội". A name that would become empty stays whole."""
    words, kind = name.split(), kind_name.casefold().split()
    shared = 0
    while shared < min(len(words), len(kind)) and words[shared].casefold() == kind[shared]:
        shared += 1
    return " ".join(words[shared:]) or name


def unit_sort_key(name: str, area: str) -> str:
    """Units of areas stand in the order of the areas' bare names (`area`), whatever kind of body; others by name."""
    return f"{sort_key(area)}\t{sort_key(name)}" if area else sort_key(name)


def unit_search_key(name: str, short_name: str) -> str:
    """What a search without accents looks in."""
    return fold(f"{name} {short_name}")


def name_following(body: str, old: str, new: str) -> str | None:
    """A body's name once its area is called `new` instead of `old`; None when it does not hold the old name.

    Inside a body's name the word for the kind of area is written small: "Ủy ban nhân dân xã A".
    """
    for before, after in ((_small(old), _small(new)), (old, new)):
        place = body.find(before)
        end = place + len(before)
        if place >= 0 and (end == len(body) or not body[end].isalnum()):
            return f"{body[:place]}{after}{body[end:]}"
    return None


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
