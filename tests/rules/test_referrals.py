"""How far a referral has come, what may follow, and what a letter says of a visit."""

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.letters import drugs_of, readings_of, symptoms_of
from familydoc.rules.programmes import get_programme
from familydoc.rules.referrals import (
    STAGES,
    check_sender_may_change,
    check_step,
    read_answer,
    read_reason,
    stage_of,
)


@pytest.mark.parametrize(
    ("state", "received", "answered", "discharged", "stage"),
    [
        ("open", False, False, False, "opened"),
        ("open", True, False, False, "received"),
        ("open", True, True, False, "answered"),
        ("closed", True, True, True, "discharged"),
        ("closed", False, False, False, "closed"),
        ("closed", True, False, False, "received"),
        ("cancelled", True, True, True, "cancelled"),
    ],
)
def test_stage_is_the_farther_of_both_sides(state, received, answered, discharged, stage):
    found = stage_of(state, received=received, answered=answered, discharged=discharged)
    assert found == stage and stage in STAGES


@pytest.mark.parametrize(
    ("step", "stages"),
    [
        ("receive", {"opened", "closed"}),
        ("answer", {"opened", "closed", "received", "answered"}),
        ("discharge", {"opened", "closed", "received", "answered"}),
    ],
)
def test_a_step_is_refused_at_every_other_stage(step, stages):
    for stage in STAGES:
        if stage in stages:
            check_step(stage, step)
            continue
        with pytest.raises(RuleError, match=r"转诊|接诊") as refused:
            check_step(stage, step)
        assert refused.value.code == "referral_over"


def test_sender_may_change_nothing_once_the_hospital_has_begun():
    check_sender_may_change("opened")
    for stage in set(STAGES) - {"opened"}:
        with pytest.raises(RuleError):
            check_sender_may_change(stage)


@pytest.mark.parametrize("typed", [None, "", "  ", "痛", "\x00"])
def test_reason_too_short_is_refused_by_name(typed):
    with pytest.raises(RuleError, match="请写转诊原因") as refused:
        read_reason(typed)
    assert (refused.value.code, refused.value.field) == ("reason_missing", "reason")


def test_words_have_their_longest():
    assert read_reason("胸闷两天") == "胸闷两天"
    with pytest.raises(RuleError, match="最多 500 个字，现在是 501"):
        read_reason("长" * 501)
    with pytest.raises(RuleError) as refused:
        read_answer("高血压", "", "长" * 1001)
    assert refused.value.field == "advice"


def test_answer_needs_a_diagnosis_only():
    with pytest.raises(RuleError) as refused:
        read_answer(" ", "输液", "休息")
    assert refused.value.field == "diagnosis"
    assert read_answer("高血压 2 级", None, None).treatment == ""


def test_letter_tells_readings_symptoms_and_drugs_of_a_visit():
    programme = get_programme("hypertension")
    answers = {
        "sbp": 162,
        "dbp": 96,
        "heart_rate": 76,
        "smoking": 10,
        "hypertension.ht_symptoms": [2, 6],
        "hypertension.adverse_reaction": 1,
        "unhandled_disease": True,
        "hypertension.ht_drug_1_name": "氨氯地平",
        "hypertension.ht_drug_1_times": 1,
        "hypertension.ht_drug_1_dose": "5mg",
    }
    assert readings_of(programme, answers) == ("血压 162/96 mmHg", "心率 76 次/分")
    assert symptoms_of(programme, answers) == ("头痛头晕、心悸胸闷", "有本机构处理不了的其他疾病")
    assert drugs_of(programme, answers) == ("氨氯地平 1 次/日 5mg",)


def test_letter_says_nothing_where_nothing_was_found():
    programme = get_programme("hypertension")
    nothing = {"hypertension.ht_symptoms": [1], "hypertension.adverse_reaction": 1}
    assert symptoms_of(programme, nothing) == ()
    assert readings_of(programme, {}) == () and drugs_of(programme, {}) == ()
