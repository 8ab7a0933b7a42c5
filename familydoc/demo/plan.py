"""The whole demo as a plan: who is where and what they are to count, before any database."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from familydoc.demo import groups
from familydoc.demo.people import Home, Person, make_people
from familydoc.demo.places import Places, addresses, organisation_rows, read_places
from familydoc.demo.sizes import Size
from familydoc.demo.teams import DemoTeam, Member, Staffing

Divisions = list[tuple[str, str, str, str | None]]


@dataclass(frozen=True)
class County:
    """What setup has made: divisions, the bureau's id and the centres' ids by township code."""

    divisions: Divisions
    id: int
    centres: dict[str, int]
    next_id: int


@dataclass(frozen=True)
class Plan:
    """Places, teams and people; `team_of` says by village who serves it."""

    places: Places
    organisations: list[dict[str, Any]]
    teams: list[DemoTeam]
    staff: list[Member]
    people: list[Person]
    homes: list[Home]
    team_of: dict[str, DemoTeam]


def make_plan(size: Size, county: County, *, seed: int, today: date) -> Plan:
    """Give the plan of a size: the same seed on the same day gives the same plan."""
    places = read_places(county.divisions, size, seed)
    organisations = organisation_rows(places, county.centres, county.id, county.next_id)
    ids = county.centres | {str(row["code"]): int(row["id"]) for row in organisations}
    staffing = Staffing(places, size, ids, seed)
    teams = staffing.make(int(organisations[0]["id"]))
    team_of = {village.code: team for team in teams for village in team.villages}
    shares = {village.code: village.share for village in places.villages}
    crowd, homes = make_people(size, addresses(places), shares, seed, today)
    bias = {code: team.eagerness for code, team in team_of.items()}
    groups.assign(crowd, size, bias, seed, today)
    return Plan(places, organisations, teams, staffing.staff, crowd, homes, team_of)
