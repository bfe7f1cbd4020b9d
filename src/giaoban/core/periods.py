"""Reporting periods: rules of a regime (data of a pack) unfolded into periods, each with a window of its own.

A rule is written in a pack (`regimes/*.yaml`, list `period_rules`) as this mapping; `rule_from_dict` reads it:

    key               slug, unique in the pack
    name              Vietnamese, for lists and menus
    kind              month | quarter | half | year | cumulative_months | as_of | ad_hoc
    starts            first day of the first window of reporting year Y: "01-01" is 1 January of Y, "12-15-1" is
                      15 December of Y - 1; the day at most 28; not for ad_hoc; as_of only: without it the window is the
                      day itself, with it the window runs from that day (figures "from 1 January until today")
    label             template with {year}, {n} (number in the year), {roman}, {half} (đầu, cuối), for as_of {year} and
                      {day}; each kind has a default
    tag               upper-case letters and digits put into period codes, so that two calendars of one year do not look
                      alike: "2020-Q1-ND09"; required for cumulative_months: "2017-THADS-07"
    only              the numbers that exist, e.g. [1] for a first half only, [3, 6, 10, 12] for cumulative months
    cumulative        true when figures run from the start of the year; always true for cumulative_months
    estimated_months  months at the end of the window whose figures are estimated (default 0)
    actual_until      last day with actual figures as the act writes it, "10-31"; only together with estimated_months,
                      and both must agree; estimated_months alone is enough
    instalments       several submissions of one period, in order, each {key, name, label?, estimated_months?,
                      actual_until?}; then the rule itself has no estimated_months and no actual_until

Deadlines are texts (`parse_deadline`): "06-06" (in the reporting year), "01-20+1" (the year after), "12-31-1" (the year
before), "wd4" (4th working day after the period), "d25" (25th of the month in which the period ends), "d04+1m" (4th of
the month after that; a day beyond the end of a month is its last day).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args

from giaoban.core import vietnamese, workdays

Kind = Literal["month", "quarter", "half", "year", "cumulative_months", "as_of", "ad_hoc"]

_COUNTS: Final[Mapping[str, int]] = {"month": 12, "quarter": 4, "half": 2, "year": 1, "cumulative_months": 12}
_LABELS: Final[Mapping[str, str]] = {
    "month": "Tháng {n} năm {year}",
    "quarter": "Quý {roman} năm {year}",
    "half": "6 tháng {half} năm {year}",
    "year": "Năm {year}",
    "cumulative_months": "{n} tháng năm {year}",
    "as_of": "Tại ngày {day}",
}
_ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_HALVES: Final = ("", "đầu", "cuối")
_LABEL_WORDS: Final = frozenset({"year", "n", "roman", "half", "day"})
_ONE_DAY: Final = timedelta(days=1)
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TAG: Final = re.compile(r"[A-Z0-9]+")
_MONTH_DAY: Final = re.compile(r"(\d\d)-(\d\d)([+-]\d)?")
_WORKING_DAY: Final = re.compile(r"wd(\d{1,2})")
_DAY_OF_MONTH: Final = re.compile(r"d(\d{1,2})(?:\+(\d)m)?")
_SAMPLE_YEAR: Final = 2001
_YAML_TYPES: Final[Mapping[str, type]] = {
    "estimated_months": int,
    "cumulative": bool,
    "instalments": list,
    "only": list,
}

AD_HOC_RULE: Final = "ad-hoc"


class PeriodRuleError(ValueError):
    """A rule or a deadline that cannot be read; the message names the key and the reason."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """One of several submissions of a period. label: template, "" for the rule's. The rest as in `PeriodRule`."""

    key: str
    name: str
    label: str = ""
    actual_until: str | None = None
    estimated_months: int = 0


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """How the periods of one calendar are made; the module docstring gives the meaning of each field."""

    key: str
    name: str
    kind: Kind
    starts: str = ""
    actual_until: str | None = None
    estimated_months: int = 0
    cumulative: bool = False
    instalments: tuple[Instalment, ...] = ()
    label: str = ""
    tag: str = ""
    only: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """A window with a name. `end` and `actual_until` are excluded days; actual_until None: nothing is estimated.

    rule, code and instalment together identify a period. year: the reporting year, which need not hold the first day of
    the window. number: which one of the year, counted from 1; 0 for as_of and ad_hoc.
    """

    rule: str
    code: str
    instalment: str
    label: str
    start: date
    end: date
    actual_until: date | None
    estimated_months: int
    cumulative: bool
    year: int
    number: int

    @property
    def last_day(self) -> date:
        return self.end - _ONE_DAY

    @property
    def deadline_key(self) -> str:
        """The key under which a pack writes the deadline of this period: "<rule>" or "<rule>/<instalment>"."""
        return f"{self.rule}/{self.instalment}" if self.instalment else self.rule

    def window_label(self) -> str:
        """First and last day as offices write them: "01/01–30/6/2024", "15/12/2023–14/3/2024", "ngày 02/10/2026"."""
        if self.start == self.last_day:
            return f"ngày {vietnamese.day(self.start)}"
        opening = _office_day(self.start)
        if self.start.year != self.last_day.year:
            opening += f"/{self.start.year}"
        return f"{opening}–{_office_day(self.last_day)}/{self.last_day.year}"


