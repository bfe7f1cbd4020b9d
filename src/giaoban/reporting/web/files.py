"""Files that pages hand out."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

from django.http import HttpResponse

from giaoban.core.tidy import plain

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SIMULATED_SUFFIX = "-mo-phong"
"""Ends the name of a file that holds simulated figures."""
MARK = "\ufeff"
"""Tells spreadsheets that a list is UTF-8. Tidy files, which programs read, go without it."""


def handed_out(content: bytes | str, media_type: str, filename: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def list_file(filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A list as people open it in a spreadsheet; no cell is taken for a formula."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return handed_out(MARK + out.getvalue(), CSV, filename)


def _cell(value: object) -> str:
    """A number stays one, also below zero; text is guarded."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return plain("" if value is None else str(value))
