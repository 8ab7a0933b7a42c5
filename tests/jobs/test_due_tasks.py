"""What a night makes and gives up: the same rows however late, in however many pieces."""

import threading
from datetime import date, timedelta

import pytest
from flask import current_app

from familydoc.actions import due_tasks
from familydoc.actions.due_tasks import make_due_tasks
from familydoc.actions.tasks import open_if_due
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.jobs import JobHorizon, JobRun
from familydoc.models.programmes import CountyParameter
from familydoc.models.tasks import Task
from familydoc.queries import due_tasks as plans
from familydoc.queries.due_tasks import list_following
from familydoc.queries.enrolments import Intervals
from familydoc.queries.jobs import get_horizon
from familydoc.rules.dates import add_months
from familydoc.transaction import transaction
from tests.cast import make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)


@pytest.fixture
def resident(app):
    return make_resident()


def run(until=TODAY):
    return make_due_tasks(by=None, until=until)


def rows() -> list[tuple]:
    """Every task as it matters, without its number and the moment it was made."""
    db.session.rollback()
    query = db.session.query(
        *(Task.enrolment_id, Task.kind, Task.due_on, Task.window_start, Task.state),
        *(Task.reason, Task.closed_on, Task.staff_id, Task.village_code, Task.programme),
    )
    return sorted(map(tuple, query), key=str)


def dues(state="open") -> list[date]:
    db.session.rollback()
    return sorted(task.due_on for task in db.session.query(Task).filter_by(state=state))


def test_window_opens_thirty_days_before(resident):
    enrolment = make_enrolment(resident, next_due_on=TODAY + timedelta(days=31))
    assert run(TODAY).created == 0
    assert run(TODAY + timedelta(days=1)).created == 1
    task = db.session.query(Task).one()
    assert task.window_start == TODAY + timedelta(days=1)
    assert (task.enrolment_id, task.resident_id) == (enrolment.id, resident.id)
    assert (task.staff_id, task.team_id) == (enrolment.staff_id, enrolment.team_id)
    assert (task.village_code, task.programme) == (resident.village_code, "hypertension")


def test_yearly_window_opens_sixty_days_before(resident):
    make_enrolment(resident, "elderly", exam_due_on=date(2026, 12, 31))
    assert run(date(2026, 10, 31)).created == 0
    assert run(date(2026, 11, 1)).created == 1
    assert db.session.query(Task).one().kind == "exam"


def test_second_run_and_earlier_day_do_nothing(resident):
    make_enrolment(resident, next_due_on=TODAY + timedelta(days=3))
    first = run(TODAY + timedelta(days=5))
    assert (first.created, first.claimed) == (1, 1)
    horizon = get_horizon("regular")
    for day in (TODAY + timedelta(days=5), TODAY, TODAY - timedelta(days=400)):
        again = run(day)
        assert (again.created, again.missed, again.claimed) == (0, 0, 0)
    assert get_horizon("regular") == horizon == TODAY + timedelta(days=35)
    assert db.session.query(JobRun).count() == 1


def test_every_missed_slot_is_claimed(resident):
    make_enrolment(resident, next_due_on=TODAY + timedelta(days=32))
    run(TODAY)
    assert run(TODAY + timedelta(days=90)).claimed == 90
    slots = [r.slot for r in db.session.query(JobRun).order_by(JobRun.slot)]
    assert slots == [TODAY + timedelta(days=n) for n in range(91)]
    assert sum(r.created for r in db.session.query(JobRun)) == db.session.query(Task).count()


@pytest.mark.parametrize("state", ["suspended", "ended"])
def test_only_live_enrolments_get_tasks(resident, state):
    make_enrolment(resident, next_due_on=TODAY, state=state)
    assert run().created == 0


@pytest.mark.parametrize(
    ("state", "created"), [("away", 1), ("lost", 1), ("moved", 0), ("deceased", 0)]
)
def test_dead_and_moved_people_get_no_task(app, state, created):
    make_enrolment(make_resident(state=state), next_due_on=TODAY)
    assert run().created == created


