"""The open chain: which links it has, which of them are done, waiting or broken."""

from datetime import date, timedelta
from itertools import product

import pytest

from familydoc.rules.chains import BREAKS, Duty, Judged, Sent, open_chain

TODAY = date(2026, 11, 21)


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def good(days):
    return Judged(day(days), "none", (("regular", day(days + 90)),), "132/80")


def bad(days):
    return Judged(day(days), "none", (("recheck", day(days + 14)),), "162/96")


def worse(days, referral="routine"):
    steps = (("referral_fu", day(days + 14)), ("regular", day(days + 90)))
    return Judged(day(days), referral, steps, "168/98")


def recheck(due, state="open"):
    return Duty("recheck", day(due), state)


def sent(days, state="open", **more):
    return Sent(day(days), day(days + 14), state, uid="r", **more)


def links(chain):
    return [(step.code, step.state) for step in chain.steps]


def test_no_chain_is_open_when_the_last_reading_was_good():
    assert open_chain([bad(-40), good(-26)], [], [], TODAY) is None
    assert open_chain([], [], [], TODAY) is None


def test_recheck_waits_after_the_first_bad_reading():
    chain = open_chain([good(-100), bad(-10)], [recheck(4)], [], TODAY)
    assert links(chain) == [
        ("first", "done"),
        ("recheck", "now"),
        ("referral", "next"),
        ("closed", "next"),
    ]
    assert chain.breaks == () and chain.since == day(-10)
    assert chain.steps[1].due == day(4)


@pytest.mark.parametrize(("due", "state"), [(0, "now"), (-1, "broken")])
def test_recheck_breaks_the_day_after_it_was_due(due, state):
    chain = open_chain([bad(due - 14)], [recheck(due)], [], TODAY)
    assert chain.steps[1].state == state
    assert chain.breaks == (("recheck_overdue",) if state == "broken" else ())


def test_second_bad_reading_waits_for_the_outcome_of_its_referral():
    chain = open_chain([bad(-19), worse(-5)], [], [sent(-5)], TODAY)
    assert links(chain) == [
        ("first", "done"),
        ("again", "done"),
        ("referral", "done"),
        ("outcome", "now"),
        ("closed", "next"),
    ]
    assert chain.referral == "r" and not chain.urgent


def test_second_reading_after_the_fortnight_is_late():
    chain = open_chain([bad(-25), worse(-5)], [], [sent(-5)], TODAY)
    assert chain.steps[1].state == "late"
    assert (chain.steps[1].on - chain.steps[1].due).days == 6


@pytest.mark.parametrize(("opened", "state"), [(-14, "now"), (-15, "broken")])
def test_outcome_breaks_after_a_fortnight(opened, state):
    chain = open_chain([worse(opened)], [], [sent(opened)], TODAY)
    outcome = next(step for step in chain.steps if step.code == "outcome")
    assert outcome.state == state
    assert chain.breaks == (("no_outcome",) if state == "broken" else ())


def test_reading_that_asks_for_a_referral_nobody_made_is_broken_at_once():
    chain = open_chain([bad(-14), worse(0)], [], [], TODAY)
    assert chain.breaks == ("no_referral",)
    assert ("referral", "broken") in links(chain)
    cancelled = sent(0, "cancelled")
    assert open_chain([bad(-14), worse(0)], [], [cancelled], TODAY).breaks == ("no_referral",)


def test_danger_at_once_needs_no_recheck():
    chain = open_chain([worse(-1, "urgent")], [], [sent(-1, urgent=True)], TODAY)
    assert [code for code, _ in links(chain)] == ["first", "referral", "outcome", "closed"]
    assert chain.urgent


@pytest.mark.parametrize("outcome", ["went", "refused", "not_reached"])
def test_chain_ends_when_the_outcome_is_known(outcome):
    closed = sent(-10, "closed", outcome=outcome, closed_on=day(-2))
    assert open_chain([bad(-24), worse(-10)], [], [closed], TODAY) is None


