"""The three statements of the night, built once: INSERT what is due, INSERT what follows, UPDATE.

They compare dates only; which date follows which is computed by the rules beforehand.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Insert,
    Integer,
    Table,
    Update,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    update,
)

from familydoc.actions.tasks import INSERTS
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import RANK_PLAIN, Task
from familydoc.models.types import UTCDateTime
from familydoc.queries.due_tasks import DUE_ON
from familydoc.rules.tasks import WINDOW_DAYS

COLUMNS = (
    *("enrolment_id", "resident_id", "programme", "kind", "rank", "window_start", "due_on"),
    *("state", "reason", "team_id", "staff_id", "village_code", "by_phone", "created_at"),
)
tasks: Table = Task.__table__  # type: ignore[assignment]
enrolments: Table = Enrolment.__table__  # type: ignore[assignment]
residents: Table = Resident.__table__  # type: ignore[assignment]
#: Words written out, not bound: planners then know that a partial index holds the rows.
ACTIVE: ColumnElement[str] = literal_column("'active'")
OPEN: ColumnElement[str] = literal_column("'open'")
CANCELLED: ColumnElement[str] = literal_column("'cancelled'")
KIND: ColumnElement[str] = bindparam("of_kind")


@cache
def first_tasks(engine: str, kind: str, is_part: bool) -> Insert:
    """Insert the enrolments' due dates in (:after, :until], one range of the partial index.

    A part reads the enrolments (:first, :last] along their key instead, date by date.
    """
    e, r = enrolments.c, residents.c
    named = e[DUE_ON[kind].key]
    due_on: ColumnElement[Any] = named
    if is_part:  # an expression keeps the planner off the index of dates: the key is better
        due_on = func.coalesce(named, None)
    rows = (
        select(
            *(e.id, e.resident_id, e.programme, KIND, literal(RANK_PLAIN)),
            *(_window_start(engine, named), named, literal("open"), literal("")),
            *(e.team_id, e.staff_id, r.village_code, r.state == literal_column("'away'")),
            bindparam("now", type_=UTCDateTime),
        )
        .join_from(enrolments, residents, r.id == e.resident_id)
        .where(
            e.state == ACTIVE,
            due_on > bindparam("after", type_=Date),
            due_on <= bindparam("until", type_=Date),
            r.state.in_([literal_column(f"'{word}'") for word in ON_ROSTER]),
        )
        .order_by(e.id)
    )
    if is_part:
        rows = rows.where(e.id > bindparam("first"), e.id <= bindparam("last"))
    return _insert_new(engine, rows)


def successors(engine: str, kind: str, follows: Sequence[tuple[date, date, date]]) -> Insert:
    """Insert what follows open tasks: (due date, the next one, its window's start) each.

    Only the newest task of an enrolment is followed, and only while the enrolment itself names
    no later date.
    """
    t, e, later = tasks.c, enrolments.c, tasks.alias()
    previous = [day for day, _, _ in follows]
    next_due = case(*[(t.due_on == day, literal(due_on, Date)) for day, due_on, _ in follows])
    start = case(*[(t.due_on == day, literal(opens, Date)) for day, _, opens in follows])
    is_followed = exists().where(
        later.c.enrolment_id == t.enrolment_id,
        later.c.kind == KIND,
        later.c.due_on > t.due_on,
        later.c.state != CANCELLED,
    )
    rows = (
        select(
            *(t.enrolment_id, t.resident_id, t.programme, KIND, literal(RANK_PLAIN)),
            *(start, next_due, literal("open"), literal("")),
            *(t.team_id, t.staff_id, t.village_code, t.by_phone),
            bindparam("now", type_=UTCDateTime),
        )
        .join_from(tasks, enrolments, e.id == t.enrolment_id)
        .where(
            t.due_on.in_(previous),
            t.kind == KIND,
            t.state == OPEN,
            t.programme.in_(bindparam("programmes", expanding=True)),
            e.state == ACTIVE,
            e[DUE_ON[kind].key] <= t.due_on,
            ~is_followed,
        )
        .order_by(t.enrolment_id)
    )
    return _insert_new(engine, rows)


@cache
def given_up() -> Update:
    """Mark open tasks as missed that one of the same enrolment, due in (:after, :until], follows.

    They close on the due date of the next one, whichever day the job really runs.
    """
    following, older = tasks.alias(), tasks.alias()
    f, o = following.c, older.c
    # Of the many that fall due few have an older one: their state is looked at only then.
    overtaken = (
        select(o.id)
        .join_from(following, older, (f.enrolment_id == o.enrolment_id) & (f.kind == o.kind))
        .where(
            f.kind.in_(WINDOW_DAYS),
            f.due_on > bindparam("after"),
            f.due_on <= bindparam("until"),
            o.due_on < f.due_on,
            o.state == OPEN,
        )
    )
    next_due = _next_due_on()
    return (
        update(tasks)
        .where(tasks.c.id.in_(overtaken), next_due <= bindparam("until"))
        .values(state="missed", reason="next_due", closed_on=next_due)
    )


def _next_due_on() -> Any:
    nearest = tasks.alias().c
    return (
        select(func.min(nearest.due_on))
        .where(
            nearest.enrolment_id == tasks.c.enrolment_id,
            nearest.kind == tasks.c.kind,
            nearest.due_on > tasks.c.due_on,
            nearest.state != CANCELLED,
        )
        .scalar_subquery()
    )


def _insert_new(engine: str, rows: Any) -> Insert:
    statement = INSERTS[engine](tasks).from_select(COLUMNS, rows, include_defaults=False)
    return statement.on_conflict_do_nothing(  # type: ignore[no-any-return]
        index_elements=["enrolment_id", "kind", "due_on"]
    )


def _window_start(engine: str, due_on: Any) -> Any:
    days = bindparam("window", type_=Integer)
    if engine == "sqlite":
        return func.date(due_on, func.printf("-%d days", days))
    return cast(due_on - days, Date)
