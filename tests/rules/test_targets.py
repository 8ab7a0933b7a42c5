"""The lines of a chart are those of the programmes, and so are its tones."""

from decimal import Decimal

import pytest

from familydoc.rules.programmes import load_programmes, with_parameters
from familydoc.rules.targets import target_of, tone_of

PROGRAMMES = load_programmes()


@pytest.mark.parametrize(
    ("field", "age", "low", "high"),
    [
        ("sbp", 64, None, 140),
        ("sbp", 65, None, 150),
        ("dbp", 70, None, 90),
        ("fpg", 50, Decimal("3.9"), Decimal("7.0")),
    ],
)
def test_target_follows_age_and_programme(field, age, low, high):
    target = target_of(PROGRAMMES, field, age)
    assert (target.low, target.high) == (low, high)


def test_target_follows_the_county():
    county = with_parameters(PROGRAMMES["hypertension"], {"line_sbp": "135"})
    assert target_of({**PROGRAMMES, "hypertension": county}, "sbp", 50).high == 135


def test_field_or_programme_without_a_line_has_no_target():
    assert target_of(PROGRAMMES, "weight", 50) is None and target_of({}, "sbp", 50) is None
    assert tone_of({}, "sbp", {"sbp": Decimal(200)}, 50) == ""


@pytest.mark.parametrize(
    ("field", "value", "age", "tone"),
    [
        ("sbp", 139, 50, ""),
        ("sbp", 140, 50, "warn"),
        ("sbp", 149, 65, ""),
        ("sbp", 180, 65, "danger"),
        ("fpg", "6.9", 50, ""),
        ("fpg", "7.0", 50, "warn"),
        ("fpg", "3.9", 50, "danger"),
    ],
)
def test_tone_is_the_programmes_mark(field, value, age, tone):
    assert tone_of(PROGRAMMES, field, {field: Decimal(value)}, age) == tone
