"""A sheet speaks of the person it is for, in words that can be read aloud."""

from datetime import date
from typing import Any

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.prescription_texts import CHRONIC, TEXTS
from familydoc.rules.prescriptions import (
    GOAL_LINES,
    LINE,
    LINES,
    SECTIONS,
    Patient,
    as_typed,
    compose,
    disease_name,
    offered,
    read_sheet,
)
from familydoc.rules.programmes import load_programmes, with_parameters

ON = date(2026, 11, 21)
OPEN = {code: p for code, p in load_programmes().items() if not p.private}


def patient(answers: dict[str, Any], birth: date = date(1958, 3, 5), **changed: Any) -> Patient:
    return Patient(birth, {**OPEN, **changed}, answers, ON)


def sheet(disease: str, **answers: Any) -> Any:
    return compose(disease, patient(answers))


def test_every_disease_has_a_whole_sheet_and_every_one_of_the_six_its_number() -> None:
    assert sorted(CHRONIC) == [1, 2, 3, 4, 5, 6]
    named = OPEN["other_chronic"].fields["chronic_diseases"].choices
    assert {c.code: c.label for c in named} == {n: TEXTS[d].name for n, d in CHRONIC.items()}
    for disease, text in TEXTS.items():
        made = sheet(disease)
        assert set(made.body) == set(SECTIONS) and text.programme in OPEN
        assert all(made.body.values()) and made.goals


@pytest.mark.parametrize("disease", TEXTS)
def test_what_is_composed_can_be_saved_as_it_is(disease: str) -> None:
    full = {"sbp": 170, "dbp": 95, "fpg": 9.1, "weight": 80, "height": 160, "smoking": 20}
    full |= {"drinking": 2, "salt": 3, "exercise_times": 1, "exercise_minutes": 10, "medication": 2}
    made = sheet(disease, **full)
    assert read_sheet(disease, as_typed(made)) == made
    assert all(len(line) <= LINE for lines in made.body.values() for line in lines)
    assert len(made.goals) <= GOAL_LINES


@pytest.mark.parametrize(
    ("birth", "sbp", "said"),
    [
        (date(1961, 11, 21), 150, "血压 150/80，要降到 150/90 以下"),
        (date(1961, 11, 21), 149, "血压 149/80，在 150/90 以下，很好"),
        (date(1961, 11, 22), 149, "血压 149/80，要降到 140/90 以下"),
        (date(1961, 11, 22), 139, "血压 139/80，在 140/90 以下，很好"),
    ],
)
def test_pressure_is_judged_by_the_line_of_the_age(birth: date, sbp: int, said: str) -> None:
    made = compose("hypertension", patient({"sbp": sbp, "dbp": 80}, birth))
    assert made.body["state"][0] == said


def test_a_countys_stricter_line_stands_on_the_sheet() -> None:
    strict = with_parameters(OPEN["hypertension"], {"line_sbp_65": 140})
    made = compose("hypertension", patient({"sbp": 145, "dbp": 80}, hypertension=strict))
    assert made.goals[0] == "血压降到 140/90 以下"


@pytest.mark.parametrize(("fpg", "goal"), [(7.0, "空腹血糖降到 7.0 以下"), (6.9, None)])
def test_glucose_at_the_line_is_a_goal(fpg: float, goal: str | None) -> None:
    assert (sheet("diabetes", fpg=fpg).goals[0] == goal) == (goal is not None)


def test_smoker_agrees_on_a_day_and_on_half() -> None:
    made = sheet("coronary", smoking=20)
    assert "每天吸烟 20 支" in made.body["state"]
    assert any("戒烟" in goal and "从 20 支减到 10 支" in goal for goal in made.goals)
    assert not any("烟" in goal for goal in sheet("coronary", smoking=0).goals)


@pytest.mark.parametrize(
    ("age", "weight", "word", "goal"),
    [
        (64, 61.4, "体质指数 24.0，属于超重", "三个月里体重从 61.4 公斤降到 58 公斤"),
        (65, 61.4, "体质指数 24.0，不要再胖了", None),
        (65, 71.7, "体质指数 28.0，属于肥胖", "三个月里体重从 71.7 公斤降到 68 公斤"),
        (64, 61, "体质指数 23.8", None),
    ],
)
def test_weight_has_a_goal_from_overweight_on_and_for_the_old_from_obesity_on(
    age: int, weight: float, word: str, goal: str | None
) -> None:
    birth = ON.replace(year=ON.year - age)
    made = compose("joint", patient({"weight": weight, "height": 160}, birth))
    assert made.body["state"][0].endswith(word)
    assert [g for g in made.goals if "公斤" in g] == ([goal] if goal else [])


