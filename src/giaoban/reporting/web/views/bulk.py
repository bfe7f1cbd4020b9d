"""Acts on chosen reports of a reception board: shown with whom they concern, then done."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
from giaoban.reporting.rules.states import WITH_THE_UNIT
from giaoban.reporting.rules.timeliness import turned
from giaoban.reporting.selectors import ReceptionRow
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.selectors.board import Board, in_full, obligations_on
from giaoban.reporting.selectors.owed import reminded_today
from giaoban.reporting.services.deadlines import restore_deadline
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.boardforms import ExtendForm, LetterForm, RemindForm, RestoreForm
from giaoban.reporting.web.forms import AcceptForm, ReturnForm
from giaoban.reporting.web.justifying import ReasonForm
from giaoban.reporting.web.place import Place, simulated_words

NAMED: Final = 200
"""Units named on the page that shows an act; of more, only their number."""
REFUSED_NAMED: Final = 20
"""Refusals said one by one after an act."""

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


def _with_unit(row: ReceptionRow) -> bool:
    return row.state in WITH_THE_UNIT


def _not_received(row: ReceptionRow) -> bool:
    return not row.is_received


def _waiting(row: ReceptionRow) -> bool:
    return row.state in WAITING


def _was_moved(row: ReceptionRow) -> bool:
    return row.to_restore is not None


ACTS = {
    act.name: act
    for act in (
        BulkAct("remind", "Nhắc", RemindForm, _with_unit, "đã gửi, không cần nhắc"),
        BulkAct("extend", "Gia hạn", ExtendForm, _not_received, "đã gửi, không cần gia hạn"),
        BulkAct("accept", "Tiếp nhận", AcceptForm, _waiting, "không có bản nào đang chờ tiếp nhận"),
        BulkAct("return", "Trả lại", ReturnForm, _waiting, "không có bản nào đang chờ tiếp nhận", danger=True),
        BulkAct("restore", "Khôi phục hạn cũ", RestoreForm, _was_moved, "không còn lần đổi hạn nào để khôi phục"),
        BulkAct("move", "Dời hạn cả đợt", LetterForm, lambda _: True, "", whole=True),
    )
}


def bulk(request: ActorRequest, place: Place) -> HttpResponse | str:
    """Show what an act would do to whom; do it when the page that shows it is sent. A sentence: why not."""
    require_answer(request.actor, Permission.RECEIVE_REPORT, place.unit.id, unit_name=place.unit.name)
    board = place.board()
    act = ACTS.get("restore" if "restore" in request.POST else request.POST.get("act", ""))
    picked = _picked(request, board, act) if act is not None and board.receives else []
    if act is None or not picked:
        return "Chọn ít nhất một đơn vị trong bảng, rồi chọn việc cần làm."
    fit = [row for row in picked if act.fits(row)]
    confirmed = "confirmed" in request.POST
    form = act.form(request.POST if confirmed else None)
    signing = ReasonForm(request.POST) if "decided_by" in request.POST else None
    refusal, turns = "", None
    if confirmed and fit and form.is_valid() and (signing is None or signing.is_valid()):
        refusal = _not_later(act, form, fit)
        turns = _turned(act, form, fit)
        if not refusal and (turns is None or turns.word == request.POST.get("turned")):
            try:
                _do(act, form, fit, board, request, signing.signed if signing is not None else None)
            except services.JustificationNeeded as needed:
                refusal, signing = needed.sentence, signing or ReasonForm()
            except services.ReportingError as fault:
                refusal = fault.sentence
            else:
                return redirect(place.back(request))
        elif not refusal and turns is not None and turns.late and signing is None:
            signing = ReasonForm()
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
            "signing": signing,
            "turned": turns,
            "fit": fit,
            "named": fit[:NAMED],
            "unnamed": max(0, len(fit) - NAMED),
            "unfit": unfit[:NAMED],
            "unfit_count": len(unfit),
            "refusal": refusal,
        },
        status=422 if refusal or form.errors or (signing is not None and signing.errors) or not fit else 200,
    )


def _picked(request: ActorRequest, board: Board, act: BulkAct) -> list[ReceptionRow]:
    """The rows that an act is asked for, in the order of the board's names."""
    wanted = {one.partition(".")[0] for one in request.POST.getlist("restore") or request.POST.getlist("obligation")}
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


@dataclass(frozen=True, slots=True)
class Turned:
    """How many reports that came become late, and how many on time, by another deadline."""

    late: int
    on_time: int

    @property
    def word(self) -> str:
        """What the page that shows it sends back."""
        return f"{self.late}-{self.on_time}"


def _turned(act: BulkAct, form: Form, rows: Sequence[ReceptionRow]) -> Turned | None:
    """What another deadline makes of what came; None when nothing changes."""
    if act.name not in ("extend", "move", "restore"):
        return None
    found: Counter[str] = Counter()
    for row in rows:
        due_on: date | None = form.cleaned_data.get("due_on")
        if act.name == "restore":
            due_on = row.to_restore.old_due_on if row.to_restore is not None else None
        if due_on is not None and row.received_at is not None:
            found[turned(timezone.localdate(row.received_at), row.due_on, due_on)] += 1
    return Turned(found["late"], found["on_time"]) if found["late"] or found["on_time"] else None


def _do(
    act: BulkAct,
    form: Form,
    rows: Sequence[ReceptionRow],
    board: Board,
    request: ActorRequest,
    signed: services.SignedReason | None,
) -> None:
    """Carry out a confirmed act and say what was done, and by name to whom not."""
    values, by, at = form.cleaned_data, request.actor, timezone.now()
    obligations = obligations_on(board, [row.obligation_id for row in rows])
    match act.name:
        case "remind":
            count = services.remind(obligations, note=values["note"], by=by, at=at)
            done = f"Đã nhắc {count} đơn vị."
            if count < len(rows):
                messages.warning(request, _not_reminded(rows, count, at))
        case "restore":
            shown = {int(pk): int(change) for pk, _, change in _pairs(request.POST.getlist("holds"))}
            count = restore_deadline(
                obligations, reason=values["reason"], by=by, at=at, shown=shown or None, signed=signed
            )
            done = f"Đã khôi phục hạn cũ của {count} đơn vị; lần gia hạn vẫn còn trong lịch sử."
        case "extend" | "move":
            basis = form.basis if isinstance(form, LetterForm) else values["basis"]
            due_on = values["due_on"]
            count = services.move_deadline(
                obligations, due_on=due_on, basis=basis, reason=values["reason"], by=by, at=at, signed=signed
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


def _pairs(words: Sequence[str]) -> list[tuple[str, str, str]]:
    """The "report.change" of the page that shows what is undone; anything else is passed over."""
    found = [one.partition(".") for one in words if one.isascii()]
    return [one for one in found if one[0].isdecimal() and one[2].isdecimal()]


def _not_reminded(rows: Sequence[ReceptionRow], count: int, at: datetime) -> str:
    """Who was passed over: reminded already on that day, or sent meanwhile."""
    told = reminded_today([row.obligation_id for row in rows], at)
    before = sorted(timezone.localtime(one) for one in told.values() if one < at)
    if not before:
        return f"{len(rows) - count} đơn vị vừa gửi, không cần nhắc nữa."
    return (
        f"{len(rows) - count} đơn vị không nhắc lại: đã nhắc lúc {before[-1]:%H:%M} hôm nay, "
        "mỗi báo cáo chỉ nhắc một lần trong ngày."
    )


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
