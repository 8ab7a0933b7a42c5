"""Reads of teams, their members and their villages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import contains_eager, joinedload, undefer

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import ON_ROSTER, Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import (
    MEMBER_ROLES,
    Photograph,
    Staff,
    Team,
    TeamMember,
    TeamVillage,
)
from familydoc.queries import scope
from familydoc.rules.teams import gaps


def find_owner(village_code: str, team_id: int | None = None) -> tuple[int | None, int | None]:
    """Give the team and the person who look after a village today, the leader when nobody does.

    With `team_id` the answer is within that team, even where another one serves the village.
    """
    query = (
        select(TeamVillage.team_id, func.coalesce(TeamVillage.staff_id, Team.leader_id))
        .join(TeamVillage.team)
        .where(TeamVillage.village_code == village_code, TeamVillage.until.is_(None))
    )
    if team_id is not None:
        query = query.where(TeamVillage.team_id == team_id)
    found = db.session.execute(query).first()
    if found is not None:
        return found[0], found[1]
    if team_id is None:
        return None, None
    return team_id, db.session.scalar(select(Team.leader_id).where(Team.id == team_id))


@dataclass(frozen=True)
class Card:
    """A team as people know it: who serves, which villages, and what it still lacks."""

    team: Team
    members: list[TeamMember]
    villages: list[TeamVillage]

    @property
    def gaps(self) -> tuple[str, ...]:
        return gaps([member.role for member in self.members], self.team.leader_id is not None)

    def kept_by(self, staff_id: int) -> list[TeamVillage]:
        """The villages one member looks after."""
        return [village for village in self.villages if village.staff_id == staff_id]


def list_cards(viewer: Account, centre_id: int | None = None) -> list[Card]:
    """Give the active teams a viewer may see, by centre, each with today's members and villages."""
    query = (
        select(Team)
        .join(Team.organisation)
        .where(scope.teams(viewer), Team.active)
        .options(contains_eager(Team.organisation), joinedload(Team.leader))
        .order_by(Organisation.code, Team.id)
    )
    if centre_id is not None:
        query = query.where(Team.organisation_id == centre_id)
    return _cards(db.session.scalars(query).all())


def get_card(team: Team) -> Card:
    return _cards([team])[0]


def _cards(teams: Sequence[Team]) -> list[Card]:
    """Three statements for any number of teams."""
    ids = [team.id for team in teams]
    members: dict[int, list[TeamMember]] = {one: [] for one in ids}
    villages: dict[int, list[TeamVillage]] = {one: [] for one in ids}
    for member in db.session.scalars(
        select(TeamMember)
        .where(TeamMember.team_id.in_(ids), TeamMember.until.is_(None))
        .options(joinedload(TeamMember.staff).joinedload(Staff.organisation))
    ):
        members[member.team_id].append(member)
    for village in db.session.scalars(
        select(TeamVillage)
        .where(TeamVillage.team_id.in_(ids), TeamVillage.until.is_(None))
        .options(joinedload(TeamVillage.village), joinedload(TeamVillage.staff))
        .order_by(TeamVillage.village_code)
    ):
        villages[village.team_id].append(village)
    return [Card(team, _in_order(team, members[team.id]), villages[team.id]) for team in teams]


def _in_order(team: Team, members: list[TeamMember]) -> list[TeamMember]:
    """The leader first, then doctors, nurses, village doctors, public health, experts."""
    return sorted(
        members,
        key=lambda one: (one.staff_id != team.leader_id, MEMBER_ROLES.index(one.role), one.id),
    )


def list_past_members(team: Team) -> Sequence[TeamMember]:
    """Give who served in a team before, the last to leave first."""
    query = select(TeamMember).where(TeamMember.team_id == team.id, TeamMember.until.is_not(None))
    order = query.order_by(TeamMember.until.desc(), TeamMember.id.desc())
    return db.session.scalars(order.options(joinedload(TeamMember.staff))).all()


def list_memberships(staff_id: int) -> Sequence[TeamMember]:
    """Give the teams somebody serves in today."""
    query = select(TeamMember).where(TeamMember.staff_id == staff_id, TeamMember.until.is_(None))
    return db.session.scalars(query.options(joinedload(TeamMember.team))).all()


def find_membership(team_id: int, staff_id: int) -> TeamMember | None:
    query = select(TeamMember).where(
        TeamMember.team_id == team_id, TeamMember.staff_id == staff_id, TeamMember.until.is_(None)
    )
    return db.session.execute(query).scalar_one_or_none()


