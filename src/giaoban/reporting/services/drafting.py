"""What is being typed: kept as typed, by several people at once, and never overwritten without a word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from giaoban.core.figures import BLANK
from giaoban.core.forms import FormDefinition
from giaoban.core.secrecy import marked_secret
from giaoban.core.vietnamese import moment
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import Channel, Draft, DraftCell, Obligation, Presence, SubmissionState
from giaoban.reporting.rules import (
    EXPLAINS,
    NOTES,
    Change,
    fault_of,
    figures_from_texts,
    is_paper,
    issue_key,
    merge,
    with_machine_cells,
)
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.selectors.drafts import names_of, stored_texts, versions_of
from giaoban.reporting.selectors.entry import has_estimates, subunits_by_row
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.services.errors import AlreadyDone, SecretRefused
from giaoban.reporting.services.sending import already_sent, lock, refuse_secret_file

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PRESENCE_NOTED: Final = timedelta(seconds=15)
"""A presence is written again only when it is older than this: pages ask every few seconds."""
PRESENCE_KEPT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Changed:
    """overtaken: names that keep what somebody else saved meanwhile. refused: names that cannot be kept → why."""

    draft: Draft
    overtaken: tuple[str, ...]
    refused: dict[str, str]


def save_draft(
    obligation: Obligation,
    *,
    figures: Mapping[str, str],
    notes: str = "",
    explanations: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
    revise: bool = True,
) -> Draft:
    """Make these texts (by `rules.text_key`) the whole draft, as they were typed; the last save counts.

    A draft that was read from a workbook keeps it for as long as the figures are those of the file, and in any case the
    papers typed so far. revise False: raises AlreadyDone when the report was sent meanwhile, so that a page opened
    before it does not begin a new version; SecretRefused, PermissionDenied.
    """
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    typed = {key: text for key, text in figures.items() if text.strip()}
    _refuse_secret([*typed.values(), notes, *(explanations or {}).values()])
    with transaction.atomic():
        row = lock([obligation.pk])[0]
        before = Draft.objects.filter(obligation=row).first()
        if before is None and not revise:
            _refuse_sent(row)
        parts = Parts(typed, notes, explanations or {}, before.papers if before else {})
        stored = names_of(before) if before else {}
        return _keep(row, before, stored, parts.named(), by=by, at=at, **_origin(before, typed))


def save_workbook_draft(
    obligation: Obligation,
    content: bytes,
    filename: str,
    *,
    figures: Mapping[str, str],
    notes: str = "",
    explanations: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
    revise: bool = True,
) -> Draft:
    """Make what a workbook holds (`read_workbook`) the draft, and keep the file with it. Raises as `save_draft`."""
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    typed = {key: text for key, text in figures.items() if text.strip()}
    _refuse_secret([*typed.values(), notes, *(explanations or {}).values()])
    refuse_secret_file(content, filename)
    with transaction.atomic():
        row = lock([obligation.pk])[0]
        before = Draft.objects.filter(obligation=row).first()
        if before is None and not revise:
            _refuse_sent(row)
        file = store_blob(content, media_type=XLSX_TYPE, filename=filename)
        origin = {"channel": Channel.WORKBOOK, "file": file, "filename": filename[:255]}
        stored = names_of(before) if before else {}
        parts = Parts(typed, notes, explanations or {}, before.papers if before else {})
        return _keep(row, before, stored, parts.named(), by=by, at=at, **origin)


def change_draft(
    obligation: Obligation,
    changes: Mapping[str, Change],
    *,
    draft_id: int | None = None,
    based_on: int | None = None,
    by: Actor,
    at: datetime,
    revise: bool = False,
) -> Changed:
    """Put single changes (names as in `rules.merging`) into the draft, which begins with what the last version said.

    A cell that somebody changed after the version on which a change is based keeps its text and is named in the answer.
    draft_id: the draft that the page shows, None when it shows none. based_on: then the version that it shows instead,
    0 before the first; None: whichever is the latest. Raises AlreadyDone when that draft was sent meanwhile, another
    version came after that one, or, without revise, the report was sent; PermissionDenied.
    """
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    with transaction.atomic():
        row = lock([obligation.pk])[0]
        before = Draft.objects.filter(obligation=row).first()
        if before is None and not revise:
            _refuse_sent(row)
        if draft_id is not None and (before is None or before.pk != draft_id):
            raise already_sent(row) if before is None else AlreadyDone(_ANOTHER)
        if draft_id is None and based_on is not None:
            _refuse_newer(row, based_on)
        form = definition_of(row.form)
        listed = {place: tuple(one.key for one in units) for place, units in subunits_by_row(row).items()}
        stored, estimates = stored_texts(row, before), has_estimates(row)
        faults = {
            name: fault_of(form, listed, stored, name, change.text, estimates=estimates)
            for name, change in changes.items()
        }
        refused = {name: fault for name, fault in faults.items() if fault}
        merged = merge(stored, versions_of(before), {key: one for key, one in changes.items() if key not in refused})
        if (
            before is not None
            and changes
            and not merged.changed
            and set(merged.overtaken) | set(refused) == set(changes)
        ):
            return Changed(before, merged.overtaken, refused)
        parts = parts_of_names(merged.texts)
        parts = replace(parts, figures=with_machine_cells(form, listed, parts.figures))
        draft = _keep(row, before, stored, parts.named(), by=by, at=at, **_origin(before, parts.figures))
        return Changed(draft, merged.overtaken, refused)


_ANOTHER: Final = "Bản nháp ở trang này đã được gửi và một bản sửa khác đã mở. Tải lại trang để thấy bản mới."


def look_in(obligation: Obligation, *, by: Actor, at: datetime) -> None:
    """Note that a person has the entry page open."""
    require_answer(by, Permission.ENTER_FIGURES, obligation.unit_id, on=timezone.localdate(at))
    if by.user_id is None:
        return
    fresh = Presence.objects.filter(obligation=obligation, user_id=by.user_id, seen_at__gt=at - PRESENCE_NOTED)
    if not fresh.exists():
        Presence.objects.update_or_create(obligation=obligation, user_id=by.user_id, defaults={"seen_at": at})
        Presence.objects.filter(obligation=obligation, seen_at__lt=at - PRESENCE_KEPT).delete()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a draft is made of; each text under the name that it has in its own part."""

    figures: dict[str, str]
    notes: str = ""
    explanations: Mapping[str, str] = field(default_factory=dict)
    papers: Mapping[str, str] = field(default_factory=dict)

    def named(self) -> dict[str, str]:
        """As one mapping of names to texts, blanks left out."""
        words = {f"{EXPLAINS}{key}": text for key, text in self.explanations.items()}
        texts = self.figures | {NOTES: self.notes} | words | dict(self.papers)
        return {name: text for name, text in texts.items() if text.strip()}


