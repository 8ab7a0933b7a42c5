"""Windows of rounds without a gap, the county's numbers, and reports judged field by field."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.rounds import (
    Person,
    RoundRefused,
    Window,
    last_day,
    load_kinds,
    part_period,
    period_of,
    read_reason,
    read_report,
    times_on,
    week_of,
    windows_between,
)

KINDS = load_kinds()
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 21)
CAME = (Person("a", True), Person("b", False, "开会"))
TYPED = {"done_on": "2026-11-20", "patients": "12", "prescriptions": "8", "note": "", "guests": ""}


def test_kinds_are_those_of_the_county_with_a_source_each():
    periods = {code: (kind.period, kind.times) for code, kind in KINDS.items()}
    assert periods == {
        "county_expert": ("quarter", 1),
        "township": ("month", 1),
        "named_expert": ("week", 1),
    }
    assert all(kind.source and kind.label for kind in KINDS.values())


def test_a_week_begins_on_monday_over_the_years_end():
    assert week_of(date(2027, 1, 1)) == (date(2026, 12, 28), date(2027, 1, 3))
    assert week_of(date(2026, 12, 28)) == (date(2026, 12, 28), date(2027, 1, 3))


@pytest.mark.parametrize("times", [1, 2, 3, 5, 7, 12])
@pytest.mark.parametrize("first", [date(2026, 2, 1), date(2028, 2, 1), date(2026, 10, 1)])
def test_windows_part_a_period_without_gap_or_overlap(first, times):
    last = period_of(KINDS["township"], first)[1]
    parts = part_period(first, last, times)
    assert len(parts) == times
    assert (parts[0].first, parts[-1].due) == (first, last)
    for one, following in pairwise(parts):
        assert following.first == one.due + timedelta(days=1)


def test_windows_between_are_those_that_hold_a_day():
    found = windows_between(KINDS["named_expert"], date(2026, 11, 15), date(2026, 11, 16), {})
    assert found == [
        Window(date(2026, 11, 9), date(2026, 11, 15)),
        Window(date(2026, 11, 16), date(2026, 11, 22)),
    ]


def test_a_run_of_many_days_gives_the_windows_of_all_its_days():
    kind, first, last = KINDS["township"], date(2026, 1, 31), date(2026, 4, 30)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    daily = {w for day in days for w in windows_between(kind, day, day, {})}
    assert set(windows_between(kind, first, last, {})) == daily


def test_a_county_may_ask_for_more_from_the_next_period_on():
    kind, times = KINDS["township"], {date(2026, 11, 10): 2}
    assert times_on(kind, date(2026, 11, 1), times) == 1
    assert times_on(kind, date(2026, 12, 1), times) == 2
    november = windows_between(kind, date(2026, 11, 20), date(2026, 11, 20), times)
    assert november == [Window(date(2026, 11, 1), date(2026, 11, 30))]


@pytest.mark.parametrize(("value", "held"), [(0, 1), (-3, 1), (99, 4)])
def test_a_stored_number_beyond_the_range_never_makes_it_laxer(value, held):
    assert times_on(KINDS["township"], LAST, {date(2026, 1, 1): value}) == held


def test_a_report_is_read():
    report = read_report({**TYPED, "patients": "１２"}, CAME, FIRST, LAST)
    assert (report.done_on, report.patients, report.prescriptions) == (date(2026, 11, 20), 12, 8)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"done_on": ""}, "done_on"),
        ({"done_on": "昨天"}, "done_on"),
        ({"done_on": "2026-10-31"}, "done_on"),
        ({"done_on": "2026-11-22"}, "done_on"),
        ({"patients": ""}, "patients"),
        ({"patients": "-1"}, "patients"),
        ({"patients": "501"}, "patients"),
        ({"patients": "4.5"}, "patients"),
        ({"patients": "几个"}, "patients"),
        ({"prescriptions": "1e2"}, "prescriptions"),
        ({"patients": "0", "prescriptions": "3"}, "prescriptions"),
        ({"note": "长" * 501}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"guests": "人" * 201}, "guests"),
    ],
)
def test_a_report_is_refused_by_field(changed, field):
    with pytest.raises(RoundRefused) as refused:
        read_report({**TYPED, **changed}, CAME, FIRST, LAST)
    assert field in refused.value.errors


def test_every_fault_of_a_report_has_its_sentence():
    with pytest.raises(RoundRefused) as refused:
        read_report({}, (), FIRST, LAST)
    assert set(refused.value.errors) == {"done_on", "patients", "prescriptions", "people"}


def test_a_report_needs_somebody_who_came():
    with pytest.raises(RoundRefused, match="谁来了"):
        read_report(TYPED, (Person("b", False, "开会"),), FIRST, LAST)
    assert read_report({**TYPED, "guests": "王主任"}, (), FIRST, LAST).guests == "王主任"


def test_a_missed_round_can_only_have_been_made_in_time():
    assert last_day("open", FIRST, LAST) == LAST
    assert last_day("missed", FIRST, LAST) == FIRST
    assert last_day("missed", LAST + timedelta(days=3), LAST) == LAST


@pytest.mark.parametrize("typed", ["", " ", "x", None, "长" * 101])
def test_a_reason_is_needed(typed):
    with pytest.raises(RuleError):
        read_reason(typed)
