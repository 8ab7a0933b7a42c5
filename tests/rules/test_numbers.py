"""How a number is shown, when it is too old, and which counts the public never sees."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules.figures import stale_days
from familydoc.rules.numbers import DETAILS, NO_DATA, SENSITIVE, hide_small, make_count, make_rate
from familydoc.rules.residents import KEY_POPULATIONS

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [(26473, 28254, "93.70"), (60732, 76674, "79.21"), (1, 800, "0.13"), (0, 7, "0.00")],
)
def test_rate_has_two_decimals_half_up(numerator, denominator, value):
    number = make_rate("signed", numerator, denominator)
    assert (number.value, number.text, number.unit) == (value, value, "%")


@pytest.mark.parametrize("code", sorted(DETAILS))
def test_rate_without_denominator_says_in_words_that_there_is_nothing(code):
    number = make_rate(code, 0, 0)
    assert (number.value, number.text, number.unit, number.over_100) == ("", "—", "", False)
    assert number.detail == NO_DATA[code]


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_rate_is_flagged_exactly_when_it_reads_above_100(numerator, denominator):
    number = make_rate("signed", numerator, denominator)
    assert number.over_100 == (float(number.value) > 100)


def test_count_is_plain_for_programs_and_grouped_for_people():
    number = make_count("due", 12345)
    assert (number.value, number.text, number.unit) == ("12345", "12,345", "人次")


def test_unknown_code_is_an_error():
    with pytest.raises(KeyError):
        make_rate("invented", 1, 2)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"tuberculosis": 5, "hypertension": 2}, {"tuberculosis": 5, "hypertension": 2}),
        (
            {"tuberculosis": 4, "hypertension": 9, "diabetes": 7},
            {"tuberculosis": None, "hypertension": 9, "diabetes": None},
        ),
        (
            {"tuberculosis": 4, "disabled": 3, "diabetes": 7},
            {"tuberculosis": None, "disabled": None, "diabetes": 7},
        ),
    ],
)
def test_small_counts_of_sensitive_groups_are_hidden(counts, shown):
    assert hide_small(counts) == shown


@given(st.dictionaries(st.sampled_from(KEY_POPULATIONS), st.integers(0, 40), min_size=1))
def test_no_small_count_comes_back_by_subtraction(counts):
    """Whoever knows the total learns what the hidden add up to, and no single one of them."""
    shown = hide_small(counts)
    hidden = [code for code, number in shown.items() if number is None]
    for code in SENSITIVE & counts.keys():
        assert shown[code] is None or counts[code] >= 5
    if hidden and len(hidden) < len(counts):
        assert len(hidden) > 1
        assert sum(counts[code] for code in hidden) >= 5
    assert all(shown[code] in (None, counts[code]) for code in counts)


@pytest.mark.parametrize(
    ("counted", "night", "days"),
    [
        (timedelta(0), None, None),
        (timedelta(days=2), None, None),
        (timedelta(days=2, seconds=1), None, 2),
        (timedelta(hours=1), timedelta(days=5, hours=3), 5),
        (timedelta(days=4), timedelta(hours=3), 4),
        (None, None, None),
    ],
)
def test_figures_are_stale_after_two_days_of_neither_count_nor_night(counted, night, days):
    at = [None if age is None else NOW - age for age in (counted, night)]
    assert stale_days(at[0], at[1], NOW) == days
