"""From the plan of a meeting to its beginning."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from giaoban.core.vietnamese import fold
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.meetings import selectors
from giaoban.meetings.models import Attachment, Attendance, Meeting, MeetingState, Participant
from giaoban.meetings.services.refusals import MeetingRefused, locked, require
from giaoban.orgs import selectors as orgs

OPEN_STATES = (MeetingState.PREPARING, MeetingState.HELD)


def plan_meeting(
    *,
    title: str,
    type: str,
    form: str,
    held_on: date,
    host_id: int,
    chair_name: str,
    by: Actor,
    at: datetime,
    key: str = "",
    chair_title: str = "",
    place: str = "",
    period_id: int | None = None,
    secretary_id: int | None = None,
    source: str = "",
    published_on: date | None = None,
    list_complete: bool = True,
    simulated_note: str = "",
) -> Meeting:
    """Plan a meeting. Its day, the day of the source's publication and the moment of writing are three dates (R60).

    type, form: keys of the pack's lists; form empty = the source does not say. period_id: the reporting period whose
    results it reviews. list_complete False: the source says its list of directions is open (R91). Raises
    MeetingRefused.
    """
    host = orgs.card(host_id, held_on)
    by.require(Permission.PREPARE_MEETING, host_id, unit_name=host.name)
    missing = [name for name, given in (("tên cuộc họp", title), ("người chủ trì", chair_name)) if not given.strip()]
    if missing:
        raise MeetingRefused(f"Chưa lập được cuộc họp: thiếu {', '.join(missing)}.")
    _known("meeting_types", type, "loại cuộc họp")
    if form:
        _known("meeting_forms", form, "hình thức họp")
    chosen = key or _free_key(title, held_on)
    try:
        with act("meetings.plan", by=by, at=at) as entry:
            meeting = Meeting.objects.create(
                key=chosen,
                type=type,
                form=form,
                title=title.strip(),
                held_on=held_on,
                place=place.strip(),
                host_id=host_id,
                period_id=period_id,
                chair_name=chair_name.strip(),
                chair_title=chair_title.strip(),
                secretary_id=secretary_id,
                source=source,
                published_on=published_on,
                list_complete=list_complete,
                simulated_note=simulated_note,
                act=entry,
            )
            entry.subject = subject_of(meeting)
    except IntegrityError as error:
        raise MeetingRefused(f"Đã có cuộc họp mang khóa “{chosen}”; mở cuộc họp đó hoặc chọn khóa khác.") from error
    return meeting


def _known(word_list: str, key: str, what: str) -> None:
    names = selectors.names_of(word_list)
    if key not in names:
        raise MeetingRefused(
            f"Không có {what} “{key}”. Chọn một trong: {', '.join(names.values()) or 'chưa có danh mục'}."
        )


def _free_key(title: str, held_on: date) -> str:
    """A readable address that no meeting has yet."""
    base = f"{held_on.isoformat()}-{slugify(fold(title))[:80]}".rstrip("-")
    taken = set(Meeting.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{number}" for number in range(2, 1000))) if key not in taken)


def add_participants(
    meeting: Meeting, *, by: Actor, at: datetime, unit_ids: Sequence[int] = (), labels: Sequence[str] = ()
) -> list[Participant]:
    """Invite units, or groups as the source names them; who is on the list already stays there once."""
    require(meeting, Permission.PREPARE_MEETING, by)
    named = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    with transaction.atomic():
        row = locked(meeting, *OPEN_STATES)
        units = set(row.participants.exclude(unit=None).values_list("unit_id", flat=True))
        groups = set(row.participants.filter(unit=None).values_list("label", flat=True))
        new_units = [unit for unit in dict.fromkeys(unit_ids) if unit not in units]
        new_groups = [label for label in named if label not in groups]
        detail = {"units": new_units, "groups": new_groups}
        with act("meetings.invite", by=by, at=at, subject=subject_of(meeting), detail=detail):
            return Participant.objects.bulk_create(
                [Participant(meeting=row, unit_id=unit) for unit in new_units]
                + [Participant(meeting=row, label=label) for label in new_groups]
            )


def record_attendance(
    meeting: Meeting, *, present: Collection[int], absent: Collection[int], by: Actor, at: datetime
) -> None:
    """Who came and who did not, by the participants' primary keys; the others stay invited (R64)."""
    require(meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        row = locked(meeting, *OPEN_STATES)
        detail = {"present": sorted(present), "absent": sorted(absent)}
        with act("meetings.record-attendance", by=by, at=at, subject=subject_of(meeting), detail=detail):
            row.participants.filter(pk__in=present).update(attendance=Attendance.PRESENT)
            row.participants.filter(pk__in=absent).update(attendance=Attendance.ABSENT)
            row.participants.exclude(pk__in=[*present, *absent]).update(attendance=Attendance.INVITED)


def attach_title_card(
    meeting: Meeting, *, title: str, by: Actor, at: datetime, note: str = "", source: str = ""
) -> Attachment:
    """Name a paper of the meeting whose text is not in our hands (R68)."""
    return _attach(meeting, title, note, source, None, by, at)


def attach_file(
    meeting: Meeting,
    *,
    title: str,
    content: bytes,
    media_type: str,
    filename: str,
    by: Actor,
    at: datetime,
    note: str = "",
    source: str = "",
) -> Attachment:
    """Attach a paper with its file."""
    return _attach(meeting, title, note, source, (content, media_type, filename), by, at)


def _attach(
    meeting: Meeting,
    title: str,
    note: str,
    source: str,
    file: tuple[bytes, str, str] | None,
    by: Actor,
    at: datetime,
) -> Attachment:
    require(meeting, Permission.PREPARE_MEETING, by)
    if not title.strip():
        raise MeetingRefused("Ghi tên tài liệu trước khi thêm.")
    with transaction.atomic():
        row = locked(meeting, *OPEN_STATES)
        detail = {"title": title.strip(), "file": file is not None}
        with act("meetings.attach", by=by, at=at, subject=subject_of(meeting), detail=detail):
            blob = store_blob(file[0], media_type=file[1], filename=file[2]) if file else None
            return Attachment.objects.create(
                meeting=row,
                title=title.strip(),
                note=note.strip(),
                source=source.strip(),
                blob=blob,
                media_type=file[1] if file else "",
                filename=file[2] if file else "",
            )


def hold(meeting: Meeting, *, by: Actor, at: datetime) -> None:
    """Say that the meeting has taken place: from now on what is recorded is its conclusion. Raises MeetingRefused."""
    require(meeting, Permission.PREPARE_MEETING, by)
    with transaction.atomic():
        row = locked(meeting, MeetingState.PREPARING)
        with act("meetings.hold", by=by, at=at, subject=subject_of(meeting)):
            row.state = MeetingState.HELD
            row.save(update_fields=["state"])
    meeting.state = row.state
