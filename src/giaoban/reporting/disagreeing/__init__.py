"""What this room finds that disagrees, for the one list of all disagreements. Only accepted figures are looked at."""

from giaoban.reporting.disagreeing.levels import beneath, frozen, in_lines
from giaoban.reporting.disagreeing.overtime import duplicates, falling
from giaoban.reporting.disagreeing.reports import in_reports
from giaoban.reporting.disagreeing.sides import both_sides

SOURCES = {
    "reporting.checks": in_reports,
    "reporting.beneath": beneath,
    "reporting.lines": in_lines,
    "reporting.frozen": frozen,
    "reporting.falling": falling,
    "reporting.duplicates": duplicates,
    "reporting.both-sides": both_sides,
}

__all__ = ["SOURCES", "beneath", "both_sides", "duplicates", "falling", "frozen", "in_lines", "in_reports"]
