"""Reads of contracts: lists in scope, what proves one, the numbers a signature is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, between, case, exists, func, not_, or_, select
from sqlalchemy.orm import joinedload, load_only

from familydoc.extensions import db
from familydoc.formats.sealed import SealBroken
from familydoc.formats.signature import Signature, read_signature
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.residents import Resident, ResidentTerm
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.queries import scope
from familydoc.queries.programmes import get_overrides
from familydoc.queries.residents import LAST_CHARACTER, on_roster, search
from familydoc.rules.agreements import Agreement, agreement_text, read_agreement, text_hash
from familydoc.rules.contracts import REMINDERS, Doctor, Policy, check_renewal, read_policy
from familydoc.rules.errors import RuleError
from familydoc.rules.parameters import CONTRACTS
from familydoc.rules.search import Query

PAGE = 50
#: What a list may show: contracts that run, those that end within some days, those that ended.
SHOWS = ("active", *(str(days) for days in REMINDERS), "ended")

#: What a list shows of a contract; what is sealed stays sealed.
_LISTED = (
    load_only(*(Contract.uid, Contract.state), *(Contract.start_on, Contract.end_on)),
    load_only(Contract.ended_on, raiseload=True),
    joinedload(Contract.resident).options(
        load_only(Resident.name, Resident.sex, Resident.birth, raiseload=True),
        joinedload(Resident.village),
    ),
    joinedload(Contract.team).load_only(Team.name, raiseload=True),
    joinedload(Contract.doctor).load_only(Staff.name, raiseload=True),
)

#: What stands beside a contract on its own page, in the statement that finds it.
WHOLE = (
    joinedload(Contract.resident).joinedload(Resident.village),
    joinedload(Contract.team).joinedload(Team.organisation),
    joinedload(Contract.doctor),
    joinedload(Contract.signing_agent),
)


@dataclass(frozen=True)
class Page:
    """One page of contracts and the uid after which the next one begins, '' on the last."""

    contracts: Sequence[Contract]
    after: str


@dataclass(frozen=True)
class Evidence:
    """What proves a contract. `verdict`: intact, broken (text, facts or seal were changed), or
    missing (nothing was kept, as with contracts from before)."""

    verdict: str
    signature: Signature | None
    agreement: Agreement | None
    text: str


def get_policy(on: date) -> Policy:
    """Give what the county has settled about contracts, in force on a day."""
    return read_policy(get_overrides(CONTRACTS, on))


def find_running(resident_id: int, on: date) -> Contract | None:
    """Give the contract that runs on a day, one signed ahead too; there is at most one."""
    query = select(Contract).where(
        Contract.resident_id == resident_id, Contract.state == "active", Contract.end_on >= on
    )
    return db.session.scalars(query).one_or_none()


def find_newest(resident_id: int) -> Contract | None:
    """Give a resident's last contract, whatever became of it."""
    query = select(Contract).where(Contract.resident_id == resident_id)
    return db.session.scalars(query.order_by(Contract.end_on.desc(), Contract.id.desc())).first()


def check_renewable(contract: Contract, on: date) -> None:
    """Raise the RuleError of a contract that cannot be renewed on a day: `contract_ended`, or
    those of `rules.contracts.check_renewal`."""
    newest = find_newest(contract.resident_id)
    if contract.state not in ("active", "expired") or newest is None or newest.id != contract.id:
        raise RuleError("contract_ended", "这份协议已经终止，请刷新页面看最新情况。", "resident")
    same_team = contract.team.active and contract.resident.team_id == contract.team_id
    check_renewal(contract.end_on, on, get_policy(on), same_team=same_team)


def find_contract(uid: str) -> Contract | None:
    """Give the contract that a device named, in nobody's scope: for sending twice."""
    return db.session.scalars(select(Contract).where(Contract.uid == uid)).one_or_none()


def number_taken(number: str) -> bool:
    query = select(Contract.id).where(Contract.number == number)
    return db.session.scalar(query) is not None


def list_doctors(team_id: int, on: date) -> list[tuple[Staff, Doctor]]:
    """Give the family doctors of a team today with the contracts that run with each."""
    signed = (
        select(func.count())
        .where(Contract.doctor_id == Staff.id, Contract.state == "active", Contract.end_on >= on)
        .scalar_subquery()
    )
    query = (
        select(Staff, signed, Team.leader_id)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(
            TeamMember.team_id == team_id,
            TeamMember.until.is_(None),
            TeamMember.role == "family_doctor",
            Staff.active,
        )
        .order_by(Staff.id)
    )
    rows = db.session.execute(query).all()
    return [(staff, Doctor(staff.id, count, staff.id == leader)) for staff, count, leader in rows]


def list_contracts(viewer: Account, show: str, wanted: Query, on: date, after: str = "") -> Page:
    """Give one page of the contracts in scope: those that run by their end, ended ones newest
    first. `wanted` is what was typed into the search field."""
    ended = show == "ended"
    order = [column.desc() if ended else column for column in (Contract.end_on, Contract.id)]
    # Cut the page in the indexes before any row with its sealed text is read.
    ids = _in_scope(select(Contract.id), viewer, wanted).where(
        _shown(on)[show], *_beyond(after, ended)
    )
    found = db.session.scalars(ids.order_by(*order).limit(PAGE + 1)).all()
    query = select(Contract).where(Contract.id.in_(found[:PAGE])).options(*_LISTED).order_by(*order)
    contracts = db.session.scalars(query).all()
    return Page(contracts, contracts[-1].uid if len(found) > PAGE else "")


