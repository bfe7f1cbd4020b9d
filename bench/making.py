"""Forms and reports of a measurement, made without the services: generated figures, always marked as simulated."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from giaoban.core.figures import Mark
from giaoban.core.forms import checksum, parse_form
from giaoban.kit.models import Act
from giaoban.reporting.models import FormVersion, Obligation, Submission, SubmissionLine


def form_version(data: Mapping[str, Any], key: str, valid_from: date) -> FormVersion:
    """A stored version of a form. data: as a pack has it."""
    definition = parse_form(dict(data), key)
    return FormVersion.objects.create(
        key=key,
        act=definition.act,
        code=definition.code,
        title=definition.title,
        kind=definition.kind,
        definition=data,
        checksum=checksum(dict(data)),
        valid_from=valid_from,
    )


def submission(
    obligation: Obligation, receipt: str, entry: Act, at: datetime, *, cells: int, version: int = 1, of: int = 1
) -> Submission:
    """A report that is not stored yet, the last of its versions accepted. cells: how many the form has, all filled;
    of: how many versions there are."""
    return Submission(
        obligation=obligation,
        version=version,
        state="accepted" if version == of else "superseded",
        is_current=version == of,
        channel="csv",
        entered_by_name="bench",
        sent_at=at,
        decided_at=at,
        filled=cells,
        required=cells,
        warnings=0,
        receipt=receipt,
        simulated=True,
        act=entry,
    )


def line(
    submission: Submission,
    row: str,
    values: Sequence[int | None],
    estimates: Sequence[int | None] | None = None,
    marks: Sequence[Mark] | None = None,
) -> SubmissionLine:
    """A line of its one table that is not stored yet. estimates None: there are none; marks None: all is reported."""
    return SubmissionLine(
        submission=submission,
        table="main",
        row=row,
        values=list(values),
        estimates=list(estimates) if estimates is not None else [None] * len(values),
        marks=[int(mark) for mark in marks or [Mark.REPORTED] * len(values)],
    )
