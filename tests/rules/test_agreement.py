"""Python and JavaScript agree on random cases; every decision leaves something to do."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from familydoc.rules.definitions import Field, Programme
from familydoc.rules.programmes import load_programmes

from .both import judge_in_node, judge_in_python

BATCH = 2500
SEEDS = st.integers(0, 2**32)
SLIPS = ["", "７。8", " 130 ", "abc", "1e2", "1_30", "²", "12.5", "-1", None, True, [7], 10**30]
NEAR_A_LINE = [3.9, 3.95, 4, 6.9, 6.95, 7, 16.65, 16.7, 39, 39.05]
PARAMETERS = [{}, {}, {}, {"recheck_days": 10}, {"regular_months": 2}, {"danger_sbp": 170}]


def random_number(random: Random, field: Field) -> Any:
    """Give a number of a field's range, many near a line of the ladder."""
    low, high = int(field.min or 0), int(field.max or 0)
    if field.kind == "integer":
        lines = [x for x in (89, 90, 100, 101, 110, 139, 140, 150, 180) if low <= x <= high]
        return random.choice([random.randint(low, high), *lines[-2:]])
    lines = [x for x in NEAR_A_LINE if low <= x <= high]
    number = random.randint(low * 100, high * 100) / 100
    return random.choice([number, round(number, 1), *lines[:4]])


def random_answer(random: Random, field: Field) -> Any:
    """Give an answer to a field, one in a hundred a slip of the finger."""
    if random.random() < 0.01:
        return random.choice(SLIPS)
    if field.kind in ("integer", "decimal"):
        return random_number(random, field)
    if field.kind == "flag":
        return random.choice([True, False, False, None, "1", "on", "否"])
    codes = [c.code for c in field.choices]
    if field.kind == "multi":
        return random.sample(codes[1:], random.randint(0, 3)) or [codes[0]]
    return random.choice([codes[0], *codes, *map(str, codes)])


def random_answers(random: Random, programme: Programme) -> dict[str, Any]:
    """Give the answers of a visit, the measurements nearly always among them."""
    judged = [f for f in programme.fields.values() if f.kind not in ("text", "date", "bmi")]
    chosen = [f for f in judged if random.random() < (0.97 if f.needed else 0.2)]
    answers = {f.code: random_answer(random, f) for f in chosen}
    if random.random() < 0.8:
        answers = {k: v for k, v in answers.items() if k not in ("danger_sign", "pregnant")}
    if random.random() < 0.8 and "sbp" in answers:
        answers["sbp"], answers["dbp"] = random.randint(100, 199), random.randint(50, 99)
    return answers


def random_case(seed: int) -> tuple[str, dict[str, Any]]:
    """Give a programme's code and a case, always the same for one seed."""
    random = Random(seed)
    programme = random.choice(list(load_programmes().values()))
    visit = date(2000, 1, 1) + timedelta(days=random.randint(0, 36_000))
    past = [visit - timedelta(days=random.randint(-3, 90)) for _ in range(random.randint(0, 3))]
    history = [
        {"visit_date": str(day), "answers": random.choice([{}, random_answers(random, programme)])}
        for day in past
    ]
    case = {
        "birth": str(visit - timedelta(days=random.randint(20 * 365, 95 * 365))),
        "visit_date": str(visit),
        "answers": random_answers(random, programme),
        "history": history,
        "referral_open": random.random() < 0.3,
    }
    parameters = random.choice(PARAMETERS)
    return programme.code, {**case, "parameters": parameters}


@pytest.mark.node
def test_browser_and_server_agree_on_random_cases() -> None:
    drawn = [random_case(seed) for seed in range(BATCH)]
    found = judge_in_node(drawn)
    assert sum("class" in answer for answer in found) > BATCH / 2
    for (code, case), answer in zip(drawn, found, strict=True):
        assert answer == judge_in_python(code, case), (code, case)


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_every_decision_has_a_next_obligation_and_none_before_the_visit(seed: int) -> None:
    code, case = random_case(seed)
    found = judge_in_python(code, case)
    if "refused" in found:
        assert found["message"]
        return
    assert found["next"] and found["because"]
    assert all(step["due"] > case["visit_date"] for step in found["next"])
    assert (found["referral"] == "urgent") == bool(found["danger"])
    kinds = [step["kind"] for step in found["next"]]
    assert ("referral_fu" in kinds) == (found["referral"] != "none")


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_order_of_the_history_never_matters(seed: int) -> None:
    code, case = random_case(seed)
    found = judge_in_python(code, case)
    again = judge_in_python(code, {**case, "history": case["history"][::-1]})
    assert again == found or ("refused" in again and "refused" in found)
