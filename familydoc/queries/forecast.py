"""What a quarter still holds: open tasks, those not made yet, and the pace; by line of a place."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
)

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.queries.counts import Scope, tasks_in
from familydoc.queries.due_tasks import DUE_ON
from familydoc.queries.jobs import get_horizons
from familydoc.rules.dates import quarter_of
from familydoc.rules.forecast import Counts, paced_from
from familydoc.rules.workdays import ONE_DAY

#: What a line of each place is: a village of a member, a member of a team, a team of the others.
LINE_OF = {"member": "village", "team": "member", "centre": "team", "county": "centre"}


@dataclass(frozen=True)
class Line:
    """One line under a place: its name, what it is, the key of its page ('' for none)."""

    kind: str
    name: str
    note: str
    key: str
    counts: Counts


def count_lines(scope: Scope, on: date) -> list[Line]:
    """Count the quarter of a place by its lines; together they are the whole of it.

    Seven statements at most, whatever the size of the county.
    """
    kind = LINE_OF[scope.kind]
    counts = _count(scope, on, kind)
    if kind == "centre":
        counts = _by_centre(counts)
    return _LISTS[kind](scope, counts)


def _count(scope: Scope, on: date, kind: str) -> dict[Any, Counts]:
    values, place, horizons = _values(scope, on), scope.kind, get_horizons()
    found: dict[Any, Counts] = defaultdict(Counts)
    for key, number, overdue in db.session.execute(_open(place, kind), values):
        found[key] += Counts(open=number, overdue=overdue)
    for task_kind in DUE_ON:
        passed = {"horizon": horizons.get(task_kind, date.min)}
        for key, number in db.session.execute(_coming(place, kind, task_kind), values | passed):
            found[key] += Counts(coming=number)
    for key, done, recent in db.session.execute(_done(place, kind), values):
        found[key] += Counts(done=done, recent=recent)
    return found


def _values(scope: Scope, on: date) -> dict[str, Any]:
    """Give the parameters of the statements below. They are put together once for each kind of
    place: that takes longer than running them for a team."""
    (first, last), since = quarter_of(on), paced_from(on)
    days = {"on": on, "first": first, "last": last, "since": since, "before": on - ONE_DAY}
    values = {"id": scope.id, "earliest": min(first, since), **days}
    if scope.kind != "member":
        return values
    # Asked first: with a subquery SQLite reads all enrolments of the county.
    teams = select(TeamMember.team_id).where(
        TeamMember.staff_id == scope.id, TeamMember.until.is_(None)
    )
    return values | {"teams": list(db.session.scalars(teams))}


def _day(name: str) -> BindParameter[date]:
    return bindparam(name, type_=Date)


def _any(place: str) -> Scope:
    return Scope(place, bindparam("id", type_=Integer))


def _task_key(kind: str) -> Any:
    return {"village": Task.village_code, "member": Task.staff_id}.get(kind, Task.team_id)


@cache
def _open(place: str, kind: str) -> Select[*tuple[Any, ...]]:
    """Open tasks that fall due by the quarter's end, what is overdue from before among them."""
    key = _task_key(kind)
    return (
        select(key, func.count(), func.count(case((Task.due_on < _day("on"), 1))))
        .where(Task.state == "open", Task.due_on <= _day("last"), tasks_in(_any(place)))
        .group_by(key)
    )


@cache
def _coming(place: str, kind: str, task_kind: str) -> Select[*tuple[Any, ...]]:
    """Obligations of the quarter whose task is not made yet: the night has not come that far."""
    due_on = DUE_ON[task_kind]
    reach = _in_reach(place, due_on)
    key = {"village": Resident.village_code, "member": Enrolment.staff_id}
    made = exists().where(
        Task.enrolment_id == Enrolment.id, Task.kind == task_kind, Task.due_on == due_on
    )
    column = key.get(kind, Enrolment.team_id)
    query: Select[*tuple[Any, ...]] = select(column, func.count()).select_from(Enrolment)
    if kind == "village":
        query = query.join(Enrolment.resident)
    return query.where(
        # Written out for the partial index.
        Enrolment.state == literal_column("'active'"),
        reach <= _day("last"),
        reach > _day("horizon"),
        ~made,
        _enrolments_in(_any(place)),
    ).group_by(column)


