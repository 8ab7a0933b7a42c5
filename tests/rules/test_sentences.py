"""Class, referral and date come with the reason in one sentence."""

from typing import Any

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import assess, load_programmes

HT = load_programmes()["hypertension"]
DM = load_programmes()["diabetes"]


def case(answers: dict[str, Any], *history: tuple[str, dict[str, Any]], **more: Any) -> Any:
    past = [{"visit_date": day, "answers": held} for day, held in history]
    return {"birth": "1958-01-01", "visit_date": "2026-11-21", "answers": answers} | {
        "history": past,
        **more,
    }


def test_twice_bad_names_both_readings_and_what_to_do() -> None:
    found = assess(HT, case({"sbp": 158, "dbp": 88}, ("2026-08-20", {"sbp": 162, "dbp": 86})))
    expected = "收缩压 158 ≥ 150，上次 162 也未达标，连续两次 → 转诊并在 2 周内核实结果"
    assert found.because == (expected,)


def test_twice_bad_names_the_diastolic_value_when_that_was_bad() -> None:
    found = assess(HT, case({"sbp": 130, "dbp": 92}, ("2026-08-20", {"sbp": 140, "dbp": 96})))
    assert found.because[0].startswith("舒张压 92 ≥ 90，上次 舒张压 96 也未达标")


def test_danger_lists_every_finding_and_the_steps() -> None:
    found = assess(HT, case({"sbp": 190, "dbp": 115, "danger_sign": True}))
    assert found.danger == ("收缩压 190 ≥ 180", "舒张压 115 ≥ 110", "有危险体征")
    assert found.because[0].startswith("收缩压 190 ≥ 180、舒张压 115 ≥ 110、有危险体征 →")
    assert len(found.danger_steps) >= 3


def test_no_danger_has_no_steps() -> None:
    found = assess(HT, case({"sbp": 130, "dbp": 80}))
    assert (found.danger, found.danger_steps) == ((), ())


def test_glucose_is_written_with_one_decimal() -> None:
    found = assess(DM, case({"fpg": 7}, ("2026-08-20", {"fpg": 8})))
    assert found.because[0].startswith("空腹血糖 7.0 ≥ 7.0，上次 8.0 也未达标")


def test_pressure_at_a_diabetes_visit_is_advice() -> None:
    found = assess(DM, case({"fpg": 6.1, "sbp": 165, "dbp": 95}))
    assert found.class_value == 1
    assert any("165/95" in text and "不影响糖尿病分类" in text for text in found.advice)


def test_glucose_of_40_is_taken_and_doubted() -> None:
    found = assess(DM, case({"fpg": 40}))
    assert any("mg/dL" in text for text in found.advice)


def test_changed_period_is_said_as_it_is() -> None:
    answers = {"sbp": 155, "dbp": 80}
    found = assess(HT, case(answers), {"recheck_days": 10})
    assert "10 天内复查" in found.because[0]


def test_open_referral_says_why_there_is_no_second() -> None:
    history = ("2026-08-20", {"sbp": 162, "dbp": 86})
    found = assess(HT, case({"sbp": 158, "dbp": 88}, history, referral_open=True))
    assert found.referral == "none"
    assert "不再重复转诊" in found.because[0]


def test_missing_measurements_are_all_named_at_once() -> None:
    with pytest.raises(RuleError) as refused:
        assess(HT, case({}))
    assert refused.value.field == "sbp"
    assert refused.value.message == "缺收缩压、舒张压，填了才能评估高血压"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"birth": "1958-02-30"}, "birth"),
        ({"birth": None}, "birth"),
        ({"birth": "2026-12-01"}, "visit_date"),
        ({"visit_date": "2026-W10-4"}, "visit_date"),
        ({"visit_date": 20261121}, "visit_date"),
        ({"visit_date": "0001-01-01"}, "visit_date"),
        ({"way": 7}, "way"),
        ({"way": True}, "way"),
        ({"answers": [1]}, "answers"),
        ({"history": {"a": 1}}, "history"),
        ({"history": [1]}, "history"),
        ({"history": [{"answers": {}}]}, "visit_date"),
        ({"history": [{"visit_date": "2026-01-01", "answers": {"sbp": 300, "dbp": 80}}]}, "sbp"),
        ({"parameters": [1]}, "parameters"),
        ({"parameters": {"line_spb": 130}}, "line_spb"),
        ({"parameters": {"line_sbp": 30}}, "line_sbp"),
        ({"parameters": {"line_sbp": True}}, "line_sbp"),
        ({"parameters": {"regular_months": 2.5}}, "regular_months"),
    ],
)
def test_unreadable_case_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleError) as refused:
        assess(HT, {**case({"sbp": 130, "dbp": 80}), **change})
    assert refused.value.field == field
    assert refused.value.message


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_case_that_is_no_object_is_refused(raw: Any) -> None:
    with pytest.raises(RuleError) as refused:
        assess(HT, raw)
    assert refused.value.field == "case"
