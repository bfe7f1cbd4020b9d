"""Bản in: a form as PDF, blank, as it is being filled in, or as it was sent."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.figures import Figures
from giaoban.core.forms import FormDefinition, slug
from giaoban.core.vietnamese import day, moment
from giaoban.documents.services import PDF, render_pdf
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.rules import figures_from_texts, machine_texts, signed_from
from giaoban.reporting.web.files import SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.shaping.layout import Labels
from giaoban.reporting.web.shaping.paper import Printed, paper_of

TEMPLATE = "bieu-thong-ke"
NOT_SENT = "Bản đang nhập, chưa gửi."
SIMULATED_NOTE = "Hạn, người ký và mọi con số của bản in này là mô phỏng."


@require_safe
def draft(request: ActorRequest, pk: int) -> HttpResponse:
    """What stands in the draft, for those who type it; for others the last version, or a blank form."""
    obligation = selectors.obligation_for(request.actor, pk)
    current = selectors.entry_of(obligation)
    if not current.has_draft or not selectors.answers(request.actor, Permission.ENTER_FIGURES, obligation.unit_id):
        return _of_version(obligation, current.last)
    listed = {place: tuple(one.key for one in units) for place, units in current.subunits.items()}
    texts = current.texts | machine_texts(current.form, listed, current.texts)
    figures, _ = figures_from_texts(current.form, texts)
    return _printed(obligation, None, figures, notes=current.notes, remark=NOT_SENT)


@require_safe
def version(request: ActorRequest, pk: int) -> HttpResponse:
    """A version as it was sent, with the names of those who signed."""
    row = selectors.submission_for(request.actor, pk)
    return _of_version(row.obligation, row)


@require_safe
def blank(_request: ActorRequest, form: str) -> HttpResponse:
    """The empty form."""
    row = selectors.form_with_layout(form)
    definition = selectors.definition_of(row)
    about = Printed(
        act_day=row.regime.issued_on if row.regime else None,
        receipt=_receipt(row, ""),
        generated=moment(timezone.localtime()),
    )
    pdf = render_pdf(TEMPLATE, paper_of(definition, Labels(definition), {}, about))
    return handed_out(pdf, PDF, f"{slug(row.code)}-trong.pdf")


def _of_version(obligation: selectors.Obligation, row: selectors.Submission | None) -> HttpResponse:
    return _printed(obligation, row, selectors.figures_of(row) if row else {}, notes=row.notes if row else "")


def _printed(
    obligation: selectors.Obligation,
    row: selectors.Submission | None,
    figures: Figures,
    *,
    notes: str,
    remark: str = "",
) -> HttpResponse:
    form: FormDefinition = selectors.definition_of(obligation.form)
    period, on = obligation.period, selectors.last_day(obligation.period)
    called = orgs.cards([one for one in (obligation.unit_id, obligation.receiver_id) if one], on)
    unit = called[obligation.unit_id]
    receiver = called.get(obligation.receiver_id or 0)
    names = {one.key: one.label for units in selectors.subunits_by_row(obligation).values() for one in units}
    simulated = obligation.simulated or bool(row and row.simulated)
    regime = obligation.form.regime
    about = Printed(
        act_day=regime.issued_on if regime else None,
        period_label=period.label,
        window=f"từ ngày {day(period.start)} đến ngày {day(on)}",
        unit_name=unit.name,
        receiver_name=receiver.name if receiver else "",
        receipt=_receipt(obligation.form, unit.kind),
        signed={block["role"]: signed_from(block) for block in row.signatures} if row else {},
        document_date=row.document_date if row else None,
        estimate=f"từ {day(period.actual_until)} đến {day(on)}" if period.actual_until else "",
        remark=remark,
        notes=notes,
        simulated=simulated,
        simulated_note=SIMULATED_NOTE if simulated else "",
        generated=moment(timezone.localtime()),
    )
    pdf = render_pdf(TEMPLATE, paper_of(form, Labels(form, names), figures, about))
    name = slug(f"{obligation.form.code}-{unit.short_name}-{period.code}") + (SIMULATED_SUFFIX if simulated else "")
    return handed_out(pdf, PDF, f"{name}.pdf")


def _receipt(form: selectors.FormVersion, kind: str) -> tuple[tuple[str, str], ...]:
    """The days of one kind of reporter; of a blank form only when all its reporters have the same."""
    found = {one.days for one in selectors.receipt_days(form, kind)}
    return next(iter(found)) if len(found) == 1 else ()
