"""Whose next dates a county value would move: read in batches, worked out by the rules."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select, tuple_

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.programmes import effective, laid_over
from familydoc.rules.dates import age_on
from familydoc.rules.dues import read_due
from familydoc.rules.enrolments import day_of
from familydoc.rules.ladder import Case, PastVisit
from familydoc.rules.moves import (
    Move,
    Owed,
    find_difference,
    find_moves,
    only_judged,
    recent_readings,
    timing_names,
)
from familydoc.rules.programmes import Programme, get_programme, load_programmes
from familydoc.rules.tasks import opens_at_once

MOVE_DATES = "move-dates"
#: Enrolments read together, and the most that a preview works through; beyond it takes a sample.
BATCH, MOST = 500, 10_000
EXAMPLES = 5
#: Newest visits of a person that are read: the last one, and those its ladder looks back at.
VISITS = 6


@dataclass(frozen=True)
class Change:
    """A value of one parameter from a day on, and the programme before and after it."""

    name: str
    start: date
    before: Programme
    after: Programme

    @property
    def code(self) -> str:
        return self.after.code

    @property
    def times(self) -> bool:
        """Tell whether it moves what is owed already; a threshold holds from the next visit on."""
        return self.name in timing_names(self.after)


@dataclass(frozen=True)
class Held:
    """One active enrolment with what it is owed, and the visit of its last assessment."""

    enrolment_id: int
    owed: Owed
    judged_on: date | None
    assessment_id: int | None


@dataclass(frozen=True)
class Example:
    """Somebody whose next date moves, without a name."""

    age: int
    seen: date | None
    old: date
    new: date


@dataclass
class Preview:
    """What a change would do: how many people, from which dates to which."""

    times: bool
    people: int = 0
    of: int = 0
    every: int = 1
    earlier: int = 0
    old: Counter[date] = field(default_factory=Counter)
    new: Counter[date] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    @property
    def months(self) -> list[tuple[date, int, int]]:
        """Give the people by the month of their date, before and after."""
        days = sorted({*self.old, *self.new})
        return [(day, self.old[day], self.new[day]) for day in days]


def change_of(programme: str, name: str, value: str, start: date) -> Change | None:
    """Give what a value that is not stored yet would change; None beside the programmes."""
    if programme not in load_programmes():
        return None
    held = _overrides(programme, CountyParameter.valid_from <= start)
    return _change(programme, name, value, start, held)


def change_by(row: CountyParameter) -> Change | None:
    """Give what a stored value changed: the values before it, and it."""
    known = load_programmes().get(row.programme)
    if known is None or row.name not in known.parameters:
        return None
    key = tuple_(CountyParameter.valid_from, CountyParameter.id)
    held = _overrides(row.programme, key < tuple_(row.valid_from, row.id))
    return _change(row.programme, row.name, row.value, row.valid_from, held)


def _change(programme: str, name: str, value: str, start: date, held: dict[str, str]) -> Change:
    own = get_programme(programme)
    return Change(name, start, laid_over(own, held), laid_over(own, {**held, name: value}))


def _overrides(programme: str, condition: Any) -> dict[str, str]:
    query = (
        select(CountyParameter.name, CountyParameter.value)
        .where(CountyParameter.programme == programme, condition)
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    return {row.name: row.value for row in db.session.execute(query)}


class Judges:
    """The programme by which a visit of a day was judged, each county value read once."""

    def __init__(self, code: str) -> None:
        self._code = code
        query = select(CountyParameter.valid_from).where(CountyParameter.programme == code)
        self._changes = sorted(set(db.session.execute(query).scalars()))
        self._known: dict[date, Programme] = {}

    def on(self, day: date) -> Programme:
        since = max((one for one in self._changes if one <= day), default=date.min)
        if since not in self._known:
            self._known[since] = effective(self._code, since)
        return self._known[since]


def preview_change(change: Change, today: date) -> Preview:
    """Give what a change would do to everybody in active care, by their last assessment.

    Of more than 10,000 people every so-manieth is worked out, and the numbers say so.
    """
    found = Preview(change.times, of=count_active(change.code))
    found.every = max(1, -(-found.of // MOST))
    judges = Judges(change.code)
    for batch in read_batches(change.code, found.every):
        for held in batch:
            move = first_move(change, judges, held)
            if move is not None:
                _count(found, held, move, today)
    return found


def first_move(change: Change, judges: Judges, held: Held) -> Move | None:
    """Give the earliest of somebody's dates that moves, None when none does."""
    moves = moves_of(change, judges, held)
    if change.times:
        return min(moves, key=lambda move: move.old, default=None)
    judged_by = judges.on(held.judged_on) if held.judged_on else change.before
    return find_difference(judged_by, change.after, change.name, held.owed)


def moves_of(change: Change, judges: Judges, held: Held) -> list[Move]:
    """Give every date that moves on confirmation; a threshold moves none."""
    if not change.times:
        return []
    judged_by = judges.on(held.judged_on) if held.judged_on else change.before
    return find_moves(judged_by, (change.before, change.after), held.owed, change.start)


def _count(found: Preview, held: Held, move: Move, today: date) -> None:
    found.people += found.every
    found.earlier += found.every * (move.new < move.old)
    found.old[move.old.replace(day=1)] += found.every
    found.new[move.new.replace(day=1)] += found.every
    if len(found.examples) < EXAMPLES:
        age = age_on(held.owed.birth, today)
        found.examples.append(Example(age, held.judged_on, move.old, move.new))


def count_active(code: str) -> int:
    """Count the active enrolments of a programme."""
    query = select(func.count()).where(Enrolment.programme == code, Enrolment.state == "active")
    return int(db.session.execute(query).scalar_one())


