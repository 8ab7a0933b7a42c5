"""Opening a referral upward and closing it with what came of it."""

import uuid
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from familydoc.actions.audit import record
from familydoc.actions.tasks import close_tasks
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.referrals import OUTCOMES, Referral
from familydoc.models.tasks import Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.referrals import find_open_referral
from familydoc.rules.errors import RuleError
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
