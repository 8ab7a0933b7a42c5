"""Key groups (重点人群) that follow from age, as ranges of birth dates a query can compare."""

from collections.abc import Iterable
from datetime import date, timedelta

from familydoc.rules.dates import add_months
from familydoc.rules.residents import DERIVED_BY_AGE, KEY_POPULATIONS, key_populations


def born_between(first_age: int, last_age: int, on: date) -> tuple[date, date]:
    """Give the first and the last birth date of those aged `first_age` to `last_age` on a day.

    Ages are completed years, both ends included; who was born on 29 February turns on 1 March.
    """
    latest = add_months(on, -12 * first_age)
    too_old = add_months(on, -12 * (last_age + 1))
    return too_old + timedelta(days=1), latest


def birth_ranges(on: date) -> dict[str, tuple[date, date]]:
    """Give for each key group of age (0-6岁儿童, 65岁以上) its range of birth dates on a day."""
    return {tag: born_between(*ages, on) for tag, ages in DERIVED_BY_AGE.items()}


def groups_of(tags: Iterable[str], birth: date, on: date) -> tuple[str, ...]:
    """Give all key groups of a person on a day, in the order screens show them."""
    held = key_populations(tags, birth, on)
    return tuple(tag for tag in KEY_POPULATIONS if tag in held)
