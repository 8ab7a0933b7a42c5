"""The closed set of operators a programme file may use, and their meaning. No eval.

A condition is a literal (number, true, false), a name, or a list [operator, operands...].
A comparison with a missing value is false; `not` of it is true. A sum (+) or a difference (-)
with a missing value is missing itself. static/js/ladder.js interprets the same data in the same
way, and one table of cases is run through both.
"""

from collections.abc import Callable, Container, Sequence
from decimal import Decimal
from typing import Any

from .definitions import Condition, Value
from .values import parse_iso_date, round_half_up

Reader = Callable[[str], Value]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda a, b: bool(a >= b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    "<": lambda a, b: bool(a < b),
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
}
OPERANDS = {
    "not": 1,
    "previous": 1,
    "in": 2,
    "has": 2,
    "if": 3,
    "days_since": 1,
    "percent": 2,
    "-": 2,
    **dict.fromkeys(COMPARISONS, 2),
}


def find_fault(condition: Condition, names: Container[str]) -> str | None:
    """Say in English what is wrong with a condition, None when it is well-formed."""
    if isinstance(condition, str):
        return None if condition in names else f"unknown name {condition!r}"
    if not isinstance(condition, tuple):
        return None
    operator = condition[0] if condition else None
    if not isinstance(operator, str) or operator not in ("and", "or", "+", *OPERANDS):
        return f"unknown operator {operator!r}"
    if len(condition) - 1 != OPERANDS.get(operator, len(condition) - 1) or len(condition) < 2:
        return f"wrong number of operands for {operator!r}"
    if operator == "previous" and not isinstance(condition[1], str):
        return "the operand of 'previous' is a name"
    if operator in ("has", "days_since") and not isinstance(condition[1], str):
        return f"the first operand of {operator!r} is a name"
    if operator == "in":
        listed = condition[2]
        bad = not isinstance(listed, tuple) or any(isinstance(x, tuple) for x in listed)
        return "the second operand of 'in' is a list" if bad else find_fault(condition[1], names)
    return next((f for x in condition[1:] if (f := find_fault(x, names))), None)


def evaluate(condition: Condition, now: Reader, before: Reader) -> Value:
    """Give the value of a condition; `now` reads names of this visit, `before` of the previous."""
    if isinstance(condition, str):
        return now(condition)
    if not isinstance(condition, tuple):
        return condition
    operator, first = condition[0], condition[1]
    if operator == "and":
        return all(truth(evaluate(x, now, before)) for x in condition[1:])
    if operator == "or":
        return any(truth(evaluate(x, now, before)) for x in condition[1:])
    if operator == "not":
        return not truth(evaluate(first, now, before))
    if operator == "previous":
        return before(first)
    if operator == "if":
        chosen = condition[2] if truth(evaluate(first, now, before)) else condition[3]
        return evaluate(chosen, now, before)
    if operator in ("+", "-"):
        return total(operator, [evaluate(x, now, before) for x in condition[1:]])
    left = evaluate(first, now, before)
    if operator == "days_since":
        return days_between(left, now("visit_date"))
    if operator == "percent":
        return percent(left, evaluate(condition[2], now, before))
    if operator == "has":
        return isinstance(left, tuple) and condition[2] in left
    if operator == "in":
        return any(same_kind(left, x) and left == x for x in condition[2])
    return compare(operator, left, evaluate(condition[2], now, before))


def total(operator: str, parts: Sequence[Value]) -> Value:
    """Give the sum of some numbers, or the first less the second; None where one is missing."""
    numbers = [x for x in parts if isinstance(x, int | Decimal) and not isinstance(x, bool)]
    if len(numbers) < len(parts):
        return None
    return numbers[0] - numbers[1] if operator == "-" else sum(numbers)


def percent(part: Value, whole: Value) -> Decimal | None:
    """Give one whole number as a share of another, one decimal half up; None where none is."""
    if not all(isinstance(x, int) and not isinstance(x, bool) for x in (part, whole)) or not whole:
        return None
    return round_half_up(Decimal(part) * 100 / Decimal(whole), 1)  # type: ignore[arg-type]


def days_between(first: Value, last: Value) -> int | None:
    """Give the days between two ISO dates, of an instant its own day; None where one is missing."""
    days = [parse_iso_date(text[:10]) if isinstance(text, str) else None for text in (first, last)]
    return (days[1] - days[0]).days if days[0] and days[1] else None


def compare(operator: str, left: Value, right: Value) -> bool:
    """Compare two values; a missing one, or a number with a text, compares as false."""
    if not same_kind(left, right):
        return False
    return COMPARISONS[operator](left, right)


def same_kind(left: Value, right: Value) -> bool:
    """Tell whether two values are both numbers, both texts or both truths."""
    return kind_of(left) == kind_of(right) != "nothing"


def kind_of(value: Value) -> str:
    """Give nothing, truth, number or text."""
    if value is None or isinstance(value, tuple):
        return "nothing"
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | Decimal) else "text"


def truth(value: Value) -> bool:
    """Tell whether a value counts as true: only true itself does."""
    return value is True
