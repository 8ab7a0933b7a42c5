"""Reads of enrolments."""

from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.rules.enrolments import REGULAR_MONTHS, YEAR_MONTHS, YEARLY
from familydoc.rules.programmes import load_programmes


def find_live_enrolment(resident_id: int, programme: str) -> Enrolment | None:
    """Give the enrolment that has not ended, active or suspended; there is at most one."""
    query = select(Enrolment).where(
        Enrolment.resident_id == resident_id,
        Enrolment.programme == programme,
        Enrolment.state != "ended",
    )
    return db.session.execute(query).scalar_one_or_none()


def list_enrolments(resident_id: int) -> list[Enrolment]:
    """Give a resident's enrolments, those that ended too, oldest first."""
    query = select(Enrolment).where(Enrolment.resident_id == resident_id).order_by(Enrolment.id)
    return list(db.session.execute(query).scalars())


def regular_months(programme: str, on: date) -> int:  # noqa: ARG001
    """Give the months between two regular visits, the county's value counted in."""
    if programme in YEARLY:
        return YEAR_MONTHS
    known = load_programmes().get(programme)
    parameter = known.parameters.get("regular_months") if known else None
    return int(parameter.value) if parameter else REGULAR_MONTHS
