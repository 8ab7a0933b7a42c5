"""Who comes back this month, who came back already, and what is due to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.residents import AWAY, Resident, ResidentState
from familydoc.models.tasks import Task
from familydoc.queries import scope
from familydoc.rules.dates import month_of
from familydoc.rules.states import UNDONE

#: Rows of each part of the page.
MOST = 300


@dataclass
class Return:
    """Somebody who is coming back, or is back, with what is owed to them."""

    resident: Resident
    tasks: list[Task] = field(default_factory=list)


def list_returning(viewer: Account, today: date) -> list[Return]:
    """Give those whose absence ends by the end of this month, the first to come first."""
    comes = (Resident.state == AWAY, Resident.away_until <= month_of(today)[1])
    return _with_tasks(viewer, (Resident.away_until, Resident.id), *comes)


def list_returned(viewer: Account, today: date) -> list[Return]:
    """Give those at home who came back from an absence this month, the last to come first."""
    first = month_of(today)[0]
    left = exists().where(ResidentState.resident_id == Resident.id, ResidentState.state == "away")
    came = exists().where(
        ResidentState.resident_id == Resident.id,
        ResidentState.state == "present",
        ResidentState.on >= first,
        ~ResidentState.reason.startswith(UNDONE),
    )
    here = (Resident.state == "present", Resident.state_since >= first, left, came)
    return _with_tasks(viewer, (Resident.state_since.desc(), Resident.id), *here)


def _with_tasks(
    viewer: Account, order: Sequence[object], *conditions: ColumnElement[bool]
) -> list[Return]:
    """Two statements for any number of people."""
    query = (
        select(Resident)
        .where(scope.residents(viewer), *conditions)
        .options(joinedload(Resident.village), joinedload(Resident.team))
        .order_by(*order)  # type: ignore[arg-type]
        .limit(MOST)
    )
    found = {one.id: Return(one) for one in db.session.scalars(query)}
    owed = select(Task).where(Task.resident_id.in_(found), Task.state == "open")
    for task in db.session.scalars(owed.order_by(Task.rank, Task.due_on, Task.id)):
        found[task.resident_id].tasks.append(task)
    return list(found.values())
