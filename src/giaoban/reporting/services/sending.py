"""A report is typed, then confirmed and sent by the named people. What was sent is never changed, only followed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from giaoban.core.figures import BLANK, Figures, completeness, encode
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue
from giaoban.core.vietnamese import moment
from giaoban.documents.rules.kinds import UNKNOWN_TYPE, media_type_of
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card, cards, heirs_of
from giaoban.reporting.models import (
    Channel,
    Draft,
    ImportedFile,
    Obligation,
    Submission,
    SubmissionLine,
    SubmissionState,
)
from giaoban.reporting.rules import (
    REPLACED_WHILE_WAITING,
    errors_in,
    figures_from_texts,
    issue_key,
    kept,
    next_state,
    unexplained,
    warnings_in,
)
from giaoban.reporting.selectors.answering import answers, require_answer
from giaoban.reporting.selectors.entry import checks_of, read_texts
from giaoban.reporting.selectors.figures import previous_figures
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.services.errors import AlreadyDone, ReportingError, SubmissionRefused

if TYPE_CHECKING:
    from giaoban.documents.selectors import Blob

Signature = tuple[str, str]
"""A role as the form prints it, and the name of the person."""

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDED: Final = " (đã kết thúc)"
JOINED = ("unit", "form", "period__rule", "receiver")


@dataclass(frozen=True, slots=True)
class Papers:
    """What goes with the figures of a version: who signed, the paper copy, notes, where published figures come from."""

    signatures: Sequence[Signature] = ()
    notes: str = ""
    document_number: str = ""
    document_date: date | None = None
    scan: "Blob | None" = None
    file: ImportedFile | None = None
    source: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """A report that passed its checks, ready to be stored. `obligation` is locked."""

    obligation: Obligation
    figures: Figures
    issues: Sequence[Issue]
    explanations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """A signed scan as it was uploaded; stored with the version that it belongs to."""

    content: bytes
    filename: str


def save_draft(
    obligation: Obligation,
    *,
    figures: Mapping[str, str],
    notes: str = "",
    explanations: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
    revise: bool = True,
) -> Draft:
    """Keep what was typed so far (texts by `rules.text_key`), as it was typed; the last save counts.

    A draft that was read from a workbook keeps it for as long as the figures are those of the file. revise False:
    raises AlreadyDone when the report was sent meanwhile, so that a page opened before it does not begin a new version.
    """
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    typed = {key: text for key, text in figures.items() if text.strip()}
    with transaction.atomic():
        row = lock([obligation.pk])[0]
        before = Draft.objects.filter(obligation=row).first()
        if before is None and not revise:
            _refuse_sent(row)
        from_file = before is not None and before.file_id is not None
        if before is not None and from_file and not _same_inputs(definition_of(row.form), before.figures, typed):
            before.channel, before.file, before.filename = Channel.WEB, None, ""
            before.save(update_fields=["channel", "file", "filename"])
        return _keep(row, typed, notes, explanations or {}, by=by, at=at)


def save_workbook_draft(
    obligation: Obligation,
    content: bytes,
    filename: str,
    *,
    figures: Mapping[str, str],
    notes: str = "",
    explanations: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
    revise: bool = True,
) -> Draft:
    """Make what a workbook holds (`read_workbook`) the draft, and keep the file with it. Raises as `save_draft`."""
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    typed = {key: text for key, text in figures.items() if text.strip()}
    with transaction.atomic():
        row = lock([obligation.pk])[0]
        if not revise and not Draft.objects.filter(obligation=row).exists():
            _refuse_sent(row)
        file = store_blob(content, media_type=XLSX_TYPE, filename=filename)
        origin = {"channel": Channel.WORKBOOK, "file": file, "filename": filename[:255]}
        return _keep(row, typed, notes, explanations or {}, by=by, at=at, **origin)


def _refuse_sent(obligation: Obligation) -> None:
    """Raises AlreadyDone when the latest version waits or was accepted."""
    last = obligation.submissions.order_by("-version").first()
    if last is not None and last.state in (SubmissionState.SENT, SubmissionState.ACCEPTED):
        raise _already_sent(obligation)


def _keep(
    obligation: Obligation,
    figures: Mapping[str, str],
    notes: str,
    explanations: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    **origin: Any,
) -> Draft:
    values = {
        "figures": figures,
        "notes": notes,
        "explanations": {key: words for key, words in explanations.items() if words.strip()},
        "saved_at": at,
        "saved_by_id": by.user_id,
    }
    draft, _ = Draft.objects.update_or_create(obligation=obligation, defaults=values | origin)
    return draft


def _same_inputs(form: FormDefinition, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of texts hold the same figures, what the machine computes in a column left aside."""
    return _inputs(form, one) == _inputs(form, other)


