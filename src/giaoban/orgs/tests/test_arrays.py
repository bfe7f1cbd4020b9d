import pytest

from giaoban.kit.arrays import among, among_keys
from giaoban.orgs.models import Unit

pytestmark = pytest.mark.django_db


def test_however_many_values_are_one_parameter() -> None:
    units = [Unit.objects.create(key=f"u:{number}") for number in range(3)]
    assert set(Unit.objects.filter(pk__in=among(one.pk for one in units[:2]))) == set(units[:2])
    assert set(Unit.objects.exclude(pk__in=among([units[0].pk]))) == set(units[1:])
    assert set(Unit.objects.filter(key__in=among_keys(["u:1", "u:9"]))) == {units[1]}
    assert list(Unit.objects.filter(pk__in=among([]))) == []
    assert Unit.objects.exclude(pk__in=among([])).count() == 3
    assert Unit.objects.filter(pk__in=among(range(100_000))).count() <= 3
