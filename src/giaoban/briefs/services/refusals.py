"""Why an act on a narrative report is refused, in a sentence; and what every act on one begins with."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from giaoban.briefs.models import NarrativeReport, Section
from giaoban.briefs.rules.states import State
from giaoban.briefs.selectors.reports import may_write
from giaoban.core.secrecy import marked_secret, refusal_of_secret
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


class NarrativeRefused(Exception):
    """The act is refused now; the text says why and what to do."""


class SectionConflict(NarrativeRefused):
    """Somebody saved the section since it was read. theirs: the section as it stands, with whose it is."""

    def __init__(self, theirs: Section) -> None:
        who = theirs.act.actor_name if theirs.act else "Người khác"
        super().__init__(f"{who} đã lưu phần này sau khi bạn mở. Xem hai bản rồi chọn; chưa có gì bị ghi đè.")
        self.theirs = theirs
        self.who = who
        self.at: datetime | None = theirs.act.at if theirs.act else None


def locked_report(report: NarrativeReport, *, may_be_final: bool = False) -> NarrativeReport:
    """The row, locked. Raises NarrativeRefused when the report has been issued."""
    row = NarrativeReport.objects.select_for_update().get(pk=report.pk)
    if row.state == State.FINAL and not may_be_final:
        raise NarrativeRefused("Báo cáo đã ban hành, nội dung không sửa được nữa. Cần đính chính thì lập văn bản khác.")
    return row


def require_lead(report: NarrativeReport, by: Actor) -> None:
    """Raises PermissionDenied unless the actor writes at the report's unit, or at what it wholly became."""
    name = _name(report.unit_id)
    reporting.require_answer(by, Permission.WRITE_NARRATIVE, report.unit_id, unit_name=name)


def require_finish(report: NarrativeReport, by: Actor) -> None:
    name = _name(report.unit_id)
    reporting.require_answer(by, Permission.FINISH_NARRATIVE, report.unit_id, unit_name=name)


def require_write(section: Section, by: Actor) -> None:
    """Raises PermissionDenied unless the actor writes at the section's unit or the report's, in its field of work."""
    if may_write(by, section):
        return
    name = _name(section.unit_id)
    reporting.require_answer(by, Permission.WRITE_NARRATIVE, section.unit_id, unit_name=name)
    field = section.field.name if section.field else "phần chung"
    raise PermissionDenied(
        f"Vị trí của bạn không phụ trách lĩnh vực “{field}”. Người viết được phần này: người phụ trách lĩnh vực đó của "
        f"{_name(section.unit_id)}."
    )


def _name(unit_id: int) -> str:
    return orgs.card(unit_id, timezone.localdate()).name


def refuse_secret(text: str, found: str = "") -> None:
    """Text that carries a mark of secrecy is not taken in. found: a mark found elsewhere. Raises NarrativeRefused."""
    if marking := marked_secret(text) or found:
        raise NarrativeRefused(refusal_of_secret(marking))
