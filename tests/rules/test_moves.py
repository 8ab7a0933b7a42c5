"""What a county value moves: boundaries of the new date, and judging by what a ladder looks at."""

from dataclasses import replace
from datetime import date

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.moves import (
    Owed,
    find_difference,
    find_moves,
    moved_due,
    only_judged,
    recent_readings,
    timing_names,
)
from familydoc.rules.programmes import (
    Case,
    PastVisit,
    assess_case,
    load_programmes,
    read_case,
    with_parameters,
)

from .both import load_cases

HT = load_programmes()["hypertension"]
START = date(2026, 11, 21)
CASES = [case for case in load_cases() if "refused" not in case["expect"]]


@pytest.mark.parametrize(
    ("current", "derived", "expected"),
    [
        (date(2027, 2, 10), date(2027, 1, 10), date(2027, 1, 10)),
        (date(2027, 2, 10), date(2026, 12, 5), date(2026, 12, 5)),
        (date(2027, 2, 10), date(2026, 12, 4), date(2026, 12, 5)),
        (date(2027, 2, 10), date(2026, 1, 1), date(2026, 12, 5)),
        (date(2026, 12, 4), date(2026, 11, 1), date(2026, 12, 4)),
        (START, date(2026, 10, 1), START),
        (date(2026, 11, 20), date(2026, 10, 1), date(2026, 11, 20)),
        (date(2026, 11, 20), date(2027, 1, 1), date(2026, 11, 20)),
        (date(2026, 12, 10), date(2027, 1, 10), date(2027, 1, 10)),
    ],
)
def test_a_date_moves_forward_with_two_weeks_grace_and_never_when_overdue(
    current, derived, expected
):
    assert moved_due(current, derived, START) == expected


def test_timing_is_told_from_thresholds():
    timing = timing_names(HT)
    assert {"regular_months", "recheck_days", "referral_check_days"} <= timing
    assert not timing & {"line_sbp", "line_dbp", "danger_sbp", "age_elderly"}
    assert "county_floor_per_year" in timing_names(load_programmes()["severe_mental_disorder"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['programme']}-{c['name']}")
def test_what_a_ladder_does_not_look_at_changes_no_decision(case):
    programme = load_programmes()[case["programme"]]
    read = read_case(case["case"])
    programme = with_parameters(programme, read.parameters)
    newest = sorted(
        (one for one in read.history if one.visit_date < read.visit_date),
        key=lambda one: one.visit_date,
        reverse=True,
    )
    short = replace(
        read,
        answers=only_judged(programme, read.answers),
        history=recent_readings(programme, newest),
    )
    whole, part = assess_case(programme, read), assess_case(programme, short)
    assert (part.line, part.class_value, part.referral, part.next) == (
        whole.line,
        whole.class_value,
        whole.referral,
        whole.next,
    )


def test_only_the_newest_readings_are_kept():
    past = [PastVisit(date(2026, month, 1), {"sbp": 130, "dbp": 80}) for month in (9, 6, 3)]
    past.insert(1, PastVisit(date(2026, 7, 1), {"weight": 70}))
    kept = recent_readings(HT, past)
    assert [one.visit_date.month for one in kept] == [9, 6]


def owed(sbp: int = 130, **changed: object) -> Owed:
    case = Case(date(1980, 1, 1), date(2026, 11, 10), {"sbp": sbp, "dbp": 80})
    due = date(2027, 2, 10)
    return replace(
        Owed(date(2025, 1, 1), date(1980, 1, 1), {"regular": due}, case, {"regular": due}),
        **changed,
    )


STRICTER = with_parameters(HT, {"regular_months": 2})


def test_a_stricter_interval_moves_what_the_last_visit_gave():
    (move,) = find_moves(HT, (HT, STRICTER), owed(), START)
    assert (move.kind, move.old, move.new) == ("regular", date(2027, 2, 10), date(2027, 1, 10))


def test_a_date_somebody_has_set_since_stays():
    assert find_moves(HT, (HT, STRICTER), owed(dues={"regular": date(2027, 3, 1)}), START) == []


def test_a_visit_keeps_the_line_it_was_judged_by():
    judged_by = with_parameters(HT, {"line_sbp": 125})
    recheck = date(2026, 11, 24)
    held = owed(dues={"recheck": recheck}, said={"recheck": recheck})
    assert find_moves(judged_by, (HT, STRICTER), held, START) == []


def test_a_visit_the_rules_of_today_refuse_moves_nothing():
    held = owed(sbp=5)
    with pytest.raises(RuleError):
        assess_case(HT, held.case)
    assert find_moves(HT, (HT, STRICTER), held, START) == []


def test_a_threshold_is_compared_by_the_nearest_date():
    after = with_parameters(HT, {"line_sbp": 125})
    move = find_difference(HT, after, "line_sbp", owed())
    assert move is not None
    assert (move.old, move.new) == (date(2027, 2, 10), date(2026, 11, 24))
    assert find_difference(HT, after, "line_sbp", owed(sbp=120)) is None