def read_batches(code: str, every: int = 1) -> Iterator[list[Held]]:
    """Give the active enrolments of a programme, batch by batch."""
    after = 0
    while batch := read_batch(code, after, every):
        yield batch
        after = batch[-1].enrolment_id


def read_batch(code: str, after: int, every: int = 1, *, lock: bool = False) -> list[Held]:
    """Give the next enrolments after a key with what each is owed; `lock` keeps others out."""
    query = (
        select(
            Enrolment.id,
            Enrolment.resident_id,
            Enrolment.since,
            Enrolment.facts,
            Enrolment.next_due_on,
            Enrolment.exam_due_on,
            Resident.birth,
            Assessment.id.label("assessment_id"),
            Assessment.next,
            Assessment.visit_id,
            Visit.visit_date,
            Visit.way,
            Visit.answers,
        )
        .join(Resident, Resident.id == Enrolment.resident_id)
        .outerjoin(Assessment, Assessment.id == Enrolment.last_assessment_id)
        .outerjoin(Visit, Visit.id == Assessment.visit_id)
        .where(Enrolment.programme == code, Enrolment.state == "active", Enrolment.id > after)
        .order_by(Enrolment.id)
        .limit(BATCH)
    )
    if every > 1:
        query = query.where(Enrolment.id % every == 0)
    if lock:
        query = query.with_for_update(of=Enrolment)
    rows = list(db.session.execute(query))
    more = _More(code, rows)
    return [_held(row, more) for row in rows]


class _More:
    """What belongs to a batch of enrolments, read by one statement each."""

    def __init__(self, code: str, rows: Sequence[Any]) -> None:
        ids = [row.id for row in rows]
        self.programme = get_programme(code)
        people = [row.resident_id for row in rows if row.assessment_id is not None]
        self.visits = _visits_of(people)
        self.referrals = _referrals_of(code, people)
        self.tasks: dict[int, dict[str, date]] = defaultdict(dict)
        open_ = select(Task.enrolment_id, Task.kind, Task.due_on).where(
            Task.enrolment_id.in_(ids), Task.state == "open"
        )
        for enrolment_id, kind, due_on in db.session.execute(open_.order_by(Task.due_on.desc())):
            self.tasks[enrolment_id][kind] = due_on
        self.exams: dict[int, date] = {}
        if self.programme.exam is not None:
            done = select(Task.enrolment_id, func.max(Task.closed_on)).where(
                Task.enrolment_id.in_(ids), Task.kind == "exam", Task.state == "done"
            )
            rows_ = db.session.execute(done.group_by(Task.enrolment_id))
            self.exams = {row[0]: row[1] for row in rows_ if row[1] is not None}


def _visits_of(people: Sequence[int]) -> Mapping[int, list[PastVisit]]:
    newest = (Visit.visit_date.desc(), Visit.id.desc())
    place = func.row_number().over(partition_by=Visit.resident_id, order_by=newest)
    ranked = (
        select(Visit.id, place.label("place"))
        .where(Visit.resident_id.in_(people), Visit.replaced_at.is_(None))
        .subquery()
    )
    query = (
        select(Visit.resident_id, Visit.visit_date, Visit.answers)
        .join(ranked, ranked.c.id == Visit.id)
        .where(ranked.c.place <= VISITS)
        .order_by(*newest)
    )
    found: dict[int, list[PastVisit]] = defaultdict(list)
    for resident_id, day, answers in db.session.execute(query):
        found[resident_id].append(PastVisit(day, answers))
    return found


def _referrals_of(code: str, people: Sequence[int]) -> Mapping[int, list[Any]]:
    query = select(Referral).where(
        Referral.resident_id.in_(people), Referral.programme == code, Referral.state != "cancelled"
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for referral in db.session.execute(query).scalars():
        found[referral.resident_id].append(referral)
    return found


def _held(row: Any, more: _More) -> Held:
    tasks = more.tasks[row.id]
    dues = {kind: due for kind, due in tasks.items() if opens_at_once(kind)}
    if row.next_due_on is not None:
        dues["regular"] = row.next_due_on
    if row.exam_due_on is not None:
        dues["exam"] = row.exam_due_on
    owed = Owed(
        since=row.since,
        birth=row.birth,
        dues=dues,
        case=_case(row, more) if row.assessment_id is not None else None,
        said={one["kind"]: day_of(read_due(one["due"])) for one in row.next or ()},
        facts=row.facts,
        exam_on=more.exams.get(row.id),
    )
    return Held(row.id, owed, row.visit_date, row.assessment_id)


def _case(row: Any, more: _More) -> Case:
    programme = more.programme
    past = (one for one in more.visits[row.resident_id] if one.visit_date < row.visit_date)
    return Case(
        birth=row.birth,
        visit_date=row.visit_date,
        answers=only_judged(programme, row.answers),
        way=row.way,
        history=recent_readings(programme, past),
        referral_open=any(_was_open(one, row) for one in more.referrals[row.resident_id]),
        facts=row.facts,
    )


def _was_open(referral: Any, row: Any) -> bool:
    """Tell whether a referral of an earlier visit waited for its outcome on the visit's day."""
    if referral.visit_id == row.visit_id or referral.opened_on > row.visit_date:
        return False
    return referral.closed_on is None or referral.closed_on > row.visit_date


def list_unapplied(today: date) -> list[CountyParameter]:
    """Give the values that hold by a day and whose dates have not been moved yet, in order."""
    query = (
        select(CountyParameter)
        .where(CountyParameter.applied_at.is_(None), CountyParameter.valid_from <= today)
        .order_by(CountyParameter.valid_from, CountyParameter.id)
    )
    return list(db.session.execute(query).scalars())
