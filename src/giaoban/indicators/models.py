"""Indicators are formulas over figures; nothing is copied here. A discrepancy is a statement beside ours."""

from django.db import models


class Indicator(models.Model):
    """A rate over form cells. `definition`: numerator, denominator, factor, aggregation, as in the pack."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    field = models.ForeignKey("orgs.Field", null=True, on_delete=models.PROTECT, related_name="indicators")
    form = models.ForeignKey("reporting.FormVersion", on_delete=models.PROTECT, related_name="+")
    definition = models.JSONField()
    unit = models.CharField(max_length=40)
    scale = models.PositiveSmallIntegerField(default=2)
    higher_is_better = models.BooleanField()
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class DiscrepancyState(models.TextChoices):
    OPEN = "open", "chờ quyết định"
    EXPLAINED = "explained", "đã ghi quyết định"


class Discrepancy(models.Model):
    """A published number that our figures do not give. Neither side is changed; a person decides, with a reason."""

    key = models.CharField(max_length=200, unique=True)
    what = models.CharField(max_length=300)
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey("reporting.Period", null=True, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, null=True, on_delete=models.PROTECT, related_name="discrepancies")
    published = models.DecimalField(max_digits=24, decimal_places=6)
    computed = models.DecimalField(max_digits=24, decimal_places=6)
    measure = models.CharField(max_length=40)
    recognised_as = models.CharField(max_length=300, blank=True)
    source = models.TextField()
    state = models.CharField(max_length=20, choices=DiscrepancyState.choices, default=DiscrepancyState.OPEN)
    decision = models.TextField(blank=True)
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
