"""Referring by hand, elsewhere, back: who sees what changes, which tasks come and go."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc.actions import referrals as actions
from familydoc.actions import referrals_answer as answers
from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.programmes import CountyParameter
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from familydoc.rules.errors import RuleError
from familydoc.rules.referrals import Answer
from familydoc.transaction import transaction
from tests.cast import (
    HOSPITAL,
    account,
    add,
    make_enrolment,
    make_referral,
    make_resident,
    organisation,
)

TODAY = date(2026, 11, 21)
ANSWER = Answer("高血压 2 级", "加用缬沙坦", "两周后复查")


def refer(resident, **changed):
    given = {
        "by": account("jia"),
        "uid": "r-hand",
        "resident": resident,
        "programme": "hypertension",
        "urgency": "routine",
        "reason": "胸闷两天",
        "to": organisation(HOSPITAL),
        "on": TODAY,
    }
    return actions.refer_resident(**given | changed)


def tasks(resident, state="open"):
    query = select(Task).where(Task.resident_id == resident.id, Task.state == state)
    return {(task.kind, task.due_on, task.rank) for task in db.session.scalars(query)}


def verbs(referral):
    query = select(AuditEvent.verb).where(
        AuditEvent.entity == "referral", AuditEvent.entity_id == referral.id
    )
    return db.session.scalars(query.order_by(AuditEvent.id)).all()


@pytest.fixture
def managed(app):
    """张建国, managed for hypertension by jia."""
    resident = make_resident()
    make_enrolment(resident)
    return resident


def test_hand_made_referral_knows_from_whom_and_to_whom(managed):
    referral = refer(managed, department="心内科")
    assert referral.sender.name == "城关镇卫生院"
    assert (referral.to_whom, referral.department) == ("清水河县人民医院", "心内科")
    assert referral.staff.name == "贾二牛" and referral.stage == "opened"
    assert referral.check_due_on == TODAY + timedelta(days=14)
    assert verbs(referral) == ["open_referral"]


@pytest.mark.parametrize(("urgency", "rank"), [("routine", 1), ("urgent", 0)])
def test_hand_made_referral_owes_its_check(managed, urgency, rank):
    refer(managed, urgency=urgency)
    assert tasks(managed) == {("referral_fu", TODAY + timedelta(days=14), rank)}


def test_referral_without_management_owes_no_task(app):
    resident = make_resident()
    referral = refer(resident, programme="")
    assert referral.programme == "" and tasks(resident) == set()


def test_same_uid_again_is_the_same_referral(managed):
    assert refer(managed).id == refer(managed).id
    assert db.session.query(Referral).count() == 1
    with pytest.raises(RuleError) as refused:
        refer(make_resident("刘海"))
    assert refused.value.code == "uid_taken"


def test_second_referral_of_a_programme_is_refused_while_one_waits(managed):
    refer(managed)
    with pytest.raises(RuleError) as refused:
        refer(managed, uid="r-2")
    assert refused.value.code == "referral_open"
    assert refer(managed, uid="r-3", programme="").programme == ""


def test_referral_of_a_visit_goes_to_the_county_s_hospital(managed):
    record_visit(
        by=account("jia"),
        uid="v-1",
        resident=managed,
        visit_date=TODAY,
        way=2,
        answers={"sbp": 190, "dbp": 112},
    )
    referral = db.session.query(Referral).one()
    assert (referral.urgency, referral.to_whom) == ("urgent", "清水河县人民医院")
    assert referral.sender.name == "城关镇卫生院" and referral.staff.name == "贾二牛"
    assert ("referral_fu", TODAY + timedelta(days=14), 0) in tasks(managed)


def test_visit_under_a_hand_made_referral_opens_no_second_one(managed):
    refer(managed)
    record_visit(
        by=account("jia"),
        uid="v-1",
        resident=managed,
        visit_date=TODAY,
        way=2,
        answers={"sbp": 190, "dbp": 112},
    )
    referral = db.session.query(Referral).one()
    assert referral.urgency == "urgent" and referral.visit_id is None
    assert tasks(managed) == {
        ("referral_fu", TODAY + timedelta(days=14), 0),
    } | {t for t in tasks(managed) if t[0] == "regular"}


def test_referral_goes_elsewhere_until_the_hospital_has_received(managed):
    referral = refer(managed)
    actions.send_elsewhere(
        by=account("jia"), referral=referral, to=None, to_name="呼和浩特市第一医院", department=""
    )
    assert referral.to_whom == "呼和浩特市第一医院" and referral.to_organisation_id is None
    actions.send_elsewhere(
        by=account("jia"),
        referral=referral,
        to=organisation(HOSPITAL),
        to_name="x",
        department="心内科",
    )
    assert referral.to_whom == "清水河县人民医院" and referral.to_name == ""
    answers.receive_referral(by=account("gao"), referral=referral)
    with pytest.raises(RuleError) as refused:
        actions.send_elsewhere(
            by=account("jia"), referral=referral, to=None, to_name="别处", department=""
        )
    assert refused.value.code == "referral_over"


def test_hand_made_referral_is_cancelled_with_its_check(managed):
    referral = refer(managed)
    actions.cancel_referral(by=account("jia"), referral=referral, reason="开错了人", on=TODAY)
    assert referral.stage == "cancelled" and tasks(managed) == set()
    assert ("referral_fu", TODAY + timedelta(days=14), 1) in tasks(managed, "cancelled")
    assert verbs(referral) == ["open_referral", "cancel_referral"]


def test_referral_of_a_visit_is_cancelled_by_correcting_the_visit_only(managed):
    record_visit(
        by=account("jia"),
        uid="v-1",
        resident=managed,
        visit_date=TODAY,
        way=2,
        answers={"sbp": 190, "dbp": 112},
    )
    with pytest.raises(RuleError) as refused:
        actions.cancel_referral(
            by=account("jia"), referral=db.session.query(Referral).one(), reason="错了", on=TODAY
        )
    assert refused.value.code == "referral_of_visit"


def test_hospital_receives_once(managed):
    referral = refer(managed)
    answers.receive_referral(by=account("gao"), referral=referral)
    assert referral.stage == "received" and referral.received_by == account("gao").id
    with pytest.raises(RuleError, match="已经接诊过"):
        answers.receive_referral(by=account("gao"), referral=referral)
    assert verbs(referral) == ["open_referral", "receive_referral"]


def test_answer_leaves_the_check_open_and_may_be_amended(managed):
    referral = refer(managed)
    answers.answer_referral(by=account("gao"), referral=referral, answer=ANSWER)
    assert referral.stage == "answered" and referral.state == "open"
    assert referral.received_at is not None
    assert [kind for kind, _, _ in tasks(managed)] == ["referral_fu"]
    answers.answer_referral(by=account("gao"), referral=referral, answer=Answer("高血压 3 级"))
    assert (referral.diagnosis, referral.treatment) == ("高血压 3 级", "")


def test_discharge_closes_the_check_and_owes_a_visit_at_home(managed):
    referral = refer(managed)
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    assert referral.stage == "discharged"
    assert (referral.state, referral.outcome) == ("closed", "went")
    assert referral.result == "医院诊断：高血压 2 级" and referral.closed_on == TODAY
    assert tasks(managed, "done") == {("referral_fu", TODAY + timedelta(days=14), 1)}
    assert tasks(managed) == {("home_visit", TODAY + timedelta(days=7), 1)}
    assert referral.follow_due_on == TODAY + timedelta(days=7)
    assert verbs(referral) == ["open_referral", "close_referral", "discharge_referral"]


def test_discharge_after_danger_is_in_the_danger_chain(managed):
    referral = refer(managed, urgency="urgent")
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    assert tasks(managed) == {("home_visit", TODAY + timedelta(days=7), 0)}


@pytest.mark.parametrize(("stored", "days"), [("3", 3), ("30", 30), ("31", 7), ("x", 7)])
def test_county_settles_the_days_until_the_visit_at_home(managed, stored, days):
    with transaction():
        add(
            CountyParameter(
                programme="referrals",
                name="discharge_days",
                value=stored,
                valid_from=TODAY,
                source="县里的文件",
            )
        )
    referral = refer(managed)
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    assert referral.follow_due_on == TODAY + timedelta(days=days)


def test_discharge_hangs_on_another_management_where_the_reason_has_none(managed):
    referral = refer(managed, programme="")
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    assert tasks(managed) == {("home_visit", TODAY + timedelta(days=7), 1)}


def test_discharge_of_somebody_unmanaged_owes_nothing_and_keeps_the_answer(app):
    resident = make_resident()
    referral = refer(resident, programme="")
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    assert referral.follow_due_on is None and tasks(resident) == set()
    assert referral.diagnosis == "高血压 2 级"


def test_discharge_after_the_team_has_closed_by_telephone(managed):
    referral = refer(managed)
    actions.close_referral(
        by=account("jia"), referral=referral, outcome="went", result="家属说在住院", on=TODAY
    )
    later = TODAY + timedelta(days=3)
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=later)
    assert referral.result == "家属说在住院" and referral.stage == "discharged"
    assert tasks(managed) == {("home_visit", later + timedelta(days=7), 1)}


def test_nothing_follows_a_discharge(managed):
    referral = refer(managed)
    answers.discharge_referral(by=account("gao"), referral=referral, answer=ANSWER, on=TODAY)
    for act in (answers.answer_referral, answers.discharge_referral):
        more = {"on": TODAY} if act is answers.discharge_referral else {}
        with pytest.raises(RuleError) as refused:
            act(by=account("gao"), referral=referral, answer=Answer("别的病"), **more)
        assert refused.value.code == "referral_over"
    assert referral.diagnosis == "高血压 2 级"


def test_a_look_of_the_hospital_is_on_record(managed):
    referral = make_referral(managed)
    answers.read_referral(by=account("gao"), referral=referral)
    event = db.session.scalars(select(AuditEvent).filter_by(verb="read_referral")).one()
    assert event.resident_id == managed.id and event.account_id == account("gao").id
