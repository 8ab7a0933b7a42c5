"""Tables. Importing this package names all of them, which migrations need."""

from familydoc.models import (
    accounts,
    audit,
    calendar,
    contacts,
    contracts,
    enrolments,
    handovers,
    imports,
    jobs,
    organisations,
    programmes,
    referrals,
    residents,
    tasks,
    teams,
    visits,
)

__all__ = [
    "accounts",
    "audit",
    "calendar",
    "contacts",
    "contracts",
    "enrolments",
    "handovers",
    "imports",
    "jobs",
    "organisations",
    "programmes",
    "referrals",
    "residents",
    "tasks",
    "teams",
    "visits",
]
