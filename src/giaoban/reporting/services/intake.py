"""Many files are brought at once: kept as they came, then taken one by one, each in its own transaction.

A bad file is refused with its sentences, and the next one follows. A worker that dies leaves the files that it took as
taken and the others as waiting; whoever goes on begins with the first that waits.
"""

import hashlib
import io
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue, sentence
from giaoban.core.secrecy import marked_secret, refusal_of_secret
from giaoban.core.tidy import COLUMNS
from giaoban.documents.rules.kinds import UNKNOWN_TYPE
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.filetext import marked_secret_file
from giaoban.kit.jobs import enqueue
from giaoban.kit.permissions import Permission
from giaoban.kit.workbooks.guard import WorkbookRefused
from giaoban.kit.workbooks.opening import Reader
from giaoban.reporting.models import (
    ImportedFile,
    Intake,
    IntakeFile,
    IntakeSource,
    IntakeState,
    Obligation,
    Submission,
)
from giaoban.reporting.rules.archives import (
    MAX_FILES,
    MAX_TOTAL_BYTES,
    NO_FILES_CHOSEN,
    NOT_OURS,
    TOO_FULL,
    TOO_MANY,
    TOO_MUCH,
    Piece,
    is_overfull,
    kind_of,
    pieces,
    plain_words,
)
from giaoban.reporting.rules.signing import Signed, signed_from
from giaoban.reporting.selectors.answering import answers
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.intake import ENTER, INTAKE_JOB, units_bringing
from giaoban.reporting.selectors.owed import visible_obligations
from giaoban.reporting.services.arriving import Arrival
from giaoban.reporting.services.drafting import XLSX_TYPE
from giaoban.reporting.services.errors import AlreadyDone, ExplanationsUnjudged, ImportRefused, ReportingError
from giaoban.reporting.services.faulty import workbook_with_faults
from giaoban.reporting.services.importing import ImportResult, import_csv, import_workbook
from giaoban.reporting.services.sending import require_signatures

if TYPE_CHECKING:
    from giaoban.documents.selectors import Blob

log = logging.getLogger(__name__)

