"""What else a night does: absences end, old logins and uploads go."""

from datetime import date, timedelta

from sqlalchemy import delete, insert, literal, select, text, update

from familydoc import clock
from familydoc.actions.absences import unmark_returned
from familydoc.actions.audit import record
from familydoc.actions.imports_stage import forget_old_imports
from familydoc.models.accounts import Account, LoginFailure, LoginSession
from familydoc.models.residents import AWAY, Resident, ResidentState
from familydoc.transaction import transaction

#: Logins that nobody has used and failures that slow nobody down any more.
KEEP = timedelta(hours=24)


class _Undo(Exception):
    """Takes back the row that only showed that one can be written."""


def end_absences(*, by: Account | None, today: date) -> int:
    """Bring back everybody who is away until a day that has passed; give how many."""
    now = clock.now()
    over = (Resident.state == AWAY) & (Resident.away_until < today)
    with transaction() as session:
        history = select(
            Resident.id,
            literal("present"),
            literal(today),
            literal("外出到期"),
            literal(now),
            literal(now),
        ).where(over)
        names = ["resident_id", "state", "on", "reason", "asked_at", "confirmed_at"]
        session.execute(insert(ResidentState).from_select(names, history))
        unmark_returned(today)
        back = update(Resident).where(over)
        values = {"state": "present", "state_since": today, "away_until": None}
        found = session.connection().execute(back.values(values)).rowcount
        record(by=by, verb="end_absences", entity="resident", found=found)
    return int(found)


def tidy(*, by: Account | None) -> int:
    """Delete logins and failures of yesterday and uploads nobody confirmed; give how many."""
    before = clock.now() - KEEP
    with transaction() as session:
        gone = [
            int(session.connection().execute(statement).rowcount)
            for statement in (
                delete(LoginSession).where(LoginSession.last_seen_at < before),
                delete(LoginFailure).where(LoginFailure.at < before),
            )
        ]
        imports = forget_old_imports(by=by)
        # Without fresh statistics SQLite takes the wrong index of two.
        session.execute(text("ANALYZE"))
        record(by=by, verb="tidy", entity="job", logins=sum(gone), imports=imports)
    return sum(gone) + imports


def check_writing(*, by: None) -> None:  # noqa: ARG001
    """Write one row and take it back: raises what a save would raise."""
    try:
        with transaction() as session:
            session.add(LoginFailure(key_hash=b"health", at=clock.now()))
            session.flush()
            raise _Undo
    except _Undo:
        return
