"""The hospital's side of a referral: seen, received, answered, discharged back to the team."""

from datetime import date, timedelta

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.referrals import close_referral
from familydoc.actions.tasks import open_task
from familydoc.models.accounts import Account
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN
from familydoc.queries.referrals import (
    MISS,
    count_misses,
    find_active_enrolment,
    find_by_identity,
    find_referral,
    get_discharge_days,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.referrals import Answer, check_step, result_of
from familydoc.transaction import transaction

#: Wrong pairs of name and number a person may try, and within how long: no way to look people up.
MOST_MISSES, MISSES_WITHIN = 20, timedelta(hours=1)
#: What the team owes somebody who is back: seen at home (DESIGN 3, opens at once).
AFTER = "home_visit"


def read_referral(*, by: Account, referral: Referral) -> None:
    """Note that somebody of the hospital looked at a letter with number and readings."""
    with transaction():
        _note(by, "read_referral", referral)


def receive_referral(*, by: Account, referral: Referral) -> None:
    """Note that the person has come; RuleError `referral_over` when that is known or too late."""
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        check_step(referral.stage, "receive")
        _receive(by, referral)
        _note(by, "receive_referral", referral)
        session.flush()


def answer_referral(*, by: Account, referral: Referral, answer: Answer) -> None:
    """Write or amend what the hospital found; who is answered for has come.

    The team's check stays open: somebody still in hospital has not come back yet. RuleError
    `referral_over`.
    """
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        check_step(referral.stage, "answer")
        _answer(by, referral, answer)
        _note(by, "answer_referral", referral)
        session.flush()


def discharge_referral(*, by: Account, referral: Referral, answer: Answer, on: date) -> None:
    """Send somebody back to the team, with the answer: the way is over, a visit at home is owed.

    Closes the team's check as gone. Without any management there is nothing a task could hang
    on; the answer stands on the resident's page all the same. RuleError `referral_over`.
    """
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        check_step(referral.stage, "discharge")
        _answer(by, referral, answer)
        referral.discharged_on = on
        session.flush()  # closing reads the row again under its lock
        if referral.state == "open":
            close_referral(
                by=by, referral=referral, outcome="went", result=result_of(answer), on=on
            )
        owe_home_visit(by=by, referral=referral, on=on)
        _note(by, "discharge_referral", referral)
        session.flush()


def send_down(
    *, by: Account, uid: str, number: str, name: str, answer: Answer, on: date
) -> Referral:
    """Send somebody down who never came by a referral, found by name and identity number.

    A known `uid` gives the stored one. Of the resident nothing is told. RuleError
    `resident_unmatched` (one answer for a wrong name and a number nobody has), `too_many_misses`.
    """
    with transaction() as session:
        if (stored := find_referral(uid)) is not None:
            return _own_down(by, stored)
        if count_misses(by, clock.now() - MISSES_WITHIN) >= MOST_MISSES:
            raise RuleError("too_many_misses", "核对不上的次数太多，请过一小时再试。", "identity")
        resident = find_by_identity(number, name)
        if resident is not None:
            referral = _down(by, uid, resident, on)
            _answer(by, referral, answer)
            session.add(referral)
            session.flush()
            owe_home_visit(by=by, referral=referral, on=on)
            _note(by, "send_down", referral)
            return referral
        record(by=by, verb=MISS, entity="referral")
    sentence = "姓名和身份证号没有对上，请照身份证核对。也可能不在本县的居民名册里。"
    raise RuleError("resident_unmatched", sentence, "identity")


def _own_down(by: Account, stored: Referral) -> Referral:
    if stored.direction != "down" or stored.from_organisation_id != by.organisation_id:
        raise RuleError("uid_taken", "这张单的编号已经用过，请刷新页面再填。")
    return stored


def _down(by: Account, uid: str, resident: Resident, on: date) -> Referral:
    team = resident.team
    return Referral(
        uid=uid,
        direction="down",
        resident_id=resident.id,
        programme="",
        urgency="routine",
        from_organisation_id=by.organisation_id,
        to_organisation_id=team.organisation_id if team else resident.centre_id,
        staff_id=by.staff_id,
        state="closed",
        outcome="went",
        opened_on=on,
        check_due_on=on,
        closed_on=on,
        discharged_on=on,
    )


def owe_home_visit(*, by: Account, referral: Referral, on: date) -> None:
    """Open the task of the team for somebody who is back, on the live management."""
    enrolment = find_active_enrolment(referral)
    if enrolment is None:
        return
    referral.follow_due_on = on + timedelta(days=get_discharge_days(on))
    open_task(
        by=by,
        enrolment=enrolment,
        kind=AFTER,
        due_on=referral.follow_due_on,
        rank=RANK_DANGER if referral.urgency == "urgent" else RANK_PLAIN,
    )


def _receive(by: Account, referral: Referral) -> None:
    referral.received_at, referral.received_by = clock.now(), by.id


def _answer(by: Account, referral: Referral, answer: Answer) -> None:
    if referral.received_at is None:
        _receive(by, referral)
    referral.answered_at, referral.answered_by = clock.now(), by.id
    referral.diagnosis, referral.treatment = answer.diagnosis, answer.treatment
    referral.advice = answer.advice


def _note(by: Account, verb: str, referral: Referral) -> None:
    record(
        by=by,
        verb=verb,
        entity="referral",
        entity_id=referral.id,
        resident_id=referral.resident_id,
        programme=referral.programme,
    )