def _inputs(form: FormDefinition, texts: Mapping[str, str]) -> set[object]:
    figures, unread = figures_from_texts(form, texts)
    found: set[object] = {issue_key(issue) for issue in unread}
    for key, line in figures.items():
        numeric = form.table(line.table).numeric
        for column, figure in zip(numeric, line.figures, strict=True):
            if column.formula is None and figure != BLANK:
                found.add((*key, column.id, figure))
        found.update((*key, column_id, text) for column_id, text in line.texts.items())
    return found


def submit(
    obligation: Obligation,
    *,
    figures: Figures,
    by: Actor,
    at: datetime,
    channel: str = Channel.WEB,
    signatures: Sequence[Signature] = (),
    notes: str = "",
    explanations: Mapping[str, str] | None = None,
    simulated: bool = False,
    source: str = "",
    document_number: str = "",
    document_date: date | None = None,
    scan: "Blob | None" = None,
    file: ImportedFile | None = None,
) -> Submission:
    """Send a version of a report.

    Raises SubmissionRefused (errors, or warnings without explanation), AlreadyDone (the same content was sent before),
    ReportingError (names of signers lacking), PermissionDenied.
    """
    papers = Papers(signatures, notes, document_number, document_date, scan, file, source, simulated)
    with act("reporting.submit", by=by, at=at) as entry:
        row = lock([obligation.pk])[0]
        require_sender(by, row, channel, on=timezone.localdate(at))
        entry.unit_id = by.post_at(*heirs_of(row.unit_id, timezone.localdate(at)), row.receiver_id)
        previous = previous_figures(row.form, row.period, [row.unit_id]).get(row.unit_id)
        issues = checks_of(row, figures, previous=previous)
        return _send(row, figures, issues, explanations or {}, papers, entry, by=by, at=at, channel=channel)


def submit_draft(
    obligation: Obligation,
    *,
    by: Actor,
    at: datetime,
    signatures: Sequence[Signature] = (),
    document_number: str = "",
    document_date: date | None = None,
    scan: Scan | None = None,
) -> Submission:
    """Send what is in the draft, and end the draft; the file that it was read from goes with it.

    Raises as `submit`; AlreadyDone when there is no draft any more.
    """
    with act("reporting.submit", by=by, at=at) as entry:
        row = lock([obligation.pk])[0]
        require_sender(by, row, Channel.WEB, on=timezone.localdate(at))
        entry.unit_id = by.post_at(*heirs_of(row.unit_id, timezone.localdate(at)))
        draft = Draft.objects.filter(obligation=row).first()
        if draft is None:
            raise _already_sent(row)
        previous = previous_figures(row.form, row.period, [row.unit_id]).get(row.unit_id)
        figures, issues = read_texts(row, draft.figures, previous=previous)
        papers = Papers(
            signatures,
            draft.notes,
            document_number,
            document_date,
            scan=_stored_scan(scan) if scan is not None else None,
            file=_file_of(draft, entry),
        )
        return _send(
            row, figures, issues, draft.explanations, papers, entry, by=by, at=at, channel=draft.channel, signed=True
        )


def _stored_scan(scan: Scan) -> "Blob":
    return store_blob(scan.content, media_type=media_type_of(scan.content) or UNKNOWN_TYPE, filename=scan.filename)


def _file_of(draft: Draft, entry: Act) -> ImportedFile | None:
    """The workbook that a draft was read from, noted as taken in."""
    if draft.file is None:
        return None
    noted = {"filename": draft.filename, "channel": draft.channel, "blob": draft.file, "act": entry}
    file, _ = ImportedFile.objects.get_or_create(sha256=draft.file.sha256, defaults=noted)
    return file


def _already_sent(obligation: Obligation) -> ReportingError:
    last = obligation.submissions.order_by("-version").first()
    if last is None:
        return ReportingError("Chưa có gì để gửi. Nhập số liệu rồi gửi.")
    sent = moment(timezone.localtime(last.sent_at))
    return AlreadyDone(f"Báo cáo này đã được gửi lúc {sent}, biên nhận {last.receipt}.")


