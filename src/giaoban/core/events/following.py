"""What becomes of the things directly beneath those that end, as each ending says."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

from giaoban.core.events.drafting import Draft, Ending, with_parent
from giaoban.core.events.faults import NOUN, listed
from giaoban.core.vietnamese import day, number

Way = Literal["follow", "up", "end"]

_SAID: Final[Mapping[Way, str]] = {
    "follow": "chuyển theo nơi kế tục",
    "up": "chuyển lên cấp trên trực tiếp",
    "end": "kết thúc theo",
}


class Following:
    """Takes the children of what ends in one draft to where they belong; `moved` tells how many went which way."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._children = draft.timeline.children_ever
        self._went: dict[str, Way] = {}
        self._lost: dict[tuple[str, str], None] = {}

    def take(self) -> None:
        self._end_beneath()
        for key, ending in self._draft.ended.items():
            self._lead_away(key, ending)
        for key, mapped in self._draft.split_on.items():
            if key not in self._draft.ended:
                self._share_out(key, mapped)

    def notes(self) -> list[str]:
        """How many went where, as Vietnamese sentences."""
        tree, noun = self._draft.tree, NOUN[self._draft.tree]
        ways = Counter(self._went.values())
        notes = [f"{number(ways[way])} {noun} trực thuộc {said}." for way, said in _SAID.items() if ways[way]]
        for line in sorted({line for _, line in self._lost}):
            keys = [key for key, lost in self._lost if lost == line]
            names = listed(self._draft.names(keys), tree)
            notes.append(f"{number(len(keys))} {noun} không còn cấp trên theo tuyến “{line}”: {names}.")
        return notes

    def _end_beneath(self) -> None:
        """Children that end with their parent, and theirs."""
        draft = self._draft
        waiting = [(key, ending) for key, ending in draft.ended.items() if ending.children == "end"]
        while waiting:
            key, ending = waiting.pop()
            for child in self._children.get(key, ()):
                state = draft.now(child)
                if state is None or all(parent != key for _, parent in state.parents):
                    continue
                if draft.end(child, Ending(ending.step, "end")):
                    self._went[child] = "end"
                    waiting.append((child, draft.ended[child]))

    def _lead_away(self, key: str, ending: Ending) -> None:
        """Give everything that stands beneath `key` from the day on another parent, or refuse the ending."""
        draft, stuck = self._draft, dict[str, None]()
        for child in self._children.get(key, ()):
            if child in draft.ended or not _beneath(draft, child, key):
                continue
            target = (ending.mapped or {}).get(child)
            if ending.children in ("refuse", "end") and target is None:
                stuck[child] = None
            elif self._lead(child, key, target):
                self._went[child] = "up" if ending.children == "up" else "follow"
            else:
                stuck[child] = None
        if stuck:
            names = listed(draft.names(list(stuck)), draft.tree)
            words = {"name": draft.name(key), "on": day(draft.on), "count": number(len(stuck)), "names": names}
            draft.fault("has-children", key, **words)

    def _lead(self, child: str, key: str, target: str | None) -> bool:
        """Put `target`, or who takes its place, above the child instead of `key`; False when nobody can say who."""
        states = self._draft.open(child)
        for place, state in enumerate(states):
            for line, parent in state.parents:
                if parent != key:
                    continue
                new = self._instead(key, line, child) if target is None else target
                if new is None:
                    return False
                states[place] = with_parent(states[place], line, new)
                if not new:
                    self._lost[child, line] = None
        return True

    def _instead(self, key: str, line: str, child: str) -> str | None:
        """Who takes the place of `key` above the child on the line: the heir, or the nearest above that lives on.

        "": nobody. None: one above is split, and it is not said to which part this child goes.
        """
        draft = self._draft
        current, beneath, passed = key, child, set[str]()
        while current in draft.ended and current not in passed:
            passed.add(current)
            ending = draft.ended[current]
            if ending.mapped is not None:
                part = ending.mapped.get(child, ending.mapped.get(beneath))
                if part is None:
                    return None
                beneath, current = current, part
            elif ending.children == "follow" and ending.heir != child:
                beneath, current = current, ending.heir
            else:
                state = draft.timeline.state_on(current, draft.eve)
                beneath, current = current, "" if state is None else state.parent(line)
        return "" if current in passed or current == child else current

    def _share_out(self, key: str, mapped: Mapping[str, str]) -> None:
        """Give the children that are named to their parts; the others stay with `key`, which lives on."""
        for child, part in mapped.items():
            if part != key and child not in self._draft.ended and _beneath(self._draft, child, key):
                self._lead(child, key, part)
                self._went[child] = "follow"


def _beneath(draft: Draft, child: str, key: str) -> bool:
    """Whether the thing, which the event did not create, stands under `key` on some line from the day on."""
    return child not in draft.created and any(
        parent == key for state in draft.states_from(child) for _, parent in state.parents
    )
