"""Counting for figures: one statement for a scope or for all groups at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
)

from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team, TeamMember, TeamVillage
from familydoc.queries import task_periods
from familydoc.queries.residents import key_population, on_roster, signed
from familydoc.rules.dates import add_months, month_of

#: Months before this one that are counted with it: a quarter is never longer, a chart shows six.
MONTHS_BACK = 5
#: The key of a scope, or the parameter that will hold it.
Id = int | BindParameter[int]
#: The keys of a group; one without a team or owner has None there.
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose numbers: `county`, `centre`, `team` or `member`, and its key (0 for the county)."""

    kind: str
    id: Id = 0


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
        return and_(Resident.village_code.in_(villages), Resident.team_id.in_(_teams_of(scope.id)))
    return true()


def _teams_of(staff_id: Id) -> Select[int]:
    return select(TeamMember.team_id).where(
        TeamMember.staff_id == staff_id, TeamMember.until.is_(None)
    )


def tasks_in(scope: Scope) -> ColumnElement[bool]:
    """Limit tasks to a scope; a centre's are those of its teams, a member's
    those they own in the teams of today."""
    if scope.kind == "centre":
        return Task.team_id.in_(select(Team.id).where(Team.organisation_id == scope.id))
    if scope.kind == "team":
        return Task.team_id == scope.id
    if scope.kind == "member":
        # The teams lead to the index of a team's tasks, however large the county.
        return and_(Task.team_id.in_(_teams_of(scope.id)), Task.staff_id == scope.id)
    return true()


def count_roster(on: date, scope: Scope = COUNTY, by: Sequence[Any] = ()) -> dict[Key, Roster]:
    """Count people on the roster, once each, by columns of Resident."""
    # Materialised, or both databases would look for the contract of each person twice.
    people = (
        select(*by, signed(on).label("signed"), key_population(on).label("key"))
        .where(on_roster(), residents_in(scope))
        .cte("people")
        .prefix_with("MATERIALIZED")
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
    months = (on.year - first.year) * 12 + on.month - first.month
    starts = {f"month_{number}": _month(first, number) for number in range(1, months + 1)}
    rows = db.session.execute(
        _due_query(scope.kind, tuple(by), months),
        {"id": scope.id, "first": first, "on": on, **starts},
    )
    keys = len(by)
    return {(*row[:keys], _month(first, row[keys])): Due(*row[keys + 1 :]) for row in rows}


@cache
def _due_query(kind: str, by: tuple[Any, ...], months: int) -> Select[*tuple[Any, ...]]:
    """Build the statement once: putting it together costs more than running it for a team."""
    on, first = bindparam("on", type_=Date), bindparam("first", type_=Date)
    became = (task_periods.became(state, on).label(state) for state in task_periods.STATES)
    # An inner select: PostgreSQL takes two equal expressions with parameters for different ones.
    tasks = (
        select(*by, _month_column(months).label("month"), *became)
        .where(task_periods.fell_due(first, on), tasks_in(Scope(kind, bindparam("id"))))
        .subquery()
    )
    columns = tasks.c[: len(by) + 1]
    return select(*columns, *map(_count_if, tasks.c[len(by) + 1 :])).group_by(*columns)


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


def _month_column(months: int) -> ColumnElement[int]:
    """How many months after the first one a task fell due, by comparing dates."""
    later = [
        (Task.due_on >= bindparam(f"month_{number}", type_=Date), number)
        for number in range(months, 0, -1)
    ]
    return case(*later, else_=0) if later else literal(0)


def _month(first: date, number: int) -> date:
    return add_months(month_of(first)[0], number)
