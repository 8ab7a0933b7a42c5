"""Residents, their households, their tags, and the words they are found by."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import Team
from familydoc.models.types import Sealed, UTCDateTime

STATES = ("present", "away", "lost", "moved", "deceased")
#: States in which a resident is on the roster and in every denominator.
ON_ROSTER = ("present", "away", "lost")


#: Written out, not bound: planners then know that the partial index holds the rows.
AWAY: ColumnElement[str] = literal_column("'away'")


class Household(Base):
    """People who live together; `number` is the 户编号 of the roster."""

    __tablename__ = "households"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(30), unique=True)
    village_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"), index=True)
    address: Mapped[str] = mapped_column(String(200), default="")


class Resident(Base):
    """A person on the roster. Number and telephone are sealed and found by fingerprints."""

    __tablename__ = "residents"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("sex IN ('male', 'female')", name="sex"),
        Index("ix_residents_team_state", "team_id", "state"),
        Index("ix_residents_centre_state", "centre_id", "state"),
        Index("ix_residents_village_birth", "village_code", "birth"),
        Index(
            "ix_residents_away",
            "away_until",
            sqlite_where=text("state = 'away'"),
            postgresql_where=text("state = 'away'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    sex: Mapped[str] = mapped_column(String(6))
    birth: Mapped[date]
    identity_number: Mapped[str | None] = mapped_column(Sealed)
    identity_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16), unique=True)
    identity_last4_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    telephone: Mapped[str | None] = mapped_column(Sealed)
    telephone_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    telephone_last4_hash: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    nation: Mapped[str] = mapped_column(String(20), default="")
    registered: Mapped[bool] = mapped_column(default=True)
    record_number: Mapped[str] = mapped_column(String(20), default="")
    village_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    centre_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    address: Mapped[str] = mapped_column(String(200), default="")
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(10), default="present")
    state_since: Mapped[date | None]
    away_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    village: Mapped[Division] = relationship()
    centre: Mapped[Organisation] = relationship()
    team: Mapped[Team | None] = relationship()
    household: Mapped[Household | None] = relationship()
    tags: Mapped[list["ResidentTag"]] = relationship(back_populates="resident")

    @property
    def on_roster(self) -> bool:
        return self.state in ON_ROSTER


class ResidentTag(Base):
    """A key population a resident belongs to; age groups are derived and never stored."""

    __tablename__ = "resident_tags"
    __table_args__ = (Index("ix_resident_tags_tag", "tag", "resident_id"),)

    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(30), primary_key=True)
    since: Mapped[date]

    resident: Mapped[Resident] = relationship(back_populates="tags")


class ResidentTerm(Base):
    """A beginning a resident is found by: the ends of the name and of its pinyin initials."""

    __tablename__ = "resident_terms"
    # A team's search begins at its residents: their terms must lie side by side.
    __table_args__ = (Index("ix_resident_terms_resident_id_term", "resident_id", "term"),)

    term: Mapped[str] = mapped_column(
        String(50).with_variant(String(50, collation="C"), "postgresql"), primary_key=True
    )
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), primary_key=True)


class ResidentState(Base):
    """One change of state, asked for and confirmed; the history of where somebody was.

    A death carries two facts: who told of it or which paper says so, and another one.
    """

    __tablename__ = "resident_states"

    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    on: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    fact: Mapped[str] = mapped_column(String(20), default="", server_default="")
    fact_detail: Mapped[str | None] = mapped_column(Sealed)
    second_fact: Mapped[str] = mapped_column(String(20), default="", server_default="")
    second_detail: Mapped[str | None] = mapped_column(Sealed)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
