"""Reads of team rounds: what is owed where, who is expected, and the numbers beside the lists."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent
from familydoc.models.organisations import Organisation
from familydoc.models.programmes import CountyParameter
from familydoc.models.rounds import Attendance, Round
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.queries import scope
from familydoc.rules.rounds import Kind, load_kinds, period_of
from familydoc.rules.values import exact_number

MAKE_ROUNDS = "make-rounds"
#: The group of parameters under which a county's numbers are kept.
GROUP = "rounds"
PAGE = 50
#: What a list holds: all that waits, what is late, or everything due in a period of its kind.
LISTS = ("open", "overdue", "period", "done", "missed")
UNCHECKED = "unchecked"


@dataclass(frozen=True)
class Wanted:
    """Which rounds: a list, a kind, the day whose period counts, and a place."""

    on: date
    which: str = "open"
    kind: str = ""
    day: date | None = None
    team: str = ""
    centre: str = ""

    @property
    def periods(self) -> list[tuple[Kind, tuple[date, date]]]:
        """The period of each wanted kind."""
        kinds = [k for k in load_kinds().values() if self.kind in ("", k.code)]
        return [(kind, period_of(kind, self.day or self.on)) for kind in kinds]


def times_by_day(kind: Kind) -> dict[date, int]:
    """Give the county's numbers for a kind by the day from which each holds."""
    query = (
        select(CountyParameter.valid_from, CountyParameter.value)
        .where(CountyParameter.programme == GROUP, CountyParameter.name == kind.parameter)
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    found = ((day, exact_number(value)) for day, value in db.session.execute(query))
    return {day: int(number) for day, number in found if number is not None}


def conditions(viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Give what limits rounds to a viewer's scope and a wanted list."""
    of_kind = [Round.kind == wanted.kind] if wanted.kind else []
    return [*_of_place(viewer, wanted), _of_list(wanted), *of_kind]


def _of_place(viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [scope.visible(Round, viewer)]
    if wanted.team:
        team = select(Team).where(Team.uid == wanted.team).subquery()
        found.append(
            or_(
                Round.team_id.in_(select(team.c.id)),
                and_(
                    Round.team_id.is_(None),
                    Round.organisation_id.in_(select(team.c.organisation_id)),
                ),
            )
        )
    if wanted.centre:
        centres = select(Organisation.id).where(Organisation.code == wanted.centre)
        found.append(Round.organisation_id.in_(centres))
    return found


def _of_list(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.which == "overdue":
        return and_(Round.state == "open", Round.due_on < wanted.on)
    if wanted.which == "open":
        return Round.state == "open"
    if wanted.which == UNCHECKED:
        return and_(Round.state == "done", Round.checked_at.is_(None))
    due = or_(
        *(
            and_(Round.kind == kind.code, Round.due_on.between(*period))
            for kind, period in wanted.periods
        )
    )
    if wanted.which == "period":
        return and_(due, Round.state != "cancelled")
    return and_(due, Round.state == wanted.which)


def list_rounds(viewer: Account, wanted: Wanted, after: tuple[date, int] | None) -> list[Round]:
    """Give a page of rounds, the longest overdue first, one more than a page when there is one."""
    query = (
        select(Round)
        .options(
            joinedload(Round.organisation),
            joinedload(Round.team),
            joinedload(Round.village),
            selectinload(Round.attendance).joinedload(Attendance.staff),
        )
        .where(*conditions(viewer, wanted))
        .order_by(Round.due_on, Round.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(tuple_(Round.due_on, Round.id) > after)
    return list(db.session.execute(query).scalars())


def count_rounds(viewer: Account, wanted: Wanted) -> int:
    """Count a list: the same conditions as the list itself."""
    query = select(func.count()).select_from(Round).where(*conditions(viewer, wanted))
    return int(db.session.execute(query).scalar_one())


@dataclass(frozen=True)
class Tally:
    """How the rounds of one kind stand in its period."""

    kind: Kind
    first: date
    last: date
    due: int = 0
    done: int = 0
    overdue: int = 0
    patients: int = 0
    prescriptions: int = 0


def count_by_kind(viewer: Account, wanted: Wanted) -> list[Tally]:
    """Give the numbers of every kind for the period that holds the wanted day, one statement."""
    return count_standing(viewer, wanted).tallies


@dataclass(frozen=True)
class Standing:
    """How the rounds of a place stand: what is overdue, and each kind in its period."""

    overdue: int
    tallies: list[Tally]


def count_standing(viewer: Account, wanted: Wanted) -> Standing:
    """Give the numbers of a place, one statement; each is that of the list its link opens."""
    whole = replace(wanted, which="period", kind="")
    late, due, done = (_of_list(replace(whole, which=w)) for w in ("overdue", "period", "done"))
    query = (
        select(
            Round.kind,
            func.count(case((late, 1))),
            func.count(case((due, 1))),
            func.count(case((done, 1))),
            func.count(case((and_(due, late), 1))),
            func.coalesce(func.sum(case((due, Round.patients))), 0),
            func.coalesce(func.sum(case((due, Round.prescriptions))), 0),
        )
        .where(*_of_place(viewer, whole), or_(late, due))
        .group_by(Round.kind)
    )
    rows = {kind: list(map(int, rest)) for kind, *rest in db.session.execute(query)}
    tallies = [Tally(kind, *period, *rows.get(kind.code, [])[1:]) for kind, period in whole.periods]
    return Standing(sum(row[0] for row in rows.values()), tallies)


def get_round(viewer: Account, number: int) -> Round | None:
    """Give a round in the viewer's scope, or None."""
    return scope.get_visible(Round, viewer, Round.id == number)


def list_expected(round_: Round) -> list[Staff]:
    """Give who is expected: the experts of the institution's teams, or the team of the village.

    Who is in the report already stays, also after leaving.
    """
    kind = load_kinds()[round_.kind]
    if kind.who == "team":
        of = and_(TeamMember.team_id == round_.team_id, TeamMember.role != "county_expert")
    else:
        teams = select(Team.id).where(Team.organisation_id == round_.organisation_id, Team.active)
        of = and_(TeamMember.team_id.in_(teams), TeamMember.role == kind.who)
    members = select(TeamMember.staff_id).where(TeamMember.until.is_(None), of)
    written = select(Attendance.staff_id).where(Attendance.round_id == round_.id)
    query = (
        select(Staff)
        .where(
            or_(
                Staff.id.in_(written),
                and_(Staff.active, Staff.id.in_(members)),
            )
        )
        .order_by(Staff.id)
    )
    return list(db.session.execute(query).scalars())


def list_others(round_: Round, expected: Iterable[Staff]) -> list[Staff]:
    """Give who else may have come: the experts of the county's hospitals, or the centre's staff."""
    kind = load_kinds()[round_.kind]
    if kind.who == "team":
        of = Staff.organisation_id == round_.organisation_id
    else:
        hospitals = select(Organisation.id).where(Organisation.kind == "county_hospital")
        of = Staff.organisation_id.in_(hospitals)
    known = [one.id for one in expected]
    query = select(Staff).where(of, Staff.active, Staff.id.not_in(known)).order_by(Staff.id)
    return list(db.session.execute(query).scalars())


def find_same_day(round_: Round, day: date) -> Round | None:
    """Give another round of the same kind and place that was made on a day."""
    query = select(Round).where(
        Round.kind == round_.kind,
        Round.place_code == round_.place_code,
        Round.state == "done",
        Round.done_on == day,
        Round.id != round_.id,
    )
    return db.session.execute(query.limit(1)).scalar_one_or_none()


def list_history(round_: Round) -> list[AuditEvent]:
    """Give what was done with a round, the newest first."""
    query = (
        select(AuditEvent)
        .where(AuditEvent.entity == "round", AuditEvent.entity_id == round_.id)
        .options(joinedload(AuditEvent.account).joinedload(Account.staff))
        .order_by(AuditEvent.id.desc())
    )
    return list(db.session.execute(query).scalars())
