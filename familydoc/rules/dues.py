"""When an obligation falls due: periods from a visit or another moment, and schedules by age."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from .dates import add_months
from .definitions import Obligation, Programme, Schedule, Step, Value
from .errors import RuleError
from .values import parse_instant, parse_iso_date

#: A step counts as done by a visit this many days before it, as its task's window (DESIGN 3).
STEP_OPENS_DAYS = 30
Due = date | datetime


def read_due(text: str) -> Due:
    """Give the date or moment that a stored decision names."""
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def due_of(
    programme: Programme, step: Obligation, visit_date: date, value: Callable[[str], Value]
) -> Due | None:
    """Give when an obligation is due, never before the visit; None when its schedule is over.

    Calendar days, calendar months clamped, or hours of the clock with the offset they came in.
    RuleError `missing` names the date or instant that it counts from.
    """
    if step.schedule is not None:
        schedule = programme.schedules[step.schedule]
        found = next_step(schedule, anchor_of(programme, schedule, value), visit_date)
        return max(found[1], visit_date) if found else None
    if step.hours is not None:
        moment = parse_instant(known(programme, step.since or "", value))
        assert moment is not None
        due = moment + timedelta(hours=period_of(programme, step.hours))
        return due if due.date() >= visit_date else visit_date
    start = visit_date
    if step.since is not None:
        start = parse_iso_date(known(programme, step.since, value)) or visit_date
    if step.months is not None:
        return max(add_months(start, period_of(programme, step.months)), visit_date)
    return max(start + timedelta(days=period_of(programme, step.days or 0)), visit_date)


def period_of(programme: Programme, period: int | str) -> int:
    """Give a period as a number, by the parameter it names if it is a name."""
    return int(programme.parameters[period].value) if isinstance(period, str) else period


def known(programme: Programme, name: str, value: Callable[[str], Value]) -> str:
    """Give the text of a date or an instant; RuleError `missing` when nobody said it."""
    held = value(name)
    if isinstance(held, str):
        return held
    field = programme.fields[name]
    raise RuleError("missing", f"缺{field.label}，填了才能评估{programme.name}", name)


def anchor_of(programme: Programme, schedule: Schedule, value: Callable[[str], Value]) -> date:
    """Give the date a schedule counts from; RuleError `missing` when nobody said it."""
    anchor = parse_iso_date(known(programme, schedule.anchor, value))
    assert anchor is not None
    return anchor


def next_step(schedule: Schedule, anchor: date, on: date) -> tuple[Step, date] | None:
    """Give the first step that has not opened by a day, and its due date; None after the last."""
    dated = ((step, step_due(step, anchor)) for step in schedule.steps)
    return next(((s, due) for s, due in dated if step_opens(s, anchor) > on), None)


def first_step(schedule: Schedule, anchor: date, on: date) -> tuple[Step, date] | None:
    """Give the first step that is not past on a day: what somebody taken in then is owed."""
    dated = ((step, step_due(step, anchor)) for step in schedule.steps)
    return next(((s, due) for s, due in dated if due >= on), None)


def step_on(schedule: Schedule, anchor: date, due: date) -> Step | None:
    """Give the step that is due on a day, None where none is."""
    return next((s for s in schedule.steps if step_due(s, anchor) == due), None)


def step_due(step: Step, anchor: date) -> date:
    """Give the due date of a step, clamped to the month's end where it counts months."""
    if step.months is not None:
        return add_months(anchor, step.months)
    return anchor + timedelta(days=step.days or 0)


def step_opens(step: Step, anchor: date) -> date:
    """Give the first day on which a visit counts for a step."""
    if step.opens_months is not None:
        return add_months(anchor, step.opens_months)
    if step.opens_days is not None:
        return anchor + timedelta(days=step.opens_days)
    return step_due(step, anchor) - timedelta(days=STEP_OPENS_DAYS)


def step_names(
    schedules: Mapping[str, Schedule], value: Callable[[str], Value], on: date
) -> dict[str, Value]:
    """Give the name of the next step of each schedule whose anchor is known: `NAME_next`."""
    found: dict[str, Value] = {}
    for name, schedule in schedules.items():
        held = value(schedule.anchor)
        anchor = parse_iso_date(held) if isinstance(held, str) else None
        step = next_step(schedule, anchor, on) if anchor else None
        found[f"{name}_next"] = step[0].name if step else None
    return found
