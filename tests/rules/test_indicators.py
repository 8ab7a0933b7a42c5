"""The catalogue of indicators, and how a rate is rounded."""

from decimal import Decimal

import pytest

from familydoc.rules.indicators import list_indicators, rate


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (840, 863, "97.33"),
        (296, 311, "95.18"),
        (26473, 28254, "93.70"),
        (74608, 76674, "97.31"),
        (64, 63, "101.59"),
        (1, 3, "33.33"),
        (1, 16, "6.25"),
        (1, 800, "0.13"),
        (0, 5, "0.00"),
        (5, 5, "100.00"),
    ],
)
def test_rate_is_rounded_half_up_and_never_clipped(
    numerator: int, denominator: int, expected: str
) -> None:
    found = rate(numerator, denominator)
    assert found == Decimal(expected)
    assert str(found) == expected


def test_rate_of_nobody_is_no_data() -> None:
    assert rate(0, 0) is None


def test_catalogue_names_each_indicator_once_with_a_definition() -> None:
    codes = [i.code for i in list_indicators()]
    assert len(codes) == len(set(codes))
    assert {"signed", "signed_key", "completed_quarter", "satisfaction"} <= set(codes)
    assert {"timely", "overdue", "controlled_hypertension", "controlled_diabetes"} <= set(codes)
    assert all(i.name and len(i.definition) > 10 for i in list_indicators())
