"""A book with one section, of the office of the small tree."""

from pathlib import Path
from typing import Any

from django.conf import settings

from giaoban.briefs import sections, services
from giaoban.briefs.heads import head_of
from giaoban.briefs.models import BriefingBook
from giaoban.documents.services import load_template
from giaoban.tasks.tests.factories import SYSTEM, Tree, moment


def content(held: Tree, **changes: Any) -> dict[str, Any]:
    at = moment(2026, 3, 20)
    head = head_of(
        held.office,
        at.date(),
        doc_type="Tài liệu họp",
        subject="Hội nghị thử",
        dated=at.date(),
        recipients=[],
        simulated_note="",
        source_note="",
        at=at,
    )
    table = sections.table("Bảng thử", ["Đơn vị", "Người"], [["Phòng Bắc", "5"]], numbers=[1], total_row=["Cộng", "5"])
    chapters = [sections.section("Kết quả", paragraphs=["Một câu."], tables=[table])]
    return {**head, "paper": "briefing-book", "sections": chapters, "attachments": [], **changes}


def book(held: Tree, **changes: Any) -> BriefingBook:
    given: dict[str, Any] = {
        "title": "Tài liệu họp thử",
        "unit_id": held.office,
        "content": content(held),
        "simulated": False,
        "by": SYSTEM,
        "at": moment(2026, 3, 20),
    }
    return services.freeze("hop-thu", **{**given, **changes})


def templates() -> None:
    """The two papers of a meeting, as the pack of this repository lays them out."""
    folder = Path(settings.BASE_DIR) / "packs" / "justice-vn" / "templates"
    for key in ("tai-lieu-hop", "thong-bao-ket-luan"):
        for engine, suffix in (("typst", "typ"), ("docx", "docx")):
            file = folder / f"{key}.{suffix}"
            assets = {"nd30.typ": (folder / "nd30.typ").read_bytes()} if engine == "typst" else None
            load_template(
                key=key, engine=engine, title=key, filename=file.name, content=file.read_bytes(), assets=assets
            )
