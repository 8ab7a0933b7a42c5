"""Every value of every form that cannot be is refused by a sentence that names its field."""

from typing import Any

import pytest

from familydoc.rules.answers import failed_checks, parse_answers
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import assess, load_programmes

BAD: dict[str, list[Any]] = {
    "choice": ["没有这一项", True, None, -7, {"code": 1}],
    "multi": ["没有这一项", [True], {"code": 1}],
    "flag": ["maybe", 2, [True]],
    "date": ["2026-02-30", "2026-W10-4", "昨天", "0001-01-01"],
    "instant": ["2026-02-30 09:00", "2026-03-05", "2026-03-05 25:00", "2026-03-05T09:00+99:00"],
}
FORMS = [(p, f) for p in load_programmes().values() for f in p.fields.values() if f.kind != "bmi"]


def bad_values(field: Field) -> list[Any]:
    """Give values a field refuses: outside its range, of another shape, too long."""
    if field.kind in ("integer", "decimal"):
        assert field.min is not None and field.max is not None
        beyond = [float(field.min) - 1, float(field.max) + 1, "一百", "1e2", True, [1]]
        return [*beyond, float(field.min) + 0.5] if field.kind == "integer" else beyond
    if field.kind == "text":
        return ["长" * (field.max_length + 1), ["a"], "a\ud800b"]
    return BAD[field.kind]


@pytest.mark.parametrize(("programme", "field"), FORMS, ids=lambda one: getattr(one, "code", ""))
def test_value_that_cannot_be_is_refused_by_name(programme: Programme, field: Field) -> None:
    for value in bad_values(field):
        answers, errors = parse_answers([programme], {field.code: value})
        assert (answers, list(errors)) == ({}, [field.code]), (value, answers, errors)
        sentence = errors[field.code]
        assert sentence.startswith(field.label) and len(sentence) < 300, sentence


@pytest.mark.parametrize("programme", load_programmes().values(), ids=lambda p: p.code)
def test_missing_measurement_is_named(programme: Programme) -> None:
    for field in programme.needed:
        answers = {f.code: sample(f) for f in programme.needed if f is not field}
        case = {"birth": "1960-01-01", "visit_date": "2026-11-21", "answers": answers}
        with pytest.raises(RuleError) as refused:
            assess(programme, case)
        assert refused.value.field == field.code
        assert field.label in refused.value.message


def sample(field: Field) -> Any:
    """Give an answer a field takes."""
    return field.choices[0].code if field.choices else int(field.max or 0)


SMD: dict[str, Any] = {"risk": 0, "insight": 1, "symptoms": "none", "social": "good"}
TB: dict[str, Any] = {"phase": "intensive", "supervisor": 2}
#: What cannot be true together: programme, answers, the field it is said of, words of the sentence.
CONTRADICTIONS: list[tuple[str, dict[str, Any], str, str]] = [
    ("severe_mental_disorder", {**SMD, "sbp": 90, "dbp": 100}, "dbp", "90/100"),
    ("severe_mental_disorder", {**SMD, "social_study": 3}, "social", "分项里又有“较差”"),
    (
        "severe_mental_disorder",
        {
            **SMD,
            "social": "poor",
            "social_self_care": 1,
            "social_housework": 1,
            "social_work": 1,
            "social_study": 1,
            "social_contact": 1,
        },
        "social",
        "分项又都是“良好”",
    ),
    *(
        ("severe_mental_disorder", {**SMD, code: 2}, code, f"{name} 2 次")
        for code, name in (
            ("act_trouble_times", "轻度滋事"),
            ("act_incident_times", "肇事"),
            ("act_crime_times", "肇祸"),
            ("act_other_times", "其他危害行为"),
            ("act_self_harm_times", "自伤"),
            ("act_suicide_times", "自杀未遂"),
        )
    ),
    (
        "severe_mental_disorder",
        {**SMD, "hospital": 0, "discharged_on": "2026-01-01"},
        "discharged_on",
        "未住院",
    ),
    (
        "severe_mental_disorder",
        {**SMD, "hospital": 2, "discharged_on": "2026-11-22"},
        "discharged_on",
        "2026-11-22 晚于随访日期",
    ),
    (
        "severe_mental_disorder",
        {**SMD, "smd_medication": 4, "smd_reaction": 1},
        "smd_medication",
        "不适用",
    ),
    (
        "severe_mental_disorder",
        {**SMD, "smd_exam_consent": 4, "alt": 30},
        "smd_exam_consent",
        "不同意",
    ),
    ("tuberculosis", {**TB, "doses_due": 180, "doses_taken": 190}, "doses_taken", "190"),
    (
        "tuberculosis",
        {**TB, "treatment_stopped": True, "stopped_on": "2026-11-22"},
        "stopped_on",
        "2026-11-22 晚于随访日期",
    ),
    ("tuberculosis", {**TB, "stopped_on": "2026-11-20"}, "stopped_on", "没有勾“已停止治疗”"),
    ("tuberculosis", {**TB, "stop_reason": 1}, "stop_reason", "没有勾“已停止治疗”"),
    (
        "tuberculosis",
        {"event": "notice", "received_at": "2026-12-01T09:00+08:00"},
        "received_at",
        "晚于这次的日期",
    ),
]


@pytest.mark.parametrize(("code", "answers", "field", "said"), CONTRADICTIONS)
def test_contradiction_has_its_sentence(
    code: str, answers: dict[str, Any], field: str, said: str
) -> None:
    programme = load_programmes()[code]
    found = dict(failed_checks(programme, answers, {"visit_date": "2026-11-21"}))
    assert list(found) == [field]
    assert said in found[field] and "{" not in found[field]
    case = {"birth": "1975-05-05", "visit_date": "2026-11-21", "answers": answers}
    with pytest.raises(RuleError) as refused:
        assess(programme, case)
    assert (refused.value.code, refused.value.field) == ("impossible", field)


def test_every_contradiction_of_the_private_programmes_is_tried() -> None:
    for code in ("severe_mental_disorder", "tuberculosis"):
        checks = load_programmes()[code].checks
        tried = [answers for programme, answers, _, _ in CONTRADICTIONS if programme == code]
        assert len(tried) == len(checks)
