"""What the public board shows, by named fields: nobody but those who serve (THREATS T-05, T-06).

Columns are read one by one, never whole rows, so that nothing else can reach the template.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import undefer

from familydoc.extensions import db
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import (
    MEMBER_ROLES,
    Photograph,
    Staff,
    Team,
    TeamMember,
    TeamVillage,
)
from familydoc.queries.counts import COUNTY, Scope
from familydoc.queries.figures import read_stored
from familydoc.queries.packages import list_packages
from familydoc.queries.reports import completed_of, satisfaction_of, signed_key_of, signed_of
from familydoc.rules.numbers import Number


@dataclass(frozen=True)
class Member:
    """Somebody who serves: what stands under the photograph."""

    uid: str
    name: str
    role: str
    title: str
    leads: bool
    photographed: bool


@dataclass(frozen=True)
class TeamCard:
    """One team: who, where, when, how to reach them, and what they offer."""

    name: str
    centre: str
    villages: tuple[str, ...]
    hours: str
    telephone: str
    services: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Package:
    """A service package with its price in yuan a year and the resident's share."""

    name: str
    kind: str
    price: int
    resident_pays: int
    items: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """The whole board. `of` is whose numbers the figures are."""

    code: str
    name: str
    kind: str
    of: str
    telephone: str
    complaint_telephone: str
    hours: str
    figures: tuple[Number, ...]
    counted_at: datetime | None
    teams: tuple[TeamCard, ...]
    packages: tuple[Package, ...]


@dataclass(frozen=True)
class Institution:
    """Whose board it is; a village without a clinic of its own has one too."""

    id: int
    code: str
    name: str
    kind: str
    division_code: str | None
    telephone: str = ""
    complaint_telephone: str = ""
    hours: str = ""


def find_institution(code: str) -> Institution | None:
    """Give the institution of a code; a village that a team serves stands for its clinic."""
    query = select(
        Organisation.id,
        Organisation.code,
        Organisation.name,
        Organisation.kind,
        Organisation.division_code,
        Organisation.telephone,
        Organisation.complaint_telephone,
        Organisation.hours,
        Organisation.active,
    )
    row = db.session.execute(query.where(Organisation.code == code)).one_or_none()
    if row is not None:
        return Institution(*row[:-1]) if row.active else None
    village = db.session.execute(
        select(Division.name).where(
            Division.code == code,
            Division.level == "village",
            Division.code.in_(select(TeamVillage.village_code).where(TeamVillage.until.is_(None))),
        )
    ).one_or_none()
    return Institution(0, code, village.name, "village_clinic", code) if village else None


def read_board(place: Institution) -> Board:
    """Put the board together: six statements, whatever the number of teams."""
    rows = _team_rows(place)
    scope, of = _scope(place, rows)
    stored = read_stored(scope)[scope]
    at = stored.counted_at
    centre = rows[0] if rows and place.kind == "village_clinic" else None
    return Board(
        code=place.code,
        name=place.name,
        kind=place.kind,
        of=of,
        telephone=place.telephone or (centre.centre_telephone if centre else ""),
        complaint_telephone=place.complaint_telephone
        or (centre.centre_complaint if centre else ""),
        hours=place.hours or (centre.centre_hours if centre else ""),
        figures=(
            signed_of(stored.roster, at),
            signed_key_of(stored.roster, at),
            completed_of(stored.quarter, "quarter", at),
            satisfaction_of(at),
        ),
        counted_at=at,
        teams=tuple(_cards(rows)),
        packages=tuple(_packages()),
    )


def find_face(place: Institution, uid: str) -> Photograph | None:
    """Give a photograph that hangs on this board: with consent, in service, in one of its teams."""
    query = (
        select(Photograph)
        .join(Staff, Staff.id == Photograph.staff_id)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(
            Staff.uid == uid,
            Staff.photo_consent,
            Staff.active,
            TeamMember.until.is_(None),
            Team.active,
            _teams_on(place),
        )
        .options(undefer(Photograph.content))
    )
    return db.session.scalars(query).first()


