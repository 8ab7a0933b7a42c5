"""What a county value does to next dates: which would move, where to, and which stay.

Two kinds of parameters. Those that time an obligation (an interval, a period until a check) move
what is owed already: the reading and its line of the ladder stay as they were judged, only the
date is worked out again. Thresholds hold from the next visit on: nobody is judged again for a
visit that is over.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType

from .answers import unmeasured
from .dates import add_months
from .definitions import Obligation, Programme
from .dues import Due, due_of, period_of
from .enrolments import first_dues
from .errors import RuleError
from .ladder import Case, Decision, PastVisit, assess_case
from .values import as_json_value

#: Who would be late at once by a stricter interval gets two weeks, as for a recheck [project].
GRACE_DAYS = 14
#: Parameters that rules/enrolments.py reads by name.
INTERVALS = ("regular_months", "exam_months")


#: Parts of a programme's file that say what its ladder looks at.
JUDGING = (
    "classes",
    "derived",
    "ladder",
    "checks",
    "phrases",
    "schedules",
    "measured_by",
    "intake",
)
#: The ladders look one reading back; one more for safety.
READINGS = 2


@cache
def fields_judged(programme: Programme) -> frozenset[str]:
    """Give the fields a decision may depend on: the others cost time and change nothing."""
    parts = {name: as_json_value(programme.source.get(name)) for name in JUDGING}
    named = set(re.findall(r"[a-z_0-9]+", json.dumps(parts)))
    return frozenset((named & set(programme.fields)) | {one.code for one in programme.needed})


def only_judged(programme: Programme, answers: Mapping[str, object]) -> dict[str, object]:
    """Give the answers a decision may depend on."""
    judged = fields_judged(programme)
    return {code: value for code, value in answers.items() if code.rpartition(".")[2] in judged}


def recent_readings(programme: Programme, past: Iterable[PastVisit]) -> tuple[PastVisit, ...]:
    """Give the newest earlier visits that hold the programme's measurements, newest first."""
    found: list[PastVisit] = []
    for visit in past:
        if len({one.visit_date for one in found} | {visit.visit_date}) > READINGS:
            break
        if not unmeasured(programme, visit.answers):
            found.append(PastVisit(visit.visit_date, only_judged(programme, visit.answers)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Owed:
    """What somebody is owed now: dues by kind, and what they were worked out of.

    `said` are the dates the last decision gave, `exam_on` the last yearly examination; without a
    `case` nobody has visited yet.
    """

    since: date
    birth: date
    dues: Mapping[str, date]
    case: Case | None = None
    said: Mapping[str, date] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    exam_on: date | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """An obligation whose date changes."""

    kind: str
    old: date
    new: date


def timing_names(programme: Programme) -> frozenset[str]:
    """Give the parameters that say when something is owed, by their names."""
    owed: list[Obligation] = [step for line in programme.ladder for step in line.next]
    if programme.intake.first is not None:
        owed.append(programme.intake.first)
    named = {str(period) for step in owed for period in step.periods} | set(INTERVALS)
    if programme.exam is not None:
        named.add(str(programme.exam.months))
    found = named & set(programme.parameters)
    return frozenset(found | {programme.parameters[name].per_year for name in found} - {""})


def with_timing(judged_by: Programme, now: Programme) -> Programme:
    """Give a programme with the thresholds a visit was judged by and the periods of now."""
    changed = {name: now.parameters[name] for name in timing_names(now)}
    return replace(judged_by, parameters=MappingProxyType({**judged_by.parameters, **changed}))


def find_moves(
    judged_by: Programme, periods: tuple[Programme, Programme], owed: Owed, start: date
) -> list[Move]:
    """Give what moves when the periods of one programme give way to those of the other.

    `start` is the first day of the new value. A date somebody else has set since (a return, a
    correction, a successor of a missed visit) stays.
    """
    before, after = (with_timing(judged_by, one) for one in periods)
    decision = _judge(after, owed)
    will = _dues(after, owed, decision)
    if all(will.get(kind) in (due, None) for kind, due in owed.dues.items()):
        return []
    was = _dues(before, owed, _same_line(before, owed, decision))
    moves = []
    for kind, current in owed.dues.items():
        old, new = was.get(kind), will.get(kind)
        if old is None or new is None or old == new:
            continue
        if current in (old, owed.said.get(kind)):
            moves.append(Move(kind, current, moved_due(current, new, start)))
    return [move for move in moves if move.new != move.old]


def moved_due(current: date, derived: date, start: date) -> date:
    """Give the date an obligation moves to when a value holds from `start` on.

    A stricter period brings it forward, but never to before two weeks after that day, and never
    back; a laxer one puts it off. What is overdue by then stays overdue.
    """
    if current < start:
        return current
    if derived < current:
        return min(current, max(derived, start + timedelta(days=GRACE_DAYS)))
    return derived


def dues_by(programme: Programme, owed: Owed) -> dict[str, date]:
    """Give when each kind is due by a programme; what is due at an hour is not moved."""
    return _dues(programme, owed, _judge(programme, owed))


def _judge(programme: Programme, owed: Owed) -> Decision | None:
    """Judge the last visit; None where there is none, or the rules of today refuse it."""
    try:
        return assess_case(programme, owed.case) if owed.case else None
    except RuleError:
        return None


def _same_line(programme: Programme, owed: Owed, decision: Decision | None) -> Decision | None:
    """Give a decision with the dates its line has by other periods, without judging twice."""
    if decision is None or owed.case is None:
        return None
    line = next(one for one in programme.ladder if one.name == decision.line)
    if any(step.since or step.schedule for step in line.next):
        return _judge(programme, owed)
    day = owed.case.visit_date
    dues = ((step.kind, due_of(programme, step, day, lambda _name: None)) for step in line.next)
    return replace(decision, next=tuple((kind, due) for kind, due in dues if due is not None))


def _dues(programme: Programme, owed: Owed, decision: Decision | None) -> dict[str, date]:
    found: dict[str, Due] = dict(decision.next) if decision else {}
    if owed.case is None:
        try:
            found = first_dues(programme, owed.since, owed.birth, owed.facts)
        except RuleError:
            return {}
    elif decision is None:
        return {}
    if programme.exam is not None and owed.exam_on is not None:
        found["exam"] = add_months(owed.exam_on, period_of(programme, programme.exam.months))
    return {kind: due for kind, due in found.items() if not isinstance(due, datetime)}


def find_difference(judged_by: Programme, after: Programme, name: str, owed: Owed) -> Move | None:
    """Give how the next date of the last visit would differ by another threshold.

    Only to be shown: nothing moves.
    """
    if owed.case is None:
        return None
    changed = {**judged_by.parameters, name: after.parameters[name]}
    other = replace(judged_by, parameters=MappingProxyType(changed))
    old, new = dues_by(judged_by, owed), dues_by(other, owed)
    if not old or not new or min(old.values()) == min(new.values()):
        return None
    return Move("", min(old.values()), min(new.values()))
