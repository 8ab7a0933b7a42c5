"""Stored figures of the county, its centres and its teams, as they were counted last."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Row, and_, func, or_, select

from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.jobs import Figure
from familydoc.queries.counts import MONTHS_BACK, Due, Roster, Scope
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


def month_ends(on: date) -> list[date]:
    """Give the last days of the months before, oldest first."""
    first = month_of(on)[0]
    return [month_of(add_months(first, -back))[1] for back in range(MONTHS_BACK, 0, -1)]


def read_stored(scopes: Iterable[Scope]) -> dict[Scope, Stored]:
    """Give the newest figures of each scope in two statements."""
    wanted = list(scopes)
    last = find_last_count()
    if last is None or not wanted:
        return {scope: Stored() for scope in wanted}
    parts: dict[Scope, dict[date, dict[str, tuple[int, int]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in _rows(wanted, last.on):
        scope = Scope(row.scope, row.scope_id)
        parts[scope][row.on][row.code] = (row.numerator, row.denominator)
    return {scope: _stored(parts[scope], last) for scope in wanted}


def _rows(scopes: Iterable[Scope], on: date) -> Iterable[Row[tuple[str, int, str, date, int, int]]]:
    of_scopes = or_(*(and_(Figure.scope == s.kind, Figure.scope_id == s.id) for s in scopes))
    return db.session.execute(
        select(
            Figure.scope,
            Figure.scope_id,
            Figure.code,
            Figure.on,
            Figure.numerator,
            Figure.denominator,
        ).where(of_scopes, Figure.on.in_([*month_ends(on), on]))
    )


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
