from typing import ClassVar

from django.db import models
from django.db.models import Q


class Blob(models.Model):
    """A file's bytes, kept once however often they are stored.

    `filename` and `media_type` are those of the first storing; whoever refers to a blob keeps its own name for it.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=120)
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.filename


class TemplateQuerySet(models.QuerySet["Template"]):
    def current(self) -> "TemplateQuerySet":
        return self.filter(current=True)


class Template(models.Model):
    """One version of a document template; versions stay, so that what was printed with them can be explained."""

    class Engine(models.TextChoices):
        TYPST = "typst", "Typst (PDF)"
        DOCX = "docx", "docxtpl (DOCX)"

    key = models.CharField(max_length=120)
    engine = models.CharField(max_length=8, choices=Engine)
    title = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    checksum = models.CharField(max_length=64)  # of the file and every file it imports
    loaded_at = models.DateTimeField(auto_now_add=True)
    current = models.BooleanField(default=True)

    objects: ClassVar[models.Manager["Template"]] = TemplateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["key", "engine"], condition=Q(current=True), name="template_one_current"),
            models.UniqueConstraint(fields=["key", "engine", "checksum"], name="template_version_once"),
            models.CheckConstraint(condition=Q(engine__in=["typst", "docx"]), name="template_engine_known"),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.engine})"


class TemplateAsset(models.Model):
    """A file that a template imports by plain name, as it was when that version was loaded."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="assets")
    name = models.CharField(max_length=120)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["template", "name"], name="template_asset_once"),)

    def __str__(self) -> str:
        return self.name
