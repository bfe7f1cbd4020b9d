"""How a book is proved to be the one that was presented."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def checksum_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of JSON data, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
