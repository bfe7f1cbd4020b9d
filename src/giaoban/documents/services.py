"""Writes and printing of the documents room.

`render_pdf` and `render_docx` take the same data and say the same words. Their shape, part by part, stands in
`giaoban.documents.rules.papers`: `BriefingBook`, `ConclusionNotice`, `StatisticalForm`, all JSON values; the kind is
named under `paper`. Data without `paper` go to the template as they are. What is not known is None and prints as dots.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from giaoban.documents import rendering, selectors
from giaoban.documents.models import Blob, Template, TemplateAsset
from giaoban.documents.rendering import DOCX, PDF, RenderingError
from giaoban.documents.rules.papers import (
    BriefingBook,
    ConclusionNotice,
    StatisticalForm,
    lay_out,
)
from giaoban.documents.rules.tables import RaggedTableError

if TYPE_CHECKING:
    from giaoban.core.packs import Pack

__all__ = [
    "DOCX",
    "PDF",
    "BriefingBook",
    "ConclusionNotice",
    "RaggedTableError",
    "RenderingError",
    "StatisticalForm",
    "TemplateMissingError",
    "load_template",
    "load_templates",
    "render_docx",
    "render_pdf",
    "store_blob",
]

MEDIA_TYPES = {".typ": "text/vnd.typst", ".docx": DOCX}
IMPORTED = re.compile(r'^\s*#\s*(?:import|include)\s+"([^"/@]+\.typ)"', re.MULTILINE)


class TemplateMissingError(LookupError):
    """No loaded pack brings a template of this key for this engine."""


def store_blob(content: bytes, *, media_type: str, filename: str) -> Blob:
    """Keep a file's bytes; the same bytes again give the blob that is already there."""
    digest = hashlib.sha256(content).hexdigest()
    blob, _ = Blob.objects.get_or_create(
        sha256=digest,
        defaults={"media_type": media_type, "filename": filename, "size": len(content), "content": content},
    )
    return blob


def render_pdf(template_key: str, data: Mapping[str, Any]) -> bytes:
    """Print a paper as PDF with the current Typst template of this key.

    Raises TemplateMissingError, RaggedTableError (a row of another width than its header), RenderingError.
    """
    template = template_or_refuse(template_key, Template.Engine.TYPST)
    assets = {asset.name: bytes(asset.blob.content) for asset in template.assets.select_related("blob")}
    return rendering.pdf_from(bytes(template.blob.content), lay_out(data), assets)


def render_docx(template_key: str, data: Mapping[str, Any]) -> bytes:
    """Print a paper as DOCX with the current template of this key. Raises as `render_pdf`."""
    template = template_or_refuse(template_key, Template.Engine.DOCX)
    return rendering.docx_from(bytes(template.blob.content), lay_out(data))


def template_or_refuse(key: str, engine: str) -> Template:
    """The current template. Raises TemplateMissingError."""
    template = selectors.current_template(key, engine)
    if template is None:
        raise TemplateMissingError(f"no template «{key}» for {engine}: load a pack that brings it")
    return template


@transaction.atomic
def load_template(
    *, key: str, engine: str, title: str, filename: str, content: bytes, assets: Mapping[str, bytes] | None = None
) -> str | None:
    """Make this the current version of a template; older versions stay.

    assets: the files it imports, by name. Returns what changed, in words, or None when it was current already.
    """
    files = {filename: content, **(assets or {})}
    listing = "\n".join(f"{hashlib.sha256(files[name]).hexdigest()} {name}" for name in sorted(files))
    checksum = hashlib.sha256(listing.encode()).hexdigest()
    versions = Template.objects.select_for_update().filter(key=key, engine=engine)
    before = versions.filter(current=True).first()
    if before and (before.checksum, before.title) == (checksum, title):
        return None
    if before and before.checksum == checksum:
        versions.filter(pk=before.pk).update(title=title)
        return f"mẫu văn bản {key} ({engine}): đổi tên thành «{title}»"
    versions.update(current=False)
    known = versions.filter(checksum=checksum).first()
    if known:
        versions.filter(pk=known.pk).update(current=True, title=title)
        return f"mẫu văn bản {key} ({engine}): trở lại bản đã có"
    template = Template.objects.create(
        key=key, engine=engine, title=title, blob=store_file(filename, content), checksum=checksum
    )
    for name, asset in (assets or {}).items():
        TemplateAsset.objects.create(template=template, name=name, blob=store_file(name, asset))
    return f"mẫu văn bản {key} ({engine}): {'bản mới' if before else 'thêm'} «{title}»"


def store_file(name: str, content: bytes) -> Blob:
    """Keep a file of a template."""
    return store_blob(content, media_type=MEDIA_TYPES[Path(name).suffix], filename=name)


def load_templates(pack: "Pack", on_change: Callable[[str], None]) -> None:
    """Load the templates of a sector pack with the files they import; `on_change` hears of each change."""
    folder = pack.directory / "templates"
    for entry in pack.templates:
        content = (folder / entry.file).read_bytes()
        change = load_template(
            key=entry.key,
            engine=entry.engine,
            title=entry.name,
            filename=entry.file,
            content=content,
            assets=imported_files(folder, content) if entry.engine == Template.Engine.TYPST else None,
        )
        if change:
            on_change(change)


def imported_files(folder: Path, source: bytes) -> dict[str, bytes]:
    """The Typst files of the same folder that a source imports, and those that they import."""
    found: dict[str, bytes] = {}
    waiting = IMPORTED.findall(source.decode("utf-8"))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (folder / name).read_bytes()
            waiting += IMPORTED.findall(found[name].decode("utf-8"))
    return found
