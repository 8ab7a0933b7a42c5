"""When a clock is not believed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from familydoc.rules.clocks import clock_trouble

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TODAY = NOW.date()
YEAR = timedelta(days=366)


def test_empty_house_believes_any_clock():
    assert clock_trouble(NOW, TODAY, None) is None


@pytest.mark.parametrize(
    ("row", "run"),
    [
        (NOW, NOW),
        (NOW + timedelta(minutes=9), None),
        (NOW - YEAR, NOW - YEAR),
        (NOW - timedelta(days=1), None),
    ],
)
def test_believable_clock_passes(row, run):
    assert clock_trouble(NOW, TODAY, row, run) is None


@pytest.mark.parametrize("ahead", [timedelta(minutes=11), timedelta(days=150)])
def test_clock_behind_a_row_or_a_run_stops(ahead):
    assert "还早" in (clock_trouble(NOW, TODAY, NOW + ahead) or "")
    assert "还早" in (clock_trouble(NOW, TODAY, NOW, NOW + ahead) or "")


def test_clock_more_than_366_days_ahead_stops():
    assert "366 天" in (clock_trouble(NOW, TODAY, NOW - YEAR - timedelta(days=1)) or "")


def test_rows_written_under_a_wrong_clock_do_not_prove_it():
    far = datetime(2099, 1, 1, tzinfo=UTC)
    assert "366 天" in (clock_trouble(far, far.date(), far, NOW) or "")


def test_asked_day_may_go_366_days_beyond_rows_and_slots():
    assert clock_trouble(NOW, TODAY + YEAR, NOW) is None
    assert "366 天" in (clock_trouble(NOW, TODAY + YEAR + timedelta(days=1), NOW) or "")
    assert clock_trouble(NOW, date(2028, 2, 29), NOW, NOW, date(2027, 11, 20)) is None
    assert clock_trouble(NOW, date(2099, 1, 1), NOW, NOW, date(2027, 11, 20))
