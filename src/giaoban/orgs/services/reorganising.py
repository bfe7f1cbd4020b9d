"""A reorganisation comes in as a table: looked at without writing, decided slip by slip, then applied as one event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from giaoban.core.events import to_data
from giaoban.core.reorganisation import (
    COLUMNS,
    Change,
    Decision,
    Examination,
    Register,
    Row,
    Slip,
    TableError,
    event_of,
    examine,
    last_number,
    numbered,
    read_cells,
    read_csv,
    rows_words,
)
from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue
from giaoban.kit.permissions import Permission
from giaoban.kit.workbooks.guard import MAX_FILE_BYTES
from giaoban.orgs.models import Event, ImportState, ReorganisationImport
from giaoban.orgs.selectors.reorganising import (
    APPLY_JOB,
    REFUSED,
    decisions_of,
    examination_of,
    rows_of,
)
from giaoban.orgs.services.events import preview, record
from giaoban.orgs.services.previewing import Preview
from giaoban.orgs.services.refusals import EventRefused
from giaoban.orgs.sheets import SheetError, first_sheet, is_workbook

MAX_BYTES = MAX_FILE_BYTES


class ImportRefused(Exception):
    """Nothing was kept or changed; the message is a Vietnamese sentence with the remedy."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def read_table(content: bytes) -> list[Row]:
    """The rows of a CSV or an XLSX file, told apart by what they hold. Raises ImportRefused."""
    if len(content) > MAX_BYTES:
        raise ImportRefused(f"Tệp lớn hơn {MAX_BYTES // 2**20} MB. Chia bảng thành nhiều tệp.")
    try:
        return read_cells(first_sheet(content)) if is_workbook(content) else read_csv(content)
    except (TableError, SheetError) as fault:
        raise ImportRefused(fault.sentence) from None


def open_import(
    content: bytes,
    filename: str,
    *,
    unit_id: int,
    on: date,
    title: str,
    basis: str,
    basis_on: date | None = None,
    reason: str = "",
    decisions: Iterable[Decision] = (),
    by: Actor,
    at: datetime,
) -> ReorganisationImport:
    """Keep a table for examination; no area or unit is touched. decisions: made beforehand.

    Raises ImportRefused, PermissionDenied.
    """
    by.require(Permission.MANAGE_UNITS, at=unit_id)
    rows = read_table(content)
    with act("orgs.open-reorganisation", by=by, at=at, detail={"rows": len(rows), "file": filename}) as entry:
        row = ReorganisationImport.objects.create(
            name=filename[:200],
            unit_id=unit_id,
            on=on,
            title=title,
            basis=basis,
            basis_on=basis_on,
            reason=reason,
            rows=[one.to_data() for one in rows],
            decisions={one.slip: one.to_data() for one in decisions},
            created_at=at,
        )
        entry.subject = subject_of(row)
    return row


def decide(
    import_id: int,
    slip_key: str,
    *,
    choice: str = "",
    values: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
) -> ReorganisationImport:
    """Decide one slip: take a proposal by its choice, or write `values` into the rows of the slip.

    Raises ImportRefused when the slip is not there (any more) or the choice is none of its.
    """
    row = _open(import_id, by)
    slip = examination_of(row).slip(slip_key)
    if slip is None:
        raise ImportRefused("Chỗ này không còn: bảng đã đổi hoặc người khác vừa quyết định. Tải lại trang.")
    _keep(row, [_chosen(slip, choice, values or {})], by=by, at=at, name="orgs.decide-slip")
    return row


def decide_all(import_id: int, kind: str, *, by: Actor, at: datetime) -> int:
    """Take the first proposal of every slip of a kind that waits for a decision, in one act; how many were decided."""
    row = _open(import_id, by)
    slips = [slip for slip in examination_of(row).to_decide if slip.kind == kind and slip.proposals]
    if not slips:
        raise ImportRefused("Không còn chỗ nào thuộc loại này có đề xuất. Tải lại trang.")
    chosen = [_chosen(slip, "1", {}) for slip in slips]
    _keep(row, chosen, by=by, at=at, name="orgs.decide-slips-of-kind", together=True)
    return len(slips)


