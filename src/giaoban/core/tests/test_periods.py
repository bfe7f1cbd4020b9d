from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.periods import (
    Period,
    PeriodRuleError,
    ad_hoc_period,
    as_of_period,
    due_on,
    period_by_code,
    periods_of,
    rule_from_dict,
    same_period_before,
)
from giaoban.core.spans import Span, gaps_in, overlaps_in
from giaoban.core.workdays import WorkCalendar

# Thông tư 03/2019/TT-BTP, article 6
HALF = {
    "key": "tt03-6t",
    "name": "6 tháng",
    "kind": "half",
    "only": [1],
    "starts": "01-01",
    "label": "6 tháng năm {year}",
    "estimated_months": 1,
    "actual_until": "05-31",
}
OFFICIAL = {"key": "chinh-thuc", "name": "Năm chính thức", "label": "Năm chính thức {year}"}
LOCAL_YEAR = {
    "key": "tt03-nam-dia-phuong",
    "name": "Năm (địa phương)",
    "kind": "year",
    "starts": "01-01",
    "instalments": [{"key": "nam", "name": "Năm", "estimated_months": 2, "actual_until": "10-31"}, OFFICIAL],
}
CENTRAL_YEAR = LOCAL_YEAR | {
    "key": "tt03-nam-trung-uong",
    "instalments": [{"key": "nam", "name": "Năm", "estimated_months": 1, "actual_until": "11-30"}, OFFICIAL],
}
# Thông tư 17/2025/TT-BTP
PRELIMINARY_HALF = HALF | {"key": "tt17-6t", "name": "Sơ bộ 6 tháng", "label": "Sơ bộ 6 tháng năm {year}"}
FULL_YEAR = {
    "key": "tt17-nam",
    "name": "Năm",
    "kind": "year",
    "starts": "01-01",
    "instalments": [
        {"key": "so-bo", "name": "Sơ bộ năm", "label": "Sơ bộ năm {year}", "estimated_months": 2},
        {"key": "tron-nam", "name": "Tròn năm", "label": "Tròn năm {year}"},
    ],
}
# Nghị định 09/2019/NĐ-CP, article 12
MONTH_15 = {"key": "nd09-thang", "name": "Tháng", "kind": "month", "starts": "12-15-1", "tag": "ND09"}
QUARTER_15 = {"key": "nd09-quy", "name": "Quý", "kind": "quarter", "starts": "12-15-1", "tag": "ND09"}
HALF_15 = {"key": "nd09-6t", "name": "6 tháng", "kind": "half", "starts": "12-15-1", "tag": "ND09"}
YEAR_15 = {"key": "nd09-nam", "name": "Năm", "kind": "year", "starts": "12-15-1", "tag": "ND09"}
# civil enforcement, Thông tư 06/2019/TT-BTP
ENFORCEMENT = {
    "key": "thads",
    "name": "Lũy kế từ 01/10",
    "kind": "cumulative_months",
    "starts": "10-01-1",
    "tag": "THADS",
}
QUARTER = {"key": "quarter", "name": "Quý", "kind": "quarter", "starts": "01-01"}
AS_OF = {"key": "as-of", "name": "Tại một ngày", "kind": "as_of"}
ALL = [HALF, LOCAL_YEAR, CENTRAL_YEAR, PRELIMINARY_HALF, FULL_YEAR, MONTH_15, QUARTER_15, HALF_15, YEAR_15, ENFORCEMENT]


def one(data: dict[str, Any], code: str, instalment: str = "") -> Period:
    return period_by_code(rule_from_dict(data), code, instalment)


