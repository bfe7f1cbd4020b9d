"""Blobs and templates in the database, and papers printed with them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from docx import Document
from pypdf import PdfReader

from giaoban.core.packs import Pack, read_pack
from giaoban.documents import selectors, services
from giaoban.documents.models import Blob, Template
from giaoban.documents.tests import samples

pytestmark = pytest.mark.django_db

PLAIN = b'#let data = json("data.json")\n#set document(title: data.t)\n#set text(font: "Tinos")\n#data.t'


def load(content: bytes = PLAIN, *, title: str = "Mẫu thử", assets: dict[str, bytes] | None = None) -> str | None:
    return services.load_template(
        key="thu", engine="typst", title=title, filename="thu.typ", content=content, assets=assets
    )


def load_from_pack(key: str) -> None:
    folder = samples.TEMPLATES
    for engine, suffix in (("typst", ".typ"), ("docx", ".docx")):
        content = (folder / f"{key}{suffix}").read_bytes()
        assets = services.imported_files(folder, content) if engine == "typst" else None
        services.load_template(
            key=key, engine=engine, title=key, filename=f"{key}{suffix}", content=content, assets=assets
        )


def test_same_bytes_are_kept_once() -> None:
    first = services.store_blob(b"abc", media_type="text/plain", filename="mot.txt")
    again = services.store_blob(b"abc", media_type="text/plain", filename="hai.txt")
    other = services.store_blob(b"abd", media_type="text/plain", filename="hai.txt")
    assert first == again != other
    assert Blob.objects.count() == 2
    stored = selectors.stored_file(first.pk)
    assert stored is not None
    assert (stored.content, stored.size, stored.filename) == (b"abc", 3, "mot.txt")
    assert stored.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert selectors.stored_file(0) is None


def test_loading_twice_changes_nothing() -> None:
    assert load() == "mẫu văn bản thu (typst): thêm «Mẫu thử»"
    assert load() is None
    assert Template.objects.count() == 1


def test_a_new_version_replaces_and_keeps_the_old() -> None:
    load()
    assert load(PLAIN + b"\n") == "mẫu văn bản thu (typst): bản mới «Mẫu thử»"
    assert list(Template.objects.order_by("pk").values_list("current", flat=True)) == [False, True]
    assert load(PLAIN) == "mẫu văn bản thu (typst): trở lại bản đã có"
    assert list(Template.objects.order_by("pk").values_list("current", flat=True)) == [True, False]
    assert load(PLAIN, title="Tên khác") == "mẫu văn bản thu (typst): đổi tên thành «Tên khác»"
    (line,) = selectors.templates()
    assert (line.key, line.engine, line.title) == ("thu", "typst", "Tên khác")


def test_a_changed_import_is_a_new_version() -> None:
    load(assets={"chung.typ": b"#let a = 1"})
    assert load(assets={"chung.typ": b"#let a = 2"}) is not None
    assert Template.objects.count() == 2


def test_database_refuses_two_current_versions() -> None:
    load()
    template = Template.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.create(key="thu", engine="typst", title="x", blob=template.blob, checksum="0" * 64)


def test_imports_are_followed_and_nothing_else() -> None:
    folder = samples.TEMPLATES
    source = (folder / "tai-lieu-hop.typ").read_bytes()
    assert set(services.imported_files(folder, source)) == {"nd30.typ"}
    assert services.imported_files(folder, b'#import "@preview/x:1.0.0"\n#import "../x.typ"\n') == {}


def test_own_paper_of_a_pack_takes_its_data_as_they_are() -> None:
    load()
    reader = PdfReader(BytesIO(services.render_pdf("thu", {"t": "Xin chào #panic()"})))
    assert reader.pages[0].extract_text().strip() == "Xin chào #panic()"


def test_missing_template_is_named() -> None:
    with pytest.raises(services.TemplateMissingError, match="khong-co"):
        services.render_pdf("khong-co", {})
    load()
    with pytest.raises(services.TemplateMissingError):
        services.render_docx("thu", {})


def test_briefing_book_and_notice_come_out_in_both_formats() -> None:
    for key, data in (
        ("tai-lieu-hop", samples.briefing_book()),
        ("thong-bao-ket-luan", samples.conclusion_notice()),
    ):
        load_from_pack(key)
        pdf = PdfReader(BytesIO(services.render_pdf(key, data)))
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in pdf.pages[0].extract_text()
        document: Any = Document(BytesIO(services.render_docx(key, data)))
        assert document.tables[0].rows[0].cells[1].text.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
        assert document.core_properties.title.startswith(data["doc_type"])


def small_pack(folder: Path) -> Pack:
    """A sector pack with nothing but a template that imports a file."""
    files = {
        "pack.yaml": "{key: ferry, title: Ferry, language: vi, version: '1', timezone: Asia/Ho_Chi_Minh, sources: "
        "{own: {title: Own, where: here, checked: true}}}",
        "kinds.yaml": "{area_kinds: [], unit_kinds: [{key: pier, name: Bến}], lines: [{key: own, name: Thuộc}]}",
        "templates/templates.yaml": "{templates: [{key: ve, name: Vé, file: ve.typ, engine: typst, source: own}]}",
        "templates/ve.typ": '#import "chung.typ": dress\n#show: dress\n' + PLAIN.decode(),
        "templates/chung.typ": '#let dress(content) = { set text(font: "Tinos")\n content }',
    }
    (folder / "templates").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_pack(folder)


def test_templates_of_a_pack_are_loaded_once_with_what_they_import(tmp_path: Path) -> None:
    pack = small_pack(tmp_path)
    heard: list[str] = []
    services.load_templates(pack, heard.append)
    assert heard == ["mẫu văn bản ve (typst): thêm «Vé»"]
    reader = PdfReader(BytesIO(services.render_pdf("ve", {"t": "Vé số 1"})))
    assert reader.pages[0].extract_text().strip() == "Vé số 1"
    services.load_templates(pack, heard.append)
    assert len(heard) == 1
    (tmp_path / "templates/chung.typ").write_text("#let dress(content) = { content }", encoding="utf-8")
    services.load_templates(pack, heard.append)
    assert heard[1:] == ["mẫu văn bản ve (typst): bản mới «Vé»"]
