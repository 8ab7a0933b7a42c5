"""Attempts to reach somebody, and referrals from their opening to what came of them."""

import threading
from datetime import date, timedelta

import pytest
from flask import current_app
from sqlalchemy import select

from familydoc import clock
from familydoc.actions.contacts import record_contact
from familydoc.actions.referrals import close_referral, open_referral
from familydoc.actions.tasks import open_task
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.contacts import ContactAttempt
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.visits import Assessment, Visit
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction
from tests.cast import account, add, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)


@pytest.fixture
def resident(app):
    return make_resident()


@pytest.fixture
def enrolment(resident):
    return make_enrolment(resident)


def contact(resident, uid="c1", **values):
    values = {"outcome": "no_answer"} | values
    return record_contact(by=account("chen"), uid=uid, resident=resident, **values)


def visit(resident, enrolment, referral="urgent", due="2026-12-05"):
    with transaction():
        made = add(
            Visit(
                uid="v1",
                resident_id=resident.id,
                visit_date=TODAY,
                way=1,
                answers={"sbp": 190, "dbp": 100},
                recorded_at=clock.now(),
            )
        )
        found = add(
            Assessment(
                visit_id=made.id,
                enrolment_id=enrolment.id,
                programme="hypertension",
                class_code=2,
                referral=referral,
                next=[{"kind": "referral_fu", "due": due}],
                because=["血压 190/100，达到危险线"],
            )
        )
    return made, found


def test_contact_sets_every_open_task_aside_until_the_day(resident, enrolment):
    tasks = [make_task(enrolment, TODAY), make_task(enrolment, TODAY, "recheck")]
    attempt = contact(resident, outcome="later", remind_on=TODAY + timedelta(days=3))
    db.session.expire_all()
    assert [t.remind_on for t in tasks] == [TODAY + timedelta(days=3)] * 2
    assert (attempt.outcome, attempt.account_id) == ("later", account("chen").id)


def test_contact_about_one_task_leaves_the_others(resident, enrolment):
    one, other = make_task(enrolment, TODAY), make_task(enrolment, TODAY, "recheck")
    contact(resident, task=one, remind_on=TODAY + timedelta(days=3))
    db.session.expire_all()
    assert one.remind_on and other.remind_on is None


def test_contact_without_a_day_brings_the_person_back(resident, enrolment):
    task = make_task(enrolment, TODAY, remind_on=TODAY + timedelta(days=9))
    contact(resident)
    db.session.expire_all()
    assert task.remind_on is None


def test_closed_task_is_not_touched(resident, enrolment):
    task = make_task(enrolment, TODAY, state="done", closed_on=TODAY)
    contact(resident, remind_on=TODAY + timedelta(days=3))
    db.session.expire_all()
    assert task.remind_on is None


def test_same_contact_sent_twice_is_one(resident):
    first = contact(resident)
    assert contact(resident, outcome="reached").id == first.id
    assert db.session.query(ContactAttempt).count() == 1
    assert db.session.query(AuditEvent).filter_by(verb="record_contact").count() == 1


def test_contact_of_another_person_does_not_answer_with_the_first(resident):
    contact(resident)
    with pytest.raises(RuleError, match="编号"):
        contact(make_resident("李更久"))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"outcome": "shrug"}, "outcome_unknown"),
        ({"remind_on": TODAY}, "remind_past"),
        ({"remind_on": TODAY + timedelta(days=61)}, "remind_far"),
    ],
)
def test_bad_contact_is_refused_and_nothing_stored(resident, values, code):
    with pytest.raises(RuleError) as refused:
        contact(resident, **values)
    assert refused.value.code == code
    assert db.session.query(ContactAttempt).count() == 0


def test_audit_of_a_contact_holds_no_note(resident):
    contact(resident, note="家里说去了呼市，电话 13847112233")
    event = db.session.query(AuditEvent).filter_by(verb="record_contact").one()
    assert "138" not in str(event.details)


def test_referral_opens_with_reason_and_day_of_the_check(resident, enrolment):
    made, found = visit(resident, enrolment)
    referral = open_referral(by=account("chen"), visit=made, assessment=found)
    assert (referral.urgency, referral.state) == ("urgent", "open")
    assert (referral.opened_on, referral.check_due_on) == (TODAY, date(2026, 12, 5))
    assert "190/100" in referral.reason


def test_no_second_referral_while_one_is_open(resident, enrolment):
    made, found = visit(resident, enrolment)
    assert open_referral(by=None, visit=made, assessment=found) is not None
    assert open_referral(by=None, visit=made, assessment=found) is None
    assert db.session.query(Referral).count() == 1


def test_assessment_without_referral_opens_none(resident, enrolment):
    made, found = visit(resident, enrolment, referral="none")
    assert open_referral(by=None, visit=made, assessment=found) is None


@pytest.mark.parametrize("outcome", ["went", "refused", "not_reached"])
def test_check_closes_referral_and_its_task(resident, enrolment, outcome):
    made, found = visit(resident, enrolment)
    referral = open_referral(by=None, visit=made, assessment=found)
    task = open_task(by=None, enrolment=enrolment, kind="referral_fu", due_on=date(2026, 12, 5))
    other = make_task(enrolment, TODAY)
    chen = account("chen")
    close_referral(by=chen, referral=referral, outcome=outcome, result=" 已调药 ", on=TODAY)
    db.session.expire_all()
    assert (referral.state, referral.outcome, referral.result) == ("closed", outcome, "已调药")
    assert (task.state, task.reason, task.closed_on) == ("done", outcome, TODAY)
    assert other.state == "open"


def test_check_is_recorded_once(resident, enrolment):
    made, found = visit(resident, enrolment)
    referral = open_referral(by=None, visit=made, assessment=found)
    close_referral(by=None, referral=referral, outcome="went", result="", on=TODAY)
    with pytest.raises(RuleError) as refused:
        close_referral(by=None, referral=referral, outcome="refused", result="", on=TODAY)
    assert refused.value.code == "referral_closed"
    assert referral.outcome == "went"


def test_unknown_outcome_closes_nothing(resident, enrolment):
    made, found = visit(resident, enrolment)
    referral = open_referral(by=None, visit=made, assessment=found)
    with pytest.raises(RuleError):
        close_referral(by=None, referral=referral, outcome="maybe", result="", on=TODAY)
    assert referral.state == "open"


def test_same_contact_sent_by_several_at_once_is_one(resident):
    app = current_app._get_current_object()
    db.session.remove()
    start, ids, id = threading.Barrier(4), [], resident.id

    def send():
        with app.app_context():
            start.wait()
            person = db.session.execute(select(Resident).filter_by(id=id)).scalar_one()
            ids.append(contact(person, uid="same").id)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4 and len(set(ids)) == 1
