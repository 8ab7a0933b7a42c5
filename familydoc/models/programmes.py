"""The county's values over the defaults of the programme files."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from familydoc.extensions import Base
from familydoc.models.types import UTCDateTime


class CountyParameter(Base):
    """One override with its source and date; the newest not after a day counts on that day."""

    __tablename__ = "county_parameters"

    id: Mapped[int] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(String(30), index=True)
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[date]
    set_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    #: When the next dates it moves had been moved, and how many; empty until its first day.
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    moved: Mapped[int] = mapped_column(default=0)
