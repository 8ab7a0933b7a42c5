"""Handing somebody over to the team of another village: asked, confirmed, refused, taken back.

Until the receiver confirms the sender keeps the care. Then village, centre, team, enrolments and
open tasks change; visits and history stay with the person. A contract is with a team: it ends on
the day of the move, unless the new team is its own.
"""

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.contracts import end_contract
from familydoc.actions.enrolments import hand_over
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.organisations import Division
from familydoc.models.residents import Household, Resident
from familydoc.models.transfers import Transfer
from familydoc.queries.places import find_centre
from familydoc.queries.states import find_active_contract, find_pending
from familydoc.queries.teams import find_owner
from familydoc.queries.transfers import find_last_accepted, find_open_transfer
from familydoc.rules.errors import RuleError
from familydoc.rules.states import undo_reason
from familydoc.rules.transfers import check_refusal, check_transfer
from familydoc.transaction import transaction


def ask_transfer(
    *,
    by: Account | None,
    resident: Resident,
    village: Division,
    on: date,
    address: str = "",
    reason: str = "",
) -> Transfer:
    """Offer somebody to the team that serves another village; nothing changes yet.

    RuleError as rules/transfers.py, `transfer_open` while another offer waits, `state_pending`
    while a death or a move waits, `village_unserved`.
    """
    with transaction() as session:
        _lock(resident)
        team_id, _ = find_owner(village.code)
        centre_id = find_centre(village, team_id)
        if centre_id is None:
            sentence = "那个村还没有卫生院负责，请先请县管理员设置机构。"
            raise RuleError("village_unserved", sentence, "village_code")
        today = clock.today()
        check_transfer(
            from_team=resident.team_id, to_team=team_id, on=on, today=today, state=resident.state
        )
        _refuse_waiting(resident)
        transfer = _new(resident, village, on)
        transfer.to_team_id, transfer.to_centre_id = team_id, centre_id
        transfer.to_address, transfer.reason = address.strip(), reason.strip()
        transfer.asked_by = by.id if by else None
        _store(transfer)
        _note(by, "ask_transfer", transfer)
        session.flush()
    return transfer


def accept_transfer(
    *, by: Account | None, transfer: Transfer, village: Division | None = None
) -> bool:
    """Take somebody over, in the village that was named or another of the same centre.

    Tells whether a contract ended. RuleError `transfer_settled` when somebody else was faster,
    `not_here`, `village_unserved`.
    """
    with transaction() as session:
        _take_turn(transfer)
        resident = transfer.resident
        if not resident.on_roster:
            raise RuleError("not_here", "这位居民已登记为不在册，不能再接收。", "village_code")
        if village is not None:
            transfer.to_village_code = village.code
        _remember(transfer, resident)
        session.flush()
        session.refresh(transfer, ["to_village"])
        _move_in(by, transfer, resident)
        ended = _end_contract(by, transfer, resident)
        _settle(by, transfer, "accepted", "")
        session.flush()
    return ended


def refuse_transfer(*, by: Account | None, transfer: Transfer, reason: str) -> None:
    """Do not take somebody over; the sender keeps them and learns why.

    RuleError `reason_missing` or `transfer_settled`.
    """
    code = check_refusal(reason)
    with transaction() as session:
        _take_turn(transfer)
        _settle(by, transfer, "refused", code)
        session.flush()


def withdraw_transfer(*, by: Account | None, transfer: Transfer) -> None:
    """Take an offer back before it was answered; RuleError `transfer_settled`."""
    with transaction() as session:
        _take_turn(transfer)
        _settle(by, transfer, "withdrawn", "")
        session.flush()


def drop_transfer(*, by: Account | None, resident: Resident) -> None:
    """Withdraw what waits for somebody who died or left the county."""
    with transaction():
        transfer = find_open_transfer(resident.id)
        if transfer is not None:
            _settle(by, transfer, "withdrawn", "")


def undo_transfer(*, by: Account | None, transfer: Transfer, reason: str) -> None:
    """Give somebody back who was taken over by mistake: place, team and contract as before.

    RuleError `reason_missing`, or `transfer_settled` when it was given back or moved on since.
    """
    words = undo_reason(reason)
    with transaction() as session:
        resident = transfer.resident
        _lock(resident)
        _lock(transfer)
        last = find_last_accepted(resident.id)
        if last is not transfer or resident.village_code != transfer.to_village_code:
            sentence = "之后又有过变动，不能撤销这次交接，请重新发起交接。"
            raise RuleError("transfer_settled", sentence, "reason")
        _place(resident, transfer.from_village_code, transfer.from_team_id)
        resident.centre_id = transfer.from_centre_id
        resident.household_id = transfer.from_household_id
        resident.address = transfer.from_address
        session.flush()
        hand_over(by=by, resident=resident, team_id=transfer.from_team_id)
        _reinstate(by, transfer, resident)
        _settle(by, transfer, "undone", words)
        session.flush()


