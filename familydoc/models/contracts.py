"""Contracts (签约协议) and the packages (服务包) they promise."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team
from familydoc.models.types import Sealed, UTCDateTime

CONTRACT_STATES = ("active", "expired", "renewed", "switched", "terminated")
METHODS = ("tablet", "paper", "telephone")

contract_packages = Table(
    "contract_packages",
    Base.metadata,
    Column("contract_id", ForeignKey("contracts.id"), primary_key=True),
    Column("package_id", ForeignKey("service_packages.id"), primary_key=True),
)


class ServicePackage(Base):
    """One version of a package; a contract keeps the version it was signed with."""

    __tablename__ = "service_packages"
    __table_args__ = (CheckConstraint("kind IN ('basic', 'personal')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), index=True)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(10))
    #: The key population it is proposed for; empty for everybody.
    audience: Mapped[str] = mapped_column(String(30), default="")
    #: Yuan a year, and the share the resident pays.
    price: Mapped[int] = mapped_column(default=0)
    resident_pays: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    items: Mapped[list["PackageItem"]] = relationship(order_by="PackageItem.id")


class PackageItem(Base):
    """A service promised so many times a year; None is "as needed"."""

    __tablename__ = "package_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("service_packages.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    times_a_year: Mapped[int | None]


class Contract(Base):
    """A yearly promise of a team to a resident; at most one is active, the index sees to it."""

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint(f"state IN {CONTRACT_STATES}", name="state"),
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint("end_on >= start_on", name="period"),
        Index(
            "uq_contracts_active",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        # Counting a team's contracts reads these two alone, never the rows with their texts.
        Index("ix_contracts_resident", "resident_id", "state", "end_on"),
        Index("ix_contracts_doctor", "doctor_id", "state", "end_on"),
        Index("ix_contracts_team_state_end", "team_id", "state", "end_on"),
        Index("ix_contracts_state_end", "state", "end_on", "resident_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    signing_agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    start_on: Mapped[date]
    end_on: Mapped[date]
    term_months: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="active")
    ended_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(10), default="tablet")
    witness: Mapped[str] = mapped_column(String(50), default="")
    guardian: Mapped[str] = mapped_column(String(50), default="")
    #: The drawing as sealed JSON strokes, and SHA-256 of the text that was signed.
    signature: Mapped[str | None] = mapped_column(Sealed, deferred=True)
    text_hash: Mapped[str] = mapped_column(String(64), default="")
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    token: Mapped[str] = mapped_column(Sealed, deferred=True)
    #: The short number under the code: for people on the telephone; it opens nothing.
    short_number: Mapped[str] = mapped_column(String(12), index=True)
    #: The facts of the agreement as it was signed (rules/agreements.py): its text is made from
    #: them again and compared with `text_hash`, and every print is a print of what was signed.
    agreement: Mapped[str | None] = mapped_column(Sealed, deferred=True)

    resident: Mapped[Resident] = relationship()
    team: Mapped[Team] = relationship()
    doctor: Mapped[Staff | None] = relationship(foreign_keys=[doctor_id])
    signing_agent: Mapped[Staff | None] = relationship(foreign_keys=[signing_agent_id])
    signer: Mapped[Account | None] = relationship()
    packages: Mapped[list[ServicePackage]] = relationship(
        secondary=contract_packages, order_by=ServicePackage.id
    )
