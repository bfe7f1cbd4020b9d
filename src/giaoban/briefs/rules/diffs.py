"""What differs between two versions of a text: paragraphs first, then the words inside those that changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Op = Literal["same", "ins", "del"]


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stayed, were put in, or were taken out."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of either version, in runs."""

    runs: tuple[Run, ...]

    @property
    def op(self) -> Literal["same", "ins", "del", "changed"]:
        ops = {run.op for run in self.runs}
        return next(iter(ops)) if len(ops) == 1 else "changed"

    @property
    def before(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.op != "ins")

    @property
    def after(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.op != "del")


LIKE = 0.35
"""Paragraphs that share less than this part of their words are two: one taken out, one put in."""


def compare(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    """The paragraphs of both versions in reading order, what changed in each by words."""
    lines: list[Line] = []
    for op, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            lines += [Line((Run("same", text),)) for text in before[i:j]]
        else:
            lines += _replaced(before[i:j], after[k:m])
    return lines


def _replaced(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    """Paragraphs in the place of others: each new one beside the old one that it is most like, in order."""
    lines: list[Line] = []
    left = list(before)
    for text in after:
        ratios = [SequenceMatcher(None, _words(old), _words(text), autojunk=False).ratio() for old in left]
        best = max(range(len(left)), key=ratios.__getitem__, default=-1)
        if best < 0 or ratios[best] < LIKE:
            lines.append(Line((Run("ins", text),)))
            continue
        lines += [Line((Run("del", old),)) for old in left[:best]]
        lines.append(Line(words(left[best], text)))
        left = left[best + 1 :]
    return lines + [Line((Run("del", old),)) for old in left]


def words(before: str, after: str) -> tuple[Run, ...]:
    """The two texts as one run of words; spaces go with the word before them."""
    old, new = _words(before), _words(after)
    runs: list[Run] = []
    for op, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            runs.append(Run("same", "".join(old[i:j])))
            continue
        if i < j:
            runs.append(Run("del", "".join(old[i:j])))
        if k < m:
            runs.append(Run("ins", "".join(new[k:m])))
    return tuple(runs)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)
