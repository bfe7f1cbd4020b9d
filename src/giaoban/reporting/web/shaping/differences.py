"""What a version changes in the figures of the version before it, cell by cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from giaoban.core.figures import BLANK, Figure, Figures, Mark
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.issues import Cell
from giaoban.core.vietnamese import capital_first, number
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.reporting.rules import SHOWN_NIL, SHOWN_NOT_APPLICABLE
from giaoban.reporting.web.shaping.layout import Labels

SIGNS = {Mark.NIL: SHOWN_NIL, Mark.NOT_APPLICABLE: SHOWN_NOT_APPLICABLE}


@dataclass(frozen=True, slots=True)
class Difference:
    """old, new: as people read them; change: new - old of two numbers, with its sign, "" where there is none."""

    path: str
    url: str
    old: str
    new: str
    change: str


def differences(form: FormDefinition, labels: Labels, before: Figures, now: Figures) -> list[Difference]:
    """The cells that say something else than before, in the order of the form; a line that went counts as blank."""
    order = {(table.id, row.id): at for at, (table, row) in enumerate((t, r) for t in form.tables for r in t.rows)}
    keys = sorted(before.keys() | now.keys(), key=lambda key: (order[key[0], key[1]], key[2]))
    return [one for key in keys for one in _of_line(form, labels, key, before, now)]


def _of_line(
    form: FormDefinition, labels: Labels, key: tuple[str, str, str], before: Figures, now: Figures
) -> Iterator[Difference]:
    table = form.table(key[0])
    old, new = before.get(key), now.get(key)
    for column in table.columns:
        at = Cell(*key, column.id)
        path, url = capital_first(labels.cell(at)), f"#{cell_anchor(at)}"
        if not column.is_number:
            texts = [line.texts.get(column.id, "") if line else "" for line in (old, new)]
            if texts[0] != texts[1]:
                yield Difference(path, url, texts[0] or "trống", texts[1] or "trống", "")
            continue
        place = table.positions[column.id]
        was, stands = (line.figures[place] if line else BLANK for line in (old, new))
        if was != stands:
            change = _change(was, stands, column)
            yield Difference(path, url, _words(was, column), _words(stands, column), change)


def _words(figure: Figure, column: Column) -> str:
    if figure.mark in SIGNS:
        return SIGNS[figure.mark]
    if figure.total is None:
        return "trống"
    estimate = f" (ước {number(figure.estimate, column.scale)})" if figure.estimate is not None else ""
    return f"{number(figure.total, column.scale)}{estimate}"


def _change(old: Figure, new: Figure, column: Column) -> str:
    if old.total is None or new.total is None or old.total == new.total:
        return ""
    change: Decimal = new.total - old.total
    return f"{'+' if change > 0 else '−'}{number(abs(change), column.scale)}"
