"""One function per indicator. Tile, list, export, board and bulletin call it and nothing else.

What each counts stands in rules/indicators.py; `on` is the day the number is taken on, and
`scope` whose number it is (queries/counts.py).
"""

from datetime import date, datetime

from familydoc.queries.counts import Due, Roster, Scope, count_due, count_open, count_roster
from familydoc.queries.task_periods import first_day
from familydoc.rules.numbers import Number, make_rate

NOBODY = Roster()


def signed(scope: Scope, on: date) -> Number:
    """签约率: people on the roster with a contract in force / people on the roster."""
    return signed_of(get_roster(scope, on))


def signed_key(scope: Scope, on: date) -> Number:
    """重点人群签约率: both sides in at least one key group, each person once."""
    return signed_key_of(get_roster(scope, on))


def completed_quarter(scope: Scope, on: date) -> Number:
    """本季度随访完成率: done at any time / fell due from the quarter's first day until `on`."""
    return completed_of(get_due(scope, on, "quarter"), "quarter")


def completed_month(scope: Scope, on: date) -> Number:
    """本月随访完成率: the same for the month."""
    return completed_of(get_due(scope, on, "month"), "month")


def timely(scope: Scope, on: date, period: str = "quarter") -> Number:
    """随访及时率: done on or before the due date / fell due in the month or quarter."""
    return timely_of(get_due(scope, on, period))


def overdue(scope: Scope, on: date, at: datetime | None = None) -> Number:
    """逾期率: open and past due / open."""
    late, all_open = count_open(on, scope).get((), (0, 0))
    return overdue_of(late, all_open, at)


def satisfaction(scope: Scope, on: date, at: datetime | None = None) -> Number:  # noqa: ARG001
    """居民满意度: empty until residents can rate; no table holds ratings yet."""
    return satisfaction_of(at)


def get_roster(scope: Scope, on: date) -> Roster:
    """Give the people of a scope who are on the roster, and how many of them are signed."""
    return count_roster(on, scope).get((), NOBODY)


def get_due(scope: Scope, on: date, period: str) -> Due:
    """Give what became of the tasks of a scope that fell due in a month or quarter until `on`."""
    months = count_due(on, scope, first=first_day(period, on))
    return sum(months.values(), Due())


# The same numbers from counts at hand: stored ones, or several of one statement.


def signed_of(roster: Roster, at: datetime | None = None) -> Number:
    return make_rate("signed", roster.signed, roster.people, at)


def signed_key_of(roster: Roster, at: datetime | None = None) -> Number:
    return make_rate("signed_key", roster.key_signed, roster.key, at)


def completed_of(due: Due, period: str, at: datetime | None = None) -> Number:
    return make_rate(f"completed_{period}", due.done, due.due, at)


def timely_of(due: Due, at: datetime | None = None) -> Number:
    return make_rate("timely", due.done_on_time, due.due, at)


def overdue_of(late: int, all_open: int, at: datetime | None = None) -> Number:
    return make_rate("overdue", late, all_open, at)


def satisfaction_of(at: datetime | None = None) -> Number:
    return make_rate("satisfaction", 0, 0, at)
