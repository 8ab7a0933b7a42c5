"""Finding residents: by part of a name, initials or number; by filters; who is a double."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, between, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from familydoc.extensions import db, keys
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.residents import ON_ROSTER, STATES, Resident, ResidentTag, ResidentTerm
from familydoc.models.teams import Team, TeamVillage
from familydoc.queries import scope
from familydoc.rules.particulars import Particulars
from familydoc.rules.populations import birth_ranges
from familydoc.rules.privacy import ANY_PRIVATE, private_codes, sign_of
from familydoc.rules.residents import TYPED_POPULATIONS, Facts, is_likely_double
from familydoc.rules.search import Query

PAGE = 50
#: Greater than every character: a prefix is the range from the prefix to the prefix and this.
LAST_CHARACTER = "\U0010ffff"
#: The filter that stands for every key group at once.
ANY_GROUP = "key"
LARGEST_KEY = 2**31 - 1
#: Roles whose scope is a team or two: a few thousand people, never the county.
FEW = ("leader", "member")


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed by; empty means everybody on the roster whom the viewer sees."""

    village: str = ""
    tag: str = ""
    programme: str = ""
    state: str = ""
    signed: str = ""
    team: str = ""
    centre: str = ""
    mine: bool = False

    def as_address(self) -> dict[str, str]:
        """Give what is set, as an address carries it."""
        held = {name: getattr(self, name) for name in self.__dataclass_fields__}
        held |= {"tag": sign_of(self.tag), "programme": sign_of(self.programme)}
        return {name: "1" if value is True else value for name, value in held.items() if value}


@dataclass(frozen=True)
class Page:
    """One page of residents and the key after which the next one begins, '' on the last."""

    residents: Sequence[Resident]
    after: str


@dataclass(frozen=True)
class Doubles:
    """Who may be the same person; `elsewhere`: the number is held out of the viewer's sight."""

    held: Resident | None
    likely: tuple[Resident, ...]
    elsewhere: bool


def on_roster() -> ColumnElement[bool]:
    """The condition for being counted anywhere: neither dead nor moved away."""
    return Resident.state.in_(ON_ROSTER)


def in_group(tag: str, on: date) -> ColumnElement[bool]:
    """The condition for one key group on a day: by birth date where it follows from age."""
    ranges = birth_ranges(on)
    if tag in ranges:
        return between(Resident.birth, *ranges[tag])
    return exists().where(ResidentTag.resident_id == Resident.id, ResidentTag.tag == tag)


def key_population(on: date, groups: Sequence[str] = TYPED_POPULATIONS) -> ColumnElement[bool]:
    """The condition for being in at least one key group on a day, so each person counts once.

    `groups` are the tags that count beside the groups of age (DOMAIN 2.4; a county may add one).
    """
    tagged = exists().where(ResidentTag.resident_id == Resident.id, ResidentTag.tag.in_(groups))
    return or_(*(between(Resident.birth, *ages) for ages in birth_ranges(on).values()), tagged)


def signed(on: date) -> ColumnElement[bool]:
    """The condition for holding a contract that is in force on a day.

    One renewed before its end covers its last days, until the next one begins.
    """
    earlier = aliased(Contract)
    until_then = exists().where(
        earlier.resident_id == Contract.resident_id,
        earlier.state == "renewed",
        earlier.start_on <= on,
        earlier.end_on >= on,
    )
    return exists().where(
        Contract.resident_id == Resident.id,
        Contract.state == "active",
        Contract.end_on >= on,
        or_(Contract.start_on <= on, until_then),
    )


def search(viewer: Account, query: Query, after: str = "", limit: int = PAGE) -> Page:
    """Give one page of the residents in scope who are meant by a query."""
    if query.kind == "name":
        return _search_name(viewer, query.text, after, limit)
    marks = _marks(query)
    if not marks:
        return Page((), "")
    found = (
        select(Resident)
        .where(scope.residents(viewer), on_roster(), or_(*marks), Resident.id > read_key(after))
        .order_by(Resident.id)
        .limit(limit + 1)
    )
    return _page(_load(found), limit)


def _marks(query: Query) -> list[ColumnElement[bool]]:
    seal, text = keys.vault.fingerprint, query.text
    by_kind = {
        "identity": [(Resident.identity_hash, "identity")],
        "telephone": [(Resident.telephone_hash, "telephone")],
        "last4": [
            (Resident.identity_last4_hash, "identity last4"),
            (Resident.telephone_last4_hash, "telephone last4"),
        ],
    }
    return [column == seal(purpose, text) for column, purpose in by_kind.get(query.kind, [])]


def _search_name(viewer: Account, prefix: str, after: str, limit: int) -> Page:
    """Find who has a term that begins so; the page is cut before anybody is loaded."""
    find = _terms_of_team if viewer.role in FEW else _walk_terms
    rows = db.session.execute(
        find(viewer, prefix, *_term_key(after, prefix)).limit(limit + 1)
    ).all()
    places = {row.resident_id: place for place, row in enumerate(rows[:limit])}
    people = _load(select(Resident).where(Resident.id.in_(places)))
    last = rows[limit - 1] if len(rows) > limit else None
    key = f"{last.resident_id}-{last.term}" if last else ""
    return Page(sorted(people, key=lambda one: places[one.id]), key)


