"""What is vendored is what the manifest says, and the manifest is what npm's lock file pins."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
VENDOR = ROOT / "scripts" / "vendor"
VENDORED_FOLDERS = (ROOT / "src/giaoban/documents/fonts", ROOT / "src/giaoban/kit/static/kit/vendor")


def test_vendored_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    found = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in VENDORED_FOLDERS
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == manifest


def test_every_vendored_package_has_its_licence() -> None:
    for folder in (VENDORED_FOLDERS[0], *(child for child in VENDORED_FOLDERS[1].iterdir() if child.is_dir())):
        assert any(path.name in {"LICENSE", "OFL.txt"} for path in folder.iterdir()), folder


def test_manifest_and_lock_name_the_same_versions() -> None:
    lock = json.loads((VENDOR / "package-lock.json").read_text(encoding="utf-8"))
    manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((VENDOR / "package.json").read_text(encoding="utf-8"))["dependencies"]
    pinned = {name.removeprefix("node_modules/"): entry for name, entry in lock["packages"].items() if name}
    assert {name: entry["version"] for name, entry in pinned.items()} == wanted
    assert {name: entry["version"] for name, entry in manifest.items()} == wanted
    assert all("resolved" not in entry and entry["integrity"] for entry in pinned.values())
