"""Recording and correcting a visit, and what follows from it."""

import threading
import uuid
from datetime import date, timedelta

import pytest

from familydoc.actions.enrolments import suspend_enrolment
from familydoc.actions.referrals import close_referral
from familydoc.actions.visits import correct_visit, record_visit
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.visits import preview_visit
from familydoc.rules.errors import RuleError
from familydoc.rules.visits import VisitEntry, VisitRefused
from familydoc.transaction import transaction
from tests.cast import account, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)
GOOD = {"sbp": 132, "dbp": 80, "adverse_reaction": 1}
BAD = {"sbp": 158, "dbp": 88, "adverse_reaction": 1}
DANGER = {"sbp": 190, "dbp": 112}


@pytest.fixture
def zhang(app):
    """A man of 68 with hypertension; his regular visit was due three days ago."""
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=date(2026, 11, 18))
    make_task(enrolment, date(2026, 11, 18))
    return resident


def visit(resident, answers, day=TODAY, by="jia", **more):
    return record_visit(
        **{
            "by": account(by),
            "uid": str(uuid.uuid4()),
            "resident": resident,
            "visit_date": day,
            "way": 2,
            "answers": answers,
            "late_reason": "下乡没有信号",
        }
        | more
    )


def correct(stored, answers, day=None, **more):
    return correct_visit(
        **{
            "by": account("jia"),
            "uid": str(uuid.uuid4()),
            "visit": stored,
            "visit_date": day or stored.visit_date,
            "way": 2,
            "answers": answers,
            "reason": "数字抄错了",
            "late_reason": "下乡没有信号",
        }
        | more
    )


def tasks(state="open"):
    db.session.rollback()
    rows = db.session.query(Task).filter_by(state=state).order_by(Task.due_on, Task.kind)
    return [(t.programme, t.kind, t.due_on) for t in rows]


def enrolment_of(resident, programme="hypertension"):
    return db.session.query(Enrolment).filter_by(resident_id=resident.id, programme=programme).one()


def assessment_of(stored, programme="hypertension"):
    query = db.session.query(Assessment).filter_by(visit_id=stored.id, programme=programme)
    return query.one_or_none()


def referrals():
    db.session.rollback()
    return [(r.state, r.urgency) for r in db.session.query(Referral).order_by(Referral.id)]


def test_satisfied_visit_closes_the_task_and_sets_the_next_date(zhang):
    stored = visit(zhang, GOOD)
    assert assessment_of(stored).class_code == 1
    assert tasks("done") == [("hypertension", "regular", date(2026, 11, 18))]
    assert tasks() == []
    assert enrolment_of(zhang).next_due_on == date(2027, 2, 21)
    done = db.session.query(Task).filter_by(state="done").one()
    assert (done.closed_on, done.closed_by_visit_id, done.late) == (TODAY, stored.id, True)


def test_first_bad_visit_asks_for_a_recheck_and_holds_the_regular_date(zhang):
    stored = visit(zhang, BAD)
    assert assessment_of(stored).class_code == 2
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on is None
    assert enrolment_of(zhang).last_assessment_id == assessment_of(stored).id


