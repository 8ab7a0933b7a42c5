"""What follows from a visit: assessments, closed tasks, the next ones, referrals.

The newest visit by date decides what is owed next. A visit that is entered or corrected behind a
later one changes what was the previous reading there, so the later decisions are made again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, literal, or_, select

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.enrolments import local_day
from familydoc.actions.referrals import open_referral
from familydoc.actions.settling import settle_enrolment
from familydoc.actions.tasks import close_tasks, open_if_due, open_task, open_windows
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.referrals import Referral
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN, Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.programmes import effective
from familydoc.queries.referrals import find_open_referral
from familydoc.queries.visits import (
    Outcome,
    Preview,
    find_last_assessment,
    judge,
    list_assessments_after,
    revisions_of,
)
from familydoc.rules.dates import add_months
from familydoc.rules.dues import Due, period_of, read_due
from familydoc.rules.enrolments import due_after, recurring_kinds, regular_schedule
from familydoc.rules.programmes import Decision, load_programmes
from familydoc.rules.tasks import opens_at_once
from familydoc.rules.visits import VisitEntry

AGAIN = "更正后重新安排"
#: What an assessment keeps of a decision, in this order.
DECIDED = ("class_code", "referral", "next", "because", "closes")


def settle(
    *, by: Account | None, visit: Visit, preview: Preview, replaced: Sequence[int] = ()
) -> None:
    """Store the assessments of a visit, close the tasks it fulfils, open what is owed next."""
    ids = [task.id for task in preview.closing.closes]
    tasks = tasks_where(Task.id.in_(ids)) if ids else []
    close_tasks(by=by, tasks=tasks, on=visit.visit_date, visit=visit)
    owe_next_exams(visit, tasks)
    stored = [
        store_assessment(visit, o, o.decision) if o.decision is not None else None
        for o in preview.outcomes
    ]
    db.session.flush()
    until = open_windows()
    for outcome, assessment in zip(preview.outcomes, stored, strict=True):
        enrolment = outcome.enrolment
        changed = outcome.superseded and derive_later(by=by, enrolment=enrolment, visit=visit)
        newest = None if outcome.superseded else assessment
        if newest or changed or replaced:
            follow_last(by=by, enrolment=enrolment, newest=newest, until=until)


def owe_next_exams(visit: Visit, closed: Sequence[Task]) -> None:
    """Set the next yearly examination of every enrolment that had one at this visit.

    Where the programme is the examination itself, its ladder says so.
    """
    for task in closed:
        programme = effective(task.programme, visit.visit_date)
        if task.kind == "exam" and programme.exam is not None:
            months = period_of(programme, programme.exam.months)
            task.enrolment.exam_due_on = add_months(visit.visit_date, months)


def store_assessment(visit: Visit, outcome: Outcome, decision: Decision) -> Assessment:
    """Add what one programme said of a visit."""
    assessment = Assessment(
        enrolment_id=outcome.enrolment.id, programme=outcome.programme.code, visit_id=visit.id
    )
    assessment.visit, assessment.enrolment = visit, outcome.enrolment
    write_decision(assessment, decision)
    db.session.add(assessment)
    return assessment


def write_decision(assessment: Assessment, decision: Decision) -> bool:
    """Put a decision into an assessment; tell whether anything is new."""
    said = decision.as_json()
    new = (said["class"], said["referral"], said["next"], said["because"], said["closes"])
    old = tuple(getattr(assessment, name) for name in DECIDED)
    for name, value in zip(DECIDED, new, strict=True):
        setattr(assessment, name, value)
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


def follow_last(
    *,
    by: Account | None,
    enrolment: Enrolment,
    newest: Assessment | None = None,
    until: Mapping[str, date] | None = None,
) -> None:
    """Make what the newest assessment asks for; doing it twice changes nothing.

    `newest` is that assessment where the caller has just stored it.
    """
    assessment = newest or find_last_assessment(enrolment.id)
    enrolment.last_assessment_id = assessment.id if assessment else None
    if assessment is None:
        return
    open_or_raise_referral(by=by, assessment=assessment)
    later: dict[str, date] = {}
    for step in assessment.next:
        due = read_due(step["due"])
        if opens_at_once(step["kind"]):
            open_step(by=by, assessment=assessment, kind=step["kind"], due=due)
        else:
            later[step["kind"]] = skip_passed(by=by, enrolment=enrolment, due=local_day(due))
    for kind in recurring_kinds(load_programmes()[enrolment.programme]):
        if kind in later or kind == "regular":
            enrolment.owe(kind, later.get(kind))
    open_if_due(by=by, enrolment=enrolment, until=until)
    if assessment.closes:
        settle_enrolment(by=by, enrolment=enrolment)


def skip_passed(*, by: Account | None, enrolment: Enrolment, due: date) -> date:
    """Give the step of a schedule that is not over today; those passed stay on the list as late.

    The night follows only what falls due from now on, and this visit may be entered late.
    """
    schedule = regular_schedule(load_programmes()[enrolment.programme])
    anchor = enrolment.anchor(schedule.anchor) if schedule else None
    while schedule and anchor and due < clock.today():
        following = due_after(schedule, anchor, due)
        if following is None:
            break
        open_task(by=by, enrolment=enrolment, kind="regular", due_on=due)
        due = following
    return due


def open_step(*, by: Account | None, assessment: Assessment, kind: str, due: Due) -> None:
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
        due_on=local_day(due),
        due_at=due if isinstance(due, datetime) else None,
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
        if (task.kind, task.due_on) not in steps:
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


def owed_by(assessment: Assessment, preview: Preview | None) -> tuple[str, set[tuple[str, date]]]:
    """Give referral and next obligations as they are now."""
    if preview is None:
        steps = {(step["kind"], local_day(read_due(step["due"]))) for step in assessment.next}
        return assessment.referral, steps
    found = (o for o in preview.outcomes if o.programme.code == assessment.programme)
    decision = next((o.decision for o in found), None)
    if decision is None:
        return "none", set()
    return decision.referral, {(kind, local_day(due)) for kind, due in decision.next}


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
        or_(
            and_(Task.kind == "regular", Task.due_on == enrolment.next_due_on),
            and_(Task.kind == "exam", Task.due_on == enrolment.exam_due_on, is_the_exam(enrolment)),
        ),
        Task.due_on > visit.visit_date,
        Task.state == "open",
    )
    return [*own, *(t for t in regular if t not in own)]


def is_the_exam(enrolment: Enrolment) -> ColumnElement[bool]:
    """Tell whether the programme is a yearly examination: then its ladder owns that date."""
    return literal(load_programmes()[enrolment.programme].intake.kind == "exam")


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
