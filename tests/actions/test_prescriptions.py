"""An education prescription is stored as it was edited, once, with who gave it."""

from datetime import date

import pytest

from familydoc import clock
from familydoc.actions.prescriptions import issue_prescription
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.visits import Visit
from familydoc.queries.prescriptions import list_offered, list_prescriptions, read_patient
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction
from tests.cast import account, add, make_enrolment, make_resident

TODAY = date(2026, 11, 21)
TEXTS = {"goals": "每天走路半小时\n少吃盐", "know": "按时吃药"}


@pytest.fixture
def resident(app):
    return make_resident()


def issue(resident, uid="sheet-0001", disease="hypertension", texts=None, **values):
    return issue_prescription(
        by=account("chen"),
        uid=uid,
        resident=resident,
        disease=disease,
        texts=texts or TEXTS,
        **values,
    )


def visit_of(resident, day=TODAY, **answers):
    with transaction():
        return add(
            Visit(
                uid=f"visit-{resident.id}-{day}-{len(answers)}",
                resident_id=resident.id,
                visit_date=day,
                way=1,
                answers=answers,
                recorded_at=clock.now(),
            )
        )


def test_sheet_is_stored_with_day_doctor_enrolment_and_visit(resident):
    enrolment, visit = make_enrolment(resident), visit_of(resident, sbp=150, dbp=90)
    stored = issue(resident, visit=visit)
    db.session.expire_all()
    assert (stored.goals, stored.body) == (["每天走路半小时", "少吃盐"], {"know": ["按时吃药"]})
    assert (stored.issued_on, stored.staff.name) == (TODAY, "陈玉兰")
    assert (stored.enrolment_id, stored.visit_id) == (enrolment.id, visit.id)


def test_somebody_not_managed_may_be_given_one(resident):
    assert issue(resident, disease="joint").enrolment_id is None


def test_same_sheet_sent_twice_is_one_and_audited_once(resident):
    first = issue(resident)
    assert issue(resident, texts={"goals": "别的"}).id == first.id
    assert db.session.query(EducationPrescription).count() == 1
    event = db.session.query(AuditEvent).filter_by(verb="issue_prescription").one()
    assert (event.resident_id, event.details) == (resident.id, {"disease": "hypertension"})


def test_uid_of_another_persons_sheet_is_refused(resident):
    issue(resident)
    with pytest.raises(RuleError, match="编号"):
        issue(make_resident("李更久"))


def test_visit_of_another_person_is_refused(resident):
    with pytest.raises(RuleError) as refused:
        issue(resident, visit=visit_of(make_resident("李更久")))
    assert refused.value.code == "visit_of_another"


def test_somebody_off_the_roster_gets_none(app):
    with pytest.raises(RuleError) as refused:
        issue(make_resident(state="moved"))
    assert refused.value.code == "resident_gone"


@pytest.mark.parametrize(
    ("disease", "texts", "code"),
    [("gout", TEXTS, "disease_unknown"), ("joint", {"goals": " "}, "goals_missing")],
)
def test_bad_sheet_is_refused_and_nothing_stored(resident, disease, texts, code):
    with pytest.raises(RuleError) as refused:
        issue(resident, disease=disease, texts=texts)
    assert refused.value.code == code
    assert db.session.query(EducationPrescription).count() == 0


def test_patient_holds_the_newest_answers_todays_too(resident):
    visit_of(resident, date(2026, 8, 1), sbp=170, dbp=90, smoking=20)
    visit_of(resident, TODAY, sbp=140, dbp=80)
    answers = read_patient(resident, TODAY).answers
    assert (answers["sbp"], answers["smoking"]) == (140, 20)


def test_patient_tells_nothing_of_a_private_programme(resident):
    assert not any(p.private for p in read_patient(resident, TODAY).programmes.values())


def test_diseases_come_from_the_intake_until_a_visit_says_otherwise(resident):
    make_enrolment(resident, "other_chronic", facts={"chronic_diseases": [3]})
    assert list_offered(resident, read_patient(resident, TODAY)) == ["coronary"]
    visit_of(resident, TODAY, chronic_diseases=[4, 5])
    assert list_offered(resident, read_patient(resident, TODAY)) == ["rheumatoid", "joint"]


def test_newest_sheet_stands_first(resident):
    issue(resident)
    issue(resident, uid="sheet-0002", disease="joint")
    assert [one.disease for one in list_prescriptions(resident.id)] == ["joint", "hypertension"]