SLICE_SECONDS: Final = 20.0
"""How long one job takes files before it gives way to other jobs and asks for the next one."""
DEADLY: Final = 3
"""How often a file may be begun without an end before it is passed over."""
KEPT_ISSUES: Final = 200
NAMED_RECEIPTS: Final = 5
SAME_FILE: Final = "same-file"
NO_HEADER: Final = "missing-column-header"
SAME_FIGURES: Final = "Số liệu trùng với bản đã gửi; không tạo bản mới."
TO_BE_JUDGED: Final = "Có giải trình chờ nơi nhận xem, nên mới gửi, chưa tiếp nhận ngay."
OUR_FAULT: Final = "Máy chủ gặp lỗi khi đọc tệp này; chưa ghi gì của tệp. Thử lại, hoặc báo người quản trị."
KILLS: Final = (
    "Chương trình đã dừng nhiều lần khi đến tệp này, nên tạm bỏ qua. Thử lại tệp này, hoặc nhập báo cáo trên trang."
)
CSV_OF_OWN: Final = (
    "Tệp CSV không có chỗ ghi người ký. Đơn vị gửi báo cáo của mình bằng bảng tính, hoặc nhập trên trang."
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every file of an intake. explanation: words for each warning that a file leaves open.

    signatures: names by role; each form takes those that it asks for. deputy: in what capacity the last signer of each
    form signs, by part of `rules.signing.PARTS`; empty: as the head.
    """

    accept: bool = False
    amendment_reason: str = ""
    explanation: str = ""
    signatures: tuple[tuple[str, str], ...] = ()
    deputy: Mapping[str, str] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        return {
            "amendment_reason": self.amendment_reason,
            "explanation": self.explanation,
            "signatures": [list(one) for one in self.signatures],
            **({"deputy": dict(self.deputy)} if self.deputy else {}),
        }


@dataclass(frozen=True, slots=True)
class _Taking:
    """One file on its way. reader: the process that opens workbooks, one for many files."""

    row: IntakeFile
    content: bytes
    intake: Intake
    by: Actor
    reader: Reader

    @property
    def filename(self) -> str:
        return self.row.filename

    @property
    def arrival(self) -> Arrival:
        """When it was brought, and what was taken before it out of the same intake."""
        taken = IntakeFile.objects.filter(intake=self.intake, state=IntakeState.TAKEN, blob__isnull=False)
        together = {blob: name for blob, name in taken.values_list("blob_id", "filename") if blob is not None}
        return Arrival(self.intake.act.at, together)


@dataclass(slots=True)
class _Outcome:
    state: str
    sentence: str = ""
    issues: Sequence[Issue] = ()
    submission: Submission | None = None
    answer: "Blob | None" = None


class _Signed(Exception):
    """A unit's own report, which names are needed for. Undoes what was stored without them."""

    def __init__(self, obligation: Obligation) -> None:
        super().__init__()
        self.obligation = obligation


def begin_intake(
    files: Iterable[tuple[str, bytes | IO[bytes]]],
    *,
    by: Actor,
    at: datetime,
    source: str = IntakeSource.PAGE,
    accept: bool = False,
    amendment_reason: str = "",
    explanation: str = "",
    signatures: Sequence[tuple[str, str]] = (),
    deputy: Mapping[str, str] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Intake:
    """Keep the files, those of a zip each by itself, and ask for them to be taken. at: when the reports count as sent.

    A file that cannot be read at all is refused here, and the others go on. detail: goes with the act.
    Raises ReportingError (no file, or more than `rules.archives` allows), PermissionDenied.
    """
    if not by.everything and not units_bringing(by):
        by.require(ENTER[0], by.unit_id, unit_name=by.unit_name)
    terms = Terms(accept, amendment_reason.strip(), explanation.strip(), tuple(signatures), deputy or {})
    said = {**terms.to_data(), **(detail or {})}
    with act("reporting.begin-intake", by=by, at=at, detail=said) as entry:
        entry.unit_id = by.post_at(*units_bringing(by))
        if by.unit_id in units_bringing(by):
            entry.unit_id = by.unit_id
        intake = Intake.objects.create(source=source, accept=accept, act=entry)
        count = _keep(intake, files, at)
        if not count:
            raise ReportingError(NO_FILES_CHOSEN)
        entry.subject = subject_of(intake)
        entry.detail = {**said, "files": count}
        _ask(intake, by)
    return intake


def _keep(intake: Intake, files: Iterable[tuple[str, bytes | IO[bytes]]], at: datetime) -> int:
    """Store each file as it comes; how many there are. One file at a time is in memory."""
    count = size = 0
    for name, given in files:
        stream = io.BytesIO(given) if isinstance(given, bytes) else given
        for piece in pieces(name, stream):
            count, size = count + 1, size + len(piece.content)
            if count > MAX_FILES:
                raise ReportingError(TOO_MANY)
            if size > MAX_TOTAL_BYTES:
                raise ReportingError(TOO_MUCH)
            _keep_one(intake, count, piece, at)
    return count


def _keep_one(intake: Intake, position: int, piece: Piece, at: datetime) -> None:
    row = IntakeFile(intake=intake, position=position, filename=piece.name)
    refusal = piece.refusal or (TOO_FULL if is_overfull(piece.content) else _secret(piece))
    if refusal:
        row.state, row.sentence, row.done_at = IntakeState.REFUSED, refusal, at
    else:
        row.blob = store_blob(piece.content, media_type=UNKNOWN_TYPE, filename=piece.name)
    row.save()


def _secret(piece: Piece) -> str:
    """Why a file that carries the marking of a state secret is not kept, not even until it is read; "" for others."""
    marking = marked_secret_file(piece.content, piece.name)
    if not marking and kind_of(piece.content) == "text":
        marking = marked_secret(plain_words(piece.content))
    return refusal_of_secret(marking) if marking else ""


def _ask(intake: Intake, by: Actor) -> None:
    """Ask for a job, from the beginning or again."""
    intake.job, intake.finished_at = _enqueued(intake, by), None
    intake.save(update_fields=["job", "finished_at"])


def _go_on(intake: Intake, by: Actor) -> None:
    """Ask for the next job, unless somebody stopped the intake this very moment."""
    with transaction.atomic():
        if Intake.objects.select_for_update().filter(pk=intake.pk, finished_at=None).exists():
            Intake.objects.filter(pk=intake.pk).update(job=_enqueued(intake, by))


def _enqueued(intake: Intake, by: Actor) -> int:
    return enqueue(INTAKE_JOB, intake_id=intake.pk, user_id=by.user_id, name=by.name, unit_id=by.unit_id)


def take_intake(intake_id: int, *, by: Actor, seconds: float | None = SLICE_SECONDS) -> bool:
    """Take the files that wait, one after the other, with the rights held now; whether all is done, or was stopped.

    seconds: ask for another job after so long; None: go on to the end. A file that another worker has in hand is left
    to it, and so is the end of the intake.
    """
    until = None if seconds is None else time.monotonic() + seconds
    waiting = IntakeFile.objects.filter(intake_id=intake_id, state=IntakeState.WAITING).order_by("position")
    with Reader() as reader:
        for row_id in list(waiting.values_list("pk", flat=True)):
            intake = Intake.objects.select_related("act").filter(pk=intake_id, finished_at=None).first()
            if intake is None:
                return True
            if until is not None and time.monotonic() > until:
                _go_on(intake, by)
                return False
            take_file(row_id, intake, by=by, reader=reader)
    unfinished = Intake.objects.filter(pk=intake_id, finished_at=None)
    unfinished.exclude(files__state=IntakeState.WAITING).update(finished_at=timezone.now())
    return not unfinished.exists()


def take_file(row_id: int, intake: Intake, *, by: Actor, reader: Reader) -> None:
    """Take one file in one transaction, unless somebody else takes it or has done so.

    That it was begun is written first, by itself: it stays when the worker dies over the file.
    """
    attempts = _begun(row_id)
    if not attempts:
        return
    with transaction.atomic():
        rows = IntakeFile.objects.select_for_update(of=("self",), skip_locked=True).select_related("blob")
        row = rows.filter(pk=row_id, state=IntakeState.WAITING).first()
        if row is None or row.blob is None:
            return
        content = bytes(row.blob.content)
        outcome = _Outcome(IntakeState.REFUSED, KILLS)
        if attempts <= DEADLY:
            outcome = _outcome(_Taking(row, content, intake, by, reader))
        row.state, row.sentence = outcome.state, outcome.sentence
        row.issues = [_kept(one) for one in outcome.issues[:KEPT_ISSUES]]
        row.submission, row.done_at, row.answer = outcome.submission, timezone.now(), outcome.answer
        row.attempts = 0
        row.save(update_fields=["state", "sentence", "issues", "submission", "done_at", "answer", "attempts"])


def _begun(row_id: int) -> int:
    """How often a waiting file was begun, this time included; 0 when it does not wait, or somebody has it in hand."""
    with transaction.atomic():
        rows = IntakeFile.objects.select_for_update(of=("self",), skip_locked=True)
        row = rows.filter(pk=row_id, state=IntakeState.WAITING).first()
        if row is None:
            return 0
        row.attempts += 1
        row.save(update_fields=["attempts"])
        return row.attempts


def _outcome(one: _Taking) -> _Outcome:
    """What becomes of a file; whatever a refused one wrote is undone. A database that is away is not its fault."""
    try:
        try:
            with transaction.atomic():
                return _taken(_imported(one, accept=one.intake.accept))
        except ExplanationsUnjudged:
            with transaction.atomic():
                return _taken(_imported(one, accept=False), TO_BE_JUDGED)
    except ImportRefused as refusal:
        return _refused(refusal, one)
    except ReportingError as fault:
        state = IntakeState.UNCHANGED if isinstance(fault, AlreadyDone) else IntakeState.REFUSED
        return _Outcome(state, fault.sentence)
    except PermissionDenied as fault:
        return _Outcome(IntakeState.REFUSED, str(fault))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("intake %s: a file could not be taken", one.intake.pk)
        return _Outcome(IntakeState.REFUSED, OUR_FAULT)


def _imported(one: _Taking, *, accept: bool) -> ImportResult:
    """Raises what the import raises, and ReportingError for a file of another kind."""
    said, now = one.intake.act.detail, timezone.now()
    terms = {
        "by": one.by,
        "at": now,
        "sent_at": one.row.retried_at or one.intake.act.at,
        "arrival": one.arrival,
        "accept": accept,
        "explanation": said.get("explanation", ""),
        "amendment_reason": said.get("amendment_reason", ""),
    }
    kind = kind_of(one.content)
    if kind == "text":
        result = import_csv(one.content, one.filename, **terms)
        if any(_is_own(sent.obligation, one.by) for sent in result.submissions):
            raise ReportingError(CSV_OF_OWN)
        return result
    if kind != "workbook":
        raise ReportingError(NOT_OURS)
    terms["reader"] = one.reader
    try:
        with transaction.atomic():
            result = import_workbook(one.content, one.filename, **terms)
            for sent in result.submissions:
                if _is_own(sent.obligation, one.by):
                    raise _Signed(sent.obligation)
            return result
    except _Signed as own:
        form = definition_of(own.obligation.form)
        names = _signed(form, said)
        require_signatures(form, names, on=timezone.localdate(now))
        return import_workbook(one.content, one.filename, signatures=names, **terms)


def _signed(form: FormDefinition, said: Mapping[str, Any]) -> list[Signed]:
    """The blocks of a form with the names given for them; the last one in the capacity given for all forms."""
    names = dict(said.get("signatures", []))
    blocks = [{"role": role, "name": names[role]} for role in form.signatures if role in names]
    if blocks and blocks[-1]["role"] == form.signatures[-1]:
        blocks[-1] |= said.get("deputy", {})
    return [signed_from(one) for one in blocks]


def _is_own(obligation: Obligation, by: Actor) -> bool:
    """Whether somebody sends for the own unit, and not as the receiver on its behalf."""
    receiver = obligation.receiver_id
    if by.everything or (receiver is not None and by.may(Permission.RECEIVE_REPORT, receiver)):
        return False
    return answers(by, Permission.SEND_REPORT, obligation.unit_id)


def _taken(result: ImportResult, note: str = "") -> _Outcome:
    if not result.submissions:
        return _Outcome(IntakeState.UNCHANGED, SAME_FIGURES)
    first, count, same = result.submissions[0], len(result.submissions), len(result.unchanged)
    words = note
    if count > 1 or same:
        named = ", ".join(one.receipt for one in result.submissions[:NAMED_RECEIPTS])
        more = " và các biên nhận khác" if count > NAMED_RECEIPTS else ""
        words = f"{count} báo cáo: {named}{more}. {note}".strip()
        words += f" {same} đơn vị có số liệu trùng với bản đã gửi." if same else ""
    notes = [issue for issue in result.issues if issue.severity == "note"]
    return _Outcome(IntakeState.TAKEN, words, notes, submission=first)


def _refused(refusal: ImportRefused, one: _Taking) -> _Outcome:
    issues = refusal.issues
    if issues and all(issue.code == SAME_FILE for issue in issues):
        return _Outcome(IntakeState.UNCHANGED, _said(issues[0]), submission=_earlier(one.content, one.by))
    if sum(issue.code == NO_HEADER for issue in issues) == len(COLUMNS):  # a text, but none of ours
        return _Outcome(IntakeState.REFUSED, NOT_OURS)
    words = f"Tệp có {len(issues)} lỗi phải sửa; chưa ghi gì của tệp." if len(issues) > 1 else _said(issues[0])
    return _Outcome(IntakeState.REFUSED, words, issues, answer=_answer(one, issues))


def _answer(one: _Taking, issues: Sequence[Issue]) -> "Blob | None":
    """The copy of a workbook with the faults at their cells; None for what is no workbook, or cannot be copied."""
    if kind_of(one.content) != "workbook":
        return None
    try:
        copy = workbook_with_faults(one.content, one.filename, issues, reader=one.reader)
    except WorkbookRefused:
        return None
    return store_blob(copy, media_type=XLSX_TYPE, filename=f"{one.filename[-200:]}-loi.xlsx")


def _earlier(content: bytes, by: Actor) -> Submission | None:
    """What the same bytes became before, as far as the actor may see it."""
    found = ImportedFile.objects.filter(sha256=hashlib.sha256(content).hexdigest())
    visible = visible_obligations(by, timezone.localdate())
    rows = Submission.objects.filter(file__in=found).order_by("pk")
    return rows.first() if by.everything else rows.filter(obligation__in=visible).first()


def _kept(issue: Issue) -> dict[str, str]:
    at = issue.at
    place = at.file_cell or ("" if at.file_row is None else str(at.file_row))
    return {"sentence": _said(issue), "sheet": at.sheet, "cell": place}


def _said(issue: Issue) -> str:
    """The finding with its place in the file, as whoever mends the file looks for it."""
    return sentence(issue, place=issue.at.in_file() or issue.at.address())


def stop_intake(intake: Intake, *, by: Actor, at: datetime) -> None:
    """No further file is begun; the one being taken is finished. Raises AlreadyDone."""
    with act("reporting.stop-intake", by=by, at=at, subject=subject_of(intake)):
        if not Intake.objects.filter(pk=intake.pk, finished_at=None).update(finished_at=at):
            raise AlreadyDone("Các tệp đã được đọc xong, không còn gì để dừng.")


def retry_intake(intake: Intake, *, by: Actor, at: datetime) -> int:
    """Take the files that were refused, and those that still wait, once more; how many. Raises ReportingError.

    A file that could not even be kept stays refused. One that had to be refused counts as sent from now on only.
    """
    with act("reporting.retry-intake", by=by, at=at, subject=subject_of(intake)) as entry:
        row = Intake.objects.select_for_update().get(pk=intake.pk)
        refused = IntakeFile.objects.filter(intake=row, state=IntakeState.REFUSED, blob__isnull=False)
        refused.exclude(sentence__in=(OUR_FAULT, KILLS)).update(retried_at=at)
        again = refused.update(state=IntakeState.WAITING, sentence="", issues=[], answer=None, done_at=None, attempts=0)
        waiting = IntakeFile.objects.filter(intake=row, state=IntakeState.WAITING).count()
        if not waiting:
            raise ReportingError("Không còn tệp nào để thử lại. Sửa tệp rồi tải lên lại.")
        entry.detail = {"again": again, "waiting": waiting}
        _ask(row, by)
    return waiting
