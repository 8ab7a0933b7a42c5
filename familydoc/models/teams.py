"""Staff, and the teams they work in by date."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.organisations import Division, Organisation

MEMBER_ROLES = ("family_doctor", "nurse", "village_doctor", "public_health", "county_expert")


class Staff(Base):
    """A person who serves; the account is another thing, and may be missing."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(40), default="")
    telephone: Mapped[str] = mapped_column(String(40), default="")
    photo_consent: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    organisation: Mapped[Organisation] = relationship()
    photograph: Mapped["Photograph | None"] = relationship(back_populates="staff", lazy="select")


class Photograph(Base):
    """A face for the board, kept in the database so that a backup holds it."""

    __tablename__ = "photographs"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    staff: Mapped[Staff] = relationship(back_populates="photograph")


class Team(Base):
    """A family-doctor team (家庭医生团队) of a township centre."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    hours: Mapped[str] = mapped_column(String(100), default="")
    telephone: Mapped[str] = mapped_column(String(40), default="")
    services: Mapped[str] = mapped_column(String(300), default="")
    active: Mapped[bool] = mapped_column(default=True)

    organisation: Mapped[Organisation] = relationship()
    leader: Mapped[Staff | None] = relationship(foreign_keys=[leader_id])
    members: Mapped[list["TeamMember"]] = relationship(back_populates="team")
    villages: Mapped[list["TeamVillage"]] = relationship(back_populates="team")


class TeamMember(Base):
    """Somebody's time in a team; `until` is the last day, empty while it lasts."""

    __tablename__ = "team_members"
    __table_args__ = (
        CheckConstraint(f"role IN {MEMBER_ROLES}", name="role"),
        Index(
            "uq_team_members_current",
            "team_id",
            "staff_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    since: Mapped[date]
    until: Mapped[date | None]

    team: Mapped[Team] = relationship(back_populates="members")
    staff: Mapped[Staff] = relationship()


class TeamVillage(Base):
    """A village served by a team, by date, and the member who looks after it first."""

    __tablename__ = "team_villages"
    __table_args__ = (
        Index(
            "uq_team_villages_current",
            "village_code",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    village_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    since: Mapped[date]
    until: Mapped[date | None]

    team: Mapped[Team] = relationship(back_populates="villages")
    village: Mapped[Division] = relationship()
    staff: Mapped[Staff | None] = relationship()
