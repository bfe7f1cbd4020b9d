from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act
from giaoban.kit.models import Act, Gap, Pack
from giaoban.kit.prepared import Prepared, given, given_among, insert

AT = datetime(2026, 1, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SYSTEM = system_actor("máy")
MANY = 7
"""More often than the settings let a query go unprepared."""


@Prepared
def named() -> QuerySet[Act]:
    return Act.objects.filter(name=given("name"), at__lt=given("until")).annotate(twice=F("pk") * 2).order_by("pk")


@Prepared
def gaps() -> QuerySet[Gap]:
    return Gap.objects.select_related("pack").filter(pk__in=given_among("ids")).order_by("-pk")


@Prepared
def locked() -> QuerySet[Pack]:
    return Pack.objects.select_for_update().filter(key=given("key"))


def make_gaps(count: int) -> list[Gap]:
    pack = Pack.objects.create(key="p", title="Đèn “biển”", version="1", checksum="", loaded_at=AT)
    return [Gap.objects.create(pack=pack, key=f"g{number}", what="?") for number in range(count)]


def fields_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.django_db
def test_a_prepared_query_gives_what_the_queryset_gives_however_often_it_is_asked() -> None:
    for number in range(3):
        with act("a" if number else "b", by=SYSTEM, at=AT, detail={"n": [number, None]}):
            pass
    for _ in range(MANY):
        rows: list[Any] = named(name="a", until=AT + timedelta(days=1))
        assert [fields_of(one) for one in rows] == [
            fields_of(one) for one in Act.objects.filter(name="a").order_by("pk")
        ]
        assert [one.twice for one in rows] == [one.pk * 2 for one in rows]
        assert not rows[0]._state.adding
        assert not named(name="a", until=AT)
        assert not named(name="a' OR true --", until=AT + timedelta(days=1))


@pytest.mark.django_db
def test_what_is_joined_comes_along_and_many_numbers_are_one_value() -> None:
    made = make_gaps(40)
    for count in (0, 1, 40, 3, 40, 2, 40):
        with CaptureQueriesContext(connection) as asked:
            rows = gaps(ids=[one.pk for one in made[:count]])
            assert [one.pack.title for one in rows] == ["Đèn “biển”"] * count
        assert [one.pk for one in rows] == [one.pk for one in reversed(made[:count])]
        assert len(asked) == 1
        assert "kit_gap" in asked.captured_queries[0]["sql"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_outside_of_a_transaction() -> None:
    make_gaps(0)
    with transaction.atomic():
        assert [one.key for one in locked(key="p")] == ["p"]
    with pytest.raises(TransactionManagementError):
        locked(key="p")


@pytest.mark.django_db(transaction=True)
def test_a_query_is_asked_again_after_a_transaction_was_undone() -> None:
    made = make_gaps(2)
    for _ in range(MANY):
        with pytest.raises(RuntimeError, match="halfway"), transaction.atomic():
            assert len(gaps(ids=[one.pk for one in made])) == 2
            raise RuntimeError("halfway")
        assert len(gaps(ids=[one.pk for one in made])) == 2


@pytest.mark.django_db
def test_a_row_with_its_key_is_written_as_the_orm_would() -> None:
    columns: dict[str, Any] = {"name": "x", "actor_name": "An", "at": AT, "reason": "“vì”\n'"}
    insert(first := Act(pk=901, detail={"n": 1}, **columns))
    (second,) = Act.objects.bulk_create([Act(pk=902, detail={"n": 1}, **columns)])
    kept, other = (fields_of(Act.objects.get(pk=one.pk)) for one in (first, second))
    assert not first._state.adding
    for name in ("id", "recorded_at"):
        assert kept.pop(name) and other.pop(name)
    assert kept == other
