"""Reads of referrals: the one that is open, the lists of both sides, what a letter holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, not_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from familydoc.extensions import db, keys
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import Task
from familydoc.queries import scope
from familydoc.queries.programmes import get_overrides
from familydoc.rules.parameters import DISCHARGE_DAYS, REFERRALS
from familydoc.rules.values import exact_number

PAGE = 50
#: The audit's verb for a name and number that fitted nobody.
MISS = "miss_resident"
#: The tabs of each side; a tile's number and its list take the same condition.
RECEIVED = ("new", "here", "back", "checked")
SENT = ("waiting", "overdue", "answered", "all")


@dataclass(frozen=True)
class Page:
    """One page of referrals and the key the next one starts after, '' on the last."""

    rows: Sequence[Referral]
    after: str = ""


def find_open_referral(resident_id: int, programme: str) -> Referral | None:
    """Give the referral whose outcome is not known yet; there is at most one a programme."""
    query = select(Referral).where(
        Referral.resident_id == resident_id,
        Referral.programme == programme,
        Referral.state == "open",
    )
    return db.session.execute(query).scalar_one_or_none()


def find_referral(uid: str) -> Referral | None:
    """Give a referral by uid whoever may see it; only for answering a repeated create."""
    return db.session.execute(select(Referral).where(Referral.uid == uid)).scalar_one_or_none()


def find_by_identity(number: str, name: str) -> Resident | None:
    """Give the resident on the roster who has this number and this name, whoever may see them."""
    query = select(Resident).where(
        Resident.identity_hash == keys.vault.fingerprint("identity", number),
        Resident.name == name,
        Resident.state.in_(ON_ROSTER),
    )
    return db.session.scalars(query).one_or_none()


def count_misses(account: Account, since: datetime) -> int:
    """Count how often somebody's name and number fitted nobody."""
    query = select(func.count()).where(
        AuditEvent.verb == MISS, AuditEvent.account_id == account.id, AuditEvent.at >= since
    )
    return db.session.execute(query).scalar_one()


def list_hospitals() -> Sequence[Organisation]:
    """Give the hospitals somebody may be referred to, the county's first one first."""
    query = select(Organisation).where(Organisation.kind == "county_hospital", Organisation.active)
    return db.session.scalars(query.order_by(Organisation.id)).all()


def find_default_hospital() -> Organisation | None:
    """Give where a referral goes when nobody has chosen: the county's first hospital."""
    return next(iter(list_hospitals()), None)


def get_discharge_days(on: date) -> int:
    """Give within how many days the team sees somebody whom a hospital has sent back."""
    stored = exact_number(get_overrides(REFERRALS, on).get(DISCHARGE_DAYS.name))
    usable = stored is not None and DISCHARGE_DAYS.min <= stored <= DISCHARGE_DAYS.max
    return int(stored if stored is not None and usable else DISCHARGE_DAYS.national)


def get_received(viewer: Account, uid: str) -> Referral | None:
    """Give a referral that came to the viewer's hospital, or None."""
    query = select(Referral).where(scope.referrals_received(viewer), Referral.uid == uid)
    return db.session.execute(query.where(Referral.direction == "up")).scalar_one_or_none()


def get_sent(viewer: Account, uid: str) -> Referral | None:
    """Give a referral of a resident in the viewer's scope, or None."""
    query = select(Referral).where(scope.referrals_sent(viewer), Referral.uid == uid)
    return db.session.execute(query).scalar_one_or_none()


def count_received(viewer: Account) -> dict[str, int]:
    """Count each tab of a hospital in one statement."""
    return _count(
        [(which, _received(which)) for which in RECEIVED], scope.referrals_received(viewer)
    )


def count_sent(viewer: Account, on: date) -> dict[str, int]:
    """Count each tab of a team in one statement."""
    return _count([(which, _sent(which, on)) for which in SENT], scope.referrals_sent(viewer))


def list_received(viewer: Account, which: str, after: str = "") -> Page:
    """Give a page of what came to a hospital: urgent first among the new, then the newest."""
    return _page([scope.referrals_received(viewer), _received(which)], after)


def list_sent(viewer: Account, which: str, on: date, after: str = "") -> Page:
    """Give a page of what a team, centre or county has sent."""
    return _page([scope.referrals_sent(viewer), _sent(which, on)], after)


