"""The whole county counted at once: one statement per kind, summed upward from the teams."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.organisations import Organisation
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team, TeamMember, TeamVillage
from familydoc.queries.counts import (
    COUNTY,
    Due,
    Roster,
    Scope,
    count_due,
    count_open,
    count_roster,
)


@dataclass
class Tally:
    """What is counted of one scope: its people, its tasks by month, its open tasks. Of a member
    only the people: the tasks are few enough to be counted when they are asked for."""

    kind: str
    roster: Roster = field(default_factory=Roster)
    months: dict[date, Due] = field(default_factory=lambda: defaultdict(Due))
    overdue: int = 0
    open: int = 0


@dataclass(frozen=True)
class Places:
    """Who belongs where today: the centre of a team, and who looks after a village in a team."""

    centres: dict[int, int]
    carers: dict[tuple[int, str], int | None]


def tally(on: date) -> dict[Scope, Tally]:
    """Count county, centres, teams and members as of a day."""
    places = _places()
    tallies = {scope: Tally(scope.kind) for scope in _scopes(places)}
    by = (Resident.centre_id, Resident.team_id, Resident.village_code)
    for (centre, team, village), roster in count_roster(on, by=by).items():
        carer = places.carers.get((team, village))
        for one in _above(tallies, carer, team, centre):
            one.roster += roster
    for (team, month), due in count_due(on, by=(Task.team_id,)).items():
        for one in _above(tallies, None, team, places.centres.get(team)):
            one.months[month] += due
    for (team,), (late, all_open) in count_open(on, by=(Task.team_id,)).items():
        for one in _above(tallies, None, team, places.centres.get(team)):
            one.overdue += late
            one.open += all_open
    return tallies


def _scopes(places: Places) -> Iterable[Scope]:
    yield COUNTY
    known = select(Organisation.id).where(Organisation.kind == "township_centre")
    for centre in {*db.session.scalars(known), *places.centres.values()}:
        yield Scope("centre", centre)
    for team in places.centres:
        yield Scope("team", team)
    for member in db.session.scalars(
        select(TeamMember.staff_id).where(TeamMember.until.is_(None)).distinct()
    ):
        yield Scope("member", member)


def _places() -> Places:
    """Read where everybody serves. A village's carer counts the people of the teams they are in,
    which need not be the team that serves the village."""
    teams = db.session.execute(select(Team.id, Team.organisation_id))
    centres = {team.id: team.organisation_id for team in teams}
    pairs = select(TeamMember.team_id, TeamVillage.village_code, TeamVillage.staff_id).where(
        TeamMember.staff_id == TeamVillage.staff_id,
        TeamMember.until.is_(None),
        TeamVillage.until.is_(None),
    )
    carers = {(team, village): staff for team, village, staff in db.session.execute(pairs)}
    return Places(centres, carers)


def _above(
    tallies: dict[Scope, Tally], member: int | None, team: int | None, centre: int | None
) -> Iterable[Tally]:
    """The county always; centre, team and member where there is one."""
    yield tallies[COUNTY]
    for kind, id in (("centre", centre), ("team", team), ("member", member)):
        if id is not None:
            scope = Scope(kind, id)
            yield tallies.setdefault(scope, Tally(kind))
