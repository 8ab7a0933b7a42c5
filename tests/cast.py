"""A small named cast, one of them an outsider, and builders with sane defaults.

County 清水河县 with two centres. 城关镇卫生院 has 一队 (chen leads; yun, jia) and 二队 (li leads);
宏河镇卫生院 has one team with wu, the outsider. Villages: 城关村, 南沟村 (一队), 神池窑村 (二队),
and 元子湾村 (宏河). 圣泉社区 is served by nobody. gao receives what is referred to 清水河县人民医院.
"""

import uuid
from datetime import date, timedelta

from argon2 import PasswordHasher

from familydoc import clock
from familydoc.actions import accounts as account_actions
from familydoc.actions.setup import DIVISIONS, add_places, read_divisions
from familydoc.extensions import db, keys
from familydoc.formats.pinyin import initials
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract, PackageItem, ServicePackage
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident, ResidentTag, ResidentTerm
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team, TeamMember, TeamVillage
from familydoc.rules.dates import add_months
from familydoc.rules.identity import check_digit
from familydoc.rules.residents import search_terms
from familydoc.transaction import transaction

PASSWORD = "Qingshui-2026"
CHENGGUAN, HONGHE, HOSPITAL = "150124100", "150124101", "150124-RM01"
CHENGGUAN_VILLAGE, NANGOU, SHENCHIYAO = "150124100200", "150124100202", "150124100201"
SHENGQUAN, YUANZIWAN = "150124100007", "150124101200"
SINCE = date(2025, 1, 1)
#: username, name, role, title, member role, team
PEOPLE = (
    ("chen", "陈玉兰", "leader", "全科医生", "family_doctor", "chengguan1"),
    ("yun", "云其格", "member", "护士", "nurse", "chengguan1"),
    ("jia", "贾二牛", "member", "乡村医生", "village_doctor", "chengguan1"),
    ("li", "李建国", "leader", "全科医生", "family_doctor", "chengguan2"),
    ("wu", "武秀英", "leader", "中医师", "family_doctor", "honghe1"),
)
#: Everybody who can sign in, the outsider of 城关一队 last.
CAST = ("admin", "sun", "zhao", "chen", "yun", "jia", "li", "board", "gao", "wu")


def add(row):  # type: ignore[no-untyped-def]
    db.session.add(row)
    db.session.flush()
    return row


def fill_cast() -> None:
    """Store the cast; called once for a database that every test gets a copy of."""
    account_actions.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    password_hash = account_actions.hasher.hash(PASSWORD)
    with transaction():
        county = add_places(by=None, rows=read_divisions(DIVISIONS))
        _fill_centres(county)
        _fill_hospital(county)
        _fill_people(password_hash)
        _fill_villages()
        _fill_packages()
        for username, role, code in (
            ("admin", "administrator", "150124"),
            ("sun", "supervisor", "150124"),
            ("zhao", "manager", CHENGGUAN),
            ("board", "board", CHENGGUAN),
            ("gao", "manager", HOSPITAL),
        ):
            _account(username, role, organisation(code), None, password_hash)


def _fill_centres(county: Organisation) -> None:
    for code, name in ((CHENGGUAN, "城关镇卫生院"), (HONGHE, "宏河镇卫生院")):
        centre = add(
            Organisation(
                code=code,
                name=name,
                kind="township_centre",
                parent_id=county.id,
                division_code=code,
                telephone="0471-7912001",
                complaint_telephone="0471-7912012",
                hours="周一至周六 8:00–17:30",
            )
        )
        for number, key in ((1, "一队"), (2, "二队")) if code == CHENGGUAN else ((1, "一队"),):
            add(
                Team(
                    uid=f"team-{code}-{number}",
                    name=f"{name[:2]}{key}",
                    organisation_id=centre.id,
                    hours="周一至周六 8:00–17:30",
                    telephone=f"0471-791200{number}",
                    services="随访、慢病用药、上门服务、转诊",
                )
            )


def _fill_hospital(county: Organisation) -> None:
    add(
        Organisation(
            code=HOSPITAL,
            name="清水河县人民医院",
            kind="county_hospital",
            parent_id=county.id,
            telephone="0471-7910120",
        )
    )


def _fill_people(password_hash: str) -> None:
    for username, name, role, title, member_role, team_key in PEOPLE:
        team = team_of(team_key)
        person = add(
            Staff(
                uid=f"staff-{username}",
                name=name,
                title=title,
                organisation_id=team.organisation_id,
                telephone="13800000000",
            )
        )
        add(TeamMember(team_id=team.id, staff_id=person.id, role=member_role, since=SINCE))
        if role == "leader":
            team.leader_id = person.id
        _account(username, role, team.organisation, person, password_hash)


def _account(
    username: str, role: str, at: Organisation, person: Staff | None, password_hash: str
) -> None:
    add(
        Account(
            username=username,
            role=role,
            organisation_id=at.id,
            staff_id=person.id if person else None,
            password_hash=password_hash,
            must_change_password=False,
        )
    )


def _fill_villages() -> None:
    for team_key, village, username in (
        ("chengguan1", CHENGGUAN_VILLAGE, "jia"),
        ("chengguan1", NANGOU, "yun"),
        ("chengguan2", SHENCHIYAO, "li"),
        ("honghe1", YUANZIWAN, "wu"),
    ):
        add(
            TeamVillage(
                team_id=team_of(team_key).id,
                village_code=village,
                staff_id=staff(username).id,
                since=SINCE,
            )
        )


