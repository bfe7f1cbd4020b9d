"""Vague words that open lists: a count of units, the pack's word for it, and the names for those who may see them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from giaoban.core.indicators import Quantifier, count_words
from giaoban.kit.actors import Actor
from giaoban.kit.models import Word
from giaoban.orgs.selectors import UnitCard, cards, visible_ids

V = TypeVar("V")

LIST = "quantifiers"


@dataclass(frozen=True, slots=True)
class Quantified:
    """words: "một vài đơn vị (3/34)". ids: the units behind it, in the order given."""

    words: str
    ids: tuple[int, ...]
    total: int

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Opened:
    """The list behind a word. hidden: how many more there are, outside what the reader may see."""

    words: str
    units: tuple[UnitCard, ...]
    hidden: int


def quantifiers() -> list[Quantifier]:
    """The words of the pack, with the shares up to which they hold."""
    rows = Word.objects.filter(list=LIST).order_by("position")
    return [Quantifier(row.key, row.name, Decimal(str(row.data["up_to"]))) for row in rows]


def quantified(
    values: Mapping[int, V],
    condition: Callable[[V], bool],
    *,
    things: str = "đơn vị",
    words: Sequence[Quantifier] | None = None,
) -> Quantified:
    """How many of the units fulfil a condition. words: where they have been read already."""
    ids = tuple(unit_id for unit_id, value in values.items() if condition(value))
    known = quantifiers() if words is None else words
    return Quantified(count_words(len(ids), len(values), things, known), ids, len(values))


def opened(held: Quantified, actor: Actor, on: date) -> Opened:
    """The names of those units that the actor may see."""
    return opened_all([held], actor, on)[0]


def opened_all(held: Iterable[Quantified], actor: Actor, on: date) -> list[Opened]:
    """Several lists in two queries."""
    asked = list(held)
    wanted = {unit_id for one in asked for unit_id in one.ids}
    visible = set(visible_ids(actor, on).filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    called = cards(visible, on) if visible else {}
    return [
        Opened(
            one.words,
            tuple(called[unit_id] for unit_id in one.ids if unit_id in called),
            sum(unit_id not in called for unit_id in one.ids),
        )
        for one in asked
    ]
