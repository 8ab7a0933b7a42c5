"""Somebody leaves: all of the work goes to one successor in one act."""

from datetime import date

from sqlalchemy import insert, literal, select, update

from familydoc import clock
from familydoc.actions.audit import record, record_each
from familydoc.actions.teams import edit_team, end_member, pass_to, set_keeper
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.handovers import Handover, handover_tasks
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team
from familydoc.queries.handovers import (
    Load,
    contracts_of,
    find_handover,
    get_case,
    get_load,
    open_tasks_of,
)
from familydoc.queries.teams import find_membership
from familydoc.rules.handovers import check
from familydoc.rules.teams import Plate
from familydoc.transaction import transaction


def hand_over_work(
    *, by: Account, uid: str, team: Team, leaver: Staff, successor: Staff, last_day: date
) -> Handover:
    """Move tasks, enrolments, villages, contracts and the lead to a successor; end the membership.

    What is done keeps its staff: until `last_day` the work is the leaver's, afterwards the
    successor's. A known `uid` gives the stored row. RuleErrors of rules.handovers.check.
    """
    with transaction():
        _lock(leaver, successor)
        known = find_handover(uid)
        if known is not None:
            return known
        check(get_case(by, team, leaver, successor))
        load = get_load(team, leaver, clock.today())
        handover = _note_down(by, uid, team, leaver, successor, last_day, load)
        _move(by, team, leaver, successor, load)
        member = find_membership(team.id, leaver.id)
        assert member is not None
        end_member(by=by, member=member, until=last_day)
        record(
            by=by,
            verb="hand_over_work",
            entity="handover",
            entity_id=handover.id,
            team=team.id,
            leaver=leaver.id,
            successor=successor.id,
            tasks=handover.tasks,
            contracts=handover.contracts,
        )
    return handover


def note_print(*, by: Account, handover: Handover) -> None:
    """Note that the list of a hand-over went onto paper."""
    with transaction():
        record(by=by, verb="print_handover", entity="handover", entity_id=handover.id)


def _lock(leaver: Staff, successor: Staff) -> None:
    """Two leaders at once take turns: both rows, the same order for everybody."""
    for one in sorted({leaver, successor}, key=lambda staff: staff.id):
        db.session.refresh(one, with_for_update=True)


def _note_down(
    by: Account,
    uid: str,
    team: Team,
    leaver: Staff,
    successor: Staff,
    last_day: date,
    load: Load,
) -> Handover:
    """Store what goes over before it does, with the tasks of the successor's list."""
    handover = Handover(
        uid=uid,
        team_id=team.id,
        leaver_id=leaver.id,
        successor_id=successor.id,
        last_day=last_day,
        led=load.leads,
        villages=len(load.villages),
        enrolments=load.enrolments,
        contracts=load.contracts,
        tasks=load.tasks,
        overdue=load.overdue,
        made_at=clock.now(),
        made_by=by.id,
    )
    db.session.add(handover)
    db.session.flush()
    moving = select(literal(handover.id), Task.id).where(open_tasks_of(team.id, leaver.id))
    db.session.execute(insert(handover_tasks).from_select(["handover_id", "task_id"], moving))
    return handover


def _move(by: Account, team: Team, leaver: Staff, successor: Staff, load: Load) -> None:
    pass_to(by=by, team=team, before=leaver, after=successor)
    for service in load.villages:
        set_keeper(by=by, service=service, keeper=successor)
    if load.leads:
        plate = Plate(team.hours, team.telephone, team.services)
        edit_team(by=by, team=team, name=team.name, plate=plate, leader=successor)
    theirs = contracts_of(team.id, leaver.id)
    if load.contracts:
        people = select(Contract.resident_id).where(theirs)
        record_each(by=by, verb="change_doctor", residents=people, doctor=successor.id)
        db.session.execute(
            update(Contract).where(theirs).values(doctor_id=successor.id),
            execution_options={"synchronize_session": False},
        )
    db.session.expire_all()
