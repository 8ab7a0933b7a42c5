"""Enrolments with what was last found: the class in words, its tone, the reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.visits import Assessment, Visit
from familydoc.rules.answers import show_answer
from familydoc.rules.definitions import Programme


@dataclass(frozen=True)
class Care:
    """One enrolment with its last class and reading."""

    enrolment: Enrolment
    class_code: int | None
    class_label: str
    tone: str
    reading: str
    on: date | None


def list_care(live: Sequence[Enrolment], programmes: Mapping[str, Programme]) -> tuple[Care, ...]:
    """Give what was last found for each enrolment, in one statement."""
    last = [one.last_assessment_id for one in live if one.last_assessment_id]
    query = select(Assessment).where(Assessment.id.in_(last)).options(joinedload(Assessment.visit))
    found = {one.enrolment_id: one for one in db.session.scalars(query)}
    return tuple(_care_of(one, found.get(one.id), programmes) for one in live)


def list_care_of_people(
    residents: Collection[int], programmes: Mapping[str, Programme]
) -> list[Care]:
    """Give what was last found for each live enrolment of some people, in one statement."""
    query = (
        select(Enrolment, Assessment)
        .outerjoin(Assessment, Assessment.id == Enrolment.last_assessment_id)
        .where(Enrolment.resident_id.in_(residents), Enrolment.state == "active")
        .options(
            load_only(Enrolment.resident_id, Enrolment.programme),
            load_only(Assessment.class_code, Assessment.referral),
            joinedload(Assessment.visit, innerjoin=True).load_only(Visit.answers, Visit.visit_date),
        )
        .order_by(Enrolment.id)
    )
    rows = db.session.execute(query)
    return [_care_of(enrolment, last, programmes) for enrolment, last in rows]


def _care_of(
    enrolment: Enrolment, last: Assessment | None, programmes: Mapping[str, Programme]
) -> Care:
    if last is None:
        return Care(enrolment, None, "", "", "", None)
    programme = programmes.get(enrolment.programme)
    label, tone = class_words(programme, last)
    reading = reading_of(programme, last.visit) if programme else ""
    return Care(enrolment, last.class_code, label, tone, reading, last.visit.visit_date)


def class_words(programme: Programme | None, assessment: Assessment) -> tuple[str, str]:
    """Give the word for a class and its tone; danger is told by an urgent referral."""
    classes = programme.classes if programme else ()
    found = next((c for c in classes if c.value == assessment.class_code), None)
    tone = "danger" if assessment.referral == "urgent" else found.tone if found else ""
    return (found.label if found else ""), tone


def reading_of(programme: Programme, visit: Visit) -> str:
    """Write what the class was found by: 136/84 mmHg, 6.8 mmol/L."""
    fields = [f for f in programme.needed if f.kind in ("integer", "decimal")]
    values = [show_answer(field, visit.answers.get(field.code)) for field in fields]
    if not fields or not all(values):
        return ""
    return f"{'/'.join(values)} {fields[0].unit}".strip()
