"""A meeting, what it reads, what it concludes, and what becomes of each paragraph."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q


class MeetingState(models.TextChoices):
    PREPARING = "preparing", "đang chuẩn bị"
    HELD = "held", "đã họp, đang hoàn thiện kết luận"
    CONCLUDED = "concluded", "đã ban hành kết luận"


@pghistory.track()
class Meeting(models.Model):
    """`type` and `form` are keys of the pack's word lists `meeting_types` and `meeting_forms`."""

    key = models.SlugField(max_length=120, unique=True)
    type = models.CharField(max_length=60)
    form = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    held_on = models.DateField()
    place = models.CharField(max_length=200, blank=True)
    host = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="hosted_meetings")
    period = models.ForeignKey("reporting.Period", null=True, on_delete=models.PROTECT, related_name="+")
    chair_name = models.CharField(max_length=200)
    chair_title = models.CharField(max_length=200, blank=True)
    secretary = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=MeetingState.choices, default=MeetingState.PREPARING)
    source = models.TextField(blank=True)
    published_on = models.DateField(null=True)
    list_complete = models.BooleanField(default=True)
    simulated_note = models.TextField(blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-held_on", "-pk")

    def __str__(self) -> str:
        return self.title


class Attendance(models.TextChoices):
    INVITED = "invited", "được mời"
    PRESENT = "present", "có mặt"
    ABSENT = "absent", "vắng"


class Participant(models.Model):
    """A unit at a meeting, or (unit empty) a group as the source names it."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="participants")
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=300, blank=True)
    attendance = models.CharField(max_length=20, choices=Attendance.choices, default=Attendance.INVITED)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["meeting", "unit"], name="participant_once"),
            models.CheckConstraint(name="participant_named", condition=Q(unit__isnull=False) | ~Q(label="")),
        )

    def __str__(self) -> str:
        return self.label or str(self.unit)


class AgendaItem(models.Model):
    """One point of the agenda. `origin_key` is set for points built from open matters, so that they come once.

    `simulated`: the matter rests on simulated figures, tasks or findings, whatever the meeting is.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="agenda")
    position = models.PositiveSmallIntegerField()
    title = models.TextField()
    about = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True)
    simulated = models.BooleanField(default=False)
    origin_key = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["meeting", "origin_key"], condition=~Q(origin_key=""), name="agenda_matter_once"
            ),
        )

    def __str__(self) -> str:
        return self.title


class Attachment(models.Model):
    """A paper of the meeting. Without a blob it is a title card: the paper existed, its text is not in our hands.

    `filename`, `media_type`: as this paper was handed in; the blob is shared and keeps those of its first storing.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attachments")
    title = models.CharField(max_length=300)
    note = models.TextField(blank=True)
    source = models.TextField(blank=True)
    blob = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255, blank=True)
    media_type = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="attached_file_named", condition=Q(blob__isnull=True) | (~Q(filename="") & ~Q(media_type=""))
            ),
        )

    def __str__(self) -> str:
        return self.title


class ParagraphKind(models.TextChoices):
    TASK = "task", "nhiệm vụ"
    ORIENTATION = "orientation", "định hướng"
    AGREEMENT = "agreement", "nhất trí"


@pghistory.track()
class Paragraph(models.Model):
    """A paragraph of the conclusion: its words verbatim, and what it becomes. The clears are columns here."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="paragraphs")
    number = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=2, blank=True)  # "a", "b": one paragraph of the source holding two matters
    text = models.TextField()
    kind = models.CharField(max_length=20, choices=ParagraphKind.choices)
    what = models.TextField(blank=True)
    helpers = models.TextField(blank=True)
    product = models.TextField(blank=True)
    due_on = models.DateField(null=True)
    due_words = models.TextField(blank=True)  # the time as the source words it: "quý II năm 2014"
    leads = models.ManyToManyField("orgs.Unit", blank=True, related_name="+")
    leads_words = models.TextField(blank=True)  # the lead as the source words it: "Phòng Tư pháp cấp huyện"
    filled_by_secretary = models.JSONField(default=list)  # names of clears that the source text does not give
    task_key = models.CharField(max_length=120, blank=True)
    source = models.TextField(blank=True)

    class Meta:
        ordering = ("number", "part")
        constraints = (models.UniqueConstraint(fields=["meeting", "number", "part"], name="paragraph_number_once"),)

    def __str__(self) -> str:
        return self.text

    @property
    def label(self) -> str:
        """How the paragraph is called: "4", or "4a" once it was split."""
        return f"{self.number}{self.part}"


@pghistory.track()
class Notice(models.Model):
    """The conclusion notice as issued. Number, day and signer are entered by a person when the paper has them.

    Its history keeps every earlier number, day, signer and content.
    """

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="notice")
    number = models.CharField(max_length=40, blank=True)
    dated_on = models.DateField(null=True)
    signer = models.CharField(max_length=200, blank=True)
    content = models.JSONField()
    issued_at = models.DateTimeField()
    docx = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    pdf = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.number} {self.meeting}"
