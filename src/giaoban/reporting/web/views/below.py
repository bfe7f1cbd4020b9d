"""Lấy số từ cấp dưới: the button on the entry page of a level's report, and what it would do."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from giaoban.core.vietnamese import number
from giaoban.kit.http import ActorRequest
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import period_address


@dataclass(frozen=True, slots=True)
class FromBelow:
    """What `parts/from_below.html` shows. differing: cells of the page with another text than the level below gives."""

    taken: selectors.Prefill
    url: str
    differing: int
    blank: int
    revises: bool
    board: str

    @property
    def received(self) -> int:
        return len({one.unit.id for one in self.taken.used})


def from_below(obligation: selectors.Obligation, texts: dict[str, str], *, revises: bool = False) -> FromBelow | None:
    """For the entry page of those who may type there; None when nothing below makes this report. texts: as on the page.

    One query for a report that nobody below contributes to.
    """
    taken = selectors.prefill(obligation)
    if not taken.is_possible:
        return None
    other = [name for name, text in taken.texts.items() if texts.get(name, "").strip() != text]
    return FromBelow(
        taken=taken,
        url=reverse("reporting:fill-from-below", args=[obligation.pk]),
        differing=sum(bool(texts.get(name, "").strip()) for name in other),
        blank=sum(not texts.get(name, "").strip() for name in other),
        revises=revises,
        board=period_address("reporting:reception", obligation.period, obligation.unit.key, taken.used[0].form)
        if taken.used
        else "",
    )


@require_POST
def fill(request: ActorRequest, pk: int) -> HttpResponse:
    """Fill the draft; `all` also writes over what was typed, `sua` begins a new version of a report that was sent."""
    obligation = selectors.obligation_for(request.actor, pk)
    revises = "sua" in request.POST
    try:
        done = services.fill_from_below(
            obligation, by=request.actor, at=timezone.now(), everything="all" in request.POST, revise=revises
        )
    except services.ReportingError as refusal:
        messages.error(request, refusal.sentence)
    else:
        words = f"Đã điền {number(done.changed)} ô từ {number(len(done.taken.used))} báo cáo của cấp dưới."
        if done.kept:
            words += f" Giữ {number(len(done.kept))} ô đã nhập tay."
        messages.success(request, words)
    return redirect(f"{reverse('reporting:entry', args=[pk])}{'?sua=1' if revises else ''}")
