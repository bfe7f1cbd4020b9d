"""A report is typed, then confirmed and sent by the named people. What was sent is never changed, only followed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.utils import timezone

from giaoban.core.figures import Figures, completeness, encode
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue
from giaoban.core.secrecy import marked_secret
from giaoban.core.vietnamese import moment
from giaoban.documents.rules.kinds import UNKNOWN_TYPE, media_type_of
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.filetext import marked_secret_file
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.kit.prepared import Prepared, given_among, insert
from giaoban.orgs.selectors import card, cards
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
    AMENDMENT_REASON,
    REPLACED_WHILE_WAITING,
    Signature,
    Signed,
    SigningFault,
    amendment_number,
    errors_in,
    kept,
    next_state,
    signed_from,
    signed_of,
    signing_faults,
    unexplained,
    warnings_in,
    without_waived,
)
from giaoban.reporting.selectors.answering import answers, post_answering
from giaoban.reporting.selectors.closings import closed_reasons
from giaoban.reporting.selectors.entry import checks_of, read_texts
from giaoban.reporting.selectors.figures import previous_figures
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.waivers import waived_keys
from giaoban.reporting.services.errors import (
    AlreadyDone,
    AmendmentUnexplained,
    BooksClosed,
    ReportingError,
    SecretRefused,
    SigningRefused,
    SubmissionRefused,
)
from giaoban.reporting.services.storing import Ground, fresh_numbers, ground_of, write_lines

if TYPE_CHECKING:
    from giaoban.documents.selectors import Blob

ENDED: Final = " (đã kết thúc)"
Versions = Mapping[int, Sequence[Submission]]
"""Obligation → its versions, in order."""

UNREAD = ("form__definition",)
"""`definition_of` reads it once a process."""

JOINED = ("unit", "form", "period__rule", "receiver")


@dataclass(frozen=True, slots=True)
class Papers:
    """What goes with the figures of a version: who signed, the paper copy, notes, where published figures come from.

    amendment_reason: why figures that were accepted before change.
    """

    signatures: Sequence[Signature] = ()
    notes: str = ""
    document_number: str = ""
    document_date: date | None = None
    scan: "Blob | None" = None
    file: ImportedFile | None = None
    source: str = ""
    simulated: bool = False
    amendment_reason: str = ""

    @property
    def signed(self) -> tuple[Signed, ...]:
        """The blocks that carry a name."""
        return tuple(one for one in map(signed_of, self.signatures) if one.name.strip())


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
    amendment_reason: str = "",
) -> Submission:
    """Send a version of a report.

    Raises SubmissionRefused (errors, or warnings without explanation), AlreadyDone (the same content was sent before),
    SigningRefused, AmendmentUnexplained (accepted figures would change without `amendment_reason`), BooksClosed,
    SecretRefused, PermissionDenied.
    """
    papers = Papers(signatures, notes, document_number, document_date, scan, file, source, simulated, amendment_reason)
    with act("reporting.submit", by=by, at=at, written_last=True) as entry:
        row = lock([obligation.pk])[0]
        require_sender(by, row, channel, on=timezone.localdate(at))
        entry.unit_id = post_answering(by, row.unit_id, timezone.localdate(at), row.receiver_id)
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
    amendment_reason: str = "",
) -> Submission:
    """Send what is in the draft, and end the draft; the file that it was read from goes with it.

    amendment_reason: as `submit`; the one typed in the draft when empty. Raises as `submit`; AlreadyDone when there is
    no draft any more.
    """
    with act("reporting.submit", by=by, at=at, written_last=True) as entry:
        row = lock([obligation.pk])[0]
        require_sender(by, row, Channel.WEB, on=timezone.localdate(at))
        entry.unit_id = post_answering(by, row.unit_id, timezone.localdate(at))
        draft = Draft.objects.filter(obligation=row).first()
        if draft is None:
            raise already_sent(row)
        previous = previous_figures(row.form, row.period, [row.unit_id]).get(row.unit_id)
        figures, issues = read_texts(row, draft.figures, previous=previous)
        papers = Papers(
            signatures,
            draft.notes,
            document_number,
            document_date,
            scan=stored_scan(scan) if scan is not None else None,
            file=_file_of(draft, entry),
            amendment_reason=amendment_reason or draft.papers.get(AMENDMENT_REASON, ""),
        )
        return _send(
            row, figures, issues, draft.explanations, papers, entry, by=by, at=at, channel=draft.channel, signed=True
        )


def stored_scan(scan: Scan) -> "Blob":
    """Keep a signed scan. Raises SecretRefused."""
    refuse_secret_file(scan.content, scan.filename)
    return store_blob(scan.content, media_type=media_type_of(scan.content) or UNKNOWN_TYPE, filename=scan.filename)


def _file_of(draft: Draft, entry: Act) -> ImportedFile | None:
    """The workbook that a draft was read from, noted as taken in."""
    if draft.file is None:
        return None
    noted = {"filename": draft.filename, "channel": draft.channel, "blob": draft.file, "act": entry}
    file, _ = ImportedFile.objects.get_or_create(sha256=draft.file.sha256, defaults=noted)
    return file


def already_sent(obligation: Obligation) -> ReportingError:
    """Why there is nothing left to do: the latest version with its receipt, or that nothing was typed yet."""
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
    issues = _held_back(obligation, issues, explanations, on=timezone.localdate(at))
    if signed or channel == Channel.WEB:
        require_signatures(definition_of(obligation.form), papers.signatures, on=timezone.localdate(at))
    ground = ground_of(obligation.pk)
    earlier = earlier_versions([obligation.pk]) if ground.is_sent else {}
    parcel = Parcel(obligation, figures, issues, explanations)
    same = unchanged([(obligation, figures)], papers, earlier, channel=channel)
    if obligation.pk in same and not _says_more(parcel, earlier[obligation.pk][-1], channel):
        raise already_sent(obligation)
    submission = store([parcel], papers, entry, earlier, by=by, at=at, channel=channel, ground=ground)[0]
    entry.subject = subject_of(submission)
    entry.detail = {"obligation": obligation.pk, "version": submission.version, "receipt": submission.receipt}
    return submission


def _held_back(
    obligation: Obligation, issues: Sequence[Issue], explanations: Mapping[str, str], *, on: date
) -> Sequence[Issue]:
    """The findings, those under a waiver as notes. Raises SubmissionRefused when something still holds it back.

    Waivers are asked for only when there is something to waive: a report without findings costs no query.
    """
    errors, silent = errors_in(issues), unexplained(issues, explanations)
    if not errors and not silent:
        return issues
    issues = without_waived(issues, waived_keys(obligation, on))
    errors, silent = errors_in(issues), unexplained(issues, explanations)
    if errors or silent:
        raise SubmissionRefused(errors, silent)
    return issues


def refuse_coming_day(day: date | None, at: datetime) -> None:
    """Raises ReportingError when a paper copy bears a day that has not come."""
    if day is not None and day > timezone.localdate(at):
        raise ReportingError(f"Ngày văn bản {day:%d/%m/%Y} chưa tới. Ghi lại ngày trên văn bản đã ký.")


def refuse_secret_file(content: bytes, filename: str) -> None:
    """Raises SecretRefused when a file's name or its words, as far as they can be read, carry a marking."""
    marking = marked_secret_file(content, filename)
    if marking:
        raise SecretRefused(marking)


