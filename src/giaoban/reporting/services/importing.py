"""Figures come in as files: whole or not at all. A file may hold many units and forms."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone

from giaoban.core.figures import Figures, Line, LineKey
from giaoban.core.issues import Cell, Issue, has_errors
from giaoban.core.tidy import TidyRow, figures_from_rows, located, read_tidy
from giaoban.core.vietnamese import moment
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.workbooks.guard import Bounds
from giaoban.orgs.selectors import resolve_units, subunits_of
from giaoban.reporting.models import Channel, FormVersion, ImportedFile, Obligation, Period, Submission
from giaoban.reporting.rules import issue_key, unexplained, warnings_in
from giaoban.reporting.selectors.entry import checks_of, subunit_kinds
from giaoban.reporting.selectors.figures import previous_figures
from giaoban.reporting.selectors.forms import definition_of, last_day, rules_of
from giaoban.reporting.services.deciding import accept_all, require_receiver
from giaoban.reporting.services.errors import ImportRefused
from giaoban.reporting.services.sending import (
    XLSX_TYPE,
    Papers,
    Parcel,
    Signature,
    lock,
    require_sender,
    store,
    unchanged,
)
from giaoban.reporting.workbooks.reading import FilledWorkbook, bounds_of, read_filled

MAX_CSV_BYTES = 64 * 2**20
MEGABYTE = 2**20
CSV_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file brought. unchanged: keys of units whose figures already stand; issues: the warnings kept."""

    submissions: tuple[Submission, ...]
    unchanged: tuple[str, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class WorkbookReading:
    """What a workbook says and what the checks say of it; nothing is stored."""

    figures: Mapping[LineKey, Line]
    issues: tuple[Issue, ...]
    notes: str = ""


@dataclass(slots=True)
class _Report:
    """One unit's report in a file, on its way."""

    obligation: Obligation
    figures: Figures
    issues: list[Issue]
    at: Cell
    rows: Sequence[TidyRow] = ()


def import_csv(
    content: bytes,
    filename: str,
    *,
    by: Actor,
    at: datetime,
    channel: str = Channel.CSV,
    accept: bool = False,
    simulated: bool = False,
    source: str = "",
    sent_at: datetime | None = None,
    explanation: str = "",
) -> ImportResult:
    """Take a tidy CSV (`core.tidy`).

    explanation: the words that answer every warning in the file. sent_at: when the reports were sent, if not now.
    accept: take the figures at once, for who may. Raises ImportRefused with every fault and its row, PermissionDenied.
    """
    _refuse_repeated(content, filename)
    rows, issues = _rows(content)
    by_report: dict[tuple[str, str, str, str], list[TidyRow]] = {}
    for row in rows:
        by_report.setdefault(row.report, []).append(row)
    owed, not_owed = _obligations({report: found[0] for report, found in by_report.items()})
    issues += not_owed
    _require_senders(owed.values(), by, channel)
    reports = []
    for report, found in by_report.items():
        obligation = owed.get(report)
        if obligation is not None:
            figures, unread = figures_from_rows(definition_of(obligation.form), found)
            reports.append(_Report(obligation, figures, unread, found[0].at, found))
    _check(reports)
    issues += _twice(reports) + [issue for one in reports for issue in one.issues]
    papers = Papers(source=source, simulated=simulated)
    return _take(
        content,
        filename,
        CSV_TYPE,
        reports,
        issues,
        papers,
        by=by,
        at=at,
        sent_at=sent_at or at,
        channel=channel,
        accept=accept,
        explanation=explanation,
    )


def import_workbook(
    content: bytes,
    filename: str,
    *,
    by: Actor,
    at: datetime,
    obligation: Obligation | None = None,
    signatures: Sequence[Signature] = (),
    explanations: Mapping[str, str] | None = None,
    explanation: str = "",
    accept: bool = False,
    simulated: bool = False,
    source: str = "",
    sent_at: datetime | None = None,
) -> ImportResult:
    """Take a filled workbook that `workbook_for` made.

    obligation: the report that it must be for; None: the one that the file names. explanations: words by
    `rules.issue_key`; explanation: words for every other warning. Raises ImportRefused, PermissionDenied.
    """
    _refuse_repeated(content, filename)
    report, issues = _workbook_report(content, obligation, by=by)
    papers = Papers(signatures=signatures, notes=report.notes, source=source, simulated=simulated)
    return _take(
        content,
        filename,
        XLSX_TYPE,
        [report.report],
        issues,
        papers,
        by=by,
        at=at,
        sent_at=sent_at or at,
        channel=Channel.WORKBOOK,
        accept=accept,
        explanation=explanation,
        explanations=explanations or {},
    )


def read_workbook(content: bytes, filename: str, *, obligation: Obligation) -> WorkbookReading:
    """What a filled workbook holds, before it is taken. Raises ImportRefused when it cannot be read at all.

    filename: only to be refused as `import_workbook` would when the same file was taken before.
    """
    _refuse_repeated(content, filename)
    report, issues = _workbook_report(content, obligation, by=None)
    return WorkbookReading(dict(report.report.figures), tuple(issues), report.notes)


@dataclass(frozen=True, slots=True)
class _FromWorkbook:
    report: _Report
    notes: str


def _workbook_report(
    content: bytes, obligation: Obligation | None, *, by: Actor | None
) -> tuple[_FromWorkbook, list[Issue]]:
    """by: who wants to send what the workbook holds; None when the caller has already shown that it may be read."""
    bounds: Bounds | None = bounds_of(obligation) if obligation is not None else None
    filled, issues = read_filled(content, bounds)
    if filled is None:
        raise ImportRefused(issues)
    found, wrong = _obligation_of(filled, obligation)
    if found is None:
        raise ImportRefused([*issues, *wrong])
    if by is not None:
        _require_senders([found], by, Channel.WORKBOOK)
    figures, unread = filled.figures(found)
    report = _Report(found, figures, unread, Cell())
    _check([report])
    report.issues = [filled.placed(issue) for issue in report.issues]
    return _FromWorkbook(report, filled.notes), [*issues, *report.issues]


def _obligation_of(filled: FilledWorkbook, wanted: Obligation | None) -> tuple[Obligation | None, list[Issue]]:
    """The report that a workbook says it is, which must be the one wanted, made from the form as it is."""
    rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver").filter(
        unit__key=filled.unit,
        form__key=filled.form,
        period__rule__key=filled.rule,
        period__code=filled.period,
        period__instalment=filled.instalment,
    )
    at = Cell(sheet=filled.first_sheet)
    if wanted is not None and filled.form != wanted.form.key:
        return None, [Issue("other-form", "error", at, {"found": filled.form, "expected": wanted.form.key})]
    if wanted is not None and (filled.period, filled.instalment) != (wanted.period.code, wanted.period.instalment):
        params = {"period": f"{filled.period} {filled.instalment}".strip(), "expected": wanted.period.label}
        return None, [Issue("wrong-period", "error", at, params)]
    found = rows.first()
    if found is None or (wanted is not None and found.pk != wanted.pk):
        params = {"unit": filled.unit, "form": filled.form, "period": filled.period}
        return None, [Issue("not-owed", "error", at, params)]
    if filled.checksum != found.form.checksum:
        params = {"found": f"{filled.form}, bố cục khác", "expected": filled.form}
        return None, [Issue("other-form", "error", at, params)]
    return found, []


