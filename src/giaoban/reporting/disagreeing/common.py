"""What all sources of disagreements of this room share: which reports there are, and how a disagreement is named.

A key is "source|form|period|…", so that the form of a disagreement can be told from it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Max
from django.urls import reverse

from giaoban.core.checks import Batch, StoredLine, batch_of_stored
from giaoban.core.forms import FormDefinition
from giaoban.kit.registries import Disagreement
from giaoban.orgs.selectors import unit_history
from giaoban.reporting.models import (
    Channel,
    FormKind,
    FormVersion,
    Obligation,
    OwingRule,
    Period,
    Submission,
    SubmissionLine,
)

LONGEST_KEY: Final = 300

State = tuple[int, int, datetime | None, int, Hashable]
"""How many current reports there are, the latest of them, the latest decision, how many units owe, the tree and the
lines on which the form is owed: another one when anything changed."""
NOTHING_ASKED: Final[State] = (0, 0, None, 0, ())


@dataclass(frozen=True, slots=True)
class Sent:
    """A current report, by what is said of it."""

    pk: int
    unit_id: int
    unit: str
    version: int
    receipt: str
    channel: str
    sent_at: datetime
    explanations: Mapping[str, str]
    simulated: bool

    @property
    def link(self) -> str:
        return reverse("reporting:submission", args=[self.pk])

    @property
    def source(self) -> str:
        return f"Biên nhận {self.receipt}, bản {self.version}, {Channel(self.channel).label}."


@dataclass(frozen=True, slots=True)
class Reported:
    """A form and period of which reports were accepted."""

    form: FormVersion
    period: Period
    state: State

    @property
    def words(self) -> str:
        """The form by its code where the code is printed on paper, else by its title."""
        return f"biểu {self.form.code}" if self.form.kind == FormKind.LEGAL else self.form.title


_kept: dict[tuple[str, int, int], tuple[tuple[str, Hashable], tuple[Disagreement, ...]]] = {}


def cached(
    what: str, one: Reported, state: Hashable, find: Callable[[Reported], Iterable[Disagreement]]
) -> tuple[Disagreement, ...]:
    """What was found of a form and period, looked for again only when its state is another one."""
    place, known = (what, one.form.pk, one.period.pk), (one.form.checksum, state)
    held = _kept.get(place)
    if held is None or held[0] != known:
        held = _kept[place] = (known, tuple(find(one)))
    return held[1]


def reported() -> list[Reported]:
    """Every form and period of which anything was accepted. Six queries."""
    rows = Submission.objects.filter(is_current=True).order_by()
    counted = rows.values_list("obligation__form_id", "obligation__period_id").annotate(
        Count("pk"), Max("pk"), Max("decided_at")
    )
    owing = Obligation.objects.order_by().values_list("form_id", "period_id").annotate(Count("pk"))
    owed = {row[:2]: row[2] for row in owing}
    tree, lines = unit_history().stamp, _lines_owed()
    found = sorted(counted)
    forms = FormVersion.objects.in_bulk([row[0] for row in found])
    periods = Period.objects.select_related("rule").in_bulk([row[1] for row in found])
    return [
        Reported(forms[row[0]], periods[row[1]], (*row[2:], owed[row[0], row[1]], (tree, lines.get(row[0]))))
        for row in found
    ]


def _lines_owed() -> dict[int, tuple[int, ...]]:
    """Form → lines of the tree on which it is owed."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for form_id, line_id in OwingRule.objects.order_by().values_list("form_id", "line_id"):
        found[form_id].add(line_id)
    return {form_id: tuple(sorted(lines)) for form_id, lines in found.items()}


def current(one: Reported) -> list[Sent]:
    rows = Submission.objects.filter(is_current=True, obligation__form=one.form, obligation__period=one.period)
    found = rows.order_by("obligation__unit__key").values_list(
        "pk",
        "obligation__unit_id",
        "obligation__unit__key",
        "version",
        "receipt",
        "channel",
        "sent_at",
        "explanations",
        "simulated",
        "obligation__simulated",
    )
    return [Sent(*row[:8], simulated=row[8] or row[9]) for row in found]


def batch_of_reports(form: FormDefinition, submission_ids: Sequence[int]) -> Batch:
    """Versions as a batch, in their order. One query."""
    numbers = {pk: number for number, pk in enumerate(submission_ids)}
    order = {(table.id, row.id): (t, r) for t, table in enumerate(form.tables) for r, row in enumerate(table.rows)}
    rows = SubmissionLine.objects.filter(submission_id__in=list(submission_ids)).order_by("submission_id", "pk")
    found = rows.values_list("submission_id", "table", "row", "subunit", "values", "estimates", "marks", "texts")
    lines: list[StoredLine] = [(numbers[line[0]], *line[1:]) for line in found]
    lines.sort(key=lambda line: (line[0], order[line[1], line[2]]))
    return batch_of_stored(form, len(submission_ids), lines)


def key(source: str, one: Reported, unit: str, rest: str) -> str:
    """At most LONGEST_KEY characters: what is longer ends in a digest."""
    period = ":".join(filter(None, (one.period.rule.key, one.period.code, one.period.instalment)))
    head = f"{source}|{one.form.key}|"
    whole = f"{head}{period}|{unit}|{rest}"
    return whole if len(whole) <= LONGEST_KEY else f"{head}{hashlib.sha256(whole.encode()).hexdigest()}"
