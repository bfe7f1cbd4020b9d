"""Figures come in as files: whole or not at all. A file may hold many units and forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone

from giaoban.core.issues import Cell, Issue, has_errors
from giaoban.core.tidy import TidyRow, figures_from_rows, read_tidy
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import figures_changed
from giaoban.kit.models import Act
from giaoban.kit.workbooks.guard import media_type_of
from giaoban.kit.workbooks.opening import Reader
from giaoban.orgs.selectors import resolve_units
from giaoban.reporting.models import Channel, FormVersion, ImportedFile, Obligation, Period, Submission
from giaoban.reporting.rules import Signature, issue_key, unexplained, warnings_in
from giaoban.reporting.rules.explaining import general_words
from giaoban.reporting.selectors.forms import definition_of, last_day, rules_of
from giaoban.reporting.services.arriving import (
    Arrival,
    Report,
    check_all,
    refuse_older,
    refuse_repeated,
    require_senders,
)
from giaoban.reporting.services.bookreading import report_of
from giaoban.reporting.services.deciding import accept_all, require_receiver
from giaoban.reporting.services.errors import ImportRefused
from giaoban.reporting.services.sending import (
    Papers,
    Parcel,
    earlier_versions,
    lock,
    store,
    unchanged,
)

MAX_CSV_BYTES = 64 * 2**20
MEGABYTE = 2**20
CSV_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file brought. unchanged: keys of units whose figures already stand; issues: the warnings kept, and what
    was noted at cells of the file.
    """

    submissions: tuple[Submission, ...]
    unchanged: tuple[str, ...]
    issues: tuple[Issue, ...]


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
    arrival: Arrival | None = None,
    explanation: str = "",
    amendment_reason: str = "",
) -> ImportResult:
    """Take a tidy CSV (`core.tidy`).

    amendment_reason: why figures that were accepted before change; AmendmentUnexplained without it when some do.
    explanation: the words that answer every warning in the file, kept as general ones. sent_at: when the reports were
    sent, if not now. arrival: when the file was brought, if not now: newer figures are not overwritten.
    accept: take the figures at once, for who may. Raises ImportRefused with every fault and its row, PermissionDenied.
    """
    refuse_repeated(content, filename)
    rows, issues = _rows(content)
    by_report: dict[tuple[str, str, str, str], list[TidyRow]] = {}
    for row in rows:
        by_report.setdefault(row.report, []).append(row)
    owed, not_owed = _obligations({report: found[0] for report, found in by_report.items()})
    issues += not_owed
    require_senders(owed.values(), by, channel)
    reports = []
    for report, found in by_report.items():
        obligation = owed.get(report)
        if obligation is not None:
            figures, unread = figures_from_rows(definition_of(obligation.form), found)
            reports.append(Report(obligation, figures, unread, found[0].at, found))
    check_all(reports, timezone.localdate(at))
    issues += _twice(reports) + [issue for one in reports for issue in one.issues]
    papers = Papers(source=source, simulated=simulated, amendment_reason=amendment_reason)
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
        arrival=arrival,
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
    arrival: Arrival | None = None,
    amendment_reason: str = "",
    reader: Reader | None = None,
) -> ImportResult:
    """Take a filled workbook that `workbook_for` made.

    obligation: the report that it must be for; None: the one that the file names. explanations: words by
    `rules.issue_key`, before those that stand in the workbook; explanation: words for every other warning. reader: the
    one to open the file with, when many are taken one after the other. Raises ImportRefused, PermissionDenied.
    """
    refuse_repeated(content, filename)
    found = report_of(content, obligation, by=by, reader=reader)
    papers = Papers(
        signatures=signatures,
        notes=found.notes,
        source=source,
        simulated=simulated,
        amendment_reason=amendment_reason,
    )
    return _take(
        content,
        filename,
        media_type_of(content),
        [found.report],
        found.issues,
        papers,
        by=by,
        at=at,
        sent_at=sent_at or at,
        arrival=arrival,
        channel=Channel.WORKBOOK,
        accept=accept,
        explanation=explanation,
        explanations={**found.explanations, **(explanations or {})},
    )


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


Named = tuple[str, str, str, str]
"""Unit, form, period and instalment as a file names them."""


