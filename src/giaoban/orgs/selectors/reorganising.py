"""Imports of a reorganisation: the table, what was decided about it, and what is still wrong with it."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from django.db.models import QuerySet
from django.http import Http404
from procrastinate.contrib.django.models import ProcrastinateJob

from giaoban.core.reorganisation import (
    Decision,
    Examination,
    Register,
    Row,
    decision_from_data,
    examine,
    row_from_data,
)
from giaoban.core.timeline import Timeline
from giaoban.kit.actors import Actor
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Permission
from giaoban.orgs.models import AreaKind, ImportState, ReorganisationImport
from giaoban.orgs.rules import bare_name
from giaoban.orgs.selectors.timelines import area_timeline

APPLY_JOB: Final = "orgs.apply_reorganisation"
REFUSED: Final = "orgs.reorganisation-refused"
"""The act that keeps why an import could not be applied."""

Work = Literal["none", "waiting", "running", "failed"]


def imports_for(actor: Actor) -> "QuerySet[ReorganisationImport]":
    """The imports of the units at which the actor may change units, newest first."""
    rows = ReorganisationImport.objects.select_related("event").defer("rows").order_by("-created_at", "-pk")
    if actor.everything:
        return rows
    units = [unit_id for unit_id in actor.unit_ids if actor.may(Permission.MANAGE_UNITS, unit_id)]
    return rows.filter(unit_id__in=units)


def import_for(actor: Actor, pk: int) -> ReorganisationImport:
    """One of them. Raises Http404."""
    row = imports_for(actor).filter(pk=pk).first()
    if row is None:
        raise Http404("Không có bảng này, hoặc bảng của đơn vị khác.")
    return row


def register_on(on: date, timeline: Timeline | None = None) -> Register:
    """What the register of areas knows on the day before `on`."""
    kinds = dict(AreaKind.objects.order_by("level", "pk").values_list("key", "name"))
    return Register(area_timeline() if timeline is None else timeline, on, kinds, bare_name)


def rows_of(row: ReorganisationImport) -> list[Row]:
    """The table as it came."""
    return [row_from_data(one) for one in row.rows]


def decisions_of(row: ReorganisationImport) -> list[Decision]:
    """What was decided, in the order of deciding."""
    found = [decision_from_data(slip, data) for slip, data in row.decisions.items()]
    return sorted(found, key=lambda one: one.order)


def examination_of(row: ReorganisationImport, register: Register | None = None) -> Examination:
    """The table after the decisions, against the register as it is now."""
    return examine(rows_of(row), register or register_on(row.on), decisions_of(row))


@dataclass(frozen=True, slots=True)
class Applying:
    """How far the work of applying is. refusal: why it was refused last, "" when it was not."""

    work: Work
    refusal: str = ""


def applying(row: ReorganisationImport) -> Applying:
    if row.state != ImportState.EXAMINED:
        return Applying("none")
    job = ProcrastinateJob.objects.filter(task_name=APPLY_JOB, args__import_id=row.pk).order_by("-id").first()
    status = "" if job is None else job.status
    work: Work = {"todo": "waiting", "doing": "running", "failed": "failed"}.get(status, "none")  # type: ignore[assignment]
    last = next((one for one in acts_on(row)), None)
    return Applying(work, last.reason if last is not None and last.name == REFUSED else "")
