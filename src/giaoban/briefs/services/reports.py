"""Open a report by its outline, and hand out its sections."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from giaoban.briefs.models import NarrativeReport, Outline, Section
from giaoban.briefs.rules.states import Written
from giaoban.briefs.selectors.reports import periods_for, writers_for
from giaoban.briefs.services.refusals import NarrativeRefused, locked_report, require_lead, require_write
from giaoban.core.periods import Period
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs


@dataclass(frozen=True, slots=True)
class Planned:
    """A section that a report will have: its part, and its field of work where the part has one section per field."""

    part: str
    part_heading: str
    heading: str
    field_id: int | None
    field: str


def plan(outline: Outline) -> list[Planned]:
    """The sections of an outline in order; fields as the pack has them now."""
    fields = orgs.fields()
    planned = []
    for part in outline.parts:
        if not part["per_field"]:
            planned.append(Planned(part["key"], part["heading"], "", None, ""))
            continue
        chosen = [one for one in fields if not part["fields"] or one.key in part["fields"]]
        planned += [Planned(part["key"], part["heading"], one.name, one.pk, one.key) for one in chosen]
    return planned


def title_for(outline: Outline, period: Period) -> str:
    label = period.label[:1].lower() + period.label[1:]
    return outline.title.replace("{period}", label)


def create_report(
    outline: Outline,
    *,
    unit_id: int,
    period_code: str,
    title: str = "",
    fields: Collection[str] | None = None,
    by: Actor,
    at: datetime,
) -> NarrativeReport:
    """Open a report of a unit; its own people write every section until these are handed out.

    fields: keys of the fields of work that have a section, None = all. Raises NarrativeRefused when the unit has that
    report already, PermissionDenied.
    """
    unit = orgs.card(unit_id, timezone.localdate(at))
    by.require(Permission.WRITE_NARRATIVE, unit_id, unit_name=unit.name)
    period = _period(outline, period_code)
    planned = [one for one in plan(outline) if fields is None or not one.field or one.field in fields]
    try:
        with act("briefs.create-report", by=by, at=at, detail={"outline": outline.key, "period": period.code}) as entry:
            report = NarrativeReport.objects.create(
                outline=outline,
                unit_id=unit_id,
                title=title.strip() or title_for(outline, period),
                period_code=period.code,
                period_label=period.label,
                start=period.start,
                end=period.end,
                act=entry,
            )
            Section.objects.bulk_create(
                Section(
                    report=report,
                    part=one.part,
                    part_heading=one.part_heading,
                    heading=one.heading,
                    field_id=one.field_id,
                    position=position,
                    unit_id=unit_id,
                )
                for position, one in enumerate(planned, start=1)
            )
            entry.subject = subject_of(report)
            entry.unit_id = unit_id
    except IntegrityError as twice:
        raise NarrativeRefused(
            f"{unit.name} đã có báo cáo này cho {period.label}. Mở báo cáo đã lập để viết tiếp."
        ) from twice
    return report


def _period(outline: Outline, code: str) -> Period:
    years = [int(code[:4])] if code[:4].isdecimal() else []
    found = next((one for one in periods_for(outline, years) if one.code == code), None)
    if found is None:
        raise NarrativeRefused("Đề cương này không có kỳ đã chọn. Chọn lại kỳ.")
    return found


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who writes a section, and by when, if a day is asked for."""

    unit_id: int
    due_on: date | None


def assign_sections(report: NarrativeReport, wanted: Mapping[int, Assignment], *, by: Actor, at: datetime) -> int:
    """Give sections (by id) to units; how many changed. Raises NarrativeRefused for a unit that is not beneath."""
    require_lead(report, by)
    allowed = {one.id for one in writers_for(report.unit_id, timezone.localdate(at))}
    with transaction.atomic():
        locked_report(report)
        rows = list(report.sections.select_for_update(of=("self",)))
        changed = [row for row in rows if row.pk in wanted and (row.unit_id, row.due_on) != _pair(wanted[row.pk])]
        for row in changed:
            if wanted[row.pk].unit_id not in allowed and wanted[row.pk].unit_id != row.unit_id:
                raise NarrativeRefused(f"“{row}”: chỉ giao cho đơn vị mình hoặc đơn vị trực thuộc. Chọn lại đơn vị.")
            row.unit_id, row.due_on = _pair(wanted[row.pk])
        if changed:
            detail = {str(row.pk): {"unit": row.unit_id, "due_on": str(row.due_on or "")} for row in changed}
            with act("briefs.assign-sections", by=by, at=at, subject=subject_of(report), detail=detail):
                Section.objects.bulk_update(changed, ["unit", "due_on"])
    return len(changed)


def _pair(wanted: Assignment) -> tuple[int, date | None]:
    return wanted.unit_id, wanted.due_on


def set_written(section: Section, state: Written, *, by: Actor, at: datetime) -> None:
    """Say that a section is finished, has nothing to report, or is being written again.

    Raises NarrativeRefused for a finished section without a text, and for "nothing to report" beside a text.
    """
    require_write(section, by)
    with transaction.atomic():
        locked_report(section.report)
        row = Section.objects.select_for_update().get(pk=section.pk)
        if state is Written.DONE and not row.text.strip():
            raise NarrativeRefused("Phần này chưa có nội dung. Viết nội dung, hoặc chọn “Không phát sinh”.")
        if state is Written.NIL and row.text.strip():
            raise NarrativeRefused("Phần này đã có nội dung. Xóa nội dung trước khi chọn “Không phát sinh”.")
        with act("briefs.section-state", by=by, at=at, subject=subject_of(row), detail={"state": state.value}) as entry:
            row.state = state
            row.act = entry if row.act_id is None else row.act
            row.save(update_fields=["state", "act"])
    section.state = state
