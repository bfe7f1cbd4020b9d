"""The main job: every check of it holds, twice in a row, and its documents are what they should be."""

import re
import stat
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from giaoban.config.demo import main
from giaoban.config.tests.world import apart
from giaoban.core.vietnamese import fold
from giaoban.meetings.models import Meeting
from giaoban.reporting.models import Submission

pytestmark = pytest.mark.django_db

BOOK, NOTICE = "tai-lieu-hop-long-an-2014-q1", "thong-bao-ket-luan-long-an-2014-q1"
SIMULATED = "SỐ LIỆU MÔ PHỎNG"
MISSING = ("Phòng Tư pháp huyện Thủ Thừa", "Phòng Tư pháp huyện Vĩnh Hưng")
LATE = "Phòng Tư pháp huyện Mộc Hóa"
CHECKS, LAMPS = 100, 8  # a check that nobody runs any more would hold for ever


def checks(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("  [")]


def test_every_check_holds(demo: Any) -> None:
    assert [line for line in checks(demo.lines) if not line.startswith("  [đạt")] == []
    assert demo.failed == 0
    assert len(checks(demo.lines)) >= CHECKS
    assert f"{len(checks(demo.lines))}/{len(checks(demo.lines))} kiểm tra đạt" in demo.lines[-1]


def test_a_second_run_holds_and_adds_nothing(demo: Any) -> None:
    before = Submission.objects.count()
    lines: list[str] = []
    assert apart(lambda: main.run(lines.append)) == 0
    assert set(checks(lines)) <= set(checks(demo.lines))
    assert len(checks(lines)) >= CHECKS - LAMPS  # the lamps are looked at while the paragraphs are written
    assert Submission.objects.count() == before > 80
    assert Meeting.objects.count() == 1


def test_the_accounts_are_for_their_owner_only(demo: Any) -> None:
    file = demo.folder / "accounts.tsv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 8
    assert {"bo-quan-tri", "tinh-quan-tri"} <= {login for login, _, _ in rows}
    assert all(any(login in line and password in line for line in demo.lines) for login, password, _ in rows)


def pdf(folder: Path, name: str) -> PdfReader:
    return PdfReader(folder / "out" / f"{name}.pdf")


def words(text: str) -> str:
    """One space between words, whatever the lines and hyphens of the page."""
    return re.sub(r"\s+", " ", text)


def text_of_pdf(reader: PdfReader) -> str:
    return words(" ".join(page.extract_text() for page in reader.pages))


def text_of_docx(path: Path) -> str:
    """The runs of all parts, headers and footers too."""
    with ZipFile(path) as parts:
        pages = [parts.read(name).decode() for name in sorted(parts.namelist()) if re.search(r"word/\w+\.xml$", name)]
    return words(
        " ".join(
            "".join(part or " " for part in re.findall(r"<w:t(?: [^>]*)?>([^<]*)<|(?=</w:p>)", page)) for page in pages
        )
    )


def fonts(reader: PdfReader) -> set[str]:
    """Base fonts of all pages, without the six letters of a subset."""
    found = set()
    for page in reader.pages:
        resources = cast(DictionaryObject, page["/Resources"])
        for font in resources.get("/Font", {}).values():
            found.add(str(font.get_object()["/BaseFont"]).lstrip("/").split("+")[-1])
    return found


@pytest.mark.parametrize("name", [BOOK, NOTICE])
def test_a_pdf_has_no_other_font_than_tinos(demo: Any, name: str) -> None:
    found = fonts(pdf(demo.folder, name))
    assert found
    assert {font for font in found if not font.startswith("Tinos")} == set()


def test_the_book_names_the_units_and_says_what_is_simulated(demo: Any) -> None:
    read = text_of_pdf(pdf(demo.folder, BOOK))
    written = text_of_docx(demo.folder / "out" / f"{BOOK}.docx")
    for text in (read, written):
        assert SIMULATED in text.upper()
        assert "13/15" in text
        for name in (*MISSING, LATE):
            assert fold(name) in fold(text), name


def test_the_notice_keeps_the_words_of_the_source(demo: Any) -> None:
    read = text_of_pdf(pdf(demo.folder, NOTICE))
    written = text_of_docx(demo.folder / "out" / f"{NOTICE}.docx")
    for text in (read, written):
        assert SIMULATED in text.upper()
        assert "THÔNG BÁO" in text
        assert "SỞ TƯ PHÁP" in text.upper()
