"""Team rounds: a visit owed to a place, not to a resident, and who came."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import Staff, Team
from familydoc.models.types import UTCDateTime

ROUND_STATES = ("open", "done", "missed", "cancelled")


class Round(Base):
    """巡诊任务. One obligation in one window; overdue is not a state.

    A round of an institution has no team; one of a village has the team that serves it.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint(f"state IN {ROUND_STATES}", name="state"),
        UniqueConstraint("kind", "place_code", "due_on"),
        Index("ix_rounds_organisation_due", "organisation_id", "due_on"),
        Index("ix_rounds_team_due", "team_id", "due_on"),
        Index("ix_rounds_state_due", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    village_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    #: Code of the village or the institution: with kind and due date the one obligation.
    place_code: Mapped[str] = mapped_column(String(20))
    window_start: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open")
    reason: Mapped[str] = mapped_column(String(100), default="")
    done_on: Mapped[date | None]
    patients: Mapped[int | None]
    prescriptions: Mapped[int | None]
    #: People who came and have no entry among the staff.
    guests: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    recorded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: The county's weekly look at the attendance.
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    organisation: Mapped[Organisation] = relationship()
    team: Mapped[Team | None] = relationship()
    village: Mapped[Division | None] = relationship()
    recorder: Mapped[Account | None] = relationship(foreign_keys=[recorded_by])
    checker: Mapped[Account | None] = relationship(foreign_keys=[checked_by])
    attendance: Mapped[list["Attendance"]] = relationship(
        back_populates="round", cascade="all, delete-orphan", order_by="Attendance.staff_id"
    )

    @property
    def late(self) -> bool:
        return self.done_on is not None and self.done_on > self.due_on

    @property
    def place(self) -> str:
        """The name of where it goes."""
        return self.village.short_name if self.village else self.organisation.name


class Attendance(Base):
    """Whether somebody came to a round, and why not."""

    __tablename__ = "round_attendance"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    came: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(100), default="")

    round: Mapped[Round] = relationship(back_populates="attendance")
    staff: Mapped[Staff] = relationship()
