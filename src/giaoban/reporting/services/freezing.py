"""Accepted figures of a period whose books are closed are written once as a file; an amendment makes it give way.

A file is never changed and never replaced: what is frozen again stands in the next version beside it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Max

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.orgs.selectors import cards
from giaoban.reporting.archive import layout, manifest, writing
from giaoban.reporting.models import Closing, FormVersion, FrozenFile, Obligation, Period
from giaoban.reporting.selectors import frozen
from giaoban.reporting.selectors.accepted import Summary, accepted_lines, summary_of, wide_columns
from giaoban.reporting.selectors.closings import closed_reasons
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.services.errors import AlreadyDone, ReportingError

FREEZE, THAW = "reporting.freeze", "reporting.thaw"
NAMED = 5
"""Units named in a refusal; the others are counted."""


class FreezeRefused(ReportingError):
    """The figures cannot be written as a file now."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A file that stands. is_new: a version was written; else the same content lay there already."""

    file: FrozenFile
    is_new: bool


def freeze(form: FormVersion, period: Period, *, by: Actor, at: datetime) -> Frozen:
    """Write the accepted figures of a form and period, unless the newest version holds just these.

    For commands and jobs. Waits for whoever is sending or deciding. Raises FreezeRefused (books open somewhere, nobody
    owes the form, columns that cannot be told apart, the folder cannot be written), PermissionDenied.
    """
    if not by.everything:
        raise PermissionDenied("Tệp số liệu do hệ thống ghi sau khi khoá sổ; quản trị dùng lệnh giaoban freeze.")
    with transaction.atomic():
        _lock(form, period)
        _refuse(form, period, at)
        found = summary_of(form.pk, period.pk)
        newest = FrozenFile.objects.filter(form=form, period=period).select_related("act").first()
        if newest is not None and _holds(newest, form, found):
            return Frozen(_standing_again(newest, by, at), is_new=False)
        with act(FREEZE, by=by, at=at) as entry:
            file = _write(form, period, found, entry)
            entry.subject = subject_of(file)
            entry.detail = {"path": file.path, "sha256": file.sha256, "rows": file.lines, "content": found.content}
    return Frozen(file, is_new=True)


def _lock(form: FormVersion, period: Period) -> None:
    """Nobody opens books, sends or decides until the file stands: closings first, then what is owed, both in order."""
    list(Closing.objects.select_for_update().filter(form=form, period=period).order_by("pk").values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM reporting_obligation"
            " WHERE form_id = %s AND period_id = %s ORDER BY id FOR SHARE) held",
            [form.pk, period.pk],
        )


def _refuse(form: FormVersion, period: Period, at: datetime) -> None:
    owed = list(Obligation.objects.filter(form=form, period=period).values_list("unit_id", flat=True))
    if not owed:
        raise FreezeRefused(f"Không đơn vị nào phải gửi biểu {form.code}, {period.label}, nên không có gì để ghi.")
    closed = closed_reasons(form.pk, period.pk, owed, at)
    if still_open := [one for one in owed if one not in closed]:
        called = cards(still_open[:NAMED], last_day(period))
        names = ", ".join(sorted(one.name for one in called.values()))
        more = "…" if len(still_open) > NAMED else ""
        raise FreezeRefused(
            f"Chưa ghi được tệp biểu {form.code}, {period.label}: sổ còn mở ở {len(still_open)} trong {len(owed)} "
            f"đơn vị ({names}{more}). Khoá sổ, hoặc chờ hết hạn mở lại, rồi ghi."
        )
    if shared := layout.clashes(definition_of(form)):
        raise FreezeRefused(
            f"Biểu {form.code} có các cột chỉ khác nhau ở chữ hoa, chữ thường ({', '.join(shared)}), nhiều phần mềm "
            "đọc Parquet không phân biệt được. Số liệu vẫn đọc từ cơ sở dữ liệu."
        )


