"""No managed person is left without a next date; a management that is over ends."""

from datetime import date

import pytest

from familydoc.actions.enrolments import enrol
from familydoc.actions.referrals import close_referral
from familydoc.actions.settling import report_upward
from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from tests.cast import account, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)
TREATED = {"phase": "continuation", "supervisor": 1, "taken_as_prescribed": True}


@pytest.fixture
def patient(app):
    resident = make_resident()
    facts = {"received_at": "2026-09-01T09:00:00+08:00"}
    enrolment = enrol(
        by=account("chen"),
        resident=resident,
        programme="tuberculosis",
        since=date(2026, 9, 1),
        facts=facts,
    )
    return resident, enrolment


def visit(resident, **answers):
    return record_visit(
        by=account("chen"),
        uid="00000000-visit-0001",
        resident=resident,
        visit_date=TODAY,
        way=2,
        answers={**TREATED, **answers},
    )


def open_kinds(enrolment):
    db.session.rollback()
    query = db.session.query(Task.kind).filter_by(enrolment_id=enrolment.id, state="open")
    return sorted(kind for (kind,) in query)


def test_first_visit_closes_the_72_hours_and_names_the_next(patient):
    resident, enrolment = patient
    assert open_kinds(enrolment) == ["home_visit"]
    visit(resident)
    assert "home_visit" not in open_kinds(enrolment)
    assert enrolment.next_due_on == date(2026, 12, 21)


def test_care_goes_on_after_a_check_that_was_all_that_was_owed(patient):
    resident, enrolment = patient
    visit(resident, adverse_reaction=2)
    assert open_kinds(enrolment) == ["referral_fu"] and enrolment.next_due_on is None
    referral = db.session.query(Referral).one()
    close_referral(by=None, referral=referral, outcome="went", result="调整用药", on=TODAY)
    assert enrolment.state == "active"
    assert enrolment.next_due_on == date(2026, 12, 21)
    assert open_kinds(enrolment) == ["regular"]


def test_management_ends_with_the_check_after_the_treatment_stopped(patient):
    resident, enrolment = patient
    visit(resident, treatment_stopped=True, stopped_on="2026-11-20", stop_reason=1)
    assert enrolment.state == "active" and open_kinds(enrolment) == ["referral_fu"]
    referral = db.session.query(Referral).one()
    close_referral(by=None, referral=referral, outcome="went", result="", on=TODAY)
    assert (enrolment.state, enrolment.reason) == ("ended", "停止治疗")
    assert open_kinds(enrolment) == []


def test_report_made_leaves_the_next_visit_as_it_was(patient):
    resident, enrolment = patient
    visit(resident, missed_doses=8)
    (task,) = db.session.query(Task).filter_by(kind="report", state="open")
    assert task.due_on == TODAY
    report_upward(by=None, task=task, told="县疾控中心", on=TODAY)
    assert (task.state, task.reason) == ("done", "报县疾控中心")
    assert enrolment.next_due_on == date(2026, 12, 21)


def test_lonely_report_leaves_a_regular_visit_behind(app):
    enrolment = make_enrolment(make_resident(), "tuberculosis")
    task = make_task(enrolment, TODAY, "report")
    report_upward(by=None, task=task, told="县疾控中心", on=TODAY)
    assert enrolment.next_due_on == date(2026, 12, 21)
