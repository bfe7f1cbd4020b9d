from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "giaoban.orgs"
    label = "orgs"
    verbose_name = "Địa bàn và đơn vị"

    def ready(self) -> None:
        from giaoban.kit.registries import NavigationEntry, UnitDependent, navigation, pack_loaders, unit_dependents
        from giaoban.orgs import offers
        from giaoban.orgs.loading import load_areas, load_kinds, load_units

        pack_loaders.register("kinds", load_kinds)
        pack_loaders.register("areas", load_areas)
        pack_loaders.register("units", load_units)
        unit_dependents.register(
            "orgs", UnitDependent("Chức vụ và quyền", offers.effects, offers.apply, offers.undo, offers.blocks_undo)
        )
        navigation.register(
            "orgs", NavigationEntry("Đơn vị", "orgs:tree", 90, short="Đơn vị", icon="units", prefix="/don-vi/")
        )
