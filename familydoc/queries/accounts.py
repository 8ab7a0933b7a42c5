"""Reads of accounts, logins and failures."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db, keys
from familydoc.models.accounts import Account, LoginFailure, LoginSession


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