def periods_of(rule: PeriodRule, year: int) -> list[Period]:
    """All periods of a reporting year in order, one per instalment; none for as_of and ad_hoc, which do not recur."""
    if rule.kind not in _COUNTS:
        return []
    numbers = rule.only or range(1, _COUNTS[rule.kind] + 1)
    return [_period(rule, part, year, number) for number in numbers for part in _instalments(rule)]


def period_by_code(rule: PeriodRule, code: str, instalment: str = "") -> Period:
    """The period of a rule with this code and instalment. Raises KeyError when the rule makes no such period."""
    if rule.kind == "as_of" and not instalment:
        try:
            period = as_of_period(rule, date.fromisoformat(code))
        except ValueError:
            raise KeyError(code) from None
        if period.code == code:
            return period
    year = code[:4]
    if re.fullmatch(r"[1-9][0-9]{3}", year, re.ASCII):
        for period in periods_of(rule, int(year)):
            if period.code == code and period.instalment == instalment:
                return period
    raise KeyError(f"{code}/{instalment}" if instalment else code)


def as_of_period(rule: PeriodRule, on: date, label: str | None = None) -> Period:
    """The state of things on one day, as a register or a publication gave it. Raises ValueError for other kinds."""
    if rule.kind != "as_of":
        raise ValueError(f"rule {rule.key} is not an as_of rule")
    start = on
    if rule.starts:
        start = _day_in_year(rule.starts, on.year)
        if start > on:
            start = _day_in_year(rule.starts, on.year - 1)
    return Period(
        rule=rule.key,
        code=on.isoformat(),
        instalment="",
        label=label or (rule.label or _LABELS["as_of"]).format(year=on.year, day=vietnamese.day(on)),
        start=start,
        end=on + _ONE_DAY,
        actual_until=None,
        estimated_months=0,
        cumulative=rule.cumulative,
        year=on.year,
        number=0,
    )


def ad_hoc_period(code: str, label: str, start: date, end: date) -> Period:
    """A window set by a single request; `end` excluded. Raises ValueError when the window is empty."""
    if start >= end:
        raise ValueError(f"empty window: {start} is not before {end}")
    return Period(
        rule=AD_HOC_RULE,
        code=code,
        instalment="",
        label=label,
        start=start,
        end=end,
        actual_until=None,
        estimated_months=0,
        cumulative=False,
        year=(end - _ONE_DAY).year,
        number=0,
    )


def same_period_before(period: Period, rule: PeriodRule) -> Period | None:
    """The same period and instalment of the reporting year before; None for as_of and ad_hoc, which do not recur.

    Raises ValueError when the period was not made by this rule.
    """
    if period.rule != rule.key:
        raise ValueError(f"period {period.code} belongs to rule {period.rule}, not {rule.key}")
    if period.number == 0:
        return None
    part = next(part for part in _instalments(rule) if part.key == period.instalment)
    return _period(rule, part, period.year - 1, period.number)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days after the last day of the period."""

    count: int


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """A day of the month so many months after that in which the period ends."""

    day: int
    after: int


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day of the reporting year, or of a year before or after it."""

    month: int
    day: int
    years: int


