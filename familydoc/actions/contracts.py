"""Signing, renewing, switching and ending contracts; the database holds one per resident."""

import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.enrolments import enrol, hand_over
from familydoc.extensions import db, keys
from familydoc.formats.signature import read_signature, write_signature
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.residents import Resident
from familydoc.queries.agreements import (
    Draft,
    Terms,
    draft_agreement,
    make_draft,
    signing_case,
)
from familydoc.queries.contracts import check_renewable, find_contract, get_policy, number_taken
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.rules import contracts as rules
from familydoc.rules.agreements import agreement_text, text_hash, write_agreement
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction


def sign_contract(*, by: Account | None, uid: str, resident: Resident, terms: Terms) -> Contract:
    """Sign a contract and enrol in what was ticked, or give the one this `uid` signed before.

    RuleErrors: those of `rules.contracts.may_sign` (`contract_active` also when two sign at
    once), `package_gone`, `team_missing`, `signature_invalid`, `agreement_changed`.
    """
    with transaction():
        return _known(uid, resident) or _sign(by, uid, resident, terms)


def renew_contract(*, by: Account | None, uid: str, contract: Contract, terms: Terms) -> Contract:
    """Sign the next period with the same team; it starts the day after the old end.

    RuleErrors besides those of signing: `contract_ended`, `renewal_early`, `renewal_late`,
    `team_changed`.
    """
    with transaction() as session:
        known = _known(uid, contract.resident)
        if known is not None:
            return known
        session.refresh(contract)
        today = clock.today()
        check_renewable(contract, today)
        _close(by, contract, "renewed", contract.end_on, "续签")
        start_on = rules.renewal_start(contract.end_on, today)
        terms = replace(terms, start_on=start_on, team_id=contract.team_id)
        return _sign(by, uid, contract.resident, terms, fixed_start=True)


def switch_contract(*, by: Account | None, uid: str, contract: Contract, terms: Terms) -> Contract:
    """Sign with another team from today; the old contract ends the day before.

    RuleErrors besides those of signing: `contract_ended`, `team_same`.
    """
    with transaction() as session:
        known = _known(uid, contract.resident)
        if known is not None:
            return known
        session.refresh(contract)
        if contract.state != "active":
            raise _ended()
        if terms.team_id == contract.team_id:
            raise RuleError("team_same", "改签要换一个团队；还是这个团队，请到期续签。", "team")
        today = clock.today()
        _close(by, contract, "switched", today - timedelta(days=1), "改签")
        terms = replace(terms, start_on=today)
        return _sign(by, uid, contract.resident, terms, fixed_start=True)


def end_contract(
    *, by: Account | None, contract: Contract, on: date, reason: str, state: str = "terminated"
) -> None:
    """End a contract that runs, with its last day and a reason; follow-up of the programmes goes
    on, because it belongs to residence. RuleError `contract_ended` or `end_future`."""
    with transaction() as session:
        _take_turn(contract.resident)
        session.refresh(contract)
        if contract.state != "active":
            raise _ended()
        if on > clock.today():
            raise RuleError("end_future", "终止日期不能晚于今天。", "on")
        _close(by, contract, state, on, reason)


def expire_contracts(*, by: Account | None, today: date) -> int:
    """Mark what ran out before `today` as expired, in one statement; give how many."""
    with transaction() as session:
        done = session.execute(
            update(Contract)
            .where(Contract.state == "active", Contract.end_on < today)
            .values(state="expired", ended_on=Contract.end_on)
            .execution_options(synchronize_session=False)
        )
        count = cast(CursorResult[Any], done).rowcount
        if count:
            record(by=by, verb="expire_contracts", entity="contract", count=count)
        session.expire_all()
    return count


def _known(uid: str, resident: Resident) -> Contract | None:
    """Give the contract that this `uid` has signed before, if it has."""
    _take_turn(resident)
    found = find_contract(uid)
    if found is not None and found.resident_id != resident.id:
        raise RuleError("uid_taken", "这份表单已用过，请重新打开签约页。", "resident")
    return found


