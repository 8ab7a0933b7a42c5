"""The facts of an agreement, gathered from rows as they are at this moment."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from familydoc.extensions import db
from familydoc.formats.signature import SignatureError, read_signature
from familydoc.labels import word
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract, ServicePackage
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.teams import MEMBER_ROLES, Staff, Team, TeamMember
from familydoc.queries import scope
from familydoc.queries.contracts import find_running, get_policy, list_doctors
from familydoc.queries.packages import pick_packages
from familydoc.rules.agreements import Agreement, Item, Member, Package
from familydoc.rules.contracts import Signing, choose_doctor, last_day, refusals
from familydoc.rules.errors import RuleError
from familydoc.rules.privacy import merge_ticks
from familydoc.rules.residents import KEY_POPULATIONS, key_populations

GENERAL = "一般人群"


@dataclass(frozen=True)
class Terms:
    """What a form says was agreed, and how it was signed."""

    package_ids: Collection[int]
    term_months: int
    start_on: date
    method: str
    signature: str = ""
    guardian: str = ""
    witness: str = ""
    team_id: int | None = None
    doctor_id: int | None = None
    programmes: Collection[str] = ()
    consent: bool = False
    electronic: bool = False
    #: SHA-256 of the text the resident was shown; empty when nothing was shown (paper, imports).
    shown_hash: str = ""


@dataclass(frozen=True)
class Draft:
    """The rows behind the terms, before anybody has signed."""

    terms: Terms
    team: Team
    doctor: Staff | None
    doctor_signed: int | None
    agent: Staff | None
    packages: Sequence[ServicePackage]


def make_draft(resident: Resident, terms: Terms, agent: Staff | None, on: date) -> Draft:
    """Give team, doctor and packages of the terms. The team is the one named, else the agent's,
    else the resident's. RuleError `team_missing` or `package_gone`."""
    team = _team(terms.team_id or _team_of(agent) or resident.team_id)
    packages = pick_packages(terms.package_ids)
    if len(packages) < len(set(terms.package_ids)):
        raise RuleError("package_gone", "有服务包已经停用或改了版本，请重新选。", "packages")
    doctor = _doctor(team.id, terms.doctor_id, on)
    staff, signed = doctor if doctor else (None, None)
    return Draft(terms, team, staff, signed, agent, packages)


def _team(team_id: int | None) -> Team:
    team = db.session.get(Team, team_id) if team_id else None
    if team is None or not team.active:
        raise RuleError("team_missing", "请选服务团队。", "team")
    return team


def _team_of(agent: Staff | None) -> int | None:
    """The agent's team when there is exactly one; a county expert has several."""
    if agent is None:
        return None
    query = select(TeamMember.team_id).where(
        TeamMember.staff_id == agent.id, TeamMember.until.is_(None)
    )
    found = list(db.session.scalars(query))
    return found[0] if len(found) == 1 else None


def list_own_teams(viewer: Account) -> Sequence[Team]:
    """Give the teams somebody works in today; a county expert has several."""
    query = select(Team).where(Team.id.in_(scope.team_ids(viewer)), Team.active).order_by(Team.id)
    return db.session.scalars(query).all()


def list_other_teams(team: Team) -> Sequence[Team]:
    """Give the other teams of a team's centre, to switch to."""
    query = select(Team).where(
        Team.organisation_id == team.organisation_id, Team.active, Team.id != team.id
    )
    return db.session.scalars(query.order_by(Team.id)).all()


def _doctor(team_id: int, doctor_id: int | None, on: date) -> tuple[Staff, int] | None:
    doctors = list_doctors(team_id, on)
    wanted = [doctor for _, doctor in doctors if doctor.id == doctor_id]
    chosen = wanted[0] if wanted else choose_doctor([d for _, d in doctors], get_policy(on))
    return next(((staff, d.signed) for staff, d in doctors if d == chosen), None)


def judge(
    resident: Resident, draft: Draft, on: date, replaced: Contract | None = None
) -> list[RuleError]:
    """Give everything that stands against signing this draft on a day. `replaced` is the
    contract that a renewal or a switch will end first."""
    case = signing_case(resident, draft, on, fixed_start=replaced is not None)
    if replaced is not None and case.active_until == replaced.end_on:
        case = replace(case, active_until=None)
    return refusals(case, get_policy(on))


