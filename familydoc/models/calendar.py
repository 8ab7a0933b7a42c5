"""The county's own days, over the official holidays."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.types import UTCDateTime


class CountyDay(Base):
    """A day the county is off (`works` false) or works, whatever the official table says."""

    __tablename__ = "county_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]
    note: Mapped[str] = mapped_column(String(60))
    set_at: Mapped[datetime] = mapped_column(UTCDateTime)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    setter: Mapped[Account | None] = relationship()
