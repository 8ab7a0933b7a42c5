"""Tasks that fell due in a period, by what became of them: one set of conditions for the list
behind a number (`/tasks?period=&state=`) and for the number itself."""

from datetime import date

from sqlalchemy import ColumnElement, and_

from familydoc.models.tasks import Task
from familydoc.rules.dates import month_of, quarter_of

#: A date, or the parameter that will hold one.
Day = date | ColumnElement[date]

PERIODS = ("month", "quarter")
#: What may be asked of the tasks of a period. What is due today and still open is only `due`.
STATES = ("due", "done_on_time", "done_late", "overdue", "missed")
#: What a list may show: done in time or late, too.
SHOWN = (*STATES, "done")


def first_day(period: str, on: date) -> date:
    """Give the first day of the calendar month or quarter that holds a day."""
    return (month_of(on) if period == "month" else quarter_of(on))[0]


def fell_due(first: Day, on: Day) -> ColumnElement[bool]:
    """The condition for having fallen due from a day until today; cancelled tasks are left out."""
    return and_(Task.due_on.between(first, on), Task.state != "cancelled")


def became(state: str, on: Day) -> ColumnElement[bool]:
    """The condition for what became of a task that fell due, by a code of SHOWN."""
    return {
        "due": Task.state != "cancelled",
        "done": Task.state == "done",
        "done_on_time": and_(Task.state == "done", Task.closed_on <= Task.due_on),
        "done_late": and_(Task.state == "done", Task.closed_on > Task.due_on),
        "overdue": and_(Task.state == "open", Task.due_on < on),
        "missed": Task.state == "missed",
    }[state]


def in_period(period: str, state: str, on: date) -> ColumnElement[bool]:
    """The condition behind a number of the leader's page: what became of the tasks of a period."""
    return and_(fell_due(first_day(period, on), on), became(state, on))
