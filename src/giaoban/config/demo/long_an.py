"""The conference of Long An, 21 March 2014: request, reports, book, conclusion, tasks, figures in today's geography.

The words of the conclusion are the source's. Figures, deadline, products and due dates are simulated and say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from django.http import Http404
from django.utils import timezone

from giaoban.briefs import selectors as briefs
from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.timeliness import Timeliness
from giaoban.core.vietnamese import number
from giaoban.kit.actors import Actor, system_actor
from giaoban.meetings import selectors as meetings
from giaoban.meetings import services as meeting_services
from giaoban.meetings.selectors import Meeting, Paragraph
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import Period
from giaoban.tasks import selectors as tasks
from giaoban.tasks import services as task_services

MEETING = "long-an-2014-q1"
NOTE = (
    "số liệu, thời hạn, sản phẩm, ngày hoàn thành và tên đơn vị làm hay chưa làm là ví dụ; lời kết luận là nguyên văn."
)
TODAY_UNIT = "so-tu-phap:tay-ninh-2025"
TODAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Example:
    """The source's own words (`told`) and what was made up around them (`made_up`), with the unit ids of both."""

    told: Mapping[str, Any]
    made_up: Mapping[str, Any]
    host: int
    offices: tuple[int, ...]
    by: Actor

    def unit(self, key: str) -> int:
        unit_id = orgs.unit_id_of(key)
        if unit_id is None:
            raise LookupError(key)
        return unit_id


def at(day: date, hour: int = 9) -> datetime:
    """A moment of a day of the example, local time."""
    return timezone.make_aware(datetime.combine(day, time(hour)))


def read_example(folder: Path, by: Actor) -> Example:
    told = yaml.safe_load((folder / "published" / "long-an-2014-03-21.yaml").read_text(encoding="utf-8"))
    made_up = yaml.safe_load((folder / "simulated" / "long-an-2014.yaml").read_text(encoding="utf-8"))
    host = orgs.unit_id_of(told["host"])
    if host is None:
        raise LookupError(told["host"])
    kind = told["participants"][1]["unit_kind"]
    offices = orgs.descendant_ids(host, "professional", told["event_date"], kind=kind)
    return Example(told, made_up, host, tuple(offices), by)


def run(published: Published, report: Report) -> None:
    report.title("3. Hội nghị sơ kết quý I/2014 của Sở Tư pháp Long An, 21/3/2014 (số liệu mô phỏng)")
    example = read_example(published.folder.parent, published.by)
    report.check("số Phòng Tư pháp phải báo cáo", 15, len(example.offices))
    period = _ask(example)
    _send(example, period)
    _figures(example, period, report)
    _meet(example, period, report)
    _follow(example, report)
    _in_todays_geography(example, period, report)


def _ask(example: Example) -> Period:
    """The ad-hoc request: fifteen offices owe the form by a (simulated) day."""
    request = example.made_up["request"]
    moment = at(date(2014, 3, 3))
    period = services.open_period("quarter", year=2014, code="2014-Q1", by=example.by, at=moment)
    if not selectors.reporters_of(selectors.form_by_key(example.made_up["form"]), period):
        services.request_report(
            example.made_up["form"],
            period,
            units=example.offices,
            receiver=example.host,
            due_on=request["due"],
            basis=request["basis"],
            by=example.by,
            at=moment,
            simulated=True,
        )
    return period


def _send(example: Example, period: Period) -> None:
    """Thirteen reports come in on their days and are accepted."""
    form = example.made_up["form"]
    columns = example.made_up["columns"]
    standing = selectors.figures_by_unit(selectors.form_by_key(form), period, "main", "total", columns[:1])
    for key, (day, figures) in example.made_up["reports"].items():
        if example.unit(key) in standing:
            continue
        rows = [
            {"unit": key, "form": form, "period": period.code, "column": column, "value": str(value)}
            for column, value in zip(columns, figures, strict=True)
        ]
        services.import_csv(
            tidy_csv(rows),
            f"{key.rsplit(':', 1)[-1]}.csv",
            by=example.by,
            at=at(day, 16),
            accept=True,
            simulated=True,
            source="Ví dụ mô phỏng của Giao Ban",
            sent_at=at(day, 15),
        )


def _figures(example: Example, period: Period, report: Report) -> None:
    form = selectors.form_by_key(example.made_up["form"])
    on = example.told["event_date"]
    table = selectors.consolidate(form, period, example.host)
    late = selectors.late_and_missing(form, period, example.host, on)
    report.check("độ phủ của bảng tổng hợp", "13/15", table.coverage_words)
    report.check(
        "gửi muộn",
        "Phòng Tư pháp huyện Mộc Hóa, 5 ngày",
        "; ".join(f"{row.unit.name}, {row.timing.days} ngày" for row in late.late),
    )
    report.check(
        "chưa gửi",
        "Phòng Tư pháp huyện Thủ Thừa, Phòng Tư pháp huyện Vĩnh Hưng",
        ", ".join(sorted(row.unit.name for row in late.missing)),
    )
    overdue = {row.timing.state for row in late.missing}
    report.check("tình trạng của đơn vị chưa gửi", Timeliness.OVERDUE.value, ", ".join(sorted(overdue)))
    by_hand = sum(figures[0] for _, figures in example.made_up["reports"].values())
    total = table.total.cells["main", "total", "", example.made_up["columns"][0]]
    report.check("tổng của 13 đơn vị, cột đầu", number(by_hand), number(total.value))
    report.check("bảng mang nhãn mô phỏng", True, table.simulated)


