"""The working days: the county's own over the official ones."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.formats.holidays import official_workday
from familydoc.models.calendar import CountyDay
from familydoc.rules.workdays import Calendar


def get_calendar() -> Calendar:
    """Give the calendar with all the county's own days: a few a year."""
    rows = db.session.execute(select(CountyDay.day, CountyDay.works))
    return Calendar(official_workday, {row.day: row.works for row in rows})


def find_county_day(day: date) -> CountyDay | None:
    return db.session.get(CountyDay, day)


def list_county_days(since: date) -> Sequence[CountyDay]:
    """Give the county's own days from a day on, the nearest first, with who set them."""
    query = select(CountyDay).where(CountyDay.day >= since).order_by(CountyDay.day)
    return db.session.scalars(query.options(joinedload(CountyDay.setter))).all()
