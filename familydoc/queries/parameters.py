"""Reads of the county's values, with what they mean for the programmes."""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.programmes import CountyParameter
from familydoc.rules.parameters import Setting, all_settings, is_laxer
from familydoc.rules.programmes import load_programmes
from familydoc.rules.values import exact_number


@dataclass(frozen=True)
class Value:
    """One county value with the words for it."""

    row: CountyParameter
    setting: Setting
    account: Account | None

    @property
    def shown(self) -> str:
        return self.setting.shown(self.row.value)


@dataclass(frozen=True)
class Line:
    """A parameter as a page shows it: the national value, the county's now, and what is to come."""

    programme: str
    setting: Setting
    now: Value | None
    ahead: tuple[Value, ...]

    @property
    def national(self) -> str:
        return self.setting.shown(self.setting.national)

    @property
    def in_force(self) -> str:
        """The stricter of both: a value that was stored when the rule was laxer does not count."""
        if self.now is None:
            return self.national
        value = exact_number(self.now.row.value)
        unusable = value is None or is_laxer(self.setting, value)
        return self.national if unusable else self.now.shown

    @property
    def differs(self) -> bool:
        return self.in_force != self.national


def list_lines(on: date) -> list[tuple[str, list[Line]]]:
    """Give every parameter under its programme, as it is in force on a day."""
    values = _values()
    return [
        (code, [_line(code, setting, values.get((code, setting.name), []), on) for setting in them])
        for code, them in all_settings(load_programmes()).items()
    ]


def get_line(programme: str, name: str, on: date) -> Line | None:
    """Give one parameter, None when there is none of that name."""
    settings = all_settings(load_programmes()).get(programme, ())
    setting = next((one for one in settings if one.name == name), None)
    if setting is None:
        return None
    return _line(programme, setting, _values(programme, name).get((programme, name), []), on)


def list_history(line: Line) -> list[Value]:
    """Give all county values of a parameter, the newest first."""
    rows = _values(line.programme, line.setting.name).get((line.programme, line.setting.name), [])
    return [Value(row, line.setting, account) for row, account in reversed(rows)]


def latest_valid_from(programme: str, name: str) -> date | None:
    query = select(func.max(CountyParameter.valid_from)).where(
        CountyParameter.programme == programme, CountyParameter.name == name
    )
    return db.session.execute(query).scalar_one()


class CountyValue(TypedDict):
    """A stored value as a program reads it."""

    value: str
    source: str
    valid_from: str


def list_county_values() -> dict[tuple[str, str], list[CountyValue]]:
    """Give every stored value by programme and parameter, in the order in which they come into
    force; none where there is no database yet."""
    found: dict[tuple[str, str], list[CountyValue]] = {}
    query = select(CountyParameter).order_by(CountyParameter.valid_from, CountyParameter.id)
    try:
        rows = list(db.session.execute(query).scalars())
    except SQLAlchemyError:
        return {}
    for row in rows:
        value = CountyValue(
            value=row.value, source=row.source, valid_from=row.valid_from.isoformat()
        )
        found.setdefault((row.programme, row.name), []).append(value)
    return found


def latest_row(programme: str, name: str) -> int:
    """Give the key of the newest value of a parameter, 0 where there is none: what was seen."""
    query = select(func.max(CountyParameter.id)).where(
        CountyParameter.programme == programme, CountyParameter.name == name
    )
    return int(db.session.execute(query).scalar_one() or 0)


Rows = list[tuple[CountyParameter, Account | None]]


def _values(programme: str = "", name: str = "") -> dict[tuple[str, str], Rows]:
    """Give the stored values in the order in which they come into force."""
    query = (
        select(CountyParameter, Account)
        .outerjoin(Account, Account.id == CountyParameter.set_by)
        .options(joinedload(Account.staff))
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    if programme:
        query = query.where(CountyParameter.programme == programme, CountyParameter.name == name)
    found: dict[tuple[str, str], Rows] = {}
    for row, account in db.session.execute(query):
        found.setdefault((row.programme, row.name), []).append((row, account))
    return found


def _line(programme: str, setting: Setting, rows: Rows, on: date) -> Line:
    values = [Value(row, setting, account) for row, account in rows]
    past = [value for value in values if value.row.valid_from <= on]
    ahead = tuple(value for value in values if value.row.valid_from > on)
    return Line(programme, setting, past[-1] if past else None, ahead)
