"""The today list: who is to be seen, most important first; and the lists behind the reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased, contains_eager, joinedload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team
from familydoc.queries import scope
from familydoc.queries.care import Care, list_care
from familydoc.queries.programmes import list_effective
from familydoc.queries.task_periods import in_period

PAGE = 30
#: Days ahead that the list looks: what is due later can wait for its own day.
AHEAD = timedelta(days=14)
#: Lists of people: all, and the parts of it that the totals above open.
LISTS = ("all", "overdue", "today", "soon", "later", "done")
GROUPS = ("", "village", "household")


@dataclass(frozen=True)
class Wanted:
    """What a list is asked for; everything may stand in a shareable address."""

    on: date
    which: str = "all"
    mine: bool = False
    member: int | None = None
    village: str = ""
    programme: str = ""
    team: str = ""
    period: str = ""
    state: str = ""
    group: str = ""


@dataclass
class Card:
    """One person with everything that is owed to them in this list, and what was last found."""

    resident: Resident
    tasks: list[Task] = field(default_factory=list)
    care: list[Care] = field(default_factory=list)

    @property
    def first(self) -> Task:
        return self.tasks[0]


@dataclass(frozen=True)
class Page:
    """Rows of one page and the key that the next one starts after."""

    rows: Sequence[Any]
    after: str = ""


def count_people(viewer: Account, wanted: Wanted) -> int:
    """Count the people of a list; the list itself takes the same conditions."""
    query = (
        select(func.count(Task.resident_id.distinct()))
        .join(Task.resident)
        .where(*_conditions(Task, viewer, wanted))
    )
    return db.session.execute(query).scalar_one()


def list_people(viewer: Account, wanted: Wanted, after: str = "") -> Page:
    """Give one page of people, each at the place of the most urgent task."""
    order = _order(wanted.group)
    query = (
        select(Task)
        .join(Task.resident)
        .where(*_conditions(Task, viewer, wanted), ~_comes_later(viewer, wanted))
        .options(contains_eager(Task.resident).joinedload(Resident.village))
        .options(contains_eager(Task.resident).joinedload(Resident.household))
        .order_by(*order)
    )
    tasks, key = _page(query, order, after)
    return Page(_cards(viewer, wanted, tasks), key)


def count_by_village(viewer: Account, wanted: Wanted) -> list[tuple[str, int]]:
    """Count the people of a list in each village, the fullest first."""
    number = func.count(Task.resident_id.distinct())
    query = (
        select(Task.village_code, number)
        .join(Task.resident)
        .where(*_conditions(Task, viewer, wanted))
        .group_by(Task.village_code)
        .order_by(number.desc(), Task.village_code)
    )
    return [(code, amount) for code, amount in db.session.execute(query)]


def count_tasks(viewer: Account, wanted: Wanted) -> int:
    """Count the tasks of a period by what became of them."""
    query = select(func.count()).select_from(Task).where(*_period(viewer, wanted))
    return db.session.execute(query).scalar_one()


def list_tasks(viewer: Account, wanted: Wanted, after: str = "") -> Page:
    """Give one page of the tasks of a period, the oldest first."""
    order = (Task.due_on, Task.id)
    query = (
        select(Task)
        .where(*_period(viewer, wanted))
        .options(joinedload(Task.resident).joinedload(Resident.village), joinedload(Task.staff))
        .order_by(*order)
    )
    tasks, key = _page(query, order, after)
    return Page(tasks, key)


def _conditions(model: Any, viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What makes a task part of a list; the resident is joined beside it."""
    return [
        scope.of_team(model, viewer),
        *_narrowed(model, viewer, wanted),
        *(_done(model, wanted.on) if wanted.which == "done" else _open(model, wanted)),
    ]