def _take_turn(resident: Resident) -> None:
    """Lock the resident first in every action here: whoever decides about one takes turns, and
    no two wait for each other."""
    db.session.refresh(resident, with_for_update=True)


def _sign(
    by: Account | None, uid: str, resident: Resident, terms: Terms, *, fixed_start: bool = False
) -> Contract:
    today = clock.today()
    _expire_overrun(by, resident, today)
    draft = make_draft(resident, terms, by.staff if by else None, today)
    case = signing_case(resident, draft, today, fixed_start=fixed_start)
    warnings = rules.may_sign(case, get_policy(today))
    contract = _write(by, uid, resident, draft, today)
    if resident.team_id != draft.team.id:
        hand_over(by=by, resident=resident, team_id=draft.team.id)
    for programme in terms.programmes:
        if find_live_enrolment(resident.id, programme) is None:
            enrol(by=by, resident=resident, programme=programme, since=today)
    record(
        by=by,
        verb="sign_contract",
        entity="contract",
        entity_id=contract.id,
        resident_id=resident.id,
        method=terms.method,
        term=terms.term_months,
        packages=[package.code for package in draft.packages],
        over_cap=bool(warnings),
    )
    return contract


def _write(by: Account | None, uid: str, resident: Resident, draft: Draft, today: date) -> Contract:
    """Store the contract with its text's hash, its token and its number."""
    terms = draft.terms
    agreement = draft_agreement(resident, draft, today)
    hashed = text_hash(agreement_text(agreement))
    if terms.shown_hash and terms.shown_hash != hashed:
        raise RuleError(
            "agreement_changed", "协议内容已更新，请居民再看一遍，然后再按确认。", "shown_hash"
        )
    drawing = read_signature(terms.signature) if terms.method == "tablet" else None
    number, short_number = _new_number(resident.village_code[:6], today.year)
    token = secrets.token_urlsafe(16)
    contract = Contract(
        uid=uid,
        number=number,
        resident_id=resident.id,
        team_id=draft.team.id,
        doctor_id=draft.doctor.id if draft.doctor else None,
        signing_agent_id=draft.agent.id if draft.agent else None,
        start_on=terms.start_on,
        end_on=agreement.end_on,
        term_months=terms.term_months,
        method=terms.method,
        witness=terms.witness,
        guardian=terms.guardian,
        signature=write_signature(drawing) if drawing else None,
        agreement=write_agreement(agreement),
        text_hash=hashed,
        signed_at=clock.now(),
        signed_by=by.id if by else None,
        token_hash=keys.vault.fingerprint("contract token", token),
        token=token,
        short_number=short_number,
        packages=list(draft.packages),
    )
    return _store(contract)


def _store(contract: Contract) -> Contract:
    """Let the unique index be the last word: one active contract per resident."""
    try:
        with db.session.begin_nested():
            db.session.add(contract)
            db.session.flush()
    except IntegrityError:
        raise rules.contract_active(None) from None
    return contract


def _new_number(county: str, year: int) -> tuple[str, str]:
    """Draw eight digits that no agreement of the county and year has: nothing to count or guess,
    no queue before a counter."""
    while True:
        digits = f"{secrets.randbelow(10**8):08d}"
        number = rules.make_number(county, year, digits)
        if not number_taken(number):
            return number, rules.make_short_number(digits)


def _expire_overrun(by: Account | None, resident: Resident, today: date) -> None:
    """Close what has run out, should the night job not have been here yet."""
    for contract in db.session.query(Contract).filter_by(resident_id=resident.id, state="active"):
        if contract.end_on < today:
            _close(by, contract, "expired", contract.end_on, "")


def _close(by: Account | None, contract: Contract, state: str, on: date, reason: str) -> None:
    contract.state, contract.ended_on, contract.end_reason = state, on, reason
    db.session.flush()
    record(
        by=by,
        verb="end_contract",
        entity="contract",
        entity_id=contract.id,
        resident_id=contract.resident_id,
        state=state,
    )


def _ended() -> RuleError:
    return RuleError("contract_ended", "这份协议已经终止，请刷新页面看最新情况。", "resident")
