"""The figures of a frozen file as tidy CSV, which another installation takes in with `giaoban figures import`."""

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from giaoban.core.figures import Line, LineKey, decode
from giaoban.core.tidy import COLUMNS, guarded, rows_from_figures
from giaoban.reporting.archive import reading

MOST_BYTES: Final = 60 * 2**20
"""Of one file: `figures import` takes 64 MiB."""


def tidy(path: Path, *, most: int = MOST_BYTES) -> Iterator[tuple[int, int, str]]:
    """Pieces of CSV, one per report: number of the file that it belongs to, from 1, cells in it, text.

    Raises `reading.Unreadable`.
    """
    about = reading.about(path)
    form = about.form
    texts = {(table.id, column.id) for table in form.tables for column in table.texts}
    number, size = 0, most
    for unit, lines in groupby(reading.lines(path, form), key=lambda line: line.unit):
        figures: dict[LineKey, Line] = {}
        for line in lines:
            decoded = decode(line.values, line.estimates, line.marks, form.table(line.table))
            made = Line(line.table, line.row, line.subunit, decoded, dict(line.texts))
            figures[made.key] = made
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        code, instalment = str(about.period["code"]), str(about.period["instalment"])
        cells = list(rows_from_figures(form, figures, unit=unit, period=code, instalment=instalment))
        for row in cells:
            is_text = (row["table"], row["column"]) in texts
            value = guarded(row["value"]) if is_text else row["value"]
            writer.writerow({**row, "subunit": guarded(row["subunit"]), "value": value})
        piece = out.getvalue()
        weight = len(piece.encode())
        if size + weight > most:
            number, size = number + 1, 0
            piece = ",".join(COLUMNS) + "\n" + piece
        size += weight
        yield number, len(cells), piece
