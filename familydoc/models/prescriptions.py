"""Education prescriptions (健康教育处方), as they were given."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from familydoc.extensions import Base
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff
from familydoc.models.types import UTCDateTime
from familydoc.models.visits import Visit


class EducationPrescription(Base):
    """健康教育处方: what a person was told about one disease, and the goals agreed on."""

    __tablename__ = "education_prescriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    disease: Mapped[str] = mapped_column(String(30))
    #: Lines by section, in the order of rules.prescriptions.SECTIONS.
    body: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    goals: Mapped[list[str]] = mapped_column(JSON)
    issued_on: Mapped[date]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    resident: Mapped[Resident] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
    visit: Mapped[Visit | None] = relationship()
    staff: Mapped[Staff | None] = relationship()
    account: Mapped[Account | None] = relationship()
