"""Opening a referral upward, sending it elsewhere, and closing it with what came of it."""

import uuid
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from familydoc.actions.audit import record
from familydoc.actions.settling import settle_enrolment
from familydoc.actions.tasks import close_tasks, open_task
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import OUTCOMES, Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN, Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.queries.programmes import effective
from familydoc.queries.referrals import (
    find_default_hospital,
    find_open_referral,
    find_referral,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.referrals import URGENCIES, check_sender_may_change
from familydoc.transaction import transaction

#: Where an assessment names no date: DOMAIN 4, referral_check_days [NBPHS3].
CHECK_DAYS = 14


def open_referral(*, by: Account | None, visit: Visit, assessment: Assessment) -> Referral | None:
    """Open the referral an assessment asks for; None when it asks for none or one is open."""
    if assessment.referral == "none":
        return None
    with transaction() as session:
        if find_open_referral(visit.resident_id, assessment.programme) is not None:
            return None
        referral = Referral(
            uid=str(uuid.uuid4()),
            resident_id=visit.resident_id,
            programme=assessment.programme,
            visit_id=visit.id,
            staff_id=visit.staff_id,
            from_organisation_id=_home_of(visit.resident),
            to_organisation_id=_id_of(find_default_hospital()),
            urgency=assessment.referral,
            reason="；".join(assessment.because)[:500],
            opened_on=visit.visit_date,
            check_due_on=_check_due(visit, assessment),
        )
        try:
            with session.begin_nested():
                session.add(referral)
        except IntegrityError:
            return None  # a colleague opened it at the same moment
        _note(by, "open_referral", referral)
    return referral


def refer_resident(
    *,
    by: Account,
    uid: str,
    resident: Resident,
    programme: str,
    urgency: str,
    reason: str,
    to: Organisation | None,
    to_name: str = "",
    department: str = "",
    on: date,
) -> Referral:
    """Refer somebody by hand; `programme` is empty where the reason belongs to none. A known
    `uid` gives the stored one. RuleError `referral_open`, `urgency_unknown`, `uid_taken`.
    """
    if urgency not in URGENCIES:
        raise RuleError("urgency_unknown", "请选紧急还是一般。", "urgency")
    with transaction() as session:
        session.refresh(resident, with_for_update={"key_share": True})
        if (stored := find_referral(uid)) is not None:
            return _the_same(stored, resident)
        enrolment = find_live_enrolment(resident.id, programme) if programme else None
        referral = Referral(
            uid=uid,
            resident_id=resident.id,
            programme=enrolment.programme if enrolment else "",
            staff_id=by.staff_id,
            from_organisation_id=_home_of(resident),
            to_organisation_id=_id_of(to),
            to_name="" if to else to_name,
            department=department,
            urgency=urgency,
            reason=reason,
            opened_on=on,
            check_due_on=on + timedelta(days=_check_days(enrolment, on)),
        )
        _add_with_check(by, referral, enrolment)
        session.flush()
    return referral


def _the_same(stored: Referral, resident: Resident) -> Referral:
    if stored.resident_id != resident.id:
        raise RuleError("uid_taken", "这张转诊单的编号已用在别人身上，请刷新页面再填。")
    return stored


def _add_with_check(by: Account, referral: Referral, enrolment: Enrolment | None) -> None:
    _add_the_only_one(referral)
    if enrolment is not None:
        _open_check(by, referral, enrolment)
    _note(by, "open_referral", referral)


def send_elsewhere(
    *, by: Account, referral: Referral, to: Organisation | None, to_name: str, department: str
) -> None:
    """Take an open referral to another hospital, which from now on sees it alone.

    RuleError `referral_over` when the hospital has received it or the team has closed it.
    """
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        check_sender_may_change(referral.stage)
        referral.to_organisation_id = _id_of(to)
        referral.to_name = "" if to else to_name
        referral.department = department
        _note(by, "send_referral_elsewhere", referral)
        session.flush()


def cancel_referral(*, by: Account, referral: Referral, reason: str, on: date) -> None:
    """Take back a referral made by hand, with its check; one of a visit goes by correcting it.

    RuleError `referral_over` or `referral_of_visit`.
    """
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        check_sender_may_change(referral.stage)
        if referral.visit_id is not None:
            sentence = "这次转诊是随访判定的。如果随访填错了，请更正那次随访，转诊会自动取消。"
            raise RuleError("referral_of_visit", sentence)
        referral.state, referral.result, referral.closed_on = "cancelled", reason, on
        for task in _checks(referral):
            task.state, task.reason, task.closed_on = "cancelled", "转诊取消", on
        _note(by, "cancel_referral", referral)
        session.flush()


def close_referral(
    *, by: Account | None, referral: Referral, outcome: str, result: str, on: date
) -> None:
    """Close a referral with its outcome, and the task to ask after it.

    RuleError `outcome_unknown`, or `referral_closed` when somebody else was first.
    """
    if outcome not in OUTCOMES:
        raise RuleError("outcome_unknown", "请选转诊的结果。", "outcome")
    with transaction() as session:
        session.refresh(referral, with_for_update={"key_share": True})
        if referral.state != "open":
            raise RuleError("referral_closed", "这次转诊已经核实过了，请刷新页面看结果。")
        referral.state, referral.outcome = "closed", outcome
        referral.result, referral.closed_on = result.strip(), on
        close_tasks(by=by, tasks=_checks(referral), on=on, reason=outcome)
        _note(by, "close_referral", referral)
        session.flush()
        enrolment = find_live_enrolment(referral.resident_id, referral.programme)
        if enrolment is not None:
            settle_enrolment(by=by, enrolment=enrolment)


def _home_of(resident: Resident) -> int:
    """The institution that refers: the team's, the centre's where nobody looks after them."""
    return resident.team.organisation_id if resident.team else resident.centre_id


def _id_of(place: Organisation | None) -> int | None:
    return place.id if place else None


def _add_the_only_one(referral: Referral) -> None:
    open_one = find_open_referral(referral.resident_id, referral.programme)
    sentence = "已经有一次转诊还没有结果。请先登记那次的结果，再开新的。"
    if open_one is not None:
        raise RuleError("referral_open", sentence, "programme")
    try:
        with db.session.begin_nested():
            db.session.add(referral)
    except IntegrityError as same_moment:
        raise RuleError("referral_open", sentence, "programme") from same_moment


def _check_days(enrolment: Enrolment | None, on: date) -> int:
    if enrolment is None:
        return CHECK_DAYS
    parameter = effective(enrolment.programme, on).parameters.get("referral_check_days")
    return int(parameter.value) if parameter else CHECK_DAYS


def _open_check(by: Account, referral: Referral, enrolment: Enrolment) -> None:
    open_task(
        by=by,
        enrolment=enrolment,
        kind="referral_fu",
        due_on=referral.check_due_on,
        rank=RANK_DANGER if referral.urgency == "urgent" else RANK_PLAIN,
    )


def _check_due(visit: Visit, assessment: Assessment) -> date:
    for step in assessment.next:
        if step["kind"] == "referral_fu":
            return date.fromisoformat(step["due"][:10])
    return visit.visit_date + timedelta(days=CHECK_DAYS)


def _checks(referral: Referral) -> list[Task]:
    query = select(Task).where(
        Task.resident_id == referral.resident_id,
        Task.programme == referral.programme,
        Task.kind == "referral_fu",
        Task.state == "open",
    )
    return list(db.session.execute(query).scalars())


def _note(by: Account | None, verb: str, referral: Referral) -> None:
    record(
        by=by,
        verb=verb,
        entity="referral",
        entity_id=referral.id,
        resident_id=referral.resident_id,
        programme=referral.programme,
        urgency=referral.urgency,
        outcome=referral.outcome,
    )
