"""Who owes which form for which period by when, and what came in. Submitted lines are only ever inserted."""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from giaoban.kit.models import Dated


class Regime(Dated):
    """A legal act that orders reports, with the span in which it governs."""

    key = models.CharField(max_length=80, unique=True)
    act = models.CharField(max_length=200)
    title = models.TextField(blank=True)
    number = models.CharField(max_length=80, blank=True)
    issued_on = models.DateField(null=True)
    source = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.act


class PeriodRule(models.Model):
    """How a regime cuts the year; `definition` is what `core.periods.rule_from_dict` reads."""

    regime = models.ForeignKey(Regime, on_delete=models.CASCADE, related_name="period_rules")
    key = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    definition = models.JSONField()

    def __str__(self) -> str:
        return self.name


class Period(models.Model):
    """One period and one instalment of it. `end` and `actual_until` are exclusive."""

    rule = models.ForeignKey(PeriodRule, on_delete=models.PROTECT, related_name="periods")
    code = models.CharField(max_length=40)
    instalment = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=200)
    start = models.DateField()
    end = models.DateField()
    actual_until = models.DateField(null=True)
    estimated_months = models.PositiveSmallIntegerField(default=0)
    cumulative = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["rule", "code", "instalment"], name="period_once"),
            models.CheckConstraint(name="period_in_order", condition=Q(end__gt=F("start"))),
        )

    def __str__(self) -> str:
        return self.label


class FormKind(models.TextChoices):
    LEGAL = "legal", "biểu mẫu pháp lý"
    CAPTURE = "capture", "biểu ghi số liệu, không phải biểu mẫu pháp lý"
    REQUEST = "request", "yêu cầu báo cáo đột xuất, không phải biểu mẫu pháp lý"


class FormVersion(Dated):
    """A form under one act. A published version never changes: `checksum` guards it."""

    key = models.CharField(max_length=200, unique=True)
    act = models.CharField(max_length=200)
    code = models.CharField(max_length=80)
    title = models.TextField()
    kind = models.CharField(max_length=20, choices=FormKind.choices)
    definition = models.JSONField()
    checksum = models.CharField(max_length=64)
    field = models.ForeignKey("orgs.Field", null=True, on_delete=models.PROTECT, related_name="+")
    family = models.CharField(max_length=80, blank=True)
    regime = models.ForeignKey(Regime, null=True, on_delete=models.PROTECT, related_name="forms")

    def __str__(self) -> str:
        return self.code


class OwingRule(models.Model):
    """Units of a kind owe a form, for the periods of a rule, to a receiver above them on a line.

    `deadlines`: rule key / instalment → date word of `core.periods.due_on`; absent = the sources give none.
    `receiver_kind` empty: nobody receives (published figures captured as they are).
    """

    form = models.ForeignKey(FormVersion, on_delete=models.CASCADE, related_name="owing_rules")
    reporter_kind = models.ForeignKey("orgs.UnitKind", on_delete=models.PROTECT, related_name="+")
    receiver_kind = models.ForeignKey("orgs.UnitKind", null=True, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey("orgs.Line", on_delete=models.PROTECT, related_name="+")
    rules = models.ManyToManyField(PeriodRule, related_name="owing_rules")
    deadlines = models.JSONField(default=dict)
    deadline_set = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["form", "reporter_kind", "line"], name="owing_rule_once"),)

    def __str__(self) -> str:
        return f"{self.form} ← {self.reporter_kind}"


@pghistory.track()
class Obligation(models.Model):
    """A unit owes a form for a period. `due_on` empty = no deadline is known, which is a state of its own."""

    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="obligations")
    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="obligations")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="obligations")
    receiver = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    due_source = models.CharField(max_length=300, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["unit", "form", "period"], name="owed_once"),)
        indexes = (
            models.Index(fields=["form", "period", "unit"]),
            models.Index(fields=["receiver", "due_on"]),
            models.Index(fields=["due_on"]),
        )

    def __str__(self) -> str:
        return f"{self.unit} · {self.form} · {self.period}"


class DeadlineChange(models.Model):
    """A deadline moved by a numbered dispatch or a decision of the receiver. The history is never rewritten.

    `undoes`: the move that this one takes back.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="deadline_changes")
    old_due_on = models.DateField(null=True)
    due_on = models.DateField()
    basis = models.CharField(max_length=300)
    reason = models.TextField()
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.old_due_on} → {self.due_on}"


class Reminder(models.Model):
    """The receiver reminded the unit; shown in its My work."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="reminders")
    note = models.TextField(blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.obligation)


class Channel(models.TextChoices):
    WEB = "web", "nhập trên trang"
    WORKBOOK = "workbook", "tệp bảng tính"
    CSV = "csv", "tệp CSV"
    PUBLICATION = "publication", "ghi từ công bố"


