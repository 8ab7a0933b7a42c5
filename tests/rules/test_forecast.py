"""The quarter against the working days: pace, verdict, and the warning from week six."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules.forecast import (
    Counts,
    Forecast,
    forecast,
    look_ahead,
    paced_from,
    week_of_quarter,
)
from familydoc.rules.workdays import Calendar

#: Monday to Friday, nothing else.
PLAIN = Calendar(lambda _: None, {})
LAST = date(2026, 12, 31)  # a Thursday


def ahead(on: date, calendar: Calendar = PLAIN, **counts: int) -> Forecast:
    return forecast(Counts(**counts), look_ahead(on, calendar), calendar)


@pytest.mark.parametrize(
    ("on", "week"),
    [
        (date(2026, 10, 1), 1),
        (date(2026, 10, 7), 1),
        (date(2026, 10, 8), 2),
        (date(2026, 11, 4), 5),
        (date(2026, 11, 5), 6),
        (LAST, 14),
        (date(2028, 2, 29), 9),
    ],
)
def test_weeks_of_a_quarter_begin_with_its_first_day(on, week):
    assert week_of_quarter(on) == week


@pytest.mark.parametrize(("on", "warned"), [(date(2026, 11, 4), False), (date(2026, 11, 5), True)])
def test_a_low_pace_is_warned_of_from_week_six(on, warned):
    found = ahead(on, open=500, recent=20)
    assert found.verdict == "short" and found.warn is warned


def test_a_good_pace_is_never_warned_of():
    found = ahead(date(2026, 12, 1), open=10, recent=40)
    assert (found.verdict, found.warn, found.missing) == ("enough", False, 0)


def test_needed_is_rounded_up_and_pace_down():
    # Monday 28 December to Thursday the 31st: four days; four plain weeks have twenty.
    found = ahead(date(2026, 12, 28), open=10, coming=3, recent=65)
    assert (found.needed, found.pace) == (33, 32)  # 13/4 = 3.25, 65/20 = 3.25
    assert found.verdict == "enough" and found.finish == LAST


def test_one_task_more_than_the_pace_does_is_short():
    found = ahead(date(2026, 12, 28), open=14, recent=65)
    assert (found.verdict, found.reach, found.missing, found.finish) == ("short", 13, 1, None)


def test_the_last_day_of_the_quarter_can_still_be_worked():
    assert look_ahead(LAST, PLAIN).days_left == 1
    assert ahead(LAST, open=1, recent=20).verdict == "enough"
    assert ahead(LAST, open=1, recent=20).finish == LAST


def test_the_next_day_belongs_to_the_next_quarter():
    span = look_ahead(LAST + timedelta(days=1), PLAIN)
    assert (span.first, span.last, span.week) == (date(2027, 1, 1), date(2027, 3, 31), 1)


def test_no_working_day_left_is_over_and_nothing_is_divided():
    sunday = date(2028, 12, 31)  # the quarter ends on a Sunday
    found = ahead(sunday, open=3, recent=60)
    assert (found.verdict, found.needed, found.reach, found.warn) == ("over", None, 0, True)
    assert ahead(sunday, recent=60).verdict == "done"


def test_zero_pace_never_gets_there():
    found = ahead(date(2026, 12, 1), open=1)
    assert (found.verdict, found.pace, found.finish, found.missing) == ("short", 0, None, 1)


def test_nothing_left_is_done_whatever_the_pace():
    found = ahead(date(2026, 12, 1), done=30)
    assert (found.verdict, found.needed, found.warn, found.finish) == ("done", 0, False, None)


def test_four_weeks_without_a_working_day_have_no_pace():
    shut = Calendar(lambda _: False, {LAST: True})
    found = ahead(LAST, shut, open=2, recent=5)
    assert (found.pace, found.reach, found.verdict) == (0, 0, "short")


def test_a_make_up_saturday_and_a_county_day_off_count():
    saturday, monday = date(2026, 12, 26), date(2026, 12, 28)
    county = Calendar(lambda _: None, {saturday: True, monday: False})
    assert look_ahead(saturday, PLAIN).days_left == 4
    assert look_ahead(saturday, county).days_left == 4
    assert look_ahead(monday, county).days_left == 3
    found = ahead(saturday, county, open=1, recent=20)
    assert found.finish == saturday


def test_the_pace_is_of_four_whole_weeks_before_the_day():
    assert paced_from(date(2026, 11, 21)) == date(2026, 10, 24)
    assert look_ahead(date(2026, 11, 21), PLAIN).days_paced == 20


def test_an_unknown_year_is_marked_provisional():
    assert look_ahead(date(2026, 12, 1), PLAIN).provisional
    known = Calendar(lambda day: day.weekday() < 5, {})
    assert not look_ahead(date(2026, 12, 1), known).provisional


numbers = st.integers(0, 10_000)


@given(numbers, numbers, numbers, st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_forecast_adds_up_on_every_day(opened, coming, recent, on):
    found = ahead(on, open=opened, coming=coming, recent=recent)
    assert found.reach + found.missing == opened + coming
    assert found.reach >= 0
    assert (found.missing == 0) == (found.verdict in ("done", "enough"))
    assert (found.finish is not None) == (found.verdict == "enough")
    if found.finish:
        assert on <= found.finish <= look_ahead(on, PLAIN).last and PLAIN.works(found.finish)


def test_counts_of_members_add_up():
    assert Counts(1, 2, 3, 4, 5) + Counts(1, 1, 1, 1, 1) == Counts(2, 3, 4, 5, 6)
    assert Counts(open=3, coming=4).left == 7
