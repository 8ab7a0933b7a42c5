"""Three-level teams: who is in them, which villages they serve, and who looks after which."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random

from familydoc.demo.names import SURNAMES, given_name, mongolian_name, work_phone
from familydoc.demo.places import HOURS, Places, Village
from familydoc.demo.sizes import Size

NUMERALS = "一二三四五六七八九"
#: A family doctor may have some 2,000 people (DOMAIN 2.3); a team has as many doctors as that asks.
PEOPLE_PER_DOCTOR = 1_750
VILLAGES_PER_VILLAGE_DOCTOR = 3
TITLES = {
    "family_doctor": ("全科主治医师", "全科医师", "中医师", "全科医师"),
    "nurse": ("护师", "护士", "主管护师"),
    "public_health": ("公共卫生医师", "公共卫生管理员"),
    "village_doctor": ("乡村医生", "执业助理医师"),
    "county_expert": (
        "内科主任医师",
        "内分泌科副主任医师",
        "心血管内科副主任医师",
        "中医科主任医师",
    ),
}
USERNAMES = {
    "family_doctor": "gp",
    "nurse": "nurse",
    "village_doctor": "doctor",
    "public_health": "health",
    "county_expert": "expert",
}
SERVICES = (
    "随访、慢病用药、上门服务、长期处方、转诊",
    "随访、中医药、孕产妇与儿童、上门服务、转诊",
)
CONSENT_SHARE = 0.85


@dataclass
class Member:
    """A colleague; `username` signs in."""

    id: int
    uid: str
    name: str
    sex: str
    role: str
    title: str
    organisation_id: int
    username: str
    photo_consent: bool


@dataclass
class DemoTeam:
    """A team with its members, its villages and the member who looks after each."""

    id: int
    uid: str
    name: str
    centre_id: int
    township: str
    villages: list[Village]
    members: list[Member] = field(default_factory=list)
    carers: dict[str, int] = field(default_factory=dict)
    #: How reliably the team is on time: between the best and the worst there is a story to see.
    diligence: float = 0.9
    #: How many more or fewer than the others it gets to sign.
    eagerness: float = 1.0

    @property
    def leader(self) -> Member:
        return self.members[0]

    def of(self, role: str) -> list[Member]:
        return [member for member in self.members if member.role == role]

    @property
    def own(self) -> list[Member]:
        """Everybody but the guest from the county hospital."""
        return [member for member in self.members if member.role != "county_expert"]


class Staffing:
    """Makes teams and their members, each with an account of a simple name."""

    def __init__(
        self, places: Places, size: Size, organisations: Mapping[str, int], seed: int
    ) -> None:
        self.places, self.size, self.organisations = places, size, organisations
        self.random = Random(f"{seed} teams")
        self.teams: list[DemoTeam] = []
        self.staff: list[Member] = []
        self.people_per_share = size.residents / sum(v.share for v in places.villages)

    def make(self, hospital_id: int) -> list[DemoTeam]:
        """Give all teams; every village is served by exactly one."""
        for township, count in self.size.teams.items():
            for number, villages in enumerate(self._split(township, count)):
                self._add_team(township, number, count, villages)
        for team in self.teams:
            self._fill(team)
        self._lend_experts(hospital_id)
        for team in self.teams:
            self._assign_villages(team)
        return self.teams

    def _split(self, township: str, count: int) -> list[list[Village]]:
        """Share the villages of a township out evenly by people, the most populous first."""
        parts: list[list[Village]] = [[] for _ in range(count)]
        for village in sorted(self.places.of(township), key=lambda v: (-v.share, v.code)):
            least = min(parts, key=lambda part: sum(v.share for v in part))
            least.append(village)
        return [sorted(part, key=lambda v: v.code) for part in parts]

    def _add_team(self, township: str, number: int, count: int, villages: list[Village]) -> None:
        short = self.places.townships[township]
        word = f"{NUMERALS[number]}队" if count > 1 else "家庭医生团队"
        self.teams.append(
            DemoTeam(
                id=len(self.teams) + 1,
                uid=self._uid(),
                name=f"{short}{word}",
                centre_id=self.organisations[township],
                township=township,
                villages=villages,
                diligence=self.random.uniform(0.74, 0.97),
                eagerness=self.random.uniform(0.7, 1.5),
            )
        )

    def _fill(self, team: DemoTeam) -> None:
        people = self.people_per_share * sum(v.share for v in team.villages)
        doctors = max(1, -(-int(people * 0.8) // PEOPLE_PER_DOCTOR))
        helpers = max(1, -(-len(team.villages) // VILLAGES_PER_VILLAGE_DOCTOR))
        for role, count in (
            ("family_doctor", doctors),
            ("nurse", 1 + (people > 3000)),
            ("public_health", 1),
        ):
            for _ in range(count):
                team.members.append(self._member(role, team.centre_id))
        team.leader.username = f"leader{team.id}"
        for village in team.villages[:helpers]:
            clinic = self.organisations[village.code]
            team.members.append(self._member("village_doctor", clinic))

    def _lend_experts(self, hospital_id: int) -> None:
        """Give every team an expert of the county hospital; some serve two teams."""
        experts = [self._member("county_expert", hospital_id) for _ in range(self.size.experts)]
        for place, team in enumerate(self.teams):
            team.members.append(experts[place % len(experts)])

    def _assign_villages(self, team: DemoTeam) -> None:
        """Let everybody of the team look after a village, the village doctors after the most."""
        smallest_first = sorted(team.villages, key=lambda v: (v.share, v.code))
        doctors, others = (
            team.of("village_doctor"),
            [m for m in team.own if m.role != "village_doctor"],
        )
        spare = max(0, len(team.villages) - len(doctors))
        for village, member in zip(smallest_first, others[:spare], strict=False):
            team.carers[village.code] = member.id
        rest = [village for village in smallest_first if village.code not in team.carers]
        for place, village in enumerate(rest):
            team.carers[village.code] = doctors[place % len(doctors)].id

    def _member(self, role: str, organisation_id: int) -> Member:
        random = self.random
        sex = "female" if role == "nurse" or random.random() < 0.5 else "male"
        mongolian = random.random() < 0.08
        name = random.choice(SURNAMES) + given_name(random, sex, random.randint(28, 58))
        number = sum(m.role == role for m in self.staff) + 1
        member = Member(
            id=len(self.staff) + 1,
            uid=self._uid(),
            name=mongolian_name(random, sex) if mongolian else name,
            sex=sex,
            role=role,
            title=random.choice(TITLES[role]),
            organisation_id=organisation_id,
            username=f"{USERNAMES[role]}{number}",
            photo_consent=random.random() < CONSENT_SHARE,
        )
        self.staff.append(member)
        return member

    def _uid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


def team_row(team: DemoTeam) -> dict[str, object]:
    return {
        "id": team.id,
        "uid": team.uid,
        "name": team.name,
        "organisation_id": team.centre_id,
        "leader_id": team.leader.id,
        "hours": HOURS,
        "telephone": work_phone(300 + team.id),
        "services": SERVICES[team.id % len(SERVICES)],
        "active": True,
    }


def staff_row(member: Member) -> dict[str, object]:
    return {
        "id": member.id,
        "uid": member.uid,
        "name": member.name,
        "organisation_id": member.organisation_id,
        "title": member.title,
        "telephone": work_phone(500 + member.id),
        "photo_consent": member.photo_consent,
        "active": True,
    }


def member_rows(team: DemoTeam, since: date) -> list[dict[str, object]]:
    return [
        {"team_id": team.id, "staff_id": m.id, "role": m.role, "since": since, "until": None}
        for m in team.members
    ]


def village_rows(team: DemoTeam, since: date) -> list[dict[str, object]]:
    return [
        {
            "team_id": team.id,
            "village_code": village.code,
            "staff_id": team.carers[village.code],
            "since": since,
            "until": None,
        }
        for village in team.villages
    ]
