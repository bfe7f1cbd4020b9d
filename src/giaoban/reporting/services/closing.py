"""The books of a form and period are closed at a unit; opened again only for a reason and until a moment."""

from datetime import datetime
from typing import Final

from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue, figures_changed
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card, cards, heirs_of
from giaoban.reporting.models import Closing, FormVersion, Obligation, Period, Reopening
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.selectors.closings import books_of, covered, covered_by
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.services.errors import AlreadyDone, ReportingError
from giaoban.reporting.services.sending import lock

FREEZE_JOB: Final = "reporting.freeze"
"""Writes the figures of closed books as files; it finds out itself whether the books are closed everywhere."""


def close_books(form: FormVersion, period: Period, unit_id: int, *, note: str = "", by: Actor, at: datetime) -> Closing:
    """From now on nothing is sent, accepted or returned of what is reported beneath a unit; drafts go on.

    Waits for every sending and decision that is under way. Raises AlreadyDone, ReportingError (nobody owes anything
    there), PermissionDenied.
    """
    name = _permitted(by, unit_id, period, at)
    with act("reporting.close-books", by=by, at=at, reason=note.strip()) as entry:
        entry.unit_id = by.post_at(*heirs_of(unit_id, timezone.localdate(at)))
        _lock_covered(form, period, unit_id)
        standing = _standing(form, period, unit_id)
        if standing is not None:
            when = moment(timezone.localtime(standing.act.at))
            raise AlreadyDone(f"{name} đã khoá sổ biểu này từ {when} ({standing.act.actor_name}).")
        books = books_of(form, period, unit_id)
        if not books.expected:
            raise ReportingError(f"Không đơn vị nào thuộc {name} phải gửi biểu này trong kỳ, nên không có sổ để khoá.")
        closing = Closing.objects.create(form=form, period=period, unit_id=unit_id, note=note.strip(), act=entry)
        entry.subject = subject_of(closing)
        entry.detail = {
            "form": form.key,
            "period": period.code,
            "expected": books.expected,
            "accepted": books.accepted,
            "missing": len(books.missing),
            "waiting": len(books.waiting),
            "returned": len(books.returned),
        }
        enqueue(FREEZE_JOB)
        figures_changed()
    return closing


def reopen_books(
    closing: Closing, *, unit_id: int | None = None, reason: str, until: datetime, by: Actor, at: datetime
) -> Reopening:
    """Open closed books again until a moment, for one unit that they hold or (None) for all. The act's moment decides.

    Raises ReportingError without a reason, or when the moment has passed, or when the unit is not among those held;
    AlreadyDone when the closing was taken back; PermissionDenied.
    """
    _permitted(by, closing.unit_id, closing.period, at)
    if not reason.strip():
        raise ReportingError("Nêu lý do mở lại sổ.")
    if until <= at:
        raise ReportingError("Thời điểm khoá trở lại đã qua. Chọn một thời điểm sau lúc này.")
    detail = {"unit": unit_id, "until": until.isoformat()}
    with act("reporting.reopen-books", by=by, at=at, reason=reason.strip(), detail=detail) as entry:
        row = _locked(closing)
        entry.unit_id = by.post_at(*heirs_of(row.unit_id, timezone.localdate(at)))
        if unit_id is not None and unit_id not in covered(row, [unit_id]):
            name = cards([unit_id], last_day(row.period))[unit_id].name
            raise ReportingError(f"Sổ này không khoá báo cáo của {name}. Chọn đơn vị khác.")
        opened = Reopening.objects.create(closing=row, unit_id=unit_id, reason=reason.strip(), until=until, act=entry)
        entry.subject = subject_of(row)
    return opened


def undo_closing(closing: Closing, *, reason: str, by: Actor, at: datetime) -> Closing:
    """Take a closing back altogether. Raises ReportingError without a reason, AlreadyDone, PermissionDenied."""
    _permitted(by, closing.unit_id, closing.period, at)
    if not reason.strip():
        raise ReportingError("Nêu lý do bỏ khoá sổ.")
    with act("reporting.undo-closing", by=by, at=at, reason=reason.strip()) as entry:
        row = _locked(closing)
        entry.unit_id = by.post_at(*heirs_of(row.unit_id, timezone.localdate(at)))
        row.undone = entry
        row.save(update_fields=["undone"])
        entry.subject = subject_of(row)
    return row


def _permitted(by: Actor, unit_id: int, period: Period, at: datetime) -> str:
    """The name of the unit, if the actor closes books there. Raises PermissionDenied."""
    name = card(unit_id, last_day(period)).name
    require_answer(by, Permission.CONFIRM_FIGURES, unit_id, unit_name=name, on=timezone.localdate(at))
    return name


def _lock_covered(form: FormVersion, period: Period, unit_id: int) -> None:
    """Wait for whoever is sending, accepting or returning one of the reports: they hold the obligation's lock."""
    owed = dict(Obligation.objects.filter(form=form, period=period).values_list("unit_id", "pk"))
    held = covered_by(unit_id, form.pk, period.pk, owed, period.start, last_day(period))
    lock(owed[one] for one in held)


def _standing(form: FormVersion, period: Period, unit_id: int) -> Closing | None:
    rows = Closing.objects.filter(form=form, period=period, unit_id=unit_id, undone=None)
    return rows.select_related("act").first()


def _locked(closing: Closing) -> Closing:
    """The closing as it stands now. Raises AlreadyDone when it was taken back."""
    rows = Closing.objects.select_for_update(of=("self",)).select_related("form", "period__rule", "undone")
    row = rows.get(pk=closing.pk)
    if row.undone is not None:
        when = moment(timezone.localtime(row.undone.at))
        raise AlreadyDone(f"Khoá sổ này đã được {row.undone.actor_name} bỏ lúc {when}.")
    return row
