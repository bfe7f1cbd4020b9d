"""Giao Ban: the periodic work of a large public administration, from report to task."""
