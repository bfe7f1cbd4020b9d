from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "giaoban.kit"
    label = "kit"
    verbose_name = "Nền chung"

    def ready(self) -> None:
        from giaoban.kit.packs import load_words
        from giaoban.kit.registries import pack_loaders

        pack_loaders.register("words", load_words)