def parse_deadline(deadline: str) -> WorkingDays | DayOfMonth | DayOfYear:
    """Read "wd4", "d04+1m", "01-20+1". Raises PeriodRuleError for anything else."""
    if match := _WORKING_DAY.fullmatch(deadline):
        return WorkingDays(int(match[1]))
    if (match := _DAY_OF_MONTH.fullmatch(deadline)) and 1 <= int(match[1]) <= 31:
        return DayOfMonth(int(match[1]), int(match[2] or 0))
    if match := _MONTH_DAY.fullmatch(deadline):
        return DayOfYear(int(match[1]), int(match[2]), int(match[3] or 0))
    raise PeriodRuleError(f"{deadline!r} is not a day such as 06-06, 01-20+1, d25, d04+1m or wd4")


def due_on(period: Period, deadline: str, calendar: workdays.WorkCalendar = workdays.NATIONAL) -> date:
    """The day by which the receiver must have the report. Raises PeriodRuleError for an unreadable deadline.

    The calendar only matters for "wd" deadlines: no rule moves a fixed date that falls on a rest day.
    """
    match parse_deadline(deadline):
        case WorkingDays(count):
            return calendar.add(period.last_day, count)
        case DayOfMonth(day, after):
            month = _add_months(period.last_day.replace(day=1), after)
            return min(month + timedelta(days=day - 1), _add_months(month, 1) - _ONE_DAY)
        case _:
            return _day_in_year(deadline, period.year)


def rule_from_dict(data: Mapping[str, Any]) -> PeriodRule:
    """Read the mapping described in the module docstring. Raises PeriodRuleError naming the key and the reason."""
    name = f"period rule {data.get('key', '?')}"
    fields = _typed(data, PeriodRule, name)
    parts = fields.pop("instalments", [])
    if not all(isinstance(part, Mapping) for part in parts):
        raise PeriodRuleError(f"{name}: instalments must be mappings")
    fields["instalments"] = tuple(Instalment(**_typed(part, Instalment, f"{name}, instalment")) for part in parts)
    fields["only"] = tuple(fields.get("only", ()))
    if fields["kind"] == "cumulative_months":
        fields["cumulative"] = True
    rule = PeriodRule(**fields)
    try:
        _check(rule)
    except ValueError as fault:
        raise PeriodRuleError(f"{name}: {fault}") from None
    return rule


def _typed(data: Mapping[str, Any], target: type[PeriodRule | Instalment], name: str) -> dict[str, Any]:
    """The entries of a mapping, each known to `target` and of the type that YAML should have given it."""
    needed = {"key", "name", "kind"} & set(target.__slots__)
    if missing := needed - data.keys():
        raise PeriodRuleError(f"{name}: {', '.join(sorted(missing))} is missing")
    for key, value in data.items():
        if key not in target.__slots__:
            raise PeriodRuleError(f"{name}: unknown {key}")
        if type(value) is not _YAML_TYPES.get(key, str) or (key in needed and not value):
            raise PeriodRuleError(f"{name}: {key} cannot be {value!r}")
    return dict(data)


def _check(rule: PeriodRule) -> None:
    """Raise ValueError for a rule that contradicts itself; a sample year is unfolded to try its days."""
    if not _SLUG.fullmatch(rule.key):
        raise ValueError("key is not a slug")
    if rule.kind not in get_args(Kind):
        raise ValueError(f"kind {rule.kind!r} is not one of {', '.join(get_args(Kind))}")
    if rule.tag and not _TAG.fullmatch(rule.tag):
        raise ValueError("tag must be upper-case letters and digits")
    if rule.kind == "cumulative_months" and not rule.tag:
        raise ValueError("tag is missing")
    if rule.kind in _COUNTS and not rule.starts:
        raise ValueError("starts is missing")
    if rule.starts and _day_in_year(rule.starts, _SAMPLE_YEAR).day > 28:
        raise ValueError("starts must be a day from 1 to 28")
    if rule.kind not in _COUNTS and (rule.instalments or rule.only or rule.estimated_months or rule.actual_until):
        raise ValueError(f"{rule.kind} has no instalments, only or estimates")
    if rule.kind == "ad_hoc" and rule.starts:
        raise ValueError("ad_hoc has no starts")
    if any(type(n) is not int for n in rule.only):
        raise ValueError("only must be numbers")
    if list(rule.only) != sorted(set(rule.only)) or any(n not in range(1, _COUNTS[rule.kind] + 1) for n in rule.only):
        raise ValueError(f"only must be rising numbers from 1 to {_COUNTS[rule.kind]}")
    if rule.instalments and (rule.estimated_months or rule.actual_until):
        raise ValueError("estimates belong to the instalments")
    keys = [part.key for part in rule.instalments]
    if len(set(keys)) < len(keys) or not all(_SLUG.fullmatch(key) for key in keys):
        raise ValueError("instalment keys must be different slugs")
    for template in (rule.label, *(part.label for part in rule.instalments)):
        _check_template(template)
    periods_of(rule, _SAMPLE_YEAR)