def signing_case(
    resident: Resident, draft: Draft, on: date, *, fixed_start: bool = False
) -> Signing:
    """Give the facts that the rules judge a signature by.

    RuleError `signature_invalid` when the drawing did not arrive whole.
    """
    terms, running = draft.terms, find_running(resident.id, on)
    return Signing(
        resident_state=resident.state,
        birth=resident.birth,
        today=on,
        start_on=terms.start_on,
        term_months=terms.term_months,
        method=terms.method,
        active_until=running.end_on if running else None,
        doctor_signed=draft.doctor_signed,
        package_kinds={package.kind for package in draft.packages},
        drawn=_drawn(terms.signature),
        consent=terms.consent,
        electronic=terms.electronic,
        guardian=terms.guardian,
        witness=terms.witness,
        fixed_start=fixed_start,
    )


def _drawn(text: str) -> bool:
    try:
        signature = read_signature(text)
    except SignatureError:
        raise RuleError(
            "signature_invalid", "签名没有收完整，请清除后再签。", "signature"
        ) from None
    return signature is not None and signature.drawn


def groups_of(resident: Resident, on: date) -> set[str]:
    """Give the key populations of a resident, recorded and by age."""
    return key_populations((tag.tag for tag in resident.tags), resident.birth, on)


def draft_agreement(resident: Resident, draft: Draft, on: date) -> Agreement:
    """Give the agreement that would be signed on a day, every word as it will be printed."""
    centre, team, terms = draft.team.organisation, draft.team, draft.terms
    county, address = _places(resident)
    return Agreement(
        county=county,
        institution=centre.name,
        institution_address=centre.address,
        institution_telephone=centre.telephone,
        complaint_telephone=centre.complaint_telephone,
        team=team.name,
        team_telephone=team.telephone or centre.telephone,
        hours=team.hours or centre.hours,
        members=tuple(_members(team)),
        doctor=draft.doctor.name if draft.doctor else "",
        agent=draft.agent.name if draft.agent else "",
        resident=resident.name,
        sex=word("sex", resident.sex),
        birth=resident.birth,
        identity_number=resident.identity_number or "",
        telephone=resident.telephone or "",
        address=address,
        record_number=resident.record_number,
        guardian=terms.guardian,
        groups=tuple(_ticks(groups_of(resident, on))),
        packages=tuple(map(_package, draft.packages)),
        start_on=terms.start_on,
        end_on=last_day(terms.start_on, terms.term_months),
        term_months=terms.term_months,
        method=terms.method,
        witness=terms.witness,
    )


def list_members(team_id: int) -> Sequence[TeamMember]:
    """Give who works in a team now: the leader first, then by role."""
    query = (
        select(TeamMember)
        .where(TeamMember.team_id == team_id, TeamMember.until.is_(None))
        .options(joinedload(TeamMember.staff), joinedload(TeamMember.team))
        .order_by(TeamMember.id)
    )
    members = [one for one in db.session.scalars(query) if one.staff.active]
    return sorted(members, key=lambda one: (not _leads(one), MEMBER_ROLES.index(one.role)))


def _leads(member: TeamMember) -> bool:
    return member.staff_id == member.team.leader_id


def _members(team: Team) -> Iterable[Member]:
    for member in list_members(team.id):
        staff = member.staff
        role = word("member_role", member.role)
        yield Member(staff.name, role, staff.title, staff.telephone, _leads(member))


def _ticks(groups: set[str]) -> Iterable[tuple[str, bool]]:
    yield GENERAL, not groups
    yield from merge_ticks((word("tag", code), code in groups) for code in KEY_POPULATIONS)


def _package(package: ServicePackage) -> Package:
    return Package(
        name=package.name,
        kind=package.kind,
        price=package.price,
        resident_pays=package.resident_pays,
        items=tuple(Item(item.name, item.times_a_year) for item in package.items),
    )


def _places(resident: Resident) -> tuple[str, str]:
    """Give the county's name and the address, which begins with the village if it did not."""
    village = resident.village
    township = db.session.get(Division, village.parent_code) if village.parent_code else None
    above = township.parent_code if township else None
    county = db.session.get(Division, above) if above else None
    county_name = county.name if county else ""
    if village.short_name in resident.address:
        return county_name, resident.address
    place = f"{township.name if township else ''}{village.short_name}"
    return county_name, f"{county_name}{place}{resident.address}"


def rebuild_agreement(contract: Contract, on: date) -> Agreement:
    """Give an agreement from today's rows, for a contract whose facts nobody kept."""
    terms = Terms(
        package_ids=(),
        term_months=contract.term_months,
        start_on=contract.start_on,
        method=contract.method,
        guardian=contract.guardian,
        witness=contract.witness,
    )
    agent = contract.signing_agent
    draft = Draft(terms, contract.team, contract.doctor, None, agent, contract.packages)
    return replace(draft_agreement(contract.resident, draft, on), end_on=contract.end_on)
