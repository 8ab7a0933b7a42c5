"""Households and the people in them: everybody who is or was on the roster."""

import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from familydoc.demo.names import SURNAMES, Numbers, birth_of, given_name, mongolian_name
from familydoc.demo.sizes import Size

#: First and last age of those who are neither under 7 nor 65 and over, and their share.
BANDS = {"teen": (7, 17, 0.10), "young": (18, 39, 0.27), "middle": (40, 64, 0.63)}
Family = tuple[tuple[str, str, str], ...]
#: How common a family is, and who lives in it: age band, relation to the head, sex.
FAMILIES: tuple[tuple[int, Family], ...] = (
    (20, (("elderly", "户主", "male"), ("elderly", "配偶", "female"))),
    (9, (("elderly", "户主", "female"),)),
    (5, (("elderly", "户主", "male"),)),
    (30, (("middle", "户主", "male"), ("middle", "配偶", "female"))),
    (14, (("middle", "户主", "male"), ("middle", "配偶", "female"), ("young", "子女", ""))),
    (7, (("middle", "户主", "male"), ("middle", "配偶", "female"), ("elderly", "父母", ""))),
    (8, (("young", "户主", "male"), ("young", "配偶", "female"), ("children", "子女", ""))),
    (9, (("middle", "户主", "male"), ("middle", "配偶", "female"), ("teen", "子女", ""))),
    (5, (("middle", "户主", "male"),)),
    (3, (("elderly", "户主", "male"), ("elderly", "配偶", "female"), ("teen", "孙子女", ""))),
)
#: Years that may lie between the head of a household and somebody else in it.
GAPS = {"配偶": (-6, 6), "父母": (18, 60), "子女": (-45, -18), "孙子女": (-90, -38)}
MONGOLIAN_SHARE, NO_PHONE_SHARE = 0.04, 0.05


@dataclass(slots=True)
class Home:
    """A household."""

    id: int
    village: str
    address: str
    surname: str
    mongolian: bool
    phone: str | None
    head_age: int | None = None
    head: str = ""


@dataclass(slots=True)
class Person:
    """Somebody of the roster, alive and here unless `state` says otherwise."""

    id: int
    uid: str
    name: str
    sex: str
    birth: date
    age: int
    home: Home
    relation: str
    number: str | None
    phone: str | None
    registered: bool
    state: str = "present"
    since: date | None = None
    away_until: date | None = None
    tags: set[str] = field(default_factory=set)
    signed: bool = False

    @property
    def village(self) -> str:
        return self.home.village


def make_people(
    size: Size, villages: Mapping[str, str], shares: Mapping[str, float], seed: int, today: date
) -> tuple[list[Person], list[Home]]:
    """Give everybody of the roster, and after them the dead and those who moved away.

    `villages` maps a code to the words of an address, `shares` says how populous each is.
    """
    register = _Register(size, villages, Random(f"{seed} people"), today)
    register.settle_all(shares)
    register.add_former("deceased", size.deceased, 71)
    register.add_former("moved", size.moved, 34)
    return register.people, register.homes


class _Pools:
    """How many people of each age band are still without a home."""

    def __init__(self, size: Size) -> None:
        rest = size.residents - size.elderly - size.children
        self.left = {"elderly": size.elderly, "children": size.children}
        for band in ("teen", "young"):
            self.left[band] = round(rest * BANDS[band][2])
        self.left["middle"] = rest - self.left["teen"] - self.left["young"]

    def family(self, random: Random) -> Family:
        """Give a family that can still be filled; the last people live as they come."""
        family = random.choices(FAMILIES, [weight for weight, _ in FAMILIES])[0][1]
        bands = [band for band, _, _ in family]
        if any(self.left[band] < bands.count(band) for band in bands):
            family = self._rest()
        for band, _, _ in family:
            self.left[band] -= 1
        return family

    def _rest(self) -> Family:
        adults = [band for band in ("middle", "young", "elderly") if self.left[band]]
        minors = [band for band in ("children", "teen") if self.left[band]]
        head = (adults or minors)[0]
        if not adults or not minors:
            return ((head, "户主", ""),)
        return ((head, "户主", ""), (minors[0], "孙子女" if head == "elderly" else "子女", ""))


