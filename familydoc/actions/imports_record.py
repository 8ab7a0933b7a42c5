"""Records the accepted people of a roster: set-based, in the caller's one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import islice
from secrets import token_hex
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from familydoc.actions.bulk import insert_rows, now_text, reserve_ids, table
from familydoc.actions.intake import NOBODY, Newcomer, take_in
from familydoc.extensions import keys
from familydoc.formats.pinyin import initials
from familydoc.models.residents import Household, Resident, ResidentTag, ResidentTerm
from familydoc.rules.enrolments import programmes_by_tags
from familydoc.rules.residents import search_terms
from familydoc.rules.roster import Person

T = TypeVar("T")
MARKS = 5000  # fingerprints asked for in one statement

RESIDENT_COLUMNS = (
    *("id", "uid", "name", "sex", "birth", "identity_number", "identity_hash"),
    *("identity_last4_hash", "telephone", "telephone_hash", "telephone_last4_hash", "nation"),
    *("registered", "record_number", "village_code", "centre_id", "team_id", "address"),
    *("household_id", "relation", "state", "state_since", "note", "created_at"),
)

Sealed = tuple[bytes | None, bytes | None, bytes | None]


@dataclass(slots=True)
class Ready:
    """A person with the fingerprint of the number, and what was sealed before the transaction."""

    person: Person
    mark: bytes | None
    uid: str = ""
    identity: Sealed | None = None
    telephone: Sealed | None = None
    terms: frozenset[str] = frozenset()


@dataclass(slots=True)
class County:
    """What places a resident: centre, team and person of each village, ids of households."""

    centres: dict[str, int]
    owners: dict[str, tuple[int, int | None]]
    households: dict[str, int] = field(default_factory=dict)


def make_ready(
    people: Iterable[Person], stored: Callable[[Sequence[bytes]], set[bytes]]
) -> list[Ready]:
    """Fingerprint everybody, and seal those who are not stored, before the database is held.

    `stored` tells which fingerprints are; their owners are sealed only where something changed.
    """
    mark = keys.vault.fingerprint
    ready = [
        Ready(person, mark("identity", person.number) if person.number else None)
        for person in people
    ]
    known = stored([one.mark for one in ready if one.mark])
    make_new([one for one in ready if one.mark not in known])
    return ready


def make_new(ready: Iterable[Ready]) -> None:
    """Seal number and telephone, find the search terms and give a uid, once for each."""
    terms = cache(lambda name: frozenset(search_terms(name) | initials(name)))
    last4 = cache(lambda purpose, digits: keys.vault.fingerprint(f"{purpose} last4", digits))

    def sealed(purpose: str, text: str | None, mark: bytes | None = None) -> Sealed:
        if not text:
            return None, None, None
        vault = keys.vault
        whole = mark or vault.fingerprint(purpose, text)
        return vault.seal(text), whole, last4(purpose, text[-4:])

    for one in ready:
        if not one.uid:
            person = one.person
            one.uid, one.terms = new_uid(), terms(person.name)
            one.identity = sealed("identity", person.number, one.mark)
            one.telephone = sealed("telephone", person.phone)


def new_uid() -> str:
    """Give what `str(uuid.uuid4())` gives, in half of its time."""
    digits = token_hex(16)
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def add_people(session: Session, people: Sequence[Ready], county: County, today: date) -> None:
    """Insert residents with households, tags, search terms, enrolments and tasks."""
    add_households(session, [one.person for one in people], county)
    make_new(people)
    ids = reserve_ids(session, table(Resident), len(people))
    stamp = now_text(session)
    insert_rows(
        session, table(Resident), RESIDENT_COLUMNS, _residents(people, ids, county, today, stamp)
    )
    terms = ((term, id) for id, one in _zip(ids, people) for term in one.terms)
    insert_rows(session, table(ResidentTerm), ("term", "resident_id"), terms)
    tags = (
        (id, tag, today.isoformat()) for id, one in _zip(ids, people) for tag in one.person.tags
    )
    insert_rows(session, table(ResidentTag), ("resident_id", "tag", "since"), tags)
    enrol(session, [(id, one.person) for id, one in _zip(ids, people)], county, today)


def _zip(ids: Sequence[int], people: Sequence[Ready]) -> Iterator[tuple[int, Ready]]:
    return zip(ids, people, strict=True)


def _residents(
    people: Sequence[Ready], ids: Sequence[int], county: County, today: date, stamp: str
) -> Iterator[tuple[Any, ...]]:
    since = today.isoformat()
    for id, one in _zip(ids, people):
        person = one.person
        assert one.identity and one.telephone
        yield (
            *(id, one.uid, person.name, person.sex, person.birth.isoformat()),
            *one.identity,
            *one.telephone,
            *(
                person.nation,
                person.registered is not False,
                person.record_number,
                person.village_code,
            ),
            county.centres[person.village_code],
            county.owners.get(person.village_code, NOBODY)[0],
            person.address,
            county.households.get(person.household),
            *(person.relation, person.state, since if person.state != "present" else None),
            *(person.note, stamp),
        )


def add_households(session: Session, people: Sequence[Person], county: County) -> None:
    """Find or make the households of these people; the first of them gives the address."""
    wanted: dict[str, Person] = {}
    for person in people:
        if person.household and person.household not in county.households:
            wanted.setdefault(person.household, person)
    for numbers in batches(list(wanted), MARKS):
        found = session.execute(
            select(Household.number, Household.id).where(Household.number.in_(numbers))
        )
        county.households.update({number: id for number, id in found if number})
    fresh = [number for number in wanted if number not in county.households]
    ids = reserve_ids(session, table(Household), len(fresh))
    county.households.update(zip(fresh, ids, strict=True))
    rows = (
        (id, number, wanted[number].village_code, wanted[number].address)
        for id, number in zip(ids, fresh, strict=True)
    )
    insert_rows(session, table(Household), ("id", "number", "village_code", "address"), rows)


def enrol(
    session: Session, people: Sequence[tuple[int, Person]], county: County, today: date
) -> None:
    """Enrol living residents by their tags; what follows from age alone is the night's."""
    wanted = [
        Newcomer(id, programme, person.birth, person.village_code)
        for id, person in people
        for programme in programmes_by_tags(person.tags, person.birth, person.state, today)
    ]
    take_in(session, wanted, county.owners, today)


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Give the items in lists of at most `size`."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
