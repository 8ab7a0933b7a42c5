"""The night's jobs by name: claimed once, whatever calls them; and the clock that calls."""

import threading
from datetime import date, timedelta

import pytest

from familydoc import clock
from familydoc.extensions import db
from familydoc.jobs.night import ORDER, due_slot, is_behind, run_job, run_night
from familydoc.jobs.scheduler import free_parked_jobs, start_in_background
from familydoc.models.jobs import JobRun
from familydoc.models.residents import Resident, ResidentState
from familydoc.rules.errors import RuleError
from tests.cast import make_contract, make_resident

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("name", ORDER)
def test_second_run_of_a_slot_does_nothing(app, name):
    assert run_job(name, TODAY).claimed == 1
    assert (run_job(name, TODAY).claimed, run_job(name, TODAY).created) == (0, 0)
    assert run_job(name, TODAY - timedelta(days=1)).claimed == 0


def test_missed_nights_are_claimed_with_the_next_one(app):
    run_job("tidy", TODAY - timedelta(days=5))
    assert run_job("tidy", TODAY).claimed == 5
    assert db.session.query(JobRun).filter_by(job="tidy").count() == 6


def test_away_person_is_back_the_day_after_the_last_one(app):
    until_yesterday = make_resident("张建国", state="away", away_until=TODAY - timedelta(days=1))
    until_today = make_resident("李更久", state="away", away_until=TODAY)
    assert run_job("end-absences", TODAY).created == 1
    db.session.expire_all()
    assert (until_yesterday.state, until_today.state) == ("present", "away")
    history = db.session.query(ResidentState).one()
    assert (history.resident_id, history.state, history.on) == (
        until_yesterday.id,
        "present",
        TODAY,
    )


def test_overrun_contract_expires(app):
    contract = make_contract(make_resident(), TODAY - timedelta(days=400))
    assert run_job("expire-contracts", TODAY).created == 1
    db.session.expire_all()
    assert contract.state == "expired"


def test_a_wrong_clock_stops_the_job_with_a_sentence(app):
    run_job("make-due-tasks", TODAY)
    with pytest.raises(RuleError, match=r"系统时钟|日期") as refused:
        run_job("make-due-tasks", date(2099, 1, 1))
    assert refused.value.code == "clock_wrong"


def test_a_clock_set_back_stops_the_job(app, morning):
    run_job("make-due-tasks", TODAY)
    morning.shift(timedelta(days=-2))
    with pytest.raises(RuleError, match="还早"):
        run_job("make-due-tasks", clock.today())


def test_one_failing_job_does_not_stop_the_others(app, monkeypatch):
    from familydoc.jobs import night

    def fail(_on):
        raise RuntimeError("broken")

    monkeypatch.setitem(night.WORKS, "tidy", fail)
    assert [run.job for run in run_night()] == [name for name in ORDER if name != "tidy"]
    assert db.session.query(JobRun).filter_by(job="tidy").count() == 0


@pytest.mark.parametrize(("hour", "slot"), [(1, date(2026, 11, 20)), (2, TODAY), (23, TODAY)])
def test_slot_of_a_day_is_due_from_half_past_two(morning, hour, slot):
    from datetime import datetime

    morning.move_to(datetime(2026, 11, 21, hour, 30, tzinfo=clock.SHANGHAI))
    assert due_slot() == slot


def test_scheduler_runs_in_shanghai_at_half_past_two_and_never_misfires(app):
    scheduler = start_in_background(app)
    try:
        night = scheduler.get_job("night")
        assert night.misfire_grace_time is None and night.coalesce
        here = night.next_run_time.astimezone(clock.SHANGHAI)
        assert (here.hour, here.minute) == (2, 30)
        night.modify(next_run_time=clock.now() + timedelta(days=150))
        free_parked_jobs(scheduler)
        assert scheduler.get_job("night").next_run_time - clock.now() < timedelta(days=2)
    finally:
        scheduler.shutdown(wait=True)


def test_residents_who_never_left_are_not_touched(app):
    make_resident()
    assert run_job("end-absences", TODAY).created == 0
    assert db.session.query(Resident).filter_by(state="present").count() == 1


def test_night_that_failed_is_behind_until_it_is_made_up(app):
    assert is_behind()
    run_job("make-due-tasks", due_slot())
    assert not is_behind()


def test_watch_goes_on_when_it_fails_and_asks_the_monotonic_clock(monkeypatch):
    """A wall clock that was set back must not silence the watch; an error must not end it."""
    from familydoc.jobs import scheduler

    rounds = []
    done = threading.Event()

    def watch():
        rounds.append(1)
        if len(rounds) == 3:
            done.set()
        raise RuntimeError("database away")

    monkeypatch.setattr(scheduler, "WATCH_SECONDS", 0.001)
    thread = threading.Thread(target=scheduler._every_hour, args=(watch,), daemon=True)
    thread.start()
    assert done.wait(10)
    monkeypatch.setattr(scheduler, "WATCH_SECONDS", 3600.0)
