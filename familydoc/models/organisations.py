"""Places: divisions of the county, and the institutions that serve them."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base

KINDS = ("county", "county_hospital", "township_centre", "village_clinic")


class Division(Base):
    """A county (6 digits), township (9) or village (12) of GB/T 2260; codes may retire."""

    __tablename__ = "divisions"
    __table_args__ = (CheckConstraint("level IN ('county', 'township', 'village')", name="level"),)

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(10), index=True)
    name: Mapped[str] = mapped_column(String(80))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"), index=True)
    active: Mapped[bool] = mapped_column(default=True)

    @property
    def short_name(self) -> str:
        """The name people say: 南沟村, 永安社区."""
        for suffix, short in (("社区居民委员会", "社区"), ("村民委员会", "村")):
            if self.name.endswith(suffix):
                stem = self.name.removesuffix(suffix)
                return stem if stem.endswith(short) else stem + short
        return self.name


class Organisation(Base):
    """An institution in one of three tiers, under the county's health bureau."""

    __tablename__ = "organisations"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    division_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"), index=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    telephone: Mapped[str] = mapped_column(String(40), default="")
    complaint_telephone: Mapped[str] = mapped_column(String(40), default="")
    hours: Mapped[str] = mapped_column(String(100), default="")
    active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped["Organisation | None"] = relationship(remote_side=[id])
    division: Mapped[Division | None] = relationship()
