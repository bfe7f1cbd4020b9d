"""Amendments are told: whoever used the figures that an accepted amendment replaced hears of it, by name of the use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue
from giaoban.kit.messages import notify
from giaoban.kit.registries import FigureUse, figure_users
from giaoban.orgs.selectors import card
from giaoban.reporting.models import Submission, SubmissionState
from giaoban.reporting.selectors.forms import last_day

TELL_JOB: Final = "reporting.tell_users"
TELLER: Final = "Thông báo sửa đổi"


def after_acceptance(submissions: Sequence[Submission]) -> None:
    """Called within the act that accepted versions: amendments among them are told later, by a job of that transaction.

    Costs nothing where nothing was amended.
    """
    amended = [one.pk for one in submissions if one.amendment]
    if amended:
        enqueue(TELL_JOB, submissions=amended)


def tell_users_of(submission_id: int, at: datetime) -> int:
    """Tell those who used the figures that an accepted amendment replaced; gives how many are told something new.

    Nobody is told twice of one amendment and one use. An amendment that was itself replaced meanwhile is passed over:
    the later one is told.
    """
    joined = ("obligation__form", "obligation__period__rule", "obligation__unit")
    row = Submission.objects.select_related(*joined).get(pk=submission_id)
    if row.state != SubmissionState.ACCEPTED or not row.amendment:
        return 0
    owed = row.obligation
    uses = [
        (name, use)
        for name, users in figure_users
        for use in users([owed.unit_id], owed.form.key, owed.period_id, row.version)
    ]
    if not uses:
        return 0
    told = 0
    with act("reporting.tell-amendment", by=system_actor(TELLER), at=at, subject=subject_of(row)) as entry:
        entry.unit_id = owed.unit_id
        unit = card(owed.unit_id, last_day(owed.period)).name
        for name, use in uses:
            told += notify(
                use.people,
                kind="amendment",
                subject=f"{unit} sửa số liệu: {owed.form.code}, {owed.period.label}",
                body=_words(unit, row, use),
                link=use.link,
                about=subject_of(row),
                key=f"amendment/{row.pk}/{name}/{use.key}",
                act=entry,
            )
        entry.detail = {"uses": [use.key for _, use in uses], "told": told}
    return told


def _words(unit: str, row: Submission, use: FigureUse) -> str:
    return (
        f"{unit} đã sửa số liệu đã tiếp nhận của biểu {row.obligation.form.code}, {row.obligation.period.label}: "
        f"sửa đổi lần {row.amendment}, bản {row.version}, biên nhận {row.receipt}. Lý do: {row.amendment_reason} "
        f"{use.title} còn theo số trước khi sửa. Mở để xem ô nào khác và quyết định có lập lại hay không."
    )
