"""What is owed, by when, and by whom."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team
from familydoc.models.types import UTCDateTime

TASK_STATES = ("open", "done", "missed", "cancelled")
#: Rank of the danger chain on every list; all else is 1.
RANK_DANGER, RANK_PLAIN = 0, 1
OPEN = "state = 'open'"


def _where(name: str, condition: str, *columns: str) -> Index:
    """An index of the rows that meet a condition: the night's new rows cost it nothing."""
    where = text(condition)
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class Task(Base):
    """One obligation in one window. Overdue is not a state: it is open and past `due_on`.

    Team, person and village are copied from the enrolment so that a list is one index range.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(f"state IN {TASK_STATES}", name="state"),
        UniqueConstraint("enrolment_id", "kind", "due_on"),
        _where("ix_tasks_staff_open", OPEN, "staff_id", "rank", "due_on", "id"),
        _where("ix_tasks_team_open", OPEN, "team_id", "rank", "due_on", "id"),
        Index("ix_tasks_team_due", "team_id", "due_on", "state", "staff_id", "village_code"),
        Index("ix_tasks_due_kind", "due_on", "kind", "state", "enrolment_id"),
        Index("ix_tasks_resident", "resident_id"),
        _where("ix_tasks_team_closed", "closed_on IS NOT NULL", "team_id", "closed_on"),
        _where("ix_tasks_closed_by", "closed_by_visit_id IS NOT NULL", "closed_by_visit_id"),
        _where("ix_tasks_source", "source_visit_id IS NOT NULL", "source_visit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    programme: Mapped[str] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int] = mapped_column(default=RANK_PLAIN)
    window_start: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open")
    reason: Mapped[str] = mapped_column(String(100), default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    village_code: Mapped[str] = mapped_column(String(12))
    #: The moment it is due where the rule counts hours; its day is `due_on`.
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: A telephone call stands for the visit: the person is away.
    by_phone: Mapped[bool] = mapped_column(default=False, server_default=false())
    remind_on: Mapped[date | None]
    #: The visit date (or the day of the check); late when after `due_on`.
    closed_on: Mapped[date | None]
    closed_by_visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    source_visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    enrolment: Mapped[Enrolment] = relationship()
    resident: Mapped[Resident] = relationship()
    team: Mapped[Team | None] = relationship()
    staff: Mapped[Staff | None] = relationship()

    @property
    def late(self) -> bool:
        return self.closed_on is not None and self.closed_on > self.due_on
