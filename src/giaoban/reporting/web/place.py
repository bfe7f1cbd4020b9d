"""Which reception board a page is about."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from giaoban.kit.frame import Choice, ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.selectors.board import Board, board
from giaoban.reporting.web.bar import period_address, period_bar


@dataclass(frozen=True, slots=True)
class Place:
    """Receiver, form, period."""

    unit: orgs.UnitCard
    form: selectors.FormVersion
    period: selectors.Period

    def address(self, route: str = "reporting:reception") -> str:
        """Of a page about the same board, without what this page's address asks for."""
        return period_address(route, self.period, self.unit.key, self.form.key)

    def back(self, request: ActorRequest) -> str:
        """The board as it was filtered and sorted."""
        return f"{self.address().split('?')[0]}{changed(request)}"

    def board(self) -> Board:
        return board(self.unit, self.form, self.period, timezone.localdate())


def place_of(request: ActorRequest, unit: str, form: str, period: str) -> Place:
    """Raises Http404 outside the actor's scope, and where there is no such form or period."""
    card = orgs.unit_for(request.actor, unit, timezone.localdate())
    row = selectors.form_by_key(form)
    return Place(card, row, selectors.period_of(row, period, request.GET.get("instalment", "")))


def board_bar(request: ActorRequest, place: Place, *, rows: bool) -> ContextBar:
    """The context bar of a board: exports when there are rows, the other periods of the form."""
    address = reverse("reporting:reception-csv", args=[place.unit.key, place.form.key, place.period.code])
    return period_bar(
        request,
        place.period,
        unit_label=place.unit.name,
        export=[Choice("Danh sách đang hiện, CSV", f"{address}{changed(request)}")] if rows else [],
        period_choices=[
            Choice(
                one.label,
                period_address("reporting:reception", one, place.unit.key, place.form.key),
                one == place.period,
            )
            for one in selectors.periods_with_obligations(place.form)
        ],
    )


def simulated_words(simulated: int, total: int) -> str:
    """Of a board on which some reports are simulated; "" when none is."""
    if not simulated:
        return ""
    whose = "mọi báo cáo" if simulated == total else f"{simulated} báo cáo có nhãn"
    return f"{whose} trên bảng này là ví dụ: con số, ngày gửi và hạn không phải số liệu thật."
