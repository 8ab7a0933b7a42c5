"""Dates of visits, late entries, last values."""

from datetime import date
from typing import Any

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.visits import (
    check_late_reason,
    last_values,
    parse_visit_date,
)

TODAY = date(2026, 3, 10)
BIRTH = date(1958, 5, 5)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-03-05",
        "2026/3/5",
        "2026年3月5日",
        "20260305",
        20260305,
        "２０２６－０３－０５",
        " 2026-03-05 ",
        "2026.3.5",
    ],
)
def test_date_is_read_in_the_usual_shapes(typed: Any) -> None:
    assert parse_visit_date(typed, TODAY, BIRTH).day == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("2023-02-29", "visit_date_invalid"),
        ("2025-04-31", "visit_date_invalid"),
        ("0001-01-01", "visit_date_invalid"),
        ("1900-02-29", "visit_date_invalid"),
        ("2026-W10-4", "visit_date_invalid"),
        ("null", "visit_date_invalid"),
        ("2026-03-05T00:00", "visit_date_invalid"),
        ("٢٠٢٦-٠٣-٠٥", "visit_date_invalid"),
        (True, "visit_date_invalid"),
        ([2026, 3, 5], "visit_date_invalid"),
        (20260305.0, "visit_date_invalid"),
        (10**4000, "visit_date_invalid"),
        ("", "visit_date_missing"),
        (None, "visit_date_missing"),
        ("2026-03-11", "visit_date_future"),
        ("1958-05-04", "visit_date_before_birth"),
    ],
)
def test_date_is_refused_with_its_reason(typed: Any, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_visit_date(typed, TODAY, BIRTH)
    assert (refused.value.code, refused.value.field) == (code, "visit_date")


def test_real_leap_day_is_a_date() -> None:
    assert parse_visit_date("2024-02-29", TODAY, BIRTH).late


@pytest.mark.parametrize(("typed", "late"), [("2026-03-03", False), ("2026-03-02", True)])
def test_entry_is_late_after_seven_days(typed: str, late: bool) -> None:
    assert parse_visit_date(typed, TODAY, BIRTH).late is late


def test_late_entry_needs_a_reason() -> None:
    assert check_late_reason(False, "") is None
    assert check_late_reason(True, " 下乡没有信号 ") == "下乡没有信号"
    for reason in ("", None, "x", "长" * 201):
        with pytest.raises(RuleError) as refused:
            check_late_reason(True, reason)
        assert refused.value.field == "late_reason"


def test_last_values_come_from_the_latest_earlier_visit_that_has_them() -> None:
    visits: list[Any] = [
        (date(2026, 3, 1), {"sbp": 150}),
        (date(2026, 1, 1), {"sbp": 140, "weight": 65}),
        (date(2026, 3, 10), {"sbp": 199}),
    ]
    held = last_values(visits, before=date(2026, 3, 10))
    assert held["sbp"] == (150, date(2026, 3, 1))
    assert held["weight"] == (65, date(2026, 1, 1))
