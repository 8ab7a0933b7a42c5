"""Dates of visits, what is late, and what stood there last time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from .answers import answers_of, missing_measurements, parse_answers
from .definitions import Answer, Programme
from .errors import RuleError
from .ladder import read_way
from .values import parse_date, typed_text

LATE_DAYS = 7  # THREATS 4: back-dated further only with a reason, flagged and counted
MIN_REASON, MAX_REASON = 2, 200


class VisitRefused(RuleError):
    """A visit that cannot be stored; `errors` has one sentence for each field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        field, sentence = next(iter(errors.items()))
        super().__init__("visit_refused", sentence, field)
        self.errors = dict(errors)


@dataclass(frozen=True)
class RawVisit:
    """A visit as it came through a door: typed texts or JSON values, nothing checked yet."""

    visit_date: object
    way: object
    answers: Mapping[str, object]
    late_reason: object = ""


@dataclass(frozen=True)
class VisitEntry:
    """A visit whose every value was read and lies in range."""

    visit_date: date
    way: int
    answers: Mapping[str, Answer]
    late_reason: str | None = None


@dataclass(frozen=True)
class VisitDate:
    """A visit's date and whether it is entered so late that it needs a reason."""

    day: date
    late: bool


class LastValue(NamedTuple):
    """An answer of an earlier visit and its date."""

    value: object
    day: date


def parse_visit_date(text: object, today: date, birth: date | None = None) -> VisitDate:
    """Give the date of a visit from 2026-03-05, 20260305, 2026/3/5 or 2026年3月5日.

    RuleError `visit_date_missing`, `visit_date_invalid`, `visit_date_future` or
    `visit_date_before_birth`, on the field `visit_date`.
    """
    if text is None or (isinstance(text, str) and not typed_text(text)):
        raise RuleError("visit_date_missing", "随访日期没有填", "visit_date")
    day = parse_date(text)
    if day is None or day.year < 1900:
        sentence = "随访日期不存在或看不懂，请写成 2026-03-05 这样"
        raise RuleError("visit_date_invalid", sentence, "visit_date")
    if day > today:
        sentence = f"随访日期 {day} 还没有到，今天是 {today}"
        raise RuleError("visit_date_future", sentence, "visit_date")
    if birth is not None and day < birth:
        raise RuleError("visit_date_before_birth", "随访日期早于出生日期", "visit_date")
    return VisitDate(day, is_late(day, today))


def read_entry(
    raw: RawVisit,
    programmes: Sequence[Programme],
    today: date,
    birth: date,
    entered_on: date | None = None,
) -> VisitEntry:
    """Give a visit read and checked; VisitRefused has a sentence for every field at fault.

    `entered_on` is the day a correction's first revision was entered: lateness counts from it.
    """
    errors: dict[str, str] = {}
    answers, faults = parse_answers(programmes, raw.answers)
    try:
        day = parse_visit_date(raw.visit_date, today, birth).day
        late = is_late(day, entered_on or today)
        reason = check_late_reason(late, str(raw.late_reason or ""))
    except RuleError as refusal:
        errors[refusal.field or "visit_date"] = refusal.message
    way = _read_way(raw.way, errors)
    errors |= faults
    if not answers and not errors:
        errors["answers"] = "还没有填任何内容"
    if errors or way is None:
        raise VisitRefused(errors)
    return VisitEntry(day, way, answers, reason)


def _read_way(value: object, errors: dict[str, str]) -> int | None:
    try:
        way = read_way(value if value != "" else None)
    except RuleError as refusal:
        errors["way"] = refusal.message
        return None
    if way is None:
        errors["way"] = "请选随访方式"
    return way


def refuse_half_readings(
    programmes: Iterable[Programme], answers: Mapping[str, object]
) -> dict[str, str]:
    """Give a sentence for every measurement that is missing beside its other half."""
    errors: dict[str, str] = {}
    for programme in programmes:
        missing = missing_measurements(programme, answers)
        if missing and len(missing) < len(programme.needed):
            held = answers_of(programme, answers)
            typed = "、".join(f.label for f in programme.needed if f.code in held)
            errors |= {f.code: f"填了{typed}，还要填{f.label}" for f in missing}
    return errors


def is_late(visit_date: date, today: date) -> bool:
    """Tell whether a visit is entered more than seven days after it (THREATS 4)."""
    return visit_date < today - timedelta(days=LATE_DAYS)


def check_late_reason(late: bool, reason: str | None) -> str | None:
    """Give the reason of a late entry, None when it is in time; RuleError when it lacks one."""
    text = (reason or "").strip()
    if not late:
        return None
    if len(text) < MIN_REASON:
        sentence = f"随访日期超过 {LATE_DAYS} 天，请写补录原因"
        raise RuleError("late_reason_missing", sentence, "late_reason")
    if len(text) > MAX_REASON:
        sentence = f"补录原因最多 {MAX_REASON} 个字"
        raise RuleError("late_reason_long", sentence, "late_reason")
    return text


def last_values(
    visits: Iterable[tuple[date, Mapping[str, object]]], before: date
) -> dict[str, LastValue]:
    """Give for each answer's key the latest value before a date, in whatever order visits come."""
    held: dict[str, LastValue] = {}
    for day, answers in sorted(visits, key=lambda v: v[0]):
        if day < before:
            held.update({key: LastValue(value, day) for key, value in answers.items()})
    return held
