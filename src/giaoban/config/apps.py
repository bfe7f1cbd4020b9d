from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The one place that knows every room: home page, command line, settings."""

    name = "giaoban.config"
    label = "config"
    verbose_name = "Giao Ban"

    def ready(self) -> None:
        from giaoban.kit.registries import NavigationEntry, navigation

        navigation.register("home", NavigationEntry("Việc của tôi", "home", 0, short="Việc", icon="work"))
