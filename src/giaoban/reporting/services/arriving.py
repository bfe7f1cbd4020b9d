"""Reports that arrive in files, on their way: who may bring them, what the checks say of them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NoReturn

from django.db.models import Exists, OuterRef
from django.utils import timezone

from giaoban.core.figures import Figures
from giaoban.core.issues import Cell, Issue
from giaoban.core.tidy import TidyRow, located
from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.reporting.models import ImportedFile, Obligation, Submission, SubmissionState, Waiver
from giaoban.reporting.rules import without_waived
from giaoban.reporting.selectors.checking import check_many, checks_of
from giaoban.reporting.selectors.figures import previous_figures
from giaoban.reporting.services.errors import ImportRefused, ReportingError
from giaoban.reporting.services.sending import require_sender


@dataclass(slots=True)
class Report:
    """One unit's report in a file, on its way."""

    obligation: Obligation
    figures: Figures
    issues: list[Issue]
    at: Cell
    rows: Sequence[TidyRow] = ()


STANDING = (SubmissionState.SENT, SubmissionState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a file was brought, which may be long before it is taken. together: blobs of the files taken before it out
    of the same batch → their names.
    """

    at: datetime
    together: Mapping[int, str] = field(default_factory=dict)


def taken_before(content: bytes) -> ImportedFile | None:
    """What the same bytes became."""
    return ImportedFile.objects.filter(sha256=hashlib.sha256(content).hexdigest()).select_related("act").first()


def refuse_standing(content: bytes, filename: str) -> None:
    """Raises ImportRefused while a version that came out of the same bytes is the one sent, or counts."""
    earlier = taken_before(content)
    if earlier is not None and Submission.objects.filter(file=earlier, state__in=STANDING).exists():
        _refuse_same(earlier, filename)


def refuse_repeated(content: bytes, filename: str) -> ImportedFile | None:
    """What the same bytes became before, when the last word on it was that it must be sent again.

    Raises ImportRefused when the bytes were taken before and no report out of them was returned since.
    """
    earlier = taken_before(content)
    if earlier is not None:
        returned = Submission.objects.filter(file=earlier, state=SubmissionState.RETURNED)
        later = Submission.objects.filter(obligation=OuterRef("obligation"), version__gt=OuterRef("version"))
        if not returned.exclude(Exists(later)).exists():
            _refuse_same(earlier, filename)
    return earlier


def refuse_older(reports: Iterable[Obligation], latest: Mapping[int, Submission], arrival: Arrival) -> None:
    """What was sent since a file was brought is not overwritten by it, nor what came out of another file of the batch.

    latest: obligation → its last version. Raises ReportingError.
    """
    files = {one.file_id for one in latest.values() if one.file_id is not None} if arrival.together else set()
    blobs = dict(ImportedFile.objects.filter(pk__in=files).values_list("pk", "blob_id")) if files else {}
    for one in reports:
        last = latest.get(one.pk)
        if last is None:
            continue
        beside = arrival.together.get(blobs.get(last.file_id or 0, 0))
        if beside and last.state in STANDING:
            raise ReportingError(
                f"Báo cáo này đã nhận từ tệp {beside} trong cùng lần tải lên, biên nhận {last.receipt}. "
                "Nếu tệp này mới đúng, tải riêng tệp này lên."
            )
        if last.sent_at > arrival.at:
            sent, brought = (moment(timezone.localtime(when)) for when in (last.sent_at, arrival.at))
            raise ReportingError(
                f"Tệp tải lên lúc {brought}, cũ hơn bản gửi lúc {sent}, biên nhận {last.receipt}. "
                "Không ghi đè bản mới hơn; nếu số trong tệp mới đúng, tải tệp lên lại."
            )


def _refuse_same(earlier: ImportedFile, filename: str) -> NoReturn:
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