def _obligations(first: Mapping[Named, TidyRow]) -> tuple[dict[Named, Obligation], list[Issue]]:
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
    found: dict[Named, Obligation] = {}
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


def _units(first: Mapping[Named, TidyRow], opened: Sequence[Period]) -> dict[tuple[str, date], int]:
    """(word, last day of a period) → unit, for the words used with that period."""
    found: dict[tuple[str, date], int] = {}
    days: dict[date, set[str]] = {}
    for period in opened:
        words = {unit for unit, _, code, part in first if (code, part) == (period.code, period.instalment)}
        days.setdefault(last_day(period), set()).update(words)
    for on, words in days.items():
        found.update({(word, on): unit_id for word, unit_id in resolve_units(words, on).items()})
    return found


def _twice(reports: Sequence[Report]) -> list[Issue]:
    """Two names of one unit in one file: its report would be there twice."""
    issues = []
    seen: dict[int, Report] = {}
    for one in reports:
        before = seen.setdefault(one.obligation.pk, one)
        if before is not one:
            issues.append(Issue("duplicate-cell", "error", one.at, {"first_row": before.at.file_row or 0}))
    return issues


def _take(
    content: bytes,
    filename: str,
    media_type: str,
    reports: Sequence[Report],
    issues: Sequence[Issue],
    papers: Papers,
    *,
    by: Actor,
    at: datetime,
    sent_at: datetime,
    arrival: Arrival | None,
    channel: str,
    accept: bool,
    explanation: str = "",
    explanations: Mapping[str, str] | None = None,
) -> ImportResult:
    """Store every report of a file that has no fault left, in one act."""
    general = general_words(explanation)
    words = {
        one.obligation.pk: {issue_key(issue): general for issue in warnings_in(one.issues)} | dict(explanations or {})
        for one in reports
    }
    silent = [issue for one in reports for issue in unexplained(one.issues, words[one.obligation.pk])]
    if has_errors(issues) or silent:
        raise ImportRefused([*(one for one in issues if one.severity == "error"), *silent])
    with act(f"reporting.import-{channel}", by=by, at=at) as entry:
        locked = {one.pk: one for one in lock([one.obligation.pk for one in reports])}
        require_senders(locked.values(), by, channel)
        for obligation in locked.values() if accept else ():
            require_receiver(by, obligation)
        file, known = _noted(content, filename, media_type, channel, entry)
        earlier = earlier_versions(locked)
        told = [(locked[one.obligation.pk], one.figures) for one in reports]
        same = unchanged(told, papers, earlier, channel=channel)
        latest = {pk: versions[-1] for pk, versions in earlier.items() if pk not in same}
        for came in filter(None, (arrival, known)):
            refuse_older(locked.values(), latest, came)
        parcels = [
            Parcel(locked[one.obligation.pk], one.figures, one.issues, words[one.obligation.pk])
            for one in reports
            if one.obligation.pk not in same
        ]
        papers = replace(papers, file=file)
        stored = store(parcels, papers, entry, earlier, by=by, at=sent_at, channel=channel, keeps_typed=True)
        if accept:
            accept_all(stored, by=by, at=at)
            figures_changed()
        entry.subject = subject_of(file)
        entry.detail = {"filename": filename, "sha256": file.sha256, "reports": len(stored), "unchanged": len(same)}
    return ImportResult(
        submissions=tuple(stored),
        unchanged=tuple(one.obligation.unit.key for one in reports if one.obligation.pk in same),
        issues=tuple(issue for issue in issues if issue.severity == "warning" or issue.at.file_cell),
    )


def _noted(
    content: bytes, filename: str, media_type: str, channel: str, entry: Act
) -> tuple[ImportedFile, Arrival | None]:
    """The file as taken in; and when the same bytes came first, if a report out of them was returned since.

    Raises ImportRefused.
    """
    before = refuse_repeated(content, filename)
    if before is not None:
        return before, Arrival(before.act.at)
    blob = store_blob(content, media_type=media_type, filename=filename)
    noted = {"sha256": blob.sha256, "filename": filename[:255], "channel": channel, "blob": blob, "act": entry}
    return ImportedFile.objects.create(**noted), None
