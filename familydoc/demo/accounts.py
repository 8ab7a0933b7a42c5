"""Who can sign in: everybody of the teams, a manager of each centre and of the hospital, boards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from familydoc.actions import accounts as account_actions
from familydoc.demo.teams import DemoTeam, Member
from familydoc.extensions import db
from familydoc.models.accounts import Account, LoginSession

#: One password for all of the demo, printed by `setup`; a demo holds nothing worth guarding.
PASSWORD = "Qingshuihe-Demo-2026"
Row = dict[str, Any]


def account_rows(
    county_id: int,
    centres: Sequence[int],
    hospital_id: int,
    teams: Sequence[DemoTeam],
    staff: Sequence[Member],
    now: datetime,
) -> list[Row]:
    """Give the accounts: administrator, county, centres, boards, hospital, then the staff."""
    leaders = {team.leader.id for team in teams}
    wanted: list[tuple[str, str, int, int | None]] = [("county", "supervisor", county_id, None)]
    if not _take_over_admin(county_id):
        wanted.insert(0, ("demo-admin", "administrator", county_id, None))
    for place, centre_id in enumerate(centres, start=1):
        number = str(place) if place > 1 else ""
        wanted.append((f"center{number}", "manager", centre_id, None))
        wanted.append((f"board{number}", "board", centre_id, None))
    wanted.append(("hospital", "manager", hospital_id, None))
    for member in staff:
        role = "leader" if member.id in leaders else "member"
        wanted.append((member.username, role, member.organisation_id, member.id))
    first = (db.session.scalar(select(func.max(Account.id))) or 0) + 1
    hashed = account_actions.hasher.hash(PASSWORD)
    return [_row(first + place, one, hashed, now) for place, one in enumerate(wanted)]


def printed(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Give what `setup` prints: the administrator of this database first."""
    admin = [] if rows[0]["role"] == "administrator" else [("administrator", "admin")]
    known = [*admin, *((row["role"], row["username"]) for row in rows)]
    return [{"role": role, "username": name, "password": PASSWORD} for role, name in known]


def _take_over_admin(county_id: int) -> bool:
    """Give the administrator that setup just made the demo's password; one in use is left alone."""
    admin = db.session.scalar(select(Account).where(Account.username == "admin"))
    if admin is None or not admin.must_change_password or admin.organisation_id != county_id:
        return False
    if db.session.scalar(select(LoginSession.id).where(LoginSession.account_id == admin.id)):
        return False
    admin.password_hash = account_actions.hasher.hash(PASSWORD)
    admin.must_change_password = False
    return True


def _row(id: int, wanted: tuple[str, str, int, int | None], hashed: str, now: datetime) -> Row:
    username, role, organisation_id, staff_id = wanted
    return {
        "id": id,
        "username": username,
        "password_hash": hashed,
        "role": role,
        "organisation_id": organisation_id,
        "staff_id": staff_id,
        "version": 1,
        "active": True,
        "must_change_password": False,
        "password_changed_at": now,
    }
