"""What a meeting reads, frozen as presented."""

import pgtrigger
from django.db import models
from pgtrigger import F, Q


class BriefingBook(models.Model):
    """A frozen book: `content` is the data of both documents; the documents are made from it by a job.

    `meeting_key` names the meeting without knowing it: meetings stand above this room. What was presented never changes
    and is never deleted: the database refuses both. The documents are printed once; `printed_with` says with which
    versions of the templates: {"docx": checksum, "pdf": checksum}.
    """

    meeting_key = models.CharField(max_length=120)
    meeting_url = models.CharField(max_length=300, blank=True)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    docx = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    pdf = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    printed_with = models.JSONField(default=dict)
    simulated = models.BooleanField(default=False)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=["meeting_key", "version"], name="book_version_once"),)
        triggers = (
            pgtrigger.ReadOnly(
                name="book_stays_as_presented",
                fields=[
                    "meeting_key",
                    "meeting_url",
                    "version",
                    "title",
                    "unit",
                    "content",
                    "checksum",
                    "frozen_at",
                    "simulated",
                    "act",
                ],
            ),
            pgtrigger.Protect(
                name="book_papers_are_printed_once",
                operation=pgtrigger.Update,
                condition=(Q(old__docx__isnull=False) & Q(old__docx__df=F("new__docx")))
                | (Q(old__pdf__isnull=False) & Q(old__pdf__df=F("new__pdf")))
                | (
                    Q(old__docx__isnull=False)
                    & Q(old__pdf__isnull=False)
                    & Q(old__printed_with__df=F("new__printed_with"))
                ),
            ),
            pgtrigger.Protect(name="book_is_kept", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"
