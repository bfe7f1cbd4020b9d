"""Writes: freeze what a meeting reads; write, present, amend and issue reports in words."""

from giaoban.briefs.services.books import RENDER_JOB, TEMPLATE, freeze, origin_of, render, url_of

__all__ = ["RENDER_JOB", "TEMPLATE", "freeze", "origin_of", "render", "url_of"]
