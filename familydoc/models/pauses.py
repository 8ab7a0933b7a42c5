"""Pauses of care: in hospital, refused."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.types import UTCDateTime

IN_FORCE = "ended_at IS NULL"


class CarePause(Base):
    """One enrolment that waits from a day, until a day or until somebody says so.

    `stopped` are the tasks that it cancelled: taking it back opens exactly these again.
    """

    __tablename__ = "care_pauses"
    __table_args__ = (
        CheckConstraint("kind IN ('hospital', 'refused', 'other')", name="kind"),
        Index(
            "uq_care_pauses_in_force",
            "enrolment_id",
            unique=True,
            sqlite_where=text(IN_FORCE),
            postgresql_where=text(IN_FORCE),
        ),
        Index(
            "ix_care_pauses_until",
            "until",
            sqlite_where=text(IN_FORCE),
            postgresql_where=text(IN_FORCE),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"), index=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    on: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    stopped: Mapped[list[int]] = mapped_column(JSON)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: The day care went on, empty when the pause was taken back as a mistake.
    back_on: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    end_reason: Mapped[str] = mapped_column(String(200), default="")

    enrolment: Mapped[Enrolment] = relationship()
    asker: Mapped[Account | None] = relationship(foreign_keys=[asked_by])

    @property
    def told(self) -> str:
        """Why the enrolment waits: the kind, or the words where it is another reason."""
        return self.reason if self.kind == "other" else self.kind
