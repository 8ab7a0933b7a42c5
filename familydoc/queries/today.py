"""The today list: who is to be seen, most important first; and the lists behind the reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased, contains_eager, joinedload, load_only

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team
from familydoc.queries import scope
from familydoc.queries.care import Reading, list_readings
from familydoc.queries.task_periods import in_period

PAGE = 30
#: Tasks of a list that is read as a whole, people and what is owed to them at once.
FEW = 60
#: Days ahead that the list looks: what is due later can wait for its own day.
AHEAD = timedelta(days=14)
#: Lists of people: all, and the parts of it that the totals above open.
OPEN_LISTS = ("all", "overdue", "today", "soon")
LISTS = (*OPEN_LISTS, "later", "done")
#: What a card shows of a person; the sealed number stays sealed.
SHOWN = (
    *(Resident.uid, Resident.name, Resident.sex, Resident.birth, Resident.telephone),
    *(Resident.village_code, Resident.household_id, Resident.address),
)
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
    readings: list[Reading] = field(default_factory=list)

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
        .where(*_conditions(Task, viewer, wanted))
        .options(contains_eager(Task.resident).options(*_with_places(wanted.group)))
        .order_by(*order)
    )
    if not after:
        rows, more = _read(query, order, FEW)
        if not more:
            return _page_of(rows)
    rows, more = _read(_past(query, order, after).where(~_comes_later(viewer, wanted)), order, PAGE)
    tasks = [row[0] for row in rows]
    return Page(_cards(viewer, wanted, tasks), _key(rows[-1]) if more else "")


def _with_places(group: str) -> list[Any]:
    places = [load_only(*SHOWN, raiseload=True), joinedload(Resident.village)]
    return [*places, joinedload(Resident.household)] if group == "household" else places


def _page_of(rows: Sequence[Any]) -> Page:
    """Give the first page of a list that is short enough to be read as a whole."""
    cards: dict[int, Card] = {}
    keys: dict[int, str] = {}
    for row in rows:
        person = row[0].resident_id
        cards.setdefault(person, Card(row[0].resident)).tasks.append(row[0])
        keys.setdefault(person, _key(row))
    shown = list(cards)[:PAGE]
    found = _with_readings({person: cards[person] for person in shown})
    return Page(list(found.values()), keys[shown[-1]] if len(cards) > PAGE else "")


def count_open(viewer: Account, wanted: Wanted) -> list[tuple[Division, dict[str, int]]]:
    """Count the people of each open list in each village, all in one statement.

    Everybody lives in one village, so the villages add up to the lists.
    """
    counted = [
        func.count(case((_due(Task, which, wanted.on), Task.resident_id)).distinct())
        for which in OPEN_LISTS
    ]
    query = (
        select(Division, *counted)
        .select_from(Task)
        .join(Task.resident)
        .join(Resident.village)
        .where(*_conditions(Task, viewer, replace(wanted, which="all", village="")))
        .group_by(Division.code)
    )
    rows = [
        (row[0], dict(zip(OPEN_LISTS, row[1:], strict=True))) for row in db.session.execute(query)
    ]
    return sorted(rows, key=lambda row: (-row[1]["all"], row[0].code))


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
    rows, more = _read(_past(query, order, after), order, PAGE)
    return Page([row[0] for row in rows], _key(rows[-1]) if more else "")


def _conditions(model: Any, viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What makes a task part of a list; the resident is joined beside it."""
    here = [Resident.village_code == wanted.village] if wanted.village else []
    return [
        scope.of_team(model, viewer),
        *_narrowed(model, viewer, wanted),
        *here,
        *(_done(model, wanted.on) if wanted.which == "done" else _open(model, wanted)),
    ]


def _open(model: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Open, its window come, its person here, and nobody asked to wait."""
    on = wanted.on
    waiting = model.remind_on > on
    return [
        model.state == "open",
        model.window_start <= on,
        Resident.state == "present",
        _due(model, wanted.which, on),
        waiting if wanted.which == "later" else or_(model.remind_on.is_(None), ~waiting),
    ]


def _due(model: Any, which: str, on: date) -> ColumnElement[bool]:
    """When a task of one of the lists is due; danger stands in the whole list whenever it is."""
    if which == "overdue":
        return model.due_on < on  # type: ignore[no-any-return]
    if which == "today":
        return model.due_on == on  # type: ignore[no-any-return]
    if which == "soon":
        return and_(model.due_on > on, model.due_on <= on + AHEAD)
    return or_(model.due_on <= on + AHEAD, model.rank == 0)


def _done(model: Any, on: date) -> list[ColumnElement[bool]]:
    monday = on - timedelta(days=on.weekday())
    return [model.state == "done", model.closed_on.between(monday, on)]


def _narrowed(model: Any, viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.mine:
        found.append(model.staff_id == viewer.staff_id)
    if wanted.member is not None:
        found.append(model.staff_id == wanted.member)
    if wanted.programme:
        found.append(model.programme == wanted.programme)
    if wanted.team:
        found.append(model.team_id.in_(select(Team.id).where(Team.uid == wanted.team)))
    return found


def _period(viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    here = [Task.village_code == wanted.village] if wanted.village else []
    return [
        scope.of_team(Task, viewer),
        *_narrowed(Task, viewer, wanted),
        *here,
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


def _past(query: Select[Any], order: tuple[Any, ...], after: str) -> Select[Any]:
    """Keep what comes after a key; one that makes no sense starts from the top."""
    key = _read_key(after, order)
    return query if key is None else query.where(tuple_(*order) > tuple_(*key))


def _read(query: Select[Any], order: tuple[Any, ...], most: int) -> tuple[Sequence[Any], bool]:
    """Read rows with their keys beside them; tell whether there are more."""
    columns = [column.label(f"key_{place}") for place, column in enumerate(order)]
    rows = db.session.execute(query.add_columns(*columns).limit(most + 1)).unique().all()
    return rows[:most], len(rows) > most


def _key(row: Any) -> str:
    return "|".join(map(str, row[1:]))


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
    return list(_with_readings(cards).values())


def _with_readings(cards: dict[int, Card]) -> dict[int, Card]:
    for reading in list_readings(cards):
        cards[reading.resident_id].readings.append(reading)
    return cards
