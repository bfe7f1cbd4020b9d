"""Reports: those that one's units owe, one of them, and sending a version of it."""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from ninja import Query, Router, Status

from giaoban.core.issues import Issue, sentence
from giaoban.core.timeliness import timing_words
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.kit.prepared import Prepared, given
from giaoban.orgs.selectors import cards
from giaoban.reporting import selectors, services
from giaoban.reporting.api import shapes
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules import (
    STATE_NAMES,
    ReportState,
    errors_in,
    figures_from_texts,
    issue_key,
    text_key,
    unexplained,
)
from giaoban.reporting.rules.sent_json import SentReport, read_report
from giaoban.reporting.rules.strict_json import MAX_BYTES, TOO_LARGE, JsonRefused

MOST_FAULTS = 500
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0)]

router = Router(tags=["Báo cáo"])


@router.get(
    "/reports",
    response={200: shapes.ReportPage, frozenset({401, 422}): shapes.ReportRefusal},
    operation_id="reports",
    summary="What your units owe",
)
def reports(
    request: ActorRequest,
    open_only: Annotated[bool, Query(alias="open")] = False,
    form: str = "",
    period: str = "",
    offset: Offset = 0,
    limit: Limit = 200,
) -> dict[str, Any]:
    """Earliest deadline first. open: only those not sent yet, or returned."""
    owed = selectors.obligations_for(request.actor, timezone.localdate(), open_only=open_only)
    if form:
        owed = [one for one in owed if one.form_key == form]
    if period:
        owed = [one for one in owed if one.period.code == period]
    end = offset + limit
    items = [
        {
            "id": one.obligation_id,
            "unit": one.unit.key,
            "form": one.form_key,
            "period": one.period.code,
            "instalment": one.period.instalment,
            "due_on": one.due_on,
            "state": one.state.value,
        }
        for one in owed[offset:end]
    ]
    return {"count": len(owed), "items": items, "next_offset": end if end < len(owed) else None}


@router.get(
    "/reports/{report}",
    response={200: shapes.Report, frozenset({401, 404}): shapes.ReportRefusal},
    operation_id="report",
    summary="Where a report stands",
)
def report(request: ActorRequest, report: int) -> dict[str, Any]:
    row = selectors.obligation_for(request.actor, report)
    today = timezone.localdate()
    called = cards([one for one in (row.unit_id, row.receiver_id) if one], selectors.last_day(row.period))
    standing = selectors.standing_of(row)
    last = standing.latest
    return {
        "id": row.pk,
        "unit": row.unit.key,
        "unit_name": called[row.unit_id].name,
        "form": row.form.key,
        "period": row.period.code,
        "instalment": row.period.instalment,
        "period_name": row.period.label,
        "receiver": row.receiver.key if row.receiver else "",
        "due_on": row.due_on,
        "state": standing.state.value,
        "state_name": STATE_NAMES[ReportState(standing.state)],
        "timing": timing_words(standing.timing(today)),
        "returned_because": standing.reason,
        "version": last.version if last else None,
        "receipt": last.receipt if last else "",
        "sent_at": last.sent_at if last else None,
        "simulated": row.simulated,
    }


@router.post(
    "/reports/{report}/submission",
    response={201: shapes.Sent, shapes.REFUSED: shapes.ReportRefusal},
    operation_id="submit_report",
    url_name="submit_report",
    summary="Send a version of a report",
    openapi_extra=shapes.SUBMISSION,
)
def submit(request: ActorRequest, report: int) -> Status[dict[str, Any]]:
    """With the figures of the whole report and the names under it. 409: it was sent already, saying the same."""
    row = _owed(request, report)
    try:
        sent = read_report(_body(request))
    except JsonRefused as fault:
        return Status(422, _refusal("unreadable", fault.sentence, fault.at))
    figures, unread = figures_from_texts(selectors.definition_of(row.form), sent.texts)
    if unread:
        return Status(422, _with_all_faults(row, sent))
    try:
        done = services.submit(
            row,
            figures=figures,
            by=request.actor,
            at=timezone.now(),
            signatures=sent.signatures,
            notes=sent.notes,
            explanations=sent.explanations,
            document_number=sent.document_number,
            document_date=sent.document_date,
            amendment_reason=sent.amendment_reason,
        )
    except services.SubmissionRefused as refusal:
        return Status(422, _faults(refusal.sentence, [*refusal.issues, *refusal.unexplained]))
    except services.AlreadyDone as refusal:
        return Status(409, _refusal("already", refusal.sentence, "report"))
    except services.ReportingError as refusal:
        return Status(422, _refusal("refused", refusal.sentence, "report"))
    return Status(
        201,
        {
            "report": row.pk,
            "receipt": done.receipt,
            "version": done.version,
            "sent_at": timezone.localtime(done.sent_at),
        },
    )


def _owed(request: ActorRequest, pk: int) -> Obligation:
    """The report, one query for the unit's own people; for others, whether they may see it is asked first."""
    found = _of_number(pk=pk) if 0 < pk < 2**63 else []
    if not found:
        raise Http404("Không có báo cáo này trong phạm vi của bạn.")
    row = found[0]
    if request.actor.may(Permission.SEND_REPORT, row.unit_id):
        return row
    row = selectors.obligation_for(request.actor, pk)
    selectors.require_answer(
        request.actor,
        Permission.SEND_REPORT,
        row.unit_id,
        unit_name=cards([row.unit_id], selectors.last_day(row.period))[row.unit_id].name,
    )
    return row


@Prepared
def _of_number() -> QuerySet[Obligation]:
    rows = Obligation.objects.select_related("form").only("unit_id", "form__key", "form__checksum")
    return rows.filter(pk=given("pk"))


def _body(request: ActorRequest) -> bytes:
    """The bytes that were sent, never more than MAX_BYTES. Raises JsonRefused."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdecimal()) or int(declared) > MAX_BYTES:
        raise JsonRefused(TOO_LARGE)
    return request.body


def _with_all_faults(row: Obligation, sent: SentReport) -> dict[str, Any]:
    """Texts that are no figures, together with what the checks say of the others."""
    previous = selectors.previous_figures(row.form, row.period, [row.unit_id]).get(row.unit_id)
    _, issues = selectors.read_texts(row, sent.texts, previous=previous)
    errors, silent = errors_in(issues), unexplained(issues, sent.explanations or {})
    return _faults(services.SubmissionRefused(errors, silent).sentence, [*errors, *silent])


def _faults(words: str, issues: list[Issue]) -> dict[str, Any]:
    faults = [
        {
            "code": one.code,
            "severity": one.severity,
            "sentence": sentence(one),
            "at": text_key(one.at.table, one.at.row, one.at.subunit, one.at.column),
            "key": issue_key(one),
        }
        for one in issues[:MOST_FAULTS]
    ]
    return {**_refusal("checks", words, faults[0]["at"] if faults else "figures"), "faults": faults}


def _refusal(code: str, words: str, at: str) -> dict[str, Any]:
    return {"code": code, "sentence": words, "at": at, "faults": []}