def decisions_from(
    rows: Sequence[Row], register: Register, wanted: Iterable[Mapping[str, str]], *, by: Actor, at: datetime
) -> list[Decision]:
    """Decisions written in a file: "slip" (its key) with "choice" or columns to write, or "kind" for the first proposal
    of every slip of the kind. Raises ImportRefused for the first line that fits no slip; nothing is kept."""
    waiting = dict(enumerate((dict(one) for one in wanted), 2))
    decisions: list[Decision] = []
    while waiting:
        examined = examine(rows, register, decisions)
        done = {number: slips for number, one in waiting.items() if (slips := _meant(examined, one))}
        if not done:
            number, one = next(iter(waiting.items()))
            named = one.get("slip") or one.get("kind") or "dòng trống"
            raise ImportRefused(f"Tệp quyết định, dòng {number}: không có chỗ nào là “{named}”. Xem thử lại bảng.")
        for number, slips in done.items():
            one = waiting.pop(number)
            try:
                chosen = [_chosen(slip, one.get("choice") or ("" if one.get("slip") else "1"), one) for slip in slips]
            except ImportRefused as refusal:
                raise ImportRefused(f"Tệp quyết định, dòng {number}: {refusal.sentence}") from None
            _add(decisions, rows, chosen, by=by, at=at, together=not one.get("slip"))
    return decisions


def _meant(examined: Examination, one: Mapping[str, str]) -> list[Slip]:
    """The slips that a line of a file of decisions is about."""
    if one.get("slip"):
        slip = examined.slip(one["slip"])
        return [] if slip is None else [slip]
    return [slip for slip in examined.to_decide if slip.kind == one.get("kind")]


def take_back(import_id: int, slip_key: str, *, by: Actor, at: datetime) -> ReorganisationImport:
    """Undo one decision; what was decided after it stays."""
    row = _open(import_id, by)
    with act("orgs.take-back-decision", by=by, at=at, subject=subject_of(row), detail={"slip": slip_key}):
        locked = _locked(row)
        if locked.decisions.pop(slip_key, None) is None:
            raise ImportRefused("Quyết định này đã được bỏ. Tải lại trang.")
        locked.save(update_fields=["decisions"])
    return locked


def drop(import_id: int, *, by: Actor, at: datetime) -> ReorganisationImport:
    """Lay an import aside; it stays readable."""
    row = _open(import_id, by)
    with act("orgs.drop-reorganisation", by=by, at=at, subject=subject_of(row)):
        locked = _locked(row)
        locked.state = ImportState.DROPPED
        locked.save(update_fields=["state"])
    return locked


def preview_import(row: ReorganisationImport, *, by: Actor, at: datetime) -> Preview:
    """The one event that the table becomes, and all it would do. Raises ImportRefused while slips are undecided."""
    return preview(_data(examination_of(row)), by=by, at=at)


def ask_to_apply(import_id: int, *, by: Actor, at: datetime) -> int:
    """Put the work of applying in the queue; gives its number. Raises ImportRefused while slips are undecided."""
    row = _open(import_id, by)
    if by.user_id is None:
        raise ImportRefused("Lệnh của hệ thống áp dụng trực tiếp, không qua hàng đợi.")
    _require_decided(examination_of(row))
    with act("orgs.ask-reorganisation", by=by, at=at, subject=subject_of(row)):
        _locked(row)
        return enqueue(APPLY_JOB, import_id=row.pk, user_id=by.user_id, name=by.name)


def apply_import(import_id: int, *, by: Actor, at: datetime) -> Event:
    """Record the one event of the table: all of it or nothing. Raises ImportRefused, EventRefused, PermissionDenied."""
    row = _open(import_id, by)
    with transaction.atomic():
        locked = _locked(row)
        event = record(
            _data(examination_of(locked)),
            basis=locked.basis,
            basis_on=locked.basis_on,
            reason=locked.reason or f"Nhập từ bảng {locked.name}",
            title=locked.title,
            by=by,
            at=at,
        )
        locked.state, locked.event = ImportState.APPLIED, event
        locked.save(update_fields=["state", "event"])
    return event


