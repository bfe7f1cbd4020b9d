"""What goes beyond the regime needs a reason that a named person signed; it is kept with the units that it concerns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from giaoban.kit.models import Act
from giaoban.reporting.models import Justification, Obligation
from giaoban.reporting.rules.burden import Finding
from giaoban.reporting.rules.timeliness import turned
from giaoban.reporting.selectors.burden import earlier_than_regime
from giaoban.reporting.selectors.owed import standing
from giaoban.reporting.services.errors import JustificationNeeded


@dataclass(frozen=True, slots=True)
class SignedReason:
    """Why something goes beyond the regime, and the name and office of the person who decided so."""

    reason: str
    name: str
    title: str


def require_signed_move(
    rows: Sequence[Obligation], due: Mapping[int, date], signed: SignedReason | None
) -> dict[int, tuple[Finding, ...]]:
    """What speaks against giving reports other deadlines, by report: a day before the regime's, a report received on
    time that would turn late. Raises JustificationNeeded when something does and nobody signed why."""
    real = [row for row in rows if not row.simulated]
    found = earlier_than_regime(real, due)
    late = _made_late(real, due)
    for pk in late:
        said = Finding("made-late", f"Báo cáo đã nhận đúng hạn; theo hạn {due[pk]:%d/%m/%Y} thành nhận muộn.")
        found[pk] = (*found.get(pk, ()), said)
    if found and signed is None:
        sentences = dict.fromkeys(
            one.sentence for several in found.values() for one in several if one.code != "made-late"
        )
        counted = (f"{len(late)} báo cáo đã nhận đúng hạn sẽ thành nhận muộn.",) if late else ()
        raise JustificationNeeded((*sentences, *counted), "Hạn này sớm hơn hạn đã đặt cho đơn vị", "chọn ngày muộn hơn")
    return found


def keep_reasons(
    rows: Collection[Obligation], findings: Mapping[int, Sequence[Finding]], signed: SignedReason, entry: Act
) -> None:
    """One row for each form, period and receiver, with the units that something was found for."""
    groups: dict[tuple[int, int, int | None], list[Obligation]] = {}
    for row in rows:
        if findings.get(row.pk):
            groups.setdefault((row.form_id, row.period_id, row.receiver_id), []).append(row)
    Justification.objects.bulk_create(
        Justification(
            form_id=form_id,
            period_id=period_id,
            receiver_id=receiver_id,
            findings=[
                {"code": one.code, "sentence": one.sentence}
                for one in dict.fromkeys(one for row in held for one in findings[row.pk])
            ],
            units=sorted({row.unit_id for row in held}),
            reason=signed.reason,
            signed_by=signed.name,
            signer_title=signed.title,
            act=entry,
        )
        for (form_id, period_id, receiver_id), held in groups.items()
    )


def _made_late(rows: Sequence[Obligation], due: Mapping[int, date]) -> list[int]:
    """The reports received on time that would count as late by their new deadlines."""
    earlier = [row.pk for row in rows if row.due_on is None or due[row.pk] < row.due_on]
    if not earlier:
        return []
    return [
        one.obligation.pk
        for one in standing(Obligation.objects.filter(pk__in=earlier))
        if one.delivered_at is not None
        and turned(timezone.localdate(one.delivered_at), one.obligation.due_on, due[one.obligation.pk]) == "late"
    ]