def _holds(newest: FrozenFile, form: FormVersion, found: Summary) -> bool:
    """Whether a version holds just what is accepted now, and still lies there whole."""
    same = newest.act.detail.get("content") == found.content and newest.definition == form.checksum
    if not same or frozen.fault_at_use(newest):
        return False
    return newest.stands or writing.sha256_of(frozen.path_of(newest)) == newest.sha256


def _standing_again(newest: FrozenFile, by: Actor, at: datetime) -> FrozenFile:
    if not newest.stands:
        with act(FREEZE, by=by, at=at, subject=subject_of(newest), detail={"again": True}):
            FrozenFile.objects.filter(form=newest.form_id, period=newest.period_id, stands=True).update(stands=False)
            newest.stands, newest.thawed = True, None
            newest.save(update_fields=["stands", "thawed"])
    return newest


def _write(form: FormVersion, period: Period, found: Summary, entry: Act) -> FrozenFile:
    """The file with what lies beside it, then its row. What was begun is taken away when anything fails."""
    folder = layout.folder_of(form.key, period.rule.key, period.code, period.instalment)
    version = _next_version(form, period, folder)
    path = layout.path_in_folder(folder, version)
    whole = frozen.folder() / path
    try:
        with _undone_on_failure(whole):
            written = _write_files(whole, form, period, version, found, entry)
            FrozenFile.objects.filter(form=form, period=period, stands=True).update(stands=False)
            return FrozenFile.objects.create(
                form=form,
                period=period,
                version=version,
                path=path,
                sha256=written.sha256,
                size=written.size,
                reports=found.reports,
                lines=written.rows,
                cells=written.cells,
                definition=form.checksum,
                simulated=found.simulated,
                decided_until=found.decided_until,
                act=entry,
            )
    except OSError as fault:
        raise FreezeRefused(
            f"Không ghi được vào {whole.parent} ({fault.strerror or fault}). Kiểm tra quyền ghi và chỗ trống trên đĩa."
        ) from fault


