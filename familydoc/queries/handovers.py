"""Reads of hand-overs: what somebody has in hand, whom the successor calls, what was moved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract, ServicePackage, contract_packages
from familydoc.models.enrolments import Enrolment
from familydoc.models.handovers import Handover, handover_tasks
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember, TeamVillage
from familydoc.queries import scope
from familydoc.queries.teams import find_membership, list_memberships
from familydoc.rules.handovers import Case, OwedTask, call_order, reasons_to_call
from familydoc.rules.plans import paper_words
from familydoc.rules.programmes import load_programmes

#: Whom a contract may name as the doctor.
DOCTOR = "family_doctor"
SHOWN = (
    *(Resident.uid, Resident.name, Resident.sex, Resident.birth, Resident.telephone),
    *(Resident.village_code, Resident.address, Resident.state),
)


@dataclass(frozen=True)
class Load:
    """What somebody of a team has in hand; the hand-over moves just this."""

    villages: Sequence[TeamVillage]
    enrolments: int
    contracts: int
    tasks: int
    overdue: int
    leads: bool


@dataclass(frozen=True)
class Called:
    """Somebody to be called first, why, and what is owed, as paper may say it."""

    resident: Resident
    reasons: tuple[str, ...]
    words: tuple[str, ...]
    oldest: date


def open_tasks_of(team_id: int, staff_id: int) -> ColumnElement[bool]:
    """The condition for the open tasks somebody has in a team."""
    return and_(Task.team_id == team_id, Task.staff_id == staff_id, Task.state == "open")


def live_enrolments_of(team_id: int, staff_id: int) -> ColumnElement[bool]:
    return and_(
        Enrolment.team_id == team_id, Enrolment.staff_id == staff_id, Enrolment.state != "ended"
    )


def contracts_of(team_id: int, staff_id: int) -> ColumnElement[bool]:
    """The condition for the running contracts of a team that name somebody as the doctor."""
    return and_(
        Contract.team_id == team_id, Contract.doctor_id == staff_id, Contract.state == "active"
    )


def get_load(team: Team, staff: Staff, on: date) -> Load:
    """Count what somebody has in hand in a team."""
    of = (team.id, staff.id)
    tasks, overdue = db.session.execute(
        select(func.count(), func.count(case((Task.due_on < on, 1)))).where(open_tasks_of(*of))
    ).one()
    villages = select(TeamVillage).where(
        TeamVillage.team_id == team.id,
        TeamVillage.staff_id == staff.id,
        TeamVillage.until.is_(None),
    )
    return Load(
        villages=db.session.scalars(
            villages.options(joinedload(TeamVillage.village)).order_by(TeamVillage.village_code)
        ).all(),
        enrolments=_count(live_enrolments_of(*of)),
        contracts=_count(contracts_of(*of)),
        tasks=tasks,
        overdue=overdue,
        leads=team.leader_id == staff.id,
    )


def _count(condition: ColumnElement[bool]) -> int:
    return db.session.execute(select(func.count()).where(condition)).scalar_one()


def count_promises(team: Team, staff: Staff) -> list[tuple[str, int]]:
    """Give the packages promised in somebody's contracts with how many hold each."""
    query = (
        select(ServicePackage.name, func.count())
        .join(contract_packages, contract_packages.c.package_id == ServicePackage.id)
        .join(Contract, Contract.id == contract_packages.c.contract_id)
        .where(contracts_of(team.id, staff.id))
        .group_by(ServicePackage.name)
        .order_by(func.count().desc(), ServicePackage.name)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def get_case(by: Account, team: Team, leaver: Staff, successor: Staff | None) -> Case:
    """Give the facts a hand-over is judged by, as they are now."""
    memberships = list_memberships(leaver.id)
    joined = find_membership(team.id, successor.id) if successor else None
    return Case(
        leaver=leaver.name,
        successor=successor.name if successor else "",
        is_same=successor is not None and successor.id == leaver.id,
        is_own=by.staff_id == leaver.id,
        leaver_here=any(one.team_id == team.id for one in memberships),
        leaver_teams=tuple(one.team.name for one in memberships),
        successor_active=successor is None or successor.active,
        successor_here=joined is not None,
        successor_is_doctor=joined is not None and joined.role == DOCTOR,
        contracts=_count(contracts_of(team.id, leaver.id)),
    )


def list_to_call(viewer: Account, owed: ColumnElement[bool], on: date) -> list[Called]:
    """Give who is to be called first among the people of some tasks, in one statement.

    `owed` limits the tasks; the viewer's scope limits them further.
    """
    query = (
        select(Task)
        .join(Task.resident)
        .where(owed, scope.of_team(Task, viewer), Task.state == "open")
        .options(
            contains_eager(Task.resident).options(
                load_only(*SHOWN, raiseload=True), joinedload(Resident.village)
            )
        )
        .order_by(Task.rank, Task.due_on, Task.id)
    )
    people: dict[int, list[Task]] = defaultdict(list)
    for task in db.session.scalars(query):
        people[task.resident_id].append(task)
    found = [one for tasks in people.values() if (one := _called(tasks, on)).reasons]
    return sorted(found, key=lambda one: call_order(one.reasons, one.oldest))


def _called(tasks: Sequence[Task], on: date) -> Called:
    programmes = load_programmes()
    owed = [OwedTask(task.programme, task.rank, task.due_on) for task in tasks]
    return Called(
        resident=tasks[0].resident,
        reasons=reasons_to_call(owed, programmes, on),
        words=paper_words(((task.programme, task.kind) for task in tasks), programmes),
        oldest=min(task.due_on for task in tasks),
    )


def moved_by(handover: Handover) -> ColumnElement[bool]:
    """The condition for the tasks that went over with a hand-over."""
    moved = select(handover_tasks.c.task_id).where(handover_tasks.c.handover_id == handover.id)
    return Task.id.in_(moved)


def find_handover(uid: str) -> Handover | None:
    """Give the hand-over that a form named, in nobody's scope: for sending twice."""
    return db.session.scalars(select(Handover).where(Handover.uid == uid)).one_or_none()


def get_handover(viewer: Account, uid: str) -> Handover | None:
    """Give a hand-over of a team the viewer may see."""
    query = select(Handover).join(Handover.team).where(scope.teams(viewer), Handover.uid == uid)
    return db.session.execute(query.options(*_WITH_PEOPLE)).scalar_one_or_none()


def list_handovers(viewer: Account, most: int = 50) -> Sequence[Handover]:
    """Give the last hand-overs of the teams a viewer may see, the newest first."""
    query = select(Handover).join(Handover.team).where(scope.teams(viewer))
    order = query.order_by(Handover.id.desc()).limit(most)
    return db.session.scalars(order.options(*_WITH_PEOPLE)).all()


_WITH_PEOPLE = (
    joinedload(Handover.leaver),
    joinedload(Handover.successor),
    joinedload(Handover.team),
    joinedload(Handover.maker),
)


def list_successors(
    members: Iterable[TeamMember], leaver: Staff, contracts: int
) -> list[TeamMember]:
    """Give the members of a team who may take the work on: doctors alone where contracts are."""
    return [
        one
        for one in members
        if one.staff_id != leaver.id and one.staff.active and (one.role == DOCTOR or contracts == 0)
    ]
