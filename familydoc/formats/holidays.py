"""Official holidays and make-up working days of China, from a table that ends with a year."""

from datetime import date
from functools import cache

import chinese_calendar


@cache
def official_workday(day: date) -> bool | None:
    """Tell whether a day is worked by the State Council's notice; None for a year without one.

    The notice of a year comes in the November before it; the library follows with a new release.
    Version 1.11.0 knows 2004 to 2026 and raises for all others, which must never stop a page.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def holiday_name(day: date) -> str:
    """Give the Chinese name of the holiday a day is off, or made up for; '' for none."""
    try:
        key = chinese_calendar.get_holiday_detail(day)[1]
    except NotImplementedError:
        return ""
    return next((one.chinese for one in chinese_calendar.Holiday if one.value == key), "")
