"""A report as it stands on the entry page: what is typed, what stood earlier, who looks and what the person may do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from giaoban.core.issues import Issue
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.rules import (
    machine_texts,
    may_be_waived,
    texts_from_figures,
    was_accepted,
    with_lines_of,
    with_machine_cells,
    without_waived,
)
from giaoban.reporting.web.shaping.grid import EntryGrid, GridTable, parts_of
from giaoban.reporting.web.shaping.layout import Labels
from giaoban.reporting.web.shaping.signers import offered
from giaoban.reporting.web.typed import Typed


@dataclass(frozen=True)
class Sheet:
    """An obligation with what stands in it, and who looks."""

    request: ActorRequest
    obligation: selectors.Obligation
    typed: Typed | None = None  # what stands on the page but is not stored

    @cached_property
    def entry(self) -> selectors.Entry:
        stored, typed = selectors.entry_of(self.obligation), self.typed
        if typed is None:
            return stored
        one = self.obligation
        previous = selectors.previous_figures(one.form, one.period, [one.unit_id]).get(one.unit_id)
        listed = {place: tuple(unit.key for unit in units) for place, units in stored.subunits.items()}
        texts = with_machine_cells(stored.form, listed, typed.texts)
        _, issues = selectors.read_texts(one, texts, previous=previous)
        return replace(
            stored,
            texts=texts,
            notes=typed.notes,
            explanations=typed.explanations,
            issues=tuple(issues),
        )

    @cached_property
    def unit(self) -> orgs.UnitCard:
        return orgs.card(self.obligation.unit_id, selectors.last_day(self.obligation.period))

    @cached_property
    def receiver(self) -> orgs.UnitCard | None:
        receiver = self.obligation.receiver_id
        return orgs.card(receiver, selectors.last_day(self.obligation.period)) if receiver else None

    @property
    def version(self) -> int:
        """The number of the latest version that was sent, 0 before the first."""
        return self.entry.last.version if self.entry.last is not None else 0

    @cached_property
    def subunits(self) -> dict[tuple[str, str], tuple[str, ...]]:
        listed = {place: tuple(one.key for one in units) for place, units in self.entry.subunits.items()}
        return with_lines_of(listed, self.entry.texts)

    @cached_property
    def labels(self) -> Labels:
        names = {one.key: one.label for units in self.entry.subunits.values() for one in units}
        return Labels(self.entry.form, names)

    @cached_property
    def preceding(self) -> tuple[str, dict[str, str]]:
        """The name of the last period before this one, and the unit's accepted texts of it; "" and none."""
        one = self.obligation
        period, figures = selectors.preceding_figures(one.form, one.period, one.unit_id)
        return (period.label, texts_from_figures(self.entry.form, figures)) if period is not None else ("", {})

    @cached_property
    def previous_name(self) -> str:
        """The name of the same period of the year before, when there are figures of it."""
        before = selectors.period_before(self.obligation.period) if self.entry.previous else None
        return before.label if before is not None else ""

    @cached_property
    def draft(self) -> selectors.Draft | None:
        return selectors.draft_of(self.obligation)

    @property
    def may_enter(self) -> bool:
        return selectors.answers(self.request.actor, Permission.ENTER_FIGURES, self.obligation.unit_id)

    @property
    def may_send(self) -> bool:
        return selectors.answers(self.request.actor, Permission.SEND_REPORT, self.obligation.unit_id)

    @property
    def stands_in(self) -> bool:
        """Whether the unit has ended, and those at the page type for it at the one that it wholly became."""
        return self.may_enter and not self.request.actor.may(Permission.ENTER_FIGURES, self.obligation.unit_id)

    @property
    def is_open(self) -> bool:
        """Whether the page is for typing: nothing sent yet, sent back, a draft begun, or a new version wanted."""
        last = self.entry.last
        return last is None or last.state == "returned" or self.entry.has_draft or self.revises

    @property
    def address(self) -> str:
        return reverse("reporting:entry", args=[self.obligation.pk])

    @property
    def revises(self) -> bool:
        """Whether a new version of a report that was sent is wanted: only then may a draft begin on top of it."""
        return "sua" in self.request.GET

    @cached_property
    def waivers(self) -> list[selectors.WaiverCard]:
        """Every waiver of the report, those that are over too."""
        return selectors.waivers_of(self.obligation, timezone.localdate())

    @cached_property
    def waived(self) -> dict[str, selectors.WaiverCard]:
        """The waivers that stand, by the key of their check."""
        return selectors.standing_keys(self.waivers)

    @cached_property
    def waivable(self) -> list[Issue]:
        """The findings that hold the report back now and that the receiver may waive."""
        return [one for one in without_waived(self.entry.issues, self.waived) if may_be_waived(one)]

    def findings(self, *, checked: bool) -> list[Issue]:
        """What the checks say; a cell or a line not filled yet is told only once somebody asked for a check."""
        found = [issue for issue in self.entry.issues if checked or issue.code not in ("required-blank", "line-absent")]
        return without_waived(found, self.waived)

    @cached_property
    def versions(self) -> list[selectors.Submission]:
        """Every version sent, newest first."""
        return selectors.versions(self.obligation)

    @cached_property
    def marked(self) -> tuple[list[dict[str, str]], dict[str, str]]:
        """The cells that the receiver marked, and the texts that stood in them; until a version is accepted."""
        return selectors.standing_marks(self.versions)

    @property
    def open_marks(self) -> list[dict[str, str]]:
        """The marked cells that still say what they said."""
        cells, texts = self.marked
        return [one for one in cells if self.entry.texts.get(one["cell"], "") == texts[one["cell"]]]

    @property
    def verdicts(self) -> dict[str, Any]:
        """What the receiver said of the explanations of the version that came back."""
        last = self.entry.last
        return dict(last.verdicts) if last is not None and last.state == "returned" else {}

    @property
    def amends(self) -> bool:
        """Whether the next version changes figures that were accepted."""
        return any(was_accepted(one.state, one.decision_reason) for one in self.versions)

    @cached_property
    def papers(self) -> dict[str, str]:
        """What stands in the fields of signers, number and day: typed so far, else what the system can offer."""
        if self.typed is not None:
            return dict(self.typed.papers)
        if self.draft is not None and self.draft.papers:
            return dict(self.draft.papers)
        last, actor = self.entry.last, self.request.actor
        unit_id, today = self.obligation.unit_id, timezone.localdate()
        signed = last.signatures if last is not None else []
        posts = [] if signed or not self.entry.form.signatures else orgs.posts_on(unit_id, today)
        roles = frozenset(one.role for one in actor.posts if one.unit_id == unit_id)
        return offered(self.entry.form, signed, posts, actor.name, roles)

    def tables(self, *, checked: bool, refused: Mapping[str, str]) -> tuple[GridTable, ...]:
        entry, period = self.entry, self.obligation.period
        subunits = self.subunits
        return EntryGrid(
            form=entry.form,
            labels=self.labels,
            subunits=subunits,
            texts=entry.texts | machine_texts(entry.form, subunits, entry.texts),
            previous=entry.previous,
            issues=self.findings(checked=checked),
            preceding=self.preceding[1],
            previous_name=self.previous_name,
            preceding_name=self.preceding[0],
            parts=parts_of(period.start, period.end, period.actual_until, period.estimated_months),
            open_rows=frozenset(place for place, units in entry.subunits.items() if not units),
            refused=refused,
            marked={one["cell"] for one in self.open_marks},
        ).tables()


def sheet_of(request: ActorRequest, pk: int) -> Sheet:
    """Raises Http404 when the person may not see the report."""
    return Sheet(request, selectors.obligation_for(request.actor, pk))
