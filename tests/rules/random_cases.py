"""Random cases for every programme there is, made from its own fields; one seed, one case."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from familydoc.rules.definitions import Field, Parameter, Programme
from familydoc.rules.programmes import load_programmes
from familydoc.rules.values import as_number

DATE_SLIPS = [
    "2026年3月5日",
    "20260305",
    "２０２６-3-5",
    "2026.03.05",
    20260305,
    "2026-02-30",
    "2300-01-01",
]
SLIPS = ["", "７。8", " 130 ", "abc", "1e2", "1_30", "²", "12.5", "-1", None, True, [7], 10**30]
#: Pressure, pulse and age lines that stand in conditions as numbers; the others are parameters.
WHOLE_LINES = (89, 90, 100, 101, 110, 139, 140, 150, 180)
FINE_LINES = (3.9, 3.95, 4, 6.9, 6.95, 7, 16.65, 16.7, 39, 39.05)
FIRST_DAY, DAYS = date(2000, 1, 1), 36_000
#: A slip of the finger in this share of answers; none where every answer has to be a valid one.
CARELESS, CAREFUL = 0.01, 0.0


def random_case(
    seed: int, code: str | None = None, slips: float = CARELESS
) -> tuple[str, dict[str, Any]]:
    """Give a programme's code and a case, always the same for one seed."""
    random = Random(seed)
    programmes = load_programmes()
    programme = programmes[code] if code else random.choice(list(programmes.values()))
    visit = FIRST_DAY + timedelta(days=random.randint(0, DAYS))
    past = [visit - timedelta(days=random.randint(-3, 90)) for _ in range(random.randint(0, 3))]
    history = [
        {
            "visit_date": str(day),
            "answers": random.choice([{}, random_answers(random, programme, day, slips)]),
        }
        for day in past
    ]
    return programme.code, {
        "birth": str(visit - timedelta(days=random.randint(*ages(programme)))),
        "visit_date": str(visit),
        "way": random.choice([None, 1, 2, 3]),
        "answers": random_answers(random, programme, visit, slips),
        "history": history,
        "referral_open": random.random() < 0.3,
        "facts": {
            code: random_answer(random, programme, programme.fields[code], visit, CAREFUL)
            for code in programme.intake.facts
        },
        "parameters": random_parameters(random, programme),
    }


def ages(programme: Programme) -> tuple[int, int]:
    """Give the days of age to draw from: those of the intake and a little beyond."""
    low, high = programme.intake.months_from, programme.intake.months_to
    if high is not None:
        return 0, (high + 12) * 31
    return max(20, (low or 0) // 12 - 2) * 365, 95 * 365


def random_parameters(random: Random, programme: Programme) -> dict[str, Any]:
    """Give a county's values, for most cases none."""
    if random.random() < 0.6 or not programme.parameters:
        return {}
    chosen = random.choice(list(programme.parameters.values()))
    return {chosen.name: random_value(random, chosen)}


def random_value(random: Random, parameter: Parameter) -> Any:
    """Give a number that a county may set."""
    unit = 10**parameter.decimals
    number = random.randint(int(parameter.min * unit), int(parameter.max * unit)) / unit
    return int(number) if parameter.decimals == 0 else round(number, parameter.decimals)


def random_answers(
    random: Random, programme: Programme, visit: date, slips: float
) -> dict[str, Any]:
    """Give the answers of a visit: the measurements nearly always, the rest seldom or all of it."""
    measured = {f.code for f in (*programme.needed, *programme.measured)}
    share = random.choice([0.1, 0.2, 0.3, 1.0])
    judged = [f for f in programme.fields.values() if f.kind not in ("text", "bmi")]
    chosen = [f for f in judged if random.random() < (0.97 if f.code in measured else share)]
    answers = {f.code: random_answer(random, programme, f, visit, slips) for f in chosen}
    if random.random() < 0.8:
        answers = {k: v for k, v in answers.items() if k not in ("danger_sign", "pregnant")}
    if random.random() < 0.8 and "sbp" in answers:
        answers["sbp"], answers["dbp"] = random.randint(100, 199), random.randint(50, 99)
    return answers


def random_answer(
    random: Random, programme: Programme, field: Field, visit: date, slips: float
) -> Any:
    """Give an answer to a field, now and then a slip of the finger."""
    if random.random() < slips:
        return random.choice([*DATE_SLIPS, *SLIPS] if field.kind == "date" else SLIPS)
    if field.kind in ("integer", "decimal"):
        return random_number(random, programme, field)
    if field.kind == "flag":
        return random.choice([True, False, False, None, "1", "on", "否"])
    if field.kind in ("date", "instant"):
        day = visit - timedelta(days=random.choice([0, 1, 3, 7, 14, 40, 100, 200, 290]))
        hour = random.choice(["00:00", "09:30", "23:59"])
        return str(day) if field.kind == "date" else f"{day}T{hour}+08:00"
    codes = [c.code for c in field.choices]
    if field.kind == "multi":
        rest = codes[1:]
        return random.sample(rest, random.randint(0, min(3, len(rest)))) or [codes[0]]
    return random.choice([codes[0], *codes, *map(str, codes)])


def random_number(random: Random, programme: Programme, field: Field) -> Any:
    """Give a number of a field's range, many on a line of the ladder or beside it."""
    low, high = int(field.min or 0), int(field.max or 0)
    lines = lines_of(programme, field)
    if lines and random.random() < 0.5:
        return random.choice(lines)
    if field.kind == "integer":
        return random.randint(low, high)
    number = random.randint(low * 100, high * 100) / 100
    return random.choice([number, round(number, 1)])


def lines_of(programme: Programme, field: Field) -> list[Any]:
    """Give the numbers of the programme that could be a line of this field, and their neighbours."""
    low, high = float(field.min or 0), float(field.max or 0)
    known = [as_number(p.value) for p in programme.parameters.values() if p.unit == field.unit]
    if field.kind == "integer":
        near = [x for line in known if isinstance(line, int) for x in (line - 1, line, line + 1)]
        return [x for x in (*WHOLE_LINES, *near) if low <= x <= high]
    near = [x for line in known for x in (round(line - 0.05, 2), line, round(line + 0.05, 2))]
    return [x for x in (*FINE_LINES, *near) if low <= x <= high]


def without_contradictions(case: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    """Give the case without the answers that a check refused."""
    kept = {k: v for k, v in case["answers"].items() if k not in fields}
    return {**case, "answers": kept}
