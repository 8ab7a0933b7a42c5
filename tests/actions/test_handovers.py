"""Hand-overs: everything goes over in one act, what was done stays, and nothing by halves."""

import uuid
from datetime import date, timedelta

import pytest

from familydoc.actions import handovers as actions
from familydoc.actions.handovers import hand_over_work
from familydoc.actions.staff import leave
from familydoc.actions.teams import add_member
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.handovers import Handover, handover_tasks
from familydoc.models.organisations import Organisation
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, TeamMember, TeamVillage
from familydoc.queries.handovers import get_load, list_to_call, moved_by, open_tasks_of
from familydoc.queries.teams import find_membership
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from familydoc.transaction import transaction
from tests.actions.races import together
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    SINCE,
    account,
    add,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)
FRIDAY = date(2026, 11, 20)


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


def fill() -> None:
    """jia has an overdue, a done, and a coming task in 城关村, and one in yun's village."""
    one = make_enrolment(make_resident())
    make_task(one, days(-10))
    make_task(one, days(-30), state="done", closed_on=days(-30))
    make_task(make_enrolment(make_resident("乙")), days(10), kind="regular")
    make_task(make_enrolment(make_resident("丙", village=NANGOU)), days(5))


def hand_over(
    by="zhao", leaver="jia", successor="yun", last_day=FRIDAY, uid=None, team="chengguan1"
):
    return hand_over_work(
        by=account(by),
        uid=uid or str(uuid.uuid4()),
        team=team_of(team),
        leaver=staff(leaver),
        successor=staff(successor),
        last_day=last_day,
    )


def refused(**given) -> str:
    with pytest.raises(RuleError) as error:
        hand_over(**given)
    return error.value.code


def owners(state="open"):
    query = db.session.query(Task.staff_id).filter(Task.state == state)
    return {row.staff_id for row in query}


def make_doctor(username: str) -> None:
    """Let a member sign contracts."""
    with transaction():
        find_membership(team_of("chengguan1").id, staff(username).id).role = "family_doctor"


def test_everything_goes_to_the_successor_wherever_it_lies(app):
    fill()
    found = hand_over()
    yun = staff("yun").id
    assert owners() == {yun}
    assert {row.staff_id for row in db.session.query(Enrolment)} == {yun}
    service = db.session.query(TeamVillage).filter_by(village_code=CHENGGUAN_VILLAGE).one()
    assert service.staff_id == yun and service.until is None
    assert (found.tasks, found.overdue, found.enrolments, found.villages) == (3, 1, 3, 1)
    assert (found.contracts, found.led, found.last_day) == (0, False, FRIDAY)
    assert get_load(team_of("chengguan1"), staff("jia"), TODAY).tasks == 0


def test_both_are_credited_by_date(app):
    fill()
    hand_over()
    assert owners("done") == {staff("jia").id}
    past = db.session.query(TeamMember).filter_by(staff_id=staff("jia").id).one()
    assert past.until == FRIDAY
    assert find_membership(team_of("chengguan1").id, staff("yun").id).until is None


def test_contracts_follow_the_doctor_and_ended_ones_stay(app):
    make_doctor("yun")
    chen = staff("chen").id
    running = make_contract(make_resident(), doctor_id=chen)
    ended = make_contract(make_resident("乙"), doctor_id=chen, state="terminated")
    found = hand_over(leaver="chen")
    doctors = {row.id: row.doctor_id for row in db.session.query(Contract)}
    assert doctors == {running.id: staff("yun").id, ended.id: chen}
    assert found.contracts == 1
    assert db.session.query(AuditEvent).filter_by(verb="change_doctor").count() == 1


def test_successor_of_the_leader_leads(app):
    make_task(make_enrolment(make_resident(), staff_id=staff("chen").id), days(3))
    found = hand_over(leaver="chen")
    assert found.led and team_of("chengguan1").leader_id == staff("yun").id
    assert owners() == {staff("yun").id}


