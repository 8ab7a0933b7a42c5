"""Writes the audit trail; called inside the transaction of the act itself."""

from typing import Any

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent


def record(
    *,
    by: Account | None,
    verb: str,
    entity: str,
    entity_id: int | None = None,
    resident_id: int | None = None,
    **details: Any,
) -> None:
    """Append one event; `details` takes codes and counts, never a name, number or reading."""
    db.session.add(
        AuditEvent(
            at=clock.now(),
            account_id=by.id if by else None,
            verb=verb,
            entity=entity,
            entity_id=entity_id,
            resident_id=resident_id,
            details=details,
        )
    )
