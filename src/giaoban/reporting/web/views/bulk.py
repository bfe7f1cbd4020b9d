"""Acts on chosen reports of a reception board: shown with whom they concern, then done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from giaoban.core.vietnamese import capital_first, day
from giaoban.kit.actors import Actor
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors import ReceptionRow
from giaoban.reporting.selectors.board import Board, in_full, obligations_on
from giaoban.reporting.services.deadlines import restore_deadline
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.boardforms import LetterForm, RestoreForm
from giaoban.reporting.web.forms import AcceptForm, ExtendForm, RemindForm, ReturnForm
from giaoban.reporting.web.place import Place, simulated_words

NAMED: Final = 200
"""Units named on the page that shows an act; of more, only their number."""
REFUSED_NAMED: Final = 20
"""Refusals said one by one after an act."""

NOT_DELIVERED = frozenset({ReportState.MISSING, ReportState.DRAFT, ReportState.RETURNED})
WAITING = frozenset({ReportState.SENT})


@dataclass(frozen=True, slots=True)
class BulkAct:
    """An act on reports: what it is called, its form, on which reports it can be done. whole: on the whole board."""

    name: str
    title: str
    form: type[Form]
    fits: Callable[[ReceptionRow], bool]
    otherwise: str
    danger: bool = False
    whole: bool = False

    @property
    def button(self) -> str:
        return self.title


def _not_delivered(row: ReceptionRow) -> bool:
    return row.state in NOT_DELIVERED


def _waiting(row: ReceptionRow) -> bool:
    return row.state in WAITING


def _was_moved(row: ReceptionRow) -> bool:
    return bool(row.moves) and row.moves[0].old_due_on is not None


ACTS = {
    act.name: act
    for act in (
        BulkAct("remind", "Nhắc", RemindForm, _not_delivered, "đã gửi, không cần nhắc"),
        BulkAct("extend", "Gia hạn", ExtendForm, _not_delivered, "đã gửi, không cần gia hạn"),
        BulkAct("accept", "Tiếp nhận", AcceptForm, _waiting, "không có bản nào đang chờ tiếp nhận"),
        BulkAct("return", "Trả lại", ReturnForm, _waiting, "không có bản nào đang chờ tiếp nhận", danger=True),
        BulkAct("restore", "Khôi phục hạn cũ", RestoreForm, _was_moved, "chưa từng được gia hạn"),
        BulkAct("move", "Dời hạn cả đợt", LetterForm, lambda _: True, "", whole=True),
    )
}


def bulk(request: ActorRequest, place: Place) -> HttpResponse | str:
    """Show what an act would do to whom; do it when the page that shows it is sent. A sentence: why not."""
    request.actor.require(Permission.RECEIVE_REPORT, place.unit.id, unit_name=place.unit.name)
    board = place.board()
    act = ACTS.get("restore" if "restore" in request.POST else request.POST.get("act", ""))
    picked = _picked(request, board, act) if act is not None and board.receives else []
    if act is None or not picked:
        return "Chọn ít nhất một đơn vị trong bảng, rồi chọn việc cần làm."
    fit = [row for row in picked if act.fits(row)]
    confirmed = "confirmed" in request.POST
    form = act.form(request.POST if confirmed else None)
    refusal = ""
    if confirmed and fit and form.is_valid():
        refusal = _not_later(act, form, fit)
        if not refusal:
            try:
                _do(act, form, fit, board, request)
            except services.ReportingError as fault:
                refusal = fault.sentence
            else:
                return redirect(place.back(request))
    unfit = [row for row in picked if row not in fit]
    return render(
        request,
        "reporting/bulk.html",
        {
            "bar": period_bar(request, place.period, unit_label=place.unit.name, print_button=False),
            "simulated_note": simulated_words(sum(row.simulated for row in picked), len(picked)),
            "place": place,
            "back": place.back(request),
            "act": act,
            "form": form,
            "fit": fit,
            "named": fit[:NAMED],
            "unnamed": max(0, len(fit) - NAMED),
            "unfit": unfit[:NAMED],
            "unfit_count": len(unfit),
            "refusal": refusal,
        },
        status=422 if confirmed or not fit else 200,
    )


def _picked(request: ActorRequest, board: Board, act: BulkAct) -> list[ReceptionRow]:
    """The rows that an act is asked for, in the order of the board's names."""
    wanted = set(request.POST.getlist("restore") or request.POST.getlist("obligation"))
    spots = [one for one in board.spots if act.whole or str(one.obligation_id) in wanted]
    return in_full(board, sorted(spots, key=lambda one: one.sort_key))


def _not_later(act: BulkAct, form: Form, rows: Sequence[ReceptionRow]) -> str:
    """Why an extension is none; "" when it is. A letter may also move a deadline forward."""
    if act.name != "extend":
        return ""
    due_on = form.cleaned_data["due_on"]
    names = [f"{row.unit.name} (hạn {day(row.due_on)})" for row in rows if row.due_on and row.due_on >= due_on]
    if not names:
        return ""
    more = f" và {len(names) - 5} đơn vị khác" if len(names) > 5 else ""
    return f"Ngày {day(due_on)} không muộn hơn hạn hiện nay của: {', '.join(names[:5])}{more}. Chọn ngày muộn hơn."


def _do(act: BulkAct, form: Form, rows: Sequence[ReceptionRow], board: Board, request: ActorRequest) -> None:
    """Carry out a confirmed act and say what was done, and by name to whom not."""
    values, by, at = form.cleaned_data, request.actor, timezone.now()
    obligations = obligations_on(board, [row.obligation_id for row in rows])
    match act.name:
        case "remind":
            done = f"Đã nhắc {services.remind(obligations, note=values['note'], by=by, at=at)} đơn vị."
        case "restore":
            count = restore_deadline(obligations, reason=values["reason"], by=by, at=at)
            done = f"Đã khôi phục hạn cũ của {count} đơn vị; lần gia hạn vẫn còn trong lịch sử."
        case "extend" | "move":
            basis = form.basis if isinstance(form, LetterForm) else values["basis"]
            due_on = values["due_on"]
            count = services.move_deadline(
                obligations, due_on=due_on, basis=basis, reason=values["reason"], by=by, at=at
            )
            done = f"Đã chuyển hạn của {count} đơn vị sang {day(due_on)}; hạn cũ được giữ trong lịch sử."
        case _:
            count, refused = _decide(act, values["reason"], rows, by, at)
            done = f"{capital_first(act.title)}: đã xong {count} báo cáo."
            for words in refused[:REFUSED_NAMED]:
                messages.warning(request, words)
            if len(refused) > REFUSED_NAMED:
                messages.warning(request, f"Và {len(refused) - REFUSED_NAMED} đơn vị khác chưa làm được.")
    messages.success(request, done)


def _decide(act: BulkAct, reason: str, rows: Sequence[ReceptionRow], by: Actor, at: datetime) -> tuple[int, list[str]]:
    """Accept or return, one act per report. How many were done, and of the others who and why not."""
    done, refused = 0, []
    for row in rows:
        if row.submission_id is None:
            continue
        submission = selectors.submission_for(by, row.submission_id)
        try:
            if act.name == "accept":
                services.accept(submission, by=by, at=at, reason=reason)
            else:
                services.return_for_correction(submission, reason=reason, by=by, at=at)
        except services.ReportingError as fault:
            refused.append(f"{row.unit.name}: {fault.sentence}")
        else:
            done += 1
    return done, refused
