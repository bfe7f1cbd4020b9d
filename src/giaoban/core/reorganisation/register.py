"""What the register knows on the eve of a reorganisation, indexed as the rows of a table ask for it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Final

from giaoban.core.timeline import State, Timeline
from giaoban.core.vietnamese import day, fold, sort_key

_SHORT: Final = re.compile(r"(?:(?:tp|tx|tt)\.? +|(?:q|h|p|x)\. *)(?=\S)", re.IGNORECASE)
_PIECES: Final = re.compile(r"[,;/>›]")
_NEAR: Final = 0.8


class Register:
    """Things of one tree as they stand on the day before `on`, found by code, by name, by parent.

    kinds: kind → its name on screen. bare_name: (name, kind's name) → the name without the words of the kind.
    """

    def __init__(
        self, timeline: Timeline, on: date, kinds: Mapping[str, str], bare_name: Callable[[str, str], str]
    ) -> None:
        self.timeline, self.on, self.kinds = timeline, on, kinds
        self.eve = on - timedelta(days=1)
        self.living = timeline.living(self.eve)
        self.bare_of = cache(self._bare_of)
        self._bare_name = bare_name
        self._folded_kinds = {kind: fold(words) for kind, words in kinds.items()}
        self._is_above: dict[tuple[str, str], tuple[list[tuple[str, str]], list[str]]] = {}
        self._kind_words = tuple(sorted(kinds.values(), key=len, reverse=True))
        self.by_code: dict[str, list[str]] = defaultdict(list)
        self.by_name: dict[str, list[str]] = defaultdict(list)
        self.children: dict[str, list[str]] = defaultdict(list)
        for key, state in self.living.items():
            if state.code:
                self.by_code[state.code].append(key)
            self.by_name[fold(self.bare(key))].append(key)
            for _, parent in state.parents:
                self.children[parent].append(key)
        self.begins = {
            begun.code: key
            for key in timeline.states
            if key not in self.living and (begun := timeline.state_on(key, on)) is not None and begun.code
        }
        """Code → what bears it from `on` although it was not there the day before: an event entered before."""
        self._before = self._earlier_codes()

    def _earlier_codes(self) -> dict[str, list[tuple[str, State]]]:
        found: dict[str, list[tuple[str, State]]] = defaultdict(list)
        for key, states in self.timeline.states.items():
            for state in states:
                if state.code and state.span.end is not None and state.span.end <= self.eve:
                    found[state.code].append((key, state))
        return found

    def keys_of(self, code: str) -> list[str]:
        """What bears the code on the eve; a key of the register stands for itself."""
        if not code:
            return []
        return self.by_code.get(code) or ([code] if code in self.living else [])

    def earlier(self, code: str) -> tuple[State, list[str]] | None:
        """The last state that bore a code no longer in use, and what its bearer is on the eve."""
        held = self._before.get(code)
        if not held:
            return None
        key, state = max(held, key=lambda one: one[1].span.end or date.max)
        return state, self._heirs(key)

    def _heirs(self, key: str) -> list[str]:
        if key in self.living:
            return [key]
        found: dict[str, None] = {}
        todo, seen = [key], {key}
        while todo:
            for link in self.timeline.heirs(todo.pop()):
                if link.on > self.eve or link.new in seen:
                    continue
                seen.add(link.new)
                if link.new in self.living:
                    found[link.new] = None
                else:
                    todo.append(link.new)
        return list(found)

    def code_of(self, key: str) -> str:
        """What a table may call it: its code, or its key when it has no code or shares it."""
        code = self.living[key].code
        return code if code and len(self.by_code[code]) == 1 else key

    def bare(self, key: str) -> str:
        """Its name without the words of its kind."""
        state = self.living[key]
        return self._bare_name(state.name, self.kinds.get(state.kind, state.kind))

    def _bare_of(self, text: str) -> str:
        """A name in a table without the words or letters of whichever kind it begins with."""
        shortest = _SHORT.sub("", text, count=1) if _SHORT.match(text) else text
        for words in self._kind_words:
            bare = self._bare_name(text, words)
            if len(bare) < len(shortest):
                shortest = bare
        return shortest

    def kind_in(self, text: str) -> str:
        """The kind that a name begins with ("Xã Tân Lập"), or that a word names; "" for none.

        "Thành phố" begins several: the kind whose words are wholly there, else the first that begins so.
        """
        folded = fold(text)
        named = next((kind for kind, words in self._folded_kinds.items() if folded in (words, kind)), "")
        if named or not folded:
            return named
        begun = [kind for kind, words in self._folded_kinds.items() if folded.startswith(f"{words} ")]
        return max(begun, key=lambda kind: len(self.kinds[kind]), default="")

    def class_of(self, key: str) -> str:
        return self.timeline.class_of(self.living[key].kind)

    def same_name(self, text: str, key: str) -> bool:
        """Whether the text is the thing's name, with or without the words of its kind; hoà = hòa."""
        ours = self.living[key]
        if text == ours.name:
            return True
        return sort_key(text) in (sort_key(ours.name), sort_key(ours.short_name)) or sort_key(
            self.bare_of(text)
        ) == sort_key(self.bare(key))

    def near_name(self, text: str, key: str) -> bool:
        """Whether the text differs from the name only in accents or in a letter or two."""
        theirs, ours = fold(self.bare_of(text)), fold(self.bare(key))
        return theirs == ours or near(theirs, ours)

    def named(self, text: str) -> list[str]:
        """What bears the name, accents ignored, on the eve."""
        return list(self.by_name.get(fold(self.bare_of(text)), ()))

    def nearly_named(self, text: str, among: Iterable[str] | None = None) -> list[str]:
        """At most three things whose names come nearest."""
        keys = list(self.living) if among is None else list(among)
        names: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            names[fold(self.bare(key))].append(key)
        close = get_close_matches(fold(self.bare_of(text)), names, n=3, cutoff=_NEAR)
        return [key for name in close for key in names[name]][:3]

    def above(self, key: str) -> list[str]:
        """Everything above the thing on the eve, nearest first."""
        return list(self.timeline.ancestors(key, self.eve))

    def parent_of(self, key: str) -> str:
        return self.living[key].parent() if key in self.living else ""

    def pieces(self, text: str) -> list[str]:
        """The names in a printed parent: "Tân An, Long An" holds two."""
        return [piece for part in _PIECES.split(text) if (piece := part.strip())]

    def is_above(self, text: str, key: str) -> tuple[list[tuple[str, str]], list[str]]:
        """Of the parents that a table prints ("Tân An, Long An"): those found above the thing, as (printed, key), also
        when spelled nearly so; and those that are not."""
        place = (text, self.parent_of(key))
        if place not in self._is_above:
            self._is_above[place] = self._find_above(text, key)
        return self._is_above[place]

    def _find_above(self, text: str, key: str) -> tuple[list[tuple[str, str]], list[str]]:
        above = self.above(key)
        found, strange = [], []
        for piece in self.pieces(text):
            holder = next((one for one in above if piece == self.living[one].code or piece == one), None)
            holder = holder or next((one for one in above if self.same_name(piece, one)), None)
            if holder is None and not self.named(piece):  # the name of nothing else: a spelling of one above
                holder = next((one for one in above if self.near_name(piece, one)), None)
            holder = holder or next((one for one in above if fold(self.bare_of(piece)) == fold(self.bare(one))), None)
            if holder is None:
                strange.append(piece)
            else:
                found.append((piece, holder))
        return found, strange

    def words(self, key: str) -> str:
        """Its name and what it stands directly beneath: "Phường 1 (Thành phố Tân An)"."""
        state = self.living[key]
        parent = self.living.get(state.parent())
        return f"{state.name} ({parent.name})" if parent is not None else state.name

    def since(self, state: State) -> str:
        return f"đến ngày {day(state.span.end - timedelta(days=1))}" if state.span.end is not None else "hiện nay"


def near(one: str, other: str) -> bool:
    """Whether two folded names differ in a letter or two: never two numbers."""
    if any(letter.isdigit() for letter in one + other):
        return one == other
    return SequenceMatcher(None, one, other).ratio() >= _NEAR
