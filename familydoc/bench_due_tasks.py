"""How long a night takes beside its floor: the same rows into the same table with no logic.

The floor writes in transactions of the same size, so that what is compared is the deciding.

Between the nights nine of ten open quarterly tasks are done as if visited, and the enrolment
names its next date; the rest is left for the night to follow and to give up.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import MetaData, Table, func, select, text

from familydoc.actions.bulk import insert_rows
from familydoc.actions.due_statements import COLUMNS
from familydoc.actions.due_tasks import make_due_tasks
from familydoc.bench_county import DAYS_BEFORE, fill_county
from familydoc.bench_scratch import Scratch, scratch
from familydoc.extensions import db
from familydoc.models.tasks import Task
from familydoc.queries.due_tasks import MOST_ROWS
from familydoc.transaction import transaction

NAME = "due-tasks"
ON = date(2026, 11, 21)
RUNS = 5
IDLE = ON + timedelta(days=92)
LIST = ", ".join(COLUMNS)
PREPARED = f"INSERT INTO tasks ({LIST}) SELECT {LIST} FROM prepared"
Row = Sequence[Any]


@dataclass(frozen=True)
class Night:
    """A measure: its name, its day, and the days of work by people that lie before it."""

    measure: str
    on: date
    visited: bool


NIGHTS = (
    Night("first fill", ON, visited=False),
    Night("90 days behind", ON + timedelta(days=90), visited=True),
    Night("a normal night", ON + timedelta(days=91), visited=False),
)


def measure(size: int, runs: int = RUNS) -> Iterator[dict[str, Any]]:
    """Give one line per measure on the engine of the configured database, the worst ratio last."""
    worst = 0.0
    with scratch() as here:
        here.make("county")
        fill_county(size, ON)
        for night in NIGHTS:
            rows = _prepare(here, night)
            seconds, floor = _race(here, night, rows, runs)
            line = _line(here, night.measure, size, seconds, floor) | {"rows": len(rows)}
            worst = max(worst, line["ratio"])
            yield line
        yield _line(here, "nothing due", size, _idle(here, runs), None)
        yield _line(here, "worst ratio", size, None, None) | {"ratio": worst}


def _line(
    here: Scratch, measure: str, size: int, seconds: float | None, floor: float | None
) -> dict[str, Any]:
    return {
        "name": NAME,
        "measure": measure,
        "size": size,
        "engine": here.engine,
        "seconds": round(seconds, 4) if seconds else None,
        "floor_seconds": round(floor, 4) if floor else None,
        "ratio": round(seconds / floor, 2) if seconds and floor else None,
    }


def _prepare(here: Scratch, night: Night) -> list[Row]:
    """Run the night once for its rows; leave the state `before` it, and `county` after it."""
    here.use("county")
    if night.visited:
        _visit(night.on)
    here.analyze()
    here.copy("county", "before")
    here.use("county")
    newest = db.session.scalar(select(func.max(Task.id))) or 0
    make_due_tasks(by=None, until=night.on)
    rows = _new_rows(newest)
    here.use("before")
    with transaction() as session:
        session.execute(
            text(f"CREATE TABLE prepared AS SELECT id AS number, {LIST} FROM tasks WHERE 1 = 0")
        )
        session.execute(text("CREATE UNIQUE INDEX prepared_number ON prepared (number)"))
        numbered = ((number, *row) for number, row in enumerate(rows, start=1))
        insert_rows(session, Table("prepared", MetaData()), ("number", *COLUMNS), numbered)
    here.analyze()
    return rows


def _visit(on: date) -> None:
    """Close nine of ten open quarterly tasks on their due date and name the next one."""
    chosen = f"kind = 'regular' AND state = 'open' AND enrolment_id % 10 < 9 AND due_on < '{on}'"
    with transaction() as session:
        later = DAYS_BEFORE[session.get_bind().dialect.name].format("{0}", -91)
        for (due_on,) in session.execute(text(f"SELECT DISTINCT due_on FROM tasks WHERE {chosen}")):
            session.execute(
                text(
                    f"UPDATE enrolments SET next_due_on = {later.format(due_on)} WHERE id IN"
                    f" (SELECT enrolment_id FROM tasks WHERE {chosen} AND due_on = '{due_on}')"
                )
            )
        session.execute(text(f"UPDATE tasks SET state = 'done', closed_on = due_on WHERE {chosen}"))


def _new_rows(newest: int) -> list[Row]:
    """Give the rows made after a task, as the driver gives them, in the order of their key."""
    query = f"SELECT {LIST} FROM tasks WHERE id > {newest} ORDER BY enrolment_id, due_on"
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def _race(here: Scratch, night: Night, rows: list[Row], runs: int) -> tuple[float, float]:
    """Give the medians of job and floor, run by turns on copies of the same state."""
    floors: list[Callable[[], int]] = [lambda: _insert_prepared(len(rows))]
    if here.engine == "postgresql":
        blocks = _as_copy_text(rows)
        floors.append(lambda: _copy_in(blocks))
    ours, best = [], []
    for _ in range(runs):
        seconds, made = _timed(here, lambda: make_due_tasks(by=None, until=night.on).created)
        assert made == len(rows), f"the job made {made} tasks, not {len(rows)}"
        ours.append(seconds)
        tries = [_timed(here, way) for way in floors]
        assert all(written == len(rows) for _, written in tries)
        best.append(min(seconds for seconds, _ in tries))
    return statistics.median(ours), statistics.median(best)


def _insert_prepared(rows: int) -> int:
    written = 0
    for first in range(1, rows + 1, MOST_ROWS):
        part = f"{PREPARED} WHERE number BETWEEN {first} AND {first + MOST_ROWS - 1}"
        with transaction() as session:
            written += session.execute(text(part)).rowcount  # type: ignore[attr-defined]
    return written


def _as_copy_text(rows: list[Row]) -> list[str]:
    """Give the rows as COPY reads them, a text for each transaction."""

    def cell(value: object) -> str:
        return r"\N" if value is None else str(value)

    lines = ["\t".join(map(cell, row)) + "\n" for row in rows]
    return ["".join(lines[n : n + MOST_ROWS]) for n in range(0, len(lines), MOST_ROWS)]


def _copy_in(blocks: list[str]) -> int:
    written = 0
    for block in blocks:
        with transaction() as session:
            cursor: Any = session.connection().connection.cursor()
            with cursor.copy(f"COPY tasks ({LIST}) FROM STDIN") as copy:
                copy.write(block)
            written += int(cursor.rowcount)
    return written


def _timed(here: Scratch, work: Callable[[], int]) -> tuple[float, int]:
    here.copy("before", "run")
    here.use("run")
    db.session.execute(text("SELECT 1"))
    db.session.rollback()
    gc.collect()
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def _idle(here: Scratch, runs: int) -> float:
    """Give the median of nights on which no window opens, in a process that has run one."""
    here.copy("county", "run")
    here.use("run")
    with transaction() as session:
        session.execute(text("UPDATE enrolments SET next_due_on = NULL, exam_due_on = NULL"))
        done = "UPDATE tasks SET state = 'done', closed_on = due_on WHERE state = 'open'"
        session.execute(text(done))
    here.analyze()
    seconds = []
    for night in range(runs + 1):
        gc.collect()
        started = time.perf_counter()
        made = make_due_tasks(by=None, until=IDLE + timedelta(days=night))
        seconds.append(time.perf_counter() - started)
        assert made.created == 0
    return statistics.median(seconds[1:])
