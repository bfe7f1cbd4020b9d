"""Watch rules propose; a person confirms or rejects. Evidence is frozen as it was seen."""

import pghistory
from django.db import models


class WatchRule(models.Model):
    """A transparent condition over an indicator. `settings` (n, points, …): from the pack, changeable here."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    indicator = models.ForeignKey("indicators.Indicator", on_delete=models.PROTECT, related_name="watch_rules")
    settings = models.JSONField(default=dict)
    finding = models.CharField(max_length=20)
    source = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name


class FindingKind(models.TextChoices):
    WEAK = "weak", "điểm yếu"
    GOOD = "good", "mô hình tốt"
    GAP = "gap", "khoảng trống số liệu"


class FindingState(models.TextChoices):
    PROPOSED = "proposed", "quy tắc đề xuất"
    CONFIRMED = "confirmed", "đã xác nhận"
    REJECTED = "rejected", "đã bác"


@pghistory.track()
class Finding(models.Model):
    """One unit × indicator × period that a rule picked: value, what it was compared with, and the reason in words.

    `watcher`: the unit whose people ran the rule among the units of its scope, and who judge.
    """

    rule = models.ForeignKey(WatchRule, on_delete=models.PROTECT, related_name="findings")
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="findings")
    period = models.ForeignKey("reporting.Period", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=FindingKind.choices)
    state = models.CharField(max_length=20, choices=FindingState.choices, default=FindingState.PROPOSED)
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    reference = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    rank = models.PositiveIntegerField(null=True)
    out_of = models.PositiveIntegerField(null=True)
    reason = models.TextField()
    evidence = models.JSONField()
    watcher = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+")
    proposed = models.ForeignKey("kit.Act", on_delete=models.PROTECT, related_name="+")
    judged = models.ForeignKey("kit.Act", null=True, on_delete=models.PROTECT, related_name="+")
    judgement = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["watcher", "rule", "unit", "period"], name="finding_once"),
            models.CheckConstraint(
                name="judged_finding_has_act",
                condition=models.Q(state=FindingState.PROPOSED) | models.Q(judged__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.reason
