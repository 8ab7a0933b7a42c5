"""What the night job has before it: how far to go in one step, and which dates follow which."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, literal_column, select

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.jobs import JobHorizon
from familydoc.models.tasks import Task
from familydoc.queries.enrolments import Intervals
from familydoc.rules.dates import add_months
from familydoc.rules.tasks import WINDOW_DAYS

#: Where an enrolment names the next due date of a kind.
DUE_ON: dict[str, Any] = {"regular": Enrolment.next_due_on, "exam": Enrolment.exam_due_on}
#: Rows of one transaction, so that tablets wait at most a moment; a single day is never cut.
MOST_ROWS = 20_000
#: Less than the shortest interval: what a step makes is never followed within the same step.
MOST_DAYS = 27
#: Ids counted together when a catch-up is cut, and one above all ids.
BLOCK, LAST_ID = 1024, 2**31 - 1


@dataclass(frozen=True)
class Follows:
    """A due date whose open tasks have a successor, for the programmes of one interval."""

    previous: date
    due_on: date
    programmes: list[str]


@dataclass(frozen=True)
class Batch:
    """Enrolments to read in one transaction: up to the id `last`, with so many due."""

    last: int
    rows: int
    is_part: bool
    is_final: bool


@dataclass(frozen=True)
class Step:
    """The days (first, last] by which the horizon moves, and what follows what in them."""

    first: date
    last: date
    rows: int = 0
    is_cut: bool = False
    following: dict[str, list[Follows]] = field(default_factory=dict)

    def windows(self, kind: str) -> tuple[date, date]:
        """Give the range (after, until] of due dates whose windows open in these days."""
        days = timedelta(days=WINDOW_DAYS[kind])
        return self.first + days, self.last + days


class Reading:
    """What one run knows: the intervals, and where to cut a long catch-up.

    That is counted once, because counting reads the whole range.
    """

    def __init__(self) -> None:
        #: Nobody has a task yet: until one follows another there is nothing to give up.
        self.is_first = db.session.scalar(select(Task.id).limit(1)) is None
        self.intervals = Intervals()
        self._cuts: dict[tuple[str, date, date | None], list[Batch]] = {}

    def next_batch(self, horizon: JobHorizon) -> Batch:
        """Give the next batch after the id that has been read."""
        key = (horizon.kind, horizon.opened_until, horizon.opening_until)
        if key not in self._cuts:
            self._cuts[key] = _cut(*key)
        read_to = horizon.read_to or 0
        batch = next(b for b in self._cuts[key] if b.is_final or b.last > read_to)
        return replace(batch, is_part=batch.is_part or read_to > 0)


def _cut(kind: str, after: date, until: date | None) -> list[Batch]:
    """Cut the enrolments due in (after, until] into batches of at most MOST_ROWS by their id."""
    due = _waiting(select(Enrolment.id)).where(
        DUE_ON[kind] > after,
        DUE_ON[kind] <= until,
    )
    some = due.limit(MOST_ROWS + 1).subquery()
    rows = db.session.scalar(select(func.count()).select_from(some)) or 0
    if rows <= MOST_ROWS:
        return [Batch(LAST_ID, rows, is_part=False, is_final=True)]
    block = due.with_only_columns((Enrolment.id // BLOCK).label("block"), func.count())
    batches, rows = [], 0
    for number, count in db.session.execute(block.group_by("block").order_by("block")):
        if rows and rows + count > MOST_ROWS:
            batches.append(Batch(int(number) * BLOCK - 1, rows, is_part=True, is_final=False))
            rows = 0
        rows += count
    return [*batches, Batch(LAST_ID, rows, is_part=True, is_final=True)]


def before_all() -> date:
    """Give a day before the first window of all, the farthest future when nobody waits."""
    days = [date.max]
    for kind, window in WINDOW_DAYS.items():
        earliest = db.session.scalar(_waiting(select(func.min(DUE_ON[kind]))))
        if earliest is not None:
            days.append(earliest - timedelta(days=window + 1))
    return min(days)


def _waiting(query: Any) -> Any:
    """Keep the live enrolments; the word is written out for the partial index."""
    return query.where(Enrolment.state == literal_column("'active'"))


def next_step(first: date, until: date, most_rows: int, intervals: Intervals) -> Step:
    """Give the next days toward a day, with at most so many followers; one day at least."""
    whole = Step(first, min(until, first + timedelta(days=MOST_DAYS)))
    opening = Counter[date]()
    following: dict[str, list[Follows]] = {}
    for kind, window in WINDOW_DAYS.items():
        following[kind], counts = _find_following(intervals, kind, *whole.windows(kind))
        for due_on, rows in counts:
            opening[due_on - timedelta(days=window)] += rows
    last = _last_fitting_day(opening, whole, most_rows)
    rows = sum(count for day, count in opening.items() if day <= last)
    step = Step(first, last, rows, is_cut=last < whole.last)
    ends = {kind: step.windows(kind)[1] for kind in following}
    kept = {kind: [f for f in items if f.due_on <= ends[kind]] for kind, items in following.items()}
    return replace(step, following=kept)


def _last_fitting_day(opening: Counter[date], step: Step, most_rows: int) -> date:
    total = 0
    for day in sorted(opening):
        total += opening[day]
        if total > most_rows:
            return max(day - timedelta(days=1), step.first + timedelta(days=1))
    return step.last


def _find_following(
    intervals: Intervals, kind: str, after: date, until: date
) -> tuple[list[Follows], list[tuple[date, int]]]:
    """Give what follows tasks that are open, and how many there are."""
    follows = list_following(intervals, kind, after, until)
    dates = {f.previous for f in follows}
    query = select(Task.due_on, func.count()).where(
        Task.kind == kind, Task.due_on.in_(dates), Task.state == literal_column("'open'")
    )
    found = db.session.execute(query.group_by(Task.due_on)).all()
    rows: dict[date, int] = {row[0]: row[1] for row in found}
    kept = [f for f in follows if f.previous in rows]
    return kept, [(f.due_on, rows[f.previous]) for f in kept]


def list_following(intervals: Intervals, kind: str, after: date, until: date) -> list[Follows]:
    """Give the due dates that are followed by one in (after, until], by programmes and date."""
    found = []
    for programmes in intervals.groups(kind):
        one = programmes[0]
        for previous in _candidates(intervals.choices(one, kind), after, until):
            due_on = add_months(previous, intervals.months(one, kind, previous))
            if after < due_on <= until:
                found.append(Follows(previous, due_on, programmes))
    return found


def _candidates(intervals: set[int], after: date, until: date) -> list[date]:
    """Days that an interval may carry into the range: a few more than really are."""
    days = set()
    for months in intervals:
        first = add_months(after, -months) - timedelta(days=3)
        last = add_months(until, -months) + timedelta(days=3)
        days |= {first + timedelta(days=step) for step in range((last - first).days + 1)}
    return sorted(days)
