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
from familydoc.queries.contacts import find_failed_visits, list_lost_proposals
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


@pytest.mark.parametrize(
    ("outcome", "reason", "kept"),
    [
        ("refused", "no_need", "no_need"),
        ("no_answer", "not_home", "not_home"),
        ("no_answer", "", ""),
        ("reached", "no_need", ""),  # left over from another choice
        ("away", "no_need", ""),
    ],
)
def test_second_choice_belongs_to_its_outcome(resident, outcome, reason, kept):
    assert contact(resident, outcome=outcome, reason=reason).reason == kept


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"outcome": "refused"}, "reason_missing"),
        ({"outcome": "refused", "reason": "not_home"}, "reason_missing"),
        ({"outcome": "later"}, "remind_missing"),
        ({"outcome": "reached", "way": 1}, "way_unknown"),
    ],
)
def test_outcome_without_what_it_needs_is_refused(resident, values, code):
    with pytest.raises(RuleError) as refused:
        contact(resident, **values)
    assert refused.value.code == code
    assert db.session.query(ContactAttempt).count() == 0


def test_wrong_number_may_bring_the_right_one(resident):
    contact(resident, outcome="wrong_number", telephone="13947112233")
    db.session.expire_all()
    assert resident.telephone == "13947112233"
    from familydoc.extensions import keys

    assert resident.telephone_hash == keys.vault.fingerprint("telephone", "13947112233")
    event = db.session.query(AuditEvent).filter_by(verb="edit_resident").one()
    assert event.details == {"changed": ["telephone"]}


def test_number_is_not_changed_by_another_outcome(resident):
    contact(resident, outcome="reached", telephone="13947112233")
    assert resident.telephone is None


def knock(resident, number, days_ago, outcome="no_answer", way=2):
    attempt = contact(resident, uid=f"k{number}", outcome=outcome, way=way, remind_on=None)
    with transaction():
        attempt.at = clock.now() - timedelta(days=days_ago)


def test_three_failed_visits_in_a_row_propose_a_loss(app):
    patient = make_resident("王五")
    make_enrolment(patient, "severe_mental_disorder")
    for number, days in enumerate((30, 20, 20)):
        knock(patient, number, days)
    assert list_lost_proposals(account("chen")) == []
    knock(patient, 4, 10, way=3)
    assert list_lost_proposals(account("chen")) == []
    knock(patient, 5, 1)
    ((found, days),) = list_lost_proposals(account("chen"))
    assert found is patient and [(TODAY - day).days for day in days] == [30, 20, 1]
    assert list_lost_proposals(account("li")) == [] and list_lost_proposals(account("wu")) == []
    assert len(find_failed_visits(patient.id)) == 3


@pytest.mark.parametrize("how", ["talk", "visit", "state", "programme"])
def test_nobody_is_proposed_who_was_met_or_is_known_to_be_elsewhere(app, how):
    patient = make_resident("王五")
    programme = "hypertension" if how == "programme" else "severe_mental_disorder"
    enrolment = make_enrolment(patient, programme)
    for number, days in enumerate((30, 20, 10)):
        knock(patient, number, days)
    if how == "talk":
        knock(patient, 9, 5, outcome="reached", way=3)
    elif how == "visit":
        visit(patient, enrolment)
    elif how == "state":
        with transaction():
            patient.state = "lost"
    assert list_lost_proposals(account("chen")) == []
