"""What the rows of a table mean once their codes are looked up: who passes to whom, who lives on, what is new."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from giaoban.core.reorganisation.register import Register
from giaoban.core.reorganisation.table import KEPT, NEW, PartOf, Row, part_of
from giaoban.core.vietnamese import fold, sort_key


@dataclass(frozen=True, slots=True)
class Pass:
    """One row whose old side is known. old: its key; "" for a row that only makes a new thing."""

    row: Row
    old: str
    part: PartOf

    @property
    def carries(self) -> bool:
        """Whether the old passes to the new side, wholly or in part."""
        return self.part.kind in ("whole", "part")


@dataclass(frozen=True, slots=True)
class Target:
    """What a new code stands for from the day. key: what lives on under it (or is there already), "" = a new thing.

    bearer: what bears the code on the eve, "" for nothing. undecided: the table does not say what becomes of that.
    renumbered: lives on under another code than before. name, kind, parent: as the table writes them.
    """

    code: str
    passes: tuple[Pass, ...]
    key: str
    bearer: str
    undecided: bool = False
    renumbered: bool = False
    name: str = ""
    kind: str = ""
    parent: str = ""

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(one.row.number for one in self.passes)


class Facts:
    """The rows against the register. Rows whose old code or part cannot be read are in `unread` and nowhere else."""

    def __init__(self, rows: Sequence[Row], register: Register) -> None:
        self.rows, self.register = tuple(rows), register
        self.passes: list[Pass] = []
        self.unread: list[Row] = []
        for row in self.rows:
            part, keys = part_of(row.part), register.keys_of(row.old_code)
            if part is None or (part.kind != "created" and len(keys) != 1):
                self.unread.append(row)
            elif row.new_code or part.kind == "ends":
                self.passes.append(Pass(row, "" if part.kind == "created" else keys[0], part))
            else:
                self.unread.append(row)

    @cached_property
    def by_old(self) -> dict[str, list[Pass]]:
        """Old key → its rows, in their order."""
        found: dict[str, list[Pass]] = defaultdict(list)
        for one in self.passes:
            if one.old:
                found[one.old].append(one)
        return dict(found)

    @cached_property
    def targets(self) -> dict[str, Target]:
        """New code → what it stands for."""
        groups: dict[str, list[Pass]] = defaultdict(list)
        for one in self.passes:
            if one.part.kind != "ends":
                groups[one.row.new_code].append(one)
        return {code: self._target(code, tuple(group)) for code, group in groups.items()}

    def _target(self, code: str, group: tuple[Pass, ...]) -> Target:
        def first(column: str) -> str:
            return next((text for one in group if (text := str(getattr(one.row, column)))), "")

        bearers = self.register.keys_of(code)
        bearer = bearers[0] if len(bearers) == 1 else self.register.begins.get(code, "")
        name, kind = first("new_name"), self.register.kind_in(first("new_kind") or first("new_name"))
        key, undecided, renumbered = self._lives_on(bearer, group, name, kind, fold(first("identity")))
        return Target(
            code=code,
            passes=group,
            key=key,
            bearer=bearer,
            undecided=undecided,
            renumbered=renumbered,
            name=name,
            kind=kind,
            parent=first("new_parent"),
        )

    def _lives_on(
        self, bearer: str, group: tuple[Pass, ...], name: str, kind: str, said: str
    ) -> tuple[str, bool, bool]:
        """(the key that lives on or "", the table leaves it open, it takes another code)."""
        if said == fold(NEW):
            return "", False, False
        alone = group[0] if len(group) == 1 and group[0].part.kind == "whole" else None
        if not bearer:
            wholly = alone is not None and len(self.by_old[alone.old]) == 1
            if alone is not None and wholly and (said == fold(KEPT) or self._same(alone.old, name, kind)):
                return alone.old, False, True
            return "", False, False
        if said == fold(KEPT):
            return bearer, False, False
        mine = [one for one in self.by_old.get(bearer, ()) if one.part.kind != "duties"]
        if not mine:
            return bearer, True, False
        here = [one for one in mine if one in group]
        if any(one.part.kind == "part" for one in here):
            return bearer, False, False
        return (bearer if here and alone is not None else ""), False, False

    def _same(self, key: str, name: str, kind: str) -> bool:
        """Whether the table gives the new side the name and kind of an old one, or none."""
        register = self.register
        if key not in register.living:
            return True
        if kind and kind != register.living[key].kind:
            return False
        return not name or sort_key(register.bare_of(name)) == sort_key(register.bare(key))

    @cached_property
    def kept(self) -> dict[str, Target]:
        """Key → the code under which it lives on."""
        return {target.key: target for target in self.targets.values() if target.key}

    @cached_property
    def ending(self) -> frozenset[str]:
        """Keys that are there on the eve and not from the day."""
        return frozenset(
            key
            for key, own in self.by_old.items()
            if key not in self.kept and any(one.part.kind != "duties" for one in own)
        )

    def kind_after(self, key: str) -> str:
        """The kind of something of the eve that lives on, from the day."""
        target = self.kept.get(key)
        return (target.kind if target is not None else "") or self.register.living[key].kind

    def becomes(self, key: str) -> str | None:
        """What a thing of the eve is from the day: its key, or "code:…" of the new thing to which it wholly passed;
        None when it passed to several or ended."""
        if key not in self.ending:
            return key if key in self.register.living else None
        own = [one for one in self.by_old[key] if one.carries]
        if len(own) != 1:
            return None
        target = self.targets[own[0].row.new_code]
        return target.key or f"code:{target.code}"
