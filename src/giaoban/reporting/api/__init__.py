"""Reports for other programs: what is owed, where it stands, and sending it. Mounted by `config.api`."""

from giaoban.reporting.api.reports import router as reports_router

__all__ = ["reports_router"]
