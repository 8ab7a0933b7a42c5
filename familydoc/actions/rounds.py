"""Team rounds: made by the night, reported by who went, cancelled or opened again with a reason."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, literal, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.rounds import Attendance, Round
from familydoc.models.teams import Staff, Team, TeamVillage
from familydoc.queries.jobs import get_last_slot
from familydoc.queries.rounds import MAKE_ROUNDS, find_same_day, times_by_day
from familydoc.rules.errors import RuleError
from familydoc.rules.rounds import (
    Kind,
    Person,
    Report,
    RoundRefused,
    Window,
    last_day,
    load_kinds,
    read_reason,
    read_report,
    windows_between,
)
from familydoc.transaction import transaction

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
COLUMNS = [
    "kind",
    "organisation_id",
    "team_id",
    "village_code",
    "place_code",
    "window_start",
    "due_on",
    "state",
    "reason",
    "guests",
    "note",
    "created_at",
]
NOT_SERVED, NEXT_DUE = "不再由本队服务", "下一次已到期"


def make_rounds(*, by: Account | None, on: date) -> int:
    """Make every round whose window has a day since the last night; give how many.

    One statement for a kind and window, whatever the number of places. What is there already
    stays. Afterwards open rounds follow their village to its team of today, those of a place that
    nobody serves are cancelled, and those whose successor has fallen due are missed.
    """
    with transaction() as session:
        last = get_last_slot(MAKE_ROUNDS)
        first = on if last is None or last >= on else date.fromordinal(last.toordinal() + 1)
        created = 0
        for kind in load_kinds().values():
            for window in windows_between(kind, first, on, times_by_day(kind)):
                created += _make(session, kind, window, first, on)
        moved = _follow_villages(session)
        cancelled = _cancel_unserved(session)
        missed = _miss(session, on)
        record(
            by=by,
            verb="make_rounds",
            entity="job",
            created=created,
            moved=moved,
            cancelled=cancelled,
            missed=missed,
        )
    return created


def _make(session: Session, kind: Kind, window: Window, first: date, on: date) -> int:
    places = (
        _villages(max(window.first, first), min(window.due, on))
        if kind.at == "village"
        else _institutions()
    )
    place = places.subquery()
    code = func.coalesce(place.c.village_code, place.c.code)
    values = (
        literal(kind.code),
        place.c.organisation_id,
        place.c.team_id,
        place.c.village_code,
        code,
        literal(window.first),
        literal(window.due),
        literal("open"),
        literal(""),
        literal(""),
        literal(""),
        literal(clock.now(), Round.created_at.type),
    )
    # WHERE: without one SQLite reads ON CONFLICT as part of a join.
    rows = select(*values).where(true()).select_from(place)
    statement = (
        INSERTS[session.get_bind().dialect.name](Round)
        .from_select(COLUMNS, rows)
        .on_conflict_do_nothing(index_elements=["kind", "place_code", "due_on"])
    )
    return _run(session, statement)


def _institutions() -> Any:
    """The township centres that have a team."""
    served = exists().where(Team.organisation_id == Organisation.id, Team.active)
    none = literal(None)
    return select(
        Organisation.id.label("organisation_id"),
        none.cast(Round.team_id.type).label("team_id"),
        none.cast(Round.village_code.type).label("village_code"),
        Organisation.code.label("code"),
    ).where(Organisation.kind == "township_centre", Organisation.active, served)


def _villages(first: date, last: date) -> Any:
    """The villages that a team served on one of these days."""
    return (
        select(
            Team.organisation_id.label("organisation_id"),
            Team.id.label("team_id"),
            TeamVillage.village_code.label("village_code"),
            TeamVillage.village_code.label("code"),
        )
        .join(Team, Team.id == TeamVillage.team_id)
        .where(
            Team.active,
            TeamVillage.since <= last,
            or_(TeamVillage.until.is_(None), TeamVillage.until >= first),
        )
        .order_by(TeamVillage.since.desc())
    )


def _follow_villages(session: Session) -> int:
    """Hand open rounds over to the team that serves the village today."""
    serving = (TeamVillage.village_code == Round.village_code) & TeamVillage.until.is_(None)
    today = select(TeamVillage.team_id).where(serving).correlate(Round).scalar_subquery()
    centre = (
        select(Team.organisation_id)
        .join(TeamVillage, TeamVillage.team_id == Team.id)
        .where(serving)
        .correlate(Round)
        .scalar_subquery()
    )
    moved = update(Round).where(
        Round.state == "open", Round.village_code.is_not(None), today != Round.team_id
    )
    return _run(session, moved.values(team_id=today, organisation_id=centre))


def _cancel_unserved(session: Session) -> int:
    """Cancel open rounds of villages without a team, and of institutions that closed."""
    village = (
        exists()
        .where(TeamVillage.village_code == Round.village_code, TeamVillage.until.is_(None))
        .where(Team.id == TeamVillage.team_id, Team.active)
    )
    centre = (
        exists()
        .where(Organisation.id == Round.organisation_id, Organisation.active)
        .where(Team.organisation_id == Organisation.id, Team.active)
    )
    gone = or_(Round.village_code.is_not(None) & ~village, Round.village_code.is_(None) & ~centre)
    statement = update(Round).where(Round.state == "open", gone)
    return _run(session, statement.values(state="cancelled", reason=NOT_SERVED))


def _miss(session: Session, on: date) -> int:
    """Give up open rounds whose successor has fallen due, as with tasks."""
    later = aliased(Round)
    followed: ColumnElement[bool] = exists().where(
        later.kind == Round.kind,
        later.place_code == Round.place_code,
        later.due_on > Round.due_on,
        later.due_on < on,
        later.state != "cancelled",
    )
    statement = update(Round).where(Round.state == "open", Round.due_on < on, followed)
    return _run(session, statement.values(state="missed", reason=NEXT_DUE))


def _run(session: Session, statement: Any) -> int:
    session.flush()
    options = {"preserve_rowcount": True, "synchronize_session": False}
    return int(session.connection().execute(statement, execution_options=options).rowcount)


def report_round(
    *, by: Account, round_: Round, typed: Mapping[str, object], people: Sequence[Person]
) -> Report:
    """Store who came and what was done; the round is done, late when after its due date.

    RoundRefused names every field; RuleError `round_closed` when it was reported or cancelled
    meanwhile. A missed round can be reported only for a day in its window.
    """
    with transaction() as session:
        session.refresh(round_, with_for_update=True)
        if round_.state not in ("open", "missed"):
            raise RuleError("round_closed", _closed(round_))
        last = last_day(round_.state, round_.due_on, clock.today())
        report = read_report(typed, people, round_.window_start, last)
        if find_same_day(round_, report.done_on) is not None:
            text = "这一天已经记过一次，一次巡诊不能算两次。"
            raise RoundRefused({"done_on": text})
        round_.state, round_.reason, round_.done_on = "done", "", report.done_on
        round_.patients, round_.prescriptions = report.patients, report.prescriptions
        round_.guests, round_.note = report.guests, report.note
        round_.recorded_at, round_.recorded_by = clock.now(), by.id
        round_.checked_at = round_.checked_by = None
        _store_people(session, round_, report.people)
        came = sum(person.came for person in report.people)
        _note(by, "report_round", round_, came=came, absent=len(report.people) - came)
    return report


def _store_people(session: Session, round_: Round, people: Sequence[Person]) -> None:
    uids = [person.uid for person in people]
    ids = {s.uid: s.id for s in session.execute(select(Staff).where(Staff.uid.in_(uids))).scalars()}
    round_.attendance.clear()
    session.flush()
    if people:
        rows = [
            {
                "round_id": round_.id,
                "staff_id": ids[person.uid],
                "came": person.came,
                "reason": "" if person.came else person.reason,
            }
            for person in people
        ]
        session.execute(insert(Attendance), rows)
    session.expire(round_, ["attendance"])


def cancel_round(*, by: Account, round_: Round, reason: str) -> None:
    """Cancel a round that need not be made; RuleError `reason_missing` or `round_closed`."""
    with transaction() as session:
        session.refresh(round_, with_for_update=True)
        why = read_reason(reason)
        if round_.state not in ("open", "missed"):
            raise RuleError("round_closed", _closed(round_), "reason")
        round_.state, round_.reason = "cancelled", why
        _note(by, "cancel_round", round_, reason=why)


def reopen_round(*, by: Account, round_: Round, reason: str) -> None:
    """Open a round again that was reported or cancelled by mistake; what was typed is kept."""
    with transaction() as session:
        session.refresh(round_, with_for_update=True)
        why = read_reason(reason)
        if round_.state not in ("done", "cancelled"):
            raise RuleError("round_open", "这次巡诊已经是待做的。", "reason")
        round_.state, round_.reason, round_.done_on = "open", "", None
        round_.checked_at = round_.checked_by = None
        _note(by, "reopen_round", round_, reason=why)


def check_round(*, by: Account, round_: Round) -> None:
    """Note that the county has looked at the attendance; the second time nothing changes."""
    with transaction() as session:
        session.refresh(round_, with_for_update=True)
        if round_.state != "done":
            raise RuleError("round_open", "还没有记录到岗，不能核对。")
        if round_.checked_at is None:
            round_.checked_at, round_.checked_by = clock.now(), by.id
            _note(by, "check_round", round_)


def _closed(round_: Round) -> str:
    if round_.state == "cancelled":
        return f"这次巡诊已经取消（{round_.reason}）。要记到岗，请先重新打开。"
    return "这次巡诊已经有人记过了，先前记的没有改动。要改请先重新打开。"


def _note(by: Account, verb: str, round_: Round, **details: Any) -> None:
    record(
        by=by,
        verb=verb,
        entity="round",
        entity_id=round_.id,
        kind=round_.kind,
        place=round_.place_code,
        due=round_.due_on.isoformat(),
        **details,
    )
