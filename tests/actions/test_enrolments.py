"""Taking people into a programme, and what becomes of their tasks."""

from datetime import date

import pytest

from familydoc import clock
from familydoc.actions.enrolments import (
    end_enrolment,
    enrol,
    hand_over,
    resume_enrolment,
    suspend_enrolment,
)
from familydoc.actions.tasks import cancel_tasks, close_tasks, open_if_due, open_task
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.jobs import JobHorizon
from familydoc.models.tasks import Task
from familydoc.queries.tasks import list_open_tasks
from familydoc.queries.teams import find_owner
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN_VILLAGE,
    SHENCHIYAO,
    SHENGQUAN,
    account,
    make_enrolment,
    make_resident,
    staff,
    team_of,
)


def verbs() -> list[str]:
    return [e.verb for e in db.session.query(AuditEvent).order_by(AuditEvent.id)]


@pytest.fixture
def resident(app):
    return make_resident()


def enrolled(resident, since=date(2026, 11, 21), programme="hypertension"):
    return enrol(by=account("chen"), resident=resident, programme=programme, since=since)


def test_owner_is_who_looks_after_the_village(app):
    first = team_of("chengguan1")
    assert find_owner(CHENGGUAN_VILLAGE) == (first.id, staff("jia").id)
    assert find_owner(CHENGGUAN_VILLAGE, first.id) == (first.id, staff("jia").id)


def test_owner_is_the_leader_when_the_team_does_not_serve_the_village(app):
    second = team_of("chengguan2")
    assert find_owner(CHENGGUAN_VILLAGE, second.id) == (second.id, staff("li").id)
    assert find_owner(SHENGQUAN) == (None, None)


def test_first_task_is_due_by_the_quarters_end(resident):
    enrolment = enrolled(resident, since=date(2026, 11, 30))
    assert enrolment.next_due_on == date(2026, 12, 31)
    assert (enrolment.team_id, enrolment.staff_id) == (resident.team_id, staff("jia").id)


def test_first_task_is_made_at_once_when_its_window_is_open(resident, morning):
    morning.move_to("2026-12-05T10:00:00+08:00")
    enrolment = enrolled(resident, since=date(2026, 12, 5))
    (task,) = list_open_tasks(resident.id)
    assert (task.kind, task.due_on) == ("regular", date(2026, 12, 31))
    assert task.window_start == date(2026, 12, 1)
    assert task.enrolment_id == enrolment.id
    assert verbs() == ["set_up", "enrol", "open_task"]


def test_first_task_waits_for_the_night_when_its_window_is_shut(resident):
    enrolled(resident)
    assert list_open_tasks(resident.id) == []


def test_first_task_is_made_when_the_night_job_has_passed_its_date(resident):
    with transaction() as session:
        session.add(JobHorizon(job="make-due-tasks", kind="regular", opened_until=date(2027, 3, 1)))
    enrolled(resident)
    assert len(list_open_tasks(resident.id)) == 1


def test_second_enrolment_is_refused_by_a_sentence(resident):
    enrolled(resident)
    with pytest.raises(RuleError, match="已经在高血压管理中"):
        enrolled(resident)


def test_dead_are_not_enrolled(app):
    gone = make_resident(state="deceased")
    with pytest.raises(RuleError, match="死亡"):
        enrolled(gone)


def test_yearly_programme_is_due_at_the_years_end(resident):
    enrolment = enrolled(resident, programme="elderly")
    assert (enrolment.exam_due_on, enrolment.next_due_on) == (date(2026, 12, 31), None)
    (task,) = list_open_tasks(resident.id)
    assert task.window_start == date(2026, 11, 1)


def test_open_task_twice_gives_the_same_row(resident):
    enrolment = make_enrolment(resident)
    first = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    second = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    assert first.id == second.id
    assert first.window_start == clock.today()
    assert db.session.query(Task).count() == 1


