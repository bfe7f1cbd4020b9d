"""Amendments are told: whoever used the figures that accepted amendments replaced hears of it, by name of the use.

Amendments of one form and period are gathered: the first is told at once, what follows within the hour together.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from giaoban.core.vietnamese import sort_key
from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue, enqueue_at
from giaoban.kit.messages import Recipient, notify
from giaoban.kit.models import Act, MessageKind
from giaoban.kit.registries import FigureUse, figure_users
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import FormVersion, Period, Submission, SubmissionState
from giaoban.reporting.selectors.forms import last_day

TELL_JOB: Final = "reporting.tell_users"
TELL_ACT: Final = "reporting.tell-amendment"
TELLER: Final = "Thông báo sửa đổi"
GATHERS: Final = timedelta(hours=1)
"""So long after amendments of a form and period were told, later ones wait to be told together."""
NAMED: Final = 20
"""Units named in one message; the others are counted."""


def after_acceptance(submissions: Sequence[Submission]) -> None:
    """Called within the act that accepted versions: amendments among them are told later, by a job of that transaction.

    Costs nothing where nothing was amended.
    """
    amended = [one.pk for one in submissions if one.amendment]
    if amended:
        enqueue(TELL_JOB, submissions=amended)


def tell_users_of(submission_ids: Collection[int], at: datetime) -> int:
    """Tell those who used the figures that accepted amendments replaced; gives how many messages are new.

    Each person hears once of each use, whatever the number of amendments. Nobody is told twice of an amendment; one
    that was itself replaced meanwhile is passed over: the later one is told. What comes within the hour after its form
    and period were told waits for the end of that hour. One job at a time runs this.
    """
    rows = _amended().filter(pk__in=list(submission_ids)).select_related("obligation")
    told = 0
    for form_id, period_id in sorted({(one.obligation.form_id, one.obligation.period_id) for one in rows}):
        form = FormVersion.objects.get(pk=form_id)
        period = Period.objects.select_related("rule").get(pk=period_id)
        ids = [one.pk for one in rows if (one.obligation.form_id, one.obligation.period_id) == (form_id, period_id)]
        told += _tell(form, period, ids, at)
    return told


def _amended() -> QuerySet[Submission]:
    return Submission.objects.filter(state=SubmissionState.ACCEPTED, amendment__gt=0)


def _tell(form: FormVersion, period: Period, submission_ids: Collection[int], at: datetime) -> int:
    """These and the other late amendments of a form and period that were not told, now or at the end of the hour."""
    acts = Act.objects.filter(name=TELL_ACT, subject=subject_of(period), detail__form=form.key).order_by("at", "pk")
    before = list(acts.values_list("at", "detail"))
    known = {pk for _, detail in before for pk in detail["submissions"]}
    late = Q(pk__in=list(submission_ids)) | Q(decided_at__gte=at - GATHERS)
    of_form = _amended().filter(late, obligation__form=form, obligation__period=period).exclude(pk__in=known)
    rows = list(of_form.select_related("obligation").order_by("pk"))
    last = max((moment for moment, detail in before if detail["told"] and moment <= at), default=None)
    if not rows:
        return 0
    if last is not None and at < last + GATHERS:
        enqueue_at(TELL_JOB, last + GATHERS, submissions=[one.pk for one in rows])
        return 0
    for row in rows:
        row.obligation.form, row.obligation.period = form, period
    uses = _uses_of(rows)
    with act(TELL_ACT, by=system_actor(TELLER), at=at, subject=subject_of(period)) as entry:
        told = _say(form, period, uses, entry)
        entry.detail = {
            "form": form.key,
            "submissions": [one.pk for one in rows],
            "uses": [one.use.key for one in uses],
            "told": told,
        }
    return told


def _say(form: FormVersion, period: Period, uses: "Sequence[_Told]", entry: Act) -> int:
    """One message for each use and person."""
    units = {row.obligation.unit_id for one in uses for row in one.rows}
    called, told = cards(units, last_day(period)), 0
    for one in uses:
        subject, body = _words(form, period, one, called)
        told += notify(
            one.people.values(),
            kind=MessageKind.AMENDMENT,
            subject=subject,
            body=body,
            link=one.use.link,
            about=subject_of(one.rows[0]) if len(one.rows) == 1 else subject_of(period),
            key=f"amendment/{entry.pk}/{one.name}/{one.use.key}",
            act=entry,
        )
    return told


@dataclass(slots=True)
class _Told:
    """A use with everybody to be told of it, and the amendments that it lacks. name: the room that made it."""

    name: str
    use: FigureUse
    people: dict[int, Recipient] = field(default_factory=dict)
    rows: list[Submission] = field(default_factory=list)


def _uses_of(rows: Sequence[Submission]) -> list[_Told]:
    """Each use once, with all amendments that it lacks."""
    found: dict[tuple[str, str], _Told] = {}
    for row in rows:
        owed = row.obligation
        for name, use in _followed(owed.unit_id, owed.form.key, owed.period_id, row.version):
            one = found.setdefault((name, use.key), _Told(name, use))
            one.people |= {person.user_id: person for person in use.people}
            one.rows.append(row)
    return list(found.values())


def _followed(unit_id: int, form: str, period_id: int, version: int) -> Iterator[tuple[str, FigureUse]]:
    """What was made of figures, and of reports made of them, each once."""
    waiting, asked, given = [(unit_id, form, period_id, version)], set(), set()
    while waiting:
        unit, key, period, number = figures = waiting.pop(0)
        if figures in asked:
            continue
        asked.add(figures)
        for name, users in figure_users:
            for use in users([unit], key, period, number):
                if (name, use.key) not in given:
                    given.add((name, use.key))
                    yield name, use
                if use.made is not None:
                    waiting.append(use.made)


def _words(form: FormVersion, period: Period, one: _Told, called: dict[int, UnitCard]) -> tuple[str, str]:
    """Subject and body for one use."""
    what = f"{form.code}, {period.label}"
    lines = sorted(((called[row.obligation.unit_id].name, row) for row in one.rows), key=lambda pair: sort_key(pair[0]))
    units = {name for name, _ in lines}
    who = lines[0][0] if len(units) == 1 else f"{len(units)} đơn vị"
    said = [
        f"– {name}: sửa đổi lần {row.amendment}, bản {row.version}, biên nhận {row.receipt}. "
        f"Lý do: {row.amendment_reason.strip().rstrip('.')}."
        for name, row in lines[:NAMED]
    ]
    if len(lines) > NAMED:
        said.append(f"– và {len(lines) - NAMED} bản sửa đổi khác.")
    body = [
        f"{who} đã sửa số liệu đã tiếp nhận của biểu {what}:",
        *said,
        "",
        f"{one.use.title} còn theo số trước khi sửa. Mở để xem ô nào khác và quyết định có lập lại hay không.",
    ]
    return f"{who} sửa số liệu: {what}", "\n".join(body)
