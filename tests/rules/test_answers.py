"""What a form takes, what it refuses, and in which words."""

from decimal import Decimal
from typing import Any

import pytest

from familydoc.rules.answers import (
    answers_of,
    bmi,
    missing_measurements,
    parse_answers,
    show_answer,
    store_answers,
    unanswered,
)
from familydoc.rules.programmes import load_programmes

HT = load_programmes()["hypertension"]
DM = load_programmes()["diabetes"]


def error_of(key: str, value: Any) -> str | None:
    return parse_answers([HT, DM], {key: value})[1].get(key)


# Cases bp-*, glucose-* and vital-* of the collection of bad inputs (THREATS 4).
REFUSED = [
    ("bp-011", "sbp", "1e2"),
    ("bp-013", "sbp", "1_30"),
    ("bp-018", "sbp", 999999999999999999999999),
    ("bp-019", "sbp", True),
    ("bp-021", "sbp", None),
    ("bp-022", "sbp", [130]),
    ("bp-029", "sbp", 261),
    ("glucose-018", "fpg", 78),
    ("vital-001", "weight", 655),
    ("vital-005", "height", 16500),
    ("vital-007", "heart_rate", 400),
    ("arabic digits", "sbp", "١٣٠"),
    ("superscript", "sbp", "13²"),
    ("nan", "fpg", float("nan")),
    ("infinity", "fpg", float("inf")),
    ("nan as text", "fpg", "nan"),
    ("hexadecimal", "sbp", "0x82"),
    ("with unit", "sbp", "130mmHg"),
    ("object", "sbp", {"value": 130}),
    ("a fraction", "sbp", "130.5"),
    ("minus", "sbp", "-130"),
    ("many digits", "sbp", "1" * 5000),
    ("huge integer", "sbp", 10**5000),
    ("huge decimal", "fpg", Decimal("1E+1000000")),
    ("choice out of list", "medication", "4"),
    ("choice from true", "medication", True),
    ("choice from null", "medication", None),
    ("flag from text", "danger_sign", "maybe"),
    ("flag from list", "danger_sign", [True]),
    ("multi from object", "ht_symptoms", [{"code": 1}]),
    ("lone surrogate", "notes", "a\ud800b"),
    ("note from list", "notes", ["a"]),
    ("note too long", "notes", "长" * 2001),
    ("date that is none", "hba1c_date", "2026-02-30"),
    ("week date", "hba1c_date", "2026-W10-4"),
    ("unknown field", "is_admin", "1"),
    ("worked out, never typed", "bmi", "22"),
]


@pytest.mark.parametrize(("name", "key", "value"), REFUSED, ids=[r[0] for r in REFUSED])
def test_value_is_refused_with_a_sentence(name: str, key: str, value: Any) -> None:
    answers, errors = parse_answers([HT, DM], {key: value})
    assert answers == {}, name
    assert list(errors) == [key]
    assert len(errors[key]) < 120


