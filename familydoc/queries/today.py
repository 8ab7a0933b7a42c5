"""The today list: who is to be seen, most important first; and the lists behind the reports.

Its statements are put together once for each kind of list and then only given their values:
putting one together takes longer than running it for a team.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased, contains_eager, joinedload, load_only

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team
from familydoc.queries import scope
from familydoc.queries.care import Reading, list_readings
from familydoc.queries.scope import Somebody, Viewer
from familydoc.queries.task_periods import in_period

PAGE = 30
#: Tasks at the top of a list among which a page of people is sure to be found.
MOST = 5 * PAGE
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
#: What it shows of a task.
OWED = (
    *(Task.resident_id, Task.programme, Task.kind, Task.rank),
    *(Task.due_on, Task.due_at, Task.by_phone),
    *(Task.state, Task.remind_on, Task.closed_on),
)
GROUPS = ("", "village", "household")
#: The days of a statement; `_values` gives them.
ON, SOON, MONDAY = (bindparam(name, type_=Date) for name in ("on", "soon", "monday"))


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
    centre: str = ""
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
    query = _count_query(viewer.role, _kind(wanted))
    return db.session.execute(query, _values(viewer, wanted)).scalar_one()


@lru_cache(500)
def _count_query(role: str, kind: Wanted) -> Select[int]:
    return (
        select(func.count(Task.resident_id.distinct()))
        .join(Task.resident)
        .where(*_conditions(Task, Somebody(role), kind))
    )


def list_people(viewer: Account, wanted: Wanted, after: str = "") -> Page:
    """Give one page of people, each at the place of the most urgent task."""
    places, last = _places(viewer, wanted, after)
    return Page(_cards(viewer, wanted, list(places)), places[last] if last else "")


def _places(viewer: Account, wanted: Wanted, after: str) -> tuple[dict[int, str], int | None]:
    """Give the people of a page with the keys of their places, and after whose key the next page
    begins, None on the last."""
    order, values = _order(wanted.group), _values(viewer, wanted)
    rows, more = ([], True) if after else _read(_top(viewer.role, _kind(wanted)), values, MOST)
    if more and len({row[0] for row in rows}) <= PAGE:
        first_only = _top(viewer.role, _kind(wanted)).where(
            ~_comes_later(Somebody(viewer.role), _kind(wanted))
        )
        rows, more = _read(_past(first_only, order, after), values, PAGE)
    places: dict[int, str] = {}
    for row in rows:
        places.setdefault(row[0], _key(row))
    shown = dict(list(places.items())[:PAGE])
    return shown, next(reversed(shown)) if more or len(places) > PAGE else None


@lru_cache(500)
def _top(role: str, kind: Wanted) -> Select[Any]:
    """Give whose the tasks of a list are, in its order, with the keys of their places."""
    order = _order(kind.group)
    return (
        select(Task.resident_id, *_labelled(order))
        .join(Task.resident)
        .where(*_conditions(Task, Somebody(role), kind))
        .order_by(*order)
    )


def _cards(viewer: Account, wanted: Wanted, people: Sequence[int]) -> list[Card]:
    """Give the people with all that is owed to them in this list."""
    query = _cards_query(viewer.role, _kind(wanted))
    cards: dict[int, Card] = {}
    for task in db.session.scalars(query, {**_values(viewer, wanted), "people": people}):
        cards.setdefault(task.resident_id, Card(task.resident)).tasks.append(task)
    for reading in list_readings(cards):
        cards[reading.resident_id].readings.append(reading)
    return [cards[person] for person in people if person in cards]


@lru_cache(500)
def _cards_query(role: str, kind: Wanted) -> Select[Task]:
    people: BindParameter[int] = bindparam("people", expanding=True)
    shown = [load_only(*SHOWN, raiseload=True), joinedload(Resident.village)]
    if kind.group == "household":
        shown.append(joinedload(Resident.household))
    return (
        select(Task)
        .join(Task.resident)
        .where(Task.resident_id.in_(people), *_conditions(Task, Somebody(role), kind))
        .options(load_only(*OWED), contains_eager(Task.resident).options(*shown))
        .order_by(Task.rank, Task.due_on, Task.id)
    )


def count_open(viewer: Account, wanted: Wanted) -> list[tuple[Division, dict[str, int]]]:
    """Count the people of each open list in each village, all in one statement.

    Everybody lives in one village, so the villages add up to the lists.
    """
    query = _villages_query(viewer.role, _kind(replace(wanted, which="all", village="")))
    rows = [
        (row[0], dict(zip(OPEN_LISTS, row[1:], strict=True)))
        for row in db.session.execute(query, _values(viewer, wanted))
    ]
    return sorted(rows, key=lambda row: (-row[1]["all"], row[0].code))


@lru_cache(500)
def _villages_query(role: str, kind: Wanted) -> Select[*tuple[Any, ...]]:
    counted = [
        func.count(case((_due(Task, which), Task.resident_id)).distinct()) for which in OPEN_LISTS
    ]
    return (
        select(Division, *counted)
        .select_from(Task)
        .join(Task.resident)
        .join(Resident.village)
        .where(*_conditions(Task, Somebody(role), kind))
        .group_by(Division.code)
    )


def count_tasks(viewer: Account, wanted: Wanted) -> int:
    """Count the tasks of a period by what became of them."""
    query = select(func.count()).select_from(Task).where(*_period(viewer, wanted))
    return db.session.execute(query, _values(viewer, wanted)).scalar_one()


def list_tasks(viewer: Account, wanted: Wanted, after: str = "") -> Page:
    """Give one page of the tasks of a period, the oldest first."""
    order = (Task.due_on, Task.id)
    query = (
        select(Task, *_labelled(order))
        .where(*_period(viewer, wanted))
        .options(joinedload(Task.resident).joinedload(Resident.village), joinedload(Task.staff))
        .order_by(*order)
    )
    rows, more = _read(_past(query, order, after), _values(viewer, wanted), PAGE)
    return Page([row[0] for row in rows], _key(rows[-1]) if more else "")


def _kind(wanted: Wanted) -> Wanted:
    """Give a list with its values taken out: what its statement depends on."""
    return replace(
        wanted,
        on=date.min,
        member=None if wanted.member is None else 0,
        village=wanted.village and "?",
        programme=wanted.programme and "?",
        team=wanted.team and "?",
        centre=wanted.centre and "?",
    )


def _values(viewer: Account, wanted: Wanted) -> dict[str, Any]:
    """Give the values of its parameters; a statement takes those that it has."""
    on = wanted.on
    days = {"on": on, "soon": on + AHEAD, "monday": on - timedelta(days=on.weekday())}
    narrowed = ("member", "village", "programme", "team", "centre")
    return scope.keys_of(viewer) | days | {name: getattr(wanted, name) for name in narrowed}


def _conditions(model: Any, viewer: Viewer, kind: Wanted) -> list[ColumnElement[bool]]:
    """What makes a task part of a list; the resident is joined beside it."""
    here = [Resident.village_code == bindparam("village")] if kind.village else []
    done = [model.state == "done", model.closed_on.between(MONDAY, ON)]
    return [
        scope.of_team(model, viewer),
        *_narrowed(model, viewer, kind),
        *here,
        *(done if kind.which == "done" else _open(model, kind.which)),
    ]


def _open(model: Any, which: str) -> list[ColumnElement[bool]]:
    """Open, its window come, its person here or away to be called, and nobody asked to wait."""
    waiting = model.remind_on > ON
    return [
        model.state == "open",
        model.window_start <= ON,
        or_(Resident.state == "present", and_(Resident.state == "away", model.by_phone)),
        _due(model, which),
        waiting if which == "later" else or_(model.remind_on.is_(None), ~waiting),
    ]


def _due(model: Any, which: str) -> ColumnElement[bool]:
    """When a task of one of the lists is due; danger stands in the whole list whenever it is."""
    if which == "overdue":
        return model.due_on < ON  # type: ignore[no-any-return]
    if which == "today":
        return model.due_on == ON  # type: ignore[no-any-return]
    if which == "soon":
        return and_(model.due_on > ON, model.due_on <= SOON)
    return or_(model.due_on <= SOON, model.rank == 0)


def _narrowed(model: Any, viewer: Viewer, kind: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if kind.mine:
        found.append(model.staff_id == viewer.staff_id)
    if kind.member is not None:
        found.append(model.staff_id == bindparam("member"))
    if kind.programme:
        found.append(model.programme == bindparam("programme"))
    if kind.team:
        found.append(model.team_id.in_(select(Team.id).where(Team.uid == bindparam("team"))))
    if kind.centre:
        centre = select(Team.id).join(Team.organisation)
        found.append(model.team_id.in_(centre.where(Organisation.code == bindparam("centre"))))
    return found


def _period(viewer: Account, wanted: Wanted) -> list[ColumnElement[bool]]:
    here = [Task.village_code == wanted.village] if wanted.village else []
    return [
        scope.of_team(Task, viewer),
        *_narrowed(Task, viewer, wanted),
        *here,
        in_period(wanted.period, wanted.state, wanted.on),
    ]


def _comes_later(viewer: Viewer, kind: Wanted) -> ColumnElement[bool]:
    """The person stands in the list already, with a more urgent task."""
    other = aliased(Task)
    sooner = tuple_(other.rank, other.due_on, other.id) < tuple_(Task.rank, Task.due_on, Task.id)
    same = other.resident_id == Task.resident_id
    return exists().where(same, sooner, *_conditions(other, viewer, kind)).correlate(Task, Resident)


def _order(group: str) -> tuple[Any, ...]:
    urgency = (Task.rank, Task.due_on, Task.id)
    if group == "village":
        return (Task.village_code, *urgency)
    if group == "household":
        return (Task.village_code, func.coalesce(Resident.household_id, 0), *urgency)
    return urgency


def _labelled(order: tuple[Any, ...]) -> list[Any]:
    return [column.label(f"key_{place}") for place, column in enumerate(order)]


def _past(query: Select[Any], order: tuple[Any, ...], after: str) -> Select[Any]:
    """Keep what comes after a key; one that makes no sense starts from the top."""
    key = _read_key(after, order)
    return query if key is None else query.where(tuple_(*order) > tuple_(*key))


def _read(query: Select[Any], values: dict[str, Any], most: int) -> tuple[Sequence[Any], bool]:
    """Read rows with their keys behind them; tell whether there are more."""
    rows = db.session.execute(query.limit(most + 1), values).unique().all()
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
