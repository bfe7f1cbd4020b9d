"""What a paragraph of a conclusion lacks before it may become a task, and whether a conclusion may be issued."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from giaoban.core.vietnamese import day

LampState = Literal["on", "half", "off"]


@dataclass(frozen=True, slots=True)
class Clear:
    """One thing that must be clear, as the pack names it: key "product", name "rõ sản phẩm"."""

    key: str
    name: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a paragraph says so far. `*_words`: as the source words it, when that is all there is.

    leads: how many units are chosen. by_secretary: keys of clears that the source text does not give.
    """

    what: str = ""
    leads: int = 0
    leads_words: str = ""
    helpers: str = ""
    due_on: date | None = None
    due_words: str = ""
    product: str = ""
    by_secretary: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lamp:
    """A clear as a lamp: on, half (the source only hints at it) or off; `word` says what lacks.

    warning: what will keep a lit lamp's value from being accepted when the conclusion is issued; "" = nothing.
    """

    key: str
    state: LampState
    word: str
    by_secretary: bool = False
    warning: str = ""

    @property
    def lit(self) -> bool:
        return self.state == "on"


@dataclass(frozen=True, slots=True)
class Blocking:
    """A task paragraph that keeps a conclusion from being issued, and what it lacks."""

    label: str
    missing: tuple[str, ...]

    def words(self) -> str:
        return f"đoạn {self.label} {', '.join(self.missing)}"


# key of a clear → (whether it is given, the words that only hint at it)
CHECKS: Final[dict[str, Callable[[Given], tuple[bool, str]]]] = {
    "what": lambda given: (bool(given.what.strip()), ""),
    "leads": lambda given: (given.leads > 0, given.leads_words.strip()),
    "helpers": lambda given: (bool(given.helpers.strip()), ""),
    "due_on": lambda given: (given.due_on is not None, given.due_words.strip()),
    "product": lambda given: (bool(given.product.strip()), ""),
}


def clears_of(given: Given, clears: Sequence[Clear], issued_on: date | None = None) -> list[Lamp]:
    """A lamp per clear of the pack's list, in its order. A clear that no check knows stays off: nothing can fill it.

    issued_on: the day on which the conclusion would be issued; a deadline before it is warned of. None: no such day.
    """
    return [_lamp(given, clear, issued_on) for clear in clears]


def _lamp(given: Given, clear: Clear, issued_on: date | None) -> Lamp:
    check = CHECKS.get(clear.key)
    if check is None:
        return Lamp(clear.key, "off", f"chưa {clear.name}: chưa có chỗ ghi")
    filled, hint = check(given)
    if filled:
        return Lamp(clear.key, "on", clear.name, clear.key in given.by_secretary, _warning(given, clear, issued_on))
    if hint:
        return Lamp(clear.key, "half", f"chưa {clear.name}: mới có “{hint}”")
    return Lamp(clear.key, "off", f"chưa {clear.name}")


def _warning(given: Given, clear: Clear, issued_on: date | None) -> str:
    if clear.key != "due_on" or given.due_on is None or issued_on is None or given.due_on >= issued_on:
        return ""
    return f"hạn {day(given.due_on)} ở trước ngày ban hành {day(issued_on)}"


def blocking(paragraphs: Sequence[tuple[str, bool, Sequence[Lamp]]]) -> list[Blocking]:
    """The task paragraphs with a lamp that is not on. paragraphs: (label, is a task, lamps)."""
    found = []
    for label, is_task, lamps in paragraphs:
        missing = tuple(lamp.word for lamp in lamps if not lamp.lit)
        if is_task and missing:
            found.append(Blocking(label, missing))
    return found


PARTS: Final = "abcdefghijklmnopqrstuvwxyz"


def part_letters(count: int) -> list[str]:
    """ "a", "b", … for the matters of one paragraph. Raises ValueError below two and beyond the letters there are."""
    if not 2 <= count <= len(PARTS):
        raise ValueError(f"a paragraph is split into 2 to {len(PARTS)} matters, not {count}")
    return list(PARTS[:count])
