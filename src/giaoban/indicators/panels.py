"""What the room shows on the pages of others."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from giaoban.indicators import selectors
from giaoban.kit.actors import Actor
from giaoban.kit.registries import Panel
from giaoban.reporting import selectors as reporting

SHOWN: Final = 5
"""So many hints, and so many disagreements, stand on the page of a report; the lists have all."""


def before_receiving(actor: Actor, row: reporting.Submission) -> Panel | None:
    """Hints about a report and its disagreements that wait for a decision; None: there are none, or the version is
    neither the one that counts nor one that waits. A fixed number of queries."""
    today = timezone.localdate()
    if not (row.is_current or row.state == "sent"):
        return None
    hints = selectors.hints_of_report(row, today)
    found = list(selectors.open_of_report(actor, row, today))
    if not hints and not found:
        return None
    return Panel(
        title=_title(hints, len(found)),
        template="indicators/panel_before_receiving.html",
        context={
            "hints": hints[:SHOWN],
            "more_hints": max(0, len(hints) - SHOWN),
            "hints_url": _hints_url(row) if row.is_current else "",
            "discrepancies": selectors.discrepancy_cards(found[:SHOWN], today),
            "more_discrepancies": max(0, len(found) - SHOWN),
            "discrepancies_url": _discrepancies_url(row),
        },
        order=10,
    )


def _title(hints: Sequence[selectors.HintCard], discrepancies: int) -> str:
    parts = (
        f"{len(hints)} dấu hiệu bất thường" if hints else "",
        f"{discrepancies} chênh lệch" if discrepancies else "",
    )
    return f"Nên xem lại: {', '.join(filter(None, parts))}"


def _hints_url(row: reporting.Submission) -> str:
    owed = row.obligation
    period = ":".join(filter(None, (owed.period.code, owed.period.instalment)))
    words = {"bieu": owed.form.key, "ky": period, "don-vi": owed.unit.key}
    return f"{reverse('indicators:hints')}?{urlencode(words)}"


def _discrepancies_url(row: reporting.Submission) -> str:
    owed = row.obligation
    words = {"don-vi": owed.unit.key, "ky": owed.period_id, "trang-thai": "open"}
    return f"{reverse('indicators:discrepancies')}?{urlencode(words)}"