def count_contracts(viewer: Account, wanted: Query, on: date) -> dict[str, int]:
    """Count the lists of all of SHOWS in one statement; each contract is put on one shelf, and
    what ends within 7 days stands on the lists of 30 and 60 days and of all that run too."""
    ends = [(Contract.end_on <= on + timedelta(days=d), str(d)) for d in reversed(REMINDERS)]
    shelf = case((_shown(on)["ended"], "ended"), *ends, else_="active")
    contracts = _in_scope(select(shelf.label("shelf")), viewer, wanted)
    # Materialised, or SQLite groups by walking the contracts of the county.
    shelved = contracts.cte("shelved").prefix_with("MATERIALIZED")
    query = select(shelved.c.shelf, func.count()).group_by(shelved.c.shelf)
    counts = {row[0]: row[1] for row in db.session.execute(query)}
    runs = [show for show in SHOWS if show != "ended"]
    sums = {show: sum(counts.get(one, 0) for one in runs[at:]) for at, show in enumerate(runs)}
    return sums | {"ended": counts.get("ended", 0)}


def _shown(on: date) -> dict[str, ColumnElement[bool]]:
    """The condition of each list; what ran out has ended before the night job says so."""
    runs = and_(Contract.state == "active", Contract.end_on >= on)
    soon = {str(d): and_(runs, Contract.end_on <= on + timedelta(days=d)) for d in REMINDERS}
    return {"active": runs, **soon, "ended": not_(runs)}


def _in_scope(query: Select[Any], viewer: Account, wanted: Query) -> Select[Any]:
    query = query.select_from(Resident).join(Contract, Contract.resident_id == Resident.id)
    return query.where(scope.residents(viewer), *_meant(wanted, viewer))


def _beyond(after: str, ended: bool) -> list[ColumnElement[bool]]:
    last = find_contract(after) if after and "\0" not in after else None
    if last is None:
        return []
    end, id = Contract.end_on, Contract.id
    if ended:
        return [or_(end < last.end_on, and_(end == last.end_on, id < last.id))]
    return [or_(end > last.end_on, and_(end == last.end_on, id > last.id))]


def _meant(wanted: Query, viewer: Account) -> list[ColumnElement[bool]]:
    """The condition for what was typed: an agreement's number, its short number, or a person."""
    if wanted.kind == "nothing":
        return []
    if wanted.kind == "number":
        return [Contract.number == wanted.text]
    if wanted.kind == "short":
        return [Contract.short_number == wanted.text]
    if wanted.kind == "name":
        ends = between(ResidentTerm.term, wanted.text, wanted.text + LAST_CHARACTER)
        return [Resident.id.in_(select(ResidentTerm.resident_id).where(ends))]
    people = search(viewer, wanted).residents
    return [Resident.id.in_([one.id for one in people])]


def read_evidence(contract: Contract) -> Evidence:
    """Open what proves a contract and compare the text with its hash, at every look anew."""
    try:
        both = select(Contract.signature, Contract.agreement).where(Contract.id == contract.id)
        drawing, kept = db.session.execute(both).one()
        signature = read_signature(drawing or "")
        agreement = read_agreement(kept) if kept else None
        text = agreement_text(agreement) if agreement else ""
    except (SealBroken, ValueError):
        return Evidence("broken", None, None, "")
    if agreement is None or not contract.text_hash:
        return Evidence("missing", signature, agreement, text)
    same = text_hash(text) == contract.text_hash and _agrees(agreement, contract)
    return Evidence("intact" if same else "broken", signature, agreement, text)


def _agrees(agreement: Agreement, contract: Contract) -> bool:
    return (agreement.start_on, agreement.end_on, agreement.term_months) == (
        contract.start_on,
        contract.end_on,
        contract.term_months,
    )


def _unseal(column: Any, contract: Contract) -> str | None:
    found: str | None = db.session.scalar(select(column).where(Contract.id == contract.id))
    return found


def get_token(contract: Contract) -> str | None:
    """Give the token of the code, to print it again; None when its seal is broken."""
    try:
        return _unseal(Contract.token, contract)
    except SealBroken:
        return None


def list_unsigned_family(viewer: Account, resident: Resident, on: date) -> Sequence[Resident]:
    """Give who lives in the same household, lies in scope and has no contract that runs."""
    if resident.household_id is None:
        return ()
    runs = exists().where(
        Contract.resident_id == Resident.id, Contract.state == "active", Contract.end_on >= on
    )
    query = (
        select(Resident)
        .where(
            Resident.household_id == resident.household_id,
            Resident.id != resident.id,
            ~runs,
            on_roster(),
            scope.visible(Resident, viewer),
        )
        .order_by(Resident.birth)
    )
    return db.session.scalars(query).all()
