"""A task, the units it fans out to, and every deadline they ever had. State and timeliness are two axes."""

import pghistory
from django.db import models
from django.db.models import Q


@pghistory.track()
class Task(models.Model):
    """What is to be done, by whom, with whom, by when, with which product; and where it comes from.

    `origin_*` is given by the room that assigns: a task never looks upwards. `source_text` is the paragraph, verbatim.
    `search_key`: title, origin and source text as `core.vietnamese.fold` leaves them.
    """

    title = models.TextField()
    issuer = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="issued_tasks")
    helpers = models.TextField(blank=True)
    product = models.TextField()
    due_on = models.DateField()
    origin_kind = models.CharField(max_length=60)
    origin_label = models.CharField(max_length=300)
    origin_url = models.CharField(max_length=300, blank=True)
    origin_key = models.CharField(max_length=120, unique=True)
    source_text = models.TextField(blank=True)
    search_key = models.TextField()
    assigned_at = models.DateTimeField()
    simulated_note = models.TextField(blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.title


class TaskState(models.TextChoices):
    ASSIGNED = "assigned", "đã giao"
    STARTED = "started", "đang làm"
    REPORTED = "reported", "đã báo hoàn thành, chờ xác nhận"
    DONE = "done", "hoàn thành"


@pghistory.track()
class TaskUnit(models.Model):
    """One unit's share of a task. `done_on` counts for timeliness: the day the unit reported it done."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="units")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="task_units")
    state = models.CharField(max_length=20, choices=TaskState.choices, default=TaskState.ASSIGNED)
    due_on = models.DateField()
    done_on = models.DateField(null=True)
    product = models.TextField(blank=True)
    verified = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["task", "unit"], name="task_unit_once"),
            models.CheckConstraint(
                name="done_on_when_reported",
                condition=Q(state__in=["assigned", "started"], done_on__isnull=True)
                | Q(state__in=["reported", "done"], done_on__isnull=False),
            ),
            models.CheckConstraint(
                name="done_is_verified", condition=Q(state="done", verified__isnull=False) | ~Q(state="done")
            ),
        )
        indexes = (models.Index(fields=["unit", "state", "due_on"]),)

    def __str__(self) -> str:
        return f"{self.task} · {self.unit}"


class TaskDeadlineChange(models.Model):
    task_unit = models.ForeignKey(TaskUnit, on_delete=models.CASCADE, related_name="deadline_changes")
    old_due_on = models.DateField()
    due_on = models.DateField()
    reason = models.TextField()
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.old_due_on} → {self.due_on}"


class Progress(models.Model):
    """What a unit, or the issuer, said about a unit's share, and when."""

    task_unit = models.ForeignKey(TaskUnit, on_delete=models.CASCADE, related_name="progress")
    on = models.DateField()
    note = models.TextField()
    state = models.CharField(max_length=20, choices=TaskState.choices)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("on", "pk")

    def __str__(self) -> str:
        return self.note
