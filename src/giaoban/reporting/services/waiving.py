"""The receiver lets one check not hold back one report, until a day; everybody sees who, why and until when."""

from datetime import date, datetime

from django.utils import timezone

from giaoban.core.issues import Issue
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.reporting.models import Obligation, Waiver
from giaoban.reporting.rules import check_words, issue_key, may_be_waived
from giaoban.reporting.selectors.entry import entry_of
from giaoban.reporting.selectors.waivers import waivers_of
from giaoban.reporting.services.deciding import require_receiver
from giaoban.reporting.services.errors import AlreadyDone, ReportingError
from giaoban.reporting.services.sending import lock


def waive(
    obligation: Obligation,
    check_key: str,
    *,
    reason: str,
    until: date,
    by: Actor,
    at: datetime,
    place: str | None = None,
) -> Waiver:
    """Let a check that now finds something in a report hold nothing back; `until` is the last day of that.

    check_key: as `rules.issue_key`. place: the cell in the labels of the form. What is kept of the finding has none of
    its figures: they may stand in a draft, which only the unit sees. Raises ReportingError (nothing found under the
    key, a fault that no waiver mends, no reason, a day that is over), AlreadyDone, PermissionDenied.
    """
    if not reason.strip():
        raise ReportingError("Nêu lý do miễn phép kiểm tra; lý do hiện ở mọi nơi có báo cáo này.")
    if until < timezone.localdate(at):
        raise ReportingError("Ngày hết hiệu lực đã qua. Chọn hôm nay hoặc một ngày sau.")
    with act("reporting.waive", by=by, at=at, reason=reason.strip(), subject=subject_of(obligation)) as entry:
        row = lock([obligation.pk])[0]
        require_receiver(by, row)
        entry.unit_id = by.post_at(row.receiver_id, row.unit_id)
        issue = _finding(row, check_key)
        standing = [one for one in waivers_of(row, timezone.localdate(at)) if one.check_key == check_key]
        if any(one.state == "stands" for one in standing):
            raise AlreadyDone("Phép kiểm tra này đang được miễn cho báo cáo. Rút lại trước khi miễn với hạn khác.")
        _end_expired(row, check_key, entry.pk)
        entry.detail = {"check": check_key, "until": until.isoformat()}
        return Waiver.objects.create(
            obligation=row,
            check_key=check_key,
            sentence=check_words(issue, place=place),
            reason=reason.strip(),
            until=until,
            act=entry,
        )


def withdraw_waiver(waiver_id: int, *, obligation: Obligation, reason: str, by: Actor, at: datetime) -> Waiver:
    """Let a waived check hold again. Raises AlreadyDone, ReportingError (no reason), PermissionDenied."""
    if not reason.strip():
        raise ReportingError("Nêu lý do rút lại việc miễn phép kiểm tra.")
    with act("reporting.withdraw-waiver", by=by, at=at, reason=reason.strip(), subject=subject_of(obligation)) as entry:
        row = lock([obligation.pk])[0]
        require_receiver(by, row)
        entry.unit_id = by.post_at(row.receiver_id, row.unit_id)
        waiver = Waiver.objects.filter(pk=waiver_id, obligation=row).first()
        if waiver is None:
            raise ReportingError("Không có việc miễn kiểm tra này. Tải lại trang.")
        if waiver.withdrawn_id is not None:
            raise AlreadyDone("Việc miễn phép kiểm tra này đã được rút lại.")
        if waiver.until < timezone.localdate(at):
            raise AlreadyDone(
                f"Việc miễn phép kiểm tra này đã hết hạn ngày {waiver.until:%d/%m/%Y}, không phải rút lại."
            )
        waiver.withdrawn = entry
        waiver.save(update_fields=["withdrawn"])
        entry.detail = {"check": waiver.check_key}
        return waiver


def _finding(obligation: Obligation, check_key: str) -> Issue:
    """What the check says of the figures as they stand: the draft, or the last version."""
    found = next((one for one in entry_of(obligation).issues if issue_key(one) == check_key), None)
    if found is None:
        raise ReportingError("Báo cáo hiện không vướng phép kiểm tra này, nên không cần miễn. Tải lại trang.")
    if not may_be_waived(found):
        raise ReportingError("Đây là lỗi ghi số liệu, không phải phép kiểm tra, nên không miễn được. Đơn vị phải sửa.")
    return found


def _end_expired(obligation: Obligation, check_key: str, act_id: int) -> None:
    """A waiver whose day is over gives its place to the new one; it still reads as expired (`selectors.waivers`)."""
    Waiver.objects.filter(obligation=obligation, check_key=check_key, withdrawn=None).update(withdrawn_id=act_id)
