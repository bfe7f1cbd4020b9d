"""What the script of the entry grid asks and sends: single cells of a draft, as JSON. The page works without it."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.reporting import selectors, services
from giaoban.reporting.web.shaping.griddata import cells_data, clock, said_at_cells
from giaoban.reporting.web.shaping.words import counted, explanations, issue_lines
from giaoban.reporting.web.typed import UnreadablePatch, read_patch
from giaoban.reporting.web.views.sheet import Sheet, sheet_of


@never_cache
@require_http_methods(["GET", "PATCH"])
def cells(request: ActorRequest, pk: int) -> HttpResponse:
    """GET: what changed after ?seen= in draft ?draft=. PATCH: keep the sent cells (`read_patch`), then the same answer.

    400 what was sent cannot be read · 409 the report, or a newer version, was sent meanwhile, with a sentence; nothing
    was kept.
    """
    sheet = sheet_of(request, pk)
    obligation = sheet.obligation
    selectors.require_answer(request.actor, Permission.ENTER_FIGURES, obligation.unit_id, unit_name=sheet.unit.name)
    now = timezone.now()
    seen: int = _number(request, "seen")
    shown: int | None = _number(request, "draft")
    more: dict[str, Any] = {}
    if request.method == "PATCH":
        try:
            patch = read_patch(selectors.definition_of(obligation.form), request.body)
            done = services.change_draft(
                obligation,
                patch.changes,
                draft_id=patch.draft,
                based_on=patch.version,
                by=request.actor,
                at=now,
                revise=sheet.revises,
            )
        except UnreadablePatch as fault:
            return _refusal(f"Không đọc được những gì trang gửi: {fault}. Tải lại trang.", 400)
        except services.AlreadyDone as fault:
            return _refusal(fault.sentence, 409)
        seen, shown = patch.seen, patch.draft
        more = {"overtaken": done.overtaken, "refused": done.refused}
    elif not sheet.is_open:
        return _refusal("Báo cáo này đã được gửi. Tải lại trang để xem bản đã gửi.", 409)
    services.look_in(obligation, by=request.actor, at=now)
    return JsonResponse(_news(sheet, seen=seen if shown else 0, shown=shown, **more))


def _refusal(sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"sentence": sentence}, status=status)


def _number(request: ActorRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _news(
    sheet: Sheet,
    *,
    seen: int,
    shown: int | None,
    overtaken: tuple[str, ...] = (),
    refused: dict[str, str] | None = None,
) -> dict[str, Any]:
    """overtaken: cells that keep somebody else's text, told whole. The checks speak only when they may say more."""
    draft, me = sheet.draft, sheet.request.actor.user_id
    now = timezone.now()
    news: dict[str, Any] = {
        "draft": draft.pk if draft else None,
        "version": sheet.version,
        "revision": draft.revision if draft else 0,
        "saved": clock(draft.saved_at) if draft else "",
        "people": selectors.others_at(sheet.obligation, sheet.request.actor, now),
        "refused": refused or {},
        "cells": {},
        "conflicts": {},
    }
    if draft is None:
        return news
    form = selectors.definition_of(sheet.obligation.form)
    since = seen if draft.pk == shown else 0
    news["cells"] = cells_data(form, selectors.changed_cells(draft, since=since), me)
    if overtaken:
        held = selectors.changed_cells(draft)
        news["conflicts"] = cells_data(form, {name: held[name] for name in overtaken}, me)
    if refused is not None or since < draft.revision:
        news |= _checks(sheet, checked="kiem-tra" in sheet.request.GET)
    return news


def _checks(sheet: Sheet, *, checked: bool) -> dict[str, Any]:
    issues = sheet.findings(checked=checked)
    context = {
        "checked": checked,
        "issues": issue_lines(sheet.labels, issues, waivers=sheet.waived),
        "counted": counted(issues),
        "entry": sheet.entry,
        "explanations": explanations(sheet.labels, issues, sheet.entry.explanations, verdicts=sheet.verdicts),
    }
    return {
        "said": said_at_cells(issues),
        "findings": render_to_string("reporting/parts/findings.html", context),
        "explanations": render_to_string("reporting/parts/explanations.html", context),
    }