def _walk_terms(viewer: Account, prefix: str, first: str, last: int) -> Select[str, int]:
    """Walk the county's index of terms from the key on, asking of each whether it is in scope.

    A join would let the database begin at the residents of a centre and sort all their terms.
    """
    term, earlier = ResidentTerm, aliased(ResidentTerm)
    in_scope = exists().where(Resident.id == term.resident_id, scope.residents(viewer), on_roster())
    # Somebody with two terms in the range stands at the first of them only.
    stood = exists().where(
        earlier.resident_id == term.resident_id,
        earlier.term >= prefix,
        earlier.term < term.term,
    )
    return (
        select(term.term, term.resident_id)
        .where(
            between(term.term, first, prefix + LAST_CHARACTER),
            or_(term.term > first, term.resident_id > last),
            in_scope,
            ~stood,
        )
        .order_by(term.term, term.resident_id)
    )


def _terms_of_team(viewer: Account, prefix: str, first: str, last: int) -> Select[str, int]:
    """Begin at the few residents of a team: a walk would pass the whole county's namesakes."""
    stands = func.min(ResidentTerm.term)
    return (
        select(stands.label("term"), Resident.id.label("resident_id"))
        .join(ResidentTerm, ResidentTerm.resident_id == Resident.id)
        .where(
            scope.residents(viewer),
            on_roster(),
            between(ResidentTerm.term, prefix, prefix + LAST_CHARACTER),
        )
        .group_by(Resident.id)
        .having(or_(stands > first, and_(stands == first, Resident.id > last)))
        .order_by(stands, Resident.id)
    )


def _term_key(after: str, prefix: str) -> tuple[str, int]:
    """Read `id-term`; what is no such key begins at the beginning."""
    number, _, term = after.partition("-")
    if not term.startswith(prefix) or not read_key(number) or "\0" in term:
        return prefix, 0
    return term[:50], read_key(number)


def read_key(text: str) -> int:
    """Give the key in a link, 0 for anything that is none."""
    plain = text if text.isascii() and text.isdigit() and len(text) < 11 else "0"
    return int(plain) if int(plain) <= LARGEST_KEY else 0


def list_residents(
    viewer: Account, filters: Filters, on: date, after: str = "", limit: int = PAGE
) -> Page:
    """Give one page of the residents in scope in the order of the roster.

    Within a centre each state is an index range that is in order already; together they would
    be sorted. The county is walked by key as it is.
    """
    asked = [Resident.state == filters.state] if filters.state in STATES else [on_roster()]
    if viewer.role == "manager" and filters.state not in STATES:
        asked = [Resident.state == state for state in ON_ROSTER]
    parts = []
    for in_state in asked:
        query, key = _narrow(viewer, filters, on)
        query = query.where(in_state, key > read_key(after)).order_by(key).limit(limit + 1)
        parts.append(select(query.subquery()))
    together = union_all(*parts).subquery()
    ids = db.session.scalars(select(together.c.id).order_by(together.c.id).limit(limit + 1)).all()
    people = _load(select(Resident).where(Resident.id.in_(ids)).order_by(Resident.id))
    return _page(people, limit)


def count_residents(viewer: Account, filters: Filters, on: date) -> int:
    """Count the same list."""
    query, _ = _narrow(viewer, filters, on)
    known = Resident.state == filters.state if filters.state in STATES else on_roster()
    counted: int = db.session.execute(
        select(func.count()).select_from(query.where(known).subquery())
    ).scalar_one()
    return counted


def _narrow(viewer: Account, filters: Filters, on: date) -> tuple[Select[Any], Any]:
    """Give the ids of the list and the column that orders them.

    In a county a tag or programme is rare and leads; among the few of a team it is looked up.
    """
    leads: list[tuple[Any, Any]] = []
    if filters.tag in TYPED_POPULATIONS:
        tagged = and_(ResidentTag.resident_id == Resident.id, ResidentTag.tag == filters.tag)
        leads.append((ResidentTag, tagged))
    if filters.programme and filters.programme != ANY_PRIVATE:
        managed = and_(
            Enrolment.resident_id == Resident.id,
            Enrolment.programme == filters.programme,
            Enrolment.state != "ended",
        )
        leads.append((Enrolment, managed))
    few = viewer.role in FEW or filters.village or filters.team or filters.mine
    lead = leads.pop(0) if leads and not few else None
    key = lead[0].resident_id if lead else Resident.id
    query = select(key.label("id")).select_from(Resident)
    query = query.join(*lead) if lead else query
    looked_up = [exists().where(condition) for _, condition in leads]
    return query.where(scope.residents(viewer), *looked_up, *_conditions(filters, viewer, on)), key