def _send(
    obligation: Obligation,
    figures: Figures,
    issues: Sequence[Issue],
    explanations: Mapping[str, str],
    papers: Papers,
    entry: Act,
    *,
    by: Actor,
    at: datetime,
    channel: str,
    signed: bool = False,
) -> Submission:
    errors, silent = errors_in(issues), unexplained(issues, explanations)
    if errors or silent:
        raise SubmissionRefused(errors, silent)
    if signed or channel == Channel.WEB:
        require_signatures(definition_of(obligation.form), papers.signatures)
    if obligation.pk in unchanged([(obligation, figures)], papers, channel=channel):
        raise _already_sent(obligation)
    parcel = Parcel(obligation, figures, issues, explanations)
    submission = store([parcel], papers, entry, by=by, at=at, channel=channel)[0]
    entry.subject = subject_of(submission)
    entry.detail = {"obligation": obligation.pk, "version": submission.version, "receipt": submission.receipt}
    return submission


def lock(ids: Iterable[int]) -> list[Obligation]:
    """The obligations, locked in one order, so that two imports wait for each other instead of blocking for ever."""
    rows = Obligation.objects.select_for_update(of=("self",)).filter(pk__in=list(ids))
    return list(rows.select_related(*JOINED).order_by("pk"))


def require_sender(by: Actor, obligation: Obligation, channel: str, *, on: date | None = None) -> None:
    """The unit's own people send; those of the one that it wholly became by a day (today) once it has ended.

    What came in as a file may be entered by the receiver on the unit's behalf.
    """
    on_behalf = channel != Channel.WEB and obligation.receiver_id is not None
    if on_behalf and by.may(Permission.RECEIVE_REPORT, obligation.receiver_id):
        return
    if not answers(by, Permission.SEND_REPORT, obligation.unit_id, on):
        name = card(obligation.unit_id, last_day(obligation.period)).name
        by.require(Permission.SEND_REPORT, obligation.unit_id, unit_name=name)


def require_signatures(form: FormDefinition, signatures: Sequence[Signature]) -> None:
    """Each block of the form needs a name, and there are no other blocks."""
    named = {role: name.strip() for role, name in signatures}
    lacking = [role for role in form.signatures if not named.get(role)]
    strange = [role for role in named if role not in form.signatures]
    if lacking:
        raise ReportingError(f"Nêu họ tên người ký ở mục: {', '.join(lacking)}.")
    if strange:
        raise ReportingError(f"Biểu không có mục ký: {', '.join(strange)}. Bỏ mục này.")


def unchanged(reports: Sequence[tuple[Obligation, Figures]], papers: Papers, *, channel: str) -> set[int]:
    """Obligations whose latest version, sent or accepted, says exactly the same, papers included. Two queries.

    A file that carries no paper of a kind says nothing of it; what is typed on the page says that there is none.
    """
    latest: dict[int, int] = {}
    standing = (SubmissionState.SENT, SubmissionState.ACCEPTED)
    rows = Submission.objects.filter(obligation_id__in=[one.pk for one, _ in reports]).order_by("version")
    for version in rows:
        latest.pop(version.obligation_id, None)
        if version.state in standing and _same_papers(version, papers, channel):
            latest[version.obligation_id] = version.pk
    held: dict[int, set[object]] = {pk: set() for pk in latest.values()}
    lines = SubmissionLine.objects.filter(submission_id__in=held)
    for line in lines:
        held[line.submission_id].add(
            _fingerprint(line.table, line.row, line.subunit, line.values, line.estimates, line.marks, line.texts)
        )
    found = set()
    for obligation, figures in reports:
        pk_held = latest.get(obligation.pk)
        if pk_held is not None and held[pk_held] == _fingerprints(definition_of(obligation.form), figures):
            found.add(obligation.pk)
    return found


def _same_papers(version: Submission, papers: Papers, channel: str) -> bool:
    """Whether notes, signatures, number, date and scan are those of a version, as far as the channel speaks of them."""
    signed = {role: name.strip() for role, name in papers.signatures if name.strip()}
    pairs = (
        (papers.notes.strip(), version.notes.strip()),
        (signed, {one["role"]: one["name"] for one in version.signatures}),
        (papers.document_number, version.document_number),
        (papers.document_date, version.document_date),
        (papers.scan.pk if papers.scan else None, version.scan_id),
    )
    return all(given == held or (not given and channel != Channel.WEB) for given, held in pairs)


def _fingerprint(
    table: str,
    row: str,
    subunit: str,
    values: Sequence[int | None],
    estimates: Sequence[int | None],
    marks: Sequence[int],
    texts: Mapping[str, str],
) -> object:
    return table, row, subunit, tuple(values), tuple(estimates), tuple(marks), tuple(sorted(texts.items()))


