"""Calendar arithmetic: months are calendar months clamped to the month's end."""

from calendar import monthrange
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """Give the date `months` later (or earlier), clamped to the month's end (DOMAIN 0.3)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(birth: date, day: date) -> int:
    """Give completed years (周岁) on `day`; someone born on 29 February turns on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def months_on(birth: date, day: date) -> int:
    """Give completed months of age on `day`, as add_months counts them."""
    months = (day.year - birth.year) * 12 + day.month - birth.month
    return months if add_months(birth, months) <= day else months - 1


def quarter_of(day: date) -> tuple[date, date]:
    """Give the first and the last day of the calendar quarter that holds `day`."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return first, add_months(first, 3) - timedelta(days=1)


def month_of(day: date) -> tuple[date, date]:
    """Give the first and the last day of the month that holds `day`."""
    first = day.replace(day=1)
    return first, add_months(first, 1) - timedelta(days=1)
