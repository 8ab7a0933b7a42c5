"""Reads of attempts to reach somebody."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contacts import ContactAttempt
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.queries import scope
from familydoc.rules.contacts import (
    FAILED_VISITS,
    KNOCK,
    LOST_PROGRAMME,
    Attempt,
    failed_visits,
    is_lost,
)


def find_failed_visits(resident_id: int) -> Sequence[date]:
    """Give the days of the failed visits in a row, when they propose to call the person lost."""
    query = select(Enrolment.id).where(
        Enrolment.resident_id == resident_id,
        Enrolment.programme == LOST_PROGRAMME,
        Enrolment.state == "active",
    )
    if db.session.scalar(query) is None:
        return ()
    days = _failed([resident_id])[resident_id]
    return days if is_lost(days) else ()


def list_lost_proposals(viewer: Account) -> list[tuple[Resident, Sequence[date]]]:
    """Give who could not be found so often in a row that they may be lost, by name of village."""
    tried = (
        select(ContactAttempt.resident_id)
        .join(Enrolment, Enrolment.resident_id == ContactAttempt.resident_id)
        .where(
            Enrolment.programme == LOST_PROGRAMME,
            Enrolment.state == "active",
            ContactAttempt.way == KNOCK,
        )
        .group_by(ContactAttempt.resident_id)
        .having(func.count(ContactAttempt.id) >= FAILED_VISITS)
    )
    query = (
        select(Resident)
        .where(Resident.id.in_(tried), Resident.state == "present", scope.residents(viewer))
        .options(joinedload(Resident.village))
        .order_by(Resident.village_code, Resident.id)
    )
    people = {one.id: one for one in db.session.scalars(query)}
    found = _failed(list(people))
    return [(people[id], found[id]) for id in people if is_lost(found[id])]


def _failed(ids: Sequence[int]) -> dict[int, Sequence[date]]:
    """Two statements for any number of people."""
    tried: dict[int, list[Attempt]] = defaultdict(list)
    attempts = select(ContactAttempt).where(ContactAttempt.resident_id.in_(ids))
    for one in db.session.scalars(attempts.order_by(ContactAttempt.at, ContactAttempt.id)):
        tried[one.resident_id].append(Attempt(clock.local(one.at).date(), one.way, one.outcome))
    seen = select(Visit.resident_id, func.max(Visit.visit_date)).where(
        Visit.resident_id.in_(ids), Visit.replaced_at.is_(None)
    )
    last = {row[0]: row[1] for row in db.session.execute(seen.group_by(Visit.resident_id))}
    return {id: failed_visits(tried[id], last.get(id)) for id in ids}
