"""Reads of accounts, logins and failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db, keys
from familydoc.models.accounts import Account, LoginFailure, LoginSession
from familydoc.models.audit import AuditEvent
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff

PAGE = 50


@dataclass(frozen=True)
class AccountFilters:
    """What narrows the list of accounts; empty narrows nothing."""

    text: str = ""
    role: str = ""
    state: str = ""


def find_account(username: str) -> Account | None:
    query = select(Account).where(Account.username == username)
    return db.session.execute(query).scalar_one_or_none()


def find_session(token: str) -> LoginSession | None:
    """Give the login of a cookie's token while its account is active and unchanged."""
    query = (
        select(LoginSession)
        .join(LoginSession.account)
        .where(
            LoginSession.token_hash == keys.vault.fingerprint("session", token),
            Account.active,
            Account.version == LoginSession.account_version,
        )
        .options(
            joinedload(LoginSession.account).joinedload(Account.organisation),
            joinedload(LoginSession.account).joinedload(Account.staff),
        )
    )
    return db.session.execute(query).scalar_one_or_none()


def count_failures(key_hash: bytes, since: datetime) -> int:
    query = select(func.count()).where(LoginFailure.key_hash == key_hash, LoginFailure.at >= since)
    return db.session.execute(query).scalar_one()


def find_active_account_of(staff_id: int) -> Account | None:
    query = select(Account).where(Account.staff_id == staff_id, Account.active)
    return db.session.scalars(query.order_by(Account.id)).first()


def list_accounts_of(staff_id: int) -> Sequence[Account]:
    query = select(Account).where(Account.staff_id == staff_id)
    return db.session.scalars(query.order_by(Account.id)).all()


def count_administrators(besides: Account) -> int:
    """Count the other active administrators, and hold them: two may not shut each other out."""
    query = select(Account.id).where(Account.role == "administrator", Account.active)
    held = db.session.scalars(query.order_by(Account.id).with_for_update()).all()
    return len(set(held) - {besides.id})


def list_accounts(filters: AccountFilters, after: str = "") -> tuple[Sequence[Account], str]:
    """Give a page of accounts by user name, and the name to go on after ('' on the last)."""
    query = _filtered(filters).where(Account.username > after).order_by(Account.username)
    options = (joinedload(Account.organisation), joinedload(Account.staff))
    found = db.session.scalars(query.options(*options).limit(PAGE + 1)).all()
    return found[:PAGE], found[PAGE - 1].username if len(found) > PAGE else ""


def count_accounts(filters: AccountFilters) -> int:
    query = select(func.count()).select_from(_filtered(filters).subquery())
    return db.session.execute(query).scalar_one()


def _filtered(filters: AccountFilters) -> Select[Account]:
    query = select(Account)
    if filters.role:
        query = query.where(Account.role == filters.role)
    if filters.state:
        query = query.where(Account.active.is_(filters.state == "active"))
    if filters.text:
        query = query.where(
            or_(
                Account.username.contains(filters.text.lower(), autoescape=True),
                Account.staff_id.in_(
                    select(Staff.id).where(Staff.name.contains(filters.text, autoescape=True))
                ),
                Account.organisation_id.in_(
                    select(Organisation.id).where(
                        Organisation.name.contains(filters.text, autoescape=True)
                    )
                ),
            )
        )
    return query


def last_logins(accounts: Sequence[Account]) -> dict[int, datetime]:
    """Give the moment of the last login by account, from the audit trail: logins end, it stays."""
    query = (
        select(AuditEvent.entity_id, func.max(AuditEvent.at))
        .where(
            AuditEvent.entity == "account",
            AuditEvent.entity_id.in_([account.id for account in accounts]),
            AuditEvent.verb == "log_in",
        )
        .group_by(AuditEvent.entity_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query) if row[0] is not None}
