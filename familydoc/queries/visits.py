"""Reads of visits, and what a visit would bring before it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload, selectinload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries import scope
from familydoc.queries.programmes import list_effective
from familydoc.queries.tasks import list_open_tasks
from familydoc.rules.answers import unmeasured
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.enrolments import day_of
from familydoc.rules.programmes import Case, Decision, PastVisit, assess_case, load_programmes
from familydoc.rules.tasks import Closing, OpenTask, close_by_visit, task_name, title_of
from familydoc.rules.visits import VisitEntry

#: Earlier visits a decision may look at; the ladders read one back.
HISTORY = 12
PAGE = 50


@dataclass(frozen=True)
class Outcome:
    """What one programme says of a visit; no decision where its measurement is missing."""

    enrolment: Enrolment
    programme: Programme
    decision: Decision | None
    missing: tuple[Field, ...]
    superseded: bool


@dataclass(frozen=True)
class Preview:
    """Class, referral, next, what closes and what stays open: shown before saving."""

    outcomes: tuple[Outcome, ...]
    closing: Closing

    @property
    def danger(self) -> list[str]:
        return [text for o in self.outcomes if o.decision for text in o.decision.danger]


def find_visit(uid: str) -> Visit | None:
    """Give a visit by uid whoever may see it; only for answering a repeated create."""
    return db.session.execute(select(Visit).where(Visit.uid == uid)).scalar_one_or_none()


def get_visit(viewer: Account, uid: str) -> Visit | None:
    """Give a visit in the viewer's scope, or None."""
    return scope.get_visible(Visit, viewer, Visit.uid == uid)


def list_visits_of(resident_id: int, without: Iterable[int] = ()) -> list[Visit]:
    """Give a resident's visits as they count today (latest revisions), newest first."""
    query = (
        select(Visit)
        .options(selectinload(Visit.assessments))
        .where(
            Visit.resident_id == resident_id,
            Visit.replaced_at.is_(None),
            Visit.id.not_in(list(without)),
        )
        .order_by(Visit.visit_date.desc(), Visit.id.desc())
    )
    return list(db.session.execute(query).scalars())


def list_active_enrolments(resident_id: int) -> list[Enrolment]:
    """Give the active enrolments whose programme has a file, in the order of taking in."""
    query = (
        select(Enrolment)
        .where(
            Enrolment.resident_id == resident_id,
            Enrolment.state == "active",
            Enrolment.programme.in_(list(load_programmes())),
        )
        .order_by(Enrolment.id)
    )
    return list(db.session.execute(query).scalars())


def revisions_of(visit: Visit) -> list[int]:
    """Give the ids of a visit and of the revisions before it."""
    found = [visit.id]
    while visit.corrects_id is not None:
        earlier = db.session.get(Visit, visit.corrects_id)
        assert earlier is not None
        visit = earlier
        found.append(visit.id)
    return found


def find_replacement(visit: Visit) -> Visit | None:
    """Give the revision that replaced this one."""
    query = select(Visit).where(Visit.corrects_id == visit.id)
    return db.session.execute(query).scalar_one_or_none()


def history_before(resident_id: int, day: date, without: Iterable[int] = ()) -> list[PastVisit]:
    """Give the earlier visits a decision of that day may look at."""
    query = (
        select(Visit.visit_date, Visit.answers)
        .where(
            Visit.resident_id == resident_id,
            Visit.replaced_at.is_(None),
            Visit.visit_date < day,
            *_other_than(Visit.id, without),
        )
        .order_by(Visit.visit_date.desc(), Visit.id.desc())
        .limit(HISTORY)
    )
    return [PastVisit(row.visit_date, row.answers) for row in db.session.execute(query)]


def list_open_referrals(resident_id: int, day: date, without: Sequence[int] = ()) -> set[str]:
    """Give the programmes with a referral of an earlier visit that waited for its outcome then."""
    return set(db.session.scalars(_open_referrals(resident_id, day, without)))


def _open_referrals(resident_id: int, day: date, without: Sequence[int]) -> Select[str]:
    return select(Referral.programme).where(
        Referral.resident_id == resident_id,
        Referral.state != "cancelled",
        Referral.opened_on <= day,
        or_(Referral.closed_on.is_(None), Referral.closed_on > day),
        *_other_than(Referral.visit_id, without),
    )


