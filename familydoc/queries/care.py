"""Enrolments with what was last found: the class in words, its tone, the reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.visits import Assessment, Visit
from familydoc.rules.answers import show_answer
from familydoc.rules.definitions import Programme
from familydoc.rules.programmes import load_programmes


@dataclass(frozen=True)
class Care:
    """One enrolment with its last class and reading."""

    enrolment: Enrolment
    class_code: int | None
    class_label: str
    tone: str
    reading: str
    on: date | None


def list_care(
    live: Sequence[Enrolment], visits: Sequence[Visit], programmes: Mapping[str, Programme]
) -> tuple[Care, ...]:
    """Give what was last found for each enrolment; what `visits` do not hold in one statement."""
    last = {one.last_assessment_id for one in live if one.last_assessment_id}
    held = [one for visit in visits for one in visit.assessments if one.id in last]
    missing = last - {one.id for one in held}
    if missing:
        query = select(Assessment).where(Assessment.id.in_(missing))
        held += db.session.scalars(query.options(joinedload(Assessment.visit)))
    found = {one.enrolment_id: one for one in held}
    return tuple(_care_of(one, found.get(one.id), programmes) for one in live)


@dataclass(frozen=True)
class Reading:
    """What a card shows of one programme: the last reading and its class in words."""

    resident_id: int
    programme: str
    text: str
    class_label: str


def list_readings(residents: Collection[int]) -> list[Reading]:
    """Give the last reading in each live programme of some people, in one statement.

    Words and fields are the national ones: no county value changes them.
    """
    programmes = load_programmes()
    query = (
        select(
            *(Enrolment.resident_id, Enrolment.programme),
            *(Assessment.class_code, Assessment.referral, Visit.answers),
        )
        .join(Assessment, Assessment.id == Enrolment.last_assessment_id)
        .join(Assessment.visit)
        .where(Enrolment.resident_id.in_(residents), Enrolment.state == "active")
        .order_by(Enrolment.id)
    )
    return [_reading(row, programmes.get(row.programme)) for row in db.session.execute(query)]


def _reading(row: Any, programme: Programme | None) -> Reading:
    text = reading_of(programme, row) if programme else ""
    return Reading(row.resident_id, row.programme, text, class_words(programme, row)[0])


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
