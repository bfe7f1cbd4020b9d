"""Units, areas, events and the crosswalk for other programs. Mounted by `config.api`."""

from giaoban.orgs.api.events import router as events_router
from giaoban.orgs.api.trees import router as trees_router

__all__ = ["events_router", "trees_router"]
