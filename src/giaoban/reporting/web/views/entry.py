"""Nhập biểu: the form as a table to type in; saved, checked, then confirmed and sent by named people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.core.figures import completeness
from giaoban.core.forms import slug
from giaoban.core.issues import Issue
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import ROLE_NAMES, Permission, roles_with
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import issue_key, reservations, texts_from_figures
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.files import XLSX, handed_out
from giaoban.reporting.web.forms import SendForm, Typed, WorkbookForm, typed_on_page, with_lines_of
from giaoban.reporting.web.shaping.grid import EntryGrid, GridTable, parts_of, sent_tables
from giaoban.reporting.web.shaping.history import around
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.machine import machine_texts
from giaoban.reporting.web.shaping.words import STATE_SIGNS, counted, explanations, issue_lines, state_words


@dataclass(frozen=True)
class Sheet:
    """An obligation with what stands in it, and who looks."""

    request: ActorRequest
    obligation: selectors.Obligation
    typed: Typed | None = None  # what stands on the page but is not stored

    @cached_property
    def entry(self) -> selectors.Entry:
        stored, typed = selectors.entry_of(self.obligation), self.typed
        if typed is None:
            return stored
        one = self.obligation
        previous = selectors.previous_figures(one.form, one.period, [one.unit_id]).get(one.unit_id)
        _, issues = selectors.read_texts(one, typed.texts, previous=previous)
        return replace(
            stored,
            texts=typed.texts,
            notes=typed.notes,
            explanations=typed.explanations,
            issues=tuple(issues),
        )

    @cached_property
    def unit(self) -> orgs.UnitCard:
        return orgs.card(self.obligation.unit_id, selectors.last_day(self.obligation.period))

    @cached_property
    def receiver(self) -> orgs.UnitCard | None:
        receiver = self.obligation.receiver_id
        return orgs.card(receiver, selectors.last_day(self.obligation.period)) if receiver else None

    @property
    def subunits(self) -> dict[tuple[str, str], tuple[str, ...]]:
        listed = {place: tuple(one.key for one in units) for place, units in self.entry.subunits.items()}
        return with_lines_of(listed, self.entry.texts)

    @property
    def labels(self) -> Labels:
        names = {one.key: one.label for units in self.entry.subunits.values() for one in units}
        return Labels(self.entry.form, names)

    @property
    def may_enter(self) -> bool:
        return selectors.answers(self.request.actor, Permission.ENTER_FIGURES, self.obligation.unit_id)

    @property
    def may_send(self) -> bool:
        return selectors.answers(self.request.actor, Permission.SEND_REPORT, self.obligation.unit_id)

    @property
    def stands_in(self) -> bool:
        """Whether the unit has ended, and those at the page type for it at the one that it wholly became."""
        return self.may_enter and not self.request.actor.may(Permission.ENTER_FIGURES, self.obligation.unit_id)

    @property
    def is_open(self) -> bool:
        """Whether the page is for typing: nothing sent yet, sent back, a draft begun, or a new version wanted."""
        last = self.entry.last
        return last is None or last.state == "returned" or self.entry.has_draft or self.revises

    @property
    def address(self) -> str:
        return reverse("reporting:entry", args=[self.obligation.pk])

    @property
    def revises(self) -> bool:
        """Whether a new version of a report that was sent is wanted: only then may a draft begin on top of it."""
        return "sua" in self.request.GET

    def findings(self, *, checked: bool) -> list[Issue]:
        """What the checks say; a cell that is not filled yet is a fault only once somebody asked for a check."""
        return [issue for issue in self.entry.issues if checked or issue.code != "required-blank"]

    def tables(self, *, checked: bool, refused: Mapping[str, str]) -> tuple[GridTable, ...]:
        entry, period = self.entry, self.obligation.period
        subunits = self.subunits
        return EntryGrid(
            form=entry.form,
            labels=self.labels,
            subunits=subunits,
            texts=entry.texts | machine_texts(entry.form, subunits, entry.texts),
            previous=entry.previous,
            issues=self.findings(checked=checked),
            parts=parts_of(period.start, period.end, period.actual_until, period.estimated_months),
            open_rows=frozenset(place for place, units in entry.subunits.items() if not units),
            refused=refused,
        ).tables()


def _sheet(request: ActorRequest, pk: int) -> Sheet:
    return Sheet(request, selectors.obligation_for(request.actor, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: ActorRequest, pk: int) -> HttpResponse:
    """The form to type in; read only when it was sent, or for those who do not type for the unit."""
    sheet = _sheet(request, pk)
    if request.method == "POST":
        return _typed(request, sheet)
    if not sheet.may_enter or not sheet.is_open:
        return _reading(sheet)
    return _page(sheet, checked="kiem-tra" in request.GET)


def _typed(request: ActorRequest, sheet: Sheet) -> HttpResponse:
    """Keep what was typed, then do what the pressed button says."""
    sending = request.POST.get("act") == "send"
    permission = Permission.SEND_REPORT if sending else Permission.ENTER_FIGURES
    selectors.require_answer(request.actor, permission, sheet.obligation.unit_id, unit_name=sheet.unit.name)
    listed = {place: tuple(one.key for one in units) for place, units in sheet.entry.subunits.items()}
    lines = with_lines_of(listed, dict.fromkeys(request.POST, ""))
    typed = typed_on_page(sheet.entry.form, lines, request.POST)
    try:
        if typed.issues:
            _save(sheet, typed)
            return _page(_sheet(request, sheet.obligation.pk), lines=typed, checked=True, status=422)
        if sending:
            return _send(request, sheet, typed)
        _save(sheet, typed)
    except services.AlreadyDone as fault:
        return _page(Sheet(request, sheet.obligation, typed), stale=fault.sentence, lines=typed, status=422)
    if request.POST.get("act") == "check":
        return redirect(f"{sheet.address}?kiem-tra=1#can-xem")
    messages.success(request, "Đã lưu nháp.")
    return redirect(sheet.address)


def _save(sheet: Sheet, typed: Typed) -> None:
    services.save_draft(
        sheet.obligation,
        figures=typed.texts,
        notes=typed.notes,
        explanations=typed.explanations,
        by=sheet.request.actor,
        at=timezone.now(),
        revise=sheet.revises,
    )


def _send(request: ActorRequest, sheet: Sheet, typed: Typed) -> HttpResponse:
    """Save and send in one transaction; a refusal keeps what was typed as the draft. Raises AlreadyDone."""
    form = SendForm(request.POST, request.FILES, roles=sheet.entry.form.signatures)
    refusal = None
    if form.is_valid():
        values = form.cleaned_data
        scan = values["scan"]
        try:
            with transaction.atomic():
                _save(sheet, typed)
                submission = services.submit_draft(
                    sheet.obligation,
                    by=request.actor,
                    at=timezone.now(),
                    signatures=form.signatures(),
                    document_number=values["document_number"],
                    document_date=values["document_date"],
                    scan=services.Scan(scan.read(), scan.name) if scan else None,
                )
        except services.SubmissionRefused as fault:
            refusal = fault
        except services.AlreadyDone:
            raise
        except services.ReportingError as fault:
            form.add_error(None, fault.sentence)
        else:
            messages.success(request, f"Đã gửi báo cáo. Biên nhận {submission.receipt}.")
            return redirect("reporting:submission", pk=submission.pk)
    _save(sheet, typed)
    fresh = _sheet(request, sheet.obligation.pk)
    return _page(fresh, form=form, checked=True, refusal=refusal, status=422)


def _page(
    sheet: Sheet,
    *,
    form: SendForm | None = None,
    file_form: Form | None = None,
    file_issues: Iterable[Issue] = (),
    refusal: services.SubmissionRefused | None = None,
    lines: Typed | None = None,
    stale: str = "",
    checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    """lines: new lines that could not be kept. stale: why nothing was saved, the report being sent already."""
    current, obligation = sheet.entry, sheet.obligation
    issues = sheet.findings(checked=checked)
    silent = {issue_key(issue) for issue in refusal.unexplained} if refusal else set()
    last = current.last
    return render(
        sheet.request,
        "reporting/entry.html",
        {
            **_frame(sheet),
            "tables": sheet.tables(checked=checked, refused=lines.refused if lines else {}),
            "query": "?sua=1" if stale or sheet.revises else "",
            "stale": stale,
            "wrong_lines": issue_lines(sheet.labels, lines.issues, linked=False) if lines else [],
            "around": around(obligation),
            "entry": current,
            "issues": issue_lines(sheet.labels, issues),
            "counted": counted(issues),
            "explanations": explanations(sheet.labels, issues, current.explanations, silent),
            "refused": issue_lines(sheet.labels, [*refusal.issues, *refusal.unexplained]) if refusal else [],
            "form": form or SendForm(roles=current.form.signatures),
            "file_form": file_form or WorkbookForm(),
            "file_issues": issue_lines(sheet.labels, file_issues, linked=False),
            "checked": checked,
            "saved_at": _saved_at(obligation),
            "returned": last if last is not None and last.state == "returned" else None,
            "versions": selectors.versions(obligation),
            "may_send": sheet.may_send,
            "senders": ", ".join(ROLE_NAMES[role].lower() for role in roles_with(Permission.SEND_REPORT)),
        },
        status=status,
    )


def _saved_at(obligation: selectors.Obligation) -> object:
    draft = getattr(obligation, "draft", None)
    return draft.saved_at if draft else None


def _reading(sheet: Sheet) -> HttpResponse:
    """The last version as it was sent; a draft is shown to nobody but those who type it."""
    last = sheet.entry.last
    figures = selectors.figures_of(last) if last else {}
    filled, required, _ = completeness(sheet.entry.form, figures)
    return render(
        sheet.request,
        "reporting/entry_read.html",
        {
            **_frame(sheet),
            "last": last,
            "tables": sent_tables(sheet.entry.form, sheet.labels, figures, ()) if last else (),
            "filled": filled,
            "required": required,
            "may_enter": sheet.may_enter,
            "around": around(sheet.obligation),
            "versions": selectors.versions(sheet.obligation),
        },
    )


def _frame(sheet: Sheet) -> dict[str, object]:
    obligation = sheet.obligation
    simulated = obligation.simulated or (sheet.entry.last is not None and sheet.entry.last.simulated)
    return {
        "bar": period_bar(
            sheet.request,
            obligation.period,
            unit_label=sheet.unit.name,
            export=[
                Choice("Bảng tính để điền, Excel", reverse("reporting:workbook", args=[obligation.pk])),
                Choice("Bản in của biểu, PDF", reverse("reporting:draft-paper", args=[obligation.pk])),
            ],
        ),
        "simulated_note": "hạn, người ký và mọi con số của báo cáo này là ví dụ." if simulated else "",
        "obligation": obligation,
        "title": calm(obligation.form.title),
        "reservations": reservations(sheet.entry.form) if obligation.form.kind == "legal" else (),
        "unit": sheet.unit,
        "receiver": sheet.receiver,
        "stands_in": sheet.stands_in,
        "timing": selectors.standing_of(obligation).timing(timezone.localdate()),
        "siblings": _siblings(sheet),
    }


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool
    sign: str
    state: str


def _siblings(sheet: Sheet) -> list[Tab]:
    """The other reports of the unit for the same period; none when this is the only one."""
    period = sheet.obligation.period_id
    rows = selectors.owed_by([sheet.obligation.unit_id], timezone.localdate())
    mine = sorted((row for row in rows if row.period.pk == period), key=lambda row: row.form_code)
    if len(mine) < 2:
        return []
    return [
        Tab(
            row.form_code,
            reverse("reporting:entry", args=[row.obligation_id]),
            row.obligation_id == sheet.obligation.pk,
            STATE_SIGNS[row.state],
            state_words(row.state),
        )
        for row in mine
    ]


@require_safe
def workbook(request: ActorRequest, pk: int) -> HttpResponse:
    """The form as a workbook, with what stands in the draft or the last version."""
    sheet = _sheet(request, pk)
    selectors.require_answer(
        request.actor, Permission.ENTER_FIGURES, sheet.obligation.unit_id, unit_name=sheet.unit.name
    )
    name = slug(f"{sheet.obligation.form.code}-{sheet.unit.short_name}-{sheet.obligation.period.code}")
    return handed_out(services.workbook_for(sheet.obligation), XLSX, f"{name}.xlsx")


@require_POST
def read_workbook(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the figures of a filled workbook into the draft; a file with a fault is refused as a whole."""
    sheet = _sheet(request, pk)
    selectors.require_answer(
        request.actor, Permission.ENTER_FIGURES, sheet.obligation.unit_id, unit_name=sheet.unit.name
    )
    form = WorkbookForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(sheet, file_form=form, status=422)
    file = form.cleaned_data["workbook"]
    try:
        content = file.read()
        reading = services.read_workbook(content, file.name, obligation=sheet.obligation)
    except services.ImportRefused as refusal:
        return _page(sheet, file_form=form, file_issues=refusal.issues, status=422)
    faults = [one for one in reading.issues if one.severity == "error" and one.code != "required-blank"]
    if faults:
        return _page(sheet, file_form=form, file_issues=faults, status=422)
    try:
        services.save_workbook_draft(
            sheet.obligation,
            content,
            file.name,
            figures=texts_from_figures(sheet.entry.form, reading.figures),
            notes=reading.notes or sheet.entry.notes,
            explanations=sheet.entry.explanations,
            by=request.actor,
            at=timezone.now(),
            revise=sheet.revises,
        )
    except services.AlreadyDone as fault:
        return _page(sheet, stale=fault.sentence, file_form=form, status=422)
    messages.success(request, f"Đã đọc tệp {file.name} vào bảng nhập. Kiểm tra rồi gửi.")
    return redirect(f"{sheet.address}?kiem-tra=1")