class _Register:
    """Houses people and gives each a name, a number and a telephone."""

    def __init__(
        self, size: Size, villages: Mapping[str, str], random: Random, today: date
    ) -> None:
        self.size, self.villages, self.random, self.today = size, villages, random, today
        self.numbers = Numbers(random)
        self.people: list[Person] = []
        self.homes: list[Home] = []

    def settle_all(self, shares: Mapping[str, float]) -> None:
        """Fill every village with at least one household, then by its share."""
        pools, codes = _Pools(self.size), sorted(shares)
        more = self.random.choices(codes, [shares[c] for c in codes], k=self.size.residents)
        places = deque(codes + more)
        while any(pools.left.values()):
            home = self._home(places.popleft())
            for band, relation, sex in pools.family(self.random):
                self._add(home, self._age(home, band, relation), relation, sex)

    def add_former(self, state: str, count: int, around: int) -> None:
        """Add people who died or moved away within two years to households that are there."""
        for home in self.random.sample(self.homes, count):
            age = min(max(int(self.random.gauss(around, 14)), 1), 98)
            person = self._add(home, age, "其他", "")
            person.state = state
            person.since = self.today - timedelta(days=self.random.randint(3, 700))

    def _home(self, village: str) -> Home:
        house = self.random.randint(1, 260)
        no_phone = self.random.random() < NO_PHONE_SHARE
        home = Home(
            id=len(self.homes) + 1,
            village=village,
            address=f"{self.villages[village]}{house}号",
            surname=self.random.choice(SURNAMES),
            mongolian=self.random.random() < MONGOLIAN_SHARE,
            phone=None if no_phone else self.numbers.telephone(),
        )
        self.homes.append(home)
        return home

    def _age(self, home: Home, band: str, relation: str) -> int:
        """Give an age that fits the family, or after some tries one that fits the band."""
        age = self._age_in(band)
        if home.head_age is None:
            home.head_age = age
            return age
        youngest, oldest = (home.head_age + gap for gap in GAPS[relation])
        for _ in range(20):
            if youngest <= age <= oldest:
                break
            age = self._age_in(band)
        return age

    def _age_in(self, band: str) -> int:
        if band == "elderly":
            return min(65 + int(self.random.expovariate(1 / 7)), 99)
        if band == "children":
            return self.random.randint(0, 6)
        first, last, _ = BANDS[band]
        return self.random.randint(first, last)

    def _add(self, home: Home, age: int, relation: str, sex: str) -> Person:
        random = self.random
        sex = sex or random.choice(("male", "female"))
        birth = birth_of(random, age, self.today)
        nameless = age == 0 and random.random() < 0.3
        own = home.phone and 16 < age < 65
        person = Person(
            id=len(self.people) + 1,
            uid=str(uuid.UUID(int=random.getrandbits(128), version=4)),
            name=self._name(home, age, relation, sex),
            sex=sex,
            birth=birth,
            age=age,
            home=home,
            relation={"子女": "子" if sex == "male" else "女"}.get(relation, relation),
            number=None if nameless else self.numbers.identity(birth, sex),
            phone=self.numbers.telephone() if own else home.phone,
            registered=random.random() < 0.8,
        )
        self.people.append(person)
        home.head = home.head or person.name
        return person

    def _name(self, home: Home, age: int, relation: str, sex: str) -> str:
        if home.mongolian:
            return mongolian_name(self.random, sex)
        own = relation in ("配偶", "其他")
        surname = self.random.choice(SURNAMES) if own else home.surname
        return surname + given_name(self.random, sex, age)
