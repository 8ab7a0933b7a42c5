"""Reads of hand-overs. Who is offered somebody sees four things of them and nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.transfers import Transfer
from familydoc.queries import scope
from familydoc.rules.permissions import may
from familydoc.rules.privacy import words_for

#: Rows of each part of the page.
MOST = 100


@dataclass(frozen=True)
class Offer:
    """What the receiver may know of somebody before taking them over."""

    name: str
    birth: date
    sex: str
    village: str
    programmes: tuple[str, ...]


def outgoing(viewer: Account) -> ColumnElement[bool]:
    """The condition for hand-overs that the viewer's side asked for."""
    if viewer.role == "supervisor":
        return true()
    if viewer.role == "manager":
        return Transfer.from_centre_id == viewer.organisation_id
    if viewer.role in ("leader", "member"):
        return Transfer.from_team_id.in_(scope.team_ids(viewer))
    return false()


def incoming(viewer: Account) -> ColumnElement[bool]:
    """The condition for hand-overs that the viewer's side is asked to confirm."""
    if viewer.role == "manager":
        return Transfer.to_centre_id == viewer.organisation_id
    if viewer.role in ("leader", "member"):
        return Transfer.to_team_id.in_(scope.team_ids(viewer))
    return false()


def get_transfer(viewer: Account, uid: str) -> Transfer | None:
    """Give a hand-over that one of the viewer's sides takes part in."""
    seen = or_(outgoing(viewer), incoming(viewer))
    return db.session.scalars(_whole().where(Transfer.uid == uid, seen)).one_or_none()


def is_incoming(viewer: Account, transfer: Transfer) -> bool:
    """Tell whether the viewer's side is the one that is asked."""
    query = select(Transfer.id).where(Transfer.id == transfer.id, incoming(viewer))
    return db.session.scalar(query) is not None


def is_outgoing(viewer: Account, transfer: Transfer) -> bool:
    """Tell whether the viewer's side is the one that asked."""
    query = select(Transfer.id).where(Transfer.id == transfer.id, outgoing(viewer))
    return db.session.scalar(query) is not None


def list_incoming(viewer: Account) -> Sequence[Transfer]:
    """Give what waits for the viewer's side, the oldest first."""
    query = _whole().where(incoming(viewer), Transfer.state == "open")
    return db.session.scalars(query.order_by(Transfer.id).limit(MOST)).all()


def list_outgoing(viewer: Account) -> Sequence[Transfer]:
    """Give what the viewer's side waits for, the oldest first."""
    query = _whole().where(outgoing(viewer), Transfer.state == "open")
    return db.session.scalars(query.order_by(Transfer.id).limit(MOST)).all()


def list_settled(viewer: Account) -> Sequence[Transfer]:
    """Give what was settled last on either side, the newest first."""
    query = _whole().where(or_(incoming(viewer), outgoing(viewer)), Transfer.state != "open")
    return db.session.scalars(query.order_by(Transfer.answered_at.desc()).limit(MOST // 4)).all()


def count_incoming(viewer: Account) -> int:
    """Count what waits for the viewer to confirm; 0 for who may not."""
    if not may(viewer.role, "residents.confirm"):
        return 0
    query = select(func.count(Transfer.id)).where(incoming(viewer), Transfer.state == "open")
    return db.session.execute(query).scalar_one()


def find_open_transfer(resident_id: int) -> Transfer | None:
    """Give the hand-over of a resident that waits; there is at most one."""
    query = _whole().where(Transfer.resident_id == resident_id, Transfer.state == "open")
    return db.session.scalars(query).one_or_none()


def find_last_accepted(resident_id: int) -> Transfer | None:
    """Give the newest hand-over that was confirmed and not taken back."""
    query = _whole().where(Transfer.resident_id == resident_id, Transfer.state == "accepted")
    return db.session.scalars(query.order_by(Transfer.id.desc()).limit(1)).first()


def list_of(resident_id: int) -> Sequence[Transfer]:
    """Give every hand-over of a resident, the first first."""
    query = _whole().where(Transfer.resident_id == resident_id)
    return db.session.scalars(query.order_by(Transfer.id)).all()


def get_offer(transfer: Transfer) -> Offer:
    """Give what the receiver is shown: name, age, village, programmes."""
    resident = transfer.resident
    query = select(Enrolment.programme).where(
        Enrolment.resident_id == resident.id, Enrolment.state != "ended"
    )
    codes = db.session.scalars(query.order_by(Enrolment.id))
    return Offer(
        name=resident.name,
        birth=resident.birth,
        sex=resident.sex,
        village=transfer.from_village.short_name,
        programmes=words_for("programme", codes, own=False),
    )


def _whole() -> Select[Transfer]:
    return select(Transfer).options(
        joinedload(Transfer.resident),
        *(
            joinedload(part)
            for part in (
                *(Transfer.from_team, Transfer.from_centre, Transfer.from_village),
                *(Transfer.to_team, Transfer.to_centre, Transfer.to_village),
            )
        ),
    )
