"""Telephone instead of a visit while somebody is away, and how that ends."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc.actions.absences import mark_by_phone
from familydoc.actions.contacts import record_contact
from familydoc.actions.night import end_absences
from familydoc.actions.states import ask_state, undo_state
from familydoc.extensions import db
from familydoc.jobs.night import run_night
from familydoc.models.residents import ResidentState
from familydoc.models.tasks import Task
from familydoc.queries.absences import list_returned, list_returning
from tests.cast import account, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)


def days(number):
    return TODAY + timedelta(days=number)


def leave(resident, until, on=TODAY):
    return ask_state(by=account("jia"), resident=resident, state="away", on=on, until=until)


def come_back(resident):
    ask_state(by=account("jia"), resident=resident, state="present", on=TODAY)


def marks(resident):
    rows = db.session.execute(
        select(Task.kind, Task.due_on).where(Task.resident_id == resident.id, Task.by_phone)
    )
    return sorted((kind, (due - TODAY).days) for kind, due in rows)


@pytest.fixture
def cared(app):
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=days(10))
    make_task(enrolment, days(-5), "recheck")
    make_task(enrolment, days(10))
    make_task(enrolment, days(40), "exam")
    return resident, enrolment


def test_what_falls_due_during_the_journey_is_a_call(cared):
    resident, _ = cared
    leave(resident, days(20))
    assert marks(resident) == [("recheck", -5), ("regular", 10)]


def test_what_falls_due_after_the_journey_stays_a_visit(cared):
    resident, _ = cared
    leave(resident, days(9))
    assert marks(resident) == [("recheck", -5)]


def test_a_longer_journey_is_marked_anew(cared):
    resident, _ = cared
    leave(resident, days(5))
    leave(resident, days(20))
    assert marks(resident) == [("recheck", -5), ("regular", 10)]
    leave(resident, days(5))
    assert marks(resident) == [("recheck", -5)]


@pytest.mark.parametrize("how", ["said", "night", "undone", "lost"])
def test_return_makes_visits_of_the_calls(cared, how):
    resident, _ = cared
    leave(resident, days(20))
    if how == "said":
        come_back(resident)
    elif how == "night":
        assert end_absences(by=None, today=days(21)) == 1
    elif how == "undone":
        undo_state(by=account("chen"), resident=resident, reason="没有走")
    else:
        ask_state(by=account("jia"), resident=resident, state="lost", on=TODAY, reason="谁也找不到")
    assert marks(resident) == []
    assert resident.state == ("lost" if how == "lost" else "present")
    assert len(db.session.scalars(select(Task).where(Task.state == "open")).all()) == 3


def test_done_by_telephone_keeps_its_mark(cared):
    resident, _ = cared
    leave(resident, days(20))
    task = db.session.scalars(select(Task).where(Task.kind == "recheck")).one()
    task.state, task.closed_on = "done", TODAY
    db.session.commit()
    come_back(resident)
    assert marks(resident) == [("recheck", -5)]


def test_night_marks_what_was_made_since_they_left(app, morning):
    resident = make_resident()
    make_enrolment(resident, next_due_on=days(50))
    leave(resident, days(60))
    assert marks(resident) == []
    morning.shift(timedelta(days=21))
    run_night(days(21))
    assert [(kind, due) for kind, due in marks(resident)] == [("regular", 50)]


def test_night_leaves_the_exam_for_the_return(cared):
    resident, _ = cared
    leave(resident, days(60))
    task = db.session.scalars(select(Task).where(Task.kind == "exam")).one()
    task.by_phone = True
    db.session.commit()
    mark_by_phone(by=None)
    assert ("exam", 40) not in marks(resident)


def test_ninety_nights_and_one_after_ninety_days_make_the_same_marks(app, morning):
    staying, coming = make_resident("赵甲"), make_resident("钱乙")
    for resident in (staying, coming):
        make_enrolment(resident, next_due_on=days(20))
    leave(staying, days(200))
    leave(coming, days(45))
    nightly = [_nights(morning, range(1, 91)), _marks_of(staying, coming)][1]
    for row in db.session.scalars(select(Task)):
        db.session.delete(row)
    from familydoc.models.jobs import JobHorizon, JobRun

    for model in (JobHorizon, JobRun):
        db.session.query(model).delete()
    coming.state, coming.away_until, coming.state_since = "away", days(45), TODAY
    db.session.commit()
    run_night(days(90))
    assert _marks_of(staying, coming) == nightly
    assert nightly[0] and not nightly[1]


def _nights(morning, numbers):
    for number in numbers:
        morning.shift(timedelta(days=1))
        run_night(days(number))
    db.session.expire_all()


def _marks_of(*residents):
    db.session.expire_all()
    return [marks(resident) for resident in residents]


def test_undo_of_an_absence_leaves_history(cared):
    resident, _ = cared
    leave(resident, days(20))
    undo_state(by=account("chen"), resident=resident, reason="没有走")
    rows = db.session.scalars(select(ResidentState).order_by(ResidentState.id)).all()
    assert [(r.state, r.reason) for r in rows] == [("away", ""), ("present", "撤销：没有走")]


def test_undo_of_a_loss_returns_to_the_journey(cared):
    resident, _ = cared
    leave(resident, days(20))
    ask_state(by=account("jia"), resident=resident, state="lost", on=TODAY, reason="谁也找不到")
    undo_state(by=account("chen"), resident=resident, reason="打通电话了")
    assert (resident.state, resident.away_until) == ("away", days(20))
    assert marks(resident) == [("recheck", -5), ("regular", 10)]


def test_back_this_month_lists_who_comes_and_who_came_in_scope(app):
    coming, came, later = make_resident("赵甲"), make_resident("钱乙"), make_resident("孙丙")
    leave(coming, date(2026, 11, 30))
    leave(later, date(2026, 12, 1))
    leave(came, days(3))
    come_back(came)
    far = make_resident("李丁", village="150124101200", team="honghe1")
    leave(far, days(2))
    make_task(make_enrolment(coming), days(3))
    chen = account("chen")
    (row,) = list_returning(chen, TODAY)
    assert row.resident is coming and [task.kind for task in row.tasks] == ["regular"]
    assert [row.resident.name for row in list_returned(chen, TODAY)] == ["钱乙"]
    assert [row.resident.name for row in list_returning(account("wu"), TODAY)] == ["李丁"]
    assert list_returning(account("li"), TODAY) == []
    assert len(list_returning(account("sun"), TODAY)) == 2


def test_overdue_return_stays_on_the_list_until_the_night(app):
    resident = make_resident()
    leave(resident, TODAY)
    assert [row.resident for row in list_returning(account("chen"), TODAY)] == [resident]


def test_call_that_reaches_somebody_away_does_the_quarter(cared):
    resident, enrolment = cared
    leave(resident, days(20))
    task = db.session.scalars(select(Task).where(Task.kind == "regular")).one()
    record_contact(
        by=account("jia"), uid="c1", resident=resident, task=task, outcome="reached", done=True
    )
    assert (task.state, task.reason, task.closed_on) == ("done", "by_phone", TODAY)
    assert task.by_phone and enrolment.next_due_on == date(2027, 2, 21)


@pytest.mark.parametrize("outcome", ["no_answer", "later"])
def test_call_that_reaches_nobody_does_nothing(cared, outcome):
    resident, _ = cared
    leave(resident, days(20))
    task = db.session.scalars(select(Task).where(Task.kind == "regular")).one()
    record_contact(
        by=account("jia"),
        uid="c1",
        resident=resident,
        task=task,
        outcome=outcome,
        remind_on=days(2),
        done=True,
    )
    assert task.state == "open"


@pytest.mark.parametrize("kind", ["recheck", "exam"])
def test_call_does_not_stand_for_what_has_to_be_measured(cared, kind):
    resident, _ = cared
    leave(resident, days(60))
    task = db.session.scalars(select(Task).where(Task.kind == kind)).one()
    record_contact(
        by=account("jia"), uid="c1", resident=resident, task=task, outcome="reached", done=True
    )
    assert task.state == "open"


def test_call_to_somebody_at_home_does_not_stand_for_the_visit(cared):
    resident, _ = cared
    task = db.session.scalars(select(Task).where(Task.kind == "regular")).one()
    record_contact(
        by=account("jia"), uid="c1", resident=resident, task=task, outcome="reached", done=True
    )
    assert task.state == "open"
