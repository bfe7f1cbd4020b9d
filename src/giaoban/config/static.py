"""Static files: only those of our own rooms, under hashed names, so that a browser may keep them for ever."""

from django.apps import apps
from django.contrib.staticfiles.finders import AppDirectoriesFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage


class RoomsFinder(AppDirectoriesFinder):
    """Leaves out what libraries bring along: `kit` holds the pinned copies that our pages use."""

    def __init__(self) -> None:
        super().__init__(
            app_names={config.name for config in apps.get_app_configs() if config.name.startswith("giaoban.")}
        )


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Also rewrites the addresses in `import … from "./other.js"`: modules find each other by their hashed names."""

    support_js_module_import_aggregation = True