def apply_or_keep_refusal(import_id: int, *, by: Actor, at: datetime) -> None:
    """What the job does: a refusal is kept as an act, so that the page can say it."""
    try:
        apply_import(import_id, by=by, at=at)
    except (ImportRefused, EventRefused, PermissionDenied) as refusal:
        row = ReorganisationImport.objects.get(pk=import_id)
        faults = [fault.sentence for fault in getattr(refusal, "faults", ())]
        words = " ".join(dict.fromkeys([str(refusal), *faults[:3]]))
        with act(REFUSED, by=by, at=at, subject=subject_of(row), reason=words, detail={"faults": len(faults)}):
            pass


def _data(examined: Examination) -> dict[str, Any]:
    """The event of the table as plain data. Raises ImportRefused while slips are undecided."""
    _require_decided(examined)
    return to_data(event_of(examined))


def _require_decided(examined: Examination) -> None:
    if waiting := examined.to_decide:
        first = waiting[0]
        where = f" ({rows_words(first.rows)})" if first.rows else ""
        raise ImportRefused(f"Còn {len(waiting)} chỗ phải quyết định, trước hết: {first.kind_name.lower()}{where}.")


def _open(import_id: int, by: Actor) -> ReorganisationImport:
    row = ReorganisationImport.objects.get(pk=import_id)
    by.require(Permission.MANAGE_UNITS, at=row.unit_id)
    _require_open(row)
    return row


def _require_open(row: ReorganisationImport) -> None:
    if row.state != ImportState.EXAMINED:
        raise ImportRefused(f"Bảng này {row.get_state_display()}, không sửa được nữa. Nhập bảng mới nếu cần.")


def _locked(row: ReorganisationImport) -> ReorganisationImport:
    """The row held until the transaction ends. Raises ImportRefused when somebody closed it meanwhile."""
    locked = ReorganisationImport.objects.select_for_update().get(pk=row.pk)
    _require_open(locked)
    return locked


_Choice = tuple[Slip, str, Sequence[Change]]


def _chosen(slip: Slip, choice: str, values: Mapping[str, str]) -> _Choice:
    """The slip with what is to be done: what the person wrote, else the proposal. Raises ImportRefused."""
    written = {name: text.strip() for name, text in values.items() if name in slip.asks and text and text.strip()}
    if written:
        words = ", ".join(f"{COLUMNS[name]}: {text}" for name, text in written.items())
        return slip, words, (Change(rows=slip.rows, values=written),)
    proposal = slip.proposal(choice)
    if proposal is None:
        raise ImportRefused(f"{slip.sentence} Chọn một cách trong danh sách hoặc ghi giá trị.")
    return slip, proposal.words, proposal.changes


def _add(
    decisions: list[Decision],
    rows: Sequence[Row],
    chosen: Iterable[_Choice],
    *,
    by: Actor,
    at: datetime,
    together: bool,
) -> list[Decision]:
    """Add what was chosen to the decisions; gives the new ones."""
    order = max((one.order for one in decisions), default=0)
    last = last_number(rows, decisions)
    added = []
    for slip, words, given in chosen:
        order += 1
        changes = numbered(given, last)
        last += sum(len(change.add) for change in changes)
        added.append(
            Decision(
                slip=slip.key,
                kind=slip.kind,
                rows=slip.rows,
                sentence=slip.sentence,
                words=words,
                changes=changes,
                order=order,
                by=by.name,
                at=moment(timezone.localtime(at)),
                together=together,
            )
        )
    decisions += added
    return added


def _keep(
    row: ReorganisationImport,
    chosen: Sequence[_Choice],
    *,
    by: Actor,
    at: datetime,
    name: str,
    together: bool = False,
) -> None:
    detail = {"slips": len(chosen), "kind": chosen[0][0].kind, "first": chosen[0][0].sentence[:300]}
    with act(name, by=by, at=at, subject=subject_of(row), detail=detail):
        locked = _locked(row)
        added = _add(decisions_of(locked), rows_of(locked), chosen, by=by, at=at, together=together)
        locked.decisions |= {one.slip: one.to_data() for one in added}
        locked.save(update_fields=["decisions"])
    row.decisions = locked.decisions
