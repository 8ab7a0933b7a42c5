"""What follows an unattended step of a schedule: the next step, by the age or the week it is for.

An interval counts from a due date, so the database can follow it; a schedule counts from a birth
or a last period, so the rules do. Few people a night stand at such a step.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import literal_column, select, update
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.tasks import INSERTS
from familydoc.models.enrolments import Enrolment
from familydoc.models.jobs import JobHorizon
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import RANK_PLAIN, Task
from familydoc.queries.due_tasks import Step
from familydoc.rules.definitions import Schedule
from familydoc.rules.enrolments import due_after, regular_schedule
from familydoc.rules.programmes import load_programmes
from familydoc.rules.tasks import window_start
from familydoc.rules.values import parse_iso_date

KIND = "regular"


def follow_schedules(session: Session, step: Step, horizons: Mapping[str, JobHorizon]) -> int:
    """Move on everybody whose step fell due before the last day; give how many tasks that made.

    A task is made at once where its window lies in what has been read already.
    """
    schedules = scheduled_programmes()
    if not schedules:
        return 0
    opened = horizons[KIND].opening_until or horizons[KIND].opened_until
    moved: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []
    for row in session.execute(_passed(schedules, step)):
        for due_on in _steps_until(schedules[row.programme], row, step.last):
            if due_on is not None and due_on <= opened:
                tasks.append(_task(row, due_on))
        moved.append({"id": row.id, "next_due_on": due_on})
    if moved:
        session.execute(update(Enrolment), moved)
    if tasks:
        insert = INSERTS[session.get_bind().dialect.name](Task)
        unique = ["enrolment_id", "kind", "due_on"]
        session.execute(insert.on_conflict_do_nothing(index_elements=unique), tasks)
    return len(tasks)


def scheduled_programmes() -> dict[str, Schedule]:
    """Give the programmes whose regular visits follow a schedule."""
    found = {code: regular_schedule(one) for code, one in load_programmes().items()}
    return {code: schedule for code, schedule in found.items() if schedule is not None}


def _passed(schedules: Mapping[str, Schedule], step: Step) -> Any:
    """Select whose due date is over by the last day and was not by the first."""
    return (
        select(
            *(Enrolment.id, Enrolment.resident_id, Enrolment.programme, Enrolment.facts),
            *(Enrolment.next_due_on, Enrolment.team_id, Enrolment.staff_id),
            *(Resident.birth, Resident.village_code, Resident.state),
        )
        .join(Enrolment.resident)
        .where(
            Enrolment.state == literal_column("'active'"),
            Enrolment.programme.in_(list(schedules)),
            Enrolment.next_due_on >= step.first,
            Enrolment.next_due_on < step.last,
            Resident.state.in_(ON_ROSTER),
        )
        .order_by(Enrolment.id)
    )


def _steps_until(schedule: Schedule, row: Any, last: date) -> list[date | None]:
    """Give the due dates that follow one another until one that is not over by a day."""
    held = row.birth.isoformat() if schedule.anchor == "birth" else row.facts.get(schedule.anchor)
    anchor, due_on = parse_iso_date(held), row.next_due_on
    found: list[date | None] = []
    while anchor and due_on is not None and due_on < last:
        due_on = due_after(schedule, anchor, due_on)
        found.append(due_on)
    return found or [None]


def _task(row: Any, due_on: date) -> dict[str, Any]:
    return {
        "enrolment_id": row.id,
        "resident_id": row.resident_id,
        "programme": row.programme,
        "kind": KIND,
        "rank": RANK_PLAIN,
        "window_start": window_start(KIND, due_on, due_on),
        "due_on": due_on,
        "state": "open",
        "reason": "",
        "team_id": row.team_id,
        "staff_id": row.staff_id,
        "village_code": row.village_code,
        "by_phone": row.state == "away",
        "created_at": clock.now(),
    }
