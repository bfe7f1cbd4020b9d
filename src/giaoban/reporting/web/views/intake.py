"""Nộp nhiều tệp: files are dropped together, taken one by one by a job, and the page says what became of each."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.documents.selectors import stored_file
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import services
from giaoban.reporting.models import Intake, IntakeFile, IntakeState
from giaoban.reporting.rules.archives import LIMITS
from giaoban.reporting.selectors import intake as held
from giaoban.reporting.services import intake as intakes
from giaoban.reporting.web.bar import list_bar
from giaoban.reporting.web.files import XLSX, handed_out, list_file
from giaoban.reporting.web.intakeforms import FilesForm

PAGE_SIZE = 50
RECENT = 5
SHOWN_FAULTS = 5
ZIP = "application/zip"
HEADER = ("Số", "Tệp", "Kết quả", "Đơn vị", "Biểu", "Biên nhận", "Trang tính", "Dòng", "Nội dung")
SIGNS = {
    IntakeState.WAITING: "run",
    IntakeState.TAKEN: "done",
    IntakeState.UNCHANGED: "note",
    IntakeState.REFUSED: "late",
}
LABELS = (
    (IntakeState.TAKEN, "đã nhận"),
    (IntakeState.UNCHANGED, "đã có từ trước"),
    (IntakeState.REFUSED, "không nhận"),
    (IntakeState.WAITING, "chờ đọc"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """Choose or drop the files; what was brought lately stands beneath."""
    actor = request.actor
    if not held.units_bringing(actor) and not actor.everything:
        actor.require(Permission.SEND_REPORT, actor.unit_id, unit_name=actor.unit_name)
    receives = held.receives_reports(actor)
    roles = held.signing_roles(actor, timezone.localdate())
    posted = request.POST if request.method == "POST" else None
    form = FilesForm(posted, request.FILES if posted is not None else None, receives=receives, roles=roles)
    if request.method == "POST" and form.is_valid():
        row = _begun(request, form)
        if row is not None:
            return redirect("reporting:intake", pk=row.pk)
    rows = list(held.intakes_for(actor)[:RECENT])
    context = {
        "bar": list_bar(request),
        "form": form,
        "limits": LIMITS,
        "receives": receives,
        "roles": roles,
        "recent": _listed(rows),
    }
    return render(request, "reporting/intake_new.html", context, status=422 if posted is not None else 200)


def _begun(request: ActorRequest, form: FilesForm) -> Intake | None:
    """The intake; None with the reason at the field."""
    said = form.cleaned_data
    try:
        return intakes.begin_intake(
            ((one.name or "", one) for one in said["files"]),
            by=request.actor,
            at=timezone.now(),
            accept=said.get("accept", False),
            amendment_reason=said["amendment_reason"],
            explanation=said["explanation"],
            signatures=form.signatures,
            deputy=form.deputy,
        )
    except services.ReportingError as refusal:
        form.add_error("files", refusal.sentence)
        return None


def _listed(rows: list[Intake]) -> list[tuple[Intake, held.Progress]]:
    progress = held.progress_of_many(rows)
    return [(row, progress[row.pk]) for row in rows]


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """What was brought, newest first."""
    page = Paginator(held.intakes_for(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "bar": list_bar(request),
        "page": page,
        "rows": _listed(list(page)),
        "may_bring": bool(held.units_bringing(request.actor)),
    }
    return render(request, "reporting/intakes.html", context)


@require_safe
def intake(request: ActorRequest, pk: int) -> HttpResponse:
    return _page(request, held.intake_for(request.actor, pk))


def _page(request: ActorRequest, row: Intake, *, refusal: str = "", status: int = 200) -> HttpResponse:
    progress = held.progress_of(row)
    state = request.GET.get("state", "")
    state = state if state in IntakeState.values else ""
    files = held.files_of(row, state) if state or progress.goes_on else held.refused_first(held.files_of(row))
    page = Paginator(files, PAGE_SIZE).get_page(request.GET.get("page"))
    export = [Choice("Kết quả từng tệp, CSV", reverse("reporting:intake-csv", args=[row.pk]))]
    answers = held.answer_ids(row)
    called = orgs.cards(_units_of(row, page), timezone.localdate())
    context = {
        "bar": list_bar(request, export=export),
        "row": row,
        "progress": progress,
        "counts": _counts(request, progress, state),
        "state": state,
        "page": page,
        "rows": [_shown(one, called) for one in page],
        "unit_name": called[row.act.unit_id].name if row.act.unit_id else "",
        "answers": len(answers),
        "may_retry": not progress.goes_on and bool(progress.waiting or _retried(row)),
        "senders": row.act.detail.get("senders", {}),
        "here": request.get_full_path(),
        "refusal": refusal,
    }
    return render(request, "reporting/intake.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Shown:
    """A file with its sign, the name of its unit, its first faults beyond its sentence, and how many more there are."""

    file: IntakeFile
    folder: str
    name: str
    sign: str
    unit_name: str
    faults: list[str]
    more: int


def _units_of(row: Intake, files: Iterable[IntakeFile]) -> set[int]:
    sent = {one.submission.obligation.unit_id for one in files if one.submission is not None}
    return sent | ({row.act.unit_id} if row.act.unit_id else set())


def _shown(file: IntakeFile, called: Mapping[int, orgs.UnitCard]) -> Shown:
    faults = [one["sentence"] for one in file.issues if one["sentence"] != file.sentence]
    name = called[file.submission.obligation.unit_id].name if file.submission else ""
    folder, _, base = file.filename.rpartition("/")
    more = max(0, len(faults) - SHOWN_FAULTS)
    return Shown(file, folder, base, SIGNS[IntakeState(file.state)], name, faults[:SHOWN_FAULTS], more)


def _retried(row: Intake) -> bool:
    return held.files_of(row, IntakeState.REFUSED).filter(blob__isnull=False).exists()


def _counts(request: ActorRequest, progress: held.Progress, state: str) -> list[Count]:
    counts = [Count(progress.total, "tệp", changed(request, state=None), not state)]
    for value, label in LABELS:
        count = progress.counts.get(value, 0)
        if count or value == state:
            counts.append(Count(count, label, changed(request, state=value), value == state, SIGNS[value]))
    return counts


@require_POST
def stop(request: ActorRequest, pk: int) -> HttpResponse:
    row = held.intake_for(request.actor, pk)
    try:
        intakes.stop_intake(row, by=request.actor, at=timezone.now())
    except services.ReportingError as fault:
        return _page(request, held.intake_for(request.actor, pk), refusal=fault.sentence, status=422)
    messages.success(request, "Đã dừng. Tệp đang đọc dở được đọc nốt; các tệp còn lại giữ nguyên, chờ đọc tiếp.")
    return redirect("reporting:intake", pk=pk)


@require_POST
def retry(request: ActorRequest, pk: int) -> HttpResponse:
    row = held.intake_for(request.actor, pk)
    if not held.units_bringing(request.actor):
        request.actor.require(Permission.SEND_REPORT, request.actor.unit_id, unit_name=request.actor.unit_name)
    try:
        count = intakes.retry_intake(row, by=request.actor, at=timezone.now())
    except services.ReportingError as fault:
        return _page(request, held.intake_for(request.actor, pk), refusal=fault.sentence, status=422)
    messages.success(request, f"Đang đọc {count} tệp.")
    return redirect("reporting:intake", pk=pk)


@require_safe
def export(request: ActorRequest, pk: int) -> HttpResponse:
    """One row a file, and one for each fault of a file."""
    row = held.intake_for(request.actor, pk)
    return list_file(f"ket-qua-tai-len-{row.pk}.csv", HEADER, _lines(row))


def _lines(row: Intake) -> Iterator[tuple[object, ...]]:
    for one in held.files_of(row):
        sent = one.submission
        about = (
            one.position,
            one.filename,
            one.get_state_display(),
            sent.obligation.unit.key if sent else "",
            sent.obligation.form.code if sent else "",
            sent.receipt if sent else "",
        )
        faults = one.issues or [{"sheet": "", "cell": "", "sentence": one.sentence}]
        for fault in faults:
            yield (*about, fault["sheet"], fault["cell"], fault["sentence"])


@require_safe
def answer(request: ActorRequest, pk: int, position: int) -> HttpResponse:
    """The copy of one refused workbook with the faults at their cells."""
    row = held.intake_for(request.actor, pk)
    file = IntakeFile.objects.filter(intake=row, position=position).first()
    stored = stored_file(file.answer_id) if file is not None and file.answer_id else None
    if file is None or stored is None:
        raise Http404("Tệp này không có bản ghi lỗi.")
    return handed_out(stored.content, XLSX, f"loi-{row.pk}-{file.position}.xlsx")


@require_safe
def answers(request: ActorRequest, pk: int) -> HttpResponse:
    """All those copies in one zip, under the names of the files."""
    row = held.intake_for(request.actor, pk)
    found = held.answer_ids(row)
    if not found:
        raise Http404("Không có bản ghi lỗi nào.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, (name, blob) in enumerate(found, 1):
            stored = stored_file(blob)
            if stored is not None:
                base = PurePosixPath(name.replace("\\", "/")).stem  # an unpacker may take either for a folder
                archive.writestr(f"{number:04d}-{base}-loi.xlsx", stored.content)
    return handed_out(out.getvalue(), ZIP, f"ban-ghi-loi-{row.pk}.zip")
