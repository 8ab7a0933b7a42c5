"""Ranges of birth dates say the same as ages do."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from familydoc.labels import LABELS
from familydoc.rules.dates import age_on
from familydoc.rules.populations import born_between, groups_of
from familydoc.rules.residents import KEY_POPULATIONS, TYPED_POPULATIONS
from familydoc.rules.roster import TAG_COLUMNS

days = st.dates(date(1930, 1, 1), date(2060, 12, 31))


@given(days, days, st.integers(0, 100), st.integers(0, 20))
def test_birth_is_in_range_exactly_when_the_age_is(birth, on, first, more):
    if birth > on:
        return
    start, end = born_between(first, first + more, on)
    assert (start <= birth <= end) == (first <= age_on(birth, on) <= first + more)


def test_groups_stand_in_the_order_of_the_screens():
    tags = ("disabled", "hypertension", "nonsense")
    assert groups_of(tags, date(1950, 1, 1), date(2026, 11, 21)) == (
        "elderly",
        "hypertension",
        "disabled",
    )


def test_words_and_roster_know_exactly_the_groups_of_the_rules():
    assert set(LABELS["tag"]) == set(KEY_POPULATIONS)
    assert set(TAG_COLUMNS) == set(TYPED_POPULATIONS)