def lock(ids: Iterable[int]) -> list[Obligation]:
    """The obligations, locked in one order, so that two imports wait for each other instead of blocking for ever."""
    return _locked(ids=list(ids))


@Prepared
def _locked() -> QuerySet[Obligation]:
    rows = Obligation.objects.select_for_update(of=("self",)).filter(pk__in=given_among("ids"))
    return rows.select_related(*JOINED).defer(*UNREAD).order_by("pk")


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


def require_signatures(form: FormDefinition, signatures: Sequence[Signature], *, on: date) -> None:
    """Each block of the form needs a name, and there are no others; capacities are as `signing_faults` wants them.

    on: the day of signing. Raises SigningRefused.
    """
    blocks = [signed_of(one) for one in signatures]
    named = {one.role for one in blocks if one.name.strip()}
    faults = [
        SigningFault(role, "name", f"Nêu họ tên người ký ở mục: {role}.")
        for role in form.signatures
        if role not in named
    ]
    faults += [
        SigningFault(one.role, "name", f"Biểu không có mục ký: {one.role}. Bỏ mục này.")
        for one in blocks
        if one.role not in form.signatures
    ]
    faults = faults or list(signing_faults(form.signatures, blocks, on))
    if faults:
        raise SigningRefused(faults)


def unchanged(
    reports: Sequence[tuple[Obligation, Figures]], papers: Papers, earlier: Versions, *, channel: str
) -> set[int]:
    """Obligations whose latest version, sent or accepted, says exactly the same, papers included. At most one query.

    A file that carries no paper of a kind says nothing of it; what is typed on the page says that there is none.
    """
    latest: dict[int, int] = {}
    standing = (SubmissionState.SENT, SubmissionState.ACCEPTED)
    for pk, sent in earlier.items():
        version = sent[-1]
        if version.state in standing and _same_papers(version, papers, channel):
            latest[pk] = version.pk
    held: dict[int, set[object]] = {pk: set() for pk in latest.values()}
    for line in SubmissionLine.objects.filter(submission_id__in=held) if held else ():
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
    signed = {one.role: one.as_data() for one in papers.signed}
    pairs = (
        (papers.notes.strip(), version.notes.strip()),
        (signed, {one["role"]: signed_from(one).as_data() for one in version.signatures}),
        (papers.document_number, version.document_number),
        (papers.document_date, version.document_date),
        (papers.scan.pk if papers.scan else None, version.scan_id),
    )
    return all(given == held or (not given and channel != Channel.WEB) for given, held in pairs)


