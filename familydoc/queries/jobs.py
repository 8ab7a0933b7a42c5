"""Reads of the night shift's ledger."""

from datetime import date

from sqlalchemy import func, select

from familydoc.extensions import db
from familydoc.models.jobs import JobHorizon, JobRun

MAKE_DUE_TASKS = "make-due-tasks"


def get_horizon(kind: str, job: str = MAKE_DUE_TASKS) -> date | None:
    """Give the last due date whose window a job has opened, None before its first run."""
    query = select(JobHorizon.opened_until).where(JobHorizon.job == job, JobHorizon.kind == kind)
    return db.session.scalar(query)


def get_last_slot(job: str) -> date | None:
    """Give the newest slot that a job has claimed."""
    return db.session.scalar(select(func.max(JobRun.slot)).where(JobRun.job == job))