def _in_reach(place: str, due_on: Any) -> Any:
    """Give the due date as a county's page asks for it, by its index; inside an expression it
    leaves a team's page to the index of the team, so that it does not grow with the county."""
    return due_on if place == "county" else func.coalesce(due_on, due_on)


@cache
def _done(place: str, kind: str) -> Select[*tuple[Any, ...]]:
    """What was done this quarter until today, and in the four weeks before today."""
    key = _task_key(kind)
    return (
        select(
            key,
            func.count(case((Task.closed_on >= _day("first"), 1))),
            func.count(case((Task.closed_on.between(_day("since"), _day("before")), 1))),
        )
        .where(
            Task.closed_on.is_not(None),
            Task.closed_on.between(_day("earliest"), _day("on")),
            Task.state == "done",
            tasks_in(_any(place)),
        )
        .group_by(key)
    )


def _enrolments_in(scope: Scope) -> ColumnElement[bool]:
    if scope.kind == "centre":
        return Enrolment.team_id.in_(select(Team.id).where(Team.organisation_id == scope.id))
    if scope.kind == "team":
        return Enrolment.team_id == scope.id
    if scope.kind == "member":
        teams: BindParameter[int] = bindparam("teams", expanding=True)
        return and_(Enrolment.team_id.in_(teams), Enrolment.staff_id == scope.id)
    return Enrolment.id.is_not(None)


def _by_centre(counts: Mapping[Any, Counts]) -> dict[Any, Counts]:
    rows = db.session.execute(select(Team.id, Team.organisation_id))
    centre_of = {row.id: row.organisation_id for row in rows}
    found: dict[Any, Counts] = defaultdict(Counts)
    for team, number in counts.items():
        found[centre_of.get(team)] += number
    return found


def _villages(_: Scope, counts: Mapping[Any, Counts]) -> list[Line]:
    query = select(Division).where(Division.code.in_(counts)).order_by(Division.code)
    return [
        Line("village", one.short_name, "", one.code, counts[one.code])
        for one in db.session.scalars(query)
    ]


def _members(scope: Scope, counts: Mapping[Any, Counts]) -> list[Line]:
    """The members of today, the leader first, then whoever has left and still owns something."""
    here = (
        select(Staff.id, Staff.name, TeamMember.role)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.team_id == scope.id, TeamMember.until.is_(None))
        .order_by(func.coalesce(Team.leader_id, 0) != Staff.id, TeamMember.id)
    )
    rows = db.session.execute(here).all()
    gone = set(counts) - {row.id for row in rows} - {None}
    left = select(Staff.id, Staff.name).where(Staff.id.in_(gone)).order_by(Staff.id)
    lines = [_line("member", row.name, row.role, row.id, counts) for row in rows]
    if gone:
        lines += [_line("member", n, "left", id, counts) for id, n in db.session.execute(left)]
    return lines + _rest("没有负责人", counts)


def _teams(scope: Scope, counts: Mapping[Any, Counts]) -> list[Line]:
    query = select(Team.id, Team.name, Team.uid).where(Team.organisation_id == scope.id)
    rows = db.session.execute(query.where(Team.active | Team.id.in_(counts)).order_by(Team.id))
    return [Line("team", r.name, "", r.uid, counts.get(r.id, Counts())) for r in rows]


def _centres(_: Scope, counts: Mapping[Any, Counts]) -> list[Line]:
    query = (
        select(Organisation.id, Organisation.name, Organisation.code)
        .where(Organisation.id.in_(select(Team.organisation_id)))
        .order_by(Organisation.code)
    )
    lines = [
        Line("centre", row.name, "", row.code, counts.get(row.id, Counts()))
        for row in db.session.execute(query)
    ]
    return lines + _rest("还没有团队的", counts)


def _line(kind: str, name: str, note: str, id: int, counts: Mapping[Any, Counts]) -> Line:
    return Line(kind, name, note, str(id), counts.get(id, Counts()))


def _rest(name: str, counts: Mapping[Any, Counts]) -> list[Line]:
    """What belongs to nobody, so that the lines add up to the whole."""
    return [Line("", name, "", "", counts[None])] if None in counts else []


_LISTS: dict[str, Callable[[Scope, Mapping[Any, Counts]], list[Line]]] = {
    "village": _villages,
    "member": _members,
    "team": _teams,
    "centre": _centres,
}
