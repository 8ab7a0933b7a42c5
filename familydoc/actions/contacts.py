"""Recording an attempt to reach somebody (联系记录)."""

from datetime import date

from sqlalchemy import select, update

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.tasks import INSERTS
from familydoc.extensions import db
from familydoc.labels import LABELS
from familydoc.models.accounts import Account
from familydoc.models.contacts import ContactAttempt
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.rules.contacts import check_remind_on
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction


def record_contact(
    *,
    by: Account | None,
    uid: str,
    resident: Resident,
    task: Task | None = None,
    outcome: str,
    remind_on: date | None = None,
    note: str = "",
) -> ContactAttempt:
    """Store one attempt; a known `uid` gives the stored one. `remind_on` sets the task aside.

    Without `task` all open tasks of the resident wait until that day. RuleError
    `outcome_unknown`, `remind_past` or `remind_far`.
    """
    if outcome not in LABELS["contact"]:
        raise RuleError("outcome_unknown", "请选联系的结果。", "outcome")
    with transaction() as session:
        values = {
            "uid": uid,
            "resident_id": resident.id,
            "task_id": task.id if task else None,
            "at": clock.now(),
            "account_id": by.id if by else None,
            "outcome": outcome,
            "remind_on": check_remind_on(remind_on, clock.today()),
            "note": note.strip(),
        }
        insert = INSERTS[session.get_bind().dialect.name](ContactAttempt).values(values)
        statement = insert.on_conflict_do_nothing(index_elements=["uid"])
        is_new = session.execute(statement.returning(ContactAttempt.id)).first() is not None
        stored = session.execute(select(ContactAttempt).filter_by(uid=uid)).scalar_one()
        if stored.resident_id != resident.id:
            raise RuleError("uid_taken", "这条记录的编号已用在别人身上，请刷新页面再记。")
        if is_new:
            _set_aside(resident, task, remind_on)
            _note(by, stored)
    return stored


def _set_aside(resident: Resident, task: Task | None, remind_on: date | None) -> None:
    mine = Task.id == task.id if task else Task.resident_id == resident.id
    db.session.execute(update(Task).where(mine, Task.state == "open").values(remind_on=remind_on))


def _note(by: Account | None, attempt: ContactAttempt) -> None:
    record(
        by=by,
        verb="record_contact",
        entity="contact",
        entity_id=attempt.id,
        resident_id=attempt.resident_id,
        outcome=attempt.outcome,
        remind_on=attempt.remind_on.isoformat() if attempt.remind_on else None,
    )
