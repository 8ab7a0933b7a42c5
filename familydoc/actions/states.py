"""Where a resident is: asked for, confirmed, refused, taken back. An absence ends by the night."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from familydoc import clock
from familydoc.actions.absences import mark_by_phone
from familydoc.actions.audit import record
from familydoc.actions.contracts import end_contract
from familydoc.actions.enrolments import end_enrolment, hand_over
from familydoc.actions.tasks import cancel_tasks, open_if_due, open_task
from familydoc.actions.transfers import drop_transfer
from familydoc.extensions import db
from familydoc.labels import word
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident, ResidentState
from familydoc.queries.enrolments import find_live_enrolment, list_enrolments
from familydoc.queries.pauses import find_in_force
from familydoc.queries.states import (
    find_active_contract,
    find_pending,
    find_visit_after,
    list_cancelled,
    list_ended,
    list_history,
)
from familydoc.queries.teams import find_owner
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact, check_two
from familydoc.rules.states import (
    CONFIRMED,
    UNDOABLE,
    check_change,
    check_reason,
    needs_confirmation,
    state_before,
    undo_reason,
)
from familydoc.transaction import transaction

#: Why a leader does not confirm; a code, because the trail keeps no free text.
REFUSALS = ("not_verified", "wrong_person", "still_here")


@dataclass(frozen=True)
class Undone:
    """What an undo brought back."""

    state: str
    enrolments: int
    tasks: int
    contract: bool


def ask_state(
    *,
    by: Account | None,
    resident: Resident,
    state: str,
    on: date,
    reason: str = "",
    until: date | None = None,
    fact: Fact | None = None,
) -> ResidentState:
    """Ask for a change of state: away, lost and back are in force at once, moved and deceased
    when `confirm_state` was called. A death names how it is known.

    RuleError as rules/states.py, `state_pending` while another change waits, `visited_later`
    for a death before a visit, `fact_missing`.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        check_change(resident.state, state, on, until, today=clock.today())
        if find_pending(resident.id) is not None:
            raise RuleError(
                "state_pending", "已有一项登记在等团队长确认，请先处理那一项。", "state"
            )
        change = _new(by, resident, state, on, check_reason(state, reason), until)
        _refuse_later_visit(resident, change)
        if state == "deceased":
            change.fact, change.fact_detail = _needed(fact)
        session.add(change)
        session.flush()
        if needs_confirmation(state):
            _note(by, "ask_state", change)
        else:
            _settle(by, resident, change)
    return change