def _received(which: str) -> ColumnElement[bool]:
    up, back = Referral.direction == "up", Referral.discharged_on.is_not(None)
    if which == "back":
        return back
    if which == "here":
        return and_(up, Referral.received_at.is_not(None), not_(back))
    waits = Referral.state == "open"
    return and_(
        up, Referral.received_at.is_(None), not_(back), waits if which == "new" else not_(waits)
    )


def _sent(which: str, on: date) -> ColumnElement[bool]:
    waiting = Referral.state == "open"
    if which == "waiting":
        return waiting
    if which == "overdue":
        return and_(waiting, Referral.check_due_on < on)
    if which == "answered":
        return Referral.answered_at.is_not(None)
    return Referral.state != "cancelled"


def _count(
    tabs: list[tuple[str, ColumnElement[bool]]], seen: ColumnElement[bool]
) -> dict[str, int]:
    counted = [func.count().filter(condition) for _, condition in tabs]
    row = db.session.execute(select(*counted).select_from(Referral).where(seen)).one()
    return {which: number for (which, _), number in zip(tabs, row, strict=True)}


def _page(conditions: list[ColumnElement[bool]], after: str) -> Page:
    """Read one page, urgent ones first, then the newest."""
    order = (Referral.urgency, Referral.opened_on, Referral.id)
    query = (
        select(Referral)
        .join(Referral.resident)
        .where(*conditions)
        .options(
            contains_eager(Referral.resident).options(
                joinedload(Resident.village), joinedload(Resident.centre)
            ),
            joinedload(Referral.sender),
            joinedload(Referral.receiver),
        )
        .order_by(*(column.desc() for column in order))
        .limit(PAGE + 1)
    )
    if key := _read_key(after):
        query = query.where(tuple_(*order) < tuple_(*key))
    rows = db.session.scalars(query).all()
    return Page(rows[:PAGE], _key(rows[PAGE - 1]) if len(rows) > PAGE else "")


def _key(row: Referral) -> str:
    return f"{row.urgency}|{row.opened_on.isoformat()}|{row.id}"


def _read_key(after: str) -> tuple[str, date, int] | None:
    urgency, _, rest = after.partition("|")
    day, _, number = rest.partition("|")
    if urgency not in ("urgent", "routine") or not (number.isascii() and number.isdigit()):
        return None
    try:
        return (urgency, date.fromisoformat(day), int(number)) if len(number) < 18 else None
    except ValueError:
        return None


def find_active_enrolment(referral: Referral) -> Enrolment | None:
    """Give the enrolment that a task for the team hangs on: the programme's, else the oldest."""
    query = select(Enrolment).where(
        Enrolment.resident_id == referral.resident_id, Enrolment.state != "ended"
    )
    same = Enrolment.programme == referral.programme
    query = query.order_by(same.desc(), Enrolment.id)
    return db.session.scalars(query.limit(1)).first()


def list_urgent(residents: Sequence[int]) -> dict[int, str]:
    """Give the uid of the open urgent referral of people of a list, in one statement."""
    if not residents:
        return {}
    query = (
        select(Referral.resident_id, Referral.uid)
        .where(
            Referral.resident_id.in_(residents),
            Referral.state == "open",
            Referral.urgency == "urgent",
        )
        .order_by(Referral.id)
    )
    return {row.resident_id: row.uid for row in db.session.execute(query)}


def list_referrals_of(resident_id: int, most: int) -> Sequence[Referral]:
    """Give a resident's newest referrals with the hospitals they went to."""
    query = (
        select(Referral)
        .where(Referral.resident_id == resident_id)
        .options(joinedload(Referral.receiver))
        .order_by(Referral.opened_on.desc(), Referral.id.desc())
    )
    return db.session.scalars(query.limit(most)).all()


def find_check(referral: Referral) -> Task | None:
    """Give the open task to ask what came of an open referral."""
    if referral.state != "open":
        return None
    query = select(Task).where(
        Task.resident_id == referral.resident_id,
        Task.programme == referral.programme,
        Task.kind == "referral_fu",
        Task.state == "open",
    )
    return db.session.scalars(query.order_by(Task.due_on).limit(1)).first()
