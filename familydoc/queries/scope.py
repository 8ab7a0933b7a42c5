"""The one place that limits rows to what a viewer may see. Out of scope is not there: 404."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ExecutableOption

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.rounds import Round
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.models.visits import Visit

T = TypeVar("T")
V = TypeVar("V")


_STAFF, _ORGANISATION = bindparam("_staff", type_=Integer), bindparam("_place", type_=Integer)


@dataclass(frozen=True)
class Somebody:
    """A viewer of a role whose keys are parameters: for statements that are put together once."""

    role: str
    staff_id: BindParameter[int] = _STAFF
    organisation_id: BindParameter[int] = _ORGANISATION


Viewer = Account | Somebody

#: Rows that carry the team they belong to today.
OF_A_TEAM = (Resident, Task, Enrolment)
#: Rows that belong to a resident, whoever made them.
OF_A_RESIDENT = (Visit, Contract, EducationPrescription)


def keys_of(viewer: Account) -> dict[str, int | None]:
    """Give the parameters of a statement that was put together for Somebody."""
    return {"_staff": viewer.staff_id, "_place": viewer.organisation_id}


def team_ids(viewer: Viewer) -> Select[int]:
    """The teams a viewer works in now, as a subquery; a county expert has several."""
    return select(TeamMember.team_id).where(
        TeamMember.staff_id == viewer.staff_id, TeamMember.until.is_(None)
    )


def _teams_of_centre(viewer: Viewer) -> Select[int]:
    return select(Team.id).where(Team.organisation_id == viewer.organisation_id)


def residents(viewer: Viewer) -> ColumnElement[bool]:
    """The residents of the viewer's teams, centre or county; none for the others."""
    if viewer.role == "supervisor":
        return true()
    if viewer.role == "manager":
        return Resident.centre_id == viewer.organisation_id
    if viewer.role in ("leader", "member"):
        return Resident.team_id.in_(team_ids(viewer))
    return false()


def teams(viewer: Account) -> ColumnElement[bool]:
    if viewer.role in ("administrator", "supervisor"):
        return true()
    if viewer.role == "manager":
        return Team.organisation_id == viewer.organisation_id
    return Team.id.in_(team_ids(viewer))


def staff(viewer: Account) -> ColumnElement[bool]:
    """Colleagues: one's centre and its village clinics, and who serves in a team one sees."""
    if viewer.role in ("administrator", "supervisor"):
        return true()
    serving = (
        select(TeamMember.staff_id)
        .join(TeamMember.team)
        .where(TeamMember.until.is_(None), teams(viewer))
    )
    return or_(own_staff(viewer), Staff.id.in_(serving))


def own_staff(viewer: Account) -> ColumnElement[bool]:
    """The people a viewer with `staff.edit` answers for: of the institutions, not of the teams."""
    if viewer.role == "administrator":
        return true()
    return Staff.organisation_id.in_(select(Organisation.id).where(organisations(viewer)))


def organisations(viewer: Account) -> ColumnElement[bool]:
    if viewer.role in ("administrator", "supervisor"):
        return true()
    return or_(
        Organisation.id == viewer.organisation_id,
        Organisation.parent_id == viewer.organisation_id,
    )


def of_team(model: Any, viewer: Viewer) -> ColumnElement[bool]:
    """Limit rows with a `team_id` of their own: tasks and enrolments."""
    if viewer.role == "supervisor":
        return true()
    if viewer.role == "manager":
        return model.team_id.in_(_teams_of_centre(viewer))  # type: ignore[no-any-return]
    if viewer.role in ("leader", "member"):
        return model.team_id.in_(team_ids(viewer))  # type: ignore[no-any-return]
    return false()


def receives(viewer: Account) -> bool:
    """Tell whether referrals come to the viewer: somebody of a hospital, screens left out."""
    return (
        viewer.role in ("manager", "leader", "member")
        and viewer.organisation.kind == "county_hospital"
    )


def referrals_received(viewer: Account) -> ColumnElement[bool]:
    """What was referred to the viewer's hospital; the resident does not open by it.

    Who never came is no longer its business once the sender has closed or cancelled.
    """
    if not receives(viewer):
        return false()
    still = or_(
        Referral.state == "open",
        Referral.received_at.is_not(None),
        and_(Referral.state == "closed", Referral.outcome == "went"),
    )
    here = and_(
        Referral.direction == "up", Referral.to_organisation_id == viewer.organisation_id, still
    )
    sent_back = and_(
        Referral.direction == "down", Referral.from_organisation_id == viewer.organisation_id
    )
    return or_(here, sent_back)


def referrals_sent(viewer: Account) -> ColumnElement[bool]:
    """The referrals of the residents a viewer sees, whichever way they went."""
    if viewer.role == "supervisor":
        return true()
    return Referral.resident_id.in_(select(Resident.id).where(residents(viewer)))


def referrals(viewer: Account) -> ColumnElement[bool]:
    return or_(referrals_sent(viewer), referrals_received(viewer))


def rounds(viewer: Account) -> ColumnElement[bool]:
    """The rounds of one's teams and of the institutions they belong to; an expert of several
    teams sees all of theirs."""
    if viewer.role == "supervisor":
        return true()
    if viewer.role == "manager":
        return Round.organisation_id == viewer.organisation_id
    if viewer.role not in ("leader", "member"):
        return false()
    mine = team_ids(viewer)
    centres = select(Team.organisation_id).where(Team.id.in_(mine))
    return or_(
        Round.team_id.in_(mine), and_(Round.team_id.is_(None), Round.organisation_id.in_(centres))
    )


def visible(model: type[Any], viewer: Account) -> ColumnElement[bool]:
    """Give the condition that keeps only what `viewer` may see of `model`."""
    if model is Resident:
        return residents(viewer)
    if model in OF_A_TEAM:
        return of_team(model, viewer)
    if model in OF_A_RESIDENT:
        return model.resident_id.in_(  # type: ignore[no-any-return]
            select(Resident.id).where(residents(viewer))
        )
    by_model = {
        Team: teams,
        Staff: staff,
        Organisation: organisations,
        Referral: referrals,
        Round: rounds,
    }
    return by_model[model](viewer)


def get_visible(
    model: type[T],
    viewer: Account,
    *conditions: ColumnElement[bool],
    options: Sequence[ExecutableOption] = (),
) -> T | None:
    """Give the one row that meets the conditions and lies in scope, or None."""
    query = select(model).where(*conditions, _row_visible(model, viewer)).options(*options)
    return db.session.execute(query).scalar_one_or_none()


def get_visible_value(
    column: InstrumentedAttribute[V], viewer: Account, *conditions: ColumnElement[bool]
) -> V | None:
    """Give one column of such a row, or None."""
    query = select(column).where(*conditions, _row_visible(column.parent.class_, viewer))
    return db.session.execute(query).scalar_one_or_none()


def _row_visible(model: type[Any], viewer: Account) -> ColumnElement[bool]:
    """The same as `visible` for a row that is found already: only its own resident is asked,
    where `visible` would list the residents of a team first."""
    if model not in OF_A_RESIDENT:
        return visible(model, viewer)
    return exists().where(Resident.id == model.resident_id, residents(viewer))
