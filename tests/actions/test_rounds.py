"""Rounds are made once, follow their villages, are missed and reported; every act is audited."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc.actions.rounds import (
    cancel_round,
    check_round,
    make_rounds,
    reopen_round,
    report_round,
)
from familydoc.extensions import db
from familydoc.jobs.night import ORDER, run_job
from familydoc.models.audit import AuditEvent
from familydoc.models.programmes import CountyParameter
from familydoc.models.rounds import Round
from familydoc.models.teams import TeamMember, TeamVillage
from familydoc.queries.rounds import MAKE_ROUNDS
from familydoc.rules.errors import RuleError
from familydoc.rules.rounds import Person, RoundRefused
from familydoc.transaction import transaction
from tests.actions.races import together
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    NANGOU,
    account,
    add,
    organisation,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)
TYPED = {"done_on": "2026-11-20", "patients": "12", "prescriptions": "8"}


def rounds(kind: str = "", **columns: object) -> list[Round]:
    query = select(Round).filter_by(**({"kind": kind} if kind else {}), **columns)
    return list(db.session.execute(query.order_by(Round.due_on, Round.place_code)).scalars())


def state() -> list[tuple[object, ...]]:
    """Everything about the rounds but their keys and the moment they were made."""
    return [
        (r.kind, r.place_code, r.window_start, r.due_on, r.state, r.reason, r.team_id)
        for r in sorted(rounds(), key=lambda r: (r.kind, r.place_code, r.due_on))
    ]


def village_round() -> Round:
    run_job(MAKE_ROUNDS, TODAY)
    return rounds("township", place_code=CHENGGUAN_VILLAGE)[0]


def report(round_: Round, by: str = "jia", **changed: str) -> None:
    people = [Person("staff-jia", True), Person("staff-yun", False, "请假")]
    report_round(by=account(by), round_=round_, typed={**TYPED, **changed}, people=people)


def test_the_first_night_makes_the_rounds_of_the_windows_that_are_open(app):
    run = run_job(MAKE_ROUNDS, TODAY)
    assert run.created == 8 == len(rounds())
    assert [r.place_code for r in rounds("county_expert")] == [CHENGGUAN, HONGHE]
    assert {r.due_on for r in rounds("county_expert")} == {date(2026, 12, 31)}
    assert {r.due_on for r in rounds("named_expert")} == {date(2026, 11, 22)}
    villages = rounds("township")
    assert len(villages) == 4
    assert {(r.window_start, r.due_on) for r in villages} == {
        (date(2026, 11, 1), date(2026, 11, 30))
    }
    assert villages[0].team_id == team_of("chengguan1").id
    assert villages[0].organisation_id == organisation(CHENGGUAN).id


def test_a_second_run_makes_nothing(app):
    make_rounds(by=None, on=TODAY)
    before = state()
    assert make_rounds(by=None, on=TODAY) == 0
    assert run_job(MAKE_ROUNDS, TODAY).created == 0
    assert state() == before


def test_make_rounds_stands_in_the_night_before_the_figures():
    assert MAKE_ROUNDS in ORDER
    assert ORDER.index(MAKE_ROUNDS) < ORDER.index("count-figures")


def run_daily(last: date) -> list[tuple[object, ...]]:
    day = TODAY
    while day <= last:
        run_job(MAKE_ROUNDS, day, trust_clock=True)
        day += timedelta(days=1)
    return state()


def test_ninety_days_down_give_the_rounds_of_ninety_nights(app):
    last = TODAY + timedelta(days=90)
    run_job(MAKE_ROUNDS, TODAY)
    run_job(MAKE_ROUNDS, last, trust_clock=True)
    at_once = state()
    with transaction() as session:
        session.query(Round).delete()
        session.execute(db.text("DELETE FROM job_runs"))
    assert run_daily(last) == at_once
    assert {row[4] for row in at_once} == {"open", "missed"}


def test_an_overdue_round_is_missed_only_when_the_next_has_fallen_due(app):
    run_job(MAKE_ROUNDS, TODAY)
    run_job(MAKE_ROUNDS, date(2026, 11, 29), trust_clock=True)
    clinics = rounds("named_expert", place_code=CHENGGUAN)
    assert [(r.due_on.day, r.state) for r in clinics] == [(22, "open"), (29, "open")]
    run_job(MAKE_ROUNDS, date(2026, 11, 30), trust_clock=True)
    assert [(r.due_on.day, r.state) for r in rounds("named_expert", place_code=CHENGGUAN)] == [
        (22, "missed"),
        (29, "open"),
        (6, "open"),
    ]


def test_an_open_round_follows_its_village_to_another_team(app):
    round_ = village_round()
    with transaction():
        held = db.session.query(TeamVillage).filter_by(village_code=CHENGGUAN_VILLAGE).one()
        held.until = TODAY
        db.session.flush()
        other = team_of("honghe1")
        add(TeamVillage(team_id=other.id, village_code=CHENGGUAN_VILLAGE, since=TODAY))
    run_job(MAKE_ROUNDS, TODAY + timedelta(days=1), trust_clock=True)
    db.session.refresh(round_)
    assert (round_.team_id, round_.organisation_id) == (other.id, organisation(HONGHE).id)
    assert len(rounds("township", place_code=CHENGGUAN_VILLAGE)) == 1


def test_rounds_of_what_nobody_serves_are_cancelled(app):
    round_ = village_round()
    with transaction():
        db.session.query(TeamVillage).filter_by(village_code=CHENGGUAN_VILLAGE).one().until = TODAY
        team_of("honghe1").active = False
    run_job(MAKE_ROUNDS, TODAY + timedelta(days=1), trust_clock=True)
    db.session.refresh(round_)
    assert (round_.state, round_.reason) == ("cancelled", "不再由本队服务")
    assert {r.state for r in rounds(place_code=HONGHE)} == {"cancelled"}
    assert {r.state for r in rounds("township", place_code=NANGOU)} == {"open"}


def test_a_county_that_asks_for_more_gets_more_windows(app):
    with transaction():
        add(
            CountyParameter(
                programme="rounds",
                name="township_times",
                value="2",
                source="县卫健委",
                valid_from=date(2026, 11, 1),
            )
        )
    run_job(MAKE_ROUNDS, TODAY)
    found = rounds("township", place_code=NANGOU)
    assert [(r.window_start.day, r.due_on.day) for r in found] == [(16, 30)]


def test_a_report_is_stored_with_who_came_and_who_not(app):
    round_ = village_round()
    report(round_)
    db.session.expire_all()
    assert (round_.state, round_.done_on, round_.late) == ("done", date(2026, 11, 20), False)
    assert (round_.patients, round_.prescriptions) == (12, 8)
    assert {(a.staff.name, a.came, a.reason) for a in round_.attendance} == {
        ("贾二牛", True, ""),
        ("云其格", False, "请假"),
    }
    event = db.session.execute(select(AuditEvent).filter_by(verb="report_round")).scalar_one()
    assert event.details == {
        "kind": "township",
        "place": CHENGGUAN_VILLAGE,
        "due": "2026-11-30",
        "came": 1,
        "absent": 1,
    }


def test_a_second_report_changes_nothing_and_says_so(app):
    round_ = village_round()
    report(round_)
    with pytest.raises(RuleError, match="已经有人记过") as refused:
        report(round_, by="yun", patients="99")
    assert refused.value.code == "round_closed"
    db.session.expire_all()
    assert round_.patients == 12


def test_one_day_does_not_serve_two_rounds_of_a_place(app, morning):
    round_ = village_round()
    morning.move_to("2026-12-05T02:00:00+00:00")
    run_job(MAKE_ROUNDS, date(2026, 12, 5))
    report(round_, done_on="2026-12-05")
    assert round_.late
    following = rounds("township", place_code=CHENGGUAN_VILLAGE)[1]
    with pytest.raises(RoundRefused, match="不能算两次"):
        report(following, done_on="2026-12-05")
    assert following.state == "open"


def test_a_missed_round_takes_only_a_day_of_its_window(app, morning):
    run_job(MAKE_ROUNDS, TODAY)
    morning.move_to("2026-11-30T02:00:00+00:00")
    run_job(MAKE_ROUNDS, date(2026, 11, 30))
    missed = rounds("named_expert", place_code=CHENGGUAN)[0]
    assert missed.state == "missed"
    with pytest.raises(RoundRefused, match="应在 2026-11-16 到 2026-11-22 之间"):
        report(missed, done_on="2026-11-25")
    report(missed, done_on="2026-11-20")
    assert (missed.state, missed.late) == ("done", False)


def test_cancelling_and_opening_again_need_a_reason_and_keep_what_was_typed(app):
    round_ = village_round()
    with pytest.raises(RuleError, match="原因"):
        cancel_round(by=account("chen"), round_=round_, reason=" ")
    cancel_round(by=account("chen"), round_=round_, reason="大雪封路")
    assert (round_.state, round_.reason) == ("cancelled", "大雪封路")
    with pytest.raises(RuleError, match="已经取消"):
        report(round_)
    reopen_round(by=account("chen"), round_=round_, reason="路通了")
    report(round_)
    reopen_round(by=account("chen"), round_=round_, reason="记错了村")
    db.session.expire_all()
    assert (round_.state, round_.done_on, round_.patients) == ("open", None, 12)
    assert len(round_.attendance) == 2
    with pytest.raises(RuleError, match="已经是待做"):
        reopen_round(by=account("chen"), round_=round_, reason="再来一次")


def test_the_county_looks_at_what_was_reported_once(app):
    round_ = village_round()
    with pytest.raises(RuleError, match="还没有记录到岗"):
        check_round(by=account("sun"), round_=round_)
    report(round_)
    check_round(by=account("sun"), round_=round_)
    first = round_.checked_at
    check_round(by=account("sun"), round_=round_)
    assert first is not None
    assert round_.checked_at == first
    assert db.session.query(AuditEvent).filter_by(verb="check_round").count() == 1


def test_everybody_expected_is_the_team_or_its_experts(app):
    from familydoc.queries.rounds import list_expected, list_others

    round_ = village_round()
    assert [s.name for s in list_expected(round_)] == ["陈玉兰", "云其格", "贾二牛"]
    clinic = rounds("named_expert", place_code=CHENGGUAN)[0]
    assert list_expected(clinic) == []
    with transaction():
        add(
            TeamMember(
                team_id=team_of("chengguan2").id,
                staff_id=staff("wu").id,
                role="county_expert",
                since=TODAY,
            )
        )
    assert [s.name for s in list_expected(clinic)] == ["武秀英"]
    assert [s.name for s in list_others(round_, list_expected(round_))] == ["李建国"]


def test_of_two_reports_at_one_moment_one_is_told(app):
    number = village_round().id

    def reports(username: str):
        def act() -> str:
            report(db.session.get(Round, number), by=username)
            return "stored"

        return act

    assert sorted(together(app, reports("jia"), reports("yun"))) == ["round_closed", "stored"]
    assert db.session.query(AuditEvent).filter_by(verb="report_round").count() == 1


def test_two_nights_at_one_moment_make_each_round_once(app):
    made = together(app, *(lambda: run_job(MAKE_ROUNDS, TODAY).created for _ in range(2)))
    assert sorted(made) == [0, 8]
    assert len(rounds()) == 8
