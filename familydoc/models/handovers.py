"""Hand-overs: who left a team, who took the work on, and how much it was."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.teams import Staff, Team
from familydoc.models.types import UTCDateTime

#: The open tasks that went over: what the successor's printed list is made of.
handover_tasks = Table(
    "handover_tasks",
    Base.metadata,
    Column("handover_id", ForeignKey("handovers.id"), primary_key=True),
    Column("task_id", ForeignKey("tasks.id"), primary_key=True),
)


class Handover(Base):
    """交接. `last_day` is the leaver's last in the team: until then work is credited to them."""

    __tablename__ = "handovers"
    __table_args__ = (CheckConstraint("leaver_id <> successor_id", name="two_people"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    leaver_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    last_day: Mapped[date]
    #: The leaver led the team; the successor does now.
    led: Mapped[bool] = mapped_column(default=False)
    villages: Mapped[int] = mapped_column(default=0)
    enrolments: Mapped[int] = mapped_column(default=0)
    contracts: Mapped[int] = mapped_column(default=0)
    tasks: Mapped[int] = mapped_column(default=0)
    overdue: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    team: Mapped[Team] = relationship()
    leaver: Mapped[Staff] = relationship(foreign_keys=[leaver_id])
    successor: Mapped[Staff] = relationship(foreign_keys=[successor_id])
    maker: Mapped[Account | None] = relationship()
