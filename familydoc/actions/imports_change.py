"""What a roster changes about residents who are stored already.

A blank cell never erases, a tick is never taken away, and nobody is raised from the dead: a roster
is older than what the team knows.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from familydoc.actions.bulk import insert_rows, table
from familydoc.actions.imports_record import County, Ready, add_households, batches, enrol
from familydoc.extensions import keys
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident, ResidentTag

IDS = 5000  # ids asked for in one statement
#: Plain columns that a filled cell overwrites.
FILLED = ("nation", "record_number", "address", "relation", "note")
GONE = ("moved", "deceased")


class Known(NamedTuple):
    """A stored resident beside what the roster now says of them."""

    stored: Row[Any]
    one: Ready

    @property
    def leaves(self) -> bool:
        """The roster knows of a death or a move that we do not."""
        state = self.one.person.state
        return state in GONE and self.stored.state not in (state, "deceased")


class Changes(NamedTuple):
    """What is to be written: columns by resident, new tags, those who left, those who moved."""

    columns: dict[int, dict[str, Any]]
    tags: dict[int, list[str]]
    left: dict[int, str]
    moved: dict[int, str]

    @property
    def residents(self) -> set[int]:
        """Everybody who changes."""
        return {*self.columns, *self.tags, *self.left, *self.moved}


def find_changes(session: Session, known: Sequence[Known]) -> Changes:
    """Compare stored residents with what the roster says of them."""
    tags = _tags(session, [pair.stored.id for pair in known])
    changes = Changes({}, {}, {}, {})
    for pair in known:
        id, person = pair.stored.id, pair.one.person
        if values := _differences(pair):
            changes.columns[id] = values
        if fresh := [tag for tag in person.tags if tag not in tags[id]]:
            changes.tags[id] = fresh
        if pair.leaves:
            changes.left[id] = person.state
        elif pair.stored.village_code != person.village_code:
            changes.moved[id] = person.village_code
    return changes


def write_changes(
    session: Session, known: Sequence[Known], changes: Changes, county: County, today: date
) -> None:
    """Write columns, tags and the enrolments that new tags bring."""
    wanted = [p.one.person for p in known if "household" in changes.columns.get(p.stored.id, ())]
    add_households(session, wanted, county)
    _write_columns(session, changes.columns, county)
    since = today.isoformat()
    rows = [(id, tag, since) for id, fresh in changes.tags.items() for tag in fresh]
    insert_rows(session, table(ResidentTag), ("resident_id", "tag", "since"), rows)
    _enrol(session, known, changes.tags, county, today)


def _tags(session: Session, ids: list[int]) -> dict[int, set[str]]:
    tags: dict[int, set[str]] = defaultdict(set)
    for some in batches(ids, IDS):
        found = select(ResidentTag.resident_id, ResidentTag.tag)
        for id, tag in session.execute(found.where(ResidentTag.resident_id.in_(some))):
            tags[id].add(tag)
    return tags


def _differences(pair: Known) -> dict[str, Any]:
    """Give the columns to write, by name."""
    stored, person = pair.stored, pair.one.person
    values: dict[str, Any] = {
        name: value
        for name in FILLED
        if (value := getattr(person, name)) and value != getattr(stored, name)
    }
    if person.registered is not None and person.registered != stored.registered:
        values["registered"] = person.registered
    if person.household and person.household != stored.household:
        values["household"] = person.household
    if person.phone:
        mark = keys.vault.fingerprint("telephone", person.phone)
        if mark != stored.telephone_hash:
            values |= _sealed_columns("telephone", person.phone)
    if person.number and stored.identity_hash is None:
        values |= _sealed_columns("identity", person.number)
    return values


def _sealed_columns(purpose: str, text: str) -> dict[str, Any]:
    """Give number or telephone with its fingerprints; the column type seals the text."""
    fingerprint = keys.vault.fingerprint
    return {
        "identity_number" if purpose == "identity" else purpose: text,
        f"{purpose}_hash": fingerprint(purpose, text),
        f"{purpose}_last4_hash": fingerprint(f"{purpose} last4", text[-4:]),
    }


def _write_columns(session: Session, columns: dict[int, dict[str, Any]], county: County) -> None:
    """Update together what changes in the same columns."""
    residents = table(Resident)
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for id, values in columns.items():
        if number := values.pop("household", None):
            values["household_id"] = county.households[number]
        groups[tuple(sorted(values))].append({"resident": id, **values})
    for names, rows in groups.items():
        statement = update(residents).where(residents.c.id == bindparam("resident"))
        values_of: dict[str, Any] = {name: bindparam(name) for name in names}
        session.connection().execute(statement.values(values_of), rows)


def _enrol(
    session: Session,
    known: Sequence[Known],
    new_tags: dict[int, list[str]],
    county: County,
    today: date,
) -> None:
    """Enrol for new tags those who are not managed already."""
    live = _live(session, list(new_tags))
    wanted = []
    for pair in known:
        id = pair.stored.id
        fresh = tuple(tag for tag in new_tags.get(id, ()) if (id, tag) not in live)
        if fresh and pair.stored.state == "present":
            wanted.append((id, pair.one.person._replace(tags=fresh)))
    enrol(session, wanted, county, today)


def _live(session: Session, ids: list[int]) -> set[tuple[int, str]]:
    live: set[tuple[int, str]] = set()
    for some in batches(ids, IDS):
        found = select(Enrolment.resident_id, Enrolment.programme)
        where = (Enrolment.resident_id.in_(some), Enrolment.state != "ended")
        live |= {(id, programme) for id, programme in session.execute(found.where(*where))}
    return live
