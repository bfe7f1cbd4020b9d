"""Indicators are formulas over figures; nothing is copied here. A discrepancy is a statement beside ours."""

from django.conf import settings
from django.db import models


class Indicator(models.Model):
    """A figure made of figures. `definition`: what `core.indicators.definition_from_dict` reads: versions with their
    spans, expressions, rules and targets, as the pack has them. `form`: of the version that is in force, when all its
    cells stand in one form.
    """

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    field = models.ForeignKey("orgs.Field", null=True, on_delete=models.PROTECT, related_name="indicators")
    form = models.ForeignKey("reporting.FormVersion", null=True, on_delete=models.PROTECT, related_name="+")
    definition = models.JSONField()
    unit = models.CharField(max_length=40)
    scale = models.PositiveSmallIntegerField(default=2)
    higher_is_better = models.BooleanField(null=True)  # None: neither is better
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class DiscrepancyState(models.TextChoices):
    OPEN = "open", "chờ quyết định"
    EXPLAINED = "explained", "đã giải thích"
    CORRECTED = "corrected", "đã sửa số liệu"


class DiscrepancyKind(models.TextChoices):
    PUBLISHED = "published", "công bố khác số tính lại"
    PARTS = "parts", "tổng khác các phần"
    PARTITIONS = "partitions", "hai cách chia khác nhau"
    REGISTER = "register", "báo cáo khác sổ"
    BOTH_SIDES = "both-sides", "hai bên phối hợp khác nhau"
    MOMENTS = "moments", "tổng và nhóm chụp khác thời điểm"
    FALLING = "falling", "số lũy kế giảm"
    DUPLICATE = "duplicate", "khai trùng"


class Discrepancy(models.Model):
    """Two numbers for one thing that do not agree. Neither is changed; a person decides, with a reason.

    `published` is the number that was stated (printed, given as the total), `computed` the one that our figures give;
    the names say which is which. `source_name`: who found it, as registered in `kit`; "" = entered by a person or a
    command. `link`: where the stated number stands. `agreed_at`: since when a later look found both equal.
    """

    key = models.CharField(max_length=300, unique=True)
    kind = models.CharField(max_length=20, choices=DiscrepancyKind.choices, default=DiscrepancyKind.PUBLISHED)
    what = models.CharField(max_length=300)
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey("reporting.Period", null=True, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, null=True, on_delete=models.PROTECT, related_name="discrepancies")
    published = models.DecimalField(max_digits=30, decimal_places=6)
    computed = models.DecimalField(max_digits=30, decimal_places=6)
    published_name = models.CharField(max_length=200, default="Đã công bố")
    computed_name = models.CharField(max_length=200, default="Tính lại")
    measure = models.CharField(max_length=40)
    recognised_as = models.CharField(max_length=300, blank=True)
    source = models.TextField()
    source_name = models.CharField(max_length=80, blank=True)
    link = models.CharField(max_length=500, blank=True)
    simulated = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=DiscrepancyState.choices, default=DiscrepancyState.OPEN)
    decision = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    found = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")
    decided = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="explained_has_decision",
                condition=models.Q(state=DiscrepancyState.OPEN) | ~models.Q(decision=""),
            ),
        )

    def __str__(self) -> str:
        return self.what


class HintView(models.Model):
    """Somebody looked at a hint of something unusual and said what it is; the hint is shown as seen, never hidden.

    `key`: as in `core.outliers`; a figure that changes gives a new key.
    """

    key = models.CharField(max_length=400, unique=True)
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    note = models.TextField()
    act = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.note
