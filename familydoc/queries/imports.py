"""Imports and their findings, and what a roster is judged against."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select, true

from familydoc.extensions import db, keys
from familydoc.models.accounts import Account
from familydoc.models.imports import RosterImport, RosterImportRow
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Household, Resident
from familydoc.models.teams import TeamVillage
from familydoc.queries import scope
from familydoc.rules.residents import VillageIndex, build_village_index
from familydoc.rules.roster import Holder

PAGE = 50
LATEST = 20
ALL = 200_000
MARKS = 5000  # fingerprints asked for in one statement


def find_import(uid: str, viewer: Account) -> RosterImport | None:
    """Give one of the viewer's own imports: nobody else's upload is there."""
    return db.session.execute(
        select(RosterImport).where(RosterImport.uid == uid, RosterImport.account_id == viewer.id)
    ).scalar_one_or_none()


def list_imports(viewer: Account) -> Sequence[RosterImport]:
    """Give the viewer's latest imports, the newest first."""
    query = select(RosterImport).where(RosterImport.account_id == viewer.id)
    return db.session.scalars(query.order_by(RosterImport.id.desc()).limit(LATEST)).all()


def list_findings(
    found: RosterImport, kind: str, after: int = 0, limit: int = PAGE
) -> Sequence[RosterImportRow]:
    """Give the rows with one finding (a reason, a mended or a doubtful kind; '' for all refused),
    in the order of the sheet, after row number `after`."""
    query = select(RosterImportRow).where(
        RosterImportRow.import_id == found.id, RosterImportRow.row_number > after
    )
    if kind in found.counts.get("refused", {}):
        query = query.where(RosterImportRow.reason == kind)
    elif kind:
        query = query.where(RosterImportRow.outcome == "noted")
    else:
        query = query.where(RosterImportRow.outcome == "refused")
    rows = db.session.scalars(query.order_by(RosterImportRow.row_number))
    if not kind or kind in found.counts.get("refused", {}):
        return rows.fetchmany(limit)
    return _with_note(rows, kind, limit)


def _with_note(rows: Iterable[RosterImportRow], kind: str, limit: int) -> list[RosterImportRow]:
    """Filter by note here: JSON is asked differently by each database, and noted rows are few."""
    kept: list[RosterImportRow] = []
    for row in rows:
        if kind in row.notes:
            kept.append(row)
            if len(kept) == limit:
                break
    return kept


def get_headings(found: RosterImport) -> list[str]:
    """Give the column names of the uploaded sheet."""
    return list(found.counts.get("headings", []))


def village_index() -> VillageIndex:
    """Give the look-up of the county's villages by township and name."""
    places = db.session.execute(
        select(Division.code, Division.name, Division.parent_code, Division.level).where(
            Division.active
        )
    ).all()
    townships = {code: name for code, name, _, level in places if level == "township"}
    return build_village_index(
        townships,
        [(c, name, parent) for c, name, parent, level in places if level == "village" and parent],
    )


def villages_in_scope(by: Account | None) -> frozenset[str] | None:
    """Give the codes of the villages whose residents somebody may import, None for all of them."""
    if by is None or by.role == "supervisor":
        return None
    villages = select(Division.code).where(Division.parent_code == by.organisation.division_code)
    return frozenset(db.session.scalars(villages))


def find_holders(numbers: Sequence[str], by: Account | None) -> dict[str, Holder]:
    """Give who is stored under each of these identity numbers."""
    marks = {keys.vault.fingerprint("identity", number): number for number in numbers}
    reachable = true() if by is None else scope.residents(by)
    rows = db.session.execute(
        select(Resident.identity_hash, Resident.name, reachable.label("reachable")).where(
            Resident.identity_hash.in_(marks)
        )
    )
    return {marks[mark]: Holder(name, bool(seen)) for mark, name, seen in rows if mark}


def has_residents() -> bool:
    """Tell whether anybody is stored: on the first day nothing need be looked up."""
    return db.session.execute(select(Resident.id).limit(1)).first() is not None


def stored_marks(marks: Sequence[bytes]) -> set[bytes]:
    """Give those of the fingerprints of numbers under which somebody is stored."""
    if not has_residents():
        return set()
    found: set[bytes] = set()
    for start in range(0, len(marks), MARKS):
        some = marks[start : start + MARKS]
        rows = db.session.scalars(
            select(Resident.identity_hash).where(Resident.identity_hash.in_(some))
        )
        found |= {mark for mark in rows if mark}
    return found


def list_stored(marks: Sequence[bytes]) -> Sequence[Row[Any]]:
    """Give what an import compares of the residents with these fingerprints of numbers."""
    return db.session.execute(_compared().where(Resident.identity_hash.in_(marks))).all()


def list_without_number() -> Sequence[Row[Any]]:
    """Give the same of the residents who have no number yet: infants."""
    return db.session.execute(_compared().where(Resident.identity_hash.is_(None))).all()


def _compared() -> Any:
    columns = (
        *(Resident.id, Resident.identity_hash, Resident.name, Resident.birth),
        *(Resident.telephone_hash, Resident.nation, Resident.registered, Resident.record_number),
        *(Resident.village_code, Resident.address, Resident.relation, Resident.state),
        *(Resident.note, Household.number.label("household")),
    )
    return select(*columns).outerjoin(Household, Household.id == Resident.household_id)


def village_owners() -> dict[str, tuple[int, int | None]]:
    """Give the team and the person who look after each village now."""
    rows = db.session.execute(
        select(TeamVillage.village_code, TeamVillage.team_id, TeamVillage.staff_id).where(
            TeamVillage.until.is_(None)
        )
    )
    return {village: (team, staff) for village, team, staff in rows}


def centres_by_village() -> dict[str, int]:
    """Give the township centre of each village whose township has one."""
    rows = db.session.execute(
        select(Division.code, func.min(Organisation.id))
        .join(Organisation, Organisation.division_code == Division.parent_code)
        .where(Division.level == "village", Organisation.kind == "township_centre")
        .group_by(Division.code)
    )
    return {row[0]: row[1] for row in rows}
