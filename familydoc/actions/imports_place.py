"""Centres a roster needs, and residents who die, leave or change village by a roster."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from familydoc.actions.audit import record
from familydoc.actions.enrolments import hand_over
from familydoc.actions.states import depart
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Resident
from familydoc.queries.imports import centres_by_village


def centres_for(session: Session, *, by: Account | None, villages: Iterable[str]) -> dict[str, int]:
    """Give the township centre of each village; a township without one gets it now."""
    centres = centres_by_village()
    missing = {code for code in villages if code not in centres}
    if not missing:
        return centres
    townships = select(Division).where(
        Division.code.in_(select(Division.parent_code).where(Division.code.in_(missing)))
    )
    county = session.scalars(select(Organisation).where(Organisation.kind == "county")).first()
    for township in session.scalars(townships).all():
        centre = Organisation(
            code=township.code,
            name=f"{township.name}卫生院",
            kind="township_centre",
            parent_id=county.id if county else None,
            division_code=township.code,
        )
        session.add(centre)
        session.flush()
        record(by=by, verb="add_centre", entity="organisation", entity_id=centre.id)
    return centres_by_village()


def leave(session: Session, *, by: Account | None, id: int, state: str, today: date) -> None:
    """Take a resident who died or moved out of every list; `state` is what the roster says."""
    resident = session.get_one(Resident, id)
    depart(by=by, resident=resident, state=state, on=today, reason="名单")


def move(
    session: Session,
    *,
    by: Account | None,
    id: int,
    village: str,
    centre_id: int,
    team_id: int | None,
) -> None:
    """Take a resident to another village, with whoever looks after it."""
    resident = session.get_one(Resident, id)
    resident.village_code, resident.centre_id = village, centre_id
    hand_over(by=by, resident=resident, team_id=team_id)
