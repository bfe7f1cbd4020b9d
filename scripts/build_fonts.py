"""Refresh the vendored fonts and htmx from the npm packages pinned in scripts/vendor/package-lock.json.

    cd scripts/vendor && npm ci --ignore-scripts && cd ../.. && python scripts/build_fonts.py

Needed only when a version in scripts/vendor/package.json changes: the results are committed, and a fresh machine runs
neither Node nor this script. Writes
- src/giaoban/documents/fonts/: four static Tinos faces, each merged from the subsets latin, latin-ext and vietnamese
  without screen hints (they go into PDF files only);
- src/giaoban/kit/static/kit/vendor/: Inter (variable weight, one WOFF2 per subset) and htmx, copied as published;
- scripts/vendor/manifest.json: the version of each package and the SHA-256 of each file above, which
  src/giaoban/kit/tests/test_vendor.py holds against the files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "scripts" / "vendor"
PACKAGES = VENDOR / "node_modules"
TINOS_TO = ROOT / "src/giaoban/documents/fonts"
STATIC_TO = ROOT / "src/giaoban/kit/static/kit/vendor"
SUBSETS = ("latin", "latin-ext", "vietnamese")
TINOS_FACES = {
    "Tinos-Regular.ttf": ("400-normal", "Regular"),
    "Tinos-Italic.ttf": ("400-italic", "Italic"),
    "Tinos-Bold.ttf": ("700-normal", "Bold"),
    "Tinos-BoldItalic.ttf": ("700-italic", "Bold Italic"),
}
EPOCH_1904_TO_2026 = 3_850_000_000  # a fixed moment in the font's own clock, so that a rebuild gives the same bytes


def main() -> None:
    """Build every vendored file, then write the manifest."""
    made = [*build_tinos(), *copy_inter(), *copy_htmx()]
    lock = json.loads((VENDOR / "package-lock.json").read_text(encoding="utf-8"))
    versions = {
        name.removeprefix("node_modules/"): {"version": entry["version"], "license": entry["license"]}
        for name, entry in lock["packages"].items()
        if name
    }
    files = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(made)}
    manifest = json.dumps({"packages": versions, "sha256": files}, indent=2) + "\n"
    (VENDOR / "manifest.json").write_text(manifest, encoding="utf-8")
    print(f"{len(files)} files, manifest in {VENDOR.relative_to(ROOT) / 'manifest.json'}")


def build_tinos() -> list[Path]:
    """Merge the subsets of each Tinos face into one TrueType file."""
    package = PACKAGES / "@fontsource/tinos"
    TINOS_TO.mkdir(parents=True, exist_ok=True)
    made = [Path(shutil.copyfile(package / "LICENSE", TINOS_TO / "OFL.txt"))]
    for file_name, (face, style) in TINOS_FACES.items():
        parts = [package / "files" / f"tinos-{subset}-{face}.woff2" for subset in SUBSETS]
        made.append(merge_face(parts, TINOS_TO / file_name, style=style))
    return made


def merge_face(parts: list[Path], target: Path, *, style: str) -> Path:
    """Merge WOFF2 subsets of one face; the first subset wins where several hold the same letter."""
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for part in parts:
            font = TTFont(part)
            options = Options(
                hinting=False, layout_features=["kern", "mark", "mkmk", "ccmp"], name_IDs=["*"], notdef_outline=True
            )
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=font.getBestCmap().keys())
            subsetter.subset(font)
            font.flavor = None
            plain.append(str(Path(folder) / (part.stem + ".ttf")))
            font.save(plain[-1])
        merged = Merger().merge(plain)
    merged["head"].created = merged["head"].modified = EPOCH_1904_TO_2026
    merged.recalcTimestamp = False
    full_name = "Tinos" if style == "Regular" else f"Tinos {style}"
    for name_id, text in {1: "Tinos", 2: style, 4: full_name, 6: f"Tinos-{style.replace(' ', '')}"}.items():
        merged["name"].setName(text, name_id, 3, 1, 0x409)
    merged.save(target)
    return target


def copy_inter() -> list[Path]:
    """Copy the upright variable-weight face of Inter, one file per subset."""
    package, target = PACKAGES / "@fontsource-variable/inter", STATIC_TO / "inter"
    target.mkdir(parents=True, exist_ok=True)
    names = [f"inter-{subset}-wght-normal.woff2" for subset in SUBSETS]
    made = [Path(shutil.copyfile(package / "files" / name, target / name)) for name in names]
    return [*made, Path(shutil.copyfile(package / "LICENSE", target / "OFL.txt"))]


def copy_htmx() -> list[Path]:
    """Copy the minified browser build of htmx."""
    package, target = PACKAGES / "htmx.org", STATIC_TO / "htmx"
    target.mkdir(parents=True, exist_ok=True)
    made = Path(shutil.copyfile(package / "dist/htmx.min.js", target / "htmx.min.js"))
    return [made, Path(shutil.copyfile(package / "LICENSE", target / "LICENSE"))]


if __name__ == "__main__":
    main()
