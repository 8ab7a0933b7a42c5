"""A roster on its way in: staged, looked at, confirmed, recorded."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.types import UTCDateTime

IMPORT_STATES = ("reading", "staged", "recording", "recorded", "failed", "dropped")


class RosterImport(Base):
    """One uploaded roster. File and rows are sealed, and gone after the import or a day."""

    __tablename__ = "roster_imports"
    __table_args__ = (CheckConstraint(f"state IN {IMPORT_STATES}", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    filename: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="reading")
    message: Mapped[str] = mapped_column(String(300), default="")
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    account: Mapped[Account | None] = relationship()


class RosterImportRow(Base):
    """One staged row: its place in the sheet, the verdict, and its sealed content."""

    __tablename__ = "roster_import_rows"
    __table_args__ = (Index("ix_roster_import_rows_outcome", "import_id", "outcome", "row_number"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("roster_imports.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(30), default="")
    column: Mapped[str] = mapped_column(String(40), default="")
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
