"""Reads that belong together see one state, whatever is committed between them."""

from threading import Thread

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from giaoban.kit.models import Act
from giaoban.kit.moments import one_moment


def committed_elsewhere() -> None:
    def write() -> None:
        Act.objects.create(name="kit.elsewhere", actor_name="other", at=timezone.now())
        connection.close()

    other = Thread(target=write)
    other.start()
    other.join()


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_in_between_is_seen_afterwards_only() -> None:
    with one_moment():
        before = Act.objects.count()
        committed_elsewhere()
        assert Act.objects.count() == before
    assert Act.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_nothing_can_be_written_inside() -> None:
    with pytest.raises(DatabaseError), one_moment():
        Act.objects.create(name="kit.inside", actor_name="me", at=timezone.now())
    assert not Act.objects.filter(name="kit.inside").exists()


@pytest.mark.django_db
def test_inside_a_transaction_it_is_that_one() -> None:
    Act.objects.create(name="kit.mine", actor_name="me", at=timezone.now())
    with one_moment():
        assert Act.objects.filter(name="kit.mine").exists()