def test_what_was_moved_is_kept_as_counts_and_a_list(app):
    fill()
    found = hand_over()
    moved = db.session.query(Task).filter(moved_by(found)).all()
    assert len(moved) == found.tasks == 3
    assert db.session.query(handover_tasks).count() == 3
    event = db.session.query(AuditEvent).filter_by(verb="hand_over_work").one()
    assert event.details["tasks"] == 3


def test_a_second_hand_over_brings_it_back(app):
    fill()
    hand_over()
    add_member(
        by=account("zhao"),
        team=team_of("chengguan1"),
        staff=staff("jia"),
        role="village_doctor",
        since=TODAY,
    )
    back = hand_over(leaver="yun", successor="jia", last_day=TODAY)
    assert owners() == {staff("jia").id} and back.tasks == 3
    assert back.villages == 2  # 城关村 and yun's own 南沟村


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"successor": "jia"}, "same_person"),
        ({"successor": "li"}, "no_member"),
        ({"leaver": "li"}, "handed_over"),
        ({"by": "chen", "leaver": "chen", "successor": "yun"}, "self"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_moves(app, given, code):
    fill()
    assert refused(**given) == code
    assert owners() == {staff("jia").id}
    assert db.session.query(Handover).count() == 0


def test_who_has_left_service_takes_nothing_on(app):
    fill()
    with transaction():
        staff("yun").active = False
    assert refused() == "staff_left"
    leave(by=account("admin"), staff=staff("yun"))
    assert refused() == "staff_left"


def test_contracts_need_a_doctor(app):
    make_contract(make_resident(), doctor_id=staff("chen").id)
    assert refused(leaver="chen", successor="yun") == "no_doctor"


def test_an_expert_of_two_teams_is_not_handed_over_at_once(app):
    hospital = db.session.query(Organisation).filter_by(kind="county_hospital").first()
    with transaction():
        hospital = hospital or add(
            Organisation(
                code="H1",
                name="县医院",
                kind="county_hospital",
                parent_id=organisation("150124").id,
            )
        )
        expert = add(Staff(uid="staff-expert", name="秦素芳", organisation_id=hospital.id))
        for key in ("chengguan1", "chengguan2"):
            add(
                TeamMember(
                    team_id=team_of(key).id,
                    staff_id=expert.id,
                    role="county_expert",
                    since=SINCE,
                )
            )
    assert refused(leaver="expert") == "serves_several"


def test_two_leaders_at_once_hand_over_once(app):
    fill()
    results = together(
        app,
        lambda: hand_over(by="zhao", successor="yun").tasks,
        lambda: hand_over(by="chen", successor="chen").tasks,
    )
    assert sorted(map(str, results)) == ["3", "handed_over"]
    assert len(owners()) == 1 and db.session.query(Handover).count() == 1


def test_sent_twice_is_done_once(app):
    fill()
    first = hand_over(uid="same").id
    assert hand_over(uid="same").id == first
    assert db.session.query(Handover).count() == 1


def test_a_failure_in_the_middle_leaves_everything(app, monkeypatch):
    fill()

    def fail(**_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(actions, "end_member", fail)
    with pytest.raises(RuntimeError):
        hand_over()
    assert owners() == {staff("jia").id}
    assert db.session.query(Handover).count() == 0
    assert db.session.query(handover_tasks).count() == 0


def test_people_to_call_first_are_danger_overdue_and_private(app):
    fill()
    private = next(p.code for p in load_programmes().values() if p.private)
    make_task(make_enrolment(make_resident("密"), private), days(9))
    make_task(make_enrolment(make_resident("危")), days(9), "referral_fu", rank=0)
    owed = open_tasks_of(team_of("chengguan1").id, staff("jia").id)
    found = list_to_call(account("chen"), owed, TODAY)
    assert [(one.resident.name, one.reasons) for one in found] == [
        ("危", ("danger",)),
        ("张建国", ("overdue",)),
        ("密", ("private",)),
    ]
    assert list_to_call(account("wu"), owed, TODAY) == []


def test_what_is_due_next_falls_to_the_successor(app):
    enrolment = make_enrolment(make_resident(), next_due_on=days(80))
    hand_over()
    db.session.refresh(enrolment)
    assert enrolment.staff_id == staff("yun").id and enrolment.next_due_on == days(80)
