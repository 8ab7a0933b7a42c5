"""Reads of education prescriptions, and what a new one is composed from."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.residents import Resident
from familydoc.queries import scope
from familydoc.queries.programmes import list_effective
from familydoc.queries.visits import HISTORY, list_active_enrolments, list_visits_of
from familydoc.rules.prescriptions import Patient, offered
from familydoc.rules.visits import last_values


def find_prescription(uid: str) -> EducationPrescription | None:
    """Give the prescription that a device named, in nobody's scope: for sending twice."""
    query = select(EducationPrescription).where(EducationPrescription.uid == uid)
    return db.session.execute(query).scalar_one_or_none()


def get_prescription(viewer: Account, uid: str) -> EducationPrescription | None:
    """Give a prescription in the viewer's scope, or None."""
    return scope.get_visible(EducationPrescription, viewer, EducationPrescription.uid == uid)


def list_prescriptions(resident_id: int) -> Sequence[EducationPrescription]:
    """Give what a resident was given, newest first."""
    query = (
        select(EducationPrescription)
        .options(joinedload(EducationPrescription.staff))
        .where(EducationPrescription.resident_id == resident_id)
        .order_by(EducationPrescription.issued_on.desc(), EducationPrescription.id.desc())
    )
    return db.session.scalars(query).all()


def read_patient(resident: Resident, on: date) -> Patient:
    """Give whom a sheet is composed for: the last answers of the newest visits, that day's too."""
    programmes = {code: p for code, p in list_effective(on).items() if not p.private}
    seen = [(v.visit_date, v.answers) for v in list_visits_of(resident.id)[:HISTORY]]
    # A visit's answers are laid over those of an earlier one; of one day the later entry counts.
    last = last_values(reversed(seen), on + timedelta(days=1))
    facts = {k: v for one in list_active_enrolments(resident.id) for k, v in one.facts.items()}
    answers = {**facts, **{key: found.value for key, found in last.items()}}
    return Patient(resident.birth, programmes, answers, on)


def list_offered(resident: Resident, patient: Patient) -> list[str]:
    """Give the diseases a resident is managed for and a sheet exists of."""
    managed = [one.programme for one in list_active_enrolments(resident.id)]
    return offered(managed, patient.answers.get("chronic_diseases"))
