"""Arithmetic and decisions of reporting in plain Python: no Django, no database, no clock (callers pass `on=`)."""
