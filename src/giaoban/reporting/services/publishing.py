"""A consolidated table is published with a document, or presented in a book: frozen as it was read for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card
from giaoban.reporting.models import FormVersion, Layer, Obligation, Period, Snapshot
from giaoban.reporting.selectors.answering import post_answering, require_answer
from giaoban.reporting.selectors.consolidation import ConsolidatedTable
from giaoban.reporting.selectors.figures import like_before
from giaoban.reporting.selectors.forms import form_by_key, last_day, other_geography
from giaoban.reporting.selectors.grouping import ConsolidationRefused
from giaoban.reporting.selectors.readings import WITHDRAW_ACT, frozen_of
from giaoban.reporting.selectors.snapshots import checksum_of, freeze
from giaoban.reporting.selectors.sources import sources_of
from giaoban.reporting.services.confirming import hold, read_still, require_confirming
from giaoban.reporting.services.errors import AlreadyDone, ReportingError

MadeFrom = Literal["live", "confirmed"]
LINKS: Final = ("https://", "http://")


class PublishingRefused(ReportingError):
    """The table cannot be noted as published that way."""


@dataclass(frozen=True, slots=True)
class Document:
    """With what a table was published. issued_on: the day that the document bears; link: where it can be read."""

    number: str
    issued_on: date
    link: str = ""
    note: str = ""


def publish_table(
    form_key: str,
    period: Period,
    unit_id: int,
    *,
    document: Document,
    made_from: MadeFrom,
    geography: date | None = None,
    by: Actor,
    at: datetime,
) -> Snapshot:
    """Note that a table was published: frozen as last confirmed, or as it reads now, with its document.

    A later publication stands beside the earlier ones; the last that was not withdrawn counts. Whoever may confirm the
    table may say that it was published. Raises PublishingRefused, AlreadyDone, ConsolidationRefused.
    """
    require_confirming(by, period, unit_id)
    _require_document(document, period, at)
    form = form_by_key(form_key)
    geography = other_geography(period, geography)
    with act("reporting.publish-table", by=by, at=at) as entry:
        hold(form, period, unit_id, geography)
        standing = frozen_of(form, period, unit_id, geography)
        if standing.filter(layer=Layer.PUBLISHED, number=document.number, issued_on=document.issued_on).exists():
            raise AlreadyDone(
                f"Đã ghi công bố bằng văn bản số {document.number}. Nếu ghi nhầm, rút lại lần ghi trước rồi ghi lại."
            )
        content, source_id = _content(form, period, unit_id, geography, made_from)
        snapshot = Snapshot.objects.create(
            form=form,
            period=period,
            unit_id=unit_id,
            geography_on=geography,
            layer=Layer.PUBLISHED,
            content=content,
            checksum=checksum_of(content),
            number=document.number,
            issued_on=document.issued_on,
            link=document.link,
            note=document.note,
            act=entry,
        )
        entry.subject = subject_of(snapshot)
        entry.detail = {
            "form": form.key,
            "period": period.code,
            "checksum": snapshot.checksum,
            "made_from": made_from,
            "confirmed": source_id,
        }
        entry.unit_id = post_answering(by, unit_id, timezone.localdate(at))
    return snapshot


def _require_document(document: Document, period: Period, at: datetime) -> None:
    if not document.number.strip():
        raise PublishingRefused("Thiếu số, ký hiệu của văn bản công bố: ghi như trên văn bản.")
    if document.issued_on > timezone.localdate(at):
        raise PublishingRefused("Ngày văn bản ở sau hôm nay: chỉ ghi công bố khi văn bản đã ban hành.")
    if document.issued_on < period.start:
        raise PublishingRefused("Ngày văn bản đứng trước ngày đầu của kỳ số liệu: xem lại ngày hoặc kỳ.")
    if document.link and not (document.link.startswith(LINKS) or _is_here(document.link)):
        raise PublishingRefused(
            "Đường dẫn phải bắt đầu bằng https://, http://, hoặc bằng một dấu / nếu là trang của hệ thống này."
        )


def _is_here(link: str) -> bool:
    """An address of this system. Browsers read two slashes, and a slash and a backslash, as another host."""
    return link.startswith("/") and not link.startswith(("//", "/\\"))


def _content(
    form: FormVersion, period: Period, unit_id: int, geography: date | None, made_from: MadeFrom
) -> tuple[dict[str, Any], int | None]:
    """What is frozen, and the confirmation that it was taken from."""
    if made_from == "live":
        table, sources = read_still(form, period, unit_id, geography)
        return freeze(table, sources), None
    row = frozen_of(form, period, unit_id, geography).filter(layer=Layer.CONFIRMED).first()
    if row is None:
        raise PublishingRefused("Bảng này chưa được xác nhận lần nào: xác nhận trước, hoặc công bố từ số trực tiếp.")
    if checksum_of(row.content) != row.checksum:
        raise PublishingRefused(
            "Nội dung bản xác nhận không còn khớp mã kiểm: báo người quản trị, chưa công bố từ bản này."
        )
    return row.content, row.pk


def withdraw_publication(snapshot_id: int, *, reason: str, by: Actor, at: datetime) -> Act:
    """Take back that a table was published, with the reason: what was frozen stays in the history and counts no more.

    Raises PublishingRefused, AlreadyDone; Snapshot.DoesNotExist.
    """
    with act(WITHDRAW_ACT, by=by, at=at, reason=reason.strip()) as entry:
        rows = Snapshot.objects.select_for_update(of=("self",)).select_related("period")
        row = rows.defer("content").get(pk=snapshot_id, layer=Layer.PUBLISHED)
        require_confirming(by, row.period, row.unit_id)
        if not reason.strip():
            raise PublishingRefused("Thiếu lý do rút lại: nêu vì sao lần ghi công bố này không còn đúng.")
        entry.subject = subject_of(row)
        if Act.objects.filter(name=WITHDRAW_ACT, subject=entry.subject).exists():
            raise AlreadyDone("Lần ghi công bố này đã được rút lại.")
        entry.detail = {"number": row.number}
        entry.unit_id = post_answering(by, row.unit_id, timezone.localdate(at))
    return entry


def hold_for_presenting(form: FormVersion, period: Period, unit_id: int) -> None:
    """Let whatever would change the table, or that of the same period a year before, wait for the end of the caller's
    transaction: between reading them for a book and `present_tables`."""
    like = like_before(form, period)
    for one, at, geography in ((form, period, None), *([(*like, last_day(period))] if like else [])):
        try:
            hold(one, at, unit_id, geography)
        except ConsolidationRefused:
            continue  # what cannot be read is not presented either


def present_tables(
    tables: Sequence[ConsolidatedTable], *, origin: str, title: str, link: str, by: Actor, at: datetime
) -> list[Snapshot]:
    """Freeze tables exactly as they were read for what they are presented in, within the caller's transaction.

    origin names it ("book:12"), so that the same is frozen once. A table recast into the cells of another form is not
    one of its own period and is left out. The caller has let changes wait since the tables were read
    (`hold_for_presenting`). Whoever prepares the book of the tables' unit may.
    """
    with act("reporting.present-tables", by=by, at=at, subject=origin) as entry:
        found: dict[tuple[object, ...], Snapshot] = {}
        for table in tables:
            form = form_by_key(table.form_key)
            period = _period_of(form, table)
            if period is None:
                continue
            unit_name = card(table.unit.id, last_day(period)).name
            require_answer(by, Permission.PREPARE_MEETING, table.unit.id, unit_name=unit_name)
            geography = other_geography(period, table.geography)
            name = (form.pk, period.pk, table.unit.id, geography)
            if name not in found:
                found[name] = _present(table, form, period, geography, entry, origin=origin, link=link, title=title)
        entry.detail = {"title": title, "tables": [one.pk for one in found.values()]}
    return list(found.values())


def _present(
    table: ConsolidatedTable,
    form: FormVersion,
    period: Period,
    geography: date | None,
    entry: Act,
    *,
    origin: str,
    link: str,
    title: str,
) -> Snapshot:
    _, sources = sources_of(form, period, table.unit.id, geography)
    content = freeze(table, sources)
    return Snapshot.objects.create(
        form=form,
        period=period,
        unit_id=table.unit.id,
        geography_on=geography,
        layer=Layer.PRESENTED,
        content=content,
        checksum=checksum_of(content),
        issued_on=timezone.localdate(entry.at),
        link=link,
        note=title,
        origin=origin,
        act=entry,
    )


def _period_of(form: FormVersion, table: ConsolidatedTable) -> Period | None:
    """The period whose figures the table holds, when the form was owed for it."""
    card = table.period
    period = Period.objects.filter(rule__key=card.rule, code=card.code, instalment=card.instalment).first()
    owed = period is not None and Obligation.objects.filter(form=form, period=period).exists()
    return period if owed else None
