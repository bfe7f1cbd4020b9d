"""Regimes, forms, periods, obligations, submissions, consolidation."""
