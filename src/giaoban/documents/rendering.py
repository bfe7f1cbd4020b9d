"""Templates and data to files: PDF by Typst, DOCX by docxtpl. No database, no network, no font of the machine.

User text reaches Typst only as JSON values and DOCX only escaped, so nothing in it is ever read as markup.
"""

import json
import tempfile
import unicodedata
import warnings
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import typst
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FONTS_FOLDER = Path(__file__).resolve().parent / "fonts"
# Signs that Tinos has no letter for, in words that it has: a hollow box would hide what was meant.
SIGNS_FOR_TINOS = str.maketrans({"≥": ">=", "≤": "<=", "→": "->", "✕": "×", "▲": "↑", "▼": "↓", "\u202f": "\u00a0"})


class RenderingError(RuntimeError):
    """A template does not fit its data, or is itself wrong; the message is the engine's own."""


def pdf_from(source: bytes, data: Mapping[str, Any], assets: Mapping[str, bytes] | None = None) -> bytes:
    """Compile a Typst template to PDF.

    source: the template, which reads `json("data.json")`; assets: further files it imports, by plain file name.
    data: JSON values. The same input gives the same bytes. Raises RenderingError.
    """
    text = json.dumps(plain(data, signs=SIGNS_FOR_TINOS), ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="giaoban-typst-") as folder:
        root = Path(folder)
        for name, content in (assets or {}).items():
            (root / Path(name).name).write_bytes(content)
        (root / "data.json").write_text(text, encoding="utf-8")
        (root / "main.typ").write_bytes(source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", typst.TypstWarning)
                compiled = typst.compile(
                    root / "main.typ", root=root, font_paths=fonts(), format="pdf", timestamp=0, pdf_standards="ua-1"
                )
        except typst.TypstError as error:
            raise RenderingError(error.diagnostic or error.message) from error
    if not isinstance(compiled, bytes):
        raise RenderingError("typst gave no single file")
    return compiled


def docx_from(template: bytes, data: Mapping[str, Any]) -> bytes:
    """Fill a DOCX template (docxtpl tags). Raises RenderingError.

    Every value is escaped; a name that the data lack is an error, not an empty place. The document's title is
    `data["document_title"]`, where given.
    """
    environment = SandboxedEnvironment(undefined=StrictUndefined, finalize=literal, autoescape=True)
    cleaned: dict[str, Any] = plain(data)
    document = DocxTemplate(BytesIO(template))
    try:
        document.render(cleaned, environment)
    except (TemplateError, TypeError, SyntaxError) as error:
        raise RenderingError(str(error)) from error
    document.docx.core_properties.title = str(cleaned.get("document_title", ""))[:255]
    filled = BytesIO()
    document.save(filled)
    return filled.getvalue()


def plain(value: Any, *, signs: Mapping[int, str] | None = None) -> Any:
    """The same JSON value with every text composed (NFC), in one kind of line end, without control letters.

    A decomposed letter has no glyph; a control letter is no XML and means a page break to docxtpl.
    """
    if isinstance(value, str):
        composed = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
        kept = "".join(c for c in composed if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
        return kept.translate(signs) if signs else kept
    if isinstance(value, Mapping):
        return {key: plain(inner, signs=signs) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, signs=signs) for inner in value]
    return value


def literal(value: object) -> object:
    """What a template prints for a value: "" for None, text escaped.

    docxtpl turns "{_{" and its kin into template braces after rendering, so braces go as character references.
    """
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        escaped = str(escape(value)).replace("{", "&#123;").replace("}", "&#125;")
        return Markup(escaped)  # noqa: S704  # nosec B704
    return value


@cache
def fonts() -> typst.Fonts:
    """The bundled faces and no others, read once per process."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS_FOLDER])


def font_faces() -> list[str]:
    """Names of the bundled faces, for `giaoban doctor`."""
    return sorted(f"{face.family} {face.style} {face.weight}" for face in fonts().fonts())
