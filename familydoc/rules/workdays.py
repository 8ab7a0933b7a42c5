"""Working days: the county's own word first, then the official table, then Monday to Friday."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from .errors import RuleError
from .values import clean_text, parse_date

ONE_DAY = timedelta(days=1)
NOTE_LENGTH = 60
#: How far back and ahead a county's own day may lie: a calendar, not an archive.
FARTHEST = timedelta(days=731)


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. `official` gives None for a year that has no notice yet."""

    official: Callable[[date], bool | None]
    own: Mapping[date, bool]

    def works(self, day: date) -> bool:
        """Tell whether a day is worked."""
        if day in self.own:
            return self.own[day]
        official = self.official(day)
        return day.weekday() < 5 if official is None else official

    def is_provisional(self, first: date, last: date) -> bool:
        """Tell whether a day in [first, last] is only taken for what it is by its weekday."""
        return any(d not in self.own and self.official(d) is None for d in days(first, last))

    def count(self, first: date, last: date) -> int:
        """Count the working days in [first, last]; 0 when last lies before first."""
        return sum(self.works(day) for day in days(first, last))

    def list_exceptions(self, first: date, last: date) -> list[date]:
        """Give the days in [first, last] that are not what their weekday says."""
        return [day for day in days(first, last) if self.works(day) != (day.weekday() < 5)]

    def nth(self, first: date, number: int, last: date) -> date | None:
        """Give the working day number `number` (from 1) in [first, last], None beyond."""
        for day in days(first, last):
            number -= self.works(day)
            if number <= 0:
                return day
        return None


def days(first: date, last: date) -> Iterator[date]:
    """Give every day in [first, last]."""
    for step in range((last - first).days + 1):
        yield first + timedelta(days=step)


def read_county_day(typed: object, today: date) -> date:
    """Give the day a county sets; RuleError on field `day`."""
    day = parse_date(typed)
    if day is None:
        raise RuleError("date_invalid", "请填日期，例如 2027-02-05。", "day")
    if abs(day - today) > FARTHEST:
        raise RuleError("date_far", "只能填前后两年之内的日子。", "day")
    return day


def read_note(typed: object) -> str:
    """Give why a day is off or worked, 1 to 60 characters; RuleError on field `note`."""
    text = clean_text(typed) if isinstance(typed, str) else ""
    if text is None:
        raise RuleError("text_invalid", "说明里有存不了的字符，请重新输入。", "note")
    note = " ".join(text.split())
    if not note:
        raise RuleError("note_missing", "请写为什么，例如 那达慕大会、全县培训。", "note")
    if len(note) > NOTE_LENGTH:
        raise RuleError(
            "text_long", f"说明最多 {NOTE_LENGTH} 个字，现在有 {len(note)} 个。", "note"
        )
    return note