def test_recheck_holds_the_regular_date(resident):
    make_enrolment(resident, next_due_on=None)
    assert run().created == 0


def test_task_that_an_action_has_made_is_not_made_twice(resident):
    enrolment = make_enrolment(resident, next_due_on=TODAY + timedelta(days=10))
    (task,) = open_if_due(by=None, enrolment=enrolment)
    assert run().created == 0
    assert [t.id for t in db.session.query(Task)] == [task.id]


def test_successor_comes_thirty_days_before_its_date(resident):
    make_enrolment(resident, next_due_on=date(2026, 11, 30))
    run(TODAY)
    assert dues() == [date(2026, 11, 30)]
    run(date(2027, 1, 28))
    assert dues() == [date(2026, 11, 30)]
    run(date(2027, 1, 29))
    assert dues() == [date(2026, 11, 30), date(2027, 2, 28)]


def test_task_is_missed_when_the_next_one_falls_due_and_not_before(resident):
    make_enrolment(resident, next_due_on=date(2026, 11, 30))
    run(TODAY)
    run(date(2027, 2, 27))
    assert dues("missed") == []
    assert run(date(2027, 2, 28)).missed == 1
    task = db.session.query(Task).filter_by(state="missed").one()
    assert (task.due_on, task.closed_on) == (date(2026, 11, 30), date(2027, 2, 28))
    assert task.reason == "next_due"


def test_months_are_clamped_in_a_leap_year(resident):
    for programme, day in (("hypertension", 30), ("diabetes", 29)):
        make_enrolment(resident, programme, next_due_on=date(2027, 11, day))
    run(date(2027, 11, 21))
    run(date(2028, 2, 29))
    assert dues() == [date(2028, 2, 29), date(2028, 2, 29)]
    assert dues("missed") == [date(2027, 11, 29), date(2027, 11, 30)]


def test_closed_task_has_no_successor(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2026, 9, 1))
    make_task(enrolment, date(2026, 9, 1), state="done", closed_on=date(2026, 9, 1))
    run(date(2027, 3, 1))
    assert dues() == []


def test_task_behind_a_later_date_of_the_enrolment_has_no_successor(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2027, 4, 10))
    make_task(enrolment, date(2026, 12, 30))
    run(date(2027, 4, 1))
    assert dues() == [date(2026, 12, 30), date(2027, 4, 10)]
    run(date(2027, 4, 10))
    assert dues("missed") == [date(2026, 12, 30)]


def test_task_waits_without_successor_while_a_recheck_holds_the_enrolment(resident):
    enrolment = make_enrolment(resident, next_due_on=None)
    make_task(enrolment, date(2026, 10, 1))
    run(date(2027, 3, 1))
    assert dues() == [date(2026, 10, 1)]


def test_cancelled_task_gives_nothing_up(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2026, 9, 1))
    make_task(enrolment, date(2026, 9, 1))
    make_task(enrolment, date(2026, 11, 1), state="cancelled", closed_on=date(2026, 10, 1))
    run(date(2026, 11, 5))
    assert dues("missed") == []


def test_other_kinds_are_never_given_up(resident):
    enrolment = make_enrolment(resident, next_due_on=date(2026, 11, 1))
    make_task(enrolment, date(2026, 10, 1), "recheck")
    run(date(2026, 12, 1))
    assert date(2026, 10, 1) in dues()


def test_county_interval_counts_from_its_day(resident):
    with transaction() as session:
        session.add(
            CountyParameter(
                programme="hypertension",
                name="regular_months",
                value="2",
                valid_from=date(2026, 12, 1),
            )
        )

    def sources(day: date) -> list[date]:
        follows = list_following(Intervals(), "regular", day - timedelta(days=1), day)
        return sorted(f.previous for f in follows if "hypertension" in f.programmes)

    before = [date(2026, 11, day) for day in (28, 29, 30)]
    after = [date(2026, 12, day) for day in (28, 29, 30, 31)]
    assert sources(date(2027, 2, 28)) == before + after
    assert sources(date(2027, 2, 10)) == [date(2026, 11, 10), date(2026, 12, 10)]


