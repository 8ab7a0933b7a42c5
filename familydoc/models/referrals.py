"""Referrals (双向转诊)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff
from familydoc.models.types import UTCDateTime
from familydoc.models.visits import Visit
from familydoc.rules.referrals import stage_of

OUTCOMES = ("went", "refused", "not_reached")
OPEN = text("state = 'open'")


class Referral(Base):
    """One way there and back between the tiers.

    `state` is the team's side: open until it is known what came of it. The hospital's side
    (received, answered, discharged back) stands in columns of its own; `stage` reads both.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("urgency IN ('routine', 'urgent')", name="urgency"),
        CheckConstraint("state IN ('open', 'closed', 'cancelled')", name="state"),
        CheckConstraint("direction IN ('up', 'down')", name="direction"),
        Index(
            "uq_referrals_open",
            "resident_id",
            "programme",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index("ix_referrals_resident_programme", "resident_id", "programme"),
        Index("ix_referrals_to_opened", "to_organisation_id", "opened_on"),
        Index("ix_referrals_from_opened", "from_organisation_id", "opened_on"),
        Index("ix_referrals_check", "check_due_on", sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    direction: Mapped[str] = mapped_column(String(4), default="up", server_default="up")
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    #: Empty where the reason belongs to no programme.
    programme: Mapped[str] = mapped_column(String(30))
    #: The visit that asked for it; none where the team refers by hand or a hospital sends back.
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    from_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    to_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    #: A hospital that does not work with this system, by its name.
    to_name: Mapped[str] = mapped_column(String(80), default="", server_default="")
    department: Mapped[str] = mapped_column(String(40), default="", server_default="")
    urgency: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="open")
    reason: Mapped[str] = mapped_column(String(500), default="")
    opened_on: Mapped[date]
    check_due_on: Mapped[date]
    outcome: Mapped[str | None] = mapped_column(String(20))
    result: Mapped[str] = mapped_column(String(500), default="")
    closed_on: Mapped[date | None]

    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    diagnosis: Mapped[str] = mapped_column(String(500), default="", server_default="")
    treatment: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    advice: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    discharged_on: Mapped[date | None]
    #: When the team should have seen the person at home after the discharge.
    follow_due_on: Mapped[date | None]

    resident: Mapped[Resident] = relationship()
    visit: Mapped[Visit | None] = relationship()
    staff: Mapped[Staff | None] = relationship()
    sender: Mapped[Organisation | None] = relationship(foreign_keys=[from_organisation_id])
    receiver: Mapped[Organisation | None] = relationship(foreign_keys=[to_organisation_id])
    receiving_account: Mapped[Account | None] = relationship(foreign_keys=[received_by])
    answering_account: Mapped[Account | None] = relationship(foreign_keys=[answered_by])

    @property
    def stage(self) -> str:
        """How far it has come, both sides together."""
        return stage_of(
            self.state,
            received=self.received_at is not None,
            answered=self.answered_at is not None,
            discharged=self.discharged_on is not None,
        )

    @property
    def to_whom(self) -> str:
        """The name of the hospital, '' where none is chosen."""
        return self.receiver.name if self.receiver else self.to_name

    @property
    def hospital(self) -> Organisation | None:
        """The upper tier of the two, whichever way somebody goes; None outside the county."""
        return self.sender if self.direction == "down" else self.receiver

    @property
    def home(self) -> Organisation:
        """The lower tier of the two: the centre whose team looks after the person."""
        near = self.receiver if self.direction == "down" else self.sender
        return near or self.resident.centre

    @property
    def hospital_name(self) -> str:
        return self.hospital.name if self.hospital else self.to_name
