"""What the letter of a referral holds: for the paper, and for the hospital's page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.labels import word
from familydoc.models.enrolments import Enrolment
from familydoc.models.referrals import Referral
from familydoc.models.visits import Visit
from familydoc.rules.definitions import Programme
from familydoc.rules.letters import drugs_of, readings_of, symptoms_of
from familydoc.rules.programmes import load_programmes

#: Visits a letter looks back on.
LOOKED_AT, SHOWN = 8, 3
#: Programmes that are an illness; the others are an age or a service.
ILLNESSES = frozenset(
    {
        *("hypertension", "diabetes", "severe_mental_disorder", "tuberculosis", "copd"),
        "other_chronic",
    }
)


@dataclass(frozen=True)
class Letter:
    """The facts beside the referral itself, all in words.

    A private programme stands there only where the referral is about it, and then by its name: no
    hospital can treat what it is not told. The page is for the own team and that hospital alone.
    """

    programme: str
    illnesses: tuple[str, ...]
    readings: tuple[tuple[date, str], ...]
    symptoms: tuple[str, ...]
    drugs: tuple[str, ...]


def get_letter(referral: Referral) -> Letter:
    """Read what the letter of a referral holds, in two statements."""
    known = [one for one in _programmes(referral.resident_id) if may_stand(one, referral)]
    visits = _visits(referral.resident_id)
    own = referral.visit or next(iter(visits), None)
    rows = ((visit.visit_date, "，".join(_readings(known, visit))) for visit in visits)
    return Letter(
        programme=word("programme", referral.programme),
        illnesses=tuple(word("programme", p.code) for p in known if p.code in ILLNESSES),
        readings=tuple((day, text) for day, text in rows if text)[:SHOWN],
        symptoms=_each(symptoms_of(one, own.answers) for one in known) if own else (),
        drugs=next(filter(None, (_drugs(known, visit) for visit in visits)), ()),
    )


def may_stand(programme: Programme, referral: Referral) -> bool:
    """A private programme is nobody's business but that of the hospital it concerns."""
    return not programme.private or programme.code == referral.programme


def _readings(programmes: Sequence[Programme], visit: Visit) -> tuple[str, ...]:
    return _each(readings_of(one, visit.answers) for one in programmes)


def _drugs(programmes: Sequence[Programme], visit: Visit) -> tuple[str, ...]:
    return _each(drugs_of(one, visit.answers) for one in programmes)


def _each(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Give every text once, in order."""
    return tuple(dict.fromkeys(text for texts in found for text in texts))


def _programmes(resident_id: int) -> list[Programme]:
    """Give the live programmes that have a file, in the order of taking in."""
    query = select(Enrolment.programme).where(
        Enrolment.resident_id == resident_id, Enrolment.state != "ended"
    )
    programmes = load_programmes()
    codes = db.session.scalars(query.order_by(Enrolment.id))
    return [programmes[code] for code in codes if code in programmes]


def _visits(resident_id: int) -> Sequence[Visit]:
    query = (
        select(Visit)
        .where(Visit.resident_id == resident_id, Visit.replaced_at.is_(None))
        .options(joinedload(Visit.staff))
        .order_by(Visit.visit_date.desc(), Visit.id.desc())
        .limit(LOOKED_AT)
    )
    return db.session.scalars(query).all()