def _write_files(
    whole: Path, form: FormVersion, period: Period, version: int, found: Summary, entry: Act
) -> writing.Written:
    definition, words = definition_of(form), period_words(period)
    data = FormVersion.objects.values_list("definition", flat=True).get(pk=form.pk)
    told = manifest.metadata(form.key, data, words, simulated=found.simulated)
    wide = wide_columns(definition, form.pk, period.pk)
    whole.parent.mkdir(parents=True, exist_ok=True)
    made = whole.with_name(f".{whole.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        made.unlink()
    lines = accepted_lines(form.pk, period.pk)
    written = writing.write(made, definition, lines, metadata=told, wide=wide)
    if written.rows != found.lines:
        made.unlink()
        raise FreezeRefused(
            f"Đã ghi {written.rows} dòng, cơ sở dữ liệu có {found.lines}: số liệu đổi trong khi ghi. Ghi lại."
        )
    writing.place(made, whole)
    expected, missing = _owing(form, period)
    told_beside = manifest.Told(
        form=definition,
        title=form.title,
        period=words,
        version=version,
        reports=found.reports,
        expected=expected,
        missing=missing,
        simulated=found.simulated,
        decided_until=found.decided_until,
        frozen_at=entry.at,
        content=found.content,
    )
    manifest.write_beside(whole, manifest.text_of(whole.name, written, told_beside, sorted(wide)))
    manifest.write_index(whole.parent)
    return written


def _owing(form: FormVersion, period: Period) -> tuple[list[str], list[str]]:
    """Keys of the units that owe the report, and of those of which nothing is accepted."""
    rows = Obligation.objects.filter(form=form, period=period).order_by("unit__key")
    reported = set(rows.filter(submissions__is_current=True).values_list("unit__key", flat=True))
    expected = list(rows.values_list("unit__key", flat=True))
    return expected, [key for key in expected if key not in reported]


def _next_version(form: FormVersion, period: Period, folder: str) -> int:
    """One more than any known version; a file that lies there without being known keeps its name."""
    last = FrozenFile.objects.filter(form=form, period=period).aggregate(last=Max("version"))["last"] or 0
    version = int(last) + 1
    while any((frozen.folder() / folder / f"v{version}{end}").exists() for end in (".parquet", ".json", ".sha256")):
        version += 1
    return version


@contextmanager
def _undone_on_failure(path: Path) -> Iterator[None]:
    """Takes the files of a version away when the act that wrote them does not come to its end."""
    try:
        yield
    except BaseException:
        for one in (path, *manifest.beside(path)):
            with suppress(OSError):
                one.unlink()
        with suppress(OSError):
            manifest.write_index(path.parent)
        raise


def period_words(period: Period) -> dict[str, Any]:
    """A period as files tell it; `end` is the day after the last."""
    return {
        "rule": period.rule.key,
        "code": period.code,
        "instalment": period.instalment,
        "label": period.label,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "actual_until": period.actual_until.isoformat() if period.actual_until else None,
        "estimated_months": period.estimated_months,
        "cumulative": period.cumulative,
    }


def thaw(form: FormVersion, period: Period, *, reason: str, by: Actor, at: datetime) -> FrozenFile:
    """The period is read from the database again; the file stays where it is.

    For commands. Raises ReportingError without a reason, AlreadyDone when no file stands, PermissionDenied.
    """
    if not by.everything:
        raise PermissionDenied("Việc cho đọc lại từ cơ sở dữ liệu do quản trị làm, bằng lệnh giaoban thaw.")
    if not reason.strip():
        raise ReportingError("Nêu lý do thôi dùng tệp.")
    with act(THAW, by=by, at=at, reason=reason.strip()) as entry:
        rows = FrozenFile.objects.select_for_update(of=("self",)).filter(form=form, period=period, stands=True)
        file = rows.first()
        if file is None:
            raise AlreadyDone(
                f"Biểu {form.code}, {period.label} không có tệp nào đang dùng: số liệu đang đọc từ cơ sở dữ liệu."
            )
        file.stands, file.thawed = False, entry
        file.save(update_fields=["stands", "thawed"])
        entry.subject = subject_of(file)
    return file


def freezable() -> Iterator[tuple[FormVersion, Period]]:
    """Forms and periods with closed books and no file that stands and lies there whole; those thawed since they were
    closed are left alone.

    Whether the books are closed everywhere is for `freeze` to see.
    """
    closed: dict[tuple[int, int], int] = {}
    for form_id, period_id, entry in Closing.objects.filter(undone=None).values_list("form_id", "period_id", "act_id"):
        closed[form_id, period_id] = max(entry, closed.get((form_id, period_id), 0))
    rows = FrozenFile.objects.filter(form_id__in={form_id for form_id, _ in closed})
    standing = {(one.form_id, one.period_id) for one in rows.filter(stands=True) if not frozen.fault_at_use(one)}
    thawed: dict[tuple[int, int], int] = {}
    for form_id, period_id, entry in rows.exclude(thawed=None).values_list("form_id", "period_id", "thawed_id"):
        thawed[form_id, period_id] = max(entry, thawed.get((form_id, period_id), 0))
    wanted = [one for one in closed if one not in standing and thawed.get(one, 0) < closed[one]]
    forms = FormVersion.objects.in_bulk({form_id for form_id, _ in wanted})
    periods = Period.objects.select_related("rule").in_bulk({period_id for _, period_id in wanted})
    for form_id, period_id in sorted(wanted):
        yield forms[form_id], periods[period_id]


def freeze_closed(*, by: Actor, at: datetime) -> tuple[list[Frozen], list[str]]:
    """Freeze whatever can be; what was done, and why the others were not. Each is an act of its own."""
    done, refused = [], []
    for form, period in freezable():
        try:
            done.append(freeze(form, period, by=by, at=at))
        except FreezeRefused as refusal:
            refused.append(refusal.sentence)
    return done, refused
