"""The programmes as they are in force: national files with the county's values over them."""

import logging
from collections import defaultdict
from datetime import date

from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.programmes import CountyParameter
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import Programme, get_programme, load_programmes, with_parameters

log = logging.getLogger(__name__)


def get_overrides(code: str, on: date) -> dict[str, str]:
    """Give the county's values of a programme in force on a day; the newest of a name counts."""
    rows = db.session.execute(
        select(CountyParameter.name, CountyParameter.value)
        .where(CountyParameter.programme == code, CountyParameter.valid_from <= on)
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    return {row.name: row.value for row in rows}


def effective(code: str, on: date) -> Programme:
    """Give a programme with the county's values of that day; the stricter wins.

    A stored value the rules refuse (a parameter that is gone, a range that changed) is left
    out and logged: a visit must not fail for it.
    """
    return laid_over(get_programme(code), get_overrides(code, on))


def laid_over(programme: Programme, overrides: dict[str, str]) -> Programme:
    """Lay stored values over a programme; one that the rules refuse is left out and logged."""
    for name, value in overrides.items():
        try:
            programme = with_parameters(programme, {name: value})
        except RuleError as refused:
            log.warning(
                "county parameter %s.%s is not used: %s", programme.code, name, refused.code
            )
    return programme


def list_effective(on: date) -> dict[str, Programme]:
    """Give all programmes by code as they are in force on a day, in one statement."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = db.session.execute(
        select(CountyParameter.programme, CountyParameter.name, CountyParameter.value)
        .where(CountyParameter.valid_from <= on)
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    for row in rows:
        found[row.programme][row.name] = row.value
    return {code: laid_over(one, found[code]) for code, one in load_programmes().items()}
