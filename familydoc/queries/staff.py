"""Reads of the people who serve."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff, TeamMember
from familydoc.queries import scope

PAGE = 50


@dataclass(frozen=True)
class StaffFilters:
    """What narrows the list of people; those who left are asked for by name."""

    text: str = ""
    organisation: str = ""
    left: bool = False


def list_staff(
    viewer: Account, filters: StaffFilters, after: str = ""
) -> tuple[Sequence[Staff], str]:
    """Give a page of the people a viewer answers for, by institution, and the key to go on after.

    The key is `<organisation code>~<id>` of the last one shown, '' on the last page.
    """
    query = _filtered(viewer, filters).options(contains_eager(Staff.organisation))
    code, _, number = after.rpartition("~")
    if code and number.isascii() and number.isdigit() and len(number) < 10:
        query = query.where(tuple_(Organisation.code, Staff.id) > tuple_(code, int(number)))
    ordered = query.order_by(Organisation.code, Staff.id).limit(PAGE + 1)
    found = db.session.scalars(ordered).all()
    page, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    return page, f"{last.organisation.code}~{last.id}" if last else ""


def count_staff(viewer: Account, filters: StaffFilters) -> int:
    query = select(func.count()).select_from(_filtered(viewer, filters).subquery())
    return db.session.execute(query).scalar_one()


def _filtered(viewer: Account, filters: StaffFilters) -> Select[Staff]:
    query = (
        select(Staff)
        .join(Staff.organisation)
        .where(scope.own_staff(viewer), Staff.active.is_(not filters.left))
    )
    if filters.organisation:
        near = select(Organisation.id).where(Organisation.code == filters.organisation)
        query = query.where(
            or_(Organisation.code == filters.organisation, Organisation.parent_id.in_(near))
        )
    if filters.text:
        query = query.where(Staff.name.contains(filters.text, autoescape=True))
    return query


def get_own_staff(viewer: Account, uid: str) -> Staff | None:
    """Give one person a viewer answers for, None when out of reach."""
    query = select(Staff).where(scope.own_staff(viewer), Staff.uid == uid)
    return db.session.execute(query).scalar_one_or_none()


def find_staff(uid: str) -> Staff | None:
    query = select(Staff).where(Staff.uid == uid)
    return db.session.execute(query).scalar_one_or_none()


def teams_of(staff: Sequence[Staff]) -> dict[int, list[TeamMember]]:
    """Give today's memberships by person, for a page."""
    found: dict[int, list[TeamMember]] = {one.id: [] for one in staff}
    query = select(TeamMember).where(
        TeamMember.staff_id.in_(list(found)), TeamMember.until.is_(None)
    )
    for member in db.session.scalars(query.options(joinedload(TeamMember.team))):
        found[member.staff_id].append(member)
    return found


def accounts_of(staff: Sequence[Staff]) -> dict[int, Account]:
    """Give the active account by person, for a page."""
    query = select(Account).where(Account.staff_id.in_([one.id for one in staff]), Account.active)
    return {one.staff_id: one for one in db.session.scalars(query) if one.staff_id is not None}


def list_without_account() -> Sequence[Staff]:
    """Give the people in service who have no active account yet."""
    holding = select(Account.staff_id).where(Account.staff_id.is_not(None), Account.active)
    query = (
        select(Staff)
        .join(Staff.organisation)
        .where(Staff.active, Staff.id.not_in(holding))
        .options(contains_eager(Staff.organisation))
        .order_by(Organisation.code, Staff.id)
    )
    return db.session.scalars(query).all()