def test_old_backlog_is_chained_up_to_today(resident):
    make_enrolment(resident, next_due_on=date(2025, 11, 30))
    made = run(TODAY)
    assert dues("missed") == [date(2025, 11, 30), date(2026, 2, 28), date(2026, 5, 28)]
    assert dues() == [date(2026, 8, 28), date(2026, 11, 28)]
    assert (made.created, made.missed, made.claimed) == (5, 3, 1)


# --- catching up ------------------------------------------------------------------------------


def fill_varied() -> None:
    """People whose dates lie everywhere, some visited, some not, some with a history."""
    for number in range(40):
        resident = make_resident(f"居民{number:02d}")
        due = date(2026, 8, 20) + timedelta(days=number * 5)
        programme = ("hypertension", "diabetes", "copd")[number % 3]
        enrolment = make_enrolment(resident, programme, next_due_on=due)
        if number % 3 == 0:
            fill_scheduled(f"孩子{number:02d}", number)
        if number % 4 == 0:
            make_enrolment(resident, "elderly", exam_due_on=due + timedelta(days=40))
        if number % 5 == 1:
            make_task(enrolment, due - timedelta(days=91))
        if number % 7 == 2:
            make_task(enrolment, due, state="done", closed_on=due)
    with transaction() as session:
        session.add(
            CountyParameter(
                programme="diabetes",
                name="regular_months",
                value="1",
                valid_from=date(2026, 12, 15),
            )
        )


def fill_scheduled(name: str, number: int) -> None:
    """A child somewhere between two checks, and a woman who expects one."""
    birth = date(2025, 6, 1) + timedelta(days=number * 13)
    child = make_resident(name, birth=birth)
    due = next(day for m in (3, 6, 8, 12, 18, 24) if (day := add_months(birth, m)) >= TODAY)
    make_enrolment(child, "child", next_due_on=due)
    lmp = TODAY - timedelta(days=60 + number)
    mother = make_resident(f"母{name}", date(1995, 1, 1))
    make_enrolment(
        mother,
        "maternal",
        next_due_on=lmp + timedelta(days=146),
        facts={"lmp": lmp.isoformat()},
    )


def start_over(before: list[list[dict]]) -> None:
    """Put the rows back as they were and forget that any job ran."""
    with transaction() as session:
        for model in (Task, JobRun, JobHorizon):
            session.query(model).delete()
        for model, kept in zip(REMEMBERED, before, strict=True):
            session.query(model).delete()
            if kept:
                session.execute(model.__table__.insert(), kept)


#: What a night writes; an enrolment only where a schedule moves on.
REMEMBERED = (Enrolment, Task)


def tasks_now() -> list[list[dict]]:
    db.session.rollback()
    return [
        [dict(row._mapping) for row in db.session.execute(model.__table__.select())]
        for model in REMEMBERED
    ]


def daily(first: date, last: date) -> list[tuple]:
    day = first
    while day <= last:
        run(day)
        day += timedelta(days=1)
    return rows()


@pytest.mark.parametrize(
    ("most_rows", "block"), [(20_000, 1024), (3, 2), (1, 1)], ids=["whole", "pieces", "single"]
)
def test_ninety_days_down_equal_ninety_daily_runs(app, monkeypatch, most_rows, block):
    fill_varied()
    before, last = tasks_now(), TODAY + timedelta(days=90)
    expected = daily(TODAY, last)
    start_over(before)
    monkeypatch.setattr(plans, "MOST_ROWS", most_rows)
    monkeypatch.setattr(due_tasks, "MOST_ROWS", most_rows)
    monkeypatch.setattr(plans, "BLOCK", block)
    monkeypatch.setattr(due_tasks, "BREATH_SECONDS", 0)
    run(TODAY)
    run(last)
    assert rows() == expected
    assert {"child", "maternal"} <= {row[-1] for row in expected}
    assert len(expected) > 90 and {row[4] for row in expected} == {"open", "done", "missed"}