def _check_template(template: str) -> None:
    try:
        template.format(**dict.fromkeys(_LABEL_WORDS, ""))
    except (KeyError, IndexError, AttributeError, ValueError):
        raise ValueError(f"label {template!r} may only use {', '.join(sorted(_LABEL_WORDS))}") from None


def _instalments(rule: PeriodRule) -> tuple[Instalment, ...]:
    return rule.instalments or (Instalment("", "", rule.label, rule.actual_until, rule.estimated_months),)


def _period(rule: PeriodRule, part: Instalment, year: int, number: int) -> Period:
    first = _day_in_year(rule.starts, year)
    if rule.kind == "cumulative_months":
        start, end = first, _add_months(first, number)
    else:
        months = 12 // _COUNTS[rule.kind]
        start, end = _add_months(first, months * (number - 1)), _add_months(first, months * number)
    template = part.label or rule.label or _LABELS[rule.kind]
    return Period(
        rule=rule.key,
        code=_code(rule, year, number),
        instalment=part.key,
        label=template.format(
            year=year, n=number, roman=_ROMAN[number], half=_HALVES[number] if rule.kind == "half" else "", day=""
        ),
        start=start,
        end=end,
        actual_until=_actual_until(part, year, start, end),
        estimated_months=part.estimated_months,
        cumulative=rule.cumulative,
        year=year,
        number=number,
    )


def _code(rule: PeriodRule, year: int, number: int) -> str:
    if rule.kind == "cumulative_months":
        return f"{year}-{rule.tag}-{number:02d}"
    part = {
        "month": f"T{number:02d}",
        "quarter": f"Q{number}",
        "half": ("6T", "6TC")[number - 1] if rule.kind == "half" else "",
        "year": "",
    }[rule.kind]
    return "-".join(piece for piece in (str(year), part, rule.tag) if piece)


def _actual_until(part: Instalment, year: int, start: date, end: date) -> date | None:
    """The first day that is estimated, or None."""
    if not part.estimated_months:
        if part.actual_until is not None:
            raise ValueError("actual_until without estimated_months")
        return None
    estimated_from = _add_months(end, -part.estimated_months)
    if estimated_from < start or part.estimated_months < 0:
        raise ValueError(f"{part.estimated_months} estimated months do not fit into the window")
    if part.actual_until is not None and _day_in_year(part.actual_until, year) + _ONE_DAY != estimated_from:
        raise ValueError(f"actual_until {part.actual_until} and {part.estimated_months} estimated months disagree")
    return estimated_from


def _day_in_year(text: str, year: int) -> date:
    """ "06-06", "01-20+1" or "12-15-1" in or beside a year."""
    match = _MONTH_DAY.fullmatch(text)
    if match is None:
        raise PeriodRuleError(f"{text!r} is not a day such as 06-06 or 01-20+1")
    try:
        return date(year + int(match[3] or 0), int(match[1]), int(match[2]))
    except ValueError:
        raise PeriodRuleError(f"{text!r} is not a day of the calendar in {year}") from None


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def _office_day(day: date) -> str:
    """Day and month with the zero that Nghị định 30/2020 puts before days below 10 and before January and February."""
    return f"{day.day:02d}/{day.month:02d}" if day.month <= 2 else f"{day.day:02d}/{day.month}"
