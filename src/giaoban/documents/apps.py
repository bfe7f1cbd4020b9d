from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "giaoban.documents"
    label = "documents"
    verbose_name = "Văn bản"

    def ready(self) -> None:
        from giaoban.documents.services import load_templates
        from giaoban.kit.registries import pack_loaders

        pack_loaders.register("documents", load_templates)
