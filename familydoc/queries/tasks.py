"""Reads of tasks: one function counts, its twin lists, and both take the same conditions."""

from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.tasks import Task


def find_task(enrolment_id: int, kind: str, due_on: date) -> Task | None:
    """Give the task of one obligation on one day, whatever its state."""
    query = select(Task).where(
        Task.enrolment_id == enrolment_id, Task.kind == kind, Task.due_on == due_on
    )
    return db.session.execute(query).scalar_one_or_none()


def list_open_tasks(resident_id: int) -> list[Task]:
    """Give a resident's open tasks, the oldest first."""
    query = (
        select(Task)
        .where(Task.resident_id == resident_id, Task.state == "open")
        .order_by(Task.due_on, Task.id)
    )
    return list(db.session.execute(query).scalars())
