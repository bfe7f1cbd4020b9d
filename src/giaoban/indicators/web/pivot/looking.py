"""How an answer is looked at: sorted, filtered, ranked, cut; its words stand in the address after the query's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import urlencode

from giaoban.core.queries import FigureQuery
from giaoban.core.vietnamese import parse_number

Kept = Literal["", "known", "unknown", "estimate", "nil", "na"]
KEPT: Final[Mapping[str, str]] = {
    "": "Mọi dòng",
    "known": "Có số",
    "unknown": "Thiếu số",
    "estimate": "Có phần ước",
    "nil": "Khai không phát sinh",
    "na": "Không áp dụng",
}
ALL: Final = "all"
"""Value of `third`: everything on the third axis side by side."""
MOST_NAMED: Final = 1000
LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Look:
    """by: id of the column that ranks, filters and draws, "" the newest with a figure. sort: id of a column, "name",
    "rank" or "", with "-" downwards. pick: the first ("top") or last ("bottom") n of the ranking. least, most: as
    typed. third: which part of the third axis is shown, "" as fits.
    """

    sort: str = ""
    q: str = ""
    kept: str = ""
    by: str = ""
    rank: str = ""
    pick: str = ""
    n: str = ""
    least: str = ""
    most: str = ""
    change: str = ""
    third: str = ""

    def words(self) -> list[tuple[str, str]]:
        return [(one.name, getattr(self, one.name)) for one in fields(self) if getattr(self, one.name)]

    @property
    def count(self) -> int:
        """How many the ranking is cut to; 0: not cut."""
        return min(int(self.n), MOST_NAMED) if self.pick and self.n.isdecimal() else 0

    @property
    def is_narrowed(self) -> bool:
        """Whether rows of the answer may be left out."""
        return bool(self.q or self.kept or self.least or self.most or self.count)

    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """The two thresholds. Raises ValueError with a Vietnamese sentence for what is no number."""
        return _number(self.least), _number(self.most)


def look_from(words: Mapping[str, Sequence[str]]) -> Look:
    """Unknown choices are passed over; texts are cut."""
    found = {one.name: (words.get(one.name) or [""])[-1].strip()[: LONGEST * 4] for one in fields(Look)}
    look = Look(**found)
    return replace(
        look,
        q=" ".join(look.q.split())[:LONGEST],
        kept=look.kept if look.kept in KEPT else "",
        pick=look.pick if look.pick in ("top", "bottom") else "",
        n=look.n if look.n.isascii() and look.n.isdecimal() and int(look.n[:6]) else "",
        rank="1" if look.rank else "",
        change="1" if look.change else "",
        least=look.least[:LONGEST],
        most=look.most[:LONGEST],
    )


def _number(text: str) -> Decimal | None:
    return parse_number(text) if text else None


def address(query: FigureQuery, look: Look = Look(), **changes: str) -> str:
    """The query string that shows this again, with some words of the look changed or ("") dropped."""
    own = urlencode(replace(look, **changes).words() if changes else look.words())
    return f"?{_asked(query)}&{own}" if own else f"?{_asked(query)}"


@lru_cache(maxsize=64)
def _asked(query: FigureQuery) -> str:
    """The words of a query, written once for the many links of a page."""
    return urlencode(query.words())
