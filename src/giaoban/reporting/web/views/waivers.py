"""A check is waived for one report by who receives it, or the waiver is withdrawn; the pages of the report say both."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from giaoban.core.vietnamese import capital_first
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import check_words, issue_key
from giaoban.reporting.web.forms import WaiverForm
from giaoban.reporting.web.views.sheet import Sheet, sheet_of


def waiver_block(sheet: Sheet, *, form: WaiverForm | None = None) -> dict[str, Any]:
    """What the part about waivers shows: all of them to everybody, the form to who receives the report."""
    receiver = sheet.obligation.receiver_id
    may_waive = receiver is not None and selectors.answers(sheet.request.actor, Permission.RECEIVE_REPORT, receiver)
    checks = _checks(sheet) if may_waive else []
    return {
        "waivers": sheet.waivers,
        "may_waive": may_waive,
        "waiver_form": (form or WaiverForm(checks=checks)) if checks or form else None,
    }


def _checks(sheet: Sheet) -> list[tuple[str, str]]:
    """The checks that hold the report back, without the figures: they may stand in a draft that only the unit sees."""
    labels = sheet.labels
    return [(issue_key(one), capital_first(check_words(one, place=labels.cell(one.at)))) for one in sheet.waivable]


@require_POST
def waivers(request: ActorRequest, pk: int) -> HttpResponse:
    """act=waive or withdraw; back to the report. Only who receives the report may."""
    sheet = sheet_of(request, pk)
    receiver = sheet.obligation.receiver_id
    if receiver is None:
        request.actor.require(Permission.RECEIVE_REPORT, sheet.obligation.unit_id, unit_name=sheet.unit.name)
    else:
        name = sheet.receiver.name if sheet.receiver else ""
        selectors.require_answer(request.actor, Permission.RECEIVE_REPORT, receiver, unit_name=name)
    if request.POST.get("act") == "withdraw":
        return _withdraw(request, sheet)
    checks = _checks(sheet)
    form = WaiverForm(request.POST, checks=checks)
    if form.is_valid():
        values = form.cleaned_data
        issue = next(one for one in sheet.waivable if issue_key(one) == values["check"])
        try:
            services.waive(
                sheet.obligation,
                values["check"],
                reason=values["reason"],
                until=values["until"],
                by=request.actor,
                at=timezone.now(),
                place=sheet.labels.cell(issue.at),
            )
        except services.ReportingError as fault:
            form.add_error(None, fault.sentence)
        else:
            messages.success(request, f"Đã miễn phép kiểm tra này đến hết ngày {values['until']:%d/%m/%Y}.")
            return redirect(f"{sheet.address}#mien-kiem-tra")
    return _again(sheet, form)


def _withdraw(request: ActorRequest, sheet: Sheet) -> HttpResponse:
    number = request.POST.get("waiver", "")
    try:
        services.withdraw_waiver(
            int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0,
            obligation=sheet.obligation,
            reason=request.POST.get("reason", ""),
            by=request.actor,
            at=timezone.now(),
        )
    except services.ReportingError as fault:
        messages.error(request, fault.sentence)
    else:
        messages.success(request, "Đã rút lại việc miễn; phép kiểm tra này lại giữ báo cáo.")
    return redirect(f"{sheet.address}#mien-kiem-tra")


def _again(sheet: Sheet, form: WaiverForm) -> HttpResponse:
    context = {"sheet_unit": sheet.unit, "address": sheet.address, "obligation": sheet.obligation}
    return render(sheet.request, "reporting/waive.html", context | waiver_block(sheet, form=form), status=422)
