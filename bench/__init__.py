"""Measurements of the budgets: one file each, medians in one run, never asserted."""
