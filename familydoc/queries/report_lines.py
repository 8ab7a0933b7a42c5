"""The lines of the leader's page: members and villages of a team, teams of a centre, centres."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember, TeamVillage
from familydoc.queries import reports
from familydoc.queries.counts import Due, Id, Roster, Scope, count_due
from familydoc.queries.figures import Stored, get_roster, read_stored
from familydoc.queries.scope import team_ids
from familydoc.queries.task_periods import first_day
from familydoc.rules.dates import month_of
from familydoc.rules.numbers import Number, make_count

Months = Mapping[date, Due]


@dataclass(frozen=True)
class Line:
    """One line of `kind` centre, team, member or village: its name, its key, and its counts.

    Without a key there is no list behind it.
    """

    kind: str
    name: str
    note: str
    key: str
    due: Due
    counted_at: datetime | None = None
    roster: Roster | None = None

    @property
    def counts(self) -> dict[str, Number]:
        """The counts by the code of the list behind each, what is behind schedule first."""
        due, at = self.due, self.counted_at
        return {
            "overdue": make_count("overdue_open", due.overdue_open, at),
            "due": make_count("due", due.due, at),
            "done_on_time": make_count("done_on_time", due.done_on_time, at),
            "done_late": make_count("done_late", due.done_late, at),
            "missed": make_count("missed", due.missed, at),
        }

    def completed(self, period: str) -> Number:
        return reports.completed_of(self.due, period, self.counted_at)

    @property
    def signed(self) -> Number | None:
        return reports.signed_of(self.roster, self.counted_at) if self.roster else None

    @property
    def signed_key(self) -> Number | None:
        return reports.signed_key_of(self.roster, self.counted_at) if self.roster else None


@dataclass(frozen=True)
class Report:
    """All numbers of one scope, the lines under it, and what fell due by month."""

    numbers: tuple[Number, ...]
    members: tuple[Line, ...]
    villages: tuple[Line, ...]
    groups: tuple[Line, ...]
    months: tuple[tuple[date, Due], ...]
    counted_at: datetime | None


def find_own_team(viewer: Account) -> Team | None:
    """Give the team a viewer leads, else one they serve in, None where there is none."""
    query = (
        select(Team)
        .where(Team.id.in_(team_ids(viewer)), Team.active)
        .order_by(Team.leader_id != viewer.staff_id, Team.id)
        .options(joinedload(Team.organisation))
    )
    return db.session.scalars(query).first()


def count_report(scope: Scope, on: date, period: str, now: datetime) -> Report:
    """Count a team or a member from their own rows, whatever the size of the county."""
    by = (Task.staff_id, Task.village_code)
    by_staff: dict[int | None, Due] = defaultdict(Due)
    by_village: dict[str, Due] = defaultdict(Due)
    months: dict[date, Due] = defaultdict(Due)
    first = first_day(period, on)
    for (staff_id, village, month), due in count_due(on, scope, by).items():
        months[month] += due
        if month >= first:
            by_staff[staff_id] += due
            by_village[village] += due
    total = sum(by_village.values(), Due())
    return Report(
        numbers=(
            *_numbers(get_roster(scope, on), total, period, now),
            reports.overdue(scope, on, now),
            reports.satisfaction(scope, on, now),
        ),
        members=tuple(_members(scope, by_staff, now)) if scope.kind == "team" else (),
        villages=tuple(_villages(scope, by_village, now)),
        groups=(),
        months=tuple(sorted(months.items())),
        counted_at=now,
    )


def read_report(scope: Scope, period: str) -> Report:
    """Read the stored figures of the county or a centre, and of the centres or teams in it."""
    places = _centres() if scope.kind == "county" else _teams(scope.id)
    kind = "centre" if scope.kind == "county" else "team"
    scopes = {Scope(kind, row.id): row for row in places}
    stored = read_stored(scope, list(scopes))
    own = stored[scope]
    lines = [_group(kind, row.name, row.key, stored[one], period) for one, row in scopes.items()]
    return Report(
        numbers=stored_numbers(own, period),
        members=(),
        villages=(),
        groups=(*lines, *_rest(_group(kind, "", "", own, period), lines)),
        months=(*own.past, *(((month_of(own.on)[0], own.month),) if own.on else ())),
        counted_at=own.counted_at,
    )


def _rest(whole: Line, lines: Sequence[Line]) -> Iterable[Line]:
    """People and tasks of no group, so that the lines add up to the whole."""
    due = whole.due - sum((one.due for one in lines), Due())
    roster = (whole.roster or Roster()) - sum((one.roster or Roster() for one in lines), Roster())
    if due != Due() or roster != Roster():
        yield Line(whole.kind, "还没有团队的", "", "", due, whole.counted_at, roster)


def stored_numbers(stored: Stored, period: str) -> tuple[Number, ...]:
    """Give the numbers of a scope from what was stored of it."""
    due = stored.month if period == "month" else stored.quarter
    return (
        *_numbers(stored.roster, due, period, stored.counted_at),
        reports.overdue_of(stored.overdue, stored.open, stored.counted_at),
        reports.satisfaction_of(stored.counted_at),
    )


def _numbers(roster: Roster, due: Due, period: str, at: datetime | None) -> tuple[Number, ...]:
    return (
        reports.signed_of(roster, at),
        reports.signed_key_of(roster, at),
        reports.completed_of(due, period, at),
        reports.timely_of(due, at),
    )


def _group(kind: str, name: str, key: str, stored: Stored, period: str) -> Line:
    due = stored.month if period == "month" else stored.quarter
    return Line(kind, name, "", key, due, stored.counted_at, stored.roster)


def _centres() -> Sequence[Row[int, str, str]]:
    """The centres that have a team."""
    query = (
        select(Organisation.id, Organisation.name, Organisation.code.label("key"))
        .where(Organisation.id.in_(select(Team.organisation_id)))
        .order_by(Organisation.code)
    )
    return db.session.execute(query).all()


def _teams(centre_id: Id) -> Sequence[Row[int, str, str]]:
    query = select(Team.id, Team.name, Team.uid.label("key")).where(
        Team.organisation_id == centre_id, Team.active
    )
    return db.session.execute(query.order_by(Team.id)).all()


def _members(scope: Scope, counts: Mapping[int | None, Due], now: datetime) -> Iterable[Line]:
    """The members of today, the leader first, then whoever owns tasks and has left."""
    here = (
        select(Staff.id, Staff.name, TeamMember.role)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.team_id == scope.id, TeamMember.until.is_(None))
        .order_by(Team.leader_id != Staff.id, TeamMember.id)
    )
    rows = db.session.execute(here).all()
    gone = set(counts) - {row.id for row in rows} - {None}
    for row in rows:
        yield Line("member", row.name, row.role, str(row.id), counts.get(row.id, Due()), now)
    if gone:
        left = select(Staff.id, Staff.name).where(Staff.id.in_(gone)).order_by(Staff.id)
        for id, name in db.session.execute(left):
            yield Line("member", name, "left", str(id), counts[id], now)
    if None in counts:
        yield Line("member", "没有负责人", "", "", counts[None], now)


def _villages(scope: Scope, counts: Mapping[str, Due], now: datetime) -> Iterable[Line]:
    """The villages served today, and others where tasks fell due."""
    column = TeamVillage.team_id if scope.kind == "team" else TeamVillage.staff_id
    served = select(TeamVillage.village_code).where(column == scope.id, TeamVillage.until.is_(None))
    codes = set(db.session.scalars(served)) | set(counts)
    query = select(Division).where(Division.code.in_(codes)).order_by(Division.code)
    for village in db.session.scalars(query):
        yield Line(
            "village", village.short_name, "", village.code, counts.get(village.code, Due()), now
        )
