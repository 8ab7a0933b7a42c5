"""Care that waits: what stops, what goes on, what comes back, and how."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc.actions.enrolments import enrol
from familydoc.actions.pauses import Wish, end_pauses, pause_care, resume_care, undo_pause
from familydoc.actions.tasks import open_task
from familydoc.extensions import db
from familydoc.jobs.night import run_night
from familydoc.models.audit import AuditEvent
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries.pauses import list_in_force, list_paused
from familydoc.rules.errors import RuleError
from tests.actions.races import together
from tests.cast import account, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)
KINDS = ("regular", "recheck", "specialist_fu", "home_visit", "exam", "referral_fu", "report")


def days(number):
    return TODAY + timedelta(days=number)


def pause(resident, enrolments, kind="hospital", by="jia", **wish):
    wish = {"on": TODAY, "reason": "本人说在别处看病"} | wish
    return pause_care(
        by=account(by), resident=resident, enrolments=enrolments, wish=Wish(kind, **wish)
    )


def resume(resident, pauses, on=TODAY, by="jia"):
    return resume_care(by=account(by), resident=resident, pauses=pauses, on=on)


def undo(resident, pauses, reason="登记错了人"):
    return undo_pause(by=account("chen"), resident=resident, pauses=pauses, reason=reason)


def refusal(call, *args, **options):
    with pytest.raises(RuleError) as caught:
        call(*args, **options)
    return caught.value.code


def open_kinds(enrolment):
    query = select(Task.kind).where(Task.enrolment_id == enrolment.id, Task.state == "open")
    return sorted(db.session.scalars(query))


@pytest.fixture
def cared(app):
    """A resident with one open task of every kind."""
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=days(10))
    for kind in KINDS:
        make_task(enrolment, days(10), kind)
    return resident, enrolment


@pytest.mark.parametrize("kind", ["hospital", "refused", "other"])
def test_pause_stops_what_it_must_and_only_that(cared, kind):
    resident, enrolment = cared
    other = make_enrolment(resident, "diabetes", next_due_on=days(10))
    make_task(other, days(10))
    (made,) = pause(resident, [enrolment], kind)
    assert (enrolment.state, enrolment.reason) == ("suspended", made.told)
    assert made.told == ("本人说在别处看病" if kind == "other" else kind)
    assert open_kinds(enrolment) == ["referral_fu", "report"]
    assert len(made.stopped) == 5
    assert other.state == "active" and open_kinds(other) == ["regular"]
    assert resident.state == "present"


def test_refused_is_asked_again_after_three_months(cared):
    resident, enrolment = cared
    (made,) = pause(resident, [enrolment], "refused")
    assert made.until == date(2027, 2, 21)


@pytest.mark.parametrize("kind", ["hospital", "refused"])
def test_return_owes_a_visit_within_a_week(cared, kind):
    resident, enrolment = cared
    pauses = pause(resident, [enrolment], kind)
    assert resume(resident, pauses) == 1
    assert enrolment.state == "active" and enrolment.next_due_on == days(7)
    assert open_kinds(enrolment) == ["exam", "referral_fu", "regular", "report"]
    (due,) = db.session.scalars(
        select(Task.due_on).where(Task.kind == "regular", Task.state == "open")
    )
    assert due == days(7)
    assert pauses[0].back_on == TODAY and list_in_force(resident.id) == []


def test_undo_brings_every_task_back_and_the_dates(cared):
    resident, enrolment = cared
    make_task(enrolment, days(-90), state="cancelled", reason="更正后重新安排", closed_on=TODAY)
    pauses = pause(resident, [enrolment])
    assert undo(resident, pauses) == 5
    assert enrolment.state == "active" and enrolment.next_due_on == days(10)
    assert open_kinds(enrolment) == sorted(KINDS)
    assert pauses[0].end_reason == "撤销：登记错了人" and pauses[0].back_on is None


def test_undo_leaves_what_an_earlier_stay_had_stopped(cared):
    resident, enrolment = cared
    resume(resident, pause(resident, [enrolment]))
    pauses = pause(resident, [enrolment])
    undo(resident, pauses)
    assert open_kinds(enrolment) == ["exam", "referral_fu", "regular", "report"]


def test_undo_needs_a_reason_and_a_pause_in_force(cared):
    resident, enrolment = cared
    pauses = pause(resident, [enrolment])
    assert refusal(undo, resident, pauses, " ") == "reason_missing"
    undo(resident, pauses)
    assert refusal(undo, resident, pauses) == "not_paused"
    assert refusal(resume, resident, pauses) == "not_paused"


@pytest.mark.parametrize(
    ("kind", "wish", "code"),
    [
        ("holiday", {}, "pause_unknown"),
        ("hospital", {"on": days(1)}, "on_future"),
        ("hospital", {"until": days(-1)}, "until_early"),
        ("hospital", {"until": date(2028, 1, 1)}, "until_far"),
        ("refused", {"reason": " "}, "reason_missing"),
        ("other", {"reason": "x" * 101}, "reason_long"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(cared, kind, wish, code):
    resident, enrolment = cared
    assert refusal(pause, resident, [enrolment], kind, **wish) == code
    assert enrolment.state == "active" and db.session.query(CarePause).count() == 0


def test_pause_of_nothing_of_what_waits_and_of_the_gone_is_refused(cared):
    resident, enrolment = cared
    assert refusal(pause, resident, []) == "programme_missing"
    pause(resident, [enrolment])
    assert refusal(pause, resident, [enrolment], "refused") == "paused_already"
    gone = make_resident("李四", state="deceased")
    assert refusal(pause, gone, [make_enrolment(gone)]) == "not_here"


def test_return_before_the_stay_or_tomorrow_is_refused(cared):
    resident, enrolment = cared
    pauses = pause(resident, [enrolment], on=days(-3))
    assert refusal(resume, resident, pauses, days(-4)) == "on_early"
    assert refusal(resume, resident, pauses, days(1)) == "on_future"
    assert resume(resident, pauses, days(-1)) == 1 and enrolment.next_due_on == days(6)


def test_night_ends_a_stay_whose_day_has_passed(cared, morning):
    resident, enrolment = cared
    pause(resident, [enrolment], until=days(5))
    assert end_pauses(by=None, today=days(5)) == 0
    assert end_pauses(by=None, today=days(6)) == 1
    assert enrolment.next_due_on == days(13)
    assert end_pauses(by=None, today=days(7)) == 0


def test_night_that_comes_late_counts_from_the_day_after_the_stay(cared, morning):
    resident, enrolment = cared
    pause(resident, [enrolment], until=days(5))
    morning.shift(timedelta(days=60))
    run_night(days(60))
    db.session.expire_all()
    (made,) = db.session.scalars(select(CarePause))
    assert made.back_on == days(6) and made.end_reason == "到期自动恢复"
    dues = db.session.scalars(
        select(Task.due_on).where(Task.kind == "regular", Task.state == "open")
    )
    assert list(dues) == [days(13)]


def test_night_leaves_an_enrolment_alone_that_has_ended_meanwhile(cared):
    resident, enrolment = cared
    pause(resident, [enrolment], until=days(1))
    enrolment.state = "ended"
    db.session.commit()
    assert end_pauses(by=None, today=days(2)) == 1
    assert enrolment.state == "ended" and list_in_force(resident.id) == []


def test_nothing_new_is_made_during_a_pause(cared, morning):
    resident, enrolment = cared
    pause(resident, [enrolment])
    morning.shift(timedelta(days=100))
    run_night(days(100))
    assert open_kinds(enrolment) == ["referral_fu", "report"]


def test_yearly_service_waits_and_comes_back_as_it_was(app):
    resident = make_resident(birth=date(1950, 1, 1))
    enrolment = enrol(by=None, resident=resident, programme="elderly", since=TODAY)
    open_task(by=None, enrolment=enrolment, kind="exam", due_on=date(2026, 12, 31))
    pauses = pause(resident, [enrolment])
    assert open_kinds(enrolment) == []
    resume(resident, pauses)
    assert open_kinds(enrolment) == ["exam"]


def test_two_who_pause_at_once_make_one_pause(cared):
    from flask import current_app

    resident, _ = cared
    app, id = current_app._get_current_object(), resident.id
    db.session.remove()

    def act():
        who = db.session.get(Resident, id)
        enrolments = list(db.session.scalars(select_enrolments(id)))
        return len(pause(who, enrolments))

    assert sorted(map(str, together(app, act, act))) == ["1", "paused_already"]
    assert db.session.query(CarePause).count() == 1


def test_two_who_resume_at_once_make_one_task(cared):
    from flask import current_app

    resident, enrolment = cared
    pause(resident, [enrolment])
    app, id = current_app._get_current_object(), resident.id
    db.session.remove()

    def act():
        return resume(db.session.get(Resident, id), list_in_force(id))

    assert "1" in map(str, together(app, act, act))
    query = select(Task).where(Task.kind == "regular", Task.state == "open")
    assert len(list(db.session.scalars(query))) == 1


def select_enrolments(resident_id):
    from familydoc.models.enrolments import Enrolment

    return select(Enrolment).where(Enrolment.resident_id == resident_id)


def test_list_shows_what_waits_in_scope_only(cared):
    resident, enrolment = cared
    pause(resident, [enrolment], until=days(9))
    (shown,) = list_paused(account("chen"))
    assert shown.enrolment.resident.name == "张建国"
    assert list_paused(account("li")) == [] and list_paused(account("wu")) == []
    assert len(list_paused(account("zhao"))) == 1


def test_every_step_is_audited_without_free_text(cared):
    resident, enrolment = cared
    undo(resident, pause(resident, [enrolment], reason="家住在城里的秘密"))
    resume(resident, pause(resident, [enrolment]))
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.entity == "enrolment")).all()
    verbs = [event.verb for event in events]
    assert {"pause_care", "undo_pause", "resume_care", "resume_enrolment"} <= set(verbs)
    assert not any("秘密" in str(event.details) for event in events)
