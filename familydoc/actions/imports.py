"""Rosters: taken in, judged row by row, looked at, then recorded all at once."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from threading import Thread
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.imports_change import Changes, Known, find_changes, write_changes
from familydoc.actions.imports_judge import Batch, judge_file
from familydoc.actions.imports_place import centres_for, leave, move
from familydoc.actions.imports_record import (
    MARKS,
    County,
    Ready,
    add_people,
    batches,
    make_ready,
)
from familydoc.actions.intake import NOBODY
from familydoc.extensions import db
from familydoc.formats.pinyin import initials
from familydoc.models.accounts import Account
from familydoc.queries import imports as queries
from familydoc.rules.errors import RuleError
from familydoc.rules.roster import Person, Tally
from familydoc.transaction import transaction

Tell = Callable[[Batch], None]
#: One import at a time on PostgreSQL, where writers do not queue by themselves.
ADVISORY_LOCK = 150_124_001


def import_roster(
    *, by: Account | None, content: bytes, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Judge a file and record its accepted people in one transaction, or nothing at all.

    Gives the counts of DESIGN section 4; RuleError where the file cannot be read. A dry run
    counts the same and records nothing. `tell` hears of every batch that was judged.
    """
    today = clock.today()
    with many_rows():
        tally, people = judge_people(by=by, content=content, today=today, tell=tell)
        counts = tally.as_dict()
        if dry_run:
            return in_order(counts | foresee(people))
        return record_people(by=by, people=people, counts=counts, today=today)


@contextmanager
def many_rows() -> Iterator[None]:
    """Keep the collector of rings away: with a million live values each of its passes looks at
    all of them, a seventh of the time of an import, and there are no rings among rows."""
    was_on = gc.isenabled()
    gc.disable()
    # The dictionary of readings loads while the reader's process parses the workbook.
    Thread(target=initials, args=("张",), daemon=True).start()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def judge_people(
    *, by: Account | None, content: bytes, today: date, tell: Tell | None = None
) -> tuple[Tally, list[Person]]:
    """Give the counts of a file and its accepted people; `tell` hears of every batch."""
    tally, people = Tally(), []
    for batch in judge_file(by=by, content=content, today=today):
        for row, _ in batch.rows:
            tally.add(row)
            if row.person and row.outcome == "accepted":
                people.append(row.person)
        if tell:
            tell(batch)
    return tally, people


def record_people(
    *,
    by: Account | None,
    people: list[Person],
    counts: dict[str, Any],
    today: date,
    entity_id: int | None = None,
    finish: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Record accepted people; sealing and fingerprints are done before the database is held."""
    ready = make_ready(people, queries.stored_marks)
    db.session.rollback()
    for last_try in (False, True):
        try:
            with transaction() as session:
                found = in_order(counts | _record(session, by, ready, today))
                if finish:
                    finish(found)
                record(by=by, verb="import_roster", entity="import", entity_id=entity_id, **found)
            return found
        except IntegrityError as taken:  # somebody registered one of these people this moment
            if last_try:
                sentence = "导入时有人正在登记同一个人，什么都没有导入。请再导入一次。"
                raise RuleError("import_collision", sentence) from taken
    raise AssertionError("unreachable")


def _record(
    session: Session, by: Account | None, ready: Sequence[Ready], today: date
) -> dict[str, int]:
    if session.connection().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    villages = {one.person.village_code for one in ready}
    centres = centres_for(session, by=by, villages=villages)
    county = County(centres, queries.village_owners())
    fresh, known = match(ready)
    changes = find_changes(session, known)
    add_people(session, fresh, county, today)
    write_changes(session, known, changes, county, today)
    for id, state in changes.left.items():
        leave(session, by=by, id=id, state=state, today=today)
    for id, village in changes.moved.items():
        centre, team = centres[village], county.owners.get(village, NOBODY)[0]
        move(session, by=by, id=id, village=village, centre_id=centre, team_id=team)
    return _counts(fresh, known, changes)


def foresee(people: Sequence[Person]) -> dict[str, int]:
    """Count what recording these people would do."""
    fresh, known = match(make_ready(people, lambda marks: set(marks)))
    return _counts(fresh, known, find_changes(db.session(), known))


def _counts(fresh: Sequence[Ready], known: Sequence[Known], changes: Changes) -> dict[str, int]:
    changed = len(changes.residents)
    return {"new": len(fresh), "changed": changed, "unchanged": len(known) - changed}


def match(ready: Sequence[Ready]) -> tuple[list[Ready], list[Known]]:
    """Part people into those who are new and those who are stored: found by number, infants by
    name, birth date and 户编号 until they have one."""
    if not queries.has_residents():
        return list(ready), []
    stored: dict[bytes | None, Any] = {}
    for marks in batches([one.mark for one in ready if one.mark], MARKS):
        stored |= {row.identity_hash: row for row in queries.list_stored(marks)}
    infants = {(r.name, r.birth, r.household or ""): r for r in queries.list_without_number()}
    fresh, known = [], []
    for one in ready:
        person = one.person
        row = stored.get(one.mark) or infants.get((person.name, person.birth, person.household))
        if row is None:
            fresh.append(one)
            continue
        if row.name != person.name:
            sentence = "核对之后有人改动了居民姓名，什么都没有导入。请重新核对后再导入。"
            raise RuleError("roster_outdated", sentence)
        known.append(Known(row, one))
    return fresh, known


def in_order(counts: dict[str, Any]) -> dict[str, Any]:
    """Give the counts in the order that DESIGN names them."""
    order = ("rows", "accepted", "new", "changed", "unchanged")
    return {key: counts[key] for key in order if key in counts} | counts
