"""Identity apart from dated attributes: an area or a unit is a key; its name, kind, code and parents have spans."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.db import models

from giaoban.kit.models import Dated, no_overlap, span_in_order
from giaoban.kit.permissions import ROLE_NAMES, Role


class AreaKind(models.Model):
    """A kind of territory that the pack names; `level` 0 is the widest."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    level = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.name


class UnitKind(models.Model):
    """A kind of body that the pack names. `represents_area`: an area's code in a file means this body of the area."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    abbreviation = models.CharField(max_length=40, blank=True)
    represents_area = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Line(models.Model):
    """A line of subordination: administrative, professional, …"""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Field(models.Model):
    """A field of work (lĩnh vực), with the two tags that leaders filter by (R19, R20); None = sources do not say."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    state_management = models.BooleanField(null=True)
    citizen_facing = models.BooleanField(null=True)
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """A territory. What it is called and where it belongs: `versions`."""

    key = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.key


@pghistory.track()
class AreaVersion(Dated):
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="versions")
    kind = models.ForeignKey(AreaKind, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=20, blank=True)
    parent = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    sort_key = models.CharField(max_length=400)
    search_key = models.CharField(max_length=400, db_index=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            span_in_order("area_span_in_order"),
            no_overlap("area_one_version_a_day", ["area"]),
        )
        indexes = (models.Index(fields=["parent", "valid_from", "valid_to"]),)

    def __str__(self) -> str:
        return self.name


class AreaCode(Dated):
    """The area's code in a second system, such as the public-service portal's."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="codes")
    system = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (no_overlap("area_code_once_a_day", ["system", "code"]),)

    def __str__(self) -> str:
        return f"{self.system}:{self.code}"


class SuccessionKind(models.TextChoices):
    MERGE = "merge", "hợp nhất, sáp nhập"
    SPLIT = "split", "chia, tách"
    RENAME = "rename", "đổi tên"
    ABSORB = "absorb", "nhập vào"
    TRANSFER = "transfer", "chuyển nhiệm vụ"


class Succession(models.Model):
    """From an old identity to a new one on a day; `whole` = all of the old goes to the new."""

    on = models.DateField()
    kind = models.CharField(max_length=20, choices=SuccessionKind.choices)
    whole = models.BooleanField()
    basis = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


class AreaSuccession(Succession):
    old = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="successions")
    new = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="origins")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["old", "new", "on"], name="area_succession_once"),)

    def __str__(self) -> str:
        return f"{self.old} → {self.new} ({self.on})"


class Region(models.Model):
    """A dated set of areas. `verified` False: membership is a working assumption, and the screen says so."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    verified = models.BooleanField()
    note = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class RegionMember(Dated):
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="members")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="regions")

    class Meta:
        constraints = (no_overlap("region_member_once_a_day", ["region", "area"]),)

    def __str__(self) -> str:
        return f"{self.region} ∋ {self.area}"


class Unit(models.Model):
    """A body. What it is called, its kind and its area: `versions`; where it belongs: `parents`."""

    key = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.key


@pghistory.track()
class UnitVersion(Dated):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="versions")
    kind = models.ForeignKey(UnitKind, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    short_name = models.CharField(max_length=200)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    sort_key = models.CharField(max_length=600)
    search_key = models.CharField(max_length=600, db_index=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            span_in_order("unit_span_in_order"),
            no_overlap("unit_one_version_a_day", ["unit"]),
        )
        indexes = (models.Index(fields=["kind", "valid_from", "valid_to"]),)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class UnitParent(Dated):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="parents")
    parent = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="children")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            span_in_order("unit_parent_span_in_order"),
            no_overlap("unit_one_parent_a_line", ["unit", "line"]),
            models.CheckConstraint(name="unit_not_its_own_parent", condition=~models.Q(unit=models.F("parent"))),
        )

    def __str__(self) -> str:
        return f"{self.unit} ⊂ {self.parent}"


class UnitClosure(Dated):
    """Every ancestor of every unit, itself included (depth 0), a row per line and span. Rebuilt from `UnitParent`."""

    ancestor = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    descendant = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["ancestor", "line", "descendant"], name="closure_down"),
            models.Index(fields=["descendant", "line", "depth"], name="closure_up"),
        )

    def __str__(self) -> str:
        return f"{self.ancestor} ⊇ {self.descendant}"


class UnitSuccession(Succession):
    old = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    new = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="origins")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["old", "new", "on"], name="unit_succession_once"),)

    def __str__(self) -> str:
        return f"{self.old} → {self.new} ({self.on})"


@pghistory.track()
class Post(Dated):
    """A person holds a role at a unit, in some fields of work (none named = all), from a day to a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=20, choices=[(role.value, name) for role, name in ROLE_NAMES.items()])
    fields: ClassVar[Any] = models.ManyToManyField(Field, blank=True, related_name="+")
    acting = models.BooleanField(default=False)
    delegated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = (
            span_in_order("post_span_in_order"),
            no_overlap("post_once_a_day", ["user", "unit", "role"]),
        )

    def __str__(self) -> str:
        return f"{self.user} · {Role(self.role)}"