def _meet(example: Example, period: Period, report: Report) -> None:
    told, by = example.told, example.by
    held_on = told["event_date"]
    meeting = standing_meeting(by)
    if meeting is None:
        meeting = meeting_services.plan_meeting(
            key=MEETING,
            type=told["meeting_type"],
            form=told["meeting_form"] or "",
            title=told["meeting_title"],
            held_on=held_on,
            host_id=example.host,
            period_id=period.pk,
            chair_name=told["chair"]["name"],
            chair_title=told["chair"]["title"],
            source=told["source_chain"][0]["text"],
            published_on=told["publication_date"],
            list_complete=told["conclusion"]["list_complete_in_source"],
            simulated_note=NOTE,
            by=by,
            at=at(date(2014, 3, 14)),
        )
        meeting_services.add_participants(
            meeting,
            unit_ids=example.offices,
            labels=[told["participants"][0]["label"]],
            by=by,
            at=at(date(2014, 3, 14)),
        )
        card = next(paper for paper in told["papers"] if paper.get("title_card"))
        meeting_services.attach_title_card(
            meeting, title=card["title_card"], source=told["source_chain"][0]["text"], by=by, at=at(date(2014, 3, 14))
        )
        meeting_services.build_agenda(meeting, by=by, at=at(date(2014, 3, 20)))
        meeting_services.prepare_book(meeting, by=by, at=at(date(2014, 3, 20)))
        meeting_services.hold(meeting, by=by, at=at(held_on, 11))
        _conclude(example, meeting, report)
    notice = meetings.notice_of(meeting)
    report.check("thông báo kết luận đã ban hành", True, notice is not None)
    cards = [paper.title for paper in meeting.attachments.all() if paper.blob_id is None]
    report.check("tài liệu chỉ có tên (thẻ tên)", 1, len(cards))


def standing_meeting(by: Actor) -> Meeting | None:
    """The meeting of the example, when an earlier run has made it."""
    try:
        return meetings.meeting_for(by, MEETING, TODAY)
    except Http404:
        return None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A task paragraph, the words that the example has for it, and which clears the source does not give."""

    paragraph: Paragraph
    words: Mapping[str, Any]
    added: tuple[str, ...]


def _conclude(example: Example, meeting: Meeting, report: Report) -> None:
    """The paragraphs as told; the lamps before and after the secretary's additions; then the notice."""
    issued = at(example.made_up["conclusion"]["issued"])
    drafted = _record(example, meeting)
    for one in drafted:
        _fill(example, one, complete=False)
    cards = {card.pk: card for card in meetings.paragraphs_of(meeting)}
    for one in drafted:
        card = cards[one.paragraph.pk]
        report.check(
            f"đoạn {card.label}: đèn chưa sáng trước khi thư ký ghi thời hạn, sản phẩm",
            "due_on, product",
            ", ".join(lamp.key for lamp in card.lamps if not lamp.lit),
        )
    report.check("ban hành khi còn đèn đỏ", "bị từ chối", _try_to_issue(example, meeting, issued))
    for one in drafted:
        _fill(example, one, complete=True)
    for card in meetings.paragraphs_of(meeting):
        if card.is_task:
            report.check(f"đoạn {card.label}: đèn sáng sau khi bổ sung", 5, sum(lamp.lit for lamp in card.lamps))
    meeting_services.issue_notice(meeting, by=example.by, at=issued)


def _record(example: Example, meeting: Meeting) -> list[Drafted]:
    """Write the paragraphs down, verbatim; one of them holds two matters. Gives those that are to become tasks."""
    by, source = example.by, example.told["source_chain"][0]["text"]
    moment = at(example.told["event_date"], 11)
    plan = {one["number"]: one for one in example.made_up["conclusion"]["paragraphs"]}
    drafted: list[Drafted] = []
    for told in example.told["conclusion"]["paragraphs"]:
        made_up = plan[told["number"]]
        text = ", ".join(phrase["text"] for phrase in told["phrases"])
        paragraph = meeting_services.record_paragraph(
            meeting, text=text, kind=made_up["kind"], source=source, by=by, at=moment
        )
        added = ("helpers", "due_on", "product") + (() if told["addressee"] else ("leads",))
        if "split" in made_up:
            words = [one["words"] for one in made_up["split"]]
            parts = meeting_services.split_paragraph(paragraph, parts=words, by=by, at=moment)
            drafted += [Drafted(part, one, added) for part, one in zip(parts, made_up["split"], strict=True)]
        elif made_up["kind"] == "task":
            drafted.append(Drafted(paragraph, made_up, added))
    opening = example.told["conclusion"]["opening"][0]
    meeting_services.record_paragraph(
        meeting, text=opening["text"], kind="agreement", source=f"R{opening['r']}", by=by, at=moment
    )
    return drafted


