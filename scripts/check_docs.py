"""Every relative link in the documents at the top and in docs/ leads to a file, and to a heading, that exists."""

import re
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """The name that Git hosts give a heading: small letters, no punctuation, dashes for spaces."""
    text = re.sub(r"[`*_\[\]]|\([^)]*\)", "", unicodedata.normalize("NFC", heading)).strip().lower()
    return "".join(letter for letter in text.replace(" ", "-") if letter.isalnum() or letter in "-_")


def anchors(page: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for line in page.read_text().splitlines() if line.startswith("#")}


def broken(page: Path) -> list[str]:
    """One line per link of `page` that leads nowhere."""
    faults = []
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            faults.append(f"{page.relative_to(ROOT)}: {target} does not exist")
        elif fragment and path.suffix == ".md" and fragment not in anchors(path):
            faults.append(f"{page.relative_to(ROOT)}: {target} has no such heading")
    return faults


def main() -> int:
    pages = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    faults = [fault for page in pages for fault in broken(page)]
    print("\n".join(faults) if faults else f"docs: {len(pages)} pages, every link leads somewhere")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
