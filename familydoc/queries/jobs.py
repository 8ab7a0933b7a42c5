"""Reads of the night shift's ledger."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.jobs import JobHorizon, JobRun
from familydoc.rules.clocks import clock_trouble

MAKE_DUE_TASKS = "make-due-tasks"
#: A night and two hours: later than that, somebody has to look.
STALE_AFTER = timedelta(hours=26)


@dataclass(frozen=True)
class NightState:
    """The last good night run, and what is wrong, if anything."""

    slot: date | None
    finished_at: datetime | None
    created: int
    trouble: str | None
    stale: bool


def get_horizon(kind: str, job: str = MAKE_DUE_TASKS) -> date | None:
    """Give the last due date whose window a job has opened or is opening, None before its first.

    What an action moves before that date gets its task in the action: the job has passed it.
    """
    query = select(JobHorizon.opened_until, JobHorizon.opening_until).where(
        JobHorizon.job == job, JobHorizon.kind == kind
    )
    found = db.session.execute(query).first()
    return max(day for day in found if day is not None) if found else None


def get_horizons(job: str = MAKE_DUE_TASKS) -> dict[str, date]:
    """Give the horizon of every kind the job has looked at, in one statement."""
    query = select(JobHorizon.kind, JobHorizon.opened_until, JobHorizon.opening_until)
    rows = db.session.execute(query.where(JobHorizon.job == job)).all()
    return {kind: max(day for day in days if day is not None) for kind, *days in rows}


def get_last_slot(job: str) -> date | None:
    """Give the newest slot that a job has claimed."""
    return db.session.scalar(select(func.max(JobRun.slot)).where(JobRun.job == job))


def find_clock_trouble(now: datetime, on: date) -> str | None:
    """Give the sentence why the clock may not be trusted, None when it may."""
    newest_row = select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1)
    row = db.session.execute(
        select(
            newest_row.scalar_subquery(),
            select(func.max(JobRun.claimed_at)).scalar_subquery(),
            select(func.max(JobRun.slot)).scalar_subquery(),
        )
    ).one()
    return clock_trouble(now, on, row[0], row[1], row[2])


def get_last_run() -> JobRun | None:
    """Give the last night on which tasks were made."""
    query = (
        select(JobRun)
        .where(JobRun.job == MAKE_DUE_TASKS, JobRun.finished_at.is_not(None))
        .order_by(JobRun.slot.desc())
        .limit(1)
    )
    return db.session.execute(query).scalar_one_or_none()


def get_night_state(now: datetime, on: date) -> NightState:
    """Give how the night shift stands; before its first run the age of the house counts."""
    last = get_last_run()
    since = (
        last.finished_at
        if last
        else db.session.scalar(select(AuditEvent.at).order_by(AuditEvent.id).limit(1))
    )
    return NightState(
        slot=last.slot if last else None,
        finished_at=last.finished_at if last else None,
        created=last.created if last else 0,
        trouble=find_clock_trouble(now, on),
        stale=since is not None and now - since > STALE_AFTER,
    )


def list_last_runs(limit: int = 60) -> list[JobRun]:
    """Give the newest runs of all jobs, newest slot first."""
    query = select(JobRun).order_by(JobRun.slot.desc(), JobRun.job).limit(limit)
    return list(db.session.execute(query).scalars())
