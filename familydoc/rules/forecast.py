"""Will the quarter be done (预测)? What is left, against working days and the pace so far."""

from dataclasses import dataclass
from datetime import date, timedelta

from .dates import quarter_of
from .workdays import ONE_DAY, Calendar

#: Days that the pace is taken from: the last four whole weeks, today not among them.
PACE_DAYS = 28
#: The week of the quarter from which a pace that is too low is warned of (issue 3). Before it, a
#: quarter has hardly begun: tasks open 30 days before they are due.
WARN_FROM_WEEK = 6


@dataclass(frozen=True)
class Counts:
    """Tasks of one person, team or county.

    `open` and `coming` fall due by the quarter's last day, the first made already, the second
    not yet; `done` in this quarter, `recent` in the last four weeks.
    """

    open: int = 0
    coming: int = 0
    done: int = 0
    recent: int = 0
    overdue: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.open + other.open,
            self.coming + other.coming,
            self.done + other.done,
            self.recent + other.recent,
            self.overdue + other.overdue,
        )

    @property
    def left(self) -> int:
        return self.open + self.coming


@dataclass(frozen=True)
class Span:
    """The quarter as it lies before a day: both ends, the week, the working days of each part."""

    on: date
    first: date
    last: date
    week: int
    days_left: int
    days_paced: int
    provisional: bool


@dataclass(frozen=True)
class Forecast:
    """What becomes of the counts of somebody at their pace.

    `verdict`: done (nothing left), enough, short, over (no working day left). `needed` and
    `pace` are tasks a working day in tenths, `needed` rounded up and `pace` down; `needed` is
    None without a working day. `reach` is how much of what is left the pace will do.
    """

    counts: Counts
    verdict: str
    needed: int | None
    pace: int
    reach: int
    finish: date | None
    warn: bool

    @property
    def missing(self) -> int:
        """Tasks that will be left over at this pace."""
        return self.counts.left - self.reach


def week_of_quarter(on: date) -> int:
    """Give the week of the quarter a day lies in, from 1: the sixth begins on day 36."""
    return (on - quarter_of(on)[0]).days // 7 + 1


def paced_from(on: date) -> date:
    """Give the first day of the four weeks that end the day before."""
    return on - timedelta(days=PACE_DAYS)


def look_ahead(on: date, calendar: Calendar) -> Span:
    """Give the quarter as it lies before a day; the day itself can still be worked."""
    first, last = quarter_of(on)
    return Span(
        on=on,
        first=first,
        last=last,
        week=week_of_quarter(on),
        days_left=calendar.count(on, last),
        days_paced=calendar.count(paced_from(on), on - ONE_DAY),
        provisional=calendar.is_provisional(on, last),
    )


def forecast(counts: Counts, span: Span, calendar: Calendar) -> Forecast:
    """Tell whether what is left will be done by the quarter's end at the pace of four weeks."""
    left, paced = counts.left, span.days_paced
    reach = min(left, counts.recent * span.days_left // paced) if paced else 0
    verdict = _verdict(left, reach, span.days_left)
    return Forecast(
        counts=counts,
        verdict=verdict,
        needed=-(-left * 10 // span.days_left) if span.days_left else None,
        pace=counts.recent * 10 // paced if paced else 0,
        reach=reach,
        finish=_finish(counts, span, calendar) if verdict == "enough" else None,
        warn=verdict in ("short", "over") and span.week >= WARN_FROM_WEEK,
    )


def _verdict(left: int, reach: int, days_left: int) -> str:
    if left == 0:
        return "done"
    if days_left == 0:
        return "over"
    return "enough" if reach >= left else "short"


def _finish(counts: Counts, span: Span, calendar: Calendar) -> date | None:
    """Give the working day on which the last task is done at this pace."""
    needed_days = -(-counts.left * span.days_paced // counts.recent)
    return calendar.nth(span.on, needed_days, span.last)
