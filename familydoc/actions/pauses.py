"""Care that waits: paused, taken up again, taken back as a mistake, and ended by the night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.enrolments import resume_enrolment
from familydoc.actions.tasks import open_if_due, open_task
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries.pauses import list_over, list_stopped, list_waiting_tasks
from familydoc.rules.errors import RuleError
from familydoc.rules.pauses import back_on, check_pause, check_return, due_after, waits
from familydoc.rules.states import undo_reason
from familydoc.transaction import transaction

#: What a return is put down to when the last day has come.
BY_DATE = "到期自动恢复"


@dataclass(frozen=True)
class Wish:
    """What is asked for: the kind, from when, until when, and why."""

    kind: str
    on: date
    until: date | None = None
    reason: str = ""


def pause_care(
    *, by: Account | None, resident: Resident, enrolments: Sequence[Enrolment], wish: Wish
) -> list[CarePause]:
    """Let the care of some programmes wait: their tasks are cancelled, referrals are still asked
    after.

    RuleError as rules/pauses.py, `paused_already` when one of them waits or has ended.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        programmes = [one.programme for one in enrolments]
        until = check_pause(wish.kind, wish.on, wish.until, wish.reason, programmes, clock.today())
        if not resident.on_roster:
            raise RuleError("not_here", "这位居民已经不在册，没有要暂停的。", "kind")
        pauses = [_pause(by, one, wish, until) for one in enrolments]
        session.flush()
    return pauses


def resume_care(
    *, by: Account | None, resident: Resident, pauses: Sequence[CarePause], on: date
) -> int:
    """Take up care again from the day somebody is back: to be seen within a week.

    Gives how many programmes. RuleError `on_future`, `on_early`, or `not_paused` when somebody
    else was faster.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        _refuse_ended(pauses)
        for pause in pauses:
            check_return(on, pause.on, clock.today())
            _end(by, pause, "")
            pause.back_on = on
            _go_on(by, pause, on)
        session.flush()
    return len(pauses)


def undo_pause(
    *, by: Account | None, resident: Resident, pauses: Sequence[CarePause], reason: str
) -> int:
    """Take pauses back as mistakes: dates and tasks as they were; give how many tasks opened.

    RuleError `reason_missing` or `not_paused`.
    """
    words = undo_reason(reason)
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        _refuse_ended(pauses)
        opened = 0
        for pause in pauses:
            _end(by, pause, words, verb="undo_pause")
            opened += _restore(by, pause)
        session.flush()
    return opened


def end_pauses(*, by: Account | None, today: date) -> int:
    """Take up the care of everybody whose pause is over; give how many programmes.

    They count as back from the day after its last one, whenever the job really runs.
    """
    with transaction() as session:
        over = list_over(today)
        for pause in over:
            assert pause.until is not None
            _end(by, pause, BY_DATE)
            pause.back_on = back_on(pause.until)
            _go_on(by, pause, pause.back_on)
        record(by=by, verb="end_pauses", entity="enrolment", found=len(over))
        session.flush()
    return len(over)


def _pause(by: Account | None, enrolment: Enrolment, wish: Wish, until: date | None) -> CarePause:
    if enrolment.state != "active":
        raise RuleError("paused_already", "这个项目已经暂停或结束了，请刷新页面。", "programmes")
    pause = CarePause(
        enrolment_id=enrolment.id,
        resident_id=enrolment.resident_id,
        kind=wish.kind,
        on=wish.on,
        until=until,
        reason=wish.reason.strip(),
        stopped=[task.id for task in list_waiting_tasks(enrolment.id) if waits(task.kind)],
        asked_at=clock.now(),
        asked_by=by.id if by else None,
    )
    pause.enrolment = enrolment
    _store(pause)
    enrolment.state, enrolment.reason = "suspended", pause.told
    for task in list_waiting_tasks(enrolment.id):
        if task.id not in pause.stopped:
            continue
        task.state, task.reason, task.closed_on = "cancelled", wish.kind, clock.today()
    _note(by, "pause_care", pause, tasks=len(pause.stopped))
    return pause


def _store(pause: CarePause) -> None:
    """Let the unique index be the last word when two pause the same programme at once."""
    try:
        with db.session.begin_nested():
            db.session.add(pause)
    except IntegrityError:
        raise RuleError("paused_already", "刚才有人已经登记了，请刷新页面。", "kind") from None


def _refuse_ended(pauses: Sequence[CarePause]) -> None:
    ids = [pause.id for pause in pauses]
    db.session.execute(select(CarePause.id).where(CarePause.id.in_(ids)).with_for_update())
    for pause in pauses:
        db.session.refresh(pause)
    if not pauses or any(pause.ended_at is not None for pause in pauses):
        raise RuleError("not_paused", "已经恢复过了，请刷新页面看最新情况。", "on")


def _end(by: Account | None, pause: CarePause, reason: str, verb: str = "resume_care") -> None:
    pause.ended_at, pause.ended_by = clock.now(), by.id if by else None
    pause.end_reason = reason
    _note(by, verb, pause)
    db.session.flush()


def _go_on(by: Account | None, pause: CarePause, on: date) -> None:
    """Take the enrolment up; who was in hospital or refused is seen or asked within a week."""
    enrolment = pause.enrolment
    if enrolment.state != "suspended":
        return
    resume_enrolment(by=by, enrolment=enrolment, on=on)
    _reopen(by, pause, [task for task in list_stopped(pause) if task.kind == "exam"])
    # Nothing of the kind is owed where only a yearly service is.
    if pause.kind != "other" and enrolment.next_due_on is not None:
        _see_soon(by, enrolment, due_after(on))


def _see_soon(by: Account | None, enrolment: Enrolment, due_on: date) -> None:
    """Make the day of the return the next obligation, in place of what resuming has opened."""
    for task in list_waiting_tasks(enrolment.id):
        if task.kind == "regular" and task.due_on != due_on:
            task.state, task.reason, task.closed_on = "cancelled", "back", clock.today()
    enrolment.next_due_on = due_on
    db.session.flush()
    open_task(by=by, enrolment=enrolment, kind="regular", due_on=due_on)


def _restore(by: Account | None, pause: CarePause) -> int:
    enrolment = pause.enrolment
    if enrolment.state != "suspended":
        return 0
    enrolment.state, enrolment.reason = "active", ""
    db.session.flush()
    opened = _reopen(by, pause, list_stopped(pause))
    open_if_due(by=by, enrolment=enrolment)
    return opened


def _reopen(by: Account | None, pause: CarePause, tasks: Sequence[Task]) -> int:
    for task in tasks:
        open_task(
            by=by, enrolment=pause.enrolment, kind=task.kind, due_on=task.due_on, rank=task.rank
        )
    return len(tasks)


def _note(by: Account | None, verb: str, pause: CarePause, **details: object) -> None:
    record(
        by=by,
        verb=verb,
        entity="enrolment",
        entity_id=pause.enrolment_id,
        resident_id=pause.resident_id,
        programme=pause.enrolment.programme,
        kind=pause.kind,
        **details,
    )
