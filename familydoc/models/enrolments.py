"""Who is managed in which programme, and when care is next due."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team

LIVE = "state = 'active'"


class Enrolment(Base):
    """纳入管理. `next_due_on` is the next regular obligation, empty while a recheck holds it."""

    __tablename__ = "enrolments"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'suspended', 'ended')", name="state"),
        Index(
            "uq_enrolments_live",
            "resident_id",
            "programme",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index(
            "ix_enrolments_next_due",
            "next_kind",
            "next_due_on",
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        Index("ix_enrolments_resident", "resident_id"),
        Index("ix_enrolments_team_state", "team_id", "state", "programme"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    programme: Mapped[str] = mapped_column(String(30))
    since: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="active")
    reason: Mapped[str] = mapped_column(String(100), default="")
    ended_on: Mapped[date | None]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    next_due_on: Mapped[date | None]
    next_kind: Mapped[str] = mapped_column(String(16), default="regular")
    #: The newest assessment by visit date: what lists show as the last reading. No foreign key,
    #: because the assessment points back here.
    last_assessment_id: Mapped[int | None]

    resident: Mapped[Resident] = relationship()
    team: Mapped[Team | None] = relationship()
    staff: Mapped[Staff | None] = relationship()
