"""Nhập biểu: the form as a table to type in; saved, checked, then confirmed and sent by named people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.core.forms import slug
from giaoban.core.issues import Issue
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import ROLE_NAMES, Permission, roles_with
from giaoban.kit.templatetags.gb import IssueLine
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import EXPLAINS, NOTES, issue_key, reservations, texts_from_figures, with_lines_of
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.files import XLSX, handed_out
from giaoban.reporting.web.forms import SendForm, WorkbookForm
from giaoban.reporting.web.shaping.grid import sent_tables
from giaoban.reporting.web.shaping.griddata import (
    cells_data,
    clock,
    earlier,
    marked_data,
    said_at_cells,
    shown,
    tables_data,
)
from giaoban.reporting.web.shaping.history import around
from giaoban.reporting.web.shaping.layout import calm
from giaoban.reporting.web.shaping.words import (
    STATE_SIGNS,
    cell_line,
    counted,
    explanations,
    issue_lines,
    marked_cells,
    state_words,
)
from giaoban.reporting.web.typed import Typed, typed_on_page
from giaoban.reporting.web.views.below import from_below
from giaoban.reporting.web.views.sheet import Sheet, sheet_of
from giaoban.reporting.web.views.waivers import waiver_block
from giaoban.reporting.web.views.workbooks import faulty_copy_address


@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: ActorRequest, pk: int) -> HttpResponse:
    """The form to type in; read only when it was sent, or for those who do not type for the unit."""
    sheet = sheet_of(request, pk)
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
        if sending and not typed.issues:
            return _send(request, sheet, typed)
        unsaved = _save(sheet, typed)
        if typed.issues or unsaved:
            fresh = sheet_of(request, sheet.obligation.pk)
            return _page(fresh, lines=typed, unsaved=unsaved, checked=True, status=422)
    except services.AlreadyDone as fault:
        return _page(Sheet(request, sheet.obligation, typed), stale=fault.sentence, lines=typed, status=422)
    if request.POST.get("act") == "check":
        return redirect(f"{sheet.address}?kiem-tra=1#can-xem")
    messages.success(request, "Đã lưu nháp.")
    return redirect(sheet.address)


def _save(sheet: Sheet, typed: Typed) -> list[IssueLine]:
    """Keep what was typed; gives a line for each cell that could not be, most often because somebody else was first."""
    changes = typed.changes()
    done = services.change_draft(
        sheet.obligation,
        changes,
        draft_id=typed.draft,
        based_on=typed.version,
        by=sheet.request.actor,
        at=timezone.now(),
        revise=sheet.revises,
    )
    held = selectors.changed_cells(done.draft) if done.overtaken else {}
    lines = []
    for name in done.overtaken:
        theirs, mine = (shown(sheet.entry.form, name, text) for text in (held[name].text, changes[name].text))
        words = (
            f"{held[name].by} đã lưu “{theirs}” lúc {clock(held[name].at)}; bạn gửi “{mine}”. "
            "Số đã lưu được giữ; nhập lại nếu số của bạn mới đúng."
        )
        lines.append(cell_line(sheet.labels, name, words))
    return lines + [cell_line(sheet.labels, name, words) for name, words in done.refused.items()]


def _send(request: ActorRequest, sheet: Sheet, typed: Typed) -> HttpResponse:
    """Save and send in one transaction; a refusal keeps what was typed as the draft. Raises AlreadyDone."""
    form = SendForm(request.POST, request.FILES, roles=sheet.entry.form.signatures, amends=sheet.amends)
    refusal = None
    unsaved: list[IssueLine] = []
    if form.is_valid():
        values = form.cleaned_data
        scan = values["scan"]
        try:
            with transaction.atomic():
                unsaved = _save(sheet, typed)
                submission = (
                    None
                    if unsaved
                    else services.submit_draft(
                        sheet.obligation,
                        by=request.actor,
                        at=timezone.now(),
                        signatures=form.signatures(),
                        document_number=values["document_number"],
                        document_date=values["document_date"],
                        scan=services.Scan(scan.read(), scan.name) if scan else None,
                        amendment_reason=values.get("amendment_reason", ""),
                    )
                )
        except services.SubmissionRefused as fault:
            refusal = fault
        except services.AlreadyDone:
            raise
        except services.ReportingError as fault:
            form.add_error(None, fault.sentence)
        else:
            if submission is not None:
                messages.success(request, f"Đã gửi báo cáo. Biên nhận {submission.receipt}.")
                return redirect("reporting:submission", pk=submission.pk)
    unsaved = unsaved or _save(sheet, typed)
    fresh = sheet_of(request, sheet.obligation.pk)
    return _page(fresh, form=form, checked=True, refusal=refusal, unsaved=unsaved, status=422)


def _page(
    sheet: Sheet,
    *,
    form: SendForm | None = None,
    file_form: Form | None = None,
    file_issues: Iterable[Issue] = (),
    faulty_copy: str = "",
    refusal: services.SubmissionRefused | None = None,
    lines: Typed | None = None,
    unsaved: Iterable[IssueLine] = (),
    stale: str = "",
    checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    """lines: new lines that could not be kept. unsaved: other cells that could not be.

    stale: why nothing was saved, the report being sent already.
    """
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
            "unsaved": list(unsaved),
            "shown": "" if stale else _shown(sheet),
            "grid": _grid_data(sheet, issues),
            "draft": sheet.draft,
            "version": sheet.version,
            "around": around(obligation),
            "entry": current,
            "issues": issue_lines(sheet.labels, issues, waivers=sheet.waived),
            "counted": counted(issues),
            "explanations": explanations(sheet.labels, issues, current.explanations, silent, sheet.verdicts),
            "marked": [one.line for one in marked_cells(sheet.labels, sheet.open_marks)],
            "waivers": sheet.waivers,
            "below": None if stale else from_below(obligation, current.texts, revises=sheet.revises),
            "refused": issue_lines(sheet.labels, [*refusal.issues, *refusal.unexplained]) if refusal else [],
            "form": form or SendForm(roles=current.form.signatures, amends=sheet.amends, initial=sheet.papers),
            "file_form": file_form or WorkbookForm(),
            "file_issues": issue_lines(sheet.labels, file_issues, linked=False),
            "faulty_copy": faulty_copy,
            "checked": checked,
            "returned": last if last is not None and last.state == "returned" else None,
            "versions": sheet.versions,
            "may_send": sheet.may_send,
            "senders": ", ".join(ROLE_NAMES[role].lower() for role in roles_with(Permission.SEND_REPORT)),
        },
        status=status,
    )


def _shown(sheet: Sheet) -> str:
    """What stands in the draft, for a page without its script to send back: so only what was touched is a change."""
    texts = dict(sheet.entry.texts)
    texts |= {NOTES: sheet.entry.notes} | {f"{EXPLAINS}{key}": words for key, words in sheet.entry.explanations.items()}
    texts |= sheet.draft.papers if sheet.draft else {}
    return json.dumps({name: text for name, text in texts.items() if text}, ensure_ascii=False)


def _grid_data(sheet: Sheet, issues: Iterable[Issue]) -> dict[str, Any]:
    """What the script of the grid begins with; it asks for news at the same address that it saves to."""
    draft, form, me = sheet.draft, sheet.entry.form, sheet.request.actor.user_id
    name, preceding = sheet.preceding
    return {
        "address": reverse("reporting:cells", args=[sheet.obligation.pk]) + ("?sua=1" if sheet.revises else ""),
        "store": f"{me}/{sheet.obligation.pk}",
        "draft": draft.pk if draft else None,
        "version": sheet.version,
        "revision": draft.revision if draft else 0,
        "saved": clock(draft.saved_at) if draft else "",
        "cells": cells_data(form, selectors.changed_cells(draft), me) if draft else {},
        "tables": tables_data(form),
        "earlier": [
            {"name": label, "texts": earlier(form, texts), "compare": compare}
            for label, texts, compare in (
                (name, preceding, False),
                (sheet.previous_name, sheet.entry.previous, True),
            )
            if texts
        ],
        "said": said_at_cells(issues),
        "marked": marked_data(form, *sheet.marked),
    }


def _reading(sheet: Sheet) -> HttpResponse:
    """The last version as it was sent; a draft is shown to nobody but those who type it."""
    last = sheet.entry.last
    figures = selectors.figures_of(last) if last else {}
    return render(
        sheet.request,
        "reporting/entry_read.html",
        {
            **_frame(sheet),
            "last": last,
            "tables": sent_tables(sheet.entry.form, sheet.labels, figures, ()) if last else (),
            "may_enter": sheet.may_enter,
            "around": around(sheet.obligation),
            "versions": sheet.versions,
            **waiver_block(sheet),
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
    sheet = sheet_of(request, pk)
    selectors.require_answer(
        request.actor, Permission.ENTER_FIGURES, sheet.obligation.unit_id, unit_name=sheet.unit.name
    )
    name = slug(f"{sheet.obligation.form.code}-{sheet.unit.short_name}-{sheet.obligation.period.code}")
    return handed_out(services.workbook_for(sheet.obligation), XLSX, f"{name}.xlsx")


@require_POST
def read_workbook(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the figures of a filled workbook into the draft; a file with a fault is refused as a whole."""
    sheet = sheet_of(request, pk)
    selectors.require_answer(
        request.actor, Permission.ENTER_FIGURES, sheet.obligation.unit_id, unit_name=sheet.unit.name
    )
    form = WorkbookForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(sheet, file_form=form, status=422)
    file = form.cleaned_data["workbook"]
    content, name = file.read(), file.name
    try:
        try:
            _keep_workbook(sheet, content, name)
        except services.ImportRefused as refusal:
            copy = faulty_copy_address(request, sheet.obligation, content, name, refusal.issues)
            return _page(sheet, file_form=form, file_issues=refusal.issues, faulty_copy=copy, status=422)
    except services.AlreadyDone as fault:
        return _page(sheet, stale=fault.sentence, file_form=form, status=422)
    except services.ReportingError as fault:
        form.add_error("workbook", fault.sentence)
        return _page(sheet, file_form=form, status=422)
    messages.success(request, f"Đã đọc tệp {name} vào bảng nhập. Kiểm tra rồi gửi.")
    return redirect(f"{sheet.address}?kiem-tra=1")


def _keep_workbook(sheet: Sheet, content: bytes, name: str) -> None:
    """Make a filled workbook the draft. Raises ImportRefused with its faults, and as `services.save_workbook_draft`.

    A marking of secrecy is looked for before anything else: nothing of such a file is kept, its faults neither.
    """
    services.refuse_secret_file(content, name)
    reading = services.read_workbook(content, name, obligation=sheet.obligation)
    faults = [one for one in reading.issues if one.severity == "error" and one.code != "required-blank"]
    if faults:
        raise services.ImportRefused(faults)
    services.save_workbook_draft(
        sheet.obligation,
        content,
        name,
        figures=texts_from_figures(sheet.entry.form, reading.figures),
        notes=reading.notes or sheet.entry.notes,
        explanations={**sheet.entry.explanations, **reading.explanations},
        by=sheet.request.actor,
        at=timezone.now(),
        revise=sheet.revises,
    )
