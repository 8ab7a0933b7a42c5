"""What follows from a visit: assessments, closed tasks, the next ones, referrals.

The newest visit by date decides what is owed next. A visit that is entered or corrected behind a
later one changes what was the previous reading there, so the later decisions are made again.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from familydoc.actions.audit import record
from familydoc.actions.referrals import open_referral
from familydoc.actions.tasks import close_tasks, open_if_due, open_task
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.referrals import Referral
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN, Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.referrals import find_open_referral
from familydoc.queries.visits import (
    Outcome,
    Preview,
    find_last_assessment,
    judge,
    list_assessments_after,
    revisions_of,
)
from familydoc.rules.programmes import Decision
from familydoc.rules.tasks import opens_at_once
from familydoc.rules.visits import VisitEntry

AGAIN = "更正后重新安排"


def settle(
    *, by: Account | None, visit: Visit, preview: Preview, replaced: Sequence[int] = ()
) -> None:
    """Store the assessments of a visit, close the tasks it fulfils, open what is owed next."""
    ids = [task.id for task in preview.closing.closes]
    tasks = db.session.execute(select(Task).where(Task.id.in_(ids))).scalars().all()
    close_tasks(by=by, tasks=tasks, on=visit.visit_date, visit=visit)
    for outcome in preview.outcomes:
        if outcome.decision is not None:
            store_assessment(visit, outcome, outcome.decision)
        changed = derive_later(by=by, enrolment=outcome.enrolment, visit=visit)
        is_last = outcome.decision is not None and not outcome.superseded
        if is_last or changed or replaced:
            follow_last(by=by, enrolment=outcome.enrolment)


def store_assessment(visit: Visit, outcome: Outcome, decision: Decision) -> Assessment:
    """Add what one programme said of a visit."""
    assessment = Assessment(
        enrolment_id=outcome.enrolment.id, programme=outcome.programme.code, visit_id=visit.id
    )
    assessment.visit, assessment.enrolment = visit, outcome.enrolment
    write_decision(assessment, decision)
    db.session.add(assessment)
    db.session.flush()
    return assessment


def write_decision(assessment: Assessment, decision: Decision) -> bool:
    """Put a decision into an assessment; tell whether anything is new."""
    said = decision.as_json()
    new = (said["class"], said["referral"], said["next"], said["because"])
    old = (assessment.class_code, assessment.referral, assessment.next, assessment.because)
    assessment.class_code, assessment.referral, assessment.next, assessment.because = new
    return new != old


def derive_later(*, by: Account | None, enrolment: Enrolment, visit: Visit) -> bool:
    """Decide the later visits again, oldest first: this one may be their previous reading.

    Tells whether a decision changed.
    """
    changed = False
    for assessment in list_assessments_after(enrolment.id, visit):
        later = assessment.visit
        entry = VisitEntry(later.visit_date, later.way, later.answers)
        outcome = judge(later.resident, enrolment, entry, revisions_of(later))
        if outcome.decision is None or not write_decision(assessment, outcome.decision):
            continue
        changed = True
        drop_what_is_not_owed(by=by, assessment=assessment)
        record(
            by=by,
            verb="derive_visit_again",
            entity="visit",
            entity_id=later.id,
            resident_id=later.resident_id,
            programme=enrolment.programme,
            cause=visit.id,
        )
    return changed


def follow_last(*, by: Account | None, enrolment: Enrolment) -> None:
    """Make what the newest assessment asks for; doing it twice changes nothing."""
    assessment = find_last_assessment(enrolment.id)
    enrolment.last_assessment_id = assessment.id if assessment else None
    if assessment is None:
        return
    open_or_raise_referral(by=by, assessment=assessment)
    regular = None
    for step in assessment.next:
        due = date.fromisoformat(step["due"])
        if opens_at_once(step["kind"]):
            open_step(by=by, assessment=assessment, kind=step["kind"], due=due)
        else:
            regular = (step["kind"], due)
    enrolment.next_due_on = regular[1] if regular else None
    if regular:
        enrolment.next_kind = regular[0]
    db.session.flush()
    open_if_due(by=by, enrolment=enrolment)


def open_step(*, by: Account | None, assessment: Assessment, kind: str, due: date) -> None:
    """Open a task the visit asks for at once; one referral has one check."""
    visit = assessment.visit
    rank = RANK_DANGER if assessment.referral == "urgent" else RANK_PLAIN
    waiting = find_open_check(assessment) if kind == "referral_fu" else None
    if waiting is not None:
        waiting.rank = min(waiting.rank, rank)
        return
    open_task(
        by=by,
        enrolment=assessment.enrolment,
        kind=kind,
        due_on=due,
        source_visit=visit,
        rank=rank,
    )


def find_open_check(assessment: Assessment) -> Task | None:
    """Give the open check of a referral that an earlier visit asked for."""
    query = select(Task).where(
        Task.enrolment_id == assessment.enrolment_id,
        Task.kind == "referral_fu",
        Task.state == "open",
    )
    return db.session.execute(query.order_by(Task.due_on).limit(1)).scalar_one_or_none()


def open_or_raise_referral(*, by: Account | None, assessment: Assessment) -> None:
    """Open the referral once; danger raises an open one to urgent instead of adding a second."""
    visit = assessment.visit
    if assessment.referral == "none" or find_own_referral(assessment) is not None:
        return
    waiting = find_open_referral(visit.resident_id, assessment.programme)
    if waiting is None:
        open_referral(by=by, visit=visit, assessment=assessment)
    elif assessment.referral == "urgent" and waiting.urgency != "urgent":
        waiting.urgency = "urgent"
        waiting.reason = "；".join([*assessment.because, waiting.reason])[:500]
        record_referral(by, "raise_referral", waiting)


def find_own_referral(assessment: Assessment) -> Referral | None:
    """Give the referral that this visit, in any revision, opened already."""
    query = select(Referral).where(
        Referral.programme == assessment.programme,
        Referral.state != "cancelled",
        Referral.visit_id.in_(revisions_of(assessment.visit)),
    )
    return db.session.execute(query.limit(1)).scalar_one_or_none()


def take_back(*, by: Account | None, visit: Visit, revision: Visit, preview: Preview) -> None:
    """Undo what the old revision did: reopen what the new one does not fulfil, move the rest."""
    measured = {o.programme.code for o in preview.outcomes if o.decision}
    for task in tasks_where(Task.closed_by_visit_id == visit.id):
        if task.programme in measured:
            task.closed_by_visit_id, task.closed_on = revision.id, revision.visit_date
        else:
            reopen(by, task)
    for assessment in list(visit.assessments):
        drop_what_is_not_owed(by=by, assessment=assessment, preview=preview)
        if assessment.programme not in measured:
            forget_next(assessment.enrolment)
    for task in tasks_where(Task.source_visit_id == visit.id):
        task.source_visit_id = revision.id
    for referral in referrals_of(visit):
        referral.visit_id = revision.id
    db.session.flush()


def forget_next(enrolment: Enrolment) -> None:
    """Without an assessment the open regular task, if any, is what is owed next."""
    query = select(Task.due_on).where(
        Task.enrolment_id == enrolment.id, Task.kind == "regular", Task.state == "open"
    )
    enrolment.next_due_on = db.session.execute(query.order_by(Task.due_on).limit(1)).scalar()


def drop_what_is_not_owed(
    *, by: Account | None, assessment: Assessment, preview: Preview | None = None
) -> None:
    """Cancel open tasks and the referral of a visit that its new decision does not ask for.

    With `preview` the new decision is the one there for the programme, or none at all.
    """
    referral, steps = owed_by(assessment, preview)
    for task in open_tasks_from(assessment):
        if (task.kind, task.due_on.isoformat()) not in steps:
            cancel(by, task)
    for waiting in referrals_of(assessment.visit, assessment.programme):
        if waiting.state != "open":
            continue
        if referral == "none":
            waiting.state = "cancelled"
            record_referral(by, "cancel_referral", waiting)
        elif waiting.urgency != referral:
            waiting.urgency = referral
            record_referral(by, "raise_referral", waiting)


def owed_by(assessment: Assessment, preview: Preview | None) -> tuple[str, set[tuple[str, str]]]:
    """Give referral and next obligations as they are now."""
    if preview is None:
        return assessment.referral, {(step["kind"], step["due"]) for step in assessment.next}
    found = (o for o in preview.outcomes if o.programme.code == assessment.programme)
    decision = next((o.decision for o in found), None)
    if decision is None:
        return "none", set()
    return decision.referral, {(kind, due.isoformat()) for kind, due in decision.next}


def open_tasks_from(assessment: Assessment) -> list[Task]:
    """Give the open tasks a visit asked for, and the regular one that stands for its next date."""
    visit, enrolment = assessment.visit, assessment.enrolment
    own = tasks_where(
        Task.source_visit_id.in_(revisions_of(visit)),
        Task.enrolment_id == enrolment.id,
        Task.state == "open",
    )
    regular = tasks_where(
        Task.enrolment_id == enrolment.id,
        Task.kind == enrolment.next_kind,
        Task.due_on == enrolment.next_due_on,
        Task.due_on > visit.visit_date,
        Task.state == "open",
    )
    return [*own, *(t for t in regular if t not in own)]


def tasks_where(*conditions: object) -> list[Task]:
    """Give the tasks that meet the conditions."""
    query = select(Task).where(*conditions)  # type: ignore[arg-type]
    return list(db.session.execute(query).scalars())


def referrals_of(visit: Visit, programme: str | None = None) -> list[Referral]:
    """Give the referrals a visit opened in any of its revisions."""
    query = select(Referral).where(Referral.visit_id.in_(revisions_of(visit)))
    if programme is not None:
        query = query.where(Referral.programme == programme)
    return list(db.session.execute(query).scalars())


def cancel(by: Account | None, task: Task) -> None:
    """Cancel one task whose visit was corrected."""
    task.state, task.reason, task.closed_on = "cancelled", AGAIN, None
    record_task(by, "cancel_task", task)


def reopen(by: Account | None, task: Task) -> None:
    """Open a task again whose visit no longer holds the measurement."""
    task.state, task.reason = "open", ""
    task.closed_on = task.closed_by_visit_id = None
    record_task(by, "reopen_task", task)


def record_task(by: Account | None, verb: str, task: Task) -> None:
    """Write a task's change into the audit trail."""
    record(
        by=by,
        verb=verb,
        entity="task",
        entity_id=task.id,
        resident_id=task.resident_id,
        kind=task.kind,
        due=task.due_on.isoformat(),
        reason=AGAIN,
    )


def record_referral(by: Account | None, verb: str, referral: Referral) -> None:
    """Write a referral's change into the audit trail."""
    record(
        by=by,
        verb=verb,
        entity="referral",
        entity_id=referral.id,
        resident_id=referral.resident_id,
        programme=referral.programme,
        urgency=referral.urgency,
    )
