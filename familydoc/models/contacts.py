"""Attempts to reach somebody (联系记录)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.residents import Resident
from familydoc.models.types import UTCDateTime


class ContactAttempt(Base):
    """联系记录: a call or a knock, what came of it, and when to try again."""

    __tablename__ = "contact_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: As visits.way: 3 a call, 2 a knock.
    way: Mapped[int] = mapped_column(default=3, server_default="3")
    outcome: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(String(30), default="", server_default="")
    remind_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")

    resident: Mapped[Resident] = relationship()
