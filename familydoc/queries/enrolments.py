"""Reads of enrolments."""

from collections import defaultdict
from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.queries.programmes import list_effective
from familydoc.rules.enrolments import interval_months
from familydoc.rules.programmes import Programme, load_programmes


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


class Intervals:
    """The interval of each programme and kind on many days, each county value read once."""

    def __init__(self) -> None:
        query = select(CountyParameter.valid_from).distinct().order_by(CountyParameter.valid_from)
        self._changes = list(db.session.execute(query).scalars())
        self._programmes: dict[date, dict[str, Programme]] = {}

    def groups(self, kind: str) -> list[list[str]]:
        """Put the programmes that owe a kind every so many months together by that interval."""
        alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for code, programme in load_programmes().items():
            if interval_months(programme, kind) is not None:
                alike[tuple(self._history(code, kind))].append(code)
        return list(alike.values())

    def choices(self, programme: str, kind: str) -> set[int]:
        """Every interval the programme has ever had."""
        return set(self._history(programme, kind))

    def months(self, programme: str, kind: str, on: date) -> int:
        """The interval in force on a day."""
        since = max((day for day in self._changes if day <= on), default=date.min)
        if since not in self._programmes:
            self._programmes[since] = list_effective(since)
        months = interval_months(self._programmes[since][programme], kind)
        assert months is not None
        return months

    def _history(self, programme: str, kind: str) -> list[int]:
        return [self.months(programme, kind, day) for day in (date.min, *self._changes)]