class Draft(models.Model):
    """What is being typed. `figures`: cell address ``table/row/subunit/column`` (+ ``/estimate``) → text as typed.

    `papers`: what goes with the figures, typed so far. `file`: the workbook that the figures were read from, under the
    name that it was uploaded with. `revision` counts the savings that changed something.
    """

    obligation = models.OneToOneField(Obligation, on_delete=models.CASCADE, related_name="draft")
    figures = models.JSONField(default=dict)
    notes = models.TextField(blank=True)
    explanations = models.JSONField(default=dict)
    channel = models.CharField(max_length=20, choices=Channel.choices, default=Channel.WEB)
    file = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255, blank=True)
    papers = models.JSONField(default=dict)  # signers, number and date as typed so far: name of the field → text
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.obligation)


class DraftCell(models.Model):
    """Who changed a cell of a draft last, and when. `version`: the draft's revision of that change.

    A cell without a row has version 0. `name`: as in `rules.merging`; the text itself stands in the draft.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="cells")
    name = models.CharField(max_length=600)
    version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["draft", "name"], name="draft_cell_once"),)

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """Somebody has the entry page of a report open; kept while the page asks for news."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["obligation", "user"], name="present_once"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.obligation}"


class SubmissionState(models.TextChoices):
    SENT = "sent", "đã gửi, chờ tiếp nhận"
    RETURNED = "returned", "trả lại"
    ACCEPTED = "accepted", "đã tiếp nhận"
    SUPERSEDED = "superseded", "đã có bản thay thế"


class ImportedFile(models.Model):
    """A file that was taken in whole. The same bytes are refused a second time."""

    sha256 = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=255)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    blob = models.ForeignKey("documents.Blob", on_delete=models.PROTECT, related_name="+")
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.filename


@pghistory.track()
class Submission(models.Model):
    """Version n of what a unit sent. `is_current` marks the latest accepted: these are the figures."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="submissions")
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=SubmissionState.choices)
    is_current = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    entered_by_name = models.CharField(max_length=200)
    on_behalf_of = models.CharField(max_length=300, blank=True)
    signatures = models.JSONField(default=list)  # [{"role": "Người lập biểu", "name": "…"}], in the form's order
    document_number = models.CharField(max_length=80, blank=True)
    document_date = models.DateField(null=True)
    scan = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(ImportedFile, null=True, on_delete=models.PROTECT, related_name="submissions")
    sent_at = models.DateTimeField()
    receipt = models.CharField(max_length=40, unique=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decision_reason = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    explanations = models.JSONField(default=dict)  # issue key → the unit's words
    # What the receiver said of them: issue key → {"accepted": bool, "note": "…", "by": "…", "at": "…"}
    verdicts = models.JSONField(default=dict)
    # Cells that the receiver marked when returning: [{"cell": name as in `rules.merging`, "note": "…"}]
    marked_cells = models.JSONField(default=list)
    # Which amendment of figures that were accepted before this is, 1, 2 …; 0: none.
    amendment = models.PositiveSmallIntegerField(default=0)
    amendment_reason = models.TextField(blank=True)
    simulated = models.BooleanField(default=False)
    source = models.TextField(blank=True)
    # Of the lines as sent, which never change: cells filled, cells asked for, warnings that the unit explained.
    filled = models.PositiveIntegerField()
    required = models.PositiveIntegerField()
    warnings = models.PositiveIntegerField()
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["obligation", "version"], name="submission_version_once"),
            models.UniqueConstraint(fields=["obligation"], condition=Q(is_current=True), name="one_current_submission"),
            models.CheckConstraint(
                name="current_is_accepted", condition=Q(is_current=False) | Q(state=SubmissionState.ACCEPTED)
            ),
            models.CheckConstraint(
                name="decided_when_decided", condition=Q(state=SubmissionState.SENT) | Q(decided_at__isnull=False)
            ),
            models.CheckConstraint(name="amendment_has_a_reason", condition=Q(amendment=0) | ~Q(amendment_reason="")),
        )

    def __str__(self) -> str:
        return f"{self.obligation} v{self.version}"


class SubmissionLine(models.Model):
    """A form row, or a form row × sub-unit: one dense vector over the table's numeric columns.

    `values`, `estimates`: scaled integers (value × 10^scale of the column), NULL where nothing stands.
    `marks`: `core.figures.Mark` per column. Insert-only.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="lines")
    table = models.CharField(max_length=40)
    row = models.CharField(max_length=80)
    subunit = models.CharField(max_length=120, blank=True)
    values = ArrayField(models.BigIntegerField(null=True))
    estimates = ArrayField(models.BigIntegerField(null=True))
    marks = ArrayField(models.SmallIntegerField())
    texts = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["submission", "table", "row", "subunit"], name="line_once"),
            models.CheckConstraint(
                name="line_vectors_of_one_width",
                condition=Q(values__len=F("marks__len")) & Q(estimates__len=F("marks__len")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.table}/{self.row}/{self.subunit}"


class Waiver(models.Model):
    """One check does not hold back one report. `check_key`: as in `rules.issue_key`; `until`: the last day it holds."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="waivers")
    check_key = models.CharField(max_length=900)
    sentence = models.TextField()
    reason = models.TextField()
    until = models.DateField()
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")
    withdrawn = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["obligation", "check_key"], condition=Q(withdrawn=None), name="check_waived_once"
            ),
        )

    def __str__(self) -> str:
        return self.check_key


class Closing(models.Model):
    """The books of a form and period are closed at a unit: nothing more is sent or accepted beneath it.

    `undone`: the act that took the closing back altogether.
    """

    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="closings")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="closings")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")
    undone = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["form", "period", "unit"], condition=Q(undone=None), name="books_closed_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.form} {self.period}"


class Reopening(models.Model):
    """Closed books are open again for one unit, or for all beneath (`unit` empty), until a moment."""

    closing = models.ForeignKey(Closing, on_delete=models.CASCADE, related_name="reopenings")
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    until = models.DateTimeField()
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.closing} → {self.until}"


class IntakeSource(models.TextChoices):
    PAGE = "page", "tải lên trang"
    FOLDER = "folder", "thư mục thư đến"


class Intake(models.Model):
    """Files that came in together, taken one by one by a job. `accept`: received at once, when the taker receives."""

    source = models.CharField(max_length=20, choices=IntakeSource.choices)
    accept = models.BooleanField(default=False)
    job = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return str(self.pk)


class IntakeState(models.TextChoices):
    WAITING = "waiting", "chờ đọc"
    TAKEN = "taken", "đã nhận"
    UNCHANGED = "unchanged", "đã có từ trước"
    REFUSED = "refused", "không nhận"


class IntakeFile(models.Model):
    """One file of an intake and what became of it. `answer`: a copy of the workbook with the faults at their cells."""

    intake = models.ForeignKey(Intake, on_delete=models.CASCADE, related_name="files")
    position = models.PositiveIntegerField()
    filename = models.CharField(max_length=255)
    blob = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=IntakeState.choices, default=IntakeState.WAITING)
    sentence = models.TextField(blank=True)
    issues = models.JSONField(default=list)  # [{"sentence": "…", "sheet": "…", "cell": "B7"}]
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey("documents.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # how often a worker began it without coming to an end
    retried_at = models.DateTimeField(null=True)  # from when it counts as sent, once it had been refused

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["intake", "position"], name="intake_file_once"),)

    def __str__(self) -> str:
        return self.filename


class DecreedDay(models.Model):
    """A day that an act of the State made worked or free, whatever the general calendar says."""

    day = models.DateField(unique=True)
    worked = models.BooleanField()
    basis = models.CharField(max_length=300)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day}"


class CalendarToken(models.Model):
    """A secret address under which a calendar program reads what a unit owes. Only the hash of the secret is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.CASCADE, related_name="+")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"