def _later_assessments(resident_id: int, day: date, without: Sequence[int]) -> Select[str]:
    """Select the enrolments with an assessment of a visit after a day, as visits count today."""
    return (
        select(cast(Assessment.enrolment_id, String))
        .join(Assessment.visit)
        .where(
            Visit.resident_id == resident_id,
            Visit.replaced_at.is_(None),
            Visit.visit_date > day,
            *_other_than(Visit.id, without),
        )
    )


def _other_than(column: Any, ids: Iterable[int]) -> list[ColumnElement[bool]]:
    """Give the condition that leaves out some rows, none where there are none to leave out."""
    listed = list(ids)
    return [or_(column.is_(None), column.not_in(listed))] if listed else []


@dataclass(frozen=True)
class Known:
    """What every programme of a visit looks at, read once for all of them."""

    programmes: Mapping[str, Programme]
    history: tuple[PastVisit, ...]
    referrals: set[str]
    superseded: set[int]


def read_known(resident_id: int, day: date, without: Sequence[int] = ()) -> Known:
    """Read what there was on a day; `without` are revisions that a visit replaces."""
    referrals = _open_referrals(resident_id, day, without).add_columns(literal(1))
    later = _later_assessments(resident_id, day, without).add_columns(literal(0))
    found = db.session.execute(union_all(referrals, later)).all()
    return Known(
        list_effective(day),
        tuple(history_before(resident_id, day, without)),
        {text for text, is_referral in found if is_referral},
        {int(text) for text, is_referral in found if not is_referral},
    )


def judge(
    resident: Resident,
    enrolment: Enrolment,
    entry: VisitEntry,
    without: Sequence[int] = (),
    known: Known | None = None,
) -> Outcome:
    """Judge a visit by one programme; `without` are revisions that it replaces."""
    known = known or read_known(resident.id, entry.visit_date, without)
    programme = known.programmes[enrolment.programme]
    missing = unmeasured(programme, entry.answers)
    decision = None
    if not missing:
        case = Case(
            birth=resident.birth,
            visit_date=entry.visit_date,
            answers=entry.answers,
            way=entry.way,
            history=known.history,
            referral_open=programme.code in known.referrals,
            facts=enrolment.facts,
        )
        decision = assess_case(programme, case)
    return Outcome(enrolment, programme, decision, missing, enrolment.id in known.superseded)


def list_assessments_after(enrolment_id: int, visit: Visit) -> list[Assessment]:
    """Give the assessments of later visits, oldest first."""
    query = (
        _assessments_of(enrolment_id)
        .where(tuple_(Visit.visit_date, Visit.id) > tuple_(visit.visit_date, visit.id))
        .order_by(Visit.visit_date, Visit.id)
    )
    return list(db.session.execute(query).scalars())


def find_last_assessment(enrolment_id: int) -> Assessment | None:
    """Give the assessment of the newest visit by date."""
    query = _assessments_of(enrolment_id).order_by(Visit.visit_date.desc(), Visit.id.desc())
    return db.session.execute(query.limit(1)).scalar_one_or_none()


def _assessments_of(enrolment_id: int) -> Any:
    return (
        select(Assessment)
        .join(Assessment.visit)
        .where(Assessment.enrolment_id == enrolment_id, Visit.replaced_at.is_(None))
    )


def preview_visit(resident: Resident, entry: VisitEntry, without: Sequence[int] = ()) -> Preview:
    """Give what storing this visit would bring; stores nothing.

    `without` are the revisions it replaces, the newest first: what that one closed and asked for
    is moved to the new revision, so it closes only for programmes it measures anew.
    """
    known = read_known(resident.id, entry.visit_date, without)
    outcomes = tuple(
        judge(resident, enrolment, entry, without, known)
        for enrolment in list_active_enrolments(resident.id)
        if enrolment.since <= entry.visit_date
    )
    tasks = [t for t in list_open_tasks(resident.id) if t.source_visit_id not in without]
    settled = list_programmes_of(without[0]) if without else []
    carried = {o.programme.code: o.programme for o in outcomes if o.programme.code not in settled}
    closing = close_by_visit(
        [as_open_task(task) for task in tasks if task.programme not in settled],
        carried,
        entry.answers,
        carried=[o.programme.code for o in outcomes if not o.superseded],
        owed=[
            (o.programme.code, kind, day_of(due))
            for o in outcomes
            if o.decision
            for kind, due in o.decision.next
        ],
    )
    return Preview(outcomes, closing)