def _says_more(parcel: Parcel, version: Submission, channel: str) -> bool:
    """Whether the words on warnings are others than those of a version that still waits for its receiver."""
    waits = version.state == SubmissionState.SENT and channel == Channel.WEB
    return waits and kept(parcel.issues, parcel.explanations) != version.explanations


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
    parcels: Sequence[Parcel],
    papers: Papers,
    entry: Act,
    earlier: Versions,
    *,
    by: Actor,
    at: datetime,
    channel: str,
    ground: Ground | None = None,
    keeps_typed: bool = False,
) -> list[Submission]:
    """Write the next version of each report with its lines; a waiting one gives way. A fixed number of queries.

    ground: of the one report, when there is one. keeps_typed: what a unit's own people have in hand on the page stays
    when somebody else brings the report for them; else drafts end with the version that they became.

    Raises BooksClosed, AmendmentUnexplained, SecretRefused, ReportingError (a paper of a day that has not come).
    """
    refuse_coming_day(papers.document_date, at)
    _refuse_secret(parcels, papers)
    ground = ground or Ground()
    if ground.has_closings:
        _refuse_closed(parcels, at=entry.at)
    ours = {parcel.obligation.pk for parcel in parcels}
    waiting = [one for pk in ours for one in earlier.get(pk, ()) if one.state == SubmissionState.SENT]
    amendments = _amendments(parcels, papers, earlier)
    names = _behalf(parcels, by, timezone.localdate(at))
    numbers = [ground.number] if ground.number is not None else fresh_numbers(len(parcels))
    submissions, lines = [], []
    for parcel, number in zip(parcels, numbers, strict=True):
        before = earlier.get(parcel.obligation.pk, [])
        submission = _submission(parcel, papers, number, before[-1].version + 1 if before else 1, entry)
        submission.amendment = amendments[parcel.obligation.pk]
        submission.amendment_reason = papers.amendment_reason.strip() if submission.amendment else ""
        submission.channel = channel
        submission.entered_by_id, submission.entered_by_name = by.user_id, by.name
        submission.on_behalf_of = names.get(parcel.obligation.unit_id, "")
        submission.sent_at = at
        submission.receipt = f"TN-{timezone.localdate(at).year}-{number:06d}"
        submissions.append(submission)
        lines.extend(_lines(parcel, submission.pk))
    _give_way(waiting, by=by, at=at)
    if len(submissions) == 1:
        insert(submissions[0])
    else:
        Submission.objects.bulk_create(submissions, batch_size=1000)
    write_lines(lines)
    if ground.has_draft:
        theirs = {one.obligation.pk for one in parcels if keeps_typed and one.obligation.unit_id in names}
        Draft.objects.filter(obligation_id__in=ours - theirs).delete()
    return submissions


