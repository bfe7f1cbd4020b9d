"""Workbooks that came back: which report each one is, its figures, what the checks say; nothing is kept here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from giaoban.core.figures import Line, LineKey
from giaoban.core.issues import Cell, Issue, has_errors
from giaoban.kit.actors import Actor
from giaoban.kit.workbooks.guard import Bounds, WorkbookRefused
from giaoban.kit.workbooks.opening import Reader, Workbook
from giaoban.kit.workbooks.opening import read_many as open_many
from giaoban.orgs.selectors import cards
from giaoban.reporting.models import Channel, Obligation
from giaoban.reporting.rules import issue_key, warnings_in
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.services.arriving import Report, check_all, refuse_standing, require_senders
from giaoban.reporting.services.errors import ImportRefused
from giaoban.reporting.workbooks.making import META
from giaoban.reporting.workbooks.reading import (
    ANY_FORM,
    Explanation,
    FilledWorkbook,
    bounds_of,
    filled_of,
    read_filled,
    refused,
)


@dataclass(frozen=True, slots=True)
class WorkbookReading:
    """What a workbook says and what the checks say of it; nothing is stored.

    explanations: the words on its sheet of explanations, by `rules.issue_key` of the warnings that they answer.
    """

    figures: Mapping[LineKey, Line]
    issues: tuple[Issue, ...]
    notes: str = ""
    obligation: Obligation | None = None
    explanations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FromWorkbook:
    """A report on its way, with what goes along with its figures. issues: of the file and of the report."""

    report: Report
    notes: str
    explanations: Mapping[str, str]
    issues: tuple[Issue, ...]


def read_workbook(
    content: bytes, filename: str, *, obligation: Obligation, reader: Reader | None = None
) -> WorkbookReading:
    """What a filled workbook holds, before it is taken. Raises ImportRefused when it cannot be read at all.

    filename: only to be named when the same file was taken before and what it became stands.
    """
    refuse_standing(content, filename)
    return _reading(report_of(content, obligation, by=None, reader=reader))


def read_many(
    files: Iterable[tuple[str, bytes]], *, by: Actor, processes: int = 1
) -> Iterator[tuple[str, WorkbookReading | ImportRefused | PermissionDenied]]:
    """Each workbook by its name with what it holds or why it was refused, in their order; a bad one stops nothing.

    by: who wants to send what they hold. processes: how many workbooks are opened at once.
    """
    for name, book in open_many(files, ANY_FORM, processes=processes):
        try:
            yield name, _reading(report_of_opened(book, ANY_FORM, None, by=by))
        except (ImportRefused, PermissionDenied) as refusal:
            yield name, refusal


def report_of(
    content: bytes, obligation: Obligation | None, *, by: Actor | None, reader: Reader | None = None
) -> FromWorkbook:
    """The report in a workbook. Raises ImportRefused when it is none, or not of this obligation; PermissionDenied.

    by: who wants to send what the workbook holds; None when the caller has already shown that it may be read.
    """
    bounds = bounds_of(obligation) if obligation is not None else ANY_FORM
    filled, issues = read_filled(content, bounds, reader=reader)
    return _report(filled, issues, obligation, by=by)


def report_of_opened(
    book: Workbook | WorkbookRefused, bounds: Bounds, obligation: Obligation | None, *, by: Actor | None
) -> FromWorkbook:
    """The same of a workbook that was opened already, or could not be."""
    filled, issues = (None, [refused(book, bounds)]) if isinstance(book, WorkbookRefused) else filled_of(book)
    return _report(filled, issues, obligation, by=by)


def obligation_of(filled: FilledWorkbook, wanted: Obligation | None) -> tuple[Obligation | None, list[Issue]]:
    """The report that a workbook says it is, which must be the one wanted, made from the form as it is."""
    at = Cell(sheet=filled.first_sheet)
    if wanted is not None and filled.form != wanted.form.key:
        return None, [Issue("other-form", "error", at, {"found": filled.form, "expected": wanted.form.key})]
    if wanted is not None and (filled.period, filled.instalment) != (wanted.period.code, wanted.period.instalment):
        params = {"period": f"{filled.period} {filled.instalment}".strip(), "expected": wanted.period.label}
        return None, [Issue("wrong-period", "error", at, params)]
    if wanted is not None and filled.unit != wanted.unit.key:
        named = cards([wanted.unit_id], last_day(wanted.period))[wanted.unit_id].name
        return None, [Issue("wrong-unit", "error", at, {"unit": filled.unit, "expected": named})]
    rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver").filter(
        unit__key=filled.unit,
        form__key=filled.form,
        period__rule__key=filled.rule,
        period__code=filled.period,
        period__instalment=filled.instalment,
    )
    found = rows.first()
    if found is None or (wanted is not None and found.pk != wanted.pk):
        params = {"unit": filled.unit, "form": filled.form, "period": filled.period}
        return None, [Issue("not-owed", "error", at, params)]
    if filled.checksum != found.form.checksum:
        return None, [Issue("other-layout", "error", at, {"form": found.form.code})]
    return found, []


def _report(
    filled: FilledWorkbook | None, issues: Sequence[Issue], obligation: Obligation | None, *, by: Actor | None
) -> FromWorkbook:
    if filled is None:
        raise ImportRefused(issues)
    found, wrong = obligation_of(filled, obligation)
    if found is None:
        raise ImportRefused(wrong)
    if by is not None:
        require_senders([found], by, Channel.WORKBOOK)
    if has_errors(issues):
        raise ImportRefused(issues)
    try:
        figures, unread = filled.figures(found)
    except (ValueError, KeyError, IndexError):  # the hidden sheet names what the form does not have
        raise ImportRefused([Issue("truncated-file", "error", Cell(sheet=META))]) from None
    report = Report(found, figures, unread, Cell())
    check_all([report], _today())
    report.issues = [filled.placed(issue) for issue in report.issues]
    explained = _explained(filled, report.issues)
    return FromWorkbook(report, filled.notes, explained, (*issues, *report.issues))


def _today() -> date:
    return timezone.localdate()


def _reading(found: FromWorkbook) -> WorkbookReading:
    report = found.report
    return WorkbookReading(dict(report.figures), found.issues, found.notes, report.obligation, found.explanations)


def _explained(filled: FilledWorkbook, issues: Iterable[Issue]) -> dict[str, str]:
    """Each warning with the words for its cell, else with those that name no cell."""
    names = {one.meta.name.casefold(): one.name for one in filled.sheets}
    words: dict[str, str] = {}
    for issue in warnings_in(issues):
        for one in filled.explanations:
            if _answers(one, issue.at, names):
                words[issue_key(issue)] = one.words
                break
        else:
            general = " ".join(one.words for one in filled.explanations if not one.cell)
            if general:
                words[issue_key(issue)] = general
    return words


def _answers(words: Explanation, at: Cell, names: Mapping[str, str]) -> bool:
    """names: sheets as they were called when the file was made → as they are now."""
    sheet = names.get(words.sheet.casefold(), words.sheet)
    return bool(words.cell) and words.cell == at.file_cell and sheet.casefold() in ("", at.sheet.casefold())