def _fill_packages() -> None:
    basic = add(ServicePackage(code="basic", name="基础服务包", kind="basic"))
    add(PackageItem(package_id=basic.id, name="健康档案管理", times_a_year=1))
    chronic = add(
        ServicePackage(
            code="hypertension",
            name="高血压服务包",
            kind="personal",
            price=120,
            resident_pays=20,
            audience="hypertension",
        )
    )
    add(PackageItem(package_id=chronic.id, name="面对面随访", times_a_year=4))


def team_of(key: str) -> Team:
    """`chengguan1`, `chengguan2` or `honghe1`."""
    code = CHENGGUAN if key.startswith("chengguan") else HONGHE
    return db.session.query(Team).filter_by(uid=f"team-{code}-{key[-1]}").one()


def organisation(code: str) -> Organisation:
    return db.session.query(Organisation).filter_by(code=code).one()


def account(username: str) -> Account:
    return db.session.query(Account).filter_by(username=username).one()


def staff(username: str) -> Staff:
    return db.session.query(Staff).filter_by(uid=f"staff-{username}").one()


def identity_number(birth: date, sequence: int = 1, area: str = "150124") -> str:
    """A number with a right check digit: odd sequences are men."""
    stem = f"{area}{birth:%Y%m%d}{sequence:03d}"
    return stem + check_digit(stem)


def make_resident(
    name: str = "张建国",
    birth: date = date(1958, 3, 5),
    *,
    village: str = CHENGGUAN_VILLAGE,
    team: str | None = "chengguan1",
    number: str | None = None,
    phone: str | None = None,
    tags: tuple[str, ...] = (),
    **columns: object,
) -> Resident:
    """Store a resident of 城关村 and 城关一队, man, 68; commits."""
    seal = keys.vault.fingerprint
    with transaction():
        resident = add(
            Resident(
                uid=str(uuid.uuid4()),
                name=name,
                sex="male",
                birth=birth,
                identity_number=number,
                identity_hash=seal("identity", number) if number else None,
                identity_last4_hash=seal("identity last4", number[-4:]) if number else None,
                telephone=phone,
                telephone_hash=seal("telephone", phone) if phone else None,
                telephone_last4_hash=seal("telephone last4", phone[-4:]) if phone else None,
                village_code=village,
                centre_id=organisation(village[:9]).id,
                team_id=team_of(team).id if team else None,
                created_at=clock.now(),
                **columns,
            )
        )
        db.session.add_all(
            ResidentTag(resident_id=resident.id, tag=tag, since=SINCE) for tag in tags
        )
        db.session.add_all(
            ResidentTerm(term=term, resident_id=resident.id)
            for term in search_terms(name) | initials(name)
        )
    return resident


def make_enrolment(
    resident: Resident, programme: str = "hypertension", **columns: object
) -> Enrolment:
    """Enrol a resident with jia of the resident's team as owner; commits."""
    with transaction():
        return add(
            Enrolment(
                **{
                    "resident_id": resident.id,
                    "programme": programme,
                    "since": SINCE,
                    "team_id": resident.team_id,
                    "staff_id": staff("jia").id,
                }
                | columns
            )
        )


def make_task(enrolment: Enrolment, due_on: date, kind: str = "regular", **columns: object) -> Task:
    """Store an open task of an enrolment; commits."""
    with transaction():
        return add(
            Task(
                **{
                    "enrolment_id": enrolment.id,
                    "resident_id": enrolment.resident_id,
                    "programme": enrolment.programme,
                    "kind": kind,
                    "window_start": due_on - timedelta(days=30),
                    "due_on": due_on,
                    "team_id": enrolment.team_id,
                    "staff_id": enrolment.staff_id,
                    "village_code": enrolment.resident.village_code,
                    "created_at": clock.now(),
                }
                | columns
            )
        )


def make_referral(resident: Resident, **columns: object) -> Referral:
    """Store an open referral of a resident to the hospital, made by hand today; commits."""
    today = clock.today()
    with transaction():
        return add(
            Referral(
                **{
                    "uid": str(uuid.uuid4()),
                    "resident_id": resident.id,
                    "programme": "hypertension",
                    "urgency": "routine",
                    "reason": "连续两次没有达标",
                    "from_organisation_id": resident.centre_id,
                    "to_organisation_id": organisation(HOSPITAL).id,
                    "opened_on": today,
                    "check_due_on": today + timedelta(days=14),
                }
                | columns
            )
        )


def make_contract(resident: Resident, start_on: date | None = None, **columns: object) -> Contract:
    """Store an active contract of 12 months with the resident's team; commits."""
    start = start_on or clock.today()
    token = uuid.uuid4().hex[:22]
    with transaction():
        return add(
            Contract(
                **{
                    "uid": str(uuid.uuid4()),
                    "number": f"T{uuid.uuid4().hex[:12]}",
                    "resident_id": resident.id,
                    "team_id": resident.team_id,
                    "start_on": start,
                    "end_on": add_months(start - timedelta(days=1), 12),
                    "term_months": 12,
                    "signed_at": clock.now(),
                    "token": token,
                    "token_hash": keys.vault.fingerprint("contract token", token),
                    "short_number": token[:8].upper(),
                }
                | columns
            )
        )
