"""When the first care of an enrolment is due, and what follows when nobody came."""

from datetime import date

from .dates import add_months, quarter_of

#: DOMAIN 0.2: a service of the calendar year, not of a quarter.
YEARLY = frozenset({"elderly", "tcm_elderly"})
#: DOMAIN 4, regular_months of hypertension, diabetes and stable mental disorder [NBPHS3].
REGULAR_MONTHS = 3
YEAR_MONTHS = 12


def regular_kind(programme: str) -> str:
    """Give the kind of the programme's recurring task: `exam` for a yearly one, else `regular`."""
    return "exam" if programme in YEARLY else "regular"


def first_due(since: date, months: int = REGULAR_MONTHS, kind: str = "regular") -> date:
    """Give the first due date: within `months` or by the quarter's end, whichever is earlier.

    A yearly service is due by the end of the calendar year (DOMAIN 4 and 0.2, a convention of
    this project: no national rule exists).
    """
    if kind == "exam":
        return date(since.year, 12, 31)
    return min(add_months(since, months), quarter_of(since)[1])


def due_on_resume(next_due: date | None, on: date, months: int, kind: str) -> date:
    """Give the next due date of somebody who is back: the old one while it lies ahead."""
    if next_due is not None and next_due >= on:
        return next_due
    return first_due(on, months, kind)
