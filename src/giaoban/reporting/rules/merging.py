"""Two people in one draft: whose text stands in a cell, and what is a name of a cell at all.

A draft is one mapping of names to texts: cells by `typed.text_key`, the notes, the words on warnings, and the papers
that go with the report by the names of `signing` (the only ones but the notes that have no "/").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from giaoban.core.checks import subunit_issues
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.issues import Cell, sentence
from giaoban.core.secrecy import marked_secret, refusal_of_secret
from giaoban.reporting.rules.machine import Subunits, is_machine, with_lines_of
from giaoban.reporting.rules.signing import paper_limit
from giaoban.reporting.rules.typed import ESTIMATE

NOTES: Final = "notes"
EXPLAINS: Final = "giai-trinh/"
"""Before the key of a warning (`explaining.issue_key`): the unit's words on it."""
LONGEST: Final = {"name": 600, "cell": 400, "notes": 4000, "words": 2000}


@dataclass(frozen=True, slots=True)
class Change:
    """A text that somebody typed. base: the version of the cell that the person saw; None overwrites anything."""

    text: str
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """texts: what stands now, blanks left out; changed: names whose text is another.

    overtaken: names that keep the text which somebody else saved meanwhile, because nobody has chosen yet.
    """

    texts: dict[str, str]
    changed: tuple[str, ...]
    overtaken: tuple[str, ...]


def merge(stored: Mapping[str, str], versions: Mapping[str, int], changes: Mapping[str, Change]) -> Merged:
    """Put changes into a draft. versions: those of the cells that were changed since the draft began; others have 0."""
    texts = dict(stored)
    changed, overtaken = [], []
    for name, change in changes.items():
        if change.text == texts.get(name, ""):
            continue
        if change.base is not None and versions.get(name, 0) > change.base:
            overtaken.append(name)
            continue
        changed.append(name)
        if change.text:
            texts[name] = change.text
        else:
            texts.pop(name, None)
    return Merged(texts, tuple(changed), tuple(overtaken))


def column_of(form: FormDefinition, name: str) -> Column | None:
    """The column of a cell by its name; None for the notes, for words on a warning, for a name of nothing."""
    parts = name.split("/")
    table = form.tables_by_id.get(parts[0]) if len(parts) in (4, 5) else None
    return table.columns_by_id.get(parts[3]) if table is not None else None


def is_paper(name: str) -> bool:
    """Whether a name among a draft's texts is that of a paper: a signer, the number, the day."""
    return "/" not in name and name != NOTES


def fault_of(
    form: FormDefinition, listed: Subunits, stored: Mapping[str, str], name: str, text: str, *, estimates: bool
) -> str:
    """Why a text cannot be kept under a name, as a sentence; "" when it can.

    listed: the sub-units that dynamic rows may have, empty where no catalogue lists any; a line that is in the draft
    already may be changed in any case. estimates: whether the period has an estimated part.
    """
    unknown = "Biểu không có ô này. Tải lại trang."
    if len(name) > LONGEST["name"]:
        return unknown
    marking = marked_secret(text)
    if marking:
        return refusal_of_secret(marking)
    if is_paper(name):
        most = paper_limit(form, name)
        return unknown if most is None else _too_long(text, most)
    if name == NOTES or name.startswith(EXPLAINS):
        return _too_long(text, LONGEST["notes" if name == NOTES else "words"])
    parts = name.split("/")
    if len(parts) not in (4, 5) or (len(parts) == 5 and (parts[4] != ESTIMATE or not estimates)):
        return unknown
    table = form.tables_by_id.get(parts[0])
    row = table.rows_by_id.get(parts[1]) if table else None
    column = table.columns_by_id.get(parts[3]) if table else None
    if table is None or row is None or column is None or (len(parts) == 5 and not column.is_number):
        return unknown
    at = Cell(parts[0], parts[1], parts[2], parts[3])
    lines = with_lines_of(listed, stored)
    allowed = frozenset(lines[table.id, row.id]) if listed.get((table.id, row.id)) else None
    wrong = next(subunit_issues(row, at, allowed), None)
    if wrong is not None:
        return sentence(wrong)
    if is_machine(table, row, column, lines):
        return "Ô này do máy tính, không nhập. Tải lại trang."
    return _too_long(text, LONGEST["cell"])


def _too_long(text: str, limit: int) -> str:
    return f"Dài quá {limit} ký tự. Viết ngắn lại." if len(text) > limit else ""
