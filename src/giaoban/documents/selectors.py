"""Reads of the documents room."""

from dataclasses import dataclass
from datetime import datetime

from giaoban.documents import rendering
from giaoban.documents.models import Blob as Blob
from giaoban.documents.models import Template


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A current template, as `giaoban doctor` and pages name it."""

    key: str
    engine: str
    title: str
    checksum: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A blob with its bytes, ready to be sent."""

    id: int
    sha256: str
    media_type: str
    filename: str
    size: int
    content: bytes


def current_template(key: str, engine: str) -> Template | None:
    """The version in force, with its blob; None when no pack brought one."""
    return Template.objects.filter(key=key, engine=engine, current=True).select_related("blob").first()


def templates() -> list[TemplateLine]:
    """Every current template by key."""
    rows = Template.objects.filter(current=True).order_by("key", "engine")
    return [TemplateLine(row.key, row.engine, row.title, row.checksum, row.loaded_at) for row in rows]


def stored_file(blob_id: int) -> StoredFile | None:
    """A stored file by id. The caller has checked that the reader may see what it belongs to."""
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is None:
        return None
    return StoredFile(blob.pk, blob.sha256, blob.media_type, blob.filename, blob.size, bytes(blob.content))


def font_faces() -> list[str]:
    """The faces that PDF files are set in; all of them come with the product."""
    return rendering.font_faces()
