"""What the public may learn, by named fields: own queries for the public face (T-05, T-06)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db, keys
from familydoc.labels import word
from familydoc.models.contracts import Contract
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.teams import Team
from familydoc.queries.agreements import list_members
from familydoc.rules.contracts import standing
from familydoc.rules.identity import mask_name


@dataclass(frozen=True)
class Face:
    """Somebody of the team: a name, what they are, whether they lead."""

    name: str
    title: str
    leads: bool


@dataclass(frozen=True)
class Check:
    """What stands on the public page of a contract; an ended one has no team, no name, no dates."""

    stands: str
    name: str = ""
    start_on: date | None = None
    end_on: date | None = None
    institution: str = ""
    team: str = ""
    hours: str = ""
    telephone: str = ""
    complaint_telephone: str = ""
    faces: tuple[Face, ...] = ()


def check_token(token: str, on: date) -> Check | None:
    """Give what the page behind a token shows on a day, None for any text that is no token."""
    found = db.session.execute(
        select(
            Contract.state,
            Contract.start_on,
            Contract.end_on,
            Contract.team_id,
            Resident.name,
            Resident.state.label("resident_state"),
        )
        .join(Resident, Resident.id == Contract.resident_id)
        .where(Contract.token_hash == keys.vault.fingerprint("contract token", token))
    ).one_or_none()
    if found is None:
        return None
    stands = standing(found.state, found.start_on, found.end_on, on)
    if stands == "ended" or found.resident_state not in ON_ROSTER:
        return Check("ended")
    return _with_team(found.team_id, stands, found.name, found.start_on, found.end_on)


def _with_team(team_id: int, stands: str, name: str, start_on: date, end_on: date) -> Check:
    query = select(Team).where(Team.id == team_id).options(joinedload(Team.organisation))
    team = db.session.scalars(query).one()
    centre = team.organisation
    return Check(
        stands=stands,
        name=mask_name(name),
        start_on=start_on,
        end_on=end_on,
        institution=centre.name,
        team=team.name,
        hours=team.hours or centre.hours,
        telephone=team.telephone or centre.telephone,
        complaint_telephone=centre.complaint_telephone,
        faces=tuple(_faces(team_id)),
    )


def _faces(team_id: int) -> list[Face]:
    return [
        Face(
            name=one.staff.name,
            title=one.staff.title or word("member_role", one.role),
            leads=one.staff_id == one.team.leader_id,
        )
        for one in list_members(team_id)
    ]
