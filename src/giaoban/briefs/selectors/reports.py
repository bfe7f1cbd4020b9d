"""Narrative reports and their sections: who may read, who may write, how far they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from giaoban.briefs.models import BoundFigure, NarrativeReport, NarrativeVersion, Outline, Section
from giaoban.briefs.rules.marked import numbers_in
from giaoban.briefs.rules.states import BLOCKING, STATE_NAMES, WRITTEN_NAMES, State, Written
from giaoban.core.periods import Period, periods_of, rule_from_dict
from giaoban.core.timeliness import Timing, timing
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import ROLE_PERMISSIONS, Permission
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting import selectors as reporting

NOT_HERE = "Không có báo cáo này trong phạm vi của bạn."


def outlines(on: date) -> list[Outline]:
    """The outlines in force on a day, in the order of the pack."""
    return list(Outline.objects.on(on))


def outline_for(key: str) -> Outline:
    """Raises Http404."""
    found = Outline.objects.filter(key=key).first()
    if found is None:
        raise Http404("Không có đề cương này.")
    return found


def periods_for(outline: Outline, years: Iterable[int]) -> list[Period]:
    """The periods that reports by this outline speak of, in order."""
    rule = rule_from_dict(outline.rule)
    found = [period for year in years for period in periods_of(rule, year)]
    return [period for period in found if not outline.only or period.number in outline.only]


# Who may


Answered = Mapping[int, frozenset[int]]


def answered_by(actor: Actor, on: date) -> Answered:
    """Unit of the actor → itself and all that wholly became it: for these its people go on."""
    return {pk: frozenset(orgs.answered_by([pk], on)) for pk in actor.unit_ids}


def may_write(actor: Actor, section: Section, answered: Answered | None = None) -> bool:
    """Those who write at the section's unit, and those of the report's unit, or at what these wholly became; a post for
    certain fields of work writes only sections of these."""
    if actor.everything:
        return True
    units = {section.unit_id, section.report.unit_id}
    held = answered_by(actor, timezone.localdate()) if answered is None else answered
    field = section.field.key if section.field else ""
    return any(
        units & held.get(post.unit_id, frozenset({post.unit_id}))
        and Permission.WRITE_NARRATIVE in ROLE_PERMISSIONS[post.role]
        and (not post.fields or field in post.fields)
        for post in actor.posts
    )


def may_lead(actor: Actor, report: NarrativeReport) -> bool:
    """Who hands out the sections: a writer of the report's unit, or of what it wholly became."""
    return reporting.answers(actor, Permission.WRITE_NARRATIVE, report.unit_id)


def may_finish(actor: Actor, report: NarrativeReport) -> bool:
    """Who presents and issues it."""
    return reporting.answers(actor, Permission.FINISH_NARRATIVE, report.unit_id)


def sees_whole(actor: Actor, report: NarrativeReport, on: date) -> bool:
    """Readers of the report's unit; a unit that only writes sections sees these."""
    return orgs.visible_ids(actor, on).filter(pk=report.unit_id).exists()


def reports_visible(actor: Actor, on: date) -> QuerySet[NarrativeReport]:
    """Reports of visible units, and those of which a unit of the actor writes a section."""
    writing = Section.objects.filter(unit_id__in=orgs.answered_by(actor.unit_ids, on)).values("report_id")
    return NarrativeReport.objects.filter(Q(unit_id__in=orgs.visible_ids(actor, on)) | Q(pk__in=writing))


def report_for(actor: Actor, pk: int, on: date) -> NarrativeReport:
    """The report, if the actor may see its unit or writes a part of it; otherwise, or when there is none, 404."""
    found = reports_visible(actor, on).select_related("outline", "act").filter(pk=pk).first()
    if found is None:
        raise Http404(NOT_HERE)
    return found


def whole_report_for(actor: Actor, pk: int, on: date) -> NarrativeReport:
    """As `report_for`, for readers of the report's unit only: papers, versions, attachments."""
    visible = NarrativeReport.objects.filter(unit_id__in=orgs.visible_ids(actor, on))
    found = visible.select_related("outline", "act").filter(pk=pk).first()
    if found is None:
        raise Http404(NOT_HERE)
    return found


