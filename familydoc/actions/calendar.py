"""The county's own days: set, and taken back."""

from datetime import date

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.models.calendar import CountyDay
from familydoc.queries.calendar import find_county_day
from familydoc.transaction import transaction


def set_county_day(*, by: Account, day: date, works: bool, note: str) -> CountyDay:
    """Say that the county is off on a day, or works; what was said before of it is replaced."""
    with transaction() as session:
        kept = find_county_day(day) or CountyDay(day=day)
        kept.works, kept.note = works, note
        kept.set_at, kept.set_by = clock.now(), by.id
        session.add(kept)
        record(by=by, verb="set_county_day", entity="county_day", day=day.isoformat(), works=works)
        session.flush()
    return kept


def remove_county_day(*, by: Account, day: date) -> None:
    """Let the official table speak of a day again; one that is gone stays gone."""
    with transaction() as session:
        kept = find_county_day(day)
        if kept is None:
            return
        session.delete(kept)
        record(by=by, verb="remove_county_day", entity="county_day", day=day.isoformat())
