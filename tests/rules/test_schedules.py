"""Pregnancy and childhood day by day: somebody always knows the next date."""

from datetime import date, timedelta
from typing import Any

import pytest

from familydoc.rules.definitions import Only
from familydoc.rules.enrolments import due_after, first_dues
from familydoc.rules.programmes import assess, load_programmes

from .both import judge_in_node, judge_in_python, load_cases

PROGRAMMES = load_programmes()
OURS = ("maternal", "child", "tcm_child")
BIRTHS = (date(2024, 2, 29), date(2023, 1, 31), date(2023, 8, 31), date(2024, 12, 30))
LMP = date(2026, 1, 1)
MOTHER = date(1996, 5, 20)


def days(start: date, count: int) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


def seen(code: str, birth: date, day: date, answers: dict[str, Any]) -> dict[str, Any]:
    case = {"birth": birth.isoformat(), "visit_date": day.isoformat(), "answers": answers}
    return assess(PROGRAMMES[code], case | {"facts": {"lmp": LMP.isoformat()}}).as_json()


@pytest.mark.parametrize("birth", BIRTHS)
@pytest.mark.parametrize(
    ("code", "answers", "months"),
    [("child", {"child_weight": 9}, 84), ("tcm_child", {"tcm_child_taught": [1]}, 37)],
)
def test_child_seen_on_any_day_is_owed_the_next_age_or_is_done(
    code: str, answers: dict[str, Any], months: int, birth: date
) -> None:
    dues: list[str] = []
    for day in days(birth, months * 31):
        found = seen(code, birth, day, answers)
        assert bool(found["next"]) != bool(found["closes"]), day
        for step in found["next"]:
            assert step["kind"] == "regular" and step["due"] > day.isoformat()
            assert step["due"] >= (dues[-1] if dues else ""), day
            dues.append(step["due"])
    # Every milestone but the one that only an intake reaches, and the home visit before it.
    steps = next(iter(PROGRAMMES[code].schedules.values())).steps
    visits = [s for s in steps if "（补）" not in s.name and "访视" not in s.name]
    assert len(set(dues)) == len(visits)


def test_woman_seen_on_any_day_is_owed_something_until_the_end() -> None:
    for day in days(LMP, 330):
        found = seen("maternal", MOTHER, day, {"stage": 2, "maternal_overall": 1})
        assert found["next"] and not found["closes"], day
        assert all(step["due"] > day.isoformat() for step in found["next"])
        farthest = (day + timedelta(days=146)).isoformat()
        assert all(step["due"] <= farthest for step in found["next"]), day


@pytest.mark.parametrize("stage", [3, 4])
def test_mother_is_owed_day_42_whenever_she_is_seen(stage: int) -> None:
    born = LMP + timedelta(days=280)
    answers = {"stage": stage, "delivery_outcome": "born", "delivery_date": born.isoformat()}
    for day in days(born, 60):
        found = seen("maternal", MOTHER, day, answers)
        due = max(day, born + timedelta(days=42)).isoformat()
        assert {"kind": "regular", "due": due} in found["next"]
        assert all(step["due"] >= day.isoformat() for step in found["next"])


@pytest.mark.parametrize("code", ["child", "tcm_child"])
def test_child_taken_in_at_any_age_of_the_programme_is_owed_a_check(code: str) -> None:
    programme = PROGRAMMES[code]
    months = (programme.intake.months_to or 0) + 1
    for birth in BIRTHS:
        last = birth.replace(year=birth.year + months // 12, day=28)
        for day in days(birth, (last - birth).days):
            due = first_dues(programme, day, birth)["regular"]
            assert isinstance(due, date) and due >= day


@pytest.mark.parametrize(
    ("taken_in", "due"),
    [
        (date(2026, 1, 1), date(2026, 4, 1)),
        (LMP + timedelta(days=90), LMP + timedelta(days=90)),  # 12 weeks and 6 days
        (LMP + timedelta(days=91), LMP + timedelta(days=146)),  # 13 weeks
        (LMP + timedelta(days=146), LMP + timedelta(days=146)),  # 20 weeks and 6 days
        (LMP + timedelta(days=147), LMP + timedelta(days=174)),
        (LMP + timedelta(days=286), LMP + timedelta(days=286)),  # 40 weeks and 6 days
        (LMP + timedelta(days=287), LMP + timedelta(days=294)),
    ],
)
def test_woman_taken_in_is_owed_the_check_whose_window_is_not_over(
    taken_in: date, due: date
) -> None:
    facts = {"lmp": LMP.isoformat()}
    assert first_dues(PROGRAMMES["maternal"], taken_in, MOTHER, facts) == {"regular": due}


def test_newborn_taken_in_on_its_first_day_is_owed_the_home_visit() -> None:
    born = date(2026, 11, 21)
    assert first_dues(PROGRAMMES["child"], born, born) == {"regular": date(2026, 11, 28)}
    later = born + timedelta(days=8)
    assert first_dues(PROGRAMMES["child"], later, born) == {"regular": date(2026, 12, 21)}


@pytest.mark.node
def test_browser_counts_weeks_and_ages_in_the_same_words() -> None:
    cases = [case for case in load_cases() if case["programme"] in OURS]
    found = judge_in_node([(case["programme"], case["case"]) for case in cases])
    for case, said in zip(cases, found, strict=True):
        assert said == judge_in_python(case["programme"], case["case"]), case["name"]


def test_weeks_are_said_as_people_say_them() -> None:
    day, answers = LMP + timedelta(days=146), {"stage": 2, "maternal_overall": 1}
    found = seen("maternal", MOTHER, day, answers)
    assert found["because"][0].startswith("孕 20 周 6 天，未见异常 → 下次：第 3 次产前检查")


def test_nothing_found_is_not_said_before_somebody_has_judged() -> None:
    found = seen("maternal", MOTHER, LMP + timedelta(days=140), {"stage": 2})
    assert found["because"][0].startswith("孕 20 周，还没有填总体评估 →")


@pytest.mark.parametrize(
    ("only", "months", "asked"),
    [
        (Only(months_to=1), 1, True),
        (Only(months_to=1), 2, False),
        (Only(months_from=5), 4, False),
        (Only(age_from=12, age_to=60), 12 * 12 - 1, False),
        (Only(age_from=12, age_to=60), 61 * 12 - 1, True),
        (Only(age_to=0), 11, True),
        (Only(age_to=0), 12, False),
    ],
)
def test_field_is_asked_by_age_in_months(only: Only, months: int, asked: bool) -> None:
    assert only.allows(None, months) is asked


def test_day_42_after_an_early_birth_is_followed_by_no_check_of_the_pregnancy() -> None:
    schedule = PROGRAMMES["maternal"].schedules["antenatal"]
    assert due_after(schedule, LMP, LMP + timedelta(days=146)) == LMP + timedelta(days=174)
    assert due_after(schedule, LMP, LMP + timedelta(days=210 + 42)) is None
    assert due_after(schedule, LMP, LMP + timedelta(days=294)) is None