def list_candidates(team: Team) -> Sequence[Staff]:
    """Give who may join a team: people of the centre, its clinics, and the county hospitals."""
    near = select(Organisation.id).where(
        (Organisation.id == team.organisation_id)
        | (Organisation.parent_id == team.organisation_id)
        | (Organisation.kind == "county_hospital")
    )
    serving = select(TeamMember.staff_id).where(
        TeamMember.team_id == team.id, TeamMember.until.is_(None)
    )
    query = (
        select(Staff)
        .join(Staff.organisation)
        .where(Staff.active, Staff.organisation_id.in_(near), Staff.id.not_in(serving))
        .options(contains_eager(Staff.organisation))
        .order_by(Organisation.code, Staff.id)
    )
    return db.session.scalars(query).all()


def list_free_villages(team: Team) -> list[tuple[Division, Team | None]]:
    """Give the villages of the centre's township that another team or nobody serves, and who."""
    query = (
        select(Division, Team)
        .outerjoin(
            TeamVillage, (TeamVillage.village_code == Division.code) & TeamVillage.until.is_(None)
        )
        .outerjoin(Team, Team.id == TeamVillage.team_id)
        .where(
            Division.level == "village",
            Division.active,
            Division.parent_code == team.organisation.division_code,
        )
        .order_by(Division.code)
    )
    rows = db.session.execute(query)
    return [(row[0], row[1]) for row in rows if row[1] is None or row[1].id != team.id]


def followers(village_code: str, team_id: int) -> Select[Resident]:
    """The residents of a village who go with it: no running contract with another team."""
    bound = select(Contract.resident_id).where(
        Contract.resident_id == Resident.id,
        Contract.state == "active",
        Contract.team_id != team_id,
    )
    return select(Resident).where(Resident.village_code == village_code, ~bound.exists())


def count_followers(village_code: str, team_id: int) -> tuple[int, int]:
    """Count on the roster who would come along with a village, and who stays by contract."""
    everybody = select(func.count()).where(
        Resident.village_code == village_code, Resident.state.in_(ON_ROSTER)
    )
    coming = followers(village_code, team_id).where(Resident.state.in_(ON_ROSTER))
    come = db.session.execute(select(func.count()).select_from(coming.subquery())).scalar_one()
    return come, db.session.execute(everybody).scalar_one() - come


def list_worked_villages(team_id: int, staff_id: int | None) -> Sequence[str]:
    """Give the villages where somebody (or nobody) of a team has live enrolments or open tasks."""
    enrolled = (
        select(Resident.village_code)
        .join(Enrolment, Enrolment.resident_id == Resident.id)
        .where(
            Enrolment.team_id == team_id,
            Enrolment.staff_id.is_not_distinct_from(staff_id),
            Enrolment.state != "ended",
        )
    )
    owed = select(Task.village_code).where(
        Task.team_id == team_id,
        Task.staff_id.is_not_distinct_from(staff_id),
        Task.state == "open",
    )
    return db.session.scalars(union(enrolled, owed)).all()


def photographed(staff_ids: Iterable[int]) -> set[int]:
    """Give whose face is kept, without reading the pictures."""
    query = select(Photograph.staff_id).where(Photograph.staff_id.in_(list(staff_ids)))
    return set(db.session.scalars(query))


def find_photograph(uid: str, public: bool) -> Photograph | None:
    """Give somebody's picture; for the public only with consent and while in service."""
    query = select(Photograph).join(Photograph.staff).where(Staff.uid == uid)
    if public:
        query = query.where(Staff.photo_consent, Staff.active)
    return db.session.execute(query.options(undefer(Photograph.content))).scalar_one_or_none()


def count_team_work(team_id: int) -> dict[str, int]:
    """Count what keeps a team from being dissolved: villages, residents, running contracts."""
    counted = {
        "个村（居）": (TeamVillage.team_id == team_id, TeamVillage.until.is_(None)),
        "位居民": (Resident.team_id == team_id, Resident.state.in_(ON_ROSTER)),
        "份有效协议": (Contract.team_id == team_id, Contract.state == "active"),
    }
    return {
        word: db.session.execute(select(func.count()).where(*conditions)).scalar_one()
        for word, conditions in counted.items()
    }


def find_staff_of(team_id: int, uid: str) -> Staff | None:
    """Give a person who serves in a team today."""
    query = (
        select(Staff)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .where(Staff.uid == uid, TeamMember.team_id == team_id, TeamMember.until.is_(None))
    )
    return db.session.execute(query).scalar_one_or_none()
