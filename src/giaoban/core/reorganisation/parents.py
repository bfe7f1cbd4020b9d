"""Beneath what a new thing stands: what the table prints, else what became of the parents of the old ones."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from giaoban.core.reorganisation.facts import Facts, Target
from giaoban.core.vietnamese import fold

UNCLEAR: Final = "?"


class Parents:
    """Parents from the day, as keys of the register, or "code:…" of a new thing of the same table."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.register = facts, facts.register
        self._of: dict[str, str | None] = {}

    @cached_property
    def _new_names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for target in self.facts.targets.values():
            if not target.key and target.name:
                found[fold(self.register.bare_of(target.name))].append(target.code)
        return found

    @cached_property
    def _levels(self) -> dict[str, int]:
        """Class → its rank by how classes stand beneath each other on the eve; 0 is the widest."""
        ranks: dict[str, int] = {}
        for key in self.register.living:
            own = self.register.class_of(key)
            if own not in ranks:
                ranks[own] = len(self.register.above(key))
        return ranks

    def wider(self, one: str, kind: str) -> bool:
        """Whether a parent is of a wider class than a kind."""
        own = self.kind_of(one)
        classes = self.register.timeline.class_of
        ranks = self._levels
        return not own or not kind or ranks.get(classes(own), -1) < ranks.get(classes(kind), len(ranks) + 1)

    def kind_of(self, one: str) -> str:
        if one.startswith("code:"):
            return self.facts.targets[one[5:]].kind
        target = self.facts.kept.get(one)
        if target is not None and target.kind:
            return target.kind
        return self.register.living[one].kind if one in self.register.living else ""

    def words(self, one: str) -> str:
        if one.startswith("code:"):
            target = self.facts.targets[one[5:]]
            return f"{target.name or 'nơi mới'} (mã mới {target.code})"
        return self.register.words(one)

    def code(self, one: str) -> str:
        """What a table writes for it."""
        if one.startswith("code:"):
            return one[5:]
        target = self.facts.kept.get(one)
        return target.code if target is not None else self.register.code_of(one)

    def named(self, text: str, kind: str) -> list[str]:
        """What the printed parent of a thing of a kind may be: by code first, else by name, wider ones only."""
        facts, register = self.facts, self.register
        if text in facts.targets:
            target = facts.targets[text]
            return [target.key or f"code:{text}"]
        keys = [key for key in register.keys_of(text) if key not in facts.ending]
        if not keys:
            folded = fold(register.bare_of(text))
            keys = [f"code:{code}" for code in self._new_names.get(folded, ())]
            keys += [key for key in register.named(text) if key not in facts.ending]
        return [key for key in keys if self.wider(key, kind)]

    def derived(self, target: Target) -> list[str]:
        """What the parents of the old ones became; one for the usual merger. `UNCLEAR`: one of them was divided."""
        return list(dict.fromkeys(self._became(one.old, target.kind) for one in target.passes if one.old))

    def _became(self, old: str, kind: str) -> str:
        parent = self.register.parent_of(old)
        seen: set[str] = set()
        while parent and parent not in seen:
            seen.add(parent)
            became = self.facts.becomes(parent)
            if became is None and any(one.carries for one in self.facts.by_old[parent]):
                return UNCLEAR
            if became is not None and self.wider(became, kind):
                return became
            parent = self.register.parent_of(parent)
        return ""

    def of(self, target: Target) -> str | None:
        """The one parent of a new or moved thing: key, "code:…", "" = none; None when that is not clear."""
        if target.code not in self._of:
            self._of[target.code] = self._find(target)
        return self._of[target.code]

    def _find(self, target: Target) -> str | None:
        kind = target.kind or (self.register.living[target.key].kind if target.key in self.register.living else "")
        if target.parent:
            found = self.named(target.parent, kind)
            return found[0] if len(found) == 1 else None
        derived = self.derived(target)
        return derived[0] if len(derived) == 1 and derived[0] != UNCLEAR else None


def children_left(facts: Facts, parents: "Parents") -> dict[str, int]:
    """Things not in the table that had children on the eve and have none from the day → how many they had."""
    register = facts.register
    holding: set[str] = {one for target in facts.targets.values() for one in (parents.of(target),) if one}
    found: dict[str, int] = {}
    for key, children in register.children.items():
        if key not in register.living or key in facts.by_old or key in facts.kept or key in holding:
            continue
        if all(child in facts.ending or _moves(child, facts, parents, key) for child in children):
            found[key] = len(children)
    return found


def _moves(child: str, facts: Facts, parents: "Parents", away_from: str) -> bool:
    target = facts.kept.get(child)
    return target is not None and bool(target.parent) and parents.of(target) not in (away_from, None)


def by_class(facts: Facts, keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        found[facts.register.class_of(key)].append(key)
    return dict(found)
