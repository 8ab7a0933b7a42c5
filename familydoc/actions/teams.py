"""Teams: made, described, staffed, and the villages they serve."""

import uuid
from datetime import date

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record, record_each
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember, TeamVillage
from familydoc.queries.organisations import find_service
from familydoc.queries.teams import (
    count_team_work,
    find_membership,
    find_owner,
    followers,
    list_memberships,
    list_worked_villages,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.teams import EXPERT, Plate, check_member
from familydoc.transaction import transaction


def add_team(*, by: Account, organisation: Organisation, name: str, plate: Plate) -> Team:
    """Make a team of a township centre; RuleError `centre_wrong`."""
    with transaction() as session:
        if organisation.kind != "township_centre" or not organisation.active:
            raise RuleError("centre_wrong", "团队要设在一家乡镇卫生院。", "organisation")
        team = Team(uid=str(uuid.uuid4()), name=name, organisation_id=organisation.id)
        _describe(team, plate)
        session.add(team)
        session.flush()
        record(by=by, verb="add_team", entity="team", entity_id=team.id)
    return team


def edit_plate(*, by: Account, team: Team, plate: Plate) -> None:
    """Change hours, telephone and services: what a leader may do."""
    with transaction():
        _describe(team, plate)
        record(by=by, verb="edit_plate", entity="team", entity_id=team.id)


def edit_team(*, by: Account, team: Team, name: str, plate: Plate, leader: Staff | None) -> None:
    """Change name, plate and leader; RuleError `leader_no_member`.

    What nobody in particular looked after goes from the old leader to the new one.
    """
    with transaction() as session:
        if leader is not None and find_membership(team.id, leader.id) is None:
            raise RuleError("leader_no_member", "团队长要从现在的成员里选。", "leader")
        before = team.leader_id
        team.name = name
        _describe(team, plate)
        team.leader_id = leader.id if leader else None
        session.flush()
        if team.leader_id != before:
            _pass_on(by, team, before)
        record(by=by, verb="edit_team", entity="team", entity_id=team.id, leader=team.leader_id)


def close_team(*, by: Account, team: Team) -> None:
    """Dissolve a team; RuleError `in_use` while villages, residents or contracts are with it."""
    with transaction():
        left = {word: number for word, number in count_team_work(team.id).items() if number}
        if left:
            listed = "、".join(f"{number} {word}" for word, number in left.items())
            raise RuleError("in_use", f"还不能解散：名下还有 {listed}，请先转给别的团队。")
        for member in team.members:
            if member.until is None:
                member.until = clock.today()
        team.leader_id, team.active = None, False
        record(by=by, verb="close_team", entity="team", entity_id=team.id)


def add_member(*, by: Account, team: Team, staff: Staff, role: str, since: date) -> TeamMember:
    """Take somebody into a team; RuleError `member_already`, `staff_left`, or of check_member."""
    with transaction() as session:
        session.refresh(staff, with_for_update=True)
        if not staff.active:
            raise RuleError("staff_left", f"{staff.name}已经离岗。", "staff")
        memberships = list_memberships(staff.id)
        if any(one.team_id == team.id for one in memberships):
            raise RuleError("member_already", f"{staff.name}已经在这个团队里。", "staff")
        elsewhere = next((one.team.name for one in memberships if one.role != EXPERT), "")
        member = TeamMember(
            team_id=team.id,
            staff_id=staff.id,
            role=check_member(role, staff.organisation.kind, elsewhere),
            since=since,
        )
        session.add(member)
        session.flush()
        record(
            by=by,
            verb="add_member",
            entity="team",
            entity_id=team.id,
            staff=staff.id,
            role=role,
            since=since.isoformat(),
        )
    return member


def end_member(*, by: Account, member: TeamMember, until: date) -> None:
    """End a membership: villages, enrolments and open tasks go to who stays, by find_owner."""
    with transaction() as session:
        if member.until is not None:
            return
        member.until = until
        team = member.team
        if team.leader_id == member.staff_id:
            team.leader_id = None
        session.execute(
            update(TeamVillage)
            .where(
                TeamVillage.team_id == team.id,
                TeamVillage.staff_id == member.staff_id,
                TeamVillage.until.is_(None),
            )
            .values(staff_id=None)
        )
        session.flush()
        _pass_on(by, team, member.staff_id)
        record(
            by=by,
            verb="end_member",
            entity="team",
            entity_id=team.id,
            staff=member.staff_id,
            until=until.isoformat(),
        )


def set_keeper(*, by: Account, service: TeamVillage, keeper: Staff | None) -> None:
    """Name who looks after a village first; work of the one before goes along.

    RuleError `keeper_no_member`.
    """
    with transaction() as session:
        _check_keeper(service.team_id, keeper)
        before = service.staff_id or service.team.leader_id
        service.staff_id = keeper.id if keeper else None
        session.flush()
        _pass_on(by, service.team, before, service.village_code)
        record(
            by=by,
            verb="set_keeper",
            entity="team",
            entity_id=service.team_id,
            village=service.village_code,
            staff=service.staff_id,
        )


def move_village(
    *, by: Account, village: Division, team: Team, keeper: Staff | None, seen: int | None
) -> int:
    """Let a team serve a village from today; residents without a contract elsewhere come along.

    `seen` is the team that served it when the question was asked. Gives how many on the
    roster came.
    RuleError `village_far`, `village_moved`, `village_here` or `keeper_no_member`.
    """
    with transaction() as session:
        session.refresh(village, with_for_update=True)
        if village.parent_code != team.organisation.division_code or not village.active:
            raise RuleError("village_far", "只能选本乡镇在用的村（居）。", "village")
        service = find_service(village.code)
        if (service.team_id if service else None) != seen:
            raise RuleError("village_moved", "刚刚有人改过这个村的团队，请再看一遍。", "village")
        if service is not None and service.team_id == team.id:
            raise RuleError("village_here", f"{village.short_name}已经由这个团队服务。", "village")
        _check_keeper(team.id, keeper)
        _serve(village, team, keeper, service)
        moved = _bring_along(by, village, team)
        record(
            by=by,
            verb="move_village",
            entity="team",
            entity_id=team.id,
            village=village.code,
            before=seen,
            residents=moved,
        )
    return moved


def _serve(village: Division, team: Team, keeper: Staff | None, before: TeamVillage | None) -> None:
    """End one service and begin the next; the unique index has the last word."""
    today = clock.today()
    if before is not None:
        before.until = today
        db.session.flush()
    service = TeamVillage(
        team_id=team.id,
        village_code=village.code,
        staff_id=keeper.id if keeper else None,
        since=today,
    )
    try:
        with db.session.begin_nested():
            db.session.add(service)
    except IntegrityError:
        sentence = "刚刚有人改过这个村的团队，请再看一遍。"
        raise RuleError("village_moved", sentence, "village") from None


def _bring_along(by: Account, village: Division, team: Team) -> int:
    """Do for a village what enrolments.hand_over does for one resident, in a few statements.

    Two thousand residents one by one would hold the write lock for ten seconds; a test holds both
    to the same result.
    """
    coming = followers(village.code, team.id).where(Resident.team_id.is_distinct_from(team.id))
    ids = coming.with_only_columns(Resident.id)
    _, owner = find_owner(village.code, team.id)
    theirs = {"team_id": team.id, "staff_id": owner}
    record_each(by=by, verb="hand_over", residents=ids, team=team.id)
    for statement in (
        update(Enrolment)
        .where(Enrolment.resident_id.in_(ids), Enrolment.state != "ended")
        .values(**theirs),
        update(Task)
        .where(Task.resident_id.in_(ids), Task.state == "open")
        .values(**theirs, village_code=village.code),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    came = db.session.scalar(
        select(func.count()).select_from(coming.where(Resident.state.in_(ON_ROSTER)).subquery())
    )
    db.session.execute(
        update(Resident).where(Resident.id.in_(ids)).values(team_id=team.id),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()
    return came or 0


def _check_keeper(team_id: int, keeper: Staff | None) -> None:
    if keeper is not None and find_membership(team_id, keeper.id) is None:
        raise RuleError("keeper_no_member", "负责人要从这个团队现在的成员里选。", "keeper")


def pass_to(*, by: Account, team: Team, before: Staff, after: Staff) -> tuple[int, int]:
    """Give all live enrolments and open tasks of one member to another, whatever the village.

    Gives how many enrolments and how many tasks went over.
    """
    with transaction():
        moved = _move_work(team.id, before.id, after.id)
        record(
            by=by,
            verb="pass_on",
            entity="team",
            entity_id=team.id,
            before=before.id,
            after=after.id,
            enrolments=moved[0],
            tasks=moved[1],
        )
    return moved


def _pass_on(by: Account, team: Team, before: int | None, village: str | None = None) -> None:
    """Give live enrolments and open tasks of one person (or nobody) to the owner of each village.

    The owner follows from team and village alone, so one statement per village does for all of
    its people.
    """
    villages = [village] if village else list_worked_villages(team.id, before)
    moved = 0
    for code in villages:
        _, owner = find_owner(code, team.id)
        if owner != before:
            moved += _move_work(team.id, before, owner, code)[0]
    if moved:
        record(
            by=by, verb="pass_on", entity="team", entity_id=team.id, before=before, enrolments=moved
        )


def _move_work(
    team_id: int, before: int | None, after: int | None, village: str | None = None
) -> tuple[int, int]:
    """Move live enrolments and open tasks, of one village or of all; two statements."""
    here = select(Resident.id).where(Resident.village_code == village)
    enrolments = db.session.execute(
        update(Enrolment)
        .where(
            Enrolment.team_id == team_id,
            Enrolment.staff_id.is_not_distinct_from(before),
            Enrolment.state != "ended",
            *([Enrolment.resident_id.in_(here)] if village else []),
        )
        .values(staff_id=after)
    )
    tasks = db.session.execute(
        update(Task)
        .where(
            Task.team_id == team_id,
            Task.staff_id.is_not_distinct_from(before),
            Task.state == "open",
            *([Task.village_code == village] if village else []),
        )
        .values(staff_id=after)
    )
    assert isinstance(enrolments, CursorResult) and isinstance(tasks, CursorResult)
    return enrolments.rowcount, tasks.rowcount


def _describe(team: Team, plate: Plate) -> None:
    team.hours, team.telephone, team.services = plate.hours, plate.telephone, plate.services