@pytest.mark.parametrize(
    ("data", "code", "instalment", "label", "window", "actual_until", "estimated_months"),
    [
        (HALF, "2024-6T", "", "6 tháng năm 2024", "01/01–30/6/2024", date(2024, 6, 1), 1),
        (LOCAL_YEAR, "2024", "nam", "Năm 2024", "01/01–31/12/2024", date(2024, 11, 1), 2),
        (LOCAL_YEAR, "2024", "chinh-thuc", "Năm chính thức 2024", "01/01–31/12/2024", None, 0),
        (CENTRAL_YEAR, "2024", "nam", "Năm 2024", "01/01–31/12/2024", date(2024, 12, 1), 1),
        (CENTRAL_YEAR, "2024", "chinh-thuc", "Năm chính thức 2024", "01/01–31/12/2024", None, 0),
        (PRELIMINARY_HALF, "2026-6T", "", "Sơ bộ 6 tháng năm 2026", "01/01–30/6/2026", date(2026, 6, 1), 1),
        (FULL_YEAR, "2026", "so-bo", "Sơ bộ năm 2026", "01/01–31/12/2026", date(2026, 11, 1), 2),
        (FULL_YEAR, "2026", "tron-nam", "Tròn năm 2026", "01/01–31/12/2026", None, 0),
        (MONTH_15, "2020-T01-ND09", "", "Tháng 1 năm 2020", "15/12/2019–14/01/2020", None, 0),
        (MONTH_15, "2020-T03-ND09", "", "Tháng 3 năm 2020", "15/02–14/3/2020", None, 0),
        (QUARTER_15, "2020-Q1-ND09", "", "Quý I năm 2020", "15/12/2019–14/3/2020", None, 0),
        (QUARTER_15, "2020-Q2-ND09", "", "Quý II năm 2020", "15/3–14/6/2020", None, 0),
        (QUARTER_15, "2020-Q3-ND09", "", "Quý III năm 2020", "15/6–14/9/2020", None, 0),
        (QUARTER_15, "2020-Q4-ND09", "", "Quý IV năm 2020", "15/9–14/12/2020", None, 0),
        (HALF_15, "2020-6T-ND09", "", "6 tháng đầu năm 2020", "15/12/2019–14/6/2020", None, 0),
        (HALF_15, "2020-6TC-ND09", "", "6 tháng cuối năm 2020", "15/6–14/12/2020", None, 0),
        (YEAR_15, "2020-ND09", "", "Năm 2020", "15/12/2019–14/12/2020", None, 0),
        (ENFORCEMENT, "2017-THADS-01", "", "1 tháng năm 2017", "01/10–31/10/2016", None, 0),
        (ENFORCEMENT, "2017-THADS-07", "", "7 tháng năm 2017", "01/10/2016–30/4/2017", None, 0),
        (ENFORCEMENT, "2017-THADS-12", "", "12 tháng năm 2017", "01/10/2016–30/9/2017", None, 0),
        (QUARTER, "2014-Q1", "", "Quý I năm 2014", "01/01–31/3/2014", None, 0),
        (AS_OF, "2026-10-02", "", "Tại ngày 02/10/2026", "ngày 02/10/2026", None, 0),
    ],
)
def test_the_periods_of_the_regime(
    data: dict[str, Any],
    code: str,
    instalment: str,
    label: str,
    window: str,
    actual_until: date | None,
    estimated_months: int,
) -> None:
    period = one(data, code, instalment)
    assert (period.code, period.instalment, period.label) == (code, instalment, label)
    assert period.window_label() == window
    assert (period.actual_until, period.estimated_months) == (actual_until, estimated_months)
    assert period.rule == data["key"]


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (HALF, ["2024-6T"]),
        (LOCAL_YEAR, ["2024", "2024"]),
        (QUARTER_15, ["2024-Q1-ND09", "2024-Q2-ND09", "2024-Q3-ND09", "2024-Q4-ND09"]),
        (ENFORCEMENT | {"only": [3, 6, 10, 12]}, [f"2024-THADS-{n:02d}" for n in (3, 6, 10, 12)]),
        (AS_OF, []),
        ({"key": "ad-hoc", "name": "Đột xuất", "kind": "ad_hoc"}, []),
    ],
)
def test_the_periods_of_a_year(data: dict[str, Any], codes: list[str]) -> None:
    assert [period.code for period in periods_of(rule_from_dict(data), 2024)] == codes


@pytest.mark.parametrize("data", [MONTH_15, QUARTER_15, HALF_15, YEAR_15, QUARTER], ids=lambda data: data["key"])
@given(year=st.integers(1990, 2100))
def test_periods_follow_one_another_without_gap(data: dict[str, Any], year: int) -> None:
    rule = rule_from_dict(data)
    periods = periods_of(rule, year) + periods_of(rule, year + 1)
    windows = [Span(period.start, period.end) for period in periods]
    assert overlaps_in(windows) == []
    assert gaps_in(windows, Span(windows[0].start, windows[-1].end)) == []


