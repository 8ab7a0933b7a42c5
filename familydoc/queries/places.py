"""Villages a resident may live in, and the centre that answers for a village."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, or_, select, true

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import Team, TeamVillage
from familydoc.queries import scope


def list_villages(viewer: Account, everywhere: bool = False) -> Sequence[Division]:
    """Give the villages whose residents a viewer keeps; `everywhere` the whole county's."""
    served = true() if everywhere else _served(viewer)
    query = select(Division).where(Division.level == "village", Division.active, served)
    return db.session.scalars(query.order_by(Division.code)).all()


def get_village(viewer: Account | None, code: str, everywhere: bool = False) -> Division | None:
    """Give one of those villages, None where it is none; without a viewer any village."""
    served = true() if everywhere or viewer is None else _served(viewer)
    query = select(Division).where(Division.code == code, Division.level == "village", served)
    return db.session.execute(query).scalar_one_or_none()


def list_teams(viewer: Account) -> Sequence[Team]:
    """Give the active teams a viewer may see, in the order they were made."""
    query = select(Team).where(scope.teams(viewer), Team.active)
    return db.session.scalars(query.order_by(Team.organisation_id, Team.id)).all()


def list_centres(viewer: Account) -> Sequence[Organisation]:
    """Give the township centres a viewer may see."""
    centre = Organisation.kind == "township_centre"
    query = select(Organisation).where(scope.organisations(viewer), centre)
    return db.session.scalars(query.order_by(Organisation.code)).all()


def township_names() -> dict[str, str]:
    """Give the names of the county's townships by code, for grouping villages."""
    query = select(Division.code, Division.name).where(Division.level == "township")
    return {row.code: row.name for row in db.session.execute(query)}


def get_short_names(codes: Iterable[str]) -> dict[str, str]:
    """Give what people call these villages."""
    query = select(Division).where(Division.code.in_(list(codes)))
    return {one.code: one.short_name for one in db.session.scalars(query)}


def find_centre(village: Division, team_id: int | None) -> int | None:
    """Give the centre of the team that serves a village, else that of its township."""
    if team_id is not None:
        of_team = select(Team.organisation_id).where(Team.id == team_id)
        return db.session.execute(of_team).scalar_one()
    query = select(Organisation.id).where(
        Organisation.division_code == village.parent_code, Organisation.kind == "township_centre"
    )
    return db.session.scalars(query.order_by(Organisation.id)).first()


def _served(viewer: Account) -> ColumnElement[bool]:
    """The condition for villages in scope: those of one's teams, one's centre, or the county."""
    if viewer.role == "supervisor":
        return true()
    teams = select(TeamVillage.village_code).where(
        TeamVillage.until.is_(None),
        TeamVillage.team_id.in_(select(Team.id).where(scope.teams(viewer))),
    )
    if viewer.role != "manager":
        return Division.code.in_(teams)
    return or_(Division.code.in_(teams), Division.parent_code == viewer.organisation.division_code)
