"""Counting the figures of boards and county pages, and storing them."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.jobs import Figure
from familydoc.queries.counts import Due, Scope
from familydoc.queries.figures import find_last_count, find_newest_event, month_ends
from familydoc.queries.tallies import Tally, tally
from familydoc.rules.dates import month_of, quarter_of
from familydoc.rules.figures import must_count
from familydoc.transaction import transaction

log = logging.getLogger(__name__)
#: One count at a time in this process; whoever comes meanwhile reads what is stored.
_counting = threading.Lock()
#: Databases whose statements have been compiled by a first count.
_warm: WeakSet[Engine] = WeakSet()


def refresh_figures(*, by: Account | None) -> bool:
    """Count again when that is due, and tell whether it was done. Never fails a page: when
    nothing can be written, the old figures stay with their date."""
    first = find_last_count() is None
    if not is_due() or not _counting.acquire(blocking=first):
        return False
    try:
        if not is_due():
            return False
        count_figures(by=by, on=clock.today())
        return True
    except OperationalError as error:
        log.error("figures not counted: %s", type(error).__name__)
        return False
    finally:
        _counting.release()


def is_due() -> bool:
    """Tell whether the stored figures are to be counted again."""
    last = find_last_count()
    if last is None:
        return True
    return must_count(
        same_day=last.on == clock.today(),
        happened=find_newest_event() > last.seen_event,
        took_ms=last.took_ms,
        age_seconds=(clock.now() - last.counted_at).total_seconds(),
    )


def count_figures(*, by: Account | None, on: date) -> int:  # noqa: ARG001
    """Count county, centres and teams as of a day and store it; give how many rows.

    The night job `count-figures` calls it too. Reading comes before the transaction, so that
    a long count keeps nobody from writing.
    """
    seen_event, counted_at = find_newest_event(), clock.now()
    tallies, took_ms = _timed_tally(on)
    rows = [
        {
            "scope": scope.kind,
            "scope_id": scope.id,
            "code": code,
            "on": day,
            "numerator": numerator,
            "denominator": denominator,
            "counted_at": counted_at,
            "took_ms": took_ms,
            "seen_event": seen_event,
        }
        for scope, one in tallies.items()
        for day, code, numerator, denominator in _figures(one, on)
    ]
    with transaction() as session:
        _write(session, rows)
    return len(rows)


def _timed_tally(on: date) -> tuple[dict[Scope, Tally], int]:
    """Count and give the milliseconds it took; the first time after a start, when statements
    are compiled, says nothing about the next and is given as 0."""
    started = time.perf_counter()
    tallies = tally(on)
    took_ms = round((time.perf_counter() - started) * 1000)
    if db.engine in _warm:
        return tallies, took_ms
    _warm.add(db.engine)
    return tallies, 0


def _figures(one: Tally, on: date) -> Iterator[tuple[date, str, int, int]]:
    """Give the rows of one scope: today's figures, and the months before at their last days."""
    roster, first, quarter_first = one.roster, month_of(on)[0], quarter_of(on)[0]
    yield on, "signed", roster.signed, roster.people
    yield on, "signed_key", roster.key_signed, roster.key
    if one.kind == "member":
        return
    yield on, "overdue", one.overdue, one.open
    yield from _due_rows(on, "month", one.months[first])
    in_quarter = (due for month, due in one.months.items() if month >= quarter_first)
    yield from _due_rows(on, "quarter", sum(in_quarter, Due()))
    for end in month_ends(on):
        yield from _due_rows(end, "month", one.months[month_of(end)[0]])


def _due_rows(day: date, period: str, due: Due) -> Iterator[tuple[date, str, int, int]]:
    """A count of each fate over what fell due; what was done late is the rest of what was done."""
    yield day, f"completed_{period}", due.done, due.due
    yield day, f"done_on_time_{period}", due.done_on_time, due.due
    yield day, f"overdue_open_{period}", due.overdue_open, due.due
    yield day, f"missed_{period}", due.missed, due.due


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write the rows over those of the same day; always in the same order, so that two who count
    at once on PostgreSQL wait for each other and do not lock each other out."""
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(Figure)
    keys = ("scope", "scope_id", "code", "on")
    kept = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    rows = sorted(rows, key=lambda row: [row[name] for name in keys])
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=kept), rows)
