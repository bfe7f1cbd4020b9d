from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "giaoban.orgs"
    label = "orgs"
    verbose_name = "Địa bàn và đơn vị"

    def ready(self) -> None:
        from giaoban.kit.registries import NavigationEntry, navigation, pack_loaders
        from giaoban.orgs.loading import load_areas, load_kinds, load_units

        pack_loaders.register("kinds", load_kinds)
        pack_loaders.register("areas", load_areas)
        pack_loaders.register("units", load_units)
        navigation.register(
            "orgs", NavigationEntry("Đơn vị", "orgs:tree", 90, short="Đơn vị", icon="units", prefix="/don-vi/")
        )
