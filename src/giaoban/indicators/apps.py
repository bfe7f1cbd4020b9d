from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "giaoban.indicators"
    label = "indicators"
    verbose_name = "Chỉ số"

    def ready(self) -> None:
        from giaoban.indicators.loading import load_indicators
        from giaoban.kit.registries import pack_loaders

        pack_loaders.register("indicators", load_indicators)
