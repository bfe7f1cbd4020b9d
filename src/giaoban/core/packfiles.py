"""The files of a pack as plain data with the line of every value, and the faults of their writing and shape.

YAML is read in a narrow dialect: dates stay text, only `true` and `false` are booleans, numbers are exact, keys are not
repeated, and there are no merge keys and no tags. CSV is UTF-8 with a header row and commas; an empty cell is nothing.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from giaoban.core import schemas
from giaoban.core.schemas import Path as DataPath

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_EXACT: Final = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp", "merge", "value")
)
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class PackFault:
    """One fault of a pack. `file` is relative to the pack; `line` counts from 1, 0 = the file itself is missing."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file. `lines`: data path → line; `unsound`: paths that do not have the shape the schema asks for."""

    file: str
    data: Any
    lines: Mapping[DataPath, int]
    unsound: frozenset[DataPath] = frozenset()

    def is_sound(self, path: DataPath) -> bool:
        """Whether neither the thing at `path`, nor what lies in it, nor what it lies in has a fault of shape.

        Faults of its neighbours do not count.
        """
        return not any(path[: len(wrong)] == wrong[: len(path)] for wrong in self.unsound if wrong or not path)

    def has_head(self, *names: str) -> bool:
        """Whether these values of a mapping have their shape and none of its required ones is missing."""
        return () not in self.unsound and all(self.is_sound((name,)) for name in names)

    def line(self, path: DataPath) -> int:
        """The line of the nearest thing on the way to `path` that stands in the file."""
        while path not in self.lines:
            if not path:
                return 1
            path = path[:-1]
        return self.lines[path]

    def fault(self, path: DataPath, reason: str) -> PackFault:
        """A fault at a place of this file, saying which place when it is not the top."""
        return PackFault(self.file, self.line(path), f"{_words(path)}: {reason}" if path else reason)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: the cells that hold something, and the columns whose value was refused."""

    line: int
    cells: Mapping[str, str]
    refused: frozenset[str] = frozenset()
    is_complete: bool = True

    @property
    def is_sound(self) -> bool:
        return self.is_complete and not self.refused


@dataclass(slots=True)
class _Builder:
    """Turns the node tree of one YAML file into plain data, noting lines and faults."""

    file: str
    lines: dict[DataPath, int] = field(default_factory=dict)
    faults: list[PackFault] = field(default_factory=list)
    open_nodes: list[int] = field(default_factory=list)

    def fault(self, node: yaml.Node, reason: str) -> None:
        self.faults.append(PackFault(self.file, node.start_mark.line + 1, reason))

    def build(self, node: yaml.Node, path: DataPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _TAGS:
            self.fault(node, f"the tag {node.tag} is not used in packs")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self.open_nodes:
            self.fault(node, "an alias contains itself")
            return None
        self.open_nodes.append(id(node))
        built = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self.open_nodes.pop()
        return built

    def _sequence(self, node: yaml.Node, path: DataPath) -> list[Any]:
        return [self.build(item, (*path, position)) for position, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: DataPath) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.fault(key_node, "a key must be a plain word")
            elif key_node.tag.endswith(":merge"):
                self.fault(key_node, "merge keys (<<) are not used in packs")
            elif key_node.value in built:
                self.fault(key_node, f"'{key_node.value}' is written twice")
            else:
                key = str(key_node.value)
                self.lines[(*path, key)] = key_node.start_mark.line + 1
                built[key] = self.build(value_node, (*path, key))
        return built


def read_yaml(root: Path, file: str, schema: str, faults: list[PackFault]) -> Document | None:
    """The document with every fault of writing and shape appended; None when it cannot be read at all."""
    text = _text(root, file, faults)
    if text is None:
        return None
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.append(PackFault(file, 1 if mark is None else mark.line + 1, f"not readable YAML: {error.problem}"))
        return None
    except yaml.YAMLError as error:
        faults.append(PackFault(file, 1, f"not readable YAML: {' '.join(str(error).split())}"))
        return None
    if node is None:
        faults.append(PackFault(file, 1, "the file is empty"))
        return None
    builder = _Builder(file)
    data = builder.build(node, ())
    found = schemas.faults(schema, data)
    document = Document(file, data, builder.lines, frozenset(fault.path for fault in found))
    faults.extend(builder.faults)
    faults.extend(document.fault(fault.path, fault.reason) for fault in found)
    return document


def read_csv(root: Path, file: str, schema: str, faults: list[PackFault]) -> tuple[list[CsvRow], bool]:
    """The rows, unsound ones among them, with every fault appended; and whether the file could be read to its end."""
    text = _text(root, file, faults)
    if text is None:
        return [], False
    shape = schemas.schema(schema)
    known, required = tuple(shape["properties"]), frozenset(shape["required"])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[CsvRow] = []
    try:
        header = next(reader, [])
        header_faults = [PackFault(file, 1, reason) for reason in _header_reasons(header, known, required)]
        faults.extend(header_faults)
        if header_faults:
            return [], False
        ended = reader.line_num
        for cells in reader:
            line, ended = ended + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                faults.append(PackFault(file, line, f"{len(cells)} cells instead of {len(header)}"))
                continue
            rows.append(_csv_row(file, schema, line, dict(zip(header, cells, strict=True)), required, faults))
    except csv.Error as error:
        faults.append(PackFault(file, reader.line_num, f"not readable CSV: {error}"))
        return rows, False
    return rows, True


def _csv_row(
    file: str,
    schema: str,
    line: int,
    cells: Mapping[str, str],
    required: frozenset[str],
    faults: list[PackFault],
) -> CsvRow:
    good: dict[str, str] = {}
    refused: set[str] = set()
    for column, value in cells.items():
        if value:
            reason = schemas.cell_reason(schema, column, value)
            if reason is None:
                good[column] = value
            else:
                refused.add(column)
                faults.append(PackFault(file, line, f"{column}: {reason}"))
    missing = sorted(required - good.keys() - refused)
    faults.extend(PackFault(file, line, f"{column}: is missing") for column in missing)
    return CsvRow(line, good, frozenset(refused), is_complete=not missing)


def _header_reasons(header: list[str], known: tuple[str, ...], required: frozenset[str]) -> list[str]:
    """A column that may be empty in every row may be left out."""
    needed = [column for column in known if column in required]
    reasons = [f"the column '{column}' is missing from the header" for column in needed if column not in header]
    reasons += [
        f"the column '{column}' is not known; known are {', '.join(known)}" for column in header if column not in known
    ]
    return reasons + [
        f"the column '{column}' is there twice" for column in sorted(set(header)) if header.count(column) > 1
    ]


def _text(root: Path, file: str, faults: list[PackFault]) -> str | None:
    """The text without a byte-order mark; None when it is not UTF-8."""
    content = (root / file).read_bytes()
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.append(PackFault(file, line, "not UTF-8"))
        return None


def _scalar(node: yaml.ScalarNode) -> str | int | bool | Decimal | None:
    """A quoted scalar is text; a plain one may be a boolean, null, or an exact number."""
    text = str(node.value)
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _EXACT.fullmatch(text) else text


def _words(path: DataPath) -> str:
    """("tables", 0, "columns", 2) → "tables[1].columns[3]": people count from 1."""
    words = ""
    for step in path:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if words else step
    return words
