"""Broken chains: the list is what the rule says of everybody, in few statements, in scope."""

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.visits import Assessment, Visit
from familydoc.queries import chains
from familydoc.transaction import transaction
from tests.cast import (
    YUANZIWAN,
    account,
    add,
    make_enrolment,
    make_referral,
    make_resident,
    make_task,
)

TODAY = date(2026, 11, 21)


def day(days):
    return TODAY + timedelta(days=days)


def assess(enrolment, days, referral="none", kind="recheck"):
    """A visit with a reading that asks for something, the newest of the enrolment."""
    with transaction():
        visit = add(
            Visit(
                uid=str(uuid.uuid4()),
                resident_id=enrolment.resident_id,
                visit_date=day(days),
                way=2,
                answers={"sbp": 162, "dbp": 96},
                recorded_at=clock.now(),
            )
        )
        steps = [{"kind": kind, "due": day(days + 14).isoformat()}]
        assessment = Assessment(
            visit_id=visit.id,
            enrolment_id=enrolment.id,
            programme=enrolment.programme,
            class_code=2,
            referral=referral,
            next=steps,
            because=[],
        )
        enrolment.last_assessment_id = add(assessment).id


def person(name="张建国", **columns):
    resident = make_resident(name, **columns)
    return resident, make_enrolment(resident)


def recheck_overdue(days=-3):
    resident, enrolment = person("钱复查")
    assess(enrolment, days - 14)
    make_task(enrolment, day(days), "recheck")
    return resident


def no_outcome(**columns):
    resident, enrolment = person("孙转诊", **columns)
    assess(enrolment, -20, "routine", "referral_fu")
    make_referral(resident, opened_on=day(-20), check_due_on=day(-6))
    return resident


def no_referral():
    resident, enrolment = person("李没单")
    assess(enrolment, -16)
    assess(enrolment, -2, "routine", "referral_fu")
    return resident


def not_seen_after():
    resident, enrolment = person("周转回")
    make_referral(
        resident,
        opened_on=day(-20),
        check_due_on=day(-6),
        state="closed",
        outcome="went",
        closed_on=day(-9),
        discharged_on=day(-9),
        follow_due_on=day(-2),
    )
    make_task(enrolment, day(-2), "home_visit")
    return resident


def whole():
    """Everything that waits, nothing broken."""
    _, enrolment = person("吴在等")
    assess(enrolment, -5)
    make_task(enrolment, day(9), "recheck")
    other, managed = person("郑在等")
    assess(managed, -5, "routine", "referral_fu")
    make_referral(other, opened_on=day(-5), check_due_on=day(9))


def listed(username="chen", **more):
    page = chains.list_broken(account(username), TODAY, **more)
    return [(row.resident.name, row.chain.breaks) for row in page.rows]


def test_each_break_is_on_the_list_the_longest_first(app):
    recheck_overdue(), no_outcome(), no_referral(), not_seen_after(), whole()
    assert listed() == [
        ("孙转诊", ("no_outcome",)),
        ("钱复查", ("recheck_overdue",)),
        ("李没单", ("no_referral",)),
        ("周转回", ("not_seen_after",)),
    ]
    assert chains.count_broken(account("chen"), TODAY) == 4


def test_list_is_what_the_rule_says_of_everybody(app):
    recheck_overdue(), recheck_overdue(0), no_outcome(), no_referral(), not_seen_after(), whole()
    both = no_outcome()
    make_task(make_enrolment(both, "diabetes"), day(-1), "recheck")
    everybody = [one.id for one in db.session.query(Resident)]
    broken = {
        key: chain.breaks
        for key, chain in chains.load_chains(everybody, TODAY).items()
        if chain.breaks
    }
    page = chains.list_broken(account("sun"), TODAY)
    assert {(row.resident.id, row.programme): row.chain.breaks for row in page.rows} == broken
    assert chains.count_broken(account("sun"), TODAY) == len(broken) == 6


def test_outcome_or_cancellation_takes_it_off_the_list(app):
    resident = no_outcome()
    assert len(listed()) == 1
    with transaction() as session:
        row = session.query(chains.Referral).filter_by(resident_id=resident.id).one()
        row.state, row.outcome, row.closed_on = "closed", "refused", TODAY
    assert listed() == []


@pytest.mark.parametrize("state", ["away", "lost", "moved", "deceased"])
def test_who_is_not_here_is_not_on_the_list(app, state):
    with transaction() as session:
        session.merge(no_outcome()).state = state
    assert listed() == [] and chains.count_broken(account("chen"), TODAY) == 0


def test_list_keeps_to_the_viewer_s_scope_and_to_the_place_asked_for(app):
    no_outcome()
    no_outcome(village=YUANZIWAN, team="honghe1")
    for username, number in (
        ("chen", 1),
        ("zhao", 1),
        ("sun", 2),
        ("wu", 1),
        ("li", 0),
        ("gao", 0),
    ):
        assert chains.count_broken(account(username), TODAY) == len(listed(username)) == number
    assert len(listed("sun", team="team-150124100-1")) == 1
    assert len(listed("sun", centre="150124101")) == 1
    assert listed("zhao", centre="150124101") == []


def test_pages_by_key_show_every_chain_once(app, monkeypatch):
    monkeypatch.setattr(chains, "PAGE", 2)
    for _ in range(5):
        no_outcome()
    seen, after = [], ""
    while True:
        page = chains.list_broken(account("chen"), TODAY, after=after)
        seen += [row.resident.id for row in page.rows]
        if not (after := page.after):
            break
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    "key", ["x", "||", "2026-02-30|1|hypertension", "2026-11-01|٣|x", "9" * 90]
)
def test_a_key_that_makes_no_sense_starts_from_the_top(app, key):
    no_outcome()
    assert len(listed(after=key)) == 1


def statements(act):
    found = []

    def note(_connection, _cursor, statement, *_rest):
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    act()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(found)


def test_statements_do_not_grow_with_the_chains(app):
    no_outcome()
    viewer = account("chen")
    few = statements(lambda: chains.list_broken(viewer, TODAY))
    for _ in range(8):
        no_outcome(), recheck_overdue()
    viewer = account("chen")
    assert statements(lambda: chains.list_broken(viewer, TODAY)) == few == 5
