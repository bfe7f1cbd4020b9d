"""Biên nhận: one version as it was sent, with what was done to it; the receiver decides here."""

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.forms import slug
from giaoban.documents.rules.kinds import SUFFIXES, UNKNOWN_TYPE, media_type_of
from giaoban.documents.selectors import stored_file
from giaoban.kit.acts import acts_on
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import reservations
from giaoban.reporting.web.bar import period_address, period_bar
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.forms import AcceptForm, ReturnForm
from giaoban.reporting.web.shaping.grid import sent_tables
from giaoban.reporting.web.shaping.history import Event, around, in_order
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.words import explanations

ACT_NAMES = {
    "reporting.submit": "Gửi",
    "reporting.import-csv": "Nhận từ tệp CSV",
    "reporting.import-workbook": "Nhận từ bảng tính",
    "reporting.import-publication": "Ghi từ công bố",
    "reporting.accept": "Tiếp nhận",
    "reporting.return": "Trả lại",
    "reporting.replace": "Được thay bằng bản mới",
}


@require_http_methods(["GET", "HEAD", "POST"])
def submission(request: ActorRequest, pk: int) -> HttpResponse:
    """The receipt; a post accepts or returns."""
    row = selectors.submission_for(request.actor, pk)
    if request.method == "POST":
        return _decide(request, row)
    return _page(request, row)


def _decide(request: ActorRequest, row: selectors.Submission) -> HttpResponse:
    returning = request.POST.get("act") == "return"
    form = (ReturnForm if returning else AcceptForm)(request.POST, prefix="tra" if returning else "nhan")
    if not form.is_valid():
        wrong, other = (form, None) if returning else (None, form)
        return _page(request, row, return_form=wrong, accept_form=other, status=422)
    decide = services.return_for_correction if returning else services.accept
    try:
        decide(row, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
    except services.ReportingError as fault:
        return _page(request, selectors.submission_for(request.actor, row.pk), refusal=fault.sentence, status=422)
    messages.success(
        request,
        "Đã trả lại báo cáo, kèm lý do." if returning else "Đã tiếp nhận báo cáo; số liệu được cộng vào bảng tổng hợp.",
    )
    return redirect("reporting:submission", pk=row.pk)


def _page(
    request: ActorRequest,
    row: selectors.Submission,
    *,
    accept_form: Form | None = None,
    return_form: Form | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    obligation, period = row.obligation, row.obligation.period
    day = selectors.last_day(period)
    called = orgs.cards([one for one in (obligation.unit_id, obligation.receiver_id) if one], day)
    form, figures = selectors.definition_of(obligation.form), selectors.figures_of(row)
    names = {one.key: one.label for units in selectors.subunits_by_row(obligation).values() for one in units}
    labels = Labels(form, names)
    before = selectors.previous_figures(obligation.form, period, [obligation.unit_id]).get(obligation.unit_id)
    issues = selectors.checks_of(obligation, figures, previous=before)
    versions = selectors.versions(obligation)
    decides = obligation.receiver_id is not None and selectors.answers(
        request.actor, Permission.RECEIVE_REPORT, obligation.receiver_id
    )
    return render(
        request,
        "reporting/submission.html",
        {
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
            if row.simulated or obligation.simulated
            else "",
            "submission": row,
            "obligation": obligation,
            "title": calm(obligation.form.title),
            "unit": called[obligation.unit_id],
            "receiver": called.get(obligation.receiver_id or 0),
            "board": period_address(
                "reporting:reception", period, called[obligation.receiver_id].key, obligation.form.key
            )
            if decides and obligation.receiver_id
            else "",
            "facts": _facts(row),
            "timing": selectors.standing_of(obligation).timing(timezone.localdate()),
            "tables": sent_tables(form, labels, figures, issues),
            "explanations": [one for one in explanations(labels, issues, row.explanations) if one.words],
            "versions": versions,
            "newest": versions[0].pk == row.pk,
            "history": _history(row, obligation),
            "decides": decides and row.state == "sent",
            "may_enter": selectors.answers(request.actor, Permission.ENTER_FIGURES, obligation.unit_id),
            "accept_form": accept_form or AcceptForm(prefix="nhan"),
            "return_form": return_form or ReturnForm(prefix="tra"),
            "refusal": refusal,
            "official": form.printable_as_official,
            "reservations": reservations(form) if obligation.form.kind == "legal" else (),
        },
        status=status,
    )


def _facts(row: selectors.Submission) -> list[tuple[str, str]]:
    """What is known of a version beside its figures; what nobody entered is left out."""
    number = f"{row.document_number}{f', ngày {row.document_date:%d/%m/%Y}' if row.document_date else ''}"
    facts = [
        ("Người nhập", row.entered_by_name),
        ("Thay mặt", row.on_behalf_of),
        *((block["role"], block["name"]) for block in row.signatures),
        ("Văn bản kèm", number),
        ("Cách gửi", row.get_channel_display()),
        ("Tệp", row.file.filename if row.file else ""),
        ("Nguồn", row.source),
        (
            "Quyết định",
            f"{row.decided_by_name}, {timezone.localtime(row.decided_at):%d/%m/%Y %H:%M}" if row.decided_at else "",
        ),
        ("Lý do, ghi chú", row.decision_reason),
    ]
    return [(term, value) for term, value in facts if value]


def _history(row: selectors.Submission, obligation: selectors.Obligation) -> list[Event]:
    """Acts on this version, moves of the deadline and reminders, newest first."""
    acts = {act.pk: act for act in (row.act, *acts_on(row))}
    done = [
        Event(act.at, ACT_NAMES.get(act.name, act.name), " · ".join(filter(None, (act.actor_name, act.reason))))
        for act in acts.values()
    ]
    return in_order([*done, *around(obligation)])


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
