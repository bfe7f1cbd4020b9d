"""What this room offers to My work, to pages of figures, to texts that quote an indicator, and to those who amend
figures."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from giaoban.briefs.models import BoundFigure, NarrativeReport, Section
from giaoban.briefs.rules.marked import numbers_in
from giaoban.briefs.selectors import reports
from giaoban.briefs.selectors.figures import ANSWER
from giaoban.briefs.services.writing import look_again
from giaoban.core.queries import QueryRefused
from giaoban.core.timeliness import timing
from giaoban.indicators import selectors as indicators
from giaoban.indicators.selectors.quoting import forms_asked, period_asked
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import ROLE_PERMISSIONS, Permission
from giaoban.kit.registries import AnswerUse, FigureUse, SourcedFigure, WorkItem
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


def work_items(actor: Actor, on: date) -> list[WorkItem]:
    """Sections that the actor's units still have to write, one line for each report."""
    return [
        WorkItem(
            kind="Báo cáo bằng lời",
            title=one.report.title,
            about=f"{one.unit.name} còn {one.left} phần phải viết · {one.report.window}",
            unit_id=one.unit.id,
            due_on=one.due_on,
            timing=timing(one.due_on, None, on=on),
            state=f"đã xong {one.total - one.left}/{one.total}",
            start=reverse("briefs:section", args=[one.first])
            if one.left == 1
            else reverse("briefs:report", args=[one.report.pk]),
            action="Viết",
            done=one.total - one.left,
            total=one.total,
        )
        for one in reports.to_write(actor, on)
    ]


def into_words(actor: Actor, words: str) -> AnswerUse | None:
    """For those who write: where they choose the section that quotes a figure of the answer."""
    if not any(Permission.WRITE_NARRATIVE in ROLE_PERMISSIONS[post.role] for post in actor.posts):
        return None
    return AnswerUse("Đưa vào báo cáo bằng lời", f"{reverse('briefs:quote')}?{words}")


def indicator_figure(*, indicator: str, form: str, period: str, unit: str, instalment: str = "") -> SourcedFigure:
    """An indicator of a unit, or, where it has none of its own, of all units beneath it together (sum over sum).

    form: key of the form whose figures it reads. Raises Http404, KeyError.
    """
    held = indicators.indicator_for(indicator)
    version = reporting.form_by_key(form)
    chosen = reporting.period_of(version, period, instalment)
    if not indicators.reads(held, version, reporting.last_day(chosen)):
        raise Http404("Chỉ số này không lấy số từ biểu đã nêu.")
    unit_id = orgs.unit_id_of(unit)
    if unit_id is None:
        raise KeyError(unit)
    on = reporting.last_day(chosen)
    read = indicators.reading(held, chosen, [unit_id])
    how = ""
    if not read.units:
        line = orgs.first_line_beneath(unit_id, on)
        read = indicators.reading(held, chosen, orgs.descendant_ids(unit_id, line, on) if line else [])
        how = f", gộp {read.overall.count} đơn vị"
    value: Decimal | None = read.overall.value if read.units else None
    return SourcedFigure(
        value=value,
        unit=held.unit,
        origin=f"{held.name}, {chosen.label}, {orgs.card(unit_id, on).name}{how}",
        simulated=read.simulated,
    )


def figure_users(unit_ids: Collection[int], form: str, period_id: int, version: int) -> list[FigureUse]:  # noqa: ARG001
    """Reports in words whose text quotes a figure of this form and period of one of the units or of a unit above one of
    them; which of several versions it was seen in does not matter: the sentences are marked here and now.

    Of an issued report its heads are told: its text stays, they decide whether to correct it by another paper.
    """
    used = _quoting(unit_ids, form, period_id)
    on = timezone.localdate()
    look_again([one for sections in used.values() for one in sections], at=timezone.now())
    found = []
    for report, sections in used.items():
        if report.is_final:
            found.append(_issued(report, on))
            continue
        units = dict.fromkeys([*(one.unit_id for one in sections), report.unit_id])
        writers = [heir for unit_id in units for heir in orgs.heirs_of(unit_id, on)]
        found.append(
            FigureUse(
                key=f"narrative/{report.pk}",
                title=f"Báo cáo bằng lời “{report.title}”",
                link=reverse("briefs:section", args=[sections[0].pk])
                if len(sections) == 1
                else reverse("briefs:report", args=[report.pk]),
                people=tuple(orgs.recipients_at(writers, on, Permission.WRITE_NARRATIVE)),
            )
        )
    return found


