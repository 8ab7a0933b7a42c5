"""Contracts: when people signed, with whom, for what, and what they put their name to."""

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from familydoc.clock import SHANGHAI
from familydoc.demo.people import Person
from familydoc.demo.teams import DemoTeam
from familydoc.extensions import keys
from familydoc.labels import word
from familydoc.models.contracts import ServicePackage
from familydoc.models.organisations import Organisation
from familydoc.rules.agreements import (
    Agreement,
    Item,
    Package,
    agreement_text,
    text_hash,
)
from familydoc.rules.agreements import Member as AgreementMember
from familydoc.rules.contracts import ADULT_AGE, last_day, make_number, make_short_number
from familydoc.rules.dates import add_months
from familydoc.rules.residents import KEY_POPULATIONS, key_populations

Row = dict[str, Any]
FACTS = [field.name for field in fields(Agreement)]
TERMS, TERM_WEIGHTS = (12, 24, 36), (90, 7, 3)
METHODS, METHOD_WEIGHTS = ("paper", "tablet", "telephone"), (62, 34, 4)
#: Share of those who are not signed whose contract ran out, and of the signed who renewed.
LAPSED, RENEWED, SWITCHED = 0.13, 0.35, 0.01
MEMBER_ORDER = ("family_doctor", "nurse", "village_doctor", "public_health", "county_expert")


@dataclass(frozen=True)
class Side:
    """The team's side of an agreement: the words of the institution, and who may sign."""

    team: DemoTeam
    words: dict[str, Any]
    members: list[Row]
    accounts: Mapping[int, int]


@dataclass
class Contracts:
    """The rows that signing leaves behind."""

    contracts: list[Row] = field(default_factory=list)
    packages: list[Row] = field(default_factory=list)


class Signing:
    """Writes contracts for one resident after another."""

    def __init__(
        self,
        packages: Sequence[ServicePackage],
        sides: Mapping[str, Side],
        now: datetime,
        seed: int,
    ) -> None:
        self.rows = Contracts()
        self.packages, self.sides, self.now = packages, sides, now
        self.today = now.astimezone(SHANGHAI).date()
        self.random = Random(f"{seed} signing")
        self.digits: set[str] = set()
        self.days: dict[int, date] = {}
        self.words = {p.id: _package_words(p) for p in packages}
        self.plain = {id: asdict(words) for id, words in self.words.items()}

    def sign(self, person: Person) -> None:
        """Give a resident the contracts that fit: running, run out, renewed, ended or none."""
        if person.state in ("deceased", "moved"):
            return self._ended(person)
        if person.signed:
            return self._running(person)
        if self.random.random() < LAPSED:
            self._lapsed(person)
        return None

    def _running(self, person: Person) -> None:
        term = self.random.choices(TERMS, TERM_WEIGHTS)[0]
        start = self._start(person)
        if self.random.random() < RENEWED:
            before = add_months(start, -12)
            self._add(person, before, 12, "renewed", start - timedelta(days=1))
        elif self.random.random() < SWITCHED:
            before = add_months(start, -5)
            self._add(person, before, 12, "switched", start - timedelta(days=1))
        self._add(person, start, term, "active", None)

    def _lapsed(self, person: Person) -> None:
        end = self.today - timedelta(days=self.random.randint(1, 330))
        start = add_months(end + timedelta(days=1), -12)
        if self.random.random() < 0.06:
            return self._add(
                person, start, 12, "terminated", end - timedelta(days=90), "居民要求解约"
            )
        return self._add(person, start, 12, "expired", last_day(start, 12))

    def _ended(self, person: Person) -> None:
        since = person.since or self.today
        if self.random.random() < 0.8:
            start = since - timedelta(days=self.random.randint(5, 360))
            reason = word("resident_state", person.state)
            self._add(person, start, 12, "terminated", since, reason)

    def _start(self, person: Person) -> date:
        """Give the day a household signed: in the last year, most in the campaign of spring."""
        home = person.home.id
        if home not in self.days:
            days = [self.today - timedelta(days=self.random.randrange(1, 364)) for _ in range(3)]
            spring = [day for day in days if day.month in (3, 4, 5)]
            first = add_months(self.today, -12) + timedelta(days=1)
            self.days[home] = max((spring or days)[0], first)
        return self.days[home]

    def _add(
        self,
        person: Person,
        start: date,
        term: int,
        state: str,
        ended_on: date | None,
        reason: str = "",
    ) -> None:
        side, random = self.sides[person.village], self.random
        doctor = random.choice(side.team.of("family_doctor"))
        agent = side.team.carers[person.village]
        digits, chosen = self._digits(), self._choose(person)
        row = {
            "id": len(self.rows.contracts) + 1,
            "uid": str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "number": make_number("150124", start.year, digits),
            "resident_id": person.id,
            "team_id": side.team.id,
            "doctor_id": doctor.id,
            "signing_agent_id": agent,
            "start_on": start,
            "end_on": last_day(start, term),
            "term_months": term,
            "state": state,
            "ended_on": ended_on,
            "end_reason": reason,
            "guardian": _guardian(person),
            "text_hash": "",
            "signed_at": self._moment(start),
            "signed_by": side.accounts[agent],
            "short_number": make_short_number(digits),
            "agreement": None,
        }
        row |= self._signed(side) | _token()
        if state == "active":
            row |= self._evidence(person, side, row, doctor.name, chosen)
        self.rows.contracts.append(row)
        self.rows.packages += [{"contract_id": row["id"], "package_id": p.id} for p in chosen]

    def _signed(self, side: Side) -> Row:
        """How it was signed: a drawing on the tablet, on paper, or by telephone with a witness."""
        method = self.random.choices(METHODS, METHOD_WEIGHTS)[0]
        return {
            "method": method,
            "witness": side.team.leader.name if method == "telephone" else "",
            "signature": _scrawl(self.random) if method == "tablet" else None,
        }

    def _digits(self) -> str:
        while True:
            digits = f"{self.random.randrange(10_000_000, 100_000_000)}"
            if digits not in self.digits:
                self.digits.add(digits)
                return digits

    def _choose(self, person: Person) -> list[ServicePackage]:
        groups = key_populations(person.tags, person.birth, self.today)
        return [
            p
            for p in self.packages
            if p.kind == "basic" or (p.audience in groups and self.random.random() < 0.8)
        ]

    def _moment(self, on: date) -> datetime:
        hour = time(self.random.randint(9, 17), self.random.randrange(60), tzinfo=SHANGHAI)
        return min(datetime.combine(on, hour), self.now)

    def _evidence(
        self, person: Person, side: Side, row: Row, doctor: str, chosen: list[ServicePackage]
    ) -> Row:
        """Give the facts of the agreement and the hash of its text, as signing would keep them."""
        groups = key_populations(person.tags, person.birth, self.today)
        agent = next(m.name for m in side.team.members if m.id == row["signing_agent_id"])
        agreement = Agreement(
            **side.words,
            doctor=doctor,
            agent=agent,
            resident=person.name,
            sex=word("sex", person.sex),
            birth=person.birth,
            identity_number=person.number or "",
            telephone=person.phone or "",
            address=person.home.address,
            record_number=record_number(person),
            guardian=row["guardian"],
            groups=(
                ("一般人群", not groups),
                *((word("tag", code), code in groups) for code in KEY_POPULATIONS),
            ),
            packages=tuple(self.words[p.id] for p in chosen),
            start_on=row["start_on"],
            end_on=row["end_on"],
            term_months=row["term_months"],
            method=row["method"],
            witness=row["witness"],
        )
        return {
            "agreement": self._write(side, agreement, chosen),
            "text_hash": text_hash(agreement_text(agreement)),
        }

    def _write(self, side: Side, agreement: Agreement, chosen: list[ServicePackage]) -> str:
        """Give what `rules.agreements.write_agreement` gives, a county's worth in seconds: teams
        and packages are the same in thousands of agreements and are taken apart once."""
        facts = {name: getattr(agreement, name) for name in FACTS}
        facts["members"] = side.members
        facts["packages"] = [self.plain[p.id] for p in chosen]
        return json.dumps(facts, ensure_ascii=False, default=date.isoformat)


