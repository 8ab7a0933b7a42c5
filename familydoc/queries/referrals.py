"""Reads of referrals."""

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.referrals import Referral


def find_open_referral(resident_id: int, programme: str) -> Referral | None:
    """Give the referral whose outcome is not known yet; there is at most one a programme."""
    query = select(Referral).where(
        Referral.resident_id == resident_id,
        Referral.programme == programme,
        Referral.state == "open",
    )
    return db.session.execute(query).scalar_one_or_none()
