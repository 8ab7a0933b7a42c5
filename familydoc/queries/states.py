"""Where a resident is and was, and what waits for a second look."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident, ResidentState
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.queries import scope
from familydoc.rules.states import CONFIRMED


def waits() -> ColumnElement[bool]:
    """The condition for a change that is not in force: other states need no confirmation."""
    return and_(ResidentState.state.in_(CONFIRMED), ResidentState.confirmed_at.is_(None))


def list_history(resident_id: int) -> Sequence[ResidentState]:
    """Give every change of state that is in force or was, the first asked first."""
    query = select(ResidentState).where(ResidentState.resident_id == resident_id, ~waits())
    return db.session.scalars(query.order_by(ResidentState.id)).all()


def find_pending(resident_id: int) -> ResidentState | None:
    """Give the change that waits for confirmation; there is at most one."""
    query = select(ResidentState).where(ResidentState.resident_id == resident_id, waits())
    return db.session.scalars(query.order_by(ResidentState.id)).first()


def list_pending(viewer: Account) -> Sequence[tuple[ResidentState, Resident, str]]:
    """Give what waits among the residents in scope, the oldest first, and who asked."""
    query = (
        _pending(select(ResidentState, Resident, Account), viewer)
        .outerjoin(Account, Account.id == ResidentState.asked_by)
        .options(joinedload(Resident.village), joinedload(Account.staff))
        .order_by(ResidentState.id)
    )
    rows = db.session.execute(query).all()
    return [(change, who, asker.name if asker else "系统") for change, who, asker in rows]


def count_pending(viewer: Account) -> int:
    """Count the same list."""
    query = _pending(select(func.count(ResidentState.id)), viewer)
    counted: int = db.session.execute(query).scalar_one()
    return counted


def _pending(query: Select, viewer: Account) -> Select:  # type: ignore[type-arg]
    return (
        query.select_from(ResidentState)
        .join(Resident, Resident.id == ResidentState.resident_id)
        .where(waits(), scope.residents(viewer))
    )


def find_visit_after(resident_id: int, change: ResidentState) -> Visit | None:
    """Give the newest visit later than a change, which then cannot be a death."""
    query = select(Visit).where(
        Visit.resident_id == resident_id,
        Visit.visit_date > change.on,
        Visit.replaced_at.is_(None),
    )
    return db.session.scalars(query.order_by(Visit.visit_date.desc()).limit(1)).first()


def list_ended(resident_id: int, reason: str) -> Sequence[Enrolment]:
    """Give the enrolments that ended for a reason."""
    query = select(Enrolment).where(
        Enrolment.resident_id == resident_id,
        Enrolment.state == "ended",
        Enrolment.reason == reason,
    )
    return db.session.scalars(query.order_by(Enrolment.id)).all()


def list_cancelled(resident_id: int, reason: str) -> Sequence[Task]:
    """Give the tasks that were cancelled for a reason."""
    query = select(Task).where(
        Task.resident_id == resident_id, Task.state == "cancelled", Task.reason == reason
    )
    return db.session.scalars(query.order_by(Task.due_on, Task.id)).all()


def find_active_contract(resident_id: int) -> Contract | None:
    """Give the contract in force; there is at most one."""
    query = select(Contract).where(Contract.resident_id == resident_id, Contract.state == "active")
    return db.session.execute(query).scalar_one_or_none()
