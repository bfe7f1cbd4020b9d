"""Briefing books: what a meeting reads, frozen as presented."""
