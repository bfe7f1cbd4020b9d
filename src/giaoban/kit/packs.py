"""Loading a sector pack: every room's part in one transaction, in the order of the rooms."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from giaoban.core.packs import Pack as PackData
from giaoban.core.packs import PackError as PackRefused  # the same refusal, whether read or loaded
from giaoban.core.packs import read_pack
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.models import Gap, Pack, Source, Word
from giaoban.kit.registries import pack_loaders
from giaoban.kit.sync import sync_rows


def checksum_of(folder: Path) -> str:
    """SHA-256 over every file of the folder, by relative path."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_pack(folder: Path, *, by: Actor, at: datetime, say: Callable[[str], None]) -> None:
    """Load a pack whole or not at all; a second load of the same files changes nothing and says so.

    Raises PackRefused with every fault found.
    """
    pack = read_pack(folder)
    checksum = checksum_of(folder)
    with act("packs.load", by=by, at=at, detail={"pack": pack.key, "version": pack.version}) as entry:
        Pack.objects.update_or_create(
            key=pack.key,
            defaults={"title": pack.title, "version": pack.version, "checksum": checksum, "loaded_at": at},
        )
        entry.subject = f"kit.Pack:{pack.key}"
        for _, load in pack_loaders:
            load(pack, say)


def load_words(pack: PackData, say: Callable[[str], None]) -> None:
    """Sources, word lists and gaps of a pack."""
    held = Pack.objects.get(key=pack.key)
    sources = [
        {"pack_id": held.pk, "key": one.key, "title": one.title, "where": one.where, "checked": one.checked}
        for one in pack.sources
    ]
    say(sync_rows(Source.objects.filter(pack=held), ["pack_id", "key"], sources).words("sources"))
    words = [
        {
            "pack_id": held.pk,
            "list": one.list,
            "key": one.key,
            "name": one.name,
            "data": {**one.data, "question": one.question, "note": one.note},
            "position": position,
        }
        for position, one in enumerate(pack.words)
    ]
    words += [
        {
            "pack_id": held.pk,
            "list": "tile_map" if one.area else "tile_map_extras",
            "key": one.area or one.label,
            "name": one.label or one.area,
            "data": {"area": one.area, "row": one.row, "column": one.column, "width": one.width, "note": one.note},
            "position": position,
        }
        for position, one in enumerate(pack.tiles)
    ]
    say(sync_rows(Word.objects.filter(pack=held), ["list", "key"], words).words("words"))
    gaps = [
        {
            "pack_id": held.pk,
            "key": one.key,
            "what": one.what,
            "why": one.why,
            "affects": one.affects,
            "source": one.source,
        }
        for one in pack.gaps
    ]
    say(sync_rows(Gap.objects.filter(pack=held), ["pack_id", "key"], gaps).words("gaps"))


__all__ = ["PackRefused", "load_pack", "load_words"]