def test_second_bad_visit_opens_a_referral_with_its_check(zhang):
    visit(zhang, BAD, date(2026, 11, 1))
    stored = visit(zhang, BAD)
    found = assessment_of(stored)
    assert (found.referral, found.class_code) == ("routine", 2)
    assert "连续两次" in found.because[0]
    assert referrals() == [("open", "routine")]
    assert tasks() == [("hypertension", "referral_fu", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on == date(2027, 2, 21)


def test_danger_puts_the_check_at_the_head_of_the_list(zhang):
    visit(zhang, DANGER)
    assert referrals() == [("open", "urgent")]
    check = db.session.query(Task).filter_by(kind="referral_fu").one()
    assert check.rank == RANK_DANGER


def test_danger_is_refused_until_somebody_says_it_was_handled(zhang):
    with pytest.raises(RuleError) as refused:
        visit(zhang, DANGER, danger_handled=False)
    assert refused.value.field == "danger_handled"
    assert db.session.query(Visit).count() == 0
    assert visit(zhang, DANGER, danger_handled=True).id


def test_no_second_referral_is_opened_while_one_is_open(zhang):
    visit(zhang, BAD, date(2026, 11, 1))
    visit(zhang, BAD, date(2026, 11, 14))
    stored = visit(zhang, BAD)
    assert assessment_of(stored).referral == "none"
    assert referrals() == [("open", "routine")]
    assert [t[1:] for t in tasks()] == [("referral_fu", date(2026, 11, 28))]


def test_danger_raises_the_open_referral_instead_of_adding_one(zhang):
    visit(zhang, BAD, date(2026, 11, 1))
    visit(zhang, BAD, date(2026, 11, 14))
    visit(zhang, DANGER)
    assert referrals() == [("open", "urgent")]
    checks = db.session.query(Task).filter_by(kind="referral_fu").all()
    assert [(t.due_on, t.rank) for t in checks] == [(date(2026, 11, 28), RANK_DANGER)]


def test_new_referral_may_be_opened_once_the_old_one_was_checked(zhang):
    visit(zhang, BAD, date(2026, 11, 1))
    visit(zhang, BAD, date(2026, 11, 14))
    referral = db.session.query(Referral).one()
    close_referral(
        by=account("jia"), referral=referral, outcome="went", result="加药", on=date(2026, 11, 20)
    )
    stored = visit(zhang, BAD)
    assert assessment_of(stored).referral == "routine"
    assert referrals() == [("closed", "routine"), ("open", "routine")]


def test_regular_task_is_made_at_once_when_its_window_is_open_already(zhang):
    visit(zhang, GOOD, date(2026, 9, 10))
    assert enrolment_of(zhang).next_due_on == date(2026, 12, 10)
    assert tasks() == [("hypertension", "regular", date(2026, 12, 10))]


def test_one_visit_carries_two_programmes(zhang):
    sugar = make_enrolment(zhang, "diabetes")
    make_task(sugar, date(2026, 12, 1))
    stored = visit(zhang, {**GOOD, "fpg": 8.0})
    assert assessment_of(stored).class_code == 1
    assert assessment_of(stored, "diabetes").class_code == 2
    assert len(tasks("done")) == 2
    assert tasks() == [("diabetes", "recheck", date(2026, 12, 5))]


def test_task_without_its_measurement_stays_open(zhang):
    make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    stored = visit(zhang, GOOD)
    assert assessment_of(stored, "diabetes") is None
    assert tasks() == [("diabetes", "regular", date(2026, 12, 1))]


def test_diabetes_visit_without_glucose_is_kept_with_an_empty_class(app):
    resident = make_resident("李秀英", date(1960, 1, 1))
    make_task(make_enrolment(resident, "diabetes"), date(2026, 12, 1))
    stored = visit(resident, {"sbp": 130, "dbp": 80, "random_glucose": 9.1})
    assert stored.assessments == []
    assert tasks() == [("diabetes", "regular", date(2026, 12, 1))]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers"),
        ({"heart_rate": 80}, "sbp"),
        ({"sbp": 130}, "dbp"),
        ({"sbp": 261, "dbp": 80}, "sbp"),
        ({"sbp": "1e2", "dbp": 80}, "sbp"),
        ({**GOOD, "role": "administrator"}, "role"),
        ({**GOOD, "notes": "长" * 2001}, "notes"),
    ],
)
def test_visit_with_a_bad_answer_is_refused_and_nothing_is_stored(zhang, answers, field):
    with pytest.raises(VisitRefused) as refused:
        visit(zhang, answers)
    assert field in refused.value.errors
    assert db.session.query(Visit).count() == 0
    assert len(tasks()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visit_date": "2026-11-22"}, "visit_date"),
        ({"visit_date": "2026-02-30"}, "visit_date"),
        ({"visit_date": "1950-01-01"}, "visit_date"),
        ({"visit_date": "2026-11-13", "late_reason": ""}, "late_reason"),
        ({"way": 7}, "way"),
        ({"way": None}, "way"),
    ],
)
def test_visit_with_a_bad_head_is_refused(zhang, change, field):
    with pytest.raises(VisitRefused) as refused:
        visit(zhang, GOOD, **change)
    assert list(refused.value.errors) == [field]


def test_every_fault_is_named_at_once(zhang):
    with pytest.raises(VisitRefused) as refused:
        visit(zhang, {"sbp": 999, "medication": 9}, visit_date="x", way="")
    assert set(refused.value.errors) == {"visit_date", "way", "sbp", "medication"}


def test_late_entry_is_flagged_with_its_reason(zhang):
    stored = visit(zhang, GOOD, date(2026, 11, 13))
    assert (stored.late_entry, stored.late_reason) == (True, "下乡没有信号")
    assert visit(zhang, GOOD, date(2026, 11, 14)).late_entry is False


def test_same_uid_again_gives_the_stored_row(zhang):
    first = visit(zhang, GOOD, uid="v-000000001")
    again = visit(zhang, GOOD, uid="v-000000001")
    assert again.id == first.id
    assert db.session.query(Visit).count() == 1
    assert db.session.query(AuditEvent).filter_by(verb="record_visit").count() == 1


@pytest.mark.parametrize("change", [{"answers": BAD}, {"way": 1}, {"day": date(2026, 11, 20)}])
def test_same_uid_with_other_content_is_refused_and_the_first_is_kept(zhang, change):
    visit(zhang, GOOD, uid="v-000000001")
    with pytest.raises(RuleError) as refused:
        visit(zhang, **{"answers": GOOD, "uid": "v-000000001"} | change)
    assert refused.value.code == "visit_conflict"
    assert db.session.query(Visit).one().answers == GOOD


