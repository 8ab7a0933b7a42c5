"""Reads of a village day: which village has most to clear, and everybody to be met in one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, Task
from familydoc.models.teams import Team, TeamVillage
from familydoc.queries import scope
from familydoc.queries.care import Reading, list_readings
from familydoc.queries.residents import signed
from familydoc.rules.dates import quarter_of
from familydoc.rules.definitions import Programme
from familydoc.rules.plans import (
    AHEAD,
    Item,
    Owed,
    house_key,
    house_of,
    list_supplies,
    paper_words,
)

#: What a line shows of a person; the sealed number stays sealed.
SHOWN = (
    *(Resident.uid, Resident.name, Resident.sex, Resident.birth, Resident.telephone),
    *(Resident.household_id, Resident.address, Resident.relation),
)


@dataclass(frozen=True)
class Village:
    """A village and what could be cleared in it on a day."""

    village: Division
    people: int
    tasks: int
    overdue: int
    danger: int


@dataclass
class Line:
    """One person with everything that is owed, merged for one trip."""

    resident: Resident
    unsigned: bool
    tasks: list[Task] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    words: tuple[str, ...] = ()

    @property
    def is_danger(self) -> bool:
        return any(task.rank == RANK_DANGER for task in self.tasks)

    @property
    def due_on(self) -> date:
        """The day the oldest of the tasks is due."""
        return min(task.due_on for task in self.tasks)


@dataclass(frozen=True)
class House:
    """The people of one household who are to be met, under its address."""

    address: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Cleared:
    """Open tasks that fall due by the quarter's end, before and after the trip."""

    before: int
    after: int

    @property
    def cleared(self) -> int:
        return self.before - self.after


@dataclass(frozen=True)
class Plan:
    """A village day. The totals are those of the list."""

    village: Division
    day: date
    houses: tuple[House, ...]
    supplies: tuple[Item, ...]
    here: Cleared
    team: Team | None
    of_team: Cleared

    @property
    def lines(self) -> list[Line]:
        return [line for house in self.houses for line in house.lines]

    @property
    def tasks(self) -> int:
        return sum(len(line.tasks) for line in self.lines)

    @property
    def overdue(self) -> int:
        return sum(line.due_on < self.day for line in self.lines)

    @property
    def danger(self) -> int:
        return sum(line.is_danger for line in self.lines)

    @property
    def unsigned(self) -> int:
        return sum(line.unsigned for line in self.lines)


def list_villages(viewer: Account, day: date) -> list[Village]:
    """Give the villages where somebody is to be met, the one with most to clear first."""
    tasks = func.count(Task.id)
    query = (
        select(
            Division,
            func.count(Task.resident_id.distinct()),
            tasks,
            func.count(case((Task.due_on < day, 1))),
            func.count(case((Task.rank == RANK_DANGER, 1))),
        )
        .select_from(Task)
        .join(Task.resident)
        .join(Resident.village)
        .where(*_to_meet(viewer, day))
        .group_by(Division.code)
        .order_by(tasks.desc(), Division.code)
    )
    return [Village(*row) for row in db.session.execute(query)]


def make_plan(
    viewer: Account, village: Division, day: date, programmes: Mapping[str, Programme]
) -> Plan:
    """Give everybody to be met in a village on a day, by household and house number.

    Five statements, however many people.
    """
    lines = _list_lines(viewer, village.code, day)
    _add_readings(lines, programmes)
    owed = []
    for line in lines:
        kinds = tuple((task.programme, task.kind) for task in line.tasks)
        line.words = paper_words(kinds, programmes)
        owed.append(Owed(kinds, line.unsigned))
    last = quarter_of(day)[1]
    team = _team_of(village.code)
    here, of_team = _count_left(viewer, village.code, team, last)
    cleared = [task for line in lines for task in line.tasks if task.due_on <= last]
    by_team = sum(team is not None and task.team_id == team.id for task in cleared)
    return Plan(
        village=village,
        day=day,
        houses=_houses(lines, village.short_name),
        supplies=list_supplies(owed, programmes),
        here=Cleared(here, here - len(cleared)),
        team=team,
        of_team=Cleared(of_team, of_team - by_team),
    )


def _to_meet(viewer: Account, day: date) -> list[ColumnElement[bool]]:
    """Open, its window come, due within 14 days or in the danger chain; the person is there and
    nobody asked to wait. Overdue stays until it is done."""
    return [
        scope.of_team(Task, viewer),
        Task.state == "open",
        Task.window_start <= day,
        or_(Task.due_on <= day + AHEAD, Task.rank == RANK_DANGER),
        or_(Task.remind_on.is_(None), Task.remind_on <= day),
        Resident.state == "present",
    ]


def _list_lines(viewer: Account, village: str, day: date) -> list[Line]:
    """Give one line a person, with the most urgent task first, the papers to sign beside it."""
    query = (
        select(Task, signed(day))
        .join(Task.resident)
        .where(*_to_meet(viewer, day), Resident.village_code == village)
        .options(
            contains_eager(Task.resident).options(
                load_only(*SHOWN, raiseload=True), joinedload(Resident.household)
            )
        )
        .order_by(Task.rank, Task.due_on, Task.id)
    )
    lines: dict[int, Line] = {}
    for task, is_signed in db.session.execute(query):
        line = lines.setdefault(task.resident_id, Line(task.resident, not is_signed))
        line.tasks.append(task)
    return list(lines.values())


def _add_readings(lines: Sequence[Line], programmes: Mapping[str, Programme]) -> None:
    """Put the last readings beside the people; those of a private programme stay off paper."""
    known = {line.resident.id: line for line in lines}
    for reading in list_readings(known) if known else ():
        programme = programmes.get(reading.programme)
        if programme is not None and not programme.private and reading.text:
            known[reading.resident_id].readings.append(reading)


def _houses(lines: Sequence[Line], village: str) -> tuple[House, ...]:
    """Put people under their household, households by address, the oldest of one first."""
    homes: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in lines:
        one = line.resident
        address = one.household.address if one.household else ""
        homes[one.household_id or 0, address or one.address].append(line)
    houses = [
        House(house_of(address, village), tuple(sorted(home, key=_by_birth)))
        for (_, address), home in sorted(homes.items(), key=lambda pair: pair[0][0])
    ]
    return tuple(sorted(houses, key=lambda house: house_key(house.address)))


def _by_birth(line: Line) -> tuple[date, int]:
    return line.resident.birth, line.resident.id


def _team_of(village: str) -> Team | None:
    query = (
        select(Team)
        .join(TeamVillage, TeamVillage.team_id == Team.id)
        .where(TeamVillage.village_code == village, TeamVillage.until.is_(None))
    )
    return db.session.execute(query).scalar_one_or_none()


def _count_left(viewer: Account, village: str, team: Team | None, last: date) -> tuple[int, int]:
    """Count the viewer's open tasks due by a day, in the village and of the team that serves it."""
    here = case((Task.village_code == village, 1))
    of_team = case((Task.team_id == (team.id if team else None), 1))
    query = select(func.count(here), func.count(of_team)).where(
        scope.of_team(Task, viewer), Task.state == "open", Task.due_on <= last
    )
    row = db.session.execute(query).one()
    return row[0], row[1]
