"""What an entry page and a receipt send beside their forms: texts of cells, words, marks. Nothing here is stored."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.http import QueryDict

from giaoban.core.checks import subunit_issues
from giaoban.core.forms import FormDefinition, Row
from giaoban.core.issues import Cell, Issue
from giaoban.reporting.rules import (
    EXPLAINS,
    LONGEST,
    NOTES,
    Change,
    Subunits,
    column_of,
    is_machine,
    is_paper,
    paper_limit,
    plain_text,
    shown_text,
    text_key,
)
from giaoban.reporting.web.shaping.grid import NEW_LINES


@dataclass(frozen=True, slots=True)
class Typed:
    """What an entry page sent. texts: by `text_key`, without the machine's cells; a new line that cannot be kept is not
    among them. papers: signers, number and day by the names of their fields.

    draft, seen: the draft that the page showed and its revision; version: the one sent before that it was made from, 0
    for none; None when the page did not say. shown: the texts that it began with, blanks left out, None when it did not
    say (a page with its script saves cells by themselves).

    refused: the inputs of such lines by the names that the page gave them, so that they can be shown again;
    issues: why.
    """

    texts: dict[str, str]
    notes: str
    explanations: dict[str, str]
    refused: dict[str, str]
    issues: tuple[Issue, ...]
    draft: int | None = None
    seen: int | None = None
    version: int | None = None
    papers: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] | None = None

    def changes(self) -> dict[str, Change]:
        """What the page sent as changes to a draft; what nobody touched there is none, so that a cell which somebody
        else saved meanwhile keeps its text without a word."""
        texts = self.texts | {NOTES: self.notes} | {f"{EXPLAINS}{key}": text for key, text in self.explanations.items()}
        texts |= self.papers
        began = self.shown
        return {
            name: Change(text, self.seen)
            for name, text in texts.items()
            if began is None or text != began.get(name, "")
        }


def typed_on_page(form: FormDefinition, subunits: Subunits, post: QueryDict) -> Typed:
    """The cells of an entry page: what was typed, and named new lines."""
    texts: dict[str, str] = {}
    for table in form.tables:
        for row in table.rows:
            for subunit in subunits.get((table.id, row.id), ()) if row.is_dynamic else ("",):
                for column in table.columns:
                    if is_machine(table, row, column, subunits):
                        continue
                    for estimate in (False, True):
                        key = text_key(table.id, row.id, subunit, column.id, estimate=estimate)
                        if key in post:
                            texts[key] = _cell(post.get(key, ""), is_number=column.is_number)
    named, refused, issues = _named_lines(form, subunits, post)
    texts |= named
    return Typed(
        texts=texts,
        notes=_lines(post.get(NOTES, ""))[: LONGEST["notes"]],
        explanations=typed_explanations(post),
        refused=refused,
        issues=tuple(issues),
        draft=_whole(post.get("draft", "")),
        seen=_whole(post.get("seen", "")),
        version=_whole(post.get("version", "")),
        papers=_typed_papers(form, post),
        shown=_shown(form, post.get("shown", "")),
    )


def _typed_papers(form: FormDefinition, post: QueryDict) -> dict[str, str]:
    limits = {name: paper_limit(form, name) for name in post if is_paper(name)}
    return {name: _lines(post.get(name, ""))[:most] for name, most in limits.items() if most is not None}


def _shown(form: FormDefinition, given: str) -> dict[str, str] | None:
    """The texts that a page without its script began with, as it would send them back untouched."""
    try:
        data = json.loads(given)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
        return None
    numbers = {name for name in data if (column := column_of(form, name)) is not None and column.is_number}
    return {
        name: _cell(shown_text(text), is_number=True) if name in numbers else _lines(text)
        for name, text in data.items()
    }


def _lines(text: str) -> str:
    """Words as the script sends them too: a browser ends the lines of a form in two signs."""
    return text.replace("\r\n", "\n").strip()


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _cell(text: str, *, is_number: bool) -> str:
    return plain_text(text, is_number=is_number)[: LONGEST["cell"]]


def _named_lines(
    form: FormDefinition, subunits: Subunits, post: QueryDict
) -> tuple[dict[str, str], dict[str, str], list[Issue]]:
    """The lines that the person named on the page, for dynamic rows that no catalogue lists.

    Texts by `text_key`; the inputs of lines that cannot be kept, because they have no name, one that is too long, or
    that of another line; and why.
    """
    texts: dict[str, str] = {}
    refused: dict[str, str] = {}
    issues: list[Issue] = []
    for table in form.tables:
        for row in table.dynamic_rows:
            taken = {name.casefold() for name in subunits.get((table.id, row.id), ())}
            for number in range(NEW_LINES):
                place = f"{table.id}/{row.id}/{number}"
                name = " ".join(post.get(f"ten/{place}", "").split())
                given = {
                    column.id: _cell(post.get(f"moi/{place}/{column.id}", ""), is_number=column.is_number)
                    for column in table.columns
                }
                given = {column: text for column, text in given.items() if text}
                if not name and not given:
                    continue
                wrong = _wrong_line(row, Cell(table.id, row.id, name), taken)
                if wrong is not None:
                    issues.append(wrong)
                    refused[f"ten/{place}"] = name
                    refused |= {f"moi/{place}/{column}": text for column, text in given.items()}
                    continue
                taken.add(name.casefold())
                texts |= {text_key(table.id, row.id, name, column): text for column, text in given.items()}
    return texts, refused, issues


def _wrong_line(row: Row, at: Cell, taken: Collection[str]) -> Issue | None:
    """Why a line that a person named cannot be kept."""
    if not at.subunit:
        return Issue("unnamed-line", "error", at)
    if at.subunit.casefold() in taken:
        return Issue("duplicate-line", "error", at, {"subunit": at.subunit})
    return next(subunit_issues(row, at), None)


def typed_explanations(post: QueryDict) -> dict[str, str]:
    """The unit's words on warnings, by `rules.issue_key`."""
    return {
        name.removeprefix(EXPLAINS): _lines(post.get(name, ""))[: LONGEST["words"]]
        for name in post
        if name.startswith(EXPLAINS)
    }


