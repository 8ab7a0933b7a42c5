"""Who is managed in which programme, and when care is next due."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team

LIVE = "state = 'active'"


class Enrolment(Base):
    """纳入管理. `next_due_on` is the next regular obligation, empty while a recheck holds it;
    `exam_due_on` the next yearly one."""

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
        *(
            Index(name, column, sqlite_where=text(LIVE), postgresql_where=text(LIVE))
            for name, column in (
                ("ix_enrolments_next_due", "next_due_on"),
                ("ix_enrolments_exam_due", "exam_due_on"),
            )
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
    exam_due_on: Mapped[date | None]
    #: What was asked when the person was taken in, such as the last period or a notice's moment.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    #: The newest assessment by visit date: what lists show as the last reading. No foreign key,
    #: because the assessment points back here.
    last_assessment_id: Mapped[int | None]

    resident: Mapped[Resident] = relationship()
    team: Mapped[Team | None] = relationship()
    staff: Mapped[Staff | None] = relationship()

    def anchor(self, name: str) -> date | None:
        """Give the date a schedule counts from: the birth, or one asked at the intake."""
        held = self.facts.get(name)
        if name == "birth":
            return self.resident.birth
        return date.fromisoformat(held) if isinstance(held, str) else None

    def due_on(self, kind: str) -> date | None:
        """Give the next due date of a recurring kind."""
        return self.exam_due_on if kind == "exam" else self.next_due_on

    def owe(self, kind: str, due_on: date | None) -> None:
        """Set the next due date of a recurring kind."""
        if kind == "exam":
            self.exam_due_on = due_on
        else:
            self.next_due_on = due_on
