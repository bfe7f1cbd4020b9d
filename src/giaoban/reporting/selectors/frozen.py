"""Files with the accepted figures of closed periods: which stand, where they lie, who may take one away."""

import hashlib
import logging
from collections.abc import Collection
from datetime import date
from pathlib import Path

from django.conf import settings
from django.http import Http404

from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import visible_ids
from giaoban.reporting.models import FormVersion, FrozenFile, Obligation, Period

log = logging.getLogger(__name__)


def folder() -> Path:
    """The folder of frozen files."""
    return Path(settings.FROZEN_FOLDER)


def path_of(file: FrozenFile) -> Path:
    return folder() / file.path


def standing_files(form_id: int, period_ids: Collection[int]) -> dict[int, FrozenFile]:
    """Period → the file that holds its accepted figures as they are now; periods without such a file are absent.

    One query. A file stands only while no later decision concerns its form and period: accepting a report makes it
    give way in the same transaction (`services.freezing.give_way`).
    """
    rows = FrozenFile.objects.filter(form_id=form_id, period_id__in=list(period_ids), stands=True)
    return {one.period_id: one for one in rows}


def readable_files(form_id: int, period_ids: Collection[int]) -> dict[int, Path]:
    """Period → the standing file on disk, for engines that read files; the others are read from the database.

    A file that is not there, or not as it was written, is left out with a warning in the log.
    """
    found: dict[int, Path] = {}
    for period_id, file in standing_files(form_id, period_ids).items():
        path = path_of(file)
        if fault := fault_at_use(file):
            log.warning("%s; the period is read from the database", fault)
        else:
            found[period_id] = path
    return found


_whole: dict[tuple[str, int, int, int], str] = {}
"""Path, number in the file system, moment of change and size of files that were read through → their SHA-256."""


def fault_at_use(file: FrozenFile) -> str:
    """What is wrong with a file: "" or a sentence. Each process reads every file through once, and again when it was
    touched since: engines do not look at checksums, and a bit that fell over would change a total in silence."""
    path = path_of(file)
    try:
        told = path.stat()
        if told.st_size != file.size:
            return f"frozen file {path} has {told.st_size} bytes, not {file.size}"
        state = (str(path), told.st_ino, told.st_mtime_ns, told.st_size)
        if state not in _whole:
            with path.open("rb") as content:
                _whole[state] = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return f"frozen file {path} is not there"
    return "" if _whole[state] == file.sha256 else f"frozen file {path} is not as it was written"


def faults_of_standing() -> tuple[int, list[str]]:
    """How many files stand, and what is wrong with any of them."""
    files = list(FrozenFile.objects.filter(stands=True).order_by("path"))
    return len(files), [fault for one in files if (fault := fault_at_use(one))]


def files_of(form: FormVersion, period: Period) -> list[FrozenFile]:
    """Every version of a form and period with its acts, newest first. One query."""
    rows = FrozenFile.objects.filter(form=form, period=period).select_related("act", "thawed")
    return list(rows.order_by("-version"))


def may_take(actor: Actor, form: FormVersion, period: Period, on: date) -> bool:
    """Whether somebody sees every unit whose figures a file of the form and period holds."""
    hidden = Obligation.objects.filter(form=form, period=period).exclude(unit__in=visible_ids(actor, on))
    return not hidden.exists()


def frozen_for(actor: Actor, pk: int, on: date) -> FrozenFile:
    """A file that an actor may take away. Raises Http404, also when it lies there no longer as it was written."""
    file = FrozenFile.objects.select_related("form", "period__rule").filter(pk=pk).first()
    if file is None or not may_take(actor, file.form, file.period, on):
        raise Http404("Không có tệp số liệu này trong phạm vi của bạn.")
    if fault := fault_at_use(file):
        log.warning("%s", fault)
        raise Http404("Tệp số liệu này không còn nguyên trong kho. Báo người quản trị chạy giaoban verify.")
    return file
