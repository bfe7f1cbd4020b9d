import pytest

from giaoban.kit import registries
from giaoban.kit.registries import AlreadyRegistered, Registry


def test_a_registry_keeps_the_order_and_refuses_a_name_twice() -> None:
    registry: Registry[int] = Registry("lamps", "for this test")
    assert registry.register("north", 1) == 1
    registry.register("south", 2)
    with pytest.raises(AlreadyRegistered, match="«north» is registered twice"):
        registry.register("north", 3)
    assert list(registry) == [("north", 1), ("south", 2)]
    assert (registry["north"], len(registry), registry.names()) == (1, 2, ["north", "south"])


def test_what_the_rooms_offer_is_described_by_name() -> None:
    held = dict(registries.describe())
    assert len(held) == len(registries.ALL)
    assert (
        held["pack loaders"].index("kinds") < held["pack loaders"].index("areas") < held["pack loaders"].index("units")
    )
    assert "home" in held["navigation"]
