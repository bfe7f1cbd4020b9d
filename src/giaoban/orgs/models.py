"""Identity apart from dated attributes: an area or a unit is a key; its name, kind, code and parents have spans."""

from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.db import models

from giaoban.kit.models import Dated, no_overlap, span_in_order
from giaoban.kit.permissions import ROLE_NAMES, Role

AS_KNOWN = "Known for this day; the first day is unknown (`valid_from` empty): before it, screens say so."


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


class EventState(models.TextChoices):
    AHEAD = "ahead", "ghi trước"
    IN_FORCE = "in-force", "đã có hiệu lực"
    UNDONE = "undone", "đã hoàn tác"


@pghistory.track()
class Event(models.Model):
    """One change of the map or of the bodies on one day: `on` is the first day of the new state.

    request: the event as data (`core.events.to_data`), empty for one that a pack tells with its rows. before: the rows
    of everything it touched as they stood. receipts: what the rooms did with what hung on the units, by room; both
    serve the undo. An event `AHEAD` has its dated rows already; what hangs on the units follows on the day.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    on = models.DateField()
    basis = models.CharField(max_length=300, blank=True)
    basis_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=EventState.choices, default=EventState.IN_FORCE)
    request = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    receipts = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["on"]), models.Index(fields=["state", "on"]))

    def __str__(self) -> str:
        return f"{self.title} ({self.on})"


class ByEvent(models.Model):
    """A row that an event wrote; None: it stands since before events were recorded."""

    event = models.ForeignKey(Event, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Area(models.Model):
    """A territory. What it is called and where it belongs: `versions`."""

    key = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.key


@pghistory.track()
class AreaVersion(Dated, ByEvent):
    """`level` repeats that of the kind: a code is used once a day within a level."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="versions")
    kind = models.ForeignKey(AreaKind, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    level = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=20, blank=True)
    known_on = models.DateField(null=True, blank=True, help_text=AS_KNOWN)
    parent = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    sort_key = models.CharField(max_length=400)
    search_key = models.CharField(max_length=400, db_index=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            span_in_order("area_span_in_order"),
            no_overlap("area_one_version_a_day", ["area"]),
            no_overlap("area_code_once_a_day_in_a_level", ["level", "code"], where=~models.Q(code="")),
        )
        indexes = (
            models.Index(fields=["parent", "valid_from", "valid_to"]),
            models.Index(fields=["code"], name="area_version_code"),
        )

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


class Succession(ByEvent):
    """From an old identity to a new one on a day; `whole` = all of the old goes to the new.

    share: the part of the old one's figures that goes to the new, 0 < share < 1; None with `whole` False: not known,
    and the series is broken.
    """

    on = models.DateField()
    kind = models.CharField(max_length=20, choices=SuccessionKind.choices)
    whole = models.BooleanField()
    share = models.DecimalField(max_digits=12, decimal_places=9, null=True, blank=True)
    basis = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


def share_in_bounds(name: str) -> models.CheckConstraint:
    """A share is a real part, and a whole needs none."""
    real_part = models.Q(whole=False, share__gt=0, share__lt=1)
    return models.CheckConstraint(name=name, condition=models.Q(share__isnull=True) | real_part)


class AreaSuccession(Succession):
    old = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="successions")
    new = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="origins")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["old", "new", "on"], name="area_succession_once"),
            share_in_bounds("area_succession_share"),
        )

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
class UnitVersion(Dated, ByEvent):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="versions")
    kind = models.ForeignKey(UnitKind, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    short_name = models.CharField(max_length=200)
    code = models.CharField(max_length=40, blank=True)
    known_on = models.DateField(null=True, blank=True, help_text=AS_KNOWN)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    sort_key = models.CharField(max_length=600)
    search_key = models.CharField(max_length=600, db_index=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            span_in_order("unit_span_in_order"),
            no_overlap("unit_one_version_a_day", ["unit"]),
            no_overlap("unit_code_once_a_day", ["code"], where=~models.Q(code="")),
        )
        indexes = (models.Index(fields=["kind", "valid_from", "valid_to"]),)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class UnitParent(Dated, ByEvent):
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


@pghistory.track()
class ServedArea(Dated, ByEvent):
    """A unit works for an area: a regional office for several communes. Its own seat: `UnitVersion.area`."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="serves")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="served_by")
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            span_in_order("served_area_span_in_order"),
            no_overlap("served_area_once_a_day", ["unit", "area"]),
        )

    def __str__(self) -> str:
        return f"{self.unit} → {self.area}"


class EventUnit(models.Model):
    """A unit that an event is about: changed, made or ended by it, an end of its successions, a new parent.

    Written once with the event, and kept when later events replace its rows or it is undone: who may see one of these
    units sees the event.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "unit"], name="event_unit_once"),)

    def __str__(self) -> str:
        return f"{self.event} · {self.unit}"


class EventArea(models.Model):
    """An area that an event is about: such an event touches the map, which is public. None: one that it made and that
    is gone since it was undone."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    area = models.ForeignKey(Area, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "area"], name="event_area_once"),)

    def __str__(self) -> str:
        return f"{self.event} · {self.area}"


class UnitClosure(Dated):
    """Every ancestor of every unit, itself included (depth 0), a row per line and span. Rebuilt from `UnitParent`.

    Derived rows by the hundred thousand: their keys are not checked one by one (`db_constraint`).
    """

    ancestor = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    descendant = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    depth = models.PositiveSmallIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["ancestor", "line", "descendant"], name="closure_down"),
            models.Index(fields=["descendant", "line", "depth"], name="closure_up"),
        )

    def __str__(self) -> str:
        return f"{self.ancestor} ⊇ {self.descendant}"


class UnitReach(Dated):
    """Whom a post at `reader` lets read beside it, and when: all beneath it on any line, and the history of these.

    Derived from closure and successions, never written by hand; `visible_to` is one sub-query on it.
    """

    reader = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        indexes = (models.Index(fields=["reader", "unit"], name="reach_down"),)

    def __str__(self) -> str:
        return f"{self.reader} reads {self.unit}"


class UnitSuccession(Succession):
    old = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    new = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="origins")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["old", "new", "on"], name="unit_succession_once"),
            share_in_bounds("unit_succession_share"),
        )

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


class ImportState(models.TextChoices):
    EXAMINED = "examined", "đã xem thử"
    APPLIED = "applied", "đã áp dụng"
    DROPPED = "dropped", "đã bỏ"


@pghistory.track()
class ReorganisationImport(models.Model):
    """A table of a reorganisation as it came, what a person decided about each slip, and the event that it became.

    rows: the table as read, a mapping per row with its number in the file. decisions: slip key → what was chosen.
    """

    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    title = models.CharField(max_length=300)
    basis = models.CharField(max_length=300)
    basis_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    rows = models.JSONField(default=list)
    decisions = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=ImportState.choices, default=ImportState.EXAMINED)
    event = models.OneToOneField(Event, null=True, on_delete=models.PROTECT, related_name="imported_from")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
