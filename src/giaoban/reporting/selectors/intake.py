"""Files that came in together: how far the taking is, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from django.db.models import Case, Count, Q, QuerySet, When
from django.http import Http404
from procrastinate.contrib.django.models import ProcrastinateJob

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import Intake, IntakeFile, IntakeSource, IntakeState, Obligation
from giaoban.reporting.selectors.forms import definition_of

INTAKE_JOB: Final = "reporting.take_intake"
ENTER: Final = (Permission.SEND_REPORT, Permission.RECEIVE_REPORT)
"""Either of them lets a person bring files."""

Work = Literal["waiting", "running", "broken", "stopped", "finished"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many files of an intake are in each state. work: broken: the job ended before the files did."""

    counts: Mapping[str, int]
    work: Work

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        return self.counts.get(IntakeState.WAITING, 0)

    @property
    def done(self) -> int:
        return self.total - self.waiting

    @property
    def taken(self) -> int:
        return self.counts.get(IntakeState.TAKEN, 0)

    @property
    def unchanged(self) -> int:
        return self.counts.get(IntakeState.UNCHANGED, 0)

    @property
    def refused(self) -> int:
        return self.counts.get(IntakeState.REFUSED, 0)

    @property
    def goes_on(self) -> bool:
        return self.work in ("waiting", "running")


def units_bringing(actor: Actor) -> tuple[int, ...]:
    """The actor's units for which files may be brought: to send their own reports, or to receive those beneath."""
    return tuple(unit for unit in actor.unit_ids if any(actor.may(one, unit) for one in ENTER))


def intakes_for(actor: Actor) -> QuerySet[Intake]:
    """What the actor brought, and what others brought for a unit at which the actor receives; newest first."""
    rows = Intake.objects.select_related("act", "act__unit").order_by("-pk")
    if actor.everything:
        return rows
    receiving = [unit for unit in actor.unit_ids if actor.may(Permission.RECEIVE_REPORT, unit)]
    return rows.filter(Q(act__actor_id=actor.user_id, act__actor__isnull=False) | Q(act__unit_id__in=receiving))


def unfinished_in_folder(actor: Actor) -> list[Intake]:
    """What the actor brought by a folder and is not taken yet, oldest first."""
    rows = Intake.objects.filter(source=IntakeSource.FOLDER, finished_at=None, act__actor_id=actor.user_id)
    return list(rows.select_related("act").order_by("pk"))


def intake_for(actor: Actor, pk: int) -> Intake:
    """Raises Http404 outside the actor's scope."""
    found = intakes_for(actor).filter(pk=pk).first()
    if found is None:
        raise Http404("Không có lần tải lên này trong phạm vi của bạn.")
    return found


def progress_of(intake: Intake) -> Progress:
    return progress_of_many([intake])[intake.pk]


def progress_of_many(intakes: Sequence[Intake]) -> dict[int, Progress]:
    """By id. Two queries."""
    counts: dict[int, dict[str, int]] = {one.pk: {} for one in intakes}
    rows = IntakeFile.objects.filter(intake__in=counts).order_by().values("intake_id", "state")
    for row in rows.annotate(n=Count("pk")):
        counts[row["intake_id"]][row["state"]] = row["n"]
    jobs = [one.job for one in intakes if one.job is not None and one.finished_at is None]
    states = dict(ProcrastinateJob.objects.filter(pk__in=jobs).values_list("pk", "status")) if jobs else {}
    return {one.pk: Progress(counts[one.pk], _work(one, counts[one.pk], states)) for one in intakes}


def _work(intake: Intake, counts: Mapping[str, int], states: Mapping[int, str]) -> Work:
    if intake.finished_at is not None:
        return "stopped" if counts.get(IntakeState.WAITING) else "finished"
    status = states.get(intake.job or 0)
    if status == "doing":
        return "running"
    return "waiting" if status == "todo" else "broken"


def files_of(intake: Intake, state: str = "") -> QuerySet[IntakeFile]:
    """The files in their order, without their bytes. state: only those in it."""
    rows = IntakeFile.objects.filter(intake=intake).order_by("position")
    joined = rows.select_related("submission__obligation__unit", "submission__obligation__form")
    return joined.filter(state=state) if state else joined


def refused_first(files: QuerySet[IntakeFile]) -> QuerySet[IntakeFile]:
    """What somebody has to do something about stands on top."""
    order = Case(When(state=IntakeState.REFUSED, then=0), When(state=IntakeState.WAITING, then=1), default=2)
    return files.order_by(order, "position")


def answer_ids(intake: Intake) -> list[tuple[str, int]]:
    """Name of the file and blob of its answer copy, for every refused file that has one."""
    rows = IntakeFile.objects.filter(intake=intake, answer__isnull=False).order_by("position")
    return [(name, blob) for name, blob in rows.values_list("filename", "answer_id") if blob is not None]


def receives_reports(actor: Actor) -> bool:
    """Whether somebody sends reports to a unit at which the actor receives them."""
    units = [unit for unit in actor.unit_ids if actor.may(Permission.RECEIVE_REPORT, unit)]
    return Obligation.objects.filter(receiver_id__in=units).exists()


def signing_roles(actor: Actor, on: date) -> tuple[str, ...]:
    """The roles under the forms that the actor's units owe and may send, each once, in the forms' order."""
    units = [unit for unit in actor.unit_ids if actor.may(Permission.SEND_REPORT, unit)]
    rows = Obligation.objects.filter(unit_id__in=units, period__start__lte=on).select_related("form")
    forms = {row.form_id: row.form for row in rows.order_by("form_id").distinct("form_id")}
    return tuple(dict.fromkeys(role for form in forms.values() for role in definition_of(form).signatures))
