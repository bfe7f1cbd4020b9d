"""What happens to reports is told to the people of the units that owe them: each person once per act.

Called inside the act. Whoever enters figures at the units, or at what these wholly became, hears of it.
"""

from collections.abc import Collection
from datetime import date
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from giaoban.kit.acts import subject_of
from giaoban.kit.messages import Recipient, Said, notify_each
from giaoban.kit.models import Act, MessageKind
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import DeadlineChange, Obligation, Submission
from giaoban.reporting.rules.reminder_words import moved_words, returned_words
from giaoban.reporting.selectors.entry import subunits_by_row
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.owed import Standing, standing
from giaoban.reporting.selectors.reminding import link_to, report_in_words
from giaoban.reporting.services.reminding import by_person

CELLS_NAMED: Final = 10
"""Marked cells named in one message; the others are counted."""


def tell_returned(row: Submission, entry: Act) -> int:
    """A version came back: why, and which cells are marked. Gives how many persons were told."""
    rows, called, sender = _asked(Obligation.objects.filter(pk=row.obligation_id), entry)
    report = report_in_words(rows[0], called)
    subject, body = returned_words(report, sender, row.decision_reason, _marked(row), _day(entry))
    said = Said(subject, body, link_to([row.obligation], called, own=True), subject_of(row.obligation))
    told = [(person, said) for person, _ in by_person(rows, _day(entry))]
    return notify_each(told, kind=MessageKind.RETURNED, key=f"reporting.return:{entry.pk}", act=entry)


def tell_deadline_moved(rows: Collection[Obligation], entry: Act) -> int:
    """Deadlines were moved in an act whose `DeadlineChange` rows are stored. Gives how many persons were told."""
    changes = {one.obligation_id: one for one in DeadlineChange.objects.filter(act=entry, obligation__in=rows)}
    if not changes:
        return 0
    held, called, sender = _asked(Obligation.objects.filter(pk__in=changes), entry)
    told: list[tuple[Recipient, Said]] = []
    for person, theirs in by_person(held, _day(entry)):
        named = [(report_in_words(one, called), changes[one.obligation.pk].old_due_on) for one in theirs]
        first = changes[theirs[0].obligation.pk]
        subject, body = moved_words(named, sender, first.basis, entry.reason)
        about = subject_of(theirs[0].obligation) if len(theirs) == 1 else ""
        link = link_to([one.obligation for one in theirs], called, own=True)
        told.append((person, Said(subject, body, link, about)))
    return notify_each(told, kind=MessageKind.DEADLINE, key=f"reporting.deadline:{entry.pk}", act=entry)


def _day(entry: Act) -> date:
    return timezone.localdate(entry.at)


def _asked(rows: QuerySet[Obligation], entry: Act) -> tuple[list[Standing], dict[int, UnitCard], str]:
    """Where the reports stand, the units by name, and who says it: the one receiver, else the person."""
    found = standing(rows.select_related("form__field", "period").defer("form__definition"))
    units = {pk for one in found for pk in (one.obligation.unit_id, one.obligation.receiver_id) if pk}
    called = cards(units, _day(entry))
    receivers = {one.obligation.receiver_id for one in found}
    only = receivers.pop() if len(receivers) == 1 else None
    return found, called, called[only].name if only else entry.actor_name


def _marked(row: Submission) -> list[str]:
    """The marked cells by the labels of the form, with what was said of each."""
    form, lines = definition_of(row.obligation.form), []
    split = [(one["cell"].split("/"), one["note"]) for one in row.marked_cells]
    listed = subunits_by_row(row.obligation) if any(parts[2] for parts, _ in split) else {}
    for (table_id, row_id, subunit, column, *_), note in split[:CELLS_NAMED]:
        table = form.table(table_id)
        names = {one.key: one.label for one in listed.get((table_id, row_id), ())}
        line = names.get(subunit, subunit) if subunit else table.rows_by_id[row_id].label
        lines.append(f"{line}, {table.columns_by_id[column].label}{f': {note}' if note else ''}")
    left = len(split) - len(lines)
    return [*lines, f"và {left} ô khác"] if left else lines