def section_for(actor: Actor, pk: int, on: date) -> Section:
    """A section of a report that the actor sees: any for readers of the report's unit, one's own for its writers."""
    rows = Section.objects.select_related("report__outline", "field", "act")
    seen = Q(report__unit_id__in=orgs.visible_ids(actor, on)) | Q(unit_id__in=orgs.answered_by(actor.unit_ids, on))
    found = rows.filter(seen, pk=pk).first()
    if found is None:
        raise Http404("Không có phần báo cáo này trong phạm vi của bạn.")
    return found


def sections_seen(actor: Actor, report: NarrativeReport, on: date) -> list[Section]:
    rows = report.sections.select_related("report", "field", "act")
    if sees_whole(actor, report, on):
        return list(rows)
    return list(rows.filter(unit_id__in=orgs.answered_by(actor.unit_ids, on)))


# How far


@dataclass(frozen=True, slots=True)
class SectionCard:
    """A section in the outline of its report.

    timing: of one that is open; words: its length; figures: those in its text; trouble: those of them that keep it from
    being presented; looked_at: since when all of them were looked at.
    """

    pk: int
    part: str
    part_heading: str
    heading: str
    field: str
    unit: UnitCard
    due_on: date | None
    timing: Timing | None
    state: Written
    words: int
    figures: int
    trouble: int
    looked_at: datetime | None
    simulated: bool
    author: str
    updated_at: datetime | None
    may_write: bool

    @property
    def title(self) -> str:
        return self.heading or self.part_heading

    @property
    def is_written(self) -> bool:
        return bool(self.words) or self.state is Written.NIL

    @property
    def state_name(self) -> str:
        return "chưa viết" if not self.is_written else WRITTEN_NAMES[self.state]

    @property
    def sign(self) -> str:
        if self.trouble:
            return "warn"
        if not self.is_written:
            return "none"
        return "run" if self.state is Written.OPEN else "done"


def section_cards(sections: Sequence[Section], actor: Actor, on: date) -> list[SectionCard]:
    """A number of queries that does not grow with the sections."""
    called = orgs.cards({one.unit_id for one in sections}, on)
    quoted, answered = _figures_in(sections), answered_by(actor, on)
    nothing = Quoted()
    return [
        SectionCard(
            pk=one.pk,
            part=one.part,
            part_heading=one.part_heading,
            heading=one.heading,
            field=one.field.name if one.field else "",
            unit=called[one.unit_id],
            due_on=one.due_on,
            timing=timing(one.due_on, None, on=on) if one.state == Written.OPEN else None,
            state=Written(one.state),
            words=len(one.text.split()),
            figures=quoted.get(one.pk, nothing).count,
            trouble=quoted.get(one.pk, nothing).trouble,
            looked_at=quoted.get(one.pk, nothing).looked_at,
            simulated=quoted.get(one.pk, nothing).simulated,
            author=one.act.actor_name if one.act else "",
            updated_at=one.act.at if one.act else None,
            may_write=may_write(actor, one, answered),
        )
        for one in sections
    ]


@dataclass(frozen=True, slots=True)
class Quoted:
    """The bound figures in the text of a section. looked_at: the earliest of their last looks."""

    count: int = 0
    trouble: int = 0
    looked_at: datetime | None = None
    simulated: bool = False


