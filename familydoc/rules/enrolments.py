"""When the first care of an enrolment is due, and what follows when nobody came."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from .dates import add_months, quarter_of
from .definitions import Intake, Obligation, Programme, Schedule, Value
from .dues import Due, anchor_of, due_of, first_step, period_of, step_due
from .errors import RuleError
from .fields import parse_answer
from .programmes import load_programmes
from .values import as_json_value, parse_iso_date

#: DOMAIN 4, regular_months of hypertension, diabetes and stable mental disorder [NBPHS3].
REGULAR_MONTHS = 3
#: DOMAIN 0.2: a service of the calendar year, not of a quarter.
YEAR_MONTHS = 12
#: Why somebody leaves a programme for the age it is meant for.
PAST_AGE = "年龄已过"
#: A last period or a notice further back belongs to something that is over.
FACT_DAYS = 310
#: GB/T 2261.1.
SEX_CODES = {"male": 1, "female": 2}


def recurring_kinds(programme: Programme) -> tuple[str, ...]:
    """Give the kinds a programme owes again and again."""
    own = (programme.intake.kind,)
    return (*own, "exam") if programme.exam and own != ("exam",) else own


def interval_months(programme: Programme, kind: str) -> int | None:
    """Give the months between two tasks of a kind; None where the kind does not recur by months."""
    if kind not in recurring_kinds(programme) or regular_schedule(programme, kind):
        return None
    if kind == "exam" and programme.exam:
        return period_of(programme, programme.exam.months)
    name, otherwise = (
        ("exam_months", YEAR_MONTHS)
        if kind == "exam"
        else (programme.intake.interval, REGULAR_MONTHS)
    )
    known = programme.parameters.get(name)
    return int(known.value) if known else otherwise


def regular_schedule(programme: Programme, kind: str = "regular") -> Schedule | None:
    """Give the schedule that says when a kind is due, None where an interval does."""
    first = programme.intake.first
    if first is None or first.kind != kind or first.schedule is None:
        return None
    return programme.schedules[first.schedule]


def first_dues(
    programme: Programme, since: date, birth: date, facts: Mapping[str, object] | None = None
) -> dict[str, Due]:
    """Give what somebody taken in on a day is owed first, by kind.

    A regular visit within the interval or by the quarter's end, whichever is earlier; a yearly
    service by the end of the calendar year (DOMAIN 4 and 0.2, a convention of this project: no
    national rule exists); else what the programme's file says. Nothing when a schedule is over.
    RuleError `missing` names the fact that must be known.
    """
    intake = programme.intake
    if intake.first is not None:
        due = _first_of(programme, intake.first, since, birth, facts or {})
        found = {} if due is None else {intake.first.kind: due}
    elif intake.kind == "exam":
        found = {"exam": _year_end(since)}
    else:
        months = interval_months(programme, "regular") or REGULAR_MONTHS
        found = {"regular": min(add_months(since, months), quarter_of(since)[1])}
    return found | {"exam": _year_end(since)} if programme.exam else found


def _first_of(
    programme: Programme,
    first: Obligation,
    since: date,
    birth: date,
    facts: Mapping[str, object],
) -> Due | None:
    def value(name: str) -> Value:
        held = birth.isoformat() if name == "birth" else facts.get(name)
        return held if isinstance(held, str) else None

    if first.schedule is None:
        return due_of(programme, first, since, value)
    schedule = programme.schedules[first.schedule]
    step = first_step(schedule, anchor_of(programme, schedule, value), since)
    return step[1] if step else None


def _year_end(day: date) -> date:
    return date(day.year, 12, 31)


def due_after(schedule: Schedule, anchor: date, due: date) -> date | None:
    """Give the due date of the step after the one due on a day; None after the last.

    None too where no step is due that day: what is owed then (day 42 after a birth) is none of
    the schedule's, and nothing of the schedule comes after it.
    """
    dues = sorted(step_due(step, anchor) for step in schedule.steps)
    return next((day for day in dues if day > due), None) if due in dues else None


def due_on_resume(next_due: date | None, on: date, first: Due | None) -> date | None:
    """Give the next due date of somebody who is back: the old one while it lies ahead."""
    if next_due is not None and next_due >= on:
        return next_due
    return day_of(first) if first is not None else None


def day_of(due: Due) -> date:
    """Give the day of a due date or moment, as the clock it was written by shows it."""
    return due.date() if isinstance(due, datetime) else due


def programmes_by_tags(tags: Collection[str], birth: date, state: str, today: date) -> list[str]:
    """Give the programmes a roster's tags enrol somebody in: those present and of the age the
    programme's file names (hypertension and type 2 diabetes, NBPHS3: managed from 35).

    A programme that must know more, such as a last period, waits for somebody who asks.
    """
    if state != "present" or not tags:
        return []
    return [
        programme.code
        for programme in load_programmes().values()
        if any(tag in tags for tag in programme.intake.tags)
        and is_of_age(programme.intake, birth, today)
        and not programme.intake.facts
    ]


def read_facts(programme: Programme, typed: Mapping[str, object], since: date) -> dict[str, object]:
    """Give what the intake asks for, checked; RuleError names what is missing or cannot be.

    A date or moment lies in the past, a date at most 310 days back: longer than any pregnancy.
    """
    found: dict[str, object] = {}
    for code in programme.intake.facts:
        field = programme.fields[code]
        answer = parse_answer(field, typed.get(code, ""))
        if answer is None:
            raise RuleError("fact_missing", f"{field.label}没有填，填了才能纳入管理。", code)
        day = parse_iso_date(str(answer)[:10])
        if day is not None and not since - timedelta(days=FACT_DAYS) <= day <= since:
            sentence = f"{field.label}应在纳入日之前 {FACT_DAYS} 天内，填的是 {day}。"
            raise RuleError("fact_range", sentence, code)
        found[code] = as_json_value(answer)
    return found


def refuse_unfit(programme: Programme, sex: str, birth: date, on: date) -> None:
    """Raise RuleError `not_for_sex` or `not_of_age` when a programme is not meant for somebody.

    A patient's age is the doctor's matter; only what follows from age alone is held to it.
    """
    intake, name = programme.intake, programme.name
    if intake.sex is not None and SEX_CODES.get(sex, intake.sex) != intake.sex:
        raise RuleError("not_for_sex", f"{name}管理不适用于这位居民的性别。", "programme")
    by_age = intake.automatic or intake.sex is not None
    if by_age and not is_of_age(intake, birth, on):
        ages = age_range(intake)
        raise RuleError("not_of_age", f"{name}管理的对象是{ages}，这位居民不在其中。", "programme")


def is_fit(programme: Programme, sex: str, birth: date, on: date) -> bool:
    """Tell whether somebody of this sex and age may be taken into a programme on a day."""
    try:
        refuse_unfit(programme, sex, birth, on)
    except RuleError:
        return False
    return True


def age_range(intake: Intake) -> str:
    """Say whom a programme is meant for: 65 岁及以上, 0 到 6 岁."""
    low, high = intake.months_from or 0, intake.months_to
    if high is None:
        return f"{low // 12} 岁及以上"
    if high < 48:
        return f"{low} 到 {high} 月龄"
    return f"{low // 12} 到 {high // 12} 岁"


def births(intake: Intake, on: date) -> tuple[date | None, date]:
    """Give the birth dates (after, until] of those who are of a programme's age on a day.

    Born on 29 February, one is 65 on 1 March, as `age_on` counts.
    """
    youngest = add_months(on, -(intake.months_from or 0))
    if intake.months_to is None:
        return None, youngest
    return add_months(on, -(intake.months_to + 1)), youngest


def is_of_age(intake: Intake, birth: date, on: date) -> bool:
    """Tell whether somebody is of the age a programme is meant for."""
    oldest, youngest = births(intake, on)
    return birth <= youngest and (oldest is None or birth > oldest)