def test_same_uid_for_another_resident_is_refused(zhang):
    visit(zhang, GOOD, uid="v-000000001")
    other = make_resident("王桂兰", date(1950, 1, 1))
    make_enrolment(other)
    with pytest.raises(RuleError) as refused:
        visit(other, GOOD, uid="v-000000001")
    assert refused.value.code == "visit_conflict"


def send_at_once(app, resident, wanted):
    """Record several visits from threads of their own at the same moment."""
    results, start = [], threading.Barrier(len(wanted))

    def send(uid, answers):
        with app.app_context():
            mine = db.session.get(Resident, resident.id)
            start.wait(10)
            try:
                results.append(visit(mine, answers, uid=uid).id)
            except RuleError as refused:
                results.append(refused.code)
            db.session.remove()

    threads = [threading.Thread(target=send, args=one) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.rollback()
    return results


def test_same_uid_sent_by_several_at_once_is_one_visit(app, zhang):
    results = send_at_once(app, zhang, [("v-000000001", GOOD)] * 4)
    assert len(set(results)) == 1 and len(results) == 4
    assert db.session.query(Visit).count() == 1
    assert db.session.query(Assessment).count() == 1


def test_two_dangers_at_once_open_one_referral(app, zhang):
    send_at_once(app, zhang, [(f"v-00000000{n}", DANGER) for n in range(4)])
    assert db.session.query(Visit).count() == 4
    assert referrals() == [("open", "urgent")]
    assert [kind for _, kind, _ in tasks()] == ["referral_fu"]


def test_resident_in_no_programme_is_refused_with_the_way_out(app):
    with pytest.raises(RuleError) as refused:
        visit(make_resident(), GOOD)
    assert refused.value.code == "not_enrolled"


def test_dead_resident_gets_no_visit_after_the_death(zhang):
    with transaction():
        zhang.state, zhang.state_since = "deceased", date(2026, 11, 10)
    with pytest.raises(RuleError) as refused:
        visit(zhang, GOOD)
    assert refused.value.code == "resident_gone"
    assert visit(zhang, GOOD, date(2026, 11, 9)).id


def test_suspended_programme_is_not_judged(zhang):
    make_enrolment(zhang, "diabetes")
    enrolment = enrolment_of(zhang, "diabetes")
    suspend_enrolment(by=account("jia"), enrolment=enrolment, on=TODAY, reason="住院")
    assert assessment_of(visit(zhang, {**GOOD, "fpg": 6.0}), "diabetes") is None


def test_county_value_counts_from_its_day(zhang):
    with transaction() as session:
        session.add(
            CountyParameter(
                programme="hypertension",
                name="line_sbp_65",
                value="130",
                valid_from=date(2026, 11, 20),
            )
        )
    assert assessment_of(visit(zhang, GOOD, date(2026, 11, 19))).class_code == 1
    assert assessment_of(visit(zhang, GOOD)).class_code == 2


def test_visit_entered_behind_a_later_one_changes_that_ones_decision(zhang):
    later = visit(zhang, BAD)
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    visit(zhang, BAD, date(2026, 11, 16))
    assert assessment_of(later).referral == "routine"
    assert referrals() == [("open", "routine")]
    assert tasks() == [("hypertension", "referral_fu", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on == date(2027, 2, 21)
    assert enrolment_of(zhang).last_assessment_id == assessment_of(later).id


def test_visit_entered_behind_a_later_one_closes_nothing(zhang):
    visit(zhang, BAD)
    visit(zhang, GOOD, date(2026, 11, 16))
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on is None


def test_correction_makes_a_new_revision_and_keeps_the_old(zhang):
    first = visit(zhang, BAD)
    second = correct(first, GOOD)
    db.session.rollback()
    assert (second.corrects_id, first.replaced_at is None) == (first.id, False)
    assert (first.answers, second.answers) == (BAD, GOOD)
    assert second.correction_reason == "数字抄错了"
    assert assessment_of(second).class_code == 1


def test_correction_derives_tasks_again(zhang):
    first = visit(zhang, BAD)
    second = correct(first, GOOD)
    assert tasks() == []
    assert tasks("cancelled") == [("hypertension", "recheck", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on == date(2027, 2, 21)
    closed = db.session.query(Task).filter_by(state="done").one()
    assert closed.closed_by_visit_id == second.id


def test_correction_back_again_reopens_the_recheck(zhang):
    first = visit(zhang, BAD)
    correct(correct(first, GOOD), BAD)
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on is None


def test_correction_that_changes_nothing_of_the_decision_keeps_the_recheck(zhang):
    first = visit(zhang, BAD)
    second = correct(first, {**BAD, "sbp": 159})
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    assert db.session.query(Task).filter_by(kind="recheck").one().source_visit_id == second.id


def test_correction_cancels_the_referral_the_visit_opened(zhang):
    first = visit(zhang, DANGER)
    correct(first, GOOD)
    assert referrals() == [("cancelled", "urgent")]
    assert tasks() == []


def test_correction_changes_the_urgency_of_the_referral(zhang):
    first = visit(zhang, DANGER)
    correct(first, {**GOOD, "complication": "new"})
    assert referrals() == [("open", "routine")]
    assert [t[1] for t in tasks()] == ["referral_fu"]


def test_correction_of_an_earlier_visit_changes_the_later_decision(zhang):
    first = visit(zhang, BAD, date(2026, 11, 7))
    later = visit(zhang, BAD)
    assert assessment_of(later).referral == "routine"
    correct(first, GOOD)
    assert assessment_of(later).referral == "none"
    assert referrals() == [("cancelled", "routine")]
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 5))]
    assert enrolment_of(zhang).next_due_on is None


def test_correction_to_another_day_moves_what_is_owed(zhang):
    first = visit(zhang, BAD)
    correct(first, BAD, day=date(2026, 11, 19))
    assert tasks() == [("hypertension", "recheck", date(2026, 12, 3))]
    closed = db.session.query(Task).filter_by(state="done").one()
    assert closed.closed_on == date(2026, 11, 19)


def test_correction_that_drops_the_glucose_reopens_its_task(zhang):
    make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    first = visit(zhang, {**GOOD, "fpg": 6.0})
    assert enrolment_of(zhang, "diabetes").next_due_on == date(2027, 2, 21)
    correct(first, GOOD)
    assert tasks() == [("diabetes", "regular", date(2026, 12, 1))]
    sugar = enrolment_of(zhang, "diabetes")
    assert (sugar.next_due_on, sugar.last_assessment_id) == (date(2026, 12, 1), None)


def test_correction_that_adds_the_glucose_closes_its_task(zhang):
    make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    second = correct(visit(zhang, GOOD), {**GOOD, "fpg": 6.0})
    assert tasks() == []
    assert assessment_of(second, "diabetes").class_code == 1


def test_correction_closes_no_second_task_of_the_same_programme(zhang):
    make_task(enrolment_of(zhang), date(2026, 12, 10))
    first = visit(zhang, GOOD)
    assert tasks() == [("hypertension", "regular", date(2026, 12, 10))]
    correct(first, {**GOOD, "sbp": 130})
    assert tasks() == [("hypertension", "regular", date(2026, 12, 10))]


def test_second_correction_of_one_revision_is_refused(zhang):
    first = visit(zhang, BAD)
    correct(first, GOOD)
    with pytest.raises(RuleError) as refused:
        correct(first, DANGER)
    assert refused.value.code == "visit_replaced"


def test_same_correction_again_gives_the_stored_revision(zhang):
    first = visit(zhang, BAD)
    second = correct(first, GOOD, uid="c-000000001")
    assert correct(first, GOOD, uid="c-000000001").id == second.id
    assert db.session.query(Visit).count() == 2


def test_correction_needs_a_reason(zhang):
    with pytest.raises(VisitRefused) as refused:
        correct(visit(zhang, BAD), GOOD, reason=" ")
    assert list(refused.value.errors) == ["reason"]


def test_correction_a_month_later_is_no_late_entry(zhang, morning):
    first = visit(zhang, BAD)
    morning.shift(timedelta(days=30))
    assert correct(first, GOOD, late_reason="").late_entry is False


def test_every_write_is_audited_without_a_reading(zhang):
    correct(visit(zhang, BAD), GOOD)
    events = db.session.query(AuditEvent).filter(AuditEvent.entity == "visit").all()
    assert [e.verb for e in events] == ["record_visit", "correct_visit"]
    assert all("158" not in str(e.details) and "132" not in str(e.details) for e in events)


def test_preview_stores_nothing_and_says_what_would_come(zhang):
    make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    found = preview_visit(zhang, VisitEntry(TODAY, 2, BAD))
    pressure, sugar = found.outcomes
    assert (pressure.decision.class_value, sugar.decision) == (2, None)
    assert [t.kind for t in found.closing.closes] == ["regular"]
    assert [reason for _, reason in found.closing.stays] == ["没有空腹血糖：糖尿病随访仍未完成"]
    assert db.session.query(Visit).count() == 0


def test_note_is_kept_apart_from_the_answers(zhang):
    stored = visit(zhang, {**GOOD, "notes": "女儿陪同"})
    assert (stored.note, "notes" in stored.answers) == ("女儿陪同", False)
    assert visit(zhang, {**GOOD, "notes": "女儿陪同"}, uid=stored.uid).id == stored.id