@given(year=st.integers(1990, 2100))
def test_cumulative_periods_share_their_start_and_grow(year: int) -> None:
    periods = periods_of(rule_from_dict(ENFORCEMENT), year)
    assert {period.start for period in periods} == {date(year - 1, 10, 1)}
    assert [period.end for period in periods] == sorted({period.end for period in periods})
    assert len(periods) == 12
    assert all(period.cumulative for period in periods)


@pytest.mark.parametrize("data", ALL, ids=lambda data: data["key"])
@given(year=st.integers(1990, 2100))
def test_a_period_is_found_again_by_its_code_and_a_year_earlier(data: dict[str, Any], year: int) -> None:
    rule = rule_from_dict(data)
    before = periods_of(rule, year - 1)
    for at, period in enumerate(periods_of(rule, year)):
        assert period_by_code(rule, period.code, period.instalment) == period
        assert same_period_before(period, rule) == before[at]
        assert period.year == year
        assert period.actual_until is None or period.start < period.actual_until < period.end


@pytest.mark.parametrize(
    ("data", "code", "instalment"),
    [
        (HALF, "2024-6TC", ""),
        (HALF, "2024-6T", "nam"),
        (LOCAL_YEAR, "2024", ""),
        (QUARTER_15, "2024-Q1", ""),
        (QUARTER_15, "Q1", ""),
        (QUARTER_15, "", ""),
        (AS_OF, "20261002", ""),
        (AS_OF, "2026-02-30", ""),
        (AS_OF, "2026-10-02", "nam"),
    ],
)
def test_an_unknown_period_is_a_key_error(data: dict[str, Any], code: str, instalment: str) -> None:
    with pytest.raises(KeyError):
        one(data, code, instalment)


def test_an_as_of_capture() -> None:
    rule = rule_from_dict(AS_OF)
    period = as_of_period(rule, date(2026, 10, 2), "Một cửa, 02/10/2026")
    assert (period.code, period.label, period.start, period.end) == (
        "2026-10-02",
        "Một cửa, 02/10/2026",
        date(2026, 10, 2),
        date(2026, 10, 3),
    )
    assert same_period_before(period, rule) is None
    with pytest.raises(ValueError, match="as_of"):
        as_of_period(rule_from_dict(QUARTER), date(2026, 10, 2))


@pytest.mark.parametrize(
    ("on", "window"),
    [(date(2026, 10, 2), "15/12/2025–02/10/2026"), (date(2026, 12, 20), "15/12–20/12/2026")],
)
def test_an_as_of_capture_may_run_from_the_start_of_the_year(on: date, window: str) -> None:
    period = as_of_period(rule_from_dict(AS_OF | {"starts": "12-15", "cumulative": True}), on)
    assert period.window_label() == window
    assert period.cumulative


def test_an_ad_hoc_period() -> None:
    period = ad_hoc_period("2014-hn-q1", "Hội nghị giao ban", date(2014, 1, 1), date(2014, 3, 22))
    assert period.window_label() == "01/01–21/3/2014"
    assert (period.rule, period.deadline_key, period.year) == ("ad-hoc", "ad-hoc", 2014)
    with pytest.raises(ValueError, match="empty window"):
        ad_hoc_period("x", "x", date(2014, 1, 1), date(2014, 1, 1))


def test_the_period_before_needs_its_own_rule() -> None:
    with pytest.raises(ValueError, match="belongs to rule"):
        same_period_before(one(QUARTER, "2014-Q1"), rule_from_dict(HALF))


@pytest.mark.parametrize(
    ("data", "code", "instalment", "deadline", "expected"),
    [
        (HALF, "2024-6T", "", "06-06", date(2024, 6, 6)),
        (LOCAL_YEAR, "2024", "nam", "11-07", date(2024, 11, 7)),
        (LOCAL_YEAR, "2024", "chinh-thuc", "01-20+1", date(2025, 1, 20)),
        (QUARTER_15, "2020-Q1-ND09", "", "12-31-1", date(2019, 12, 31)),
        (QUARTER_15, "2020-Q1-ND09", "", "d25", date(2020, 3, 25)),
        (YEAR_15, "2020-ND09", "", "d25", date(2020, 12, 25)),
        (YEAR_15, "2020-ND09", "", "d05+1m", date(2021, 1, 5)),
        (ENFORCEMENT, "2015-THADS-04", "", "d31+1m", date(2015, 2, 28)),
        (ENFORCEMENT, "2015-THADS-05", "", "d06+1m", date(2015, 3, 6)),
        # 30 April and 1 May 2020 were a Thursday and a Friday; the period ended on 30 April
        (ENFORCEMENT, "2020-THADS-07", "", "wd1", date(2020, 5, 4)),
        (ENFORCEMENT, "2020-THADS-07", "", "wd4", date(2020, 5, 7)),
    ],
)
def test_deadlines(data: dict[str, Any], code: str, instalment: str, deadline: str, expected: date) -> None:
    assert due_on(one(data, code, instalment), deadline) == expected


