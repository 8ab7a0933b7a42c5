"""Residents handed over between teams and centres (迁移交接)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Resident
from familydoc.models.teams import Team
from familydoc.models.types import UTCDateTime

TRANSFER_STATES = ("open", "accepted", "refused", "withdrawn", "undone")


class Transfer(Base):
    """One person offered by a team to the team of another village; theirs until confirmed."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint(f"state IN {TRANSFER_STATES}", name="state"),
        Index(
            "uq_transfers_open",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_transfers_from", "from_centre_id", "state"),
        Index("ix_transfers_to", "to_centre_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    on: Mapped[date]
    from_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    from_centre_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    from_village_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    from_household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"))
    from_address: Mapped[str] = mapped_column(String(200), default="")
    to_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    to_centre_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    to_village_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    to_address: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    #: The contract that ended with the old team.
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contracts.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answer: Mapped[str] = mapped_column(String(200), default="")

    resident: Mapped[Resident] = relationship()
    from_team: Mapped[Team | None] = relationship(foreign_keys=[from_team_id])
    from_centre: Mapped[Organisation] = relationship(foreign_keys=[from_centre_id])
    from_village: Mapped[Division] = relationship(foreign_keys=[from_village_code])
    to_team: Mapped[Team | None] = relationship(foreign_keys=[to_team_id])
    to_centre: Mapped[Organisation] = relationship(foreign_keys=[to_centre_id])
    to_village: Mapped[Division] = relationship(foreign_keys=[to_village_code])
    asker: Mapped[Account | None] = relationship(foreign_keys=[asked_by])

    @property
    def sender(self) -> str:
        """The name of the place somebody comes from: the team within one centre."""
        within = self.from_centre_id == self.to_centre_id and self.from_team is not None
        return self.from_team.name if within and self.from_team else self.from_centre.name

    @property
    def receiver(self) -> str:
        """The name of the place somebody goes to: the team within one centre."""
        within = self.from_centre_id == self.to_centre_id and self.to_team is not None
        return self.to_team.name if within and self.to_team else self.to_centre.name
