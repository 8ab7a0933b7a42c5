"""Reads of pauses of care."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries import scope

#: Rows of the page of those whose care waits.
MOST = 300


def list_in_force(resident_id: int) -> Sequence[CarePause]:
    """Give the pauses of a resident that hold something back, the first asked first."""
    query = (
        select(CarePause)
        .join(CarePause.enrolment)
        .where(
            CarePause.resident_id == resident_id,
            CarePause.ended_at.is_(None),
            Enrolment.state == "suspended",
        )
        .options(contains_eager(CarePause.enrolment))
    )
    return db.session.scalars(query.order_by(CarePause.id)).all()


def find_in_force(enrolment_id: int) -> CarePause | None:
    """Give the pause of an enrolment that is in force; there is at most one."""
    query = select(CarePause).where(
        CarePause.enrolment_id == enrolment_id, CarePause.ended_at.is_(None)
    )
    return db.session.execute(query).scalar_one_or_none()


def list_over(today: date) -> Sequence[CarePause]:
    """Give the pauses whose last day has passed, by resident."""
    query = select(CarePause).where(CarePause.ended_at.is_(None), CarePause.until < today)
    order = query.options(joinedload(CarePause.enrolment))
    return db.session.scalars(order.order_by(CarePause.resident_id, CarePause.id)).all()


def list_waiting_tasks(enrolment_id: int) -> Sequence[Task]:
    """Give the open tasks of an enrolment."""
    query = select(Task).where(Task.enrolment_id == enrolment_id, Task.state == "open")
    return db.session.scalars(query.order_by(Task.due_on, Task.id)).all()


def list_stopped(pause: CarePause) -> Sequence[Task]:
    """Give the tasks that a pause cancelled and that nobody has touched since."""
    query = select(Task).where(
        Task.id.in_(pause.stopped),
        Task.enrolment_id == pause.enrolment_id,
        Task.state == "cancelled",
        Task.reason == pause.kind,
    )
    return db.session.scalars(query.order_by(Task.due_on, Task.id)).all()


def list_paused(viewer: Account) -> Sequence[CarePause]:
    """Give the pauses in force in the viewer's scope, the first to end first."""
    query = (
        select(CarePause)
        .join(CarePause.enrolment)
        .join(Enrolment.resident)
        .where(CarePause.ended_at.is_(None), scope.residents(viewer), Enrolment.state != "ended")
        .options(
            contains_eager(CarePause.enrolment)
            .contains_eager(Enrolment.resident)
            .joinedload(Resident.village)
        )
        .order_by(CarePause.until.is_(None), CarePause.until, CarePause.id)
        .limit(MOST)
    )
    return db.session.scalars(query).all()


def list_all(resident_id: int) -> Sequence[CarePause]:
    """Give every pause of a resident, those taken back too."""
    query = select(CarePause).where(CarePause.resident_id == resident_id)
    return db.session.scalars(
        query.options(joinedload(CarePause.enrolment)).order_by(CarePause.id)
    ).all()
