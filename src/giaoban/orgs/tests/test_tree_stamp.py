"""Whatever is done to the trees, what a process keeps of them is read anew."""

from datetime import date

import pytest
from django.db import connection, transaction

from giaoban.orgs.models import UnitParent, UnitSuccession, UnitVersion
from giaoban.orgs.selectors.geography import unit_history
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db


def test_every_change_of_a_tree_has_another_stamp() -> None:
    stamps = [unit_history().stamp]

    def seen() -> bool:
        stamps.append(unit_history().stamp)
        return stamps[-1] not in stamps[:-1]

    board = factories.unit("board", "office")
    below = factories.unit("below", "office", under=board)
    assert seen()
    assert not seen()
    UnitVersion.objects.filter(unit=below).update(name="Another")
    assert seen()
    UnitParent.objects.filter(unit=below).delete()
    assert seen()
    factories.pass_on(below, board, date(2025, 1, 1), whole=True)
    assert seen()
    UnitSuccession.objects.all().delete()
    assert seen()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orgs_unitversion SET name = 'One more'")
    assert seen()


def test_what_was_undone_is_as_it_was_and_its_stamp_never_comes_again() -> None:
    before = unit_history()
    with transaction.atomic():
        factories.unit("board", "office")
        undone = unit_history()
        transaction.set_rollback(True)
    assert unit_history() is before
    factories.unit("board", "office")
    assert unit_history().stamp not in (before.stamp, undone.stamp)
    assert unit_history().spans != before.spans