def _refuse_repeated(content: bytes, filename: str) -> None:
    earlier = ImportedFile.objects.filter(sha256=hashlib.sha256(content).hexdigest()).select_related("act").first()
    if earlier is not None:
        when = moment(timezone.localtime(earlier.act.recorded_at))
        named = f"{when}, tệp {earlier.filename}" if earlier.filename != filename else when
        raise ImportRefused([Issue("same-file", "error", Cell(), {"earlier": named})])


def _rows(content: bytes) -> tuple[list[TidyRow], list[Issue]]:
    """The rows of a CSV; a file that is no text of ours is refused at once."""
    if len(content) > MAX_CSV_BYTES:
        params = {"size_mb": -(-len(content) // MEGABYTE), "limit_mb": MAX_CSV_BYTES // MEGABYTE}
        raise ImportRefused([Issue("oversized-file", "error", Cell(), params)])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ImportRefused([Issue("encoding", "error", Cell())]) from None
    rows, issues = read_tidy(text)
    if not rows:
        raise ImportRefused(issues)
    return rows, issues


Report = tuple[str, str, str, str]


def _obligations(first: Mapping[Report, TidyRow]) -> tuple[dict[Report, Obligation], list[Issue]]:
    """The obligation of each report named in a file, in its order; a fault for each that there is none for."""
    forms = {one.key: one for one in FormVersion.objects.filter(key__in={form for _, form, _, _ in first})}
    rules = {key: [rule.pk for rule in rules_of(form)] for key, form in forms.items()}
    wanted = {(code, instalment) for _, _, code, instalment in first}
    opened = [
        one
        for one in Period.objects.select_related("rule").filter(code__in={code for code, _ in wanted})
        if (one.code, one.instalment) in wanted
    ]
    units = _units(first, opened)
    owed = {
        (row.form_id, row.period_id, row.unit_id): row
        for row in Obligation.objects.filter(
            form__in=forms.values(), period__in=opened, unit_id__in=set(units.values())
        ).select_related("unit", "form", "period__rule", "receiver")
    }
    found: dict[Report, Obligation] = {}
    issues: list[Issue] = []
    for report, row in first.items():
        unit, form_key, code, instalment = report
        form = forms.get(form_key)
        chosen = [
            one
            for one in opened
            if form is not None and (one.code, one.instalment) == (code, instalment) and one.rule_id in rules[form_key]
        ]
        named = {"unit": unit, "form": form_key, "period": f"{code} {instalment}".strip()}
        candidates = [(one, units.get((unit, last_day(one)))) for one in chosen]
        if form is None:
            issues.append(Issue("unknown-form", "error", row.at, named))
        elif not chosen:
            issues.append(Issue("unknown-period", "error", row.at, named))
        elif all(unit_id is None for _, unit_id in candidates):
            issues.append(Issue("unknown-unit", "error", row.at, named))
        else:
            rows = [
                obligation
                for one, unit_id in candidates
                if unit_id is not None and (obligation := owed.get((form.pk, one.pk, unit_id))) is not None
            ]
            if not rows:
                issues.append(Issue("not-owed", "error", row.at, named))
            elif len(rows) > 1:
                labels = ", ".join(f"“{one.period.label}”" for one in rows)
                issues.append(Issue("ambiguous-period", "error", row.at, {**named, "labels": labels}))
            else:
                found[report] = rows[0]
    return found, issues


def _units(first: Mapping[Report, TidyRow], opened: Sequence[Period]) -> dict[tuple[str, date], int]:
    """(word, last day of a period) → unit, for the words used with that period."""
    found: dict[tuple[str, date], int] = {}
    days: dict[date, set[str]] = {}
    for period in opened:
        words = {unit for unit, _, code, part in first if (code, part) == (period.code, period.instalment)}
        days.setdefault(last_day(period), set()).update(words)
    for on, words in days.items():
        found.update({(word, on): unit_id for word, unit_id in resolve_units(words, on).items()})
    return found


def _require_senders(obligations: Iterable[Obligation], by: Actor, channel: str) -> None:
    """Whoever may not send a report learns nothing of it: the checks tell what the unit reported a year before."""
    for obligation in obligations:
        require_sender(by, obligation, channel)


def _twice(reports: Sequence[_Report]) -> list[Issue]:
    """Two names of one unit in one file: its report would be there twice."""
    issues = []
    seen: dict[int, _Report] = {}
    for one in reports:
        before = seen.setdefault(one.obligation.pk, one)
        if before is not one:
            issues.append(Issue("duplicate-cell", "error", one.at, {"first_row": before.at.file_row or 0}))
    return issues


def _check(reports: Sequence[_Report]) -> None:
    """Run the checks of all reports; what could not be read is not called blank too. Few queries a form and period."""
    by_form: dict[tuple[int, int], list[_Report]] = {}
    for one in reports:
        by_form.setdefault((one.obligation.form_id, one.obligation.period_id), []).append(one)
    for together in by_form.values():
        first = together[0].obligation
        unit_ids = [one.obligation.unit_id for one in together]
        previous = previous_figures(first.form, first.period, unit_ids)
        kinds = subunit_kinds(definition_of(first.form))
        subunits = subunits_of(unit_ids, kinds, last_day(first.period))
        for one in together:
            before = previous.get(one.obligation.unit_id)
            found = checks_of(one.obligation, one.figures, previous=before, subunits=subunits)
            unread = {_place(issue) for issue in one.issues}
            found = [issue for issue in found if issue.code != "required-blank" or _place(issue) not in unread]
            placed = located(found, one.rows)
            one.issues = [*one.issues, *(_in_file(issue, one) for issue in placed)]


def _place(issue: Issue) -> tuple[str, str, str, str]:
    return issue.at.table, issue.at.row, issue.at.subunit, issue.at.column


def _in_file(issue: Issue, report: _Report) -> Issue:
    """A cell that the file lacks is sought where the file begins to speak of the unit."""
    if issue.at.file_row is not None or report.at.file_row is None:
        return issue
    return replace(issue, at=replace(issue.at, file_row=report.at.file_row))


def _take(
    content: bytes,
    filename: str,
    media_type: str,
    reports: Sequence[_Report],
    issues: Sequence[Issue],
    papers: Papers,
    *,
    by: Actor,
    at: datetime,
    sent_at: datetime,
    channel: str,
    accept: bool,
    explanation: str = "",
    explanations: Mapping[str, str] | None = None,
) -> ImportResult:
    """Store every report of a file that has no fault left, in one act."""
    words = {
        one.obligation.pk: {issue_key(issue): explanation for issue in warnings_in(one.issues)}
        | dict(explanations or {})
        for one in reports
    }
    silent = [issue for one in reports for issue in unexplained(one.issues, words[one.obligation.pk])]
    if has_errors(issues) or silent:
        raise ImportRefused([*(one for one in issues if one.severity == "error"), *silent])
    with act(f"reporting.import-{channel}", by=by, at=at) as entry:
        locked = {one.pk: one for one in lock([one.obligation.pk for one in reports])}
        _require_senders(locked.values(), by, channel)
        for obligation in locked.values() if accept else ():
            require_receiver(by, obligation)
        _refuse_repeated(content, filename)
        blob = store_blob(content, media_type=media_type, filename=filename)
        file = ImportedFile.objects.create(
            sha256=blob.sha256, filename=filename[:255], channel=channel, blob=blob, act=entry
        )
        same = unchanged([(locked[one.obligation.pk], one.figures) for one in reports], papers, channel=channel)
        parcels = [
            Parcel(locked[one.obligation.pk], one.figures, one.issues, words[one.obligation.pk])
            for one in reports
            if one.obligation.pk not in same
        ]
        stored = store(parcels, replace(papers, file=file), entry, by=by, at=sent_at, channel=channel)
        if accept:
            accept_all(stored, by=by, at=at)
        entry.subject = subject_of(file)
        entry.detail = {"filename": filename, "sha256": blob.sha256, "reports": len(stored), "unchanged": len(same)}
    return ImportResult(
        submissions=tuple(stored),
        unchanged=tuple(one.obligation.unit.key for one in reports if one.obligation.pk in same),
        issues=tuple(warning for one in reports for warning in warnings_in(one.issues)),
    )
