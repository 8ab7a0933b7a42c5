"""Who belongs to a key population, who has signed, who is away: exact to the person."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from random import Random

from familydoc.demo.people import Person
from familydoc.demo.sizes import Size
from familydoc.rules.residents import key_populations

#: Share of the residents of an age span that carries a tag beyond the counted ones.
RARE = {
    "tuberculosis": (15, 99, 0.0006),
    "severe_mental_disorder": (18, 80, 0.0055),
    "disabled": (10, 99, 0.035),
    "poverty_relieved": (0, 99, 0.055),
    "poverty_monitored": (0, 99, 0.012),
    "special_family": (49, 99, 0.0012),
}
#: Weight of an age for chronic disease: rare before 35, common from 60.
CHRONIC_AGES = ((35, 0.0), (45, 0.25), (55, 1.0), (65, 2.2), (75, 3.4), (200, 3.8))
AWAY_SHARE, LOST_SHARE = 0.03, 0.003


def assign(
    people: list[Person], size: Size, team_bias: Mapping[str, float], seed: int, today: date
) -> None:
    """Set tags, states and who has signed; `team_bias` by village makes teams differ.

    Afterwards those on the roster count exactly what the size says: hypertension, diabetes,
    key people (each once) and the signed among both.
    """
    random = Random(f"{seed} groups")
    here = [person for person in people if person.state == "present"]
    _tag_patients(here, size, random)
    _tag_rare(here, size.rare, random)
    _tag_former([p for p in people if p.state != "present"], random)
    _top_up(here, size.key, random, today)
    _send_away(here, random, today)
    _sign(here, size, team_bias, random, today)


def is_key(person: Person, today: date) -> bool:
    """Tell whether somebody belongs to a key population today, by tag or by age."""
    return bool(key_populations(person.tags, person.birth, today))


def _chronic_weight(age: int) -> float:
    return next(weight for limit, weight in CHRONIC_AGES if age < limit)


def _pick(
    people: Iterable[Person], weights: Mapping[int, float], count: int, random: Random
) -> list[Person]:
    """Give `count` people, the likelier the heavier (Efraimidis and Spirakis)."""
    keyed = [(random.random() ** (1 / weights[p.id]), p.id, p) for p in people if weights[p.id] > 0]
    return [person for _, _, person in sorted(keyed, reverse=True)[:count]]


def _tag_patients(here: list[Person], size: Size, random: Random) -> None:
    weights = {p.id: _chronic_weight(p.age) for p in here}
    for person in _pick(here, weights, size.hypertension, random):
        person.tags.add("hypertension")
        weights[person.id] *= 3.0  # diabetes comes with hypertension more often than not
    for person in _pick(here, weights, size.diabetes, random):
        person.tags.add("diabetes")


def _tag_rare(here: list[Person], rare: float, random: Random) -> None:
    for tag, (first, last, share) in RARE.items():
        for person in here:
            if first <= person.age <= last and random.random() < share * rare:
                person.tags.add(tag)
    for person in here:
        if person.sex == "female" and 20 <= person.age <= 42 and random.random() < 0.03 * rare:
            person.tags.add("maternal")


def _tag_former(former: list[Person], random: Random) -> None:
    for person in former:
        if person.age >= 45 and random.random() < 0.35:
            person.tags.add("hypertension")


def _top_up(here: list[Person], key: int, random: Random, today: date) -> None:
    """Fill up to the number of key people with 脱贫人口, the largest group of a poor county."""
    others = [person for person in here if not is_key(person, today)]
    missing = key - (len(here) - len(others))
    if missing < 0:
        raise ValueError(f"{-missing} key people too many before the last group")
    for person in random.sample(others, missing):
        person.tags.add("poverty_relieved")


def _send_away(here: list[Person], random: Random, today: date) -> None:
    """Let some be away for work and a few be lost: both stay in every denominator."""
    for person in here:
        chance = random.random()
        if not 16 < person.age < 75 or chance > AWAY_SHARE + LOST_SHARE:
            continue
        person.since = today - timedelta(days=random.randint(5, 220))
        if chance < LOST_SHARE:
            person.state = "lost"
        else:
            person.state = "away"
            person.away_until = today + timedelta(days=random.randint(10, 200))


def _sign(
    here: list[Person], size: Size, bias: Mapping[str, float], random: Random, today: date
) -> None:
    key = [person for person in here if is_key(person, today)]
    others = [person for person in here if not is_key(person, today)]
    weights = {p.id: bias[p.village] for p in here}
    _sign_some(key, size.key_signed, weights, random)
    _sign_some(others, size.signed - size.key_signed, weights, random)


def _sign_some(
    people: list[Person], count: int, weights: Mapping[int, float], random: Random
) -> None:
    for person in _pick(people, weights, count, random):
        person.signed = True
