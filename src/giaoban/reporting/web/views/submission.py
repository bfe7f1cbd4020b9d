"""Biên nhận: one version as it was sent, with what was done to it; the receiver decides here."""

from collections.abc import Mapping

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.core.forms import slug
from giaoban.documents.rules.kinds import SUFFIXES, UNKNOWN_TYPE, media_type_of
from giaoban.documents.selectors import stored_file
from giaoban.kit.acts import acts_on
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import Panel, submission_panels
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import reservations, without_waived
from giaoban.reporting.web.bar import period_address, period_bar
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.forms import AcceptForm, PapersForm, ReturnForm
from giaoban.reporting.web.shaping.differences import differences
from giaoban.reporting.web.shaping.grid import sent_tables
from giaoban.reporting.web.shaping.history import Event, around, in_order, papers_note, waivings
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.receipt import facts_of, version_before
from giaoban.reporting.web.shaping.words import explanations, marked_cells
from giaoban.reporting.web.typed import MARKED_CELL, typed_marks, typed_verdicts

ACT_NAMES = {
    "reporting.submit": "Gửi",
    "reporting.import-csv": "Nhận từ tệp CSV",
    "reporting.import-workbook": "Nhận từ bảng tính",
    "reporting.import-publication": "Ghi từ công bố",
    "reporting.accept": "Tiếp nhận",
    "reporting.return": "Trả lại",
    "reporting.replace": "Được thay bằng bản mới",
    "reporting.judge": "Cho ý kiến về giải trình",
    "reporting.add-papers": "Ghi số, ngày, bản quét",
}
MARK = "mark"
"""No decision: a field for a note is shown beside each ticked cell."""
ACCEPT, RETURN = "nhan", "tra"
NOTHING_PRESSED = "Chưa rõ tiếp nhận hay trả lại. Bấm một trong hai nút ở cuối trang."
DONE = {
    "return": "Đã trả lại báo cáo, kèm lý do.",
    "judge": "Đã lưu ý kiến về giải trình.",
    "judge-all": "Đã chấp nhận mọi giải trình chưa có ý kiến.",
    "accept": "Đã tiếp nhận báo cáo; số liệu được cộng vào bảng tổng hợp.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def submission(request: ActorRequest, pk: int) -> HttpResponse:
    """The receipt; a post judges explanations, accepts or returns. ?danh-dau=1: cells are being marked."""
    row = selectors.submission_for(request.actor, pk)
    if request.method == "POST":
        return _decide(request, row)
    return _page(request, row)


def _decide(request: ActorRequest, row: selectors.Submission) -> HttpResponse:
    """Every act keeps what was said of the explanations; anything else shows the page again with what was typed.

    A post that names none of the acts decides nothing: acceptance is not taken back.
    """
    name, at = request.POST.get("act", ""), timezone.now()
    if name == MARK:
        return _page(request, row)
    if name not in DONE:
        return _page(request, row, refusal=NOTHING_PRESSED, status=422)
    marks = [services.Mark(cell, note) for cell, note in typed_marks(request.POST)]
    verdicts = {
        key: services.Verdict(accepted=yes, note=note) for key, (yes, note) in typed_verdicts(request.POST).items()
    }
    declines = any(not one.accepted for one in verdicts.values())
    form: Form = AcceptForm(request.POST, prefix=ACCEPT)
    if name == "return":
        form = ReturnForm(request.POST, prefix=RETURN, optional=bool(marks) or declines)
    if not form.is_valid():
        return _page(request, row, form=form, status=422)
    reason = form.cleaned_data["reason"]
    try:
        with transaction.atomic():
            if name == "return":
                services.return_for_correction(
                    row, reason=reason, cells=marks, verdicts=verdicts, by=request.actor, at=at
                )
            elif name == "judge-all":
                kept = {key: one for key, one in row.verdicts.items() if not one["accepted"]}
                rest = {key: services.Verdict(accepted=True) for key in row.explanations if key not in kept}
                services.judge(row, rest | verdicts, by=request.actor, at=at)
            else:
                if verdicts:
                    services.judge(row, verdicts, by=request.actor, at=at)
                if name != "judge":
                    services.accept(row, reason=reason, by=request.actor, at=at)
    except services.ReportingError as fault:
        fresh = selectors.submission_for(request.actor, row.pk)
        return _page(request, fresh, refusal=fault.sentence, status=422)
    messages.success(request, DONE[name])
    judging = name.startswith("judge")
    return redirect(reverse("reporting:submission", args=[row.pk]) + ("#giai-trinh" if judging else ""))


@require_POST
def papers(request: ActorRequest, pk: int) -> HttpResponse:
    """Number, day and scan that came after the report; the unit's people enter and correct them."""
    row = selectors.submission_for(request.actor, pk)
    selectors.require_answer(request.actor, Permission.SEND_REPORT, row.obligation.unit_id)
    form = PapersForm(request.POST, request.FILES)
    if form.is_valid():
        values = form.cleaned_data
        scan = values["scan"]
        try:
            services.add_papers(
                row,
                document_number=values["document_number"],
                document_date=values["document_date"],
                scan=services.Scan(scan.read(), scan.name) if scan else None,
                by=request.actor,
                at=timezone.now(),
            )
        except services.ReportingError as fault:
            form.add_error(None, fault.sentence)
        else:
            messages.success(request, "Đã ghi số, ngày, bản quét của văn bản; số liệu không đổi.")
            return redirect("reporting:submission", pk=row.pk)
    return _page(request, row, papers_form=form, status=422)


def _page(
    request: ActorRequest,
    row: selectors.Submission,
    *,
    form: Form | None = None,
    papers_form: Form | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    obligation, period = row.obligation, row.obligation.period
    day = selectors.last_day(period)
    called = orgs.cards([one for one in (obligation.unit_id, obligation.receiver_id) if one], day)
    definition = selectors.definition_of(obligation.form)
    names = {one.key: one.label for units in selectors.subunits_by_row(obligation).values() for one in units}
    labels = Labels(definition, names)
    versions = selectors.versions(obligation)
    before = version_before(row, versions)
    sent = selectors.lines_of(definition, [one.pk for one in (row, before) if one is not None])
    figures = sent.get(row.pk, {})
    previous = selectors.previous_figures(obligation.form, period, [obligation.unit_id]).get(obligation.unit_id)
    waivers = selectors.waivers_of(obligation, timezone.localdate(row.sent_at))
    issues = without_waived(
        selectors.checks_of(obligation, figures, previous=previous), selectors.standing_keys(waivers)
    )
    decides = selectors.decides(request.actor, obligation)
    may_decide = decides and row.state == "sent"
    data = request.POST if request.method == "POST" else request.GET
    marking = may_decide and ("danh-dau" in data or MARKED_CELL in data or data.get("act") == MARK)
    stored = [{"cell": cell, "note": note} for cell, note in typed_marks(data)] if marking else row.marked_cells
    marked = marked_cells(labels, stored)
    may_enter = selectors.answers(request.actor, Permission.ENTER_FIGURES, obligation.unit_id)
    may_send = selectors.answers(request.actor, Permission.SEND_REPORT, obligation.unit_id)
    said = dict(row.verdicts) | {
        key: {"accepted": yes, "note": note, "by": request.actor.name}
        for key, (yes, note) in (typed_verdicts(request.POST).items() if may_decide else ())
    }
    explained = [one for one in explanations(labels, issues, row.explanations, verdicts=said) if one.words]
    return render(
        request,
        "reporting/submission.html",
        {
            **_frame(request, row, called, decides=decides),
            "submission": row,
            "obligation": obligation,
            "facts": facts_of(row),
            "tables": sent_tables(
                definition, labels, figures, issues, {one.name for one in marked}, is_marking=marking
            ),
            "is_marking": marking,
            "marked": marked,
            "explanations": explained,
            "unjudged": sum(one.verdict != "accepted" for one in explained),
            "before": before,
            "differences": differences(definition, labels, sent.get(before.pk, {}), figures)
            if before is not None
            else [],
            "versions": versions,
            "newest": versions[0].pk == row.pk,
            "history": _history(row, obligation),
            "waivers": waivers,
            "decides": may_decide,
            "panels": _panels(request, row) if decides else [],
            "may_enter": may_enter,
            **_decision_forms(request, form, optional=bool(marked)),
            "papers_form": _papers_form(row, papers_form) if may_send else None,
            "refusal": refusal,
            "official": definition.printable_as_official,
            "reservations": reservations(definition) if obligation.form.kind == "legal" else (),
        },
        status=status,
    )


def _panels(request: ActorRequest, row: selectors.Submission) -> list[tuple[Panel, str]]:
    """What other rooms know of the report that its receiver may want to look at."""
    offered = [panel for _, source in submission_panels if (panel := source(request.actor, row)) is not None]
    offered.sort(key=lambda panel: panel.order)
    return [(panel, render_to_string(panel.template, panel.context, request)) for panel in offered]


def _decision_forms(request: ActorRequest, refused: Form | None, *, optional: bool) -> dict[str, Form]:
    """The reasons of both decisions as typed so far; refused: the one of them that could not be taken."""
    typed = {prefix: {"reason": request.POST.get(f"{prefix}-reason", "")} for prefix in (ACCEPT, RETURN)}
    return {
        "accept_form": refused if isinstance(refused, AcceptForm) else AcceptForm(prefix=ACCEPT, initial=typed[ACCEPT]),
        "return_form": refused
        if isinstance(refused, ReturnForm)
        else ReturnForm(prefix=RETURN, optional=optional, initial=typed[RETURN]),
    }


def _papers_form(row: selectors.Submission, form: Form | None) -> Form:
    return form or PapersForm(initial={"document_number": row.document_number, "document_date": row.document_date})


def _frame(
    request: ActorRequest, row: selectors.Submission, called: Mapping[int, orgs.UnitCard], *, decides: bool
) -> dict[str, object]:
    """Head and context of the page. called: the unit and its receiver as they were called in the period."""
    obligation, period = row.obligation, row.obligation.period
    simulated = row.simulated or obligation.simulated
    receiver = called.get(obligation.receiver_id or 0)
    return {
        "bar": period_bar(
            request,
            period,
            unit_label=called[obligation.unit_id].name,
            export=[
                Choice("Số liệu, CSV", reverse("reporting:submission-csv", args=[row.pk])),
                Choice("Bản in của biểu, PDF", reverse("reporting:paper", args=[row.pk])),
            ],
        ),
        "simulated_note": "báo cáo này là ví dụ; người ký, ngày gửi và mọi con số không phải số liệu thật."
        if simulated
        else "",
        "title": calm(obligation.form.title),
        "unit": called[obligation.unit_id],
        "receiver": receiver,
        "board": period_address("reporting:reception", period, receiver.key, obligation.form.key)
        if decides and receiver is not None
        else "",
        "timing": selectors.standing_of(obligation).timing(timezone.localdate()),
    }


def _history(row: selectors.Submission, obligation: selectors.Obligation) -> list[Event]:
    """Acts on this version, moves of the deadline and reminders, newest first."""
    acts = {act.pk: act for act in (row.act, *acts_on(row))}
    done = []
    for one in acts.values():
        note = papers_note(one.detail) if one.name == "reporting.add-papers" else one.reason
        done.append(Event(one.at, ACT_NAMES.get(one.name, one.name), " · ".join(filter(None, (one.actor_name, note)))))
    return in_order([*done, *waivings(obligation, timezone.localdate()), *around(obligation)])


@require_safe
def export(request: ActorRequest, pk: int) -> HttpResponse:
    """The version as the tidy file that can be read in again."""
    row = selectors.submission_for(request.actor, pk)
    name = slug(f"{row.obligation.form.code}-{row.obligation.unit.key}-{row.obligation.period.code}-v{row.version}")
    if row.simulated or row.obligation.simulated:
        name += SIMULATED_SUFFIX
    return handed_out(selectors.export_submission(row), CSV, f"{name}.csv")


@require_safe
def scan(request: ActorRequest, pk: int) -> HttpResponse:
    """The signed scan that came with a version, to be saved: its type is what its bytes are, whatever was said."""
    row = selectors.submission_for(request.actor, pk)
    file = stored_file(row.scan_id) if row.scan_id else None
    if file is None:
        raise Http404("Bản báo cáo này không kèm bản quét.")
    kind = media_type_of(file.content) or UNKNOWN_TYPE
    return handed_out(file.content, kind, f"ban-quet-{row.receipt}.{SUFFIXES.get(kind, 'bin')}")
