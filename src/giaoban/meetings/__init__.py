"""Meetings, conclusions, notices."""