def _refuse_waiting(resident: Resident) -> None:
    if find_open_transfer(resident.id) is not None:
        raise RuleError("transfer_open", "已经发起过交接，正在等对方确认。", "village_code")
    if find_pending(resident.id) is not None:
        sentence = "有一项迁出或死亡登记在等确认，请先处理那一项。"
        raise RuleError("state_pending", sentence, "village_code")


def _new(resident: Resident, village: Division, on: date) -> Transfer:
    transfer = Transfer(
        uid=str(uuid.uuid4()), on=on, to_village_code=village.code, asked_at=clock.now()
    )
    transfer.resident = resident
    _remember(transfer, resident)
    return transfer


def _remember(transfer: Transfer, resident: Resident) -> None:
    """Keep where somebody comes from: it may have changed since the offer."""
    transfer.from_team_id, transfer.from_centre_id = resident.team_id, resident.centre_id
    transfer.from_village_code = resident.village_code
    transfer.from_household_id, transfer.from_address = resident.household_id, resident.address


def _store(transfer: Transfer) -> None:
    """Let the unique index be the last word when two offer the same person at once."""
    try:
        with db.session.begin_nested():
            db.session.add(transfer)
    except IntegrityError:
        sentence = "刚才已经有人发起过交接，正在等对方确认。"
        raise RuleError("transfer_open", sentence, "village_code") from None


def _take_turn(transfer: Transfer) -> None:
    """Lock the resident, then the offer; RuleError when it has been answered."""
    _lock(transfer.resident)
    _lock(transfer)
    if transfer.state != "open":
        raise RuleError("transfer_settled", "这次交接已经处理过了，请刷新页面。", "reason")


def _lock(row: Resident | Transfer) -> None:
    """Lock a row by its key alone: PostgreSQL locks no row that was read with a joined one."""
    model = type(row)
    db.session.execute(select(model.id).where(model.id == row.id).with_for_update())
    db.session.refresh(row)


def _move_in(by: Account | None, transfer: Transfer, resident: Resident) -> None:
    team_id, _ = find_owner(transfer.to_village_code)
    centre_id = find_centre(transfer.to_village, team_id)
    if centre_id is None:
        raise RuleError("village_unserved", "这个村还没有卫生院负责。", "village_code")
    _place(resident, transfer.to_village_code, team_id)
    resident.centre_id, resident.relation = centre_id, ""
    resident.address = transfer.to_address
    resident.household = Household(
        number=None, village_code=transfer.to_village_code, address=transfer.to_address
    )
    transfer.to_team_id, transfer.to_centre_id = team_id, centre_id
    db.session.flush()
    hand_over(by=by, resident=resident, team_id=team_id)


def _place(resident: Resident, village_code: str, team_id: int | None) -> None:
    resident.village_code, resident.team_id = village_code, team_id


def _end_contract(by: Account | None, transfer: Transfer, resident: Resident) -> bool:
    contract = find_active_contract(resident.id)
    if contract is None or contract.team_id == resident.team_id:
        return False
    on = min(max(transfer.on, contract.start_on), clock.today())
    transfer.contract_id = contract.id
    end_contract(by=by, contract=contract, on=on, reason=_end_words(transfer))
    return True


def _end_words(transfer: Transfer) -> str:
    """Say why the contract ends; not the bare 迁出 of somebody who left the county."""
    return f"迁出（转到{transfer.receiver}）"


def _reinstate(by: Account | None, transfer: Transfer, resident: Resident) -> None:
    contract = db.session.get(Contract, transfer.contract_id) if transfer.contract_id else None
    if contract is None or contract.state != "terminated" or contract.end_on < clock.today():
        return
    if find_active_contract(resident.id) is not None:
        return
    contract.state, contract.ended_on, contract.end_reason = "active", None, ""
    record(
        by=by,
        verb="reinstate_contract",
        entity="contract",
        entity_id=contract.id,
        resident_id=resident.id,
    )


def _settle(by: Account | None, transfer: Transfer, state: str, answer: str) -> None:
    transfer.state, transfer.answer = state, answer
    transfer.answered_at, transfer.answered_by = clock.now(), by.id if by else None
    verbs = {
        "accepted": "accept_transfer",
        "refused": "refuse_transfer",
        "withdrawn": "withdraw_transfer",
        "undone": "undo_transfer",
    }
    _note(by, verbs[state], transfer)


def _note(by: Account | None, verb: str, transfer: Transfer) -> None:
    record(
        by=by,
        verb=verb,
        entity="transfer",
        entity_id=transfer.id,
        resident_id=transfer.resident_id,
        to=transfer.to_centre_id,
        village=transfer.to_village_code,
    )