def test_referral_waits_although_a_later_reading_was_good():
    chain = open_chain([bad(-24), worse(-10), good(-2)], [], [sent(-10)], TODAY)
    assert links(chain) == [("referral", "done"), ("outcome", "now"), ("closed", "next")]


def test_hand_made_referral_is_a_chain_without_readings():
    chain = open_chain([], [], [sent(-3)], TODAY)
    assert links(chain) == [("referral", "done"), ("outcome", "now"), ("closed", "next")]


def test_third_bad_reading_under_an_open_referral_keeps_it():
    chain = open_chain([bad(-24), worse(-10), worse(-2)], [], [sent(-10)], TODAY)
    assert [code for code, _ in links(chain)].count("referral") == 1
    assert [code for code, _ in links(chain)].count("again") == 2
    assert chain.breaks == ()


def test_new_bad_reading_after_a_closed_referral_begins_anew():
    closed = sent(-60, "closed", outcome="went", closed_on=day(-50))
    chain = open_chain([bad(-74), worse(-60), bad(-5)], [recheck(9)], [closed], TODAY)
    assert [code for code, _ in links(chain)] == ["first", "recheck", "referral", "closed"]
    assert chain.since == day(-5)


def test_old_closed_referral_does_not_answer_a_new_reading():
    closed = sent(-60, "closed", outcome="went", closed_on=day(-50))
    chain = open_chain([bad(-74), worse(-60), worse(-5)], [], [closed], TODAY)
    assert chain.breaks == ("no_referral",)


@pytest.mark.parametrize(("due", "state"), [(3, "now"), (0, "now"), (-1, "broken")])
def test_who_is_sent_back_is_seen_at_home(due, state):
    back = sent(
        -12,
        "closed",
        outcome="went",
        closed_on=day(-6),
        received_on=day(-11),
        discharged_on=day(-6),
        follow_due_on=day(due),
    )
    visit = Duty("home_visit", day(due), "open")
    chain = open_chain([bad(-26), worse(-12)], [visit], [back], TODAY)
    assert links(chain) == [
        ("first", "done"),
        ("again", "done"),
        ("referral", "done"),
        ("received", "done"),
        ("outcome", "done"),
        ("after", state),
        ("closed", "next"),
    ]
    assert chain.breaks == (("not_seen_after",) if state == "broken" else ())
    done = Duty("home_visit", day(due), "done")
    assert open_chain([bad(-26), worse(-12)], [done], [back], TODAY) is None


def test_outcome_known_too_late_is_marked():
    back = sent(
        -40,
        "closed",
        outcome="went",
        closed_on=day(-6),
        discharged_on=day(-6),
        follow_due_on=day(1),
    )
    chain = open_chain([], [Duty("home_visit", day(1), "open")], [back], TODAY)
    assert ("outcome", "late") in links(chain)


def test_every_break_has_a_broken_link_and_every_broken_link_a_break():
    """Whatever is put together, the line and the list of broken chains say the same."""
    readings = [[], [bad(-10)], [bad(-40)], [bad(-20), worse(-5)], [worse(-30, "urgent")]]
    duties = [[], [recheck(4)], [recheck(-2)], [Duty("home_visit", day(-1), "open")]]
    back = sent(-30, "closed", outcome="went", closed_on=day(-9), follow_due_on=day(-1))
    referrals = [[], [sent(-5)], [sent(-20)], [back], [back, sent(-4)], [sent(-5, "cancelled")]]
    seen = set()
    for judged, tasks, made in product(readings, duties, referrals):
        chain = open_chain(judged, tasks, made, TODAY)
        if chain is None:
            continue
        assert bool(chain.breaks) == any(step.state == "broken" for step in chain.steps)
        assert chain.steps[-1].code == "closed" and len(chain.steps) > 1
        seen |= set(chain.breaks)
    assert seen == set(BREAKS)
