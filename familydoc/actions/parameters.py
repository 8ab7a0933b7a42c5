"""County values over the programme files, each with its source and its first day; and the next
dates that a value moves."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.ledger import one_at_a_time
from familydoc.actions.tasks import open_task, opened_until
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.models.tasks import Task
from familydoc.models.visits import Assessment
from familydoc.queries.moves import (
    Change,
    Held,
    Judges,
    change_by,
    list_unapplied,
    moves_of,
    read_batch,
)
from familydoc.queries.parameters import Line, get_line, latest_row, latest_valid_from
from familydoc.rules.errors import RuleError
from familydoc.rules.moves import Move
from familydoc.rules.parameters import Draft, read_source, read_valid_from, read_value
from familydoc.rules.tasks import WINDOW_DAYS, window_start
from familydoc.transaction import transaction

#: One at a time: the values of a county are few, and the later must see the earlier.
LOCK = "parameters"
STALE = "刚才另一位管理员改了这个参数，现在的值和历史已经更新。请再看一遍影响，再确认。"


def read_draft(line: Line, value: str, source: str, valid_from: str) -> Draft:
    """Give a value that may be set; RuleError as rules/parameters.py says of each field."""
    newest = latest_valid_from(line.programme, line.setting.name)
    return Draft(
        read_value(line.setting, value),
        read_source(source),
        read_valid_from(valid_from, clock.today(), newest),
    )


def set_value(
    *,
    by: Account,
    programme: str,
    name: str,
    value: str,
    source: str,
    valid_from: str,
    seen: int | None = None,
) -> CountyParameter:
    """Set a county value from a day on; the values before it stay for the days they held.

    `seen` is the newest row the administrator had before them (0 for none): RuleError
    `parameter_stale` when somebody else has set one since. RuleError `parameter_unknown`, or what
    rules/parameters.py says of value, source and day.
    """
    with one_at_a_time(LOCK) as session:
        line = get_line(programme, name, clock.today())
        if line is None:
            raise RuleError("parameter_unknown", "没有这个参数。")
        if seen is not None and latest_row(programme, name) != seen:
            raise RuleError("parameter_stale", STALE)
        draft = read_draft(line, value, source, valid_from)
        row = CountyParameter(
            programme=programme,
            name=name,
            value=draft.value,
            source=draft.source,
            valid_from=draft.valid_from,
            set_by=by.id,
        )
        session.add(row)
        session.flush()
        since = row.valid_from.isoformat()
        _note(by, "set_parameter", row, value=row.value, valid_from=since)
    return row


def apply_values(*, by: Account | None, today: date, seconds: float | None = None) -> int:
    """Move the next dates of every value whose first day has come; give how many people's.

    A batch a transaction, so that tablets wait at most a moment. It may stop and begin again: who
    has been moved stays. With `seconds` it stops then, and the night goes on.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    moved = 0
    for row in list_unapplied(today):
        change = change_by(row)
        people, is_whole = 0, True
        if change is not None and change.times:
            people, is_whole = _move_all(by, change, row, until)
        moved += people
        if not is_whole:
            break
        _close(by, row)
    return moved


def _move_all(
    by: Account | None, change: Change, row: CountyParameter, until: float | None
) -> tuple[int, bool]:
    """Move batch by batch; give how many people, and whether all were looked at."""
    judges, after, moved = Judges(change.code), 0, 0
    while until is None or time.monotonic() < until:
        with one_at_a_time(LOCK) as session:
            batch = read_batch(change.code, after, lock=True)
            found = [(one, moves) for one in batch if (moves := moves_of(change, judges, one))]
            _move(session, by, change, found)
            row.moved += len(found)
            session.flush()
        moved += len(found)
        if not batch:
            return moved, True
        after = batch[-1].enrolment_id
    return moved, False


def _close(by: Account | None, row: CountyParameter) -> None:
    with transaction() as session:
        session.refresh(row)
        if row.applied_at is None:
            row.applied_at = clock.now()
            _note(by, "apply_parameter", row, moved=row.moved)


def _note(by: Account | None, verb: str, row: CountyParameter, **details: Any) -> None:
    record(
        by=by,
        verb=verb,
        entity="parameter",
        entity_id=row.id,
        programme=row.programme,
        name=row.name,
        **details,
    )


def _move(
    session: Session, by: Account | None, change: Change, found: Sequence[tuple[Held, list[Move]]]
) -> None:
    """Write the moved dates: the enrolment, its open task, and what the last visit said."""
    ids = [held.enrolment_id for held, _ in found]
    enrolments = {
        one.id: one
        for one in session.execute(select(Enrolment).where(Enrolment.id.in_(ids))).scalars()
    }
    opened = {kind: opened_until(kind) for kind in WINDOW_DAYS}
    for held, moves in found:
        enrolment = enrolments[held.enrolment_id]
        for move in moves:
            if move.kind in WINDOW_DAYS:
                enrolment.owe(move.kind, move.new)
            is_there = _move_task(session, enrolment, move)
            if not is_there and move.kind in WINDOW_DAYS and move.new <= opened[move.kind]:
                open_task(by=by, enrolment=enrolment, kind=move.kind, due_on=move.new)
            _say(session, held, change, move)
            record(
                by=by,
                verb="move_due",
                entity="enrolment",
                entity_id=enrolment.id,
                resident_id=enrolment.resident_id,
                programme=change.code,
                parameter=change.name,
                kind=move.kind,
                old=move.old.isoformat(),
                new=move.new.isoformat(),
            )


def _move_task(session: Session, enrolment: Enrolment, move: Move) -> bool:
    """Move the open task of an obligation; tell whether there was one."""
    query = select(Task).where(Task.enrolment_id == enrolment.id, Task.kind == move.kind)
    tasks = {task.due_on: task for task in session.execute(query).scalars()}
    task = tasks.get(move.old)
    if task is None or task.state != "open" or move.new in tasks:
        return False
    task.due_on = move.new
    task.window_start = window_start(move.kind, move.new, task.window_start)
    return True


def _say(session: Session, held: Held, change: Change, move: Move) -> None:
    """Let the last assessment give the new date and why, so that a page can explain it."""
    assessment = session.get(Assessment, held.assessment_id) if held.assessment_id else None
    if assessment is None:
        return
    label = change.after.parameters[change.name].label
    why = f"县里调整{label}，{move.old}的日期改为 {move.new}"
    assessment.because = [*assessment.because, why]
    assessment.next = [
        {**step, "due": move.new.isoformat()} if step["kind"] == move.kind else step
        for step in assessment.next
    ]