MOST_CHANGES: Final = 5000
LARGEST_PATCH: Final = 2**20
_LARGEST_ID: Final = 2**31


class UnreadablePatch(ValueError):
    """What the script of a grid sent is none of its messages; says why."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes of cells by name. draft, seen: the draft that the page shows (None: there is none) and its revision.

    version: the latest that was sent when the page was made, 0 for none; None when the page does not say.
    """

    draft: int | None
    seen: int
    version: int | None
    changes: dict[str, Change]


def read_patch(form: FormDefinition, body: bytes) -> Patch:
    """{"draft": 5 | null, "version": 2, "seen": 12, "cells": {name: {"text": "1.204", "base": 3}}}.

    Raises UnreadablePatch.
    """
    if len(body) > LARGEST_PATCH:
        raise UnreadablePatch(f"lớn hơn {LARGEST_PATCH // 2**20} MB")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise UnreadablePatch("không phải JSON") from fault
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, dict) or len(cells) > MOST_CHANGES:
        raise UnreadablePatch(f"không có danh sách ô, hoặc có quá {MOST_CHANGES} ô")
    changes = {}
    for name, cell in cells.items():
        text = cell.get("text") if isinstance(cell, dict) else None
        if not isinstance(text, str) or not _is_writable(name) or not _is_writable(text):
            raise UnreadablePatch("có ô không đọc được")
        column = column_of(form, name)
        plain = plain_text(text, is_number=column is not None and column.is_number)
        changes[name] = Change(plain, _count(cell.get("base", 0)))
    draft, version = (None if data.get(one) is None else _count(data[one]) for one in ("draft", "version"))
    return Patch(draft, _count(data.get("seen", 0)), version, changes)


def _is_writable(text: str) -> bool:
    """No control characters but line ends and tabs, nothing that is not Unicode text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(ord(sign) < 32 and sign not in "\t\n\r" for sign in text)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_ID:
        raise UnreadablePatch("có số phiên bản không đọc được")
    return value


MARKED_CELL: Final = "o"
"""The name under which the cells that a receiver marks are sent; the note of each comes under this and its name."""
VERDICT: Final = "y-kien/"
VERDICT_NOTE: Final = "y-kien-ghi/"
MOST_MARKS: Final = 300


def typed_marks(data: QueryDict) -> list[tuple[str, str]]:
    """(Name of a cell, note), each cell once, in the order of the page."""
    names = list(dict.fromkeys(data.getlist(MARKED_CELL)))[:MOST_MARKS]
    return [(name, data.get(f"{MARKED_CELL}/{name}", "").strip()) for name in names]


def typed_verdicts(data: QueryDict) -> dict[str, tuple[bool, str]]:
    """Key of an explanation → whether it was accepted, and the note; those that nobody chose are absent."""
    chosen = {name.removeprefix(VERDICT): data.get(name, "") for name in data if name.startswith(VERDICT)}
    return {
        key: (word == "nhan", data.get(f"{VERDICT_NOTE}{key}", "").strip()[: LONGEST["words"]])
        for key, word in chosen.items()
        if word in ("nhan", "khong")
    }
