"""Telephone instead of a visit while somebody is away: marked when it begins, and unmarked at the
return. A task that was done by telephone keeps its mark."""

from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select, true, update

from familydoc.actions.audit import record
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.residents import AWAY, Resident
from familydoc.models.tasks import Task
from familydoc.rules.states import BY_PHONE
from familydoc.transaction import transaction


def mark_by_phone(*, by: Account | None, resident: Resident | None = None) -> int:
    """Mark what falls due while somebody is away, and unmark what does not; give how many.

    Of one resident, or by the night of everybody: a task may have been made since they left.
    """
    with transaction() as session:
        changed = _write(resident, _instead(), value=True) + _write(
            resident, ~_instead(), value=False
        )
        if resident is None or changed:
            id = resident.id if resident else None
            record(
                by=by,
                verb="mark_by_phone",
                entity="task",
                resident_id=id,
                changed=changed,
            )
        session.flush()
    return changed


def unmark_returned(today: date) -> None:
    """Those whose absence ends before today owe visits again; joins the open transaction."""
    back = select(Resident.id).where(Resident.state == AWAY, Resident.away_until < today)
    db.session.execute(
        update(Task)
        .where(Task.resident_id.in_(back), Task.by_phone.is_(true()), Task.state != "done")
        .values(by_phone=False)
        .execution_options(synchronize_session=False)
    )


def _write(resident: Resident | None, condition: ColumnElement[bool], *, value: bool) -> int:
    """Of one resident what does not hold is unmarked; of all only those away are looked at."""
    whose = select(Resident.id).where(Resident.state == AWAY)
    mine = Task.resident_id == resident.id if resident else Task.resident_id.in_(whose)
    wrong = Task.by_phone.is_(false() if value else true())
    statement = (
        update(Task)
        .where(mine, wrong, Task.state.in_(("open", "missed")), condition)
        .values(by_phone=value)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    found = int(db.session.connection().execute(statement).rowcount)
    db.session.expire_all()
    return found


def _instead() -> ColumnElement[bool]:
    """The condition of rules/states.is_by_phone, for a task given up since they left too."""
    due_while_away = (
        select(Resident.id)
        .where(
            Resident.id == Task.resident_id,
            Resident.state == AWAY,
            Task.due_on <= Resident.away_until,
            or_(Task.state == "open", Task.closed_on >= Resident.state_since),
        )
        .exists()
    )
    return and_(Task.kind.in_(BY_PHONE), due_while_away)
