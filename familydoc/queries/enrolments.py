"""Reads of enrolments."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.queries.programmes import effective
from familydoc.rules.enrolments import REGULAR_MONTHS, YEAR_MONTHS, YEARLY
from familydoc.rules.programmes import load_programmes


def find_live_enrolment(resident_id: int, programme: str) -> Enrolment | None:
    """Give the enrolment that has not ended, active or suspended; there is at most one."""
    query = select(Enrolment).where(
        Enrolment.resident_id == resident_id,
        Enrolment.programme == programme,
        Enrolment.state != "ended",
    )
    return db.session.execute(query).scalar_one_or_none()


def list_enrolments(resident_id: int) -> list[Enrolment]:
    """Give a resident's enrolments, those that ended too, oldest first."""
    query = select(Enrolment).where(Enrolment.resident_id == resident_id).order_by(Enrolment.id)
    return list(db.session.execute(query).scalars())


def regular_months(programme: str, on: date) -> int:
    """Give the months between two regular tasks, with the county's value in force on a day."""
    if programme in YEARLY:
        return YEAR_MONTHS
    if programme not in load_programmes():
        return REGULAR_MONTHS
    parameter = effective(programme, on).parameters.get("regular_months")
    return int(parameter.value) if parameter else REGULAR_MONTHS


class Intervals:
    """The interval of each programme on many days, each county value read once."""

    def __init__(self) -> None:
        query = select(CountyParameter.valid_from).distinct().order_by(CountyParameter.valid_from)
        self._changes = list(db.session.execute(query).scalars())
        self._known: dict[tuple[str, date], int] = {}

    def groups(self, programmes: Iterable[str]) -> list[list[str]]:
        """Put programmes together whose interval has been the same on every day."""
        alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for programme in programmes:
            alike[tuple(self._history(programme))].append(programme)
        return list(alike.values())

    def choices(self, programme: str) -> set[int]:
        """Every interval the programme has ever had."""
        return set(self._history(programme))

    def months(self, programme: str, on: date) -> int:
        """The interval in force on a day."""
        since = max((day for day in self._changes if day <= on), default=date.min)
        key = (programme, since)
        if key not in self._known:
            self._known[key] = regular_months(programme, since)
        return self._known[key]

    def _history(self, programme: str) -> list[int]:
        return [self.months(programme, day) for day in (date.min, *self._changes)]
