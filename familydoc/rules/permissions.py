"""What a role may do. Views ask for a permission, never for a role.

`referrals.receive` is of use in a hospital alone: queries/scope.py gives the others no row.
"""

MEMBER = frozenset(
    {
        "tasks.see",
        "visits.see",
        "visits.record",
        "residents.see",
        "residents.edit",
        "contracts.see",
        "contracts.sign",
        "reports.see",
        "teams.see",
        "handovers.see",
        "referrals.see",
        "referrals.make",
        "referrals.receive",
        "rounds.see",
        "rounds.record",
        "prescriptions.see",
        "prescriptions.issue",
    }
)
LEADER = MEMBER | {
    *("residents.confirm", "contracts.end", "teams.edit", "reports.team"),
    *("rounds.cancel", "visits.export", "handovers.make"),
}
MANAGER = frozenset(
    {
        "tasks.see",
        "visits.see",
        "residents.see",
        "residents.edit",
        "residents.confirm",
        "contracts.see",
        "contracts.end",
        "reports.see",
        "reports.team",
        "reports.centre",
        "teams.see",
        "teams.edit",
        "teams.manage",
        "handovers.see",
        "handovers.make",
        "staff.edit",
        "imports.make",
        "referrals.see",
        "referrals.receive",
        "rounds.see",
        "rounds.record",
        "rounds.cancel",
        "visits.export",
        "prescriptions.see",
    }
)
SUPERVISOR = frozenset(
    {
        "tasks.see",
        "visits.see",
        "residents.see",
        "contracts.see",
        "reports.see",
        "reports.team",
        "reports.centre",
        "reports.county",
        "teams.see",
        "imports.make",
        "parameters.edit",
        "referrals.see",
        "rounds.see",
        "rounds.cancel",
        "rounds.check",
        "visits.export",
        "prescriptions.see",
    }
)
# An administrator keeps the house and sees no resident: least privilege (THREATS, 三权分立).
ADMINISTRATOR = frozenset(
    {
        "teams.see",
        "teams.edit",
        "teams.manage",
        "staff.edit",
        "organisations.edit",
        "accounts.edit",
        "parameters.edit",
        "jobs.see",
    }
)
BOARD = frozenset({"board.see"})

PERMISSIONS: dict[str, frozenset[str]] = {
    "administrator": ADMINISTRATOR | {"home"},
    "supervisor": SUPERVISOR | {"home"},
    "manager": MANAGER | {"home"},
    "leader": LEADER | {"home"},
    "member": MEMBER | {"home"},
    "board": BOARD | {"home"},
}


def may(role: str, permission: str) -> bool:
    """Tell whether `role` holds `permission`; an unknown role holds none."""
    return permission in PERMISSIONS.get(role, frozenset())
