"""The text of a section: one paragraph a line, "- " for an item of a list, "| a | b |" for a row of a table.

Three marks stand in it. `{{số 3: 1.204}}` is the bound figure of that number, `{{so 3/4: tăng 5 %}}` how one bound
figure stands to another: the words after the colon are what the reader saw last, written by the program, never read
back. `{{từ 45@3.2}}` before a paragraph says that it was taken from another section (its id, version, paragraph from
1); after ">" come the sections through which it went. Anything else between double braces is broken and shown as such.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

_MARK: Final = re.compile(r"\{\{([^{}]*)\}\}")
_FIGURE: Final = re.compile(r"số\s+([1-9][0-9]{0,3})\s*(?::.*)?", re.IGNORECASE)
_CHANGE: Final = re.compile(r"so\s+([1-9][0-9]{0,3})\s*/\s*([1-9][0-9]{0,3})\s*(?::.*)?", re.IGNORECASE)
_FROM: Final = re.compile(r"\s*\{\{\s*từ\s+([0-9@.> ]+?)\s*\}\}\s*", re.IGNORECASE)
_STEP: Final = re.compile(r"([0-9]{1,12})@([0-9]{1,6})\.([0-9]{1,5})")

Kind = Literal["text", "figure", "change", "broken"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Plain words, or a mark: numbers (figure) or (now, base) of the bound figures; `text` as it was written."""

    kind: Kind
    text: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A paragraph of a section as it was in a version; paragraphs are counted from 1."""

    section: int
    version: int
    block: int

    def __str__(self) -> str:
        return f"{self.section}@{self.version}.{self.block}"


Cell = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, or a table. `rows` of a table: its cells, the header first; one cell otherwise.

    origin: from whose section it was taken first, then through which it went. raw: as written, without the origin.
    """

    kind: Literal["p", "li", "table"]
    rows: tuple[tuple[Cell, ...], ...]
    origin: tuple[Step, ...]
    raw: str

    @property
    def pieces(self) -> Iterator[Piece]:
        return (piece for row in self.rows for cell in row for piece in cell)


def cleaned(text: str) -> str:
    """Text as it is stored: composed letters, plain line ends, no spaces at ends of lines, at most one empty line."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in composed if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    lines = "\n".join(line.rstrip() for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def blocks_of(text: str) -> list[Block]:
    """The paragraphs, items and tables of a text in order."""
    blocks: list[Block] = []
    for line in text.split("\n"):
        origin, bare = _origin(line)
        if not bare.strip():
            continue
        if bare.startswith("|"):
            row = tuple(pieces_of(cell.strip()) for cell in bare.strip().strip("|").split("|"))
            last = blocks[-1] if blocks and blocks[-1].kind == "table" else None
            if last is not None and not origin:
                blocks[-1] = Block("table", (*last.rows, row), last.origin, f"{last.raw}\n{bare}")
            else:
                blocks.append(Block("table", (row,), origin, bare))
        elif bare.startswith(("- ", "– ", "+ ", "* ")):
            blocks.append(Block("li", ((pieces_of(bare[2:].strip()),),), origin, bare))
        else:
            blocks.append(Block("p", ((pieces_of(bare.strip()),),), origin, bare))
    return blocks


def is_row(line: str) -> bool:
    """Whether a line is a row of a table."""
    return _origin(line)[1].startswith("|")


def _origin(line: str) -> tuple[tuple[Step, ...], str]:
    found = _FROM.match(line)
    if found is None:
        return (), line
    steps = [_STEP.fullmatch(part.strip()) for part in found[1].split(">")]
    if not all(steps):
        return (), line
    return tuple(Step(int(one[1]), int(one[2]), int(one[3])) for one in steps if one), line[found.end() :]


def pieces_of(text: str) -> Cell:
    """Words and marks of one line."""
    pieces: list[Piece] = []
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            pieces.append(Piece("text", text[at : found.start()]))
        pieces.append(_mark(found[0], found[1].strip()))
        at = found.end()
    if at < len(text):
        pieces.append(Piece("text", text[at:]))
    return tuple(pieces)


def _mark(whole: str, inside: str) -> Piece:
    figure, change = _FIGURE.fullmatch(inside), _CHANGE.fullmatch(inside)
    if figure:
        return Piece("figure", whole, (int(figure[1]),))
    if change:
        return Piece("change", whole, (int(change[1]), int(change[2])))
    return Piece("broken", whole)


def numbers_in(text: str) -> set[int]:
    """The numbers of the bound figures that a text uses."""
    return {number for block in blocks_of(text) for piece in block.pieces for number in piece.numbers}


def figure_mark(number: int, shown: str = "") -> str:
    return f"{{{{số {number}: {shown}}}}}" if shown else f"{{{{số {number}}}}}"


def change_mark(now: int, base: int, shown: str = "") -> str:
    return f"{{{{so {now}/{base}: {shown}}}}}" if shown else f"{{{{so {now}/{base}}}}}"


def origin_mark(steps: tuple[Step, ...]) -> str:
    return f"{{{{từ {' > '.join(map(str, steps))}}}}} "


def refreshed(text: str, shown: Callable[[Piece], str | None]) -> str:
    """The text with what each mark shows written behind its number; None leaves the number alone."""
    return _each_mark(text, lambda piece: _written(piece.kind, piece.numbers, shown(piece) or "", piece.text))


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """The text with other numbers in its marks; a mark with a number that is not among them stays."""

    def changed(piece: Piece) -> str:
        if not all(number in numbers for number in piece.numbers):
            return piece.text
        seen = piece.text[2:-2].partition(":")[2].strip()
        return _written(piece.kind, tuple(numbers[number] for number in piece.numbers), seen, piece.text)

    return _each_mark(text, changed)


def _written(kind: Kind, numbers: tuple[int, ...], seen: str, otherwise: str) -> str:
    if kind == "figure":
        return figure_mark(numbers[0], seen)
    if kind == "change":
        return change_mark(numbers[0], numbers[1], seen)
    return otherwise


def _each_mark(text: str, change: Callable[[Piece], str]) -> str:
    return _MARK.sub(lambda found: change(_mark(found[0], found[1].strip())), text)


def taken(block: Block, step: Step, numbers: Mapping[int, int]) -> str:
    """A paragraph as another section takes it: it keeps whose it was first, goes on through `step`, and its figures
    get the numbers that they have there."""
    origin = (*block.origin, step)
    return origin_mark(origin) + renumbered(block.raw, numbers)


def plain(block: Block, shown: Callable[[Piece], str]) -> str:
    """A paragraph in words only; a table as its rows, cells apart by " | "."""
    rows = [" | ".join("".join(shown(piece) for piece in cell) for cell in row) for row in block.rows]
    return ("- " if block.kind == "li" else "") + "\n".join(rows)


def seen(piece: Piece) -> str:
    """What a mark showed when it was last written; plain words as they are."""
    return piece.text if piece.kind in ("text", "broken") else piece.text[2:-2].partition(":")[2].strip() or piece.text


def plain_blocks(text: str) -> list[str]:
    """The paragraphs of a text in words, its marks as last written: what two savings are compared by."""
    return [plain(block, seen) for block in blocks_of(text)]
