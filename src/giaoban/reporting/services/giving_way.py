"""A frozen file stands only while nothing was decided after it."""

from collections.abc import Sequence

from django.db.models import Q

from giaoban.reporting.models import FrozenFile, Submission


def files_give_way(submissions: Sequence[Submission]) -> None:
    """Called where versions become the figures of their units, in that transaction: one statement on a small table.

    From its end the periods are read from the database, until they are frozen again. `freeze` holds the locks of all
    obligations meanwhile, so a file cannot come to stand beside a decision that it does not know.
    """
    concerned = {(one.obligation.form_id, one.obligation.period_id) for one in submissions}
    if concerned:
        which = Q()
        for form_id, period_id in concerned:
            which |= Q(form=form_id, period=period_id)
        FrozenFile.objects.filter(which, stands=True).update(stands=False)