class Justification(models.Model):
    """Why a report is asked for although it burdens units more than the regime does, signed by a named person.

    `findings`: [{"code": "known-data" or "earlier-deadline", "sentence": "…"}] as seen when signing. `units`: ids of
    those that were asked.
    """

    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="justifications")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="justifications")
    receiver = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    findings = models.JSONField(default=list)
    units = ArrayField(models.BigIntegerField(), default=list)
    reason = models.TextField()
    signed_by = models.CharField(max_length=200)
    signer_title = models.CharField(max_length=200)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.reason[:60]


class Layer(models.TextChoices):
    CONFIRMED = "confirmed", "đã xác nhận"
    PRESENTED = "presented", "đã trình"
    PUBLISHED = "published", "đã công bố"


class Snapshot(models.Model):
    """A consolidated table frozen at a moment, beside the live one.

    `number`, `issued_on`, `link`: the document with which it was published, or what it was presented in; `origin`: what
    froze it, so that the same is not frozen twice ("book:12").
    """

    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="snapshots")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="snapshots")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    geography_on = models.DateField(null=True)
    layer = models.CharField(max_length=20, choices=Layer.choices)
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    number = models.CharField(max_length=80, blank=True)
    issued_on = models.DateField(null=True)
    link = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True)
    origin = models.CharField(max_length=120, blank=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["form", "period", "unit", "geography_on", "layer", "origin"],
                condition=~Q(origin=""),
                nulls_distinct=False,
                name="frozen_once_for_its_origin",
            ),
        )

    def __str__(self) -> str:
        return f"{self.form} {self.period} {self.layer}"


class FrozenFile(models.Model):
    """Accepted reports of one form and period, written once as Parquet. The file never changes; an amendment, or a
    thaw, makes it give way to the next version.

    `path`: inside the folder of frozen files. `lines` are its rows, `cells` the figures in them. `definition`: checksum
    of the form as it stood. `stands`: whether long series read it instead of the database.
    """

    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="frozen_files")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="frozen_files")
    version = models.PositiveIntegerField()
    path = models.CharField(max_length=400, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    reports = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    cells = models.BigIntegerField()
    definition = models.CharField(max_length=64)
    simulated = models.BooleanField(default=False)
    stands = models.BooleanField(default=True)
    # The moment of the latest decision whose figures the file holds.
    decided_until = models.DateTimeField(null=True)
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")
    thawed = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("form_id", "period_id", "-version")
        constraints = (
            models.UniqueConstraint(fields=["form", "period", "version"], name="frozen_version_once"),
            models.UniqueConstraint(fields=["form", "period"], condition=Q(stands=True), name="one_standing_file"),
        )

    def __str__(self) -> str:
        return self.path