def _fingerprints(form: FormDefinition, figures: Figures) -> set[object]:
    found = set()
    for line in figures.values():
        values, estimates, marks = encode(line, form.table(line.table))
        found.add(_fingerprint(line.table, line.row, line.subunit, values, estimates, marks, line.texts))
    return found


def store(
    parcels: Sequence[Parcel], papers: Papers, entry: Act, *, by: Actor, at: datetime, channel: str
) -> list[Submission]:
    """Write the next version of each report with its lines; a waiting one gives way. A fixed number of queries."""
    waiting = {
        one.obligation_id: one
        for one in Submission.objects.select_for_update().filter(
            obligation_id__in=[parcel.obligation.pk for parcel in parcels], state=SubmissionState.SENT
        )
    }
    versions = _latest_versions([parcel.obligation.pk for parcel in parcels])
    names = _behalf(parcels, by, timezone.localdate(at))
    numbers = _numbers(len(parcels))
    submissions, lines = [], []
    for parcel, number in zip(parcels, numbers, strict=True):
        submission = _submission(parcel, papers, number, versions.get(parcel.obligation.pk, 0) + 1, entry)
        submission.channel = channel
        submission.entered_by_id, submission.entered_by_name = by.user_id, by.name
        submission.on_behalf_of = names.get(parcel.obligation.unit_id, "")
        submission.sent_at = at
        submission.receipt = f"TN-{timezone.localdate(at).year}-{number:06d}"
        submissions.append(submission)
        lines.extend(_lines(parcel, submission.pk))
    _give_way(waiting.values(), by=by, at=at)
    Submission.objects.bulk_create(submissions, batch_size=1000)
    SubmissionLine.objects.bulk_create(lines, batch_size=2000)
    Draft.objects.filter(obligation_id__in=[parcel.obligation.pk for parcel in parcels]).delete()
    return submissions


def _submission(parcel: Parcel, papers: Papers, number: int, version: int, entry: Act) -> Submission:
    form = definition_of(parcel.obligation.form)
    filled, required, _ = completeness(form, parcel.figures)
    order = {role: position for position, role in enumerate(form.signatures)}
    signed = sorted(papers.signatures, key=lambda one: order.get(one[0], len(order)))
    return Submission(
        pk=number,
        obligation=parcel.obligation,
        version=version,
        state=SubmissionState.SENT,
        signatures=[{"role": role, "name": name.strip()} for role, name in signed if name.strip()],
        document_number=papers.document_number,
        document_date=papers.document_date,
        scan=papers.scan,
        file=papers.file,
        notes=papers.notes,
        explanations=kept(parcel.issues, parcel.explanations),
        simulated=papers.simulated or parcel.obligation.simulated,
        source=papers.source,
        filled=filled,
        required=required,
        warnings=len(warnings_in(parcel.issues)),
        act=entry,
    )


def _lines(parcel: Parcel, submission_id: int) -> list[SubmissionLine]:
    form = definition_of(parcel.obligation.form)
    lines = []
    for line in parcel.figures.values():
        values, estimates, marks = encode(line, form.table(line.table))
        lines.append(
            SubmissionLine(
                submission_id=submission_id,
                table=line.table,
                row=line.row,
                subunit=line.subunit,
                values=values,
                estimates=estimates,
                marks=marks,
                texts=line.texts,
            )
        )
    return lines


def _latest_versions(obligation_ids: Sequence[int]) -> dict[int, int]:
    rows = Submission.objects.filter(obligation_id__in=obligation_ids).order_by("version")
    return dict(rows.values_list("obligation_id", "version"))


def _behalf(parcels: Sequence[Parcel], by: Actor, on: date) -> dict[int, str]:
    """Names of the units that somebody else enters for, and that one has ended by a day."""
    others = [one.obligation for one in parcels if one.obligation.unit_id not in by.unit_ids]
    if not others:
        return {}
    called = cards([one.unit_id for one in others], last_day(others[0].period))
    return {pk: f"{unit.name}{ENDED if unit.has_ended(on) else ''}" for pk, unit in called.items()}


def _numbers(count: int) -> list[int]:
    """Fresh numbers from the sequence of the table: one is both the row's id and the number on the receipt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('reporting_submission', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def _give_way(waiting: Iterable[Submission], *, by: Actor, at: datetime) -> None:
    rows = list(waiting)
    for row in rows:
        row.state = next_state(row.state, "replace")
        row.decided_at, row.decided_by_name, row.decision_reason = at, by.name, REPLACED_WHILE_WAITING
    Submission.objects.bulk_update(rows, ["state", "decided_at", "decided_by_name", "decision_reason"], batch_size=1000)
