"""Logging in and out, passwords, and the accounts themselves."""

import secrets
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.extensions import db, keys
from familydoc.models.accounts import Account, LoginFailure, LoginSession
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff
from familydoc.queries.accounts import (
    count_administrators,
    count_failures,
    find_account,
    find_active_account_of,
)
from familydoc.rules.accounts import (
    SERVING,
    check_not_last,
    check_not_self,
    check_seat,
    read_username,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.passwords import check_password
from familydoc.transaction import transaction

FAILURE_WINDOW = timedelta(minutes=15)
#: Failures in the window before the next try is refused unread: per name, per address.
NAME_LIMIT, ADDRESS_LIMIT = 5, 50
TOUCH_EVERY = timedelta(minutes=5)
#: Letters and digits nobody confuses when a password is read out.
READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

hasher = PasswordHasher()


@cache
def _decoy() -> str:
    """A hash to verify when the name is unknown, so that both answers take the same time."""
    return hasher.hash(secrets.token_urlsafe(16))


def log_in(*, by: None, username: str, password: str, address: str) -> tuple[Account, str]:
    """Give the account and a fresh session token; RuleError `login_failed` or `login_slowed`."""
    marks = _marks(username, address)
    _refuse_when_slowed(marks)
    # PostgreSQL compares no NUL; such a name is as unknown as any other.
    account = find_account(username.replace("\0", "?"))
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


def touch_session(*, by: Account, login: LoginSession) -> None:  # noqa: ARG001
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


def add_account(
    *,
    by: Account | None,
    username: str,
    password: str,
    role: str,
    at: Organisation,
    staff: Staff | None = None,
) -> Account:
    """Add an account whose password must be changed at the first login."""
    account = Account(
        username=username,
        password_hash=hasher.hash(password),
        role=role,
        organisation_id=at.id,
        staff_id=staff.id if staff else None,
        password_changed_at=clock.now(),
    )
    db.session.add(account)
    db.session.flush()
    record(by=by, verb="add_account", entity="account", entity_id=account.id, role=role)
    return account


def create_account(
    *,
    by: Account,
    username: str,
    role: str,
    organisation: Organisation | None,
    staff: Staff | None,
    policy: str,
) -> tuple[Account, str]:
    """Open an account; gives it with its first password, which is nowhere kept in clear."""
    name = read_username(username)
    password = first_password(policy, name)
    with transaction() as session:
        at = _seat(role, organisation, staff)
        _refuse_second_account(staff, None)
        if find_account(name) is not None:
            raise _taken(name)
        try:
            with session.begin_nested():
                account = add_account(
                    by=by, username=name, password=password, role=role, at=at, staff=staff
                )
        except IntegrityError:
            raise _taken(name) from None
    return account, password


def reset_password(*, by: Account, account: Account, policy: str) -> str:
    """Give an account a fresh first password; every login of it ends."""
    check_not_self(by.id == account.id, "在这里重设")
    password = first_password(policy, account.username)
    hashed = hasher.hash(password)
    with transaction():
        account.password_hash = hashed
        account.password_changed_at = clock.now()
        account.must_change_password = True
        account.version += 1
        record(by=by, verb="reset_password", entity="account", entity_id=account.id)
    return password


def change_role(
    *,
    by: Account,
    account: Account,
    role: str,
    organisation: Organisation | None,
    staff: Staff | None,
) -> None:
    """Give an account another role, institution or person; it counts from the next request on."""
    with transaction():
        check_not_self(by.id == account.id, "修改")
        at = _seat(role, organisation, staff)
        _refuse_second_account(staff, account)
        if account.role == "administrator" and role != "administrator" and account.active:
            check_not_last(count_administrators(besides=account))
        before = account.role
        account.role, account.organisation_id = role, at.id
        account.staff_id = staff.id if staff else None
        account.version += 1
        record(
            by=by,
            verb="change_role",
            entity="account",
            entity_id=account.id,
            before=before,
            role=role,
        )


def disable_account(*, by: Account, account: Account) -> None:
    """Shut an account: its next request is out. Not the last administrator's."""
    with transaction():
        if not account.active:
            return
        if account.role == "administrator":
            check_not_last(count_administrators(besides=account))
        account.active = False
        account.version += 1
        record(by=by, verb="disable_account", entity="account", entity_id=account.id)


def enable_account(*, by: Account, account: Account) -> None:
    """Open an account again; old logins stay dead."""
    with transaction():
        if account.active:
            return
        if account.staff is not None and not account.staff.active:
            raise RuleError("person_left", "这位人员已经离岗，请先恢复在岗再启用账号。", "staff")
        _refuse_second_account(account.staff, account)
        account.active = True
        account.version += 1
        record(by=by, verb="enable_account", entity="account", entity_id=account.id)


def first_password(policy: str, username: str) -> str:
    """Give a random password that is easy to read out and that the policy accepts."""
    while True:
        groups = ("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))
        password = "-".join(groups)
        try:
            check_password(policy, password, username)
        except RuleError:
            continue
        return password


def _seat(role: str, organisation: Organisation | None, staff: Staff | None) -> Organisation:
    """Give where the account belongs: who serves belongs where the person does."""
    at = staff.organisation if staff and role in SERVING else organisation
    check_seat(role, at.kind if at else None, staff is not None)
    assert at is not None
    return at


def _refuse_second_account(staff: Staff | None, account: Account | None) -> None:
    """One person, one active account: nobody is two."""
    if staff is None:
        return
    db.session.refresh(staff, with_for_update=True)
    other = find_active_account_of(staff.id)
    if other is not None and other is not account:
        sentence = f"{staff.name}已经有账号 {other.username} 在用，一人只用一个账号。"
        raise RuleError("second_account", sentence, "staff")


def _taken(username: str) -> RuleError:
    return RuleError("username_taken", f"用户名 {username} 已经有人用，请换一个。", "username")


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