def test_the_doctors_own_target_of_weight_counts() -> None:
    made = sheet("diabetes", weight=80, height=160, weight_target=75)
    assert "三个月里体重从 80 公斤降到 75 公斤" in made.goals


@pytest.mark.parametrize(("times", "goals"), [(5, 0), (4, 1), (0, 1)])
def test_exercise_below_150_minutes_a_week_is_a_goal(times: int, goals: int) -> None:
    made = sheet("hypertension", exercise_times=times, exercise_minutes=30)
    assert sum("一周动 5 天" in goal for goal in made.goals) == goals


def test_drugs_are_those_of_the_diseases_own_visit() -> None:
    answers = {
        "hypertension.ht_drug_1_name": "氨氯地平片",
        "hypertension.ht_drug_1_times": 1,
        "hypertension.ht_drug_1_dose": "5 mg",
        "diabetes.dm_drug_1_name": "二甲双胍片",
        "insulin_name": "甘精胰岛素",
    }
    ht, dm = (sheet(code, **answers).body["drugs"] for code in ("hypertension", "diabetes"))
    assert ht[0] == "氨氯地平片，每天 1 次，每次 5 mg"
    assert dm[:2] == ("二甲双胍片", "甘精胰岛素")
    assert "氨氯地平片，每天 1 次，每次 5 mg" in sheet("coronary", **answers).body["drugs"]


def test_drugs_written_line_by_line_stand_line_by_line() -> None:
    drugs = sheet("bronchitis", chronic_drugs="氨溴索 每日 3 次\n茶碱 每日 2 次").body["drugs"]
    assert drugs[:2] == ("氨溴索 每日 3 次", "茶碱 每日 2 次")


def test_adherence_of_the_diseases_own_programme_counts() -> None:
    answers = {"hypertension.medication": 1, "diabetes.medication": 3}
    assert "没有吃药" in sheet("diabetes", **answers).body["state"]
    assert "没有吃药" not in sheet("hypertension", **answers).body["state"]


def test_nothing_known_says_so_and_still_has_a_goal() -> None:
    made = sheet("rheumatoid")
    assert made.body["state"] == ("还没有测量和生活方式的记录",)
    assert made.goals == ("药按时吃，一顿不落；到日子来随访",)


@pytest.mark.parametrize(
    ("programmes", "chronic", "found"),
    [
        (["hypertension", "elderly"], None, ["hypertension"]),
        (["diabetes", "hypertension"], None, ["hypertension", "diabetes"]),
        (["other_chronic"], [3, 5], ["coronary", "joint"]),
        (["other_chronic"], None, list(CHRONIC.values())),
        (["copd", "other_chronic"], [6], ["copd", "bronchitis"]),
        (["tuberculosis"], [1], []),
    ],
)
def test_offered_are_the_diseases_somebody_is_managed_for(
    programmes: list[str], chronic: Any, found: list[str]
) -> None:
    assert offered(programmes, chronic) == found


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"goals": ""}, "goals_missing", "goals"),
        ({"goals": "好好吃药", "eat": "\n".join("菜" * (LINES + 1))}, "too_many_lines", "eat"),
        ({"goals": "好" * (LINE + 1)}, "line_long", "goals"),
        ({"goals": "\n".join("好" * (GOAL_LINES + 1))}, "too_many_lines", "goals"),
        ({"goals": "好", "move": "\ud800"}, "text_invalid", "move"),
    ],
)
def test_bad_sheet_is_refused_at_its_part(typed: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_sheet("hypertension", typed)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_empty_lines_fall_away_and_an_empty_part_is_left_out() -> None:
    made = read_sheet("joint", {"goals": " 每天走路 \n\n", "eat": "少吃", "move": "  \n"})
    assert made.goals == ("每天走路",) and dict(made.body) == {"eat": ("少吃",)}


def test_unknown_disease_is_refused() -> None:
    for act in (lambda: compose("gout", patient({})), lambda: read_sheet("gout", {"goals": "好"})):
        with pytest.raises(RuleError, match="请选"):
            act()
    assert disease_name("gout") == "gout"
