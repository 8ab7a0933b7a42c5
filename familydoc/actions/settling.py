"""What becomes of a management when nothing of it waits any more: it ends, or it goes on."""

from datetime import date

from sqlalchemy import select

from familydoc import clock
from familydoc.actions.enrolments import end_enrolment, owe_again
from familydoc.actions.tasks import close_tasks
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.tasks import Task
from familydoc.queries.visits import find_last_assessment
from familydoc.rules.tasks import opens_at_once
from familydoc.transaction import transaction


def settle_enrolment(*, by: Account | None, enrolment: Enrolment) -> None:
    """End a management whose last assessment closes it; let no other one be without a next date.

    A check or a report may have been all that was owed: the regular care begins again then.
    """
    if enrolment.state != "active":
        return
    query = select(Task.kind).where(Task.enrolment_id == enrolment.id, Task.state == "open")
    kinds = list(db.session.execute(query).scalars())
    if any(opens_at_once(kind) for kind in kinds):
        return
    assessment = find_last_assessment(enrolment.id)
    if assessment is not None and assessment.closes:
        on = assessment.visit.visit_date
        end_enrolment(by=by, enrolment=enrolment, on=on, reason=assessment.closes)
    elif not kinds and not any(enrolment.due_on(kind) for kind in ("regular", "exam")):
        owe_again(by=by, enrolment=enrolment, on=clock.today())


def report_upward(*, by: Account | None, task: Task, told: str, on: date) -> None:
    """Close a report with whom it was made to."""
    with transaction():
        close_tasks(by=by, tasks=[task], on=on, reason=f"报{told}")
        settle_enrolment(by=by, enrolment=task.enrolment)
