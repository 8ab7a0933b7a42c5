"""Writes the audit trail; called inside the transaction of the act itself."""

from typing import Any

from sqlalchemy import Select, insert, literal, select

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


def record_each(*, by: Account | None, verb: str, residents: Select[Any], **details: Any) -> None:
    """Append one event for every resident of a query of ids: one statement for a whole village."""
    found = residents.subquery()
    resident_id = found.c[0]
    columns = {
        "at": literal(clock.now(), AuditEvent.at.type),
        "account_id": literal(by.id if by else None, AuditEvent.account_id.type),
        "verb": literal(verb),
        "entity": literal("resident"),
        "entity_id": resident_id,
        "resident_id": resident_id,
        "details": literal(details, AuditEvent.details.type),
    }
    rows = select(*columns.values()).select_from(found)
    db.session.execute(insert(AuditEvent).from_select(list(columns), rows))
