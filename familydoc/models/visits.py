"""Visits and what followed from them; never overwritten, only revised."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team
from familydoc.models.types import UTCDateTime


class Visit(Base):
    """One encounter (随访); `answers` holds every field once, whatever programme asked for it."""

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_resident_date", "resident_id", "visit_date"),
        Index("ix_visits_team_date", "team_id", "visit_date"),
        Index("ix_visits_staff_date", "staff_id", "visit_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    visit_date: Mapped[date]
    way: Mapped[int]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(2000), default="")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    late_entry: Mapped[bool] = mapped_column(default=False)
    late_reason: Mapped[str] = mapped_column(String(200), default="")
    #: The revision that this one replaces, and the moment this one was replaced itself.
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), unique=True)
    correction_reason: Mapped[str] = mapped_column(String(200), default="")
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    resident: Mapped[Resident] = relationship()
    staff: Mapped[Staff | None] = relationship()
    team: Mapped[Team | None] = relationship()
    account: Mapped[Account | None] = relationship()
    assessments: Mapped[list["Assessment"]] = relationship(back_populates="visit")


class Assessment(Base):
    """What one programme's ladder said of one visit; stored, because the ladder runs once."""

    __tablename__ = "assessments"
    __table_args__ = (Index("ix_assessments_enrolment", "enrolment_id", "visit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    programme: Mapped[str] = mapped_column(String(30))
    class_code: Mapped[int | None]
    referral: Mapped[str] = mapped_column(String(10), default="none")
    next: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    because: Mapped[list[str]] = mapped_column(JSON)
    #: Why the management ends when nothing of it is owed any more; empty while it goes on.
    closes: Mapped[str] = mapped_column(String(100), default="", server_default="")

    visit: Mapped[Visit] = relationship(back_populates="assessments")
    enrolment: Mapped[Enrolment] = relationship()
