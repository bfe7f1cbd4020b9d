from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from giaoban.kit.models import Pack, Word
from giaoban.kit.sync import Changes, sync_rows

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def pack() -> Pack:
    return Pack.objects.create(key="lights", title="Đèn", version="1", checksum="", loaded_at=AT)


def word(pack: Pack, key: str, name: str, position: int = 0) -> dict[str, Any]:
    return {"pack_id": pack.pk, "list": "lamps", "key": key, "name": name, "data": {}, "position": position}


def synced(pack: Pack, *rows: dict[str, Any], keep_absent: bool = False) -> Changes:
    return sync_rows(Word.objects.filter(pack=pack), ["list", "key"], rows, keep_absent=keep_absent)


def test_rows_are_added_changed_and_removed_and_counted(pack: Pack) -> None:
    assert synced(pack, word(pack, "a", "A"), word(pack, "b", "B")) == Changes(added=2)
    kept = Word.objects.get(key="b").pk
    assert synced(pack, word(pack, "b", "Bê", 3), word(pack, "c", "C")) == Changes(added=1, changed=1, removed=1)
    assert list(Word.objects.order_by("key").values_list("key", "name", "position")) == [("b", "Bê", 3), ("c", "C", 0)]
    assert Word.objects.get(key="b").pk == kept


def test_the_same_rows_again_change_nothing(pack: Pack) -> None:
    rows = (word(pack, "a", "A"), word(pack, "b", "B"))
    synced(pack, *rows)
    again = synced(pack, *rows)
    assert not again
    assert again.words("words") == "words: unchanged"


def test_absent_rows_may_stay(pack: Pack) -> None:
    synced(pack, word(pack, "a", "A"))
    assert synced(pack, word(pack, "b", "B"), keep_absent=True).words("words") == "words: 1 added"
    assert Word.objects.count() == 2


def test_the_last_of_two_rows_of_one_identity_counts(pack: Pack) -> None:
    synced(pack, word(pack, "a", "old"), word(pack, "a", "new"))
    assert Word.objects.get().name == "new"
