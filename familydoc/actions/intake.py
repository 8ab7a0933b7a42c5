"""Taking in many people at once: those of a roster by their tags, others by their age."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from familydoc.actions.audit import record
from familydoc.actions.bulk import insert_rows, now_text, reserve_ids, table
from familydoc.actions.enrolments import local_day
from familydoc.actions.tasks import opened_until
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import RANK_PLAIN, Task
from familydoc.queries.imports import village_owners
from familydoc.queries.programmes import list_effective
from familydoc.queries.teams import find_owner
from familydoc.rules.definitions import Programme
from familydoc.rules.enrolments import PAST_AGE, births, first_dues
from familydoc.rules.programmes import load_programmes
from familydoc.rules.tasks import WINDOW_DAYS, window_start
from familydoc.transaction import transaction

NOBODY = (None, None)  # a village without a team
#: Endings after which somebody who lives here again is taken in again.
GONE = ("moved", "deceased")
ENROLMENT_COLUMNS = (
    *("id", "resident_id", "programme", "since", "state", "reason"),
    *("team_id", "staff_id", "next_due_on", "exam_due_on", "facts"),
)
TASK_COLUMNS = (
    *("enrolment_id", "resident_id", "programme", "kind", "rank", "window_start", "due_on"),
    *("state", "reason", "team_id", "staff_id", "village_code", "by_phone", "created_at"),
)
Owners = Mapping[str, tuple[int, int | None]]


class Newcomer(NamedTuple):
    """Somebody to be taken into a programme that asks for nothing but a birth date."""

    resident_id: int
    programme: str
    birth: date
    village_code: str
    team_id: int | None = None
    state: str = "present"


def take_in(session: Session, people: Sequence[Newcomer], owners: Owners, today: date) -> None:
    """Enrol people from a day on, and make the first tasks whose windows are open."""
    programmes = list_effective(today)
    horizons = {kind: opened_until(kind) for kind in WINDOW_DAYS}
    ids = reserve_ids(session, table(Enrolment), len(people))
    stamp, known = now_text(session), dict[tuple[str, date | None], dict[str, date]]()
    rows, tasks = [], []
    for number, one in zip(ids, people, strict=True):
        dues = _dues(known, programmes[one.programme], one, today)
        owner: tuple[int | None, int | None] = owners.get(one.village_code, NOBODY)
        if one.team_id is not None and one.team_id != owner[0]:
            owner = find_owner(one.village_code, one.team_id)
        rows.append(
            (
                *(number, one.resident_id, one.programme, today.isoformat(), "active", ""),
                *(*owner, _iso(dues.get("regular")), _iso(dues.get("exam")), "{}"),
            )
        )
        tasks += [
            _task(number, one, kind, due, owner, stamp)
            for kind, due in dues.items()
            if due <= horizons[kind]
        ]
    insert_rows(session, table(Enrolment), ENROLMENT_COLUMNS, rows)
    insert_rows(session, table(Task), TASK_COLUMNS, tasks)


def _dues(
    known: dict[tuple[str, date | None], dict[str, date]],
    programme: Programme,
    one: Newcomer,
    today: date,
) -> dict[str, date]:
    """Give what is owed first; only a schedule asks for the birth date."""
    key = (programme.code, one.birth if programme.schedules else None)
    if key not in known:
        found = first_dues(programme, today, one.birth)
        known[key] = {kind: local_day(due) for kind, due in found.items()}
    return known[key]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _task(
    enrolment: int,
    one: Newcomer,
    kind: str,
    due: date,
    owner: tuple[int | None, int | None],
    stamp: str,
) -> tuple[Any, ...]:
    opens = window_start(kind, due, due).isoformat()
    return (
        *(enrolment, one.resident_id, one.programme, kind, RANK_PLAIN, opens, due.isoformat()),
        *("open", "", *owner, one.village_code, one.state == "away", stamp),
    )


def enrol_by_age(*, by: Account | None, today: date) -> int:
    """Take in who has reached the age of a programme, end who has passed it; give how many.

    A second run does nothing. Who refused, or was ended by hand, is not taken in again.
    """
    with transaction() as session:
        taken = [
            Newcomer(row[0], programme.code, *row[1:])
            for programme in load_programmes().values()
            if programme.intake.automatic
            for row in session.execute(_of_age(programme, today))
        ]
        take_in(session, taken, village_owners(), today)
        ended = sum(
            _end_past_age(session, programme, today)
            for programme in load_programmes().values()
            if programme.intake.automatic and programme.intake.months_to is not None
        )
        record(by=by, verb="enrol_by_age", entity="job", taken=len(taken), ended=ended)
    return len(taken) + ended


def _of_age(programme: Programme, today: date) -> Any:
    known = exists().where(
        Enrolment.resident_id == Resident.id,
        Enrolment.programme == programme.code,
        or_(Enrolment.state != "ended", Enrolment.reason.not_in(GONE)),
    )
    oldest, youngest = births(programme.intake, today)
    columns = (Resident.id, Resident.birth, Resident.village_code, Resident.team_id)
    query = select(*columns, Resident.state)
    query = query.where(Resident.state.in_(ON_ROSTER), Resident.birth <= youngest, ~known)
    return query.where(Resident.birth > oldest) if oldest else query


def _end_past_age(session: Session, programme: Programme, today: date) -> int:
    oldest, _ = births(programme.intake, today)
    over = (
        select(Enrolment.id)
        .join(Enrolment.resident)
        .where(
            Enrolment.programme == programme.code,
            Enrolment.state != "ended",
            Resident.birth <= oldest,
        )
    )
    ids = list(session.scalars(over))
    for first in range(0, len(ids), 500):
        some = ids[first : first + 500]
        ended = {"state": "ended", "reason": PAST_AGE, "ended_on": today}
        session.execute(update(Enrolment).where(Enrolment.id.in_(some)).values(ended))
        closed = {"state": "cancelled", "reason": PAST_AGE, "closed_on": today}
        mine = Task.enrolment_id.in_(some) & (Task.state == "open")
        session.execute(update(Task).where(mine).values(closed))
    return len(ids)