def test_open_task_reopens_a_cancelled_one(resident):
    enrolment = make_enrolment(resident)
    task = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    assert cancel_tasks(by=None, enrolment=enrolment, reason="correction") == 1
    assert (task.state, task.closed_on) == ("cancelled", clock.today())
    again = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    assert (again.id, again.state, again.closed_on, again.reason) == (task.id, "open", None, "")


def test_open_task_leaves_a_done_one_alone(resident):
    enrolment = make_enrolment(resident)
    task = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    close_tasks(by=None, tasks=[task], on=date(2026, 11, 20))
    again = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    assert (again.state, again.closed_on) == ("done", date(2026, 11, 20))


def test_referral_check_stands_in_the_danger_chain(resident):
    enrolment = make_enrolment(resident)
    day = date(2026, 12, 5)
    assert open_task(by=None, enrolment=enrolment, kind="referral_fu", due_on=day).rank == 0
    assert open_task(by=None, enrolment=enrolment, kind="recheck", due_on=day).rank == 1
    assert open_task(by=None, enrolment=enrolment, kind="recheck", due_on=day, rank=0).rank == 0


def test_open_if_due_does_nothing_when_a_recheck_holds_the_enrolment(resident):
    enrolment = make_enrolment(resident, next_due_on=None)
    assert open_if_due(by=None, enrolment=enrolment) == []


def test_suspending_cancels_and_resuming_brings_the_task_back(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2026, 12, 10))
    (task,) = open_if_due(by=None, enrolment=enrolment)
    suspend_enrolment(by=None, enrolment=enrolment, on=clock.today(), reason="住院")
    assert (enrolment.state, task.state, task.reason) == ("suspended", "cancelled", "住院")
    resume_enrolment(by=None, enrolment=enrolment, on=clock.today())
    assert (enrolment.state, task.state) == ("active", "open")


def test_resuming_gives_a_new_date_when_the_old_one_has_passed(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2026, 8, 1), state="suspended")
    resume_enrolment(by=None, enrolment=enrolment, on=date(2026, 11, 21))
    assert enrolment.next_due_on == date(2026, 12, 31)


def test_ending_is_final_and_a_new_enrolment_may_follow(resident):
    enrolment = enrolled(resident)
    end_enrolment(by=None, enrolment=enrolment, on=date(2026, 11, 21), reason="死亡")
    assert (enrolment.state, enrolment.ended_on) == ("ended", date(2026, 11, 21))
    assert enrolled(resident).id != enrolment.id


def test_ended_enrolment_is_not_resumed_beside_a_live_one(resident):
    enrolment = enrolled(resident)
    end_enrolment(by=None, enrolment=enrolment, on=date(2026, 11, 21), reason="误诊")
    enrolled(resident)
    with pytest.raises(RuleError, match="已经在"):
        resume_enrolment(by=None, enrolment=enrolment, on=date(2026, 11, 21))


def test_hand_over_moves_live_enrolments_and_open_tasks_only(resident):
    enrolment = make_enrolment(resident)
    done = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 10, 5))
    close_tasks(by=None, tasks=[done], on=date(2026, 10, 5))
    task = open_task(by=None, enrolment=enrolment, kind="recheck", due_on=date(2026, 12, 5))
    second = team_of("chengguan2")
    resident.village_code = SHENCHIYAO
    hand_over(by=None, resident=resident, team_id=second.id)
    for row in (enrolment, task, done, resident):
        db.session.refresh(row)
    assert (enrolment.team_id, enrolment.staff_id) == (second.id, staff("li").id)
    assert (task.team_id, task.staff_id) == (second.id, staff("li").id)
    assert resident.team_id == second.id
    assert done.team_id != second.id


def test_closing_notes_a_late_task(resident):
    enrolment = make_enrolment(resident)
    task = open_task(by=None, enrolment=enrolment, kind="regular", due_on=date(2026, 11, 1))
    close_tasks(by=None, tasks=[task], on=date(2026, 11, 21))
    assert task.late
    close_tasks(by=None, tasks=[task], on=date(2026, 11, 22))
    assert task.closed_on == date(2026, 11, 21)