def _issued(report: NarrativeReport, on: date) -> FigureUse:
    number = f" số {report.number}" if report.number else ""
    signed = f", {report.signer} ký" if report.signer else ""
    return FigureUse(
        key=f"narrative/{report.pk}",
        title=f"Báo cáo bằng lời “{report.title}” (đã ban hành{number}{signed}; xem có phải đính chính không)",
        link=reverse("briefs:report", args=[report.pk]),
        people=tuple(orgs.recipients_at(orgs.heirs_of(report.unit_id, on), on, Permission.FINISH_NARRATIVE)),
    )


def _quoting(unit_ids: Collection[int], form: str, period_id: int) -> dict[NarrativeReport, list[Section]]:
    """Reports with the sections whose text uses such a figure, in order."""
    rows = BoundFigure.objects.filter(Q(form=form) | Q(form="", source=ANSWER))
    rows = rows.select_related("section__report", "section__field").order_by("section__report_id", "section__position")
    held: dict[NarrativeReport, list[Section]] = {}
    made_of, reaches = _MadeOf(form, period_id), _Reaching(unit_ids)
    for row in rows:
        section = row.section
        if row.number in numbers_in(section.text) and made_of(row) and reaches(row):
            sections = held.setdefault(section.report, [])
            if section not in sections:
                sections.append(section)
    return held


class _MadeOf:
    """Whether a bound figure is made of figures of a form and period; each period, and each indicator, is read once."""

    def __init__(self, form: str, period_id: int) -> None:
        self.form, self.period_id = form, period_id
        self._known: dict[tuple[str, ...], bool] = {}

    def __call__(self, row: BoundFigure) -> bool:
        of = row.reference
        answered = row.source == ANSWER
        key = (ANSWER, of["measure"], of["period"]) if answered else ("", row.period, of.get("instalment", ""))
        if key not in self._known:
            self._known[key] = self._asked(*key[1:]) if answered else self._named(*key[1:])
        return self._known[key]

    def _named(self, code: str, instalment: str) -> bool:
        try:
            return reporting.period_of(reporting.form_by_key(self.form), code, instalment).pk == self.period_id
        except Http404:
            return False

    def _asked(self, measure: str, period: str) -> bool:
        try:
            chosen = period_asked(period)
            return chosen.pk == self.period_id and self.form in forms_asked(measure, chosen)
        except QueryRefused:
            return False


class _Reaching:
    """Whether a bound figure is of one of some units or of a unit above one of them, in the tree that it is read in; in
    a tree that was asked for, also of what passed to it since."""

    def __init__(self, unit_ids: Collection[int]) -> None:
        self.unit_ids = list(unit_ids)
        self._known: dict[tuple[int, str], bool] = {}

    def __call__(self, row: BoundFigure) -> bool:
        if row.unit_id is None:
            return False
        tree = row.reference.get("geography", "")
        key = row.unit_id, tree or row.section.report.last_day.isoformat()
        if key not in self._known:
            self._known[key] = row.unit_id in self.unit_ids or self._beneath(row.unit_id, key[1], later=bool(tree))
        return self._known[key]

    def _beneath(self, unit_id: int, on: str, *, later: bool) -> bool:
        trees = [([unit_id], date.fromisoformat(on))]
        if later:
            today = timezone.localdate()
            trees.append((orgs.heirs_of(unit_id, today), today))
        return any(orgs.scope_ids(ids, day).filter(pk__in=self.unit_ids).exists() for ids, day in trees)
