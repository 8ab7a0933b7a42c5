"""Counting for figures: one statement for a scope or for all groups at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, true

from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team, TeamMember, TeamVillage
from familydoc.queries import task_periods
from familydoc.queries.residents import key_population, on_roster, signed
from familydoc.rules.dates import add_months, month_of

#: Months before this one that are counted with it: a quarter is never longer, a chart shows six.
MONTHS_BACK = 5
#: The keys of a group; one without a team or owner has None there.
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose numbers: `county`, `centre`, `team` or `member`, and its key (0 for the county)."""

    kind: str
    id: int = 0


COUNTY = Scope("county")


@dataclass(frozen=True, slots=True)
class Roster:
    """People on the roster, and how many of them are signed, all and key groups only."""

    people: int = 0
    signed: int = 0
    key: int = 0
    key_signed: int = 0

    def __add__(self, other: "Roster") -> "Roster":
        return Roster(
            self.people + other.people,
            self.signed + other.signed,
            self.key + other.key,
            self.key_signed + other.key_signed,
        )

    def __sub__(self, other: "Roster") -> "Roster":
        return self + Roster(-other.people, -other.signed, -other.key, -other.key_signed)


@dataclass(frozen=True, slots=True)
class Due:
    """Tasks that fell due, by what became of them; what is due today and open is in none."""

    due: int = 0
    done_on_time: int = 0
    done_late: int = 0
    overdue_open: int = 0
    missed: int = 0

    def __add__(self, other: "Due") -> "Due":
        return Due(
            self.due + other.due,
            self.done_on_time + other.done_on_time,
            self.done_late + other.done_late,
            self.overdue_open + other.overdue_open,
            self.missed + other.missed,
        )

    def __sub__(self, other: "Due") -> "Due":
        done = (-other.done_on_time, -other.done_late)
        return self + Due(-other.due, *done, -other.overdue_open, -other.missed)

    @property
    def done(self) -> int:
        return self.done_on_time + self.done_late


def residents_in(scope: Scope) -> ColumnElement[bool]:
    """Limit residents to a scope; a member's are those of the villages they look after."""
    if scope.kind == "centre":
        return Resident.centre_id == scope.id
    if scope.kind == "team":
        return Resident.team_id == scope.id
    if scope.kind == "member":
        villages = select(TeamVillage.village_code).where(
            TeamVillage.staff_id == scope.id, TeamVillage.until.is_(None)
        )
        teams = select(TeamMember.team_id).where(
            TeamMember.staff_id == scope.id, TeamMember.until.is_(None)
        )
        return and_(Resident.village_code.in_(villages), Resident.team_id.in_(teams))
    return true()


def tasks_in(scope: Scope) -> ColumnElement[bool]:
    """Limit tasks to a scope; a centre's are those of its teams, a member's those they own."""
    if scope.kind == "centre":
        return Task.team_id.in_(select(Team.id).where(Team.organisation_id == scope.id))
    if scope.kind == "team":
        return Task.team_id == scope.id
    if scope.kind == "member":
        return Task.staff_id == scope.id
    return true()


def count_roster(on: date, scope: Scope = COUNTY, by: Sequence[Any] = ()) -> dict[Key, Roster]:
    """Count people on the roster, once each, by columns of Resident."""
    people = (
        select(*by, signed(on).label("signed"), key_population(on).label("key"))
        .where(on_roster(), residents_in(scope))
        .subquery()
    )
    keys = people.c[: len(by)]
    is_signed, is_key = people.c[len(by) :]
    query = select(
        *keys,
        func.count(),
        _count_if(is_signed),
        _count_if(is_key),
        _count_if(and_(is_key, is_signed)),
    )
    return {
        tuple(row[: len(by)]): Roster(*row[len(by) :])
        for row in db.session.execute(query.group_by(*keys))
    }


def count_due(
    on: date, scope: Scope = COUNTY, by: Sequence[Any] = (), first: date | None = None
) -> dict[Key, Due]:
    """Count the tasks that fell due from a day until `on` by columns of Task and, last in the
    key, by the first day of the month they fell due in. The first day is five months back."""
    first = first or add_months(month_of(on)[0], -MONTHS_BACK)
    became = (task_periods.became(state, on).label(state) for state in task_periods.STATES)
    # An inner select: PostgreSQL takes two equal expressions with parameters for different ones.
    tasks = (
        select(*by, _month_column(first, on).label("month"), *became)
        .where(task_periods.fell_due(first, on), tasks_in(scope))
        .subquery()
    )
    keys, states = tasks.c[: len(by) + 1], tasks.c[len(by) + 1 :]
    query = select(*keys, *map(_count_if, states)).group_by(*keys)
    return {
        (*row[: len(by)], _month(first, row[len(by)])): Due(*row[len(by) + 1 :])
        for row in db.session.execute(query)
    }


def count_open(
    on: date, scope: Scope = COUNTY, by: Sequence[Any] = ()
) -> dict[Key, tuple[int, int]]:
    """Count the open tasks that are overdue, and all that are open, by columns of Task."""
    query = (
        select(*by, _count_if(Task.due_on < on), func.count())
        .where(Task.state == "open", tasks_in(scope))
        .group_by(*by)
    )
    rows = db.session.execute(query)
    return {tuple(row[: len(by)]): (row[len(by)], row[len(by) + 1]) for row in rows}


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _month_column(first: date, on: date) -> ColumnElement[int]:
    """How many months after the first one a task fell due, by comparing dates."""
    months = range(1, (on.year - first.year) * 12 + on.month - first.month + 1)
    later = [(Task.due_on >= _month(first, number), number) for number in reversed(months)]
    return case(*later, else_=0) if later else literal(0)


def _month(first: date, number: int) -> date:
    return add_months(month_of(first)[0], number)