def _fill(example: Example, drafted: Drafted, *, complete: bool) -> None:
    """What, who and with whom; the day and the product only when `complete`."""
    meeting_services.set_clears(
        drafted.paragraph,
        what=drafted.words["what"],
        lead_ids=example.offices,
        helpers=drafted.words["helpers"],
        due_on=drafted.words["due"] if complete else None,
        product=drafted.words["product"] if complete else "",
        filled_by_secretary=drafted.added,
        by=example.by,
        at=at(example.told["event_date"], 14 if complete else 12),
    )


def _try_to_issue(example: Example, meeting: Meeting, issued: datetime) -> str:
    try:
        meeting_services.issue_notice(meeting, by=example.by, at=issued)
    except meeting_services.ConclusionRefused:
        return "bị từ chối"
    return "đã ban hành"


def _follow(example: Example, report: Report) -> None:
    """Four tasks of fifteen units each; eleven units finish the first, four do not."""
    made_up = example.made_up["tasks"]
    meeting = standing_meeting(example.by)
    paragraphs = meetings.paragraphs_of(meeting) if meeting else []
    issued = [tasks.tasks_by_key([card.task.origin.key])[card.task.origin.key] for card in paragraphs if card.task]
    kinds = {kind: sum(card.kind == kind for card in paragraphs) for kind in ("task", "orientation", "agreement")}
    report.check("đoạn: nhiệm vụ, định hướng, nhất trí", "4, 1, 1", ", ".join(str(count) for count in kinds.values()))
    report.check("nhiệm vụ được giao (chỉ từ đoạn nhiệm vụ)", 4, len(issued))
    report.check(
        "mỗi nhiệm vụ giao cho",
        "15 đơn vị",
        "; ".join(sorted({f"{len(tasks.shares_of(task))} đơn vị" for task in issued})),
    )
    first = issued[0]
    for share in tasks.shares_of(first):
        key = orgs.card(share.unit_id, made_up["looked_at"]).key
        done_on = made_up["done"].get(key)
        if done_on is None or share.state == "done":
            continue
        task_services.report_progress(
            share,
            note="Đã gửi văn bản đề xuất (mô phỏng)",
            done=True,
            product=first.product,
            by=example.by,
            at=at(done_on, 10),
        )
        task_services.verify(share, by=example.by, at=at(done_on, 16))
    roll_up = tasks.roll_up(first, made_up["looked_at"])
    report.check("hoàn thành: đúng hạn, muộn", "9, 2", f"{len(roll_up.done_on_time)}, {len(roll_up.done_late)}")
    report.check("hoàn thành", 11, roll_up.done)
    unfinished = (*roll_up.open_in_time, *roll_up.open_overdue)
    report.check("chưa hoàn thành", 4, len(unfinished))
    report.check(
        "tên đơn vị chưa hoàn thành",
        "Tân Hưng, Tân Trụ, Thủ Thừa, Vĩnh Hưng",
        ", ".join(
            card.name.removeprefix("Phòng Tư pháp huyện ") for card in sorted(unfinished, key=lambda one: one.sort_key)
        ),
    )


def _in_todays_geography(example: Example, period: Period, report: Report) -> None:
    form = selectors.form_by_key(example.made_up["form"])
    table = selectors.consolidate(form, period, example.unit(TODAY_UNIT), geography=TODAY)
    column = ("main", "total", "", example.made_up["columns"][0])
    report.check("địa giới 2026: thuộc", "Sở Tư pháp tỉnh Tây Ninh", table.unit.name)
    report.check(
        "địa giới 2026: phần có số liệu",
        "phần từ Sở Tư pháp tỉnh Long An",
        ", ".join(line.label for line in table.lines if line.cells),
    )
    by_hand = sum(figures[0] for _, figures in example.made_up["reports"].values())
    report.check("địa giới 2026: cùng tổng", number(by_hand), number(table.total.cells[column].value))
    report.check("địa giới 2026: độ phủ", "13/15", table.coverage_words)
    report.check(
        "địa giới 2026: ghi là chưa đầy đủ",
        "Không có số liệu của kỳ này từ: Sở Tư pháp tỉnh Tây Ninh (đến 30/06/2025).",
        table.incomplete_reason,
    )


def documents() -> list[tuple[str, int | None]]:
    """File name → stored document, of the book and of the notice; None where it was not made."""
    meeting = standing_meeting(system_actor("giaoban demo"))
    book = briefs.latest_book(MEETING)
    notice = meetings.notice_of(meeting) if meeting else None
    return [
        (f"{name}.{kind}", getattr(paper, f"{kind}_id") if paper else None)
        for name, paper in (("tai-lieu-hop-long-an-2014-q1", book), ("thong-bao-ket-luan-long-an-2014-q1", notice))
        for kind in ("docx", "pdf")
    ]
