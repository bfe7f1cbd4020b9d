"""Indicators computed from figures; discrepancies with what was published."""
