"""Spreadsheets from outside: measured before they are opened, and opened in a process of their own with limits."""
