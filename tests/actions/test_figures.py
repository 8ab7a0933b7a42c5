"""Stored figures: counted by the same functions, counted again when something has happened."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from familydoc import clock
from familydoc.actions import figures as actions
from familydoc.actions.audit import record
from familydoc.extensions import db
from familydoc.models.jobs import Figure
from familydoc.models.residents import Resident
from familydoc.queries import figures as stored_figures
from familydoc.queries import reports
from familydoc.queries.counts import COUNTY, Due, Roster, Scope
from familydoc.queries.figures import find_last_count, read_stored
from familydoc.rules.figures import must_count
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    SHENCHIYAO,
    YUANZIWAN,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)


def something_happens():
    with transaction():
        record(by=None, verb="test", entity="test")


@pytest.fixture
def county(app):
    """Two signed of four, one of them nobody's; tasks in two months of the quarter."""
    first = make_resident("甲")
    make_contract(first)
    make_contract(make_resident("乙", team="chengguan2", village=SHENCHIYAO))
    make_resident("丙", date(1990, 1, 1), team="honghe1", village=YUANZIWAN)
    make_resident("丁", date(1990, 1, 1), team=None)
    enrolment = make_enrolment(first)
    make_task(enrolment, date(2026, 10, 5), state="done", closed_on=date(2026, 10, 5))
    make_task(enrolment, date(2026, 8, 5), state="done", closed_on=date(2026, 9, 5))
    make_task(enrolment, date(2026, 11, 5))
    something_happens()


def scopes():
    centre = Scope("centre", organisation(CHENGGUAN).id)
    return [
        COUNTY,
        centre,
        *(Scope("team", team_of(key).id) for key in ("chengguan1", "chengguan2", "honghe1")),
    ]


def test_stored_figures_are_those_of_the_functions(county):
    actions.count_figures(by=None, on=TODAY)
    for scope, stored in read_stored(COUNTY, scopes()[1:]).items():
        assert stored.roster == reports.get_roster(scope, TODAY)
        assert stored.month == reports.get_due(scope, TODAY, "month")
        assert stored.quarter == reports.get_due(scope, TODAY, "quarter")
        number = reports.overdue(scope, TODAY)
        assert (stored.overdue, stored.open) == (number.numerator, number.denominator)
    stored = read_stored(COUNTY)[COUNTY]
    assert stored.roster == Roster(4, 2, 2, 2)
    assert stored.quarter == Due(2, 1, 0, 1, 0) and stored.month == Due(1, 0, 0, 1, 0)
    assert dict(stored.past)[date(2026, 8, 1)] == Due(1, 0, 1, 0, 0)
    assert [first.month for first, _ in stored.past] == [6, 7, 8, 9, 10]


def test_centres_and_those_without_a_team_add_up_to_the_county(county):
    actions.count_figures(by=None, on=TODAY)
    centres = [Scope("centre", organisation(code).id) for code in (CHENGGUAN, "150124101")]
    stored = read_stored(COUNTY, centres)
    assert sum((stored[one].roster for one in centres), Roster()) == stored[COUNTY].roster
    teams = scopes()[2:]
    stored = read_stored(COUNTY, teams)
    assert sum((stored[one].roster for one in teams), Roster()).people == 3


def test_nothing_is_stored_before_the_first_count(app):
    stored = read_stored(COUNTY)[COUNTY]
    assert stored.counted_at is None and stored.roster == Roster()


def test_figures_are_fresh_after_every_act_in_a_small_county(county):
    assert actions.refresh_figures(by=None)
    assert not actions.refresh_figures(by=None)
    make_resident("戊")
    something_happens()
    assert actions.refresh_figures(by=None)
    assert read_stored(COUNTY)[COUNTY].roster.people == 5


def test_figures_are_counted_again_on_another_day(county, morning):
    actions.refresh_figures(by=None)
    morning.shift(timedelta(days=1))
    assert actions.refresh_figures(by=None)
    assert find_last_count().on == TODAY + timedelta(days=1)
    days = db.session.scalars(select(Figure.on).where(Figure.code == "signed").distinct()).all()
    assert sorted(days) == [TODAY, TODAY + timedelta(days=1)]


def test_stored_people_are_used_only_while_nothing_has_changed_them(county, monkeypatch):
    chen, jia = Scope("team", team_of("chengguan1").id), Scope("member", staff("jia").id)
    actions.count_figures(by=None, on=TODAY)
    counted = []
    monkeypatch.setattr(stored_figures, "count_roster", lambda *a: counted.append(a) or {})
    for scope in (chen, jia):
        assert stored_figures.get_roster(scope, TODAY) == reports.get_roster(scope, TODAY)
    with transaction():
        record(by=None, verb="log_in", entity="account")
        record(by=None, verb="record_visit", entity="visit")
    stored_figures.get_roster(chen, TODAY)
    assert counted == []
    with transaction():
        record(by=None, verb="sign_contract", entity="contract")
    stored_figures.get_roster(chen, TODAY)
    stored_figures.get_roster(jia, TODAY)
    assert len(counted) == 2
    stored_figures.get_roster(chen, TODAY + timedelta(days=1))
    assert len(counted) == 3


def test_group_that_emptied_falls_to_zero(county):
    actions.count_figures(by=None, on=TODAY)
    one = db.session.query(Resident).filter_by(name="丙").one()
    with transaction():
        one.state = "moved"
    actions.count_figures(by=None, on=TODAY)
    team = Scope("team", team_of("honghe1").id)
    assert read_stored(team)[team].roster == Roster()


@pytest.mark.parametrize(
    ("same_day", "happened", "took_ms", "age", "expected"),
    [
        (False, False, 900, 0, True),
        (True, False, 1, 10**6, False),
        (True, True, 300, 5.9, False),
        (True, True, 300, 6.0, True),
        (True, True, 50, 0, True),
        (True, True, 51, 1.0, False),
    ],
)
def test_counting_takes_no_more_than_a_twentieth_of_the_time(
    same_day, happened, took_ms, age, expected
):
    found = must_count(same_day=same_day, happened=happened, took_ms=took_ms, age_seconds=age)
    assert found == expected


def test_long_count_waits_its_turn(county, morning):
    actions.count_figures(by=None, on=TODAY)
    with transaction() as session:
        session.query(Figure).update({"took_ms": 60_000})
    something_happens()
    morning.shift(timedelta(minutes=19))
    assert not actions.is_due()
    morning.shift(timedelta(minutes=2))
    assert actions.is_due()


def test_refresh_keeps_the_old_figures_when_nothing_can_be_written(county, monkeypatch, morning):
    actions.refresh_figures(by=None)
    before = read_stored(COUNTY)

    def full(*_args):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(actions, "_write", full)
    morning.shift(timedelta(days=3))
    assert not actions.refresh_figures(by=None)
    assert read_stored(COUNTY) == before


def test_count_takes_the_same_statements_for_more_teams(county):
    """One statement per kind: three counts, however many teams there are."""
    seen = []

    def note(_conn, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    actions.count_figures(by=None, on=clock.today())
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 8, seen


def test_count_twice_on_one_day_leaves_one_row_each(county):
    rows = actions.count_figures(by=None, on=TODAY)
    assert actions.count_figures(by=None, on=TODAY) == rows
    assert db.session.scalar(select(func.count()).select_from(Figure)) == rows
