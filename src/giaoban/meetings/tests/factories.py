"""A pack's word lists, a form asked of two units, and a meeting, in words that belong to no sector."""

from datetime import date
from typing import Any

from django.utils import timezone

from giaoban.kit.models import Pack, Word
from giaoban.meetings import services
from giaoban.meetings.models import Meeting
from giaoban.reporting import services as reporting
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule, Regime
from giaoban.tasks.tests.factories import SYSTEM, Tree, moment

CLEARS = (
    ("what", "rõ việc"),
    ("leads", "rõ chủ trì"),
    ("helpers", "rõ phối hợp"),
    ("due_on", "rõ thời hạn"),
    ("product", "rõ sản phẩm"),
)
HELD_ON = date(2026, 3, 21)

FORM = {
    "code": "quan-so",
    "title": "Quân số",
    "kind": "request",
    "valid": [None, None],
    "verified": "full",
    "labels": "own",
    "source": "thu",
    "tables": [
        {
            "id": "own",
            "rows": [{"id": "total"}],
            "columns": [{"id": "c1", "label": "Người", "unit": "Người"}, {"id": "c2", "label": "Việc", "unit": "Việc"}],
        }
    ],
}


def words() -> None:
    pack = Pack.objects.create(key="thu", title="Gói thử", version="1", checksum="0", loaded_at=timezone.now())
    lists = {
        "clears": CLEARS,
        "meeting_types": (("so-ket", "Hội nghị sơ kết"),),
        "meeting_forms": (("truc-tiep", "Trực tiếp"),),
    }
    Word.objects.bulk_create(
        Word(pack=pack, list=name, key=key, name=word, position=position)
        for name, entries in lists.items()
        for position, (key, word) in enumerate(entries)
    )


def form() -> FormVersion:
    return FormVersion.objects.create(
        key="request:quan-so", act="", code="quan-so", title="Quân số", kind="request", definition=FORM, checksum="1"
    )


def period() -> Period:
    regime = Regime.objects.create(key="thu", act="Yêu cầu thử")
    definition = {"key": "dot-xuat", "name": "Đột xuất", "kind": "ad_hoc"}
    PeriodRule.objects.create(regime=regime, key="dot-xuat", name="Đột xuất", definition=definition)
    return reporting.open_period(
        "dot-xuat",
        code="2026-Q1",
        label="Quý I/2026",
        start=date(2026, 1, 1),
        end=date(2026, 3, 15),
        by=SYSTEM,
        at=moment(2026, 3, 1),
    )


def asked(held: Tree, on: Period, *, simulated: bool = False) -> list[Obligation]:
    """Both rooms owe the form to the office by 14/03/2026."""
    return reporting.request_report(
        form().key,
        on,
        units=[held.north, held.south],
        receiver=held.office,
        due_on=date(2026, 3, 14),
        basis="Giấy mời",
        by=SYSTEM,
        at=moment(2026, 3, 1),
        simulated=simulated,
    )


def meeting(held: Tree, **changes: Any) -> Meeting:
    given: dict[str, Any] = {
        "key": "so-ket",
        "title": "Hội nghị sơ kết quý I",
        "type": "so-ket",
        "form": "truc-tiep",
        "held_on": HELD_ON,
        "host_id": held.office,
        "chair_name": "Ông Chủ Trì",
        "chair_title": "Giám đốc",
        "by": SYSTEM,
        "at": moment(2026, 3, 10),
    }
    return services.plan_meeting(**{**given, **changes})


def held_meeting(held: Tree, **changes: Any) -> Meeting:
    row = meeting(held, **changes)
    services.hold(row, by=SYSTEM, at=moment(2026, 3, 21, 12))
    return row


def fill(paragraph: Any, leads: list[int], **changes: Any) -> None:
    given: dict[str, Any] = {
        "what": "Tham mưu về tổ chức cán bộ",
        "lead_ids": leads,
        "helpers": "Văn phòng",
        "due_on": date(2026, 6, 30),
        "product": "Văn bản đề xuất",
        "by": SYSTEM,
        "at": moment(2026, 3, 21, 13),
    }
    services.set_clears(paragraph, **{**given, **changes})
