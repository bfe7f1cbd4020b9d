"""The draft of a level's report is filled from the accepted reports of the level below."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import heirs_of
from giaoban.reporting.models import Draft, Obligation
from giaoban.reporting.rules import Change
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.selectors.drafts import stored_texts
from giaoban.reporting.selectors.filled import FILL_ACT, last_fill
from giaoban.reporting.selectors.prefilling import Prefill, prefill
from giaoban.reporting.services.drafting import change_draft
from giaoban.reporting.services.errors import ReportingError
from giaoban.reporting.services.sending import lock


@dataclass(frozen=True, slots=True)
class Filled:
    """taken: what the level below gave; changed: cells with another text now; kept: cells typed by hand that stay.

    refused: cells that cannot take what was given → why.
    """

    taken: Prefill
    changed: int
    kept: tuple[str, ...]
    refused: Mapping[str, str]


def fill_from_below(
    obligation: Obligation, *, by: Actor, at: datetime, everything: bool = False, revise: bool = False
) -> Filled:
    """Put what the level below reported into the draft. A cell that a person typed keeps its text, unless `everything`.

    Which versions were used is kept with the act. Raises ReportingError when nobody below owes anything for it, or
    nothing was accepted yet; as `change_draft` otherwise.
    """
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    with act(FILL_ACT, by=by, at=at, subject=subject_of(obligation)) as entry:
        entry.unit_id = by.post_at(*heirs_of(obligation.unit_id, timezone.localdate(at)))
        row = lock([obligation.pk])[0]
        taken = prefill(row)
        if not taken.is_possible:
            raise ReportingError("Không đơn vị trực thuộc nào phải gửi báo cáo làm nên biểu này. Nhập số liệu.")
        if not taken.used:
            raise ReportingError("Chưa tiếp nhận báo cáo nào của cấp dưới, nên chưa có số để lấy. Tiếp nhận trước.")
        stored = stored_texts(row, Draft.objects.filter(obligation=row).first())
        before = last_fill(row)
        typed = typed_by_hand(stored, before.texts if before else {})
        wanted = _changes(taken.texts, before.texts if before else {}, stored)
        kept = () if everything else tuple(sorted(wanted.keys() & typed))
        changes = {name: Change(text) for name, text in wanted.items() if name not in kept}
        refused = change_draft(row, changes, by=by, at=at, revise=revise).refused
        entry.detail = {
            "texts": {name: text for name, text in taken.texts.items() if name not in refused},
            "used": [[one.unit.id, one.form, one.submission_id, one.version] for one in taken.used],
            "kept": len(kept),
        }
    return Filled(taken, len(changes) - len(refused), kept, refused)


def typed_by_hand(stored: Mapping[str, str], filled: Mapping[str, str]) -> set[str]:
    """The cells in which something stands that the last filling did not put there."""
    return {name for name, text in stored.items() if text.strip() and text != filled.get(name)}


def _changes(given: Mapping[str, str], before: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """The cells to write: those with another text now, and those that were filled and are not given any more."""
    gone = {name: "" for name in before if name not in given and stored.get(name) == before[name]}
    return {name: text for name, text in given.items() if stored.get(name, "") != text} | gone
