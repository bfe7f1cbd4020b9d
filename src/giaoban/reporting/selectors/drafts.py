"""A draft as several people type in it: its texts by name, who changed what last, who is there now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from giaoban.kit.actors import Actor
from giaoban.reporting.models import Draft, DraftCell, Obligation, Presence, Submission, SubmissionState
from giaoban.reporting.rules import EXPLAINS, NOTES, papers_of, texts_from_figures
from giaoban.reporting.selectors.figures import figures_of, versions
from giaoban.reporting.selectors.forms import definition_of

PRESENT: Final = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class CellState:
    """What stands in a cell of a draft, and who put it there when. `by_id`, `by`: None and "" when the system did."""

    text: str
    version: int
    by_id: int | None
    by: str
    at: datetime


def names_of(draft: Draft) -> dict[str, str]:
    """The texts of a draft by the names of `rules.merging`."""
    words = {f"{EXPLAINS}{key}": text for key, text in draft.explanations.items()}
    return dict(draft.figures) | ({NOTES: draft.notes} if draft.notes else {}) | words | dict(draft.papers)


def stored_texts(obligation: Obligation, draft: Draft | None) -> dict[str, str]:
    """What an entry page begins with: the draft, else what the last version said."""
    if draft is not None:
        return names_of(draft)
    last = next(iter(versions(obligation)), None)
    if last is None:
        return {}
    form = definition_of(obligation.form)
    texts = texts_from_figures(form, figures_of(last))
    words = {f"{EXPLAINS}{key}": text for key, text in last.explanations.items()}
    return texts | ({NOTES: last.notes} if last.notes else {}) | words | papers_of(form, last.signatures)


def versions_of(draft: Draft | None) -> dict[str, int]:
    """Name → version, of what was changed since the draft began."""
    return dict(draft.cells.values_list("name", "version")) if draft is not None else {}


def changed_cells(draft: Draft, *, since: int = 0) -> Mapping[str, CellState]:
    """The cells that were changed after a revision, with the text that stands now."""
    texts = names_of(draft)
    rows = DraftCell.objects.filter(draft=draft, version__gt=since).select_related("changed_by")
    return {
        row.name: CellState(
            texts.get(row.name, ""),
            row.version,
            row.changed_by_id,
            row.changed_by.full_name if row.changed_by else "",
            row.changed_at,
        )
        for row in rows
    }


def standing_marks(sent: Sequence[Submission]) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The cells that the receiver marked in the latest version that came back, and the texts that stood in them.

    sent: the versions, newest first. None once a version was accepted after it. A query only when cells are marked.
    """
    for version in sent:
        if version.state == SubmissionState.ACCEPTED:
            break
        if version.state == SubmissionState.RETURNED:
            if not version.marked_cells:
                break
            texts = texts_from_figures(definition_of(version.obligation.form), figures_of(version))
            return version.marked_cells, {one["cell"]: texts.get(one["cell"], "") for one in version.marked_cells}
    return [], {}


def others_at(obligation: Obligation, actor: Actor, at: datetime) -> list[str]:
    """Names of the other people who have the entry page open now."""
    rows = Presence.objects.filter(obligation=obligation, seen_at__gt=at - PRESENT)
    if actor.user_id is not None:
        rows = rows.exclude(user_id=actor.user_id)
    return sorted(rows.values_list("user__full_name", flat=True))