ACCEPTED = [
    ("glucose-006", "fpg", "7。8", Decimal("7.8")),
    ("glucose-007", "fpg", "７．８", Decimal("7.8")),
    ("glucose-015", "fpg", 7.849999999999999, Decimal("7.8")),
    ("half up", "fpg", 6.95, Decimal("7.0")),
    ("half up from text", "fpg", "6.95", Decimal("7.0")),
    ("just below the half", "fpg", "6.949999999999999999", Decimal("6.9")),
    ("a whole number", "fpg", 7, Decimal("7.0")),
    ("lowest", "fpg", "1.0", Decimal("1.0")),
    ("highest", "fpg", "40.0", Decimal("40.0")),
    ("full width", "sbp", "１３０", 130),
    ("blanks", "sbp", " 130\u3000", 130),
    ("zero width", "sbp", "\u200b130", 130),
    ("zero fraction", "sbp", 130.0, 130),
    ("lowest pressure", "sbp", 60, 60),
    ("highest pressure", "sbp", "260", 260),
    ("choice as text", "medication", "2", 2),
    ("choice as number", "medication", 2, 2),
    ("choice by its word", "medication", "间断", 2),
    ("choice that is a word", "complication", "worse", "worse"),
    ("several", "ht_symptoms", ["6", 2], (2, 6)),
    ("several in one cell", "ht_symptoms", "2、6", (2, 6)),
    ("flag", "danger_sign", "on", True),
    ("flag no", "danger_sign", "否", False),
    ("date", "hba1c_date", "2026年3月5日", "2026-03-05"),
    ("text-003", "notes", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    ("control characters", "notes", "a\x00b\x0bc\r\nd", "abc\nd"),
    ("longest note", "notes", "长" * 2000, "长" * 2000),
]


@pytest.mark.parametrize(("name", "key", "value", "kept"), ACCEPTED, ids=[r[0] for r in ACCEPTED])
def test_value_is_kept_as_documented(name: str, key: str, value: Any, kept: Any) -> None:
    answers, errors = parse_answers([HT, DM], {key: value})
    assert (answers, errors) == ({key: kept}, {}), name


@pytest.mark.parametrize("empty", ["", " ", "\u3000"])
@pytest.mark.parametrize("key", ["sbp", "fpg", "medication", "notes", "danger_sign", "hba1c_date"])
def test_empty_text_is_left_out(key: str, empty: str) -> None:
    assert parse_answers([HT, DM], {key: empty}) == ({}, {})


def test_range_is_named_with_what_was_typed() -> None:
    assert error_of("sbp", "261") == "收缩压应在 60 到 260 之间，填的是 261"
    assert "mg/dL" in (error_of("fpg", "126") or "")
    assert (error_of("fpg", "0.9") or "").endswith("填的是 0.9")


def test_diastolic_must_be_below_systolic() -> None:
    _, errors = parse_answers([HT], {"sbp": "120", "dbp": "120"})
    assert errors == {"dbp": "舒张压应低于收缩压，填的是 120/120"}


def test_no_symptom_stands_alone() -> None:
    assert error_of("ht_symptoms", ["1", "2"]) == "症状选了“无症状”，就不能再选别的"


def test_programme_of_a_visit_may_answer_for_itself() -> None:
    raw = {"adverse_reaction": 1, "diabetes.adverse_reaction": "2", "diabetes.sbp": "130"}
    answers, errors = parse_answers([HT, DM], raw)
    assert errors == {}
    assert answers["sbp"] == 130, "a shared field has one value for the whole visit"
    assert answers_of(HT, answers)["adverse_reaction"] == 1
    assert answers_of(DM, answers)["adverse_reaction"] == 2


def test_answer_of_a_programme_the_visit_does_not_carry_is_refused() -> None:
    assert list(parse_answers([HT], {"diabetes.fpg": "6.1"})[1]) == ["diabetes.fpg"]
    assert list(parse_answers([HT], {"fpg": "6.1"})[1]) == ["fpg"]


def test_missing_measurements_are_named() -> None:
    assert [f.code for f in missing_measurements(HT, {"sbp": 130})] == ["dbp"]
    assert [f.label for f in missing_measurements(DM, {"sbp": 130})] == ["空腹血糖"]
    assert missing_measurements(DM, {"fpg": Decimal("6.1")}) == ()


def test_unanswered_lists_what_the_form_expects() -> None:
    left = [f.code for f in unanswered(HT, {"sbp": 130, "dbp": 80, "medication": 1})]
    assert "medication" not in left
    assert {"heart_rate", "ht_symptoms", "adverse_reaction", "smoking"} <= set(left)


def test_stored_answers_are_plain_json_values() -> None:
    answers, _ = parse_answers([HT, DM], {"fpg": "7.8", "ht_symptoms": ["2"], "sbp": "130"})
    assert store_answers(answers) == {"fpg": 7.8, "ht_symptoms": [2], "sbp": 130}


@pytest.mark.parametrize(
    ("weight", "height", "expected"),
    [
        (65, 165, Decimal("23.9")),
        ("70.0", "170", Decimal("24.2")),
        (None, 170, None),
        (70, None, None),
    ],
)
def test_bmi_is_weight_over_height_squared(weight: Any, height: Any, expected: Any) -> None:
    assert bmi(weight, height) == expected


def test_answers_are_shown_in_words() -> None:
    assert show_answer(HT.fields["medication"], 2) == "间断"
    assert show_answer(HT.fields["ht_symptoms"], [2, 6]) == "头痛头晕、心悸胸闷"
    assert show_answer(DM.fields["fpg"], 7) == "7.0"
    assert show_answer(HT.fields["danger_sign"], True) == "是"
    assert show_answer(HT.fields["sbp"], None) == ""
