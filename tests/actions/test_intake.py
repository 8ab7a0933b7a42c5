"""Who is taken in by age alone, and who is past it: the same day by hand and by night."""

from datetime import date

import pytest
from sqlalchemy import select

from familydoc.actions.enrolments import end_enrolment
from familydoc.actions.intake import enrol_by_age
from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.tasks import Task
from familydoc.rules.enrolments import is_of_age
from familydoc.rules.programmes import get_programme
from tests.cast import make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)


def live(resident):
    db.session.rollback()
    query = select(Enrolment).where(
        Enrolment.resident_id == resident.id, Enrolment.state == "active"
    )
    return {one.programme: one for one in db.session.scalars(query)}


@pytest.mark.parametrize(
    ("birth", "on", "expected"),
    [
        (date(1961, 11, 21), TODAY, True),
        (date(1961, 11, 22), TODAY, False),
        (date(1960, 2, 29), date(2025, 2, 28), False),
        (date(1960, 2, 29), date(2025, 3, 1), True),
    ],
)
def test_sixty_fifth_birthday_is_the_first_day(app, birth, on, expected):
    resident = make_resident("王大爷", birth)
    enrol_by_age(by=None, today=on)
    assert ("elderly" in live(resident)) is expected
    assert is_of_age(get_programme("elderly").intake, birth, on) is expected


def test_old_people_owe_the_years_examination_and_a_second_night_takes_nobody(app):
    resident = make_resident("王大爷", date(1950, 1, 1))
    assert enrol_by_age(by=None, today=TODAY) == 2
    one = live(resident)["elderly"]
    assert (one.exam_due_on, one.next_due_on) == (date(2026, 12, 31), None)
    assert (one.team_id, one.staff_id is not None) == (resident.team_id, True)
    (task,) = db.session.scalars(select(Task).where(Task.enrolment_id == one.id))
    assert (task.kind, task.due_on) == ("exam", date(2026, 12, 31))
    assert enrol_by_age(by=None, today=TODAY) == 0


def test_child_owes_the_next_check_of_its_age(app):
    child = make_resident("小宝", date(2026, 8, 31))
    enrol_by_age(by=None, today=TODAY)
    assert live(child)["child"].next_due_on == date(2026, 11, 30)  # 3 months, the month's end
    assert live(child)["tcm_child"].next_due_on == date(2027, 2, 28)


def test_child_past_the_age_leaves_with_its_tasks(app):
    child = make_resident("大宝", date(2019, 11, 21))
    enrolment = make_enrolment(child, "child", next_due_on=date(2025, 11, 21))
    task = make_task(enrolment, date(2025, 11, 21))
    assert enrol_by_age(by=None, today=TODAY) == 1
    assert (enrolment.state, enrolment.reason) == ("ended", "年龄已过")
    assert (task.state, task.reason) == ("cancelled", "年龄已过")


@pytest.mark.parametrize("state", ["moved", "deceased"])
def test_who_is_gone_is_not_taken_in(app, state):
    make_resident("王大爷", date(1950, 1, 1), state=state)
    assert enrol_by_age(by=None, today=TODAY) == 0


def test_who_was_ended_by_hand_is_not_taken_in_again(app):
    resident = make_resident("王大爷", date(1950, 1, 1))
    enrol_by_age(by=None, today=TODAY)
    for one in live(resident).values():
        end_enrolment(by=None, enrolment=one, on=TODAY, reason="本人不愿意")
    assert enrol_by_age(by=None, today=TODAY) == 0
    for one in db.session.scalars(select(Enrolment)):
        one.reason = "moved"
    db.session.commit()
    assert enrol_by_age(by=None, today=TODAY) == 2