def _submission(parcel: Parcel, papers: Papers, number: int, version: int, entry: Act) -> Submission:
    form = definition_of(parcel.obligation.form)
    absent = [one.at for one in parcel.issues if one.code == "line-absent"]
    filled, required, _ = completeness(form, parcel.figures, absent)
    order = {role: position for position, role in enumerate(form.signatures)}
    signed = sorted(papers.signed, key=lambda one: order.get(one.role, len(order)))
    return Submission(
        pk=number,
        obligation=parcel.obligation,
        version=version,
        state=SubmissionState.SENT,
        signatures=[one.as_data() for one in signed],
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


def earlier_versions(obligation_ids: Collection[int]) -> Versions:
    """What was sent so far, in order, locked; an obligation of which nothing was sent is absent. One query."""
    found: dict[int, list[Submission]] = {}
    for row in _sent_of(ids=list(obligation_ids)):
        found.setdefault(row.obligation_id, []).append(row)
    return found


@Prepared
def _sent_of() -> QuerySet[Submission]:
    rows = Submission.objects.select_for_update().filter(obligation_id__in=given_among("ids"))
    return rows.order_by("version")


def _amendments(parcels: Sequence[Parcel], papers: Papers, earlier: Versions) -> dict[int, int]:
    """Which amendment each parcel is. Raises AmendmentUnexplained."""
    numbers = {
        one.obligation.pk: amendment_number(
            (row.state, row.decision_reason, row.amendment) for row in earlier.get(one.obligation.pk, ())
        )
        for one in parcels
    }
    if any(numbers.values()) and not papers.amendment_reason.strip():
        raise AmendmentUnexplained([one.obligation.unit.key for one in parcels if numbers[one.obligation.pk]])
    return numbers


def _refuse_closed(parcels: Sequence[Parcel], *, at: datetime) -> None:
    """Raises BooksClosed. One query a form and period while nothing is closed."""
    units: dict[tuple[int, int], list[int]] = {}
    for one in parcels:
        units.setdefault((one.obligation.form_id, one.obligation.period_id), []).append(one.obligation.unit_id)
    for (form_id, period_id), unit_ids in units.items():
        closed = closed_reasons(form_id, period_id, unit_ids, at)
        if closed:
            raise BooksClosed(next(iter(closed.values())))


def _refuse_secret(parcels: Sequence[Parcel], papers: Papers) -> None:
    """Raises SecretRefused when words of a report carry the marking of a state secret."""
    texts = [papers.notes, papers.source, papers.amendment_reason, papers.document_number]
    for parcel in parcels:
        texts += parcel.explanations.values()
        for line in parcel.figures.values():
            texts += line.texts.values()
    marking = next(filter(None, map(marked_secret, filter(None, texts))), "")
    if marking:
        raise SecretRefused(marking)


def _behalf(parcels: Sequence[Parcel], by: Actor, on: date) -> dict[int, str]:
    """Names of the units that somebody else enters for, and that one has ended by a day."""
    others = [one.obligation for one in parcels if one.obligation.unit_id not in by.unit_ids]
    if not others:
        return {}
    called = cards([one.unit_id for one in others], last_day(others[0].period))
    return {pk: f"{unit.name}{ENDED if unit.has_ended(on) else ''}" for pk, unit in called.items()}


def _give_way(waiting: Iterable[Submission], *, by: Actor, at: datetime) -> None:
    rows = list(waiting)
    for row in rows:
        row.state = next_state(row.state, "replace")
        row.decided_at, row.decided_by_name, row.decision_reason = at, by.name, REPLACED_WHILE_WAITING
    Submission.objects.bulk_update(rows, ["state", "decided_at", "decided_by_name", "decision_reason"], batch_size=1000)