def _figures_in(sections: Sequence[Section]) -> dict[int, Quoted]:
    """Section → the figures in its text; those without any are absent."""
    used = {one.pk: numbers_in(one.text) for one in sections if "{{" in one.text}
    held: dict[int, list[BoundFigure]] = {}
    fields = ("section_id", "number", "found_state", "found_at", "simulated")
    for row in BoundFigure.objects.filter(section_id__in=used).only(*fields):
        if row.number in used[row.section_id]:
            held.setdefault(row.section_id, []).append(row)
    return {
        pk: Quoted(
            count=len(rows),
            trouble=sum(row.found_state in BLOCKING for row in rows),
            looked_at=min(row.found_at for row in rows),
            simulated=any(row.simulated for row in rows),
        )
        for pk, rows in held.items()
    }


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A report in the list."""

    pk: int
    title: str
    outline: str
    unit: UnitCard
    period_label: str
    window: str
    state: State
    number: str
    dated_on: date | None
    written: int
    total: int
    mine: int
    trouble: int
    created_at: datetime
    versions: int

    @property
    def state_name(self) -> str:
        return STATE_NAMES[self.state]


def report_cards(rows: Sequence[NarrativeReport], actor: Actor, on: date) -> list[ReportCard]:
    """A number of queries that does not grow with the reports."""
    called = orgs.cards({row.unit_id for row in rows}, on)
    answered = answered_by(actor, on)
    mine = {pk for held in answered.values() for pk in held}
    progress: dict[int, list[tuple[bool, bool]]] = {}
    sections = Section.objects.filter(report__in=[row.pk for row in rows]).select_related("field", "report")
    trouble: dict[int, int] = {}
    quoted = _figures_in(list(sections))
    for one in sections:
        if one.pk in quoted:
            trouble[one.report_id] = trouble.get(one.report_id, 0) + quoted[one.pk].trouble
        done = bool(one.text) or one.state == Written.NIL
        own = one.unit_id in mine and may_write(actor, one, answered) and one.state == Written.OPEN
        progress.setdefault(one.report_id, []).append((done, own))
    frozen = NarrativeVersion.objects.filter(report__in=[row.pk for row in rows]).values_list("report_id", flat=True)
    counts: dict[int, int] = {}
    for report_id in frozen:
        counts[report_id] = counts.get(report_id, 0) + 1
    return [
        _report_card(row, called, progress.get(row.pk, []), trouble.get(row.pk, 0), counts.get(row.pk, 0))
        for row in rows
    ]


def _report_card(
    row: NarrativeReport,
    called: Mapping[int, UnitCard],
    progress: Sequence[tuple[bool, bool]],
    trouble: int,
    versions: int,
) -> ReportCard:
    return ReportCard(
        pk=row.pk,
        title=row.title,
        outline=row.outline.name,
        unit=called[row.unit_id],
        period_label=row.period_label,
        window=row.window,
        state=State(row.state),
        number=row.number,
        dated_on=row.dated_on,
        written=sum(done for done, _ in progress),
        total=len(progress),
        mine=sum(own for _, own in progress) if row.state != State.FINAL else 0,
        trouble=trouble,
        created_at=row.act.at,
        versions=versions,
    )


@dataclass(frozen=True, slots=True)
class Writing:
    """What a unit of an actor still has to write of a report."""

    report: NarrativeReport
    unit: UnitCard
    first: int
    left: int
    total: int
    due_on: date | None


def to_write(actor: Actor, on: date) -> list[Writing]:
    """Reports with sections that are open and that the actor writes for a unit of his own, or for what became one."""
    held: dict[tuple[int, int], list[Section]] = {}
    for one in sections_written_by(actor, on):
        held.setdefault((one.report_id, one.unit_id), []).append(one)
    called = orgs.cards({unit_id for _, unit_id in held}, on)
    found = []
    for (_, unit_id), sections in held.items():
        left = [one for one in sections if one.state == Written.OPEN]
        if left:
            due = min((one.due_on for one in left if one.due_on), default=None)
            found.append(Writing(left[0].report, called[unit_id], left[0].pk, len(left), len(sections), due))
    return found


def sections_written_by(actor: Actor, on: date) -> list[Section]:
    """The sections, of reports that are not issued, that the actor writes for a unit of his own or for what became one;
    those of one report together, in order."""
    answered = answered_by(actor, on)
    writing = {
        pk for unit_id, held in answered.items() if actor.may(Permission.WRITE_NARRATIVE, unit_id) for pk in held
    }
    rows = Section.objects.filter(unit_id__in=writing).exclude(report__state=State.FINAL)
    found = rows.select_related("report__outline", "field").order_by("report_id", "position")
    return [one for one in found if may_write(actor, one, answered)]


def versions_of(report: NarrativeReport) -> list[NarrativeVersion]:
    """What was presented, amended and issued, the newest first."""
    return list(report.versions.select_related("act"))


def version_for(report: NarrativeReport, number: int) -> NarrativeVersion:
    found = report.versions.select_related("act").filter(version=number).first()
    if found is None:
        raise Http404("Báo cáo không có bản này.")
    return found


def writers_for(unit_id: int, on: date) -> list[UnitCard]:
    """Units to which sections may be given: the report's own, what it wholly became, and those right beneath that."""
    own = orgs.heirs_of(unit_id, on)
    line = orgs.first_line_beneath(own[-1], on)
    beneath = orgs.children_of(own[-1], line, on) if line else []
    return [*(orgs.card(pk, on) for pk in own), *beneath]
