"""A stricter interval brings next dates forward at once; a threshold waits for the next visit."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc import clock
from familydoc.actions.parameters import apply_values, set_value
from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.jobs.night import ORDER, run_job
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.models.tasks import Task
from familydoc.queries.jobs import MAKE_DUE_TASKS
from familydoc.queries.moves import MOVE_DATES, change_of, preview_change
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from tests.actions.races import together
from tests.cast import account, make_enrolment, make_resident

TODAY = date(2026, 11, 21)


def visited(day: date, sbp: int = 130, **columns: object) -> Enrolment:
    """Somebody of 68 with one hypertension visit on a day."""
    resident = make_resident(**columns)
    enrolment = make_enrolment(resident)
    record_visit(
        by=account("jia"),
        uid=f"visit-{resident.id}",
        resident=resident,
        visit_date=day,
        way=1,
        answers={"sbp": sbp, "dbp": 80},
        late_reason="补录",
    )
    db.session.refresh(enrolment)
    return enrolment


def put(name: str = "regular_months", value: str = "2", **more: object) -> CountyParameter:
    return set_value(
        **{
            "by": account("sun"),
            "programme": "hypertension",
            "name": name,
            "value": value,
            "source": "清卫发〔2026〕12 号",
            "valid_from": TODAY.isoformat(),
        }
        | more,
    )


def change(name: str = "regular_months", value: str = "2", start: date = TODAY):
    found = change_of("hypertension", name, value, start)
    assert found is not None
    return found


def apply() -> int:
    return apply_values(by=account("sun"), today=clock.today())


def tasks(enrolment: Enrolment, kind: str = "regular") -> list[tuple[date, str]]:
    query = select(Task).filter_by(enrolment_id=enrolment.id, kind=kind).order_by(Task.due_on)
    return [(task.due_on, task.state) for task in db.session.execute(query).scalars()]


def test_the_preview_says_how_many_move_and_stores_nothing(app):
    visited(date(2026, 11, 10))
    visited(date(2026, 9, 10), name="李四")
    make_enrolment(make_resident("王五"), since=date(2026, 11, 1))
    found = preview_change(change(), TODAY)
    assert (found.times, found.people, found.of, found.earlier) == (True, 2, 3, 2)
    assert {(e.old, e.new) for e in found.examples} == {
        (date(2027, 2, 10), date(2027, 1, 10)),
        (date(2026, 12, 10), date(2026, 12, 5)),
    }
    assert sum(after for _, _, after in found.months) == 2
    assert db.session.query(CountyParameter).count() == 0


def test_confirming_moves_the_date_the_task_and_says_why(app):
    enrolment = visited(date(2026, 9, 30))
    assert tasks(enrolment) == []
    near = visited(date(2026, 9, 10), name="李四")
    assert tasks(near) == [(date(2026, 12, 10), "open")]
    row = put()
    assert apply() == 2
    db.session.expire_all()
    assert enrolment.next_due_on == date(2026, 12, 5)
    assert tasks(enrolment) == [(date(2026, 12, 5), "open")]
    assert tasks(near) == [(date(2026, 12, 5), "open")]
    assert (row.moved, row.applied_at is not None) == (2, True)
    because = db.session.execute(db.text("SELECT because FROM assessments")).scalars().first()
    said = because if isinstance(because, str) else str(because)
    assert "2026-12-05" in said
    events = db.session.execute(select(AuditEvent).filter_by(verb="move_due")).scalars().all()
    assert {(e.details["old"], e.details["new"]) for e in events} == {
        ("2026-12-30", "2026-12-05"),
        ("2026-12-10", "2026-12-05"),
    }


def test_the_preview_equals_what_is_done(app):
    for number, day in enumerate(range(1, 29, 3)):
        visited(
            date(2026, 9, 1) + timedelta(days=day * 2), name=f"张{'一二三四五六七八九十'[number]}"
        )
    expected = preview_change(change(), TODAY)
    put()
    assert apply() == expected.people
    months = {due.replace(day=1) for due in db.session.scalars(select(Enrolment.next_due_on))}
    assert {month for month, _, after in expected.months if after} <= months


def test_nobody_is_made_late_by_a_rule_and_the_late_stay_late(app):
    soon = visited(date(2026, 8, 25), name="甲乙")
    late = visited(date(2026, 8, 10), name="丙丁")
    assert (soon.next_due_on, late.next_due_on) == (date(2026, 11, 25), date(2026, 11, 10))
    put()
    apply()
    db.session.expire_all()
    assert soon.next_due_on == date(2026, 11, 25)
    assert late.next_due_on == date(2026, 11, 10)


def test_going_back_puts_the_dates_off_again(app):
    enrolment = visited(date(2026, 11, 10))
    put()
    apply()
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2027, 1, 10)
    assert preview_change(change(value="3"), TODAY).people == 1
    put(value="3")
    assert apply() == 1
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2027, 2, 10)


def test_a_second_change_moves_what_the_first_has_moved(app):
    enrolment = visited(date(2026, 9, 25))
    put()
    apply()
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2026, 12, 5)
    put(value="1")
    apply()
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2026, 12, 5)


def test_a_threshold_is_shown_and_moves_nothing(app):
    enrolment = visited(date(2026, 11, 10), sbp=148, birth=date(1980, 1, 1))
    fine = visited(date(2026, 11, 10), sbp=138, birth=date(1980, 1, 1), name="李四")
    assert enrolment.next_due_on is None
    found = preview_change(change("line_sbp", "135"), TODAY)
    assert (found.times, found.people) == (False, 1)
    assert found.examples[0].new == date(2026, 11, 24)
    put("line_sbp", "135")
    assert apply() == 0
    db.session.expire_all()
    assert fine.next_due_on == date(2027, 2, 10)
    assert db.session.query(CountyParameter).one().applied_at is not None


def test_an_open_recheck_keeps_its_two_weeks(app):
    enrolment = visited(date(2026, 11, 20), sbp=160)
    assert tasks(enrolment, "recheck") == [(date(2026, 12, 4), "open")]
    put("recheck_days", "7")
    assert apply() == 0
    assert tasks(enrolment, "recheck") == [(date(2026, 12, 4), "open")]


def test_a_value_of_a_later_day_is_applied_by_the_night_of_that_day(app, morning):
    enrolment = visited(date(2026, 11, 10))
    put(valid_from="2026-12-01")
    assert apply() == 0
    assert ORDER.index(MOVE_DATES) < ORDER.index(MAKE_DUE_TASKS)
    assert run_job(MOVE_DATES, TODAY).created == 0
    morning.move_to("2026-12-01T02:00:00+00:00")
    assert run_job(MOVE_DATES, date(2026, 12, 1)).created == 1
    assert run_job(MOVE_DATES, date(2026, 12, 1)).created == 0
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2027, 1, 10)


def test_what_was_broken_off_goes_on_without_moving_anybody_twice(app, monkeypatch):
    monkeypatch.setattr("familydoc.queries.moves.BATCH", 2)
    for name in ("甲乙", "丙丁", "戊己", "庚辛", "壬癸"):
        visited(date(2026, 11, 10), name=name)
    row = put()
    assert apply_values(by=None, today=TODAY, seconds=0) == 0
    assert row.applied_at is None
    assert apply_values(by=None, today=TODAY) == 5
    db.session.refresh(row)
    row.applied_at = None
    db.session.commit()
    assert apply_values(by=None, today=TODAY) == 0


def test_two_administrators_at_once_the_second_looks_again(app):
    put(seen=0)
    with pytest.raises(RuleError, match="另一位管理员") as refused:
        put(value="1", by=account("admin"), seen=0)
    assert refused.value.code == "parameter_stale"
    assert db.session.query(CountyParameter).count() == 1


@pytest.mark.parametrize("code", sorted(load_programmes()))
def test_every_parameter_of_every_programme_can_be_previewed(app, code):
    programme = load_programmes()[code]
    make_enrolment(make_resident(), code, next_due_on=date(2026, 12, 31))
    for parameter in programme.parameters.values():
        for value in (parameter.min, parameter.max):
            found = change_of(code, parameter.name, str(value), TODAY)
            assert found is not None
            preview = preview_change(found, TODAY)
            assert preview.of == 1
            assert 0 <= preview.people <= 1


def test_six_visits_a_year_instead_of_four_bring_everybody_a_month_forward(app):
    resident = make_resident()
    enrolment = make_enrolment(resident, "severe_mental_disorder")
    record_visit(
        by=account("jia"),
        uid="visit-of-smd",
        resident=resident,
        visit_date=date(2026, 11, 20),
        way=2,
        answers={"risk": 0, "insight": 1, "symptoms": "none", "social": "good"},
    )
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2027, 2, 20)
    put("county_floor_per_year", "6", programme="severe_mental_disorder")
    assert apply() == 1
    db.session.refresh(enrolment)
    assert enrolment.next_due_on == date(2027, 1, 20)


def test_a_visit_after_the_change_is_judged_by_the_new_interval_alone(app):
    put()
    apply()
    enrolment = visited(date(2026, 11, 21))
    assert enrolment.next_due_on == date(2027, 1, 21)
    assert apply() == 0


def test_of_two_administrators_at_one_moment_one_is_asked_to_look_again(app):
    def sets(username: str, value: str):
        return lambda: put(value=value, by=account(username), seen=0).value

    results = together(app, sets("sun", "2"), sets("admin", "1"))
    assert sorted(map(str, results)) in (["2", "parameter_stale"], ["1", "parameter_stale"])
    assert db.session.query(CountyParameter).count() == 1
