"""What the pack builders share: slugs, tables read and written in one fixed way, dated rows."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "packs" / "justice-vn"
SOURCES = ROOT / "scripts" / "sources"

MERGER_ON = "2025-07-01"  # Nghị quyết 202/2025/QH15 and 203/2025/QH15: provinces merged, district level gone
KNOWN_ON = "2025-06-30"  # the day for which the units before the merger are known

_DATED = ("valid_from", "valid_to", "known_on", "event", "source", "note")
AREA_COLUMNS = ("key", "kind", "name", "code", "parent", *_DATED)
UNIT_COLUMNS = ("key", "kind", "name", "short_name", "area", *_DATED)
PARENT_COLUMNS = ("unit", "parent", "line", "valid_from", "valid_to", "event", "source")
SERVED_COLUMNS = ("unit", "area", "valid_from", "valid_to", "event", "source")
LINK_COLUMNS = ("old", "new", "on", "kind", "share", "basis", "event", "source")


def slug(text: str) -> str:
    """'Bà Rịa - Vũng Tàu' → 'ba-ria-vung-tau'."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in letters).split())


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """Write a table with exactly these columns; a missing cell is an empty one (unknown or open)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="", lineterminator="\n", extrasaction="raise")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def lower_first(text: str) -> str:
    """'Tỉnh Long An' → 'tỉnh Long An', as it stands inside a body's name."""
    return text[:1].lower() + text[1:]
