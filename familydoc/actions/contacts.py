"""Recording an attempt to reach somebody (联系记录), and the new number it brought."""

from datetime import date
from typing import Any

from sqlalchemy import select, update

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.tasks import INSERTS, close_tasks, open_if_due
from familydoc.extensions import db, keys
from familydoc.labels import LABELS
from familydoc.models.accounts import Account
from familydoc.models.contacts import ContactAttempt
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries.programmes import effective
from familydoc.rules.contacts import CALL, check_reason, check_remind_on, check_way
from familydoc.rules.dates import add_months
from familydoc.rules.enrolments import interval_months
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction


def record_contact(
    *,
    by: Account | None,
    uid: str,
    resident: Resident,
    task: Task | None = None,
    outcome: str,
    way: int = CALL,
    reason: str = "",
    remind_on: date | None = None,
    telephone: str | None = None,
    done: bool = False,
    note: str = "",
) -> ContactAttempt:
    """Store one attempt; a known `uid` gives the stored one. `remind_on` sets the task aside.

    Without `task` all open tasks of the resident wait until that day. `telephone` is the number
    that takes the place of a wrong one. `done` says that the call was the follow-up: it closes
    the regular task of somebody who is away. RuleError `outcome_unknown`, or as
    rules/contacts.py.
    """
    if outcome not in LABELS["contact"]:
        raise RuleError("outcome_unknown", "请选联系的结果。", "outcome")
    said = {
        "way": check_way(way),
        "outcome": outcome,
        "reason": check_reason(outcome, reason),
        "remind_on": check_remind_on(remind_on, clock.today(), outcome),
        "note": note.strip(),
    }
    with transaction():
        stored, is_new = _store(by, uid, resident, task, said)
        if is_new:
            _set_aside(resident, task, remind_on)
            if outcome == "wrong_number" and telephone:
                change_telephone(by=by, resident=resident, telephone=telephone)
            if task is not None and done and outcome == "reached":
                _close_by_phone(by, task)
            _note(by, stored)
    return stored


def _store(
    by: Account | None, uid: str, resident: Resident, task: Task | None, said: dict[str, Any]
) -> tuple[ContactAttempt, bool]:
    """Insert, and tell whether this row is ours: a slow network sends twice."""
    session = db.session()
    values = said | {
        "uid": uid,
        "resident_id": resident.id,
        "task_id": task.id if task else None,
        "at": clock.now(),
        "account_id": by.id if by else None,
    }
    insert = INSERTS[session.get_bind().dialect.name](ContactAttempt).values(values)
    statement = insert.on_conflict_do_nothing(index_elements=["uid"])
    is_new = session.execute(statement.returning(ContactAttempt.id)).first() is not None
    stored = session.execute(select(ContactAttempt).filter_by(uid=uid)).scalar_one()
    if stored.resident_id != resident.id:
        raise RuleError("uid_taken", "这条记录的编号已用在别人身上，请刷新页面再记。")
    return stored, is_new


def _close_by_phone(by: Account | None, task: Task) -> None:
    """Count the call as the follow-up of the quarter; the next one is due by its interval."""
    enrolment = task.enrolment
    if not (task.by_phone and task.kind == "regular" and task.state == "open"):
        return
    today = clock.today()
    months = interval_months(effective(task.programme, today), "regular")
    if months is None:
        return
    close_tasks(by=by, tasks=[task], on=today, reason="by_phone")
    enrolment.owe("regular", add_months(today, months))
    db.session.flush()
    open_if_due(by=by, enrolment=enrolment)


def change_telephone(*, by: Account | None, resident: Resident, telephone: str) -> None:
    """Write down the right number in place of a wrong one."""
    seal = keys.vault.fingerprint
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        resident.telephone = telephone
        resident.telephone_hash = seal("telephone", telephone)
        resident.telephone_last4_hash = seal("telephone last4", telephone[-4:])
        record(
            by=by,
            verb="edit_resident",
            entity="resident",
            entity_id=resident.id,
            resident_id=resident.id,
            changed=["telephone"],
        )
        session.flush()


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
        reason=attempt.reason,
        remind_on=attempt.remind_on.isoformat() if attempt.remind_on else None,
    )