def confirm_state(
    *,
    by: Account | None,
    resident: Resident,
    change: ResidentState,
    fact: Fact | None = None,
) -> None:
    """Put a change that was asked for in force: the person leaves every list at once.

    A death needs a second fact: another person's word, or a paper. RuleError `state_confirmed`
    when somebody else was faster, `visited_later`, or as rules/facts.py.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        if find_pending(resident.id) is not change:
            raise RuleError("state_confirmed", "这一项已经有人处理过了，请刷新页面。", "state")
        _refuse_later_visit(resident, change)
        if change.state == "deceased":
            _take_second(by, change, _needed(fact))
        _settle(by, resident, change)


def refuse_state(
    *, by: Account | None, resident: Resident, change: ResidentState, reason: str
) -> None:
    """Turn down what was asked for: nothing changes, the trail keeps who said so and why."""
    if reason not in REFUSALS:
        raise RuleError("reason_missing", "请选择不同意的原因。", "reason")
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        if find_pending(resident.id) is not change:
            raise RuleError("state_confirmed", "这一项已经有人处理过了，请刷新页面。", "state")
        _note(by, "refuse_state", change, reason=reason)
        session.delete(change)
        session.flush()


def depart(
    *, by: Account | None, resident: Resident, state: str, on: date, reason: str
) -> ResidentState:
    """Take somebody off every list without a second look: for a roster that knows of it."""
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        change = _new(by, resident, state, on, reason, None)
        session.add(change)
        session.flush()
        _settle(by, resident, change)
    return change


def undo_state(*, by: Account | None, resident: Resident, reason: str) -> Undone:
    """Take a death, a move, an absence or a loss back: state, enrolments, tasks and contract as
    they were.

    RuleError `reason_missing`, or `not_gone` when there is nothing to take back.
    """
    words = undo_reason(reason)
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        if resident.state not in UNDOABLE:
            raise RuleError("not_gone", "这位居民现在就在册，没有要撤销的登记。", "reason")
        gone, history = resident.state, list_history(resident.id)
        index = state_before([(row.state, row.reason) for row in history])
        before = history[index] if index is not None else None
        change = _return_to(by, resident, before, words)
        session.add(change)
        session.flush()
        contract, tasks = False, 0
        enrolments: list[Enrolment] = []
        if gone in CONFIRMED:
            contract = _reinstate(by, resident, gone)
            enrolments = _take_up(by, resident, gone)
            tasks = _reopen(by, resident, gone)
            for enrolment in enrolments:
                open_if_due(by=by, enrolment=enrolment)
        mark_by_phone(by=by, resident=resident)
        _note(by, "undo_state", change, was=gone, enrolments=len(enrolments), tasks=tasks)
        session.flush()
    return Undone(resident.state, len(enrolments), tasks, contract)


def _new(
    by: Account | None,
    resident: Resident,
    state: str,
    on: date,
    reason: str,
    until: date | None,
) -> ResidentState:
    return ResidentState(
        resident_id=resident.id,
        state=state,
        on=on,
        until=until if state == "away" else None,
        reason=reason,
        asked_at=clock.now(),
        asked_by=by.id if by else None,
    )


def _needed(fact: Fact | None) -> Fact:
    if fact is None:
        raise RuleError("fact_missing", "请选是怎么知道的。", "fact")
    return fact


def _take_second(by: Account | None, change: ResidentState, second: Fact) -> None:
    first = Fact(change.fact, change.fact_detail or "")
    one_account = by is None or change.asked_by == by.id
    check_two(first, second, one_account=one_account)
    change.second_fact, change.second_detail = second


def _refuse_later_visit(resident: Resident, change: ResidentState) -> None:
    if change.on < resident.birth:
        raise RuleError("on_early", "日期早于出生日期，请核对。", "on")
    if change.state != "deceased" or not (visit := find_visit_after(resident.id, change)):
        return
    sentence = f"{visit.visit_date} 还有随访记录，死亡日期不能早于它，请核对。"
    raise RuleError("visited_later", sentence, "on")


def _settle(by: Account | None, resident: Resident, change: ResidentState) -> None:
    """Put a change in force, with everything that follows from it."""
    was = resident.state
    change.confirmed_at, change.confirmed_by = clock.now(), by.id if by else None
    resident.state, resident.state_since = change.state, change.on
    resident.away_until = change.until
    db.session.flush()
    if change.state in CONFIRMED:
        _leave(by, resident, change)
    elif was in CONFIRMED:
        # Whoever moves back is served by whoever looks after the village today.
        hand_over(by=by, resident=resident, team_id=find_owner(resident.village_code)[0])
    db.session.flush()
    mark_by_phone(by=by, resident=resident)
    _note(by, "set_state", change, was=was)
    db.session.flush()


def _leave(by: Account | None, resident: Resident, change: ResidentState) -> None:
    for enrolment in list_enrolments(resident.id):
        end_enrolment(by=by, enrolment=enrolment, on=change.on, reason=change.state)
    cancel_tasks(by=by, resident=resident, reason=change.state)
    drop_transfer(by=by, resident=resident)
    contract = find_active_contract(resident.id)
    if contract is not None:
        on = min(max(change.on, contract.start_on), clock.today())
        reason = word("resident_state", change.state)
        end_contract(by=by, contract=contract, on=on, reason=reason, state="terminated")


def _return_to(
    by: Account | None, resident: Resident, before: ResidentState | None, reason: str
) -> ResidentState:
    """Set the state of before, and give the row that says so; a journey may be over by now."""
    today = clock.today()
    still = before is not None and (before.until is None or before.until >= today)
    state = before.state if before is not None and still else "present"
    until = before.until if before is not None and still else None
    change = _new(by, resident, state, today, reason, until)
    change.confirmed_at, change.confirmed_by = clock.now(), by.id if by else None
    resident.state, resident.state_since, resident.away_until = state, today, until
    return change


def _take_up(by: Account | None, resident: Resident, gone: str) -> list[Enrolment]:
    """Make the enrolments live again that ended with the person; the due dates stand as before."""
    taken = []
    for enrolment in list_ended(resident.id, gone):
        if find_live_enrolment(resident.id, enrolment.programme) is not None:
            continue
        waiting = find_in_force(enrolment.id)
        enrolment.state = "suspended" if waiting else "active"
        enrolment.reason, enrolment.ended_on = waiting.told if waiting else "", None
        record(
            by=by,
            verb="resume_enrolment",
            entity="enrolment",
            entity_id=enrolment.id,
            resident_id=resident.id,
            programme=enrolment.programme,
        )
        db.session.flush()
        taken.append(enrolment)
    return taken


def _reopen(by: Account | None, resident: Resident, gone: str) -> int:
    """Open the tasks again that were cancelled with the person, where the enrolment is live; one
    that waits had only those left that go on."""
    tasks = [t for t in list_cancelled(resident.id, gone) if t.enrolment.state != "ended"]
    for task in tasks:
        open_task(
            by=by,
            enrolment=task.enrolment,
            kind=task.kind,
            due_on=task.due_on,
            rank=task.rank,
        )
    return len(tasks)


def _reinstate(by: Account | None, resident: Resident, gone: str) -> bool:
    """Put the contract in force again that ended with the person, unless its time is over."""
    query = select(Contract).where(
        Contract.resident_id == resident.id,
        Contract.state == "terminated",
        Contract.end_reason == word("resident_state", gone),
        Contract.end_on >= clock.today(),
    )
    contract = db.session.scalars(query.order_by(Contract.id.desc())).first()
    if contract is None or find_active_contract(resident.id) is not None:
        return False
    contract.state, contract.ended_on, contract.end_reason = "active", None, ""
    record(
        by=by,
        verb="reinstate_contract",
        entity="contract",
        entity_id=contract.id,
        resident_id=resident.id,
    )
    return True


def _note(by: Account | None, verb: str, change: ResidentState, **details: object) -> None:
    record(
        by=by,
        verb=verb,
        entity="resident",
        entity_id=change.resident_id,
        resident_id=change.resident_id,
        state=change.state,
        on=change.on.isoformat(),
        **details,
    )
