"""What a file is, by its first bytes: neither its name nor what a browser said of it proves anything."""

from collections.abc import Mapping
from typing import Final

UNKNOWN_TYPE: Final = "application/octet-stream"
SUFFIXES: Final[Mapping[str, str]] = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
HEAD_BYTES: Final = 16
_MARKS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


def media_type_of(content: bytes) -> str | None:
    """The type of a scan: PDF, JPEG or PNG; None for anything else. The first HEAD_BYTES are enough."""
    return next((kind for mark, kind in _MARKS.items() if content.startswith(mark)), None)
