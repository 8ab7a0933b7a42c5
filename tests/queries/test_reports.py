"""Indicators counted by hand: who is in, who is out, and that the parts add up to the whole."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.queries import reports
from familydoc.queries.counts import (
    COUNTY,
    Due,
    Roster,
    Scope,
    count_due,
    count_open,
    count_roster,
)
from familydoc.rules.numbers import make_rate
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    NANGOU,
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
ADULT, OLD, CHILD = date(1980, 1, 1), date(1961, 11, 21), date(2019, 11, 22)


def people(count, **columns):
    return [make_resident(f"居民{number}", ADULT, **columns) for number in range(count)]


def test_signed_is_contracts_in_force_over_people_on_the_roster(app):
    signed, *_ = people(3)
    make_contract(signed)
    number = reports.signed(COUNTY, TODAY)
    assert (number.numerator, number.denominator) == (1, 3)
    assert (number.value, number.text, number.unit) == ("33.33", "33.33", "%")
    assert number.detail == "1 人签约 / 3 名服务人口"


def test_signed_rounds_half_up_as_the_county_did_not(app):
    assert make_rate("signed_key", 26473, 28254).value == "93.70"
    assert make_rate("signed_key", 26473, 28254).detail == "26,473 人 / 28,254 人，一人只计一次"


def test_signed_is_no_data_when_nobody_is_on_the_roster(app):
    number = reports.signed(COUNTY, TODAY)
    assert (number.value, number.text, number.unit) == ("", "—", "")
    assert number.detail == "还没有在册居民"


def test_rate_above_100_is_shown_and_flagged(app):
    number = make_rate("signed", 816, 800)
    assert number.value == "102.00" and number.over_100
    assert not make_rate("signed", 800, 800).over_100


@pytest.mark.parametrize(
    ("state", "counted"),
    [("present", 2), ("away", 2), ("lost", 2), ("moved", 1), ("deceased", 1)],
)
def test_dead_and_moved_leave_both_sides_and_the_away_stay(app, state, counted):
    here, other = people(2, tags=("hypertension",))
    for one in (here, other):
        make_contract(one)
    with transaction():
        other.state = state
    for number in (reports.signed(COUNTY, TODAY), reports.signed_key(COUNTY, TODAY)):
        assert (number.numerator, number.denominator) == (counted, counted)


@pytest.mark.parametrize(
    ("start", "end", "state", "counts"),
    [
        (date(2025, 11, 22), date(2026, 11, 21), "active", True),
        (date(2025, 11, 21), date(2026, 11, 20), "active", False),
        (date(2026, 11, 21), date(2027, 11, 20), "active", True),
        (date(2026, 11, 22), date(2027, 11, 21), "active", False),
        (date(2026, 1, 1), date(2026, 12, 31), "terminated", False),
        (date(2025, 1, 1), date(2025, 12, 31), "expired", False),
    ],
)
def test_contract_counts_on_its_days_even_before_the_night_marks_it(app, start, end, state, counts):
    make_contract(people(1)[0], start, end_on=end, state=state)
    assert reports.signed(COUNTY, TODAY).numerator == int(counts)


def test_early_renewal_leaves_no_gap_and_counts_once(app):
    one = people(1)[0]
    make_contract(one, date(2025, 12, 1), end_on=date(2026, 11, 30), state="renewed")
    assert reports.signed(COUNTY, TODAY).numerator == 0
    make_contract(one, date(2026, 12, 1))
    assert reports.signed(COUNTY, TODAY).numerator == 1
    assert reports.signed(COUNTY, date(2026, 12, 1)).numerator == 1


def test_person_with_old_contracts_counts_once(app):
    one = people(1)[0]
    for year in (2024, 2025):
        make_contract(one, date(year, 11, 1), end_on=date(year + 1, 10, 31), state="renewed")
    make_contract(one, date(2026, 11, 1))
    assert reports.signed(COUNTY, TODAY).numerator == 1


def test_key_person_of_many_groups_counts_once(app):
    many = make_resident("多病", OLD, tags=("hypertension", "diabetes", "poverty_relieved"))
    make_contract(many)
    make_resident("儿童", CHILD)
    make_resident("监测户", ADULT, tags=("poverty_monitored",))
    make_resident("普通", ADULT)
    number = reports.signed_key(COUNTY, TODAY)
    assert (number.numerator, number.denominator) == (1, 3)


@pytest.mark.parametrize(
    ("birth", "is_key"),
    [
        (date(1961, 11, 21), True),
        (date(1961, 11, 22), False),
        (date(2019, 11, 22), True),
        (date(2019, 11, 21), False),
        (TODAY, True),
    ],
)
def test_age_groups_follow_from_the_birth_date(app, birth, is_key):
    make_resident("某人", birth)
    assert reports.signed_key(COUNTY, TODAY).denominator == int(is_key)


def test_unknown_tag_makes_nobody_a_key_person(app):
    make_resident("某人", ADULT, tags=("copd",))
    assert reports.signed_key(COUNTY, TODAY).value == ""


@pytest.fixture
def enrolment(app):
    return make_enrolment(make_resident())


def test_completed_counts_what_fell_due_in_the_quarter_until_today(enrolment):
    done = {"state": "done", "closed_on": TODAY}
    make_task(enrolment, date(2026, 9, 30), **done)
    make_task(enrolment, date(2026, 10, 1), **done)
    make_task(enrolment, date(2026, 10, 20), state="missed")
    make_task(enrolment, date(2026, 11, 1), state="cancelled")
    make_task(enrolment, date(2026, 11, 5))
    make_task(enrolment, TODAY, kind="recheck")
    make_task(enrolment, TODAY + timedelta(days=1), **done)
    number = reports.completed_quarter(COUNTY, TODAY)
    assert (number.numerator, number.denominator, number.value) == (1, 4, "25.00")
    assert number.detail == "应随访 4 人次，已完成 1"
    month = reports.completed_month(COUNTY, TODAY)
    assert (month.numerator, month.denominator) == (0, 2)


def test_timely_leaves_out_what_was_done_late(enrolment):
    due = date(2026, 11, 10)
    make_task(enrolment, due, state="done", closed_on=due)
    make_task(enrolment, due, "recheck", state="done", closed_on=due + timedelta(days=1))
    make_task(enrolment, due, "exam", state="done", closed_on=due - timedelta(days=9))
    assert reports.timely(COUNTY, TODAY).value == "66.67"
    assert reports.completed_quarter(COUNTY, TODAY).value == "100.00"
    assert reports.get_due(COUNTY, TODAY, "month") == Due(3, 2, 1, 0, 0)


def test_overdue_is_open_and_past_due_over_open(enrolment):
    make_task(enrolment, TODAY)
    make_task(enrolment, TODAY - timedelta(days=1))
    make_task(enrolment, date(2025, 5, 1))
    make_task(enrolment, date(2026, 12, 1))
    make_task(enrolment, date(2026, 2, 1), state="done", closed_on=TODAY)
    assert reports.overdue(COUNTY, TODAY).value == "50.00"


def test_satisfaction_is_empty_until_somebody_has_rated(app):
    number = reports.satisfaction(COUNTY, TODAY)
    assert (number.value, number.text, number.detail) == ("", "—", "还没有评价")


def test_first_day_of_a_quarter_counts_only_itself(enrolment):
    make_task(enrolment, date(2026, 9, 30))
    make_task(enrolment, date(2026, 10, 1))
    assert reports.completed_quarter(COUNTY, date(2026, 10, 1)).denominator == 1
    assert reports.completed_quarter(COUNTY, date(2026, 9, 30)).denominator == 1


def test_member_has_the_people_of_the_villages_looked_after_and_the_tasks_owned(app):
    mine = make_resident("张一", ADULT)
    other = make_resident("张二", ADULT, village=NANGOU)
    make_contract(mine)
    make_task(make_enrolment(mine), TODAY)
    make_task(make_enrolment(other, staff_id=staff("yun").id), TODAY)
    jia = Scope("member", staff("jia").id)
    assert reports.signed(jia, TODAY).value == "100.00"
    assert reports.completed_quarter(jia, TODAY).denominator == 1
    assert reports.completed_quarter(Scope("member", staff("chen").id), TODAY).value == ""


PLACES = (
    ("chengguan1", NANGOU),
    ("chengguan2", SHENCHIYAO),
    ("honghe1", YUANZIWAN),
    (None, YUANZIWAN),
)
PERSON = st.tuples(
    st.sampled_from(PLACES),
    st.sampled_from((ADULT, OLD, CHILD)),
    st.sampled_from(("present", "away", "moved", "deceased")),
    st.booleans(),
    st.booleans(),
)
TASK = st.tuples(
    st.sampled_from(PLACES[:3]),
    st.integers(-200, 20),
    st.sampled_from(("open", "done", "missed", "cancelled")),
    st.integers(-5, 5),
)


def fill(persons, tasks):
    """Store invented people and tasks in the open session; the caller rolls back."""
    for number, (place, birth, state, tag, signed) in enumerate(persons):
        one = make_resident(
            f"人{number}",
            birth,
            team=place[0],
            village=place[1],
            state=state,
            tags=("diabetes",) if tag else (),
        )
        if signed and place[0]:
            make_contract(one)
    enrolments = {
        place: make_enrolment(make_resident(team=place[0], village=place[1]))
        for place in PLACES[:3]
    }
    for number, (place, days, state, after) in enumerate(tasks):
        due = TODAY + timedelta(days=days)
        closed = due + timedelta(days=after) if state == "done" else None
        make_task(enrolments[place], due, f"kind{number}", state=state, closed_on=closed)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PERSON, max_size=12), st.lists(TASK, max_size=12))
def test_parts_add_up_to_the_whole(app, persons, tasks):
    """Teams and those without one make the county; states make up what fell due; each number
    of a group is the number of its scope."""
    with undone():
        fill(persons, tasks)
        by_team = count_roster(TODAY, by=(Resident.team_id,))
        assert sum(by_team.values(), Roster()) == count_roster(TODAY).get((), Roster())
        due_by_team = count_due(TODAY, by=(Task.team_id,))
        assert sum(due_by_team.values(), Due()) == sum(count_due(TODAY).values(), Due())
        open_by_team = count_open(TODAY, by=(Task.team_id,))
        for key in ("chengguan1", "chengguan2", "honghe1"):
            team = Scope("team", team_of(key).id)
            assert by_team.get((team.id,), Roster()) == reports.get_roster(team, TODAY)
            assert count_open(TODAY, team).get((), (0, 0)) == open_by_team.get((team.id,), (0, 0))
            assert count_due(TODAY, team) == {
                (month,): due for (one, month), due in due_by_team.items() if one == team.id
            }
        centre = Scope("centre", organisation(CHENGGUAN).id)
        teams = [Scope("team", team_of(key).id) for key in ("chengguan1", "chengguan2")]
        parts = [reports.get_due(one, TODAY, "quarter") for one in teams]
        assert sum(parts, Due()) == reports.get_due(centre, TODAY, "quarter")


def test_states_of_tasks_make_up_what_fell_due_but_for_today(enrolment):
    for number, state in enumerate(("open", "done", "done", "missed")):
        closed = TODAY - timedelta(days=number) if state == "done" else None
        make_task(enrolment, TODAY - timedelta(days=2), f"k{number}", state=state, closed_on=closed)
    make_task(enrolment, TODAY, "today")
    due = reports.get_due(COUNTY, TODAY, "quarter")
    assert due == Due(5, 1, 1, 1, 1)


class undone:
    """Builders that commit join one transaction, which is rolled back at the end."""

    def __enter__(self):
        self.outer = transaction()
        self.outer.__enter__()

    def __exit__(self, kind, error, trace):
        db.session.flush()
        try:
            self.outer.__exit__(Rollback, Rollback(), None)
        except Rollback:
            return False
        return False


class Rollback(Exception):
    """Ends the outer transaction without a commit."""
