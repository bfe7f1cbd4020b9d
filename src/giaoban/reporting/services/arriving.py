"""Reports that arrive in files, on their way: who may bring them, what the checks say of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from giaoban.core.figures import Figures
from giaoban.core.issues import Cell, Issue
from giaoban.core.tidy import TidyRow, located
from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.reporting.models import ImportedFile, Obligation, Waiver
from giaoban.reporting.rules import without_waived
from giaoban.reporting.selectors.checking import check_many, checks_of
from giaoban.reporting.selectors.figures import previous_figures
from giaoban.reporting.services.errors import ImportRefused
from giaoban.reporting.services.sending import require_sender


@dataclass(slots=True)
class Report:
    """One unit's report in a file, on its way."""

    obligation: Obligation
    figures: Figures
    issues: list[Issue]
    at: Cell
    rows: Sequence[TidyRow] = ()


def refuse_repeated(content: bytes, filename: str) -> None:
    """Raises ImportRefused when the same bytes were taken before."""
    earlier = ImportedFile.objects.filter(sha256=hashlib.sha256(content).hexdigest()).select_related("act").first()
    if earlier is not None:
        when = moment(timezone.localtime(earlier.act.recorded_at))
        named = f"{when}, tệp {earlier.filename}" if earlier.filename != filename else when
        raise ImportRefused([Issue("same-file", "error", Cell(), {"earlier": named})])


def require_senders(obligations: Iterable[Obligation], by: Actor, channel: str) -> None:
    """Whoever may not send a report learns nothing of it: the checks tell what the unit reported a year before."""
    for obligation in obligations:
        require_sender(by, obligation, channel)


def check_all(reports: Sequence[Report], on: date) -> None:
    """Run the checks of all reports; what could not be read is not called blank too. Few queries a form and period.

    on: the day on which waivers must stand.
    """
    by_form: dict[tuple[int, int], list[Report]] = {}
    for one in reports:
        by_form.setdefault((one.obligation.form_id, one.obligation.period_id), []).append(one)
    for together in by_form.values():
        waived = _waived([one.obligation.pk for one in together], on)
        for one, said in zip(together, _checked(together), strict=True):
            unread = {_place(issue) for issue in one.issues}
            found = [issue for issue in said if issue.code != "required-blank" or _place(issue) not in unread]
            placed = located(without_waived(found, waived.get(one.obligation.pk, ())), one.rows)
            one.issues = [*one.issues, *(_in_file(issue, one) for issue in placed)]


def _checked(together: Sequence[Report]) -> list[list[Issue]]:
    """What the checks say of reports of one form and period; a single one takes the shorter way."""
    if len(together) > 1:
        return check_many([(one.obligation, one.figures) for one in together])
    (one,) = together
    owed = one.obligation
    previous = previous_figures(owed.form, owed.period, [owed.unit_id]).get(owed.unit_id)
    return [checks_of(owed, one.figures, previous=previous)]


def _waived(obligation_ids: Sequence[int], on: date) -> dict[int, set[str]]:
    """Report → keys of the checks that do not hold it back."""
    found: dict[int, set[str]] = {}
    rows = Waiver.objects.filter(obligation_id__in=obligation_ids, withdrawn=None, until__gte=on)
    for obligation_id, key in rows.values_list("obligation_id", "check_key"):
        found.setdefault(obligation_id, set()).add(key)
    return found


def _place(issue: Issue) -> tuple[str, str, str, str]:
    return issue.at.table, issue.at.row, issue.at.subunit, issue.at.column


def _in_file(issue: Issue, report: Report) -> Issue:
    """A cell that the file lacks is sought where the file begins to speak of the unit."""
    if issue.at.file_row is not None or report.at.file_row is None:
        return issue
    return replace(issue, at=replace(issue.at, file_row=report.at.file_row))