def _conditions(filters: Filters, viewer: Account, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.village:
        found.append(Resident.village_code == filters.village)
    for asked, model, column in (
        (filters.tag, ResidentTag, ResidentTag.tag),
        (filters.programme, Enrolment, Enrolment.programme),
    ):
        if asked == ANY_PRIVATE:
            private = and_(model.resident_id == Resident.id, column.in_(private_codes()))
            found.append(exists().where(private))
    if filters.tag == ANY_GROUP:
        found.append(key_population(on))
    elif filters.tag and filters.tag not in (*TYPED_POPULATIONS, ANY_PRIVATE):
        found.append(in_group(filters.tag, on))
    if filters.signed in ("yes", "no"):
        found.append(signed(on) if filters.signed == "yes" else ~signed(on))
    if filters.team:
        found.append(Resident.team_id.in_(select(Team.id).where(Team.uid == filters.team)))
    if filters.centre:
        of_centre = select(Organisation.id).where(Organisation.code == filters.centre)
        found.append(Resident.centre_id.in_(of_centre))
    if filters.mine:
        found.append(Resident.village_code.in_(villages_of(viewer)))
    return found


def villages_of(viewer: Account) -> Select[str]:
    """The villages a viewer looks after in person, as a subquery."""
    return select(TeamVillage.village_code).where(
        TeamVillage.staff_id == viewer.staff_id, TeamVillage.until.is_(None)
    )


def find_doubles(viewer: Account | None, facts: Facts, but: int | None = None) -> Doubles:
    """Look before somebody is created: the same number in the whole county, or likely the same
    person among those the viewer sees. `but` leaves out the resident who is being edited."""
    held, elsewhere = _holder(viewer, facts.number, but)
    near = [and_(Resident.village_code == facts.village, Resident.birth == facts.birth)]
    if facts.phone:
        near.append(Resident.telephone_hash == keys.vault.fingerprint("telephone", facts.phone))
    query = select(Resident).where(or_(*near), _seen_by(viewer), Resident.id != (but or 0))
    likely = (
        one for one in _load(query.limit(PAGE)) if is_likely_double(facts, facts_of_stored(one))
    )
    return Doubles(held, tuple(one for one in likely if one is not held), elsewhere)


def facts_of_stored(resident: Resident) -> Facts:
    """Give what is compared of a stored resident."""
    return Facts(
        number=resident.identity_number,
        name=resident.name,
        birth=resident.birth,
        phone=resident.telephone,
        village=resident.village_code,
    )


def particulars_of(resident: Resident) -> Particulars:
    """Give what is written of a resident, as the form that edits it holds it."""
    return Particulars(
        name=resident.name,
        sex=resident.sex,
        birth=resident.birth,
        number=resident.identity_number,
        telephone=resident.telephone,
        village_code=resident.village_code,
        household=(resident.household.number or "") if resident.household else "",
        registered=resident.registered,
        nation=resident.nation,
        record_number=resident.record_number,
        address=resident.address,
        relation=resident.relation,
        note=resident.note,
    )


def _holder(
    viewer: Account | None, number: str | None, but: int | None
) -> tuple[Resident | None, bool]:
    if not number:
        return None, False
    mark = keys.vault.fingerprint("identity", number)
    query = select(Resident.id).where(Resident.identity_hash == mark, Resident.id != (but or 0))
    holder = db.session.execute(query).scalar_one_or_none()
    if holder is None:
        return None, False
    seen = _load(select(Resident).where(Resident.id == holder, _seen_by(viewer)))
    return (seen[0], False) if seen else (None, True)


def _seen_by(viewer: Account | None) -> ColumnElement[bool]:
    return scope.residents(viewer) if viewer else Resident.id.is_not(None)


def tags_of(residents: Sequence[Resident]) -> dict[int, list[str]]:
    """Give the recorded tags of the residents of a page by their ids."""
    found: dict[int, list[str]] = {one.id: [] for one in residents}
    query = select(ResidentTag.resident_id, ResidentTag.tag)
    for resident_id, tag in db.session.execute(query.where(ResidentTag.resident_id.in_(found))):
        found[resident_id].append(tag)
    return found


def contracts_until(residents: Sequence[Resident], on: date) -> dict[int, date]:
    """Give the last day of the contract in force of each resident of a page who has one."""
    query = select(Contract.resident_id, Contract.end_on).where(
        Contract.resident_id.in_([one.id for one in residents]),
        Contract.state == "active",
        Contract.end_on >= on,
    )
    return {row.resident_id: row.end_on for row in db.session.execute(query)}


def _load(query: Select[Any]) -> Sequence[Resident]:
    return db.session.scalars(query.options(joinedload(Resident.village))).all()


def _page(found: Sequence[Resident], limit: int) -> Page:
    page = Page(found[:limit], "")
    return replace(page, after=str(found[limit - 1].id)) if len(found) > limit else page
