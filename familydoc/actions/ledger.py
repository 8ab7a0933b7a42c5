"""Claiming a slot of a job: exactly once, in the transaction of the work itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.models.jobs import JobRun
from familydoc.queries.jobs import get_last_slot
from familydoc.transaction import transaction


@contextmanager
def one_at_a_time(job: str) -> Iterator[Session]:
    """A transaction in which no other scheduler works on the same job.

    SQLite has one writer anyway; PostgreSQL gives a lock of the county's schema and the job.
    """
    with transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            key = func.hashtext(func.current_schema() + f":{job}")
            session.execute(select(func.pg_advisory_xact_lock(key)))
        yield session


def claim(session: Session, job: str, until: date, created: int, seconds: float) -> int:
    """Claim every slot after the last one until a day; give how many.

    The work of several missed days is one run: its numbers stand on the last of them.
    """
    last = get_last_slot(job)
    first = until if last is None else last + timedelta(days=1)
    now = clock.now()
    slots = [first + timedelta(days=step) for step in range((until - first).days + 1)]
    session.add_all(
        JobRun(job=job, slot=slot, claimed_at=now, finished_at=now, created=0, seconds=0.0)
        for slot in slots[:-1]
    )
    session.add(
        JobRun(
            job=job,
            slot=until,
            claimed_at=now,
            finished_at=now,
            created=created,
            seconds=round(seconds, 3),
        )
    )
    return len(slots)
