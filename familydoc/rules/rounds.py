"""Team rounds (巡诊): who owes a visit where and when, and what a report of one must hold."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from familydoc.rules.dates import month_of, quarter_of
from familydoc.rules.errors import RuleError
from familydoc.rules.values import clean_text, exact_number, parse_date, typed_text

FILE = Path(__file__).parent.parent / "data" / "rounds.toml"
STATES = ("open", "done", "missed", "cancelled")
#: Plausible numbers of one day [project]; 002:88 reports 4.5 patients a visit.
MOST_PATIENTS = 500
NOTE_LENGTH, GUESTS_LENGTH, REASON_LENGTH = 500, 200, 100


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of round as `data/rounds.toml` declares it; `times` in each `period` at least."""

    code: str
    name: str
    at: str
    who: str
    period: str
    times: int
    max: int
    label: str
    source: str

    @property
    def parameter(self) -> str:
        """The name under which a county's number is kept."""
        return f"{self.code}_times"


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which one round is to be made, both included; it is due on the last."""

    first: date
    due: date


@cache
def load_kinds() -> dict[str, Kind]:
    """Give the kinds of rounds by code, in the order of the file."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {one["code"]: Kind(**one) for one in raw["kinds"]}


def week_of(day: date) -> tuple[date, date]:
    """Give the Monday and the Sunday of the week that holds `day`."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


PERIODS = {"week": week_of, "month": month_of, "quarter": quarter_of}
PERIOD_WORDS = {"week": "周", "month": "月", "quarter": "季"}


def period_of(kind: Kind, day: date) -> tuple[date, date]:
    """Give the first and last day of the period of a kind that holds `day`."""
    return PERIODS[kind.period](day)


def part_period(first: date, last: date, times: int) -> list[Window]:
    """Part a period into so many windows, as equal as whole days allow, without a gap."""
    days = (last - first).days + 1
    ends = [first + timedelta(days=days * part // times - 1) for part in range(1, times + 1)]
    starts = [first, *(end + timedelta(days=1) for end in ends[:-1])]
    return [Window(*pair) for pair in zip(starts, ends, strict=True)]


def windows_between(kind: Kind, first: date, last: date, times: Mapping[date, int]) -> list[Window]:
    """Give every window that holds a day from `first` to `last`.

    `times` are a county's numbers by their first day; a period keeps the number it began with.
    """
    found: list[Window] = []
    day = first
    while day <= last:
        start, end = period_of(kind, day)
        found += part_period(start, end, times_on(kind, start, times))
        day = end + timedelta(days=1)
    return [window for window in found if window.due >= first and window.first <= last]


def times_on(kind: Kind, day: date, times: Mapping[date, int]) -> int:
    """Give how often a round is owed in the period that begins on a day; never less than the
    file says."""
    since = max((start for start in times if start <= day), default=None)
    return kind.times if since is None else min(max(kind.times, times[since]), kind.max)


class RoundRefused(RuleError):
    """A report that cannot be stored; `errors` has one sentence for each field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        field, sentence = next(iter(errors.items()))
        super().__init__("round_refused", sentence, field)
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody expected or there: `came`, and why not."""

    uid: str
    came: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a round."""

    done_on: date
    people: tuple[Person, ...]
    guests: str
    patients: int
    prescriptions: int
    note: str


def read_report(
    typed: Mapping[str, object], people: Sequence[Person], first: date, last: date
) -> Report:
    """Give a report read and checked; RoundRefused has a sentence for every field at fault.

    The round lies between `first` and `last`, both included. Patients and prescriptions are
    whole numbers up to 500; somebody must have come.
    """
    errors: dict[str, str] = {}
    done_on = _read_day(typed.get("done_on"), first, last, errors)
    patients = _read_count(typed.get("patients"), "patients", "看诊人数", errors)
    prescriptions = _read_count(typed.get("prescriptions"), "prescriptions", "开方数", errors)
    if patients == 0 and prescriptions:
        errors["prescriptions"] = "没有看诊的人，不会有处方，请核对。"
    guests = _read_text(typed.get("guests"), "guests", GUESTS_LENGTH, errors)
    note = _read_text(typed.get("note"), "note", NOTE_LENGTH, errors)
    if not guests and not any(person.came for person in people):
        errors["people"] = "请记下谁来了。谁都没来就不要记完成，时间过了会算作逾期。"
    for person in people:
        if not person.came and len(person.reason) > REASON_LENGTH:
            errors[f"why-{person.uid}"] = f"原因最多 {REASON_LENGTH} 个字。"
    if errors or done_on is None or patients is None or prescriptions is None:
        raise RoundRefused(errors)
    return Report(done_on, tuple(people), guests, patients, prescriptions, note)


def _read_day(typed: object, first: date, last: date, errors: dict[str, str]) -> date | None:
    if not typed_text(typed):
        errors["done_on"] = "请填是哪一天。"
        return None
    day = parse_date(typed)
    if day is None:
        errors["done_on"] = "日期看不懂，请照 2026-11-21 的样子填。"
    elif not first <= day <= last:
        errors["done_on"] = f"应在 {first} 到 {last} 之间，填的是 {day}。"
    return day


def _read_count(typed: object, field: str, label: str, errors: dict[str, str]) -> int | None:
    number = exact_number(typed)
    if not typed_text(typed):
        errors[field] = f"请填{label}，没有就填 0。"
    elif number is None or number != number.to_integral_value():
        errors[field] = f"{label}应是整数，例如 12。"
    elif not 0 <= number <= MOST_PATIENTS:
        errors[field] = f"{label}应在 0 到 {MOST_PATIENTS} 之间，填的是 {typed_text(typed)[:20]}。"
    else:
        return int(number)
    return None


def _read_text(typed: object, field: str, longest: int, errors: dict[str, str]) -> str:
    text = clean_text(typed) if isinstance(typed, str) else ""
    if text is None:
        errors[field] = "有不能保存的字符，请重新输入。"
    elif len(text) > longest:
        errors[field] = f"最多 {longest} 个字，现在有 {len(text)} 个。"
    return text or ""


def read_reason(typed: object) -> str:
    """Give why a round is cancelled or opened again; RuleError `reason_missing`."""
    errors: dict[str, str] = {}
    reason = _read_text(typed, "reason", REASON_LENGTH, errors)
    if errors:
        raise RuleError("reason_invalid", errors["reason"], "reason")
    if len(reason) < 2:
        raise RuleError("reason_missing", "请写原因，2 个字以上。", "reason")
    return reason


def last_day(state: str, due: date, today: date) -> date:
    """Give the last day a report may name: today, but a round that was missed can only have been
    made in time, or one visit would serve two rounds."""
    return min(due, today) if state == "missed" else today