def parts_of_names(texts: Mapping[str, str]) -> Parts:
    """The other way round."""
    words = {name.removeprefix(EXPLAINS): text for name, text in texts.items() if name.startswith(EXPLAINS)}
    papers = {name: text for name, text in texts.items() if is_paper(name)}
    figures = {name: text for name, text in texts.items() if "/" in name and not name.startswith(EXPLAINS)}
    return Parts(figures, texts.get(NOTES, ""), words, papers)


def _refuse_secret(texts: Iterable[str]) -> None:
    """Raises SecretRefused when one of the texts carries the marking of a state secret."""
    for text in texts:
        marking = marked_secret(text)
        if marking:
            raise SecretRefused(marking)


def _refuse_sent(obligation: Obligation) -> None:
    """Raises AlreadyDone when the latest version waits or was accepted."""
    last = obligation.submissions.order_by("-version").first()
    if last is not None and last.state in (SubmissionState.SENT, SubmissionState.ACCEPTED):
        raise already_sent(obligation)


def _refuse_newer(obligation: Obligation, version: int) -> None:
    """Raises AlreadyDone when a version came after the one that a page shows: what is typed there would undo it."""
    last = obligation.submissions.order_by("-version").first()
    if last is not None and last.version != version:
        sent = moment(timezone.localtime(last.sent_at))
        raise AlreadyDone(
            f"Bản {last.version} của báo cáo này đã được gửi lúc {sent}, sau khi trang này mở. "
            "Tải lại trang để thấy bản đó, rồi sửa trên bản đó."
        )


def _keep(
    obligation: Obligation,
    before: Draft | None,
    stored: Mapping[str, str],
    texts: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    **origin: Any,
) -> Draft:
    """Store a draft; every name whose text is another one than before gets the next revision as its version."""
    parts = parts_of_names(texts)
    changed = sorted(name for name in stored.keys() | texts.keys() if stored.get(name) != texts.get(name))
    draft = before or Draft(obligation=obligation)
    draft.figures, draft.notes, draft.explanations = parts.figures, parts.notes, dict(parts.explanations)
    draft.papers = dict(parts.papers)
    draft.revision += bool(changed)
    draft.saved_at, draft.saved_by_id = at, by.user_id
    for name, value in origin.items():
        setattr(draft, name, value)
    draft.save()
    DraftCell.objects.bulk_create(
        [
            DraftCell(draft=draft, name=name, version=draft.revision, changed_at=at, changed_by_id=by.user_id)
            for name in changed
        ],
        update_conflicts=True,
        unique_fields=["draft", "name"],
        update_fields=["version", "changed_at", "changed_by"],
    )
    return draft


def _origin(before: Draft | None, figures: Mapping[str, str]) -> dict[str, Any]:
    """What becomes of the workbook that a draft was read from: it stays while the figures are those of the file."""
    if before is None or before.file_id is None:
        return {}
    form = definition_of(before.obligation.form)
    if _inputs(form, before.figures) == _inputs(form, figures):
        return {}
    return {"channel": Channel.WEB, "file": None, "filename": ""}


def _inputs(form: FormDefinition, texts: Mapping[str, str]) -> set[object]:
    """The figures and words in typed texts, what the machine computes in a column left aside."""
    figures, unread = figures_from_texts(form, texts)
    found: set[object] = {issue_key(issue) for issue in unread}
    for key, line in figures.items():
        numeric = form.table(line.table).numeric
        for column, figure in zip(numeric, line.figures, strict=True):
            if column.formula is None and figure != BLANK:
                found.add((*key, column.id, figure))
        found.update((*key, column_id, text) for column_id, text in line.texts.items())
    return found
