"""Working days: the county first, then the official table, then the weekday."""

from datetime import date

import pytest

from familydoc.formats.holidays import holiday_name, official_workday
from familydoc.rules.errors import RuleError
from familydoc.rules.workdays import Calendar, read_county_day, read_note

TODAY = date(2026, 11, 21)
OFFICIAL = Calendar(official_workday, {})


def test_official_table_knows_2026():
    assert official_workday(date(2026, 10, 1)) is False  # National Day, a Thursday
    assert official_workday(date(2026, 10, 10)) is True  # made up on a Saturday
    assert official_workday(date(2026, 11, 21)) is False  # a plain Saturday
    assert official_workday(date(2026, 11, 23)) is True
    assert (holiday_name(date(2026, 10, 1)), holiday_name(date(2026, 11, 23))) == ("国庆节", "")


def test_a_year_without_a_notice_is_unknown_and_falls_back_to_the_weekday():
    new_year = date(2027, 1, 1)  # a Friday; the library raises for 2027
    assert official_workday(new_year) is None and holiday_name(new_year) == ""
    assert OFFICIAL.works(new_year) and not OFFICIAL.works(date(2027, 1, 2))
    assert OFFICIAL.is_provisional(date(2026, 12, 31), new_year)
    assert not OFFICIAL.is_provisional(TODAY, date(2026, 12, 31))


def test_the_county_has_the_last_word():
    county = Calendar(official_workday, {date(2026, 11, 23): False, date(2026, 11, 22): True})
    assert not county.works(date(2026, 11, 23)) and county.works(date(2026, 11, 22))
    known = Calendar(official_workday, {date(2027, 1, 1): False})
    assert not known.is_provisional(date(2027, 1, 1), date(2027, 1, 1))


def test_working_days_are_counted_with_make_up_saturdays():
    # 1 to 7 October 2026 are off, Saturday the 10th is worked.
    assert OFFICIAL.count(date(2026, 10, 1), date(2026, 10, 11)) == 3
    assert OFFICIAL.count(date(2026, 10, 12), date(2026, 10, 11)) == 0
    assert OFFICIAL.list_exceptions(date(2026, 10, 1), date(2026, 10, 11)) == [
        *(date(2026, 10, day) for day in (1, 2, 5, 6, 7)),
        date(2026, 10, 10),
    ]


def test_the_nth_working_day_is_found_or_lies_beyond():
    friday, last = date(2026, 10, 9), date(2026, 10, 12)
    assert OFFICIAL.nth(friday, 1, last) == friday
    assert OFFICIAL.nth(friday, 2, last) == date(2026, 10, 10)
    assert OFFICIAL.nth(friday, 3, last) == last
    assert OFFICIAL.nth(friday, 4, last) is None


def test_a_county_day_is_read_with_its_note():
    assert read_county_day("2027年2月5日", TODAY) == date(2027, 2, 5)
    assert read_note("  全县 培训 ") == "全县 培训"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "date_invalid"), ("2026-02-30", "date_invalid"), ("2036-01-01", "date_far")],
)
def test_a_wrong_day_is_refused(typed, code):
    with pytest.raises(RuleError) as refused:
        read_county_day(typed, TODAY)
    assert (refused.value.code, refused.value.field) == (code, "day")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("  ", "note_missing"), ("长" * 61, "text_long"), ("\ud800", "text_invalid")],
)
def test_a_wrong_note_is_refused(typed, code):
    with pytest.raises(RuleError) as refused:
        read_note(typed)
    assert (refused.value.code, refused.value.field) == (code, "note")