def test_first_run_after_ninety_days_equals_daily_runs(app):
    fill_varied()
    before, last = tasks_now(), TODAY + timedelta(days=90)
    expected = daily(TODAY, last)
    start_over(before)
    run(last)
    assert rows() == expected


def test_broken_run_leaves_whole_pieces_and_the_next_one_completes_them(app, monkeypatch):
    fill_varied()
    before, last = tasks_now(), TODAY + timedelta(days=90)
    run(last)
    expected = rows()
    for module in (plans, due_tasks):
        monkeypatch.setattr(module, "MOST_ROWS", 4)
    monkeypatch.setattr(plans, "BLOCK", 2)
    real = due_tasks._advance
    for good in range(12):
        start_over(before)
        calls = []

        def fail(*args, good=good, calls=calls, **kwargs):
            calls.append(1)
            made = real(*args, **kwargs)
            if len(calls) > good:
                raise RuntimeError("the plug")
            return made

        monkeypatch.setattr(due_tasks, "_advance", fail)
        with pytest.raises(RuntimeError):
            run(last)
        assert db.session.query(JobRun).count() == 0
        monkeypatch.setattr(due_tasks, "_advance", real)
        run(last)
        assert rows() == expected, good


def test_claim_is_taken_back_with_failing_work(resident, monkeypatch):
    make_enrolment(resident, next_due_on=TODAY)
    monkeypatch.setattr(due_tasks, "record", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run()
    assert db.session.query(JobRun).count() == db.session.query(Task).count() == 0
    assert get_horizon("regular") is None


def test_visit_during_a_catch_up_to_a_far_day_gets_its_task_at_once(resident, monkeypatch):
    """What an action moves into the range that is being read gets its task in that action."""
    others = [make_enrolment(make_resident(f"别人{n}"), next_due_on=TODAY) for n in range(6)]
    enrolment = make_enrolment(resident, next_due_on=None)
    monkeypatch.setattr(due_tasks, "MOST_ROWS", 2)
    monkeypatch.setattr(plans, "MOST_ROWS", 2)
    monkeypatch.setattr(plans, "BLOCK", 1)
    far, real, calls = TODAY + timedelta(days=200), due_tasks._advance, []

    def interrupt(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the plug")
        return real(*args, **kwargs)

    monkeypatch.setattr(due_tasks, "_advance", interrupt)
    with pytest.raises(RuntimeError):
        run(far)
    with transaction():
        enrolment.next_due_on = TODAY + timedelta(days=150)
    assert open_if_due(by=None, enrolment=enrolment) is not None
    assert len(others) == 6


def test_two_schedulers_at_once_make_no_task_twice(app, monkeypatch):
    fill_varied()
    before, last = tasks_now(), TODAY + timedelta(days=90)
    run(last)
    expected, made = rows(), []
    for module in (plans, due_tasks):
        monkeypatch.setattr(module, "MOST_ROWS", 5)
    monkeypatch.setattr(plans, "BLOCK", 2)
    start_over(before)
    db.session.remove()
    app = current_app._get_current_object()
    start = threading.Barrier(3)

    def scheduler():
        with app.app_context():
            start.wait()
            made.append(run(last))
            db.session.remove()

    threads = [threading.Thread(target=scheduler) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows() == expected
    assert sum(m.created for m in made) == len(expected) - len(before[-1])
    assert sum(m.claimed for m in made) == 1
    assert db.session.query(JobRun).count() == 1


def test_night_is_audited_with_counts_only(resident):
    make_enrolment(resident, next_due_on=TODAY)
    run()
    event = db.session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
    assert (event.verb, event.account_id) == ("make_due_tasks", None)
    assert event.details == {"created": 1, "missed": 0, "reached": "2026-11-21"}


def test_no_enrolment_is_changed_by_the_night(resident):
    enrolment = make_enrolment(resident, next_due_on=TODAY)
    run()
    db.session.expire_all()
    assert (enrolment.next_due_on, enrolment.state) == (TODAY, "active")
    assert db.session.query(Enrolment).count() == 1
