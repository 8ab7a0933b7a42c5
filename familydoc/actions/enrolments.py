"""Who is managed in which programme: taken in, suspended, resumed, ended, handed over."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.tasks import cancel_tasks, open_if_due, open_task
from familydoc.extensions import db
from familydoc.labels import word
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.queries.programmes import effective
from familydoc.queries.teams import find_owner
from familydoc.rules.dates import add_months
from familydoc.rules.dues import Due
from familydoc.rules.enrolments import (
    due_on_resume,
    first_dues,
    interval_months,
    read_facts,
    refuse_unfit,
    regular_schedule,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import get_programme
from familydoc.rules.tasks import opens_at_once
from familydoc.transaction import transaction


def enrol(
    *,
    by: Account | None,
    resident: Resident,
    programme: str,
    since: date,
    facts: Mapping[str, object] | None = None,
) -> Enrolment:
    """Take a resident into a programme and make the first tasks whose windows are open.

    `facts` are what the programme's intake asks for (a last period, a notice's moment), typed.
    RuleError `programme_unknown`, `resident_gone`, `enrolled_already`, `not_for_sex`,
    `not_of_age`, or what is wrong with a fact.
    """
    rules = get_programme(programme)
    known = read_facts(rules, facts or {}, since)
    with transaction() as session:
        if not resident.on_roster:
            state = word("resident_state", resident.state)
            raise RuleError("resident_gone", f"居民已登记为{state}，不能纳入管理。", "programme")
        _refuse_second(resident, programme)
        refuse_unfit(rules, resident.sex, resident.birth, since)
        team_id, staff_id = find_owner(resident.village_code, resident.team_id)
        enrolment = Enrolment(
            resident_id=resident.id,
            programme=programme,
            since=since,
            team_id=team_id,
            staff_id=staff_id,
            facts=known,
        )
        enrolment.resident = resident
        session.add(enrolment)
        _flush_or_refuse(programme)
        _note(by, "enrol", enrolment)
        owe_first(by=by, enrolment=enrolment, on=since)
    return enrolment


def owe_first(*, by: Account | None, enrolment: Enrolment, on: date) -> None:
    """Set what somebody taken in, or back, on a day is owed next; what is due keeps its date."""
    rules = effective(enrolment.programme, on)
    if regular_schedule(rules):
        on = max(on, clock.today())
    for kind, due in first_dues(rules, on, enrolment.resident.birth, enrolment.facts).items():
        if opens_at_once(kind):
            at = due if isinstance(due, datetime) else None
            open_task(by=by, enrolment=enrolment, kind=kind, due_on=local_day(due), due_at=at)
        else:
            enrolment.owe(kind, due_on_resume(enrolment.due_on(kind), on, due))
    db.session.flush()
    open_if_due(by=by, enrolment=enrolment)


def owe_again(*, by: Account | None, enrolment: Enrolment, on: date) -> None:
    """Owe the regular care from a day on, as it recurs, whatever the intake began with."""
    rules = effective(enrolment.programme, on)
    months = interval_months(rules, "regular")
    if months is None:
        owe_first(by=by, enrolment=enrolment, on=on)
        return
    enrolment.owe("regular", add_months(on, months))
    db.session.flush()
    open_if_due(by=by, enrolment=enrolment)


def local_day(due: Due) -> date:
    """Give the day of a due date or moment, as the county's clocks show it."""
    return clock.local(due).date() if isinstance(due, datetime) else due


def end_enrolment(*, by: Account | None, enrolment: Enrolment, on: date, reason: str) -> None:
    """End the management; its open tasks are cancelled. An ended one stays as it is."""
    with transaction() as session:
        if enrolment.state == "ended":
            return
        enrolment.state, enrolment.reason, enrolment.ended_on = "ended", reason, on
        cancel_tasks(by=by, enrolment=enrolment, reason=reason)
        _note(by, "end_enrolment", enrolment)
        session.flush()


def suspend_enrolment(*, by: Account | None, enrolment: Enrolment, on: date, reason: str) -> None:
    """Pause the management (admitted, refused); its open tasks are cancelled."""
    with transaction() as session:
        if enrolment.state != "active":
            return
        enrolment.state, enrolment.reason = "suspended", reason
        cancel_tasks(by=by, enrolment=enrolment, reason=reason)
        _note(by, "suspend_enrolment", enrolment, on=on.isoformat())
        session.flush()


def resume_enrolment(*, by: Account | None, enrolment: Enrolment, on: date) -> None:
    """Take up a suspended or ended management again, from the day `on`."""
    with transaction() as session:
        if enrolment.state == "active":
            return
        if enrolment.state == "ended":
            _refuse_second(enrolment.resident, enrolment.programme)
        enrolment.state, enrolment.reason, enrolment.ended_on = "active", "", None
        _note(by, "resume_enrolment", enrolment)
        session.flush()
        owe_first(by=by, enrolment=enrolment, on=on)


def hand_over(*, by: Account | None, resident: Resident, team_id: int | None) -> None:
    """Move a resident, the live enrolments and the open tasks to another team."""
    with transaction() as session:
        resident.team_id = team_id
        session.flush()
        owner = find_owner(resident.village_code, team_id)
        new_team, new_staff = owner if team_id is not None else (None, None)
        session.execute(
            update(Enrolment)
            .where(Enrolment.resident_id == resident.id, Enrolment.state != "ended")
            .values(team_id=new_team, staff_id=new_staff)
        )
        session.execute(
            update(Task)
            .where(Task.resident_id == resident.id, Task.state == "open")
            .values(team_id=new_team, staff_id=new_staff, village_code=resident.village_code)
        )
        record(
            by=by,
            verb="hand_over",
            entity="resident",
            entity_id=resident.id,
            resident_id=resident.id,
            team=team_id,
        )


def _refuse_second(resident: Resident, programme: str) -> None:
    if find_live_enrolment(resident.id, programme) is not None:
        name = word("programme", programme)
        raise RuleError("enrolled_already", f"已经在{name}管理中，不用再纳入。", "programme")


def _flush_or_refuse(programme: str) -> None:
    """Let the unique index be the last word when two enrol the same person at once."""
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError:
        name = word("programme", programme)
        raise RuleError("enrolled_already", f"已经在{name}管理中，不用再纳入。") from None


def _note(by: Account | None, verb: str, enrolment: Enrolment, **details: object) -> None:
    record(
        by=by,
        verb=verb,
        entity="enrolment",
        entity_id=enrolment.id,
        resident_id=enrolment.resident_id,
        programme=enrolment.programme,
        reason=enrolment.reason,
        **details,
    )