def _teams_on(place: Institution) -> ColumnElement[bool]:
    """The condition for the teams on a board: of the county, of a centre, of a hospital's
    experts, or the one that serves a village."""
    if place.kind == "county":
        return true()
    if place.kind == "village_clinic":
        return Team.id.in_(
            select(TeamVillage.team_id).where(
                TeamVillage.village_code == place.division_code, TeamVillage.until.is_(None)
            )
        )
    if place.kind == "county_hospital":
        return Team.id.in_(
            select(TeamMember.team_id)
            .join(Staff, Staff.id == TeamMember.staff_id)
            .where(Staff.organisation_id == place.id, TeamMember.until.is_(None))
        )
    return Team.organisation_id == place.id


def _team_rows(place: Institution) -> Sequence[Any]:
    query = (
        select(
            Team.id,
            Team.name,
            Team.hours,
            Team.telephone,
            Team.services,
            Team.leader_id,
            Organisation.name.label("centre"),
            Organisation.telephone.label("centre_telephone"),
            Organisation.complaint_telephone.label("centre_complaint"),
            Organisation.hours.label("centre_hours"),
        )
        .join(Organisation, Organisation.id == Team.organisation_id)
        .where(Team.active, _teams_on(place))
        .order_by(Organisation.code, Team.id)
    )
    return db.session.execute(query).all()


def _scope(place: Institution, teams: Sequence[Any]) -> tuple[Scope, str]:
    """Whose numbers a board shows: a village's are those of its team, a hospital's the county's."""
    if place.kind == "township_centre":
        return Scope("centre", place.id), place.name
    if place.kind == "village_clinic":
        team = teams[0] if teams else None
        return (Scope("team", team.id), team.name) if team else (Scope("team", 0), "")
    return COUNTY, "全县"


def _cards(teams: Sequence[Any]) -> Iterable[TeamCard]:
    leaders = {team.id: team.leader_id for team in teams}
    members, villages = _members(leaders), _villages(leaders)
    for team in teams:
        yield TeamCard(
            name=team.name,
            centre=team.centre,
            villages=tuple(villages[team.id]),
            hours=team.hours or team.centre_hours,
            telephone=team.telephone or team.centre_telephone,
            services=team.services,
            members=tuple(members[team.id]),
        )


def _members(leaders: dict[int, int | None]) -> dict[int, list[Member]]:
    query = (
        select(
            TeamMember.team_id,
            TeamMember.role,
            Staff.id,
            Staff.uid,
            Staff.name,
            Staff.title,
            Staff.photo_consent,
            Photograph.staff_id.label("photograph"),
        )
        .join(Staff, Staff.id == TeamMember.staff_id)
        .outerjoin(Photograph, Photograph.staff_id == Staff.id)
        .where(TeamMember.team_id.in_(leaders), TeamMember.until.is_(None), Staff.active)
        .order_by(TeamMember.id)
    )
    rows = sorted(
        db.session.execute(query),
        key=lambda row: (row.id != leaders[row.team_id], MEMBER_ROLES.index(row.role)),
    )
    found: dict[int, list[Member]] = defaultdict(list)
    for row in rows:
        face = row.photo_consent and row.photograph is not None
        leads = row.id == leaders[row.team_id]
        found[row.team_id].append(Member(row.uid, row.name, row.role, row.title, leads, face))
    return found


def _villages(teams: Iterable[int]) -> dict[int, list[str]]:
    query = (
        select(TeamVillage.team_id, Division)
        .join(Division, Division.code == TeamVillage.village_code)
        .where(TeamVillage.team_id.in_(list(teams)), TeamVillage.until.is_(None))
        .order_by(Division.code)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for team_id, division in db.session.execute(query):
        found[team_id].append(division.short_name)
    return found


def _packages() -> Iterable[Package]:
    for one in list_packages():
        items = tuple(item.name for item in one.items)
        yield Package(one.name, one.kind, one.price, one.resident_pays, items)
