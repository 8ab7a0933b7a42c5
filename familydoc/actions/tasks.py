"""Opening, closing and cancelling tasks, each audited."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN, Task
from familydoc.models.visits import Visit
from familydoc.queries.jobs import get_horizon, get_horizons
from familydoc.queries.tasks import find_task
from familydoc.rules.states import is_by_phone
from familydoc.rules.tasks import WINDOW_DAYS, window_start
from familydoc.transaction import transaction

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def open_task(
    *,
    by: Account | None,
    enrolment: Enrolment,
    kind: str,
    due_on: date,
    source_visit: Visit | None = None,
    rank: int | None = None,
    due_at: datetime | None = None,
) -> Task:
    """Give the task of (enrolment, kind, due date): a new one, or the one that is there.

    A cancelled one is opened again. Without `rank` a referral's check is in the danger chain.
    `due_at` is the moment of the day where the rule counts hours. While the person is away a
    telephone call stands for a regular visit.
    """
    wanted = rank if rank is not None else _rank_of(kind)
    with transaction():
        is_new = _insert_unless_there(enrolment, kind, due_on, wanted, source_visit)
        task = find_task(enrolment.id, kind, due_on)
        assert task is not None
        if is_new:
            _note(by, "open_task", task)
        elif task.state == "cancelled":
            _reopen(by, task, enrolment, source_visit)
        if rank is not None and task.rank != rank:
            task.rank = rank
        if due_at is not None:
            task.due_at = due_at
        db.session.flush()
    return task


def open_if_due(
    *, by: Account | None, enrolment: Enrolment, until: Mapping[str, date] | None = None
) -> list[Task]:
    """Make the tasks of the enrolment's next due dates whose windows are open by now.

    What lies further ahead is the night job's; a date it has passed is never left to it. `until`
    is `open_windows()` where the caller has read it for several enrolments.
    """
    if enrolment.state != "active":
        return []
    opened = open_windows() if until is None else until
    return [
        open_task(by=by, enrolment=enrolment, kind=kind, due_on=due_on)
        for kind in WINDOW_DAYS
        if (due_on := enrolment.due_on(kind)) is not None and due_on <= opened[kind]
    ]


def open_windows() -> dict[str, date]:
    """Give the last due date whose window is open, by kind: see `opened_until`."""
    horizons, today = get_horizons(), clock.today()
    return {
        kind: max(today + timedelta(days=days), horizons.get(kind, date.min))
        for kind, days in WINDOW_DAYS.items()
    }


def opened_until(kind: str) -> date:
    """Give the last due date whose window is open: today's, or the night job's when farther."""
    if kind not in WINDOW_DAYS:
        return date.max
    open_today = clock.today() + timedelta(days=WINDOW_DAYS[kind])
    return max(open_today, get_horizon(kind) or date.min)


def close_tasks(
    *,
    by: Account | None,
    tasks: Iterable[Task],
    on: date,
    visit: Visit | None = None,
    reason: str = "",
) -> None:
    """Mark open tasks as done on a day; those that are not open stay as they are."""
    with transaction():
        for task in tasks:
            if task.state != "open":
                continue
            task.state, task.reason, task.closed_on = "done", reason, on
            task.closed_by_visit_id = visit.id if visit else None
            _note(by, "close_task", task)
        db.session.flush()


def cancel_tasks(
    *,
    by: Account | None,
    resident: Resident | None = None,
    enrolment: Enrolment | None = None,
    reason: str,
) -> int:
    """Cancel every open task of a resident or of one enrolment; give how many there were."""
    with transaction() as session:
        query = select(Task).where(Task.state == "open")
        if enrolment is not None:
            query = query.where(Task.enrolment_id == enrolment.id)
        elif resident is not None:
            query = query.where(Task.resident_id == resident.id)
        else:
            raise ValueError("whose tasks?")
        tasks = list(session.execute(query).scalars())
        for task in tasks:
            task.state, task.reason, task.closed_on = "cancelled", reason, clock.today()
            _note(by, "cancel_task", task)
        session.flush()
    return len(tasks)


def _rank_of(kind: str) -> int:
    return RANK_DANGER if kind == "referral_fu" else RANK_PLAIN


def _insert_unless_there(
    enrolment: Enrolment, kind: str, due_on: date, rank: int, source_visit: Visit | None
) -> bool:
    """Insert, and tell whether this row is ours: two may open the same task at once."""
    session = db.session()
    session.flush()
    insert = INSERTS[session.get_bind().dialect.name]
    statement = (
        insert(Task)
        .values(
            enrolment_id=enrolment.id,
            resident_id=enrolment.resident_id,
            programme=enrolment.programme,
            kind=kind,
            rank=rank,
            window_start=window_start(kind, due_on, clock.today()),
            due_on=due_on,
            state="open",
            reason="",
            team_id=enrolment.team_id,
            staff_id=enrolment.staff_id,
            village_code=enrolment.resident.village_code,
            by_phone=_is_by_phone(enrolment, kind, due_on),
            source_visit_id=source_visit.id if source_visit else None,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["enrolment_id", "kind", "due_on"])
        .returning(Task.id)
    )
    return session.execute(statement).first() is not None


def _reopen(
    by: Account | None, task: Task, enrolment: Enrolment, source_visit: Visit | None
) -> None:
    task.state, task.reason, task.closed_on = "open", "", None
    task.closed_by_visit_id = None
    task.team_id, task.staff_id = enrolment.team_id, enrolment.staff_id
    task.remind_on = None
    task.by_phone = _is_by_phone(enrolment, task.kind, task.due_on)
    if source_visit is not None:
        task.source_visit_id = source_visit.id
    _note(by, "reopen_task", task)


def _is_by_phone(enrolment: Enrolment, kind: str, due_on: date) -> bool:
    resident = enrolment.resident
    return is_by_phone(resident.state, resident.away_until, kind, due_on)


def _note(by: Account | None, verb: str, task: Task) -> None:
    record(
        by=by,
        verb=verb,
        entity="task",
        entity_id=task.id,
        resident_id=task.resident_id,
        kind=task.kind,
        due=task.due_on.isoformat(),
        reason=task.reason,
    )
