"""A narrative report of about 20 pages with tables, from its frozen content to DOCX and to PDF."""

from typing import Any

from bench.timing import milliseconds, row
from giaoban.briefs.rules.papers import laid_out
from giaoban.config.paths import ROOT
from giaoban.documents.rendering import docx_from, pdf_from

FOLDER = ROOT / "packs" / "justice-vn" / "templates"
SENTENCE = (
    "Trong kỳ, đơn vị đã tiếp nhận và giải quyết hồ sơ đúng quy định, phối hợp với các cơ quan liên quan, kịp thời "
    "tháo gỡ vướng mắc tại cơ sở và hướng dẫn nghiệp vụ cho công chức trực tiếp làm nhiệm vụ. "
)
SECTIONS, PARAGRAPHS, ROWS = 21, 3, 9


def content() -> dict[str, Any]:
    """Sections with paragraphs, a list and a table each; made up, as its words say."""
    table = [["Đơn vị", "Tiếp nhận", "Giải quyết", "Tỷ lệ"]]
    table += [[f"Ủy ban nhân dân xã thử {number}", "1.204", "1.180", "98,01 %"] for number in range(ROWS)]
    blocks: list[dict[str, Any]] = [{"kind": "p", "rows": [[SENTENCE * 3]], "origin": None} for _ in range(PARAGRAPHS)]
    blocks += [{"kind": "li", "rows": [[SENTENCE]], "origin": None}, {"kind": "table", "rows": table, "origin": None}]
    sections = [
        {
            "part": f"part-{number // 7}",
            "part_heading": "Kết quả công tác theo lĩnh vực",
            "heading": f"Lĩnh vực thử {number}",
            "nil": False,
            "blocks": blocks,
        }
        for number in range(SECTIONS)
    ]
    return {"sections": sections, "attachments": [], "simulated": True}


def head() -> dict[str, Any]:
    return {
        "superior": "Ủy ban nhân dân tỉnh",
        "body": "Sở Thử nghiệm",
        "number": None,
        "symbol": None,
        "place": None,
        "date": None,
        "doc_type": "Báo cáo",
        "subject": "Kết quả công tác thử",
        "signer": None,
        "recipients": [],
        "simulated": True,
        "simulated_note": "Nội dung dựng để đo tốc độ.",
        "source_note": "",
        "generated": "",
    }


def measure(world: object, rounds: int) -> list[str]:  # noqa: ARG001 - the signature of every measurement
    """Layout and both engines; the budget is for the two papers together."""
    held, top = content(), head()
    word, source = (FOLDER / "bao-cao-bang-loi.docx").read_bytes(), (FOLDER / "bao-cao-bang-loi.typ").read_bytes()
    assets = {"nd30.typ": (FOLDER / "nd30.typ").read_bytes()}

    def both() -> None:
        docx_from(word, laid_out(top, held, show_sources=False, draft=True))
        pdf_from(source, laid_out(top, held, show_sources=False, draft=True), assets)

    few = max(3, rounds // 5)
    return [row("narrative report of 20 pages as DOCX and PDF", milliseconds(both, few, warm_up=1), "5,000")]