def _open(model: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Open, its window come, its person here, and nobody asked to wait."""
    on = wanted.on
    waiting = model.remind_on > on
    due = {
        "overdue": model.due_on < on,
        "today": model.due_on == on,
        "soon": and_(model.due_on > on, model.due_on <= on + AHEAD),
    }.get(wanted.which, or_(model.due_on <= on + AHEAD, model.rank == 0))
    return [
        model.state == "open",
        model.window_start <= on,
        Resident.state == "present",
        due,
        waiting if wanted.which == "later" else or_(model.remind_on.is_(None), ~waiting),
    ]


def _done(model: Any, on: date) -> list[ColumnElement[bool]]:
    monday = on - timedelta(days=on.weekday())
    return [model.state == "done", model.closed_on.between(monday, on)]


def _narrowed(model: Any, viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.mine:
        found.append(model.staff_id == viewer.staff_id)
    if wanted.member is not None:
        found.append(model.staff_id == wanted.member)
    if wanted.village:
        found.append(model.village_code == wanted.village)
    if wanted.programme:
        found.append(model.programme == wanted.programme)
    if wanted.team:
        found.append(model.team_id.in_(select(Team.id).where(Team.uid == wanted.team)))
    return found


def _period(viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    return [
        scope.of_team(Task, viewer),
        *_narrowed(Task, viewer, wanted),
        in_period(wanted.period, wanted.state, wanted.on),
    ]


def _comes_later(viewer: Account, wanted: Wanted) -> ColumnElement[bool]:
    """The person stands in the list already, with a more urgent task."""
    other = aliased(Task)
    sooner = tuple_(other.rank, other.due_on, other.id) < tuple_(Task.rank, Task.due_on, Task.id)
    same = other.resident_id == Task.resident_id
    return (
        exists().where(same, sooner, *_conditions(other, viewer, wanted)).correlate(Task, Resident)
    )


def _order(group: str) -> tuple[Any, ...]:
    urgency = (Task.rank, Task.due_on, Task.id)
    if group == "village":
        return (Task.village_code, *urgency)
    if group == "household":
        return (Task.village_code, func.coalesce(Resident.household_id, 0), *urgency)
    return urgency


def _page(query: Select[Any], order: tuple[Any, ...], after: str) -> tuple[list[Task], str]:
    """Read one page past a key; a key that makes no sense starts from the top."""
    key = _read_key(after, order)
    if key is not None:
        query = query.where(tuple_(*order) > tuple_(*key))
    columns = [column.label(f"key_{place}") for place, column in enumerate(order)]
    rows = db.session.execute(query.add_columns(*columns).limit(PAGE + 1)).unique().all()
    tasks = [row[0] for row in rows[:PAGE]]
    more = len(rows) > PAGE
    return tasks, "|".join(map(str, rows[PAGE - 1][1:])) if more else ""


def _read_key(after: str, order: tuple[Any, ...]) -> list[Any] | None:
    parts = after.split("|")
    if len(parts) != len(order):
        return None
    try:
        return [_key_part(part, column) for part, column in zip(parts, order, strict=True)]
    except ValueError:
        return None


def _key_part(part: str, column: Any) -> Any:
    if column is Task.due_on:
        return date.fromisoformat(part)
    if column is Task.village_code:
        return part[:12]
    number = int(part) if part.isascii() and part.isdigit() and len(part) < 19 else None
    if number is None:
        raise ValueError(part)
    return number


def _cards(viewer: Account, wanted: Wanted, tasks: Sequence[Task]) -> list[Card]:
    cards = {task.resident_id: Card(task.resident) for task in tasks}
    query = (
        select(Task)
        .join(Task.resident)
        .where(Task.resident_id.in_(cards), *_conditions(Task, viewer, wanted))
        .order_by(Task.rank, Task.due_on, Task.id)
    )
    for task in db.session.execute(query).scalars():
        cards[task.resident_id].tasks.append(task)
    for care in _care_of(cards, wanted.on):
        cards[care.enrolment.resident_id].care.append(care)
    return [cards[task.resident_id] for task in tasks]


def _care_of(cards: Mapping[int, Card], on: date) -> tuple[Care, ...]:
    query = select(Enrolment).where(Enrolment.resident_id.in_(cards), Enrolment.state == "active")
    enrolments = db.session.execute(query.order_by(Enrolment.id)).scalars().all()
    return list_care(enrolments, list_effective(on))
