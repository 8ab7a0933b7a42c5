"""Logging in and out, passwords, and the accounts themselves."""

import secrets
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, update

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.extensions import db, keys
from familydoc.models.accounts import Account, LoginFailure, LoginSession
from familydoc.queries.accounts import count_failures, find_account
from familydoc.rules.errors import RuleError
from familydoc.rules.passwords import check_password
from familydoc.transaction import transaction

FAILURE_WINDOW = timedelta(minutes=15)
#: Failures in the window before the next try is refused unread: per name, per address.
NAME_LIMIT, ADDRESS_LIMIT = 5, 50
TOUCH_EVERY = timedelta(minutes=5)

hasher = PasswordHasher()


@cache
def _decoy() -> str:
    """A hash to verify when the name is unknown, so that both answers take the same time."""
    return hasher.hash(secrets.token_urlsafe(16))


def log_in(*, by: None, username: str, password: str, address: str) -> tuple[Account, str]:
    """Give the account and a fresh session token; RuleError `login_failed` or `login_slowed`."""
    marks = _marks(username, address)
    _refuse_when_slowed(marks)
    account = find_account(username)
    if not _matches(account, password) or account is None or not account.active:
        _note_failure(by=by, marks=marks)
        raise RuleError("login_failed", "用户名或密码不对，请再试一次。", field="password")
    return account, _open_session(by=account)


def log_out(*, by: Account, token: str) -> None:
    """End this login on the server: a copied cookie dies with it."""
    with transaction() as session:
        mark = keys.vault.fingerprint("session", token)
        session.execute(delete(LoginSession).where(LoginSession.token_hash == mark))
        record(by=by, verb="log_out", entity="account", entity_id=by.id)


def touch_session(*, by: Account, login: LoginSession) -> None:
    """Note that somebody is still there, at most every few minutes; not an act to audit."""
    if clock.now() - login.last_seen_at < TOUCH_EVERY:
        return
    with transaction() as session:
        session.execute(
            update(LoginSession).where(LoginSession.id == login.id).values(last_seen_at=clock.now())
        )


def change_password(*, by: Account, old: str, new: str, policy: str) -> str:
    """Set one's own password; every other login ends. Gives the token of a fresh login."""
    if not _matches(by, old):
        raise RuleError("password_wrong", "现在的密码不对。", field="old")
    if old == new:
        raise RuleError("password_same", "新密码不能和现在的一样。", field="password")
    check_password(policy, new, by.username)
    hashed = hasher.hash(new)
    with transaction():
        by.password_hash = hashed
        by.must_change_password = False
        by.password_changed_at = clock.now()
        by.version += 1
        record(by=by, verb="change_password", entity="account", entity_id=by.id)
    return _open_session(by=by)


def _open_session(*, by: Account) -> str:
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        session.add(
            LoginSession(
                token_hash=keys.vault.fingerprint("session", token),
                account_id=by.id,
                account_version=by.version,
                created_at=clock.now(),
                last_seen_at=clock.now(),
            )
        )
        record(by=by, verb="log_in", entity="account", entity_id=by.id)
    return token


def _marks(username: str, address: str) -> list[tuple[bytes, int]]:
    vault = keys.vault
    return [
        (vault.fingerprint("login name", f"{username}\0{address}"), NAME_LIMIT),
        (vault.fingerprint("login address", address), ADDRESS_LIMIT),
    ]


def _refuse_when_slowed(marks: list[tuple[bytes, int]]) -> None:
    since = clock.now() - FAILURE_WINDOW
    if any(count_failures(mark, since) >= limit for mark, limit in marks):
        raise RuleError("login_slowed", "试错太多次了，请 15 分钟后再试。", field="password")


def _note_failure(*, by: None, marks: list[tuple[bytes, int]]) -> None:
    now = clock.now()
    with transaction() as session:
        session.execute(delete(LoginFailure).where(LoginFailure.at < now - FAILURE_WINDOW))
        session.add_all(LoginFailure(key_hash=mark, at=now) for mark, _ in marks)
        record(by=by, verb="login_failed", entity="account")


def _matches(account: Account | None, password: str) -> bool:
    hashed = account.password_hash if account else _decoy()
    db.session.rollback()  # no transaction stays open while the hash is computed
    try:
        return hasher.verify(hashed, password) and account is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
