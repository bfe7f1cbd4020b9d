"""Who is reminded when: rules without a database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.workdays import NATIONAL
from giaoban.reporting.rules.reminder_words import NAMED, Report, digest_words, reminder_words
from giaoban.reporting.rules.reminding import Days, Digest, Owing, Place, Policy, days_of_run, horizon, plan, reach

POLICY = Policy(before=(5, 1), after=(1, 3, 6), head=3, above=6)
DUE = date(2024, 4, 10)  # a Wednesday; on the 18th, a Thursday, nobody works
LIGHT, HARBOUR, COAST = 1, 2, 3
KEEPER = Place(10, LIGHT, answers=True, receives=False, heads=False)
CLERK = Place(20, HARBOUR, answers=True, receives=True, heads=False)
MASTER = Place(21, HARBOUR, answers=True, receives=True, heads=True)
UPPER = Place(30, COAST, answers=True, receives=True, heads=False)
PLACES = (KEEPER, CLERK, MASTER, UPPER)
ABOVE = {LIGHT: (HARBOUR,), HARBOUR: (COAST,)}
REPORT = Owing(100, (LIGHT,), HARBOUR, DUE, received=False)


def run(on: date, *reports: Owing, last: date | None = None, places: tuple[Place, ...] = PLACES) -> dict[int, Digest]:
    found = plan(reports or [REPORT], places, ABOVE, POLICY, days_of_run(on, last, NATIONAL.is_working_day))
    return {one.person_id: one for one in found}


@pytest.mark.parametrize(
    ("on", "told"),
    [
        (date(2024, 4, 2), set()),
        (date(2024, 4, 3), {10}),  # 5 working days before
        (date(2024, 4, 4), set()),
        (date(2024, 4, 9), {10}),  # 1 before
        (DUE, {10}),
        (date(2024, 4, 11), {10, 20}),  # 1 late: the receiver hears of it
        (date(2024, 4, 12), set()),
        (date(2024, 4, 15), {10, 20, 21}),  # 3 late: its head
        (date(2024, 4, 16), set()),
        (date(2024, 4, 18), set()),  # a holiday: nobody is told
        (date(2024, 4, 19), {10, 20, 30}),  # 6 late: the unit above
        (date(2024, 4, 22), set()),
    ],
)
def test_the_days_of_one_report(on: date, told: set[int]) -> None:
    assert set(run(on)) == told


def test_a_deadline_on_a_day_off_rings_on_the_working_day_before() -> None:
    sunday = Owing(100, (LIGHT,), HARBOUR, date(2024, 4, 14), received=False)
    assert set(run(date(2024, 4, 12), sunday)) == {10}
    assert set(run(date(2024, 4, 13), sunday)) == set()


def test_a_run_after_a_standstill_makes_up_once() -> None:
    assert set(run(date(2024, 4, 12), last=date(2024, 4, 8))) == {10, 20}
    assert set(run(date(2024, 4, 12), last=date(2024, 4, 11))) == set()


def test_a_standstill_of_years_is_not_made_up() -> None:
    assert run(date(2024, 6, 20), last=date(2020, 1, 1)) == {}


def test_everything_goes_into_one_digest() -> None:
    other = Owing(101, (LIGHT,), HARBOUR, DUE + timedelta(days=3), received=False)
    owed_above = Owing(102, (HARBOUR,), COAST, DUE + timedelta(days=1), received=False)
    found = run(date(2024, 4, 11), REPORT, other, owed_above)
    assert found[10].own == (100, 101)
    assert (found[20].own, found[20].late) == ((102,), (100,))


def test_a_head_without_staff_is_told_at_once_and_not_twice() -> None:
    found = run(date(2024, 4, 15), places=(KEEPER, MASTER))
    assert found[21] == Digest(21, HARBOUR, late=(100,))


def test_somebody_for_another_field_of_work_is_not_told() -> None:
    wills = Place(11, LIGHT, answers=True, receives=False, heads=False, fields=frozenset({"wills"}))
    aid = Owing(100, (LIGHT,), HARBOUR, DUE, received=False, field="aid")
    assert set(run(DUE, aid, places=(wills, KEEPER))) == {10}
    assert set(run(DUE, places=(wills,))) == {11}


def test_without_deadline_nobody_is_told() -> None:
    assert run(DUE, Owing(100, (LIGHT,), HARBOUR, None, received=False)) == {}


DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31))
REPORTS = st.lists(
    st.builds(
        Owing,
        id=st.integers(0, 10_000),
        units=st.lists(st.integers(1, 6), min_size=1, max_size=2).map(tuple),
        receiver_id=st.one_of(st.none(), st.integers(1, 6)),
        due_on=st.one_of(st.none(), st.dates(date(2024, 2, 1), date(2024, 5, 31))),
        received=st.booleans(),
    ),
    unique_by=lambda one: one.id,
    max_size=12,
)
PEOPLE = st.lists(
    st.builds(
        Place,
        person_id=st.integers(1, 5),
        unit_id=st.integers(1, 6),
        answers=st.booleans(),
        receives=st.booleans(),
        heads=st.booleans(),
    ),
    max_size=10,
)
POLICIES = st.builds(
    Policy,
    before=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    after=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    head=st.one_of(st.none(), st.integers(1, 9)),
    above=st.one_of(st.none(), st.integers(1, 9)),
)


@given(REPORTS, PEOPLE, POLICIES, st.dates(date(2024, 1, 15), date(2024, 6, 30)), st.one_of(st.none(), DAYS))
def test_one_digest_a_day_and_only_of_what_concerns_the_reader(
    reports: list[Owing], people: list[Place], policy: Policy, on: date, last: date | None
) -> None:
    above = {unit: (unit % 6 + 1,) for unit in range(1, 7)}
    last = last if last is not None and last < on else None
    days = days_of_run(on, last, NATIONAL.is_working_day)
    digests = plan(reports, people, above, policy, days)
    by_id = {one.id: one for one in reports}
    assert len({one.person_id for one in digests}) == len(digests)
    assert not digests or NATIONAL.is_working_day(on)
    for digest in digests:
        named = [*digest.own, *digest.late, *digest.escalated]
        assert named
        assert len(set(named)) == len(named)
        mine = [place for place in people if place.person_id == digest.person_id]
        assert digest.unit_id in {place.unit_id for place in mine}
        for pk in named:
            assert not by_id[pk].received
            assert by_id[pk].due_on is not None
            assert by_id[pk].due_on <= horizon(policy, days)  # type: ignore[operator]
        assert all(any(p.answers and p.unit_id in by_id[pk].units for p in mine) for pk in digest.own)
        for pk in (*digest.late, *digest.escalated):
            receiver = by_id[pk].receiver_id
            assert by_id[pk].due_on < on  # type: ignore[operator]
            assert any(p.receives and p.unit_id in (receiver, *above.get(receiver or 0, ())) for p in mine)


@given(DAYS, POLICIES)
def test_runs_of_all_days_ring_as_often_as_a_run_a_day(due_on: date, policy: Policy) -> None:
    """Whatever the days off, each ring of a deadline falls on exactly one run."""
    start = NATIONAL.add(due_on, -12)
    runs, last = [], start
    for offset in range(1, 40):
        on = start + timedelta(days=offset)
        if NATIONAL.is_working_day(on):
            runs.append(Days(last, on, NATIONAL.is_working_day))
            last = on
    rings = [one.on for one in runs if reach(due_on, policy, one).rings]
    wanted = {NATIONAL.add(due_on, -count) for count in policy.before} | {
        NATIONAL.add(due_on, count) for count in policy.after
    }
    on_time = due_on
    while not NATIONAL.is_working_day(on_time):
        on_time -= timedelta(days=1)
    assert set(rings) == wanted | {on_time}


def words(count: int = 1, **more: object) -> dict[int, Report]:
    return {pk: Report(f"Light {pk:03}", "Biểu 1", "Quý I", DUE, "North Harbour", **more) for pk in range(count)}  # type: ignore[arg-type]


def test_what_a_digest_says() -> None:
    reports = words(3)
    subject, body = digest_words(Digest(1, 1, own=(0,), late=(1, 2)), reports, DUE + timedelta(days=2))
    assert subject == "1 báo cáo phải gửi đã quá hạn, 2 báo cáo của đơn vị gửi chậm"
    assert body.splitlines() == [
        "Báo cáo phải gửi: 1",
        "Light 000:",
        "– Biểu 1, Quý I: quá 2 ngày (hạn 10/04/2024)",
        "",
        "Đơn vị gửi chậm: 2 báo cáo của 2 đơn vị",
        "– Biểu 1, Quý I, gửi North Harbour: quá 2 ngày (hạn 10/04/2024): 2 đơn vị: Light 001, Light 002",
    ]


def test_many_units_are_counted_after_some_names() -> None:
    reports = words(NAMED + 5)
    _, body = digest_words(Digest(1, 1, late=tuple(reports)), reports, DUE + timedelta(days=1))
    assert "Light 019 và 5 đơn vị khác" in body
    assert "Light 020" not in body


def test_a_returned_report_says_why_and_simulated_figures_say_so() -> None:
    reports = words(1, reason="cột 3 sai", simulated=True)
    _, body = digest_words(Digest(1, 1, own=(0,)), reports, DUE)
    assert "– Biểu 1, Quý I (số liệu mô phỏng): đến hạn hôm nay (hạn 10/04/2024); bị trả lại: cột 3 sai" in body


def test_what_a_reminder_by_hand_says() -> None:
    subject, body = reminder_words(words(1).values(), "gửi trước 16 giờ", "North Harbour", DUE)
    assert subject == "North Harbour nhắc gửi Biểu 1, Quý I"
    assert body.splitlines()[:3] == ["North Harbour nhắc gửi báo cáo.", "", "Lời nhắc: gửi trước 16 giờ"]


def test_a_return_rings_on_the_next_working_day() -> None:
    back = replace(REPORT, due_on=date(2024, 3, 1), returned_on=date(2024, 4, 12))  # a Friday, long after the last ring
    assert set(run(date(2024, 4, 15), back)) == {10}
    assert set(run(date(2024, 4, 16), back)) == set()
    assert set(run(date(2024, 4, 15), replace(back, returned_on=None))) == set()