def record_number(person: Person) -> str:
    """Give the 17 digits of the health record (DOMAIN 5.2): county, township, village, serial."""
    return f"{person.village}{person.id % 100_000:05d}"


def team_side(
    team: DemoTeam,
    centre: Organisation,
    telephone: str,
    accounts: Mapping[int, int],
    phones: Mapping[int, str],
) -> Side:
    """Give the words of a team and its institution as an agreement prints them."""
    ordered = sorted(team.members, key=lambda m: (m is not team.leader, MEMBER_ORDER.index(m.role)))
    members = tuple(
        AgreementMember(
            m.name, word("member_role", m.role), m.title, phones[m.id], m is team.leader
        )
        for m in ordered
    )
    words = {
        "county": "清水河县",
        "institution": centre.name,
        "institution_address": centre.address,
        "institution_telephone": centre.telephone,
        "complaint_telephone": centre.complaint_telephone,
        "team": team.name,
        "team_telephone": telephone,
        "hours": centre.hours,
        "members": members,
    }
    return Side(team, words, [asdict(member) for member in members], accounts)


def _token() -> Row:
    """A token nobody can guess, even of a demo that can be made again."""
    token = secrets.token_urlsafe(16)
    return {"token": token, "token_hash": keys.vault.fingerprint("contract token", token)}


def _guardian(person: Person) -> str:
    if person.age >= ADULT_AGE:
        return ""
    return f"{person.home.head}（户主）"


def _package_words(package: ServicePackage) -> Package:
    return Package(
        name=package.name,
        kind=package.kind,
        price=package.price,
        resident_pays=package.resident_pays,
        items=tuple(Item(item.name, item.times_a_year) for item in package.items),
    )


def _scrawl(random: Random) -> str:
    """Give a drawing of a few strokes, as a finger leaves them on the tablet."""
    strokes = []
    for place in range(random.randint(3, 6)):
        x, y = 60 + place * 85 + random.randint(-10, 10), random.randint(50, 90)
        stroke = [[x, y]]
        for _ in range(random.randint(4, 7)):
            x = min(max(x + random.randint(-6, 26), 5), 595)
            y = min(max(y + random.randint(-28, 34), 5), 195)
            stroke.append([x, y])
        strokes.append(stroke)
    return '{"w":600,"h":200,"strokes":' + str(strokes).replace(" ", "") + "}"
