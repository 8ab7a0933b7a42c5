"""Who holds what: the few lines that must not be crossed, whatever is added later."""

import pytest

from familydoc.rules.permissions import PERMISSIONS, may

ROLES = frozenset(PERMISSIONS)
#: Permissions and the only roles that may ever hold them.
ONLY = {
    "accounts.edit": {"administrator"},
    "organisations.edit": {"administrator"},
    "parameters.edit": {"administrator", "supervisor"},
    "teams.manage": {"administrator", "manager"},
    "staff.edit": {"administrator", "manager"},
    "teams.edit": {"administrator", "manager", "leader"},
    "visits.record": {"leader", "member"},
    "contracts.sign": {"leader", "member"},
    "handovers.make": {"leader", "manager"},
    "prescriptions.issue": {"leader", "member"},
    "board.see": {"board"},
}


@pytest.mark.parametrize("permission", ONLY)
def test_permission_is_held_by_its_roles_and_no_other(permission):
    assert {role for role in ROLES if may(role, permission)} == ONLY[permission]


def test_administrator_reaches_nothing_of_a_resident():
    personal = (
        *("residents.", "visits.", "tasks.", "contracts.", "reports.", "imports."),
        *("prescriptions.", "handovers."),
    )
    assert not [p for p in PERMISSIONS["administrator"] if p.startswith(personal)]


def test_screen_in_the_waiting_hall_holds_the_board_alone():
    assert PERMISSIONS["board"] == {"board.see", "home"}


def test_unknown_role_and_unknown_permission_are_refused():
    assert not may("root", "home") and not may("administrator", "everything")
