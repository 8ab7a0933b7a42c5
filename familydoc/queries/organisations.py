"""Reads of institutions and of the county's divisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.teams import Staff, Team, TeamVillage
from familydoc.queries import scope


@dataclass(frozen=True)
class Row:
    """An institution in the tree: how deep it stands, and what works in it."""

    organisation: Organisation
    depth: int
    teams: int
    staff: int


def list_tree(viewer: Account) -> list[Row]:
    """Give the institutions in the order of the tree: hospitals, then centres with clinics."""
    everything = db.session.scalars(
        select(Organisation).where(scope.organisations(viewer)).order_by(Organisation.code)
    ).all()
    ids = {one.id for one in everything}
    children: dict[int | None, list[Organisation]] = {}
    for one in everything:
        children.setdefault(one.parent_id if one.parent_id in ids else None, []).append(one)
    teams, staff = (
        _count_by(Team.organisation_id, Team.active),
        _count_by(Staff.organisation_id, Staff.active),
    )
    rows: list[Row] = []

    def walk(parent: int | None, depth: int) -> None:
        order = {"county": 0, "county_hospital": 1, "township_centre": 2, "village_clinic": 3}
        for one in sorted(children.get(parent, []), key=lambda one: (order[one.kind], one.code)):
            rows.append(Row(one, depth, teams.get(one.id, 0), staff.get(one.id, 0)))
            walk(one.id, depth + 1)

    walk(None, 0)
    return rows


def _count_by(
    column: InstrumentedAttribute[int], condition: InstrumentedAttribute[bool]
) -> dict[int, int]:
    query = select(column, func.count()).where(condition).group_by(column)
    return {row[0]: row[1] for row in db.session.execute(query)}


def find_organisation(code: str) -> Organisation | None:
    query = select(Organisation).where(Organisation.code == code)
    return db.session.execute(query).scalar_one_or_none()


def list_organisations(
    viewer: Account, *kinds: str, closed: bool = False
) -> Sequence[Organisation]:
    """Give the institutions of some kinds (or all) a viewer may see, by code."""
    query = select(Organisation).where(scope.organisations(viewer))
    if kinds:
        query = query.where(Organisation.kind.in_(kinds))
    if not closed:
        query = query.where(Organisation.active)
    return db.session.scalars(query.order_by(Organisation.code)).all()


def get_county() -> Organisation:
    query = select(Organisation).where(Organisation.kind == "county")
    return db.session.execute(query).scalar_one()


def count_work(organisation: Organisation) -> dict[str, int]:
    """Count what keeps an institution from closing: children, teams, staff, accounts, residents."""
    here = organisation.id
    counted = {
        "机构": (Organisation, Organisation.parent_id == here, Organisation.active),
        "团队": (Team, Team.organisation_id == here, Team.active),
        "人员": (Staff, Staff.organisation_id == here, Staff.active),
        "账号": (Account, Account.organisation_id == here, Account.active),
        "居民": (Resident, Resident.centre_id == here, Resident.state.in_(ON_ROSTER)),
    }
    return {
        word: db.session.execute(
            select(func.count()).select_from(model).where(*conditions)
        ).scalar_one()
        for word, (model, *conditions) in counted.items()
    }


def find_division(code: str) -> Division | None:
    return db.session.get(Division, code)


def list_divisions(level: str, retired: bool = False) -> Sequence[Division]:
    """Give the divisions of a level by code."""
    query = select(Division).where(Division.level == level)
    if not retired:
        query = query.where(Division.active)
    return db.session.scalars(query.order_by(Division.code)).all()


@dataclass(frozen=True)
class Village:
    """A village with the team and the person who look after it today."""

    division: Division
    service: TeamVillage | None


def list_villages() -> list[tuple[Division, list[Village]]]:
    """Give the villages under their townships, retired ones last, each with who serves it."""
    query = (
        select(Division, TeamVillage)
        .outerjoin(
            TeamVillage, (TeamVillage.village_code == Division.code) & TeamVillage.until.is_(None)
        )
        .where(Division.level == "village")
        .options(joinedload(TeamVillage.team), joinedload(TeamVillage.staff))
        .order_by(Division.active.desc(), Division.code)
    )
    grouped: dict[str | None, list[Village]] = {}
    for division, service in db.session.execute(query):
        grouped.setdefault(division.parent_code, []).append(Village(division, service))
    townships = list_divisions("township", retired=True)
    return [(one, grouped[one.code]) for one in townships if one.code in grouped]


def find_service(village_code: str) -> TeamVillage | None:
    """Give who serves a village today."""
    query = select(TeamVillage).where(
        TeamVillage.village_code == village_code, TeamVillage.until.is_(None)
    )
    options = (joinedload(TeamVillage.team), joinedload(TeamVillage.staff))
    return db.session.execute(query.options(*options)).scalar_one_or_none()


def count_residents(village_code: str) -> int:
    """Count the people on the roster of a village."""
    query = select(func.count()).where(
        Resident.village_code == village_code, Resident.state.in_(ON_ROSTER)
    )
    return db.session.execute(query).scalar_one()