def test_working_days_may_follow_another_calendar() -> None:
    period = one(ENFORCEMENT, "2020-THADS-07")
    decreed = WorkCalendar({date(2020, 5, 1): True})
    assert due_on(period, "wd1", decreed) == date(2020, 5, 1)
    assert due_on(period, "wd2", WorkCalendar({date(2020, 5, 1): True, date(2020, 5, 2): True})) == date(2020, 5, 2)
    assert due_on(period, "wd1", WorkCalendar({date(2020, 5, 4): False})) == date(2020, 5, 5)


@pytest.mark.parametrize("deadline", ["", "6-6", "06/06", "02-30", "13-01", "wd", "d0", "d32", "d25+1", "01-20+1y"])
def test_an_unreadable_deadline_is_refused(deadline: str) -> None:
    with pytest.raises(PeriodRuleError):
        due_on(one(HALF, "2024-6T"), deadline)


def test_the_key_of_a_deadline() -> None:
    assert one(HALF, "2024-6T").deadline_key == "tt03-6t"
    assert one(LOCAL_YEAR, "2024", "nam").deadline_key == "tt03-nam-dia-phuong/nam"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": None}, "key cannot be None"),
        ({"key": "Sáu tháng"}, "slug"),
        ({"kind": "week"}, "kind"),
        ({"name": ""}, "name"),
        ({"begins": "01-01"}, "unknown begins"),
        ({"starts": ""}, "starts is missing"),
        ({"starts": "01-32"}, "not a day of the calendar"),
        ({"starts": "01-31"}, "1 to 28"),
        ({"starts": "1.1."}, "is not a day"),
        ({"only": [3]}, "only"),
        ({"only": [2, 1]}, "only"),
        ({"only": ["1"]}, "only"),
        ({"only": 1}, "only cannot be 1"),
        ({"tag": "nd09"}, "tag"),
        ({"label": "6 tháng {years}"}, "label"),
        ({"label": "6 tháng {year.real.x}"}, "label"),
        ({"estimated_months": "1"}, "estimated_months cannot be"),
        ({"estimated_months": 2}, "disagree"),
        ({"estimated_months": 7, "actual_until": "12-01-1"}, "do not fit"),
        ({"estimated_months": 0}, "without estimated_months"),
        ({"instalments": [OFFICIAL]}, "estimates belong"),
        ({"kind": "cumulative_months"}, "tag is missing"),
        ({"kind": "as_of"}, "no instalments"),
    ],
)
def test_a_faulty_rule_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(PeriodRuleError, match=reason):
        rule_from_dict(HALF | change)


@pytest.mark.parametrize(
    ("instalments", "reason"),
    [
        ([OFFICIAL, OFFICIAL], "different"),
        ([{"name": "Năm"}], "key is missing"),
        ([OFFICIAL | {"due": "01-20"}], "unknown due"),
        (["chinh-thuc"], "mappings"),
    ],
)
def test_faulty_instalments_are_refused(instalments: list[Any], reason: str) -> None:
    with pytest.raises(PeriodRuleError, match=reason):
        rule_from_dict(LOCAL_YEAR | {"instalments": instalments})


def test_an_ad_hoc_rule_has_no_start_and_a_rule_needs_a_kind() -> None:
    with pytest.raises(PeriodRuleError, match="starts"):
        rule_from_dict({"key": "ad-hoc", "name": "Đột xuất", "kind": "ad_hoc", "starts": "01-01"})
    with pytest.raises(PeriodRuleError, match="kind, name is missing"):
        rule_from_dict({"key": "x"})


def test_a_rule_is_the_same_when_estimates_leave_the_last_actual_day_out() -> None:
    stated, derived = rule_from_dict(HALF), rule_from_dict({k: v for k, v in HALF.items() if k != "actual_until"})
    assert periods_of(stated, 2024) == periods_of(replace(derived, key=stated.key), 2024)
