"""The night shift's ledger, and figures counted from rows."""

from datetime import date, datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from familydoc.extensions import Base
from familydoc.models.types import UTCDateTime


class JobRun(Base):
    """A claimed run; its key in the transaction of the work makes every slot run once."""

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_job_finished", "job", "finished_at"),)

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[date] = mapped_column(primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)


class JobHorizon(Base):
    """The last due date whose window a job has opened; it never moves back.

    A long catch-up reads the enrolments first, in the order of their key, a batch a transaction:
    those up to `read_to` have their tasks until `opening_until`, all of them when it is empty.
    """

    __tablename__ = "job_horizons"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    opened_until: Mapped[date]
    opening_until: Mapped[date | None]
    read_to: Mapped[int | None]


class Figure(Base):
    """A number counted from rows for a centre, team or county, and when it was counted."""

    __tablename__ = "figures"

    scope: Mapped[str] = mapped_column(String(12), primary_key=True)
    scope_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    numerator: Mapped[int]
    denominator: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: How long the count took, and the newest audit event it knew of: when to count again.
    took_ms: Mapped[int] = mapped_column(default=0)
    seen_event: Mapped[int] = mapped_column(default=0)
