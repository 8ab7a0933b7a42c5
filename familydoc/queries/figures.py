"""Stored figures of the county, its centres and its teams, as they were counted last."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.jobs import Figure
from familydoc.queries.counts import MONTHS_BACK, Due, Roster, Scope, count_roster
from familydoc.rules.dates import add_months, month_of

#: A count and its denominator by code, of one scope on one day.
Parts = Mapping[str, tuple[int, int]]
NOTHING = (0, 0)


@dataclass(frozen=True)
class Counted:
    """When figures were counted last, how long it took, and the newest event they know of."""

    on: date
    counted_at: datetime
    took_ms: int
    seen_event: int


@dataclass(frozen=True)
class Stored:
    """What was counted of one scope; all zero and no moment when nothing was."""

    roster: Roster = field(default_factory=Roster)
    month: Due = field(default_factory=Due)
    quarter: Due = field(default_factory=Due)
    overdue: int = 0
    open: int = 0
    on: date | None = None
    counted_at: datetime | None = None
    #: The months before this one, oldest first, by their first day.
    past: tuple[tuple[date, Due], ...] = ()


def find_newest_event() -> int:
    """Give the number of the last act on record, 0 before the first."""
    return db.session.scalar(select(func.max(AuditEvent.id))) or 0


def find_last_count() -> Counted | None:
    """Give when the county was counted last."""
    query = (
        select(Figure.on, Figure.counted_at, Figure.took_ms, Figure.seen_event)
        .where(Figure.scope == "county", Figure.scope_id == 0, Figure.code == "signed")
        .order_by(Figure.on.desc())
        .limit(1)
    )
    row = db.session.execute(query).one_or_none()
    return Counted(*row) if row else None


#: Somebody looked at a resident: the one act upon them that changes nothing.
LOOKED = "open_resident"
#: Acts that change neither who is on the roster, nor who is signed, nor who serves where.
NO_MATTER = ("account", "contact", "job", "parameter", "referral", "task", "visit")


def get_roster(scope: Scope, on: date) -> Roster:
    """Give the people of a scope from what was stored while that is still true: when nothing has
    happened since that could change it. Otherwise they are counted."""
    rows = db.session.execute(
        select(Figure.code, Figure.numerator, Figure.denominator, Figure.seen_event).where(
            Figure.scope == scope.kind,
            Figure.scope_id == scope.id,
            Figure.on == on,
            Figure.code.in_(("signed", "signed_key")),
        )
    ).all()
    if len(rows) < 2 or _something_happened(min(row.seen_event for row in rows)):
        return count_roster(on, scope).get((), Roster())
    return _roster({row.code: (row.numerator, row.denominator) for row in rows})


def _something_happened(since: int) -> bool:
    query = select(AuditEvent.id).where(
        AuditEvent.id > since,
        AuditEvent.entity.not_in(NO_MATTER),
        AuditEvent.verb != LOOKED,
    )
    return db.session.scalar(query.limit(1)) is not None


def month_ends(on: date) -> list[date]:
    """Give the last days of the months before, oldest first."""
    first = month_of(on)[0]
    return [month_of(add_months(first, -back))[1] for back in range(MONTHS_BACK, 0, -1)]


def read_stored(scope: Scope, parts: Iterable[Scope] = ()) -> dict[Scope, Stored]:
    """Give the newest figures of a scope with its months, and of its parts without, in two
    statements."""
    last = find_last_count()
    if last is None:
        return {one: Stored() for one in (scope, *parts)}
    ends = month_ends(last.on)
    wanted = [_of(scope, [*ends, last.on]), *(_of(part, [last.on]) for part in parts)]
    found: dict[Scope, dict[date, dict[str, tuple[int, int]]]] = {
        one: defaultdict(dict) for one in (scope, *parts)
    }
    columns = (Figure.scope, Figure.scope_id, Figure.code, Figure.on)
    query = select(*columns, Figure.numerator, Figure.denominator).where(or_(*wanted))
    for kind, id, code, on, numerator, denominator in db.session.execute(query):
        found[Scope(kind, id)][on][code] = (numerator, denominator)
    return {one: _stored(days, last) for one, days in found.items()}


def _of(scope: Scope, days: list[date]) -> ColumnElement[bool]:
    return and_(Figure.scope == scope.kind, Figure.scope_id == scope.id, Figure.on.in_(days))


def _stored(days: Mapping[date, Parts], last: Counted) -> Stored:
    today = days.get(last.on, {})
    late, all_open = today.get("overdue", NOTHING)
    return Stored(
        roster=_roster(today),
        month=_due(today, "month"),
        quarter=_due(today, "quarter"),
        overdue=late,
        open=all_open,
        on=last.on,
        counted_at=last.counted_at,
        past=tuple(
            (month_of(end)[0], _due(days.get(end, {}), "month")) for end in month_ends(last.on)
        ),
    )


def _roster(parts: Parts) -> Roster:
    signed, people = parts.get("signed", NOTHING)
    key_signed, key = parts.get("signed_key", NOTHING)
    return Roster(people, signed, key, key_signed)


def _due(parts: Parts, period: str) -> Due:
    done, due = parts.get(f"completed_{period}", NOTHING)
    on_time, overdue, missed = (
        parts.get(f"{code}_{period}", NOTHING)[0]
        for code in ("done_on_time", "overdue_open", "missed")
    )
    return Due(due, on_time, done - on_time, overdue, missed)
