"""Which findings stop a report, and which only need the unit's words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from giaoban.core.issues import Issue

GENERAL: Final = "Giải trình chung: "
"""Begins words that one person gave for all warnings of many files, not for this one."""


def general_words(words: str) -> str:
    """Words for every warning, so marked; "" when there are none."""
    return f"{GENERAL}{words.strip()}" if words.strip() else ""


def is_general(words: str) -> bool:
    return words.startswith(GENERAL)


def issue_key(issue: Issue) -> str:
    """Name of a finding among explanations: "large-change:own/total//c1"; the formula tells two at one cell apart."""
    at = issue.at
    formula = issue.params.get("formula")
    place = f"{issue.code}:{at.table}/{at.row}/{at.subunit}/{at.column}"
    return f"{place}?{formula}" if formula else place


def errors_in(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(issue for issue in issues if issue.severity == "error")


def warnings_in(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(issue for issue in issues if issue.severity == "warning")


def unexplained(issues: Iterable[Issue], explanations: Mapping[str, str]) -> tuple[Issue, ...]:
    """The warnings for which no words stand in `explanations` (by `issue_key`)."""
    return tuple(issue for issue in warnings_in(issues) if not explanations.get(issue_key(issue), "").strip())


def kept(issues: Iterable[Issue], explanations: Mapping[str, str]) -> dict[str, str]:
    """The explanations that belong to a warning of this version; others are dropped."""
    keys = {issue_key(issue) for issue in warnings_in(issues)}
    return {key: words.strip() for key, words in explanations.items() if key in keys and words.strip()}


def unjudged(explanations: Mapping[str, str], verdicts: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the explanations that the receiver has not accepted: those it said nothing of, and those it declined."""
    return tuple(key for key in explanations if not verdicts.get(key, {}).get("accepted"))


def declined(verdicts: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the explanations that the receiver did not accept."""
    return tuple(key for key, verdict in verdicts.items() if not verdict["accepted"])
