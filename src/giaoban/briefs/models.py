"""What a meeting reads, frozen as presented; and reports in words, from their outline to the issued paper."""

from datetime import date

import pghistory
import pgtrigger
from django.db import models
from pgtrigger import F, Q

from giaoban.briefs.rules.states import STATE_NAMES, WRITTEN_NAMES, FigureState, State, Written
from giaoban.core.vietnamese import day
from giaoban.kit.models import Dated


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


class Outline(Dated):
    """What a narrative report of one kind of period consists of, as the pack has it.

    rule: the cut of the year, as `core.periods.rule_from_dict` reads it; only: numbers of its periods, none = all.
    parts: [{key, heading, per_field, fields}]. law: as an act (`basis`) has it; otherwise by local instruction.
    """

    key = models.SlugField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    rule = models.JSONField()
    only = models.JSONField(default=list)
    parts = models.JSONField()
    law = models.BooleanField()
    basis = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)
    notes = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class NarrativeReport(models.Model):
    """A report in words of a unit for a period; its text stands in the sections, what was presented in the versions.

    end: the first day after the window. number to signer_title: as on the paper, entered when it is issued or later.
    show_sources: whether the paper names the unit from which a paragraph was taken.
    """

    outline = models.ForeignKey(Outline, on_delete=models.PROTECT, related_name="reports")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=300)
    period_code = models.CharField(max_length=40)
    period_label = models.CharField(max_length=200)
    start = models.DateField()
    end = models.DateField()
    state = models.CharField(max_length=12, choices=[(one.value, STATE_NAMES[one]) for one in State], default="draft")
    presented_to = models.CharField(max_length=300, blank=True)
    number = models.CharField(max_length=40, blank=True)
    symbol = models.CharField(max_length=60, blank=True)
    dated_on = models.DateField(null=True)
    authority = models.CharField(max_length=300, blank=True)
    signer = models.CharField(max_length=200, blank=True)
    signer_title = models.CharField(max_length=200, blank=True)
    recipients = models.TextField(blank=True)
    show_sources = models.BooleanField(default=False)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-end", "-start", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["outline", "unit", "period_code"], name="narrative_once"),
            models.CheckConstraint(name="narrative_in_order", condition=models.Q(end__gt=models.F("start"))),
            models.CheckConstraint(
                name="narrative_state_known", condition=models.Q(state__in=[one.value for one in State])
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_final(self) -> bool:
        return self.state == State.FINAL

    @property
    def last_day(self) -> date:
        return self.end - date.resolution

    @property
    def window(self) -> str:
        return f"{day(self.start)}–{day(self.last_day)}"


class Section(models.Model):
    """A piece of a report that one unit writes. `version` counts its savings: who saves says which one was read.

    heading: "" where the part itself is the section. unit: who writes it; due_on: the day the report's unit asked for.
    """

    report = models.ForeignKey(NarrativeReport, on_delete=models.PROTECT, related_name="sections")
    part = models.CharField(max_length=120)
    part_heading = models.CharField(max_length=300)
    field = models.ForeignKey("orgs.Field", null=True, on_delete=models.PROTECT, related_name="+")
    heading = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=[(one.value, WRITTEN_NAMES[one]) for one in Written], default="open")
    act = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["report", "position"], name="section_place_once"),
            models.CheckConstraint(
                name="section_state_known", condition=models.Q(state__in=[one.value for one in Written])
            ),
        )
        indexes = (models.Index(fields=["unit", "state"], name="section_by_writer"),)

    def __str__(self) -> str:
        return self.heading or self.part_heading


class SectionVersion(models.Model):
    """The text of a section after one saving; who saved it and when stands in the act. Never changes."""

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("version",)
        constraints = (models.UniqueConstraint(fields=["section", "version"], name="section_version_once"),)
        triggers = (pgtrigger.Protect(name="section_version_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.section_id}@{self.version}"


@pghistory.track()
class BoundFigure(models.Model):
    """A number in the text of a section that is bound to its fact: `source` and `reference` find it again. form: "" of
    an indicator that a question asked for, which may read several.

    value: as last seen by an author, None = the source had none. kept_value: another value of the fact that an author
    saw and did not take, with the reason. found, found_state, found_at: what the last look at the fact gave. nil,
    found_nil: the value is 0 because it was declared not to have occurred. `number` is its name in the text and is
    never given twice in a section.
    """

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="figures")
    number = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=80)
    reference = models.JSONField()
    form = models.CharField(max_length=200, blank=True)
    period = models.CharField(max_length=40, blank=True)
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=500)
    measure = models.CharField(max_length=80, blank=True)
    scale = models.PositiveSmallIntegerField(default=0)
    with_unit = models.BooleanField(default=False)
    value = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    origin = models.TextField()
    simulated = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    kept_value = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    kept_reason = models.CharField(max_length=500, blank=True)
    found = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    found_state = models.CharField(max_length=8, default="same")
    found_words = models.CharField(max_length=500, blank=True)
    found_at = models.DateTimeField()
    nil = models.BooleanField(default=False)
    found_nil = models.BooleanField(default=False)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["section", "number"], name="bound_figure_once"),
            models.CheckConstraint(
                name="bound_figure_state_known", condition=Q(found_state__in=[one.value for one in FigureState])
            ),
        )
        indexes = (models.Index(fields=["form", "period", "unit"], name="bound_figure_by_fact"),)

    def __str__(self) -> str:
        return self.label


class NarrativeVersion(models.Model):
    """A report as it was presented, amended or issued: `content` with every text and figure, frozen.

    What was presented is printed once; an issued report again when its number or day is entered.
    """

    report = models.ForeignKey(NarrativeReport, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    to_whom = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True)
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    simulated = models.BooleanField(default=False)
    docx = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    pdf = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    printed_with = models.JSONField(default=dict)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(fields=["report", "version"], name="narrative_version_once"),
            models.CheckConstraint(
                name="narrative_version_kind_known", condition=Q(kind__in=["presented", "amended", "final"])
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="narrative_version_stays",
                fields=[
                    "report",
                    "version",
                    "kind",
                    "to_whom",
                    "reason",
                    "content",
                    "checksum",
                    "frozen_at",
                    "simulated",
                    "act",
                ],
            ),
            pgtrigger.Protect(
                name="narrative_papers_printed_once",
                operation=pgtrigger.Update,
                condition=~Q(old__kind="final")
                & (
                    (Q(old__docx__isnull=False) & Q(old__docx__df=F("new__docx")))
                    | (Q(old__pdf__isnull=False) & Q(old__pdf__df=F("new__pdf")))
                ),
            ),
            pgtrigger.Protect(name="narrative_version_is_kept", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.report_id} ({self.version})"


class NarrativeAttachment(models.Model):
    """A paper of others that goes with a report, under the name that it had there."""

    report = models.ForeignKey(NarrativeReport, on_delete=models.PROTECT, related_name="attachments")
    title = models.CharField(max_length=300)
    filename = models.CharField(max_length=255)
    media_type = models.CharField(max_length=120)
    blob = models.ForeignKey("documents.Blob", on_delete=models.PROTECT, related_name="+")
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title
