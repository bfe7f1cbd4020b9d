"""Figures for other programs: one question, one answer. Mounted by `config.api`."""

from giaoban.indicators.api.figures import router as figures_router

__all__ = ["figures_router"]
