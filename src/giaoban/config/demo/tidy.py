"""Writes the tidy CSV that `giaoban figures import` reads, from rows of a published file."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO

from giaoban.core.tidy import COLUMNS

MAIN = {"table": "main", "line": "total", "subunit": "", "estimate": "", "mark": "", "instalment": ""}


def tidy_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """One line per cell; what a row does not say is taken from the one table and line of a capture form."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**MAIN, **row})
    return out.getvalue().encode()
