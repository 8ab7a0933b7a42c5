"""Referrals (双向转诊)."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit

OUTCOMES = ("went", "refused", "not_reached")


class Referral(Base):
    """A referral upward that a visit asked for; open until its outcome is known."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("urgency IN ('routine', 'urgent')", name="urgency"),
        CheckConstraint("state IN ('open', 'closed', 'cancelled')", name="state"),
        Index(
            "uq_referrals_open",
            "resident_id",
            "programme",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    programme: Mapped[str] = mapped_column(String(30))
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    urgency: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="open")
    reason: Mapped[str] = mapped_column(String(500), default="")
    opened_on: Mapped[date]
    check_due_on: Mapped[date]
    outcome: Mapped[str | None] = mapped_column(String(20))
    result: Mapped[str] = mapped_column(String(500), default="")
    closed_on: Mapped[date | None]

    resident: Mapped[Resident] = relationship()
    visit: Mapped[Visit] = relationship()
