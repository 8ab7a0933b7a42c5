"""The night's tasks: a few set-based statements over index ranges, whatever the county's size.

An enrolment stores its next due date, so a night reads only what has come into the window since
the last one. Positions are days: at position d the windows of day d are open, for each kind
until d + its window. A transaction makes at most some 20,000 tasks and moves the horizon with
them: first along the key of the enrolments, the order that tables and indexes like best, then
along the days, with what follows tasks that nobody came for.
"""

import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.due_schedules import follow_schedules
from familydoc.actions.due_statements import first_tasks, given_up, successors
from familydoc.actions.ledger import claim, one_at_a_time
from familydoc.models.accounts import Account
from familydoc.models.jobs import JobHorizon
from familydoc.queries.due_tasks import MOST_ROWS, Reading, Step, before_all, next_step
from familydoc.queries.jobs import MAKE_DUE_TASKS, get_last_slot
from familydoc.rules.tasks import WINDOW_DAYS

#: Lets waiting tablets in between two transactions of a long catch-up.
BREATH_SECONDS = 0.005
Horizons = dict[str, JobHorizon]


@dataclass(frozen=True)
class Made:
    """What a run did: tasks made and missed, slots claimed, and the day it has reached."""

    created: int = 0
    missed: int = 0
    claimed: int = 0
    reached: date | None = None

    def plus(self, other: "Made") -> "Made":
        return Made(
            self.created + other.created,
            self.missed + other.missed,
            self.claimed + other.claimed,
            other.reached or self.reached,
        )


def make_due_tasks(*, by: Account | None, until: date) -> Made:
    """Make every task whose window has opened by a day; catch up what was missed.

    A second run, or an earlier day, does nothing. Two at once share the transactions.
    """
    started, total, reading = time.perf_counter(), Made(), Reading()
    while total.reached is None or total.reached < until:
        with one_at_a_time(MAKE_DUE_TASKS) as session:
            last_slot = get_last_slot(MAKE_DUE_TASKS)
            if last_slot is not None and last_slot >= until:
                break
            made = _advance(session, reading, until)
            total = total.plus(made)
            # Before the first run only the day itself is a slot, later every day that is passed.
            if made.reached and (made.reached == until or (last_slot and made.reached > last_slot)):
                seconds = time.perf_counter() - started
                claimed = claim(session, MAKE_DUE_TASKS, made.reached, total.created, seconds)
                total = total.plus(Made(claimed=claimed))
            _note(by, made)
        if total.reached is None or total.reached < until:
            time.sleep(BREATH_SECONDS)
    return total


def _note(by: Account | None, made: Made) -> None:
    record(
        by=by,
        verb="make_due_tasks",
        entity="job",
        created=made.created,
        missed=made.missed,
        reached=made.reached.isoformat() if made.reached else None,
    )


def _advance(session: Session, reading: Reading, until: date) -> Made:
    """Do one transaction's share: read what enrolments name, then follow the days."""
    horizons = _open_horizons(session, until)
    if all(h.opened_until == h.opening_until for h in horizons.values()):
        if _position(horizons) >= until:
            return Made(reached=until)
        _aim_at(horizons, until)
    created = 0
    for horizon in horizons.values():
        made, all_read = _read(session, reading, horizon, MOST_ROWS - created)
        created += made
        if not all_read:
            return Made(created)
    so_far = Made(created, reached=_position(horizons))
    return _walk(session, horizons, until, so_far, reading)


def _walk(session: Session, horizons: Horizons, until: date, made: Made, reading: Reading) -> Made:
    """Follow the days as far as the room of this transaction goes."""
    first, last = _position(horizons), min(until, _target(horizons))
    position = first
    while position < last:
        step = next_step(position, last, MOST_ROWS - made.created, reading.intervals)
        if made.created and made.created + step.rows > MOST_ROWS:
            break
        followers = _follow(session, step) + follow_schedules(session, step, horizons)
        reading.is_first = reading.is_first and not followers
        made, position = made.plus(Made(followers)), step.last
        if step.is_cut:
            break
    _move(horizons, position)
    days = {"after": first, "until": position}
    missed = 0 if reading.is_first else _run(session, given_up(), days)
    return replace(made, missed=missed, reached=until if position >= until else position)


def _open_horizons(session: Session, until: date) -> Horizons:
    """Give the horizon of each kind; new ones stand before everything there is."""
    found = {kind: session.get(JobHorizon, (MAKE_DUE_TASKS, kind)) for kind in WINDOW_DAYS}
    known: Horizons = {kind: horizon for kind, horizon in found.items() if horizon is not None}
    first = _position(known) if known else min(before_all(), until - timedelta(days=1))
    for kind in WINDOW_DAYS.keys() - known.keys():
        opened = first + _window(kind)
        known[kind] = JobHorizon(
            job=MAKE_DUE_TASKS, kind=kind, opened_until=opened, opening_until=opened
        )
        session.add(known[kind])
    return known


def _aim_at(horizons: Horizons, until: date) -> None:
    """Begin to read what lies between the horizon and a day."""
    for kind, horizon in horizons.items():
        horizon.opening_until = max(until + _window(kind), horizon.opened_until)
        horizon.read_to = 0


def _position(horizons: Horizons) -> date:
    """The day whose windows are open by now."""
    return min(horizon.opened_until - _window(kind) for kind, horizon in horizons.items())


def _target(horizons: Horizons) -> date:
    """The day until whose windows the enrolments have been read."""
    ends = {kind: h.opening_until or h.opened_until for kind, h in horizons.items()}
    return min(end - _window(kind) for kind, end in ends.items())


def _window(kind: str) -> timedelta:
    return timedelta(days=WINDOW_DAYS[kind])


def _read(session: Session, reading: Reading, horizon: JobHorizon, room: int) -> tuple[int, bool]:
    """Make tasks of the due dates that enrolments name, one batch; tell whether all are read."""
    if horizon.read_to is None or horizon.opening_until is None:
        return 0, True
    batch = reading.next_batch(horizon)
    if batch.rows > room:
        return 0, False
    made = 0
    if batch.rows:
        values = {
            "of_kind": horizon.kind,
            "window": WINDOW_DAYS[horizon.kind],
            "after": horizon.opened_until,
            "until": horizon.opening_until,
            "now": clock.now(),
        }
        ids = {"first": horizon.read_to, "last": batch.last}
        statement = first_tasks(session.get_bind().dialect.name, horizon.kind, batch.is_part)
        made = _run(session, statement, values | ids if batch.is_part else values)
    horizon.read_to = None if batch.is_final else batch.last
    return made, batch.is_final


def _follow(session: Session, step: Step) -> int:
    """Make what follows open tasks that nobody came for; give how many."""
    created = 0
    for kind, follows in step.following.items():
        for programmes, of_them in groupby(follows, key=lambda f: f.programmes):
            dates = [(f.previous, f.due_on, f.due_on - _window(kind)) for f in of_them]
            statement = successors(session.get_bind().dialect.name, kind, dates)
            values = {"of_kind": kind, "programmes": programmes, "now": clock.now()}
            created += _run(session, statement, values)
    return created


def _move(horizons: Horizons, last: date) -> None:
    for kind, horizon in horizons.items():
        horizon.opened_until = max(horizon.opened_until, last + _window(kind))


def _run(session: Session, statement: Any, values: dict[str, Any]) -> int:
    session.flush()
    options = {"preserve_rowcount": True}  # of an INSERT too
    result = session.connection().execute(statement, values, execution_options=options)
    return int(result.rowcount)