def list_programmes_of(visit_id: int) -> list[str]:
    """Give the codes of the programmes that judged a visit."""
    query = select(Assessment.programme).where(Assessment.visit_id == visit_id)
    return list(db.session.execute(query).scalars())


def as_open_task(task: Task) -> OpenTask:
    """Give a task as the rule needs it."""
    name = name_of(task)
    return OpenTask(task.id, task.programme, task.kind, task.due_on, task.window_start, name)


def name_of(task: Task) -> str:
    """Give what a task is called: the step of its schedule, or its programme and kind."""
    programme = load_programmes().get(task.programme)
    if programme is None:
        return task_name(task.programme, task.kind)
    return title_of(programme, task.kind, task.due_on, task.enrolment.anchor)


def find_higher_hospital(resident: Resident) -> Organisation | None:
    """Give the county hospital to call in danger, the resident's centre where there is none."""
    query = (
        select(Organisation)
        .where(
            Organisation.kind == "county_hospital",
            Organisation.active,
            Organisation.telephone != "",
        )
        .order_by(Organisation.id)
        .limit(1)
    )
    return db.session.execute(query).scalar_one_or_none() or resident.centre


@dataclass(frozen=True)
class VisitFilter:
    """What the list of visits is limited to; empty texts mean everything."""

    since: date | None = None
    until: date | None = None
    programme: str = ""
    late: bool = False


def list_visits(
    viewer: Account, wanted: VisitFilter, after: tuple[date, int] | None = None
) -> list[Visit]:
    """Give a page of visits, newest first, one more than a page holds when there is another."""
    query = (
        select(Visit)
        .options(
            joinedload(Visit.resident).joinedload(Resident.village),
            joinedload(Visit.staff),
            selectinload(Visit.assessments),
        )
        .where(scope.visible(Visit, viewer), *_conditions(wanted))
        .order_by(Visit.visit_date.desc(), Visit.id.desc())
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(tuple_(Visit.visit_date, Visit.id) < after)
    return list(db.session.execute(query).scalars())


def _conditions(wanted: VisitFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Visit.replaced_at.is_(None)]
    if wanted.since:
        found.append(Visit.visit_date >= wanted.since)
    if wanted.until:
        found.append(Visit.visit_date <= wanted.until)
    if wanted.late:
        found.append(Visit.late_entry.is_(True))
    if wanted.programme:
        found.append(
            Visit.assessments.any(
                and_(Assessment.programme == wanted.programme, Assessment.visit_id == Visit.id)
            )
        )
    return found


def list_tasks_closed_by(visit: Visit) -> list[Task]:
    """Give the tasks this visit closed."""
    query = select(Task).where(Task.closed_by_visit_id == visit.id).order_by(Task.due_on)
    return list(db.session.execute(query).scalars())


def list_tasks_made_by(visit: Visit) -> list[Task]:
    """Give the tasks this visit asked for, those that are cancelled left out."""
    query = (
        select(Task)
        .where(Task.source_visit_id == visit.id, Task.state != "cancelled")
        .order_by(Task.due_on)
    )
    return list(db.session.execute(query).scalars())


def list_referrals_of(visit: Visit) -> list[Referral]:
    """Give the referrals a visit opened that are not cancelled, urgent ones first."""
    query = select(Referral).where(Referral.visit_id == visit.id, Referral.state != "cancelled")
    found = db.session.execute(query.order_by(Referral.id)).scalars()
    return sorted(found, key=lambda referral: referral.urgency != "urgent")


def list_revisions(visit: Visit) -> list[Visit]:
    """Give a visit and the revisions before it, newest first."""
    ids = revisions_of(visit)
    query = select(Visit).where(Visit.id.in_(ids)).order_by(Visit.id.desc())
    return list(db.session.execute(query).scalars())


def find_task_programme(resident_id: int, task: str) -> str | None:
    """Give the programme of one of the resident's open tasks, named by its number."""
    if not (task.isascii() and task.isdigit() and len(task) < 18):
        return None
    query = select(Task.programme).where(Task.resident_id == resident_id, Task.id == int(task))
    return db.session.execute(query).scalar_one_or_none()
